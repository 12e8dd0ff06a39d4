"""How well decisions against the proposal are governed, and what became of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from scipy.stats import norm

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.inputs.grid import months_before
from riskresearch.limits.override_results import raised_results, same_grade_defaults
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.facts import latest_of

KPI_CODES = (
    "override_rate",
    "up_share",
    "up_down_ratio",
    "breach_rate",
    "repeat_rate",
    "default_rate_overridden",
    "default_rate_same_grade",
    "profit_of_raises",
    "loss_of_raises",
    "result_of_reductions",
)
MISSING_CODES = (
    "no_overrides",
    "no_decisions",
    "none_matured",
    "no_same_grade",
    "too_few",
    "not_observable",
    "no_inputs",
)
OVERRIDE_KPIS = Table(
    "override_kpis",
    "limits",
    "one row per key figure of overrides, axis and value of the axis",
    ("kpi_code", "axis_code", "axis_value"),
    (
        Column("kpi_code", "code", "key figure", False, KPI_CODES),
        Column("axis_code", "code", "what the decisions are split by", False, ("all", "approver", "reason", "grade")),
        Column("axis_value", "text", "approver, reason or grade; all = every decision"),
        Column("n_cases", "int", "cases counted: overrides, raises, breaches, repeats, defaults"),
        Column("n_base", "int", "what they are counted among"),
        Column("value", "float", "share, ratio, or amount in run currency", True),
        Column("low", "float", "lower end of the interval (Wilson's, for shares)", True),
        Column("high", "float", "upper end of the interval", True),
        Column("target", "float", "bound of the policy", True),
        Column("unit_code", "code", "unit of the value", False, ("ratio", "amount")),
        Column("missing_code", "code", "why there is no value", True, MISSING_CODES),
    ),
)


def override_kpis(
    log: DataFrame,
    tables: Mapping[str, DataFrame],
    inputs: DataFrame,
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    months: int = 12,
    min_cases: int = 10,
    confidence_ratio: float = 0.95,
) -> DataFrame:
    """Return table `override_kpis`.

    - `override_rate`: overrides of the last months among all decisions on limits of these months (own limits and
      overrides; both on one day for one customer are one decision), against `rate_target_ratio`.
    - `up_share`, `up_down_ratio`: raised above the proposal among those that changed it; raised to one lowered.
    - `breach_rate`: overrides that break a rule of the policy. By approver and reason too, as `up_share`.
    - `repeat_rate`: customers with `repeat_count` overrides or more among those with any.
    - `default_rate_overridden`: defaults within 12 months of overrides that are 12 months old, and
      `default_rate_same_grade`: the rate of reviews without an override of the same grade, weighted as the overrides.
    - `profit_of_raises`, `loss_of_raises`: what sales above the proposal earned and lost, see
      `riskresearch.limits.override_results.raised_results`. What lowered limits prevented cannot be seen.

    Parameters
    ----------
    log : table `limit_overrides`
    tables : ``limits defaults movements payments credit_notes allocations invoices``, ``orders guarantees`` if any
    inputs : table `limit_inputs`
    policy : credit policy
    as_of : last day that counts
    months : months of the override rate
    min_cases : matured overrides below which default rates are not given
    confidence_ratio : of the intervals
    """
    known = log[log["valid_from_date"] <= as_of]
    z = float(norm.ppf(0.5 + confidence_ratio / 2))
    rows = [
        _rate_row(known, tables["limits"], policy, as_of=as_of, months=months, z=z),
        *_split(known, "up_share", z),
        _up_down_row(known, z),
        *_split(known, "breach_rate", z),
        _repeat_row(known, policy, z),
        *_default_rows(known, tables["defaults"], inputs, as_of=as_of, min_cases=min_cases, z=z),
        *_result_rows(known, tables, inputs, policy, as_of=as_of),
    ]
    return check(DataFrame(rows, columns=OVERRIDE_KPIS.names), OVERRIDE_KPIS)


def wilson(cases: float, base: float, *, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a share.

    Parameters
    ----------
    cases, base : counted and all; the base may be an effective number
    z : normal quantile, 1.96 for 95 %

    Examples
    --------
    >>> low, high = wilson(5, 50, z=1.959964)
    >>> round(low, 4), round(high, 4)
    (0.0435, 0.2136)
    """
    if base <= 0:
        return np.nan, np.nan
    share, square = cases / base, z * z
    middle = (share + square / (2 * base)) / (1 + square / base)
    half = z / (1 + square / base) * float(np.sqrt(share * (1 - share) / base + square / (4 * base * base)))
    return (0.0 if cases <= 0 else middle - half), (1.0 if cases >= base else middle + half)


def _row(kpi: str, cases: float, base: float, *, axis: tuple[str, str] = ("all", "all"), **rest: Any) -> dict[str, Any]:
    empty = {
        "value": np.nan,
        "low": np.nan,
        "high": np.nan,
        "target": np.nan,
        "unit_code": "ratio",
        "missing_code": None,
    }
    keys = {"kpi_code": kpi, "axis_code": axis[0], "axis_value": axis[1], "n_cases": int(cases), "n_base": int(base)}
    return keys | empty | rest


def _share(kpi: str, cases: int, base: int, z: float, *, missing: str = "no_overrides", **rest: Any) -> dict[str, Any]:
    if not base:
        return _row(kpi, cases, base, missing_code=missing, **rest)
    low, high = wilson(cases, base, z=z)
    return _row(kpi, cases, base, value=cases / base, low=low, high=high, **rest)


