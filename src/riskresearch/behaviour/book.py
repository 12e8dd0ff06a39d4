"""The book of a date: what was open, sold and settled, as known on that day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.movements import (
    NOT_A_SALE,
    Stream,
    invoice_stream,
    known_date,
    open_items,
    unapplied_minor,
    unapplied_stream,
)


@dataclass(frozen=True)
class Book:
    """Everything the payment indicators of a date are made from.

    Parameters
    ----------
    as_of : last day that counts
    items : open invoices, see `riskresearch.ledger.movements.open_items`
    sales : ``customer_id day base_minor``, invoices positive and credit notes negative, including tax
    settlements : ``customer_id effective_date base_minor days_to_pay days_late``, receipts matched to
        invoices within the settlement window, amounts positive
    unapplied : receipts and credits not matched yet, minor units by customer_id
    first_day : first day the ledger covers
    """

    as_of: Timestamp
    items: DataFrame
    sales: DataFrame
    settlements: DataFrame
    unapplied: Series
    first_day: Timestamp

    @property
    def open_minor(self) -> int:
        """Open amount of all invoices."""
        return int(self.items["open_minor"].sum())

    @property
    def overdue(self) -> DataFrame:
        """Open invoices past their due date."""
        return self.items[self.items["days_past_due"].fillna(0) > 0]

    @property
    def has_due_dates(self) -> bool:
        """Tell whether any open or settled invoice has a due date."""
        return bool(self.items["due_date"].notna().any() or self.settlements["days_late"].notna().any())

    def sales_minor(self, days: int) -> int | None:
        """Net sales including tax of the last `days` days; None where the ledger does not reach back so far."""
        start = self.as_of - pd.Timedelta(days=days)
        if start + pd.Timedelta(days=1) < self.first_day:
            return None
        return int(self.sales.loc[self.sales["day"] > start, "base_minor"].sum())

    def of(self, customers: Collection[str]) -> "Book":
        """Return the book of some customers."""
        return replace(
            self,
            items=self.items[self.items["customer_id"].isin(customers)],
            sales=self.sales[self.sales["customer_id"].isin(customers)],
            settlements=self.settlements[self.settlements["customer_id"].isin(customers)],
            unapplied=self.unapplied[self.unapplied.index.isin(customers)],
        )


@dataclass(frozen=True)
class Acts:
    """Everything dated in the ledger, prepared once for the books of many dates."""

    moves: DataFrame
    receipts: DataFrame
    invoices: Stream
    unapplied: Stream
    sales: DataFrame

    @property
    def first_day(self) -> Timestamp:
        """First day the ledger covers."""
        return self.moves["known_date"].min()


def prepare(tables: Mapping[str, DataFrame], *, terms_days: int | None = None) -> Acts:
    """Return the acts of a ledger for `book`.

    Parameters
    ----------
    tables : ``movements invoices credit_notes payments allocations``
    terms_days : where the due date is an assumption, take this number of days instead
    """
    moves = tables["movements"]
    if terms_days is not None:
        moves = _with_terms(moves, tables["invoices"], terms_days)
    return Acts(moves, _receipts(moves), invoice_stream(moves), unapplied_stream(tables), _sales(tables))


def book(acts: Acts, *, as_of: Timestamp, window_months: int) -> Book:
    """Return the book of a date.

    Parameters
    ----------
    acts : from `prepare`
    as_of : last day that counts
    window_months : receipts of this many months before `as_of` count as settlements
    """
    sales = acts.sales[acts.sales["known_date"] <= as_of]
    return Book(
        as_of=as_of,
        items=open_items(acts.invoices, as_of=as_of),
        sales=sales,
        settlements=_settlements(acts.receipts, as_of, window_months),
        unapplied=unapplied_minor(acts.unapplied, as_of=as_of),
        first_day=acts.first_day,
    )


def _sales(tables: Mapping[str, DataFrame]) -> DataFrame:
    invoices, credits = tables["invoices"], tables["credit_notes"]
    credits = credits[~credits["reason_code"].isin(NOT_A_SALE)]
    sold = invoices[invoices["invoice_kind_code"] != "opening_item"]
    parts = [
        DataFrame(
            {
                "customer_id": sold["customer_id"],
                "day": sold["invoice_date"],
                "base_minor": sold["base_minor"],
                "known_date": known_date(sold, "invoice_date"),
            }
        ),
        DataFrame(
            {
                "customer_id": credits["customer_id"],
                "day": credits["credit_note_date"],
                "base_minor": -credits["base_minor"],
                "known_date": known_date(credits, "credit_note_date"),
            }
        ),
    ]
    return pd.concat(parts, ignore_index=True)


def _receipts(moves: DataFrame) -> DataFrame:
    """Receipts matched to invoices, with what was returned of them and when that became known."""
    paid = moves[moves["movement_code"] == "payment"]
    keys = ["invoice_id", "receipt_id"]
    returned = (
        paid[paid["base_minor"] > 0]
        .groupby(keys)
        .agg(returned_minor=("base_minor", "sum"), returned_date=("known_date", "min"))
    )
    received = paid[paid["base_minor"] < 0].merge(returned.reset_index(), on=keys, how="left")
    return received.assign(
        days_to_pay=(received["effective_date"] - received["invoice_date"]).dt.days,
        days_late=(received["effective_date"] - received["due_date"]).dt.days,
    )


def _settlements(receipts: DataFrame, as_of: Timestamp, window_months: int) -> DataFrame:
    start = as_of - pd.DateOffset(months=window_months)
    rows = receipts[(receipts["known_date"] <= as_of) & (receipts["known_date"] > start)]
    returned = rows["returned_minor"].where(rows["returned_date"] <= as_of).fillna(0).astype("int64")
    kept = (-rows["base_minor"] - returned).clip(lower=0)
    columns = ["customer_id", "effective_date", "days_to_pay", "days_late"]
    return rows[columns].assign(base_minor=kept)[kept > 0]


def _with_terms(moves: DataFrame, invoices: DataFrame, terms_days: int) -> DataFrame:
    assumed = invoices.loc[invoices["due_date_source_code"].isin(["default", "inferred"]), "invoice_id"]
    other = moves["invoice_date"] + pd.Timedelta(days=terms_days)
    return moves.assign(due_date=moves["due_date"].mask(moves["invoice_id"].isin(assumed), other))


def observation_dates(*, as_of: Timestamp, first_day: Timestamp) -> list[Timestamp]:
    """Return `as_of` and the same day of every earlier month within the ledger, oldest first.

    A month end stays a month end.

    Examples
    --------
    >>> [str(d.date()) for d in observation_dates(as_of=Timestamp("2025-04-30"), first_day=Timestamp("2025-02-10"))]
    ['2025-02-28', '2025-03-31', '2025-04-30']
    """
    at_end = as_of.is_month_end
    dates: list[Timestamp] = []
    back = 0
    while True:
        day = as_of - pd.DateOffset(months=back)
        day = day + pd.offsets.MonthEnd(0) if at_end else day
        if day < first_day:
            return dates[::-1]
        dates.append(day)
        back += 1
