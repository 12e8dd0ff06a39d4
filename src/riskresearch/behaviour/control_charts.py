"""Control charts of days late: CUSUM and EWMA against each customer's own earlier payments.

With a known level and spread (`cusum`, `ewma`) the statistics are in standard deviations of the
series. On a ledger neither is known, so `monitor` learns both from the payments before each payment
and scores the payment so that, while nothing changes, scores are standard normal whatever the number
of payments learnt from (Q statistics: Quesenberry 1991; self-starting CUSUM: Hawkins 1987). Plugging a
mean and deviation of eight payments into a chart instead would raise several times the false alarms.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series
from pydantic import Field
from scipy.signal import lfilter

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import SettingsError

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHARTS = ("cusum", "ewma")
_CHART_COLUMNS = ("n_earlier", "mean", "sigma", "score", "statistic", "limit", "alarm")
_AT_ZERO = 1e-12  # a moving average this close to 0 after many values stands at 0


class ChartSettings(StageSettings):
    """Control charts of days late."""

    cusum_slack_sigmas: float = Field(
        0.5, gt=0, le=3, description="CUSUM: half the shift to be found, in standard deviations; source: Page 1954"
    )
    cusum_limit_sigmas: float = Field(
        5.0, gt=0, le=20, description="CUSUM: alarm above this; source: Montgomery, table 9.3 (one side, 930 payments)"
    )
    ewma_weight_ratio: float = Field(
        0.2, gt=0, le=1, description="EWMA: weight of the latest payment; source: Lucas and Saccucci 1990"
    )
    ewma_limit_sigmas: float = Field(
        3.0, gt=0, le=10, description="EWMA: width of the limits; source: Lucas and Saccucci 1990 (560 payments)"
    )
    chart_min_payments: int = Field(
        8, ge=3, le=100, description="payments that a customer's level and spread are learnt from at least"
    )
    sigma_floor_days: float = Field(
        2.0,
        gt=0,
        le=30,
        description="smallest standard deviation of days late: a customer that always paid on the same day is not "
        "judged more finely than a weekend moves a transfer",
    )


def cusum(
    values: ArrayLike, *, mean: float, sigma: float, slack_sigmas: float = 0.5, limit_sigmas: float = 5.0
) -> DataFrame:
    """Tabular CUSUM of a series with a known mean and standard deviation.

    Upper: C⁺ = max(0, C⁺ before + (x − mean) / sigma − slack), lower: C⁻ = max(0, C⁻ before − (x − mean) / sigma
    − slack); both start at 0 and are not reset after an alarm (Page 1954; Montgomery, Introduction to
    Statistical Quality Control, chapter 9).

    Returns
    -------
    DataFrame ``upper lower is_alarm`` in standard deviations, one row per value; an alarm is a value above the limit.

    Examples
    --------
    >>> cusum([4, 6, 5, 7, 5, 9, 12, 14, 13, 16], mean=5, sigma=2)["upper"].tolist()
    [0.0, 0.0, 0.0, 0.5, 0.0, 1.5, 4.5, 8.5, 12.0, 17.0]
    """
    scores = (np.asarray(values, dtype=float) - mean) / _positive(sigma)
    upper, lower = _above_zero(scores - slack_sigmas), _above_zero(-scores - slack_sigmas)
    return DataFrame({"upper": upper, "lower": lower, "is_alarm": (upper > limit_sigmas) | (lower > limit_sigmas)})


def ewma(
    values: ArrayLike, *, mean: float, sigma: float, weight_ratio: float = 0.2, limit_sigmas: float = 3.0
) -> DataFrame:
    """Exponentially weighted moving average of a series with a known mean and standard deviation.

    z = w x + (1 − w) z before, from z = mean; limits mean ± L sigma √(w / (2 − w) (1 − (1 − w)^2i)) at the i-th
    value (Roberts 1959; Lucas and Saccucci 1990).

    Returns
    -------
    DataFrame ``level limit is_alarm``, one row per value: level in the unit of the series, limit the distance
    from the mean that raises an alarm.

    Examples
    --------
    >>> chart = ewma([4, 6, 5, 7, 5, 9, 12, 14, 13, 16], mean=5, sigma=2)
    >>> int(chart["is_alarm"].idxmax()) + 1, chart.loc[6, ["level", "limit"]].astype(float).round(3).tolist()
    (7, [7.258, 1.956])
    """
    series = Series(np.r_[mean, np.asarray(values, dtype=float)])
    level = series.ewm(alpha=weight_ratio, adjust=False).mean().to_numpy()[1:]
    limit = _ewma_limit(np.arange(1, len(level) + 1), weight_ratio, limit_sigmas) * _positive(sigma)
    return DataFrame({"level": level, "limit": limit, "is_alarm": np.abs(level - mean) > limit})


def monitor(points: DataFrame, settings: ChartSettings, *, chart_code: str) -> DataFrame:
    """Control chart of many series at once, each against its own earlier values.

    The level and the spread of a series are the mean and the standard deviation (n − 1) of its earlier values, at
    least `chart_min_payments`; a smaller spread than `sigma_floor_days` counts as that. A value is scored by
    t = (x − mean) / sigma √(n / (n + 1)), brought from Student's law with n − 1 degrees of freedom to the normal one.
    After an alarm the chart starts at 0 and the values since the drift began (since the chart last stood at 0 on
    that side) are the new earlier values.

    Parameters
    ----------
    points : ``series value`` in the order of time within each series; `series` numbered from 0
    settings : slack, limits, weights, floor
    chart_code : cusum or ewma

    Returns
    -------
    DataFrame with the index of `points`: ``n_earlier mean sigma score statistic limit alarm`` – statistic of the upper
    side in standard deviations, alarm 1 above the upper limit, −1 below the lower one, else 0.
    """
    if chart_code not in CHARTS:
        raise SettingsError(f"chart_code {chart_code!r} is unknown; charts are {', '.join(CHARTS)}")
    values = points["value"].to_numpy("float64")
    found = {name: np.full(len(values), np.nan) for name in _CHART_COLUMNS}
    row, series, is_watched = np.arange(len(values)), points["series"].to_numpy("int64"), np.ones(len(values), bool)
    while len(row):
        chart = _chart(values[row], series, is_watched, settings, chart_code)
        place = np.arange(len(row))
        alarm = _first_alarms(chart, series)
        final = chart["is_ready"] & (place <= alarm)
        for name in _CHART_COLUMNS:
            found[name][row[final]] = chart[name][final]
        goes_on = (alarm < len(row)) & (place >= _drift_starts(chart, alarm))
        row, series, is_watched = row[goes_on], series[goes_on], (place > alarm)[goes_on]
    return DataFrame(found, index=points.index).fillna({"alarm": 0}).astype({"alarm": "int64"})


def _chart(
    values: Array, series: Rows, is_watched: Flags, settings: ChartSettings, chart_code: str
) -> dict[str, NDArray[Any]]:
    """The chart of each series as if there were no alarm; values that are not watched are only learnt from."""
    start = np.flatnonzero(np.r_[True, np.diff(series) != 0])
    count = np.arange(len(values)) - np.repeat(start, np.diff(np.r_[start, len(values)]))
    centre = np.repeat(values[start], np.diff(np.r_[start, len(values)]))
    gap = values - centre
    sums = DataFrame({"x": gap, "xx": gap**2}).groupby(series).cumsum().to_numpy() - np.c_[gap, gap**2]
    n = np.maximum(count, 1)
    mean = sums[:, 0] / n
    sigma = np.sqrt(np.maximum(sums[:, 1] - n * mean**2, 0.0) / np.maximum(count - 1, 1))
    sigma = np.maximum(sigma, settings.sigma_floor_days)
    is_ready = is_watched & (count >= settings.chart_min_payments)
    score = np.where(is_ready, _score(gap - mean, sigma, count), 0.0)
    turn = np.maximum(Series(is_ready.astype(float)).groupby(series).cumsum().to_numpy(), 1.0)
    high, low, limit = (
        _cusums(score, series, settings) if chart_code == "cusum" else _ewmas(score, turn, count, settings)
    )
    alarm = np.where(is_ready & (high > limit), 1, np.where(is_ready & (low > limit), -1, 0))
    columns = (count, mean + centre, sigma, score, high, limit, alarm)
    return dict(zip(_CHART_COLUMNS, columns, strict=True)) | {"low": low, "is_ready": is_ready, "series": series}


def _cusums(score: Array, series: Rows, settings: ChartSettings) -> tuple[Array, Array, Array]:
    sides = []
    for sign in (1.0, -1.0):
        total = Series(sign * score - settings.cusum_slack_sigmas).groupby(series).cumsum()
        sides.append((total - total.groupby(series).cummin().clip(upper=0.0)).to_numpy())
    return sides[0], sides[1], np.full(len(score), settings.cusum_limit_sigmas)


def _ewmas(score: Array, turn: Array, count: Rows, settings: ChartSettings) -> tuple[Array, Array, Array]:
    """One filter over all series, less what each inherits from the series before it."""
    kept = 1 - settings.ewma_weight_ratio
    level = lfilter([settings.ewma_weight_ratio], [1.0, -kept], score)
    first = np.flatnonzero(count == 0)
    inherited = np.repeat(np.r_[0.0, level][first], np.diff(np.r_[first, len(score)]))
    own = level - inherited * kept ** (count + 1.0)
    limit = _ewma_limit(turn, settings.ewma_weight_ratio, settings.ewma_limit_sigmas)
    return own, -own, limit


def _first_alarms(chart: dict[str, NDArray[Any]], series: Rows) -> Rows:
    """Place of the first alarm of the series of each value; the number of values where there is none."""
    place = np.where(chart["alarm"] != 0, np.arange(len(series)), len(series))
    start = np.flatnonzero(np.r_[True, np.diff(series) != 0])
    return np.repeat(np.minimum.reduceat(place, start), np.diff(np.r_[start, len(series)]))


def _drift_starts(chart: dict[str, NDArray[Any]], alarm: Rows) -> Rows:
    """Place of the value with which the drift before the first alarm began: the chart stood at 0 before it."""
    place = np.arange(len(alarm))
    at = np.minimum(alarm, len(alarm) - 1)
    starts = [
        np.maximum.accumulate(np.where(chart[side] <= _AT_ZERO, place, -1))[at] + 1 for side in ("statistic", "low")
    ]
    return np.where(chart["alarm"][at] > 0, starts[0], starts[1])


def _score(gap: Array, sigma: Array, n: Rows) -> Array:
    """Normal score of a Student ratio with n − 1 degrees of freedom, Wallace (1959); within 0.04 from 7 on."""
    freedom = np.maximum(n, 2) - 1.0
    t = gap / sigma * np.sqrt((freedom + 1) / (freedom + 2))
    depth = (8 * freedom + 1) / (8 * freedom + 3) * np.sqrt(freedom * np.log1p(t**2 / freedom))
    return np.asarray(np.copysign(depth, t))


def _ewma_limit(n: NDArray[np.integer] | Array, weight: float, width: float) -> Array:
    return np.asarray(width * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * np.asarray(n, dtype=float)))))


def _above_zero(steps: Array) -> Array:
    """Running sum that is set back to 0 whenever it falls below."""
    total = np.cumsum(steps)
    return np.asarray(total - np.minimum(np.minimum.accumulate(total), 0.0))


def _positive(sigma: float) -> float:
    if not sigma > 0:
        raise SettingsError(f"sigma is {sigma}; a control chart needs a positive one, such as sigma_floor_days")
    return sigma
