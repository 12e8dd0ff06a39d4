"""Appetite, economics, methods, movement of limits, reviews, overrides, countries, currencies and guarantees."""

from datetime import date
from typing import Literal

from pydantic import Field

from riskresearch.limits.policy.rule import GuaranteeCode, Rule, SegmentCode, Sourced


class Appetite(Sourced):
    """How much risk management accepts in a year; what it signs."""

    expected_loss_ratio: float = Field(gt=0, le=0.2, description="expected loss, share of sales on account")
    customer_loss_ratio: float = Field(gt=0, le=0.1, description="expected loss on one customer, share of own sales")
    shortfall_ratio: float = Field(gt=0, le=1, description="expected shortfall of a year's losses, share of own sales")
    confidence_ratio: float = Field(gt=0.5, lt=1, description="confidence of the expected shortfall")
    customer_share_ratio: float = Field(
        gt=0, le=1, description="largest limit of a customer, share of own yearly sales"
    )
    group_share_ratio: float = Field(gt=0, le=1, description="limits of a group, share of own yearly sales")
    sector_share_ratio: float = Field(gt=0, le=1, description="limits of a sector, share of all limits")
    country_share_ratio: float = Field(
        gt=0, le=1, description="limits of a country other than the home country, share of all limits"
    )


class Economics(Sourced):
    """What selling on account earns and costs."""

    margin_ratio: float = Field(gt=0, lt=1, description="contribution margin, share of the price before tax")
    tax_ratio: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="value added tax on sales to customers of the home country, share of the price before it",
    )
    finance_ratio: float = Field(ge=0, le=0.5, description="yearly cost of the money bound in receivables")
    operating_ratio: float = Field(ge=0, le=0.2, description="cost of credit management, share of sales")
    capital_charge_ratio: float = Field(ge=0, le=1, description="yearly return asked on economic capital")
    asset_correlation_ratio: float = Field(ge=0, lt=1, description="correlation of the one-factor model")
    draw_down_ratio: float = Field(
        ge=0, le=5, description="exposure at default above the present exposure (0.2 = 20 %)"
    )
    relation_months: int = Field(ge=1, le=240, description="months of future margin that count for a lasting relation")
    monthly_churn_ratio: float = Field(
        ge=0, lt=1, description="share of customers that leave for other reasons, a month"
    )


class Question(Rule):
    """Methods that answer one of the four questions, and how their amounts are joined."""

    methods: tuple[str, ...] = Field(min_length=1, description="names of limit methods")
    join: Literal["smallest", "largest", "mean"] = Field(description="where more than one gives an amount")


class Methods(Rule):
    """The four numbers of a limit: need, capacity, risk, cap. The smallest of them binds."""

    need: Question
    capacity: Question
    risk: Question
    cap: Question


class Movement(Sourced):
    """How limits and segments move: down at once, up slowly."""

    upgrade_reviews: int = Field(
        ge=1, le=12, description="good month-end reviews in a row before a segment is left upwards"
    )
    upgrade_band_ratio: float = Field(
        ge=0, lt=1, description="a better segment is entered only below its bounds by this share"
    )
    raise_max_ratio: float = Field(gt=0, le=5, description="largest raise within raise_months, share of the limit")
    raise_months: int = Field(ge=1, le=24, description="months within which raise_max_ratio holds")
    need_memory_months: int = Field(
        ge=1, le=36, description="a lower need lowers a limit no further than the highest need of so many months"
    )
    keep_ratio: float = Field(ge=0, lt=1, description="smaller changes, share of the limit in force, are not made")
    rounding_amount: float = Field(gt=0, description="limits are rounded down to a multiple of this, run currency")
    reversal_days: int = Field(ge=1, le=365, description="a change back within so many days counts as a reversal")
    temporary_max_ratio: float = Field(ge=0, le=5, description="largest temporary increase, share of the limit")
    temporary_max_months: int = Field(ge=1, le=12, description="longest temporary increase")


