"""The largest factor within the appetite, and factors that never rise with risk."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLERANCE = 1e-9


def room_left(loss: Floats, kept: Floats, *, appetite_ratio: float) -> Floats:
    """Return expected loss still accepted: appetite × sales kept − expected loss; a hair is added for rounding."""
    return np.asarray(appetite_ratio * (1 + TOLERANCE) * kept - loss)


def largest_factor(room: Floats, *, grid: Floats) -> Floats:
    """Return the largest factor at which some expected loss is still accepted or none is left over; 0 where none is.

    Parameters
    ----------
    room : see `room_left`, at each factor; last axis = grid
    grid : factors, ascending from 0

    Examples
    --------
    >>> grid = np.array([0.0, 0.5, 1.0, 1.5])
    >>> room = room_left(np.array([0, 1.0, 2.0, 3.0]), np.array([0, 100.0, 200.0, 210.0]), appetite_ratio=0.01)
    >>> float(largest_factor(room, grid=grid))
    1.0
    """
    within = room >= 0
    last = within.shape[-1] - 1 - np.argmax(within[..., ::-1], axis=-1)
    return np.asarray(np.where(within.any(axis=-1), grid[last], 0.0))


def never_rising(room: Floats, *, grid: Floats) -> Floats:
    """Return factors by class, from the least to the most risky, that never rise with risk.

    Isotonic regression by its min-max form (Ayer et al. 1955; Barlow et al. 1972): the factor of class i is the
    smallest over s ≤ i of the largest over t ≥ i of the factor of the classes s to t **taken together**. Classes that
    would break the order are thus pooled, and the pool, not the mean of its factors, is held against the appetite.
    A looser appetite lowers no factor, because it lowers that of no pool.

    Parameters
    ----------
    room : see `room_left`; lines × classes × grid, amounts that can be added up over classes
    grid : factors, ascending from 0

    Examples
    --------
    >>> grid = np.array([0.0, 1.0, 2.0])
    >>> loss = np.array([[[0, 2, 4.0], [0, 1, 2.0]]])
    >>> room = room_left(loss, np.array([[[0, 100, 150.0], [0, 100, 200.0]]]), appetite_ratio=0.015)
    >>> largest_factor(room, grid=grid).tolist()
    [[0.0, 2.0]]
    >>> never_rising(room, grid=grid).tolist()
    [[1.0, 1.0]]
    """
    factors = np.full(room.shape[:2], np.inf)
    for s in range(room.shape[1]):
        pools = largest_factor(room[:, s:].cumsum(axis=1), grid=grid)
        best = np.maximum.accumulate(pools[:, ::-1], axis=1)[:, ::-1]
        factors[:, s:] = np.minimum(factors[:, s:], best)
    return factors


def never_falling(rates: Floats, weights: Floats) -> Floats:
    """Return rates by class, from the least to the most risky, that never fall with risk (isotonic regression).

    The largest over s ≤ i of the smallest over t ≥ i of the weighted mean of classes s to t: the same as pooling
    adjacent violators.

    Parameters
    ----------
    rates, weights : lines × classes; weights above 0

    Examples
    --------
    >>> never_falling(np.array([[0.01, 0.06, 0.03, 0.1]]), np.array([[5.0, 1.0, 2.0, 1.0]])).round(4).tolist()
    [[0.01, 0.04, 0.04, 0.1]]
    """
    found = np.full(rates.shape, -np.inf)
    for s in range(rates.shape[1]):
        means = (rates * weights)[:, s:].cumsum(axis=1) / weights[:, s:].cumsum(axis=1)
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        found[:, s:] = np.maximum(found[:, s:], least)
    return found
