"""The hidden mechanics of a generated ledger, each held against a plain simulation."""

import numpy as np
import pytest
from numpy.random import Generator, default_rng
from pandas import Series, Timestamp

from riskresearch.ledger.synthetic import health as hidden
from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS
from riskresearch.ledger.synthetic.lags import HORIZON_MONTHS, N_PACES, RESCUE_MONTHS, Lags
from riskresearch.ledger.synthetic.population import draw_population
from riskresearch.ledger.synthetic.spells import case_frame, draw_spells, loss_ratio
from riskresearch.ledger.synthetic.timeline import NEVER, make_calendar
from riskresearch.ledger.synthetic.truth import DefaultCurve

LAST = Timestamp("2025-12-31")


@pytest.mark.parametrize(("offset", "health", "cycle"), [(0.0, 0.0, 0.0), (0.6, -1.7, 0.8), (-1.1, -1.0, -1.5)])
def test_backward_induction_agrees_with_simulation(offset: float, health: float, cycle: float) -> None:
    lags = _some_lags()
    curve = DefaultCurve(lags, np.array([-2.0, 2.0]), level=-7.0, abrupt_rate=0.0003)
    one = np.array([1])
    solved = curve(
        HORIZON_MONTHS, traits=(one, one, np.array([offset])), health=np.array([health]), cycle=np.array([cycle])
    )[0]
    n = 60_000
    simulated = _simulated(lags, offset, health, cycle, n, default_rng(1))
    error = np.sqrt(simulated * (1 - simulated) / n)
    assert abs(solved - simulated) < 4 * error + 0.01 * simulated  # 1 %: interpolation between grid points


def _some_lags() -> Lags:
    default_by = np.minimum(np.array([0.1, 0.12, 0.2, 0.45, 0.6] + [0.62] * 7), 1.0)
    rescued = np.array([0.05, 0.1, 0.1, 0.05, 0.02, 0.0])
    assert len(default_by) == HORIZON_MONTHS
    assert len(rescued) == RESCUE_MONTHS
    return Lags(
        np.zeros(1, dtype=np.int64),
        np.tile(default_by, (N_PACES, 1)),
        np.tile(rescued, (N_PACES, 1)),
        np.full(N_PACES, 0.2),
        np.full(N_PACES, 0.62),
    )


def _simulated(lags: Lags, offset: float, health: float, cycle: float, n: int, rng: Generator) -> float:
    """Share of `n` customers that default within 12 months, month by month, one draw a step."""
    state, common = np.full(n, health), np.full(n, cycle)
    free_from, defaulted = np.zeros(n), np.zeros(n, dtype=bool)
    default_by, rescued = lags.default_by[0], np.cumsum(lags.rescued_in[0])
    for month in range(1, HORIZON_MONTHS + 1):
        state = hidden.HEALTH_PERSISTENCE * state + np.sqrt(1 - hidden.HEALTH_PERSISTENCE**2) * rng.normal(size=n)
        state -= hidden.FALL_SIZE * (rng.random(n) < hidden.FALL_RATE)
        common = hidden.CYCLE_PERSISTENCE * common + np.sqrt(1 - hidden.CYCLE_PERSISTENCE**2) * rng.normal(size=n)
        rate = hidden.hazard(
            -7.0 + offset - hidden.HEALTH_WEIGHT * state - CYCLE_LOADINGS[1] * common, abrupt_rate=0.0003
        )
        free = free_from < month
        struck = free & (rng.random(n) < rate)
        draw = rng.random(n)
        months_left = HORIZON_MONTHS - month
        defaulted |= struck & (draw < default_by[months_left])
        back = np.searchsorted(rescued, draw - default_by[-1], side="right")
        is_rescued = (draw >= default_by[-1]) & (back < RESCUE_MONTHS)
        free_from = np.where(struck, np.where(is_rescued, month + back, np.inf), free_from)
        leaves = free & ~struck & (rng.random(n) < hidden.CHURN_RATE)
        free_from = np.where(leaves, np.inf, free_from)
    return float(defaulted.mean())


def test_true_loss_is_the_mean_of_what_workouts_leave() -> None:
    rng = default_rng(3)
    calendar = make_calendar(LAST, n_months=12)
    people = draw_population(calendar, n_customers=30_000, invoices_per_month=1.0, rng=rng)
    stop = np.full(people.n_customers, calendar.first_day)
    spells = draw_spells(case_frame(np.arange(len(stop)), np.full(len(stop), 3), stop, stop), people, rng=rng)
    spells = spells[spells["default_day"] < NEVER]
    loss = (1 - spells["paid_ratio"] - spells["recovery_ratio"]).where(spells["write_off_day"] < NEVER, 0.0)
    share = np.full(people.n_customers, spells["is_judgement"].mean())
    true = Series(loss_ratio(people, judgement_ratio=share)[spells["customer"]], index=spells.index)
    size = people.size[spells["customer"]]
    for code in range(4):
        error = loss[size == code].std() / np.sqrt((size == code).sum())
        assert abs(loss[size == code].mean() - true[size == code].mean()) < 4 * error
    assert 0.35 < true.mean() < 0.75
