"""Indicators of a policy: its use, its terms and its cost; what each is, is told by the function that counts it.

To add an indicator, write one function with a decorator: from a `PolicyUse` (ledger, insurer's decisions, claims) or
from a `PolicyYear` (simulated years) to a `Value`. Rows, labels and property tests come by themselves; add a case.
"""

from riskresearch.insurance.indicators import (
    budgets,
    claim_results,
    compliance,
    cover,
    decisions,
    limit_use,
    price,
    provisions,
)
from riskresearch.insurance.indicators.registry import (
    NULL_RULES,
    USE_INDICATORS,
    YEAR_INDICATORS,
    PolicyIndicator,
    Value,
    use_indicator,
    year_indicator,
)
from riskresearch.insurance.indicators.tables import (
    INDICATOR_TABLES,
    cover_by_segment,
    insurer_decisions_by_month,
    policy_indicators,
    uncovered_causes,
)
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.indicators.use_book import policy_use
from riskresearch.insurance.indicators.year import PolicyYear
from riskresearch.insurance.indicators.year_amounts import YearAmounts, year_amounts

__all__ = [
    "INDICATOR_TABLES",
    "NULL_RULES",
    "USE_INDICATORS",
    "YEAR_INDICATORS",
    "PolicyIndicator",
    "PolicyUse",
    "PolicyYear",
    "Value",
    "YearAmounts",
    "budgets",
    "claim_results",
    "compliance",
    "cover",
    "cover_by_segment",
    "decisions",
    "insurer_decisions_by_month",
    "limit_use",
    "policy_indicators",
    "policy_use",
    "price",
    "provisions",
    "uncovered_causes",
    "use_indicator",
    "year_amounts",
    "year_indicator",
]
