"""Interactions: equal to shap's exact values, and to the definition counted out over all sets of features."""

import warnings
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from explanation.explained_rows import model_of, noisy, snapshots_of, trees

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation.drivers import DriverSettings
from riskresearch.explanation.history import Explained
from riskresearch.explanation.interactions import INTERACTIONS, interaction_values, interactions
from riskresearch.explanation.trees import forest

KNOWN_TO_SHAP = {
    "missing values": {},
    "deep trees": {"num_leaves": 60, "min_data_in_leaf": 2, "n_trees": 10},
    "one leaf": {"min_data_in_leaf": 10_000, "n_trees": 3},
    "two leaves": {"num_leaves": 2},
}
UNKNOWN_TO_SHAP = {"zero is missing": {"zero_as_missing": True}, "missing values not used": {"use_missing": False}}


@pytest.fixture(scope="module")
def data():
    return noisy(400)


@pytest.fixture(scope="module")
def explainer():
    """The explainer of shap; it announces calls of matplotlib that will go while it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    return shap.TreeExplainer


def _of(booster, values, slope=0.8):
    return interaction_values(forest(booster.model_to_string()), values, slope=slope)


@pytest.mark.parametrize("name", [*KNOWN_TO_SHAP, *UNKNOWN_TO_SHAP])
def test_contributions_from_the_paths_equal_those_of_the_trees(name, data):
    booster = trees(*data, **(KNOWN_TO_SHAP | UNKNOWN_TO_SHAP)[name])
    values = np.vstack([data[0], np.zeros((1, 6)), np.full((1, 6), np.nan), np.full((1, 6), 1e-36)])
    expected = 0.8 * np.asarray(booster.predict(values, pred_contrib=True))[:, :-1]
    np.testing.assert_allclose(_of(booster, values)[0], expected, rtol=0, atol=1e-12)  # sums of terms of order 1


@pytest.mark.parametrize("name", KNOWN_TO_SHAP)
def test_interactions_equal_those_of_shap(name, data, explainer):
    booster = trees(*data, **KNOWN_TO_SHAP[name])
    single, pairs = _of(booster, data[0][:30])
    theirs = 0.8 * explainer(booster).shap_interaction_values(data[0][:30])
    diagonal = np.arange(6)
    alone = single - pairs.sum(axis=2) / 2
    np.testing.assert_allclose(alone, theirs[:, diagonal, diagonal], rtol=0, atol=1e-12)
    theirs[:, diagonal, diagonal] = 0
    np.testing.assert_allclose(pairs / 2, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["missing values", *UNKNOWN_TO_SHAP])
def test_interactions_are_those_of_the_definition_over_all_sets_of_features(name):
    values, outcome = noisy(200, n_features=4, missing=0.2, seed=5)
    booster = trees(values, outcome, num_leaves=5, n_trees=3, **(KNOWN_TO_SHAP | UNKNOWN_TO_SHAP)[name])
    rows = np.vstack([values[:8], np.full((1, 4), np.nan), np.zeros((1, 4))])
    _, pairs = _of(booster, rows, slope=1.0)
    for row, found in zip(rows, pairs, strict=True):
        game = {known: _expected(booster, row, known) for size in range(5) for known in combinations(range(4), size)}
        for i, j in combinations(range(4), 2):
            assert found[i, j] == pytest.approx(_index(game, i, j), abs=1e-13)


def _expected(booster, row, known):
    """Raw log-odds where only some features are known, shares of the training rows for the others."""
    return sum(_below(tree["tree_structure"], row, known) for tree in booster.dump_model()["tree_info"])


def _below(node, row, known):
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return _below(left if _goes_left(node, row[node["split_feature"]]) else right, row, known)
    n_left, n_right = (child.get("internal_count", child.get("leaf_count")) for child in (left, right))
    return (n_left * _below(left, row, known) + n_right * _below(right, row, known)) / (n_left + n_right)


def _goes_left(node, x):
    missing = {"NaN": np.isnan(x), "Zero": np.isnan(x) or x == 0, "None": False}[node["missing_type"]]
    return node["default_left"] if missing else np.nan_to_num(x) <= node["threshold"]


def _index(game, i, j):
    """Shapley interaction index of two of four players (Grabisch and Roubens 1999)."""
    rest = [k for k in range(4) if k not in (i, j)]
    total = 0.0
    for size in range(len(rest) + 1):
        for known in combinations(rest, size):
            weight = factorial(size) * factorial(4 - size - 2) / factorial(3)
            both, one, other = (game[tuple(sorted((*known, *more)))] for more in ((i, j), (i,), (j,)))
            total += weight * (both - one - other + game[known])
    return total


def _made(model, panel, **given):
    return check(interactions(model, Explained.of(model, panel), DriverSettings(**given)), INTERACTIONS)


def test_the_strongest_pair_is_the_one_the_outcome_was_made_of():
    values = np.random.default_rng(2).normal(size=(400, 4))
    outcome = ((values[:, 1] > 0) & (values[:, 3] > 0)).astype(int)
    made = _made(model_of(trees(values, outcome)), snapshots_of(values), n_interaction_pairs=3, n_interaction_rows=100)
    assert made.loc[0, ["feature_code", "other_feature_code"]].tolist() == ["f1", "f3"]
    assert made.loc[0, "interaction_mean_abs"] > 3 * made.loc[1, "interaction_mean_abs"]
    assert made["rank"].tolist() == [1, 2, 3]
    assert made["interaction_mean_abs"].is_monotonic_decreasing
    assert (made["interaction_max_abs"] >= made["interaction_mean_abs"]).all()
    assert (made["n_rows"] == 100).all()
    assert 0 < made["importance_ratio"].sum() < 1


def test_the_sample_is_spread_evenly_over_the_scores_and_does_not_depend_on_the_order_of_rows(data):
    model = model_of(trees(*data))
    panel = snapshots_of(data[0])
    there = _made(model, panel, n_interaction_rows=40)
    here = _made(model, panel.sample(frac=1, random_state=3), n_interaction_rows=40)
    assert there.equals(here)
    every = _made(model, panel, n_interaction_rows=400)["interaction_mean_abs"]
    assert every.iloc[0] == pytest.approx(there["interaction_mean_abs"].iloc[0], rel=0.2)


def test_additive_trees_have_no_interactions(data):
    model = model_of(trees(*data, num_leaves=2))
    assert _made(model, snapshots_of(data[0])).empty


def test_models_with_native_categories_are_refused_with_a_code(data):
    values = data[0].copy()
    values[:, 5] = np.random.default_rng(1).integers(0, 6, len(values))
    outcome = np.isin(values[:, 5], [1, 4]).astype(int)
    booster = trees(values, outcome, categorical=[5], min_data_per_group=1, cat_smooth=1)
    assert any(tree["num_cat"] for tree in booster.dump_model()["tree_info"])
    made = _made(model_of(booster), snapshots_of(values))
    assert made[["rank", "n_rows", "reason_code"]].to_numpy().tolist() == [[0, 0, "native_categories"]]


def test_without_rows_the_reason_is_told(data):
    model = model_of(trees(*data))
    assert _made(model, snapshots_of(data[0], sample="immature"))["reason_code"].tolist() == ["no_rows"]


def test_contributions_of_another_model_are_refused(data):
    one, other = (model_of(trees(*data, learning_rate=rate)) for rate in (0.1, 0.11))
    rows = Explained.of(other, snapshots_of(data[0]))
    with pytest.raises(TableError, match=r"200 customers \(.*\) have other contributions"):
        interactions(one, rows, DriverSettings())
