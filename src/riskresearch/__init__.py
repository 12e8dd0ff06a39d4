"""riskresearch: study, predict, limit and insure customer credit risk."""
