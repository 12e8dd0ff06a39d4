"""The true probability of default within 12 months, given everything hidden.

For a customer in order, ``F_k(offset, health, cycle)``, the probability of default within k months,
follows by backward induction over the months. With s' the state of the next month, l' its hazard::

    F_k = E[ l' (D_(k-1) + sum_j R_j E_j F_(k-1-j)) + (1 - l') (1 - churn) F_(k-1)(s') ]

D_n: default has come n months after trouble; R_j: rescue j months after, then again in order with the
state j months on. The expectation is a sum over a grid of health and cycle whose step is below the
deviation of a month's move, where sums of the normal density are exact to about 1e-8; between grid
points the complementary log-log of F_12 is interpolated linearly. For a customer that has stopped
paying the three clocks of `spells` give the probability in closed form. A customer in default has 1.
"""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.interpolate import RegularGridInterpolator

from riskresearch.ledger.synthetic import health as world
from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS
from riskresearch.ledger.synthetic.health import Health, hazard
from riskresearch.ledger.synthetic.lags import (
    HORIZON_MONTHS,
    N_PACES,
    RESCUE_MONTHS,
    Lags,
    default_from_arrears,
    rescue_between,
)
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.spells import PAST_DUE_DAYS, Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Calendar, Floats, Ints

HEALTH_GRID = np.arange(-7.5, 4.76, 0.25)
CYCLE_GRID = np.arange(-3.9, 3.91, 0.3)
OFFSET_STEP = 0.75
MONTH_DAYS = 365 / 12


class DefaultCurve:
    """Probability of default within a number of months by pace, cyclicality, offset, health and cycle."""

    def __init__(self, lags: Lags, offsets: Floats, *, level: float, abrupt_rate: float) -> None:
        """Solve the backward induction for all classes at once."""
        self._offsets = np.arange(offsets.min() - OFFSET_STEP, offsets.max() + 2 * OFFSET_STEP, OFFSET_STEP)
        log_rate = (
            level
            + self._offsets[:, None, None]
            - world.HEALTH_WEIGHT * HEALTH_GRID[None, :, None]
            - CYCLE_LOADINGS[:, None, None, None] * CYCLE_GRID
        )
        trouble = hazard(log_rate, abrupt_rate=abrupt_rate)[None]
        self._values = _induction(trouble, lags)

    def __call__(self, months: int, *, traits: tuple[Ints, Ints, Floats], health: Floats, cycle: Floats) -> Floats:
        """Return the probability of default within `months` for customers in order.

        Parameters
        ----------
        traits : pace, cyclicality class and risk offset of each case
        health, cycle : hidden state of each case
        """
        pace, loading, offset = traits
        axes = (self._offsets, HEALTH_GRID, CYCLE_GRID)
        points = np.column_stack(
            [offset, np.clip(health, HEALTH_GRID[0], HEALTH_GRID[-1]), np.clip(cycle, CYCLE_GRID[0], CYCLE_GRID[-1])]
        )
        result = np.zeros(len(offset))
        for group in np.unique(pace * len(CYCLE_LOADINGS) + loading):
            members = np.flatnonzero(pace * len(CYCLE_LOADINGS) + loading == group)
            surface = self._values[months][divmod(int(group), len(CYCLE_LOADINGS))]
            curve = RegularGridInterpolator(axes, np.log(-np.log1p(-surface)))
            result[members] = -np.expm1(-np.exp(curve(points[members])))
        return result


def _induction(trouble: Floats, lags: Lags) -> list[Floats]:
    """Return F_0 … F_12 on the grid, pace x cyclicality x offset x health x cycle."""
    moves = (
        monthly_moves(HEALTH_GRID, world.HEALTH_PERSISTENCE, falls=True),
        monthly_moves(CYCLE_GRID, world.CYCLE_PERSISTENCE),
    )
    shape = (N_PACES, *trouble.shape[1:])
    values = [np.zeros(shape)]
    aged: list[list[Floats]] = []
    for k in range(1, HORIZON_MONTHS + 1):
        aged.append([values[k - 1]])
        for j in range(max(0, k - RESCUE_MONTHS), k - 1):
            aged[j].append(_expected(aged[j][-1], moves))
        rescued = [aged[k - 1 - j][j] * _by_pace(lags.rescued_in[:, j]) for j in range(min(k, RESCUE_MONTHS))]
        after = _by_pace(lags.default_by[:, k - 1]) + sum(rescued)
        values.append(_expected(trouble * after + (1 - trouble) * (1 - world.CHURN_RATE) * values[k - 1], moves))
    return values


def _by_pace(values: Floats) -> Floats:
    return values[:, None, None, None, None]


