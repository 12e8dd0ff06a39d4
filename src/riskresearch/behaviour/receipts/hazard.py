"""Discrete-time hazard of payment: the chance that an open amount is settled on a given day.

One row per open span and day (weekends too: their own class tells that hardly anything moves). The
daily log odds of a receipt are a sum of effects of classes: days from the due date, days from the
customer's own mean and last delay, weekday and place in the month and the customer's habit for
them, size of the amount, and number of items the customer has settled. What the customer adds is
drawn to the mean of all customers by the length of its history, and enters as it was known on the
evening before the month in which the day falls, so the effects are learnt as they will be used. A
part payment counts as the part of the open amount that it settles; what is left open stays at risk.
Settlement without cash and loss are rare and have a rate of their own by days past due.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from riskresearch.behaviour.receipts.habits import N_MONTH_PLACES, N_WEEKDAYS, Habits, month_place, weekday
from riskresearch.behaviour.receipts.logit import Cells, counted, fit_logit, packed, together
from riskresearch.behaviour.receipts.paths import LOST, NO_CASH, RECEIVED, Floats, Ints, Paths

DUE_EDGES = (-60, -45, -30, -21, *range(-15, 17), 18, 21, 25, 28, 30, 32, 35, 40, 45, 60, 90, 120, 180, 365)
OWN_EDGES = (-30, -15, -8, -5, -3, -2, -1, 0, 1, 2, 3, 4, 6, 9, 13, 20, 30, 60)
HABIT_EDGES = (-0.8, -0.2, 0.2, 0.8)
SETTLED_EDGES = (1, 4, 11, 31)
LATE_EDGES = (1, 31, 91, 181, 366)
FACTORS = {
    "days_from_due": len(DUE_EDGES) + 1,
    "days_from_mean": len(OWN_EDGES) + 1,
    "days_from_last": len(OWN_EDGES) + 1,
    "weekday": N_WEEKDAYS,
    "weekday_habit": len(HABIT_EDGES) + 1,
    "month_place": N_MONTH_PLACES,
    "month_habit": len(HABIT_EDGES) + 1,
    "amount": 3,
    "n_settled": len(SETTLED_EDGES) + 1,
}
SIZES = tuple(FACTORS.values())
RIDGE_ROWS = 1.0
SPANS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Experience:
    """Item-days at risk and what they brought.

    Parameters
    ----------
    cells : item-days and received shares by combination of classes
    late_days : item-days by class of days past due
    late_ends : shares of open amounts settled without cash and lost, by class of days past due
    """

    cells: Cells
    late_days: Floats
    late_ends: Floats

    def __add__(self, other: "Experience") -> "Experience":
        return Experience(
            together(self.cells, other.cells), self.late_days + other.late_days, self.late_ends + other.late_ends
        )


@dataclass(frozen=True)
class Hazard:
    """Daily chances of the ends of an open amount.

    Parameters
    ----------
    effects : log odds of a receipt by class of each factor, and the constant last
    late_rates : daily chance of settlement without cash and of loss, by class of days past due
    """

    effects: Floats
    late_rates: Floats


def experience(paths: Paths, habits: Habits, *, until: int) -> Experience:
    """Return what happened on the days after those of the habits, up to a day.

    Parameters
    ----------
    paths : items
    habits : what was known of the customers on the evening before the first day
    until : last day
    """
    spans = paths.spans
    rows = np.flatnonzero((spans.start < until) & (spans.end > habits.day))
    parts = [rows[i : i + SPANS_AT_ONCE] for i in range(0, max(len(rows), 1), SPANS_AT_ONCE)]
    found = [_experience(paths, habits, part, until) for part in parts]
    total = found[0]
    for part in found[1:]:
        total = total + part
    return total


def fit_hazard(known: Experience) -> Hazard:
    """Return the hazard that fits what happened; `known` must hold receipts."""
    start = life_table(known).effects
    return Hazard(fit_logit(known.cells, SIZES, ridge=RIDGE_ROWS, start=start), late_rates(known))


def life_table(known: Experience) -> Hazard:
    """Return the hazard by days from the due date alone: received shares over item-days, per class.

    Each class counts one item-day more, with the share of all days, so that none has the chance 0 or 1.
    """
    place = np.unravel_index(known.cells.key, SIZES)[0]
    days = np.bincount(place, weights=known.cells.n_rows, minlength=SIZES[0])
    received = np.bincount(place, weights=known.cells.n_events, minlength=SIZES[0])
    overall = received.sum() / (days.sum() + 1.0)
    constant = float(np.log(overall / (1 - overall)))
    share = (received + overall) / (days + 1.0)
    effects = np.r_[np.log(share / (1 - share)) - constant, np.zeros(sum(SIZES[1:])), constant]
    return Hazard(effects, late_rates(known))


def late_rates(known: Experience) -> Floats:
    """Return the daily rates of settlement without cash and of loss by class of days past due."""
    return np.asarray(known.late_ends / np.maximum(known.late_days, 1.0)[:, None])


def daily_chances(hazard: Hazard, paths: Paths, habits: Habits, item: Ints, day: int) -> Floats:
    """Return the chances of each end on a day for items open on the evening before: items × ends."""
    days = np.full(len(item), day)
    places = classes(paths, habits, item, days) + np.cumsum((0, *SIZES[:-1]))
    received = expit(hazard.effects[places].sum(axis=1) + hazard.effects[-1])
    other = hazard.late_rates[np.searchsorted(LATE_EDGES, days - paths.due[item], side="right")]
    chances = np.empty((len(item), 3))
    chances[:, RECEIVED], chances[:, NO_CASH], chances[:, LOST] = received, other[:, 0], other[:, 1]
    return chances / np.maximum(chances.sum(axis=1, keepdims=True), 1.0)


def classes(paths: Paths, habits: Habits, item: Ints, day: Ints) -> Ints:
    """Return the class of every factor for items on days: rows × factors."""
    customer, from_due = paths.customer[item], day - paths.due[item]
    on, place = weekday(day), month_place(day)
    columns = (
        np.searchsorted(DUE_EDGES, from_due, side="right"),
        np.searchsorted(OWN_EDGES, from_due - np.rint(habits.mean_delay)[customer], side="right"),
        np.searchsorted(OWN_EDGES, from_due - np.rint(habits.last_delay)[customer], side="right"),
        on,
        np.searchsorted(HABIT_EDGES, habits.weekday_log_ratio[customer, on]),
        place,
        np.searchsorted(HABIT_EDGES, habits.month_log_ratio[customer, place]),
        np.searchsorted(habits.amount_bounds, paths.base[item]),
        np.searchsorted(SETTLED_EDGES, habits.n_settled[customer], side="right"),
    )
    return np.stack(columns, axis=1).astype("int64")


def _experience(paths: Paths, habits: Habits, rows: Ints, until: int) -> Experience:
    spans = paths.spans
    first = np.maximum(spans.start[rows], habits.day) + 1
    n_days = np.minimum(spans.end[rows], until) - first + 1
    row = np.repeat(rows, n_days)
    day = np.arange(len(row)) - np.repeat(np.cumsum(n_days) - n_days, n_days) + np.repeat(first, n_days)
    item = spans.item[row]
    shares = spans.shares[row] * (spans.end[row] == day)[:, None]
    late = np.searchsorted(LATE_EDGES, day - paths.due[item], side="right")
    size = len(LATE_EDGES) + 1
    ends = [np.bincount(late, weights=shares[:, kind], minlength=size) for kind in (NO_CASH, LOST)]
    return Experience(
        counted(packed(classes(paths, habits, item, day), SIZES), shares[:, RECEIVED]),
        np.bincount(late, minlength=size).astype("float64"),
        np.stack(ends, axis=1),
    )
