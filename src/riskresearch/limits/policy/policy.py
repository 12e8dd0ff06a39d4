"""A credit policy: its segments and rules, read from a mapping such as a YAML file holds."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from pydantic import Field, model_validator

from riskresearch.base.config import validated
from riskresearch.limits.policy.checks import (
    approval_faults,
    country_faults,
    exception_faults,
    grade_faults,
    segment_faults,
)
from riskresearch.limits.policy.rule import GUARANTEES, SEGMENTS, Rule
from riskresearch.limits.policy.rules import (
    Appetite,
    CountryRule,
    CurrencyRule,
    Economics,
    GuaranteeRule,
    Methods,
    Movement,
    Overrides,
    RevenueShare,
    SegmentException,
    Triggers,
)
from riskresearch.limits.policy.segment import NewCustomerRule, Segment

ANY = "*"


class CreditPolicy(Rule):
    """One version of the credit policy.

    The same rules serve today's limits and the replay of past years: a version is judged before it is signed.
    """

    policy_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code")
    version: int = Field(ge=1, description="raised with each change")
    name_en: str = Field(min_length=1)
    name_fr: str = Field(min_length=1)
    valid_from: date = Field(description="first day it holds")
    approved_by: str | None = Field(None, description="who signed; empty = a draft")
    currency_code: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="ISO 4217 currency of every amount; empty = that of the run"
    )
    home_country_code: str = Field(pattern=r"^[A-Z]{2}$", description="country of the seller")
    count_orders: bool = Field(description="confirmed orders use the limit as open invoices do")
    appetite: Appetite
    economics: Economics
    methods: Methods
    segments: tuple[Segment, ...] = Field(description="one line each, from the best to the worst")
    new_customers: NewCustomerRule
    shares_by_grade: tuple[RevenueShare, ...] = Field((), description="from the best grade; empty = the segment's")
    movement: Movement
    triggers: Triggers
    overrides: Overrides
    countries: tuple[CountryRule, ...]
    currencies: tuple[CurrencyRule, ...]
    guarantees: tuple[GuaranteeRule, ...]
    exceptions: tuple[SegmentException, ...] = ()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        codes = tuple(segment.segment_code for segment in self.segments)
        if codes != SEGMENTS:
            raise ValueError(f"segments are {', '.join(codes)}; one line each is needed, in the order {SEGMENTS}")
        for name, found in (
            ("countries", [rule.country_code for rule in self.countries]),
            ("currencies", [rule.currency_code for rule in self.currencies]),
        ):
            if ANY not in found or len(set(found)) != len(found):
                raise ValueError(f"{name}: one line each and a line '{ANY}' for all others are needed")
        known = [rule.guarantee_code for rule in self.guarantees]
        if sorted(known) != sorted(GUARANTEES):
            raise ValueError(f"guarantees: one line each is needed for {', '.join(GUARANTEES)}")
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        faults = [
            *segment_faults(self.segments),
            *grade_faults(self.shares_by_grade),
            *country_faults(self.countries),
            *approval_faults(self.overrides),
            *exception_faults(self.exceptions, self.overrides),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def segment(self, segment_code: str) -> Segment:
        """Return one segment."""
        return self.segments[SEGMENTS.index(segment_code)]

    def country(self, country_code: str | None) -> CountryRule:
        """Return the rule of a country, or that of all others."""
        rules = {rule.country_code: rule for rule in self.countries}
        return rules.get(str(country_code), rules[ANY])

    def currency(self, currency_code: str | None) -> CurrencyRule:
        """Return the rule of a currency, or that of all others."""
        rules = {rule.currency_code: rule for rule in self.currencies}
        return rules.get(str(currency_code), rules[ANY])


def credit_policy_from_mapping(content: Mapping[str, Any], *, where: str) -> CreditPolicy:
    """Return a credit policy from keys and values.

    Parameters
    ----------
    content : keys and values of a YAML file
    where : name of the file, for messages

    Raises
    ------
    SettingsError
        One line per wrong key: its path, the value given and what is allowed.
    """
    return validated(CreditPolicy, content, where=where)
