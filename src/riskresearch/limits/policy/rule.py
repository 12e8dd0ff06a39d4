"""Base of the parts of a credit policy, and the lists they choose from."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

SegmentCode = Literal["reliable", "to_watch", "risky", "defaulted"]
TenureCode = Literal["new", "established", "loyal"]
GuaranteeCode = Literal[
    "retention_of_title",
    "deposit",
    "bank_guarantee",
    "parent_guarantee",
    "documentary_credit",
    "standby_letter",
    "accepted_bill",
    "delegation_of_payment",
    "insured_limit",
]
ScenarioCode = Literal["reliable", "to_watch", "risky", "defaulted"]

SEGMENTS: tuple[str, ...] = get_args(SegmentCode)
"""From the best to the worst."""
TENURES: tuple[TenureCode, ...] = get_args(TenureCode)
GUARANTEES: tuple[str, ...] = get_args(GuaranteeCode)


class Rule(BaseModel):
    """Base of a part: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sourced(Rule):
    """A part that names where its values come from."""

    source: str = Field(min_length=3, description="law, committee, domain note or the company's own judgement")
