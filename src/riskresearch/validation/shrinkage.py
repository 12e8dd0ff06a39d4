"""Values of segments steadied by empirical Bayes: drawn towards the common value as far as they are uncertain."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame
from scipy.stats import norm

from riskresearch.validation.registry import Floats

Law = Literal["auc", "ratio"]


def shrunk(values: ArrayLike, variances: ArrayLike) -> Floats:
    """Return values drawn towards their common mean, the more so the less certain they are.

    Normal-normal model: value y_s with sampling variance v_s around a true value that varies between segments with
    variance τ². The steadied value is m + τ² / (τ² + v_s) × (y_s − m), m the mean weighted by 1 / (τ² + v_s), and τ²
    the moment estimate max(0, (Q − (k − 1)) / (Σ w − Σ w² / Σ w)) with w = 1 / v and Q = Σ w (y − ȳ)² (DerSimonian
    and Laird 1986; Efron and Morris 1975). Segments that differ no more than chance makes them all get m.

    Parameters
    ----------
    values : one value per segment; NaN = none
    variances : their sampling variances; NaN or 0 = cannot be told, the value then stays as it is and is not
        counted in m

    Examples
    --------
    >>> shrunk([1.0, 3.0, 2.0], [0.1, 4.0, 0.1]).round(3).tolist()
    [1.129, 1.685, 1.904]
    >>> shrunk([1.0, 1.1, 5.0], [1.0, 1.0, np.nan]).round(3).tolist()
    [1.05, 1.05, 5.0]
    """
    y, v = np.asarray(values, dtype=float).copy(), np.asarray(variances, dtype=float)
    told = np.isfinite(y) & np.isfinite(v) & (v > 0)
    if told.sum() < 2:
        return y
    between = _between(y[told], v[told])
    weight = 1 / (v[told] + between)
    mean = (weight * y[told]).sum() / weight.sum()
    y[told] = mean + between * weight * (y[told] - mean)
    return y


def steadied(rows: DataFrame, *, law: Law, confidence_ratio: float) -> Floats:
    """Return the values of one measure by segment, drawn towards their common value by `shrunk`.

    The variance of a segment is that of independent rows at the common value, times one inflation factor for all
    segments. Its own value does not enter, or segments that are low by chance would weigh more: a ratio of few defaults
    has a small error where it is small, an area under the curve where it is near 1. The factor says how much the rows
    of a customer repeat each other: the variance that the intervals tell over that of independent rows, mean over the
    segments by defaults, at least 1.

    Parameters
    ----------
    rows : ``value value_low value_high n_rows n_defaults``, one row per segment
    law : *auc*, variance of Hanley and McNeil 1982; *ratio*, observed / expected defaults, variance of a Poisson
        count, common value / expected. Without differences between segments the common ratio is that of all
        segments together (credibility: Buhlmann and Straub 1970)
    confidence_ratio : confidence of the intervals

    Returns
    -------
    array in the order of the rows; a value stays as it is where the segment has no default or no other row.

    Examples
    --------
    >>> rows = DataFrame({"value": [0.5, 2.0], "n_rows": 200, "n_defaults": [10, 10]})
    >>> steadied(rows.assign(value_low=None, value_high=None), law="ratio", confidence_ratio=0.95).round(3).tolist()
    [0.527, 1.893]
    """
    value, low, high = (rows[name].to_numpy(float) for name in ("value", "value_low", "value_high"))
    n_defaults, n_rows = (rows[name].to_numpy(float) for name in ("n_defaults", "n_rows"))
    told = np.isfinite(value) & (value > 0) & (n_defaults > 0) & (n_rows > n_defaults)
    if told.sum() < 2:
        return value
    independent = _auc_variance if law == "auc" else _ratio_variance
    weight = n_defaults if law == "auc" else n_defaults / np.where(told, value, 1.0)
    common = float((weight * value)[told].sum() / weight[told].sum())
    own = independent(value, n_defaults, n_rows, value)
    seen = ((high - low) / 2 / norm.ppf((1 + confidence_ratio) / 2)) ** 2
    known = told & np.isfinite(seen) & (own > 0)
    factor = np.average((seen / np.where(known, own, 1.0))[known], weights=n_defaults[known]) if known.any() else 1.0
    variance = max(float(factor), 1.0) * independent(np.full_like(value, common), n_defaults, n_rows, value)
    return shrunk(value, np.where(told, variance, np.nan))


def _auc_variance(level: Floats, n_defaults: Floats, n_rows: Floats, value: Floats) -> Floats:
    """Variance of an area under the ROC curve that is truly `level`."""
    m, n = np.maximum(n_defaults, 1), np.maximum(n_rows - n_defaults, 1)
    one, two = level / (2 - level), 2 * level**2 / (1 + level)
    return np.asarray((level * (1 - level) + (m - 1) * (one - level**2) + (n - 1) * (two - level**2)) / (m * n))


def _ratio_variance(level: Floats, n_defaults: Floats, n_rows: Floats, value: Floats) -> Floats:
    """Variance of observed / expected that is truly `level`; expected = defaults / value."""
    return np.asarray(level * value / np.maximum(n_defaults, 1))


def _between(values: Floats, variances: Floats) -> float:
    """Variance between segments beyond chance."""
    weight = 1 / variances
    mean = (weight * values).sum() / weight.sum()
    excess = (weight * (values - mean) ** 2).sum() - (len(values) - 1)
    return max(0.0, float(excess / (weight.sum() - (weight**2).sum() / weight.sum())))
