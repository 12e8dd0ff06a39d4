"""Measures of a loss law: hand-computed laws with atoms, and the honesty of the standard errors."""

import numpy as np
import pytest

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
