"""Settings of what is asked of a policy beyond its price: other designs, other assumptions, other terms, a bad year."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings

Share = Annotated[float, Field(gt=0, le=1)]
Multiple = Annotated[float, Field(ge=0, le=100)]
Probability = Annotated[float, Field(ge=0, le=1)]
MAXIMUM_DESIGNS = 5_000


class FrontierSettings(StageSettings):
    """Designs laid around each quote, and the technical price that stands in for quotes nobody has made."""

    insured_ratios: tuple[Share, ...] = Field(
        (0.80, 0.90, 0.95), description="insured shares of named customers; the share of the others moves in proportion"
    )
    first_loss_multiples: tuple[Multiple, ...] = Field(
        (0.0, 0.5, 1.0, 2.0),
        description="aggregate first loss, in multiples of the mean loss of a year without policy; source: usual first "
        "losses lie near the expected loss of a year or at a multiple of it",
    )
    discretionary_multiples: tuple[Multiple, ...] = Field(
        (1.0, 2.0), description="discretionary limit, in multiples of the quote's"
    )
    limit_multiples: tuple[Multiple, ...] = Field(
        (1.0,), description="named limits, in multiples of those granted; a refusal stays a refusal"
    )
    maximum_multiples: tuple[Multiple, ...] = Field(
        (20.0, 40.0),
        description="maximum liability as an amount, in multiples of the quote's premium; source: 20 to 40 times the "
        "premium is usual",
    )
    fixed_share_ratio: float = Field(
        0.25,
        ge=0,
        le=1,
        description="technical price: share of the quote's premium that stays whatever the design (information, "
        "monitoring, administration), 0-1; a judgement",
    )
    tail_charge_ratio: float = Field(
        0.0,
        ge=0,
        le=1,
        description="technical price: charge on the expected shortfall beyond the mean of the indemnities, at the "
        "confidence of the run, 0-1; 0 = price in proportion to the mean alone; a judgement, raise it and the far "
        "layers cost more",
    )
    charge_ratios: tuple[Probability, ...] = Field(
        (0.0, 0.04, 0.08, 0.12, 0.16, 0.20),
        min_length=1,
        description="capital charges for which the best design is shown, 0-1",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        axes = (
            self.insured_ratios,
            self.first_loss_multiples,
            self.discretionary_multiples,
            self.limit_multiples,
            self.maximum_multiples,
        )
        n = 1
        for axis in axes:
            n *= len(set(axis)) + 1
        if n > MAXIMUM_DESIGNS:
            raise ValueError(
                f"up to {n} designs with the quote's own values; at most {MAXIMUM_DESIGNS}; shorten a list"
            )
        return self


class TornadoSettings(StageSettings):
    """Low and high value of each assumption; the others stay at the setting."""

    pd_multiples: tuple[Multiple, Multiple] = Field(
        (0.75, 1.5), description="level of all PDs, in multiples, at most 1 for a customer; a judgement"
    )
    correlation_multiples: tuple[Multiple, Multiple] = Field(
        (0.5, 2.0),
        description="asset correlations (gamma: variance of the common factor), in multiples; source: 0.12 to 0.24 "
        "for corporates in CRE31 is a factor of two; for smaller firms less",
    )
    lgd_multiples: tuple[Multiple, Multiple] = Field(
        (0.75, 1.25), description="mean loss given default, in multiples, at most 1; a judgement"
    )
    cut_probability_ratios: tuple[Probability, Probability] = Field(
        (0.0, 0.4), description="share of defaults before which the named limit was cut, 0-1; a judgement"
    )
    waiting_changes_days: tuple[int, int] = Field(
        (-60, 60), description="days on each waiting period, which stays at or above 0; a judgement"
    )


class PremiumSensitivitySettings(StageSettings):
    """What slow payment does to the price of cover, and to cover."""

    loading_ratios: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        (0.0, 0.03, 0.06, 0.09, 0.12, 0.15),
        min_length=1,
        description="loadings of the premium shown; source: a high DSO can raise the premium by up to 15 %",
    )
    cover_cut_ratios: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.10), min_length=1, description="cuts of all limits shown beside them, 0-1; a judgement"
    )
    sector_dso_days: float = Field(
        45.0, gt=0, le=365, description="DSO up to which there is no loading; source: sector means of 30 to 45 days"
    )
    full_dso_days: float = Field(
        70.0,
        gt=0,
        le=365,
        description="DSO from which the loading is full; straight line between; source: the studied rise from 45 to "
        "70 days within six months; a judgement",
    )
    maximum_loading_ratio: float = Field(
        0.15, ge=0, le=1, description="full loading of the premium; source: up to 15 %"
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.full_dso_days <= self.sector_dso_days:
            raise ValueError(
                f"full_dso_days {self.full_dso_days:g} must be above sector_dso_days {self.sector_dso_days:g}"
            )
        return self


class LongerTermsSettings(StageSettings):
    """Longer payment terms for covered customers, and what they must bring."""

    extra_days: int = Field(15, ge=0, le=180, description="days added to the terms of covered customers")
    margin_ratio: float = Field(
        0.25, gt=0, le=1, description="contribution margin, share of the price before tax; a judgement, enter your own"
    )
    sales_gain_ratio: float = Field(
        0.0,
        ge=0,
        le=5,
        description="sales gained with these customers by the longer terms; 0 = none assumed: the table then says "
        "which gain would pay for them",
    )


class PolicyStressSettings(StageSettings):
    """Bad years a policy must answer for."""

    n_buyers: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        (1, 3), description="scenarios: so many of the largest exposures default together"
    )
    n_sectors: int = Field(3, ge=0, le=50, description="scenarios: the sectors with the largest exposure, one each")
    sector_pd_multiple: float = Field(
        3.0, ge=1, le=100, description="PDs of a shocked sector, in multiples, at most 1; a judgement"
    )


class DesignSettings(StageSettings):
    """Designs, assumptions, terms and bad years for which each policy is settled again."""

    frontier: FrontierSettings = Field(default_factory=FrontierSettings)
    tornado: TornadoSettings = Field(default_factory=TornadoSettings)
    premium_sensitivity: PremiumSensitivitySettings = Field(default_factory=PremiumSensitivitySettings)
    longer_terms: LongerTermsSettings = Field(default_factory=LongerTermsSettings)
    policy_stress: PolicyStressSettings = Field(default_factory=PolicyStressSettings)
