"""Trees are read from the model's text as LightGBM means them; what has no exact contributions is refused."""

import lightgbm as lgb
import numpy as np
import pytest
from explanation.tree_models import by_lightgbm, fitted, rows, tables_of

from riskresearch.base.errors import TableError
from riskresearch.explanation.trees import forest


def trained(**parameters):
    rng = np.random.default_rng(1)
    return fitted(rng, n_trees=3, categories=False, **parameters)[0]


def test_the_base_is_that_of_lightgbm():
    booster, values = fitted(np.random.default_rng(1), n_trees=30)
    base = np.asarray(booster.predict(values[:5], pred_contrib=True, num_threads=1))[:, -1]
    assert np.abs(base - tables_of(booster).base).max() <= 1e-14


def test_the_trees_are_those_of_lightgbm():
    booster, _ = fitted(np.random.default_rng(2))
    told = booster.trees_to_dataframe()
    read = tables_of(booster)
    leaves = told[told["left_child"].isna()]
    assert read.n_leaves == len(leaves)
    assert read.n_features == 6
    assert sorted(np.concatenate([tree.leaf_value for tree in read.trees])) == pytest.approx(sorted(leaves["value"]))
    assert np.concatenate([tree.leaf_cover for tree in read.trees]).sum() == leaves["count"].sum()
    kinds = told.dropna(subset="left_child")["decision_type"]
    assert sum(int(tree.is_categorical.sum()) for tree in read.trees) == (kinds == "==").sum() > 0


def test_native_categories_are_told():
    assert tables_of(fitted(np.random.default_rng(3))[0]).has_native_categories
    assert not tables_of(trained()).has_native_categories


def test_only_the_best_trees_count_as_lightgbm_counts_them():
    rng = np.random.default_rng(4)
    booster, values = fitted(rng, n_trees=10)
    booster.best_iteration = 4
    read = tables_of(booster)
    assert len(read.trees) == 4
    base = np.asarray(booster.predict(values[:2], pred_contrib=True))[:, -1]
    assert np.abs(base - read.base).max() <= 1e-14


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"linear_tree": True}, r"linear leaves \(trees 0, 1, 2\)"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "averaged"),
    ],
)
def test_models_without_exact_contributions_are_refused(parameters, what):
    with pytest.raises(TableError, match=rf"model_parts: the boosted trees have .*{what}.*fit the model without"):
        tables_of(trained(**parameters))


def test_several_outcomes_are_refused():
    rng = np.random.default_rng(5)
    data = lgb.Dataset(np.nan_to_num(rows(rng, 200)), rng.integers(0, 3, 200))
    booster = lgb.train({"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}, data, 2)
    with pytest.raises(TableError, match="more than one outcome"):
        tables_of(booster)


def test_a_leaf_nobody_reached_is_refused():
    text = trained().model_to_string()
    count = next(line for line in text.split("\n") if line.startswith("leaf_count="))
    first = count.removeprefix("leaf_count=").split(" ", 1)
    with pytest.raises(TableError, match=r"without training rows \(trees 0\)"):
        forest(text.replace(count, f"leaf_count=0 {first[1]}", 1))


def test_a_model_without_trees_explains_nothing():
    read = forest(trained().model_to_string().split("\nTree=")[0])
    assert (read.trees, read.base, read.n_leaves) == ((), 0.0, 0)


def test_the_twin_itself_adds_up():
    booster, values = fitted(np.random.default_rng(6))
    total = by_lightgbm(booster, values).sum(axis=1) + tables_of(booster).base
    assert np.abs(total - booster.predict(values, raw_score=True)).max() <= 1e-12
