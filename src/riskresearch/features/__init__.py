"""What the past says about a customer on a date."""
