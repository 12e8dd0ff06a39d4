"""Rows of the panel with the contributions of the model, all dates on which a customer was rated by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.stats import rankdata

from riskresearch.base.ordering import in_order
from riskresearch.explanation.model import ExplainedModel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

KEYS = ["customer_id", "observation_date"]
TODAY = ("scoring", "out_of_time")
"""Samples whose rows show what drives the PDs now: the first that has rows."""
DECIMALS = 12
"""Contributions are ranked after rounding to these decimals, so that the order of a sum makes no ranks."""
MIN_RANKED = 3


@dataclass(frozen=True)
class Explained:
    """Rows in the order of customer and date, with the values the model read and what each added.

    Parameters
    ----------
    rows : customer_id, observation_date, sample_code, is_default (empty while not known)
    names : features, in the order of the columns of `values` and `contributions`
    values : values of the features, NaN where missing
    contributions : parts of the calibrated log-odds; with `base` they add up to it
    base : log-odds before any feature is known
    """

    rows: DataFrame
    names: tuple[str, ...]
    values: Floats
    contributions: Floats
    base: float

    @classmethod
    def of(cls, model: ExplainedModel, snapshots: DataFrame) -> "Explained":
        """Return all rows of table `snapshots` that are not excluded."""
        kept = in_order(snapshots[snapshots["sample_code"] != "excluded"], KEYS)
        contributions, base = model.contributions(kept)
        rows = kept[[*KEYS, "sample_code", "is_default"]].assign(is_default=kept["is_default"].astype("boolean"))
        return cls(rows, model.names, model.values(kept), contributions, base)

    def of_samples(self, *codes: str) -> "Explained":
        """Return the rows of some samples."""
        return self.take(self.rows["sample_code"].isin(codes).to_numpy(bool))

    def take(self, kept: Bools) -> "Explained":
        """Return the rows marked True."""
        rows = self.rows[kept].reset_index(drop=True)
        return Explained(rows, self.names, self.values[kept], self.contributions[kept], self.base)

    @property
    def today(self) -> "Explained":
        """Rows that show what drives the PDs now: the customers to score; without any, those of later dates."""
        present = set(self.rows["sample_code"])
        return self.of_samples(next((code for code in TODAY if code in present), TODAY[0]))

    @property
    def log_odds(self) -> Floats:
        """Calibrated log-odds of each row."""
        return np.asarray(self.contributions.sum(axis=1) + self.base, dtype=float)

    @property
    def strength(self) -> Floats:
        """Mean absolute contribution of each feature; 0 without rows."""
        return mean_absolute(self.contributions)


def mean_absolute(contributions: Floats) -> Floats:
    """Return the mean absolute value of each column; 0 without rows.

    Examples
    --------
    >>> mean_absolute(np.array([[1.0, -2.0], [-3.0, 0.0]]))
    array([2., 1.])
    """
    return np.asarray(np.abs(contributions).sum(axis=0) / max(len(contributions), 1), dtype=float)


def shares(strength: Floats) -> Floats:
    """Return each member's share of the sum; 0 where the sum is 0.

    Examples
    --------
    >>> shares(np.array([3.0, 1.0])), shares(np.zeros(2))
    (array([0.75, 0.25]), array([0., 0.]))
    """
    total = float(strength.sum())
    return strength / total if total > 0 else np.zeros_like(strength)


def places(strength: Floats) -> NDArray[np.int64]:
    """Return the rank of each member, 1 = strongest; of equals the one that stands first.

    Examples
    --------
    >>> places(np.array([0.2, 0.5, 0.2]))
    array([2, 1, 3])
    """
    order = np.argsort(-np.round(strength, DECIMALS), kind="stable")
    ranks = np.empty(len(strength), dtype=np.int64)
    ranks[order] = np.arange(1, len(strength) + 1)
    return ranks


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation over the rows where both are known.

    NaN with fewer than 3 such rows, or where one of the two is the same on all of them.

    Examples
    --------
    >>> round(rank_correlation(np.array([1.0, 2.0, 9.0, np.nan]), np.array([5.0, 7.0, 6.0, 0.0])), 6)
    0.5
    """
    known = ~(np.isnan(first) | np.isnan(second))
    x, y = (np.round(part[known], DECIMALS) for part in (first, second))
    if len(x) < MIN_RANKED or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    a, b = (rankdata(part) - (len(part) + 1) / 2 for part in (x, y))
    return float(np.clip((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()), -1, 1))


def value_correlations(explained: Explained) -> Floats:
    """Return for each feature the rank correlation of value and contribution: the sign of its effect."""
    pairs = zip(explained.values.T, explained.contributions.T, strict=True)
    return np.array([rank_correlation(value, part) for value, part in pairs], dtype=float)
