"""Intervals of an observed default rate that stay honest with few or no defaults (never the Wald interval)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def wilson(n_rows: ArrayLike, n_defaults: ArrayLike, confidence_ratio: float) -> Bounds:
    """Wilson's score interval of a default rate: the rates a two-sided normal test would not reject.

    Parameters
    ----------
    n_rows, n_defaults : counts, arrays of one shape; without any row the interval is 0 to 1
    confidence_ratio : confidence, 0-1

    Returns
    -------
    lower and upper bounds, arrays of ratios 0-1. Source: Wilson 1927; Brown, Cai and DasGupta 2001.

    Examples
    --------
    >>> low, high = wilson([10], [1], 0.95)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0179, 0.4042)
    """
    n, d = _counts(n_rows, n_defaults)
    z = float(ndtri((1 + confidence_ratio) / 2))
    middle = (d + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(d * (n - d) / np.maximum(n, 1) + z**2 / 4)
    return np.where(d > 0, middle - half, 0.0), np.where(d < n, middle + half, 1.0)


def clopper_pearson(n_rows: ArrayLike, n_defaults: ArrayLike, confidence_ratio: float) -> Bounds:
    """Clopper and Pearson's exact interval of a default rate: covers at least as often as said, often more.

    Parameters
    ----------
    n_rows, n_defaults : counts, arrays of one shape; without any row the interval is 0 to 1
    confidence_ratio : confidence, 0-1

    Returns
    -------
    lower and upper bounds, arrays of ratios 0-1. Source: Clopper and Pearson 1934.

    Examples
    --------
    >>> low, high = clopper_pearson([10], [0], 0.95)
    >>> float(low[0]), round(float(high[0]), 4)  # 1 - 0.025 ** (1 / 10)
    (0.0, 0.3085)
    """
    n, d = _counts(n_rows, n_defaults)
    tail = (1 - confidence_ratio) / 2
    low = betaincinv(np.maximum(d, 1), n - d + 1, tail)
    high = betaincinv(d + 1, np.maximum(n - d, 1), 1 - tail)
    return np.where(d > 0, low, 0.0), np.where(d < n, high, 1.0)


def jeffreys_interval(n_rows: ArrayLike, n_defaults: ArrayLike, confidence_ratio: float) -> Bounds:
    """Jeffreys interval of a default rate: equal tails of Beta(D + 1/2, N - D + 1/2).

    The lower bound is 0 where nobody defaulted, the upper bound 1 where everybody did, so that the observed rate
    never lies outside.

    Parameters
    ----------
    n_rows, n_defaults : counts, arrays of one shape; without any row the interval is 0 to 1
    confidence_ratio : confidence, 0-1

    Returns
    -------
    lower and upper bounds, arrays of ratios 0-1. Source: Brown, Cai and DasGupta 2001, 3.1.
    """
    n, d = _counts(n_rows, n_defaults)
    tail = (1 - confidence_ratio) / 2
    low, high = (betaincinv(d + 0.5, n - d + 0.5, level) for level in (tail, 1 - tail))
    return np.where(d > 0, low, 0.0), np.where(d < n, high, 1.0)


def _counts(n_rows: ArrayLike, n_defaults: ArrayLike) -> Bounds:
    n, d = np.broadcast_arrays(np.asarray(n_rows, dtype=float), np.asarray(n_defaults, dtype=float))
    if ((d < 0) | (d > n)).any():
        raise ValueError(f"{int(((d < 0) | (d > n)).sum())} counts of defaults lie outside 0 to the number of rows")
    return n, d
