"""Simulated defaults and the expected shortfall."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.limits.optimise.scenarios import default_scenarios, shortfall, shortfall_weights


def _years(p_default, n_scenarios=2_000, seed=1, **more):
    plan = {"correlation_ratio": 0.2, **more}
    return default_scenarios(p_default, n_scenarios=n_scenarios, rng=np.random.default_rng(seed), **plan)


def _p_default(values):
    return pd.Series(values, index=[f"C{number:04d}" for number in range(len(values))])


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 1.0)), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_the_shortfall_is_the_mean_of_the_quantiles_beyond_the_confidence(law, confidence):
    losses = np.array([float(loss) for loss, _ in law])
    probabilities = np.array([weight for _, weight in law])
    probabilities /= probabilities.sum()
    order = np.argsort(losses)
    ends = np.cumsum(probabilities[order])
    overlap = np.clip(ends - np.maximum(ends - probabilities[order], confidence), 0.0, None)
    by_quantiles = (overlap @ losses[order]) / (1 - confidence)
    assert shortfall(losses, probabilities, confidence_ratio=confidence) == pytest.approx(
        by_quantiles, rel=1e-9, abs=1e-9
    )
    weights = shortfall_weights(losses, probabilities, confidence_ratio=confidence)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights <= probabilities / (1 - confidence) * (1 + 1e-9)).all()
    # the form that is optimised: the smallest over t of t + E(loss - t)+ / (1 - a)
    best = min(t + probabilities @ np.clip(losses - t, 0, None) / (1 - confidence) for t in losses)
    assert best == pytest.approx(by_quantiles, rel=1e-9, abs=1e-9)


def test_customers_default_as_often_as_their_pd_says():
    p_default = _p_default([0.0, 1.0, *np.repeat([0.002, 0.01, 0.05, 0.3], 400)])
    years = _years(p_default, 4_000)
    rates = years.probabilities @ years.defaults
    assert years.probabilities.sum() == pytest.approx(1.0, rel=1e-12)
    assert rates[:2].tolist() == [0.0, pytest.approx(1.0)]
    for value in (0.002, 0.01, 0.05, 0.3):
        four_errors = 4 / np.sqrt(value * 400 * 2_000)  # the usual years are half of all, and carry most defaults
        assert rates[p_default.to_numpy() == value].mean() == pytest.approx(value, rel=four_errors)


def test_two_customers_default_together_as_often_as_their_correlation_says():
    p_default = _p_default(np.full(600, 0.05))
    sectors = pd.Series(np.repeat(["a", "b"], 300), index=p_default.index)
    years = _years(p_default, 4_000, sectors=sectors, correlation_ratio=0.15, sector_correlation_ratio=0.1)
    number = [years.defaults[:, places].sum(axis=1) for places in (slice(0, 300), slice(300, 600))]
    within = years.probabilities @ (number[0] * (number[0] - 1)) / (300 * 299)
    across = years.probabilities @ (number[0] * number[1]) / 300**2
    for found, correlation in ((within, 0.25), (across, 0.15)):
        joint = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf([norm.ppf(0.05)] * 2)
        assert found == pytest.approx(joint, rel=0.08)


def test_drawing_more_bad_years_leaves_the_law_as_it_is_and_narrows_the_shortfall():
    p_default = _p_default(np.full(200, 0.02))
    found = {}
    for tail in (0.05, 0.5):
        values = []
        for seed in range(12):
            years = _years(p_default, 1_000, seed, tail_ratio=tail)
            values.append(shortfall(years.defaults @ np.ones(200), years.probabilities, confidence_ratio=0.99))
        found[tail] = np.array(values)
    error = found[0.5].std() / np.sqrt(12) + found[0.05].std() / np.sqrt(12)
    assert abs(found[0.05].mean() - found[0.5].mean()) < 3 * error
    assert found[0.05].std() < 0.6 * found[0.5].std()


def test_the_order_of_customers_and_the_columns_asked_for():
    p_default = _p_default([0.3, 0.1, 0.2, 0.4])
    sectors = pd.Series(["x", None, "y", "x"], index=p_default.index)
    one = _years(p_default, sectors=sectors, sector_correlation_ratio=0.1)
    other = _years(p_default[::-1], sectors=sectors, sector_correlation_ratio=0.1)
    assert list(one.customer_ids) == list(other.customer_ids)
    assert (one.defaults != other.defaults).nnz == 0
    assert (one.of(["C0002", "C0000"]).toarray() == one.defaults.toarray()[:, [2, 0]]).all()
    with pytest.raises(TableError, match=r"1 customers have none \(C9\)"):
        one.of(["C0001", "C9"])


def test_memory_holds_defaults_only():
    years = _years(_p_default(np.full(500, 0.01)), 2_000)
    assert years.defaults.nnz < 0.05 * 500 * 2_000


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"correlation_ratio": 0.9, "sector_correlation_ratio": 0.1}, "together they must stay below 1"),
        ({"correlation_ratio": -0.1}, "neither may be negative"),
        ({"n_scenarios": 5}, "5 scenarios are not allowed; give an even number"),
        ({"n_scenarios": 0}, "0 scenarios are not allowed"),
        ({"tail_ratio": 0.0}, "tail_ratio 0.0 is not allowed"),
    ],
)
def test_plans_that_are_refused(plan, message):
    with pytest.raises(SettingsError, match=message):
        _years(_p_default([0.1]), **plan)


@pytest.mark.parametrize(("values", "message"), [([0.1, np.nan, 1.2], r"2 probabilities .*\(C0001, C0002\)")])
def test_probabilities_that_are_refused(values, message):
    with pytest.raises(TableError, match=message):
        _years(_p_default(values))
    doubled = pd.Series([0.1, 0.2], index=["A", "A"])
    with pytest.raises(TableError, match="1 customers come twice"):
        _years(doubled)
