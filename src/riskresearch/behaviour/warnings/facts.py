"""What the signals are made from: a ledger as sorted numbers, prepared once, and its view of a day.

Customers, items and invoices are numbered, days are days since 1970-01-01, and every frame is in the
order in which its rows became known, so what is known on a day is a prefix and costs no copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series, Timestamp

from riskresearch.behaviour.warnings.acts import ACT_TABLES, gather_acts
from riskresearch.behaviour.warnings.sequences import Array, Rows, Steps, balance_steps, first_rows, last_rows, to_days
from riskresearch.ledger.movements import NOT_A_SALE, known_date

_USED = [
    *("customer_id", "item_id", "invoice_id", "movement_id", "movement_code", "effective_date", "known_date"),
    *("due_date", "receipt_id", "base_minor"),
]


@dataclass(frozen=True)
class Facts:
    """A ledger prepared for the signals of many dates.

    Parameters
    ----------
    customers : customer ids, sorted; their place is their number
    profile : ``group_id sector_code country_code`` in the order of `customers`
    items : ``item_id invoice_id customer invoice due_day known``, one row per item
    customer_steps, item_steps, invoice_steps : open amounts by known day
    receipts : receipts matched to items and what was returned of them, ``customer item key known effective_day
    days_late minor is_part is_head is_disputed``; `key` joins a receipt on an item with its returns
    discounts : ``item known minor``
    sales : ``customer known day minor``, invoices positive, credit notes negative
    invoice_days : ``customer day known`` by customer and day on which something was invoiced
    acts : see `riskresearch.behaviour.warnings.acts.gather_acts`
    """

    customers: Index
    profile: DataFrame
    items: DataFrame
    customer_steps: Steps
    item_steps: Steps
    invoice_steps: Steps
    receipts: DataFrame
    discounts: DataFrame
    sales: DataFrame
    invoice_days: DataFrame
    acts: Mapping[str, DataFrame]

    def invoice_numbers(self, invoice_id: Series) -> Rows:
        """Return the number of each invoice, −1 where there is none of that name."""
        named = self.items[self.items["invoice_id"].isin(invoice_id.dropna())].drop_duplicates("invoice_id")
        place = Index(named["invoice_id"]).get_indexer(invoice_id)
        return np.r_[named["invoice"].to_numpy("int64"), -1][place]


@dataclass(frozen=True)
class View:
    """The facts as known on a day.

    Parameters
    ----------
    facts : the whole ledger, maybe with later rows
    as_of : last day that counts
    """

    facts: Facts
    as_of: Timestamp

    @property
    def day(self) -> float:
        """The day since 1970-01-01."""
        return float(self.as_of.normalize().to_datetime64().astype("datetime64[D]").astype("int64"))

    @property
    def n_customers(self) -> int:
        """Number of customers of the ledger."""
        return len(self.facts.customers)

    def known(self, frame: DataFrame) -> DataFrame:
        """Return the rows of a frame that are known on the day."""
        return frame.iloc[: int(np.searchsorted(frame["known"].to_numpy(), self.day, side="right"))]

    def act(self, name: str) -> DataFrame:
        """Return a table of acts as known on the day; a dispute closed later is open."""
        rows = self.known(self.facts.acts[name])
        if name != "disputes":
            return rows
        return rows.assign(closed_day=rows["closed_day"].where(rows["closed_day"] <= self.day))

    @cached_property
    def customer_steps(self) -> Steps:
        """Open amounts of customers by day, minor units."""
        return self.facts.customer_steps.until(self.day)

    @cached_property
    def item_steps(self) -> Steps:
        """Open amounts of items by day, minor units."""
        return self.facts.item_steps.until(self.day)

    @cached_property
    def open_minor(self) -> Array:
        """Open amount of each customer, minor units."""
        return self.customer_steps.level(self.n_customers)

    @cached_property
    def item_open_minor(self) -> Array:
        """Open amount of each item, minor units."""
        return self.item_steps.level(len(self.facts.items))

    @cached_property
    def first_known(self) -> Array:
        """First day on which each customer had an item; NaN where it has none."""
        found, steps = np.full(self.n_customers, np.nan), self.customer_steps
        first = first_rows(steps.owner)
        found[steps.owner[first]] = steps.known[first]
        return found

    @cached_property
    def settlements(self) -> DataFrame:
        """Receipts on items, net of what was returned, by customer in the order they became known."""
        rows = self.known(self.facts.receipts)
        if rows.empty:
            return rows
        net = np.bincount(rows["key"], weights=rows["minor"].to_numpy(float))
        heads = rows[rows["is_head"].to_numpy()]
        kept = heads.assign(minor=net[heads["key"].to_numpy()])
        kept = kept[kept["minor"].to_numpy() > 0]
        order = np.lexsort((kept["effective_day"], kept["known"], kept["customer"]))
        return kept.iloc[order]

    @cached_property
    def points(self) -> DataFrame:
        """Days late by customer and day of payment, in the order they became known.

        What a customer pays on one day is one decision, so one point: the mean of its days late, weighted by amount.
        Items disputed before they were paid are left out, and items without due date.

        Returns
        -------
        DataFrame ``customer day known days_late minor item n_items``; item is the largest one paid.
        """
        return _points(self.settlements)


def gather(tables: Mapping[str, DataFrame]) -> Facts:
    """Return the facts of a ledger.

    Parameters
    ----------
    tables : canonical tables and ``movements``
    """
    moves = tables["movements"][_USED]
    moves = moves.iloc[np.argsort(moves["known_date"].to_numpy(), kind="stable")].reset_index(drop=True)
    customers = _customers(tables)
    items = _items(moves, customers)
    item = Index(items["item_id"]).get_indexer(moves["item_id"])
    who, invoice = (items[name].to_numpy("int64")[item] for name in ("customer", "invoice"))
    known, minor = to_days(moves["known_date"]), moves["base_minor"].to_numpy(float)
    item_steps = balance_steps(item, known, minor)
    numbered = moves.assign(customer=who, item=item, known=known)
    acts = gather_acts(tables, customers)
    sales = _sales(tables, customers)
    profile = tables["customers"].set_index("customer_id")[["group_id", "sector_code", "country_code"]]
    return Facts(
        customers=customers,
        profile=profile.reindex(customers),
        items=items,
        customer_steps=balance_steps(who, known, minor),
        item_steps=item_steps,
        invoice_steps=balance_steps(invoice, known, minor),
        receipts=_receipts(numbered, item_steps, acts["disputes"]),
        discounts=_discounts(numbered),
        sales=sales,
        invoice_days=_invoice_days(sales),
        acts=acts,
    )


def _customers(tables: Mapping[str, DataFrame]) -> Index:
    """Every customer of the ledger, also one of whom only an event is known."""
    listed = [tables[name]["customer_id"] for name in ("customers", "invoices", *ACT_TABLES)]
    return Index(np.sort(pd.concat(listed).unique().astype(object)), name="customer_id").astype("str")


def _items(moves: DataFrame, customers: Index) -> DataFrame:
    raised = moves[moves["movement_code"] == "invoice"]
    raised = raised.iloc[raised["item_id"].array.argsort()].reset_index(drop=True)
    return DataFrame(
        {
            "item_id": raised["item_id"],
            "invoice_id": raised["invoice_id"],
            "customer": customers.get_indexer(raised["customer_id"]),
            "invoice": pd.factorize(raised["invoice_id"])[0],
            "due_day": to_days(raised["due_date"]),
            "known": to_days(raised["known_date"]),
        }
    )


def _receipts(moves: DataFrame, item_steps: Steps, disputes: DataFrame) -> DataFrame:
    paid = moves[moves["movement_code"] == "payment"]
    receipt = pd.factorize(paid["receipt_id"].fillna(paid["movement_id"]))[0]
    key = pd.factorize(paid["item"].to_numpy("int64") * (len(paid) + 1) + receipt)[0]
    known, minor = paid["known"].to_numpy(), -paid["base_minor"].to_numpy(float)
    effective = to_days(paid["effective_date"])
    first_dispute = disputes.groupby("invoice_id")["known"].min()
    of_dispute = Index(first_dispute.index).get_indexer(paid["invoice_id"].astype(object))
    disputed_from = np.r_[first_dispute.to_numpy(float), np.nan][of_dispute]
    return DataFrame(
        {
            "customer": paid["customer"],
            "item": paid["item"],
            "key": key,
            "known": known,
            "effective_day": effective,
            "days_late": effective - to_days(paid["due_date"]),
            "minor": minor,
            "rest_minor": item_steps.at(paid["item"].to_numpy("int64"), known),
            "is_head": (minor > 0)
            & ~Series(np.where(minor > 0, key, -1 - np.arange(len(key)))).duplicated().to_numpy(),
            "is_disputed": disputed_from <= known,
        }
    ).reset_index(drop=True)


def _discounts(moves: DataFrame) -> DataFrame:
    given = moves[moves["movement_code"] == "discount"]
    return DataFrame(
        {"item": given["item"], "known": given["known"], "minor": -given["base_minor"].astype(float)}
    ).reset_index(drop=True)


def _sales(tables: Mapping[str, DataFrame], customers: Index) -> DataFrame:
    sold, notes = tables["invoices"], tables["credit_notes"]
    sold = sold[sold["invoice_kind_code"] != "opening_item"]
    notes = notes[~notes["reason_code"].isin(NOT_A_SALE)]
    parts = (sold, "invoice_date", 1.0), (notes, "credit_note_date", -1.0)
    rows = {
        "customer": [customers.get_indexer(frame["customer_id"]) for frame, _, _ in parts],
        "known": [to_days(known_date(frame, act_date)) for frame, act_date, _ in parts],
        "day": [to_days(frame[act_date]) for frame, act_date, _ in parts],
        "minor": [sign * frame["base_minor"].to_numpy(float) for frame, _, sign in parts],
    }
    sales = DataFrame({name: np.concatenate(columns) for name, columns in rows.items()})
    return sales.iloc[np.argsort(sales["known"], kind="stable")].reset_index(drop=True)


def _invoice_days(sales: DataFrame) -> DataFrame:
    """Days on which each customer was invoiced something, with the first day on which that was known."""
    sold = sales[sales["minor"] > 0]
    order = np.lexsort((sold["known"], sold["day"], sold["customer"]))
    rows = sold[["customer", "day", "known"]].iloc[order]
    return rows[~rows.duplicated(["customer", "day"])].reset_index(drop=True)


def _points(settled: DataFrame) -> DataFrame:
    timed = settled[settled["days_late"].notna().to_numpy() & ~settled["is_disputed"].to_numpy()]
    names = ["customer", "day", "known", "days_late", "minor", "item", "n_items"]
    if timed.empty:
        return DataFrame({name: np.empty(0) for name in names}).astype({"customer": "int64", "item": "int64"})
    order = np.lexsort((timed["minor"], timed["effective_day"], timed["customer"]))
    rows = {name: timed[name].to_numpy()[order] for name in ("customer", "effective_day", "known", "minor", "item")}
    late = timed["days_late"].to_numpy()[order]
    payment = np.cumsum(np.r_[True, (np.diff(rows["customer"]) != 0) | (np.diff(rows["effective_day"]) != 0)]).astype(
        "int64"
    )
    starts, last = first_rows(payment), last_rows(payment)
    weight = np.add.reduceat(rows["minor"], starts)
    points = DataFrame(
        {
            "customer": rows["customer"][starts],
            "day": rows["effective_day"][starts],
            "known": np.maximum.reduceat(rows["known"], starts),
            "days_late": np.add.reduceat(rows["minor"] * late, starts) / weight,
            "minor": weight,
            "item": rows["item"][last],
            "n_items": np.diff(np.r_[starts, len(order)]),
        }
    )
    return points.iloc[np.lexsort((points["day"], points["known"], points["customer"]))].reset_index(drop=True)


def owners_of(facts: Facts, column: str) -> tuple[Rows, Index]:
    """Return for each customer the number of its group, sector or country (−1 = unknown), and their codes.

    A customer without group is its own.
    """
    values = facts.profile[column]
    if column == "group_id":
        values = values.fillna(Series(facts.customers, index=values.index))
    code, names = pd.factorize(values, sort=True)
    return code.astype("int64"), Index(names)
