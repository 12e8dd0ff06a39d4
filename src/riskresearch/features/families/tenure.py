"""Tenure: how long the customer is known."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, months


@FEATURES.register(
    Feature(
        family="tenure",
        unit="months",
        direction=-1,
        label_en="months of history",
        label_fr="mois d'historique",
        missing="never",
        decimals=0,
    )
)
def tenure_months(at: At) -> nw.Expr:
    """Months since the first act of the customer in the ledger (days / 365 × 12)."""
    return months(at.day - at.attribute("first_day"))


@FEATURES.register(
    Feature(
        family="tenure",
        unit="months",
        direction=-1,
        label_en="months of business relation",
        label_fr="ancienneté de la relation en mois",
        missing="start of the relation unknown or after the date",
        decimals=0,
    )
)
def relationship_months(at: At) -> nw.Expr:
    """Months since the start of the business relation (days / 365 × 12)."""
    start = at.attribute("relationship_start_day")
    return nw.when(start <= at.day).then(months(at.day - start))
