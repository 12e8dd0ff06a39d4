"""Shares and rates over customers with 95 % intervals that know that the cases of a customer hang together."""

from typing import NamedTuple

import numpy as np
from scipy.stats import binom, chi2, norm

from riskresearch.behaviour.warnings.sequences import Array

LEVEL = 0.95
_Z = float(norm.ppf(0.5 + LEVEL / 2))


class Interval(NamedTuple):
    """A value with its 95 % interval and the number of cases it rests on."""

    value: float
    low: float
    high: float
    n_cases: int


def share(hits: Array, cases: Array) -> Interval:
    """Share of hits among cases: Wilson's interval at the effective number of cases.

    The effective number is cases / design effect, the design effect being the variance between customers
    (linearised) over the binomial one, at least 1 (Korn and Graubard 1998; Dean and Pagano 2015).

    Parameters
    ----------
    hits, cases : numbers by customer; cases add up to more than 0

    Examples
    --------
    >>> [round(x, 4) for x in share(np.array([1.0, 0, 0, 0]), np.ones(4))[:3]]
    [0.25, 0.0456, 0.6994]
    """
    n = float(cases.sum())
    p = float(hits.sum()) / n
    effect = _design_effect(hits - p * cases, n * p * (1 - p) * n / max(n - 1, 1), cases)
    size = n / effect
    centre = (p + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * np.sqrt(p * (1 - p) / size + _Z**2 / (4 * size**2))
    return Interval(p, max(float(centre - half), 0.0), min(float(centre + half), 1.0), round(n))


def rate(counts: Array, years: Array) -> Interval:
    """Counts per year: the exact Poisson interval (Garwood 1936) at the effective count and time.

    Parameters
    ----------
    counts, years : by customer; years add up to more than 0

    Examples
    --------
    >>> [round(x, 4) for x in rate(np.array([1.0, 1, 1, 1, 0, 0]), np.full(6, 2.0))[:3]]
    [0.3333, 0.0908, 0.8535]
    """
    total, time = float(counts.sum()), float(years.sum())
    effect = _design_effect(counts - total / time * years, total, years)
    count, span = total / effect, time / effect
    low = float(chi2.ppf((1 - LEVEL) / 2, 2 * count)) / 2 / span if count > 0 else 0.0
    return Interval(total / time, low, float(chi2.ppf((1 + LEVEL) / 2, 2 * count + 2)) / 2 / span, round(total))


def median(values: Array) -> Interval:
    """Median with the interval of order statistics that holds for any law (binomial ranks).

    Examples
    --------
    >>> [float(x) for x in median(np.arange(1.0, 16.0))[:3]]
    [8.0, 4.0, 12.0]
    """
    ordered, n = np.sort(values), len(values)
    rank = int(binom.ppf((1 - LEVEL) / 2, n, 0.5))
    low = max(rank - 1, 0)
    return Interval(float(np.median(ordered)), float(ordered[low]), float(ordered[n - 1 - low]), n)


def _design_effect(gaps: Array, plain_variance: float, cases: Array) -> float:
    """Variance between customers over that of independent cases, at least 1; without spread, cases per customer."""
    n_customers = int((cases > 0).sum())
    if plain_variance <= 0:
        return max(float(cases.sum()) / max(n_customers, 1), 1.0) if float(cases.sum()) >= n_customers else 1.0
    spread = float((gaps**2).sum()) * n_customers / max(n_customers - 1, 1)
    return max(spread / plain_variance, 1.0)
