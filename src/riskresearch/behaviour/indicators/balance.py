"""Indicators of the balance on the date: open, overdue, disputed, unapplied."""

from pandas import DataFrame, Series

from riskresearch.behaviour.book import Book
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, of, quotient

NOTHING_OPEN = ("nothing_open",)


@indicator(
    Indicator(
        "amount",
        "Open receivables",
        "Encours clients",
        "sum of open items, converted at the rates of their invoice dates",
        variant="issue_rate",
    )
)
def open_amount(book: Book) -> Value:
    """Open amount of all items on the date, including tax, disputed items included."""
    return Value(book.open_minor / 100, len(book.items), book.open_minor)


@indicator(
    Indicator(
        "amount",
        "Open receivables at current exchange rates",
        "Encours clients au cours du jour",
        "sum of open items in their own currency x last exchange rate known on the date",
        nulls=("no_exchange_rate",),
        variant="current_rate",
    )
)
def open_current_rate_amount(book: Book) -> Value:
    """Open amount of all items, each converted at the last exchange rate known on the date.

    Items of a currency that needs no conversion (every item amounts to the same in both) keep their amount.
    """
    items, rates = book.items, book.rates
    own = items["open_minor"].eq(items["document_minor"]).groupby(items["currency_code"]).all()
    rate = items["currency_code"].map(rates.combine_first(Series(1.0, own.index[own])))
    if rate.isna().any():
        return Value(None, len(items), book.open_minor, "no_exchange_rate")
    minor = (items["document_minor"] * rate.astype("float64")).round().sum()
    return Value(float(minor) / 100, len(items), book.open_minor)


@indicator(
    Indicator(
        "amount",
        "Unapplied cash and credits",
        "Encaissements et avoirs non affectés",
        "sum of receipts and credit notes not matched to an item",
    )
)
def unapplied_amount(book: Book) -> Value:
    """Receipts and credit notes not matched to an invoice; not deducted from the open amount."""
    total = int(book.unapplied.sum())
    return Value(total / 100, len(book.unapplied), total)


@indicator(
    Indicator(
        "amount",
        "Open receivables, net of unapplied",
        "Encours clients, net des non affectés",
        "open receivables - unapplied cash and credits; negative where more is unapplied than open",
        variant="net_of_unapplied",
    )
)
def open_net_amount(book: Book) -> Value:
    """Open amount of all items less the receipts and credit notes not matched yet."""
    return Value((book.open_minor - int(book.unapplied.sum())) / 100, len(book.items), book.open_minor)


@indicator(
    Indicator(
        "ratio",
        "Unapplied ratio",
        "Taux d'encaissements et avoirs non affectés",
        "unapplied cash and credits / open receivables",
        nulls=NOTHING_OPEN,
        variant="receipts_and_credit_notes",
    )
)
def unapplied_ratio(book: Book) -> Value:
    """Receipts and credit notes not matched to an invoice, in proportion to the open amount; above 1 where larger."""
    rests = Amounts(book.unapplied.index, book.unapplied)
    return quotient(rests, of(book.items, "open_minor"), empty="nothing_open", n_items=len(rests.values))


def _overdue(days: int, label_en: str, label_fr: str, variant: str = "disputes_included") -> Indicator:
    scope = "items" if variant == "disputes_included" else "items without an open dispute"
    formula = f"{scope} more than {days} days past due / all {scope}" if days else f"overdue {scope} / all {scope}"
    return Indicator(
        "ratio",
        label_en,
        label_fr,
        f"open amount of {formula}",
        nulls=NOTHING_OPEN,
        variant=variant,
        needs_due_date=True,
    )


@indicator(_overdue(0, "Overdue ratio", "Taux d'échus"))
def overdue_ratio(book: Book) -> Value:
    """Overdue share of the open amount, disputed items included."""
    return _share_overdue(book.items, 0)


@indicator(_overdue(0, "Overdue ratio without disputes", "Taux d'échus hors litiges", "disputes_excluded"))
def overdue_undisputed_ratio(book: Book) -> Value:
    """Overdue share of the open amount of items without an open dispute."""
    return _share_overdue(book.items[~book.items["is_disputed"]], 0)


@indicator(_overdue(30, "More than 30 days overdue", "Échus de plus de 30 jours"))
def overdue_30_ratio(book: Book) -> Value:
    """Share of the open amount that is more than 30 days past due."""
    return _share_overdue(book.items, 30)


@indicator(_overdue(60, "More than 60 days overdue", "Échus de plus de 60 jours"))
def overdue_60_ratio(book: Book) -> Value:
    """Share of the open amount that is more than 60 days past due."""
    return _share_overdue(book.items, 60)


@indicator(_overdue(90, "More than 90 days overdue", "Échus de plus de 90 jours"))
def overdue_90_ratio(book: Book) -> Value:
    """Share of the open amount that is more than 90 days past due."""
    return _share_overdue(book.items, 90)


@indicator(
    Indicator(
        "ratio",
        "Dispute ratio",
        "Taux de litiges",
        "open amount of items with an open dispute / open amount",
        nulls=NOTHING_OPEN,
    )
)
def dispute_ratio(book: Book) -> Value:
    """Share of the open amount that customers dispute on the date."""
    disputed = book.items[book.items["is_disputed"]]
    return quotient(
        of(disputed, "open_minor"), of(book.items, "open_minor"), empty="nothing_open", n_items=len(disputed)
    )


@indicator(
    Indicator(
        "days",
        "Age of open disputes, median",
        "Âge médian des litiges ouverts",
        "median over the disputes open on the date of: date - day the dispute was opened",
        nulls=("no_open_dispute",),
        basis="number",
    )
)
def dispute_age_days(book: Book) -> Value:
    """Median number of days that the disputes open on the date have lasted, each counting once."""
    ongoing = book.disputes[book.disputes["closed_date"].isna()]
    if ongoing.empty:
        return Value(None, reason="no_open_dispute")
    disputed = book.items.loc[book.items["is_disputed"], "open_minor"].sum()
    return Value(float((book.as_of - ongoing["opened_date"]).dt.days.median()), len(ongoing), int(disputed))


def _share_overdue(items: DataFrame, days: int) -> Value:
    late = items[items["days_past_due"].gt(days).fillna(False).astype(bool)]
    return quotient(of(late, "open_minor"), of(items, "open_minor"), empty="nothing_open", n_items=len(late))
