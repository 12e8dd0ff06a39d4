"""What every term has: its clause and source; and the families of terms by what they act on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from riskresearch.insurance.claims import Array

Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Multiple = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Days = Annotated[int, Field(strict=True, ge=0, le=1_000)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Level(StrEnum):
    """What a term acts on."""

    DEBT = "debt"
    LOSS = "loss"
    CUSTOMER = "customer"
    YEAR = "year"


@dataclass(frozen=True)
class ClaimCover:
    """Cover in force for each claim, amounts in the basis of the policy (with or without VAT).

    Parameters
    ----------
    limit_amount : largest covered debt of the customer, before the insured share; 0 = no cover
    insured_ratio : insured share of the covered loss
    covered_amount : covered loss that qualifies: what is left after limit and threshold
    """

    limit_amount: Array
    insured_ratio: Array
    covered_amount: Array


class Term(BaseModel):
    """One term of a policy, with the clause it stands in and where its value comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    level: ClassVar[Level]

    kind: str
    clause: Text = Field(description="clause of the contract that holds the term")
    source: Text = Field(description="document the value was read from, or who decided it")


class EligibilityTerm(Term):
    """A term that takes a part of a debt out of cover, whatever the amount.

    ``is_last_delivered``: the part is what was delivered last, else it is spread evenly over the deliveries.
    """

    level: ClassVar[Level] = Level.DEBT
    reason: ClassVar[str]
    is_last_delivered: ClassVar[bool] = False


class ConditionTerm(Term):
    """A term that says how the other terms are read."""

    level: ClassVar[Level] = Level.DEBT


class CoverTerm(Term):
    """A term that takes something away from the indemnity."""

    place: ClassVar[float]
    reason: ClassVar[str]


class LossTerm(CoverTerm):
    """A cover term that looks at one claim at a time.

    ``sets_covered``: what it leaves is the covered loss of `ClaimCover` for the terms that follow.
    """

    level: ClassVar[Level] = Level.LOSS
    sets_covered: ClassVar[bool] = False

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return what is left of each claim after the term, between 0 and the amount that came in."""
        raise NotImplementedError


class YearTerm(CoverTerm):
    """A cover term that is a budget of the insurance year, used up by the claims in the order of their dates.

    ``is_borne_by_insured``: the insured bears the budget (a first loss), else the insurer pays at most the budget.
    ``is_by_country``: one budget for each country (see `country_budget`) instead of one for all claims.
    """

    level: ClassVar[Level] = Level.YEAR
    is_borne_by_insured: ClassVar[bool]
    is_by_country: ClassVar[bool] = False

    def budget(self, *, premium_amount: float) -> float:
        """Return the amount of the year; the premium is that of the year, before tax."""
        raise NotImplementedError


class PriceTerm(Term):
    """A term that makes the policy cost something."""

    level: ClassVar[Level] = Level.YEAR
