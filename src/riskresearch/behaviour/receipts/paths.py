"""The amount path of every item: the spans in which a part of it was open, and how each span ended.

Days are whole numbers (days since 1970-01-01) on which an act became known, so what is open at the
end of a day is what the books showed that evening. A part payment ends a span; what is left open
starts the next one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.movements import ordered

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = np.int64(2**31)
LOST_BY = ("write_off", "doubtful")
RECEIVED, NO_CASH, LOST = range(3)


@dataclass(frozen=True)
class Spans:
    """Spans in which an amount of an item was open, in order of items and days.

    Parameters
    ----------
    item : row of the item
    start, end : it was open from the evening of `start` until an act of `end` (`NEVER` = still open)
    open : amount open during the span, minor units
    shares : what the act at its end settled, as shares of the open amount: received in cash, settled without
        cash (credit notes, discounts, bills, factor, rounding), lost (write-offs, transfers to doubtful debts)
    closes : the act at its end settled all that was open
    """

    item: Ints
    start: Ints
    end: Ints
    open: Floats
    shares: Floats
    closes: NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """Items of a ledger, the spans in which they were open and the receipts on them.

    Parameters
    ----------
    item_id, customer_id : names of items (rows) and of customers (codes)
    customer : customer code of each item
    entry, due : day the item became known, and day it is due; where no due date is known, day of issue
    base : original amount of each item, minor units
    spans : when how much of them was open
    act_item, act_day, act_received : receipts by item and day, minor units, returned payments negative
    has_due : some item has a due date
    """

    item_id: NDArray[np.object_]
    customer_id: NDArray[np.object_]
    customer: Ints
    entry: Ints
    due: Ints
    base: Floats
    spans: Spans
    act_item: Ints
    act_day: Ints
    act_received: Floats
    has_due: bool

    @property
    def first_day(self) -> int:
        """First day the ledger covers."""
        return int(self.entry.min()) if len(self.entry) else 0


def day_number(dates: Series) -> Ints:
    """Return days since 1970-01-01."""
    return dates.to_numpy().astype("datetime64[D]").astype("int64")


def number_of(day: Timestamp) -> int:
    """Return the days from 1970-01-01 to a date.

    Examples
    --------
    >>> number_of(Timestamp("1970-01-31"))
    30
    """
    return int(np.datetime64(day, "D").astype("int64"))


def date_of(number: int) -> Timestamp:
    """Return the date that lies so many days after 1970-01-01."""
    return pd.Timestamp(np.datetime64(number, "D")).as_unit("us")


def item_paths(moves: DataFrame, *, as_of: Timestamp) -> Paths:
    """Return the items known on a day and the spans in which they were open.

    Parameters
    ----------
    moves : table `movements`
    as_of : last day that counts
    """
    known = ordered(moves[moves["known_date"] <= as_of])
    raised = known[known["movement_code"] == "invoice"]
    row = ((known["movement_code"] == "invoice").cumsum() - 1).to_numpy("int64")
    customer, customer_id = pd.factorize(raised["customer_id"], sort=True)
    entry, base = day_number(raised["known_date"]), raised["base_minor"].to_numpy("float64")
    acts = _daily(known, row)
    return Paths(
        item_id=raised["item_id"].to_numpy(object),
        customer_id=np.asarray(customer_id, dtype=object),
        customer=customer.astype("int64"),
        entry=entry,
        due=day_number(raised["due_date"].fillna(raised["invoice_date"])),
        base=base,
        spans=_spans(acts, base),
        act_item=acts["item"].to_numpy("int64"),
        act_day=acts["day"].to_numpy("int64"),
        act_received=acts["received"].to_numpy("float64"),
        has_due=bool(raised["due_date"].notna().any()),
    )


def open_on(paths: Paths, day: int) -> tuple[Ints, Floats]:
    """Return the items open on the evening of a day, in order of items, and their open amounts."""
    is_open = (paths.spans.start <= day) & (paths.spans.end > day)
    return paths.spans.item[is_open], paths.spans.open[is_open]


def received_by_week(paths: Paths, items: Ints, *, day: int, n_weeks: int) -> Floats:
    """Return what came in on some items in each of the weeks after a day.

    Parameters
    ----------
    items : rows of items, ascending
    day : week 1 begins on the next day
    n_weeks : number of weeks

    Returns
    -------
    Array items × weeks, minor units, returned payments deducted.
    """
    place, chosen = _acts_of(paths, items, day, 7 * n_weeks)
    week = (paths.act_day[chosen] - day - 1) // 7
    flat = np.bincount(place * n_weeks + week, weights=paths.act_received[chosen], minlength=len(items) * n_weeks)
    return np.asarray(flat.reshape(len(items), n_weeks), dtype="float64")


def half_paid_after(paths: Paths, items: Ints, open_minor: Floats, *, day: int, n_days: int) -> Floats:
    """Return after how many days at least half of each open amount had come in; NaN where it did not.

    Parameters
    ----------
    items : rows of items, ascending
    open_minor : their open amounts on the evening of `day`
    day : day 1 is the next day
    n_days : days looked at
    """
    place, chosen = _acts_of(paths, items, day, n_days)
    acts = DataFrame({"place": place, "day": paths.act_day[chosen] - day, "received": paths.act_received[chosen]})
    came = acts["received"].groupby(acts["place"]).cumsum() >= open_minor[place] / 2
    found = np.full(len(items), np.nan)
    first = acts[came].groupby("place")["day"].first()
    found[first.index] = first
    return found


def _acts_of(paths: Paths, items: Ints, day: int, n_days: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Which acts of the next days concern some items, and the place of their item among these."""
    in_time = (paths.act_day > day) & (paths.act_day <= day + n_days)
    chosen = in_time & np.isin(paths.act_item, items)
    return np.searchsorted(items, paths.act_item[chosen]), chosen


def _daily(known: DataFrame, row: Ints) -> DataFrame:
    """What acts settled on each item and day, by kind; the item itself stands on its first day with nothing."""
    code = known["movement_code"]
    settled = -known["base_minor"].to_numpy("float64").copy()
    settled[(code == "invoice").to_numpy()] = 0.0
    is_lost, is_cash = code.isin(LOST_BY).to_numpy(), (code == "payment").to_numpy()
    parts = DataFrame(
        {
            "item": row,
            "day": day_number(known["known_date"]),
            "received": np.where(is_cash, settled, 0.0),
            "no_cash": np.where(is_cash | is_lost, 0.0, settled),
            "lost": np.where(is_lost, settled, 0.0),
        }
    )
    return parts.groupby(["item", "day"], as_index=False, sort=True).sum()


def _spans(acts: DataFrame, base: Floats) -> Spans:
    item, day = acts["item"].to_numpy("int64"), acts["day"].to_numpy("int64")
    kinds = acts[["received", "no_cash", "lost"]].to_numpy("float64")
    after = base[item] - Series(kinds.sum(axis=1)).groupby(item).cumsum().to_numpy()
    has_next = np.r_[item[1:] == item[:-1], False]
    following = np.minimum(np.arange(len(item)) + 1, len(item) - 1)
    is_open = after > 0
    shares = np.clip(kinds[following] / np.where(is_open, after, 1.0)[:, None], 0.0, 1.0) * has_next[:, None]
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    return Spans(
        item=item[is_open],
        start=day[is_open],
        end=np.where(has_next, day[following], NEVER)[is_open],
        open=after[is_open],
        shares=shares[is_open],
        closes=(has_next & (after[following] <= 0))[is_open],
    )
