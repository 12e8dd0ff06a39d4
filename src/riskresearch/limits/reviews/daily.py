"""Use of limits day by day, from acts as they became known."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, DatetimeIndex, Index, Timestamp

from riskresearch.limits.guarantees import recognised_guarantees
from riskresearch.limits.inputs.amounts import open_steps, order_amounts, unapplied_amount
from riskresearch.limits.inputs.grid import Floats, Grid
from riskresearch.limits.inputs.known import limits_in_force
from riskresearch.limits.policy.policy import CreditPolicy

ACTS = ("movements", "payments", "credit_notes", "allocations", "invoices", "limits", "orders", "guarantees")


@dataclass(frozen=True)
class DailyUse:
    """Customers by days.

    Parameters
    ----------
    customers, days : rows and columns
    open_amount : open items, run currency
    unsecured_amount : open + unbilled + confirmed orders, where the policy counts them, less cash not matched and
        securities at their recognised share, run currency
    own_limit_amount : own limit in force; NaN = none
    temporary_amount : temporary increase in force; 0 = none
    """

    customers: Index
    days: DatetimeIndex
    open_amount: Floats
    unsecured_amount: Floats
    own_limit_amount: Floats
    temporary_amount: Floats


def daily_use(
    tables: Mapping[str, DataFrame],
    policy: CreditPolicy,
    *,
    customers: Collection[str],
    first_date: Timestamp,
    last_date: Timestamp,
) -> DailyUse:
    """Return the use of limits of some customers on every day of a period, by the rules of table `limit_inputs`.

    Parameters
    ----------
    tables : ``movements payments credit_notes allocations invoices limits``, and ``orders guarantees`` where delivered
    policy : whether orders count, and what securities are worth
    customers : customer ids
    first_date, last_date : first and last day
    """
    names = Index(sorted(customers))
    days = pd.date_range(first_date, last_date).as_unit("us")
    own = {name: tables[name][tables[name]["customer_id"].isin(names)] for name in ACTS if name in tables}
    grid = Grid(names, days)
    steps = open_steps(grid, own["movements"])
    owed = grid.level(steps.row, steps.enter, steps.change_minor) / 100
    ordered = order_amounts(grid, own.get("orders"))
    counted = ordered["unbilled_amount"] + (ordered["ordered_amount"] if policy.count_orders else 0.0)
    used = np.maximum(owed + counted - unapplied_amount(grid, own), 0.0)
    limits = limits_in_force(grid, own["limits"])
    return DailyUse(
        customers=names,
        days=days,
        open_amount=owed,
        unsecured_amount=np.maximum(used - _secured(grid, own, policy), 0.0),
        own_limit_amount=limits["internal_limit_amount"],
        temporary_amount=limits["temporary_limit_amount"],
    )


def _secured(grid: Grid, tables: Mapping[str, DataFrame], policy: CreditPolicy) -> Floats:
    amounts = np.zeros(grid.shape)
    if "guarantees" in tables and len(tables["guarantees"]):
        rows = recognised_guarantees(tables["guarantees"], policy, days=list(grid.days))
        amounts[grid.row(rows, "guarantees"), grid.days.get_indexer(rows["review_date"])] = rows["guarantee_amount"]
    return amounts
