"""Recommended payment terms: by segment and tenure, never above the law nor the country's rule; what they change."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, MultiIndex, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rule import SEGMENTS, TENURES
from riskresearch.limits.segments import WITHOUT_PD
from riskresearch.limits.terms.ceilings import CEILING_CODES, LAW_CODES, is_above_law, legal_ceilings
from riskresearch.limits.terms.settings import TermsSettings

TERMS_REASONS = (
    "terms_kept",
    "above_law",
    "above_country_max",
    "new_customer",
    "segment_terms",
    "cash_only",
    "longer_on_request",
    "terms_not_agreed",
)
DAYS_PER_YEAR = 365
TERMS_ADVICE = Table(
    "terms_advice",
    "limits",
    "one row per customer with sales or open invoices",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("segment_code", "code", "segment held under the credit policy", False, SEGMENTS),
        Column("tenure_code", "code", "length of the relation", False, TENURES),
        Column("present_terms_days", "float", "median agreed days from issue to due date", True),
        Column("legal_max_days", "int", "longest lawful terms, days from the invoice"),
        Column("ceiling_code", "code", "where that comes from", False, CEILING_CODES),
        Column("country_max_days", "int", "longest terms of the company in the country; 0 = no open account"),
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
    "limits",
    "one row per segment of the credit policy and length of the relation",
    ("segment_code", "tenure_code"),
    (
        Column("segment_code", "code", "segment held under the credit policy", False, SEGMENTS),
        Column("tenure_code", "code", "length of the relation", False, TENURES),
        Column("policy_max_days", "int", "longest terms of the policy, before the law and the country's rule"),
        Column("policy_request_days", "int", "longest terms granted on request; 0 = none"),
        Column("n_customers", "int", "customers"),
        Column("n_changed", "int", "customers whose terms should change"),
        Column("sales_amount_12m", "float", "net sales including tax of 12 months, run currency"),
        Column("present_terms_days", "float", "mean present terms, weighted by sales", True),
        Column("advised_terms_days", "float", "mean recommended terms of the same customers, weighted by sales", True),
        Column("bound_change_amount", "float", "change of the money bound, run currency"),
    ),
)


def terms_advice(
    tables: Mapping[str, DataFrame], policy: CreditPolicy, settings: TermsSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `terms_advice`: the shortest of present terms, segment's terms, country's maximum and law.

    Terms are lengthened only where the customer asked for it, and no further than the policy grants on request.
    Where no terms are known those that hold without agreement are the starting point. Sales of less than a year are
    brought to a year, of less than three months to four times as much. Days below the law count where a law is
    known. A customer without a review on the day counts as one of the second segment, as one without a PD does,
    and as new.

    Parameters
    ----------
    tables : ``customer_behaviour customers limit_segments events``
    policy : terms by segment and tenure, longest terms by country
    settings : law, what is sold, requests
    as_of : last day that counts; `limit_segments` has a row of that day for each customer reviewed
    """
    behaviour = tables["customer_behaviour"].set_index("customer_id")
    behaviour = behaviour[(behaviour["sales_amount_12m"] > 0) | (behaviour["open_amount"] > 0)]
    customers = tables["customers"].set_index("customer_id").reindex(behaviour.index)
    standing = _standing(tables["limit_segments"], behaviour, settings, as_of=as_of)
    most = _country_max_days(customers["country_code"], policy)
    ceilings = legal_ceilings(customers, settings, country_max_days=most, as_of=as_of).assign(country_max_days=most)
    present = behaviour["terms_days"].astype("float64").clip(lower=0)
    asked = behaviour.index.isin(_asked(tables["events"], settings, as_of=as_of))
    rules = _offers(policy).reindex(MultiIndex.from_frame(standing)).set_index(behaviour.index)
    base = present.fillna(float(settings.unagreed_terms_days))
    advised, reason = _advised(base, rules, ceilings, asked, is_new=standing["tenure_code"] == "new")
    change = advised - present
    frame = DataFrame(
        {
            **standing,
            "present_terms_days": present,
            **ceilings[["legal_max_days", "ceiling_code", "country_max_days"]],
            "is_above_law": is_above_law(present, ceilings),
            "advised_terms_days": advised,
            "change_days": change,
            "bound_change_amount": _yearly_sales(behaviour) / DAYS_PER_YEAR * change,
            "reason_code": np.where((reason == "terms_kept") & present.isna(), "terms_not_agreed", reason),
        }
    )
    return frame.reset_index()


