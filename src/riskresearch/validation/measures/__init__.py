"""The measures of the battery, one decorated function each."""
