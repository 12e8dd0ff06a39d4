"""Settings of the insurance stage."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.design_settings import DesignSettings

BLOCK_YEARS = 1_000
TAIL_YEARS = 10
MINIMUM_BLOCKS = 2
Probability = Annotated[float, Field(ge=0, le=1)]
EventCode = Literal["insolvency", "protracted_default", "political"]


class DependenceSettings(StageSettings):
    """How defaults of one year hang together."""

    model_code: Literal["independent", "one_factor", "sector_factors", "student_t", "gamma"] = Field(
        "one_factor",
        description="independent; one_factor and sector_factors (Gaussian); student_t; gamma (CreditRisk+)",
    )
    correlation_ratio: float = Field(
        0.12,
        ge=0,
        le=0.9,
        description="asset correlation of any two customers, 0-1; source: Basel Framework CRE31, corporates lie "
        "between 0.12 and 0.24, the lower end for smaller and riskier firms; a judgement, vary it",
    )
    sector_correlation_ratio: float = Field(
        0.06,
        ge=0,
        le=0.9,
        description="sector_factors: asset correlation two customers of a sector have on top, 0-1; a judgement",
    )
    sector_axis: Literal["sector_code", "country_code"] = Field(
        "sector_code", description="sector_factors: column that names the factor of a customer; unknown = own group"
    )
    degrees_of_freedom: float = Field(
        6.0, gt=2, le=200, description="student_t: degrees of freedom; fewer = heavier common tails; a judgement"
    )
    gamma_variance: float = Field(
        0.6, gt=0, le=10, description="gamma: variance of the common factor with mean 1; a judgement"
    )
    gamma_sector_share_ratio: float = Field(
        0.0, ge=0, le=1, description="gamma: share of the common factor that is the sector's own"
    )
    pd_uncertainty: float = Field(
        0.0,
        ge=0,
        le=1,
        description="standard deviation of the level of all PDs, in probits (0.1: about a fifth up or down at 2 %)",
    )
    lgd_correlation_ratio: float = Field(
        0.0, ge=0, le=0.9, description="correlation of loss given default with the common factor, 0-1"
    )
    contagion_ratio: float = Field(
        0.0, ge=0, le=1, description="probability that a default takes another customer of its group with it, 0-1"
    )

    @model_validator(mode="after")
    def _leaves_own_risk(self) -> Self:
        if self.model_code == "sector_factors" and self.correlation_ratio + self.sector_correlation_ratio > 0.9:
            raise ValueError("correlation_ratio + sector_correlation_ratio must be at most 0.9")
        return self


class CutSettings(StageSettings):
    """The insurer cuts a limit before the customer defaults: it sees trouble first."""

    probability_ratio: float = Field(
        0.0, ge=0, le=1, description="share of defaults before which the named limit was cut; 0 = never"
    )
    lead_days: int = Field(45, ge=0, le=365, description="days between the cut and the default")
    remaining_ratio: float = Field(0.0, ge=0, le=1, description="limit left after the cut / limit before, 0-1")


class InsuranceSettings(StageSettings):
    """Insurance: simulated losses of a year and what a policy pays of them."""

    dependence: DependenceSettings = Field(default_factory=DependenceSettings)
    cuts: CutSettings = Field(default_factory=CutSettings)
    designs: DesignSettings = Field(default_factory=DesignSettings)
    actions: ActionSettings = Field(default_factory=ActionSettings)
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
    protracted_ratio: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of defaults that are protracted defaults, the others insolvencies; a judgement",
    )
    early_recovery_ratios: dict[EventCode, Probability] = Field(
        {"insolvency": 0.0, "protracted_default": 1.0, "political": 0.0},
        description="share of the recoveries that arrives before the date of loss, by event; a judgement: instalments "
        "of a late payer come within the waiting period, dividends of an insolvency years later",
    )
    collection_cost_ratio: float = Field(
        0.0, ge=0, le=1, description="cost of the recoveries after the indemnity, share of them"
    )
    political_probabilities: dict[str, Probability] = Field(
        default_factory=dict,
        description="probability within a year, by ISO country, of an event that stops all payments from the country",
    )
    use_season: bool = Field(True, description="exposure follows the customer's own months; false = the same all year")
    n_years: int = Field(
        20_000,
        ge=MINIMUM_BLOCKS * BLOCK_YEARS,
        le=1_000_000,
        multiple_of=BLOCK_YEARS,
        description=f"simulated policy years, a multiple of {BLOCK_YEARS}",
    )
    seed: int = Field(20_260_101, ge=0, lt=2**63, description="seed of the simulation; same seed, same losses")
    factor_shift: float = Field(
        0.0,
        ge=-4,
        le=0,
        description="mean of the common factor in the simulated years; below 0 more bad years are drawn and weighted "
        "down: sharper tail figures, less sharp means",
    )
    n_processes: int = Field(1, ge=1, le=64, description="processes that draw years; any number gives the same bytes")
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
    financing_rate_ratio: float = Field(
        0.05, ge=0, le=1, description="yearly rate at which the wait for an indemnity is financed, 0-1; a judgement"
    )
    own_admin_amount: float = Field(
        0.0, ge=0, description="own yearly cost of running a policy, run currency; 0 = not counted"
    )
    policies: tuple[str, ...] = Field(
        ("whole_turnover",),
        min_length=1,
        description="policies to compare with self-insurance: names of files in config/policies, or paths",
    )
    alternatives: tuple[str, ...] = Field(
        (), description="other options to compare: names of files in config/alternatives, or paths"
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
