"""Factors of all divisions from one weighting of the customers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.limits.calibration.credibility import Shrunk, correlation_within, shrunk_rates
from riskresearch.limits.calibration.levels import Level
from riskresearch.limits.calibration.monotone import largest_factor, never_falling, never_rising, room_left
from riskresearch.limits.calibration.sizes import SizeRule, Sizes, size_ratios
from riskresearch.limits.calibration.sums import Sums

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FAINT = 1e-6
"""Weight of a cell without history beside one customer-year: it has its parent's factor and moves no other's."""


@dataclass(frozen=True)
class Rule:
    """What does not change from draw to draw.

    Parameters
    ----------
    appetite_ratio : expected loss accepted, share of sales
    design : variance of default counts over that of independent customer-years
    own_severity : by division, cells with defaulters enough for their own exposure at default and size ratio
    sizes : by division, how far size ratios are believed
    """

    appetite_ratio: float
    design: float
    own_severity: tuple[Bools, ...]
    sizes: tuple[SizeRule, ...]


@dataclass(frozen=True)
class Fit:
    """Factors of one division and what they are made of; one entry per cell.

    Parameters
    ----------
    rates : default rates
    rate : the same, never falling with risk
    sizes : LGD × need of those that default over that of all, before it is held below 1 / rate
    use : mean over the defaults of min(factor, exposure at default over need), weighted by LGD × need; cells × grid
    severity : size ratio × use: loss of a default over the mean LGD × need of the cell; cells × grid
    loss, kept : expected loss and sales kept, per customer-year of the cell; cells × grid
    size : customer-years, `FAINT` where the cell takes its parent's figures
    sales, loss_need, need : per customer-year
    factor_raw, factor : alone, and never rising with risk
    has_history : the cell has customer-years and sales of its own
    """

    rates: Shrunk
    rate: Floats
    sizes: Sizes
    use: Floats
    severity: Floats
    loss: Floats
    kept: Floats
    size: Floats
    sales: Floats
    loss_need: Floats
    need: Floats
    factor_raw: Floats
    factor: Floats
    has_history: Bools


def fitted(
    sums: Sequence[Sums], divisions: Sequence[Level], rule: Rule, *, rng: np.random.Generator | None = None
) -> tuple[Fit, ...]:
    """Return the factors of each division, from the coarsest to the finest.

    Parameters
    ----------
    sums : sums by cell, one per division
    divisions : see `levels`
    rule : appetite, design effect, cells with their own exposure at default
    rng : chance for one draw of an interval; without it the estimate itself

    Notes
    -----
    In a draw the book has half a default more, gamma distributed (the law of Jeffreys of a count), so that a book
    without any default is not taken for safe; and the part of a cell's rate that its own customers do not tell is not
    the parent's rate but a rate drawn from the beta law of its siblings. The mean square error of the shrunk rate,
    Z² × sampling variance + (1 − Z)² × variance between cells, is then the variance of the draws.
    """
    fits: list[Fit] = []
    for place, (counted, level) in enumerate(zip(sums, divisions, strict=True)):
        fits.append(_fit(counted, level, rule, place, fits[-1] if fits else None, rng))
    return tuple(fits)


def _fit(sums: Sums, level: Level, rule: Rule, place: int, above: Fit | None, rng: np.random.Generator | None) -> Fit:
    years, has_history = sums["years"], (sums["years"] > 0) & (sums["sales"] > 0)
    rates = _rates(sums, level, rule.design, above, rng)
    enough = rule.own_severity[place]
    sizes = size_ratios(sums, level, rule.sizes[place], enough, None if above is None else above.sizes, rng)
    use = _use(sums, level, enough, above)
    sales, loss_need, need, kept = _amounts(sums, level, above)
    size = np.where(has_history, years, FAINT)
    lined = (level.n_lines, level.n_classes)
    rate = never_falling(rates.rate.reshape(lined), size.reshape(lined)).ravel()
    severity = np.minimum(sizes.ratio, 1 / np.maximum(rate, 1e-12))[:, None] * use
    loss = rate[:, None] * loss_need * severity
    room = room_left(loss, kept, appetite_ratio=rule.appetite_ratio)
    raw = largest_factor(room, grid=sums.grid)
    factor = never_rising((size[:, None] * room).reshape(*lined, -1), grid=sums.grid).ravel()
    return Fit(
        rates=rates,
        rate=rate,
        sizes=sizes,
        use=use,
        severity=severity,
        loss=loss,
        kept=kept,
        size=size,
        sales=sales[:, 0],
        loss_need=loss_need[:, 0],
        need=need[:, 0],
        factor_raw=raw,
        factor=factor,
        has_history=has_history,
    )


def _amounts(sums: Sums, level: Level, above: Fit | None) -> list[Floats]:
    """Sales, LGD × need, need and sales kept per customer-year; of a cell without history, its parent's."""
    years, has_history = sums["years"], (sums["years"] > 0) & (sums["sales"] > 0)
    own = [_per_year(sums[name][:, None], years, has_history) for name in ("sales", "loss_need", "need")]
    own.append(_per_year(sums.kept, years, has_history))
    if above is None:
        return own
    upper = (above.sales[:, None], above.loss_need[:, None], above.need[:, None], above.kept)
    return [np.where(has_history[:, None], mine, parent[level.parent]) for mine, parent in zip(own, upper, strict=True)]


def _rates(sums: Sums, level: Level, design: float, above: Fit | None, rng: np.random.Generator | None) -> Shrunk:
    hits, years = sums["hits"], sums["years"]
    if above is None:
        more = 0.0 if rng is None else rng.gamma(0.5)
        return Shrunk(hits / years, np.minimum((hits + more) / years, 1.0), np.ones(1))
    correlation = correlation_within(hits, years / design, level.parent)
    target = above.rate[level.parent]
    if rng is not None and 0 < correlation < 1:
        ratio = 1 / correlation - 1
        mean = target.clip(1e-12, 1 - 1e-12)
        target = rng.beta(mean * ratio, (1 - mean) * ratio)
    return shrunk_rates(hits, years, target=target, correlation=correlation, design=design)


def _use(sums: Sums, level: Level, own: Bools, above: Fit | None) -> Floats:
    """Own mean where the cell has defaulters enough, else the parent's; the whole limit where the book has none."""
    lost = sums["hit_loss_need"]
    mean = sums.capped_use / np.where(lost > 0, lost, 1.0)[:, None]
    target = np.tile(sums.grid, (len(lost), 1)) if above is None else above.use[level.parent]
    has_own = (lost > 0) if above is None else own & (lost > 0)
    return np.where(has_own[:, None], mean, target)


def _per_year(amounts: Floats, years: Floats, has_history: Bools) -> Floats:
    return np.where(has_history[:, None], amounts / np.where(years > 0, years, 1.0)[:, None], 0.0)
