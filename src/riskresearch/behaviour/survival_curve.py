"""Curves of what is still open and of how items ended, with censored and late-entering items.

Notation: at age u (days), r(u) is the weight at risk just before u, d(u) the weight that ends at u,
d_k(u) that which ends in way k. Still open: S(t) = Π_{u ≤ t} (1 − d(u) / r(u)) (Kaplan and Meier
1958). Ended in way k: F_k(t) = Σ_{u ≤ t} S(u−) d_k(u) / r(u) (Aalen and Johansen 1978); S + Σ F_k = 1.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

OPEN = -1
LEVEL = 0.95
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Durations:
    """Items observed from an entry age until an exit age.

    Parameters
    ----------
    entry : at risk at ages above this one (whole days; a very low number = from the start)
    exit : last age at which the item was at risk: its end, or the age on which it was seen open last
    end : way in which it ended, 0, 1, …; -1 = still open
    weight : 1, or an amount
    owner : customer code; items of a customer are not independent
    """

    entry: Ints
    exit: Ints
    end: Ints
    weight: Floats
    owner: Ints

    def only(self, rows: NDArray[np.bool_]) -> "Durations":
        """Return some items."""
        return Durations(self.entry[rows], self.exit[rows], self.end[rows], self.weight[rows], self.owner[rows])


@dataclass(frozen=True)
class Curves:
    """Curves at some ages.

    Parameters
    ----------
    age : ages in days
    share : share still open (column 0) and ended in each way, at the end of the day: ages × (1 + ways)
    low, high : 95 % interval, NaN where there are fewer than 2 customers or no variation
    n_at_risk : items at risk at the age
    """

    age: Ints
    share: Floats
    low: Floats
    high: Floats
    n_at_risk: Ints


@dataclass(frozen=True)
class _Steps:
    """The curves at every age at which something ended, and the sums their variance is made of."""

    age: Ints
    at_risk: Floats
    hazard: Floats
    before: Floats
    ended: Floats
    by_end: Floats


def curves(items: Durations, *, n_ends: int, ages: Ints) -> Curves:
    """Return the curves of items at some ages, with intervals that respect customers.

    Ages after the last one at which an item was at risk are left out: nothing was seen there.
    The variance is the infinitesimal jackknife: the sum over customers of the squared influence of
    all their items, n / (n − 1) times. With one item per customer and equal weights it is
    Greenwood's formula but for that factor (Efron 1981). Intervals are those of log(−log share).

    Parameters
    ----------
    items : what was observed
    n_ends : number of ways to end
    ages : ages wanted, ascending
    """
    items = _until(items.only(items.exit > items.entry), int(ages.max()))
    wanted = ages[ages <= items.exit.max()] if len(items.exit) else ages[:0]
    steps = _steps(items, n_ends)
    place = np.searchsorted(steps.age, wanted, side="right")
    ended = np.vstack([np.zeros(n_ends), steps.ended])[place]
    share = np.column_stack([1.0 - ended.sum(axis=1), ended])
    error = np.sqrt(_variances(items, steps, wanted))
    low, high = _interval(share, error)
    return Curves(wanted, np.clip(share, 0.0, 1.0), low, high, _count_at_risk(items, wanted))


def quantile_age(curve: Floats, ages: Ints, *, level: float = 0.5) -> float:
    """Return the first age at which a falling curve is at or below a level; NaN where it never is or is NaN.

    Examples
    --------
    >>> quantile_age(np.array([1.0, 0.6, 0.4]), np.array([0, 10, 20]))
    20.0
    """
    reached = np.flatnonzero(curve <= level)
    return float(ages[reached[0]]) if len(reached) else float("nan")


def _until(items: Durations, last: int) -> Durations:
    """Items seen until an age: those that end later were still open then."""
    return replace(items, end=np.where(items.exit <= last, items.end, OPEN))


def _steps(items: Durations, n_ends: int) -> _Steps:
    has_end = items.end != OPEN
    age = np.unique(items.exit[has_end])
    at_risk = _sum_from(items.exit, items.weight, age) - _sum_from(items.entry, items.weight, age)
    place = np.searchsorted(age, items.exit[has_end])
    flat = np.bincount(
        place * n_ends + items.end[has_end], weights=items.weight[has_end], minlength=len(age) * n_ends
    ).reshape(len(age), n_ends)
    by_end = flat / at_risk[:, None]
    hazard = np.minimum(by_end.sum(axis=1), 1.0)
    after = np.cumprod(1.0 - hazard)
    before = np.r_[1.0, after[:-1]] if len(age) else after
    return _Steps(age, at_risk, hazard, before, np.cumsum(before[:, None] * by_end, axis=0), by_end)


def _sum_from(ages: Ints, weight: Floats, at: Ints) -> Floats:
    """Weight of the items whose age is at or above each of some ages."""
    order = np.argsort(ages, kind="stable")
    running = np.r_[np.cumsum(weight[order][::-1])[::-1], 0.0]
    return np.asarray(running[np.searchsorted(ages[order], at, side="left")])


def _count_at_risk(items: Durations, at: Ints) -> Ints:
    ones = np.ones(len(items.exit))
    return np.rint(_sum_from(items.exit, ones, at) - _sum_from(items.entry, ones, at)).astype("int64")


def _variances(items: Durations, steps: _Steps, ages: Ints) -> Floats:
    """Variance of the share still open and of each way to end, at some ages: ages × (1 + ways)."""
    n_ends = steps.by_end.shape[1]
    _, owner = np.unique(items.owner, return_inverse=True)
    n_owners = int(owner.max()) + 1 if len(owner) else 0
    if n_owners < 2:
        return np.full((len(ages), 1 + n_ends), np.nan)
    order = np.argsort(owner, kind="stable")
    at_once = max(CELLS_AT_ONCE // max(len(steps.age), 1), 1)
    firsts = np.searchsorted(owner[order], np.arange(0, n_owners + at_once, at_once))
    squares = np.zeros((len(steps.age) + 1, 1 + n_ends))
    for number, (start, stop) in enumerate(pairwise(firsts)):
        rows = order[start:stop]
        squares[1:] += _squared_influences(items, steps, rows, owner[rows] - number * at_once)
    return np.asarray(squares[np.searchsorted(steps.age, ages, side="right")] * n_owners / (n_owners - 1))


def _squared_influences(items: Durations, steps: _Steps, rows: Ints, owner: Ints) -> Floats:
    """Sum over customers of their squared influence on the share still open and on each way to end, at every step.

    With F_k the share ended in way k, the influence of a customer at t is the sum over the steps v ≤ t of
    S(v−) (dN_k − Y h_k) / r − (F_k(t) − F_k(v)) (dN − Y h) / (r (1 − h)), where Y is its weight at risk and
    dN_k its weight that ends in way k at v. At a step where all that is left ends nothing depends on what is after.
    """
    n_ages, n_ends = steps.by_end.shape
    n_owners = int(owner.max()) + 1 if len(owner) else 0
    at_risk, ending = _by_owner(items, steps, rows, owner, n_owners)
    all_ends = ending.sum(axis=0)
    last = steps.hazard >= 1.0
    scaled = (all_ends - at_risk * steps.hazard) * np.where(last, 0.0, 1.0)
    scaled /= steps.at_risk * np.where(last, 1.0, 1.0 - steps.hazard)
    common = np.cumsum(scaled, axis=1)
    total, squares = np.zeros((n_owners, n_ages)), np.empty((n_ages, 1 + n_ends))
    for k in range(n_ends):
        own = (ending[k] - at_risk * steps.by_end[:, k]) * steps.before / steps.at_risk
        rise = steps.ended[:, k]
        influence = np.cumsum(own + rise * scaled, axis=1) - rise * common
        total += influence
        squares[:, 1 + k] = (influence**2).sum(axis=0)
    squares[:, 0] = (total**2).sum(axis=0)
    return squares


def _by_owner(items: Durations, steps: _Steps, rows: Ints, owner: Ints, n_owners: int) -> tuple[Floats, Floats]:
    """Weight at risk (customers × steps) and weight ending (ways × customers × steps)."""
    n_ages, n_ends = steps.by_end.shape
    weight, end, size = items.weight[rows], items.end[rows], n_owners * (n_ages + 1)
    since = np.searchsorted(steps.age, items.entry[rows], side="right")
    until = np.searchsorted(steps.age, items.exit[rows], side="right")
    change = np.bincount(owner * (n_ages + 1) + since, weights=weight, minlength=size)
    change -= np.bincount(owner * (n_ages + 1) + until, weights=weight, minlength=size)
    at_risk = np.cumsum(change.reshape(n_owners, n_ages + 1), axis=1)[:, :n_ages]
    ending = np.empty((n_ends, n_owners, n_ages))
    for k in range(n_ends):
        chosen = end == k
        flat = owner[chosen] * n_ages + until[chosen] - 1
        ending[k] = np.bincount(flat, weights=weight[chosen], minlength=n_owners * n_ages).reshape(n_owners, n_ages)
    return np.asarray(at_risk), ending


def _interval(share: Floats, error: Floats) -> tuple[Floats, Floats]:
    z = float(norm.ppf(0.5 + LEVEL / 2))
    inside = (share > 1e-12) & (share < 1 - 1e-12) & (error > 1e-12)
    safe = np.where(inside, share, 0.5)
    log_share = np.log(safe)
    reach = z * np.where(inside, error, 0.0) / (safe * np.abs(log_share))
    low, high = safe ** np.exp(reach), safe ** np.exp(-reach)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)
