"""The truth of a generated ledger: its default, its probabilities, its losses, and how hard it is to see.

Default is found here from the tables alone, in a few lines of its own: the 91st consecutive day with
more than EUR 500 overdue, or the day a judgement is recorded.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.random import Generator, default_rng
from pandas import DataFrame, Series, Timestamp
from sklearn.metrics import roc_auc_score

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.synthetic import health as hidden
from riskresearch.ledger.synthetic import synthetic_ledger
from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS
from riskresearch.ledger.synthetic.lags import HORIZON_MONTHS, N_PACES, RESCUE_MONTHS, Lags
from riskresearch.ledger.synthetic.population import draw_population
from riskresearch.ledger.synthetic.spells import case_frame, draw_spells, loss_ratio
from riskresearch.ledger.synthetic.timeline import NEVER, make_calendar
from riskresearch.ledger.synthetic.truth import DefaultCurve
from riskresearch.ledger.synthetic.world import simulate_world

LAST = Timestamp("2025-12-31")
DAY = pd.Timedelta(days=1)
YEAR = pd.DateOffset(months=12)
SEEDS = (4, 11)
WORLD_SEEDS = range(100, 109)


@cache
def _made(seed: int) -> tuple[Ledger, DataFrame]:
    return synthetic_ledger(n_customers=1500, n_months=48, seed=seed, invoices_per_month=1.6)


@cache
def _settled(seed: int) -> DataFrame:
    """Invoices with the day their last cent was known to be settled, empty while open."""
    ledger, _ = _made(seed)
    known = ledger["allocations"][["effective_date", "recorded_date"]].max(axis=1)
    sums = ledger["allocations"].assign(known=known).groupby("invoice_id").agg(
        paid=("known", "max"), settled=("amount_minor", "sum"))
    invoices = ledger["invoices"].merge(sums, how="left", left_on="invoice_id", right_index=True)
    return invoices.assign(paid=invoices["paid"].where(invoices["settled"] == invoices["gross_minor"]))


@cache
def _detected(seed: int) -> DataFrame:
    """Defaults found in the tables: ``customer_id default_date``."""
    ledger, _ = _made(seed)
    raised, settled = ledger["invoices"], ledger["allocations"]
    overdue_from = raised["due_date"] + DAY
    known = settled[["effective_date", "recorded_date"]].max(axis=1)
    first = Series(overdue_from.to_numpy(), index=raised["invoice_id"]).reindex(settled["invoice_id"])
    steps = pd.concat([
        DataFrame({"customer_id": raised["customer_id"], "day": overdue_from, "amount": raised["base_minor"]}),
        DataFrame({"customer_id": settled["customer_id"], "day": np.maximum(known.to_numpy(), first.to_numpy()),
                   "amount": -settled["base_minor"]}),
    ])
    steps = steps[steps["day"] <= LAST].groupby(["customer_id", "day"])["amount"].sum().reset_index()
    material = steps.groupby("customer_id")["amount"].cumsum() > 50_000
    until = steps.groupby("customer_id")["day"].shift(-1).fillna(LAST + DAY)
    run = (~material | (steps["customer_id"] != steps["customer_id"].shift())).cumsum()
    spans = steps.assign(until=until, run=run)[material].groupby("run").agg(
        customer_id=("customer_id", "first"), start=("day", "min"), end=("until", "max"))
    late = spans[(spans["end"] - spans["start"]).dt.days > 90]
    events = ledger["events"][ledger["events"]["event_code"] == "insolvency"]
    return pd.concat([
        DataFrame({"customer_id": late["customer_id"], "default_date": late["start"] + 90 * DAY}),
        DataFrame({"customer_id": events["customer_id"], "default_date": events["recorded_date"]}),
    ], ignore_index=True)


@cache
def _panel(seed: int) -> DataFrame:
    """Performing customers at month ends whose next year is known: truth, plain rule, outcome."""
    _, truth = _made(seed)
    rows = truth[~truth["is_defaulted"] & (truth["observation_date"] + YEAR <= LAST)]
    found = _detected(seed).merge(rows[["customer_id", "observation_date"]], on="customer_id")
    seen, day = found["default_date"], found["observation_date"]
    bad = found[(seen > day) & (seen <= day + YEAR)][["customer_id", "observation_date"]].drop_duplicates()
    late = pd.concat([_late_ratio(_settled(seed), day) for day in rows["observation_date"].unique()])
    rows = rows.merge(late, on=["customer_id", "observation_date"])
    keys = pd.MultiIndex.from_frame(rows[["customer_id", "observation_date"]])
    return rows.assign(has_defaulted=keys.isin(pd.MultiIndex.from_frame(bad)))


def _late_ratio(invoices: DataFrame, day: Timestamp) -> DataFrame:
    """Share of the invoices due in the last 12 months that were late, as known on a day: the plain rule."""
    due = invoices[(invoices["due_date"] <= day) & (invoices["due_date"] > day - YEAR)]
    due = due[due["recorded_date"] <= day]
    paid = due["paid"].where(due["paid"] <= day).fillna(day + DAY)
    share = (paid > due["due_date"]).groupby(due["customer_id"]).mean()
    return share.rename("late_ratio").reset_index().assign(observation_date=day)


def test_true_default_is_the_one_the_tables_show() -> None:
    shown, true = [], []
    for seed in SEEDS:
        truth, found = _made(seed)[1], _detected(seed)
        before = truth.groupby("customer_id")["is_defaulted"].shift(fill_value=False)
        entered = truth[truth["is_defaulted"] & ~before][["customer_id", "observation_date"]]
        pairs = entered.merge(found, how="left", on="customer_id")
        near = (pairs["observation_date"] - pairs["default_date"]).dt.days.between(-5, 36)
        true.append(near.groupby([pairs["customer_id"], pairs["observation_date"]]).any())
        back = found.merge(truth[truth["is_defaulted"]], how="left", on="customer_id")
        month = (back["observation_date"] - back["default_date"]).dt.days.between(-5, 36)
        shown.append(month.groupby([back["customer_id"], back["default_date"]]).any())
    assert pd.concat(true).mean() > 0.93
    assert pd.concat(shown).mean() > 0.88
    assert len(pd.concat(true)) > 200


def test_plain_rule_sees_some_of_it_and_the_truth_much_more() -> None:
    panels = [_panel(seed) for seed in SEEDS]
    rule = np.mean([roc_auc_score(panel["has_defaulted"], panel["late_ratio"]) for panel in panels])
    true = np.mean([roc_auc_score(panel["has_defaulted"], panel["pd_12m"]) for panel in panels])
    assert 0.70 <= rule <= 0.80
    assert 0.88 <= true <= 0.93


def test_default_rate_is_that_of_a_trade_portfolio() -> None:
    truth = pd.concat([_made(seed)[1].assign(seed=seed) for seed in SEEDS])
    before = truth.groupby(["seed", "customer_id"])["is_defaulted"].shift(fill_value=False)
    n_defaults, years_at_risk = (truth["is_defaulted"] & ~before).sum(), (~truth["is_defaulted"]).sum() / 12
    assert 0.028 <= n_defaults / years_at_risk <= 0.045


def test_some_default_out_of_the_blue_and_some_bad_payers_never_do() -> None:
    panel = pd.concat([_panel(seed) for seed in SEEDS])
    bad = panel[panel["has_defaulted"]]
    assert 0.03 < (bad["pd_12m"] < 0.01).mean() < 0.30
    assert (bad["late_ratio"] < 0.25).mean() > 0.05
    chronic = panel[panel["late_ratio"] > 0.9]
    assert chronic["has_defaulted"].mean() < 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_delays_follow_the_sources(seed: int) -> None:
    """Altares, first half of 2024: 12.9 days on average, 48.7 % on time; with tolerance for the cycle."""
    ledger, _ = _made(seed)
    paid = _settled(seed)[lambda rows: rows["due_date"] < LAST - 120 * DAY].dropna(subset="paid")
    delay = (paid["paid"] - paid["due_date"]).dt.days.clip(lower=0)
    customers = ledger["customers"].set_index("customer_id").reindex(paid["customer_id"])
    assert 11.5 <= delay.mean() <= 15.0
    assert 0.45 <= (delay == 0).mean() <= 0.55
    by_size = delay.groupby(customers["size_code"].to_numpy()).mean()
    assert by_size["large"] > by_size["small"]
    assert 10 <= by_size["small"] <= 14.5
    assert 11 <= by_size["micro"] <= 16.5
    by_country = delay.groupby(customers["country_code"].to_numpy()).mean()
    assert by_country["NL"] < by_country["FR"]
    assert by_country["DE"] < by_country["FR"]
    by_sector = delay.groupby(customers["sector_code"].to_numpy()).mean()
    assert by_sector["construction"] < by_sector["trade"] * 1.1 < by_sector["real_estate"] * 1.1


def test_failures_fall_on_sectors_as_published() -> None:
    """Banque de France, January 2025: 14,755 of 65,844 failures in construction, 3,016 in transport."""
    parts = [_made(seed) for seed in SEEDS]
    rows = pd.concat([truth.merge(ledger["customers"], on="customer_id") for ledger, truth in parts])
    expected = rows[~rows["is_defaulted"]].groupby("sector_code")["pd_12m"].sum()
    share = expected / expected.sum()
    assert share["construction"] == pytest.approx(0.224, abs=0.05)  # 3,000 customers: about ±0.04
    assert share["transport"] == pytest.approx(0.046, abs=0.025)


def test_customers_deteriorate_before_they_default() -> None:
    ledger, _ = _made(SEEDS[0])
    first = _detected(SEEDS[0]).groupby("customer_id")["default_date"].min().rename("default_date")
    invoices = _settled(SEEDS[0]).merge(first, on="customer_id")
    lead = (invoices["default_date"] - invoices["due_date"]).dt.days
    delay = (invoices["paid"].fillna(LAST) - invoices["due_date"]).dt.days.clip(lower=0)
    assert delay[lead.between(100, 280)].mean() > 1.25 * delay[lead.between(600, 1_200)].mean()
    limits = ledger["limits"][ledger["limits"]["limit_kind_code"] == "insurer"].merge(first, on="customer_id")
    cut = limits[(limits["base_minor"] < limits["requested_minor"]) & (limits["start_date"] < limits["default_date"])]
    assert 0.05 < cut["customer_id"].nunique() / first.size < 0.8


def test_true_probability_is_calibrated_over_many_worlds() -> None:
    """Mean prediction against frequency: overall, and by decile within three standard errors."""
    worlds = pd.concat([_world_panel(seed) for seed in WORLD_SEEDS], ignore_index=True)
    by_world = worlds.groupby("seed")[["pd_12m", "has_defaulted"]].mean()
    gap = by_world["has_defaulted"] - by_world["pd_12m"]
    assert abs(gap.mean()) < 3 * gap.std(ddof=1) / np.sqrt(len(gap))
    assert by_world["has_defaulted"].mean() == pytest.approx(by_world["pd_12m"].mean(), rel=0.12)
    deciles = worlds.assign(decile=pd.qcut(worlds["pd_12m"], 10, labels=False)).groupby("decile")
    for _, rows in deciles:
        assert abs(rows["has_defaulted"].sum() - rows["pd_12m"].sum()) < 3 * _sum_error(rows)
    means = deciles[["pd_12m", "has_defaulted"]].mean()
    assert means.loc[9, "has_defaulted"] == pytest.approx(means.loc[9, "pd_12m"], rel=0.15)
    assert means.loc[9, "pd_12m"] > 20 * means.loc[0, "pd_12m"]


def _sum_error(rows: DataFrame) -> float:
    """Standard error of the sum of outcomes, where the months of a customer share one outcome."""
    customers = rows.groupby(["seed", "customer"])["pd_12m"]
    return float(np.sqrt((customers.size() * customers.sum()).sum()))


def _world_panel(seed: int) -> DataFrame:
    """Hidden truth and hidden outcome of one world."""
    world = simulate_world(LAST, n_customers=600, n_months=30, currency_code="EUR", default_rate_ratio=0.05,
                           invoices_per_month=1.0, rng=default_rng(seed))
    rows = world.truth[~world.truth["is_defaulted"]]
    ends = world.calendar.starts[1:] - 1
    horizon = ends[np.minimum(np.searchsorted(ends, rows["day"]) + 12, len(ends) - 1)]
    rows = rows.assign(horizon=horizon)[horizon <= world.calendar.last_day]
    defaults = world.troubles.spells[["customer", "default_day"]]
    pairs = rows.reset_index().merge(defaults, on="customer")
    inside = (pairs["default_day"] > pairs["day"]) & (pairs["default_day"] <= pairs["horizon"])
    return rows.assign(has_defaulted=rows.index.isin(pairs.loc[inside, "index"]), seed=seed)


@pytest.mark.parametrize(("offset", "health", "cycle"), [(0.0, 0.0, 0.0), (0.6, -1.7, 0.8), (-1.1, -1.0, -1.5)])
def test_backward_induction_agrees_with_simulation(offset: float, health: float, cycle: float) -> None:
    lags = _some_lags()
    curve = DefaultCurve(lags, np.array([-2.0, 2.0]), level=-7.0, abrupt_rate=0.0003)
    one = np.array([1])
    solved = curve(HORIZON_MONTHS, traits=(one, one, np.array([offset])), health=np.array([health]),
                   cycle=np.array([cycle]))[0]
    n = 60_000
    simulated = _simulated(lags, offset, health, cycle, n, default_rng(1))
    error = np.sqrt(simulated * (1 - simulated) / n)
    assert abs(solved - simulated) < 4 * error + 0.01 * simulated  # 1 %: interpolation between grid points


def _some_lags() -> Lags:
    default_by = np.minimum(np.array([0.1, 0.12, 0.2, 0.45, 0.6] + [0.62] * 7), 1.0)
    rescued = np.array([0.05, 0.1, 0.1, 0.05, 0.02, 0.0])
    assert len(default_by) == HORIZON_MONTHS
    assert len(rescued) == RESCUE_MONTHS
    return Lags(np.zeros(1, dtype=np.int64), np.tile(default_by, (N_PACES, 1)), np.tile(rescued, (N_PACES, 1)),
                np.full(N_PACES, 0.2), np.full(N_PACES, 0.62))


def _simulated(lags: Lags, offset: float, health: float, cycle: float, n: int, rng: Generator) -> float:
    """Share of `n` customers that default within 12 months, month by month, one draw a step."""
    state, common = np.full(n, health), np.full(n, cycle)
    free_from, defaulted = np.zeros(n), np.zeros(n, dtype=bool)
    default_by, rescued = lags.default_by[0], np.cumsum(lags.rescued_in[0])
    for month in range(1, HORIZON_MONTHS + 1):
        state = hidden.HEALTH_PERSISTENCE * state + np.sqrt(1 - hidden.HEALTH_PERSISTENCE**2) * rng.normal(size=n)
        state -= hidden.FALL_SIZE * (rng.random(n) < hidden.FALL_RATE)
        common = hidden.CYCLE_PERSISTENCE * common + np.sqrt(1 - hidden.CYCLE_PERSISTENCE**2) * rng.normal(size=n)
        rate = hidden.hazard(-7.0 + offset - hidden.HEALTH_WEIGHT * state - CYCLE_LOADINGS[1] * common,
                             abrupt_rate=0.0003)
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
