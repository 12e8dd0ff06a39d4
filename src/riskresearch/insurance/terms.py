"""Terms of a trade credit insurance policy: one small class a term, in the market's words.

To add a term, write one class here and one worked case in ``tests/cases/insurance``:

1. choose its parent: `LossTerm` (acts on each loss), `YearTerm` (a budget drawn down over the losses of a policy
   year) or `PriceTerm` (what the policy costs);
2. give it a ``kind`` (its name in the policy file), fields with a description and an example, and, if it acts on
   losses, its ``place`` in the wording and the ``reason`` under which the insured keeps what it takes away::

    class DeductedFirstLoss(LossTerm):
        \"\"\"Each-and-every first loss: the insured bears this amount of every loss, before the share.\"\"\"

        kind: Literal["deducted_first_loss"] = "deducted_first_loss"
        place: ClassVar[float] = 5.0
        reason: ClassVar[str] = "deducted_first_loss"
        amount: Amount = Field(description="borne per loss, policy currency", examples=[500.0])

        def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
            return np.maximum(amounts - self.amount, 0.0)

It then is read from policy files, takes its place in the waterfall, has its own line among the reasons for
retention, and is held to 0 <= payable <= amount, growth with the loss and scale by the property tests.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

Array = npt.NDArray[np.float64]
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]

NO_POLICY = "no_policy"
NO_COVER = "no_cover"


class Level(StrEnum):
    """What a term acts on."""

    LOSS = "loss"
    CUSTOMER = "customer"
    YEAR = "year"


@dataclass(frozen=True)
class ClaimCover:
    """Cover in force for each loss.

    Parameters
    ----------
    limit_amount : largest covered debt of the customer, before the insured share; 0 = no cover
    insured_ratio : insured share of the covered loss
    """

    limit_amount: Array
    insured_ratio: Array


class Term(BaseModel):
    """One term of a policy, with the clause it stands in and where its value comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    level: ClassVar[Level]

    kind: str
    clause: str = Field(min_length=1, description="clause of the contract that holds the term")
    source: str = Field(min_length=1, description="document the value was read from, or who decided it")


class CoverTerm(Term):
    """A term that takes something away from the indemnity."""

    place: ClassVar[float]
    reason: ClassVar[str]


class LossTerm(CoverTerm):
    """A cover term that looks at one loss at a time."""

    level: ClassVar[Level] = Level.LOSS

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return what is left of each loss after the term, between 0 and the amount that came in."""
        raise NotImplementedError


class YearTerm(CoverTerm):
    """A cover term that is an amount per policy year, used up by the losses in the order of their dates."""

    level: ClassVar[Level] = Level.YEAR
    is_borne_by_insured: ClassVar[bool]

    def budget(self, *, premium_amount: float) -> float:
        """Return the amount of the year; the premium is that of the year, before tax."""
        raise NotImplementedError


class PriceTerm(Term):
    """A term that makes the policy cost something, whatever the losses."""

    level: ClassVar[Level] = Level.YEAR


class BuyerLimit(LossTerm):
    """The insurer covers a customer up to the limit it granted by name, else up to the discretionary limit.

    A named limit of zero is a refusal and beats the discretionary limit; without named and discretionary limit
    the customer is not covered.
    """

    level: ClassVar[Level] = Level.CUSTOMER
    kind: Literal["buyer_limit"] = "buyer_limit"
    place: ClassVar[float] = 3.0
    reason: ClassVar[str] = "over_limit"
    discretionary_limit_amount: Amount = Field(
        description="covered debt of a customer without named limit, policy currency; 0 = named customers only",
        examples=[10_000.0],
    )

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the covered part of each loss."""
        return np.minimum(amounts, cover.limit_amount)


class Threshold(LossTerm):
    """Non-qualifying loss: a covered loss that is not above the threshold pays nothing and uses up no first loss.

    Above the threshold the loss counts from the first euro.
    """

    kind: Literal["threshold"] = "threshold"
    place: ClassVar[float] = 4.0
    reason: ClassVar[str] = "threshold"
    amount: Amount = Field(description="threshold per loss, policy currency", examples=[1_000.0])
    is_reached_at_equality: bool = Field(
        False, strict=True, description="a loss equal to the threshold qualifies (wording 'from' instead of 'above')"
    )

    def qualifies(self, amounts: Array) -> npt.NDArray[np.bool_]:
        """Tell which covered losses qualify."""
        return amounts >= self.amount if self.is_reached_at_equality else amounts > self.amount

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the qualifying losses; the others pay nothing."""
        return np.where(self.qualifies(amounts), amounts, 0.0)


class InsuredPercentage(LossTerm):
    """The insurer bears this share of the covered loss; the insured keeps the rest of every loss."""

    kind: Literal["insured_percentage"] = "insured_percentage"
    place: ClassVar[float] = 6.0
    reason: ClassVar[str] = "insured_share"
    named_ratio: Ratio = Field(description="insured share under a named limit, 0-1", examples=[0.9])
    discretionary_ratio: Ratio = Field(description="insured share under the discretionary limit, 0-1", examples=[0.6])

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the insured share of each loss."""
        return amounts * cover.insured_ratio


