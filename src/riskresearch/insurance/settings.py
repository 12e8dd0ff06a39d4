"""Settings of the insurance stage."""

from typing import Self

from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings

BLOCK_YEARS = 1_000
TAIL_YEARS = 10
MINIMUM_BLOCKS = 2


class InsuranceSettings(StageSettings):
    """Insurance: simulated losses of a year and what a policy pays of them."""

    correlation_ratio: float = Field(
        0.12,
        ge=0,
        le=0.9,
        description="asset correlation of any two customers, 0-1; source: Basel Framework CRE31, corporates lie "
        "between 0.12 and 0.24, the lower end for smaller and riskier firms; a judgement, vary it",
    )
    lgd_ratio: float = Field(
        0.40,
        ge=0,
        le=1,
        description="mean loss given default of customers without an estimate of their own, 0-1; source: Basel "
        "Framework CRE32, senior unsecured claims on corporates; a judgement, replace it by own recoveries",
    )
    lgd_concentration: float | None = Field(
        5.0,
        gt=0,
        le=1e6,
        description="a + b of the beta law of loss given default: the larger, the closer to its mean; null = always "
        "the mean; source: beta(2, 3), a judgement",
    )
    n_years: int = Field(
        20_000,
        ge=MINIMUM_BLOCKS * BLOCK_YEARS,
        le=1_000_000,
        multiple_of=BLOCK_YEARS,
        description=f"simulated policy years, a multiple of {BLOCK_YEARS}",
    )
    seed: int = Field(20_260_101, ge=0, lt=2**64, description="seed of the simulation; same seed, same losses")
    confidence_ratio: float = Field(
        0.995,
        ge=0.5,
        lt=1,
        description="confidence of value at risk and expected shortfall, 0-1; source: Solvency II, one year at 99.5 %",
    )
    capital_charge_ratio: float = Field(
        0.08,
        ge=0,
        le=1,
        description="yearly cost of a unit of economic capital (expected shortfall minus mean), 0-1; source: the "
        "company's cost of capital, a judgement",
    )
    policies: tuple[str, ...] = Field(
        ("whole_turnover",),
        min_length=1,
        description="policies to compare with self-insurance: names of files in config/policies, or paths",
    )
    deliveries_after_days: int = Field(
        30,
        ge=0,
        le=180,
        description="days of deliveries after the first unpaid due date, before the account is stopped; source: "
        "maximum extension periods of 30 to 60 days, assurance-credit-entreprise.fr",
    )
    quantile_ratios: tuple[float, ...] = Field(
        (0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999),
        description="confidences at which quantiles of a year's losses are shown, 0-1",
    )

    @model_validator(mode="after")
    def _tail_is_filled(self) -> Self:
        if self.n_years * (1 - self.confidence_ratio) < TAIL_YEARS - 1e-9:
            raise ValueError(
                f"n_years {self.n_years} leaves fewer than {TAIL_YEARS} years beyond confidence_ratio "
                f"{self.confidence_ratio}; raise n_years or lower confidence_ratio"
            )
        wrong = [ratio for ratio in self.quantile_ratios if not 0 < ratio < 1]
        if wrong or list(self.quantile_ratios) != sorted(set(self.quantile_ratios)):
            raise ValueError(f"quantile_ratios {self.quantile_ratios} must rise strictly and lie between 0 and 1")
        return self
