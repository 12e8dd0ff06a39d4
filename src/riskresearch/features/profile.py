"""What each feature is like: how often it is missing, how far it separates alone, how far it has moved."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.resampling import auc
from riskresearch.base.schema import Column, Table
from riskresearch.base.shifts import bin_counts, decile_edges, shift
from riskresearch.features.families import FEATURES

FEATURE_PROFILE = Table(
    "feature_profile",
    "features",
    "one row per feature",
    ("feature_code",),
    (
        Column("feature_code", "text", "column of table snapshots"),
        Column("family_code", "text", "family"),
        Column("unit_code", "text", "unit of the quartiles"),
        Column("missing_development_ratio", "float", "share of the development rows without a value", True),
        Column("missing_out_of_time_ratio", "float", "share of the out-of-time rows without a value", True),
        Column("missing_scoring_ratio", "float", "share of the customers to score without a value", True),
        Column("p25", "float", "lower quartile of the customers to score", True),
        Column("p50", "float", "median of the customers to score", True),
        Column("p75", "float", "upper quartile of the customers to score", True),
        Column("n_defaulters", "int", "customers with a default after a development row that has a value"),
        Column("auc_development", "float", "area under the ROC curve of the feature alone, rows with a value", True),
        Column("auc_out_of_time", "float", "the same out of time", True),
        Column("is_as_declared", "bool", "development rows agree with the declared direction; empty = not told", True),
        Column(
            "shift_psi",
            "float",
            "population stability index of the customers to score against the development rows: deciles and missing",
            True,
        ),
    ),
)


def feature_profile(panel: DataFrame) -> DataFrame:
    """Return table `feature_profile`.

    Parameters
    ----------
    panel : table `snapshots`

    Returns
    -------
    DataFrame, one row per registered feature; what a sample does not hold is empty.
    """
    rows = {name: panel[panel["sample_code"] == name] for name in ("development", "out_of_time", "scoring")}
    return DataFrame([_profile(name, rows) for name in FEATURES.names])


def _profile(name: str, rows: dict[str, DataFrame]) -> dict[str, object]:
    spec = FEATURES[name].spec
    values = {sample: frame[name].to_numpy(float) for sample, frame in rows.items()}
    known = rows["development"][rows["development"][name].notna()]
    alone = {sample: _auc_alone(rows[sample], values[sample]) for sample in ("development", "out_of_time")}
    is_told = spec.direction != 0 and not np.isnan(alone["development"])
    quartiles = Series(values["scoring"]).quantile([0.25, 0.5, 0.75]).to_list()
    return {
        "feature_code": name,
        "family_code": spec.family,
        "unit_code": spec.unit,
        **{f"missing_{sample}_ratio": _missing(value) for sample, value in values.items()},
        **dict(zip(("p25", "p50", "p75"), quartiles, strict=True)),
        "n_defaulters": known.loc[known["is_default"].fillna(False).astype(bool), "customer_id"].nunique(),
        "auc_development": alone["development"],
        "auc_out_of_time": alone["out_of_time"],
        "is_as_declared": (alone["development"] - 0.5) * spec.direction >= 0 if is_told else pd.NA,
        "shift_psi": _shift(values["development"], values["scoring"]),
    }


def _missing(values: NDArray[np.float64]) -> float:
    return float(np.isnan(values).mean()) if len(values) else np.nan


def _auc_alone(rows: DataFrame, values: NDArray[np.float64]) -> float:
    known = ~np.isnan(values)
    return auc(values[known], rows["is_default"].astype(bool).to_numpy()[known])


def _shift(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Population stability index of values against earlier ones: deciles of the earlier ones and missing values.

    NaN where one of the two is empty; 0 where all values are in one bin. Customary reading: below 0.10 stable, above
    0.25 moved (Siddiqi 2006).
    """
    if not len(before) or not len(now):
        return float("nan")
    edges = decile_edges(before)
    found = shift(bin_counts(before, edges), bin_counts(now, edges), n_before=len(before), n_now=len(now))
    return found.value if found else 0.0