class AggregateFirstLoss(YearTerm):
    """The insured bears this amount of the policy year's qualifying claims before the insurer pays."""

    kind: Literal["aggregate_first_loss"] = "aggregate_first_loss"
    place: ClassVar[float] = 10.0
    reason: ClassVar[str] = "aggregate_first_loss"
    is_borne_by_insured: ClassVar[bool] = True
    amount: Amount = Field(description="first loss of the policy year, policy currency", examples=[20_000.0])

    def budget(self, *, premium_amount: float) -> float:
        """Return the first loss of the year."""
        return self.amount


class MaximumLiability(YearTerm):
    """The insurer pays at most this in a policy year: a fixed amount, a multiple of the premium, or the larger."""

    kind: Literal["maximum_liability"] = "maximum_liability"
    place: ClassVar[float] = 11.0
    reason: ClassVar[str] = "maximum_liability"
    is_borne_by_insured: ClassVar[bool] = False
    amount: Amount | None = Field(None, description="fixed maximum, policy currency", examples=[500_000.0])
    premium_multiple: Amount | None = Field(None, description="maximum as a multiple of the year's premium before tax")

    @model_validator(mode="after")
    def _has_value(self) -> Self:
        if self.amount is None and self.premium_multiple is None:
            raise ValueError("give amount or premium_multiple (of both the larger counts); no maximum: no term")
        return self

    def budget(self, *, premium_amount: float) -> float:
        """Return the maximum of the year."""
        return max(self.amount or 0.0, (self.premium_multiple or 0.0) * premium_amount)


class Premium(PriceTerm):
    """Premium of the year: a rate on the declared turnover, with a minimum."""

    kind: Literal["premium"] = "premium"
    rate_ratio: Ratio = Field(description="premium per unit of turnover, 0-1 (0.0018 = 0.18 %)", examples=[0.0018])
    minimum_amount: Amount = Field(0.0, description="premium due whatever the turnover, policy currency")
    base_code: Literal["insurable_turnover", "covered_turnover"] = Field(
        "insurable_turnover",
        description="turnover that is declared: of all insurable customers, or only of those with a limit above zero",
    )

    def amount(self, *, turnover_amount: float) -> float:
        """Return the premium of the year before tax."""
        return max(self.rate_ratio * turnover_amount, self.minimum_amount)


class Fees(PriceTerm):
    """Fees of the year: for each named limit in force, and for the file."""

    kind: Literal["fees"] = "fees"
    per_limit_amount: Amount = Field(0.0, description="per named limit above zero and year, policy currency")
    fixed_amount: Amount = Field(0.0, description="per year, policy currency")

    def amount(self, *, n_limits: int) -> float:
        """Return the fees of the year before tax."""
        return n_limits * self.per_limit_amount + self.fixed_amount


class PremiumTax(PriceTerm):
    """Insurance premium tax on premium and fees; export credit insurance is exempt in France (CGI art. 995, 8)."""

    kind: Literal["premium_tax"] = "premium_tax"
    rate_ratio: Ratio = Field(description="tax rate, 0-1", examples=[0.09])
    taxable_ratio: Ratio = Field(1.0, description="taxable (domestic) share of premium and fees, 0-1")

    @property
    def effective_ratio(self) -> float:
        """Tax per unit of premium and fees."""
        return self.rate_ratio * self.taxable_ratio


def _kinds(parent: type[Term]) -> dict[str, type[Term]]:
    found: dict[str, type[Term]] = {}
    for child in parent.__subclasses__():
        kind: Any = child.model_fields["kind"].default
        found |= {kind: child} if isinstance(kind, str) else _kinds(child)
    return found


TERMS: dict[str, type[Term]] = _kinds(Term)
COVER_TERMS: dict[str, type[CoverTerm]] = {k: c for k, c in TERMS.items() if issubclass(c, CoverTerm)}
RETENTION_REASONS: tuple[str, ...] = (
    NO_POLICY,
    NO_COVER,
    *(c.reason for c in sorted(COVER_TERMS.values(), key=lambda c: c.place)),
)
