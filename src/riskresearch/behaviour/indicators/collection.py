"""Collection effectiveness: what was collected of what could be collected in three months.

Public descriptions disagree on the sales that enter the formula: those of the whole period, or the
average of a month. Both are published under their own names; the period version is the consistent one.
"""

from pandas import DataFrame

from riskresearch.behaviour.book import OPENING_MONTHS, Book
from riskresearch.behaviour.indicators.days_of_sales import not_overdue, sold_since
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, joined, of, quotient


def _spec(label_en: str, label_fr: str, sales: str, variant: str) -> Indicator:
    return Indicator(
        "ratio",
        label_en,
        label_fr,
        f"(opening receivables + {sales} - receivables on the date) / "
        f"(opening receivables + {sales} - receivables on the date not yet due), over three months",
        window="3_months",
        nulls=("history_too_short", "nothing_to_collect"),
        variant=variant,
        needs_due_date=True,
    )


@indicator(
    _spec(
        "Collection effectiveness",
        "Indice d'efficacité du recouvrement",
        "net sales of the period",
        "sales_of_the_period",
    )
)
def collection_effectiveness_ratio(book: Book) -> Value:
    """Share of what could be collected in three months that was collected; 1 = nothing is overdue."""
    return _effectiveness(book, 1.0)


@indicator(
    _spec(
        "Collection effectiveness, average sales",
        "Indice d'efficacité du recouvrement, ventes moyennes",
        "net sales of an average month of the period",
        "average_monthly_sales",
    )
)
def collection_effectiveness_average_ratio(book: Book) -> Value:
    """As collection effectiveness, with the sales of an average month in place of those of three; may be negative."""
    return _effectiveness(book, 1 / OPENING_MONTHS)


def _effectiveness(book: Book, share_of_sales: float) -> Value:
    sold = sold_since(book, book.opening_date)
    if sold is None or not book.has_opening:
        return Value(None, len(book.items), book.open_minor, "history_too_short")
    coming = joined(of(book.opening, "open_minor"), _times(of(sold, "base_minor"), share_of_sales))
    return quotient(
        _less(coming, book.items),
        _less(coming, not_overdue(book.items)),
        empty="nothing_to_collect",
        n_items=len(book.opening) + len(sold),
    )


def _less(coming: Amounts, items: DataFrame) -> Amounts:
    return joined(coming, _times(of(items, "open_minor"), -1))


def _times(amounts: Amounts, factor: float) -> Amounts:
    return Amounts(amounts.customers, amounts.values * factor)
