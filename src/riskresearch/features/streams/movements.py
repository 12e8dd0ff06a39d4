"""Streams of invoices and what settles them: one leg per movement, one per item that falls due.

What needs the order of the acts of one item (its balance after each act, whether it was settled on its due
date) is worked out here, once; the panel then only adds up.
"""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.features.streams.registry import STREAMS, Overdue, Stream, Tables, day_number
from riskresearch.ledger.movements import ordered

NEVER = 2_000_000
Ints = NDArray[np.int64]

_SUMS = (
    *("open_minor", "n_open", "sale_minor", "n_sale", "sale_dated_minor", "sale_terms_minor"),
    *("paid_minor", "n_paid", "n_partial", "received_minor", "received_days_minor"),
    *("timed_minor", "late_days_minor", "n_timed", "n_late_days", "n_late_days2", "n_returned", "lost_minor"),
)
_OVERDUE = {
    "overdue_minor": Overdue(0),
    "overdue_30_minor": Overdue(30),
    "overdue_60_minor": Overdue(60),
    "overdue_90_minor": Overdue(90),
    "overdue_due_minor": Overdue(0, times_due_day=True),
}


@STREAMS.register(Stream(reads=("movements",), sums=_SUMS, lasts=("last_sale_day", "last_paid_day"), overdue=_OVERDUE))
def movements(tables: Tables) -> DataFrame:
    """Movements of items, each with the balance of its item after it and the day of the next act on the item.

    An item paid too much is open with 0, never less. Columns beyond those of every stream: ``due_day`` (nullable),
    ``open_after_minor until_day``.
    """
    moves = ordered(tables["movements"])
    known, due = day_number(moves["known_date"]).to_numpy("int64"), day_number(moves["due_date"])
    amount = moves["base_minor"].to_numpy("int64")
    after, until = _balances(moves, known, amount)
    is_open, before = after > 0, after - amount
    legs = {
        "customer_id": moves["customer_id"],
        "day": known,
        "due_day": due,
        "open_after_minor": after,
        "until_day": until,
        "open_minor": np.maximum(after, 0) - np.maximum(before, 0),
        "n_open": is_open.astype("int64") - (before > 0),
    }
    night = _night(after, until, known)
    return DataFrame(legs | _sales(moves, due, amount) | _receipts(moves, known, due, amount, night))


@STREAMS.register(Stream(reads=("movements",), sums=("n_due", "n_late", "due_minor")))
def due_dates(tables: Tables) -> DataFrame:
    """Items on the day after their due date, or when known if later: whether they were still open then."""
    legs = _decided(tables, days=0)
    return legs.rename(columns={"n_items": "n_due", "n_open": "n_late", "item_minor": "due_minor"})


@STREAMS.register(Stream(reads=("movements",), sums=("n_due_30", "n_late_30")))
def due_dates_30(tables: Tables) -> DataFrame:
    """Items on the day their 30th day past due is over, or when known if later: whether they were still open then."""
    legs = _decided(tables, days=30).drop(columns="item_minor")
    return legs.rename(columns={"n_items": "n_due_30", "n_open": "n_late_30"})


def _balances(moves: DataFrame, known: Ints, amount: Ints) -> tuple[Ints, Ints]:
    """Balance of the item after each act, and the day of the next act on it."""
    starts = np.flatnonzero(moves["movement_code"].to_numpy() == "invoice")
    lengths = np.diff(np.append(starts, len(moves)))
    total = np.cumsum(amount)
    before = np.repeat(total[starts] - amount[starts], lengths)
    until = np.append(known[1:], NEVER)[: len(moves)]
    until[np.append(starts[1:], len(moves))[: len(starts)] - 1] = NEVER
    return total - before, until


def _night(after: Ints, until: Ints, known: Ints) -> Ints:
    """Balance of the item when the day of each act is over."""
    last = np.flatnonzero(until > known)
    return after[last[np.searchsorted(last, np.arange(len(after)))]]


