"""Payment terms: what the law allows, what the credit policy offers, what a change costs."""
