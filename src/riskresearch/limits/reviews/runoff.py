"""Run-off of limits that are passed: what has to be paid, which deliveries wait, when it is back under the limit."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.facts import looked_up

RUNOFF_CODES = ("expected", "no_debt", "late_items")
LIMIT_RUNOFF = Table(
    "limit_runoff",
    "limits",
    "one row per customer whose use that no security covers is above its new limit",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("current_limit_amount", "float", "own limit in force, run currency; empty = none", True),
        Column("room_amount", "float", "new limit, temporary increase and securities, run currency"),
        Column("used_amount", "float", "open + unbilled + confirmed orders − unapplied, run currency"),
        Column("over_limit_amount", "float", "use above the room"),
        Column("blocked_order_amount", "float", "confirmed orders that are not delivered until there is room"),
        Column("to_pay_amount", "float", "what has to be paid for the rest to be back under the limit"),
        Column("late_amount", "float", "open items that are later than the customer's habit: no day is expected"),
        Column("days_beyond_terms", "float", "habit: days late of the receipts of 12 months"),
        Column("is_delay_assumed", "bool", "no receipts yet: median of all customers"),
        Column("expected_date", "date", "day it is back under the limit if nothing more is delivered", True),
        Column("runoff_code", "code", "what the day rests on, or why there is none", False, RUNOFF_CODES),
    ),
)


def limit_runoff(
    credit: DataFrame, inputs: DataFrame, open_invoices: DataFrame, policy: CreditPolicy, *, as_of: Timestamp
) -> DataFrame:
    """Return table `limit_runoff`.

    A lower limit runs off: nothing more is delivered above it, and invoices are paid when they fall due and the
    customer's habitual days beyond terms have passed. Orders not delivered yet give way first; what is left has to be
    paid. Cash not matched settles the items that are due first. An item already later than the habit has no expected
    day: where the others do not suffice there is no day at all.

    Parameters
    ----------
    credit : table `credit_limits`
    inputs : table `limit_inputs`
    open_invoices : table `open_invoices`
    policy : whether orders count
    as_of : day of the run
    """
    today = inputs[inputs["review_date"] == as_of].set_index("customer_id")
    every = credit.set_index("customer_id")
    room = every["limit_amount"] + every["temporary_limit_amount"] + every["guarantee_amount"]
    over = (every["used_amount"] - room).round(2)
    over = over[over > 0]
    rows, now = every.loc[over.index], today.reindex(over.index)
    ordered = now["ordered_amount"].astype(float).fillna(0.0) if policy.count_orders else over * 0.0
    blocked = over.clip(upper=ordered)
    to_pay = (over - blocked).round(2)
    habit = _habit(today, now)
    items = _expected(open_invoices[open_invoices["customer_id"].isin(over.index)], habit, as_of=as_of)
    late = items[items["expected_date"].isna()].groupby("customer_id")["open_amount"].sum()
    on_account = now["unapplied_amount"].astype(float).fillna(0.0)
    day = _back_under(items, to_pay + on_account).reindex(over.index).where(to_pay > 0)
    frame = DataFrame(
        {
            "current_limit_amount": rows["current_limit_amount"],
            "room_amount": room.loc[over.index],
            "used_amount": rows["used_amount"],
            "over_limit_amount": over,
            "blocked_order_amount": blocked,
            "to_pay_amount": to_pay,
            "late_amount": late.reindex(over.index).fillna(0.0),
            "days_beyond_terms": habit,
            "is_delay_assumed": now["days_beyond_terms_12m"].isna(),
            "expected_date": day,
            "runoff_code": np.select([to_pay <= 0, day.notna()], ["no_debt", "expected"], "late_items"),
        }
    )
    return check(frame.rename_axis("customer_id").reset_index(), LIMIT_RUNOFF)


def _habit(today: DataFrame, now: DataFrame) -> Series:
    """Days beyond terms of each customer; without receipts the median of all, 0 where nobody has any."""
    usual = today["days_beyond_terms_12m"].astype(float).median()
    return now["days_beyond_terms_12m"].astype(float).fillna(0.0 if np.isnan(usual) else usual)


def _expected(items: DataFrame, habit: Series, *, as_of: Timestamp) -> DataFrame:
    """Day each open item is expected to be paid: due date and habit; empty where that day has passed."""
    days = pd.to_timedelta(np.ceil(looked_up(habit, items["customer_id"])), unit="D")
    day = items["due_date"] + days
    return items.assign(expected_date=day.where(day > as_of))


def _back_under(items: DataFrame, needed: Series) -> Series:
    """First day by which the receipts expected so far reach what is needed, by customer_id."""
    rows = items.dropna(subset=["expected_date"]).sort_values(["customer_id", "expected_date", "item_id"])
    paid = rows.groupby("customer_id")["open_amount"].cumsum().round(2)
    enough = rows[paid >= looked_up(needed, rows["customer_id"]).round(2)]
    return enough.groupby("customer_id")["expected_date"].min()
