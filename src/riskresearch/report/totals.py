"""Counts and sums over rows that other stages computed, and their orders; no measure is defined here."""

import pandas as pd
from pandas import DataFrame, Series

AMOUNTS = ["open_amount", "limit_amount", "current_limit_amount", "over_limit_amount"]
SEGMENT_ORDER = ("reliable", "to_watch", "risky", "defaulted")


def limits_by_segment(credit_limits: DataFrame) -> DataFrame:
    """Return customers and amounts by business segment, best first.

    Returns
    -------
    DataFrame ``segment_code n_customers open_amount limit_amount current_limit_amount over_limit_amount
    n_over_limit``; the limits in force are empty where no customer has one.
    """
    rows = credit_limits.assign(n_over_limit=(credit_limits["over_limit_amount"] > 0).astype(int))
    grouped = rows.groupby("segment_code", sort=True)
    sums = grouped[[*AMOUNTS, "n_over_limit"]].sum(min_count=1)
    table = pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()
    return _in_order(table, "segment_code", SEGMENT_ORDER)


def by_grade(credit_limits: DataFrame) -> DataFrame:
    """Return customers, open amount and mean PD by grade, best first: ``grade_code segment_code n_customers …``."""
    grouped = credit_limits.groupby("grade_code", sort=True)
    table = grouped.agg(
        segment_code=("segment_code", "first"),
        n_customers=("customer_id", "size"),
        open_amount=("open_amount", "sum"),
        pd_mean=("pd_12m", "mean"),
        limit_amount=("limit_amount", "sum"),
    )
    return table.reset_index()


def riskiest(credit_limits: DataFrame, *, n_customers: int) -> DataFrame:
    """Return the customers not in default with the largest open amount × PD."""
    alive = credit_limits[credit_limits["segment_code"] != "defaulted"]
    weight = (alive["open_amount"] * alive["pd_12m"]).rename("weight")
    order = alive.assign(weight=weight).sort_values(["weight", "customer_id"], ascending=[False, True])
    return order[order["weight"] > 0].head(n_customers)


def over_limit(credit_limits: DataFrame) -> DataFrame:
    """Return the customers that owe more than their recommended limit, largest excess first."""
    above = credit_limits[credit_limits["over_limit_amount"] > 0]
    return above.sort_values(["over_limit_amount", "customer_id"], ascending=[False, True])


def expected_and_observed(reliability: DataFrame) -> tuple[float, int, int]:
    """Return expected defaults (sum of the PDs), observed defaults and customers, over all grades."""
    expected = float((reliability["pd_mean"] * reliability["n_rows"].astype(float)).sum())
    return expected, int(reliability["n_defaults"].sum()), int(reliability["n_rows"].sum())


def saving(quotes: DataFrame, option_id: str) -> tuple[float, float]:
    """Return what an option costs less than self-insurance in total cost of risk, and the standard error.

    All options are settled on the same simulated losses, so the difference is indemnity minus cost and
    carries the error of the indemnity alone.
    """
    cost = "total_cost_of_risk_amount"
    without = quotes.loc[quotes["option_kind_code"] == "self_insurance", cost]
    chosen = quotes[quotes["option_id"] == option_id]
    difference = float(without.iloc[0]) - float(chosen[cost].iloc[0])
    return difference, float(chosen["expected_indemnity_amount_se"].iloc[0])


def segments_that_moved(dso_changes: DataFrame, axis_code: str) -> DataFrame:
    """Return what each segment of a segmentation adds to the change of DSO, largest first.

    Returns
    -------
    DataFrame ``segment_code``, one column of days per effect, ``together`` (their sum), ``dso_start_days
    dso_end_days``; without the row of all segments and without segments that have no figure.
    """
    rows = dso_changes[(dso_changes["axis_code"] == axis_code) & (dso_changes["segment_code"] != "all")]
    rows = rows[rows["change_days"].notna()]
    wide = rows.pivot(index="segment_code", columns="effect_code", values="change_days").fillna(0.0)
    own = rows.drop_duplicates("segment_code").set_index("segment_code")[["dso_start_days", "dso_end_days"]]
    table = wide.assign(together=wide.sum(axis=1)).join(own).rename_axis(columns=None).reset_index()
    order = table.assign(size=table["together"].abs()).sort_values(["size", "segment_code"], ascending=[False, True])
    return order.drop(columns="size").reset_index(drop=True)


def latest(frame: DataFrame) -> DataFrame:
    """Return the rows of the last observation date."""
    return frame[frame["observation_date"] == frame["observation_date"].max()]


def year_earlier(frame: DataFrame) -> DataFrame:
    """Return the rows of the date twelve months before the last one, none where the table does not go back so far."""
    last = frame["observation_date"].max()
    wanted = last - pd.DateOffset(months=12)
    near = (frame["observation_date"] - wanted).abs() <= pd.Timedelta(days=3)
    return frame[near]


def _in_order(table: DataFrame, column: str, order: tuple[str, ...]) -> DataFrame:
    rank = table[column].map({code: place for place, code in enumerate(order)})
    return table.assign(rank=Series(rank)).sort_values("rank", kind="stable", ignore_index=True).drop(columns="rank")
