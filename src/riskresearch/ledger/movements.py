"""The as-of engine: every act on an invoice as a signed movement with the day it became known.

Each figure of a date T is made from movements with ``known_date <= T`` only, where ``known_date`` is
the later of the day an act took effect and the day it entered the books. So nothing dated or
recorded after T can change a figure of T.

What is due on one day is an item: an invoice, or one part of an invoice that is payable in parts.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.base.ordering import in_order
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import ALLOCATION_SOURCES, CURRENCY, CUSTOMER, INVOICE_KINDS
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.tables import ACT_DATES, LEDGER_TABLES

MOVEMENTS = Table(
    "movements",
    "ledger",
    "one row per item (invoice or instalment) and per amount settled on it",
    ("movement_id",),
    (
        Column("movement_id", "text", "key: the item, or the allocation on an item"),
        CUSTOMER,
        Column("invoice_id", "text", "invoice concerned"),
        Column("item_id", "text", "the invoice; for its second instalment invoice#2, and so on"),
        Column("movement_code", "code", "invoice, or what settled it", False, ("invoice", *ALLOCATION_SOURCES)),
        Column("effective_date", "date", "day the act took effect"),
        Column("known_date", "date", "day from which it counts: later of effective and recorded date"),
        Column("invoice_date", "date", "date of issue of the invoice"),
        Column("due_date", "date", "due date of the item", True),
        Column("invoice_kind_code", "code", "kind of debit document", False, INVOICE_KINDS),
        Column("receipt_id", "text", "receipt it belongs to; a returned payment belongs to the one it returns", True),
        CURRENCY,
        Column("document_minor", "minor", "document currency; positive raises the open amount, negative lowers it"),
        Column("base_minor", "minor", "the same in run currency at the rate of the issue date"),
    ),
)

NOT_A_SALE = ("opening", "discount", "write_off", "factor", "bill", "doubtful", "rounding", "other")

LATER_DATES = (
    ("disputes", "closed_date", ()),
    ("invoices", "delivery_date", ()),
    ("orders", "delivery_date", ()),
    ("orders", "invoiced_date", ()),
    ("insurer_claims", "filed_date", ()),
    ("insurer_claims", "loss_date", ("event_code",)),
    ("insurer_claims", "decided_date", ("rejection_code", "loss_date", "event_code")),
    ("insurer_claims", "paid_date", ("paid_minor", "insurer_recovered_minor")),
    ("insurer_claims", "recovered_date", ("recovered_minor", "insurer_recovered_minor")),
)
"""Dates of a row that become known after the row itself, each on its own day, with what becomes known that day."""


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
    dict of tables; later rows are absent, a dispute closed later is still open, a later delivery or invoice of
    an order and what becomes of a claim later are not known, a customer that has no act yet is absent.
    """
    tables = {}
    for table in LEDGER_TABLES:
        frame, act = ledger[table.name], ACT_DATES.get(table.name)
        tables[table.name] = frame if act is None else frame[known_date(frame, act) <= as_of]
    known = pd.Index(tables["invoices"]["invoice_id"])
    for name in ("allocations", "instalments"):
        tables[name] = tables[name][known.get_indexer(tables[name]["invoice_id"]) >= 0]
    for name, day, companions in LATER_DATES:
        frame = tables[name]
        later = frame[day] > as_of
        tables[name] = frame.assign(**{column: frame[column].mask(later) for column in (day, *companions)})
    tables["customers"] = _known_customers(tables)
    return {name: frame.reset_index(drop=True) for name, frame in tables.items()}


