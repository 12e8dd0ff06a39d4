"""Hazard of a default: the rate of a Poisson process of which the first point is the default.

A customer defaults with probability 1 - exp(-h). In every model h = min(link(x) X, `CAP`): x is the customer's index in
the year and X a common multiplier. Gaussian and Student t: link(x) = -ln Phi(-x), X = 1. Gamma with variance v:
link(x) = ((1 - Phi(x))^-v - 1) / v, the rate a for which the mean of 1 - exp(-a X) is Phi(x).

`link_table` brackets the link, which rises, on a fine grid: most comparisons with a hazard are settled by the bracket,
the few others evaluate the link.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import erfc

from riskresearch.insurance.claims import Array, Integers

LOWEST, HIGHEST, STEPS = -9.0, 9.0, 512.0  # beyond the lowest index no default, beyond the highest surely one
CAP = 40.0  # a customer of this hazard survives with probability 4e-18
POISSON_PART = 32.0  # Poisson numbers of larger means are sums
_UNBOUNDED = 1e300
_ROOT_HALF = 0.5**0.5


class Link(NamedTuple):
    """Link on the grid; it lies between ``table[k]`` and ``table[k + 1]`` where x lies in cell k.

    Parameters
    ----------
    table : link at the edges of the cells; 0 and unbounded at both ends
    variance : variance of the gamma factor; 0 = Gaussian
    """

    table: Array
    variance: float


def link_table(variance: float) -> Link:
    """Return the link of a model; variance 0 = Gaussian and Student t."""
    grid = LOWEST + np.arange(int((HIGHEST - LOWEST) * STEPS) + 2) / STEPS
    table = link(grid, variance=variance)
    table[0], table[-1] = 0.0, _UNBOUNDED
    return Link(table, variance)


def link(x: Array, *, variance: float) -> Array:
    """Hazard of an index, without multiplier and cap."""
    tail = 0.5 * erfc(np.abs(x) * _ROOT_HALF)
    with np.errstate(divide="ignore", over="ignore"):
        normal = np.where(x > 0, -np.log(tail), -np.log1p(-tail))
        return np.asarray(np.expm1(variance * normal) / variance if variance else normal)


def cell(x: Array, *, link: Link) -> Integers:
    """Cell of an index on the grid."""
    place = ((np.clip(x, LOWEST, HIGHEST) - LOWEST) * STEPS).astype(np.int64)
    return np.minimum(place, len(link.table) - 2)
