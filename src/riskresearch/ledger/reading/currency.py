"""Tables in the run's currency: which currency the run is in, which rates there are, every base amount."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.exchange import Quote, allocated_base, in_run_currency, quotes_into, rate_table
from riskresearch.ledger.reading.mapping import Rate

Tables = dict[str, DataFrame]
_DOCUMENTS = {
    "invoices": ("gross_minor", "invoice_date"),
    "credit_notes": ("gross_minor", "credit_note_date"),
    "payments": ("amount_minor", "value_date"),
}
_CONVERTED = (*_DOCUMENTS, "allocations")
_BOOKS_ONLY = {
    "events": ("base_minor",),
    "limits": ("base_minor", "requested_minor"),
    "reminders": ("promise_minor",),
    "orders": ("base_minor",),
    "guarantees": ("base_minor",),
    "overrides": ("proposed_minor", "final_minor"),
    "insurer_claims": ("claimed_minor", "paid_minor", "recovered_minor", "insurer_recovered_minor"),
    "financials": ("revenue_minor", "net_worth_minor", "debt_minor", "net_income_minor"),
}


def run_currency(invoices: DataFrame, *, given: str | None) -> str:
    """Return the given run currency, else the currency of most invoices (first of the alphabet on a tie)."""
    if given is not None:
        return given
    counts = invoices["currency_code"].value_counts()
    return str(min(counts.index[counts == counts.max()]))


def convert(
    tables: Tables, rates: Sequence[Rate], *, run_currency_code: str, books_currency_code: str | None
) -> tuple[Tables, list[str]]:
    """Return the tables with every amount in run currency filled in and the rates used, and notes.

    Amounts delivered in run currency are kept where the books are in the run's currency.

    Raises
    ------
    LedgerError
        Documents have a currency without rate; or figures in the books' currency cannot be converted.
    """
    tables = dict(tables)
    books = books_currency_code or run_currency_code
    if books == run_currency_code and not rates and not any(tables[n]["base_minor"].isna().any() for n in _CONVERTED):
        return tables | {"fx_rates": tables["fx_rates"].sort_values(["currency_code", "rate_date"])}, []
    quotes = quotes_into([*_delivered(tables["fx_rates"], books), *_stated(rates)], run_currency_code)
    if books != run_currency_code:
        _refuse_books_only(tables, books, run_currency_code)
        for name in _CONVERTED:
            tables[name] = tables[name].assign(base_minor=Series(pd.NA, index=tables[name].index, dtype="Int64"))
    _refuse_unquoted(tables, quotes, run_currency_code)
    notes = []
    for name, (amount, day) in _DOCUMENTS.items():
        notes += _early_notes(tables[name], name, day, quotes)
        made = _converted(tables[name], amount, day, quotes, run_currency_code)
        tables[name] = tables[name].assign(base_minor=made)
    if tables["allocations"]["base_minor"].isna().any():
        allocated = allocated_base(tables["allocations"], tables["invoices"])
        base = tables["allocations"]["base_minor"].astype("Int64").fillna(allocated)
        tables["allocations"] = tables["allocations"].assign(base_minor=base)
    tables["fx_rates"] = rate_table(quotes)
    return tables, notes


def _converted(frame: DataFrame, amount: str, day: str, quotes: Sequence[Quote], run_currency_code: str) -> Series:
    """Amounts in run currency: as delivered, else at the rate of the day."""
    delivered = frame["base_minor"].astype("Int64")
    lacking = delivered.isna()
    if not lacking.any():
        return delivered
    rows = frame[lacking]
    made = in_run_currency(rows[amount], rows["currency_code"], rows[day], quotes, run_currency_code=run_currency_code)
    return delivered.fillna(made.reindex(frame.index))


def _delivered(rates: DataFrame, into: str) -> list[Quote]:
    rows = zip(rates["currency_code"], rates["rate_date"], rates["rate_ratio"], strict=True)
    return [Quote(code, into, day, Decimal(repr(float(ratio)))) for code, day, ratio in rows]


def _stated(rates: Sequence[Rate]) -> list[Quote]:
    return [
        Quote(rate.currency_code, rate.into, pd.Timestamp(rate.rate_date), Decimal(rate.rate_ratio)) for rate in rates
    ]


def _refuse_books_only(tables: Tables, books: str, run_currency_code: str) -> None:
    held = [name for name, columns in _BOOKS_ONLY.items() if tables[name][list(columns)].notna().any(axis=None)]
    if held:
        raise LedgerError(
            f"{', '.join(held)}: amounts are in {books}, the books' currency, and name no currency; "
            f"a run in {run_currency_code} cannot convert them; run in {books}"
        )


def _refuse_unquoted(tables: Tables, quotes: Sequence[Quote], run_currency_code: str) -> None:
    quoted = {quote.currency_code for quote in quotes} | {run_currency_code}
    lacking = [
        (name, code)
        for name in _DOCUMENTS
        for code in tables[name].loc[tables[name]["base_minor"].isna(), "currency_code"]
        if code not in quoted
    ]
    if not lacking:
        return
    counts = tables["invoices"]["currency_code"].value_counts()
    told = ", ".join(f"{code} {n} rows" for code, n in counts.items())
    raise LedgerError(
        f"invoices.currency_code: mixed currencies without rates ({told}); the run is in {run_currency_code}, "
        f"{len(lacking)} documents and receipts in {', '.join(sorted({code for _, code in lacking}))} have no rate; "
        f"deliver a table fx_rates, add dated rates under fx in the mapping, or filter the rows of one currency"
    )


def _early_notes(frame: DataFrame, name: str, day: str, quotes: Sequence[Quote]) -> list[str]:
    first: dict[str, pd.Timestamp] = {}
    for quote in quotes:
        first.setdefault(quote.currency_code, quote.rate_date)
    lacking = frame[frame["base_minor"].isna()]
    n_early = sum(
        int(((lacking["currency_code"] == code) & (lacking[day] < start)).sum()) for code, start in first.items()
    )
    told = f"{name}: {n_early} amounts dated before the first rate of their currency use that first rate"
    return [told] if n_early else []
