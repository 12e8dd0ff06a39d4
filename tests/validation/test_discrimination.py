"""Measures of ranking: by hand, by counting pairs, by numeric integration, and what their intervals hold."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError
from scipy.integrate import quad
from scipy.stats import beta, ks_2samp
from sklearn.metrics import roc_auc_score
from validation.judged import evidence, judged, made

from riskresearch.validation import roc
from riskresearch.validation.measures.discrimination import cost_weight, hanley_mcneil_error
from riskresearch.validation.settings import ValidationSettings

CASE = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "ranking.yaml").read_text(encoding="utf-8"))
RANKING = ("auc", "gini", "accuracy_ratio", "ks", "h_measure", "auc_hanley_mcneil")


def rows_of_the_case():
    return [c["pd"] for c in CASE["customers"]], [c["default"] for c in CASE["customers"]]


@pytest.mark.parametrize(("name", "value"), CASE["expected"].items())
def test_ten_customers_by_hand(name, value):
    assert judged(name, *rows_of_the_case()).value == pytest.approx(value, abs=1e-14)


def test_auc_and_ks_equal_other_libraries():
    p, hit = made()
    assert judged("auc", p, hit).value == pytest.approx(roc_auc_score(hit, p), abs=1e-14)
    assert judged("ks", p, hit).value == pytest.approx(ks_2samp(p[hit], p[~hit]).statistic, abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_area_of_the_cap_is_the_gini_with_ties(seed):
    p, hit = made(120, seed, digits=1)
    assert judged("accuracy_ratio", p, hit).value == pytest.approx(judged("gini", p, hit).value, abs=1e-13)


@pytest.mark.parametrize(
    ("law", "expected"), [("severity_ratio", (2, 5)), ("class_shares", (1.2, 1.8)), ("symmetric", (2, 2))]
)
def test_cost_weights_are_densest_at_the_default_rate_unless_symmetric(law, expected):
    a, b = cost_weight(0.2, law=law)
    assert (a, b) == pytest.approx(expected, abs=1e-14)
    assert (a - 1) / (a + b - 2) == pytest.approx(0.5 if law == "symmetric" else 0.2, abs=1e-14)


def integrated(p, hit, law):
    """H-measure by numeric integration over the cost share, trying every cut-off."""
    rate, cuts = hit.mean(), np.append(np.unique(p), 2.0)
    false_alarm = np.array([((p >= cut) & ~hit).mean() for cut in cuts])
    missed = np.array([((p < cut) & hit).mean() for cut in cuts])
    weight = beta(*cost_weight(rate, law=law))
    grid = np.linspace(0, 1, 81)

    def mean(loss):
        return sum(quad(lambda c: loss(c) * weight.pdf(c), a, b)[0] for a, b in pairwise(grid))

    best = mean(lambda c: (c * false_alarm + (1 - c) * missed).min())
    return 1 - best / mean(lambda c: min(c * (1 - rate), (1 - c) * rate))


@pytest.mark.parametrize("law", ["severity_ratio", "class_shares", "symmetric"])
def test_h_measure_is_the_integral_over_cost_shares(law):
    p, hit = made(60, 4, digits=1)
    found = judged("h_measure", p, hit, h_cost_law=law)
    assert found.value == pytest.approx(integrated(p, hit, law), abs=2e-6)


def test_h_measure_of_the_published_example():
    rng = np.random.default_rng(66)
    hit = rng.integers(low=0, high=2, size=10)
    assert judged("h_measure", rng.random(10), hit).value == pytest.approx(0.18889596344769588, abs=1e-12)


def test_h_measure_of_a_perfect_and_of_a_reversed_order():
    hit = np.arange(20) < 5
    assert judged("h_measure", np.where(hit, 0.9, 0.1), hit).value == pytest.approx(1)
    assert judged("h_measure", np.where(hit, 0.1, 0.9), hit).value == 0
    assert judged("auc", np.where(hit, 0.1, 0.9), hit).value == 0


def test_hanley_mcneil_error_by_its_formula_and_interval():
    # A = 0.8, m = 2, n = 3: Q1 = 2/3, Q2 = 1.28 / 1.8; (0.16 + (2/3 - 0.64) + 2 (0.71111 - 0.64)) / 6
    error = hanley_mcneil_error(0.8, n_defaults=2, n_others=3)
    assert error**2 == pytest.approx((0.16 + (2 / 3 - 0.64) + 2 * (1.28 / 1.8 - 0.64)) / 6, rel=1e-14)
    p, hit = made()
    found = judged("auc_hanley_mcneil", p, hit)
    half = 1.959963984540054 * hanley_mcneil_error(found.value, n_defaults=hit.sum(), n_others=(~hit).sum())
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


@pytest.mark.parametrize("name", RANKING)
def test_only_the_order_of_the_pds_counts(name):
    p, hit = made()
    first, other = judged(name, p, hit), judged(name, p**3 / 2, hit)
    assert (first.value, first.low, first.high) == pytest.approx((other.value, other.low, other.high), abs=1e-12)


@pytest.mark.parametrize("name", ["auc", "gini", "ks", "h_measure"])
def test_repeating_every_row_of_a_customer_changes_neither_value_nor_interval(name):
    p, hit = made(150)
    once = judged(name, p, hit)
    often = judged(name, np.repeat(p, 4), np.repeat(hit, 4), customer=np.repeat([f"C{i:04d}" for i in range(150)], 4))
    assert (once.value, once.low, once.high) == pytest.approx((often.value, often.low, often.high), abs=1e-12)
    assert once.high > once.low


def test_interval_of_the_auc_is_that_of_resampled_customers_counted_one_by_one():
    p, hit = made(120, 3)
    found, judge = judged("auc", p, hit, n_bootstrap=80), evidence(p, hit, n_bootstrap=80)
    drawn = np.array([roc_auc_score(hit, p, sample_weight=weight) for weight in judge.draws()])
    low, high = np.quantile(drawn, [0.025, 0.975]) - drawn.mean() + found.value
    assert (found.low, found.high) == pytest.approx((low, min(high, 1)), abs=1e-12)


def test_pooling_close_pds_leaves_the_interval_nearly_as_it_is(monkeypatch):
    p, hit = made(2000, 5, digits=9)
    pooled = judged("auc", p, hit)
    monkeypatch.setattr(roc, "MOST_STEPS", 10_000)
    whole = judged("auc", p, hit)
    assert pooled.value == whole.value
    assert (pooled.low, pooled.high) != (whole.low, whole.high)
    assert (pooled.low, pooled.high) == pytest.approx((whole.low, whole.high), abs=5e-4)


def test_pooled_steps_hold_all_rows_in_order():
    p, hit = made(3000, 6, digits=9)
    found = roc.pooled(roc.steps(p, hit))
    assert len(found.pd) <= 500
    assert (np.diff(found.pd) < 0).all()
    assert (found.n_defaults.sum(), found.n_others.sum()) == (hit.sum(), (~hit).sum())
    assert (p >= found.pd[found.place]).all()
    np.testing.assert_array_equal(np.bincount(found.place[hit], minlength=len(found.pd)), found.n_defaults)


def test_interval_narrows_with_independent_customers_only():
    p, hit = made(100, 7)
    few = judged("auc", p, hit)
    more = judged("auc", np.tile(p, 9), np.tile(hit, 9))
    assert (more.high - more.low) / (few.high - few.low) == pytest.approx(1 / 3, rel=0.25)


@pytest.mark.parametrize("name", RANKING)
@pytest.mark.parametrize(
    ("p", "hit", "customer", "reason"),
    [
        ([0.1, 0.2, 0.3], [0, 0, 0], None, "no_default"),
        ([0.1, 0.2, 0.3], [1, 1, 1], None, "all_default"),
        ([0.1, 0.1, 0.1], [0, 1, 0], None, "constant_score"),
        ([0.1, 0.2, 0.3], [0, 1, 0], ["C", "C", "C"], "too_few_customers"),
        ([], [], None, "no_rows"),
    ],
)
def test_what_cannot_be_ranked_says_why(name, p, hit, customer, reason):
    found = judged(name, p, hit, customer=customer)
    assert (found.value, found.reason) == (None, reason)


@pytest.mark.parametrize("name", RANKING)
@pytest.mark.parametrize("p", [[0, 0, 1, 1], [0, 1, 0, 1]], ids=["perfect", "half"])
def test_pds_of_zero_and_one_are_ranked(name, p):
    found = judged(name, p, [0, 0, 1, 1])
    assert found.value == pytest.approx(
        {"perfect": 1, "half": {"auc": 0.5, "auc_hanley_mcneil": 0.5}.get(name, 0)}["perfect" if p[1] == 0 else "half"]
    )


def test_amber_above_green_is_refused():
    with pytest.raises(ValidationError, match="must not exceed auc_green"):
        ValidationSettings(auc_green=0.7, auc_amber=0.8)