def movements(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Return table `movements`: items (positive) and what settles them (negative).

    Each row belongs to the customer of the invoice, whoever paid. What settles an invoice payable in parts
    goes to the part due first, then to the next (Code civil, art. 1342-10, where the debtor does not say).
    Amounts in run currency add up to the item's own where it is fully settled, whatever the rounding.

    Parameters
    ----------
    tables : canonical tables with ``invoices instalments payments allocations``

    Returns
    -------
    DataFrame in order of customer and item; within an item the item itself, then its acts in the order they
    became known.
    """
    items = _items(tables["invoices"], tables["instalments"])
    _refuse_same_keys(items)
    items = in_order(items, ["customer_id", "item_id"])
    items = items.assign(item_row=np.arange(len(items)))
    raised = items.assign(
        movement_id="I:" + items["item_id"],
        movement_code="invoice",
        effective_date=items["invoice_date"],
        receipt_id=None,
    )
    settled = _in_base(_on_items(tables["allocations"], items))
    settled = settled.assign(receipt_id=receipt_of(settled, tables["payments"]))
    both = pd.concat([raised[MOVEMENTS.names], settled[MOVEMENTS.names]], ignore_index=True)
    rows = np.concatenate([items["item_row"].to_numpy(), settled["item_row"].to_numpy()])
    return both.take(np.argsort(rows, kind="stable")).reset_index(drop=True)


def ordered(moves: DataFrame) -> DataFrame:
    """Return table `movements` in its own order, whatever the order it comes in.

    Running totals and balances rest on this order: customer and item; within an item the item itself, then its
    acts in the order they became known.
    """
    is_act = moves["movement_code"] != "invoice"
    first = moves.loc[~is_act, "item_id"].to_numpy()
    row = (~is_act).cumsum().to_numpy() - 1
    known = moves["known_date"].to_numpy()
    is_next = row[1:] == row[:-1]
    is_sound = len(moves) == 0 or (row[0] == 0 and bool((first[row] == moves["item_id"].to_numpy()).all()))
    if is_sound and bool((known[1:] >= known[:-1])[is_next].all()):
        return moves
    return in_order(
        moves.assign(is_act=is_act), ["customer_id", "item_id", "is_act", "known_date", "movement_id"]
    ).drop(columns="is_act")


def receipt_of(used: DataFrame, payments: DataFrame) -> Series:
    """Return the receipt or credit note of each allocation; a returned payment counts under the one it returns."""
    returned = payments.dropna(subset=["reversal_of_id"]).set_index("payment_id")["reversal_of_id"]
    if returned.empty:
        return used["source_id"]
    return used["source_id"].map(returned).fillna(used["source_id"])


def _items(invoices: DataFrame, instalments: DataFrame) -> DataFrame:
    """What is due on one day: invoices, and the parts of those payable in parts."""
    columns = ["customer_id", "invoice_id", "invoice_date", "due_date", "invoice_kind_code", "currency_code"]
    whole = invoices[columns].assign(
        item_id=invoices["invoice_id"],
        known_date=known_date(invoices, "invoice_date"),
        document_minor=invoices["gross_minor"].astype("int64"),
        base_minor=invoices["base_minor"].astype("int64"),
        from_minor=0,
        is_last=True,
    )
    is_split = whole["invoice_id"].isin(instalments["invoice_id"])
    if not is_split.any():
        return whole
    return pd.concat([whole[~is_split], _parts(whole[is_split], instalments)], ignore_index=True)


def _parts(invoices: DataFrame, instalments: DataFrame) -> DataFrame:
    """Parts of invoices in order of due date, with where each begins within its invoice."""
    rows = instalments[["invoice_id", "sequence_number", "due_date", "gross_minor"]].merge(
        invoices.drop(columns=["due_date"]), on="invoice_id"
    )
    rows = rows.sort_values(["invoice_id", "due_date", "sequence_number"], ignore_index=True)
    invoice, part = rows["invoice_id"], rows["gross_minor"].astype("int64")
    until = part.groupby(invoice).cumsum()
    number = rows.groupby(invoice).cumcount() + 1
    base = (until / rows["document_minor"] * rows["base_minor"]).round().astype("int64")
    return rows.assign(
        item_id=invoice.where(number == 1, invoice + "#" + number.astype("str")),
        from_minor=until - part,
        is_last=~invoice.duplicated(keep="last"),
        base_minor=base - base.groupby(invoice).shift(fill_value=0),
        document_minor=part,
    ).drop(columns=["sequence_number", "gross_minor"])


def _refuse_same_keys(items: DataFrame) -> None:
    doubled = items.loc[items["item_id"].duplicated(), "item_id"]
    if len(doubled):
        raise LedgerError(
            f"{len(doubled)} keys of instalments are also keys of invoices (first: {first_keys(doubled)}); instalments "
            "are named invoice#2, invoice#3; give these invoices other keys"
        )


def _on_items(allocations: DataFrame, items: DataFrame) -> DataFrame:
    """Allocations on items: what each took off which item, document currency, in the order they became known."""
    names = {"known_date": "item_known_date", "document_minor": "item_minor", "base_minor": "item_base"}
    rows = allocations.merge(items.rename(columns=names), on="invoice_id", suffixes=("", "_item"))
    known = rows[["effective_date", "recorded_date", "item_known_date"]].max(axis=1)
    rows = in_order(rows.assign(known_date=known), ["item_row", "known_date", "allocation_id"])
    taken = rows["amount_minor"].astype("int64")
    is_part = rows["item_id"].ne(rows["invoice_id"]) | ~rows["is_last"]
    key = "A:" + rows["allocation_id"]
    if is_part.any():
        after = taken.groupby(rows["item_row"]).cumsum()
        step = _within(after, rows) - _within(after - taken, rows)
        taken = taken.mask(is_part, step)
        number = rows.loc[is_part, "item_id"].str.extract(r"(#\d+)$", expand=False).fillna("")
        key = key + number.reindex(rows.index, fill_value="")
    found = rows.assign(
        customer_id=rows["customer_id_item"], movement_id=key, movement_code=rows["source_code"], document_minor=-taken
    )
    return found[~is_part | (taken != 0)]


def _within(settled: Series, rows: DataFrame) -> Series:
    """Part of what settles an invoice that falls on the item; the last item also takes what is too much."""
    inside = (settled - rows["from_minor"]).clip(lower=0)
    return inside.where(rows["is_last"], inside.clip(upper=rows["item_minor"]))


def _in_base(rows: DataFrame) -> DataFrame:
    """The amounts in run currency, by running totals, so that they add up to the item's when it is fully settled."""
    settled = (-rows["document_minor"]).groupby(rows["item_row"]).cumsum()
    in_base = (settled / rows["item_minor"] * rows["item_base"]).round().astype("int64")
    return rows.assign(base_minor=in_base.groupby(rows["item_row"]).shift(fill_value=0) - in_base)


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
                "reminders",
                "bank_checks",
                "orders",
                "guarantees",
                "overrides",
                "insurer_claims",
            )
        ]
    )
    customers = tables["customers"]
    return customers[customers["customer_id"].isin(acting.unique())]
