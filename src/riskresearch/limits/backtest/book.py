"""The seller's book as the replay needs it: orders, what settled them, and what nobody decides any more."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Index, Series, Timestamp

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ORDER_KINDS = ("invoice", "deposit")
"""Kinds of invoices that somebody could have refused; the others burden the exposure under every policy."""
PRICE_CUTS = ("credit_note", "discount")
NOT_PAID = ("write_off", "doubtful")
PAID_WITHIN_DAYS = 365
NEVER = np.int64(-(2**40))


@dataclass(frozen=True)
class Book:
    """Arrays of a window, days counted from 1970-01-01, amounts in minor units of the run currency.

    Parameters
    ----------
    customers : customer_id, sorted; related companies are left out
    n_related : related companies left out
    start, end : day before the first day of the replay, and its last day
    bills : one row per invoice that is open on `start` or dated later: ``customer`` (position), ``invoice_id``,
        ``issue`` (day), ``day`` (day it burdens the exposure, `start` at the earliest), ``need`` (what it burdens it
        with: the amount less what was paid by that day), ``is_order``, ``amount``, ``value`` (amount less credit
        notes and discounts on it), ``net_ratio``, ``is_mature`` (12 months old), ``is_paid`` (in full within them)
    acts : one row per amount that changes a bill after its day: ``bill`` (position), ``day``, ``delta``,
        ``is_loss`` (write-off)
    spells : one row per default in the window: ``customer``, ``day``, ``previous`` (day of the default before)
    stops : one row per time in default or in proceedings: ``customer``, ``day`` (first), ``end`` (first day after)
    """

    customers: Index
    n_related: int
    start: int
    end: int
    bills: DataFrame
    acts: DataFrame
    spells: DataFrame
    stops: DataFrame

    @property
    def n_days(self) -> int:
        """Number of days, that before the window included."""
        return self.end - self.start + 1

    @property
    def is_order(self) -> Bools:
        """Tell which bills are orders of the window."""
        return self.bills["is_order"].to_numpy(bool)


def day_numbers(dates: Series | ArrayLike) -> Ints:
    """Return dates as days since 1970-01-01.

    Examples
    --------
    >>> day_numbers(pd.to_datetime(Series(["1970-01-11"]))).tolist()
    [10]
    """
    return np.asarray(dates, dtype="datetime64[D]").astype("int64")


def book(tables: Mapping[str, DataFrame], *, first_review_date: Timestamp, as_of: Timestamp) -> Book:
    """Return the book of the days after the first review up to a day.

    An order is an invoice on its day; what was paid on or before that day (cash sales, deposits) needs no room.
    Receipts and credit notes that are not matched to an invoice do not count.

    Parameters
    ----------
    tables : ``movements invoices customers defaults``; with ``events``, collective proceedings stop sales even where
        the definition of default leaves them out
    first_review_date : last day before the replay
    as_of : last day of the replay; what became known later does not count
    """
    customers = tables["customers"]
    related = set(customers.loc[customers["customer_type_code"] == "related", "customer_id"])
    moves = tables["movements"]
    moves = moves[(moves["known_date"] <= as_of) & ~moves["customer_id"].isin(list(related))]
    start, end = int(day_numbers([first_review_date])[0]), int(day_numbers([as_of])[0])
    names = Index(sorted(moves["customer_id"].unique()), dtype="str")
    bills, acts = _bills(moves, tables["invoices"], names, start, end)
    return Book(
        customers=names,
        n_related=len(related),
        start=start,
        end=end,
        bills=bills,
        acts=acts,
        spells=_spells(tables["defaults"], names, start, end),
        stops=_stops(tables, names, as_of),
    )


def _bills(moves: DataFrame, invoices: DataFrame, names: Index, start: int, end: int) -> tuple[DataFrame, DataFrame]:
    """Bills that count in the window, and what changes them after their day."""
    is_bill = moves["movement_code"] == "invoice"
    rows = moves[is_bill].groupby("invoice_id", sort=True)
    bills = rows.agg(
        customer_id=("customer_id", "first"),
        invoice_date=("invoice_date", "first"),
        kind=("invoice_kind_code", "first"),
        amount=("base_minor", "sum"),
    ).reset_index()
    acts = _acts(moves[~is_bill], bills)
    bills = bills.assign(customer=names.get_indexer(bills["customer_id"]), issue=day_numbers(bills["invoice_date"]))
    bills = bills.assign(day=bills["issue"].clip(lower=start), **_outcomes(bills, acts, end))
    act_day = np.maximum(acts["day"], bills["issue"].to_numpy()[acts["bill"]])
    is_early = act_day <= bills["day"].to_numpy()[acts["bill"]]
    bills["need"] = bills["amount"] + _sums(acts, is_early, len(bills))
    bills["is_order"] = bills["kind"].isin(ORDER_KINDS) & (bills["issue"] > start)
    bills["net_ratio"] = _net_ratio(invoices, bills["invoice_id"])
    later = acts.assign(day=act_day)[~is_early]
    is_kept = (bills["issue"] > start) | (bills["need"] != 0) | bills.index.isin(later["bill"])
    position = np.cumsum(is_kept.to_numpy()) - 1
    later = later.assign(bill=position[later["bill"]]).sort_values(["day", "bill", "delta"], ignore_index=True)
    columns = ["customer", "invoice_id", "issue", "day", "need", "is_order", "amount", "value", "net_ratio"]
    kept = bills.loc[is_kept, [*columns, "is_mature", "is_paid"]].reset_index(drop=True)
    return kept, later[["bill", "day", "delta", "is_loss"]]


def _acts(moves: DataFrame, bills: DataFrame) -> DataFrame:
    code = moves["movement_code"]
    return DataFrame(
        {
            "bill": Index(bills["invoice_id"]).get_indexer(moves["invoice_id"]),
            "day": day_numbers(moves["effective_date"]),
            "delta": moves["base_minor"].to_numpy("int64"),
            "is_loss": (code == "write_off").to_numpy(),
            "is_cut": code.isin(PRICE_CUTS).to_numpy(),
            "is_paid": ~code.isin(NOT_PAID).to_numpy(),
        }
    )


def _outcomes(bills: DataFrame, acts: DataFrame, end: int) -> dict[str, Series]:
    """What became of each bill in history: its value, and whether it was paid in full within 12 months."""
    limit_day = bills["issue"] + PAID_WITHIN_DAYS
    in_time = acts["is_paid"] & (acts["day"] <= limit_day.to_numpy()[acts["bill"]])
    return {
        "value": bills["amount"] + _sums(acts, acts["is_cut"], len(bills)),
        "is_mature": limit_day <= end,
        "is_paid": bills["amount"] + _sums(acts, in_time, len(bills)) <= 0,
    }


def _sums(acts: DataFrame, chosen: Series, n_bills: int) -> Ints:
    """Sum of the chosen acts by bill; exact below 2**53 minor units."""
    some = acts[np.asarray(chosen)]
    return np.bincount(some["bill"], weights=some["delta"], minlength=n_bills).round().astype("int64")


def _net_ratio(invoices: DataFrame, invoice_id: Series) -> Floats:
    """Share of each invoice that is no tax; 1 where the amount before tax is not known."""
    known = invoices.set_index("invoice_id")
    ratio = known["net_minor"].astype("float64") / known["gross_minor"].astype("float64")
    return ratio.reindex(invoice_id).fillna(1.0).to_numpy()


def _spells(defaults: DataFrame, names: Index, start: int, end: int) -> DataFrame:
    """Defaults of the window, each with the day of the customer's default before."""
    rows = DataFrame(
        {"customer": names.get_indexer(defaults["customer_id"]), "day": day_numbers(defaults["default_date"])}
    )
    rows = rows[rows["customer"] >= 0].sort_values(["customer", "day"], ignore_index=True)
    rows["previous"] = rows.groupby("customer")["day"].shift().fillna(NEVER).astype("int64")
    return rows[(rows["day"] > start) & (rows["day"] <= end)].reset_index(drop=True)


