"""Signals from the days late of payments: drift, change of level, spread."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.behaviour.change_points import cut_levels
from riskresearch.behaviour.control_charts import ChartSettings, monitor
from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.registry import SIGNALS, Signal, found
from riskresearch.behaviour.warnings.sequences import Array, Flags, Rows, first_rows, last_rows, run_starts
from riskresearch.behaviour.warnings.settings import WarningSettings

_NEEDS = ("payments", "allocations")


@SIGNALS.register(
    Signal("Payments drift later (EWMA)", "Dérive des retards (EWMA)", "behaviour", "sigmas", _NEEDS, True)
)
def drift_ewma(view: View, settings: WarningSettings) -> DataFrame:
    """The moving average of days late passes its upper limit: the customer pays later than it used to."""
    return _drift(view, settings, "ewma")


@SIGNALS.register(
    Signal("Payments drift later (CUSUM)", "Dérive des retards (CUSUM)", "behaviour", "sigmas", _NEEDS, True)
)
def drift_cusum(view: View, settings: WarningSettings) -> DataFrame:
    """The cumulative sum of days late passes its upper limit: the customer pays later than it used to."""
    return _drift(view, settings, "cusum")


@SIGNALS.register(
    Signal("Days late on a higher level", "Retards à un niveau plus élevé", "behaviour", "days", _NEEDS, True)
)
def delay_level_rise(view: View, settings: WarningSettings) -> DataFrame:
    """The latest change of level of a customer's days late is upward, recent, and more than chance."""
    points = _latest(view.points, settings.change_payments)
    changes = level_rises(points["customer"].to_numpy("int64"), points["days_late"].to_numpy(float), settings)
    row = changes["first_row"].to_numpy("int64")
    changes = changes.assign(
        customer=points["customer"].to_numpy()[row],
        change_day=points["day"].to_numpy()[row],
        known_day=points["known"].to_numpy()[row],
    )
    recent = changes[changes["known_day"] > view.day - settings.news_days]
    seen = _first_seen(points, recent, settings)
    return found(
        recent["customer"],
        severity="medium",
        signal_day=points["known"].to_numpy()[seen],
        value=recent["change_size"].to_numpy(),
        threshold=np.maximum(recent["least_size"], settings.change_min_days).to_numpy(),
        change_day=recent["change_day"].to_numpy(),
        days_late_before=recent["level_before"].to_numpy(),
        days_late_after=recent["level_after"].to_numpy(),
        n_payments_after=recent["n_after"].to_numpy(),
    )


@SIGNALS.register(Signal("Days late spread widely", "Retards devenus irréguliers", "behaviour", "ratio", _NEEDS, True))
def delay_volatility(view: View, settings: WarningSettings) -> DataFrame:
    """The spread of the latest payments' days late is more than twice that of all payments before them."""
    points = view.points
    owner, known = points["customer"].to_numpy("int64"), points["known"].to_numpy(float)
    ratio = spread_ratio(owner, points["days_late"].to_numpy(float), settings)
    start, last = run_starts(owner, ratio > settings.volatility_ratio), last_rows(owner)
    chosen = (start >= 0) & (known[last] > view.day - settings.alarm_days)
    row = last[chosen]
    return found(
        owner[row],
        severity="low",
        signal_day=known[start[chosen]],
        value=ratio[row],
        threshold=settings.volatility_ratio,
        payment_day=points["day"].to_numpy()[row],
        n_payments=settings.volatility_payments,
    )


def level_rises(owner: Rows, days_late: Array, settings: WarningSettings) -> DataFrame:
    """Return the last change of level of each owner where it is a rise that matters, see `cut_levels`.

    An owner with fewer values than a control chart learns from, plus a new level, has none.
    """
    least = settings.chart_min_payments + settings.change_min_values
    count = np.bincount(owner, minlength=1)[owner] if len(owner) else owner
    kept = np.flatnonzero(count >= least)
    changes = cut_levels(days_late[kept], owner[kept], settings)
    rises = changes[changes["is_last"].astype(bool) & (changes["change_size"] >= settings.change_min_days)]
    return rises.assign(first_row=kept[rises["first_row"].to_numpy("int64")])


