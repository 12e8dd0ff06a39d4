"""Table `limit_reviews`: which reviews are due, why, and since when."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.exposure import exposure
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews import news, triggers
from riskresearch.limits.reviews.facts import FOUND, TRIGGERS, Facts
from riskresearch.limits.reviews.worklist import PRIORITIES, ranked

MADE = ("trigger_code", "unit_code", "n_reviews_passed")
FAMILIES = (triggers, news)
READS = tuple(sorted({name for member in TRIGGERS for name in member.spec.needs}))
"""Tables that triggers read; one that is absent leaves its triggers without finds."""
OPTIONAL_READS = ("orders", "overrides", "guarantees")
ROUND_DAYS = 7
"""A list a week: the regular reviews of one week are a week's work."""
LIMIT_REVIEWS = Table(
    "limit_reviews",
    "limits",
    "one row per customer and trigger of a review, of several the one that has waited longest",
    ("customer_id", "trigger_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("trigger_code", "code", "what calls for the review", False, tuple(TRIGGERS.names)),
        Column("trigger_date", "date", "day from which it calls for it, as known"),
        Column("review_due_date", "date", "day by which the review is due: the day of the trigger"),
        Column("is_due", "bool", "due on the day of the run and no decision on the limit since"),
        Column("answered_date", "date", "first decision on the limit after the trigger", True),
        Column("priority_code", "code", "how urgent it is; empty = not due", True, PRIORITIES),
        Column("rank_number", "int", "place of the customer in the list, 1 = first; empty = not due", True),
        Column("unsecured_amount", "float", "exposure at stake that no security covers, run currency"),
        Column(
            "n_reviews_passed",
            "int",
            "regular reviews whose day passed before this one without a decision recorded; other triggers: empty",
            True,
        ),
        Column("value", "float", "what is measured, in the trigger's unit", True),
        Column("threshold", "float", "what it is held against", True),
        Column("unit_code", "text", "unit of value and threshold"),
        Column("evidence", "text", "identifiers, codes, dates and figures it rests on, as JSON"),
    ),
)


def limit_reviews(
    inputs: DataFrame,
    segments: DataFrame,
    tables: Mapping[str, DataFrame],
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    round_days: int = ROUND_DAYS,
) -> DataFrame:
    """Return table `limit_reviews`.

    A review is due from the day of its trigger. A later decision on the customer's limit, or against a proposal, is
    the review: it answers the trigger. A decision of the same day does not, as it may have come first. Regular reviews
    come up once per cycle, spread over its weeks (`triggers.regular_review`); they and ends of limits to come are
    listed with their day. Urgency and place in the list: `worklist.ranked`. Related companies are left out.

    Parameters
    ----------
    inputs : table `limit_inputs`
    segments : table `limit_segments`
    tables : tables of `READS` and, where delivered, of `OPTIONAL_READS`
    policy : credit policy, parts triggers, segments and new customers
    as_of : last day that counts
    round_days : days that one list serves: regular reviews of so many days up to `as_of` are due
    """
    own = inputs[inputs["customer_type_code"] != "related"]
    facts = Facts(inputs=own, segments=segments, tables=tables, policy=policy, as_of=as_of, round_days=round_days)
    parts = [
        member.function(facts).assign(trigger_code=member.name, unit_code=member.spec.unit_code)
        for member in TRIGGERS
        if all(name in tables for name in member.spec.needs)
    ]
    rows = pd.concat([DataFrame(columns=[*FOUND, *MADE]), *[part for part in parts if len(part)]])
    rows = rows[rows["customer_id"].isin(facts.today.index)]
    rows = _answered(rows.astype({"trigger_date": "datetime64[us]", "customer_id": "str"}), facts.decisions)
    rows = rows.assign(
        review_due_date=rows["trigger_date"], is_due=(rows["trigger_date"] <= as_of) & rows["answered_date"].isna()
    )
    at_stake = exposure(facts.today, policy)["unsecured_amount"]
    rows = _longest_waiting(rows).assign(unsecured_amount=lambda kept: kept["customer_id"].map(at_stake).astype(float))
    return check(ranked(rows, policy)[LIMIT_REVIEWS.names], LIMIT_REVIEWS)


def reviews_due(reviews: DataFrame) -> DataFrame:
    """Return the reviews due today in the order of the list, of a customer those that have waited longest first."""
    due = reviews[reviews["is_due"].astype(bool)]
    return due.sort_values(["rank_number", "review_due_date", "trigger_code"], ignore_index=True)


def next_review_date(reviews: DataFrame, *, as_of: Timestamp) -> Series:
    """Return the day of the next review by customer_id: today where one is due, else the first day to come.

    Parameters
    ----------
    reviews : table `limit_reviews`
    as_of : day of the run
    """
    ahead = reviews[reviews["is_due"].astype(bool) | (reviews["review_due_date"] > as_of)]
    return ahead["review_due_date"].clip(lower=as_of).groupby(ahead["customer_id"]).min().rename("next_review_date")


def _answered(rows: DataFrame, decisions: DataFrame) -> DataFrame:
    """Add the first decision after the day of each trigger."""
    right = decisions.assign(answered_date=decisions["decided_date"]).astype(
        {"decided_date": "datetime64[us]", "answered_date": "datetime64[us]", "customer_id": "str"}
    )
    return pd.merge_asof(
        rows.sort_values(["trigger_date", "customer_id"], kind="stable"),
        right.sort_values("decided_date"),
        left_on="trigger_date",
        right_on="decided_date",
        by="customer_id",
        direction="forward",
        allow_exact_matches=False,
    )


def _longest_waiting(rows: DataFrame) -> DataFrame:
    """Of several finds of a trigger: the oldest not answered, else the latest."""
    waits = rows["answered_date"].isna()
    order = rows["trigger_date"].astype("int64").where(waits, -rows["trigger_date"].astype("int64"))
    ranked = rows.assign(is_answered=~waits, order=order)
    ranked = ranked.sort_values(["customer_id", "trigger_code", "is_answered", "order", "evidence"], kind="stable")
    return ranked.drop_duplicates(["customer_id", "trigger_code"])
