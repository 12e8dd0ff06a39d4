"""Intervals of the factors: whole customers drawn again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from riskresearch.limits.calibration.fit import Fit, Rule, fitted
from riskresearch.limits.calibration.levels import Adding, Level
from riskresearch.limits.calibration.sums import Entries, Sums

Floats = NDArray[np.float64]
CONFIDENCE_RATIO = 0.95


def sums_by_level(matrices: Adding, found: Entries, divisions: Sequence[Level], times: Floats) -> list[Sums]:
    """Return the sums by cell of each division, each customer counted so many times.

    Parameters
    ----------
    matrices : see `levels.adding`
    found : sums by customer and finest cell
    divisions : divisions in the order of the matrices
    times : weight of each customer
    """
    parts = matrices.to_parts
    weighted = csr_matrix((times[found.customer][parts.indices], parts.indices, parts.indptr), shape=parts.shape)
    values = matrices.to_cells @ (weighted @ found.sums.values)
    ends = np.cumsum([len(level.cells) for level in divisions])[:-1]
    return [Sums(part, found.sums.grid) for part in np.split(values, ends)]


def factor_draws(
    matrices: Adding,
    found: Entries,
    divisions: Sequence[Level],
    rule: Rule,
    *,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the factors of all divisions on resamples of customers: draws × cells.

    Whole customers are drawn with replacement, because the months of one customer overlap and its years resemble each
    other (Field and Welsh 2007); each draw is fitted anew, with its own shrinkage and order.
    """
    n_customers = int(found.customer.max()) + 1
    draws = np.empty((n_bootstrap, matrices.to_cells.shape[0]))
    for place in range(n_bootstrap):
        times = np.bincount(rng.integers(0, n_customers, n_customers), minlength=n_customers).astype(float)
        fits = fitted(sums_by_level(matrices, found, divisions, times), divisions, rule, rng=rng)
        draws[place] = np.concatenate([fit.factor for fit in fits])
    return draws


def factor_bounds(draws: Floats, fits: Sequence[Fit]) -> tuple[Floats, Floats]:
    """Return the ends of the interval of each factor: percentiles of the draws, the estimate always inside."""
    factor = np.concatenate([fit.factor for fit in fits])
    if not len(draws):
        return np.full(len(factor), np.nan), np.full(len(factor), np.nan)
    tail = (1 - CONFIDENCE_RATIO) / 2
    low = np.quantile(draws, tail, axis=0, method="lower")
    high = np.quantile(draws, 1 - tail, axis=0, method="higher")
    return np.minimum(low, factor), np.maximum(high, factor)
