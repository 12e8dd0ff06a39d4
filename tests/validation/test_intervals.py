"""Intervals of a default rate, Holm's adjustment, binomial tails: published values and other algorithms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binom, binomtest, norm

from riskresearch.validation.adjustment import holm
from riskresearch.validation.binomial import at_least, critical_count
from riskresearch.validation.intervals import clopper_pearson, jeffreys_interval, wilson

INTERVALS = {"wilson": wilson, "clopper_pearson": clopper_pearson, "jeffreys": jeffreys_interval}
COUNTS = [(10, 0), (10, 1), (10, 10), (250, 7), (1, 0), (1, 1), (100_000, 812)]


@pytest.mark.parametrize(("n", "d"), COUNTS)
@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(("name", "method"), [("wilson", "wilson"), ("clopper_pearson", "exact")])
def test_interval_equals_scipy(n, d, level, name, method):
    low, high = INTERVALS[name]([n], [d], level)
    other = binomtest(d, n).proportion_ci(level, method=method)
    assert (low[0], high[0]) == pytest.approx((other.low, other.high), rel=1e-9, abs=1e-15)  # bounds at 0


def test_published_intervals_of_4_in_10():
    """Brown, Cai and DasGupta 2001 tabulate the Jeffreys interval: n = 10, x = 4: 0.153 to 0.696."""
    low, high = jeffreys_interval(10, 4, 0.95)
    assert (round(float(low), 3), round(float(high), 3)) == (0.153, 0.696)


def test_published_clopper_pearson_bound_without_default_is_the_rule_of_three():
    low, high = clopper_pearson([100, 300], [0, 0], 0.9)
    np.testing.assert_array_equal(low, 0)
    np.testing.assert_allclose(high, 1 - 0.05 ** (1 / np.array([100, 300])), rtol=1e-12)


@pytest.mark.parametrize(("n", "d"), [(20, 3), (60, 5)])
def test_jeffreys_bounds_leave_out_the_tails_of_the_beta_density(n, d):
    low, high = jeffreys_interval(n, d, 0.9)

    def density(t):
        return t ** (d - 0.5) * (1 - t) ** (n - d - 0.5)

    def mass(x):
        return quad(density, 0, x, limit=400, epsabs=0)[0] / quad(density, 0, 1, points=[d / n], epsabs=0)[0]

    assert mass(float(low)) == pytest.approx(0.05, rel=1e-5)
    assert mass(float(high)) == pytest.approx(0.95, rel=1e-5)


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_the_interval_holds_the_rate_and_nobody_known_means_anything_goes(interval):
    n = np.arange(1, 60)
    for d in (np.zeros(59, int), n // 3, n):
        low, high = interval(n, d, 0.95)
        assert ((low >= 0) & (low <= d / n) & (d / n <= high) & (high <= 1)).all()
    low, high = interval([0], [0], 0.95)
    assert (low[0], high[0]) == (0, 1)


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_more_defaults_than_customers_are_refused(interval):
    with pytest.raises(ValueError, match="1 counts of defaults lie outside"):
        interval([5, 5], [6, 1], 0.95)


def test_holm_by_hand():
    """Four tests: 0.005 x 4, 0.01 x 3, 0.03 x 2, then 0.04 x 1, which may not fall below the 0.06 before it."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02], rtol=1e-12)
    np.testing.assert_allclose(holm([0.4, 0.9, 0.5]), [1, 1, 1])
    np.testing.assert_array_equal(holm([np.nan, 0.2, np.nan]), [np.nan, 0.2, np.nan])
    assert holm([]).shape == (0,)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_what_the_step_down_rule_rejects(p, level):
    ordered = sorted(range(len(p)), key=lambda k: p[k])
    rejected = set()
    for step, k in enumerate(ordered):
        if p[k] * (len(p) - step) > level:
            break
        rejected.add(k)
    assert {k for k, x in enumerate(holm(p)) if x <= level} == rejected


@pytest.mark.parametrize(
    ("n", "p", "rho", "d"), [(1000, 0.01, 0.05, 25), (40, 0.3, 0.12, 20), (5, 0.01, 0.5, 1), (20_000, 0.05, 0.01, 1200)]
)
def test_correlated_tail_is_the_integral_over_the_factor(n, p, rho, d):
    def density(y):
        return binom.sf(d - 1, n, norm.cdf((norm.ppf(p) - rho**0.5 * y) / (1 - rho) ** 0.5)) * norm.pdf(y)

    area = quad(density, -9, 9, limit=1000, points=[-3, -2, -1, 0, 1], epsabs=1e-13)[0]
    assert at_least(d, n_rows=n, pd_ratio=p, correlation_ratio=rho) == pytest.approx(area, rel=1e-9)


def test_two_customers_default_together_with_the_bivariate_normal_probability():
    """Two customers of 50 % with asset correlation rho: 1/4 + arcsin(rho) / (2 pi)."""
    value = at_least(2, n_rows=2, pd_ratio=0.5, correlation_ratio=0.3)
    assert value == pytest.approx(0.25 + np.arcsin(0.3) / (2 * np.pi), rel=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.05, 0.12])
@pytest.mark.parametrize(("n", "p"), [(200, 0.02), (30, 0.2), (7, 0.9), (1, 0.01), (50, 0.0)])
def test_critical_count_is_the_first_unlikely_number(n, p, rho):
    tails = [at_least(d, n_rows=n, pd_ratio=p, correlation_ratio=rho) for d in range(n + 2)]
    first = next(d for d, tail in enumerate(tails) if tail <= 0.05)
    assert critical_count(n, pd_ratio=p, level_ratio=0.05, correlation_ratio=rho) == first


def test_a_certain_pd():
    assert at_least(3, n_rows=3, pd_ratio=1.0, correlation_ratio=0.1) == 1
    assert at_least(1, n_rows=3, pd_ratio=0.0, correlation_ratio=0.1) == 0
    assert critical_count(3, pd_ratio=1.0, level_ratio=0.05) == 4


def test_wilson_bounds_are_what_a_score_test_just_does_not_reject():
    n, d, z = 80, 5, norm.ppf(0.975)
    bounds = [
        brentq(lambda p: (d / n - p) ** 2 - z**2 * p * (1 - p) / n, *part) for part in ((1e-9, d / n), (d / n, 1))
    ]
    low, high = wilson(n, d, 0.95)
    assert (float(low), float(high)) == pytest.approx(tuple(bounds), rel=1e-8)
