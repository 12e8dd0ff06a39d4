"""What is known before the first sale: accounts, external ratings, insurer, questionnaire, sector."""

from dataclasses import dataclass
from typing import cast

from riskresearch.model.candidates.logistic import Logistic, LogisticSettings, logistic
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.sample import Sample

FAMILIES = ("accounts", "questionnaire", "ratings", "sector")
"""Families of features that do not look at the customer's own invoices and payments."""
OWN_SALES = ("open_to_revenue_ratio", "insurer_limit_use_ratio")
"""Features of these families that do."""


@dataclass(frozen=True)
class ColdStart(Logistic):
    """Logistic regression on what is known before the first sale."""


@CANDIDATES.register(Candidate("without payment history", "sans historique de paiement", families=FAMILIES))
def cold_start(sample: Sample, settings: LogisticSettings) -> ColdStart:
    """Logistic regression on the features that need no invoice; gives the PDs of prospects."""
    fitted = cast(Logistic, logistic(sample.with_features(before_sale(sample)), settings))
    return ColdStart(fitted.design, fitted.intercept, fitted.coefficients)


def before_sale(sample: Sample) -> list[str]:
    """Return the features that a prospect can have."""
    is_known = sample.dictionary["family_code"].isin(FAMILIES)
    return [name for name in sample.dictionary.index[is_known] if name not in OWN_SALES]
