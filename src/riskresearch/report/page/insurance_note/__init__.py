"""The note on credit insurance: one page for the finance director, the bank and investors."""
