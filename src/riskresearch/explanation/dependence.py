"""How the probability depends on the value of a driver: contribution by bins of the value."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table
from riskresearch.explanation.drivers import DriverSettings
from riskresearch.explanation.history import Explained, places

Floats = NDArray[np.float64]

BINS = ("values", "missing")
DEPENDENCE = Table(
    "dependence",
    "explanation",
    "one row per strong feature and bin of its values",
    ("feature_code", "bin_number"),
    (
        Column("feature_code", "text", "feature"),
        Column("bin_number", "int", "bins in rising order from 1; 0 holds the rows without a value"),
        Column("bin_code", "code", "what the bin holds", False, BINS),
        Column("value_low", "float", "smallest value in the bin, unit of the feature; empty without a value", True),
        Column("value_high", "float", "largest value in the bin, unit of the feature; empty without a value", True),
        Column("n_rows", "int", "customers and dates"),
        Column("contribution_mean", "float", "mean part of the calibrated log-odds"),
        Column("contribution_p10", "float", "a tenth of the rows lie below"),
        Column("contribution_p90", "float", "a tenth of the rows lie above"),
        Column("n_known", "int", "rows whose outcome is known"),
        Column("n_defaults", "int", "of these, followed by a default"),
        Column("default_ratio", "float", "n_defaults of n_known; empty without such rows", True),
    ),
)


def dependence(explained: Explained, settings: DriverSettings) -> DataFrame:
    """Return table `dependence`: contribution and default rate by value, for the strongest features.

    A feature with at most as many different values as bins has one bin per value; else the bins hold about equally
    many rows, and equal values stay together. All rows that are not excluded count; repeated dates of a customer
    are not independent, so the default rates are those of rows, not of customers.

    Parameters
    ----------
    explained : rows with contributions
    settings : number of features and of bins
    """
    outcome = explained.rows["is_default"].astype("Float64").to_numpy(float, na_value=np.nan)
    rank = places(explained.today.strength)
    parts = [
        _bins(code, explained.values[:, place], explained.contributions[:, place], outcome, settings.n_dependence_bins)
        for place, code in enumerate(explained.names)
        if rank[place] <= settings.n_top_drivers
    ]
    return DataFrame([row for part in parts for row in part], columns=DEPENDENCE.names)


def bin_numbers(values: Floats, n_bins: int) -> NDArray[np.int64]:
    """Return the bin of each value, from 1 in rising order; 0 where there is no value.

    Examples
    --------
    >>> bin_numbers(np.array([5.0, np.nan, 1.0, 5.0, 2.0]), 2).tolist()
    [2, 0, 1, 2, 1]
    >>> bin_numbers(np.array([0.0, 0.0, 0.0, 0.0, 1.0, 2.0]), 2).tolist()
    [1, 1, 1, 1, 2, 2]
    """
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    distinct = np.unique(known)
    quantiles = np.quantile(known, np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    ends = np.unique(quantiles) if len(distinct) > n_bins else distinct[:-1]
    found = np.searchsorted(ends[ends < known[-1]], values, side="left") + 1
    return np.where(np.isnan(values), 0, found).astype(np.int64)


def _bins(code: str, values: Floats, contributions: Floats, outcome: Floats, n_bins: int) -> list[dict[str, object]]:
    frame = DataFrame(
        {"bin": bin_numbers(values, n_bins), "value": values, "contribution": contributions, "outcome": outcome}
    )
    return [_bin(code, number, rows) for number, rows in frame.groupby("bin")]


def _bin(code: str, number: object, rows: DataFrame) -> dict[str, object]:
    parts, known = rows["contribution"], rows["outcome"].dropna()
    low, high = np.quantile(parts, [0.1, 0.9])
    return {
        "feature_code": code,
        "bin_number": number,
        "bin_code": "values" if number else "missing",
        "value_low": rows["value"].min(),
        "value_high": rows["value"].max(),
        "n_rows": len(rows),
        "contribution_mean": float(parts.mean()),
        "contribution_p10": float(low),
        "contribution_p90": float(high),
        "n_known": len(known),
        "n_defaults": int(known.sum()),
        "default_ratio": _ratio(known),
    }


def _ratio(known: Series) -> float:
    return float(known.mean()) if len(known) else float("nan")
