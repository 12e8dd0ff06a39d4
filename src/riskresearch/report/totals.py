"""Counts and sums over rows that other stages computed, and their orders; no measure is defined here."""

import pandas as pd
from pandas import DataFrame, Series

AMOUNTS = ["open_amount", "unsecured_amount", "limit_amount", "current_limit_amount", "over_limit_amount"]
SEGMENT_ORDER = ("reliable", "to_watch", "risky", "defaulted")
PRIORITY_ORDER = ("now", "this_week", "routine")
ACTION_ORDER = ("block", "lower", "keep", "raise", "new")


def limits_by_segment(credit_limits: DataFrame) -> DataFrame:
    """Return customers and amounts by business segment, best first.

    Returns
    -------
    DataFrame ``segment_code n_customers open_amount unsecured_amount limit_amount current_limit_amount
    over_limit_amount n_over_limit``; the limits in force are empty where no customer has one.
    """
    rows = credit_limits.assign(n_over_limit=(credit_limits["over_limit_amount"] > 0).astype(int))
    grouped = rows.groupby("segment_code", sort=True)
    sums = grouped[[*AMOUNTS, "n_over_limit"]].sum(min_count=1)
    table = pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()
    return _in_order(table, "segment_code", SEGMENT_ORDER)


def limits_by_action(credit_limits: DataFrame, by: tuple[str, ...] = ("action_code",)) -> DataFrame:
    """Return what today's limits change: customers, limits before and after, and the use of the customers affected.

    Parameters
    ----------
    credit_limits : table `credit_limits`
    by : columns the rows are counted by

    Returns
    -------
    DataFrame of the columns of `by` and ``n_customers unsecured_amount current_limit_amount limit_amount change_amount
    over_limit_amount``; a customer without a limit in force counts with 0 before.
    """
    before = credit_limits["current_limit_amount"].fillna(0.0)
    rows = credit_limits.assign(current_limit_amount=before, change_amount=credit_limits["limit_amount"] - before)
    grouped = rows.groupby(list(by), sort=True)
    names = ["unsecured_amount", "current_limit_amount", "limit_amount", "change_amount", "over_limit_amount"]
    table = pd.concat([grouped.size().rename("n_customers"), grouped[names].sum()], axis=1).reset_index()
    table = _in_order(table, "action_code", ACTION_ORDER)
    return _in_order(table, "segment_code", SEGMENT_ORDER) if "segment_code" in by else table


def largest_changes(credit_limits: DataFrame, *, n_customers: int) -> DataFrame:
    """Return the customers whose limit changes most, up or down, with ``change_amount``."""
    before = credit_limits["current_limit_amount"].fillna(0.0)
    rows = credit_limits.assign(change_amount=credit_limits["limit_amount"] - before)
    rows = rows[rows["change_amount"] != 0]
    order = rows.assign(size=rows["change_amount"].abs()).sort_values(["size", "customer_id"], ascending=[False, True])
    return order.drop(columns="size").head(n_customers)


def limits_by_binding(credit_limits: DataFrame) -> DataFrame:
    """Return customers, use and limits by segment and by what binds.

    Returns
    -------
    DataFrame ``segment_code binding_question_code binding_code n_customers unsecured_amount limit_amount
    over_limit_amount``, best segment first, most customers first.
    """
    grouped = credit_limits.groupby(["segment_code", "binding_question_code", "binding_code"], sort=True)
    sums = grouped[["unsecured_amount", "limit_amount", "over_limit_amount"]].sum()
    table = pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()
    table = table.sort_values(["n_customers", "binding_code"], ascending=[False, True], kind="stable")
    return _in_order(table, "segment_code", SEGMENT_ORDER)


def reviews_by_trigger(limit_reviews: DataFrame, by: tuple[str, ...] = ("trigger_code",)) -> DataFrame:
    """Return the reviews that are due by what calls for them; a customer with several triggers counts under each.

    Parameters
    ----------
    limit_reviews : table `limit_reviews`
    by : columns the rows are counted by

    Returns
    -------
    DataFrame of the columns of `by` and ``n_customers unsecured_amount n_reviews_passed review_due_date``, of the dates
    the earliest, most customers first.
    """
    due = limit_reviews[limit_reviews["is_due"].astype(bool)]
    passed = due["n_reviews_passed"].fillna(0).astype("int64")
    grouped = due.assign(n_reviews_passed=passed).groupby(list(by), sort=True)
    table = grouped.agg(
        n_customers=("customer_id", "nunique"),
        unsecured_amount=("unsecured_amount", "sum"),
        n_reviews_passed=("n_reviews_passed", "sum"),
        review_due_date=("review_due_date", "min"),
    ).reset_index()
    table = table.sort_values(["n_customers", *by], ascending=[False, *(True for _ in by)], ignore_index=True)
    return _in_order(table, "priority_code", PRIORITY_ORDER) if "priority_code" in by else table


