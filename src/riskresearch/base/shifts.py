"""Population stability index: how far shares have moved, and how far chance alone moves them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

RAISED = 0.5
"""Added to each count so that an empty bin does not make the index infinite."""


@dataclass(frozen=True)
class Shift:
    """Population stability index of counts against earlier ones.

    Parameters
    ----------
    value : Σ (share now − share before) × ln(share now / share before)
    n_bins : bins that are not empty both times
    scale : 1 / N + 1 / M over the customers of both samples
    """

    value: float
    n_bins: int
    scale: float

    def critical_value(self, confidence: float) -> float:
        """Value that chance alone exceeds with probability 1 − confidence if nothing has moved.

        χ² quantile with bins − 1 degrees of freedom × (1/N + 1/M): Yurdakul 2018, Statistical properties of the
        population stability index.
        """
        return float(chi2.ppf(confidence, self.n_bins - 1) * self.scale)

    @property
    def p_value(self) -> float:
        """Probability of at least this value by chance alone if nothing has moved."""
        return float(chi2.sf(self.value / self.scale, self.n_bins - 1))


def shift(before: ArrayLike, now: ArrayLike, *, n_before: int, n_now: int) -> Shift | None:
    """Return the population stability index of counts by bin; None where all rows are in one bin.

    Each count is raised by one half. Bins that are empty both times are left out.

    Parameters
    ----------
    before, now : rows per bin, the same bins
    n_before, n_now : customers behind the rows. Rows of one customer are near copies and tell no more than one row.

    Examples
    --------
    >>> found = shift([500, 300, 200], [40, 35, 25], n_before=1000, n_now=100)
    >>> round(found.value, 4), round(found.critical_value(0.95), 4), round(found.p_value, 3)
    (0.0419, 0.0659, 0.149)
    """
    counts = np.array([before, now], dtype=float)
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2 or not counts.sum(axis=1).all():
        return None
    raised = counts + RAISED
    shares = raised / raised.sum(axis=1, keepdims=True)
    value = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    return Shift(value, counts.shape[1], 1 / n_before + 1 / n_now)


def decile_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inner borders of the deciles of values, NaN left out; equal borders count once."""
    known = values[~np.isnan(values)]
    return np.unique(np.quantile(known, np.linspace(0, 1, 11)[1:-1])) if len(known) else known


def bin_counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return rows per bin: a bin ends with its border; the last bin holds the missing values.

    Examples
    --------
    >>> bin_counts(np.array([1.0, 2.0, 3.0, np.nan]), np.array([1.0, 2.0])).tolist()
    [1, 1, 1, 1]
    """
    places = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    return np.bincount(places, minlength=len(edges) + 2)
