"""Indicators of the receipts matched to items within the window: how long they took, how late they came.

A receipt counts on the items it is matched to, each with its own amount and delay. Credit notes,
discounts, write-offs, accepted bills and money from a factor are no receipts; a payment that was
returned by the date is none either.
"""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.behaviour.book import Book
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, joined, of, quotient

NO_RECEIPTS = ("no_receipts_in_window",)
INDEX_POINTS = {-30: 100, -20: 90, 0: 80, 15: 70, 22: 60, 30: 50, 60: 40, 90: 30, 120: 20, 177: 1}
"""Payment index by days late. Up to 120 days the public anchor points of credit bureaus; beyond them one
point for three days more until the floor of 1, our own continuation."""
MIN_RECEIPTS = 3


@indicator(
    Indicator(
        "days",
        "Days to pay",
        "Délai moyen de règlement",
        "sum of receipts x (day of receipt - date of invoice) / sum of receipts",
        window="window_months",
        nulls=NO_RECEIPTS,
        variant="weighted_by_amount",
    )
)
def days_to_pay(book: Book) -> Value:
    """Days from issue to receipt, weighted by the amount received, over the receipts of the window.

    Biased downward near the date, because slow invoices are not paid yet.
    """
    return _weighted(book.settlements, book.settlements["days_to_pay"])


@indicator(
    Indicator(
        "days",
        "Days beyond terms, signed",
        "Retard moyen, signé",
        "sum of receipts x (day of receipt - due date) / sum of receipts; early receipts count negative",
        window="window_months",
        nulls=NO_RECEIPTS,
        variant="early_as_negative",
        needs_due_date=True,
    )
)
def days_beyond_terms(book: Book) -> Value:
    """Days from due date to receipt (early = negative), weighted by amount, over the receipts of the window."""
    return _weighted(book.settlements, book.settlements["days_late"])


@indicator(
    Indicator(
        "days",
        "Days beyond terms, early counted as 0",
        "Retard moyen, avances comptées 0",
        "sum of receipts x max(day of receipt - due date, 0) / sum of receipts",
        window="window_months",
        nulls=NO_RECEIPTS,
        variant="early_as_zero",
        needs_due_date=True,
    )
)
def days_beyond_terms_floored(book: Book) -> Value:
    """As days beyond terms, a receipt before the due date counting as 0 days."""
    return _weighted(book.settlements, book.settlements["days_late"].clip(lower=0))


@indicator(
    Indicator(
        "days",
        "Days beyond terms, open overdue items included",
        "Retard moyen, échus ouverts compris",
        "(sum of receipts x max(day of receipt - due date, 0) + sum of undisputed overdue items x days past due) / "
        "(sum of receipts + sum of undisputed overdue items)",
        window="window_months",
        nulls=NO_RECEIPTS,
        variant="early_as_zero_open_overdue_included",
        needs_due_date=True,
    )
)
def days_beyond_terms_with_open(book: Book) -> Value:
    """Days beyond terms, early as 0, in which open overdue items count with their delay so far; disputed ones do not.

    It sees a customer that has stopped paying, which the receipts alone do not.
    """
    paid = book.settlements[book.settlements["days_late"].notna()]
    late = book.overdue[~book.overdue["is_disputed"]]
    delay = joined(
        _times(paid, "base_minor", paid["days_late"].clip(lower=0)), _times(late, "open_minor", late["days_past_due"])
    )
    weight = joined(of(paid, "base_minor"), of(late, "open_minor"))
    return quotient(delay, weight, empty="no_receipts_in_window", n_items=len(paid) + len(late))


@indicator(
    Indicator(
        "ratio",
        "Share paid on time",
        "Taux de ponctualité",
        "receipts not later than the due date (plus the setting grace_days) / all receipts, by amount",
        window="window_months",
        nulls=NO_RECEIPTS,
        variant="by_amount",
        needs_due_date=True,
    )
)
def on_time_ratio(book: Book) -> Value:
    """Share of the amount received in the window that came on or before the due date."""
    return _weighted(book.settlements, _is_on_time(book))


@indicator(
    Indicator(
        "ratio",
        "Share paid on time, by number",
        "Taux de ponctualité en nombre",
        "number of receipts not later than the due date (plus the setting grace_days) / number of receipts",
        window="window_months",
        nulls=NO_RECEIPTS,
        basis="number",
        variant="by_number",
        needs_due_date=True,
    )
)
def on_time_number_ratio(book: Book) -> Value:
    """Share of the receipts of the window that came on or before the due date, each item paid counting once."""
    return _weighted(book.settlements.assign(base_minor=1), _is_on_time(book), book.settlements["base_minor"])


@indicator(
    Indicator(
        "index",
        "Payment index, own experience",
        "Indice de paiement, expérience propre",
        "sum of receipts x index of their delay / sum of receipts; 100 = 30 days early, 90 = 20 early, 80 = on terms, "
        "70 = 15 late, 60 = 22, 50 = 30, 40 = 60, 30 = 90, 20 = 120, 1 = 177 and more, straight lines between",
        window="window_months",
        nulls=("too_few_receipts",),
        variant="own_receipts_weighted_by_amount",
        needs_due_date=True,
    )
)
def payment_index(book: Book) -> Value:
    """Payment behaviour from 1 to 100 as this seller alone has met it, weighted by amount; at least 3 receipts.

    80 and more is low, 50 to 79 medium, below 50 high risk.
    """
    paid = book.settlements
    if paid["days_late"].notna().sum() < MIN_RECEIPTS:
        return Value(None, len(paid), int(paid["base_minor"].sum()), "too_few_receipts")
    points = np.interp(paid["days_late"].astype("float64"), list(INDEX_POINTS), list(INDEX_POINTS.values()))
    return _weighted(paid, Series(points, paid.index).where(paid["days_late"].notna()))


def _is_on_time(book: Book) -> Series:
    late = book.settlements["days_late"]
    return (late <= book.settings.grace_days).where(late.notna())


def _times(frame: DataFrame, column: str, days: Series) -> Amounts:
    return Amounts(frame["customer_id"], frame[column] * days.astype("float64"))


def _weighted(settlements: DataFrame, figure: Series, received: Series | None = None) -> Value:
    """Mean of a figure over receipts, weighted by ``base_minor``; receipts without the figure do not count."""
    known = figure.notna()
    rows, weighed = settlements[known], figure[known].astype("float64")
    base = rows["base_minor"].sum() if received is None else received[known].sum()
    return quotient(
        _times(rows, "base_minor", weighed),
        of(rows, "base_minor"),
        empty="no_receipts_in_window",
        n_items=len(rows),
        base_minor=int(base),
    )