def _stops(tables: Mapping[str, DataFrame], names: Index, as_of: Timestamp) -> DataFrame:
    """Times in default, and in proceedings that are known."""
    spells = tables["defaults"]
    parts = [spells[["customer_id"]].assign(start=spells["default_date"], end=spells["performing_date"])]
    if "events" in tables:
        parts.append(_proceedings(tables["events"]))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[(rows["start"] <= as_of) & rows["customer_id"].isin(names)]
    last = as_of + pd.Timedelta(days=1)
    ends = rows["end"].where(rows["end"] <= as_of, last)
    return DataFrame(
        {
            "customer": names.get_indexer(rows["customer_id"]),
            "day": day_numbers(rows["start"]),
            "end": day_numbers(ends),
        }
    )


def _proceedings(events: DataFrame) -> DataFrame:
    """Collective proceedings from the day they are known to the day their end is known."""
    known = events[["event_date", "recorded_date"]].max(axis=1)
    rows = DataFrame({"customer_id": events["customer_id"], "start": known, "code": events["event_code"]})
    opened = rows[rows["code"] == "insolvency"].sort_values("start")[["customer_id", "start"]]
    closed = rows[rows["code"] == "insolvency_closed"].sort_values("start")[["customer_id", "start"]]
    closed = closed.assign(end=closed["start"])
    return pd.merge_asof(opened, closed, on="start", by="customer_id", direction="forward")
