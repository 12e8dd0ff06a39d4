"""The seller's book as it stands on a day: exposures to insure, their months, the insurer's limits and their cuts."""

from riskresearch.insurance.portfolio.book import NOT_INSURABLE, exposures_to_insure
from riskresearch.insurance.portfolio.cuts import CUT_HISTORY, cut_history
from riskresearch.insurance.portfolio.decisions import insurer_decisions, limits_in_force
from riskresearch.insurance.portfolio.months import exposure_months

__all__ = [
    "CUT_HISTORY",
    "NOT_INSURABLE",
    "cut_history",
    "exposure_months",
    "exposures_to_insure",
    "insurer_decisions",
    "limits_in_force",
]
