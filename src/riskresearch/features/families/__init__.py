"""Features by family; importing the package registers them all."""

from riskresearch.features.families import (
    accounts,
    ageing,
    delay,
    disputes,
    exposure,
    group,
    incidents,
    insurer,
    questionnaire,
    ratings,
    sales,
    sector,
    tenure,
)
from riskresearch.features.registry import FEATURES

__all__ = [
    "FEATURES",
    "accounts",
    "ageing",
    "delay",
    "disputes",
    "exposure",
    "group",
    "incidents",
    "insurer",
    "questionnaire",
    "ratings",
    "sales",
    "sector",
    "tenure",
]
