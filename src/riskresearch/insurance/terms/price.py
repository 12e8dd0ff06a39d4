"""Terms on the price: premium, fees, tax, and what a good or bad year changes: bonus, malus, profit share."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms.base import Amount, Country, PriceTerm, Ratio

Codes = npt.NDArray[np.object_]
LossRatio = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]


class Premium(PriceTerm):
    """Premium of the year: a rate on what is declared, with a minimum.

    A customer pays the rate of its country where that has one, else the rate of its sector, else the general rate.
    """

    kind: Literal["premium"] = "premium"
    rate_ratio: Ratio = Field(description="premium per unit of its base, 0-1 (0.0018 = 0.18 %)", examples=[0.0018])
    country_rates: Mapping[Country, Ratio] = Field(
        default_factory=dict, description="own rate of customers of a country, by ISO code, 0-1"
    )
    sector_rates: Mapping[str, Ratio] = Field(
        default_factory=dict, description="own rate of customers of a sector, by sector code, 0-1"
    )
    minimum_amount: Amount = Field(0.0, description="premium due whatever is declared, policy currency")
    base_code: Literal[
        "insurable_turnover", "covered_turnover", "covered_exposure", "accepted_limits", "maximum_liability"
    ] = Field(
        "insurable_turnover",
        description="what the rate applies to: yearly sales to all insurable customers, or to those with a limit above "
        "zero; debts within the limits; named limits; or the fixed maximum liability",
    )
    deposit_ratio: Ratio = Field(
        1.0, description="share of the premium paid at the start; the rest is the adjustment at the end of the year"
    )
    dso_loading_ratio: Ratio = Field(
        0.0, description="surcharge on the rates for customers that pay later than the sector's, 0-1"
    )

    @model_validator(mode="after")
    def _base_has_segments(self) -> Self:
        if self.base_code == "maximum_liability" and (self.country_rates or self.sector_rates):
            raise ValueError("a premium on the maximum liability has one rate: leave country_rates and sector_rates")
        return self

    def rates(self, country_code: Codes, sector_code: Codes) -> Array:
        """Return the rate of each customer; unknown country or sector (None, NaN) has no rate of its own.

        Examples
        --------
        >>> term = Premium(rate_ratio=0.002, country_rates={"IT": 0.004}, clause="example", source="example")
        >>> term.rates(np.array(["FR", "IT", None]), np.array([None, None, None])).tolist()
        [0.002, 0.004, 0.002]
        """
        pairs = zip(country_code, sector_code, strict=True)
        found = [self.country_rates.get(c, self.sector_rates.get(s, self.rate_ratio)) for c, s in pairs]
        return np.array(found, dtype="float64") * (1.0 + self.dso_loading_ratio)

    def amount(self, *, rated_amount: float) -> float:
        """Return the premium of the year before tax; `rated_amount` is the sum of rate x base."""
        return max(rated_amount, self.minimum_amount)


class Fees(PriceTerm):
    """Fees of the year: for each named limit in force, for each limit asked, and for the file."""

    kind: Literal["fees"] = "fees"
    per_limit_amount: Amount = Field(0.0, description="per named limit above zero and year, policy currency")
    per_request_amount: Amount = Field(0.0, description="per customer whose limit was asked, policy currency")
    fixed_amount: Amount = Field(0.0, description="per year, policy currency")

    def amount(self, *, n_limits: int, n_requests: int = 0) -> float:
        """Return the fees of the year before tax."""
        return n_limits * self.per_limit_amount + n_requests * self.per_request_amount + self.fixed_amount


class PremiumTax(PriceTerm):
    """Insurance premium tax on premium and fees; export credit insurance is exempt in France (CGI art. 995, 8)."""

    kind: Literal["premium_tax"] = "premium_tax"
    rate_ratio: Ratio = Field(description="tax rate, 0-1", examples=[0.09])
    taxable_ratio: Ratio = Field(1.0, description="taxable (domestic) share of premium and fees, 0-1")
    exempt_foreign: bool = Field(
        False,
        strict=True,
        description="taxable share from the book instead: the premium's share of customers of the home country; "
        "unknown countries count as home",
    )
    home_country_code: Country | None = Field(None, description="ISO code of the home country, with exempt_foreign")

    @model_validator(mode="after")
    def _has_home(self) -> Self:
        if self.exempt_foreign != (self.home_country_code is not None):
            raise ValueError("give exempt_foreign and home_country_code together, or neither")
        if self.exempt_foreign and "taxable_ratio" in self.model_fields_set:
            raise ValueError("give taxable_ratio, or exempt_foreign with home_country_code, not both")
        return self

    def effective_ratio(self, weights: Array, country_code: Codes) -> float:
        """Return the tax per unit of premium and fees.

        Parameters
        ----------
        weights : premium of each customer
        country_code : country of each customer, None or NaN = unknown

        Examples
        --------
        >>> term = PremiumTax(
        ...     rate_ratio=0.08, exempt_foreign=True, home_country_code="FR", clause="example", source="example"
        ... )
        >>> term.effective_ratio(np.array([30.0, 10.0]), np.array(["FR", "IT"]))
        0.06
        """
        if not self.exempt_foreign:
            return self.rate_ratio * self.taxable_ratio
        is_home = np.array([not isinstance(code, str) or code == self.home_country_code for code in country_code], bool)
        total = float(weights.sum())
        return self.rate_ratio * (float(weights[is_home].sum()) / total if total else 1.0)


class AdjustmentTerm(PriceTerm):
    """A price term that depends on the loss ratio of the year: (payouts - the insurer's recoveries) / premium."""

    def adjustment(self, indemnity: Array, *, premium_amount: float) -> Array:
        """Return what each year adds to the cost (below 0: comes back), policy currency.

        Parameters
        ----------
        indemnity : payouts less the insurer's recoveries of each insurance year, with VAT where the policy includes it
        premium_amount : premium of a year before tax
        """
        raise NotImplementedError


class Bonus(AdjustmentTerm):
    """No-claims bonus: a share of the premium comes back after a year whose loss ratio is at or below a bar.

    Usual: bar 0 (no claim at all), share 10 to 20 %.
    """

    kind: Literal["bonus"] = "bonus"
    loss_ratio_bar: LossRatio = Field(description="highest loss ratio that earns the bonus", examples=[0.0])
    share_ratio: Ratio = Field(description="share of the premium that comes back, 0-1", examples=[0.15])

    def adjustment(self, indemnity: Array, *, premium_amount: float) -> Array:
        """Return minus the bonus of each year.

        Examples
        --------
        >>> term = Bonus(loss_ratio_bar=0.0, share_ratio=0.25, clause="example", source="example")
        >>> term.adjustment(np.array([0.0, 1.0]), premium_amount=100.0).tolist()
        [-25.0, 0.0]
        """
        return np.where(indemnity <= self.loss_ratio_bar * premium_amount, -self.share_ratio * premium_amount, 0.0)


class MalusStep(BaseModel):
    """One step of a malus: from this loss ratio on, this surcharge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss_ratio: LossRatio = Field(description="loss ratio from which the surcharge is due")
    surcharge_ratio: Ratio = Field(description="surcharge, share of the premium, 0-1")


class Malus(AdjustmentTerm):
    """Malus: a surcharge on the premium that rises with the loss ratio of the year in steps."""

    kind: Literal["malus"] = "malus"
    steps: tuple[MalusStep, ...] = Field(
        min_length=1,
        description="loss ratio from which each surcharge is due; both rise",
        examples=[({"loss_ratio": 0.6, "surcharge_ratio": 0.1}, {"loss_ratio": 1.0, "surcharge_ratio": 0.25})],
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        ratios = [step.loss_ratio for step in self.steps]
        surcharges = [step.surcharge_ratio for step in self.steps]
        if ratios != sorted(set(ratios)) or surcharges != sorted(surcharges):
            raise ValueError("steps must rise: each loss_ratio above the one before, surcharge_ratio not below it")
        return self

    def adjustment(self, indemnity: Array, *, premium_amount: float) -> Array:
        """Return the surcharge of each year: that of the highest step reached.

        Examples
        --------
        >>> steps = ({"loss_ratio": 0.5, "surcharge_ratio": 0.1}, {"loss_ratio": 1.0, "surcharge_ratio": 0.25})
        >>> term = Malus(steps=steps, clause="example", source="example")
        >>> term.adjustment(np.array([0.0, 50.0, 99.0, 100.0]), premium_amount=100.0).tolist()
        [0.0, 10.0, 10.0, 25.0]
        """
        bars = np.array([step.loss_ratio * premium_amount for step in self.steps])
        surcharges = np.array([0.0, *(step.surcharge_ratio * premium_amount for step in self.steps)])
        return np.asarray(surcharges[np.searchsorted(bars, indemnity, side="right")])


class ProfitShare(AdjustmentTerm):
    """Profit sharing: the insured gets a share of what a part of the premium exceeds the claims by, year by year."""

    kind: Literal["profit_share"] = "profit_share"
    premium_share_ratio: Ratio = Field(description="part of the premium that claims are set against", examples=[0.7])
    share_ratio: Ratio = Field(description="share of the profit that comes back, 0-1", examples=[0.3])

    def adjustment(self, indemnity: Array, *, premium_amount: float) -> Array:
        """Return minus the share of each year: s x max(0, k x premium - claims).

        Examples
        --------
        >>> term = ProfitShare(premium_share_ratio=0.5, share_ratio=0.5, clause="example", source="example")
        >>> term.adjustment(np.array([10.0, 60.0]), premium_amount=100.0).tolist()
        [-20.0, 0.0]
        """
        profit = np.maximum(self.premium_share_ratio * premium_amount - indemnity, 0.0)
        return np.asarray(0.0 - self.share_ratio * profit)
