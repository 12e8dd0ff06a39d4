"""The insurance chapter of the management page, and the chapters of the page of its own."""
