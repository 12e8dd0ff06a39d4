"""Timing of indemnities: the published figures, exact values by hand, weights, agreement with the quotes."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.base.schema import conform
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.options import priced
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.tables import EXPOSURES
from riskresearch.insurance.terms import TERMS as CLASSES
from riskresearch.insurance.timing import (
    INDEMNITY_MONTHS,
    INDEMNITY_TIMING,
    indemnity_timing,
    timing,
    uniform_after_year_ratio,
    uniform_price_factor,
    wait_cost,
)

FIVE_MONTHS = 365 * 5 / 12
WAITS = {"insolvency_days": 30, "protracted_default_days": 150, "political_days": 180}
TERMS = [
    {"kind": "waiting_period", **WAITS},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "buyer_limit", "discretionary_limit_amount": 20_000.0},
    {"kind": "aggregate_first_loss", "amount": 10_000.0},
]


def events_on(
    days: np.ndarray, *, n_years: int, codes: int | np.ndarray = 1, weights: np.ndarray | None = None
) -> Events:
    """One customer owing 100; the defaults follow each other, as many a year."""
    n = len(days)
    first = np.linspace(0, n, n_years + 1).astype(np.int64)
    return Events(
        customer_ids=np.array(["C"], dtype=object), exposure=np.full((1, 12), 100.0), first=first,
        customer=np.zeros(n, dtype=np.int32), day_ratio=days.astype(np.float32), lgd_ratio=np.ones(n, dtype=np.float32),
        event=np.full(n, codes, dtype=np.int8), after_cut_ratio=np.zeros(n, dtype=np.float32),
        n_strata=1, weights=weights,
    )  # fmt: skip


def test_the_published_figures_come_out_of_even_dates() -> None:
    """Five months of wait: 41.7 % of the indemnities after the year's end, price factor 0.9641 at 4 %."""
    days = (np.arange(200_000) + 0.5) / 200_000
    found = timing(
        events_on(days, n_years=100),
        paid=np.ones(len(days)),
        wait_days=np.full(len(days), FIVE_MONTHS),
        rate_ratio=0.04,
    )
    assert found["paid_after_year_ratio"] == pytest.approx(5 / 12, abs=1e-5)
    assert round(found["paid_after_year_ratio"], 3) == 0.417
    assert round(found["price_factor_ratio"], 4) == 0.9641
    assert found["price_factor_ratio"] == pytest.approx(uniform_price_factor(FIVE_MONTHS, rate_ratio=0.04), abs=1e-7)
    assert found["wait_days"] == pytest.approx(FIVE_MONTHS)


@pytest.mark.parametrize("wait", [0.0, 30.0, 152.0, 365.0, 500.0])
def test_formulas_for_even_dates_hold(wait: float) -> None:
    days = (np.arange(100_000) + 0.5) / 100_000
    found = timing(
        events_on(days, n_years=10), paid=np.ones(len(days)), wait_days=np.full(len(days), wait), rate_ratio=0.1
    )
    assert found["paid_after_year_ratio"] == pytest.approx(uniform_after_year_ratio(wait), abs=2e-5)
    assert found["price_factor_ratio"] == pytest.approx(uniform_price_factor(wait, rate_ratio=0.1), abs=1e-6)


def test_by_hand_with_amounts_that_differ() -> None:
    """Defaults in January (paid in February), in June (paid after five months) and in September (paid next year)."""
    events = events_on(np.array([0.0, 0.5, 0.75]), n_years=1)
    paid, waits = np.array([100.0, 200.0, 700.0]), np.array([36.5, 146.0, 146.0])
    found = timing(events, paid=paid, wait_days=waits, rate_ratio=0.04)
    assert found["paid_amount"] == pytest.approx(1000)
    assert found["paid_after_year_ratio"] == pytest.approx(0.7)
    assert found["wait_days"] == pytest.approx((3_650 + 900 * 146) / 1000)
    expected = 0.1 * np.exp(-0.04 * 0.1) + 0.2 * np.exp(-0.04 * 0.9) + 0.7 * np.exp(-0.04 * 1.15)
    assert found["price_factor_ratio"] == pytest.approx(expected)
    assert found["financing_amount"] == pytest.approx(0.04 / 360 * (3_650 + 900 * 146))
    assert wait_cost(paid, wait_days=waits, rate_ratio=0.04).sum() == pytest.approx(found["financing_amount"])


def test_weights_of_years_are_honoured() -> None:
    """Two years, the second drawn nine times too often: its weight is a tenth."""
    events = events_on(np.array([0.1, 0.9]), n_years=2, weights=np.array([0.9, 0.1]))
    found = timing(events, paid=np.array([100.0, 100.0]), wait_days=np.array([73.0, 73.0]), rate_ratio=0.0)
    assert found["paid_after_year_ratio"] == pytest.approx(0.1)
    assert found["paid_amount"] == pytest.approx(100)
    assert found["price_factor_ratio"] == pytest.approx(1.0)


def test_nothing_paid_has_no_ratio() -> None:
    found = timing(events_on(np.array([0.5]), n_years=1), paid=np.zeros(1), wait_days=np.zeros(1), rate_ratio=0.04)
    assert found["paid_amount"] == found["financing_amount"] == 0
    assert np.isnan([found[name] for name in ("paid_after_year_ratio", "price_factor_ratio", "wait_days")]).all()


