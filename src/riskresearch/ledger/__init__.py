"""What was owed and paid, as known on a date."""
