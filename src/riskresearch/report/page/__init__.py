"""The management page, chapter by chapter."""
