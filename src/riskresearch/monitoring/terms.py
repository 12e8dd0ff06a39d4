"""Recommended payment terms: by segment and tenure, never above the law; what they change; early-payment discount."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, MultiIndex, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.ceilings import CEILING_CODES, is_above_law, legal_ceilings
from riskresearch.monitoring.day_numbers import known_on
from riskresearch.monitoring.rules import SEGMENTS, TENURES
from riskresearch.monitoring.scenarios import is_new
from riskresearch.monitoring.settings import MonitoringSettings, TermsSettings

TERMS_REASONS = (
    "terms_kept",
    "above_law",
    "above_company_max",
    "new_customer",
    "segment_terms",
    "cash_only",
    "longer_on_request",
    "terms_not_agreed",
)
DAYS_PER_YEAR = 365
TERMS_ADVICE = Table(
    "terms_advice",
    "monitoring",
    "one row per customer with sales or open invoices",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("segment_code", "code", "business segment", False, SEGMENTS),
        Column("tenure_code", "code", "length of the relation", False, TENURES),
        Column("present_terms_days", "float", "median agreed days from issue to due date", True),
        Column("legal_max_days", "int", "longest lawful terms, days from the invoice"),
        Column("ceiling_code", "code", "where that comes from", False, CEILING_CODES),
        Column("is_above_law", "bool", "present terms are longer than the law allows"),
        Column("advised_terms_days", "float", "recommended days from issue to due date"),
        Column("change_days", "float", "recommended minus present terms", True),
        Column(
            "bound_change_amount", "float", "change of the money bound = sales per day × change, run currency", True
        ),
        Column("reason_code", "code", "what decides the recommendation", False, TERMS_REASONS),
    ),
)
TERMS_BY_SEGMENT = Table(
    "terms_by_segment",
    "monitoring",
    "one row per business segment and length of the relation",
    ("segment_code", "tenure_code"),
    (
        Column("segment_code", "code", "business segment", False, SEGMENTS),
        Column("tenure_code", "code", "length of the relation", False, TENURES),
        Column("policy_max_days", "int", "longest terms of the policy, before the law"),
        Column("policy_request_days", "int", "longest terms granted on request; 0 = none"),
        Column("n_customers", "int", "customers"),
        Column("n_changed", "int", "customers whose terms should change"),
        Column("sales_amount_12m", "float", "net sales including tax of 12 months, run currency"),
        Column("present_terms_days", "float", "mean present terms, weighted by sales", True),
        Column("advised_terms_days", "float", "mean recommended terms of the same customers, weighted by sales", True),
        Column("bound_change_amount", "float", "change of the money bound, run currency"),
    ),
)
DISCOUNT_COSTS = Table(
    "discount_costs",
    "monitoring",
    "one row per early-payment discount",
    ("discount_ratio", "days_gained"),
    (
        Column("discount_ratio", "float", "discount, share of the invoice"),
        Column("days_gained", "int", "days the customer pays earlier"),
        Column("annual_cost_ratio", "float", "yearly cost, simple"),
        Column("compound_cost_ratio", "float", "yearly cost, compounded"),
        Column("is_cheaper", "bool", "costs the seller less than borrowing"),
    ),
)


def terms_advice(tables: Mapping[str, DataFrame], settings: MonitoringSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `terms_advice`: the shortest of present terms, policy, company maximum and law.

    Terms are lengthened only where the customer asked for it, and no further than the policy grants on request.
    Where no terms are known those that hold without agreement are the starting point. Sales of less than a year are
    brought to a year, of less than three months to four times as much.

    Parameters
    ----------
    tables : ``customer_behaviour customers scored events``
    settings : law, policy by segment and tenure
    as_of : last day that counts
    """
    behaviour = tables["customer_behaviour"].set_index("customer_id")
    behaviour = behaviour[(behaviour["sales_amount_12m"] > 0) | (behaviour["open_amount"] > 0)]
    customers = tables["customers"].set_index("customer_id").reindex(behaviour.index)
    segment = tables["scored"].set_index("customer_id")["segment_code"].reindex(behaviour.index)
    segment = segment.fillna(settings.unscored_segment_code)
    tenure = _tenure(behaviour, settings)
    ceilings = legal_ceilings(customers, settings, as_of=as_of)
    present = behaviour["terms_days"].astype("float64").clip(lower=0)
    asked = behaviour.index.isin(_asked(tables["events"], settings, as_of=as_of))
    advice = _advised(present, segment, tenure, ceilings["legal_max_days"], asked, settings)
    change = advice["advised_terms_days"] - present
    frame = DataFrame(
        {
            "segment_code": segment,
            "tenure_code": tenure,
            "present_terms_days": present,
            **ceilings[["legal_max_days", "ceiling_code"]],
            "is_above_law": is_above_law(present, ceilings),
            **advice,
            "change_days": change,
            "bound_change_amount": _yearly_sales(behaviour) / DAYS_PER_YEAR * change,
        }
    )
    return frame.reset_index()


def _tenure(behaviour: DataFrame, settings: MonitoringSettings) -> Series:
    months = behaviour["tenure_months"].astype("float64")
    codes = np.select([is_new(behaviour, settings), months >= settings.loyal_months], ["new", "loyal"], "established")
    return Series(codes, index=behaviour.index)


