"""Validation measures against independent values, by hand, and in degenerate cases."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import beta
from sklearn.metrics import brier_score_loss, roc_auc_score

from riskresearch.base.resampling import auc as area
from riskresearch.base.resampling import bootstrap_auc
from riskresearch.base.schema import check
from riskresearch.validation.battery import BATTERY, MEASURES, Sample, ValidationSettings, run_battery
from riskresearch.validation.stage import VALIDATION_TABLES, reliability, validate

SETTINGS = ValidationSettings(n_bootstrap=200)


def _sample(p, hit, customer=None):
    owner = np.arange(len(p)) if customer is None else np.asarray(customer)
    return Sample(np.asarray(p, float), np.asarray(hit, bool), owner, SETTINGS, np.random.default_rng(1))


def _random(n=400, seed=2):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 8, n), 2)
    return p, rng.random(n) < p


def test_auc_and_brier_equal_scikit_learn():
    p, hit = _random()
    assert BATTERY["auc"].function(_sample(p, hit)).value == pytest.approx(roc_auc_score(hit, p), rel=1e-12)
    assert BATTERY["gini"].function(_sample(p, hit)).value == pytest.approx(2 * roc_auc_score(hit, p) - 1, rel=1e-12)
    assert BATTERY["brier"].function(_sample(p, hit)).value == pytest.approx(brier_score_loss(hit, p), rel=1e-12)


def test_weighted_auc_counts_a_row_as_often_as_its_weight():
    p, hit = _random(60)
    weight = np.random.default_rng(0).integers(0, 4, 60)
    assert area(p, hit, weight) == pytest.approx(roc_auc_score(np.repeat(hit, weight), np.repeat(p, weight)), rel=1e-12)


def test_repeating_every_row_of_a_customer_leaves_the_interval_as_it_is():
    p, hit = _random(150)
    owner = np.arange(150)
    once = bootstrap_auc({"a": p}, hit, owner, n_bootstrap=100, rng=np.random.default_rng(4))
    often = bootstrap_auc(
        {"a": np.repeat(p, 5)}, np.repeat(hit, 5), np.repeat(owner, 5), n_bootstrap=100, rng=np.random.default_rng(4)
    )
    np.testing.assert_allclose(once, often, rtol=1e-12)


@pytest.mark.parametrize(("n", "d", "p"), [(100, 3, 0.01), (250, 0, 0.02), (40, 40, 0.9), (1000, 25, 0.02)])
def test_jeffreys_is_the_integral_of_its_density(n, d, p):
    a, b = d + 0.5, n - d + 0.5
    mode = d / n
    split = quad(lambda x: beta.pdf(x, a, b), 0, p, points=[mode] if 0 < mode < p else None, limit=200)[0]
    found = BATTERY["jeffreys"].function(_sample(np.full(n, p), np.arange(n) < d)).value
    assert found == pytest.approx(split, rel=1e-5, abs=1e-8)  # quadrature error at the ends of the beta density


def test_observed_to_expected_by_hand():
    found = BATTERY["observed_to_expected"].function(_sample([0.1, 0.1, 0.2, 0.6], [0, 0, 1, 1]))
    assert found.value == pytest.approx(2.0)
    assert found.low <= found.value <= found.high


def test_brier_skill_is_zero_for_the_observed_rate():
    hit = np.arange(50) < 10
    assert BATTERY["brier_skill"].function(_sample(np.full(50, 0.2), hit)).value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("member", list(BATTERY), ids=BATTERY.names)
@pytest.mark.parametrize("hit", [[0, 0, 0], [1, 1, 1], [0, 1, 0]], ids=["no default", "all default", "one default"])
@pytest.mark.parametrize(
    "p", [[0.1, 0.1, 0.1], [0.0, 0.0, 0.0], [0.1, 0.5, 0.9]], ids=["all ties", "all zero", "spread"]
)
def test_every_measure_is_total_and_says_why_there_is_no_value(member, hit, p):
    found = member.function(_sample(p, hit))
    assert (found.value is None) == (found.reason is not None)
    if found.value is not None:
        assert np.isfinite(found.value)
        assert member.spec.low - 1e-12 <= found.value <= member.spec.high + 1e-12
        assert found.low is None or found.low <= found.high


def _scores(n_customers=80):
    rng = np.random.default_rng(6)
    dates = pd.to_datetime(["2024-01-31", "2024-02-29"]).as_unit("us")
    frame = pd.MultiIndex.from_product(
        [["lightgbm", "late_rate"], ["out_of_time"], [f"C{i}" for i in range(n_customers)], dates],
        names=["model_code", "sample_code", "customer_id", "observation_date"],
    )
    rows = frame.to_frame(index=False)
    p = rng.beta(1, 6, len(rows))
    return rows.assign(pd_12m=p, is_default=rng.random(len(rows)) < p, grade_code=np.where(p < 0.1, "C", "F"))


def test_battery_runs_on_every_model_and_is_deterministic():
    scores = _scores()
    first, second = run_battery(scores, SETTINGS), run_battery(scores, SETTINGS)
    pd.testing.assert_frame_equal(first, second)
    table = check(first, MEASURES)
    assert set(table["model_code"]) == {"lightgbm", "late_rate"}
    assert set(table.loc[table["grade_code"] != "all", "measure_code"]) == {"jeffreys"}
    cohort = table[(table["measure_code"] == "jeffreys") & (table["grade_code"] == "all")]
    assert (cohort["n_rows"] == 80).all()


def test_stage_works_without_any_score():
    choice = pd.DataFrame({"model_code": ["expert"], "is_chosen": [True]})
    made = validate({"scores": _scores().iloc[:0], "model_choice": choice}, SETTINGS)
    for table in VALIDATION_TABLES:
        assert check(made[table.name], table).empty


def test_reliability_intervals_hold_the_observed_rate():
    table = reliability(_scores(), model="lightgbm")
    assert (table["default_low"] <= table["default_ratio"]).all()
    assert (table["default_ratio"] <= table["default_high"]).all()
    assert table["n_rows"].sum() == 80
