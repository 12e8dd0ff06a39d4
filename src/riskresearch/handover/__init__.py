"""What IT runs."""
