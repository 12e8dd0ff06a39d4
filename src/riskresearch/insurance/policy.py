"""A policy: its terms, their order, and what it costs; read from a mapping such as a YAML file holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.insurance.terms import (
    TERMS,
    BuyerLimit,
    CoverTerm,
    Fees,
    InsuredPercentage,
    Premium,
    PremiumTax,
    Term,
)

SELF_INSURANCE = "self_insurance"
REQUIRED_KINDS = ("insured_percentage", "buyer_limit", "premium")

Kind = TypeVar("Kind", bound=Term)


class Order(StrEnum):
    """In which order share, aggregate first loss and maximum liability apply.

    ``A``: share, first loss on indemnities, maximum. ``B``: first loss and maximum on losses, share last.
    ``C``: first loss on losses, share, maximum on indemnities.
    """

    A = "A"
    B = "B"
    C = "C"


_MOVED: Mapping[Order, Mapping[str, float]] = {
    Order.A: {},
    Order.B: {"aggregate_first_loss": 5.5, "maximum_liability": 5.6},
    Order.C: {"aggregate_first_loss": 5.5},
}


@dataclass(frozen=True)
class Cost:
    """What a policy costs in a year, before any loss, in policy currency."""

    turnover_amount: float
    n_limits: int
    premium_amount: float
    fees_amount: float
    tax_amount: float
    tax_ratio: float

    @property
    def total_amount(self) -> float:
        """Premium, fees and tax."""
        return self.premium_amount + self.fees_amount + self.tax_amount


NO_COST = Cost(0.0, 0, 0.0, 0.0, 0.0, 0.0)


class Policy(BaseModel):
    """One policy or quote: who offers it, for which year, and its terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code, unique in a comparison")
    name: str = Field(min_length=1, description="name shown to readers")
    kind: Literal["whole_turnover"] = Field(description="whole turnover: every insurable customer is declared")
    status: Literal["in_force", "quote", "example"] = Field(description="signed, offered, or made up to show the use")
    insurer: str = Field(min_length=1, description="who offers the policy")
    currency_code: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 currency of every amount of the policy")
    start_date: date = Field(description="first day of the policy year")
    end_date: date = Field(description="last day of the policy year")
    order: Order = Field(Order.A, description="order of share, first loss and maximum: A, B or C")
    terms: tuple[SerializeAsAny[Term], ...] = Field(description="terms, each kind at most once")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        kinds = [term.kind for term in self.terms]
        doubled = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        missing = [kind for kind in REQUIRED_KINDS if kind not in kinds]
        if doubled or missing:
            raise ValueError(f"terms given twice: {doubled}; terms missing: {missing}; a policy needs {REQUIRED_KINDS}")
        if self.end_date <= self.start_date:
            raise ValueError(f"end_date {self.end_date} must be after start_date {self.start_date}")
        if self.policy_id == SELF_INSURANCE:
            raise ValueError(f"policy_id must not be {SELF_INSURANCE}, which names the option without policy")
        return self

    def find(self, kind: type[Kind]) -> Kind | None:
        """Return the term of a class, None where the policy lacks it."""
        return next((term for term in self.terms if isinstance(term, kind)), None)

    def term(self, kind: type[Kind]) -> Kind:
        """Return a term every policy has."""
        found = self.find(kind)
        if found is None:
            raise SettingsError(f"policy {self.policy_id}: has no term {kind.__name__}; add it to the policy file")
        return found

    @property
    def buyer_limit(self) -> BuyerLimit:
        """Limit per customer."""
        return self.term(BuyerLimit)

    @property
    def insured_percentage(self) -> InsuredPercentage:
        """Insured share."""
        return self.term(InsuredPercentage)

    @property
    def cover_terms(self) -> list[CoverTerm]:
        """Terms that reduce the indemnity, in the order in which they apply."""
        moved = _MOVED[self.order]
        cover = [term for term in self.terms if isinstance(term, CoverTerm)]
        return sorted(cover, key=lambda term: moved.get(term.kind, term.place))

    def cost(self, *, insurable_turnover_amount: float, covered_turnover_amount: float, n_limits: int) -> Cost:
        """Return premium, fees and tax of a year.

        Parameters
        ----------
        insurable_turnover_amount : yearly sales to insurable customers, policy currency
        covered_turnover_amount : the part of it with customers whose limit is above zero
        n_limits : named limits above zero
        """
        premium = self.term(Premium)
        is_all = premium.base_code == "insurable_turnover"
        turnover = insurable_turnover_amount if is_all else covered_turnover_amount
        fees, tax = self.find(Fees), self.find(PremiumTax)
        due = premium.amount(turnover_amount=turnover)
        fees_amount = fees.amount(n_limits=n_limits) if fees else 0.0
        tax_ratio = tax.effective_ratio if tax else 0.0
        return Cost(turnover, n_limits, due, fees_amount, (due + fees_amount) * tax_ratio, tax_ratio)


def policy_from_mapping(data: Mapping[str, Any], *, where: str) -> Policy:
    """Return the policy described by keys and values.

    Parameters
    ----------
    data : content of a policy file; ``terms`` is a list of mappings, each with its ``kind``
    where : name of the file, used in error messages

    Raises
    ------
    SettingsError
        Names the key that is unknown, missing or out of bounds, and what is allowed.
    """
    listed = data.get("terms")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise SettingsError(f"{where}: terms: must be a list of terms, each with a kind of {sorted(TERMS)}")
    terms = tuple(_term(item, where=f"{where}: terms[{number}]") for number, item in enumerate(listed))
    return validated(Policy, {**data, "terms": terms}, where=where)


def check_policies(policies: Sequence[Policy], *, currency_code: str | None = None) -> list[Policy]:
    """Return policies that can be compared: different codes, one currency; none leaves self-insurance alone.

    Raises
    ------
    SettingsError
        Two policies have the same code, or a policy is not in the currency of the run.
    """
    codes = [policy.policy_id for policy in policies]
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        raise SettingsError(f"insurance policies: {doubled} given more than once; give one file per policy_id")
    expected = currency_code or next((policy.currency_code for policy in policies), None)
    foreign = [f"{p.policy_id} in {p.currency_code}" for p in policies if p.currency_code != expected]
    if foreign:
        raise SettingsError(
            f"insurance policies: {', '.join(foreign)}; the exposures are in {expected}; "
            f"restate the policy's amounts in {expected}"
        )
    return list(policies)


def _term(item: object, *, where: str) -> Term:
    kind = item.get("kind") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(kind, str) or kind not in TERMS:
        raise SettingsError(f"{where}: kind is {kind!r}; must be one of {sorted(TERMS)}")
    return validated(TERMS[kind], item, where=f"{where} ({kind})")
