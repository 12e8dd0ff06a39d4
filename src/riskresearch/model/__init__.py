"""How likely default is."""
