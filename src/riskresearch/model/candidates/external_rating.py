"""The external rating alone: what a company knows of a customer before it has sold to it."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from riskresearch.base.config import StageSettings
from riskresearch.model.candidates.linear import Array
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.candidates.single_feature import DECIMALS, one_slope
from riskresearch.model.sample import Sample

FEATURE = "rating_ratio"


@dataclass(frozen=True)
class ExternalRating:
    """Log-odds = ``intercept + slope × rating_ratio``; customers without a rating have a level of their own."""

    slope: float
    intercept: float
    missing_log_odds: float

    def log_odds(self, rows: DataFrame) -> Array:
        """Return raw log-odds of default within the horizon, one per row."""
        rating = rows[FEATURE].to_numpy(float)
        return np.where(np.isnan(rating), self.missing_log_odds, self.intercept + self.slope * np.nan_to_num(rating))


@CANDIDATES.register(Candidate("external rating alone", "note externe seule", needs=(FEATURE,)))
def external_rating(sample: Sample, settings: StageSettings) -> ExternalRating:
    """Odds of default that rise with the external rating, 0 best to 1 worst, and nothing else.

    Logistic regression with a slope that is never negative. The level of customers without a rating is their own
    default rate, drawn towards that of a customer of average rating as far as their defaults are few: a normal
    prior of standard deviation 1 on the difference of the log-odds, 10 on the slope.

    Parameters
    ----------
    sample : rows with feature `rating_ratio`
    settings : not used; a rule has nothing to set
    """
    rating = sample.rows[FEATURE].to_numpy(float)
    is_missing = np.isnan(rating)
    middle = float(rating[~is_missing].mean()) if not is_missing.all() else 0.0
    slope, level, missing = one_slope(rating - middle, sample.outcome, sign=1)
    return ExternalRating(slope, round(level - slope * middle, DECIMALS), missing)
