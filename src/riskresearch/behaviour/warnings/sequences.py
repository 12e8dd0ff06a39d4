"""Rows of many customers as one array sorted by owner and day: windows, runs and balances without a loop."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import Series

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SPAN = 1_000_000.0  # more days than any calendar holds, so that owner and day make one ascending number


def to_days(dates: Series) -> Array:
    """Return days since 1970-01-01, NaN where there is no date."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype("int64").astype(float))


def to_dates(days: ArrayLike) -> NDArray[np.datetime64]:
    """Return dates of days since 1970-01-01, no date where NaN."""
    found = np.asarray(days, dtype=float)
    whole = np.where(np.isnan(found), 0, found).astype("int64").astype("datetime64[D]").astype("datetime64[us]")
    return np.where(np.isnan(found), np.datetime64("NaT", "us"), whole)


def first_rows(owner: Rows) -> Rows:
    """Return the first row of each owner."""
    return np.flatnonzero(np.r_[True, np.diff(owner) != 0]) if len(owner) else np.empty(0, dtype="int64")


def last_rows(owner: Rows) -> Rows:
    """Return the last row of each owner."""
    return np.flatnonzero(np.r_[np.diff(owner) != 0, True]) if len(owner) else np.empty(0, dtype="int64")


def run_starts(owner: Rows, flag: Flags) -> Rows:
    """Return for the last row of each owner the first row of the run of true rows that ends there.

    Returns
    -------
    rows, one per owner; −1 where the last row is not true.

    Examples
    --------
    >>> run_starts(np.array([0, 0, 0, 1]), np.array([False, True, True, False])).tolist()
    [1, -1]
    """
    if len(owner) == 0:
        return np.empty(0, dtype="int64")
    rows = np.arange(len(owner))
    barrier = np.where(~flag, rows, -1)
    starts = first_rows(owner)
    barrier[starts] = np.maximum(barrier[starts], starts - 1)
    latest, last = np.maximum.accumulate(barrier), last_rows(owner)
    return np.where(flag[last], latest[last] + 1, -1)


def window_sums(owner: Rows, day: Array, weight: Array, *, window_days: float) -> Array:
    """Return for each row the sum of weights of its owner over the days (day − window, day], its own day in full.

    Examples
    --------
    >>> window_sums(np.array([0, 0, 0]), np.array([1.0, 5, 11]), np.ones(3), window_days=10).tolist()
    [1.0, 2.0, 2.0]
    """
    key = owner * _SPAN + day
    total = np.r_[0.0, np.cumsum(weight)]
    first = np.searchsorted(key, owner * _SPAN + np.maximum(day - window_days, 0), side="right")
    return total[np.searchsorted(key, key, side="right")] - total[first]


@dataclass(frozen=True)
class Steps:
    """Balances of many owners: one row per owner and day on which its balance changed.

    Parameters
    ----------
    owner : owner of each row, ascending
    known : day since 1970-01-01, ascending within an owner
    change : change of the balance on that day, minor units
    balance : balance at the end of that day, minor units
    """

    owner: Rows
    known: Array
    change: Array
    balance: Array

    def until(self, day: float) -> "Steps":
        """Return the steps known on a day."""
        kept = self.known <= day
        return Steps(self.owner[kept], self.known[kept], self.change[kept], self.balance[kept])

    def level(self, n_owners: int) -> Array:
        """Return the last balance of every owner, 0 for one without a row."""
        found, last = np.zeros(n_owners), last_rows(self.owner)
        found[self.owner[last]] = self.balance[last]
        return found

    def risen_since(self, level: Array) -> Array:
        """Return by owner the first day of the run of balances above its level that lasts; NaN where it does not."""
        found, last = np.full(len(level), np.nan), last_rows(self.owner)
        start = run_starts(self.owner, self.balance > level[self.owner])
        found[self.owner[last]] = np.where(start >= 0, self.known[np.maximum(start, 0)], np.nan)
        return found

    def at(self, owner: Rows, day: Array) -> Array:
        """Return the balance of each owner at the end of each day."""
        key = self.owner * _SPAN + self.known
        row = np.searchsorted(key, owner * _SPAN + day, side="right") - 1
        row_or_first = np.maximum(row, 0)
        is_own = (row >= 0) & (self.owner[row_or_first] == owner) if len(self.owner) else np.zeros(len(owner), bool)
        return np.where(is_own, self.balance[row_or_first], 0.0) if len(self.owner) else np.zeros(len(owner))


def balance_steps(owner: Rows, known: Array, minor: Array) -> Steps:
    """Return signed amounts as the balances of their owners.

    Examples
    --------
    >>> steps = balance_steps(np.array([0, 0, 0]), np.array([3.0, 1, 3]), np.array([-40.0, 100, -10]))
    >>> steps.known.tolist(), steps.balance.tolist()
    ([1.0, 3.0], [100.0, 50.0])
    """
    order = np.lexsort((known, owner))
    who, day, amount = owner[order], known[order], minor[order]
    if len(who) == 0:
        return Steps(who, day, amount, amount)
    is_new = np.r_[True, (np.diff(who) != 0) | (np.diff(day) != 0)]
    starts = np.flatnonzero(is_new)
    change = np.add.reduceat(amount, starts)
    who, day = who[starts], day[starts]
    balance = pd.Series(change).groupby(who).cumsum().to_numpy()
    return Steps(who, day, change, balance)
