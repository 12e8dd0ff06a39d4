"""The hidden mechanics of a generated ledger, each held against a plain simulation."""

import numpy as np
import pytest
from numpy.random import Generator, default_rng
from pandas import Series, Timestamp

from riskresearch.ledger.synthetic import health as hidden
from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS, SECTORS, SIZES, column
from riskresearch.ledger.synthetic.lags import HORIZON_MONTHS, N_PACES, RESCUE_MONTHS, Lags
from riskresearch.ledger.synthetic.population import QUALITY_SD, SECTOR_POWER, draw_population
from riskresearch.ledger.synthetic.sectors import earlier_cycle, failing_after, failure_rates
from riskresearch.ledger.synthetic.spells import case_frame, draw_spells, loss_ratio
from riskresearch.ledger.synthetic.timeline import NEVER, make_calendar
from riskresearch.ledger.synthetic.truth import DefaultCurve
from riskresearch.ledger.synthetic.world import Plan, World, simulate_world

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


@pytest.fixture(scope="module")
def world() -> World:
    return simulate_world(Plan(LAST, n_customers=150, n_months=12, default_rate_ratio=0.05), rng=default_rng(8))


@pytest.mark.parametrize("sector", ["construction", "personal_services"])
def test_published_rates_agree_with_firms_simulated_one_by_one(world: World, sector: str) -> None:
    """Construction meets two shocks of the cycle; personal services feel the cycle little."""
    cycle = np.repeat([0.0, -2.0, 1.0], [60, 24, 24])
    number = [row.code for row in SECTORS].index(sector)
    expected = failure_rates(world, cycle)[60:, number]
    n = 60_000
    failed = _failed_firms(world, cycle, number, n, default_rng(2))[60 : len(cycle)]
    for months in (slice(0, 24), slice(24, 48)):
        counted, mean = failed[months].sum(), n * expected[months].sum()
        assert abs(counted - mean) < 4 * np.sqrt(mean) + 0.01 * mean  # 1 %: the grids of health and quality
    assert expected[12:24].mean() > (1.25 if sector == "construction" else 1.05) * expected[36:].mean()


def _failed_firms(world: World, cycle: np.ndarray, number: int, n: int, rng: Generator) -> np.ndarray:
    """Failures by month among `n` firms; one that meets trouble is followed by a new one."""
    size = rng.choice(len(SIZES), n, p=column(SIZES, "share"))
    quality, state = rng.normal(size=n), rng.normal(size=n)
    sector = SECTORS[number]
    lasting = SECTOR_POWER * np.log(sector.failure_share / sector.customer_share)
    after = failing_after(world.lags, cure_ratio=float(column(SIZES, "share") @ column(SIZES, "cure_ratio")))
    failed = np.zeros(len(cycle) + len(after) + 1)
    for month, common in enumerate(cycle):
        offset = world.level + lasting + column(SIZES, "failure_log_ratio")[size] - QUALITY_SD * quality
        log_rate = offset - hidden.HEALTH_WEIGHT * state - CYCLE_LOADINGS[sector.cycle] * common
        struck = rng.random(n) < hidden.hazard(log_rate, abrupt_rate=world.abrupt_rate)
        wait = np.searchsorted(np.cumsum(after), rng.random(struck.sum()), side="right")
        failed += np.bincount(month + wait[wait < len(after)], minlength=len(failed))
        state = hidden.HEALTH_PERSISTENCE * state + np.sqrt(1 - hidden.HEALTH_PERSISTENCE**2) * rng.normal(size=n)
        state -= hidden.FALL_SIZE * (rng.random(n) < hidden.FALL_RATE)
        state[struck] = rng.normal(size=struck.sum())
    return failed


def test_firms_fail_when_and_as_often_as_spells_of_trouble_end_before_a_court() -> None:
    rng = default_rng(5)
    calendar = make_calendar(LAST, n_months=60)
    people = draw_population(calendar, n_customers=60_000, invoices_per_month=1.0, rng=rng)
    n = people.n_customers
    stop = np.full(n, calendar.starts[3])
    spells = draw_spells(case_frame(np.arange(n), np.full(n, 3), stop, stop), people, rng=rng)
    default, judged = (spells[name].to_numpy() for name in ("default_day", "judgement_day"))
    defaulted_in = calendar.month_of(default[default < NEVER]) - 3
    by = np.cumsum(np.bincount(defaulted_in, minlength=HORIZON_MONTHS))[:HORIZON_MONTHS] / n
    ratio = float((default < NEVER).mean())
    first = spells.loc[default < NEVER, "is_judgement"].mean()
    lags = Lags(
        np.zeros(n, dtype=np.int64), by[None], np.zeros((1, RESCUE_MONTHS)), np.array([first]), np.array([ratio])
    )
    after = failing_after(lags, cure_ratio=float(column(SIZES, "share") @ column(SIZES, "cure_ratio")))
    seen = np.bincount(calendar.month_of(judged[judged < NEVER]) - 3) / n
    assert after.sum() == pytest.approx(seen.sum(), abs=0.01)
    assert after[0] == pytest.approx(seen[0], abs=0.02)
    mean, seen_mean = (float(np.arange(len(p)) @ p / p.sum()) for p in (after, seen))
    assert mean == pytest.approx(seen_mean, abs=0.5)  # months


def test_the_cycle_before_the_world_is_one_with_the_cycle_of_the_world() -> None:
    """Same mean, spread and monthly memory on both sides of the first month, and the world's own months kept."""
    paths = np.array([earlier_cycle(np.array([start, 9.0]), 6, rng=default_rng(n)) for n, start in _starts(4_000)])
    assert (paths[:, -1] == 9.0).all()
    assert paths[:, :-2].std() == pytest.approx(1.0, abs=0.04)
    for month in range(6):
        memory = np.corrcoef(paths[:, month], paths[:, month + 1])[0, 1]
        assert memory == pytest.approx(hidden.CYCLE_PERSISTENCE, abs=0.01)


def _starts(n: int) -> list[tuple[int, float]]:
    return list(enumerate(default_rng(0).normal(size=n)))
