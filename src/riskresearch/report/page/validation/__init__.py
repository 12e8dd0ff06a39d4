"""The validation page: whether to believe the model, from the verdicts down to every single measure."""
