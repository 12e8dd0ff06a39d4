"""Amounts that moved between states of payment from month to month, item by item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Timestamp

Array = NDArray[np.float64]

OPEN_STATES = ("not_due", "1_30", "31_60", "61_90", "over_90", "no_due_date")
ENDS = ("paid", "credited", "lost")
STATES = (*OPEN_STATES, *ENDS)
_LATE_EDGES = np.array([0.5, 30.5, 60.5, 90.5])
_END_OF = {"credit_note": 1, "write_off": 2, "doubtful": 2}


@dataclass(frozen=True)
class Flows:
    """What moved between observation dates.

    Parameters
    ----------
    dates : observation dates, oldest first
    one, two : moves over one and over two steps, ``step customer from_row to_row minor n_items``: number of the
        step's first date, row of the customer, rows of the states in `STATES`, amount and items; an item counts
        where its open rest is, or where most of it went
    n_customers : customers with rows
    open_minor : open amount on the last date by state of `OPEN_STATES`
    """

    dates: Sequence[Timestamp]
    one: DataFrame
    two: DataFrame
    n_customers: int
    open_minor: Array

    def cube(self, moves: DataFrame, values: str = "minor") -> Array:
        """Return moves as customer × state left × state entered."""
        shape = (self.n_customers, len(OPEN_STATES), len(STATES))
        place = np.ravel_multi_index([moves[name].to_numpy() for name in ("customer", "from_row", "to_row")], shape)
        return _sums(place, moves[values].to_numpy("float64"), int(np.prod(shape))).reshape(shape)


@dataclass(frozen=True)
class _Snapshot:
    """Open amounts and states of all items on a date, and what was settled since the date before, by end."""

    open_minor: Array
    state: NDArray[np.int8]
    settled: Array


def flows(moves: DataFrame, *, dates: Sequence[Timestamp]) -> Flows:
    """Return the amounts that moved between states from each date to the next, and to the next but one.

    An item open on a date is in the state of its days past due on that date (day 0 is not due, day 30 belongs to
    ``1_30``). On the later date its amount lies in the new state as far as it is still open; what was settled in
    between went to ``paid`` (receipts, discounts, bills, factor, rounding), ``credited`` (credit notes) or ``lost``
    (write-offs, transfers to doubtful debts), in proportion to these where a part of them was taken back. So the
    moves of an item add up to its open amount on the first date. An amount reopened by a returned payment, like a
    new item, enters on the later date.

    Parameters
    ----------
    moves : table `movements`
    dates : observation dates, oldest first; movements known later do not count
    """
    known = moves[moves["known_date"] <= dates[-1]]
    raised = known[known["movement_code"] == "invoice"].sort_values(["customer_id", "item_id"], ignore_index=True)
    owner, names = pd.factorize(raised["customer_id"])
    snapshots, one, two = _snapshots(known, raised, dates), [], []
    past: list[_Snapshot] = []
    for number, now in enumerate(snapshots):
        if number >= 1:
            one.append(_moved(past[-1], now, now.settled, owner).assign(step=number - 1))
        if number >= 2:
            two.append(_moved(past[-2], now, past[-1].settled + now.settled, owner).assign(step=number - 2))
        past = [*past[-1:], now]
    still_open = np.maximum(past[-1].open_minor, 0)
    open_minor = _sums(past[-1].state, still_open, len(OPEN_STATES))
    return _compact(dates, _joined(one), _joined(two), len(names), open_minor)


def _compact(dates: Sequence[Timestamp], one: DataFrame, two: DataFrame, n_owners: int, open_minor: Array) -> Flows:
    """Number the customers that have moves; those of two steps are among those of one."""
    seen = np.unique(one["customer"].to_numpy())
    row = np.zeros(n_owners, dtype="int64")
    row[seen] = np.arange(len(seen))
    one, two = (frame.assign(customer=row[frame["customer"].to_numpy()]) for frame in (one, two))
    return Flows(dates, one, two, len(seen), open_minor)


def _snapshots(known: DataFrame, raised: DataFrame, dates: Sequence[Timestamp]) -> Iterator[_Snapshot]:
    """Yield the snapshot of each date; every movement is added once, in the order it became known."""
    order = np.argsort(known["known_date"].to_numpy(), kind="stable")
    item = pd.Index(raised["item_id"]).get_indexer(known["item_id"])[order]
    day, minor = known["known_date"].to_numpy()[order], known["base_minor"].to_numpy("float64")[order]
    end = known["movement_code"].map(_END_OF).fillna(0).to_numpy("int64")[order]
    end = np.where(known["movement_code"].to_numpy()[order] == "invoice", -1, end)
    open_minor, first = np.zeros(len(raised)), 0
    for date in dates:
        last = int(np.searchsorted(day, np.datetime64(date), side="right"))
        some = slice(first, last)
        open_minor = open_minor + _sums(item[some], minor[some], len(raised))
        settled = [_sums(item[some], -minor[some] * (end[some] == code), len(raised)) for code in range(len(ENDS))]
        yield _Snapshot(open_minor, _states(raised, date), np.stack(settled, axis=1))
        first = last


def _sums(place: NDArray[np.integer], minor: Array, size: int) -> Array:
    return np.bincount(place, weights=minor, minlength=size).astype("float64")


def _states(raised: DataFrame, date: Timestamp) -> NDArray[np.int8]:
    late = (date - raised["due_date"]).dt.days.to_numpy("float64", na_value=np.nan)
    state = np.searchsorted(_LATE_EDGES, late).astype("int8")
    return np.where(np.isnan(late), len(OPEN_STATES) - 1, state).astype("int8")


def _moved(past: _Snapshot, now: _Snapshot, settled: Array, owner: NDArray[np.int64]) -> DataFrame:
    """Moves of the items open on the earlier date, added up by customer and states."""
    items = np.flatnonzero(past.open_minor > 0)
    left = past.open_minor[items]
    stays = np.minimum(left, np.maximum(now.open_minor[items], 0))
    taken = np.maximum(settled[items], 0)
    total = taken.sum(axis=1)
    part = np.divide(left - stays, total, out=np.zeros_like(total), where=total > 0)[:, None] * taken
    went = len(OPEN_STATES) + part.argmax(axis=1)
    count_row = np.where(stays > 0, now.state[items], went)
    rows, source = np.arange(len(items)), past.state[items].astype("int64")
    amounts = [(now.state[items].astype("int64"), stays)]
    amounts += [(np.full(len(items), len(OPEN_STATES) + k), part[:, k]) for k in range(len(ENDS))]
    parts = [
        DataFrame(
            {
                "customer": owner[items][kept],
                "from_row": source[kept],
                "to_row": target[kept],
                "minor": minor[kept],
                "n_items": (count_row == target)[kept].astype("int64"),
            }
        )
        for target, minor in amounts
        for kept in [rows[minor > 0]]
    ]
    keys = ["customer", "from_row", "to_row"]
    return pd.concat(parts).groupby(keys, as_index=False)[["minor", "n_items"]].sum()


def _joined(steps: Sequence[DataFrame]) -> DataFrame:
    if steps:
        return pd.concat(steps, ignore_index=True)
    names = ["customer", "from_row", "to_row", "minor", "n_items", "step"]
    return DataFrame({name: np.empty(0, dtype="float64" if name == "minor" else "int64") for name in names})
