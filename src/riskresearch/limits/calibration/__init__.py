"""Limit factors by segment, fitted on the seller's own history to the risk appetite that management signs."""
