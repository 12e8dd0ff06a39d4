"""Tables of the indicators of a policy: values, by segment, by month, and why something is not covered."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.registry import Member
from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.indicators.registry import (
    AXES,
    FAMILIES,
    MONTH,
    REASONS,
    UNITS,
    USE_INDICATORS,
    YEAR_INDICATORS,
    PolicyIndicator,
    Value,
)
from riskresearch.insurance.indicators.use import CAUSES, PolicyUse
from riskresearch.insurance.indicators.year import PolicyYear

_OPTION = Column("option_id", "text", "policy_id")
_VALUE = (
    Column("value", "float", "value in its unit; empty = not computable", True),
    Column("unit_code", "code", "unit", False, UNITS),
    Column("n_items", "int", "customers, decisions, invoices, claims or years it rests on"),
    Column("base_amount", "float", "amount it rests on, run currency"),
    Column("reason_code", "code", "why there is no value", True, REASONS),
)
POLICY_INDICATORS = Table(
    "policy_indicators",
    "insurance",
    "one row per policy and indicator",
    ("option_id", "indicator_code"),
    (
        _OPTION,
        Column("indicator_code", "text", "indicator, see docs/dictionary.md"),
        Column("family_code", "code", "use of the policy, or its terms and cost", False, FAMILIES),
        *_VALUE,
    ),
)
COVER_BY_SEGMENT = Table(
    "cover_by_segment",
    "insurance",
    "one row per policy, segment and indicator of use",
    ("option_id", "axis_code", "segment_code", "indicator_code"),
    (
        _OPTION,
        Column("axis_code", "code", "segmentation", False, AXES),
        Column("segment_code", "text", "segment on that axis; unknown where a customer has none"),
        Column("indicator_code", "text", "indicator of use, see docs/dictionary.md"),
        *_VALUE,
    ),
)
INSURER_DECISIONS = Table(
    "insurer_decisions",
    "insurance",
    "one row per policy, month of decision and indicator of use",
    ("option_id", "month_date", "indicator_code"),
    (
        _OPTION,
        Column("month_date", "date", "last day of the month of the decisions"),
        Column("indicator_code", "text", "indicator of use, see docs/dictionary.md"),
        *_VALUE,
    ),
)
UNCOVERED_CAUSES = Table(
    "uncovered_causes",
    "insurance",
    "one row per policy and cause for which something owed is not covered",
    ("option_id", "cause_code"),
    (
        _OPTION,
        Column("cause_code", "code", "why it is not covered", False, CAUSES),
        Column("n_customers", "int", "customers concerned"),
        Column("uncovered_amount", "float", "owed and not covered, basis of the contract"),
        Column("owed_ratio", "float", "its share of what is owed; empty = nothing is owed", True),
    ),
)
INDICATOR_TABLES = (POLICY_INDICATORS, COVER_BY_SEGMENT, INSURER_DECISIONS, UNCOVERED_CAUSES)


def policy_indicators(years: Sequence[PolicyYear]) -> DataFrame:
    """Return table `policy_indicators`: every indicator of every option that is a policy.

    Parameters
    ----------
    years : each policy on the simulated years, with its use where there is a ledger
    """
    rows = []
    for year in years:
        found = [(member, member.function(year)) for member in YEAR_INDICATORS]
        if year.use is not None:
            found += [(member, member.function(year.use)) for member in USE_INDICATORS]
        for member, value in found:
            rows.append({"option_id": year.option.option_id, "family_code": member.spec.family, **_row(member, value)})
    return check(DataFrame(rows), POLICY_INDICATORS) if rows else empty(POLICY_INDICATORS)


def cover_by_segment(uses: Iterable[PolicyUse]) -> DataFrame:
    """Return table `cover_by_segment`: the indicators of use that are shown along an axis, by its segments."""
    rows = []
    for use in uses:
        for axis in AXES:
            for member in sorted(use.customers[axis].unique()):
                place = {"option_id": use.policy.policy_id, "axis_code": axis, "segment_code": member}
                rows += [{**place, **row} for row in _rows(use.part(axis, member), axis)]
    return check(DataFrame(rows), COVER_BY_SEGMENT) if rows else empty(COVER_BY_SEGMENT)


def insurer_decisions_by_month(uses: Iterable[PolicyUse]) -> DataFrame:
    """Return table `insurer_decisions`: acceptance, response time and cuts by month of the decision."""
    rows = []
    for use in uses:
        for month in sorted(use.decisions["start_date"].dt.to_period("M").unique()):
            place = {"option_id": use.policy.policy_id, "month_date": month.end_time.normalize()}
            rows += [{**place, **row} for row in _rows(use.month(month), MONTH)]
    return check(DataFrame(rows), INSURER_DECISIONS) if rows else empty(INSURER_DECISIONS)


def uncovered_causes(uses: Iterable[PolicyUse]) -> DataFrame:
    """Return table `uncovered_causes`: what is owed and not covered, by cause; they add up to what is not covered."""
    parts = []
    for use in uses:
        causes, owed = use.causes, float(use.owed.sum())
        amounts = causes.sum()
        parts.append(
            DataFrame(
                {
                    "option_id": use.policy.policy_id,
                    "cause_code": causes.columns,
                    "n_customers": causes.gt(0).sum().to_numpy(),
                    "uncovered_amount": amounts.to_numpy(),
                    "owed_ratio": amounts.to_numpy() / owed if owed > 0 else np.nan,
                }
            )
        )
    return check(pd.concat(parts), UNCOVERED_CAUSES) if parts else empty(UNCOVERED_CAUSES)


def _rows(use: PolicyUse, axis: str) -> list[dict[str, object]]:
    return [_row(member, member.function(use)) for member in USE_INDICATORS if axis in member.spec.axes]


def _row(member: Member[PolicyIndicator], value: Value) -> dict[str, object]:
    return {
        "indicator_code": member.name,
        "value": value.value,
        "unit_code": member.spec.unit,
        "n_items": value.n_items,
        "base_amount": value.base_amount,
        "reason_code": value.reason or None,
    }
