"""Indicators of the flows of the window: credit notes, returned payments, discounts, losses."""

from pandas import DataFrame

from riskresearch.behaviour.book import Book, months_before
from riskresearch.behaviour.indicators.days_of_sales import NO_SALES, sold_since
from riskresearch.behaviour.indicators.registry import Amounts, Indicator, Value, indicator, joined, of, quotient


@indicator(
    Indicator(
        "ratio",
        "Credit note ratio",
        "Taux d'avoirs",
        "credit notes of the window / invoices of the window, by date of document",
        window="window_months",
        nulls=NO_SALES,
    )
)
def credit_note_ratio(book: Book) -> Value:
    """Credit notes in proportion to gross sales; high = trouble with quality or invoicing rather than with credit."""
    sold = _sold(book)
    if sold is None:
        return Value(None, reason="history_too_short")
    notes = sold[sold["kind_code"] == "credit_note"]
    invoiced = of(sold[sold["kind_code"] == "invoice"], "base_minor")
    credited = Amounts(notes["customer_id"], -notes["base_minor"])
    return quotient(credited, invoiced, empty="no_sales_in_window", n_items=len(notes))


@indicator(
    Indicator(
        "ratio",
        "Returned payment ratio",
        "Taux de rejets de paiement",
        "payments returned in the window / (payments returned + receipts matched and kept)",
        window="window_months",
        nulls=("no_receipts_in_window",),
    )
)
def returned_payment_ratio(book: Book) -> Value:
    """Share of the money received that the bank took back: cheques and direct debits returned unpaid."""
    returned = of(book.returned, "base_minor")
    received = joined(returned, of(book.settlements, "base_minor"))
    return quotient(returned, received, empty="no_receipts_in_window", n_items=len(book.returned))


@indicator(
    Indicator(
        "ratio",
        "Discount ratio",
        "Taux d'escompte accordé",
        "discounts taken in the window / (discounts + receipts matched)",
        window="window_months",
        nulls=("no_receipts_in_window",),
    )
)
def discount_ratio(book: Book) -> Value:
    """Early-payment discounts taken, in proportion to the amount they and the receipts settled.

    A customer that stops taking its discount gives an early sign of strain.
    """
    taken = of(book.discounts, "base_minor")
    settled = joined(taken, of(book.settlements, "base_minor"))
    return quotient(taken, settled, empty="no_receipts_in_window", n_items=len(book.discounts))


@indicator(
    Indicator(
        "ratio",
        "Bad debt to sales",
        "Taux de pertes",
        "(write-offs - recoveries of the window) / net sales of the window, both including tax",
        window="window_months",
        nulls=NO_SALES,
        variant="net_of_recoveries",
    )
)
def bad_debt_ratio(book: Book) -> Value:
    """Write-offs less recoveries in proportion to net sales; the losses stem from sales of earlier periods.

    A transfer to doubtful receivables is no loss yet and does not count. A recovery is a write-off taken back, or an
    event with its amount.
    """
    sold = _sold(book)
    if sold is None:
        return Value(None, reason="history_too_short")
    lost = book.losses[book.losses["movement_code"] != "doubtful"]
    return quotient(of(lost, "base_minor"), of(sold, "base_minor"), empty="no_sales_in_window", n_items=len(lost))


def _sold(book: Book) -> DataFrame | None:
    return sold_since(book, months_before(book.as_of, book.settings.window_months))
