"""The as-of engine: every act on an invoice as a signed movement with the day it became known.

Each figure of a date T is made from movements with ``known_date <= T`` only, where ``known_date`` is
the later of the day an act took effect and the day it entered the books. So nothing dated or
recorded after T can change a figure of T.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.tables import ALLOCATION_SOURCES, CUSTOMER, INVOICE_KINDS, LEDGER_TABLES

MOVEMENTS = Table(
    "movements",
    "ledger",
    "one row per invoice and per amount settled on it",
    ("movement_id",),
    (
        Column("movement_id", "text", "key: the invoice or the allocation"),
        CUSTOMER,
        Column("invoice_id", "text", "invoice concerned"),
        Column("movement_code", "code", "invoice, or what settled it", False, ("invoice", *ALLOCATION_SOURCES)),
        Column("effective_date", "date", "day the act took effect"),
        Column("known_date", "date", "day from which it counts: later of effective and recorded date"),
        Column("invoice_date", "date", "date of issue of the invoice"),
        Column("due_date", "date", "due date of the invoice", True),
        Column("invoice_kind_code", "code", "kind of debit document", False, INVOICE_KINDS),
        Column("receipt_id", "text", "receipt it belongs to; a returned payment belongs to the one it returns", True),
        Column("base_minor", "minor", "run currency; positive raises the open amount, negative lowers it"),
    ),
)

NOT_A_SALE = ("opening", "discount", "write_off", "factor", "bill", "doubtful", "rounding", "other")

_ACT_DATE = {
    "customers": None,
    "invoices": "invoice_date",
    "credit_notes": "credit_note_date",
    "payments": "value_date",
    "allocations": "effective_date",
    "disputes": "opened_date",
    "events": "event_date",
    "ratings": "rating_date",
    "limits": "start_date",
    "financials": "published_date",
    "questionnaires": "answered_date",
    "fx_rates": "rate_date",
}


def known_date(frame: DataFrame, act_date: str) -> Series:
    """Return the day from which each row counts: the later of the act's date and its recorded date."""
    if "recorded_date" not in frame:
        return frame[act_date]
    return frame[[act_date, "recorded_date"]].max(axis=1)


