"""Intervals of weekly receipts: items drawn with the dependence within customers, and the errors made before.

Two sources of error are added. Chance of the items: each item is drawn from its own schedule, and the
items of a customer hang together (one-factor normal copula, correlation measured on the past). Error
of the method itself: its squared errors at earlier origins beyond what chance explains, by horizon, as a
share of open amount × expected amount (at least a quarter of an even spread over the weeks); drawn
from Student's law with as many degrees of freedom as errors. A rule has no chance of its own, so
all its spread is its earlier errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from riskresearch.behaviour.receipts.paths import Floats, Ints

Singles = NDArray[np.float32]

BANDS = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 1_000))
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
LEAST_ERRORS = 3
MOST_CORRELATION = 0.95


@dataclass(frozen=True)
class Error:
    """Error of a method in one week after an origin.

    Parameters
    ----------
    week : weeks after the origin
    known_day : day on which the week was over
    squared : squared error over its scale, see `error_scale`
    chance : variance that chance explains, same scale
    """

    week: int
    known_day: int
    squared: float
    chance: float


@dataclass(frozen=True)
class OwnError:
    """Error of a method itself in one band of weeks: standard error over the root of its scale, and its base."""

    ratio: float
    n_errors: int


def error_scale(expected: Floats, open_amount: float) -> Floats:
    """Return the scale of squared errors by week: open amount × expected amount, never below a quarter of even weeks.

    Examples
    --------
    >>> error_scale(np.array([50.0, 0.0]), 100.0).tolist()
    [5000.0, 1250.0]
    """
    least = open_amount / (4 * max(len(expected), 1))
    return np.maximum(open_amount * np.maximum(expected, least), 1.0)


def band(week: int) -> int:
    """Return the band of horizons a week belongs to."""
    return next(i for i, (first, last) in enumerate(BANDS) if first <= week <= last)


def own_errors(past: Sequence[Error], *, day: int) -> dict[int, OwnError]:
    """Return the error of the method itself by band, from the weeks that were over on a day."""
    found = {}
    for i in range(len(BANDS)):
        errors = [e for e in past if band(e.week) == i and e.known_day <= day]
        if len(errors) >= LEAST_ERRORS:
            excess = float(np.mean([e.squared - e.chance for e in errors]))
            found[i] = OwnError(float(np.sqrt(max(excess, 0.0))), len(errors))
    return found


def drawn_receipts(
    weeks: Floats, amount: Floats, customer: Ints, *, correlation: float, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Return drawn totals of receipts: draws × weeks.

    Parameters
    ----------
    weeks : chance of each week: items × weeks
    amount : open amount of each item
    customer : customer code of each item
    correlation : correlation of the normal scores of two items of a customer
    n_draws : number of draws
    rng : source of chance
    """
    n_weeks = weeks.shape[1]
    bounds = norm.ppf(np.clip(np.cumsum(weeks, axis=1), 0.0, 1.0)).astype("float32")
    _, owner = np.unique(customer, return_inverse=True)
    n_owners = int(owner.max()) + 1 if len(owner) else 0
    common, own = np.array([np.sqrt(correlation), np.sqrt(1 - correlation)], dtype="float32")
    totals = np.empty((n_draws, n_weeks + 1))
    for draw in range(n_draws):
        score = common * rng.standard_normal(n_owners, dtype=np.float32)[owner]
        score += own * rng.standard_normal(len(owner), dtype=np.float32)
        totals[draw] = np.bincount(_week_of(score, bounds), weights=amount, minlength=n_weeks + 1)
    return totals[:, :n_weeks]


def customer_correlation(weeks: Floats, happened: Floats, amount: Floats, customer: Ints) -> float:
    """Return how strongly the items of a customer hang together, beyond what their schedules tell.

    Each item gets the normal score of the place of its week in its schedule (the middle of the week;
    what did not come lies beyond the last). The correlation is the mean product of the scores of pairs
    of items of one customer, weighted by the product of their amounts, over the mean squared score.

    Parameters
    ----------
    weeks : chance of each week: items × weeks
    happened : amount received in each week: items × weeks
    amount : open amount of each item
    customer : customer code of each item
    """
    came = happened.sum(axis=1) >= amount / 2
    week = np.where(came, happened.argmax(axis=1), weeks.shape[1])
    until = np.clip(np.cumsum(np.c_[weeks, 1 - weeks.sum(axis=1)], axis=1), 0.0, 1.0)
    rows = np.arange(len(week))
    before = np.where(week > 0, until[rows, np.maximum(week - 1, 0)], 0.0)
    score = norm.ppf(np.clip((before + until[rows, week]) / 2, 0.001, 0.999))
    _, owner = np.unique(customer, return_inverse=True)
    sums, weights = np.bincount(owner, weights=amount * score), np.bincount(owner, weights=amount)
    pairs = float((weights**2).sum() - (amount**2).sum())
    square = float(np.average(score**2, weights=amount)) if len(score) else 0.0
    if pairs <= 0 or square <= 0:
        return 0.0
    product = float((sums**2).sum() - ((amount * score) ** 2).sum()) / pairs
    return float(np.clip(product / square, 0.0, MOST_CORRELATION))


def levels_of(
    draws: Floats, errors: dict[int, OwnError], *, expected: Floats, open_amount: float, rng: np.random.Generator
) -> Floats:
    """Return the levels 2.5, 10, 50, 90 and 97.5 % of weekly receipts: weeks × levels.

    NaN in a week with less than three earlier errors: chance alone covers too little.

    Parameters
    ----------
    draws : from `drawn_receipts`
    errors : from `own_errors`
    expected : expected receipts by week
    open_amount : open amount in all
    rng : source of chance
    """
    n_draws, n_weeks = draws.shape
    levels, scale = np.full((n_weeks, len(LEVELS)), np.nan), np.sqrt(error_scale(expected, open_amount))
    for w in range(n_weeks):
        error = errors.get(band(w + 1))
        if error is not None:
            shift = error.ratio * scale[w] * rng.standard_t(error.n_errors, n_draws)
            levels[w] = np.quantile(np.clip(draws[:, w] + shift, 0.0, open_amount), LEVELS)
    return levels


def _week_of(score: Singles, bounds: Singles) -> Ints:
    """Week into which the score of each item falls; the number of weeks where it lies beyond all."""
    week = np.zeros(len(score), dtype="int64")
    for w in range(bounds.shape[1]):
        week += score > bounds[:, w]
    return week
