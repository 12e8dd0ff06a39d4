"""Fit of the champion on 100,000 rows × 60 features with one thread, against scikit-learn's boosted trees.

All ways grow 300 trees of 15 leaves on the same rows. The answer compared is the AUC on rows left aside, which says
that as much was learnt; it is computed after the time is taken.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas import DataFrame
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from riskresearch.base.resampling import auc
from riskresearch.model.candidates.boosted import BoostedSettings, lightgbm, refitted
from riskresearch.model.sample import Sample

N_DATES, N_FEATURES, N_TREES, N_LEAVES, BINS, N_ASIDE = 20, 60, 300, 15, 63, 50_000
DIRECTIONS = (1, -1, 0)
Answer = Callable[[], float]


def panel(n_rows: int) -> Sample:
    """Return a sample of customers on twenty month ends with 60 features.

    A third of the features each is declared +1, −1 and free; one in ten values is missing; about 3 % of the rows are
    followed by a default, whose log-odds are linear in one feature in four.
    """
    rng = np.random.default_rng(1)
    names = [f"feature_{number}" for number in range(N_FEATURES)]
    directions = np.resize(DIRECTIONS, N_FEATURES)
    values = rng.normal(size=(n_rows, N_FEATURES))
    slope = np.where(np.arange(N_FEATURES) % 4 == 0, 0.4, 0.0) * np.where(directions == 0, 1, directions)
    hit = rng.random(n_rows) < 1 / (1 + np.exp(4.3 - values @ slope))
    values[rng.random(values.shape) < 0.1] = np.nan
    dates = pd.date_range(end="2024-12-31", periods=N_DATES, freq="ME")
    keys = {
        "customer_id": np.char.add("C", (np.arange(n_rows) // N_DATES).astype(str)),
        "observation_date": np.resize(dates.to_numpy(), n_rows),
        "is_default": hit,
        "months_to_default": pd.array([pd.NA] * n_rows, dtype="Int64"),
    }
    rows = pd.concat([DataFrame(keys), DataFrame(values, columns=names)], axis=1)
    return Sample.of(rows, DataFrame({"feature_code": names, "direction_code": directions}))


def parts(n_rows: int) -> tuple[Sample, Sample]:
    """Return the rows to learn from, and those left aside."""
    sample = panel(n_rows + N_ASIDE)
    is_aside = np.arange(n_rows + N_ASIDE) >= n_rows
    return sample.where(~is_aside), sample.where(is_aside)


def champion(n_rows: int, feature_ratio: float = BoostedSettings().feature_ratio) -> Callable[[], Answer]:
    """Return a call that fits the champion once, with all its settings but the size of the trees."""
    sample, aside = parts(n_rows)
    settings = BoostedSettings(n_leaves=N_LEAVES, feature_ratio=feature_ratio)

    def call() -> Answer:
        model = refitted(sample, settings, n_trees=N_TREES)
        return lambda: auc(model.log_odds(aside.rows), aside.outcome)

    return call


def champion_with_blocks(n_rows: int) -> Callable[[], Answer]:
    """Return a call that fits the champion as a run does: on later blocks for the number of trees, then once more."""
    sample, aside = parts(n_rows)
    settings = BoostedSettings(n_leaves=N_LEAVES, n_trees=N_TREES)

    def call() -> Answer:
        model = lightgbm(sample, settings)
        return lambda: auc(model.log_odds(aside.rows), aside.outcome)

    return call


def plain_scikit_learn(n_rows: int) -> Callable[[], Answer]:
    """Return a call that fits scikit-learn's boosted trees with its own settings but for size and speed of learning."""
    return _scikit_learn(*parts(n_rows), {})


def alike_scikit_learn(n_rows: int) -> Callable[[], Answer]:
    """Return a call that fits scikit-learn's boosted trees with the settings of the champion, all features per tree."""
    settings, (sample, aside) = BoostedSettings(), parts(n_rows)
    alike = {
        "max_bins": BINS,
        "min_samples_leaf": round(settings.leaf_ratio * n_rows),
        "l2_regularization": settings.l2_penalty,
        "monotonic_cst": sample.directions,
    }
    return _scikit_learn(sample, aside, alike)


def _scikit_learn(sample: Sample, aside: Sample, settings: dict[str, object]) -> Callable[[], Answer]:
    threadpool_limits(limits=1)

    def call() -> Answer:
        learner = HistGradientBoostingClassifier(
            max_iter=N_TREES,
            max_leaf_nodes=N_LEAVES,
            learning_rate=BoostedSettings().learning_rate,
            early_stopping=False,
            random_state=1,
            **settings,
        ).fit(sample.features.to_numpy(float), sample.outcome)
        return lambda: auc(learner.decision_function(aside.features.to_numpy(float)), aside.outcome)

    return call
