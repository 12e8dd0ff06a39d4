"""Rows by distinct PD, riskiest first: what ROC, CAP, KS, H-measure and profit are made of, also resampled."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.sparse import csr_array

from riskresearch.validation.registry import Evidence

Floats = NDArray[np.float64]
MOST_STEPS = 500


@dataclass(frozen=True)
class Steps:
    """Defaulters and others of each distinct PD, riskiest first; `place` is the number of the step of each row."""

    pd: Floats
    n_defaults: Floats
    n_others: Floats
    place: NDArray[np.int64]


class Hull(NamedTuple):
    """Blocks of the upper convex hull of the ROC curve, riskiest first: defaulters and others of each block."""

    n_defaults: Floats
    n_others: Floats


def steps(score: ArrayLike, outcome: ArrayLike) -> Steps:
    """Return defaulters and others of each distinct score, riskiest first.

    Examples
    --------
    >>> found = steps([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    >>> found.pd.tolist(), found.n_defaults.tolist(), found.n_others.tolist()
    ([0.8, 0.4, 0.1], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0])
    """
    hit = np.asarray(outcome, dtype=bool)
    values, counted = np.unique(np.asarray(score, dtype=float), return_inverse=True)
    place = len(values) - 1 - counted
    bad, good = (np.bincount(place[rows], minlength=len(values)).astype(float) for rows in (hit, ~hit))
    return Steps(values[::-1], bad, good, place)


def roc_area(bad: Floats, good: Floats) -> Floats:
    """Area under the ROC curve of steps along the first axis, ties counting one half; NaN without both outcomes."""
    above = np.cumsum(bad, axis=0) - bad / 2
    with np.errstate(invalid="ignore"):
        return np.asarray((above * good).sum(axis=0) / (bad.sum(axis=0) * good.sum(axis=0)))


def widest_gap(bad: Floats, good: Floats) -> Floats:
    """Largest absolute distance between the shares of defaulters and of others reached, over the steps."""
    with np.errstate(invalid="ignore"):
        gap = np.cumsum(bad, axis=0) / bad.sum(axis=0) - np.cumsum(good, axis=0) / good.sum(axis=0)
    return np.asarray(np.abs(gap).max(axis=0))


def hull(bad: Floats, good: Floats) -> Hull:
    """Return the blocks of the upper convex hull of the ROC curve: neighbours pooled until default rates fall.

    Pooling adjacent violators gives the convex hull (Fawcett and Niculescu-Mizil 2007).

    Examples
    --------
    >>> found = hull(np.array([1.0, 0.0, 2.0, 0.0]), np.array([0.0, 1.0, 1.0, 4.0]))
    >>> found.n_defaults.tolist(), found.n_others.tolist()
    ([1.0, 2.0, 0.0], [0.0, 2.0, 4.0])
    """
    here = bad + good > 0
    n_defaults, n_rows = bad[here], (bad + good)[here]
    starts = isotonic_regression(n_defaults / n_rows, weights=n_rows, increasing=False).blocks[:-1]
    pooled = np.add.reduceat(n_defaults, starts)
    return Hull(pooled, np.add.reduceat(n_rows, starts) - pooled)


def pooled(found: Steps) -> Steps:
    """Return at most 500 steps: neighbouring PDs pooled so that each step holds about as many rows as the others.

    The PD of a pooled step is its lowest. For the spread of resamples only: no value is computed from pooled steps.
    """
    if len(found.pd) <= MOST_STEPS:
        return found
    rows = found.n_defaults + found.n_others
    _, group = np.unique(((np.cumsum(rows) - rows / 2) * MOST_STEPS / rows.sum()).astype(int), return_inverse=True)
    first = np.append(0, np.flatnonzero(np.diff(group)) + 1)
    bad, good = (np.add.reduceat(part, first) for part in (found.n_defaults, found.n_others))
    lowest = found.pd[np.append(first[1:], len(group)) - 1]
    return Steps(lowest, bad, good, group[found.place])


def resampled(evidence: Evidence, found: Steps, statistic: Callable[[Floats, Floats], Floats]) -> Floats:
    """Return a statistic of the steps on each resample, whole customers drawn with replacement.

    Parameters
    ----------
    evidence : rows, settings and chance
    found : steps of the same rows, pooled
    statistic : function of defaulters and others, one row per step and one column per resample
    """
    counts, hit, owner = evidence.draws(), evidence.outcome, evidence.owner
    shape = (len(found.pd), counts.shape[1])
    bad, good = (
        csr_array((np.ones(int(rows.sum())), (found.place[rows], owner[rows])), shape=shape) @ counts.T
        for rows in (hit, ~hit)
    )
    return statistic(bad, good)


def centred(
    evidence: Evidence, drawn: Floats, *, value: float, low: float, high: float
) -> tuple[float | None, float | None]:
    """Return the percentile interval of the resamples, moved so that their mean is the value, within the range.

    A largest distance or a hull is higher in resamples than in the sample they come from, since rows repeat.
    """
    known = drawn[np.isfinite(drawn)]
    bounds = evidence.bounds(drawn - known.mean() + value) if len(known) else (None, None)
    return around(bounds, value=value, low=low, high=high)


def around(
    bounds: tuple[float, float] | tuple[None, None], *, value: float, low: float, high: float
) -> tuple[float | None, float | None]:
    """Return the bounds within the range of the measure and on either side of its value."""
    if bounds[0] is None or bounds[1] is None:
        return None, None
    return max(min(bounds[0], value), low), min(max(bounds[1], value), high)
