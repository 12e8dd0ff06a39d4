"""Settings of the warnings: thresholds with their sources."""

from pydantic import Field

from riskresearch.behaviour.change_points import ChangeSettings
from riskresearch.behaviour.control_charts import ChartSettings

SEVERITIES = ("low", "medium", "high")


class WarningSettings(ChartSettings, ChangeSettings):
    """Warnings and the measure of their quality."""

    alarm_days: int = Field(90, ge=1, le=730, description="days that a warning from payments, once raised, stands")
    news_days: int = Field(180, ge=1, le=730, description="days that news (request, rating, insurer's cut) counts")
    legal_days: int = Field(365, ge=1, le=3650, description="days that a legal event counts; insolvency: until closed")
    history_min_days: int = Field(
        180, ge=30, le=1095, description="days a customer must be known before it is compared with its own past"
    )
    change_min_days: float = Field(5.0, ge=0, le=90, description="smallest rise of the level of days late, days")
    change_payments: int = Field(60, ge=10, le=500, description="latest payments in which a change of level is sought")
    volatility_payments: int = Field(
        5, ge=3, le=50, description="latest payments whose spread is compared; source: domain note B6"
    )
    volatility_ratio: float = Field(
        2.0, gt=1, le=10, description="spread of the latest payments over that before; source: domain note B6"
    )
    discount_stop_invoices: int = Field(
        3, ge=1, le=50, description="settled invoices without early-payment discount; source: domain note B6"
    )
    discount_taker_ratio: float = Field(
        0.5, gt=0, le=1, description="share of the invoices before with a discount that makes a discount taker"
    )
    own_percentile_ratio: float = Field(
        0.95, gt=0.5, lt=1, description="percentile of the own past that must be exceeded; source: domain note B6"
    )
    part_payment_days: int = Field(
        90, ge=14, le=365, description="days over which part and round payments are counted; source: domain note B6"
    )
    round_payment_amount: float = Field(
        100.0, gt=0, description="a receipt that is a multiple of this is a round sum, document currency"
    )
    dispute_days: int = Field(60, ge=7, le=365, description="days of new disputes; source: domain note B6")
    dispute_ratio: float = Field(
        2.0, ge=1, le=20, description="new disputes over the number the own rate foresees; source: domain note B6"
    )
    dispute_min_count: int = Field(2, ge=1, le=50, description="new disputes at least")
    promise_days: int = Field(60, ge=7, le=365, description="days of broken promises; source: domain note B6")
    promise_min_count: int = Field(2, ge=1, le=50, description="broken promises at least; source: domain note B6")
    promise_grace_days: int = Field(
        2, ge=0, le=30, description="days after the promised day that still keep the promise; source: domain note C8"
    )
    promise_kept_ratio: float = Field(
        0.95, gt=0, le=1, description="share of the promised amount that keeps a promise (bank charges, deductions)"
    )
    payer_min_receipts: int = Field(
        3, ge=1, le=100, description="receipts from known accounts before a new account is worth a check"
    )
    surge_ratio: float = Field(
        1.5, gt=1, le=20, description="open amount over its own 12-month mean; source: domain note B6"
    )
    stop_gap_ratio: float = Field(
        3.0, gt=1, le=50, description="days without invoice over the own median gap; source: domain note B6"
    )
    stop_min_gaps: int = Field(5, ge=2, le=100, description="gaps between invoice days the own rhythm is learnt from")
    stop_min_days: int = Field(30, ge=1, le=365, description="a shorter silence is no stop of orders")
    stop_max_days: int = Field(365, ge=30, le=3650, description="after so many days of silence the customer is lost")
    utilisation_bands: tuple[float, float, float] = Field(
        (0.80, 0.95, 1.00), description="open amount over the limit in force: low, medium, high; source: domain note B6"
    )
    oldest_item_bands_days: tuple[int, int, int] = Field(
        (30, 60, 90), description="days past due of the oldest open item: low, medium, high; source: domain note B6"
    )
    small_rest_amount: float = Field(
        20.0, ge=0, description="smaller open rests of an item are no sign of anything, run currency"
    )
    rating_scales: dict[str, tuple[str, ...]] = Field(
        {},
        description="grades of a rating provider from best to worst, {provider: [grades]}; without it a change on "
        "an unknown scale is shown to be checked, letter scales AAA to D are known",
    )
    downgrade_high_notches: int = Field(3, ge=1, le=20, description="notches down that make a downgrade severe")
    legal_severities: dict[str, str] = Field(
        {
            "insolvency": "high",
            "litigation": "high",
            "moratorium": "high",
            "legal_notice": "medium",
            "management_change": "low",
        },
        description="legal events and how severe they are; source: domain note B6",
    )
    area_percentile_ratio: float = Field(
        0.95, gt=0.5, lt=1, description="percentile of its own past that a sector or country must exceed"
    )
    area_windows: int = Field(
        24, ge=12, le=120, description="earlier 90-day windows a sector or country is compared with, one per 30 days"
    )
    area_min_customers: int = Field(5, ge=2, le=1000, description="paying customers of a sector or country at least")
    top_share_ratio: float = Field(
        0.5, gt=0, le=1, description="share of the 3 largest customers in sales; source: mission, capability 34"
    )
    severity_points: dict[str, float] = Field(
        {"low": 1.0, "medium": 2.0, "high": 4.0},
        description="points of a warning in the ranked list; judgement, measured in table alert_quality",
    )
    replay_months: int = Field(24, ge=3, le=120, description="past months on which the warnings are raised again")
    weekly_workload: int = Field(20, ge=1, le=10_000, description="customers that can be looked at in a week")
    outcome_late_days: int = Field(
        90, ge=1, le=365, description="what a warning should foresee: an item later than this, or default"
    )
    outcome_floor_amount: float = Field(
        500.0, ge=0, description="open amount a late item must exceed; source: Del. Reg. (EU) 2018/171, non-retail"
    )
    outcome_horizon_days: int = Field(
        180, ge=30, le=730, description="a warning is right where the outcome follows within so many days"
    )
    outcome_quiet_days: int = Field(
        90, ge=0, le=365, description="days without outcome after which a further one is a new one"
    )
    quality_min_cases: int = Field(10, ge=1, le=1000, description="alerts or outcomes a quality measure needs")
    simulated_series: int = Field(
        2000, ge=100, le=100_000, description="series simulated to measure false alarms under no change"
    )
    simulated_payments: int = Field(
        40, ge=15, le=1000, description="payments of a simulated series, those that are learnt from included"
    )
