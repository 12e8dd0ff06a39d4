"""What the book would be without its largest customer."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import Book
from riskresearch.behaviour.distributions import CONCENTRATION_BASES, concentration_axes, concentration_bases
from riskresearch.behaviour.indicators import INDICATORS, REASONS, UNITS

LARGEST_INDICATORS = (
    "open_amount",
    "overdue_ratio",
    "overdue_90_ratio",
    "dso_simple_days",
    "days_beyond_terms",
    "on_time_ratio",
)
LARGEST_CUSTOMER = Table(
    "largest_customer",
    "behaviour",
    "one row per base and measure, the largest group (or customer without a group) taken away",
    ("base_code", "measure_code"),
    (
        Column("base_code", "code", "largest by what", False, CONCENTRATION_BASES),
        Column("member_id", "text", "group, or customer without a group"),
        Column("n_customers", "int", "customers that belong to it"),
        Column("measure_code", "text", "sales_12m_amount or an indicator"),
        Column("before_value", "float", "value with it", True),
        Column("after_value", "float", "value without it", True),
        Column("change_value", "float", "value without it less value with it", True),
        Column("unit_code", "code", "unit of the values", False, UNITS),
        Column("reason_code", "code", "why there is no value without it, or none at all", True, REASONS),
    ),
)


def largest_customer(book: Book, customers: DataFrame) -> DataFrame:
    """Return sales, receivables and payment behaviour with and without the largest customer.

    A group counts as one customer. The largest is the one with the highest net sales of 12 months, and the one with
    the highest exposure; both are shown. What remains is taken as it is: no sale is replaced, no fixed cost counted.

    Parameters
    ----------
    book : book of a date
    customers : table `customers`

    Returns
    -------
    DataFrame, table `largest_customer`, see `LARGEST_CUSTOMER`; no row for a base without a positive amount.
    """
    group_of = concentration_axes(customers)["group"]
    bases = concentration_bases(book)
    parts = [
        _without(book, bases["sales_12m"], group_of, member).assign(base_code=base)
        for base, amounts in bases.items()
        for member in _largest(amounts, group_of)
    ]
    return (
        pd.concat(parts, ignore_index=True)[LARGEST_CUSTOMER.names]
        if parts
        else DataFrame(columns=LARGEST_CUSTOMER.names)
    )


def _largest(amounts: Series, group_of: Series) -> list[str]:
    """Member with the highest positive amount; the first in order of name among equals."""
    members = amounts.groupby(amounts.index.map(group_of)).sum()
    return [str(members.idxmax())] if (members > 0).any() else []


def _without(book: Book, sales: Series, group_of: Series, member: str) -> DataFrame:
    others = group_of.index[group_of != member]
    rest = book.of(others)
    rows: list[dict[str, object]] = [
        {
            "measure_code": "sales_12m_amount",
            "before_value": float(sales.sum()),
            "after_value": float(sales[sales.index.isin(others)].sum()),
            "unit_code": "amount",
            "reason_code": None,
        }
    ]
    for name in LARGEST_INDICATORS:
        found = INDICATORS[name]
        before, after = found.function(book), found.function(rest)
        rows.append(
            {
                "measure_code": name,
                "before_value": np.nan if before.value is None else before.value,
                "after_value": np.nan if after.value is None else after.value,
                "unit_code": found.spec.unit,
                "reason_code": before.reason or after.reason or None,
            }
        )
    frame = DataFrame(rows).astype({"before_value": "float64", "after_value": "float64"})
    n_customers = int((group_of == member).sum())
    change = frame["after_value"] - frame["before_value"]
    return frame.assign(change_value=change, member_id=member, n_customers=n_customers)
