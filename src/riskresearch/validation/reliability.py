"""Predicted and observed default rate by grade, with intervals that hold with few defaults."""

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame
from scipy.special import betainc

from riskresearch.base.schema import Column, Table
from riskresearch.validation.adjustment import holm
from riskresearch.validation.grade_counts import grade_counts, last_cohort
from riskresearch.validation.intervals import clopper_pearson, jeffreys_interval, wilson

RELIABILITY = Table(
    "reliability",
    "validation",
    "one row per grade that holds customers, last out-of-time date of the chosen model",
    ("grade_code",),
    (
        Column("grade_code", "text", "grade"),
        Column("n_rows", "int", "customers"),
        Column("n_defaults", "int", "defaults within the horizon"),
        Column("pd_mean", "float", "mean PD"),
        Column("default_ratio", "float", "observed default rate"),
        Column("default_low", "float", "lower Jeffreys bound of the default rate"),
        Column("default_high", "float", "upper Jeffreys bound of the default rate"),
        Column("wilson_low", "float", "lower Wilson bound of the default rate"),
        Column("wilson_high", "float", "upper Wilson bound of the default rate"),
        Column("clopper_pearson_low", "float", "lower Clopper-Pearson (exact) bound of the default rate"),
        Column("clopper_pearson_high", "float", "upper Clopper-Pearson (exact) bound of the default rate"),
        Column("p_jeffreys", "float", "p-value of the Jeffreys test, small = the mean PD is too low"),
        Column("p_adjusted", "float", "p_jeffreys adjusted for the number of grades (Holm)"),
    ),
)


def reliability(
    ratings: DataFrame, *, model: str, confidence_ratio: float = 0.95, grades: Sequence[str] = ()
) -> DataFrame:
    """Return table `reliability`: predicted and observed default rate by grade, last out-of-time date.

    One observation date, so that the outcome of a customer counts once. With eight grades a right model fails one
    Jeffreys test of 5 % about one time in three, hence the p-values adjusted for the number of grades beside the raw
    ones.

    Parameters
    ----------
    ratings : ``model_code sample_code customer_id observation_date pd_12m grade_code is_default``; dates without a
        known outcome are left out
    model : code of the model
    confidence_ratio : confidence of the intervals, 0-1
    grades : performing grades, best first; without them, or on another scale, ordered by mean PD
    """
    counts = grade_counts(last_cohort(ratings, model=model), grades=grades)
    n, d = counts["n_rows"].to_numpy(float), counts["n_defaults"].to_numpy(float)
    p_jeffreys = jeffreys_p(n, d, counts["pd_mean"].to_numpy(float))
    intervals = {"default": jeffreys_interval, "wilson": wilson, "clopper_pearson": clopper_pearson}
    found = {name: function(n, d, confidence_ratio) for name, function in intervals.items()}
    bounds = {f"{name}_{end}": pair[k] for name, pair in found.items() for k, end in enumerate(("low", "high"))}
    table = counts.assign(default_ratio=d / np.maximum(n, 1), **bounds, p_jeffreys=p_jeffreys)
    return table.assign(p_adjusted=holm(p_jeffreys))[RELIABILITY.names]


def jeffreys_p(n_rows: np.ndarray, n_defaults: np.ndarray, pd_mean: np.ndarray) -> np.ndarray:
    """Return the p-value of the Jeffreys test: Beta(D + 1/2, N - D + 1/2) below the mean PD; small = PD too low.

    Source: ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.3.

    Parameters
    ----------
    n_rows, n_defaults : counts
    pd_mean : mean PD, 0-1
    """
    return np.asarray(betainc(n_defaults + 0.5, n_rows - n_defaults + 0.5, pd_mean), dtype=float)
