"""Overdue balances by customer and day: stretches of arrears and the day on which they begin.

An item is overdue from the day after its due date until the day before it is settled. Keys pack
customer and day in one whole number, so all customers are searched at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.timeline import DAY_BITS, NEVER, Bools, Ints, to_workday

MATERIAL_MINOR = 50_000
LONGEST_ARREARS_DAYS = 80
SEARCHED_ITEMS = 200
CLEARING_ROUNDS = 20
NOBODY = 1 << 60


@dataclass(frozen=True)
class Arrears:
    """Overdue balance after each day on which it changes, sorted by customer and day (packed in `key`)."""

    key: Ints
    balance: Ints

    @property
    def customer(self) -> Ints:
        """Customer of each step."""
        return self.key >> DAY_BITS

    def stretches(self) -> tuple[Ints, Ints]:
        """Return packed first days and packed ends (first day after) of material arrears."""
        above = self.balance > MATERIAL_MINOR
        same = np.r_[False, self.customer[1:] == self.customer[:-1]]
        before = np.r_[False, above[:-1]] & same
        starts, ends = above & ~before, ~above & before
        return self.key[starts], self.key[ends]

    def balance_at(self, customer: Ints, day: Ints) -> Ints:
        """Return the overdue balance of customers at the end of days."""
        place = np.searchsorted(self.key, pack(customer, day), side="right") - 1
        found = (place >= 0) & (self.customer[np.maximum(place, 0)] == customer)
        return np.where(found, self.balance[np.maximum(place, 0)], 0)

    def merged_days(self, customer: Ints, first_day: Ints, last_day: Ints) -> Ints:
        """Return how long arrears would last if those around a span of days were one with it.

        Parameters
        ----------
        first_day, last_day : first and last day of the span, by case
        """
        starts, ends = self.stretches()
        first, last = pack(customer, first_day), pack(customer, last_day + 1)
        before = np.searchsorted(starts, first - 1, side="right") - 1
        after = np.searchsorted(starts, last, side="right") - 1
        touches = (before >= 0) & (ends[np.maximum(before, 0)] >= first)
        begin = np.where(touches, starts[np.maximum(before, 0)], first)
        mine = (after >= 0) & (starts[np.maximum(after, 0)] >= begin)
        return np.where(mine, np.maximum(ends[np.maximum(after, 0)], last), last) - begin


def pack(customer: Ints, day: Ints) -> Ints:
    """Return customer and day as one sortable number."""
    return (np.asarray(customer, dtype=np.int64) << DAY_BITS) + day


def arrears_of(items: DataFrame) -> Arrears:
    """Return the overdue balances that items with ``customer due_day paid_day base`` make.

    All items must be settled some day, else balances would run on into the next customer. A last
    stretch of one day that belongs to nobody ends the table, so it is never empty.
    """
    late = items[items["paid_day"] > items["due_day"] + 1]
    customer, base = late["customer"].to_numpy(), late["base"].to_numpy()
    key = np.concatenate([pack(customer, late["due_day"].to_numpy() + 1), pack(customer, late["paid_day"].to_numpy())])
    order = np.argsort(key, kind="stable")
    key, balance = key[order], np.cumsum(np.concatenate([base, -base])[order])
    last = np.r_[key[1:] != key[:-1], True][: len(key)]
    return Arrears(np.r_[key[last], NOBODY, NOBODY + 1], np.r_[balance[last], MATERIAL_MINOR + 1, 0])


def clear_long_arrears(items: DataFrame, *, rng: Generator) -> DataFrame:
    """Return the items with arrears of performing customers cleared before they grow too old.

    A stretch of material arrears that would outlast `LONGEST_ARREARS_DAYS` is cleared at once every 60
    to 80 days: what dunning obtains from a customer that can pay.
    """
    cleared = items
    for _ in range(CLEARING_ROUNDS):
        starts, ends = arrears_of(cleared).stretches()
        is_long = ends - starts > LONGEST_ARREARS_DAYS
        if not is_long.any():
            return cleared
        cleared = _clear(cleared, starts, ends, is_long, rng)
    return cleared


def _clear(items: DataFrame, starts: Ints, ends: Ints, is_long: Bools, rng: Generator) -> DataFrame:
    step = rng.integers(60, LONGEST_ARREARS_DAYS + 1, len(starts))
    first = pack(items["customer"].to_numpy(), items["due_day"].to_numpy() + 1)
    last = pack(items["customer"].to_numpy(), items["paid_day"].to_numpy()) - 1
    place = np.searchsorted(starts, last, side="right") - 1
    inside = (place >= 0) & is_long[np.maximum(place, 0)]
    place = np.maximum(place, 0)
    inside &= (first < ends[place]) & (last >= starts[place])
    turn = np.maximum(-(-(first - starts[place]) // step[place]), 1)
    clearing = to_workday((starts[place] + turn * step[place]) & ((1 << DAY_BITS) - 1))
    paid = items["paid_day"].to_numpy()
    return items.assign(paid_day=np.where(inside, np.minimum(paid, clearing), paid))


def arrears_start(items: DataFrame, arrears: Arrears, *, customer: Ints, stop_day: Ints) -> Ints:
    """Return the first day of material arrears if a customer pays nothing from a day on.

    Parameters
    ----------
    items : items of performing customers, ``customer due_day paid_day base``
    arrears : their overdue balances
    customer, stop_day : customers and the first day without payment, one pair per case

    Returns
    -------
    whole days; `NEVER` where no material amount falls due.
    """
    starts, _ = arrears.stretches()
    balance = arrears.balance_at(customer, stop_day - 1)
    running = np.searchsorted(starts, pack(customer, stop_day - 1), side="right") - 1
    running_day = starts[np.maximum(running, 0)] & ((1 << DAY_BITS) - 1)
    found = np.where(balance > MATERIAL_MINOR, running_day, NEVER)
    ordered = items.sort_values(["customer", "due_day"], kind="stable")
    key = pack(ordered["customer"].to_numpy(), ordered["due_day"].to_numpy())
    owner, due = ordered["customer"].to_numpy(), ordered["due_day"].to_numpy()
    paid, base = ordered["paid_day"].to_numpy(), ordered["base"].to_numpy()
    place = np.searchsorted(key, pack(customer, stop_day - 1), side="left")
    open_cases = np.flatnonzero(found == NEVER)
    for _ in range(SEARCHED_ITEMS):
        at = place[open_cases]
        open_cases = open_cases[(at < len(key)) & (owner[np.minimum(at, len(key) - 1)] == customer[open_cases])]
        if not len(open_cases):
            break
        at = place[open_cases]
        balance[open_cases] += np.where(paid[at] >= stop_day[open_cases], base[at], 0)
        material = balance[open_cases] > MATERIAL_MINOR
        found[open_cases[material]] = due[at[material]] + 1
        place[open_cases] += 1
        open_cases = open_cases[~material]
    return found
