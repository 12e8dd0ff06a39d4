"""Scorecard: weights of evidence of monotone bins, scaled to points."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.schema import Column, Table, conform
from riskresearch.model.candidates.logistic import both_outcomes, signed_logistic
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.candidates.weights_of_evidence import (
    BinningSettings,
    Characteristic,
    Floats,
    characteristic,
    plain,
)
from riskresearch.model.sample import Sample

BINS = ("values", "missing")
TINY = 1e-12

SCORECARD_POINTS = Table(
    "scorecard_points",
    "model",
    "one row per feature of the scorecard and bin",
    ("feature_code", "bin_number"),
    (
        Column("feature_code", "text", "column of table snapshots"),
        Column("bin_number", "int", "bins in rising order from 1; the last holds the rows without a value"),
        Column("bin_code", "code", "what the bin holds", False, BINS),
        Column("bin_interval", "text", "the bin as an interval; empty for rows without a value", True),
        Column("bin_low", "float", "values from (included), unit of the feature; empty: no bound", True),
        Column("bin_high", "float", "values up to (excluded), unit of the feature; empty: no bound", True),
        Column("n_rows", "int", "rows fitted on"),
        Column("n_defaults", "int", "of these, followed by a default"),
        Column("default_ratio", "float", "n_defaults of n_rows; empty without rows", True),
        Column("woe", "float", "weight of evidence: log of share of non-defaults over share of defaults; + is safer"),
        Column("iv", "float", "part of the information value of the feature that comes from the bin"),
        Column("points", "float", "points of a row in the bin; more is safer; unrounded"),
    ),
)


class ScorecardSettings(BinningSettings):
    """WoE scorecard."""

    scorecard_min_iv: float = Field(
        0.02, ge=0, description="information value below which a feature is left out; source: Siddiqi 2006"
    )
    scorecard_max_features: int = Field(
        15, ge=1, le=100, description="features of the scorecard at most, those that move the log-odds most"
    )
    scorecard_max_correlation: float = Field(
        0.95,
        gt=0,
        le=1,
        description="absolute correlation of weights of evidence above which the feature of lower information value "
        "is left out; the company's own judgement",
    )
    scorecard_l2_penalty: float = Field(
        30.0,
        gt=0,
        description="L2 penalty on the coefficients of the weights of evidence, beside a log-likelihood summed over "
        "overlapping rows; the company's own judgement",
    )
    scorecard_base_points: float = Field(600.0, description="points at the base odds; usual scale, Siddiqi 2006")
    scorecard_base_odds: float = Field(50.0, gt=0, description="non-defaults per default at the base points")
    scorecard_double_points: float = Field(20.0, gt=0, description="points that double the odds of no default")


@dataclass(frozen=True)
class Scorecard:
    """Fitted scorecard: plain numbers.

    Parameters
    ----------
    characteristics : features with their bins and points, which hold the base points in equal parts
    constant : points of every row where no feature tells rows apart, else 0
    base_points, base_odds, double_points : scale; points = base_points + double_points · log2(odds / base_odds) with
        odds = chance of no default over chance of default
    """

    characteristics: tuple[Characteristic, ...]
    constant: float
    base_points: float
    base_odds: float
    double_points: float

    def points(self, rows: DataFrame) -> DataFrame:
        """Return the points of each row, one column per feature; their sum and the constant are its score."""
        columns = {
            c.feature_code: np.array(c.points)[c.bins(rows[c.feature_code].to_numpy(float))]
            for c in self.characteristics
        }
        return DataFrame(columns, index=rows.index, dtype=float)

    def score(self, rows: DataFrame) -> Floats:
        """Return the score of each row: the sum of its points."""
        total = np.full(len(rows), self.constant)
        for _, points in self.points(rows).items():
            total += points.to_numpy()
        return total

    def log_odds(self, rows: DataFrame) -> Floats:
        """Return raw log-odds of default, one per row, read back from the score."""
        return (self.base_points - self.score(rows)) / self.double_points * np.log(2) - np.log(self.base_odds)

    def to_dict(self) -> dict[str, Any]:
        """Return the scorecard as plain numbers and text, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Scorecard":
        """Return the scorecard of `to_dict`, also after JSON made its tuples lists."""
        characteristics = tuple(Characteristic.from_dict(item) for item in content["characteristics"])
        return cls(**{**content, "characteristics": characteristics})


