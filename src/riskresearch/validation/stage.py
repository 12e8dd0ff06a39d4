"""Stage validation: whether to believe the model."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame
from scipy.stats import beta

from riskresearch.base.schema import Column, Table
from riskresearch.validation import calibration, discrimination
from riskresearch.validation.battery import MEASURES, ValidationSettings, run_battery

FAMILIES = (discrimination, calibration)

RELIABILITY = Table(
    "reliability",
    "validation",
    "one row per grade, last out-of-time date of the chosen model",
    ("grade_code",),
    (
        Column("grade_code", "text", "grade"),
        Column("n_rows", "int", "customers"),
        Column("n_defaults", "int", "defaults within the horizon"),
        Column("pd_mean", "float", "mean PD"),
        Column("default_ratio", "float", "observed default rate"),
        Column("default_low", "float", "lower 95 % Jeffreys bound"),
        Column("default_high", "float", "upper bound"),
    ),
)
VALIDATION_TABLES = (MEASURES, RELIABILITY)


def validate(tables: Mapping[str, DataFrame], settings: ValidationSettings) -> dict[str, DataFrame]:
    """Return tables `measures` and `reliability`.

    Parameters
    ----------
    tables : ``scores model_choice``
    settings : confidence, thresholds, resamples
    """
    choice = tables["model_choice"]
    chosen = choice.loc[choice["is_chosen"].astype(bool), "model_code"].item()
    scores = tables["scores"]
    has_rows = bool((scores["model_code"] == chosen).any())
    table = reliability(scores, model=chosen) if has_rows else DataFrame(columns=RELIABILITY.names)
    return {"measures": run_battery(scores, settings), "reliability": pd.DataFrame(table)}


def reliability(scores: DataFrame, *, model: str) -> DataFrame:
    """Return predicted and observed default rate by grade on the last out-of-time date, with Jeffreys intervals.

    Returns
    -------
    DataFrame ``grade_code n_rows n_defaults pd_mean default_ratio default_low default_high``.
    """
    part = scores[(scores["model_code"] == model) & (scores["sample_code"] == "out_of_time")]
    part = part[part["observation_date"] == part["observation_date"].max()]
    grouped = part.assign(hit=part["is_default"].astype(bool)).groupby("grade_code")
    table = grouped.agg(n_rows=("hit", "size"), n_defaults=("hit", "sum"), pd_mean=("pd_12m", "mean")).reset_index()
    n, d = table["n_rows"].to_numpy(float), table["n_defaults"].to_numpy(float)
    low, high = beta.ppf(0.025, d + 0.5, n - d + 0.5), beta.ppf(0.975, d + 0.5, n - d + 0.5)
    return table.assign(
        default_ratio=d / np.maximum(n, 1),
        default_low=np.where(d > 0, low, 0.0),
        default_high=np.where(d < n, high, 1.0),
    )
