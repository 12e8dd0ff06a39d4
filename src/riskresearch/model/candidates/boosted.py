"""Champion: boosted trees with declared directions, stopped early on rows that come later than the training."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.folds import Fold, purged_folds
from riskresearch.model.sample import Sample

MIN_FOLD_DEFAULTERS = 20
"""Customers in default in each later block; with fewer, customers are left out in turn."""


class BoostedSettings(StageSettings):
    """Champion: boosted trees."""

    seed: int = Field(1, ge=0, description="seed of the learner, of resampling and of tuning")
    n_trees: int = Field(400, ge=10, le=2000, description="most trees of the champion; early stopping takes fewer")
    n_leaves: int = Field(8, ge=2, le=63, description="leaves per tree; small trees suit few defaults")
    learning_rate: float = Field(0.03, gt=0, le=1, description="shrinkage of each tree")
    leaf_ratio: float = Field(
        0.01, gt=0, lt=0.5, description="smallest share of the rows in a leaf; source: domain note A3"
    )
    l2_penalty: float = Field(30.0, ge=0, description="L2 penalty on leaf values")
    feature_ratio: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of the features each tree may use; few, because many features are near-copies",
    )
    n_folds: int = Field(
        3,
        ge=2,
        le=20,
        description="later blocks (customer folds where dates are few) for early stopping and calibration",
    )


@dataclass(frozen=True)
class Unseen:
    """Raw log-odds of development rows by models that have not seen them.

    Parameters
    ----------
    fold_code : ``time`` later blocks, training purged; ``customer`` customers left out in turn
    raw : raw log-odds
    outcome : 1 = default within the horizon
    customers : customer of each row
    """

    fold_code: str
    raw: NDArray[np.float64]
    outcome: NDArray[np.int64]
    customers: NDArray[np.str_]


@dataclass(frozen=True)
class Boosted:
    """LightGBM with the declared monotone directions; its text is what IT gets."""

    booster: lgb.Booster
    names: tuple[str, ...]
    unseen: Unseen | None = field(default=None, repr=False)

    @property
    def n_trees(self) -> int:
        """Trees used after early stopping."""
        return int(self.booster.num_trees())

    def log_odds(self, rows: DataFrame) -> NDArray[np.float64]:
        """Return raw log-odds, one per row."""
        values = rows[list(self.names)].to_numpy(float)
        return np.asarray(self.booster.predict(values, raw_score=True, num_threads=1), dtype=float)


@CANDIDATES.register(Candidate("boosted trees (LightGBM)", "arbres boostés (LightGBM)"))
def lightgbm(sample: Sample, settings: BoostedSettings) -> Boosted:
    """Boosted trees, monotone in every declared direction, without resampling and without class weights.

    The number of trees is that with the lowest log loss on later blocks whose outcomes were not known to the
    training (`riskresearch.model.folds`); then the model is fitted once more on the whole sample. One thread and a
    fixed seed: same rows, same bytes.

    Parameters
    ----------
    sample : development sample
    settings : size of the trees, shrinkage, penalties, seed
    """
    code, folds = purged_folds(sample, n_folds=settings.n_folds, min_defaulters=MIN_FOLD_DEFAULTERS)
    features, outcome = sample.features.to_numpy(float), sample.outcome
    fits = list(_fold_fits(sample, features, folds, settings))
    losses = np.sum([curve * test.sum() for _, curve, test in fits], axis=0)
    n_trees = int(np.argmin(losses)) + 1
    raw = [booster.predict(features[test], raw_score=True, num_iteration=n_trees) for booster, _, test in fits]
    places = np.concatenate([np.flatnonzero(test) for _, _, test in fits])
    customers = sample.customers.to_numpy(str)[places]
    unseen = Unseen(code, np.concatenate(raw), outcome[places], customers)
    booster = lgb.train(_parameters(sample, len(features), settings), lgb.Dataset(features, outcome), n_trees)
    return Boosted(booster, tuple(sample.names), unseen)


def refitted(sample: Sample, settings: BoostedSettings, *, n_trees: int) -> Boosted:
    """Return the champion fitted with a given number of trees, for instance on resampled customers."""
    data = lgb.Dataset(sample.features.to_numpy(float), sample.outcome)
    return Boosted(lgb.train(_parameters(sample, len(sample.rows), settings), data, n_trees), tuple(sample.names))


def _fold_fits(
    sample: Sample, features: NDArray[np.float64], folds: list[Fold], settings: BoostedSettings
) -> Iterator[tuple[lgb.Booster, NDArray[np.float64], NDArray[np.bool_]]]:
    """Model of each fold, its log loss on the block after each tree, and the rows of the block."""
    outcome = sample.outcome
    for train, test in folds:
        curve: dict[str, dict[str, list[float]]] = {}
        data = lgb.Dataset(features[train], outcome[train])
        held = lgb.Dataset(features[test], outcome[test], reference=data)
        parameters = _parameters(sample, int(train.sum()), settings)
        watch = lgb.record_evaluation(curve)
        booster = lgb.train(parameters, data, settings.n_trees, valid_sets=[held], callbacks=[watch])
        yield booster, np.array(curve["valid_0"]["binary_logloss"]), test


def _parameters(sample: Sample, n_rows: int, settings: BoostedSettings) -> dict[str, object]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.n_leaves,
        "min_data_in_leaf": max(10, round(settings.leaf_ratio * n_rows)),
        "lambda_l2": settings.l2_penalty,
        "feature_fraction": settings.feature_ratio,
        "monotone_constraints": sample.directions,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": settings.seed,
        "verbosity": -1,
        "max_bin": 63,
    }
