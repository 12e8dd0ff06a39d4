"""Errors of ratios of sums, and values steadied by them: the customer, not the invoice, is the unit that varies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.optimize import brentq
from scipy.stats import t as student

Array = NDArray[np.float64]

INTERVAL_LEVEL = 0.95
OWN_ERROR_CUSTOMERS = 10
INTERVAL_REASONS = ("not_a_ratio", "one_customer", "no_variation")


@dataclass(frozen=True)
class RatioError:
    """Sampling error of a ratio of sums over customers.

    Parameters
    ----------
    ratio : sum of numerators over sum of denominators
    variance : linearised variance; NaN where it cannot be told
    n_customers : customers the ratio rests on
    n_effective : equivalent number of customers of equal weight, (sum of weights)² / sum of squares
    low, high : 95 % interval; NaN where it cannot be told
    reason : why there is no interval, one of `INTERVAL_REASONS`; empty where there is one
    """

    ratio: float
    variance: float
    n_customers: int
    n_effective: float
    low: float
    high: float
    reason: str


def ratio_error(parts: DataFrame) -> RatioError | None:
    """Return the sampling error of ``numerator.sum() / denominator.sum()`` between customers.

    The variance is the usual linearisation of a ratio, n / (n − 1) × Σ (x − R y)² / (Σ y)², over the n
    customers (Cochran, Sampling Techniques, 3rd ed. 1977, section 6.4); the interval takes Student's
    law with n − 1 degrees of freedom. Where each numerator lies between 0 and its denominator the
    ratio is a share and its interval ends at 0 and 1; where no numerator is negative it ends at 0.

    Parameters
    ----------
    parts : ``numerator denominator``, one row per customer

    Returns
    -------
    RatioError, or None where the denominators do not add up to a positive amount.
    """
    x, y = parts["numerator"].to_numpy("float64"), parts["denominator"].to_numpy("float64")
    counted = (x != 0) | (y != 0)
    x, y = x[counted], y[counted]
    total = float(y.sum())
    if total <= 0:
        return None
    ratio, n = float(x.sum()) / total, len(x)
    spread = float(influence_variance(((x - ratio * y) / total)[:, None])[0]) if n > 1 else float("nan")
    has_spread = bool(spread > (1e-12 * max(abs(ratio), 1e-300)) ** 2)
    reason = "one_customer" if n < 2 else "" if has_spread else "no_variation"
    half = student_quantile(n) * np.sqrt(spread) if has_spread else float("nan")
    low, high = _bounds(x, y)
    return RatioError(
        ratio=ratio,
        variance=spread if has_spread else float("nan"),
        n_customers=n,
        n_effective=total**2 / float((y**2).sum()),
        low=float(np.maximum(ratio - half, low)),
        high=float(np.minimum(ratio + half, high)),
        reason=reason,
    )


def influence_variance(influence: Array) -> Array:
    """Return the variance of statistics from the influence of each customer on them.

    Parameters
    ----------
    influence : one row per customer, one column per statistic, each column adding up to 0

    Returns
    -------
    n / (n − 1) × Σ influence² per column; NaN where there are fewer than 2 customers.
    """
    n = len(influence)
    if n < 2:
        return np.full(influence.shape[1:], np.nan)
    return np.asarray((influence**2).sum(axis=0) * (n / (n - 1)))


def student_quantile(n_customers: int) -> float:
    """Return how many standard errors a 95 % interval reaches to each side."""
    return float(student.ppf(0.5 + INTERVAL_LEVEL / 2, n_customers - 1)) if n_customers > 1 else float("nan")


def shrunk(errors: Sequence[RatioError | None], *, towards: float) -> Array:
    """Return values drawn towards a common one, the more so the less certain they are.

    The steadied value of segment s is B m + (1 − B) y with B = V / (V + τ²): V the sampling variance of its value y,
    m the value of all segments together, τ² the variance between segments (empirical Bayes: Efron and Morris 1975;
    Rao and Molina, Small Area Estimation, 2nd ed. 2015, chapter 9). τ² solves Σ (y − m)² / (V + τ²) = k − 1 over the
    k segments, 0 where the left side is smaller from the start (Paule and Mandel 1982, around m). A segment with
    fewer than 10 customers, or without variation between them, takes the variance that the common spread of
    customers gives to its equivalent number of customers, because its own one is mostly chance.

    Parameters
    ----------
    errors : error of each segment's value; None = no value
    towards : value of all segments together

    Examples
    --------
    >>> sure = RatioError(10.0, 1.0, 50, 50.0, 8.0, 12.0, "")
    >>> vague = RatioError(30.0, 400.0, 50, 50.0, -10.0, 70.0, "")
    >>> shrunk([sure, vague, RatioError(20.0, 1.0, 50, 50.0, 18.0, 22.0, "")], towards=15.0).round(1).tolist()
    [10.1, 16.1, 19.9]
    """
    values = np.array([np.nan if e is None else e.ratio for e in errors])
    told = [e for e in errors if e is not None]
    if len(told) < 2:
        return values
    variance = np.array([np.nan if e is None else _variance(e, _pooled(told)) for e in errors])
    known = ~np.isnan(values)
    between = _between(values[known] - towards, variance[known])
    pull = np.divide(variance, variance + between, out=np.zeros_like(variance), where=variance + between > 0)
    return np.asarray(pull * towards + (1 - pull) * values)


def _bounds(x: Array, y: Array) -> tuple[float, float]:
    """Ends that the ratio cannot pass, from what the customers' own parts can be."""
    if (x < 0).any() or (y < 0).any():
        return -np.inf, np.inf
    return 0.0, 1.0 if (x <= y * (1 + 1e-12)).all() else np.inf


def _pooled(errors: Sequence[RatioError]) -> float:
    """Common variance of one customer's ratio: own variances brought to one customer, weighted by n − 1."""
    told = [e for e in errors if not np.isnan(e.variance)]
    weight = sum(e.n_customers - 1 for e in told)
    return sum(e.variance * e.n_effective * (e.n_customers - 1) for e in told) / weight if weight else 0.0


def _variance(error: RatioError, pooled: float) -> float:
    is_own = error.n_customers >= OWN_ERROR_CUSTOMERS and not np.isnan(error.variance)
    return error.variance if is_own else pooled / error.n_effective


def _between(gaps: Array, variance: Array) -> float:
    """Variance between segments that makes the weighted squared gaps add up to their number less one."""
    counted = variance > 0
    gaps, variance = gaps[counted], variance[counted]
    wanted = len(gaps) - 1
    if wanted < 1 or (gaps**2 / variance).sum() <= wanted:
        return 0.0
    upper = 2 * float((gaps**2).sum() / wanted)
    return float(brentq(lambda between: (gaps**2 / (variance + between)).sum() - wanted, 0.0, upper, xtol=1e-12))
