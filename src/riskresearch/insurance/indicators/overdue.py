"""Overdue items and the day by which the insurer had to hear of them."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.insurance.indicators.cover_then import was_covered
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.decisions import known_on
from riskresearch.insurance.portfolio.lookup import column_of
from riskresearch.insurance.terms import Declaration


def declared_dates(items: DataFrame, tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> Series:
    """Return when each item was declared: the customer's first declaration on or after the due date.

    Parameters
    ----------
    items : ``customer_id due_date``
    tables : ``events`` (code insurer_claim) and, where there is one, ``insurer_claims``
    as_of : last day that counts
    """
    events = known_on(tables["events"], "event_date", as_of=as_of)
    events = events[events["event_code"] == "insurer_claim"].rename(columns={"event_date": "declared_date"})
    found = [events[["customer_id", "declared_date"]]]
    if "insurer_claims" in tables:
        claims = known_on(tables["insurer_claims"], "declared_date", as_of=as_of)
        found.append(claims[["customer_id", "declared_date"]])
    declared = pd.concat(found, ignore_index=True).sort_values("declared_date", kind="stable")
    due = items[["customer_id", "due_date"]].reset_index(drop=True)
    asked = due[due["due_date"].notna()].sort_values("due_date", kind="stable")
    pairs = pd.merge_asof(
        asked.reset_index(names="row").astype({"due_date": "datetime64[us]"}),
        declared.astype({"declared_date": "datetime64[us]"}),
        left_on="due_date",
        right_on="declared_date",
        by="customer_id",
        direction="forward",
    )
    return Series(pairs.set_index("row")["declared_date"].reindex(due.index).to_numpy(), index=items.index)


def is_late(items: DataFrame, declared: Series, policy: Policy, *, as_of: Timestamp) -> Series:
    """Tell which items were declared after their deadline, or not yet although it has passed.

    Parameters
    ----------
    items : ``due_date``
    declared : day of the declaration of each item, empty = none
    policy : the policy; without deadline nothing is late
    as_of : last day that counts
    """
    deadline = declare_by(items["due_date"], policy)
    if deadline is None:
        return Series(False, index=items.index)
    return (deadline < as_of) & ~(declared <= deadline)


def declare_by(due_date: Series, policy: Policy) -> Series | None:
    """Return the day by which an item must be declared, None where the policy sets no deadline."""
    term = policy.find(Declaration)
    if term is None or term.overdue_days is None:
        return None
    return due_date + Timedelta(days=float(term.overdue_days))


def declarations(
    tables: Mapping[str, DataFrame],
    policy: Policy,
    customers: DataFrame,
    decisions: DataFrame,
    *,
    since: Timestamp,
    as_of: Timestamp,
) -> DataFrame:
    """Return the items of customers with cover on the due date that were still unpaid on a deadline within a time.

    Parameters
    ----------
    tables : ``movements`` cut to the date, ``events`` and, where there is one, ``insurer_claims``
    policy : the policy
    customers : ``customer_id limit_amount is_insurable is_discretionary_justified basis_factor``
    decisions : see `insurer_decisions`
    since, as_of : deadlines lie after the first and before the second day

    Returns
    -------
    DataFrame ``customer_id item_id declare_by_date amount open_amount is_in_time``: unpaid on the deadline, and
    today, in the basis of the contract
    """
    moves = tables["movements"]
    moves = moves[moves["due_date"].notna()]
    deadline = declare_by(moves["due_date"], policy)
    if deadline is None:
        deadline = Series(pd.NaT, index=moves.index, dtype="datetime64[us]")
    asked = moves.assign(declare_by_date=deadline)
    asked = asked[(asked["declare_by_date"] > since) & (asked["declare_by_date"] < as_of)]
    asked = asked.assign(before=asked["base_minor"].where(asked["known_date"] <= asked["declare_by_date"], 0))
    keys = ["customer_id", "item_id", "due_date", "declare_by_date"]
    items = asked.groupby(keys)[["before", "base_minor"]].sum().reset_index()
    had = was_covered(items["customer_id"], items["due_date"], policy=policy, customers=customers, decisions=decisions)
    items = items[(items["before"] > 0) & had].reset_index(drop=True)
    factor = column_of(items["customer_id"], customers, "basis_factor") / 100
    declared = declared_dates(items, tables, as_of=as_of)
    return items[["customer_id", "item_id", "declare_by_date"]].assign(
        amount=items["before"] * factor,
        open_amount=items["base_minor"].clip(lower=0) * factor,
        is_in_time=declared <= items["declare_by_date"],
    )
