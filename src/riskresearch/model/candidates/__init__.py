"""Candidates for the default model: champion, challengers and the simple rules they must beat."""

from riskresearch.model.candidates import (
    boosted,
    cold_start,
    external_rating,
    hazard,
    late_rate,
    logistic,
    scorecard,
    single_feature,
)
from riskresearch.model.candidates.registry import CANDIDATES, Candidate, Fitted

__all__ = [
    "CANDIDATES",
    "Candidate",
    "Fitted",
    "boosted",
    "cold_start",
    "external_rating",
    "hazard",
    "late_rate",
    "logistic",
    "scorecard",
    "single_feature",
]