def _sales(moves: DataFrame, due: Series, amount: Ints) -> dict[str, Ints | Series]:
    invoice = moves["movement_code"].to_numpy() == "invoice"
    is_sale = invoice & (moves["invoice_kind_code"].to_numpy() != "opening_item")
    is_first = moves["item_id"].to_numpy() == moves["invoice_id"].to_numpy()
    is_dated = is_sale & due.notna().to_numpy()
    terms = due.fillna(0).to_numpy("int64") - day_number(moves["invoice_date"]).to_numpy("int64")
    known = day_number(moves["known_date"])
    code = moves["movement_code"].to_numpy()
    return {
        "sale_minor": np.where(is_sale, amount, 0),
        "n_sale": (is_sale & is_first).astype("int64"),
        "sale_dated_minor": np.where(is_dated, amount, 0),
        "sale_terms_minor": np.where(is_dated, amount * terms, 0),
        "lost_minor": np.where(code == "write_off", -amount, 0),
        "last_sale_day": known.astype("Int64").where(is_sale),
    }


def _receipts(moves: DataFrame, known: Ints, due: Series, amount: Ints, night: Ints) -> dict[str, Ints | Series]:
    """Receipts as they came in; what is returned later is counted apart and leaves their delays as they are."""
    is_paid = moves["movement_code"].to_numpy() == "payment"
    is_receipt, is_back = is_paid & (amount < 0), is_paid & (amount > 0)
    received = np.where(is_receipt, -amount, 0)
    timed = np.where(due.notna().to_numpy(), received, 0)
    effective = day_number(moves["effective_date"]).to_numpy("int64")
    beyond = effective - due.fillna(0).to_numpy("int64")
    late, is_timed = np.maximum(beyond, 0), timed > 0
    return {
        "paid_minor": np.where(is_paid, -amount, 0),
        "n_paid": is_receipt.astype("int64"),
        "n_partial": (is_receipt & (night > 0)).astype("int64"),
        "received_minor": received,
        "received_days_minor": received * (effective - day_number(moves["invoice_date"]).to_numpy("int64")),
        "timed_minor": timed,
        "late_days_minor": timed * late,
        "n_timed": is_timed.astype("int64"),
        "n_late_days": np.where(is_timed, late, 0),
        "n_late_days2": np.where(is_timed, late * late, 0),
        "n_returned": is_back.astype("int64"),
        "last_paid_day": Series(known, dtype="Int64", index=moves.index).where(is_receipt),
    }


def _decided(tables: Tables, *, days: int) -> DataFrame:
    """One leg per dated item on the day it is `days` + 1 days past due, or known, telling whether it was open.

    In time are acts that took effect by then and are known on that day.
    """
    moves = ordered(tables["movements"])
    moves = moves[moves["due_date"].notna()].reset_index(drop=True)
    if moves.empty:
        return _no_items()
    known, amount = day_number(moves["known_date"]).to_numpy("int64"), moves["base_minor"].to_numpy("int64")
    effective = day_number(moves["effective_date"]).to_numpy("int64")
    last_day = day_number(moves["due_date"]).to_numpy("int64") + days
    is_item = moves["movement_code"].to_numpy() == "invoice"
    starts = np.flatnonzero(is_item)
    day = np.maximum(last_day[starts] + 1, known[starts])
    told = np.repeat(day, np.diff(np.append(starts, len(moves))))
    in_time = is_item | ((effective <= last_day) & (known <= told))
    left = np.add.reduceat(np.where(in_time, amount, 0), starts)
    return DataFrame(
        {
            "customer_id": moves["customer_id"].to_numpy()[starts],
            "day": day,
            "n_items": np.int64(1),
            "n_open": (left > 0).astype("int64"),
            "item_minor": amount[starts],
        }
    )


def _no_items() -> DataFrame:
    columns = {"customer_id": "str", "day": "int64", "n_items": "int64", "n_open": "int64", "item_minor": "int64"}
    return DataFrame({name: Series(dtype=dtype) for name, dtype in columns.items()})
