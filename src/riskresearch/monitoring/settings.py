"""Settings of the monitoring stage: scenarios of dunning, instalment plans, bank details."""

from typing import Self

from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.monitoring.defaults import SCENARIOS
from riskresearch.monitoring.rules import SegmentCode, Step


class DunningSettings(StageSettings):
    """Dunning: the scenarios and what interrupts them."""

    scenario_steps: tuple[Step, ...] = Field(
        SCENARIOS,
        min_length=1,
        description="steps of the scenarios: segment, day against the due date, action, message level 1 courteous to "
        "5 formal, smallest open amount; segment `new` is laid over the others; source: domain note C8, judgement",
    )
    unscored_segment_code: str = Field(
        "to_watch", description="scenario of customers without a segment; judgement: no blind trust"
    )
    watched_delay_days: float = Field(
        10, ge=0, le=365, description="mean delay above which a customer gets the scenario `to_watch`; source: C3"
    )
    risky_delay_days: float = Field(
        30, ge=0, le=365, description="mean delay above which a customer gets the scenario `risky`; source: C3"
    )
    risky_past_due_days: int = Field(
        60, ge=0, le=365, description="oldest overdue invoice above which the scenario is `risky`; source: C3"
    )
    signal_days: int = Field(90, ge=1, le=365, description="days for which a warning counts; judgement")
    signal_severity_codes: tuple[str, ...] = Field(
        ("medium", "high"),
        description="severities of warnings that bring a customer into the scenario `to_watch`; source: C3, one signal",
    )
    step_gap_days: int = Field(
        3, ge=0, le=30, description="days between an act on an invoice and the next step; judgement, C8 has 4 or more"
    )
    answer_days: dict[str, int] = Field(
        {"statement": 0, "formal_notice": 8},
        description="days the customer is given to answer, by action, where they differ from step_gap_days; "
        "source: 8 days after a formal notice are usual, judgement",
    )
    notice_before_legal: bool = Field(
        True,
        description="collection and legal steps wait for a formal notice, and that for an earlier act; "
        "source: Code civil art. 1344, judgement",
    )
    promise_pause_days: int = Field(
        2, ge=0, le=30, description="a promise pauses the flow up to and including so many days after it; source: C8"
    )
    promises_allowed: int = Field(
        2, ge=1, le=10, description="after so many broken promises a new one pauses nothing; source: domain note B6"
    )
    small_item_amount: float = Field(
        100, ge=0, description="items below this, run currency, wait for the customer's next contact or the month end"
    )
    declare_overdue_days: int | None = Field(
        60,
        ge=1,
        le=360,
        description="days after the due date by which an unpaid invoice is declared to the insurer; table `cover` "
        "may say otherwise per policy; empty = no policy; source: 30 to 60 days, assurance-credit-entreprise.fr",
    )
    declare_ahead_days: int = Field(
        10, ge=0, le=60, description="days before that deadline from which the declaration comes first; judgement"
    )
    claim_months: int = Field(
        2,
        ge=1,
        le=12,
        description="months after the opening of insolvency proceedings to file the claim, counted from the date of "
        "the event; source: two months from publication, Code de commerce R622-24",
    )
    recovery_days: int = Field(
        180, ge=1, le=720, description="days past due at which recovery_ratio is reached; source: domain note C8"
    )
    recovery_ratio: float = Field(
        0.3, ge=0, le=1, description="chance to collect at recovery_days, 1 on the due date; source: domain note C8"
    )

    @model_validator(mode="after")
    def _steps_are_distinct(self) -> Self:
        days = [(step.segment_code, step.day) for step in self.scenario_steps]
        doubled = sorted({f"{segment} {day:+d}" for segment, day in days if days.count((segment, day)) > 1})
        if doubled:
            raise ValueError(f"scenario_steps: more than one step on {', '.join(doubled)}; keep one step a day")
        return self

    @model_validator(mode="after")
    def _segments_are_known(self) -> Self:
        known = {step.segment_code for step in self.scenario_steps} - {"new"}
        missing = sorted({"reliable", "to_watch", "risky", "defaulted"} - known)
        if missing:
            raise ValueError(f"scenario_steps: no step for {', '.join(missing)}; each segment needs one")
        if self.unscored_segment_code not in known:
            raise ValueError(f"unscored_segment_code {self.unscored_segment_code!r} is none of {sorted(known)}")
        return self


class InstalmentSettings(StageSettings):
    """Instalment plans for overdue amounts."""

    plan_segment_codes: tuple[SegmentCode, ...] = Field(
        ("reliable", "to_watch", "risky"), description="segments that may be offered a plan; judgement"
    )
    plan_floor_amount: float = Field(1000, gt=0, description="overdue amount from which a plan is worth it; judgement")
    plan_from_days: int = Field(
        15, ge=0, le=365, description="days past due of the oldest invoice from which a plan is offered; judgement"
    )
    plan_until_days: int = Field(
        90, ge=0, le=720, description="days past due of the oldest invoice up to which; source: amicable phase, C8"
    )
    plan_pd_max_ratio: float = Field(0.2, gt=0, le=1, description="highest PD that still looks solvent; judgement")
    plan_max_parts: int = Field(6, ge=2, le=24, description="most parts of a plan; judgement")
    plan_part_months: float = Field(
        0.5, gt=0, le=6, description="a part should not exceed so many months of the customer's purchases; judgement"
    )
    plan_first_ratio: float = Field(0.3, gt=0, lt=1, description="share of the first part, a token of good will")
    plan_first_days: int = Field(7, ge=1, le=60, description="days until the first part")
    plan_interval_days: int = Field(30, ge=7, le=92, description="days between two parts")
    plan_last_days: int = Field(
        180, ge=30, le=720, description="days within which the last part is paid; source: claim periods, judgement"
    )

    @model_validator(mode="after")
    def _first_part_is_in_time(self) -> Self:
        if self.plan_first_days > self.plan_last_days:
            raise ValueError(
                f"plan_first_days {self.plan_first_days} lies after plan_last_days {self.plan_last_days}; "
                "raise the one or lower the other"
            )
        return self


class BankSettings(StageSettings):
    """Control of customers' bank details."""

    bank_check_months: int = Field(12, ge=1, le=60, description="months a verification of bank details holds")
    bank_change_months: int = Field(12, ge=1, le=60, description="months of changes and new accounts that are listed")


class MonitoringSettings(DunningSettings, InstalmentSettings, BankSettings):
    """What changed and who must be called."""
