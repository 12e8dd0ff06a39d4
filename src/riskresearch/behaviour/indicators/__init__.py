"""Payment indicators: one decorated function each, computed on the book of a date.

To add an indicator, write a function from a `Book` to a `Value` and decorate it; its row in the
tables, its label and its entry in the documentation come by themselves.
"""

from riskresearch.behaviour.indicators import balance, collection, costs, days_of_sales, flows, receipts, regularity
from riskresearch.behaviour.indicators.registry import (
    INDICATORS,
    NULL_RULES,
    REASONS,
    UNITS,
    WINDOWS,
    Indicator,
    Value,
    indicator,
)

__all__ = [
    "INDICATORS",
    "NULL_RULES",
    "REASONS",
    "UNITS",
    "WINDOWS",
    "Indicator",
    "Value",
    "balance",
    "collection",
    "costs",
    "days_of_sales",
    "flows",
    "indicator",
    "receipts",
    "regularity",
]
