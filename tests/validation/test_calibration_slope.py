"""Calibration by regression: cases by hand, scikit-learn, brute force, and customers instead of rows."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import chi2, norm
from sklearn.linear_model import LogisticRegression
from validation.calibration_evidence import evidence, found, grouped, verdict

from riskresearch.validation.logistic import is_separated, log_likelihood, logistic_fit

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "validation" / "calibration_slope.yaml").read_text(encoding="utf-8")
)
NAMES = {
    "slope": "calibration_slope",
    "intercept": "calibration_intercept",
    "in_the_large": "calibration_in_the_large",
    "p": "slope_and_level",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    given = grouped(case["groups"])
    for key, name in NAMES.items():
        expected = case.get(key)
        if isinstance(expected, str):
            assert found(name, given).reason == expected
        elif expected is not None:
            assert found(name, given).value == pytest.approx(expected, rel=2e-6, abs=1e-9)  # six digits by hand; 0
    for name, expected in case.get("verdict", {}).items():
        assert verdict(name, given) == expected


def _portfolio(n=600, seed=4, slope=0.8, level=0.3):
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-2.2, 1.1, n))
    return p, rng.random(n) < expit(level + slope * logit(p)), rng


def test_slope_and_intercept_equal_scikit_learn():
    p, hit, _ = _portfolio()
    fit = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(logit(p)[:, None], hit)
    given = evidence(p, hit)
    assert found("calibration_slope", given).value == pytest.approx(fit.coef_[0, 0], rel=1e-8)
    assert found("calibration_intercept", given).value == pytest.approx(fit.intercept_[0], rel=1e-8)


def test_in_the_large_makes_the_expected_defaults_equal_the_observed():
    p, hit, _ = _portfolio()
    shift = found("calibration_in_the_large", evidence(p, hit)).value
    assert expit(logit(p) + shift).sum() == pytest.approx(hit.sum(), rel=1e-10)


def test_likelihood_ratio_equals_a_general_optimiser():
    p, hit, _ = _portfolio(300, slope=1.0, level=0.0)

    def loss(b):
        q = expit(b[0] + b[1] * logit(p))
        return -(np.log(q[hit]).sum() + np.log1p(-q[~hit]).sum())

    best = minimize(loss, [0, 1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun
    expected = chi2.sf(2 * (loss([0, 1]) - best), 2)
    assert found("slope_and_level", evidence(p, hit)).value == pytest.approx(expected, rel=1e-6)


def test_clustered_error_by_explicit_sums():
    """Information and scores added up row by row and customer by customer."""
    p, hit, rng = _portfolio(120)
    owner = rng.integers(0, 40, 120)
    x = np.column_stack([np.ones(120), logit(p)])
    fit = logistic_fit(x, hit.astype(float), owner=np.unique(owner, return_inverse=True)[1])
    q = expit(x @ fit.coefficients)
    information = sum(q[i] * (1 - q[i]) * np.outer(x[i], x[i]) for i in range(120))
    score = [sum((hit[i] - q[i]) * x[i] for i in range(120) if owner[i] == g) for g in np.unique(owner)]
    meat = sum(np.outer(s, s) for s in score) * len(score) / (len(score) - 1)
    bread = np.linalg.inv(information)
    np.testing.assert_allclose(fit.covariance, bread @ meat @ bread, rtol=1e-9)
    given = evidence(p, hit, customer=owner)
    slope = found("calibration_slope", given)
    half = norm.ppf(0.975) * np.sqrt((bread @ meat @ bread)[1, 1])
    assert (slope.low, slope.high) == pytest.approx((slope.value - half, slope.value + half), rel=1e-9)


@pytest.mark.parametrize("name", ["calibration_slope", "calibration_intercept", "calibration_in_the_large"])
def test_twelve_copies_of_every_row_leave_the_interval_as_it_is(name):
    p, hit, _ = _portfolio(200)
    once = found(name, evidence(p, hit))
    often = found(name, evidence(np.tile(p, 12), np.tile(hit, 12), customer=np.tile(np.arange(200), 12)))
    assert (often.value, often.low, often.high) == pytest.approx((once.value, once.low, once.high), rel=1e-8)


def test_a_weight_counts_as_so_many_copies():
    p, hit, rng = _portfolio(80)
    weight, x = rng.integers(1, 4, 80), np.column_stack([np.ones(80), logit(p)])
    weighted = logistic_fit(x, hit.astype(float), owner=np.arange(80), weight=weight.astype(float))
    copies = np.repeat(np.arange(80), weight)
    copied = logistic_fit(x[copies], hit[copies].astype(float), owner=copies)
    np.testing.assert_allclose(weighted.coefficients, copied.coefficients, rtol=1e-9)
    np.testing.assert_allclose(weighted.covariance, copied.covariance, rtol=1e-9)
    assert weighted.log_likelihood == pytest.approx(copied.log_likelihood, rel=1e-12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """300 portfolios of 300 customers seen on three dates each; 95 % give or take three standard errors (3.8 %)."""
    rng, inside = np.random.default_rng(11), 0
    for _ in range(300):
        p = expit(rng.normal(-2, 1, 300))
        hit, owner = np.tile(rng.random(300) < p, 3), np.tile(np.arange(300), 3)
        x = np.column_stack([np.ones(900), np.tile(logit(p), 3)])
        fit = logistic_fit(x, hit.astype(float), owner=owner, start=(0, 1))
        inside += abs(fit.coefficients[1] - 1) <= 1.96 * np.sqrt(fit.covariance[1, 1])
    assert 0.912 <= inside / 300 <= 0.988


def test_a_start_far_off_comes_back():
    """From log-odds of 28 the first Newton step would throw the coefficients beyond any number."""
    p, hit, _ = _portfolio(200)
    x = np.column_stack([np.ones(200), logit(p)])
    near, far = (logistic_fit(x, hit * 1.0, owner=np.arange(200), start=start) for start in ((0, 1), (28, -3)))
    assert far.has_settled
    np.testing.assert_allclose(far.coefficients, near.coefficients, rtol=1e-7)


def test_log_likelihood_does_not_overflow():
    value = log_likelihood(np.array([-800.0, 800.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert value == pytest.approx(-800 - np.log(2), rel=1e-12)


@pytest.mark.parametrize(
    ("score", "expected"),
    [([1, 2, 3, 4], True), ([4, 3, 2, 1], True), ([1, 2, 2, 4], True), ([1, 3, 2, 4], False), ([1, 1, 1, 1], True)],
)
def test_separation(score, expected):
    assert is_separated(np.array(score, float), np.array([False, False, True, True])) == expected
