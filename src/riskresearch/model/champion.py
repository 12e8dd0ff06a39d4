"""Candidates for the default model: the boosted champion, a logistic baseline, the past-late-rate rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.special import expit, logit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from riskresearch.model.calibrate import Calibration, calibrate
from riskresearch.model.settings import ModelSettings

RULE_FEATURE = "late_ratio_12m"


class Candidate(Protocol):
    """A fitted model that gives raw log-odds of default."""

    def log_odds(self, features: DataFrame) -> NDArray[np.float64]:
        """Return raw log-odds, one per row."""
        ...


@dataclass(frozen=True)
class Boosted:
    """LightGBM with the declared monotone directions; its text is what IT gets."""

    booster: lgb.Booster
    names: tuple[str, ...]

    def log_odds(self, features: DataFrame) -> NDArray[np.float64]:
        """Return raw log-odds, one per row."""
        return np.asarray(self.booster.predict(features[list(self.names)].to_numpy(float), raw_score=True))


@dataclass(frozen=True)
class Linear:
    """Logistic regression on standardised features with missing-value flags."""

    pipeline: object
    names: tuple[str, ...]

    def log_odds(self, features: DataFrame) -> NDArray[np.float64]:
        """Return log-odds, one per row."""
        return self.pipeline.decision_function(features[list(self.names)].to_numpy(float))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class LateRateRule:
    """The simple rule every model must beat: default odds rise with the customer's own past late rate."""

    slope: float
    intercept: float
    missing_log_odds: float

    def log_odds(self, features: DataFrame) -> NDArray[np.float64]:
        """Return log-odds, one per row; customers without history get the rate of such customers."""
        rate = features[RULE_FEATURE].to_numpy(float)
        return np.where(np.isnan(rate), self.missing_log_odds, self.intercept + self.slope * np.nan_to_num(rate))


def fit_boosted(features: DataFrame, outcome: Series, directions: Sequence[int], settings: ModelSettings) -> Boosted:
    """Return LightGBM fitted with monotone directions, no resampling, no class weights, one thread.

    Parameters
    ----------
    features : one column per feature, rows in canonical order; missing values stay missing
    outcome : 1 = default within the horizon
    directions : +1, -1 or 0 per column
    settings : size of the trees, shrinkage, seed
    """
    parameters = {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.n_leaves,
        "min_data_in_leaf": max(10, round(settings.leaf_ratio * len(features))),
        "lambda_l2": settings.l2_penalty,
        "monotone_constraints": list(directions),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": settings.seed,
        "verbosity": -1,
        "max_bin": 63,
    }
    data = lgb.Dataset(features.to_numpy(float), outcome.to_numpy(float), feature_name=list(features.columns))
    return Boosted(lgb.train(parameters, data, settings.n_trees), tuple(features.columns))


def fit_linear(features: DataFrame, outcome: Series) -> Linear:
    """Return the logistic baseline."""
    pipeline = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=2000),
    )
    return Linear(pipeline.fit(features.to_numpy(float), outcome.to_numpy(int)), tuple(features.columns))


def fit_rule(features: DataFrame, outcome: Series) -> LateRateRule:
    """Return the past-late-rate rule with its two numbers and the rate of customers without history."""
    rate, hit = features[RULE_FEATURE].to_numpy(float), outcome.to_numpy(float)
    known = ~np.isnan(rate)
    overall = hit.mean()
    model = LogisticRegression(C=1e6, max_iter=2000).fit(rate[known, None], hit[known])
    missing = (hit[~known].sum() + 50 * overall) / ((~known).sum() + 50)
    return LateRateRule(max(float(model.coef_[0, 0]), 0.0), float(model.intercept_[0]), float(logit(missing)))


def calibrated_boosted(
    rows: DataFrame, names: Sequence[str], directions: Sequence[int], settings: ModelSettings
) -> tuple[Boosted, Calibration]:
    """Return the champion and its calibration, fitted on predictions for customers left out in turn.

    Parameters
    ----------
    rows : development rows of table `snapshots`, sorted by customer and date
    names, directions : feature columns and their monotone directions
    settings : settings of the stage
    """
    outcome = rows["is_default"].astype(int)
    order = {customer: i for i, customer in enumerate(sorted(rows["customer_id"].unique()))}
    fold = rows["customer_id"].map(order).to_numpy() % settings.n_folds
    raw = np.empty(len(rows))
    for i in range(settings.n_folds):
        part = fit_boosted(rows.loc[fold != i, list(names)], outcome[fold != i], directions, settings)
        raw[fold == i] = part.log_odds(rows[fold == i])
    calibration = calibrate(raw, outcome, slope_low=settings.slope_low, slope_high=settings.slope_high)
    return fit_boosted(rows[list(names)], outcome, directions, settings), calibration


def probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities of log-odds."""
    return expit(log_odds)
