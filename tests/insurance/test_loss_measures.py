"""Measures of a loss law: hand-computed laws with atoms, and the honesty of the standard errors."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from riskresearch.insurance.measures import (
    contributions,
    expected_shortfall,
    quantile_interval,
    shortfall_scores,
    standard_error,
    tail_weights,
    value_at_risk,
)

THREE_POINTS = np.array([1_000.0, 0.0, 100.0]), np.array([0.05, 0.9, 0.05])


@pytest.mark.parametrize(
    ("confidence", "var", "shortfall"),
    [
        (0.5, 0.0, 110.0),  # (0.40 x 0 + 0.05 x 100 + 0.05 x 1000) / 0.50
        (0.9, 0.0, 550.0),  # F(0) = 0.9 exactly: (0.05 x 100 + 0.05 x 1000) / 0.10
        (0.92, 100.0, 662.5),  # (0.03 x 100 + 0.05 x 1000) / 0.08
        (0.95, 100.0, 1_000.0),  # F(100) = 0.95 exactly: the atom at 100 has no share
        (0.96, 1_000.0, 1_000.0),
        (0.999, 1_000.0, 1_000.0),
    ],
)
def test_three_point_law(confidence, var, shortfall):
    values, weights = THREE_POINTS
    assert value_at_risk(values, confidence_ratio=confidence, weights=weights) == var
    found = expected_shortfall(values, confidence_ratio=confidence, weights=weights)
    assert found == pytest.approx(shortfall, rel=1e-12)


def test_equal_weights_are_a_law_like_any_other():
    years = np.repeat([0.0, 100.0, 1_000.0], [900, 50, 50])
    for confidence, shortfall in [(0.9, 550.0), (0.92, 662.5), (0.95, 1_000.0)]:
        assert expected_shortfall(years, confidence_ratio=confidence) == pytest.approx(shortfall, rel=1e-12)
    assert value_at_risk(years, confidence_ratio=0.95) == 100.0
    assert value_at_risk(np.arange(1.0, 20_001.0), confidence_ratio=0.995) == 19_900.0
    assert value_at_risk(np.arange(1.0, 1_001.0), confidence_ratio=0.07) == 70.0


def test_shortfall_is_the_mean_of_its_scores_and_of_the_worst_years():
    years = np.random.default_rng(3).lognormal(0, 1, 2_000)
    worst = np.sort(years)[-20:].mean()
    assert expected_shortfall(years, confidence_ratio=0.99) == pytest.approx(worst, rel=1e-12)
    assert shortfall_scores(years, confidence_ratio=0.99).mean() == pytest.approx(worst, rel=1e-12)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.995])
def test_euler_parts_add_up_also_across_an_atom(confidence):
    rng = np.random.default_rng(5)
    year, part = rng.integers(0, 400, 3_000), rng.integers(0, 7, 3_000)
    amounts = rng.integers(0, 4, 3_000) * 25.0
    totals = np.bincount(year, weights=amounts, minlength=400)
    assert len(np.unique(totals)) < 60, "the law must have atoms"
    tail = tail_weights(totals, confidence_ratio=confidence)
    parts = contributions(amounts, year=year, part=part, n_parts=7, year_weights=tail)
    assert parts.sum() == pytest.approx(expected_shortfall(totals, confidence_ratio=confidence), rel=1e-12)
    assert tail.sum() == pytest.approx(1.0, rel=1e-12)
    assert (tail >= 0).all()


def test_euler_parts_by_hand():
    """Two customers, five equally likely years, confidence 0.6: the worst two years are (90, 10) and (20, 40)."""
    first, second = np.array([0.0, 5.0, 20.0, 90.0, 1.0]), np.array([0.0, 5.0, 40.0, 10.0, 1.0])
    tail = tail_weights(first + second, confidence_ratio=0.6)
    assert tail == pytest.approx([0, 0, 0.5, 0.5, 0], rel=1e-12, abs=1e-12)
    assert [tail @ first, tail @ second] == pytest.approx([55.0, 25.0], rel=1e-12)


def test_standard_error_without_strata_is_the_usual_one():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert standard_error(values) == pytest.approx(np.sqrt(5 / 3 / 4), rel=1e-12)


def test_standard_error_with_strata_by_hand():
    """Two blocks of two strata: variances within strata 2 and 8, so sqrt((2 + 8) / (2 x 4))."""
    assert standard_error(np.array([1.0, 10.0, 3.0, 14.0]), n_strata=2) == pytest.approx(np.sqrt(10 / 8), rel=1e-12)
    assert np.isnan(standard_error(np.array([1.0, 2.0]), n_strata=2))


def test_quantile_interval_holds_the_true_quantile_as_often_as_stated():
    rng = np.random.default_rng(11)
    true = -np.log(1 - 0.9)
    intervals = [quantile_interval(rng.exponential(size=200), confidence_ratio=0.9) for _ in range(600)]
    covered = np.mean([low <= true <= high for low, high in intervals])
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / 600) <= covered < 0.99


def test_quantile_interval_says_when_years_are_too_few():
    low, high = quantile_interval(np.arange(100.0), confidence_ratio=0.995)
    assert low < 99.0
    assert np.isnan(high)


def test_weighted_years_are_a_law_with_repeated_years():
    """A year of weight 3 is three years of weight 1."""
    values, copies = np.array([5.0, 0.0, 80.0, 20.0]), np.array([3, 4, 1, 2])
    weights, repeated = copies / copies.sum(), np.repeat(values, copies)
    for confidence in (0.35, 0.75, 0.85):
        args = {"confidence_ratio": confidence}
        assert value_at_risk(values, weights=weights, **args) == value_at_risk(repeated, **args)
        same = pytest.approx(expected_shortfall(repeated, **args))
        assert expected_shortfall(values, weights=weights, **args) == same
        assert weights @ shortfall_scores(values, weights=weights, **args) == same


def test_equal_weights_change_no_standard_error():
    values = np.random.default_rng(1).normal(size=600)
    equal = np.full(600, 1 / 600)
    for n_strata in (1, 20):
        assert standard_error(values, n_strata=n_strata, weights=equal) == pytest.approx(
            standard_error(values, n_strata=n_strata), rel=1e-12
        )


def test_weighted_standard_error_by_hand():
    """Mean 8; scores n w (x - mean) are 3 x (1/2, 1/4, 1/4) x (-4, 0, 8) = -6, 0, 6: s = 6, so 6 / sqrt(3)."""
    values, weights = np.array([4.0, 8.0, 16.0]), np.array([0.5, 0.25, 0.25])
    assert standard_error(values, weights=weights) == pytest.approx(6 / np.sqrt(3), rel=1e-12)


def shifted_normals(n, shift, *, rng, n_strata):
    """Stratified normals with another mean, block after block, and the weights that undo it."""
    z = ndtri((np.tile(np.arange(n_strata), n // n_strata) + rng.random(n)) / n_strata) + shift
    ratio = np.exp(-shift * z + 0.5 * shift**2).reshape(-1, n_strata)
    return z, (ratio / ratio.sum(axis=1, keepdims=True)).ravel() * n_strata / n


def test_weighted_figures_cover_the_truth_as_often_as_their_errors_say():
    """exp(z) drawn from bad years: mean, shortfall and quantile of the lognormal law, 400 repeats."""
    rng = np.random.default_rng(21)
    a, n = 0.95, 1_000
    var, mean = np.exp(ndtri(a)), np.exp(0.5)
    shortfall = mean * ndtr(1.0 - ndtri(a)) / (1.0 - a)
    inside = {"mean": 0, "shortfall": 0, "quantile": 0}
    for _ in range(400):
        z, weights = shifted_normals(n, 0.8, rng=rng, n_strata=50)
        own = rng.normal(size=n)
        values = np.exp(np.sqrt(0.3) * z + np.sqrt(0.7) * own)
        scores = shortfall_scores(values, confidence_ratio=a, weights=weights)
        for name, each, true in (("mean", values, mean), ("shortfall", scores, shortfall)):
            error = standard_error(each, n_strata=50, weights=weights)
            inside[name] += abs(weights @ each - true) < 1.96 * error
        low, high = quantile_interval(values, confidence_ratio=a, weights=weights)
        inside["quantile"] += low <= var <= high
    slack = 4 * np.sqrt(0.95 * 0.05 / 400)
    assert 0.95 - slack < inside["mean"] / 400 < 0.95 + slack
    assert 0.95 - slack - 0.02 < inside["shortfall"] / 400  # few tail years: the error is itself estimated
    assert 0.95 - slack < inside["quantile"] / 400


def test_weighted_interval_says_when_years_are_too_few():
    values, weights = np.arange(50.0), np.full(50, 0.02)
    low, high = quantile_interval(values, confidence_ratio=0.97, weights=weights)
    assert low < 48.0
    assert np.isnan(high)
    assert np.isnan(quantile_interval(values, confidence_ratio=0.995, weights=weights)[1])
