"""Stage limits: how much to sell on account to each customer, and what binds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.limits.loss_concentration import LOSS_CONCENTRATION, loss_concentration
from riskresearch.limits.methods import METHODS, Applicant

ACTIONS = ("new", "raise", "keep", "lower", "block")

CREDIT_LIMITS = Table(
    "credit_limits",
    "limits",
    "one row per active customer",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("segment_code", "text", "business segment"),
        Column("grade_code", "text", "grade"),
        Column("pd_12m", "float", "probability of default"),
        Column("open_amount", "float", "open amount, run currency"),
        *(Column(f"{m.name}_amount", "float", f"{m.definition} Run currency.", True) for m in METHODS),
        Column("limit_amount", "float", "recommended limit: the smallest of the methods, rounded down"),
        Column("binding_code", "code", "method that binds", False, (*METHODS.names, "default")),
        Column("current_limit_amount", "float", "internal limit in force", True),
        Column("action_code", "code", "change against the limit in force", False, ACTIONS),
        Column("over_limit_amount", "float", "open amount above the recommended limit"),
    ),
)
LIMIT_TABLES = (CREDIT_LIMITS, LOSS_CONCENTRATION)


class LimitSettings(StageSettings):
    """Credit limits."""

    peak_factor: float = Field(
        1.2,
        ge=1,
        le=3,
        description="need above the yearly mean at the seasonal peak; source: domain note C3, the company's own",
    )
    net_worth_ratios: dict[str, float] = Field(
        {"reliable": 0.15, "to_watch": 0.08, "risky": 0.03},
        description="share of the customer's tangible net worth by segment; source: domain note C3",
    )
    revenue_ratio: float = Field(
        0.05,
        gt=0,
        le=1,
        description="share of the customer's yearly revenue; source: My DSO Manager, grade B, domain note C1",
    )
    loss_budget_ratio: float = Field(
        0.0005,
        gt=0,
        le=0.1,
        description="expected yearly loss accepted on one customer, "
        "share of the seller's own yearly sales; the company's own",
    )
    own_cap_ratio: float = Field(
        0.05,
        gt=0,
        le=1,
        description="limit of one customer as a share of the seller's own yearly sales; source: domain note C1",
    )
    rounding_amount: float = Field(
        100.0, gt=0, description="limits are rounded down to a multiple of this, run currency"
    )
    top_customers: tuple[int, ...] = Field(
        (1, 3, 5, 10), description="numbers of largest customers whose share of the expected loss is shown"
    )
    keep_ratio: float = Field(
        0.1, ge=0, lt=1, description="changes smaller than this share of the limit in force are not made"
    )


def credit_limits(
    tables: Mapping[str, DataFrame], settings: LimitSettings, *, as_of: Timestamp
) -> dict[str, DataFrame]:
    """Return tables `credit_limits` and `loss_concentration`.

    A limit is the smallest of need, capacity, risk cap and own-risk cap. A method without inputs gives no
    amount and does not bind. A customer in default gets 0. A prospect is left out: nothing says what it will order.

    Parameters
    ----------
    tables : ``scored customer_behaviour customers financials limits``
    settings : shares and budgets
    as_of : last day that counts
    """
    sold_to = tables["scored"]["customer_status_code"] != "prospect"
    scored = tables["scored"][sold_to].set_index("customer_id")
    applicant = _applicant(tables, scored, as_of)
    amounts = DataFrame({m.name: m.function(applicant, settings) for m in METHODS}, index=scored.index)
    in_default = scored["segment_code"] == "defaulted"
    smallest = amounts.min(axis=1).clip(lower=0)
    limit = (smallest // settings.rounding_amount * settings.rounding_amount).mask(in_default, 0.0)
    binding = amounts.fillna(np.inf).idxmin(axis=1).mask(in_default, "default")
    current = _in_force(tables["limits"], as_of).reindex(scored.index)
    open_amount = applicant.behaviour["open_amount"].astype(float)
    frame = DataFrame(
        {
            "segment_code": scored["segment_code"],
            "grade_code": scored["grade_code"],
            "pd_12m": scored["pd_12m"],
            "open_amount": open_amount,
            **{f"{name}_amount": amounts[name] for name in amounts},
            "limit_amount": limit,
            "binding_code": binding,
            "current_limit_amount": current,
            "action_code": _action(limit, current, settings.keep_ratio),
            "over_limit_amount": (open_amount - limit).clip(lower=0),
        }
    )
    return {
        "credit_limits": frame.reset_index(),
        "loss_concentration": loss_concentration(tables, top=settings.top_customers),
    }


def _applicant(tables: Mapping[str, DataFrame], scored: DataFrame, as_of: Timestamp) -> Applicant:
    behaviour = tables["customer_behaviour"].set_index("customer_id")
    accounts = tables["financials"]
    accounts = (
        accounts[accounts["published_date"] <= as_of].sort_values("period_end_date").groupby("customer_id").tail(1)
    )
    return Applicant(
        pd_12m=scored["pd_12m"],
        lgd_ratio=scored["lgd_ratio"],
        segment=scored["segment_code"],
        behaviour=behaviour.reindex(scored.index),
        accounts=accounts.set_index("customer_id").reindex(scored.index),
        own_sales_amount=float(behaviour["sales_amount_12m"].clip(lower=0).sum()),
    )


def _in_force(limits: DataFrame, as_of: Timestamp) -> Series:
    """Latest internal limit in force by customer, run currency."""
    live = limits[(limits["limit_kind_code"] == "internal") & (limits["start_date"] <= as_of)]
    live = live[live["end_date"].isna() | (live["end_date"] >= as_of)]
    latest = live.sort_values(["start_date", "limit_id"]).groupby("customer_id").tail(1)
    return latest.set_index("customer_id")["base_minor"].astype(float) / 100


def _action(limit: Series, current: Series, keep_ratio: float) -> Series:
    change = limit - current
    small = change.abs() <= keep_ratio * current
    choices = [limit == 0, current.isna(), small, change > 0]
    return Series(np.select(choices, ["block", "new", "keep", "raise"], default="lower"), index=limit.index)


def limits_by_binding(credit: DataFrame) -> DataFrame:
    """Return number of customers, exposure and limits by business segment and binding method.

    Returns
    -------
    DataFrame ``segment_code binding_code n_customers open_amount limit_amount over_limit_amount``.
    """
    grouped = credit.groupby(["segment_code", "binding_code"], sort=True)
    sums = grouped[["open_amount", "limit_amount", "over_limit_amount"]].sum()
    return pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()
