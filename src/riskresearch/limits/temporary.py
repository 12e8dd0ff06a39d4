"""Temporary increases of a limit: what the policy allows, which are live, and use after their end."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.inputs.grid import Grid
from riskresearch.limits.inputs.known import limits_in_force
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.reviews.daily import DailyUse, daily_use
from riskresearch.limits.reviews.facts import latest_of, months_after

BREACHES = ("no_own_limit", "too_high", "no_end_date", "too_long")
TEMPORARY_LIMITS = Table(
    "temporary_limits",
    "limits",
    "one row per temporary increase of an own limit",
    ("limit_id",),
    (
        Column("limit_id", "text", "unique key"),
        Column("customer_id", "text", "customer account"),
        Column("temporary_amount", "float", "increase on top of the own limit, run currency"),
        Column("own_limit_amount", "float", "own limit in force on its first day, run currency; empty = none", True),
        Column("allowed_amount", "float", "largest increase the policy allows on that limit"),
        Column("start_date", "date", "first day, from which it was known"),
        Column("end_date", "date", "last day", True),
        Column("allowed_end_date", "date", "last day of the longest increase the policy allows"),
        Column("breach_codes", "text", "rules of the policy it breaks, joined by +", True),
        Column("is_live", "bool", "in force on the day of the run"),
        Column("n_breach_days", "int", "days in a row after its end on which the use stayed above the own limit"),
        Column(
            "breach_amount", "float", "use above the own limit on the first day after its end, at most the increase"
        ),
        Column("is_expired_used", "bool", "ended, and the use has been above the own limit ever since"),
    ),
)


def temporary_limits(tables: Mapping[str, DataFrame], policy: CreditPolicy, *, as_of: Timestamp) -> DataFrame:
    """Return table `temporary_limits`.

    An increase ends by itself on its last day. Use, net of securities, above the own limit on the day after is a
    breach, until the first day it is back under the limit or a new increase or a higher limit covers it.

    Parameters
    ----------
    tables : ``limits movements payments credit_notes allocations invoices``, ``orders guarantees`` where delivered
    policy : part movement: `temporary_max_ratio`, `temporary_max_months`
    as_of : last day that counts
    """
    rows = _increases(tables["limits"], as_of=as_of)
    rules, amount = policy.movement, rows["base_minor"].astype(float) / 100
    own = _own_on(tables["limits"], rows)
    allowed = (own.fillna(0.0) * rules.temporary_max_ratio).round(2)
    last = months_after(rows["start_date"], rules.temporary_max_months)
    ended = rows["end_date"] < as_of
    breach = _breaches(tables, policy, rows[ended], as_of=as_of).reindex(rows.index)
    n_days = breach["n_days"].fillna(0).astype("int64")
    broken = {
        "no_own_limit": own.isna() | (own <= 0),
        "too_high": amount > allowed,
        "no_end_date": rows["end_date"].isna(),
        "too_long": rows["end_date"] > last,
    }
    frame = DataFrame(
        {
            **{name: rows[name] for name in ("limit_id", "customer_id", "start_date", "end_date")},
            "temporary_amount": amount,
            "own_limit_amount": own,
            "allowed_amount": allowed,
            "allowed_end_date": last,
            "breach_codes": _joined(broken, len(rows)),
            "is_live": ~ended,
            "n_breach_days": n_days,
            "breach_amount": breach["amount"].astype(float).clip(upper=amount).fillna(0.0),
            "is_expired_used": ended & (n_days > 0) & (n_days == (as_of - rows["end_date"]).dt.days),
        }
    )
    return check(frame, TEMPORARY_LIMITS)


def _increases(limits: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Temporary increases known by the day, from the day they were known."""
    rows = limits[limits["limit_kind_code"] == "temporary"]
    start = latest_of(rows, "start_date")
    return rows.assign(start_date=start)[start <= as_of].reset_index(drop=True)


def _own_on(limits: DataFrame, rows: DataFrame) -> Series:
    """Own limit in force on the first day of each increase."""
    days = pd.DatetimeIndex(sorted(rows["start_date"].unique())).as_unit("us")
    names = pd.Index(sorted(rows["customer_id"].unique()))
    if not len(rows):
        return Series(dtype=float)
    own = limits_in_force(Grid(names, days), limits[limits["customer_id"].isin(names)])["internal_limit_amount"]
    where = names.get_indexer(rows["customer_id"]), days.get_indexer(rows["start_date"])
    return Series(own[where], index=rows.index)


def _breaches(
    tables: Mapping[str, DataFrame], policy: CreditPolicy, ended: DataFrame, *, as_of: Timestamp
) -> DataFrame:
    """Days in a row after the end of each increase with use above the limit in force, and the excess of the first."""
    if not len(ended):
        return DataFrame({"n_days": Series(dtype=float), "amount": Series(dtype=float)})
    first = ended["end_date"].min() + pd.Timedelta(days=1)
    names = sorted(ended["customer_id"].unique())
    use = daily_use(tables, policy, customers=names, first_date=first, last_date=as_of)
    found = [_breach(use, row.customer_id, row.end_date) for row in ended.itertuples()]
    return DataFrame(found, columns=["n_days", "amount"], index=ended.index)


def _breach(use: DailyUse, customer_id: str, end_date: Timestamp) -> tuple[int, float]:
    row, column = use.customers.get_loc(customer_id), int(use.days.searchsorted(end_date + pd.Timedelta(days=1)))
    limit = np.nan_to_num(use.own_limit_amount[row, column:]) + use.temporary_amount[row, column:]
    excess = np.round(use.unsecured_amount[row, column:] - limit, 2)
    under = np.flatnonzero(excess <= 0)
    n_days = int(under[0]) if len(under) else len(excess)
    return n_days, float(excess[0]) if n_days else 0.0


def _joined(broken: Mapping[str, Series], n_rows: int) -> Series:
    flags = DataFrame({code: broken[code].astype(bool) for code in BREACHES})
    texts = ["+".join(flags.columns[row]) or None for row in flags.to_numpy(bool)]
    return Series(texts, index=range(n_rows), dtype="str")