def spread_ratio(owner: Rows, days_late: Array, settings: WarningSettings) -> Array:
    """Return the spread of each owner's latest values over that of all before them, at every row; NaN where too few.

    Standard deviations (n − 1), each at least `sigma_floor_days`.
    """
    if len(owner) == 0:
        return np.empty(0)
    starts = first_rows(owner)
    start = np.repeat(starts, np.diff(np.r_[starts, len(owner)]))
    centred = days_late - days_late[start]
    sums = np.r_[0.0, np.cumsum(centred)], np.r_[0.0, np.cumsum(centred**2)]
    row = np.arange(len(owner))
    cut = row + 1 - settings.volatility_payments
    enough = cut - start >= settings.chart_min_payments
    cut = np.where(enough, cut, start)
    before, latest = _spread(sums, start, cut), _spread(sums, cut, row + 1)
    floor = settings.sigma_floor_days
    return np.where(enough, np.maximum(latest, floor) / np.maximum(before, floor), np.nan)


def upper_alarms(owner: Rows, days_late: Array, settings: ChartSettings, chart_code: str) -> DataFrame:
    """Return the control chart of every owner, see `monitor`, with `alarm` 1 on payments that are too late."""
    series = np.cumsum(np.r_[0, np.diff(owner) != 0]) if len(owner) else owner
    return monitor(DataFrame({"series": series, "value": days_late}), settings, chart_code=chart_code)


def _drift(view: View, settings: WarningSettings, chart_code: str) -> DataFrame:
    points = view.points
    chart = upper_alarms(
        points["customer"].to_numpy("int64"), points["days_late"].to_numpy(float), settings, chart_code
    )
    stands = (chart["alarm"] == 1) & (points["known"] > view.day - settings.alarm_days)
    rows = points[stands].join(chart[stands])
    rows = rows[~rows["customer"].duplicated(keep="last")]
    items = view.facts.items["invoice_id"].to_numpy()
    return found(
        rows["customer"],
        severity="medium",
        signal_day=rows["known"].to_numpy(),
        value=rows["statistic"].to_numpy(),
        threshold=rows["limit"].to_numpy(),
        payment_day=rows["day"].to_numpy(),
        invoice_id=items[rows["item"].to_numpy("int64")],
        days_late=rows["days_late"].to_numpy(),
        usual_days_late=rows["mean"].to_numpy(),
        usual_spread_days=rows["sigma"].to_numpy(),
        n_payments=rows["n_earlier"].to_numpy(),
    )


def _latest(points: DataFrame, n: int) -> DataFrame:
    """The last `n` points of each customer."""
    owner = points["customer"].to_numpy("int64")
    last = last_rows(owner)
    end = np.repeat(last, np.diff(np.r_[-1, last]))
    return points[end - np.arange(len(owner)) < n].reset_index(drop=True)


def _first_seen(points: DataFrame, recent: DataFrame, settings: WarningSettings) -> Rows:
    """Row of the payment from which on each rise would have been seen, without interruption, day after day.

    Every shorter past of these customers since the new level began is looked at like the whole one.
    """
    owner, late = points["customer"].to_numpy("int64"), points["days_late"].to_numpy(float)
    starts, last = np.searchsorted(owner, recent["customer"]), np.searchsorted(owner, recent["customer"], "right") - 1
    first_end = recent["first_row"].to_numpy("int64") + settings.change_min_values - 1
    n_pasts = last - first_end + 1
    rise = np.repeat(np.arange(len(recent)), n_pasts)
    end = first_end[rise] + _counted_within(n_pasts)
    is_seen = risen_pasts(late, starts[rise], end, settings)
    first = run_starts(rise, is_seen)
    return np.where(first >= 0, end[np.maximum(first, 0)], last) if len(rise) else last


def risen_pasts(days_late: Array, start: Rows, end: Rows, settings: WarningSettings) -> NDArray[np.bool_]:
    """Tell for each stretch of rows, both ends included, whether a rise of level stands at its end."""
    length = end - start + 1
    past = np.repeat(np.arange(len(start)), length)
    rises = level_rises(past, days_late[start[past] + _counted_within(length)], settings)
    seen: Flags = np.zeros(len(start), dtype=bool)
    seen[rises["series"].to_numpy("int64")] = True
    return seen


def _counted_within(length: Rows) -> Rows:
    """0, 1, 2, … for each length in turn."""
    return np.asarray(np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length))


def _spread(sums: tuple[Array, Array], first: Rows, stop: Rows) -> Array:
    """Standard deviation of the rows first … stop − 1."""
    n = np.maximum(stop - first, 2)
    total, squares = sums[0][stop] - sums[0][first], sums[1][stop] - sums[1][first]
    return np.asarray(np.sqrt(np.maximum(squares - total**2 / n, 0.0) / (n - 1)))
