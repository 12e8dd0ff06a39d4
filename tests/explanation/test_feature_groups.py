"""Groups of correlated features."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series

from riskresearch.explanation.groups import MIN_SHARED, feature_groups, rank_correlations


def _family(seed, *, n_rows=60, n_features=8, missing=0.1):
    """Features that share a common part to a different degree, some values missing."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n_rows, 1))
    own = rng.normal(size=(n_rows, n_features)) * rng.uniform(0.05, 3, n_features)
    values = (common + own) * rng.choice([-1, 1], n_features)
    values[rng.random(values.shape) < missing] = np.nan
    return DataFrame(values, columns=[f"f{i}" for i in range(n_features)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.4, 0.7, 0.95]))
def test_every_two_features_of_a_group_are_correlated_at_least_as_asked(seed, threshold):
    frame = _family(seed)
    groups = feature_groups(frame, threshold=threshold)
    correlation = np.abs(rank_correlations(frame.to_numpy()))
    for names in groups.groupby(groups).groups.values():
        at = [frame.columns.get_loc(name) for name in names]
        assert correlation[np.ix_(at, at)].min() >= threshold - 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_of_columns_and_rows(seed, random):
    frame = _family(seed)
    columns, rows = list(frame.columns), list(frame.index)
    random.shuffle(columns)
    random.shuffle(rows)
    strength = Series(np.arange(8.0), index=list(frame.columns))
    there = feature_groups(frame, threshold=0.6, strength=strength)
    here = feature_groups(frame.loc[rows, columns], threshold=0.6, strength=strength)
    pd.testing.assert_series_equal(here.sort_index(), there.sort_index())


@pytest.mark.parametrize("seed", range(4))
def test_the_group_has_the_name_of_its_strongest_feature(seed):
    frame = _family(seed, missing=0)
    strength = Series(np.random.default_rng(seed).random(8), index=list(frame.columns))
    groups = feature_groups(frame, threshold=0.5, strength=strength)
    for code, names in groups.groupby(groups).groups.items():
        assert code == strength[list(names)].idxmax()


def test_without_missing_values_the_correlation_is_spearmans():
    frame = _family(3, missing=0)
    expected = frame.corr(method="spearman").to_numpy()
    np.testing.assert_allclose(rank_correlations(frame.to_numpy()), expected, rtol=0, atol=1e-9)  # rounded to 10


def test_too_few_shared_rows_and_constant_features_count_as_unrelated():
    rising = np.arange(2.0 * MIN_SHARED)
    early = np.where(rising < MIN_SHARED - 1, rising, np.nan)
    late = np.where(rising < MIN_SHARED - 1, np.nan, rising)
    values = np.column_stack([rising, early, late, np.full(len(rising), 7.1), np.full(len(rising), np.nan)])
    found = rank_correlations(values)
    assert found[0, 1] == 0
    assert found[0, 2] == pytest.approx(1)
    assert found[1, 2] == 0
    assert (found[3, :3] == 0).all()
    assert (found[4, :4] == 0).all()
    assert feature_groups(DataFrame(values).rename(columns=str), threshold=0.7).nunique() == 4


def test_one_feature_is_its_own_group_and_none_makes_none():
    assert feature_groups(DataFrame({"a": [1.0, 2.0]}), threshold=0.7).to_dict() == {"a": "a"}
    assert feature_groups(DataFrame(index=range(3)), threshold=0.7).empty
