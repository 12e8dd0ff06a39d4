"""Changes of level in a series: when, by how much, and whether it is more than chance.

Binary segmentation (Scott and Knott 1974): a stretch is cut where the cut lowers the sum of squared
deviations most; the cut stands if it lowers it by more than penalty × σ² × ln n, and both parts are
looked at again. σ² is what is left after the cut, so no noise level has to be given. Many series are
cut at once, one pass over all values per level of cuts.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

LEVEL_CHANGES = Table(
    "level_changes",
    "behaviour",
    "one row per series and change of level",
    ("series_code", "change_date"),
    (
        Column("series_code", "text", "series, for instance an indicator"),
        Column("change_date", "date", "first date on the new level"),
        Column("level_before", "float", "mean from the change before to this one, unit of the series"),
        Column("level_after", "float", "mean from this change to the next one, unit of the series"),
        Column("change_size", "float", "level after less level before"),
        Column("least_size", "float", "smallest size that would have counted as a change here"),
        Column("n_before", "int", "values on the level before"),
        Column("n_after", "int", "values on the level after"),
        Column("is_last", "bool", "no later change in the series"),
    ),
)


class ChangeSettings(StageSettings):
    """Changes of level."""

    change_penalty: float = Field(
        3.0, gt=0, le=20, description="price of a change, times ln n; source: Zhang and Siegmund 2007 (3 ln n)"
    )
    change_min_values: int = Field(3, ge=2, le=50, description="values a level must last for")
    change_floor_days: float = Field(
        2.0, gt=0, le=30, description="smallest standard deviation assumed around a level, days"
    )


def level_changes(series: DataFrame, settings: ChangeSettings) -> DataFrame:
    """Return table `level_changes` of some dated series.

    Parameters
    ----------
    series : ``series_code observation_date value``, any order; empty values are left out
    settings : penalty, shortest level, floor

    Returns
    -------
    DataFrame, one row per change, by series and date.

    Examples
    --------
    >>> dates = pd.date_range("2024-01-31", periods=12, freq="ME").as_unit("us")
    >>> dso = DataFrame({"series_code": "dso", "observation_date": dates, "value": [45.0, 46, 44, 45, 44, 46] * 2})
    >>> len(level_changes(dso, ChangeSettings()))
    0
    >>> later = level_changes(dso.assign(value=dso["value"] + 25 * (dso.index >= 8)), ChangeSettings())
    >>> later["change_date"].dt.date.astype(str).tolist(), later["change_size"].round(2).tolist()
    (['2024-09-30'], [24.62])
    """
    rows = series.dropna(subset=["value"]).sort_values(["series_code", "observation_date"], ignore_index=True)
    code, names = pd.factorize(rows["series_code"])
    cuts = cut_levels(rows["value"].to_numpy("float64"), code.astype("int64"), settings)
    return DataFrame(
        {
            "series_code": names[cuts["series"]].astype("str"),
            "change_date": rows["observation_date"].to_numpy()[cuts["first_row"]],
            **{name: cuts[name] for name in LEVEL_CHANGES.names[2:]},
        }
    )


def cut_levels(values: Array, series: Rows, settings: ChangeSettings) -> DataFrame:
    """Return the changes of level of many series.

    Parameters
    ----------
    values : the series one after the other, each in the order of time
    series : number of the series of each value, ascending
    settings : penalty, shortest level, floor

    Returns
    -------
    DataFrame ``series first_row level_before level_after change_size least_size n_before n_after is_last``, one
    row per change; `first_row` is the row of `values` on which the new level starts.
    """
    length = np.bincount(series, minlength=1)[series] if len(series) else series
    part, least = series.copy(), np.full(len(values), np.nan)
    while True:
        first, size = _best_cuts(values, part, length, settings)
        if len(first) == 0:
            return _described(values, series, least)
        least[first] = size
        part = np.cumsum(np.r_[False, np.diff(series) != 0] | ~np.isnan(least)).astype("int64")


def _best_cuts(values: Array, part: Rows, length: Rows, settings: ChangeSettings) -> tuple[Rows, Array]:
    """First rows after the cuts that stand, at most one per part, and the smallest size that would have stood."""
    if len(values) == 0:
        return np.empty(0, dtype="int64"), np.empty(0)
    starts = np.flatnonzero(np.r_[True, np.diff(part) != 0])
    counts = np.diff(np.r_[starts, len(values)])
    row_part = np.repeat(np.arange(len(starts)), counts)
    total, n = np.add.reduceat(values, starts), counts[row_part]
    centred = values - (total / counts)[row_part]
    before = np.cumsum(centred) - np.r_[0.0, np.cumsum(centred)][starts][row_part]
    n_before = np.arange(len(values)) - starts[row_part] + 1
    n_after = n - n_before
    is_allowed = (n_before >= settings.change_min_values) & (n_after >= settings.change_min_values)
    weight = np.divide(n_before * n_after, n, out=np.ones(len(values)), where=is_allowed)
    gain = np.where(is_allowed, before**2 / weight, -1.0)
    best = np.maximum.reduceat(gain, starts)
    at = np.minimum.reduceat(np.where(gain == best[row_part], np.arange(len(values)), len(values)), starts)
    rest = np.maximum(np.add.reduceat(centred**2, starts) - np.maximum(best, 0.0), 0.0)
    variance = np.maximum(rest / np.maximum(counts - 2, 1), settings.change_floor_days**2)
    needed = settings.change_penalty * variance * np.log(length[starts])
    stands = best > needed
    return at[stands] + 1, np.sqrt(needed / weight[at])[stands]


def _described(values: Array, series: Rows, least: Array) -> DataFrame:
    """Levels around each cut."""
    if len(values) == 0:
        starts = np.empty(0, dtype="int64")
    else:
        starts = np.flatnonzero(np.r_[True, np.diff(series) != 0] | ~np.isnan(least))
    counts = np.diff(np.r_[starts, len(values)])
    level = np.add.reduceat(values, starts) / counts if len(starts) else np.empty(0)
    owner = series[starts]
    is_change = np.r_[False, owner[1:] == owner[:-1]] if len(owner) else np.empty(0, dtype=bool)
    k = np.flatnonzero(is_change)
    follows = np.r_[is_change[1:], False][k] if len(k) else np.empty(0, dtype=bool)
    return DataFrame(
        {
            "series": owner[k],
            "first_row": starts[k],
            "level_before": level[k - 1],
            "level_after": level[k],
            "change_size": level[k] - level[k - 1],
            "least_size": least[starts[k]],
            "n_before": counts[k - 1],
            "n_after": counts[k],
            "is_last": ~follows,
        }
    )
