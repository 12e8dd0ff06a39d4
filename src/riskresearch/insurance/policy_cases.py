"""Worked cases of a policy: claims of a year and what a broker expects of them, beside what the waterfall gives.

A case is written in the words of the contract, without programming; `config/policies` holds examples::

    - name: debt above the limit
      claims:
        - debt_amount: 150000
          named_limit_amount: 120000
          expected: {paid_amount: 108000}
          kept: {over_limit: 30000, insured_share: 12000}
      expected: {paid_amount: 108000, retained_amount: 42000}
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isclose
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pandas import DataFrame
from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings, validated
from riskresearch.base.errors import SettingsError, TableError
from riskresearch.insurance.claim_ledger import claim_ledger
from riskresearch.insurance.exposures import check_exposures, policy_cost
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import COVER_TERMS, RETENTION_REASONS, MaximumLiability, YearTerm

HALF_CENT = 0.005 + 1e-9
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Event = Literal["insolvency", "protracted_default", "political"]
BUDGETS = tuple(kind for kind, term in COVER_TERMS.items() if issubclass(term, YearTerm))
YEAR_FIGURES = ("paid_amount", "insurer_recovery_amount", "indemnity_amount", "retained_amount")


class CaseClaim(StageSettings):
    """A claim of a worked case; what is left out did not happen."""

    claim_id: str | None = Field(None, description="name of the claim in the result; its number where left out")
    customer_id: str | None = Field(None, description="customer; several claims may have the same")
    debt_amount: Money = Field(description="owed at the date of loss, VAT included, before any recovery")
    disputed_amount: Money = Field(0.0, description="part of the debt in dispute")
    vat_ratio: Share = Field(0.0, description="VAT per unit of the amount without VAT")
    named_limit_amount: Money | None = Field(
        None, description="limit granted by name; 0 = refused; left out = none asked, the discretionary limit applies"
    )
    limit_before_cut_amount: Money | None = Field(None, description="limit until the insurer cut it; left out = no cut")
    delivered_after_cut_amount: Money = Field(0.0, description="part of the debt delivered after the cut")
    is_insurable: bool = Field(True, description="false: public body, private person, related company")
    is_discretionary_justified: bool = Field(True, description="a record or report justifies a discretionary limit")
    country_code: str | None = Field(None, description="ISO 3166 country of the customer")
    event_code: Event = Field("insolvency", description="event that makes the loss")
    agreed_days: float | None = Field(None, ge=0, description="payment terms agreed on the invoice")
    delivery_date: date | None = Field(None, description="day of delivery, or of the first of several")
    last_delivery_date: date | None = Field(None, description="last of several deliveries, spread evenly between")
    due_date: date | None = Field(None, description="due date of the invoice")
    first_unpaid_due_date: date | None = Field(None, description="due date of the customer's oldest unpaid invoice")
    declared_date: date | None = Field(None, description="day the overdue was declared to the insurer")
    claim_file_date: date | None = Field(None, description="day the claim was filed")
    loss_date: date | None = Field(None, description="date of loss: judgement, or end of the waiting period")
    recovered_before_amount: Money = Field(0.0, description="received before the date of loss")
    recovered_after_amount: Money = Field(0.0, description="received after the indemnity, before costs")
    collection_cost_amount: Money = Field(0.0, description="cost of the recoveries after the indemnity")
    expected: dict[str, float] = Field(default_factory=dict, description="figures expected of the claim")
    kept: dict[str, Money] | None = Field(
        None, description="amount kept by reason; reasons that are not named must be 0"
    )


class CaseCustomers(StageSettings):
    """A line of the book a premium is computed on: customers alike."""

    n_customers: int = Field(1, ge=1, le=100_000, description="number of customers of the line")
    customer_id: str | None = Field(None, description="account, for a line of one customer that the policy names")
    turnover_amount: Money = Field(description="yearly sales of the whole line, without VAT")
    exposure_amount: Money = Field(0.0, description="what the whole line owes on average")
    named_limit_amount: Money | None = Field(None, description="limit of each; 0 = refused; left out = none asked")
    requested_limit_amount: Money | None = Field(None, description="limit asked for each; left out = none asked")
    is_insurable: bool = Field(True, description="false: public bodies, private persons, related companies")
    country_code: str | None = Field(None, description="ISO 3166 country")
    sector_code: str | None = Field(None, description="sector")


class PolicyCase(StageSettings):
    """A policy year worked out by hand."""

    name: str = Field(min_length=1, description="what the case shows")
    note: str = Field("", description="how the figures were found")
    premium_amount: Money | None = Field(
        None, description="premium of the year before tax, for terms that depend on it; left out = from `customers`"
    )
    customers: tuple[CaseCustomers, ...] = Field((), description="book that the price is computed on")
    claims: tuple[CaseClaim, ...] = Field((), description="claims of the year, in the order of their dates of loss")
    expected: dict[str, float] = Field(default_factory=dict, description="figures expected of the year")
    kept: dict[str, Money] | None = Field(None, description="amount kept in the year by reason; others must be 0")
    used_up: tuple[str, ...] | None = Field(None, description="budgets of the year that are used up, all of them")

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        parts: tuple[PolicyCase | CaseClaim, ...] = (self, *self.claims)
        if self.used_up is None and not any(part.expected or part.kept is not None for part in parts):
            raise ValueError("expects nothing: give expected, kept or used_up, of the year or of a claim")
        return self


@dataclass(frozen=True)
class CaseLine:
    """One expected figure beside the figure found; `claim` is empty for a figure of the year."""

    case_name: str
    claim: str
    figure: str
    expected: float | str
    found: float | str | None
    agrees: bool


@dataclass(frozen=True)
class WorkedCase:
    """A case worked out: what was expected beside what was found, and every step of every claim."""

    case: PolicyCase
    lines: tuple[CaseLine, ...]
    steps: DataFrame

    @property
    def agrees(self) -> bool:
        """All figures agree to half a cent."""
        return all(line.agrees for line in self.lines)


def policy_cases(content: object, *, where: str) -> tuple[PolicyCase, ...]:
    """Return the cases of a case file.

    Parameters
    ----------
    content : what the YAML file holds: a list of cases
    where : name of the file, used in error messages

    Raises
    ------
    SettingsError
        The content is no list of cases, names are given twice, or a case has an unknown key or a value out of bounds.
    """
    if not isinstance(content, list) or not content or not all(isinstance(case, Mapping) for case in content):
        raise SettingsError(f"{where}: write a list of cases, each with a name, claims or customers, and expected")
    cases = tuple(
        validated(PolicyCase, case, where=f"{where}: case {number} ({case.get('name', 'no name')!s:.60})")
        for number, case in enumerate(content, start=1)
    )
    names = [case.name for case in cases]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SettingsError(f"{where}: case {doubled[0]!r} is there twice; give each case its own name")
    return cases


def work_out(case: PolicyCase, *, policy: Policy, underlying: Policy | None = None) -> WorkedCase:
    """Return a case worked out by the terms of a policy.

    Parameters
    ----------
    case : from `policy_cases`
    policy : the policy the case belongs to
    underlying : the policy a top-up tops up; None = one with the named limits and nothing else

    Raises
    ------
    SettingsError
        The case asks for a figure or a reason that does not exist.
    """
    price = _price(case, policy)
    premium = case.premium_amount if case.premium_amount is not None else price.get("premium_amount", 0.0)
    steps = _steps(case, policy, underlying, premium)
    year = _year(steps, policy, premium, price)
    lines = [*_claim_lines(case, steps), *_lines(case.name, "", case.expected, case.kept, year)]
    if case.used_up is not None:
        _known(case.used_up, BUDGETS, where=f"case {case.name!r}: used_up")
        wanted, found = (", ".join(sorted(kinds)) or "none" for kinds in (case.used_up, _used_up(steps)))
        lines.append(CaseLine(case.name, "", "used_up", wanted, found, wanted == found))
    return WorkedCase(case, tuple(lines), steps)


def _price(case: PolicyCase, policy: Policy) -> dict[str, float]:
    """Premium, fees and tax of the book of a case; empty where the case has none."""
    if not case.customers:
        return {}
    cost = policy_cost(_exposures(case.customers), policy=policy)
    return {
        "declared_turnover_amount": cost.turnover_amount,
        "premium_amount": cost.premium_amount,
        "fees_amount": cost.fees_amount,
        "tax_amount": cost.tax_amount,
        "deposit_amount": cost.deposit_amount,
        "total_cost_amount": cost.total_amount,
    }


def _exposures(lines: Sequence[CaseCustomers]) -> DataFrame:
    """Table `exposures` of the book: each line as its number of customers, amounts shared out evenly."""
    rows = [
        {
            "customer_id": line.customer_id,
            "turnover_amount": line.turnover_amount / line.n_customers,
            "exposure_amount": line.exposure_amount / line.n_customers,
            "buyer_limit_amount": line.named_limit_amount,
            "requested_limit_amount": line.requested_limit_amount,
            **{name: getattr(line, name) for name in ("is_insurable", "country_code", "sector_code")},
        }
        for line in lines
        for _ in range(line.n_customers)
    ]
    frame = DataFrame(_named(rows, "customer_id", "customer"))
    plain = {"pd_12m": 0.0, "lgd_ratio": 0.0, "is_discretionary_justified": True, "vat_ratio": 0.0}
    empty = dict.fromkeys(("limit_source", "group_id", "terms_days"))
    floats = ("buyer_limit_amount", "requested_limit_amount", "terms_days")
    texts = ("customer_id", "country_code", "sector_code", "limit_source", "group_id")
    typed = {**dict.fromkeys(floats, "float64"), **dict.fromkeys(texts, "str")}
    return check_exposures(frame.assign(**plain, **empty).astype(typed), lgd_ratio=0.0)


def _named(rows: Sequence[dict[str, Any]], key: str, word: str) -> list[dict[str, Any]]:
    """Rows in which what has no name of its own is named by its place."""
    return [row | {key: row[key] or f"{word} {place}"} for place, row in enumerate(rows, start=1)]


def _steps(case: PolicyCase, policy: Policy, underlying: Policy | None, premium: float) -> DataFrame:
    """Claims of a case with every step of the waterfall, in the order of the case."""
    if not case.claims:
        return DataFrame({"claim_id": []})
    rows = [claim.model_dump(exclude={"expected", "kept"}) for claim in case.claims]
    frame = DataFrame(_named(_named(rows, "claim_id", "claim"), "customer_id", "customer"))
    ids = frame["claim_id"].tolist()
    if len(set(ids)) < len(ids):
        raise SettingsError(f"case {case.name!r}: two claims have the same claim_id; give each its own")
    dates = [name for name in frame if str(name).endswith("_date")]
    floats = [name for name in frame if str(name).endswith(("_amount", "_ratio", "_days"))]
    texts = ("claim_id", "customer_id", "country_code", "event_code")
    typed = frame.astype({**dict.fromkeys(floats, "float64"), **dict.fromkeys(texts, "str")})
    typed[dates] = typed[dates].apply(pd.to_datetime)
    try:
        settled = claim_ledger(typed, policy=policy, premium_amount=premium, underlying=underlying)
    except TableError as cause:
        raise SettingsError(f"case {case.name!r}: {cause}") from cause
    return settled.set_index("claim_id").loc[ids].reset_index()


def _year(steps: DataFrame, policy: Policy, premium: float, price: Mapping[str, float]) -> dict[str, float]:
    """Figures of the year: sums over the claims, price, bonus or malus, maximum."""
    names = [*YEAR_FIGURES, *(f"{reason}_amount" for reason in RETENTION_REASONS)]
    found = dict.fromkeys(YEAR_FIGURES, 0.0) | {name: float(steps[name].sum()) for name in names if name in steps}
    net = steps.reindex(columns=["indemnity_amount", "vat_ratio"], fill_value=0.0)
    paid = net["indemnity_amount"] * (1.0 + net["vat_ratio"] * policy.is_vat_included)
    adjustment = policy.year_adjustment(np.array([paid.sum()]), premium_amount=premium)
    found |= {"premium_amount": premium, **price, "adjustment_amount": float(adjustment[0])}
    if "total_cost_amount" in price:
        found["total_cost_amount"] = price["total_cost_amount"] + found["adjustment_amount"]
    maximum = policy.find(MaximumLiability)
    if maximum is not None:
        found["year_maximum_amount"] = maximum.budget(premium_amount=premium)
    return found


def _used_up(steps: DataFrame) -> Sequence[str]:
    return [str(kind) for kind in steps.attrs.get("used_up", ())]


def _claim_lines(case: PolicyCase, steps: DataFrame) -> Iterator[CaseLine]:
    for claim, row in zip(case.claims, steps.to_dict("records"), strict=True):
        numbers = {str(name): float(value) for name, value in row.items() if isinstance(value, (int, float))}
        yield from _lines(case.name, str(row["claim_id"]), claim.expected, claim.kept, numbers)


def _lines(
    case: str, claim: str, expected: Mapping[str, float], kept: Mapping[str, float] | None, found: Mapping[str, float]
) -> Iterator[CaseLine]:
    """Expected beside found, for a claim or the year; every reason counts where `kept` is given."""
    where = f"case {case!r}" + (f", {claim}" if claim else "")
    _known(expected, [name for name in found if not name.startswith("is_")], where=f"{where}: expected")
    wanted = dict(expected)
    if kept is not None:
        _known(kept, RETENTION_REASONS, where=f"{where}: kept")
        reasons = {reason: f"{reason}_amount" for reason in RETENTION_REASONS if f"{reason}_amount" in found}
        wanted |= {name: kept.get(reason, 0.0) for reason, name in reasons.items()}
        wanted |= {f"{reason}_amount": value for reason, value in kept.items()}
    for name, value in wanted.items():
        amount = found.get(name, 0.0)
        yield CaseLine(case, claim, name, value, amount, isclose(value, amount, rel_tol=1e-12, abs_tol=HALF_CENT))


def _known(named: Iterable[str], allowed: Sequence[str], *, where: str) -> None:
    unknown = [name for name in named if name not in allowed]
    if unknown:
        raise SettingsError(f"{where}: no {', '.join(map(repr, unknown))}; there are {', '.join(allowed)}")
