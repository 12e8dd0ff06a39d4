"""Default rates of cells drawn towards their parent's by credibility."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shrunk:
    """Default rates of cells.

    Parameters
    ----------
    raw : defaults / customer-years; NaN without any
    rate : weight × raw + (1 − weight) × parent's rate
    weight : credibility of the cell's own rate; 0 without customer-years
    """

    raw: Floats
    rate: Floats
    weight: Floats


def correlation_within(hits: Floats, years: Floats, parent: Ints) -> float:
    """Return the correlation ρ of the beta-binomial law of default rates around their parent's, 0 to 1.

    The true rate of a cell is beta distributed around the rate m of its siblings together, with variance ρ m (1 − m),
    so that its raw rate has variance m (1 − m) (ρ + (1 − ρ) / n). Moments over all families with a default
    (Kleinman 1973, in the form of Bühlmann and Straub 1970):
    ρ = (Q − d) / (N − d), Q = Σ n (raw − m)² / (m (1 − m)), N = Σ families (Σ n − Σ n² / Σ n), d = cells − families.

    Parameters
    ----------
    hits, years : customer-years with a default and customer-years n, by cell
    parent : family of each cell

    Examples
    --------
    >>> round(correlation_within(np.array([2.0, 30.0]), np.array([200.0, 300.0]), np.array([0, 0])), 4)
    0.0637
    >>> correlation_within(np.array([2.0, 3.0]), np.array([200.0, 300.0]), np.array([0, 0]))
    0.0
    """
    told = years > 0
    n, y, family = years[told], hits[told], parent[told]
    size = int(parent.max()) + 1 if len(parent) else 0
    total = np.bincount(family, n, size)
    safe = np.where(total > 0, total, 1.0)
    pool = np.minimum(np.bincount(family, y, size) / safe, 1.0)
    spread = pool * (1 - pool)
    informs = spread[family] > 0
    quadratic = (n * (y / n - pool[family]) ** 2)[informs] / spread[family][informs]
    families = (spread > 0) & (total > 0)
    degrees = float(informs.sum() - families.sum())
    whole = float((total - np.bincount(family, n**2, size) / safe)[families].sum())
    if whole <= degrees or degrees <= 0:
        return 0.0
    return float(np.clip((quadratic.sum() - degrees) / (whole - degrees), 0.0, 1.0))


def shrunk_rates(hits: Floats, years: Floats, *, target: Floats, correlation: float, design: float = 1.0) -> Shrunk:
    """Return default rates drawn towards the parent's by the weight n ρ / (n ρ + 1 − ρ).

    The mean of the beta law given what was observed (empirical Bayes). A cell with very many customer-years keeps its
    own rate, one without any gets its parent's.

    Parameters
    ----------
    hits, years : customer-years with a default and customer-years, by cell
    target : rate of each cell's parent
    correlation : ρ, see `correlation_within`
    design : variance over that of independent customer-years, 1 or more; n = years / design

    Examples
    --------
    >>> found = shrunk_rates(
    ...     np.array([2.0, 0.0]), np.array([99.0, 0.0]), target=np.array([0.05, 0.05]), correlation=0.01
    ... )
    >>> found.weight.tolist(), found.rate.round(5).tolist()
    ([0.5, 0.0], [0.0351, 0.05])
    """
    told = years > 0
    raw = np.where(told, np.minimum(hits / np.where(told, years, 1.0), 1.0), np.nan)
    n = years / design * correlation
    below = n + 1 - correlation
    weight = np.where(told & (below > 0), n / np.where(below > 0, below, 1.0), 0.0)
    return Shrunk(raw, np.where(told, weight * np.where(told, raw, 0.0) + (1 - weight) * target, target), weight)


def design_effect(hits: Floats, years: Floats, cell: Ints) -> float:
    """Return the variance of default counts by customer over that of independent customer-years, at least 1.

    Years of one customer, and its overlapping months, are not independent: Σ (y − p n)² over customers, divided by
    Σ n p (1 − p), p the rate of the cell.

    Parameters
    ----------
    hits, years : by customer and cell
    cell : cell of each row

    Examples
    --------
    >>> design_effect(np.array([1.0, 0, 0, 1]), np.array([1.0, 1, 1, 1]), np.array([0, 0, 0, 0]))
    1.0
    >>> design_effect(np.array([3.0, 0]), np.array([3.0, 3.0]), np.array([0, 0]))
    3.0
    """
    total = np.bincount(cell, years)
    rate = np.minimum(np.bincount(cell, hits) / np.where(total > 0, total, 1.0), 1.0)
    expected = float((total * rate * (1 - rate)).sum())
    if expected <= 0:
        return 1.0
    return max(1.0, float(((hits - rate[cell] * years) ** 2).sum() / expected))
