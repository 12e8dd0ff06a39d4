"""Ways to foresee when open items bring in cash: one decorated function each.

Rules give every item one day; models give it a chance for every day. To add a method, write a
function from `Known` to `Schedule` and decorate it; backtest, choice and tables take it in.
"""

from dataclasses import dataclass

import numpy as np

from riskresearch.base.registry import Registry
from riskresearch.behaviour.receipts.habits import Habits
from riskresearch.behaviour.receipts.hazard import Hazard, daily_chances
from riskresearch.behaviour.receipts.paths import LOST, NO_CASH, RECEIVED, Floats, Ints, Paths

STALE_DAYS = 90


@dataclass(frozen=True)
class ForecastMethod:
    """Declaration of a method: labels, and whether it is a model or a rule anyone can apply by hand."""

    label_en: str
    label_fr: str
    is_model: bool = False


@dataclass(frozen=True)
class Known:
    """What a method may use: the open items of an evening and what was known then.

    Parameters
    ----------
    paths : items; a method reads their terms and amounts, never their later acts
    habits : how customers paid until the evening
    item, open : rows of the open items and their open amounts, minor units
    hazard, life_table : fitted on what happened until the evening
    n_days : days to foresee one by one
    n_days_later : days after these in which what comes still counts as received later
    """

    paths: Paths
    habits: Habits
    item: Ints
    open: Floats
    hazard: Hazard
    life_table: Hazard
    n_days: int
    n_days_later: int = 0


@dataclass(frozen=True)
class Schedule:
    """Foreseen shares of each open amount; the parts of an item add up to 1.

    Parameters
    ----------
    daily : received on each of the next days: items × days
    later : received after these days
    no_cash, lost : settled without cash, lost, in all that time
    open : still open at its end
    """

    daily: Floats
    later: Floats
    no_cash: Floats
    lost: Floats
    open: Floats


FORECAST_METHODS = Registry[ForecastMethod]("forecast_method")


@FORECAST_METHODS.register(ForecastMethod("Due date", "Échéance"))
def due_date(known: Known) -> Schedule:
    """Every item on its due date; an overdue one on the next day, none that is more than 90 days overdue."""
    return _on_day(known, np.zeros(len(known.item)))


@FORECAST_METHODS.register(ForecastMethod("Due date + customer's mean delay", "Échéance + retard moyen du client"))
def mean_delay(known: Known) -> Schedule:
    """Every item on its due date plus the customer's mean delay, drawn to the mean of all by count."""
    return _on_day(known, known.habits.mean_delay[known.paths.customer[known.item]])


@FORECAST_METHODS.register(ForecastMethod("Due date + customer's last delay", "Échéance + dernier retard du client"))
def last_delay(known: Known) -> Schedule:
    """Every item on its due date plus the delay of the item the customer settled last."""
    return _on_day(known, known.habits.last_delay[known.paths.customer[known.item]])


@FORECAST_METHODS.register(ForecastMethod("Survival curve of all items", "Courbe de survie de l'ensemble", True))
def survival_curve(known: Known) -> Schedule:
    """Every item by the curve of days from due date of all items, from where it stands on the curve."""
    return _by_hazard(known, known.life_table)


@FORECAST_METHODS.register(ForecastMethod("Daily hazard of payment", "Risque quotidien de paiement", True))
def hazard(known: Known) -> Schedule:
    """Every item by its daily chance of payment: due date, calendar, amount and the customer's own habits."""
    return _by_hazard(known, known.hazard)


def expected_days(schedule: Schedule) -> Floats:
    """Return the mean days until the receipt, what comes after the foreseen days counted as their last."""
    n_days = schedule.daily.shape[1]
    return np.asarray(n_days - (schedule.daily * np.arange(n_days - 1, -1, -1)).sum(axis=1))


def middle_days(schedule: Schedule) -> Floats:
    """Return the first day by which half is foreseen to have come; the last day where it is not by then."""
    reached = np.cumsum(schedule.daily, axis=1) >= 0.5
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, float(reached.shape[1]))


def weekly(schedule: Schedule) -> Floats:
    """Return the shares by week: items × weeks."""
    n_items, n_days = schedule.daily.shape
    return np.asarray(schedule.daily.reshape(n_items, n_days // 7, 7).sum(axis=2))


def _on_day(known: Known, delay: Floats) -> Schedule:
    """The whole amount on the due date plus a delay, at the earliest on the next day."""
    today = known.habits.day
    due = known.paths.due[known.item]
    after = np.maximum(due + np.rint(delay).astype("int64") - today, 1)
    is_stale = today - due > STALE_DAYS
    daily = np.zeros((len(after), known.n_days))
    rows = np.flatnonzero((after <= known.n_days) & ~is_stale)
    daily[rows, after[rows] - 1] = 1.0
    later = ((after > known.n_days) & (after <= known.n_days + known.n_days_later) & ~is_stale).astype("float64")
    none = np.zeros(len(after))
    return Schedule(daily, later, none, none, 1.0 - daily.sum(axis=1) - later)


def _by_hazard(known: Known, daily_hazard: Hazard) -> Schedule:
    """Chance of each day: still open until then, times the chance of the day."""
    n_items = len(known.item)
    daily, ends, still = np.zeros((n_items, known.n_days)), np.zeros((n_items, 3)), np.ones(n_items)
    for step in range(1, known.n_days + known.n_days_later + 1):
        chances = daily_chances(daily_hazard, known.paths, known.habits, known.item, known.habits.day + step)
        happened = chances * still[:, None]
        if step <= known.n_days:
            daily[:, step - 1] = happened[:, RECEIVED]
        else:
            ends[:, RECEIVED] += happened[:, RECEIVED]
        ends[:, [NO_CASH, LOST]] += happened[:, [NO_CASH, LOST]]
        still = still - happened.sum(axis=1)
    return Schedule(daily, ends[:, RECEIVED], ends[:, NO_CASH], ends[:, LOST], np.maximum(still, 0.0))