@CANDIDATES.register(Candidate("WoE scorecard", "carte de score WoE"))
def scorecard(sample: Sample, settings: ScorecardSettings) -> Scorecard:
    """Return the scorecard: bins, weights of evidence, logistic regression on them, points.

    Each feature is cut into bins of high information value (optbinning, constraint solver on one thread, bounds chosen
    among quantiles) whose default rates follow its declared direction;
    rows without a value are a bin of their own, free of the direction. Features of too little information value
    are left out, then those that a stronger one repeats. A regression on all that remain, none of which may pay
    points for risk, shows which move the log-odds most (coefficient × standard deviation); a last regression on these
    gives the points: base part − factor × coefficient × weight of evidence, factor = double_points / ln 2.

    Parameters
    ----------
    sample : rows with a known outcome
    settings : bins, choice of features, scale

    Raises
    ------
    TableError
        The sample holds no default, or nothing but defaults.
    """
    outcome = both_outcomes(sample)
    found = [
        characteristic(name, sample.rows[name].to_numpy(float), outcome, direction=direction, settings=settings)
        for name, direction in zip(sample.names, sample.directions, strict=True)
    ]
    chosen = _telling(found, sample, settings)
    _, weights = _fitted(chosen, sample, settings)
    strength = -weights * _weights_of_evidence(chosen, sample).std(axis=0)
    strongest = np.argsort(-strength, kind="stable")[: settings.scorecard_max_features]
    chosen = [chosen[i] for i in sorted(strongest) if strength[i] > 0]
    intercept, weights = _fitted(chosen, sample, settings)
    kept = [item for item, weight in zip(chosen, weights, strict=True) if weight < 0]
    return _scaled(kept, intercept, weights[weights < 0], settings)


def scorecard_points(model: Scorecard) -> DataFrame:
    """Return table `scorecard_points`: one row per feature and bin."""
    parts = [_points_of(item) for item in model.characteristics]
    columns = {name: [value for part in parts for value in part[name]] for name in SCORECARD_POINTS.names}
    return conform(DataFrame(columns), SCORECARD_POINTS)


def _telling(found: list[Characteristic], sample: Sample, settings: ScorecardSettings) -> list[Characteristic]:
    """Features of enough information value, most first, none correlated too closely with an earlier one."""
    ranked = sorted(found, key=lambda item: -item.ivs.sum())
    ranked = [item for item in ranked if item.ivs.sum() >= max(settings.scorecard_min_iv, TINY)]
    if len(ranked) < 2:
        return ranked
    alike = np.abs(np.corrcoef(_weights_of_evidence(ranked, sample), rowvar=False))
    kept: list[int] = []
    for i in range(len(ranked)):
        if alike[i, kept].max(initial=0.0) <= settings.scorecard_max_correlation:
            kept.append(i)
    return [ranked[i] for i in kept]


def _fitted(chosen: list[Characteristic], sample: Sample, settings: ScorecardSettings) -> tuple[float, Floats]:
    """Intercept and coefficients of the weights of evidence, none of which may pay points for risk."""
    bounds = np.full(len(chosen), -np.inf), np.zeros(len(chosen))
    columns = _weights_of_evidence(chosen, sample)
    return signed_logistic(columns, sample.outcome, bounds=bounds, l2_penalty=settings.scorecard_l2_penalty)


def _weights_of_evidence(chosen: list[Characteristic], sample: Sample) -> Floats:
    columns = [np.array(c.woe)[c.bins(sample.rows[c.feature_code].to_numpy(float))] for c in chosen]
    return np.column_stack(columns) if columns else np.empty((len(sample.rows), 0))


def _scaled(chosen: list[Characteristic], intercept: float, weights: Floats, settings: ScorecardSettings) -> Scorecard:
    """Scorecard whose sum of points is the scaled log-odds; the base is spread over the features."""
    factor = settings.scorecard_double_points / np.log(2)
    base = settings.scorecard_base_points - factor * (np.log(settings.scorecard_base_odds) + intercept)
    share = base / max(len(chosen), 1)
    characteristics = [
        replace(item, points=plain(share - factor * weight * np.array(item.woe)))
        for item, weight in zip(chosen, weights, strict=True)
    ]
    constant = 0.0 if chosen else float(base)
    return Scorecard(
        tuple(characteristics),
        constant,
        settings.scorecard_base_points,
        settings.scorecard_base_odds,
        settings.scorecard_double_points,
    )


def _points_of(item: Characteristic) -> dict[str, Any]:
    n_bins = len(item.points)
    low, high = [None, *item.edges, None], [*item.edges, None, None]
    rows, defaults = np.array(item.n_rows), np.array(item.n_defaults)
    return {
        "feature_code": [item.feature_code] * n_bins,
        "bin_number": range(1, n_bins + 1),
        "bin_code": ["values"] * (n_bins - 1) + ["missing"],
        "bin_interval": [*map(_interval, low[:-1], high[:-1]), None],
        "bin_low": low,
        "bin_high": high,
        "n_rows": item.n_rows,
        "n_defaults": item.n_defaults,
        "default_ratio": np.where(rows > 0, defaults / np.maximum(rows, 1), np.nan),
        "woe": item.woe,
        "iv": item.ivs,
        "points": item.points,
    }


def _interval(low: float | None, high: float | None) -> str:
    start = "(−∞" if low is None else f"[{low:g}"
    return f"{start}, ∞)" if high is None else f"{start}, {high:g})"
