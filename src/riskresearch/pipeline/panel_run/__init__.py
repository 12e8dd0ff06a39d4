"""A customer panel without invoices (company accounts, payment status) goes through a run from the model stage on."""
