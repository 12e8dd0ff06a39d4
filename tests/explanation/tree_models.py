"""Small boosted models of every kind of split, and contributions by their definition."""

from itertools import combinations
from math import factorial

import lightgbm as lgb
import numpy as np

from riskresearch.explanation.trees import Forest, Tree, forest

N_NUMBERS, N_CATEGORIES = 4, 2
CATEGORIES = list(range(N_NUMBERS, N_NUMBERS + N_CATEGORIES))


def rows(rng, n_rows):
    """Numbers with missing values and zeros, then two columns of categories with missing values."""
    numbers = rng.normal(size=(n_rows, N_NUMBERS))
    numbers[rng.random(numbers.shape) < 0.15] = 0
    numbers[rng.random(numbers.shape) < 0.15] = np.nan
    codes = rng.integers(0, [5, 70], size=(n_rows, N_CATEGORIES)).astype(float)
    codes[rng.random(codes.shape) < 0.05] = np.nan
    return np.hstack([numbers, codes])


def fitted(rng, *, n_rows=400, n_trees=8, n_leaves=12, categories=True, data=None, **parameters):
    """A model of some rows, and the rows."""
    values = rows(rng, n_rows) if data is None else data
    known = np.nan_to_num(values)
    odds = known[:, 0] - known[:, 1] * (known[:, 2] > 0) + np.sin(known[:, -1])
    outcome = rng.random(len(values)) < 1 / (1 + np.exp(-odds))
    given = lgb.Dataset(values, outcome, categorical_feature=CATEGORIES if categories else "auto")
    settings = {
        "objective": "binary",
        "num_leaves": n_leaves,
        "min_data_in_leaf": 3,
        "min_data_per_group": 5,
        "cat_smooth": 1,
        "cat_l2": 1,
        "learning_rate": 0.2,
        "num_threads": 1,
        "seed": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    return lgb.train(settings | parameters, given, n_trees), values


def by_lightgbm(booster, values):
    return np.asarray(booster.predict(values, pred_contrib=True, num_threads=1))[:, :-1]


def by_definition(given: Forest, values):
    """Shapley values of each tree; a feature that is left out sends a row both ways, by the share of training rows."""
    made = np.zeros((len(values), given.n_features))
    for tree in given.trees:
        features = sorted(set(tree.feature.tolist()))
        for number, value in enumerate(values):
            made[number, features] += _shapley(tree, features, _sides(tree, value))
    return made


def tables_of(booster) -> Forest:
    return forest(booster.model_to_string())


def _sides(tree: Tree, value):
    """Whether a row goes left at each split, one split at a time."""
    return [_goes_left(tree, node, float(value[tree.feature[node]])) for node in range(len(tree.feature))]


def _goes_left(tree: Tree, node: int, value: float) -> bool:
    bits, threshold = int(tree.decision[node]), tree.threshold[node]
    if bits & 1:
        first, last = tree.category_bounds[int(threshold)], tree.category_bounds[int(threshold) + 1]
        words = [int(word) for word in tree.category_words[first:last]]
        inside = {32 * i + b for i, word in enumerate(words) for b in range(32) if word >> b & 1}
        return not np.isnan(value) and value > -1 and int(value) in inside
    missing_is_zero, missing_is_nan = bits >> 2 == 1, bits >> 2 == 2
    value = 0.0 if np.isnan(value) and not missing_is_nan else value
    if (missing_is_zero and abs(value) <= 1e-35) or (missing_is_nan and np.isnan(value)):
        return bool(bits & 2)
    return value <= threshold


def _shapley(tree: Tree, features, sides):
    n, worth = len(features), {}
    for size in range(n + 1):
        for known in combinations(features, size):
            worth[known] = _mean(tree, set(known), sides, 0 if len(tree.feature) else -1)
    total = np.zeros(n)
    for place, feature in enumerate(features):
        for known in [one for one in worth if feature not in one]:
            weight = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
            total[place] += weight * (worth[tuple(sorted((*known, feature)))] - worth[known])
    return total


def _mean(tree: Tree, known, sides, node):
    if node < 0:
        return float(tree.leaf_value[~node])
    left, right = int(tree.left[node]), int(tree.right[node])
    if int(tree.feature[node]) in known:
        return _mean(tree, known, sides, left if sides[node] else right)
    parts = [tree.cover(child) * _mean(tree, known, sides, child) for child in (left, right)]
    return sum(parts) / float(tree.node_cover[node])
