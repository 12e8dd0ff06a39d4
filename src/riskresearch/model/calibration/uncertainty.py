"""How sure the PD of a customer is: refits on resampled customers, or Venn-Abers predictors."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame
from pydantic import Field, field_validator
from scipy.special import expit
from scipy.stats import norm

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError
from riskresearch.model.calibration.fit import Floats


class UncertaintySettings(StageSettings):
    """Interval of the PD of a customer."""

    n_refits: int = Field(
        20, ge=0, le=500, description="refits on resampled customers behind the interval of a PD; 0 = no interval"
    )
    interval_confidence_ratio: float = Field(
        0.9, gt=0, lt=1, description="confidence, 0-1, of the interval of a PD; the company's own judgement"
    )

    @field_validator("n_refits")
    @classmethod
    def _spread_needs_two(cls, value: int) -> int:
        if value == 1:
            raise ValueError("one refit has no spread; give 0 for no interval, or at least 2")
        return value


def customer_resample(customers: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return row numbers of a resample of whole customers, drawn with replacement.

    Parameters
    ----------
    customers : customer of each row, rows in any order
    rng : source of chance

    Returns
    -------
    Row numbers, ascending; all rows of a customer drawn k times come k times each. Customers and not rows are drawn,
    because rows of one customer are near copies (Field and Welsh 2007).

    Examples
    --------
    >>> customer_resample(["a", "a", "b", "c"], np.random.default_rng(1)).tolist()
    [2, 2, 3]
    """
    names, owner = np.unique(np.asarray(customers).astype(str), return_inverse=True)
    if not len(names):
        return np.empty(0, dtype=np.int64)
    times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
    return np.repeat(np.arange(len(owner)), times[owner])


def refit_interval(refits: ArrayLike, point: ArrayLike, *, confidence_ratio: float = 0.9) -> DataFrame:
    """Return the interval of PDs from the spread of refits on resampled customers.

    Parameters
    ----------
    refits : calibrated log-odds, one row per refit, one column per customer; at least two refits
    point : calibrated log-odds of the model in use, one per customer
    confidence_ratio : two-sided confidence

    Returns
    -------
    DataFrame ``pd_low pd_high log_odds_sd``, one row per customer: expit(point ± z · sd), sd the standard deviation of
    the refits around their own mean. The interval is centred on the PD in use, on the log-odds, so that it holds the
    PD and stays inside 0-1. It covers the choice of customers, not a wrong form of the model or a change of times.

    Raises
    ------
    TableError
        Fewer than two refits, or another number of customers in refits and point.

    Examples
    --------
    >>> refit_interval([[-3.0], [-2.0], [-4.0]], [-3.0])[["pd_low", "pd_high"]].round(4).to_numpy().tolist()
    [[0.0095, 0.205]]
    """
    drawn, centre = np.asarray(refits, dtype=float), np.asarray(point, dtype=float)
    if drawn.ndim != 2 or len(drawn) < 2 or drawn.shape[1] != len(centre):
        raise TableError(
            f"interval of PDs: refits have the shape {drawn.shape}, the point {len(centre)} customers; give at least "
            "two refits (rows) of the same customers (columns)"
        )
    spread = drawn.std(axis=0, ddof=1)
    half = norm.ppf((1 + confidence_ratio) / 2) * spread
    return DataFrame({"pd_low": expit(centre - half), "pd_high": expit(centre + half), "log_odds_sd": spread})


def venn_abers(raw: ArrayLike, outcome: ArrayLike, scored: ArrayLike, *, weight: ArrayLike | None = None) -> DataFrame:
    """Return inductive Venn-Abers intervals: the PD if the customer survived, and if it defaulted.

    Parameters
    ----------
    raw, outcome : log-odds and outcome (1 = default) of rows the model has not seen
    scored : log-odds of the customers to tell
    weight : weight of each unseen row; equal where not given. Rows of one customer are near copies: give each customer
        a weight of 1 in all, else the interval is far too narrow. The customer to tell weighs 1.

    Returns
    -------
    DataFrame ``pd_low pd_high pd_merged``, one row per customer to tell. Isotonic steps are fitted to the unseen rows
    and the customer itself, once with outcome 0 (value at the customer: ``pd_low``) and once with 1 (``pd_high``);
    one of the two is calibrated whatever the model is, for exchangeable rows. ``pd_merged`` = high / (1 − low + high).

    Raises
    ------
    TableError
        No unseen row, a weight that is not positive, or log-odds that are not finite.

    Notes
    -----
    The step at the customer is the bridge between two convex hulls of the cumulative outcomes: those of the lower
    scores, and those of the higher scores moved by the customer. Source: Vovk, Petej and Fedorova 2015, Large-scale
    probabilistic predictors with and without guarantees of validity.

    Examples
    --------
    >>> venn_abers([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], [2.5]).round(4).to_numpy().tolist()
    [[0.0, 1.0, 0.5]]
    """
    score, told = np.asarray(raw, dtype=float), np.asarray(scored, dtype=float)
    share = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    if not (len(score) and (share > 0).all() and np.isfinite(score).all() and np.isfinite(told).all()):
        raise TableError(
            f"Venn-Abers interval: {len(score)} unseen rows, {len(told)} customers; give at least one unseen row, "
            "positive weights and finite log-odds"
        )
    values, place = np.unique(score, return_inverse=True)
    hits = share * np.asarray(outcome, dtype=float)
    points = np.column_stack([_sums(np.bincount(place, share)), _sums(np.bincount(place, hits))])
    before, after = _hull(points), len(values) - _hull(points[::-1] * [-1, 1])[::-1]
    places = np.column_stack([np.searchsorted(values, told, side=side) for side in ("left", "right")])
    distinct, row = np.unique(places, axis=0, return_inverse=True)
    steps = np.array([_steps(points, before, after, *pair) for pair in distinct.tolist()]).reshape(-1, 2)
    low, high = steps[row].T
    return DataFrame({"pd_low": low, "pd_high": high, "pd_merged": high / (1 - low + high)})


def _sums(values: NDArray[Any]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _hull(points: Floats) -> NDArray[np.int64]:
    """For each point, the one before it on the lower convex hull of the points so far; the first has itself."""
    x, y = points.T.tolist()
    previous = [0] * len(x)
    for i in range(1, len(x)):
        best = i - 1
        while best and _is_above(x, y, previous[best], best, i):
            best = previous[best]
        previous[i] = best
    return np.array(previous, dtype=np.int64)


def _is_above(x: list[float], y: list[float], i: int, j: int, k: int) -> bool:
    """Whether point j lies on or above the line from i to k."""
    return (y[k] - y[i]) * (x[j] - x[i]) <= (y[j] - y[i]) * (x[k] - x[i])


def _walk(previous: NDArray[np.int64], start: int) -> list[int]:
    path = [start]
    while previous[path[-1]] != path[-1]:
        path.append(int(previous[path[-1]]))
    return path


def _steps(
    points: Floats, before: NDArray[np.int64], after: NDArray[np.int64], below: int, upto: int
) -> tuple[float, float]:
    """Step at a customer between the `below` lower scores and the first `upto`, with outcome 0 and with outcome 1."""
    left, right = points[_walk(before, below)], points[_walk(after, upto)]
    width = right[None, :, 0] - left[:, None, 0] + 1
    rise = right[None, :, 1] - left[:, None, 1]
    low, high = (((rise + hit) / width).min(axis=1).max() for hit in (0.0, 1.0))
    return float(low), float(high)
