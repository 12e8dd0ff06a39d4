"""The truth of a generated ledger: its default, its probabilities, its losses, and how hard it is to see.

Default is found here from the tables alone, in a few lines of its own: the 91st consecutive day with
more than EUR 500 overdue, or the day a judgement is recorded.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from pandas import DataFrame, Timestamp
from sklearn.metrics import roc_auc_score

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.synthetic import synthetic_ledger
from riskresearch.ledger.synthetic.world import Plan, simulate_world

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
    """Invoices payable at once with the day their last cent was known to be settled, empty while open."""
    ledger, _ = _made(seed)
    known = ledger["allocations"][["effective_date", "recorded_date"]].max(axis=1)
    sums = (
        ledger["allocations"]
        .assign(known=known)
        .groupby("invoice_id")
        .agg(paid=("known", "max"), settled=("amount_minor", "sum"))
    )
    at_once = ~ledger["invoices"]["invoice_id"].isin(ledger["instalments"]["invoice_id"])
    invoices = ledger["invoices"][at_once].merge(sums, how="left", left_on="invoice_id", right_index=True)
    return invoices.assign(paid=invoices["paid"].where(invoices["settled"] == invoices["gross_minor"]))


@cache
def _detected(seed: int) -> DataFrame:
    """Defaults found in the tables: ``customer_id default_date``."""
    ledger, _ = _made(seed)
    steps = _overdue_steps(ledger)
    material = steps.groupby("customer_id")["amount"].cumsum() > 50_000
    until = steps.groupby("customer_id")["day"].shift(-1).fillna(LAST + DAY)
    run = (~material | (steps["customer_id"] != steps["customer_id"].shift())).cumsum()
    groups = steps.assign(until=until, run=run)[material].groupby("run")
    spans = groups.agg(customer_id=("customer_id", "first"), start=("day", "min"), end=("until", "max"))
    late = spans[(spans["end"] - spans["start"]).dt.days > 90]
    events = ledger["events"][ledger["events"]["event_code"] == "insolvency"]
    past_due = DataFrame({"customer_id": late["customer_id"], "default_date": late["start"] + 90 * DAY})
    judged = DataFrame({"customer_id": events["customer_id"], "default_date": events["recorded_date"]})
    return pd.concat([past_due, judged], ignore_index=True)


def _overdue_steps(ledger: Ledger) -> DataFrame:
    """Changes of the overdue amount by customer and day; parts of an invoice fall due on their own."""
    moves = movements(cut_ledger(ledger, as_of=LAST))
    moves = moves.assign(day=np.maximum(moves["known_date"], moves["due_date"] + DAY))
    steps = moves[moves["day"] <= LAST]
    return steps.groupby(["customer_id", "day"])["base_minor"].sum().rename("amount").reset_index()


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
    plan = Plan(LAST, n_customers=600, n_months=30, default_rate_ratio=0.05, invoices_per_month=1.0)
    world = simulate_world(plan, rng=default_rng(seed))
    rows = world.truth[~world.truth["is_defaulted"]]
    ends = world.calendar.starts[1:] - 1
    horizon = ends[np.minimum(np.searchsorted(ends, rows["day"]) + 12, len(ends) - 1)]
    rows = rows.assign(horizon=horizon)[horizon <= world.calendar.last_day]
    defaults = world.troubles.spells[["customer", "default_day"]]
    pairs = rows.reset_index().merge(defaults, on="customer")
    inside = (pairs["default_day"] > pairs["day"]) & (pairs["default_day"] <= pairs["horizon"])
    return rows.assign(has_defaulted=rows.index.isin(pairs.loc[inside, "index"]), seed=seed)
