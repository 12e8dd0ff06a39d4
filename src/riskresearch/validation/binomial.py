"""How often so many defaults come by chance alone, with independent customers and with a common factor."""

import numpy as np
from scipy.special import betainc, ndtr, ndtri

FACTOR_GRID = np.linspace(-9, 9, 4001)
"""Values of the common factor; the tails beyond weigh less than 3e-19."""


def at_least(n_defaults: int, *, n_rows: int, pd_ratio: float, correlation_ratio: float = 0.0) -> float:
    """Return the probability of at least so many defaults among customers of one PD.

    With correlation, customers default independently given a common standard normal factor y, each with probability
    Phi((Phi^-1(PD) - sqrt(rho) y) / sqrt(1 - rho)); the binomial tail is averaged over y (trapezoidal rule, which
    converges faster than any power of the step for such smooth integrands).

    Parameters
    ----------
    n_defaults : observed defaults
    n_rows : customers
    pd_ratio : PD of each customer, 0-1
    correlation_ratio : asset correlation rho of any two customers, 0-1; 0: independent

    Returns
    -------
    probability 0-1. Source: Vasicek 1991; BCBS WP14 2005.

    Examples
    --------
    >>> round(at_least(2, n_rows=3, pd_ratio=0.5), 12)
    0.5
    """
    if n_defaults <= 0:
        return 1.0
    if n_defaults > n_rows:
        return 0.0
    upper = n_rows - n_defaults + 1
    if correlation_ratio == 0:
        return float(betainc(n_defaults, upper, pd_ratio))
    scaled = (ndtri(pd_ratio) - np.sqrt(correlation_ratio) * FACTOR_GRID) / np.sqrt(1 - correlation_ratio)
    density = np.exp(-(FACTOR_GRID**2) / 2)
    return float(np.average(betainc(n_defaults, upper, ndtr(scaled)), weights=density))


def critical_count(n_rows: int, *, pd_ratio: float, level_ratio: float, correlation_ratio: float = 0.0) -> int:
    """Return the smallest number of defaults that at least so many come with a probability of at most `level_ratio`.

    Parameters
    ----------
    n_rows : customers
    pd_ratio : PD of each customer, 0-1
    level_ratio : probability of so many defaults or more, 0-1
    correlation_ratio : asset correlation of any two customers, 0-1; 0: independent

    Returns
    -------
    number of defaults; customers + 1 where no number is so unlikely.

    Examples
    --------
    >>> [critical_count(1000, pd_ratio=0.01, level_ratio=0.05, correlation_ratio=rho) for rho in (0.0, 0.05)]
    [16, 25]
    """
    low, high = 0, n_rows + 1  # at least `low` defaults is too likely, at least `high` is unlikely enough
    while high - low > 1:
        middle = (low + high) // 2
        tail = at_least(middle, n_rows=n_rows, pd_ratio=pd_ratio, correlation_ratio=correlation_ratio)
        low, high = (low, middle) if tail <= level_ratio else (middle, high)
    return high
