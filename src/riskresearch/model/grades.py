"""Master scale: probability of default to grade and business segment."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table

GRADES = ("A", "B", "C", "D", "E", "F", "G", "H")
DEFAULTED = "X"
SEGMENTS = ("reliable", "to_watch", "risky", "defaulted")

GRADE_SCALE = Table(
    "grade_scale",
    "model",
    "one row per grade",
    ("grade_code",),
    (
        Column("grade_code", "code", "grade, A best; X in default", False, (*GRADES, DEFAULTED)),
        Column("pd_low", "float", "PD from (excluded)"),
        Column("pd_high", "float", "PD up to (included)"),
        Column("segment_code", "code", "business segment", False, SEGMENTS),
    ),
)


def grade_scale(bounds: Sequence[float], *, reliable_up_to: float, to_watch_up_to: float) -> DataFrame:
    """Return the master scale.

    Parameters
    ----------
    bounds : upper PD of each grade but the last, increasing
    reliable_up_to, to_watch_up_to : upper PD of the business segments; each must be a grade bound

    Returns
    -------
    DataFrame ``grade_code pd_low pd_high segment_code``, best grade first, X (in default) last.
    """
    low, high = [0.0, *bounds, 1.0], [*bounds, 1.0, 1.0]
    segment = ["reliable" if h <= reliable_up_to else "to_watch" if h <= to_watch_up_to else "risky" for h in high[:-1]]
    return DataFrame(
        {"grade_code": [*GRADES, DEFAULTED], "pd_low": low, "pd_high": high, "segment_code": [*segment, "defaulted"]}
    )


def graded(pd_12m: Series, scale: DataFrame) -> DataFrame:
    """Return grade and segment of probabilities of default below 1.

    Examples
    --------
    >>> scale = grade_scale([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32], reliable_up_to=0.01, to_watch_up_to=0.04)
    >>> graded(Series([0.01, 0.0101]), scale)["grade_code"].tolist()
    ['B', 'C']
    """
    performing = scale[scale["grade_code"] != DEFAULTED]
    place = np.searchsorted(performing["pd_high"].to_numpy(), pd_12m.to_numpy(), side="left")
    rows = performing.iloc[place.clip(max=len(performing) - 1)]
    return pd.DataFrame(
        {"grade_code": rows["grade_code"].to_numpy(), "segment_code": rows["segment_code"].to_numpy()},
        index=pd_12m.index,
    )


def grade_counts(scored: DataFrame) -> DataFrame:
    """Return number of customers and mean PD by grade.

    Returns
    -------
    DataFrame ``grade_code segment_code n_customers pd_mean``.
    """
    grouped = scored.groupby(["grade_code", "segment_code"], sort=True)["pd_12m"]
    return grouped.agg(n_customers="size", pd_mean="mean").reset_index()
