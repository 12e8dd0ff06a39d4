"""Amounts of each customer on each day of review: open, overdue, not matched, ordered, sold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.inputs.grid import Floats, Grid, Ints, day_numbers, known_date

NOT_A_SALE = ("opening", "discount", "write_off", "factor", "bill", "doubtful", "rounding", "other")
"""Reasons of credit notes that lower no sales, as in the ledger."""


@dataclass(frozen=True)
class OpenSteps:
    """How the open amount of each item moved, in order of item and day.

    Parameters
    ----------
    acts : table `movements` in order of item, day known and key
    row : row of the customer
    enter : first day of review that knows the act
    is_first : the act begins its item
    open_minor : open amount of the item once the act is known, never below 0
    change_minor : what the act added to it
    """

    acts: DataFrame
    row: Ints
    enter: Ints
    is_first: np.ndarray
    open_minor: Ints
    change_minor: Ints


def open_steps(grid: Grid, moves: DataFrame) -> OpenSteps:
    """Return the steps of the open amounts; what is paid too much on an item lowers no other.

    Parameters
    ----------
    grid : customers and days of review
    moves : table `movements`
    """
    item, _ = pd.factorize(moves["item_id"], sort=True)
    acts = moves.assign(item=item).sort_values(["item", "known_date", "movement_id"], ignore_index=True)
    balance = acts.groupby("item")["base_minor"].cumsum().clip(lower=0).astype("int64")
    before = balance.groupby(acts["item"]).shift(fill_value=0)
    return OpenSteps(
        acts=acts,
        row=grid.row(acts, "movements"),
        enter=grid.enter(acts["known_date"]),
        is_first=~acts["item"].duplicated().to_numpy(),
        open_minor=balance.to_numpy(),
        change_minor=(balance - before).to_numpy(),
    )


def balances(grid: Grid, steps: OpenSteps) -> dict[str, Floats]:
    """Return open and overdue amount and the age of the oldest overdue item.

    Returns
    -------
    dict of ``open_amount overdue_amount past_due_max_days``, customers by days. An item is overdue from the day after
    its due date; without a due date it never is.
    """
    due = steps.acts["due_date"]
    late_from = grid.enter(due + pd.Timedelta(days=1))
    enter = np.maximum(steps.enter, late_from)
    until = np.append(np.where(steps.is_first[1:], grid.shape[1], steps.enter[1:]), grid.shape[1])
    is_open = steps.open_minor > 0
    act, day = grid.spans(np.where(is_open, enter, grid.shape[1]), until)
    oldest = np.full(grid.shape, np.inf)
    np.minimum.at(oldest, (steps.row[act], day), day_numbers(due)[act])
    return {
        "open_amount": grid.level(steps.row, steps.enter, steps.change_minor) / 100,
        "overdue_amount": grid.level(steps.row, enter, steps.change_minor) / 100,
        "past_due_max_days": np.where(np.isinf(oldest), 0.0, grid.numbers - oldest),
    }


def unapplied_amount(grid: Grid, tables: Mapping[str, DataFrame]) -> Floats:
    """Return receipts and credit notes that are not matched to invoices, run currency, customers by days.

    What is left of each receipt is brought to the run currency at the receipt's own rate; a returned payment counts
    with the receipt it returns.

    Parameters
    ----------
    grid : customers and days of review
    tables : ``payments credit_notes allocations invoices``
    """
    sources, acts = _sources(tables), _source_acts(tables)
    code = pd.Index(sources["source_id"]).get_indexer(acts["source_id"])
    acts = acts.assign(code=code)[code >= 0].sort_values(["code", "known_date"], ignore_index=True)
    rest = acts.groupby("code")["amount_minor"].cumsum()
    rate = sources["rate_ratio"].fillna(1.0).to_numpy()[acts["code"]]
    left = (rest * rate).round().clip(lower=0)
    change = left - left.groupby(acts["code"]).shift(fill_value=0.0)
    row = grid.row(sources, "payments and credit_notes")[acts["code"]]
    return grid.level(row, grid.enter(acts["known_date"]), change.to_numpy()) / 100


def _sources(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Receipts and credit notes: who paid, and the rate of the run currency; returns are no receipts."""
    payments, notes = tables["payments"], tables["credit_notes"]
    received = payments[payments["reversal_of_id"].isna()]
    parts = [
        DataFrame(
            {
                "source_id": kind + ":" + rows[key],
                "customer_id": rows["customer_id"],
                "rate_ratio": rows["base_minor"].astype(float) / rows[amount].astype(float),
            }
        )
        for kind, rows, key, amount in (
            ("payment", received, "payment_id", "amount_minor"),
            ("credit_note", notes, "credit_note_id", "gross_minor"),
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _source_acts(tables: Mapping[str, DataFrame]) -> DataFrame:
    """What came in on each receipt or credit note, positive, and what was matched of it, negative."""
    payments, notes, used = tables["payments"], tables["credit_notes"], tables["allocations"]
    returns = payments.dropna(subset=["reversal_of_id"]).set_index("payment_id")["reversal_of_id"]
    used = used[used["source_code"].isin(["payment", "credit_note"]) & used["source_id"].notna()]
    original = used["source_id"].map(returns).fillna(used["source_id"]) if len(returns) else used["source_id"]
    invoices = tables["invoices"]
    issued = Series(known_date(invoices, "invoice_date").to_numpy(), index=invoices["invoice_id"].to_numpy())
    of_invoice = Series(issued.reindex(used["invoice_id"]).to_numpy(), used.index)
    matched = pd.concat([known_date(used, "effective_date"), of_invoice], axis=1).max(axis=1)
    received = payments["reversal_of_id"].fillna(payments["payment_id"])
    parts = [
        ("payment:" + received, known_date(payments, "value_date"), payments["amount_minor"]),
        ("credit_note:" + notes["credit_note_id"], known_date(notes, "credit_note_date"), notes["gross_minor"]),
        (used["source_code"] + ":" + original, matched, -used["amount_minor"]),
    ]
    frames = [DataFrame({"source_id": key, "known_date": day, "amount_minor": minor}) for key, day, minor in parts]
    return pd.concat([frame.astype({"amount_minor": "int64"}) for frame in frames], ignore_index=True)


def sales_amount(grid: Grid, tables: Mapping[str, DataFrame], *, months: int = 12) -> Floats:
    """Return net sales including tax of the last months, customers by days: invoices less credit notes.

    Items of an opening balance are no sales, nor do credit notes lower them that only settle (see `NOT_A_SALE`).
    """
    invoices, notes = tables["invoices"], tables["credit_notes"]
    sold = invoices[invoices["invoice_kind_code"] != "opening_item"]
    credited = notes[~notes["reason_code"].isin(NOT_A_SALE)]
    total = np.zeros(grid.shape)
    for name, rows, act_date, sign in (
        ("invoices", sold, "invoice_date", 1),
        ("credit_notes", credited, "credit_note_date", -1),
    ):
        enter, leave = grid.enter(known_date(rows, act_date)), grid.leave(rows[act_date], months)
        total += sign * grid.level(grid.row(rows, name), enter, rows["base_minor"].to_numpy("int64"), leave)
    return total / 100


def order_amounts(grid: Grid, orders: DataFrame | None) -> dict[str, Floats]:
    """Return what is ordered and not delivered, and what is delivered and not invoiced; 0 where nothing is known.

    Parameters
    ----------
    grid : customers and days of review
    orders : ``customer_id order_date recorded_date delivery_date invoiced_date base_minor``, or None

    Returns
    -------
    dict of ``ordered_amount unbilled_amount``, customers by days.
    """
    if orders is None or orders.empty:
        return {"ordered_amount": np.zeros(grid.shape), "unbilled_amount": np.zeros(grid.shape)}
    row, minor = grid.row(orders, "orders"), orders["base_minor"].to_numpy("int64")
    known, invoiced = grid.enter(known_date(orders, "order_date")), grid.enter(orders["invoiced_date"])
    delivered = np.maximum(known, grid.enter(orders["delivery_date"]))
    return {
        "ordered_amount": grid.level(row, known, minor, np.minimum(delivered, invoiced)) / 100,
        "unbilled_amount": grid.level(row, delivered, minor, invoiced) / 100,
    }