class Triggers(Sourced):
    """What calls for a review before its time."""

    n_grades_worse: int = Field(ge=1, le=9, description="grades lost since the review before")
    past_due_days: int = Field(ge=1, le=360, description="oldest item past due by more than so many days")
    use_ratio: float = Field(gt=0, le=2, description="use of the limit above which a day counts")
    use_days: int = Field(ge=1, le=30, description="so many such days within use_window_days")
    use_window_days: int = Field(ge=1, le=92, description="days looked back on")
    accounts_max_months: int = Field(ge=6, le=60, description="accounts older than so many months")
    silence_months: int = Field(ge=1, le=36, description="first order after so many months without any")
    external_downgrade_months: int = Field(ge=1, le=12, description="months for which a downgrade counts")
    insurer_cut_months: int = Field(ge=1, le=12, description="months for which a cut of the insurer counts")


class ApprovalLevel(Rule):
    """Who may approve up to which unsecured amount."""

    approver_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    up_to_amount: float | None = Field(None, gt=0, description="unsecured limit up to, run currency; empty = no bound")


class Overrides(Sourced):
    """Decisions against the proposal: who, why, for how long."""

    reason_codes: tuple[str, ...] = Field(min_length=1)
    levels: tuple[ApprovalLevel, ...] = Field(min_length=1, description="from the lowest to the highest")
    four_eyes_amount: float = Field(ge=0, description="unsecured limit from which a second approver is needed")
    requester_codes: tuple[str, ...] = Field(("sales",), description="may ask, not approve")
    max_months: int = Field(ge=1, le=24, description="longest validity of an override")
    rate_target_ratio: float = Field(gt=0, lt=1, description="share of decisions that may be overridden")
    repeat_count: int = Field(ge=2, le=10, description="overrides of one customer from which they are repeated")


class CountryRule(Sourced):
    """What selling to a country asks for; `*` stands for every country without a line of its own."""

    country_code: str = Field(pattern=r"^([A-Z]{2}|\*)$")
    open_account: bool = Field(description="sales without security; false = only against documentary credit or cash")
    check_new_customers: bool = Field(description="a new customer has no limit before the three checks pass")
    max_terms_days: int = Field(ge=0, le=365, description="longest terms of the company; the law may ask for less")
    late_fee_amount: float = Field(ge=0, description="fixed sum for each late invoice, run currency")
    late_interest_code: Literal["french_law", "eu_directive", "contract", "none"]
    late_interest_ratio: float = Field(
        0.0, ge=0, le=1, description="yearly rate of the contract; under French law 0 = nothing agreed, the legal rate"
    )
    limit_factor: float = Field(
        1.0, ge=0, le=1, description="what may be risked is lowered to this share for transfer and political risk"
    )
    total_limit_amount: float | None = Field(None, gt=0, description="limits of the country in all, run currency")


class CurrencyRule(Sourced):
    """Currency of invoices other than the run's; `*` stands for the others."""

    currency_code: str = Field(pattern=r"^([A-Z]{3}|\*)$")
    haircut_ratio: float = Field(
        ge=0, lt=1, description="what may be risked is lowered by this share for moves of the rate"
    )


class GuaranteeRule(Sourced):
    """What a security is worth."""

    guarantee_code: GuaranteeCode
    recognised_ratio: float = Field(ge=0, le=1, description="share of its amount that lowers the exposure")


class RevenueShare(Rule):
    """Shares of net worth and revenue of a grade, where they differ from the segment's."""

    grade_code: str = Field(min_length=1)
    net_worth_ratio: float = Field(ge=0, le=1)
    revenue_ratio: float = Field(ge=0, le=1)


class SegmentException(Rule):
    """Customers for whom the insurer, management or the law lays down a segment or a smallest limit."""

    customer_id: str
    segment_code: SegmentCode | None = None
    floor_amount: float = Field(0.0, ge=0, description="smallest limit of a strategic customer, run currency")
    reason: str = Field(min_length=3)
    approver_code: str
    start_date: date | None = Field(None, description="first day it holds; empty = since ever")
    end_date: date = Field(description="last day it holds")
