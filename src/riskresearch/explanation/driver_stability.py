"""Whether the drivers of the probabilities stay the same from period to period."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table
from riskresearch.explanation.drivers import DriverSettings, summed
from riskresearch.explanation.history import (
    Explained,
    mean_absolute,
    places,
    rank_correlation,
    shares,
    value_correlations,
)

LEVELS = ("feature", "group")
PERIODS = {"quarter": "Q", "year": "Y"}

DRIVER_STABILITY = Table(
    "driver_stability",
    "explanation",
    "one row per feature or group of features and period of the observation dates",
    ("level_code", "driver_code", "period_code"),
    (
        Column("level_code", "code", "single features, or groups of correlated ones", False, LEVELS),
        Column("driver_code", "text", "feature, or strongest feature of the group"),
        Column("period_code", "text", "quarter (2024Q3) or year"),
        Column("contribution_mean_abs", "float", "mean absolute contribution, of a group: of the summed ones"),
        Column("importance_ratio", "float", "share of the sum over all drivers of the level in the period"),
        Column("rank", "int", "1 = strongest of the level in the period"),
        Column(
            "value_correlation",
            "float",
            "rank correlation of value and contribution; empty for groups and where one of them does not vary",
            True,
        ),
    ),
)
DRIVER_PERIODS = Table(
    "driver_periods",
    "explanation",
    "one row per level and period of the observation dates",
    ("level_code", "period_code"),
    (
        Column("level_code", "code", "single features, or groups of correlated ones", False, LEVELS),
        Column("period_code", "text", "quarter (2024Q3) or year"),
        Column("n_rows", "int", "customers and dates of the period"),
        Column("n_customers", "int", "customers of the period"),
        Column(
            "rank_correlation",
            "float",
            "rank correlation of the strengths of the drivers in the period and over all periods; empty with fewer "
            "than 3 drivers or equal strengths",
            True,
        ),
        Column("top_shared_ratio", "float", "share of the strongest drivers over all periods that are so here too"),
    ),
)


def driver_stability(explained: Explained, drivers: DataFrame, settings: DriverSettings) -> dict[str, DataFrame]:
    """Return tables `driver_stability` and `driver_periods`.

    All rows that are not excluded count, whatever their sample. In the periods of the development sample the model is
    shown on what it has learnt from.

    Parameters
    ----------
    explained : rows with contributions
    drivers : table `drivers`: the group of each feature
    settings : length of the periods, number of strongest drivers compared
    """
    period = explained.rows["observation_date"].dt.to_period(PERIODS[settings.stability_period_code]).astype("str")
    members = drivers.set_index("feature_code")["group_code"].reindex(list(explained.names))
    whole = _strengths(explained, members)
    found, periods = [], []
    for code in sorted(period.unique()):
        part = explained.take((period == code).to_numpy(bool))
        effect = Series(value_correlations(part), index=list(explained.names))
        counts = {"n_rows": len(part.rows), "n_customers": part.rows["customer_id"].nunique()}
        for level, strength in _strengths(part, members).items():
            signs = effect.reindex(strength.index) if level == "feature" else np.nan
            found.append(_members(strength).assign(level_code=level, period_code=code, value_correlation=signs))
            likeness = _likeness(strength, whole[level], settings.n_top_drivers)
            periods.append({"level_code": level, "period_code": code, **counts, **likeness})
    return {"driver_stability": _stacked(found), "driver_periods": DataFrame(periods, columns=DRIVER_PERIODS.names)}


def _strengths(explained: Explained, members: Series) -> dict[str, Series]:
    """Strength of each driver, by level."""
    codes, contributions = summed(explained.contributions, members)
    return {
        "feature": Series(explained.strength, index=list(explained.names)),
        "group": Series(mean_absolute(contributions), index=codes),
    }


def _members(strength: Series) -> DataFrame:
    values = strength.to_numpy(float)
    return DataFrame(
        {"contribution_mean_abs": values, "importance_ratio": shares(values), "rank": places(values)},
        index=strength.index,
    )


def _likeness(strength: Series, whole: Series, n_top: int) -> dict[str, float]:
    first, second = (part.to_numpy(float) for part in (strength, whole))
    n = min(n_top, len(first))
    return {
        "rank_correlation": rank_correlation(first, second),
        "top_shared_ratio": float(np.isin(_strongest(second, n), _strongest(first, n)).mean()) if n else 0.0,
    }


def _strongest(strength: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return np.flatnonzero(places(strength) <= n)


def _stacked(parts: list[DataFrame]) -> DataFrame:
    if not parts:
        return DataFrame(columns=DRIVER_STABILITY.names)
    named = [part.rename_axis("driver_code").reset_index() for part in parts]
    return pd.concat(named, ignore_index=True)[DRIVER_STABILITY.names]
