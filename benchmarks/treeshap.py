"""Exact contributions of boosted trees: our tables against LightGBM's own and shap's, all on one thread.

The model has 300 trees of 31 leaves on 40 features, one value in ten missing and three features native categories.
The answer compared is the sum of the absolute contributions, computed after the time is taken. The call makes the
tables as well as looking them up; loops compiled in an earlier process are loaded, which the round that does not count
sees to. LightGBM and shap take the same time for every row, so their seconds on few rows may be multiplied.
"""

from collections.abc import Callable

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from riskresearch.explanation.trees import forest
from riskresearch.explanation.treeshap import TreeTables

N_TREES, N_LEAVES, N_FEATURES, N_TRAIN = 300, 31, 40, 50_000
CATEGORIES = {37: 6, 38: 12, 39: 30}
Floats = NDArray[np.float64]
Answer = Callable[[], float]


def rows(n_rows: int, *, seed: int) -> Floats:
    """Return 37 features with one value in ten missing and 3 of categories."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, N_FEATURES))
    values[rng.random(values.shape) < 0.1] = np.nan
    for column, n_categories in CATEGORIES.items():
        values[:, column] = rng.integers(0, n_categories, n_rows)
    return values


def model() -> lgb.Booster:
    """Return 300 trees of 31 leaves; one feature in four and a product of two say how likely a default is."""
    rng = np.random.default_rng(1)
    values = rows(N_TRAIN, seed=2)
    known = np.nan_to_num(values)
    slope = np.where(np.arange(N_FEATURES) % 4 == 0, 0.4, 0.0) * (np.arange(N_FEATURES) < min(CATEGORIES))
    odds = known @ slope + 0.3 * known[:, 1] * known[:, 2] + 0.2 * (known[:, 39] % 3) - 3.5
    outcome = rng.random(N_TRAIN) < 1 / (1 + np.exp(-odds))
    parameters = {
        "objective": "binary",
        "num_leaves": N_LEAVES,
        "learning_rate": 0.05,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lgb.Dataset(values, outcome, categorical_feature=list(CATEGORIES))
    return lgb.train(parameters, data, N_TREES)


def tables(n_rows: int) -> Callable[[], Answer]:
    """Return a call that makes the tables and the contributions of all rows."""
    booster, values = model(), rows(n_rows, seed=3)

    def call() -> Answer:
        made = TreeTables.of(forest(booster.model_to_string())).contributions(values)
        return lambda: float(np.abs(made).sum())

    return call


def light_gbm(n_rows: int) -> Callable[[], Answer]:
    """Return a call of LightGBM's ``pred_contrib``."""
    booster, values = model(), rows(n_rows, seed=3)

    def call() -> Answer:
        made = np.asarray(booster.predict(values, pred_contrib=True, num_threads=1))
        return lambda: float(np.abs(made[:, :-1]).sum())

    return call


def tree_explainer(n_rows: int) -> Callable[[], Answer]:
    """Return a call of ``shap.TreeExplainer``, path-dependent as the other two."""
    import shap

    threadpool_limits(limits=1)
    explainer, values = shap.TreeExplainer(model()), rows(n_rows, seed=3)

    def call() -> Answer:
        made = np.asarray(explainer.shap_values(values))
        return lambda: float(np.abs(made).sum())

    return call


def scores(n_rows: int) -> Callable[[], float]:
    """Return a call that only scores the rows, for scale."""
    booster, values = model(), rows(n_rows, seed=3)
    return lambda: float(np.asarray(booster.predict(values, raw_score=True, num_threads=1)).sum())
