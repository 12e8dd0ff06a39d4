"""What lateness costs, what the law lets the seller claim for it, and terms longer than the law allows.

The law is French commercial law, taken as if it governed every sale; see `riskresearch.base.payment_law`.
"""

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from riskresearch.base.payment_law import DAYS_PER_YEAR, Reading, late_interest, legal_ceiling
from riskresearch.behaviour.book import Book
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, quotient


def _amount(label_en: str, label_fr: str, formula: str, window: str, variant: str, *nulls: str) -> Indicator:
    return Indicator(
        "amount", label_en, label_fr, formula, window=window, nulls=nulls, variant=variant, needs_due_date=True
    )


@indicator(
    _amount(
        "Carrying cost of open overdue items",
        "Coût de portage des échus ouverts",
        "sum of overdue items x days past due x cost_of_capital_ratio / 365",
        "date",
        "open_overdue_items",
    )
)
def carrying_cost_open_amount(book: Book) -> Value:
    """Cost of the money that open overdue items have bound since their due dates, disputed items included."""
    late = book.overdue
    return _carrying_cost(book, late["open_minor"], late["days_past_due"].astype("float64"))


@indicator(
    _amount(
        "Carrying cost of late receipts",
        "Coût de portage des règlements en retard",
        "sum of late receipts x days late x cost_of_capital_ratio / 365",
        "window_months",
        "late_receipts",
    )
)
def carrying_cost_paid_amount(book: Book) -> Value:
    """Cost of the money that the late receipts of the window had bound since their due dates."""
    late = _late_receipts(book)
    return _carrying_cost(book, late["base_minor"], late["days_late"])


@indicator(
    _amount(
        "Late fees due on open overdue items",
        "Pénalités de retard dues sur échus ouverts",
        "sum of undisputed overdue items x yearly rate of each half-year x days of lateness in it / 365 "
        "+ 40 EUR x overdue invoices",
        "date",
        "open_overdue_items_disputes_excluded",
        "no_late_fee_rate",
    )
)
def late_fee_open_amount(book: Book) -> Value:
    """Interest and fixed sums that undisputed overdue items give a right to on the date.

    A claim under French law, not income: interest runs without notice from the day after the due
    date, at the ECB main refinancing rate of 1 January or 1 July plus 10 points unless agreed otherwise.
    """
    late = _claimable(book)
    until = Series(book.as_of, late.index)
    return _late_fee(book, late["open_minor"], late["due_date"], until, late["invoice_id"].nunique())


@indicator(
    _amount(
        "Late fees due on late receipts",
        "Pénalités de retard dues sur règlements en retard",
        "sum of late receipts x yearly rate of each half-year x days of lateness in it / 365 "
        "+ 40 EUR x invoices paid late and not overdue any more",
        "window_months",
        "late_receipts",
        "no_late_fee_rate",
    )
)
def late_fee_paid_amount(book: Book) -> Value:
    """Interest and fixed sums that the late receipts of the window gave a right to, whether charged or not.

    An invoice paid late in part and overdue for the rest owes its fixed sum once: with the open items.
    """
    late = _late_receipts(book)
    still_overdue = Index(_claimable(book)["invoice_id"].unique())
    once = late.loc[still_overdue.get_indexer(late["invoice_id"]) < 0, "invoice_id"]
    return _late_fee(book, late["base_minor"], late["due_date"], late["effective_date"], once.nunique())


def _terms(label_en: str, label_fr: str, ceiling: str, variant: str) -> Indicator:
    return Indicator(
        "ratio",
        label_en,
        label_fr,
        f"invoices due later than {ceiling} / invoices, by number, open on the date or paid within the window",
        window="window_months",
        nulls=("no_invoices",),
        basis="number",
        variant=variant,
        needs_due_date=True,
    )


@indicator(
    _terms("Terms above 60 days net", "Délais supérieurs à 60 jours nets", "60 days after the invoice", "60_days_net")
)
def terms_over_net_ratio(book: Book) -> Value:
    """Share of invoices with terms above the legal ceiling where the contract names no end of month."""
    return _over_ceiling(book, "net")


@indicator(
    _terms(
        "Terms above the law, 45 days then end of month",
        "Délais supérieurs à la loi, 45 jours puis fin de mois",
        "both 60 days after the invoice and the end of the month 45 days after it",
        "days_then_month_end",
    )
)
def terms_over_days_then_month_end_ratio(book: Book) -> Value:
    """Share of invoices with terms above every legal ceiling, 45 days end of month read as 45 days, then month end."""
    return _over_ceiling(book, "days_then_month_end")


@indicator(
    _terms(
        "Terms above the law, end of month then 45 days",
        "Délais supérieurs à la loi, fin de mois puis 45 jours",
        "both 60 days after the invoice and 45 days after the end of its month",
        "month_end_then_days",
    )
)
def terms_over_month_end_then_days_ratio(book: Book) -> Value:
    """Share of invoices with terms above every legal ceiling, 45 days end of month read as month end, then 45 days."""
    return _over_ceiling(book, "month_end_then_days")


def _carrying_cost(book: Book, minor: Series, days: Series) -> Value:
    cost = float((minor * days).sum()) * book.settings.cost_of_capital_ratio / DAYS_PER_YEAR / 100
    return Value(cost, len(minor), int(minor.sum()))


def _late_fee(book: Book, minor: Series, due: Series, until: Series, n_invoices: int) -> Value:
    interest = late_interest(minor, due=due, until=until, rates=book.settings.late_rates)
    if interest.isna().any():
        return Value(None, len(minor), int(minor.sum()), "no_late_fee_rate")
    fixed = n_invoices * book.settings.late_fee_fixed_amount
    return Value(float(interest.sum()) / 100 + fixed, len(minor), int(minor.sum()))


def _claimable(book: Book) -> DataFrame:
    return book.overdue[~book.overdue["is_disputed"]]


def _late_receipts(book: Book) -> DataFrame:
    return book.settlements[book.settlements["days_late"] > 0]


def _over_ceiling(book: Book, reading: Reading) -> Value:
    columns = ["customer_id", "invoice_id", "invoice_date", "due_date"]
    rows = pd.concat(
        [
            book.items[columns].assign(minor=book.items["open_minor"]),
            book.settlements[columns].assign(minor=book.settlements["base_minor"]),
        ],
        ignore_index=True,
    )
    rows = rows[rows["due_date"].notna()]
    ceiling = np.maximum(
        legal_ceiling(rows["invoice_date"], reading="net"), legal_ceiling(rows["invoice_date"], reading=reading)
    )
    over, every = (each.drop_duplicates("invoice_id") for each in (rows[rows["due_date"] > ceiling], rows))
    return quotient(
        Amounts(over["customer_id"], Series(1, over.index)),
        Amounts(every["customer_id"], Series(1, every.index)),
        empty="no_invoices",
        n_items=len(every),
        base_minor=int(rows["minor"].sum()),
    )
