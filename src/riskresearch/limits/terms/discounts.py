"""What early-payment discounts cost in a year, beside borrowing."""

from pandas import DataFrame

from riskresearch.base.schema import Column, Table
from riskresearch.limits.policy.rules import Economics
from riskresearch.limits.terms.settings import TermsSettings

DAYS_PER_YEAR = 365
DISCOUNT_COSTS = Table(
    "discount_costs",
    "limits",
    "one row per early-payment discount",
    ("discount_ratio", "days_gained"),
    (
        Column("discount_ratio", "float", "discount, share of the invoice"),
        Column("days_gained", "int", "days the customer pays earlier"),
        Column("annual_cost_ratio", "float", "yearly cost, simple"),
        Column("compound_cost_ratio", "float", "yearly cost, compounded"),
        Column("is_cheaper", "bool", "costs the seller less than borrowing"),
    ),
)


def annual_discount_cost(discount_ratio: float, *, days_gained: int) -> float:
    """Return the yearly cost of an early-payment discount, simple: d / (1 - d) × 365 / days.

    Parameters
    ----------
    discount_ratio : share of the invoice the customer keeps, 0-1
    days_gained : days the money comes earlier

    Examples
    --------
    >>> round(annual_discount_cost(0.02, days_gained=30), 3)
    0.248
    """
    return discount_ratio / (1 - discount_ratio) * DAYS_PER_YEAR / days_gained


def discount_costs(settings: TermsSettings, economics: Economics) -> DataFrame:
    """Return table `discount_costs`: what early-payment discounts cost in a year, beside the seller's own money.

    Compounded: (1 / (1 - d)) ** (365 / days) - 1; the comparison is on the simple rate.

    Parameters
    ----------
    settings : discounts to be costed
    economics : of the credit policy; its `finance_ratio` is the yearly cost of the seller's money
    """
    rows = []
    for ratio, days in sorted(set(settings.discount_offers)):
        simple = annual_discount_cost(ratio, days_gained=days)
        compound = (1 / (1 - ratio)) ** (DAYS_PER_YEAR / days) - 1
        rows.append((ratio, days, simple, compound, simple < economics.finance_ratio))
    return DataFrame(rows, columns=DISCOUNT_COSTS.names)
