"""One factor of the economy between the PD of an average year and the PD of a given year (Vasicek).

A customer defaults where √ρ · factor + √(1 − ρ) · own luck falls below a threshold, both standard normal, ρ the asset
correlation of any two customers. A factor above 0 is a good year, below 0 a bad one, 0 the median one.
Source: Vasicek 2002, Loan portfolio value; the formula of CRR art. 153 and 154.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri


def conditional_pd(p_default: ArrayLike, *, factor: ArrayLike, correlation_ratio: float) -> NDArray[np.float64]:
    """Return the point-in-time PD: that of a year with the given factor.

    Parameters
    ----------
    p_default : through-the-cycle PD, the mean over all years
    factor : factor of the year, above 0 good, below 0 bad
    correlation_ratio : asset correlation ρ, from 0 to below 1

    Notes
    -----
    Φ((Φ⁻¹(p) − √ρ · factor) / √(1 − ρ)); its mean over a standard normal factor is p.

    Examples
    --------
    >>> conditional_pd([0.01, 0.10], factor=-2.0, correlation_ratio=0.12).round(4).tolist()
    [0.0408, 0.2651]
    """
    rho = correlation_ratio
    return np.asarray(ndtr((ndtri(np.asarray(p_default, dtype=float)) - np.sqrt(rho) * factor) / np.sqrt(1 - rho)))


def through_the_cycle(p_default: ArrayLike, *, factor: ArrayLike, correlation_ratio: float) -> NDArray[np.float64]:
    """Return the mean over all years of a PD that holds in a year with the given factor.

    Parameters
    ----------
    p_default : point-in-time PD
    factor, correlation_ratio : as in `conditional_pd`, whose inverse this is

    Notes
    -----
    Φ(√(1 − ρ) · Φ⁻¹(p) + √ρ · factor).
    """
    rho = correlation_ratio
    return np.asarray(ndtr(np.sqrt(1 - rho) * ndtri(np.asarray(p_default, dtype=float)) + np.sqrt(rho) * factor))


def implied_factor(default_ratio: float, *, long_run_ratio: float, correlation_ratio: float) -> float:
    """Return the factor of a year from its default rate; missing without correlation or where a rate is 0 or 1.

    Parameters
    ----------
    default_ratio : default rate of the year
    long_run_ratio : mean of the yearly default rates
    correlation_ratio : asset correlation ρ

    Notes
    -----
    (Φ⁻¹(long run) − √(1 − ρ) · Φ⁻¹(rate of the year)) / √ρ: the factor at which the long-run rate becomes the rate of
    the year. It takes the portfolio for large: the noise of few customers counts as part of the factor.

    Examples
    --------
    >>> round(implied_factor(0.0408, long_run_ratio=0.01, correlation_ratio=0.12), 2)
    -2.0
    """
    if correlation_ratio == 0 or not (0 < default_ratio < 1 and 0 < long_run_ratio < 1):
        return float("nan")
    rho = correlation_ratio
    return float((ndtri(long_run_ratio) - np.sqrt(1 - rho) * ndtri(default_ratio)) / np.sqrt(rho))
