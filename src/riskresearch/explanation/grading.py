"""Grades of PDs by the master scale, for PDs that explanations compute anew."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import expit

from riskresearch.base.errors import TableError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def performing(grade_scale: DataFrame) -> DataFrame:
    """Return the grades of customers that are not in default, best first."""
    kept = grade_scale[grade_scale["pd_low"] < grade_scale["pd_high"]]
    return kept.sort_values("pd_high", ignore_index=True)


def grade_numbers(p: Floats, grade_scale: DataFrame) -> Integers:
    """Return the number of the grade of each PD, 1 = best; a PD on a bound belongs to the better grade.

    Parameters
    ----------
    p : PDs of performing customers
    grade_scale : table `grade_scale`

    Raises
    ------
    TableError
        A PD is missing or not within 0 and 1.

    Examples
    --------
    >>> scale = DataFrame({"grade_code": ["A", "B", "X"], "pd_low": [0.0, 0.01, 1.0], "pd_high": [0.01, 1.0, 1.0]})
    >>> grade_numbers(np.array([0.01, 0.02, 1.0]), scale).tolist()
    [1, 2, 2]
    """
    wrong = ~((p >= 0) & (p <= 1))
    if wrong.any():
        raise TableError(
            f"PDs to be graded: {int(wrong.sum())} of {len(p)} are missing or not between 0 and 1; "
            "the model and the features are not of one run"
        )
    highs = performing(grade_scale)["pd_high"].to_numpy(float)
    return np.searchsorted(highs, p, side="left").astype(np.int64) + 1


def grade_codes(numbers: Integers, grade_scale: DataFrame) -> NDArray[np.str_]:
    """Return the codes of grade numbers, 1 = best."""
    return performing(grade_scale)["grade_code"].to_numpy(str)[numbers - 1]


def pd_of(log_odds: Floats, *, pd_floor: float) -> Floats:
    """Return the PD of calibrated log-odds, not below the floor."""
    return np.maximum(expit(log_odds), pd_floor)
