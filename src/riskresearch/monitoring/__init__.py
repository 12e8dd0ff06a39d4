"""What changed, and who must be called."""
