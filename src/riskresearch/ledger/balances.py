"""Balances of any day: what is open on each item, and what receipts and credit notes are not matched yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.movements import known_date, receipt_of

ITEM_COLUMNS = ("customer_id", "invoice_id", "item_id", "invoice_date", "due_date", "currency_code")


@dataclass(frozen=True)
class Stream:
    """Amounts by key in the order they became known: the balance of any day is a sum over a prefix.

    Parameters
    ----------
    keys : one row per key, sorted; the columns that name it
    code : row of `keys` that each act concerns
    known : day each act became known, ascending
    minor : signed amounts of each act by name, minor units
    """

    keys: DataFrame
    code: NDArray[np.int64]
    known: NDArray[np.datetime64]
    minor: Mapping[str, NDArray[np.int64]]

    def balance(self, as_of: Timestamp, name: str = "base_minor") -> NDArray[np.int64]:
        """Return the balance of every key on a day, in the order of `keys`; exact below 2**53 minor units."""
        n = int(np.searchsorted(self.known, np.datetime64(as_of), side="right"))
        sums = np.bincount(self.code[:n], weights=self.minor[name][:n].astype(float), minlength=len(self.keys))
        return sums.astype("int64")


def stream(keys: DataFrame, code: NDArray[np.int64], acts: DataFrame, names: Sequence[str]) -> Stream:
    """Return acts ``known_date`` with the amounts `names` as a stream.

    Parameters
    ----------
    keys : one row per key
    code : row of `keys` of each act
    acts : one row per act
    names : columns of `acts` that hold amounts
    """
    order = np.argsort(acts["known_date"].to_numpy(), kind="stable")
    return Stream(
        keys,
        code[order],
        acts["known_date"].to_numpy()[order],
        {name: acts[name].to_numpy("int64")[order] for name in names},
    )


def item_stream(moves: DataFrame) -> Stream:
    """Return table `movements`, in its own order, as a stream of open amounts by item, run and document currency."""
    is_item = (moves["movement_code"] == "invoice").to_numpy()
    keys = moves.loc[is_item, list(ITEM_COLUMNS)].reset_index(drop=True)
    return stream(keys, np.cumsum(is_item) - 1, moves, ["base_minor", "document_minor"])


def open_items(items: Stream, *, as_of: Timestamp) -> DataFrame:
    """Return the items that are open on a day.

    Parameters
    ----------
    items : from `item_stream`
    as_of : last day that counts

    Returns
    -------
    DataFrame, one row per item with an open amount: ``customer_id invoice_id item_id invoice_date due_date
    currency_code open_minor document_minor days_past_due`` (days after the due date; 0 or less = not due;
    empty where no due date is known).
    """
    balance = items.balance(as_of)
    rows = np.flatnonzero(balance > 0)
    found = items.keys.take(rows).reset_index(drop=True)
    return found.assign(
        open_minor=balance[rows],
        document_minor=items.balance(as_of, "document_minor")[rows],
        days_past_due=(as_of - found["due_date"]).dt.days.astype("Int64"),
    )


def unapplied_stream(tables: Mapping[str, DataFrame]) -> Stream:
    """Return receipts and credit notes, less what is matched to invoices, as a stream in document currency.

    Keys are ``customer_id rate_ratio``: who paid, and the rate that brings a rest to the run currency.
    """
    payments, notes, used = tables["payments"], tables["credit_notes"], tables["allocations"]
    received = payments.assign(source_id=payments["reversal_of_id"].fillna(payments["payment_id"]))
    credited = notes.assign(source_id=notes["credit_note_id"], amount_minor=notes["gross_minor"])
    parts = [_acts(received, "value_date", "payment"), _acts(credited, "credit_note_date", "credit_note")]
    invoices = tables["invoices"].set_index("invoice_id")
    first = known_date(invoices, "invoice_date")

    def issued(rows: DataFrame) -> Series:
        return Series(first.reindex(rows["invoice_id"]).to_numpy(), index=rows.index)

    originals = pd.concat([parts[0][payments["reversal_of_id"].isna().to_numpy()], parts[1]])
    for kind in ("payment", "credit_note"):
        taken = used[(used["source_code"] == kind) & used["source_id"].notna()]
        taken = taken.assign(source_id=receipt_of(taken, payments), amount_minor=-taken["amount_minor"])
        made = _acts(taken, "effective_date", kind)
        parts.append(made.assign(known_date=made["known_date"].mask(made["known_date"] < issued(taken), issued(taken))))
    acts = pd.concat(parts, ignore_index=True)
    code, sources = pd.factorize(acts["source_id"])
    keys = originals.drop_duplicates("source_id").set_index("source_id").reindex(sources)
    known = keys["customer_id"].notna().to_numpy()[code]
    rate = keys["base_minor"] / keys["document_minor"]
    named = keys[["customer_id"]].assign(rate_ratio=rate).reset_index(drop=True)
    return stream(named, code[known], acts[known], ["document_minor"])


def unapplied_minor(rests: Stream, *, as_of: Timestamp) -> Series:
    """Return receipts and credit notes not matched to an invoice, minor units of the run currency by customer.

    Parameters
    ----------
    rests : from `unapplied_stream`
    as_of : last day that counts
    """
    balance = rests.balance(as_of, "document_minor")
    base = (balance * rests.keys["rate_ratio"].fillna(1.0)).round().clip(lower=0)
    by_customer = base.groupby(rests.keys["customer_id"]).sum().astype("int64")
    return by_customer[by_customer > 0].rename("base_minor")


def _acts(frame: DataFrame, act_date: str, kind: str) -> DataFrame:
    return DataFrame(
        {
            "customer_id": frame["customer_id"],
            "source_id": kind + ":" + frame["source_id"],
            "known_date": known_date(frame, act_date),
            "document_minor": frame["amount_minor"],
            "base_minor": frame["base_minor"],
        }
    )