def _expected(values: Floats, moves: tuple[Floats, Floats]) -> Floats:
    return np.matmul(np.matmul(moves[0], values), moves[1].T)


def monthly_moves(grid: Floats, rho: float, *, falls: bool = False) -> Floats:
    """Return the transition probabilities of a month on a grid: of a standard autoregression, with or without falls."""
    rate = world.FALL_RATE if falls else 0.0
    steady, fallen = (_normal(grid, rho * grid - fall, np.sqrt(1 - rho**2)) for fall in (0.0, world.FALL_SIZE))
    return (1 - rate) * steady + rate * fallen


def _normal(grid: Floats, mean: Floats, deviation: float) -> Floats:
    density = np.exp(-0.5 * ((grid[None, :] - mean[:, None]) / deviation) ** 2) + 1e-300
    return density / density.sum(axis=1, keepdims=True)


def truth_states(
    population: Population,
    paths: Health,
    calendar: Calendar,
    *,
    troubles: Troubles,
    lags: Lags,
    curve: DefaultCurve,
    loss: Floats,
) -> DataFrame:
    """Return the hidden truth by customer and month end while the relation lasts.

    Returns
    -------
    DataFrame ``customer day pd_12m lgd_ratio is_defaulted``
    """
    customer, month = _cells(population, calendar, troubles)
    day = calendar.starts[month + 1] - 1
    spell = _current_spell(customer, day, troubles.spells)
    traits = (lags.pace[customer], population.cycle[customer], population.risk_offset[customer])
    state = {"health": paths.health[month, customer], "cycle": paths.cycle[month]}
    pd_12m = curve(HORIZON_MONTHS, traits=traits, **state)
    spells = troubles.spells
    defaulted = (spell >= 0) & (_of(spells, "default_day", spell, -1) <= day)
    stopped = np.flatnonzero((spell >= 0) & ~defaulted)
    wait = (_of(spells, "arrears_day", spell, 0) + PAST_DUE_DAYS - day)[stopped]
    pace, cycle, offset = traits
    pd_12m[stopped] = _stopped(
        wait,
        curve,
        (pace[stopped], cycle[stopped], offset[stopped]),
        {name: values[stopped] for name, values in state.items()},
    )
    frame = DataFrame(
        {
            "customer": customer,
            "day": day,
            "pd_12m": np.round(np.where(defaulted, 1.0, pd_12m), 6),
            "lgd_ratio": np.round(loss[customer], 4),
            "is_defaulted": defaulted,
        }
    )
    closed = (spell >= 0) & (_of(spells, "write_off_day", spell, NEVER) <= day)
    return frame[~closed].reset_index(drop=True)


def _stopped(
    wait_days: Ints, curve: DefaultCurve, traits: tuple[Ints, Ints, Floats], state: dict[str, Floats]
) -> Floats:
    """Probability for customers that have stopped paying: now, or once more after a rescue.

    A rescue j months on leaves 12 - j months to default again; the state of that day is taken as now's.
    """
    probability = default_from_arrears(wait_days)
    for month in range(1, HORIZON_MONTHS):
        rescued = rescue_between(wait_days, MONTH_DAYS * (month - 1), MONTH_DAYS * month)
        probability += rescued * curve(HORIZON_MONTHS - month, traits=traits, **state)
    return probability


def _cells(population: Population, calendar: Calendar, troubles: Troubles) -> tuple[Ints, Ints]:
    """Customer-months in which the relation has begun and the customer has not left."""
    months = calendar.month_ends()
    customer = np.repeat(np.arange(population.n_customers), len(months))
    month = np.tile(months, population.n_customers)
    there = (month >= population.start_month[customer]) & (month < troubles.left_month[customer])
    return customer[there], month[there]


def _current_spell(customer: Ints, day: Ints, spells: DataFrame) -> Ints:
    """Row of the spell in which a customer is on a day, -1 for none."""
    ordered = spells.sort_values(["customer", "stop_day"], kind="stable")
    key = ordered["customer"].to_numpy() * (2 * NEVER) + ordered["stop_day"].to_numpy()
    place = np.searchsorted(key, customer * (2 * NEVER) + day, side="right") - 1
    row = ordered.index.to_numpy()[np.maximum(place, 0)] if len(ordered) else np.zeros(len(customer), dtype=np.int64)
    inside: Bools = place >= 0
    if len(ordered):
        inside &= (spells["customer"].to_numpy()[row] == customer) & (spells["end_day"].to_numpy()[row] > day)
    return np.where(inside, row, -1)


def _of(spells: DataFrame, name: str, row: Ints, absent: int) -> NDArray[np.int64]:
    if not len(spells):
        return np.full(len(row), absent, dtype=np.int64)
    return np.where(row >= 0, spells[name].to_numpy()[np.maximum(row, 0)], absent)
