"""What a statistics office publishes: the yearly failure rate of the firms of each sector.

It counts all firms of the simulated economy, never the seller's customers. In each sector they have the
sizes and the quality of `population` and a health spread over the grid of `truth`, moved on month by month
under the one cycle of the world; a firm that meets trouble gives its place to a new one. A firm fails on
the day proceedings open against it, months after its trouble began.

A figure is the failures of four quarters over the number of firms. The counts of a quarter are Poisson
about what is expected, so figures of neighbouring quarters share three of four counts. In some quarters
courts report late: the first figure is too low and is revised with the next publication.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic import health as hidden
from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS, column
from riskresearch.ledger.synthetic.lags import Lags
from riskresearch.ledger.synthetic.population import QUALITY_SD, sector_log_ratios
from riskresearch.ledger.synthetic.spells import OPENING_DAYS, SUDDEN_SHARE, WOUND_UP_SHARE
from riskresearch.ledger.synthetic.timeline import Calendar, Floats, Ints, month_end, to_dates
from riskresearch.ledger.synthetic.truth import HEALTH_GRID, MONTH_DAYS, monthly_moves
from riskresearch.ledger.synthetic.world import World

N_FIRMS = 4_000_000
SETTLING_MONTHS, HISTORY_MONTHS, QUARTER_MONTHS = 60, 36, 3
PUBLISHED_DAYS = 75
LATE_SHARE, LATE_RATIO = 0.3, 0.06
OPENING_MONTHS = 24
QUALITY_NODES = 7
OFFICE = "statistics_office"


def sector_statistics_table(world: World, *, rng: Generator) -> DataFrame:
    """Return canonical table `sector_statistics`: quarterly, from two years before the ledger on, with revisions.

    Parameters
    ----------
    world : hidden world, of which the cycle and the course of trouble are taken, nothing of its customers' health
    rng : source of the cycle before the world and of what the office counts
    """
    before, counted = rng.spawn(2)
    failing = failure_rates(world, earlier_cycle(world.paths.cycle, SETTLING_MONTHS + HISTORY_MONTHS, rng=before))
    ends, rates = _quarters(failing, world.calendar)
    firms = N_FIRMS * column(figures.SECTORS, "customer_share")
    counts = counted.poisson(rates * firms)
    is_late = counted.random(counts.shape) < LATE_SHARE
    missing = counted.binomial(counts, LATE_RATIO) * is_late
    years = np.lib.stride_tricks.sliding_window_view(counts, 4, axis=0).sum(axis=-1)
    ends, following, missing = ends[3:-1], ends[4:], missing[3:-1]
    first = _figures(ends, ends, (years[:-1] - missing) / firms)
    revised = _figures(ends, following, years[:-1] / firms)[missing.ravel() > 0]
    rows = pd.concat([first, revised], ignore_index=True)
    return rows[rows["published_date"] <= to_dates(np.array([world.calendar.last_day]))[0]]


def earlier_cycle(cycle: Floats, n_months: int, *, rng: Generator) -> Floats:
    """Return the cycle with months before its first: a stationary normal autoregression runs both ways alike."""
    rho = hidden.CYCLE_PERSISTENCE
    path = [cycle[0]]
    for step in rng.normal(size=n_months) * np.sqrt(1 - rho**2):
        path.append(rho * path[-1] + step)
    return np.concatenate([path[:0:-1], cycle])


def failure_rates(world: World, cycle: Floats) -> Floats:
    """Return the expected failures by month and sector as a share of its firms.

    Parameters
    ----------
    cycle : by month; in the first `SETTLING_MONTHS` the economy finds its own mix of sound and weak firms
    """
    struck = _struck(world, cycle)
    after = failing_after(world.lags, cure_ratio=_mean_by_size("cure_ratio"))
    return np.column_stack([np.convolve(rate, after)[: len(cycle)] for rate in struck.T])


def failing_after(lags: Lags, *, cure_ratio: float) -> Floats:
    """Return the probability that a firm in trouble fails, by months since its trouble began.

    Proceedings open at once, or later in place of a rescue, or some months after a default by arrears.
    """
    by_pace = np.bincount(lags.pace, minlength=len(lags.default_ratio)) / len(lags.pace)
    default_by, ratio = by_pace @ lags.default_by, float(by_pace @ lags.default_ratio)
    slow = np.diff(default_by, prepend=SUDDEN_SHARE, append=max(ratio, float(default_by[-1])))
    judged = float(by_pace @ (lags.default_ratio * lags.judgement_ratio)) - SUDDEN_SHARE
    judged_ratio = judged / max(ratio - SUDDEN_SHARE, 1e-12)
    wound_up_ratio = (1 - judged_ratio) * (1 - cure_ratio) * WOUND_UP_SHARE
    days = MONTH_DAYS * np.arange(OPENING_MONTHS + 1)
    opened = -np.expm1(-np.maximum(days - OPENING_DAYS[0], 0) / OPENING_DAYS[1])
    after = np.convolve(slow * wound_up_ratio, np.diff(opened))
    after[: len(slow)] += slow * judged_ratio
    after[0] += SUDDEN_SHARE
    return after


def _struck(world: World, cycle: Floats) -> Floats:
    """Firms that meet trouble, month x sector, as a share of the firms of the sector."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(QUALITY_NODES)
    sizes = column(figures.SIZES, "failure_log_ratio")[:, None] - QUALITY_SD * nodes
    lasting = sector_log_ratios()[:, None, None] + sizes
    loading = CYCLE_LOADINGS[column(figures.SECTORS, "cycle").astype(np.int64)]
    usual = world.level + lasting[..., None] - hidden.HEALTH_WEIGHT * HEALTH_GRID
    moves = monthly_moves(HEALTH_GRID, hidden.HEALTH_PERSISTENCE, falls=True)
    new = np.exp(-0.5 * HEALTH_GRID**2)
    new /= new.sum()
    shares = column(figures.SIZES, "share")[:, None] * (weights / weights.sum())
    firms = np.broadcast_to(shares[..., None] * new, usual.shape)
    struck = np.empty((len(cycle), len(lasting)))
    for month, state in enumerate(cycle):
        log_rate = usual - (loading * state)[:, None, None, None]
        lost = firms * hidden.hazard(log_rate, abrupt_rate=world.abrupt_rate)
        struck[month] = lost.sum(axis=(1, 2, 3))
        firms = (firms - lost) @ moves + lost.sum(axis=-1, keepdims=True) * new
    return struck


