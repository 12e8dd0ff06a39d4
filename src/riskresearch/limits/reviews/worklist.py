"""The list of reviews a credit team works off: who first, how urgent, and how much is behind."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.facts import TRIGGERS

PRIORITIES = ("now", "this_week", "routine")
NOT_DUE = "not_due"
ORDER = {code: place for place, code in enumerate((*PRIORITIES, NOT_DUE))}


def ranked(rows: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return reviews with ``priority_code`` and ``rank_number``, both empty where no review is due.

    - `now`: new risk has shown, and more is unsecured than the lowest level of approval may grant alone (first
      `overrides.levels.up_to_amount`; nothing is `now` where that level has no bound).
    - `this_week`: new risk has shown, and more is unsecured than anybody new may have
      (`new_customers.opening_limit_amount`).
    - `routine`: new risk with less at stake, and triggers that show none: accounts too old, a limit that ends, first
      payments, regular reviews.

    The place is the customer's: one look at it answers all of its triggers. New risk stands before routine, the
    larger unsecured exposure before the smaller, then by customer_id. The two bounds are the policy's; that they part
    the urgent from the rest is a judgement.

    Parameters
    ----------
    rows : ``customer_id trigger_code is_due unsecured_amount``, one amount per customer
    policy : bounds

    Returns
    -------
    DataFrame, the rows with the two columns, index kept.
    """
    first, opening = policy.overrides.levels[0].up_to_amount, policy.new_customers.opening_limit_amount
    now = np.inf if first is None else first
    due, amount = rows["is_due"].astype(bool), rows["unsecured_amount"]
    is_risk = rows["trigger_code"].map({member.name: not member.spec.is_routine for member in TRIGGERS}).astype(bool)
    codes = np.select([is_risk & (amount > max(now, opening)), is_risk & (amount > opening)], PRIORITIES[:2], "routine")
    return rows.assign(
        priority_code=Series(codes, index=rows.index).where(due, None), rank_number=_places(rows[due], is_risk[due])
    )


def review_counts(reviews: DataFrame) -> DataFrame:
    """Return the reviews that wait for a decision, or are to come, by trigger and priority, the most urgent first.

    Parameters
    ----------
    reviews : table `limit_reviews`

    Returns
    -------
    DataFrame ``trigger_code priority_code n_customers unsecured_amount n_behind n_reviews_passed``: priority
    `not_due` is to come; *n_behind*: customers of which at least one day of regular review passed without a decision
    recorded, *n_reviews_passed*: those days. A customer with several triggers counts under each. Answered triggers
    are left out.
    """
    waits = reviews[reviews["answered_date"].isna()]
    passed = waits["n_reviews_passed"].fillna(0).astype("int64")
    waits = waits.assign(
        priority_code=waits["priority_code"].fillna(NOT_DUE), n_reviews_passed=passed, n_behind=(passed > 0).astype(int)
    )
    table = waits.groupby(["trigger_code", "priority_code"], sort=True).agg(
        n_customers=("customer_id", "nunique"),
        unsecured_amount=("unsecured_amount", "sum"),
        n_behind=("n_behind", "sum"),
        n_reviews_passed=("n_reviews_passed", "sum"),
    )
    table = table.reset_index()
    table = table.assign(order=table["priority_code"].map(ORDER))
    by = ["order", "n_customers", "trigger_code"]
    return table.sort_values(by, ascending=[True, False, True], ignore_index=True).drop(columns="order")


def _places(due: DataFrame, is_risk: Series) -> Series:
    """Place of each row's customer, 1 = first."""
    customers = DataFrame(
        {"customer_id": due["customer_id"], "is_routine": ~is_risk, "amount": -due["unsecured_amount"].astype(float)}
    )
    first = customers.groupby("customer_id", as_index=False).min()
    order = first.sort_values(["is_routine", "amount", "customer_id"], kind="stable")["customer_id"]
    return (
        due["customer_id"].map(Series(range(1, len(order) + 1), index=pd.Index(order), dtype="int64")).astype("Int64")
    )
