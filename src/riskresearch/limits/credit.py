"""Today's limit of each customer: proposal, movement from the limit in force, decisions of persons, and validity."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.limits.exposure import exposure
from riskresearch.limits.movement import MOVE_CODES, MOVE_REASONS, lowest_own_limit, moved
from riskresearch.limits.overrides import approver_needed, with_overrides
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rule import SEGMENTS
from riskresearch.limits.proposals import BINDING_QUESTIONS

CREDIT_LIMITS = Table(
    "credit_limits",
    "limits",
    "one row per customer sold to or asking for credit, and per customer in default",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("customer_status_code", "text", "active, prospect or in default"),
        Column("segment_code", "code", "segment of the credit policy", False, SEGMENTS),
        Column("is_new", "bool", "the rule for new customers holds"),
        Column("grade_code", "text", "grade"),
        Column("pd_12m", "float", "probability of default"),
        Column("lgd_ratio", "float", "loss given default, share of the exposure"),
        Column("open_amount", "float", "open items, run currency"),
        Column("used_amount", "float", "open + unbilled + confirmed orders − unapplied, run currency"),
        Column("guarantee_amount", "float", "securities in force at their recognised share, run currency"),
        Column("unsecured_amount", "float", "use that no security covers, run currency"),
        Column("need_amount", "float", "what the customer needs at its peak, run currency", True),
        Column("capacity_amount", "float", "what it can bear by its accounts, run currency", True),
        Column("risk_amount", "float", "what risk and return allow, run currency", True),
        Column("cap_amount", "float", "most one customer, its insurer, country or group allows, run currency", True),
        Column("binding_question_code", "code", "which of the four binds", False, BINDING_QUESTIONS),
        Column("binding_code", "text", "limit method that binds"),
        Column("missing_codes", "text", "what is not known, joined by +", True),
        Column("proposed_amount", "float", "smallest of the four, run currency", True),
        Column("model_limit_amount", "float", "limit after the rules of movement, run currency"),
        Column("move_reason_code", "code", "rule of movement that decided", False, MOVE_REASONS),
        Column("decision_code", "code", "policy, or override by a person", False, ("policy", "override")),
        Column("limit_amount", "float", "limit on what no security covers, run currency"),
        Column("temporary_limit_amount", "float", "temporary increase in force on top, run currency; 0 = none"),
        Column("current_limit_amount", "float", "internal limit in force, run currency; empty = none", True),
        Column("action_code", "code", "change against the limit in force", False, MOVE_CODES),
        Column("over_limit_amount", "float", "unsecured use above limit and temporary increase, run currency"),
        Column("terms_days", "float", "advised payment terms; 0 = cash", True),
        Column("deposit_ratio", "float", "share of an order paid before delivery"),
        Column("guarantees_required", "text", "one of these securities must be in force, joined by +", True),
        Column("guarantees_wanted", "text", "securities asked for, joined by +", True),
        Column("dunning_scenario_code", "code", "scenario of dunning", False, SEGMENTS),
        Column("approver_code", "text", "who may approve the limit"),
        Column("valid_from_date", "date", "first day of the limit"),
        Column("valid_to_date", "date", "last day; a review comes before"),
    ),
)


def credit_limits(
    rows: DataFrame, tables: Mapping[str, DataFrame], policy: CreditPolicy, *, as_of: Timestamp
) -> DataFrame:
    """Return table `credit_limits`: today's limit of each customer that is scored.

    The limit moves from the internal limit in force to the proposal by the rules of movement; an override in force
    takes its place and ends with it. It bounds what no security covers.

    Parameters
    ----------
    rows : one row per customer: columns of `limit_inputs` and `limit_segments` of the day, and the proposal
    tables : ``scored limits overrides terms_advice``
    policy : credit policy
    as_of : day of the run
    """
    scored = tables["scored"].set_index("customer_id")
    now = rows[rows["customer_id"].isin(scored.index)].set_index("customer_id").sort_index()
    used = exposure(now, policy)
    moves = _moves(now, tables["limits"], policy, as_of=as_of)
    decided = _decided(now, moves["limit_amount"], tables["overrides"], policy, as_of=as_of)
    limit = decided["limit_amount"]
    conditions = _conditions(now["segment_code"], policy, as_of=as_of)
    ends = DataFrame({"review": conditions["valid_to_date"], "decision": decided["override_end_date"]})
    above = (used["unsecured_amount"] - limit - now["temporary_limit_amount"]).clip(lower=0)
    frame = now.assign(
        customer_status_code=scored["customer_status_code"].reindex(now.index),
        grade_code=scored["grade_code"].reindex(now.index),
        used_amount=used["used_amount"],
        unsecured_amount=used["unsecured_amount"],
        model_limit_amount=moves["limit_amount"],
        move_reason_code=moves["move_reason_code"],
        decision_code=decided["decision_code"],
        limit_amount=limit,
        current_limit_amount=now["internal_limit_amount"],
        action_code=_actions(limit, now["internal_limit_amount"]),
        over_limit_amount=above,
        terms_days=tables["terms_advice"].set_index("customer_id")["advised_terms_days"].reindex(now.index),
        approver_code=approver_needed(limit, policy),
        valid_from_date=as_of + pd.Timedelta(days=1),
        **conditions | {"valid_to_date": ends.min(axis=1)},
    )
    return frame.reset_index()[CREDIT_LIMITS.names]


def _moves(now: DataFrame, limits: DataFrame, policy: CreditPolicy, *, as_of: Timestamp) -> DataFrame:
    lowest = lowest_own_limit(limits, as_of=as_of, raise_months=policy.movement.raise_months)
    return moved(
        now["internal_limit_amount"],
        now["proposed_amount"],
        held_amount=now["held_amount"],
        lowest_amount=lowest.reindex(now.index),
        n_good_reviews=now["n_good_reviews"],
        is_in_default=now["segment_code"] == "defaulted",
        policy=policy,
    )


def _decided(
    now: DataFrame, model: Series, overrides: DataFrame, policy: CreditPolicy, *, as_of: Timestamp
) -> DataFrame:
    """Limits after the decisions that hold on the first day of the limit, that is after the day of the run."""
    in_default = now["segment_code"] == "defaulted"
    found = with_overrides(model, overrides, policy, as_of=as_of, in_default=in_default)
    holds = found["override_end_date"] > as_of
    return found.assign(
        limit_amount=found["limit_amount"].where(holds, model),
        decision_code=np.where(holds, found["decision_code"], "policy"),
        override_end_date=found["override_end_date"].where(holds),
    )


def _actions(limit: Series, before: Series) -> Series:
    tests = [limit == 0, before.isna() | (before == 0), limit > before, limit < before]
    return Series(np.select(tests, ["block", "new", "raise", "lower"], "keep"), index=limit.index)


def _conditions(segment: Series, policy: CreditPolicy, *, as_of: Timestamp) -> dict[str, Series]:
    """Terms of the segment that go with the limit."""
    rules = {rule.segment_code: rule for rule in policy.segments}
    last = {code: as_of + pd.DateOffset(months=rule.review_months) for code, rule in rules.items()}
    return {
        "deposit_ratio": segment.map({code: rule.deposit_ratio for code, rule in rules.items()}),
        "guarantees_required": segment.map(
            {code: "+".join(rule.guarantees_required) or None for code, rule in rules.items()}
        ),
        "guarantees_wanted": segment.map(
            {code: "+".join(rule.guarantees_wanted) or None for code, rule in rules.items()}
        ),
        "dunning_scenario_code": segment.map({code: rule.dunning_scenario_code for code, rule in rules.items()}),
        "valid_to_date": segment.map(last),
    }


def limits_by_binding(credit: DataFrame) -> DataFrame:
    """Return number of customers, use and limits by segment and binding method.

    Returns
    -------
    DataFrame ``segment_code binding_code n_customers unsecured_amount limit_amount over_limit_amount``.
    """
    grouped = credit.groupby(["segment_code", "binding_code"], sort=True)
    sums = grouped[["unsecured_amount", "limit_amount", "over_limit_amount"]].sum()
    return pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()


def limit_changes(credit: DataFrame) -> DataFrame:
    """Return what today's limits change: by segment and action, customers, limits before and after, use affected.

    Returns
    -------
    DataFrame ``segment_code action_code n_customers current_limit_amount limit_amount change_amount
    unsecured_amount over_limit_amount``.
    """
    rows = credit.assign(change_amount=credit["limit_amount"] - credit["current_limit_amount"].fillna(0.0))
    grouped = rows.groupby(["segment_code", "action_code"], sort=True)
    names = ["current_limit_amount", "limit_amount", "change_amount", "unsecured_amount", "over_limit_amount"]
    return pd.concat([grouped.size().rename("n_customers"), grouped[names].sum()], axis=1).reset_index()
