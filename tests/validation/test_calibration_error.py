"""ECE, MCE and smooth ECE: by hand, by brute force, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from validation.calibration_evidence import evidence, found

from riskresearch.validation.measures.calibration_error import equal_bins
from riskresearch.validation.smoothing import self_consistent_error


def _portfolio(n=500, seed=3, factor=1.0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 9, n)
    return p, rng.random(n) < np.minimum(p * factor, 1)


def test_two_bins_by_hand():
    """Bins 5, 5, 10 % and 20, 20, 50 %, one default each: gaps 1 - 0.2 and 1 - 0.9 of three rows each."""
    given_rows = evidence([0.05, 0.05, 0.1, 0.2, 0.2, 0.5], [1, 0, 0, 0, 0, 1], ece_n_bins=2)
    assert found("ece", given_rows).value == pytest.approx(0.9 / 6)
    assert found("mce", given_rows).value == pytest.approx(0.8 / 3)


def test_one_pd_is_one_bin_and_the_error_is_the_gap():
    given_rows = evidence([0.3] * 50, np.arange(50) < 20)
    for name in ("ece", "mce"):
        assert found(name, given_rows).value == pytest.approx(0.1, rel=1e-9)
    assert found("smooth_ece", given_rows).value == pytest.approx(0.1, rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([0.01, 0.02, 0.05, 0.1, 0.3]), min_size=1, max_size=60), st.integers(2, 12))
def test_bins_keep_ties_together_and_rise_with_the_pd(values, n_bins):
    p = np.array(values)
    place = equal_bins(p, n_bins=n_bins)
    assert place.min() >= 0
    assert place.max() < n_bins
    order = np.argsort(p, kind="stable")
    assert (np.diff(place[order]) >= 0).all()
    assert all(len(set(place[p == x])) == 1 for x in set(values))


def test_different_pds_fill_the_bins_evenly():
    p = np.random.default_rng(0).permutation(np.linspace(0.01, 0.5, 100))
    assert (np.bincount(equal_bins(p, n_bins=10)) == 10).all()


def test_ece_equals_ten_bins_of_sorted_rows():
    p, hit = _portfolio(500)
    order = np.argsort(p)
    parts = np.split(order, 10)
    gaps = [abs(hit[part].mean() - p[part].mean()) for part in parts]
    assert found("ece", evidence(p, hit)).value == pytest.approx(np.mean(gaps), rel=1e-12)
    assert found("mce", evidence(p, hit)).value == pytest.approx(max(gaps), rel=1e-12)


def test_interval_of_a_right_model_reaches_nought_and_that_of_a_wrong_one_does_not():
    right, wrong = (found("ece", evidence(*_portfolio(800, factor=factor))) for factor in (1.0, 3.0))
    assert right.low < 0.005
    assert right.low <= right.value <= right.high
    assert wrong.low > 0.1
    assert wrong.low <= wrong.value <= wrong.high


def test_interval_of_ece_by_drawing_customers_one_by_one():
    p, hit = _portfolio(60)
    owner = np.arange(60) // 3
    result = found("ece", evidence(p, hit, customer=owner))
    rng, place = np.random.default_rng(1), equal_bins(p, n_bins=10)
    drawn = []
    for _ in range(200):
        rows = np.concatenate([np.flatnonzero(owner == g) for g in rng.integers(0, 20, 20)])
        drawn.append(sum(abs((hit[rows] - p[rows])[place[rows] == k].sum()) for k in range(10)) / len(rows))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert result.low == pytest.approx(min(max(2 * result.value - high, 0), result.value), rel=1e-9)
    assert result.high == pytest.approx(max(2 * result.value - low, result.value), rel=1e-9)


def test_interval_of_a_wholly_wrong_model_ends_at_one():
    result = found("ece", evidence([1.0] * 20, np.arange(20) == 7))  # 19 of 20 said certain, did not come
    assert result.low < result.value == 0.95
    assert result.high == 1


def _kernel_error(p, gap, width):
    """Integral of the absolute smoothed gap, kernels and their mirror images summed one by one."""
    t = np.linspace(0, 1, 20_001)
    curve = np.zeros_like(t)
    for x, g in zip(p, gap, strict=True):
        images = [2 * k + sign * x for k in range(-6, 7) for sign in (1, -1)]
        curve += g / len(p) * sum(norm.pdf(t, image, width) for image in images)
    return np.trapezoid(np.abs(curve), t)


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_smooth_error_is_its_own_width(factor):
    """The definition: a Gaussian kernel reflected at 0 and 1 as wide as the error it gives."""
    p, hit = _portfolio(40, factor=factor)
    p[:3] = [0.0, 1.0, 0.999]
    value = self_consistent_error(p, hit - p)
    assert _kernel_error(p, hit - p, value) == pytest.approx(value, rel=1e-6)


def test_smooth_error_of_two_far_groups_adds_their_gaps():
    """Half the rows say 10 % and 20 % came, half say 90 % and 80 % came: 0.1; the kernels of width 0.1 hardly meet."""
    p = np.repeat([0.1, 0.9], 100)
    hit = np.concatenate([np.arange(100) < 20, np.arange(100) < 80])
    assert self_consistent_error(p, hit - p) == pytest.approx(0.1, rel=1e-3)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 80))
def test_smooth_error_lies_between_the_gap_of_the_whole_and_one(seed, n):
    rng = np.random.default_rng(seed)
    p = np.round(rng.random(n), 2)
    hit = rng.random(n) < 0.5
    value = self_consistent_error(p, hit - p)
    assert abs((hit - p).mean()) - 1e-9 <= value <= np.abs(hit - p).mean() + 1e-9


def test_smooth_error_hardly_moves_when_a_pd_moves_a_little_while_binned_error_jumps():
    hit = np.arange(100) % 2 == 0
    p = np.where(hit, 0.5 + 1e-6, 0.5 - 1e-6)
    same = evidence(np.full(100, 0.5), hit, ece_n_bins=2)
    near = evidence(p, hit, ece_n_bins=2)
    assert found("ece", same).value == pytest.approx(0, abs=1e-12)  # sums of exact halves
    assert found("ece", near).value == pytest.approx(0.5, rel=1e-5)
    assert found("smooth_ece", near).value < 2e-3
    assert found("smooth_ece", same).value < 1e-9


def test_sure_and_right_is_without_error():
    assert found("smooth_ece", evidence([0.0, 1.0, 1.0], [0, 1, 1])).value == pytest.approx(0, abs=1e-9)  # halvings
