"""A row of the rule table in the settings: a step of dunning."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

SegmentCode = Literal["reliable", "to_watch", "risky", "defaulted"]
StepAction = Literal[
    "statement", "reminder", "call", "warning", "delivery_stop", "formal_notice", "collection", "legal", "decide"
]

SEGMENTS: tuple[str, ...] = get_args(SegmentCode)
STEP_ACTIONS: tuple[str, ...] = get_args(StepAction)


class Step(BaseModel):
    """A step of a scenario of dunning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment_code: Literal["reliable", "to_watch", "risky", "defaulted", "new"]
    day: int = Field(ge=-90, le=360, description="day against the due date; negative = before")
    action_code: StepAction
    level: int = Field(ge=1, le=5, description="tone of the message: 1 courteous, 3 firm, 5 formal")
    minimum_amount: float = Field(0.0, ge=0, description="smallest open amount of an item, run currency")
