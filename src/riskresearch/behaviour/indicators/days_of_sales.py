"""Receivables in days of sales: DSO and its relatives. Receivables and sales both include tax."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, DatetimeIndex, Timestamp

from riskresearch.behaviour.book import Book, months_before, observation_dates
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, of, quotient

SHORT_DAYS, LONG_DAYS, ROLLING_MONTHS = 90, 365, 12
NO_SALES = ("history_too_short", "no_sales_in_window")


@indicator(
    Indicator(
        "days",
        "DSO, simple",
        "DSO comptable",
        "open receivables / net sales of the last 90 days x 90",
        window="90_days",
        nulls=NO_SALES,
        variant="90_days_of_sales",
    )
)
def dso_simple_days(book: Book) -> Value:
    """Open receivables divided by the sales of the last 90 days, times 90; both including tax."""
    return _in_days_of_sales(book, book.items, SHORT_DAYS)


@indicator(
    Indicator(
        "days",
        "DSO, simple, over a year",
        "DSO comptable sur un an",
        "open receivables / net sales of the last 365 days x 365",
        window="365_days",
        nulls=NO_SALES,
        variant="365_days_of_sales",
    )
)
def dso_365_days(book: Book) -> Value:
    """Open receivables divided by the sales of the last 365 days, times 365; both including tax."""
    return _in_days_of_sales(book, book.items, LONG_DAYS)


@indicator(
    Indicator(
        "days",
        "Best possible DSO",
        "DSO théorique",
        "open receivables not yet due / net sales of the last 90 days x 90",
        window="90_days",
        nulls=NO_SALES,
        variant="90_days_of_sales",
        needs_due_date=True,
    )
)
def dso_best_possible_days(book: Book) -> Value:
    """Receivables not yet due divided by the sales of the last 90 days, times 90."""
    return _in_days_of_sales(book, not_overdue(book.items), SHORT_DAYS)


@indicator(
    Indicator(
        "days",
        "Average days delinquent",
        "Retard moyen en jours de CA",
        "overdue receivables / net sales of the last 90 days x 90 = simple DSO - best possible DSO",
        window="90_days",
        nulls=NO_SALES,
        variant="90_days_of_sales",
        needs_due_date=True,
    )
)
def days_delinquent(book: Book) -> Value:
    """Overdue receivables divided by the sales of the last 90 days, times 90: DSO minus best possible DSO."""
    return _in_days_of_sales(book, book.overdue, SHORT_DAYS)


@indicator(
    Indicator(
        "days",
        "DSO, count-back",
        "DSO par épuisement du CA",
        "take net sales month by month, latest first, off the open receivables: full months add their days, "
        "the last adds receivables left / its sales x its days",
        window="ledger",
        nulls=("history_too_short",),
        variant="months_back_from_the_date",
    )
)
def dso_count_back_days(book: Book) -> Value:
    """Days of the latest sales that the open receivables stand for, counted backward month by month.

    A month whose sales the remaining receivables exceed adds its days; the last month adds its days
    in proportion. A month without positive net sales adds its days and takes nothing away. Where the
    receivables exceed all sales of the ledger the history is too short and there is no value.
    """
    left, days = book.open_minor, 0.0
    if left == 0:
        return Value(0.0)
    for month in _months_of_sales(book):
        if left <= month.sales > 0:
            return Value(days + left / month.sales * month.days, len(book.items), book.open_minor)
        left -= max(month.sales, 0)
        days += month.days
    return Value(None, len(book.items), book.open_minor, "history_too_short")


@indicator(
    Indicator(
        "days",
        "DSO, rolling 12 months",
        "DSO glissant sur 12 mois",
        "open receivables / net sales of the last 12 calendar months x the days of these months (365 or 366)",
        window="12_months",
        nulls=NO_SALES,
        variant="12_months_of_sales",
    )
)
def dso_rolling_12m_days(book: Book) -> Value:
    """Simple DSO on a moving window of 12 calendar months, which smooths the season out."""
    start = months_before(book.as_of, ROLLING_MONTHS)
    return _in_days_of_sales(book, book.items, (book.as_of - start).days)


@indicator(
    Indicator(
        "days",
        "DSO, weighted by customer",
        "DSO pondéré par client",
        "sum over customers of share of open receivables x own simple DSO over 365 days",
        window="365_days",
        nulls=(*NO_SALES, "nothing_open"),
        variant="customers_weighted_by_receivables",
    )
)
def dso_weighted_days(book: Book) -> Value:
    """Mean of the customers' own DSO over 365 days, weighted by what they owe.

    It lies above the simple DSO where the large debtors are the slow ones. A customer that bought
    nothing in the window has no DSO of its own and is left out of weights and mean. The other
    meaning of the name, mean age of the collected amounts, is `days_to_pay`.
    """
    sold = sold_since(book, book.as_of - pd.Timedelta(days=LONG_DAYS))
    if sold is None:
        return Value(None, len(book.items), book.open_minor, "history_too_short")
    owed = of(book.items, "open_minor").by_customer()
    if owed.sum() == 0:
        return Value(None, reason="nothing_open")
    sales = of(sold, "base_minor").by_customer().reindex(owed.index)
    buyers = owed[sales > 0]
    own = buyers / sales[sales > 0] * LONG_DAYS
    return quotient(
        Amounts(own.index, own * buyers), Amounts(own.index, buyers), empty="no_sales_in_window", n_items=len(own)
    )


@indicator(
    Indicator(
        "amount",
        "Cash effect of one day of DSO",
        "Effet de trésorerie d'un jour de DSO",
        "net sales of the last 365 days, including tax / 365",
        window="365_days",
        nulls=NO_SALES,
    )
)
def dso_day_amount(book: Book) -> Value:
    """Cash freed by one day of DSO less: net sales including tax of an average day of the last 365."""
    sold = sold_since(book, book.as_of - pd.Timedelta(days=LONG_DAYS))
    if sold is None:
        return Value(None, reason="history_too_short")
    minor = int(sold["base_minor"].sum())
    if minor <= 0:
        return Value(None, len(sold), minor, "no_sales_in_window")
    return Value(minor / LONG_DAYS / 100, len(sold), minor)


def sold_since(book: Book, start: Timestamp) -> DataFrame | None:
    """Return invoices and credit notes after a day; None where the ledger does not reach back so far."""
    if start + pd.Timedelta(days=1) < book.first_day:
        return None
    return book.sales.loc[book.sales["day"] > start, ["customer_id", "kind_code", "base_minor"]]


def not_overdue(items: DataFrame) -> DataFrame:
    """Return the open items that are not past due, those without due date included."""
    return items[items["days_past_due"].fillna(0) <= 0]


def _in_days_of_sales(book: Book, items: DataFrame, days: int) -> Value:
    minor = int(items["open_minor"].sum())
    sold = sold_since(book, book.as_of - pd.Timedelta(days=days))
    if sold is None:
        return Value(None, len(items), minor, "history_too_short")
    return quotient(
        of(items, "open_minor"),
        of(sold, "base_minor"),
        empty="no_sales_in_window",
        n_items=len(items),
        base_minor=minor,
        scale=days,
    )


@dataclass(frozen=True)
class _Month:
    sales: int
    days: int


def _months_of_sales(book: Book) -> list[_Month]:
    """Net sales of the months that end on the date and before it, latest first, complete months only."""
    ends = observation_dates(as_of=book.as_of, first_day=book.first_day)
    if not ends:
        return []
    bounds = DatetimeIndex([months_before(book.as_of, len(ends)), *ends])
    month = np.searchsorted(bounds.to_numpy(), book.sales["day"].to_numpy(), side="left")
    minor = np.bincount(month, weights=book.sales["base_minor"].to_numpy(float), minlength=len(bounds) + 1)
    return [
        _Month(int(minor[i]), (bounds[i] - bounds[i - 1]).days)
        for i in range(len(bounds) - 1, 0, -1)
        if bounds[i - 1] + pd.Timedelta(days=1) >= book.first_day
    ]
