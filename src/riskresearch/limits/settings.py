"""Settings of the stage limits that are no part of the credit policy."""

from pydantic import Field

from riskresearch.limits.terms.settings import TermsSettings


class LimitSettings(TermsSettings):
    """Credit limits, terms and the replay of past years; the rules themselves are in the credit policy."""

    policy: str = Field("default", description="credit policy: a name in config/credit_policies or a YAML file")
    top_customers: tuple[int, ...] = Field(
        (1, 3, 5, 10), description="numbers of largest customers whose share of the expected loss is shown"
    )
    backtest_months: int = Field(
        24, ge=6, le=120, description="months before the date of the run on which the policy is replayed"
    )
    calibration_months: int = Field(
        48, ge=12, le=240, description="months before the date of the run from which limit factors are learnt"
    )
    delay_max_days: int = Field(
        30, ge=1, le=180, description="days for which a blocked order may wait for room before it is lost; judgement"
    )
    prepaid_ratio: float = Field(
        0.5, ge=0, le=1, description="share of blocked orders that customers pay in advance instead; judgement"
    )
    adoption_tolerance_ratio: float = Field(
        0.002,
        ge=0,
        le=0.1,
        description="loss of net result, share of sales, that adoption of a policy may risk; judgement",
    )
    n_bootstrap: int = Field(400, ge=50, le=10_000, description="samples of customers behind each interval")
    n_scenarios: int = Field(5_000, ge=500, le=100_000, description="simulated years behind the expected shortfall")
    insurer_notice_days: int = Field(
        10, ge=1, le=90, description="days to tell the insurer of a downgrade; the policy's own clause, judgement"
    )
    step_ratio: float = Field(
        1.0,
        gt=0,
        le=10,
        description="largest change of a limit in the optimum, share of the limit in force: 1 = to 0 or twice; "
        "judgement",
    )
    seed: int = Field(20_251_231, ge=0, description="seed of the scenarios and of the samples of customers")
