"""Expert rating: what is known of a customer without a fitted model."""
