"""Regularity of the receipts of the window: a constant late payer costs money but is predictable."""

import numpy as np
from pandas import Series

from riskresearch.behaviour.book import Book
from riskresearch.behaviour.indicators.receipts import MIN_RECEIPTS
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, quotient


@indicator(
    Indicator(
        "days",
        "Spread of days late",
        "Dispersion des retards",
        "root of: sum of receipts x (days late - their weighted mean) squared / sum of receipts",
        window="window_months",
        nulls=("too_few_receipts",),
        variant="standard_deviation_weighted_by_amount",
        needs_due_date=True,
    )
)
def days_late_spread_days(book: Book) -> Value:
    """Standard deviation of the days late of the receipts, weighted by amount; at least 3 receipts."""
    paid = book.settlements[book.settlements["days_late"].notna()]
    total = int(paid["base_minor"].sum())
    if len(paid) < MIN_RECEIPTS:
        return Value(None, len(paid), total, "too_few_receipts")
    days, weight = paid["days_late"].to_numpy(float), paid["base_minor"].to_numpy(float)
    mean = (weight * days).sum() / total
    return Value(float(np.sqrt((weight * (days - mean) ** 2).sum() / total)), len(paid), total)


@indicator(
    Indicator(
        "ratio",
        "Variation of days to pay",
        "Coefficient de variation du délai de règlement",
        "standard deviation of the days from invoice to receipt / their mean, each receipt counting once",
        window="window_months",
        nulls=("too_few_receipts", "no_delay"),
        basis="number",
        variant="coefficient_of_variation",
    )
)
def days_to_pay_variation_ratio(book: Book) -> Value:
    """Coefficient of variation of the days to pay, each receipt counting once; at least 3 receipts."""
    paid = book.settlements
    total, days = int(paid["base_minor"].sum()), paid["days_to_pay"].to_numpy(float)
    if len(days) < MIN_RECEIPTS:
        return Value(None, len(days), total, "too_few_receipts")
    if days.mean() <= 0:
        return Value(None, len(days), total, "no_delay")
    return Value(float(days.std() / days.mean()), len(days), total)


@indicator(
    Indicator(
        "ratio",
        "Share of regular receipts",
        "Part des règlements réguliers",
        "receipts within the setting regular_within_days (5) of the median days late of their customer / "
        "receipts, by number, customers with 3 receipts or more",
        window="window_months",
        nulls=("too_few_receipts",),
        basis="number",
        variant="around_own_median",
        needs_due_date=True,
    )
)
def regular_ratio(book: Book) -> Value:
    """Share of the receipts that came within 5 days of the usual delay of their customer."""
    paid = book.settlements[book.settlements["days_late"].notna()]
    late = paid["days_late"].astype("float64").groupby(paid["customer_id"])
    is_known = late.transform("size") >= MIN_RECEIPTS
    distance = (paid["days_late"] - late.transform("median")).abs()
    rows = paid[is_known]
    return quotient(
        Amounts(rows["customer_id"], (distance[is_known] <= book.settings.regular_within_days).astype("int64")),
        Amounts(rows["customer_id"], Series(1, rows.index)),
        empty="too_few_receipts",
        n_items=len(rows),
        base_minor=int(rows["base_minor"].sum()),
    )


@indicator(
    Indicator(
        "ratio",
        "Partial payment rate",
        "Taux de paiements partiels",
        "items whose first receipt left a part of them open / items with a first receipt in the window, by number",
        window="window_months",
        nulls=("no_receipts_in_window",),
        basis="number",
    )
)
def partial_payment_ratio(book: Book) -> Value:
    """Share of the items first paid within the window whose first receipt did not settle what was open."""
    first = book.settlements[book.settlements["is_first"]]
    return quotient(
        Amounts(first["customer_id"], first["is_part"].astype("int64")),
        Amounts(first["customer_id"], Series(1, first.index)),
        empty="no_receipts_in_window",
        n_items=len(first),
        base_minor=int(first["base_minor"].sum()),
    )
