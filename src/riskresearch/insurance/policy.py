"""A policy: its terms, their order, and what it costs; read from a mapping such as a YAML file holds."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pandas import DataFrame, DateOffset, Timestamp
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, model_validator

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claims import Array
from riskresearch.insurance.cost import NO_COST, Cost, policy_price
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.terms import (
    TERMS,
    BuyerLimit,
    CoverTerm,
    EventBasis,
    InsuredPercentage,
    LimitCuts,
    MaximumLiability,
    Premium,
    Recoveries,
    Term,
    VatBasis,
    WaitingPeriod,
)
from riskresearch.insurance.terms.base import Text
from riskresearch.insurance.terms.price import AdjustmentTerm

__all__ = [
    "NO_COST",
    "POLICY_KINDS",
    "REQUIRED_KINDS",
    "SELF_INSURANCE",
    "Cost",
    "Order",
    "Policy",
    "check_policies",
    "policy_from_mapping",
    "read_whole",
]

SELF_INSURANCE = "self_insurance"
POLICY_KINDS = ("whole_turnover", "named_buyers", "top_up", "excess_of_loss")
REQUIRED_KINDS: Mapping[str, tuple[str, ...]] = {
    "whole_turnover": ("buyer_limit", "insured_percentage", "premium"),
    "named_buyers": ("buyer_limit", "insured_percentage", "premium"),
    "top_up": ("top_up_limit", "insured_percentage", "premium"),
    "excess_of_loss": ("buyer_limit", "insured_percentage", "aggregate_first_loss", "maximum_liability", "premium"),
}

LONGEST_MONTHS = 24  # of an insurance year

Kind = TypeVar("Kind", bound=Term)
Read = TypeVar("Read", bound=BaseModel)


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


class Policy(BaseModel):
    """One policy or quote: who offers it, for which year, and its terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code, unique in a comparison")
    name: Text = Field(description="name shown to readers")
    kind: Literal["whole_turnover", "named_buyers", "top_up", "excess_of_loss"] = Field(
        description="whole_turnover: every insurable customer is declared; named_buyers: only listed customers; "
        "top_up: second layer above the limits of another policy; excess_of_loss: own limits, high first loss"
    )
    status: Literal["in_force", "quote", "example"] = Field(description="signed, offered, or made up to show the use")
    insurer: Text = Field(description="who offers the policy")
    currency_code: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 currency of every amount of the policy")
    start_date: date = Field(description="first day of the insurance year")
    end_date: date = Field(description="last day of the insurance year")
    order: Order = Field(Order.A, description="order of share, first loss and maximum: A, B or C")
    underlying_policy_id: str | None = Field(None, description="top_up: the policy whose limits it tops up")
    terms: tuple[SerializeAsAny[Term], ...] = Field(description="terms, each kind at most once")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        kinds = [term.kind for term in self.terms]
        required = REQUIRED_KINDS[self.kind]
        doubled = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        missing = [kind for kind in required if kind not in kinds]
        if doubled:
            raise ValueError(f"terms given twice: {doubled}; give each kind of term once")
        if missing:
            raise ValueError(f"terms missing: {missing}; a policy of kind {self.kind} needs {list(required)}")
        if self.end_date <= self.start_date:
            raise ValueError(f"end_date {self.end_date} must be after start_date {self.start_date}")
        if Timestamp(self.end_date) >= Timestamp(self.start_date) + DateOffset(months=LONGEST_MONTHS):
            raise ValueError(
                f"end_date {self.end_date} is more than {LONGEST_MONTHS} months after start_date {self.start_date}; "
                "the terms are those of one insurance year; give its last day"
            )
        if self.policy_id == SELF_INSURANCE:
            raise ValueError(f"policy_id must not be {SELF_INSURANCE}, which names the option without policy")
        return self

    @model_validator(mode="after")
    def _agrees_with_its_kind(self) -> Self:
        is_top_up, buyer_limit = self.kind == "top_up", self.find(BuyerLimit)
        if is_top_up != (self.underlying_policy_id is not None) or self.underlying_policy_id == self.policy_id:
            raise ValueError("a policy of kind top_up, and no other, names another policy as underlying_policy_id")
        if is_top_up == (buyer_limit is not None):
            raise ValueError("the limits of a top_up are those of the term top_up_limit; leave buyer_limit")
        if not is_top_up and any(term.kind == "top_up_limit" for term in self.terms):
            raise ValueError("the term top_up_limit belongs to policies of kind top_up")
        if self.kind == "named_buyers" and buyer_limit and buyer_limit.discretionary_limit_amount:
            raise ValueError("a policy of kind named_buyers covers listed customers: discretionary_limit_amount is 0")
        maximum = self.find(MaximumLiability)
        if self.term(Premium).base_code == "maximum_liability" and (maximum is None or not maximum.amount):
            raise ValueError("premium on the maximum liability: give maximum_liability a fixed amount")
        if maximum and maximum.premium_multiple and self.term(Premium).base_code == "maximum_liability":
            raise ValueError("premium on the maximum liability: leave its premium_multiple, which goes in a circle")
        return self

    def find(self, kind: type[Kind]) -> Kind | None:
        """Return the term of a class, None where the policy lacks it."""
        return next((term for term in self.terms if isinstance(term, kind)), None)

    def term(self, kind: type[Kind]) -> Kind:
        """Return a term every policy of its kind has."""
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
    def is_vat_included(self) -> bool:
        """Whether debts, limits and first losses of the policy include VAT."""
        basis = self.find(VatBasis)
        return basis is None or basis.basis_code == "including"

    @property
    def is_attaching(self) -> bool:
        """Whether a claim belongs to the insurance year of its delivery (else: of its loss)."""
        basis = self.find(EventBasis)
        return basis is None or basis.basis_code == "attaching"

    @property
    def limit_cuts(self) -> LimitCuts:
        """Cuts of limits; possible with run-off covered where the policy does not say."""
        return self.find(LimitCuts) or LimitCuts(is_possible=True, clause="absent", source="default of the model")

    @property
    def recoveries(self) -> Recoveries:
        """Sharing of recoveries; oldest invoice first and costs shared where the policy does not say."""
        return self.find(Recoveries) or Recoveries(clause="absent", source="default of the model")

    @property
    def cover_terms(self) -> list[CoverTerm]:
        """Terms that reduce the indemnity, in the order in which they apply."""
        moved = _MOVED[self.order]
        cover = [term for term in self.terms if isinstance(term, CoverTerm)]
        return sorted(cover, key=lambda term: moved.get(term.kind, term.place))

    def waiting_days(self, event: npt.NDArray[np.integer]) -> Array:
        """Return the days between claim and indemnity of each event; 0 where the policy does not say.

        Parameters
        ----------
        event : positions in `riskresearch.insurance.events.EVENT_CODES`
        """
        wait = self.find(WaitingPeriod)
        days = [float(getattr(wait, f"{code}_days")) if wait else 0.0 for code in EVENT_CODES]
        return np.asarray(np.array(days)[event])

    def cost(self, exposures: DataFrame, covers: DataFrame) -> Cost:
        """Return premium, fees and tax of a year.

        Parameters
        ----------
        exposures : table `exposures`, checked
        covers : cover of each of these customers by this policy, see `riskresearch.insurance.exposures.cover`
        """
        return policy_price(self.terms, exposures, covers)

    def year_adjustment(self, indemnity: Array, *, premium_amount: float) -> Array:
        """Return bonus, malus and profit share of each insurance year: above 0 a cost, below 0 money back.

        Parameters
        ----------
        indemnity : payouts less the insurer's recoveries of each year, in the basis of the contract: with VAT where
            the policy includes it
        premium_amount : premium of a year before tax
        """
        found = [term for term in self.terms if isinstance(term, AdjustmentTerm)]
        return sum(
            (term.adjustment(indemnity, premium_amount=premium_amount) for term in found), np.zeros_like(indemnity)
        )


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
    return read_whole(Policy, {**data, "terms": terms}, where=where)


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
    return read_whole(TERMS[kind], item, where=f"{where} ({kind})")


def read_whole(model: type[Read], content: Mapping[str, Any], *, where: str) -> Read:
    """Return a model filled with the content; what is wrong with the whole is said in its own words.

    Raises
    ------
    SettingsError
        Keys are wrong (see `riskresearch.base.config.validated`), or do not go together.
    """
    try:
        return model.model_validate(dict(content))
    except ValidationError as cause:
        found = [str(error["msg"]).removeprefix("Value error, ") for error in cause.errors() if not error["loc"]]
        if found:
            raise SettingsError(f"{where}: {'; '.join(found)}") from cause
    return validated(model, content, where=where)
