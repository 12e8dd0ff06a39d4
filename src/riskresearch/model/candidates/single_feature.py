"""The best single feature: the simple rule where a panel holds no late rate, and what all others must add to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import expit

from riskresearch.base.config import StageSettings
from riskresearch.base.resampling import auc
from riskresearch.model.candidates.linear import newton
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.sample import Sample

SLOPE_PENALTY, MISSING_PENALTY = 0.01, 1.0
LARGEST_SIZE, DECIMALS = 5.0, 8
Array = NDArray[np.float64]


@dataclass(frozen=True)
class SingleFeature:
    """Log-odds = ``intercept + slope × (value − mean) / deviation``, the value held within the training's tails."""

    feature_code: str
    mean: float
    deviation: float
    slope: float
    intercept: float
    missing_log_odds: float

    def log_odds(self, rows: DataFrame) -> Array:
        """Return raw log-odds, one per row; a missing value has a level of its own."""
        value = (rows[self.feature_code].to_numpy(float) - self.mean) / self.deviation
        known = np.clip(np.nan_to_num(value), -LARGEST_SIZE, LARGEST_SIZE)
        return np.where(np.isnan(value), self.missing_log_odds, self.intercept + self.slope * known)


@CANDIDATES.register(Candidate("best single feature", "meilleure variable seule"))
def single_feature(sample: Sample, settings: StageSettings) -> SingleFeature:
    """Logistic regression on the one feature that separates best in the sample, with its declared direction.

    Separation is the AUC of the value, a missing one counting as the median; a feature without direction counts
    both ways. The slope keeps the declared sign.
    """
    found = {name: _separation(sample, name, sign) for name, sign in zip(sample.names, sample.directions, strict=True)}
    name = max(found, key=lambda code: abs(found[code]))
    sign = sample.directions[sample.names.index(name)] or (1 if found[name] >= 0 else -1)
    value = sample.rows[name].to_numpy(float)
    known = value[~np.isnan(value)]
    mean, deviation = (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)
    slope, intercept, missing = _fitted((value - mean) / deviation, sample.outcome, sign)
    return SingleFeature(name, mean, deviation, slope, intercept, missing)


def _separation(sample: Sample, name: str, sign: int) -> float:
    """AUC less one half; only in the declared direction where there is one."""
    value = sample.rows[name].to_numpy(float)
    known = ~np.isnan(value)
    if not known.any():
        return 0.0
    gain = auc(np.where(known, value, np.median(value[known])), sample.outcome) - 0.5
    if np.isnan(gain):
        return 0.0
    return gain if sign == 0 else max(sign * gain, 0.0)


def _fitted(value: Array, outcome: NDArray[np.int64], sign: int) -> tuple[float, float, float]:
    held = np.where(np.isnan(value), np.nan, np.clip(value, -LARGEST_SIZE, LARGEST_SIZE))
    return one_slope(held, outcome, sign=sign)


def one_slope(value: Array, outcome: NDArray[np.int64], *, sign: int) -> tuple[float, float, float]:
    """Return slope, level at value 0 and level of missing values of a logistic regression on one column.

    The level of missing values is drawn towards that of the value 0 as far as their defaults are few: a normal prior
    of standard deviation 1 on the difference of the log-odds, 10 on the slope.

    Parameters
    ----------
    value : one column, missing values allowed
    outcome : 1 = default
    sign : +1 the slope is never negative, -1 never positive
    """
    missing = np.isnan(value)
    columns = np.column_stack([np.ones(len(value)), np.nan_to_num(value), missing])
    penalty = np.diag([0.0, SLOPE_PENALTY, MISSING_PENALTY])

    def loss(point: Array) -> tuple[float, Array, Array]:
        log_odds, pulled = columns @ point, penalty @ point
        chance = expit(log_odds)
        total = float((np.logaddexp(0, log_odds) - outcome * log_odds).sum() + point @ pulled / 2)
        information = (columns * (chance * (1 - chance))[:, None]).T @ columns
        return total, columns.T @ (chance - outcome) + pulled, information + penalty

    rate = (outcome.sum() + 0.5) / (len(outcome) + 1)
    lower, upper = np.full(3, -np.inf), np.full(3, np.inf)
    (lower if sign > 0 else upper)[1] = 0.0
    found = newton(loss, np.array([np.log(rate / (1 - rate)), 0.0, 0.0]), lower, upper)
    level, slope, extra = (np.round(found, DECIMALS) + 0.0).tolist()
    return slope, level, round(level + extra, DECIMALS)
