"""How much to sell on account."""