def _rate_row(
    known: DataFrame, limits: DataFrame, policy: CreditPolicy, *, as_of: Timestamp, months: int, z: float
) -> dict[str, Any]:
    start = months_before(as_of, months)
    own = limits[limits["limit_kind_code"] == "internal"]
    parts = [own[["customer_id"]].assign(day=own["start_date"], known=latest_of(own, "start_date"), is_override=False)]
    parts += [
        known[["customer_id"]].assign(day=known["decided_date"], known=known["valid_from_date"], is_override=True)
    ]
    made = pd.concat(parts)
    made = made[(made["known"] > start) & (made["known"] <= as_of)]
    by_decision = made.groupby(["customer_id", "day"])["is_override"].any()
    target = policy.overrides.rate_target_ratio
    cases, base = int(by_decision.sum()), len(by_decision)
    return _share("override_rate", cases, base, z, missing="no_decisions", target=target)


def _flags(known: DataFrame, kpi: str) -> tuple[DataFrame, Series]:
    """Decisions a share is counted among, and which of them count."""
    if kpi == "breach_rate":
        return known, known["breach_codes"].notna()
    changed = known[known["direction_code"] != "same"]
    return changed, changed["direction_code"] == "up"


def _split(known: DataFrame, kpi: str, z: float) -> Sequence[dict[str, Any]]:
    """Share of all decisions, and by approver and reason."""
    rows, hit = _flags(known, kpi)
    found = [_share(kpi, int(hit.sum()), len(rows), z)]
    for axis in ("approver", "reason"):
        counts = hit.groupby(rows[f"{axis}_code"]).agg(["sum", "size"])
        found += [
            _share(kpi, int(row["sum"]), int(row["size"]), z, axis=(axis, str(name))) for name, row in counts.iterrows()
        ]
    return found


def _up_down_row(known: DataFrame, z: float) -> dict[str, Any]:
    rows, up = _flags(known, "up_share")
    n_up, n_down = int(up.sum()), int((~up).sum())
    if not n_down:
        return _row("up_down_ratio", n_up, len(rows), missing_code="too_few" if len(rows) else "no_overrides")
    low, high = (share / (1 - share) if share < 1 else np.inf for share in wilson(n_up, len(rows), z=z))
    return _row("up_down_ratio", n_up, len(rows), value=n_up / n_down, low=low, high=high)


def _repeat_row(known: DataFrame, policy: CreditPolicy, z: float) -> dict[str, Any]:
    counts = known.groupby("customer_id").size()
    return _share("repeat_rate", int((counts >= policy.overrides.repeat_count).sum()), len(counts), z)


def _default_rows(
    known: DataFrame, defaults: DataFrame, inputs: DataFrame, *, as_of: Timestamp, min_cases: int, z: float
) -> Sequence[dict[str, Any]]:
    """Default rates of overrides and of reviews without one in the same grades, in all and by grade."""
    cohorts = same_grade_defaults(known, defaults, inputs, as_of=as_of)
    both = [("all", "all", cohorts), *[("grade", str(g), part) for g, part in cohorts.groupby("grade_code")]]
    rows = []
    for axis, value, part in both:
        n, hits = int(part["n_overridden"].sum()), int(part["n_overridden_defaults"].sum())
        missing = "none_matured" if not n else "too_few" if n < min_cases else None
        shared = part[(part["n_overridden"] > 0) & (part["n_kept"] > 0)]
        weight = shared["n_overridden"] / max(shared["n_overridden"].sum(), 1)
        rate = float((weight * shared["n_kept_defaults"] / shared["n_kept"]).sum())
        base = 1 / float((weight**2 / shared["n_kept_customers"]).sum()) if len(shared) else 0.0
        low, high = wilson(hits, n, z=z)
        kept_low, kept_high = wilson(rate * base, base, z=z)
        own = {"value": hits / n, "low": low, "high": high} if not missing else {"missing_code": missing}
        other = {"value": rate, "low": kept_low, "high": kept_high} if base else {"missing_code": "no_same_grade"}
        kept = int(shared["n_kept_defaults"].sum()), int(shared["n_kept"].sum())
        rows.append(_row("default_rate_overridden", hits, n, axis=(axis, value), **own))
        rows.append(_row("default_rate_same_grade", *kept, axis=(axis, value), **(other if n else own)))
    return rows


def _result_rows(
    known: DataFrame, tables: Mapping[str, DataFrame], inputs: DataFrame, policy: CreditPolicy, *, as_of: Timestamp
) -> Sequence[dict[str, Any]]:
    """Profit and loss on sales above the proposal, in all, by approver and by reason; none for reductions."""
    n_down = int((known["direction_code"] == "down").sum())
    raised = known[(known["direction_code"] == "up") & (known["state_code"] != "void")]
    results = raised_results(raised, tables, inputs, policy, as_of=as_of)
    rows = [_row("result_of_reductions", n_down, n_down, unit_code="amount", missing_code="not_observable")]
    groups = [("all", "all", results)]
    for axis in ("approver", "reason"):
        groups += [(axis, str(name), part) for name, part in results.groupby(f"{axis}_code")]
    for axis, value, part in groups:
        counted = part.dropna(subset=["profit_amount"])
        missing = None if len(counted) else "no_inputs" if len(part) else "no_overrides"
        for kpi, name in (("profit_of_raises", "profit_amount"), ("loss_of_raises", "loss_amount")):
            amount = float(counted[name].sum()) if len(counted) else np.nan
            told = {"value": amount, "unit_code": "amount", "missing_code": missing}
            rows.append(_row(kpi, len(counted), len(part), axis=(axis, value), **told))
    return rows
