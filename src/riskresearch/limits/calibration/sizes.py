"""Whether those that default are the small or the large customers of their cell: their need over the mean need."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.limits.calibration.levels import Level
from riskresearch.limits.calibration.sums import Entries, Sums

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SPREAD_RATIO = 0.5
"""Judgement: standard deviation of true size ratios around their parent's, where customers differ much in size."""


@dataclass(frozen=True)
class SizeRule:
    """How far the size ratio of each cell of one division is believed; does not change from draw to draw.

    Parameters
    ----------
    half : customer-years with a default at which the own ratio weighs one half
    uneven : coefficient of variation of LGD × need in the cell, at most 1; where all have one size the ratio is 1
        whatever the parent's
    """

    half: Floats
    uneven: Floats


@dataclass(frozen=True)
class Sizes:
    """Size ratios of the cells of one division: mean LGD × need of those that default over that of all.

    Parameters
    ----------
    raw : of the cell alone; NaN without a default
    weight : credibility of the own ratio
    prior : what it is drawn to
    ratio : weight × raw + (1 − weight) × prior
    """

    raw: Floats
    weight: Floats
    prior: Floats
    ratio: Floats


def size_rules(found: Entries, divisions: Sequence[Level]) -> tuple[SizeRule, ...]:
    """Return, by division, how many defaults make the size ratio of a cell its own.

    With D defaulters, the variance of the ratio is v² / D, v the coefficient of variation of LGD × need between the
    customers of the cell, weighted by their customer-years; that of the true ratios around their parent's is taken to
    be (0.5 × min(1, v))². The weight is then D / (D + 4 max(1, v²)): one half at 4 defaulters in an even cell, at 20
    in one where a few customers hold most of the need (v² = 5).
    """
    rules = []
    for level in divisions:
        inside = level.cell >= 0
        pairs, place = np.unique(np.column_stack([level.cell, found.customer])[inside], axis=0, return_inverse=True)
        n, cell = len(level.cells), pairs[:, 0]
        years, lost, hits = (
            np.bincount(place.ravel(), found.sums[name][inside], len(pairs)) for name in ("years", "loss_need", "hits")
        )
        total = np.bincount(cell, years, n)
        mean = np.bincount(cell, lost, n) / np.where(total > 0, total, 1.0)
        apart = years * (lost / years / np.where(mean > 0, mean, 1.0)[cell] - 1) ** 2
        square = np.round(np.bincount(cell, apart, n) / np.where(total > 0, total, 1.0), 12)
        defaulters = np.bincount(cell, hits > 0, n)
        per_defaulter = np.bincount(cell, hits, n) / np.where(defaulters > 0, defaulters, 1.0)
        half = np.maximum(square, 1.0) / SPREAD_RATIO**2 * per_defaulter
        rules.append(SizeRule(half, np.where(total > 0, np.minimum(np.sqrt(square), 1.0), 1.0)))
    return tuple(rules)


def size_ratios(
    sums: Sums, level: Level, rule: SizeRule, enough: Bools, above: Sizes | None, rng: np.random.Generator | None = None
) -> Sizes:
    """Return the size ratios of a division, drawn towards the parent's by credibility.

    The parent's is measured **within** its cells: LGD × need of its defaulters over what they would have at the mean
    of their own cells. A book whose risky segment holds small customers that fail at random has a ratio below 1, and
    none of its segments has. The book's own is drawn to 1.

    Parameters
    ----------
    sums, level : sums by cell
    rule : see `size_rules`
    enough : cells with defaulters enough for a ratio of their own; others have what theirs would be drawn to
    above : ratios of the division above
    rng : chance for one draw of an interval: the part that the cell's own defaulters do not tell is then gamma
        distributed around the parent's
    """
    hits, years = sums["hits"], sums["years"]
    lost = sums["hit_loss_need"]
    even = hits * sums["loss_need"] / np.where(years > 0, years, 1.0)
    raw = np.where(even > 0, lost / np.where(even > 0, even, 1.0), np.nan)
    weight = np.where(enough & (even > 0), hits / np.where(hits > 0, hits + rule.half, 1.0), 0.0)
    prior = np.ones(len(hits)) if above is None else 1 + rule.uneven * (_within(lost, even, level, above) - 1)
    if rng is not None:
        variance = np.maximum(SPREAD_RATIO * rule.uneven, 1e-6) ** 2
        prior = prior * rng.gamma(1 / variance, variance)
    return Sizes(raw, weight, prior, weight * np.nan_to_num(raw) + (1 - weight) * prior)


def _within(lost: Floats, even: Floats, level: Level, above: Sizes) -> Floats:
    n = len(above.prior)
    seen, expected = (np.bincount(level.parent, values, n) for values in (lost, even))
    own = np.where(expected > 0, seen / np.where(expected > 0, expected, 1.0), above.prior)
    return np.asarray((above.weight * own + (1 - above.weight) * above.prior)[level.parent])