def _mean_by_size(name: str) -> float:
    return float(column(figures.SIZES, "share") @ column(figures.SIZES, name))


def _quarters(failing: Floats, calendar: Calendar) -> tuple[Ints, Floats]:
    """Last days of the quarters after the settling, and the expected failures of each."""
    first = calendar.starts[:1].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = first - SETTLING_MONTHS - HISTORY_MONTHS + np.arange(len(failing))
    total = np.cumsum(failing, axis=0)
    chosen = np.flatnonzero((months % QUARTER_MONTHS == 2) & (np.arange(len(months)) >= SETTLING_MONTHS))
    ends = month_end(months[chosen].astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))
    return ends, total[chosen] - total[chosen - QUARTER_MONTHS]


def _figures(ends: Ints, published_after: Ints, ratio: Floats) -> DataFrame:
    """Figures of all sectors, quarter by quarter."""
    codes = [sector.code for sector in figures.SECTORS]
    return DataFrame(
        {
            "sector_code": np.tile(codes, len(ends)),
            "period_end_date": to_dates(np.repeat(ends, len(codes))),
            "published_date": to_dates(np.repeat(published_after + PUBLISHED_DAYS, len(codes))),
            "failure_ratio": np.round(ratio.ravel(), 6),
            "source_code": OFFICE,
        }
    )