def test_the_error_of_a_ratio_covers_what_other_seeds_give() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        days = rng.random(400)
        waits = rng.choice([30.0, 150.0], 400)
        found.append(
            timing(events_on(days, n_years=100), paid=rng.exponential(1.0, 400), wait_days=waits, rate_ratio=0.04)
        )
    for name in ("paid_after_year_ratio", "price_factor_ratio", "wait_days"):
        values, errors = (np.array([one[key] for one in found]) for key in (name, f"{name}_se"))
        assert np.mean(errors) == pytest.approx(values.std(ddof=1), rel=0.15), name


@pytest.fixture(scope="module")
def exposures() -> DataFrame:
    rng = np.random.default_rng(4)
    n = 60
    amounts = rng.uniform(5_000, 80_000, n)
    book = DataFrame(
        {"customer_id": [f"C{k:02d}" for k in range(n)], "pd_12m": rng.uniform(0.01, 0.12, n),
         "exposure_amount": amounts, "lgd_ratio": 0.6,
         "buyer_limit_amount": np.where(rng.random(n) < 0.7, amounts, np.nan),
         "turnover_amount": amounts * 5, "is_insurable": True, "is_discretionary_justified": True}
    )  # fmt: skip
    return check_exposures(conform(book, EXPOSURES), lgd_ratio=0.4)


def test_tables_agree_with_the_quotes_and_with_each_other(
    exposures: DataFrame, make_policy: Callable[..., Policy]
) -> None:
    settings = InsuranceSettings(n_years=2_000)
    events = simulate(exposures, settings)
    policies = [make_policy(TERMS), make_policy(TERMS[1:], policy_id="no_wait")]
    made = indemnity_timing(events, exposures, policies, settings)
    assert {name: list(table.columns) for name, table in made.items()} == {
        table.name: table.names for table in (INDEMNITY_TIMING, INDEMNITY_MONTHS)
    }
    rows = made["indemnity_timing"].set_index("policy_id")
    for policy in policies:
        option = priced(events, exposures, policy, settings)
        row = rows.loc[policy.policy_id]
        assert row["financing_amount"] == pytest.approx(option.financing.mean())
        assert row["paid_amount"] == pytest.approx((option.indemnity + option.insurer_recovery).mean())
    assert rows.loc["no_wait", ["financing_amount", "paid_after_year_ratio", "wait_days"]].tolist() == [0, 0, 0]
    waiting = rows.loc["quote"]
    assert 30 < waiting["wait_days"] < 150
    even = (uniform_after_year_ratio(30) + uniform_after_year_ratio(150)) / 2
    assert abs(waiting["paid_after_year_ratio"] - even) < 0.1  # the first loss takes early claims: later ones are paid
    assert waiting["paid_after_year_ratio_se"] < 0.02
    months = made["indemnity_months"]
    for policy_id, own in months.groupby("policy_id"):
        assert own["paid_amount"].sum() == pytest.approx(rows.loc[policy_id, "paid_amount"])
        assert own["paid_to_date_ratio"].is_monotonic_increasing
        assert own["paid_to_date_ratio"].iloc[-1] == pytest.approx(1)
        by_year_end = own.loc[own["month_number"] == 12, "paid_to_date_ratio"].item()
        assert by_year_end == pytest.approx(1 - rows.loc[policy_id, "paid_after_year_ratio"])
    assert months["month_number"].max() > 12


def test_without_policies_the_tables_are_empty(exposures: DataFrame) -> None:
    settings = InsuranceSettings(n_years=2_000)
    made = indemnity_timing(simulate(exposures, settings), exposures, [], settings)
    assert all(table.empty for table in made.values())


def test_a_top_up_is_timed_by_its_own_layer(exposures: DataFrame, make_policy: Callable[..., Policy]) -> None:
    settings = InsuranceSettings(n_years=2_000)
    half = exposures.assign(buyer_limit_amount=exposures["buyer_limit_amount"] / 2)
    events = simulate(half, settings)
    below = make_policy(TERMS[:3], policy_id="below")
    terms = [term for term in below.terms if term.kind != "buyer_limit"]
    own = [{"kind": "top_up_limit", "limit_ratio": 1.0, "clause": "c", "source": "s"}]
    top_up = type(below).model_validate(
        below.model_dump(exclude={"terms"})
        | {"policy_id": "second", "kind": "top_up", "underlying_policy_id": "below"}
        | {"terms": tuple(terms) + tuple(_terms(own))}
    )
    made = indemnity_timing(events, half, [below, top_up], settings)["indemnity_timing"].set_index("policy_id")
    programme = priced(events, half, top_up, settings, underlying=below)
    assert made["paid_amount"].sum() == pytest.approx((programme.indemnity + programme.insurer_recovery).mean())
    assert made["financing_amount"].sum() == pytest.approx(programme.financing.mean())
    assert made.loc["second", "paid_amount"] > 0


def _terms(listed: list[dict[str, object]]) -> list[object]:
    return [CLASSES[str(term["kind"])].model_validate(term) for term in listed]


def test_the_same_events_give_the_same_tables(exposures: DataFrame, make_policy: Callable[..., Policy]) -> None:
    settings = InsuranceSettings(n_years=2_000)
    events = simulate(exposures, settings)
    one, two = (indemnity_timing(events, exposures, [make_policy(TERMS)], settings) for _ in range(2))
    for name in one:
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)
