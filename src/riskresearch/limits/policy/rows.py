"""A credit policy as tidy frames, to be labelled and drawn: every field of the file is a column of one of them."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import NoneType
from typing import Any, get_args, get_origin

from pandas import DataFrame, Series
from pydantic import BaseModel

from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rules import (
    ApprovalLevel,
    CountryRule,
    CurrencyRule,
    GuaranteeRule,
    RevenueShare,
    SegmentException,
)

DTYPES: Mapping[type, str] = {bool: "boolean", int: "Int64", float: "float64", date: "datetime64[us]"}


def policy_rows(policy: CreditPolicy) -> dict[str, DataFrame]:
    """Return the policy as frames by name: codes and plain numbers, columns named as the fields of the file.

    Lists of codes are one text with spaces between them; an empty cell is an empty field.

    Parameters
    ----------
    policy : one version of the credit policy

    Returns
    -------
    dict of DataFrame
        One row each: ``policy appetite economics new_customers movement triggers overrides``. Many rows:
        ``segments`` with their entry conditions, ``segment_terms`` (segment × tenure), ``methods`` (question ×
        method), ``shares_by_grade approval_levels countries currencies guarantees exceptions``.
    """
    return {
        "policy": _frame(CreditPolicy, [policy]),
        "appetite": _frame(type(policy.appetite), [policy.appetite]),
        "economics": _frame(type(policy.economics), [policy.economics]),
        "methods": _methods(policy),
        "segments": _segments(policy),
        "segment_terms": _terms(policy),
        "new_customers": _frame(type(policy.new_customers), [policy.new_customers]),
        "shares_by_grade": _frame(RevenueShare, policy.shares_by_grade),
        "movement": _frame(type(policy.movement), [policy.movement]),
        "triggers": _frame(type(policy.triggers), [policy.triggers]),
        "overrides": _frame(type(policy.overrides), [policy.overrides]),
        "approval_levels": _frame(ApprovalLevel, policy.overrides.levels),
        "countries": _frame(CountryRule, policy.countries),
        "currencies": _frame(CurrencyRule, policy.currencies),
        "guarantees": _frame(GuaranteeRule, policy.guarantees),
        "exceptions": _frame(SegmentException, policy.exceptions),
    }


def _frame(model: type[BaseModel], rules: Iterable[BaseModel]) -> DataFrame:
    """One row per rule, one column per field that is no rule itself; where it comes from stands last."""
    fields = sorted(model.model_fields, key=lambda name: name == "source")
    kinds = {name: _kind(model.model_fields[name].annotation) for name in fields}
    listed = list(rules)
    return DataFrame(
        {
            name: Series([_cell(getattr(rule, name)) for rule in listed], dtype=DTYPES.get(kind, "str"))
            for name, kind in kinds.items()
            if kind is not BaseModel
        }
    )


def _kind(annotation: Any) -> type:
    """Type of a field: a key of `DTYPES`, text for codes and lists of codes, `BaseModel` for what holds rules."""
    parts = [part for part in get_args(annotation) if part not in (NoneType, Ellipsis)]
    if any(isinstance(part, type) and issubclass(part, BaseModel) for part in (annotation, *parts)):
        return BaseModel
    inner = parts[0] if parts and get_origin(annotation) is not tuple else annotation
    return inner if isinstance(inner, type) and inner in DTYPES else str


def _cell(value: Any) -> Any:
    return " ".join(value) or None if isinstance(value, tuple) else value


def _segments(policy: CreditPolicy) -> DataFrame:
    """Segments in order, their entry conditions after the code."""
    rest = _frame(type(policy.segments[0]), policy.segments)
    entry = _frame(type(policy.segments[0].entry), [segment.entry for segment in policy.segments])
    return rest[["segment_code"]].join(entry).join(rest.drop(columns="segment_code"))


def _terms(policy: CreditPolicy) -> DataFrame:
    offers = [(segment.segment_code, *offer) for segment in policy.segments for offer in segment.terms.items()]
    keys = DataFrame([offer[:2] for offer in offers], columns=["segment_code", "tenure_code"], dtype="str")
    return keys.join(_frame(type(offers[0][2]), [offer[2] for offer in offers]))


def _methods(policy: CreditPolicy) -> DataFrame:
    rows = [
        (question, n, method, asked.join)
        for question, asked in policy.methods
        for n, method in enumerate(asked.methods, start=1)
    ]
    return DataFrame(rows, columns=["question_code", "method_number", "method_code", "join_code"]).astype(
        {"question_code": "str", "method_number": "Int64", "method_code": "str", "join_code": "str"}
    )
