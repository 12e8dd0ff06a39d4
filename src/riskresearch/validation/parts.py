"""What the parts of a sample say about one another: p-values side by side, values drawn towards the whole."""

from typing import Any

import numpy as np
from pandas import DataFrame, Series

from riskresearch.validation.adjustment import holm
from riskresearch.validation.registry import BATTERY
from riskresearch.validation.shrinkage import Law, steadied

P_VALUES = ("p_green", "p_red")
WHOLE = ("all", "grade", "quarter")
SHRUNK: dict[str, Law] = {"auc": "auc", "observed_to_expected": "ratio"}


def with_adjusted(made: DataFrame) -> DataFrame:
    """Return table `measures` with p-values adjusted for the number of parts that were tested side by side."""
    tests = [member.name for member in BATTERY if member.spec.thresholds == P_VALUES]
    p = made["value"].where(made["measure_code"].isin(tests)).astype(float)
    keys = [made[name] for name in ("model_code", "sample_code", "axis_code", "measure_code")]
    return made.assign(p_adjusted=p.groupby(keys).transform(lambda values: holm(values.to_numpy(float))))


def with_steadied(made: DataFrame, settings: Any) -> DataFrame:
    """Return table `measures` with segment values drawn towards the whole, the more the less certain they are."""
    drawn = Series(np.nan, index=made.index)
    segments = made[made["measure_code"].isin(list(SHRUNK)) & ~made["axis_code"].isin(WHOLE) & made["value"].notna()]
    for (_, _, _, measure), rows in segments.groupby(["model_code", "sample_code", "axis_code", "measure_code"]):
        law = SHRUNK[str(measure)]
        drawn.loc[rows.index] = steadied(rows, law=law, confidence_ratio=settings.confidence_ratio)
    return made.assign(value_shrunk=drawn)
