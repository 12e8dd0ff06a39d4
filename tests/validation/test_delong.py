"""Variances of areas: by counting pairs, with repeated rows of a customer, and for two scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from validation.judged import made

from riskresearch.validation.delong import (
    auc_and_variance,
    clustered_auc_and_variance,
    clustered_paired,
    paired,
    placements,
)


def by_pairs(score, hit):
    wins = (score[hit][:, None] > score[~hit]) + 0.5 * (score[hit][:, None] == score[~hit])
    return wins.mean(axis=1), wins.mean(axis=0)


def rivals(n=200, seed=1):
    p, hit = made(n, seed)
    return p, np.round(p + np.random.default_rng(seed).normal(0, 0.1, n), 1), hit


def test_placements_by_hand():
    # defaulters 0.4 and 0.8, others 0.1 and 0.4: 0.4 beats one and ties with one; the other 0.4 loses to 0.8 and ties
    of_defaults, of_others = placements([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    assert of_defaults.tolist() == [0.75, 1.0]
    assert of_others.tolist() == [1.0, 0.75]


@pytest.mark.parametrize("seed", range(4))
def test_variance_is_that_of_counted_pairs(seed):
    p, _, hit = rivals(90, seed)
    v10, v01 = by_pairs(p, hit)
    area, variance = auc_and_variance(p, hit)
    assert area == pytest.approx(v10.mean(), abs=1e-14)
    assert variance == pytest.approx(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01), rel=1e-12)


def test_variance_of_the_difference_is_both_variances_less_twice_the_covariance():
    a, b, hit = rivals()
    (a10, a01), (b10, b01) = by_pairs(a, hit), by_pairs(b, hit)
    covariance = np.cov(a10, b10)[0, 1] / len(a10) + np.cov(a01, b01)[0, 1] / len(a01)
    found = paired(a, b, hit)
    expected = auc_and_variance(a, hit)[1] + auc_and_variance(b, hit)[1] - 2 * covariance
    assert found.variance == pytest.approx(expected, rel=1e-10)
    assert found.difference == pytest.approx(a10.mean() - b10.mean(), abs=1e-14)
    assert found.p_greater == pytest.approx(norm.sf(found.difference / np.sqrt(expected)), rel=1e-10)
    assert found.p_different == pytest.approx(2 * norm.sf(abs(found.difference) / np.sqrt(expected)), rel=1e-10)


def test_clustered_variance_by_its_sums_customer_by_customer():
    rng = np.random.default_rng(3)
    p, _, hit = rivals(120, 3)
    owner = rng.integers(0, 30, 120)
    v10, v01 = by_pairs(p, hit)
    area, m, n = v10.mean(), hit.sum(), (~hit).sum()
    bad = {c: (v10[owner[hit] == c] - area).sum() for c in set(owner)}
    good = {c: (v01[owner[~hit] == c] - area).sum() for c in set(owner)}
    k10, k01, k = len(set(owner[hit])), len(set(owner[~hit])), len(set(owner))
    s10 = k10 / ((k10 - 1) * m) * sum(x**2 for x in bad.values())
    s01 = k01 / ((k01 - 1) * n) * sum(x**2 for x in good.values())
    s11 = k / (k - 1) * sum(bad[c] * good[c] for c in bad)
    expected = s10 / m + s01 / n + 2 * s11 / (m * n)
    assert clustered_auc_and_variance(p, hit, owner) == pytest.approx((area, expected), rel=1e-12)


def test_repeated_rows_of_a_customer_add_nothing():
    a, b, hit = rivals(80)
    owner = np.arange(80)
    once = clustered_paired(a, b, hit, owner)
    often = clustered_paired(np.repeat(a, 6), np.repeat(b, 6), np.repeat(hit, 6), np.repeat(owner, 6))
    assert often.variance == pytest.approx(once.variance, rel=1e-12)
    assert paired(np.repeat(a, 6), np.repeat(b, 6), np.repeat(hit, 6)).variance < once.variance / 5
    assert once.variance == pytest.approx(paired(a, b, hit).variance, rel=1e-14)


def test_too_few_of_a_class_leave_the_variance_unknown():
    assert np.isnan(auc_and_variance([0.1, 0.2, 0.3], [0, 0, 1])[1])
    assert np.isnan(clustered_auc_and_variance([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1], [1, 2, 3, 3])[1])
    assert np.isnan(paired([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0, 0, 1]).p_greater)


def test_equal_orders_and_parted_classes_have_no_variance():
    p, _, hit = rivals()
    assert paired(p, p**2, hit).variance == 0
    assert auc_and_variance([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == (1.0, 0.0)


def test_size_of_the_tests_of_two_equally_good_scores_of_customers_with_several_rows():
    rng = np.random.default_rng(8)
    owner = np.repeat(np.arange(60), 4)
    found = []
    for _ in range(300):
        hit = np.repeat(rng.random(60) < 0.3, 4)
        one, two = (hit + np.repeat(rng.normal(0, 1, 60), 4) + rng.normal(0, 0.3, 240) for _ in range(2))
        found.append((clustered_paired(one, two, hit, owner).p_greater, paired(one, two, hit).p_greater))
    with_customers, without = np.mean(np.array(found) <= 0.05, axis=0)
    assert with_customers == pytest.approx(0.05, abs=0.035)
    assert without > 0.15


def test_a_hundred_thousand_rows_are_ranked_not_compared_in_pairs():
    rng = np.random.default_rng(0)
    hit = rng.random(100_000) < 0.05
    area, variance = auc_and_variance(rng.normal(hit * 1.0, 1), hit)
    assert area == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.01)
    assert 0 < variance < 2e-5


scores = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.integers(0, 5)), min_size=4)


@settings(max_examples=60, deadline=None)
@given(scores)
def test_swapped_scores_swap_the_verdict_and_variance_is_never_negative(rows):
    a, b, hit, owner = (np.array(part) for part in zip(*rows, strict=True))
    if not 0 < hit.sum() < len(hit):
        return
    one, two = clustered_paired(a, b, hit, owner), clustered_paired(b, a, hit, owner)
    assert one.difference == -two.difference
    assert np.isnan(one.variance) or one.variance >= 0
    if one.variance > 0:
        assert one.p_greater + two.p_greater == pytest.approx(1)