def _yearly_sales(behaviour: DataFrame) -> Series:
    months = behaviour["tenure_months"].astype("float64").fillna(12.0).clip(lower=3, upper=12)
    return behaviour["sales_amount_12m"].astype("float64").clip(lower=0) * 12 / months


def _asked(events: DataFrame, settings: TermsSettings, *, as_of: Timestamp) -> Series:
    known = known_on(events, "event_date", as_of=as_of)
    recent = known["event_date"] > as_of - pd.Timedelta(days=settings.request_days)
    return known.loc[recent & (known["event_code"] == "terms_request"), "customer_id"]


def _advised(
    present: Series, segment: Series, tenure: Series, legal: Series, asked: np.ndarray, settings: TermsSettings
) -> DataFrame:
    """Recommended terms, whole days where they change, and what decides them."""
    rules = _policy(settings)
    policy = rules.reindex(MultiIndex.from_arrays([segment, tenure])).set_index(present.index)
    most = np.minimum(legal, settings.company_max_terms_days)
    ceiling = np.minimum(policy["max_days"], (legal - policy["below_law_days"]).clip(lower=0))
    base = present.fillna(float(settings.unagreed_terms_days))
    longest = np.minimum(policy["request_days"], most)
    lengthened = asked & (longest > base) & (ceiling >= longest)
    advised = DataFrame({"base": base, "ceiling": ceiling, "most": most}).min(axis=1).mask(lengthened, longest)
    advised = advised.where(advised == base, np.floor(advised))
    cut = advised < base
    reasons = {
        "longer_on_request": lengthened,
        "cash_only": cut & (policy["max_days"] == 0),
        "above_law": cut & (advised == legal),
        "above_company_max": cut & (ceiling > settings.company_max_terms_days),
        "new_customer": cut & (tenure == "new"),
        "segment_terms": cut,
        "terms_not_agreed": present.isna(),
    }
    reason = np.select(list(reasons.values()), list(reasons), "terms_kept")
    return DataFrame({"advised_terms_days": advised, "reason_code": reason}, index=present.index)


def _policy(settings: TermsSettings) -> DataFrame:
    rows = [rule.model_dump() for rule in settings.terms_rules]
    return DataFrame(rows).set_index(["segment_code", "tenure_code"])


def terms_by_segment(advice: DataFrame, behaviour: DataFrame, settings: TermsSettings) -> DataFrame:
    """Return table `terms_by_segment`: the policy, and what it does to the customers it concerns.

    Parameters
    ----------
    advice : table `terms_advice`
    behaviour : table `customer_behaviour`
    settings : policy by segment and tenure
    """
    sales = behaviour.set_index("customer_id")["sales_amount_12m"].reindex(advice["customer_id"]).to_numpy("float64")
    rows = advice.assign(sales_amount_12m=sales, is_changed=advice["change_days"].fillna(0) != 0)
    rows = rows.sort_values("customer_id", kind="stable")
    weight = rows["sales_amount_12m"].clip(lower=0).where(rows["present_terms_days"].notna(), 0.0)
    rows = rows.assign(
        weight=weight,
        present=weight * rows["present_terms_days"].fillna(0),
        advised=weight * rows["advised_terms_days"],
    )
    groups = rows.groupby(["segment_code", "tenure_code"])
    index = MultiIndex.from_product([SEGMENTS, TENURES], names=["segment_code", "tenure_code"])
    sums = groups[["sales_amount_12m", "bound_change_amount", "weight", "present", "advised"]].sum().reindex(index)
    policy = _policy(settings).reindex(index)
    counts = DataFrame({"n_customers": groups.size(), "n_changed": groups["is_changed"].sum()}).reindex(index)
    weights = sums["weight"].replace(0.0, np.nan)
    return DataFrame(
        {
            "policy_max_days": policy["max_days"],
            "policy_request_days": policy["request_days"],
            **counts.fillna(0).astype("int64"),
            "sales_amount_12m": sums["sales_amount_12m"].fillna(0.0),
            "present_terms_days": sums["present"] / weights,
            "advised_terms_days": sums["advised"] / weights,
            "bound_change_amount": sums["bound_change_amount"].fillna(0.0),
        },
        index=index,
    ).reset_index()


def annual_discount_cost(discount_ratio: float, *, days_gained: int) -> float:
    """Return the yearly cost of an early-payment discount, simple: d / (1 - d) × 365 / days.

    Parameters
    ----------
    discount_ratio : share of the invoice the customer keeps, 0-1
    days_gained : days the money comes earlier

    Examples
    --------
    >>> round(annual_discount_cost(0.02, days_gained=30), 3)
    0.248
    """
    return discount_ratio / (1 - discount_ratio) * DAYS_PER_YEAR / days_gained


def discount_costs(settings: TermsSettings) -> DataFrame:
    """Return table `discount_costs`: what early-payment discounts cost in a year, beside borrowing.

    Compounded: (1 / (1 - d)) ** (365 / days) - 1; the comparison is on the simple rate.
    """
    rows = []
    for ratio, days in sorted(set(settings.discount_offers)):
        simple = annual_discount_cost(ratio, days_gained=days)
        compound = (1 / (1 - ratio)) ** (DAYS_PER_YEAR / days) - 1
        rows.append((ratio, days, simple, compound, simple < settings.own_financing_ratio))
    return DataFrame(rows, columns=DISCOUNT_COSTS.names)
