"""Why this probability for this customer: exact contributions, reasons, what would change it."""
