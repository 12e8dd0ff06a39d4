"""Logistic regression on counted cells of classes: exact second derivatives, no sampling, no chance."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from riskresearch.behaviour.receipts.paths import Floats, Ints

MOST_STEPS = 40
ENOUGH_GAIN = 0.1
LONGEST_STEP = 2.0


@dataclass(frozen=True)
class Cells:
    """Counted rows by combination of classes.

    Parameters
    ----------
    key : one number per combination, ascending (mixed radix of the classes)
    n_rows : rows of the combination
    n_events : events among them; parts of an event count as parts
    """

    key: Ints
    n_rows: Floats
    n_events: Floats


def counted(key: Ints, event: Floats) -> Cells:
    """Return rows as counted cells."""
    keys, place = np.unique(key, return_inverse=True)
    return _summed(keys, place, np.ones(len(key)), event)


def together(one: Cells, other: Cells) -> Cells:
    """Return the cells of both."""
    keys, place = np.unique(np.concatenate([one.key, other.key]), return_inverse=True)
    n_rows, n_events = np.concatenate([one.n_rows, other.n_rows]), np.concatenate([one.n_events, other.n_events])
    return _summed(keys, place, n_rows, n_events)


def packed(classes: Ints, sizes: tuple[int, ...]) -> Ints:
    """Return one number per row of classes (rows × factors).

    Examples
    --------
    >>> packed(np.array([[1, 2], [0, 3]]), (2, 5)).tolist()
    [7, 3]
    """
    return np.ravel_multi_index(tuple(classes.T), sizes).astype("int64")


def fit_logit(cells: Cells, sizes: tuple[int, ...], *, ridge: float, start: Floats) -> Floats:
    """Return log odds by class: one coefficient per class of each factor, and the intercept last.

    Maximises Σ events log p + (rows − events) log (1 − p) − ridge/2 Σ coefficient² by Newton steps,
    shortened where they are long, until a step promises less than 0.1 of log likelihood (what is left
    after it is of the order of its square). The ridge makes the coefficients of a factor's classes add
    up to 0 and draws rare classes to it.

    Parameters
    ----------
    cells : counted rows
    sizes : number of classes of each factor
    ridge : weight of the penalty, in rows of full information
    start : coefficients to start from; they change the way, not the end
    """
    starts = np.cumsum((0, *sizes[:-1]))
    places = np.stack(np.unravel_index(cells.key, sizes)) + starts[:, None]
    size = sum(sizes)
    penalty = np.r_[np.full(size, ridge), 0.0]
    beta = start
    for _ in range(MOST_STEPS):
        p = expit(sum(beta[row] for row in places) + beta[-1])
        slope = _sums(places, cells.n_events - cells.n_rows * p, size) - penalty * beta
        curve = _products(places, cells.n_rows * p * (1 - p), size) + np.diag(penalty + 1e-9)
        step = cho_solve(cho_factor(curve), slope)
        gain = float(slope @ step)
        beta = beta + step * (LONGEST_STEP / max(float(np.abs(step).max()), LONGEST_STEP))
        if gain < ENOUGH_GAIN:
            break
    return np.asarray(beta)


def _summed(keys: Ints, place: Ints, n_rows: Floats, n_events: Floats) -> Cells:
    sums = [np.bincount(place, weights=part, minlength=len(keys)) for part in (n_rows, n_events)]
    return Cells(keys, np.asarray(sums[0], dtype="float64"), np.asarray(sums[1], dtype="float64"))


def _sums(places: Ints, weight: Floats, size: int) -> Floats:
    by_class = sum(np.bincount(row, weights=weight, minlength=size) for row in places)
    return np.r_[by_class, weight.sum()]


def _products(places: Ints, weight: Floats, size: int) -> Floats:
    """Weighted cross products of the class indicators and the constant."""
    flat = np.zeros(size * size)
    for one, other in combinations(places, 2):
        flat += np.bincount(one * size + other, weights=weight, minlength=size * size)
    upper = flat.reshape(size, size)
    diagonal = _sums(places, weight, size)
    full = np.empty((size + 1, size + 1))
    full[:size, :size] = upper + upper.T + np.diag(diagonal[:size])
    full[size, :], full[:, size] = diagonal, diagonal
    return full