def _standing(segments: DataFrame, behaviour: DataFrame, settings: TermsSettings, *, as_of: Timestamp) -> DataFrame:
    """Segment held on the day and length of the relation, index of `behaviour`."""
    today = segments[segments["review_date"] == as_of].set_index("customer_id").reindex(behaviour.index)
    is_new = today["is_new"].astype("boolean").fillna(True).astype(bool)
    is_loyal = behaviour["tenure_months"].astype("float64") >= settings.loyal_months
    return DataFrame(
        {
            "segment_code": today["segment_code"].fillna(SEGMENTS[WITHOUT_PD]),
            "tenure_code": np.select([is_new, is_loyal], ["new", "loyal"], "established"),
        },
        index=behaviour.index,
    )


def _country_max_days(country: Series, policy: CreditPolicy) -> Series:
    """Longest terms of the company in the country of each customer; 0 where there is no open account."""
    rules = [policy.country(code) for code in country.astype("str").fillna("")]
    return Series([rule.max_terms_days if rule.open_account else 0 for rule in rules], country.index, dtype="int64")


def _yearly_sales(behaviour: DataFrame) -> Series:
    months = behaviour["tenure_months"].astype("float64").fillna(12.0).clip(lower=3, upper=12)
    return behaviour["sales_amount_12m"].astype("float64").clip(lower=0) * 12 / months


def _asked(events: DataFrame, settings: TermsSettings, *, as_of: Timestamp) -> Series:
    known = events[(events["event_date"] <= as_of) & (events["recorded_date"] <= as_of)]
    recent = known["event_date"] > as_of - pd.Timedelta(days=settings.request_days)
    return known.loc[recent & (known["event_code"] == "terms_request"), "customer_id"]


def _advised(
    base: Series, rules: DataFrame, ceilings: DataFrame, asked: np.ndarray, *, is_new: Series
) -> tuple[Series, np.ndarray]:
    """Recommended terms, whole days where they change, and what decides them."""
    legal, country = ceilings["legal_max_days"], ceilings["country_max_days"]
    most = np.minimum(legal, country)
    by_law = ceilings["ceiling_code"].isin(LAW_CODES)
    below_law = (legal - rules["below_law_days"]).clip(lower=0).where(by_law, np.inf)
    ceiling = np.minimum(rules["max_days"], below_law)
    longest = np.minimum(rules["request_days"], most)
    lengthened = asked & (longest > base) & (ceiling >= longest)
    advised = DataFrame({"base": base, "ceiling": ceiling, "most": most}).min(axis=1).mask(lengthened, longest)
    advised = advised.where(advised == base, np.floor(advised))
    cut = advised < base
    reasons = {
        "longer_on_request": lengthened,
        "cash_only": cut & (rules["max_days"] == 0),
        "above_law": cut & (advised == legal) & by_law,
        "above_country_max": cut & (advised == country) & (rules["max_days"] > country),
        "new_customer": cut & is_new,
        "segment_terms": cut,
    }
    return advised, np.select(list(reasons.values()), list(reasons), "terms_kept")


def _offers(policy: CreditPolicy) -> DataFrame:
    rows = {
        (segment.segment_code, tenure): segment.terms[tenure].model_dump()
        for segment in policy.segments
        for tenure in TENURES
    }
    return DataFrame.from_dict(rows, orient="index")


def terms_by_segment(advice: DataFrame, behaviour: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return table `terms_by_segment`: the policy, and what it does to the customers it concerns.

    Parameters
    ----------
    advice : table `terms_advice`
    behaviour : table `customer_behaviour`
    policy : terms by segment and tenure
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
    offers = _offers(policy).reindex(index)
    counts = DataFrame({"n_customers": groups.size(), "n_changed": groups["is_changed"].sum()}).reindex(index)
    weights = sums["weight"].replace(0.0, np.nan)
    return DataFrame(
        {
            "policy_max_days": offers["max_days"],
            "policy_request_days": offers["request_days"],
            **counts.fillna(0).astype("int64"),
            "sales_amount_12m": sums["sales_amount_12m"].fillna(0.0),
            "present_terms_days": sums["present"] / weights,
            "advised_terms_days": sums["advised"] / weights,
            "bound_change_amount": sums["bound_change_amount"].fillna(0.0),
        },
        index=index,
    ).reset_index()
