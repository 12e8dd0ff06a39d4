"""The simple rule every model must beat: the customer's own past late rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from riskresearch.base.config import StageSettings
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.sample import Sample

RULE_FEATURE = "late_ratio_12m"
PRIOR_ROWS = 50


@dataclass(frozen=True)
class LateRateRule:
    """Default odds that rise with the late rate; customers without history get the rate of such customers."""

    slope: float
    intercept: float
    missing_log_odds: float

    def log_odds(self, rows: DataFrame) -> NDArray[np.float64]:
        """Return log-odds, one per row."""
        rate = rows[RULE_FEATURE].to_numpy(float)
        return np.where(np.isnan(rate), self.missing_log_odds, self.intercept + self.slope * np.nan_to_num(rate))


@CANDIDATES.register(Candidate("past late rate alone", "taux de retard passé seul", needs=(RULE_FEATURE,)))
def late_rate(sample: Sample, settings: StageSettings) -> LateRateRule:
    """Log-odds linear in the share of items of 12 months not settled on their due date; never falling.

    Customers without such items get their own default rate, steadied by `PRIOR_ROWS` rows at the common rate.
    """
    rate, hit = sample.rows[RULE_FEATURE].to_numpy(float), sample.outcome
    known = ~np.isnan(rate)
    overall = hit.mean()
    missing = logit((hit[~known].sum() + PRIOR_ROWS * overall) / ((~known).sum() + PRIOR_ROWS))
    if len(np.unique(hit[known])) < 2:
        return LateRateRule(0.0, float(logit(overall)), float(missing))
    model = LogisticRegression(C=1e6, max_iter=2000).fit(rate[known, None], hit[known])
    slope = float(model.coef_[0, 0])
    if slope < 0:
        return LateRateRule(0.0, float(logit(hit[known].mean())), float(missing))
    return LateRateRule(slope, float(model.intercept_[0]), float(missing))
