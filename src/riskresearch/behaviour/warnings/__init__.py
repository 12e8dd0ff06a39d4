"""Warnings: signals that a customer's way of paying, or what is heard of it, is getting worse."""
