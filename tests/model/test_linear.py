"""Columns of the linear candidates and the search within bounds."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.optimize import lsq_linear

from riskresearch.model.candidates.linear import Design, newton, weighted_sum
from riskresearch.model.sample import Sample


def _design(features, **directions):
    rows = DataFrame(features).assign(observation_date=pd.Timestamp("2024-12-31"), is_default=False)
    rows["customer_id"] = [f"C{i:04d}" for i in range(len(rows))]
    dictionary = DataFrame({"feature_code": list(features), "direction_code": 0})
    return Design.of(Sample.of(rows, dictionary)), rows


def test_values_beyond_the_training_count_as_its_outer_quantiles():
    design, _ = _design({"late_ratio": np.arange(1001.0)})
    found = design.columns(DataFrame({"late_ratio": [-1e9, 10, 990, 1e9, 500]}))[:, 0]
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert found[4] == pytest.approx(0, abs=1e-12)


def test_rare_events_are_not_cut_away():
    design, _ = _design({"n_legal_events": np.r_[np.zeros(999), 3.0]})
    assert (design.low, design.high) == ((0.0,), (3.0,))


def test_features_missing_on_the_same_rows_share_a_flag():
    gaps = np.where(np.arange(10) < 3, np.nan, np.arange(10.0))
    other = np.where(np.arange(10) == 5, np.nan, np.arange(10.0))
    design, rows = _design(
        {"a": gaps, "b": -gaps, "c": other, "full": np.arange(10.0), "never": [np.nan] * 10, "same": [2.0] * 10}
    )
    assert design.names == ("a", "b", "c", "full")
    assert design.flags == ("a", "c")
    columns = design.columns(rows)
    assert columns.shape == (10, 6)
    assert columns[:, 4].tolist() == np.isnan(gaps).tolist()
    assert (columns[:3, :2] == 0).all()
    np.testing.assert_allclose(columns[:, :4].mean(axis=0), 0, atol=1e-12)  # sums of ten numbers near 1


def test_the_search_finds_the_constrained_least_squares():
    rng = np.random.default_rng(2)
    matrix, target = rng.normal(size=(40, 8)), rng.normal(size=40)
    lower, upper = np.array([0.0] * 4 + [-np.inf] * 4), np.array([np.inf] * 6 + [0.0] * 2)

    def loss(point):
        rest = matrix @ point - target
        return float(rest @ rest) / 2, matrix.T @ rest, matrix.T @ matrix

    found = newton(loss, np.full(8, 0.5), lower, upper)
    best = lsq_linear(matrix, target, (lower, upper), method="bvls", tol=1e-14).x
    np.testing.assert_allclose(found, best, atol=1e-8)  # the stop is one of the loss, 1e-11
    assert 0 < (found == 0).sum() < 6


def test_a_parameter_without_influence_stays_where_it_is():
    def loss(point):
        return (point[0] - 3) ** 2, np.array([2 * (point[0] - 3), 0.0]), np.diag([2.0, 0.0])

    free = np.full(2, np.inf)
    assert newton(loss, np.array([0.0, 7.0]), -free, free) == pytest.approx([3, 7])


def test_the_weighted_sum_of_a_row_is_the_same_alone_and_among_others():
    rng = np.random.default_rng(3)
    columns, weights = rng.normal(size=(500, 30)), rng.normal(size=30)
    among = weighted_sum(columns, weights)
    np.testing.assert_allclose(among, columns @ weights, rtol=1e-12, atol=1e-13)  # sums of thirty numbers near 1
    assert [weighted_sum(row[None], weights)[0] for row in columns] == among.tolist()
