"""Terms that say how the others are read: VAT, insurance year, waiting, cuts of limits, recoveries."""

from typing import Literal

from pydantic import Field

from riskresearch.insurance.terms.base import ConditionTerm, Days


class VatBasis(ConditionTerm):
    """Whether the policy covers debts with or without VAT; limits and first losses are in the same basis.

    A policy without this term covers debts including VAT.
    """

    kind: Literal["vat_basis"] = "vat_basis"
    basis_code: Literal["excluding", "including"] = Field(
        description="excluding: debts without VAT; including: debts with VAT", examples=["excluding"]
    )


class EventBasis(ConditionTerm):
    """Which insurance year a claim belongs to: that of the delivery (risks attaching) or that of the loss.

    A policy without this term is on the attaching basis.
    """

    kind: Literal["event_basis"] = "event_basis"
    basis_code: Literal["attaching", "occurring"] = Field(
        description="attaching: year of the delivery; occurring: year of the loss", examples=["attaching"]
    )


class WaitingPeriod(ConditionTerm):
    """Days between the claim and the indemnity, by event; the wait is financed by the insured.

    Source of the rule: assurance-credit-entreprise.fr, glossary; usual range one to nine months.
    """

    kind: Literal["waiting_period"] = "waiting_period"
    insolvency_days: Days = Field(description="after a judgement of insolvency", examples=[30])
    protracted_default_days: Days = Field(description="for a debt that stays unpaid", examples=[150])
    political_days: Days = Field(description="after a political event", examples=[180])


class LimitCuts(ConditionTerm):
    """Whether the insurer may cut a limit during the year, and whether earlier deliveries then stay covered.

    A policy without this term allows cuts, for later deliveries only (run-off covered).
    """

    kind: Literal["limit_cuts"] = "limit_cuts"
    is_possible: bool = Field(strict=True, description="false: limits cannot be cancelled", examples=[True])
    is_run_off_covered: bool = Field(
        True, strict=True, description="what was delivered before the cut stays covered under the limit before it"
    )


class Recoveries(ConditionTerm):
    """How money that comes back is shared. A policy without this term: oldest invoice first, costs shared.

    Before the date of loss: ``oldest_first`` takes recoveries off the debt before the limit applies, ``pro_rata``
    shares them between the covered and the uncovered part. After it they are shared in proportion to each one's part
    of the eligible debt; first loss and maximum of the year are not reinstated.
    """

    kind: Literal["recoveries"] = "recoveries"
    before_code: Literal["oldest_first", "pro_rata"] = Field(
        "oldest_first", description="oldest_first: off the oldest invoice; pro_rata: off covered and uncovered part"
    )
    is_cost_shared: bool = Field(
        True, strict=True, description="the insurer bears its share of the collection costs; false: the insured all"
    )
