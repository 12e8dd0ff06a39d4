"""The indicators of the whole ledger on every month end, and of one customer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd
from pandas import DataFrame, Timestamp
from pydantic import Field

from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.acts import ASSUMED
from riskresearch.behaviour.book import Book, book, observation_dates, prepare
from riskresearch.behaviour.indicators import INDICATORS, REASONS, UNITS
from riskresearch.behaviour.settings import IndicatorSettings

KPIS = Table(
    "kpis",
    "behaviour",
    "one row per indicator and date",
    ("indicator_code", "observation_date"),
    (
        Column("indicator_code", "text", "indicator, see docs/dictionary.md"),
        Column("observation_date", "date", "last day that counts"),
        Column("value", "float", "value in the unit of the indicator; empty = not computable", True),
        Column("value_low", "float", "lower bound where due dates are an assumption", True),
        Column("value_high", "float", "upper bound where due dates are an assumption", True),
        Column("n_items", "int", "invoices or receipts it rests on"),
        Column("base_amount", "float", "amount it rests on, run currency"),
        Column("unit_code", "code", "unit of the value", False, UNITS),
        Column("variant_code", "text", "variant of the definition", True),
        Column("reason_code", "code", "why there is no value", True, REASONS),
    ),
)
HISTORY_MONTHS = 24


class KpiSettings(IndicatorSettings):
    """Payment indicators."""

    dso_low_days: float = Field(30, ge=0, description="DSO below this is shown as efficient; source: mission, A2-19")
    dso_high_days: float = Field(
        60,
        ge=0,
        description="DSO above this is shown as a risk; source: mission, A2-18; the "
        "European average is 58 (Allianz Trade, June 2025): judge by terms and sector",
    )
    other_terms_days: int = Field(
        60,
        ge=0,
        le=180,
        description="where due dates are assumed, the other bound of the "
        "terms; source: legal ceiling of 60 days, Code de commerce L441-10",
    )


def kpis(tables: Mapping[str, DataFrame], books: Iterable[Book], settings: KpiSettings) -> DataFrame:
    """Return table `kpis`: every indicator on every date, with bounds where due dates are an assumption.

    Parameters
    ----------
    tables : canonical tables and ``movements``
    books : book of each date, oldest first
    settings : windows, rates, the other terms
    """
    made = list(books)
    return _rows(made).merge(_bounds(tables, made[-1], settings), on=["indicator_code", "observation_date"], how="left")


def customer_history(
    tables: Mapping[str, DataFrame], customer_id: str, settings: IndicatorSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return every indicator of one customer on the date and the same day of the months before it.

    Parameters
    ----------
    tables : canonical tables and ``movements``
    customer_id : account
    settings : windows and rates
    as_of : last day that counts

    Returns
    -------
    DataFrame with the columns of table `kpis`, 24 dates at most; no row for a customer without invoices.
    """
    own = {name: _of(frame, customer_id) for name, frame in tables.items()}
    if own["movements"].empty:
        return _rows([]).assign(value_low=None, value_high=None)
    acts = replace(prepare(own), first_day=tables["movements"]["known_date"].min())
    dates = observation_dates(as_of=as_of, first_day=acts.first_day)[-HISTORY_MONTHS:]
    books = [book(acts, as_of=day, settings=settings) for day in dates or [as_of]]
    return _rows(books).assign(value_low=None, value_high=None)


def _rows(books: Iterable[Book]) -> DataFrame:
    found = ((now, member, member.function(now)) for now in books for member in INDICATORS)
    columns = [name for name in KPIS.names if name not in ("value_low", "value_high")]
    rows = [
        (
            member.name,
            now.as_of,
            value.value,
            value.n_items,
            value.base_minor / 100,
            member.spec.unit,
            member.spec.variant or None,
            value.reason or None,
        )
        for now, member, value in found
    ]
    return DataFrame(rows, columns=columns)


def _bounds(tables: Mapping[str, DataFrame], now: Book, settings: KpiSettings) -> DataFrame:
    """Indicators of the last date under the assumed and under the other terms, where due dates are assumed."""
    rows = []
    if tables["invoices"]["due_date_source_code"].isin(ASSUMED).any():
        acts = prepare(tables, terms_days=settings.other_terms_days)
        other = book(acts, as_of=now.as_of, settings=now.settings)
        for member in INDICATORS:
            pair = [member.function(each).value for each in (now, other)]
            if member.spec.needs_due_date and None not in pair:
                rows.append((member.name, now.as_of, min(pair), max(pair)))
    frame = DataFrame(rows, columns=["indicator_code", "observation_date", "value_low", "value_high"])
    days = pd.to_datetime(frame["observation_date"]).astype("datetime64[us]")
    return frame.assign(observation_date=days).astype({"value_low": float, "value_high": float})


def _of(frame: DataFrame, customer_id: str) -> DataFrame:
    return frame[frame["customer_id"] == customer_id] if "customer_id" in frame else frame
