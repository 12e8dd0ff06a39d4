"""Whether to believe the model."""