def cut_ledger(ledger: Ledger, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the canonical tables as they were known on a day.

    Parameters
    ----------
    ledger : delivered ledger
    as_of : last day that counts

    Returns
    -------
    dict of tables; later rows are absent, a dispute closed later is still open, a customer that
    has no act yet is absent.
    """
    tables = {}
    for table in LEDGER_TABLES:
        frame, act = ledger[table.name], _ACT_DATE[table.name]
        tables[table.name] = frame if act is None else frame[known_date(frame, act) <= as_of]
    tables["allocations"] = _with_known_invoice(tables["allocations"], tables["invoices"])
    disputes = tables["disputes"]
    closed = disputes["closed_date"].where(disputes["closed_date"] <= as_of)
    tables["disputes"] = disputes.assign(closed_date=closed)
    tables["customers"] = _known_customers(tables)
    return {name: frame.reset_index(drop=True) for name, frame in tables.items()}


def movements(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Return table `movements`: invoices (positive) and what settles them (negative).

    Parameters
    ----------
    tables : canonical tables with ``invoices`` and ``allocations``
    """
    invoices, allocations = tables["invoices"], tables["allocations"]
    raised = invoices.assign(
        movement_id="I:" + invoices["invoice_id"],
        movement_code="invoice",
        effective_date=invoices["invoice_date"],
        known_date=known_date(invoices, "invoice_date"),
    )
    settled = _settlements(allocations, invoices)
    settled = settled.assign(receipt_id=_receipt(settled, tables["payments"]))
    raised = raised.assign(receipt_id=None)
    columns = MOVEMENTS.names
    return pd.concat([raised[columns], settled[columns]], ignore_index=True)


@dataclass(frozen=True)
class Stream:
    """Amounts by key in the order they became known: the balance of any day is a sum over a prefix.

    Parameters
    ----------
    keys : one row per key, sorted; the columns that name it
    code : row of `keys` that each act concerns
    known : day each act became known, ascending
    minor : signed amount of each act, minor units
    """

    keys: DataFrame
    code: NDArray[np.int64]
    known: NDArray[np.datetime64]
    minor: NDArray[np.int64]

    def balance(self, as_of: Timestamp) -> NDArray[np.int64]:
        """Return the balance of every key on a day, in the order of `keys`."""
        n = int(np.searchsorted(self.known, np.datetime64(as_of), side="right"))
        sums = np.bincount(self.code[:n], weights=self.minor[:n].astype(float), minlength=len(self.keys))
        return sums.astype("int64")


def stream(acts: DataFrame, keys: list[str]) -> Stream:
    """Return acts ``known_date base_minor`` with key columns as a stream.

    Sums are exact below 2**53 minor units.
    """
    ordered = acts.sort_values("known_date", kind="stable")
    grouped = ordered.groupby(keys, dropna=False, sort=True)
    names = grouped.size().reset_index()[keys]
    return Stream(
        names,
        grouped.ngroup().to_numpy("int64"),
        ordered["known_date"].to_numpy(),
        ordered["base_minor"].to_numpy("int64"),
    )


def invoice_stream(moves: DataFrame) -> Stream:
    """Return table `movements` as a stream of open amounts by invoice."""
    return stream(moves, ["customer_id", "invoice_id", "invoice_date", "due_date"])


def unapplied_stream(tables: Mapping[str, DataFrame]) -> Stream:
    """Return receipts and credit notes, less what is matched to invoices, as a stream in document currency.

    Keys are ``customer_id source_id rate_ratio``: the rate brings a rest to the run currency.
    """
    payments, notes, used = tables["payments"], tables["credit_notes"], tables["allocations"]
    used = used[used["source_code"].isin(["payment", "credit_note"]) & used["source_id"].notna()]
    received = payments.assign(source_id=payments["reversal_of_id"].fillna(payments["payment_id"]))
    credited = notes.assign(source_id=notes["credit_note_id"], amount_minor=notes["gross_minor"])
    matched = used.assign(source_id=_receipt(used, payments), amount_minor=-used["amount_minor"])
    parts = [_acts(received, "value_date"), _acts(credited, "credit_note_date"), _acts(matched, "effective_date")]
    originals = pd.concat([received[payments["reversal_of_id"].isna()], credited])
    rate = (originals["base_minor"] / originals["amount_minor"]).groupby(originals["source_id"]).first()
    acts = pd.concat(parts, ignore_index=True)
    return stream(acts.assign(rate_ratio=acts["source_id"].map(rate)), ["customer_id", "source_id", "rate_ratio"])


def unapplied_minor(rests: Stream, *, as_of: Timestamp) -> Series:
    """Return receipts and credit notes not matched to an invoice, minor units of the run currency by customer.

    Parameters
    ----------
    rests : from `unapplied_stream`
    as_of : last day that counts
    """
    balance = rests.balance(as_of)
    base = (balance * rests.keys["rate_ratio"].fillna(1.0)).round().clip(lower=0)
    by_customer = base.groupby(rests.keys["customer_id"]).sum().astype("int64")
    return by_customer[by_customer > 0].rename("base_minor")


def open_items(invoices: Stream, *, as_of: Timestamp) -> DataFrame:
    """Return the invoices that are open on a day.

    Parameters
    ----------
    invoices : from `invoice_stream`
    as_of : last day that counts

    Returns
    -------
    DataFrame, one row per invoice with an open amount: ``customer_id invoice_id invoice_date
    due_date open_minor days_past_due`` (days after the due date; 0 or less = not due; empty where
    no due date is known).
    """
    balance = invoices.balance(as_of)
    is_open = balance > 0
    items = invoices.keys[is_open].assign(open_minor=balance[is_open]).reset_index(drop=True)
    return items.assign(days_past_due=(as_of - items["due_date"]).dt.days.astype("Int64"))


def _settlements(allocations: DataFrame, invoices: DataFrame) -> DataFrame:
    """Allocations as negative movements; their base amounts add up to the invoice's when it is fully settled."""
    terms = invoices[
        ["invoice_id", "invoice_date", "due_date", "recorded_date", "invoice_kind_code", "gross_minor", "base_minor"]
    ]
    rows = allocations.merge(terms, on="invoice_id", suffixes=("", "_invoice"), validate="many_to_one")
    days = ["effective_date", "recorded_date", "invoice_date", "recorded_date_invoice"]
    rows = rows.assign(known_date=rows[days].max(axis=1)).sort_values(["invoice_id", "known_date", "allocation_id"])
    settled = rows.groupby("invoice_id")["amount_minor"].cumsum()
    in_base = (settled / rows["gross_minor"] * rows["base_minor_invoice"]).round().astype("int64")
    step = in_base - in_base.groupby(rows["invoice_id"]).shift(fill_value=0)
    return rows.assign(movement_id="A:" + rows["allocation_id"], movement_code=rows["source_code"], base_minor=-step)


def _receipt(used: DataFrame, payments: DataFrame) -> Series:
    """Receipt or credit note of each allocation; a returned payment counts under the one it returns."""
    returned = payments.dropna(subset=["reversal_of_id"]).set_index("payment_id")["reversal_of_id"]
    return used["source_id"].replace(returned.to_dict())


def _acts(frame: DataFrame, act_date: str) -> DataFrame:
    return DataFrame(
        {
            "customer_id": frame["customer_id"],
            "source_id": frame["source_id"],
            "known_date": known_date(frame, act_date),
            "base_minor": frame["amount_minor"],
        }
    )


def _with_known_invoice(allocations: DataFrame, invoices: DataFrame) -> DataFrame:
    return allocations[allocations["invoice_id"].isin(invoices["invoice_id"])]


def _known_customers(tables: Mapping[str, DataFrame]) -> DataFrame:
    acting = pd.concat(
        [
            tables[name]["customer_id"]
            for name in (
                "invoices",
                "payments",
                "credit_notes",
                "limits",
                "ratings",
                "financials",
                "questionnaires",
                "events",
            )
        ]
    )
    customers = tables["customers"]
    return customers[customers["customer_id"].isin(acting.unique())]
