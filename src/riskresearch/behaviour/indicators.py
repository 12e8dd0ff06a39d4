"""Payment indicators: one decorated function each, computed on the book of a date.

To add an indicator, write a function from a `Book` to a `Value` and decorate it; its row in the
tables, its label and its entry in the documentation come by themselves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, DatetimeIndex, Series

from riskresearch.base.registry import Registry
from riskresearch.behaviour.book import Book, observation_dates


@dataclass(frozen=True)
class Indicator:
    """Declaration of an indicator: unit, tax basis, variant, labels, and whether it needs due dates."""

    unit: str
    label_en: str
    label_fr: str
    basis: str = "incl_tax"
    variant: str = ""
    needs_due_date: bool = False


@dataclass(frozen=True)
class Value:
    """Value of an indicator with what it rests on; `reason` says why there is none."""

    value: float | None
    n_items: int = 0
    base_minor: int = 0
    reason: str = ""


INDICATORS = Registry[Indicator]("indicator")
DSO_WINDOW_DAYS = 90


@INDICATORS.register(Indicator("amount", "Open receivables", "Encours clients"))
def open_amount(book: Book) -> Value:
    """Open amount of all invoices on the date, including tax, disputed items included."""
    return Value(book.open_minor / 100, len(book.items), book.open_minor)


@INDICATORS.register(Indicator("amount", "Unapplied cash and credits", "Encaissements et avoirs non affectés"))
def unapplied_amount(book: Book) -> Value:
    """Receipts and credit notes not matched to an invoice; not deducted from the open amount."""
    total = int(book.unapplied.sum())
    return Value(total / 100, len(book.unapplied), total)


@INDICATORS.register(Indicator("days", "DSO, simple", "DSO comptable", variant="90_days_of_sales"))
def dso_simple_days(book: Book) -> Value:
    """Open receivables divided by the sales of the last 90 days, times 90; both including tax."""
    return _in_days_of_sales(book, book.open_minor, len(book.items))


@INDICATORS.register(
    Indicator("days", "Best possible DSO", "DSO théorique", variant="90_days_of_sales", needs_due_date=True)
)
def dso_best_possible_days(book: Book) -> Value:
    """Receivables not yet due divided by the sales of the last 90 days, times 90."""
    not_due = book.open_minor - int(book.overdue["open_minor"].sum())
    return _in_days_of_sales(book, not_due, len(book.items) - len(book.overdue))


@INDICATORS.register(
    Indicator(
        "days",
        "Average days delinquent",
        "Retard moyen en jours de CA",
        variant="90_days_of_sales",
        needs_due_date=True,
    )
)
def days_delinquent(book: Book) -> Value:
    """Overdue receivables divided by the sales of the last 90 days, times 90: DSO minus best possible DSO."""
    return _in_days_of_sales(book, int(book.overdue["open_minor"].sum()), len(book.overdue))


@INDICATORS.register(
    Indicator("days", "DSO, count-back", "DSO par épuisement du CA", variant="months_back_from_the_date")
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


@INDICATORS.register(Indicator("days", "Days to pay", "Délai moyen de règlement", variant="receipts_of_12_months"))
def days_to_pay(book: Book) -> Value:
    """Days from issue to receipt, weighted by the amount received, over the receipts of 12 months."""
    return _weighted(book.settlements, book.settlements["days_to_pay"])


@INDICATORS.register(
    Indicator(
        "days", "Days beyond terms, signed", "Retard moyen, signé", variant="receipts_of_12_months", needs_due_date=True
    )
)
def days_beyond_terms(book: Book) -> Value:
    """Days from due date to receipt (early = negative), weighted by amount, over the receipts of 12 months."""
    return _weighted(book.settlements, book.settlements["days_late"])


@INDICATORS.register(
    Indicator(
        "days",
        "Days beyond terms, early counted as 0",
        "Retard moyen, avances comptées 0",
        variant="receipts_of_12_months",
        needs_due_date=True,
    )
)
def days_beyond_terms_floored(book: Book) -> Value:
    """As days beyond terms, a receipt before the due date counting as 0 days."""
    return _weighted(book.settlements, book.settlements["days_late"].clip(lower=0))


@INDICATORS.register(
    Indicator("ratio", "Share paid on time", "Taux de ponctualité", variant="amount_12_months", needs_due_date=True)
)
def on_time_ratio(book: Book) -> Value:
    """Share of the amount received in 12 months that came on or before the due date."""
    return _weighted(
        book.settlements, (book.settlements["days_late"] <= 0).where(book.settlements["days_late"].notna())
    )


@INDICATORS.register(
    Indicator("ratio", "Overdue ratio", "Taux d'échus", variant="disputes_included", needs_due_date=True)
)
def overdue_ratio(book: Book) -> Value:
    """Overdue share of the open amount, disputed items included."""
    return _share_overdue(book, 0)


@INDICATORS.register(
    Indicator(
        "ratio",
        "More than 30 days overdue",
        "Échus de plus de 30 jours",
        variant="disputes_included",
        needs_due_date=True,
    )
)
def overdue_30_ratio(book: Book) -> Value:
    """Share of the open amount that is more than 30 days past due."""
    return _share_overdue(book, 30)


@INDICATORS.register(
    Indicator(
        "ratio",
        "More than 90 days overdue",
        "Échus de plus de 90 jours",
        variant="disputes_included",
        needs_due_date=True,
    )
)
def overdue_90_ratio(book: Book) -> Value:
    """Share of the open amount that is more than 90 days past due."""
    return _share_overdue(book, 90)


def _share_overdue(book: Book, days: int) -> Value:
    if book.open_minor == 0:
        return Value(None, reason="nothing_open")
    late = book.items[book.items["days_past_due"].fillna(0) > days]
    return Value(int(late["open_minor"].sum()) / book.open_minor, len(late), book.open_minor)


def _in_days_of_sales(book: Book, minor: int, n_items: int) -> Value:
    sales = book.sales_minor(DSO_WINDOW_DAYS)
    if sales is None:
        return Value(None, n_items, minor, "history_too_short")
    if sales <= 0:
        return Value(None, n_items, minor, "no_sales_in_window")
    return Value(minor / sales * DSO_WINDOW_DAYS, n_items, minor)


def _weighted(settlements: DataFrame, days: Series) -> Value:
    known = days.notna()
    weight = settlements.loc[known, "base_minor"]
    total = int(weight.sum())
    if total <= 0:
        return Value(None, int(known.sum()), total, "no_receipts_in_window")
    return Value(float((weight * days[known].astype(float)).sum()) / total, int(known.sum()), total)


@dataclass(frozen=True)
class _Month:
    sales: int
    days: int


def _months_of_sales(book: Book) -> list[_Month]:
    """Net sales of the months that end on the date and before it, latest first, complete months only."""
    ends = observation_dates(as_of=book.as_of, first_day=book.first_day)
    if not ends:
        return []
    bounds = DatetimeIndex([ends[0] - pd.DateOffset(months=1), *ends])
    month = np.searchsorted(bounds.to_numpy(), book.sales["day"].to_numpy(), side="left")
    minor = np.bincount(month, weights=book.sales["base_minor"].to_numpy(float), minlength=len(bounds) + 1)
    return [
        _Month(int(minor[i]), (bounds[i] - bounds[i - 1]).days)
        for i in range(len(bounds) - 1, 0, -1)
        if bounds[i - 1] + pd.Timedelta(days=1) >= book.first_day
    ]
