"""Rows of the rule tables in the settings: a step of dunning, a legal ceiling, a rule of terms."""

from datetime import date
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

SegmentCode = Literal["reliable", "to_watch", "risky", "defaulted"]
StepAction = Literal[
    "statement", "reminder", "call", "warning", "delivery_stop", "formal_notice", "collection", "legal", "decide"
]
ActivityCode = Literal["general", "transport", "perishable_food", "fresh_meat", "alcohol", "periodic"]
TenureCode = Literal["new", "established", "loyal"]

SEGMENTS: tuple[str, ...] = get_args(SegmentCode)
STEP_ACTIONS: tuple[str, ...] = get_args(StepAction)
TENURES: tuple[str, ...] = get_args(TenureCode)


class Rule(BaseModel):
    """Base of a row: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Rule):
    """A step of a scenario of dunning."""

    segment_code: Literal["reliable", "to_watch", "risky", "defaulted", "new"]
    day: int = Field(ge=-90, le=360, description="day against the due date; negative = before")
    action_code: StepAction
    level: int = Field(ge=1, le=5, description="tone of the message: 1 courteous, 3 firm, 5 formal")
    minimum_amount: float = Field(0.0, ge=0, description="smallest open amount of an item, run currency")


class Ceiling(Rule):
    """Longest lawful terms, in days from the date of invoice."""

    country_code: str = Field(description="ISO 3166 alpha-2 country of the buyer, or EU", min_length=2, max_length=2)
    activity_code: ActivityCode = "general"
    buyer_code: Literal["any", "public"] = "any"
    start_date: date
    max_days: int = Field(ge=0, le=365)
    source: str = Field(min_length=3)


class TermsRule(Rule):
    """Longest terms of a segment and tenure."""

    segment_code: SegmentCode
    tenure_code: TenureCode
    max_days: int = Field(ge=0, le=365, description="longest terms kept")
    below_law_days: int = Field(0, ge=0, le=365, description="days the terms stay below the law")
    request_days: int = Field(0, ge=0, le=365, description="longest terms granted on request; 0 = none")
