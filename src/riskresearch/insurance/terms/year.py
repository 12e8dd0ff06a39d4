"""Cover terms on the insurance year: budgets that the claims draw down in the order of their dates."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms.base import Amount, Country, Multiple, YearTerm


class CountryCap(YearTerm):
    """The insurer pays at most this in an insurance year for the customers of a country."""

    kind: Literal["country_cap"] = "country_cap"
    place: ClassVar[float] = 9.0
    reason: ClassVar[str] = "country_cap"
    is_borne_by_insured: ClassVar[bool] = False
    is_by_country: ClassVar[bool] = True
    amounts: Mapping[Country, Amount] = Field(
        min_length=1, description="maximum of the year by ISO code, policy currency", examples=[{"IT": 100_000.0}]
    )

    def budget(self, *, premium_amount: float) -> float:
        """Return the maximum of the year of all capped countries together."""
        return float(sum(self.amounts.values()))

    def country_budgets(self, country_codes: Sequence[str]) -> Array:
        """Return the maximum of the year of each country, infinite where there is none.

        Examples
        --------
        >>> CountryCap(amounts={"IT": 50.0}, clause="example", source="example").country_budgets(["FR", "IT"]).tolist()
        [inf, 50.0]
        """
        return np.array([self.amounts.get(code, np.inf) for code in country_codes], dtype="float64")


class AggregateFirstLoss(YearTerm):
    """The insured bears this amount of the insurance year's qualifying claims before the insurer pays."""

    kind: Literal["aggregate_first_loss"] = "aggregate_first_loss"
    place: ClassVar[float] = 10.0
    reason: ClassVar[str] = "aggregate_first_loss"
    is_borne_by_insured: ClassVar[bool] = True
    amount: Amount = Field(description="first loss of the insurance year, policy currency", examples=[20_000.0])

    def budget(self, *, premium_amount: float) -> float:
        """Return the first loss of the year."""
        return self.amount


class MaximumLiability(YearTerm):
    """The insurer pays at most this in an insurance year: a fixed amount, a multiple of the premium, or the larger."""

    kind: Literal["maximum_liability"] = "maximum_liability"
    place: ClassVar[float] = 11.0
    reason: ClassVar[str] = "maximum_liability"
    is_borne_by_insured: ClassVar[bool] = False
    amount: Amount | None = Field(None, description="fixed maximum, policy currency", examples=[500_000.0])
    premium_multiple: Multiple | None = Field(
        None, description="maximum as a multiple of the year's premium before tax", examples=[30.0]
    )

    @model_validator(mode="after")
    def _has_value(self) -> Self:
        if self.amount is None and self.premium_multiple is None:
            raise ValueError("give amount or premium_multiple (of both the larger counts); no maximum: no term")
        return self

    def budget(self, *, premium_amount: float) -> float:
        """Return the maximum of the year."""
        return max(self.amount or 0.0, (self.premium_multiple or 0.0) * premium_amount)