def reviews_by_priority(limit_reviews: DataFrame) -> DataFrame:
    """Return customers due for a review and their unsecured use by urgency, each once, under its most urgent trigger.

    Returns
    -------
    DataFrame ``priority_code n_customers unsecured_amount``, most urgent first.
    """
    due = _in_order(limit_reviews[limit_reviews["is_due"].astype(bool)], "priority_code", PRIORITY_ORDER)
    grouped = due.drop_duplicates("customer_id").groupby("priority_code", sort=True)
    table = grouped.agg(n_customers=("customer_id", "size"), unsecured_amount=("unsecured_amount", "sum"))
    return _in_order(table.reset_index(), "priority_code", PRIORITY_ORDER)


def first_reviews(limit_reviews: DataFrame, *, n_customers: int) -> DataFrame:
    """Return the customers due for a review by rank, the triggers of each joined by + in ``trigger_codes``."""
    due = _in_order(limit_reviews[limit_reviews["is_due"].astype(bool)], "priority_code", PRIORITY_ORDER)
    grouped = due.groupby("customer_id", sort=True)
    table = grouped.agg(
        rank_number=("rank_number", "min"),
        priority_code=("priority_code", "first"),
        unsecured_amount=("unsecured_amount", "first"),
        trigger_codes=("trigger_code", "+".join),
        review_due_date=("review_due_date", "min"),
    ).reset_index()
    return table.sort_values(["rank_number", "customer_id"], ignore_index=True).head(n_customers)


def actions_by_cause(limit_actions: DataFrame) -> DataFrame:
    """Return how many customers have something to do, by cause and action: ``… n_customers n_needed``."""
    grouped = limit_actions.groupby(["cause_code", "action_code"], sort=True)
    table = grouped.agg(n_customers=("customer_id", "nunique"), n_needed=("is_needed", "sum")).reset_index()
    return table.sort_values(
        ["n_needed", "cause_code", "action_code"], ascending=[False, True, True], ignore_index=True
    )


def fees_by_rule(late_fees: DataFrame) -> DataFrame:
    """Return late items and what they give a right to by rule: ``fee_rule_code n_items n_unknown …`` and sums."""
    rows = late_fees.assign(is_unknown=late_fees["interest_amount"].isna())
    grouped = rows.groupby("fee_rule_code", sort=True)
    sums = grouped[["open_amount", "interest_amount", "fixed_fee_amount"]].sum()
    counts = grouped.agg(n_items=("item_id", "size"), n_customers=("customer_id", "nunique"))
    table = pd.concat([counts, grouped["is_unknown"].sum().rename("n_unknown"), sums], axis=1).reset_index()
    return table.sort_values(["open_amount", "fee_rule_code"], ascending=[False, True], ignore_index=True)


def economics_by_segment(limit_economics: DataFrame, credit_limits: DataFrame) -> DataFrame:
    """Return the sums of a year at today's limits by segment; customers without known sales are counted apart.

    Returns
    -------
    DataFrame ``segment_code n_customers n_without_sales n_above_break_even`` and sums of margin, expected loss, costs,
    capital and value.
    """
    own = credit_limits.set_index("customer_id")["segment_code"]
    rows = limit_economics[limit_economics["customer_id"].isin(own.index)]
    rows = rows.assign(segment_code=rows["customer_id"].map(own))
    rows = rows.assign(
        is_without=rows["value_amount"].isna(), is_above=rows["is_above_break_even"].fillna(False).astype(bool)
    )
    grouped = rows.groupby("segment_code", sort=True)
    names = ["margin", "expected_loss", "finance", "operating", "premium", "capital", "value"]
    sums = rows[rows["value_amount"].notna()].groupby("segment_code")[[f"{name}_amount" for name in names]].sum()
    counts = grouped.agg(
        n_customers=("customer_id", "size"),
        n_without_sales=("is_without", "sum"),
        n_above_break_even=("is_above", "sum"),
    )
    return _in_order(counts.join(sums).reset_index(), "segment_code", SEGMENT_ORDER)


def nearest_budgets(optimiser_budgets: DataFrame, *, n_members: int) -> DataFrame:
    """Return the members of each budget that use most of it, with ``used_ratio``, share of what is allowed."""
    allowed = optimiser_budgets["allowed_amount"]
    rows = optimiser_budgets.assign(used_ratio=optimiser_budgets["used_amount"] / allowed.where(allowed > 0))
    rows = rows.sort_values(["used_ratio", "budget_code", "member"], ascending=[False, True, True])
    return rows.groupby("budget_code", sort=False).head(n_members)


def optimum_by_binding(optimised_limits: DataFrame) -> DataFrame:
    """Return customers, limits in force and best limits by what keeps the best limit where it is."""
    before = optimised_limits["current_limit_amount"].fillna(0.0)
    rows = optimised_limits.assign(
        current_limit_amount=before, change_amount=optimised_limits["optimised_amount"] - before
    )
    grouped = rows.groupby("binding_code", sort=True)
    sums = grouped[["current_limit_amount", "optimised_amount", "change_amount"]].sum()
    return pd.concat([grouped.size().rename("n_customers"), sums], axis=1).reset_index()


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
    """Return the customers whose unsecured use is above their limit, largest excess first."""
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
