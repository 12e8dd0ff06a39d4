"""Settings of the indicators of a policy and of what to do about them: windows, targets, thresholds."""

from typing import Annotated

from pydantic import Field

from riskresearch.base.config import StageSettings

Share = Annotated[float, Field(ge=0, le=1)]


class JustificationSettings(StageSettings):
    """When the seller's own file justifies a discretionary limit."""

    record_months: int = Field(12, ge=1, le=36, description="months a payment record or a report stays valid")
    minimum_receipts: int = Field(
        3, ge=1, description="receipts within 12 months that make a payment record; a judgement, read your policy"
    )
    maximum_late_days: float = Field(
        30.0, ge=0, description="mean days beyond terms up to which the record is a good one; a judgement"
    )


class CriteriaSettings(StageSettings):
    """Who should insure: thresholds of the five criteria and of the spread of the book."""

    home_country_code: str = Field("FR", pattern=r"^[A-Z]{2}$", description="the seller's country, ISO 3166")
    long_terms_days: float = Field(
        60.0,
        ge=0,
        description="mean agreed terms from which they are long; source: ceiling of Code de commerce L441-10",
    )
    big_customers_ratio: Share = Field(
        0.5, description="share of the ten largest customers in the turnover from which they are few; a judgement"
    )
    cyclical_sector_codes: tuple[str, ...] = Field(
        ("construction", "manufacturing", "automotive", "durable_goods"),
        description="sectors that follow the business cycle, as coded in customers",
    )
    cyclical_ratio: Share = Field(0.4, description="share of the turnover with them from which it counts; a judgement")
    sme_turnover_amount: float = Field(
        50_000_000.0,
        gt=0,
        description="yearly turnover below which the seller is a small or medium firm; source: EU 2003/361/EC",
    )
    company_age_years: float | None = Field(None, ge=0, description="age of the seller; null = not given")
    new_company_years: float = Field(5.0, gt=0, description="age below which the seller is new; a judgement")
    export_ratio: Share = Field(0.2, description="share of turnover abroad from which the seller exports; a judgement")
    scattered_customers: float = Field(
        50.0, gt=1, description="equivalent number of equal customers from which a book is scattered; a judgement"
    )
    concentrated_customers: float = Field(
        10.0, gt=1, description="equivalent number of equal customers below which a book is concentrated; a judgement"
    )
    evolving_ratio: Share = Field(
        0.2,
        description="share of the turnover with customers of less than a year from which the book moves; a judgement",
    )


class RuleSettings(StageSettings):
    """Thresholds of the rules that turn an indicator into an action."""

    acceptance_target_ratio: Share = Field(0.8, description="granted / requested below which requests are filed again")
    low_pd_factor: float = Field(
        1.0, gt=0, description="mean PD of a sector / of the book, by exposure, up to which we hold it to be sound"
    )
    main_cause_ratio: Share = Field(0.5, description="share of the uncovered amount from which a cause is the main one")
    deposit_ratio: Share = Field(0.3, description="deposit that is tried on refused customers, share of the exposure")
    dormant_fees_ratio: Share = Field(
        0.01, description="fees of dormant limits / premium from which the list is cleaned"
    )
    low_discretionary_loss_ratio: float = Field(
        0.001, ge=0, description="claims / turnover under the discretionary limit below which a higher one is asked"
    )
    high_discretionary_loss_ratio: float = Field(
        0.005, ge=0, description="claims / turnover under the discretionary limit above which files are tightened"
    )
    discretionary_factor: float = Field(2.0, gt=1, description="higher discretionary limit that is tried / today's")
    low_loss_ratio: float = Field(0.3, ge=0, description="loss ratio of three years below which better terms are asked")
    high_loss_ratio: float = Field(0.7, ge=0, description="loss ratio of three years above which a malus is expected")
    exhausted_ratio: Share = Field(
        0.005, description="share of years that use up the maximum from which a higher one is asked"
    )
    maximum_factor: float = Field(1.5, gt=1, description="higher maximum that is tried / today's")
    largest_ratio: float = Field(0.5, ge=0, description="largest insured amount / maximum from which it is watched")
    declaration_target_ratio: Share = Field(1.0, description="overdue invoices declared in time / due to be declared")
    cut_share_ratio: Share = Field(
        0.5, description="share of the cuts ahead of (or without) a rise of our own PD from which to act"
    )
    minimum_cuts: int = Field(5, ge=1, description="cuts from which their timing is judged")
    pd_rise_ratio: float = Field(1.5, gt=1, description="PD after / PD before from which it has risen")
    minimum_requests: int = Field(5, ge=1, description="answers of the insurer from which acceptance is judged")


class ActionSettings(StageSettings):
    """Indicators of a policy, and what to do about them."""

    window_months: int = Field(12, ge=1, le=60, description="months of decisions, deliveries and declarations")
    claims_months: int = Field(36, ge=12, le=120, description="months of past claims")
    dormant_months: int = Field(6, ge=1, le=36, description="months without debt after which a limit is dormant")
    tense_ratio: Share = Field(0.9, description="use of a limit from which it is tense")
    cut_window_days: int = Field(180, ge=1, le=730, description="days before a default in which a cut foresaw it")
    request_step_amount: float = Field(1_000.0, gt=0, description="limits are asked in multiples of this, run currency")
    declared_turnover_amount: float | None = Field(
        None, ge=0, description="turnover of 12 months declared to the insurer, run currency; null = not given"
    )
    past_premiums: dict[int, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="premium before tax of past calendar years, run currency"
    )
    net_margin_ratio: float | None = Field(
        None, gt=0, le=1, description="net margin of a sale, for the turnover that makes good a loss; null = not given"
    )
    services_avoided_amount: float = Field(
        0.0, ge=0, description="yearly cost of reports and collection the policy saves, run currency; 0 = not counted"
    )
    justification: JustificationSettings = Field(default_factory=JustificationSettings)
    criteria: CriteriaSettings = Field(default_factory=CriteriaSettings)
    rules: RuleSettings = Field(default_factory=RuleSettings)
