"""Measures of a loss law, with their standard errors: mean, value at risk, expected shortfall, Euler parts.

A law is given by its values, one per simulated year, or by values with their probabilities (``weights``, summing to 1):
the atoms of an exact law, or years that were drawn with other chances than their own and are weighted back. Years come
block after block, each block holding one year per stratum of the common factor, so the standard errors know the
stratification.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import binom

from riskresearch.insurance.claims import Array

Integers = npt.NDArray[np.integer]

_ROUNDING = 1e-12  # sums of probabilities differ from their decimal value by less than this


def value_at_risk(values: Array, *, confidence_ratio: float, weights: Array | None = None) -> float:
    """Value at risk: the smallest x with F(x) >= confidence.

    Parameters
    ----------
    values : losses, one per year or atom
    confidence_ratio : confidence, 0 < a < 1
    weights : probabilities of the values, summing to 1; None = equal

    Examples
    --------
    >>> value_at_risk(np.array([0.0, 100.0, 1000.0]), confidence_ratio=0.95, weights=np.array([0.9, 0.05, 0.05]))
    100.0
    """
    order = np.argsort(values, kind="stable")
    n = len(values)
    reached = np.arange(1, n + 1) / n if weights is None else np.cumsum(weights[order])
    position = int(np.searchsorted(reached, confidence_ratio - _ROUNDING, side="left"))
    return float(values[order[min(position, n - 1)]])


def tail_weights(values: Array, *, confidence_ratio: float, weights: Array | None = None) -> Array:
    """Weights, summing to 1, under which the mean of the losses is their expected shortfall.

    Years above the value at risk count in full, years at the value at risk with the share of their probability that
    lies beyond the confidence (the atom's share).
    """
    probability = np.full(len(values), 1.0 / len(values)) if weights is None else weights
    threshold = value_at_risk(values, confidence_ratio=confidence_ratio, weights=weights)
    above, at = values > threshold, values == threshold
    beyond = probability[above].sum()
    at_share = max(1.0 - confidence_ratio - beyond, 0.0) / probability[at].sum()
    tail = np.where(above, probability, np.where(at, probability * at_share, 0.0))
    return np.asarray(tail / tail.sum())


def expected_shortfall(values: Array, *, confidence_ratio: float, weights: Array | None = None) -> float:
    """Expected shortfall: (E[L; L > VaR] + VaR (F(VaR) - a)) / (1 - a), the mean of the worst 1 - a of the law.

    Examples
    --------
    >>> law = np.array([0.0, 100.0, 1000.0]), np.array([0.9, 0.05, 0.05])
    >>> round(expected_shortfall(law[0], confidence_ratio=0.92, weights=law[1]), 6)
    662.5
    """
    return float(tail_weights(values, confidence_ratio=confidence_ratio, weights=weights) @ values)


def shortfall_scores(values: Array, *, confidence_ratio: float, weights: Array | None = None) -> Array:
    """One number per year whose (weighted) mean is the expected shortfall: VaR + (L - VaR)+ / (1 - a).

    Their spread gives the standard error of the expected shortfall (to first order, the error in VaR has no effect).
    """
    threshold = value_at_risk(values, confidence_ratio=confidence_ratio, weights=weights)
    return threshold + np.maximum(values - threshold, 0.0) / (1.0 - confidence_ratio)


def standard_error(values: Array, *, n_strata: int = 1, weights: Array | None = None) -> float:
    """Standard error of the mean of values drawn once per stratum in each block.

    sqrt(sum over strata of s^2 / (n_strata x n)), with s^2 the variance within the stratum over the blocks; with one
    stratum the usual s / sqrt(n). NaN for a single block. With weights w, s^2 is that of n w (x - mean): the mean is a
    ratio of two sums, each of them uncertain (delta method).

    Parameters
    ----------
    values : one per year, block after block, strata in the same order in every block
    n_strata : years per block
    weights : probability of each year, summing to 1; None = all equal
    """
    scores = values if weights is None else len(values) * weights * (values - weights @ values)
    by_block = scores.reshape(-1, n_strata)
    if len(by_block) < 2:
        return float("nan")
    return float(np.sqrt(by_block.var(axis=0, ddof=1).sum() / (n_strata * len(values))))


def quantile_interval(
    values: Array, *, confidence_ratio: float, coverage_ratio: float = 0.95, weights: Array | None = None
) -> tuple[float, float]:
    """Interval for the value at risk; NaN at an end where years are too few.

    Equal weights: between two order statistics, at binomial ranks. Weighted years: the values at risk at confidence -/+
    z x standard error of the estimated F(VaR), which is where the test of F(x) = confidence stops rejecting.
    Stratification makes the interval cover at least as often as stated.
    """
    outside = (1.0 - coverage_ratio) / 2.0
    if weights is not None:
        return _weighted_interval(values, confidence_ratio=confidence_ratio, outside=outside, weights=weights)
    ordered = np.sort(values)
    n = len(ordered)
    low, high = binom.ppf([outside, 1.0 - outside], n, confidence_ratio).astype(int)
    return (float(ordered[low - 1]) if low >= 1 else float("nan"), float(ordered[high]) if high < n else float("nan"))


def _weighted_interval(
    values: Array, *, confidence_ratio: float, outside: float, weights: Array
) -> tuple[float, float]:
    threshold = value_at_risk(values, confidence_ratio=confidence_ratio, weights=weights)
    half = -float(ndtri(outside)) * standard_error(np.where(values <= threshold, 1.0, 0.0), weights=weights)
    low, high = confidence_ratio - half, confidence_ratio + half
    is_seen = high < 1.0 - weights[np.argmax(values)]
    return (
        value_at_risk(values, confidence_ratio=low, weights=weights) if half > 0 and low > 0 else float("nan"),
        value_at_risk(values, confidence_ratio=high, weights=weights) if half > 0 and is_seen else float("nan"),
    )


def contributions(amounts: Array, *, year: Integers, part: Integers, n_parts: int, year_weights: Array) -> Array:
    """Parts of a weighted mean of yearly totals: sum of year weight x amount, for each part; they add up.

    With `tail_weights` of the totals these are the Euler contributions to expected shortfall, with equal weights the
    means.

    Parameters
    ----------
    amounts : one per loss
    year, part : year and part (customer) of each loss
    n_parts : number of parts
    year_weights : one per year
    """
    return np.bincount(part, weights=amounts * year_weights[year], minlength=n_parts).astype("float64")
