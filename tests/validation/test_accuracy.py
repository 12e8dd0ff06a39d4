"""Brier, Murphy, log loss and Spiegelhalter: by hand, against scikit-learn, and what they say of certain PDs."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import norm
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as log_loss_of_sklearn
from validation.judged import judged, made

CASE = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "accuracy.yaml").read_text("utf-8"))
MURPHY = ("murphy_reliability", "murphy_resolution", "murphy_uncertainty", "murphy_within")
CASES = [(case, name) for case in CASE for name in CASE[case]["expected"]]


@pytest.mark.parametrize(("case", "name"), CASES)
def test_by_hand(case, name):
    p, hit, grade = ([c[key] for c in CASE[case]["customers"]] for key in ("pd", "default", "grade"))
    assert judged(name, p, hit, grade=grade).value == pytest.approx(CASE[case]["expected"][name], abs=1e-6)


def test_brier_and_log_loss_equal_scikit_learn():
    p, hit = made(digits=3)
    p = p.clip(0.001, 0.999)
    assert judged("brier", p, hit).value == pytest.approx(brier_score_loss(hit, p), abs=1e-14)
    assert judged("log_loss", p, hit).value == pytest.approx(log_loss_of_sklearn(hit, p), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_murphy_terms_add_up_to_the_brier_score(seed):
    p, hit = made(300, seed, digits=4)
    grade = np.digitize(p, [0.02, 0.05, 0.1, 0.3]).astype(str)
    rel, res, unc, within = (judged(name, p, hit, grade=grade).value for name in MURPHY)
    assert rel - res + unc + within == pytest.approx(judged("brier", p, hit).value, abs=1e-14)


def test_within_grades_nothing_is_left_where_a_grade_has_one_pd():
    _, hit = made(300, 3)
    grade = np.array(["A", "B", "C"])[np.arange(300) % 3]
    p = np.array([0.02, 0.08, 0.2])[np.arange(300) % 3]
    assert judged("murphy_within", p, hit, grade=grade).value == pytest.approx(0, abs=1e-15)


def test_skill_of_the_observed_rate_is_zero_and_of_certainty_one():
    hit = np.arange(50) < 10
    for name in ("brier_skill", "log_loss_skill"):
        assert judged(name, np.full(50, 0.2), hit).value == pytest.approx(0, abs=1e-14)
        assert judged(name, hit, hit).value == 1


@pytest.mark.parametrize("name", ["brier", "brier_skill", "log_loss", "log_loss_skill", *MURPHY])
def test_intervals_hold_the_value_and_come_from_customers(name):
    p, hit = made(150, digits=3)
    p = p.clip(0.001)
    grade = np.where(p < 0.1, "A", "B")
    once = judged(name, p, hit, grade=grade)
    owner = np.repeat([f"C{i:04d}" for i in range(150)], 3)
    often = judged(name, np.repeat(p, 3), np.repeat(hit, 3), customer=owner, grade=np.repeat(grade, 3))
    assert (once.value, once.low, once.high) == pytest.approx((often.value, often.low, often.high), abs=1e-12)
    assert once.low <= once.value <= once.high
    assert once.low < once.high


def test_interval_of_the_brier_score_is_that_of_its_mean():
    p, hit = made(2000, digits=3)
    found = judged("brier", p, hit, n_bootstrap=2000)
    error = ((p - hit) ** 2).std(ddof=1) / np.sqrt(2000)
    assert (found.high - found.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.08)


def test_spiegelhalter_holds_its_level_and_sees_doubled_risk():
    rng = np.random.default_rng(5)
    p = rng.beta(1, 12, 800)
    true = [judged("spiegelhalter", p, rng.random(800) < p).value for _ in range(200)]
    doubled = [judged("spiegelhalter", p, rng.random(800) < 2 * p).value for _ in range(30)]
    assert np.mean(np.array(true) < 0.05) == pytest.approx(0.05, abs=0.045)
    assert np.mean(np.array(doubled) < 0.05) > 0.9


def test_spiegelhalter_by_its_formula():
    p, hit = made(200, digits=3)
    z = ((hit - p) * (1 - 2 * p)).sum() / np.sqrt(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    assert judged("spiegelhalter", p, hit).value == pytest.approx(2 * (1 - norm.cdf(abs(z))), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "p", "hit", "reason"),
    [
        ("log_loss", [0.0, 0.5], [1, 0], "certain_pd"),
        ("log_loss_skill", [0.1, 1.0], [1, 0], "certain_pd"),
        ("log_loss_skill", [0.1, 0.2], [0, 0], "no_default"),
        ("brier_skill", [0.1, 0.2], [1, 1], "all_default"),
        ("spiegelhalter", [0.0, 1.0, 0.5], [0, 1, 1], "certain_pd"),
        ("spiegelhalter", [0.5, 0.5], [0, 1], "constant_score"),
        ("murphy_resolution", [0.1, 0.2], [0, 1], "one_grade"),
        *((name, [], [], "no_rows") for name in ("brier", "log_loss", "spiegelhalter", *MURPHY)),
    ],
)
def test_what_cannot_be_computed_says_why(name, p, hit, reason):
    found = judged(name, p, hit)
    assert (found.value, found.reason) == (None, reason)


def test_a_certainty_that_comes_true_costs_nothing():
    assert judged("log_loss", [0.0, 1.0], [0, 1]).value == 0
    assert judged("brier", [0.0, 1.0], [0, 1]).value == 0
    assert judged("log_loss", [0.0, 0.5], [0, 1]).value == pytest.approx(np.log(2) / 2)


def test_no_default_still_has_a_brier_score():
    assert judged("brier", [0.1, 0.3], [0, 0]).value == pytest.approx(0.05)
    assert judged("murphy_uncertainty", [0.1, 0.3], [0, 0]).value == 0
