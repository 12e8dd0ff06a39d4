"""The credit policy as a page for staff and auditors."""
