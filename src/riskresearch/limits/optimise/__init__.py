"""Limits of all customers at once: the most value under budgets of risk, beside simple rules of equal risk."""
