"""False alarms under no change: payments drawn again and again from each customer's own days late."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.behaviour.warnings.drift import risen_pasts, spread_ratio, upper_alarms
from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.sequences import Array, Flags, Rows, first_rows
from riskresearch.behaviour.warnings.settings import WarningSettings


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms of a signal by customer.

    Parameters
    ----------
    alarms : alarms of the customer's simulated series
    payments : simulated payments on which an alarm was possible
    years : the time these payments would take at the customer's own rhythm
    """

    alarms: Array
    payments: Array
    years: Array


def false_alarms(view: View, settings: WarningSettings, *, rng: Generator) -> dict[str, FalseAlarms]:
    """Return the false alarms of the signals on days late, simulated under no change.

    Each series draws its payments independently, with replacement, from the days late of one customer, so its level
    and spread never change and every alarm is false. Customers with enough payments are taken in turn.

    Parameters
    ----------
    view : the ledger on the last day
    settings : number and length of series; thresholds of the signals
    rng : chance

    Returns
    -------
    dict by signal; empty arrays where no customer has enough payments.
    """
    points = view.points
    owner = points["customer"].to_numpy("int64")
    first, count = first_rows(owner), np.bincount(owner)[owner[first_rows(owner)]] if len(owner) else owner
    span = _years(points, first, count)
    enough = (count >= settings.chart_min_payments) & (span > 0)
    first, count, span = first[enough], count[enough], span[enough]
    if len(first) == 0:
        return {name: FalseAlarms(np.empty(0), np.empty(0), np.empty(0)) for name in _ALARMS}
    n, length = settings.simulated_series, settings.simulated_payments
    model = np.arange(n) % len(first)
    drawn = first[model][:, None] + (rng.random((n, length)) * count[model][:, None]).astype("int64")
    late = points["days_late"].to_numpy(float)[drawn].ravel()
    series = np.repeat(np.arange(n), length)
    pace = (count - 1) / span
    return {
        name: _by_model(rule(series, late, settings), model, pace, length - least(settings))
        for name, (rule, least) in _ALARMS.items()
    }


def _years(points: DataFrame, first: Rows, count: Rows) -> Array:
    """Years from each customer's first payment to its last."""
    known = points["known"].to_numpy(float)
    return (known[first + count - 1] - known[first]) / 365.25 if len(first) else np.empty(0)


def _by_model(alarms: Flags, model: Rows, pace: Array, n_watched: int) -> FalseAlarms:
    per_series = alarms.reshape(len(model), -1).sum(axis=1).astype(float)
    payments = np.bincount(model, minlength=len(pace)).astype("float64") * n_watched
    alarmed = np.bincount(model, weights=per_series, minlength=len(pace)).astype("float64")
    return FalseAlarms(alarmed, payments, np.asarray(payments / pace, dtype="float64"))


def _chart_alarms(chart_code: str) -> "_Rule":
    def alarms(series: Rows, late: Array, settings: WarningSettings) -> Flags:
        return np.asarray(upper_alarms(series, late, settings, chart_code)["alarm"] == 1)

    return alarms


def _volatile(series: Rows, late: Array, settings: WarningSettings) -> Flags:
    return _begins(spread_ratio(series, late, settings) > settings.volatility_ratio, series)


def _risen(series: Rows, late: Array, settings: WarningSettings) -> Flags:
    """Payments after which a rise of level stands that did not stand before, each seen with what was known then."""
    end = np.arange(len(late))
    start = np.maximum(first_rows(series)[series], end - settings.change_payments + 1)
    return _begins(risen_pasts(late, start, end, settings), series)


def _begins(flag: Flags, series: Rows) -> Flags:
    before = np.r_[False, flag[:-1]] & (np.r_[-1, series[:-1]] == series)
    return flag & ~before


_Rule = Callable[[Rows, Array, WarningSettings], Flags]
_ALARMS: dict[str, tuple[_Rule, Callable[[WarningSettings], int]]] = {
    "drift_ewma": (_chart_alarms("ewma"), lambda s: s.chart_min_payments),
    "drift_cusum": (_chart_alarms("cusum"), lambda s: s.chart_min_payments),
    "delay_level_rise": (_risen, lambda s: s.chart_min_payments + s.change_min_values - 1),
    "delay_volatility": (_volatile, lambda s: s.chart_min_payments + s.volatility_payments - 1),
}
