"""What a trade credit insurance policy would have paid, and what it costs against self-insurance."""
