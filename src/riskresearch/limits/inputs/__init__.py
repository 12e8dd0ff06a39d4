"""What is known of each customer on each day of review."""
