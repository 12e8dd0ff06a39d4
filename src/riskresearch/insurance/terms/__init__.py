"""Terms of a trade credit insurance policy: one small class a term, in the market's words.

To add a term, write one class in the module of its family and one worked case in ``tests/cases/insurance``:

1. choose its parent: `EligibilityTerm` (takes a part of a debt out of cover), `ConditionTerm` (says how the others are
   read), `LossTerm` (acts on each claim), `YearTerm` (a budget that the claims of an insurance year draw down) or
   `PriceTerm` (what the policy costs);
2. give it a ``kind`` (its name in the policy file), fields with a description and an example, and, if it takes
   something from the insured, the ``reason`` under which the insured keeps it; a cover term has its ``place`` in the
   wording too::

    class DeductedFirstLoss(LossTerm):
        \"\"\"Each-and-every first loss: the insured bears this amount of every loss, before the share.\"\"\"

        kind: Literal["deducted_first_loss"] = "deducted_first_loss"
        place: ClassVar[float] = 5.0
        reason: ClassVar[str] = "deducted_first_loss"
        amount: Amount = Field(description="borne per loss, policy currency", examples=[500.0])

        def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
            return np.maximum(amounts - self.amount, 0.0)

It then is read from policy files, takes its place in the waterfall, has its own line among the reasons for
retention, and is held to 0 <= payable <= amount, growth with the loss and scale by the property tests.
"""

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms.base import (
    Amount,
    ClaimCover,
    ConditionTerm,
    CoverTerm,
    Days,
    EligibilityTerm,
    Level,
    LossTerm,
    PriceTerm,
    Ratio,
    Term,
    YearTerm,
)
from riskresearch.insurance.terms.conditions import EventBasis, LimitCuts, Recoveries, VatBasis, WaitingPeriod
from riskresearch.insurance.terms.cover import (
    BuyerLimit,
    DeductedFirstLoss,
    IndemnityFirstLoss,
    InsuredPercentage,
    MinimumRetention,
    Threshold,
    TopUpLimit,
)
from riskresearch.insurance.terms.eligibility import CreditPeriod, Declaration, StopShipment
from riskresearch.insurance.terms.price import Bonus, Fees, Malus, MalusStep, Premium, PremiumTax, ProfitShare
from riskresearch.insurance.terms.registry import (
    COLLECTION_COST,
    COVER_TERMS,
    DISPUTED,
    ELIGIBILITY_TERMS,
    LAST_DELIVERED_REASONS,
    LIMIT_CUT,
    NO_COVER,
    NO_POLICY,
    OUTSIDE_YEAR,
    RETENTION_REASONS,
    TERMS,
)
from riskresearch.insurance.terms.year import AggregateFirstLoss, CountryCap, MaximumLiability

__all__ = [
    "COLLECTION_COST",
    "COVER_TERMS",
    "DISPUTED",
    "ELIGIBILITY_TERMS",
    "LAST_DELIVERED_REASONS",
    "LIMIT_CUT",
    "NO_COVER",
    "NO_POLICY",
    "OUTSIDE_YEAR",
    "RETENTION_REASONS",
    "TERMS",
    "AggregateFirstLoss",
    "Amount",
    "Array",
    "Bonus",
    "BuyerLimit",
    "ClaimCover",
    "ConditionTerm",
    "CountryCap",
    "CoverTerm",
    "CreditPeriod",
    "Days",
    "Declaration",
    "DeductedFirstLoss",
    "EligibilityTerm",
    "EventBasis",
    "Fees",
    "IndemnityFirstLoss",
    "InsuredPercentage",
    "Level",
    "LimitCuts",
    "LossTerm",
    "Malus",
    "MalusStep",
    "MaximumLiability",
    "MinimumRetention",
    "Premium",
    "PremiumTax",
    "PriceTerm",
    "ProfitShare",
    "Ratio",
    "Recoveries",
    "StopShipment",
    "Term",
    "Threshold",
    "TopUpLimit",
    "VatBasis",
    "WaitingPeriod",
    "YearTerm",
]
