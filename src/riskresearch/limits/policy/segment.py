"""A segment of the policy: who belongs to it, and what it may have."""

from typing import Literal, Self

from pydantic import Field, model_validator

from riskresearch.limits.policy.rule import TENURES, GuaranteeCode, Rule, ScenarioCode, SegmentCode, Sourced, TenureCode


class EntryConditions(Rule):
    """All must hold; an empty bound asks nothing. A value that is not known is told apart, see `Segment`."""

    pd_max_ratio: float | None = Field(None, ge=0, le=1, description="probability of default up to (included)")
    days_beyond_terms_max: float | None = Field(None, ge=0, description="mean days beyond terms up to, 12 months")
    past_due_max_days: int | None = Field(None, ge=0, description="oldest open item past due by up to so many days")
    n_incidents_max: int | None = Field(None, ge=0, description="incidents of 12 months up to")
    n_signals_max: int | None = Field(None, ge=0, description="early warnings that stand, medium or high, up to")


class TermsOffer(Rule):
    """Longest payment terms of a tenure."""

    max_days: int = Field(ge=0, le=365, description="longest terms kept")
    below_law_days: int = Field(0, ge=0, le=365, description="days the terms stay below the law")
    request_days: int = Field(0, ge=0, le=365, description="longest terms granted on request; 0 = none")


class Segment(Sourced):
    """Who belongs to a segment, and limit, terms, guarantees, review and dunning of its customers.

    A customer without a PD is at best in the second segment. Days beyond terms that are not known break no
    condition: nothing has been paid yet, and the rule for new customers holds.
    """

    segment_code: SegmentCode
    entry: EntryConditions = Field(default_factory=EntryConditions)
    need_factor: float = Field(ge=0, le=5, description="share of the need that may be granted")
    net_worth_ratio: float = Field(ge=0, le=1, description="share of the customer's tangible net worth")
    revenue_ratio: float = Field(ge=0, le=1, description="share of the customer's yearly revenue")
    insurer_cap_code: Literal["none", "uninsured_share", "insured_only"] = Field(
        description="none: the insurer's limit does not bind; uninsured_share: the part that is not insured stays "
        "within uninsured_max_amount; insured_only: no more than the insurer's limit, nothing without one"
    )
    uninsured_max_amount: float = Field(0.0, ge=0, description="part above the insurer's limit, run currency")
    terms: dict[TenureCode, TermsOffer] = Field(description="longest terms by tenure")
    deposit_ratio: float = Field(0.0, ge=0, le=1, description="share of an order paid before delivery")
    guarantees_required: tuple[GuaranteeCode, ...] = Field((), description="one of these must be in force")
    guarantees_wanted: tuple[GuaranteeCode, ...] = Field((), description="asked for, not a condition")
    review_months: int = Field(ge=1, le=24, description="months between two reviews; also how long the limit is valid")
    dunning_scenario_code: ScenarioCode = Field(description="scenario of dunning")

    @model_validator(mode="after")
    def _each_tenure_has_terms(self) -> Self:
        missing = [tenure for tenure in TENURES if tenure not in self.terms]
        if missing:
            raise ValueError(f"terms of segment {self.segment_code}: no line for {', '.join(missing)}")
        return self


class NewCustomerRule(Sourced):
    """Overlay for customers with little history: the limit starts from the first orders of the sector."""

    paid_invoices_max: int = Field(ge=0, le=100, description="new with fewer paid invoices than this")
    tenure_max_months: float = Field(ge=0, le=60, description="new for at most so many months")
    first_order_multiple: float = Field(
        gt=0, le=20, description="limit up to so many median first orders of the sector"
    )
    check_required: bool = Field(description="no limit before the three checks on accounts, debt and proceedings pass")
    review_after_payments: int = Field(ge=1, le=50, description="review after so many payments")
    opening_limit_amount: float = Field(
        ge=0, description="limit of a new customer where its sector has no first orders"
    )
