"""Limits: the chapter of the management page, and the page of the credit committee."""
