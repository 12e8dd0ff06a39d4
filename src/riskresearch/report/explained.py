"""Orders, counts and sums over the tables of the explanation; no measure is defined here."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

CLEAR_EFFECT = 0.2
"""Rank correlation of value and contribution from which the effect of a feature has one direction."""
CHANGES_TOLD = 2
"""Groups told for what changed, beside those told for what they contribute."""
OTHER = "other"
PARTS = ["group_code", "feature_code", "n_features", "contribution", "change"]
SINCE_DATE, SINCE_RUN = "previous_date", "previous_run"


def effect_code(correlation: float) -> str:
    """Return ``raises`` where a higher value raises the PD, ``lowers`` where it lowers it, else ``mixed``.

    Examples
    --------
    >>> [effect_code(value) for value in (0.8, -0.3, 0.1, float("nan"))]
    ['raises', 'lowers', 'mixed', 'mixed']
    """
    if pd.isna(correlation) or abs(correlation) < CLEAR_EFFECT:
        return "mixed"
    return "raises" if correlation > 0 else "lowers"


def strongest(drivers: DataFrame, *, n_drivers: int) -> DataFrame:
    """Return the strongest drivers, first the one with the largest share."""
    return drivers.sort_values(["importance_ratio", "feature_code"], ascending=[False, True]).head(n_drivers)


def driver_records(drivers: DataFrame, driver_stability: DataFrame, *, n_drivers: int) -> DataFrame:
    """Return the strongest drivers with what they did period by period.

    Parameters
    ----------
    drivers, driver_stability : tables of that name
    n_drivers : drivers kept

    Returns
    -------
    DataFrame ``feature_code importance_ratio effect_code n_periods n_same_effect rank_best rank_worst``, strongest
    first. ``n_periods`` counts the periods whose effect is known, ``n_same_effect`` those of the same sign as the
    whole; both are 0 and the ranks empty where the run holds no periods.
    """
    top = strongest(drivers, n_drivers=n_drivers)
    top = top.assign(effect_code=[effect_code(value) for value in top["value_correlation"]])
    single = driver_stability[driver_stability["level_code"] == "feature"]
    rows = single.merge(
        top[["feature_code", "value_correlation"]].rename(columns={"value_correlation": "whole"}),
        left_on="driver_code",
        right_on="feature_code",
    )
    known = rows["value_correlation"].notna() & rows["whole"].notna()
    same = known & (rows["value_correlation"] * rows["whole"] > 0)
    counted = rows.assign(n_periods=known.astype(int), n_same_effect=same.astype(int)).groupby("feature_code")
    counts = counted.agg(
        n_periods=("n_periods", "sum"),
        n_same_effect=("n_same_effect", "sum"),
        rank_best=("rank", "min"),
        rank_worst=("rank", "max"),
    )
    made = top[["feature_code", "importance_ratio", "effect_code"]].join(counts, on="feature_code")
    return made.fillna({"n_periods": 0, "n_same_effect": 0}).reset_index(drop=True)


def group_records(drivers: DataFrame, driver_groups: DataFrame, *, n_groups: int) -> DataFrame:
    """Return the strongest groups of correlated features with their members.

    Returns
    -------
    DataFrame ``group_code importance_ratio members``; members are lists of feature_code, strongest first, the group's
    own feature left out.
    """
    top = driver_groups.sort_values(["importance_ratio", "group_code"], ascending=[False, True]).head(n_groups)
    order = drivers.sort_values(["importance_ratio", "feature_code"], ascending=[False, True])
    others = order[order["feature_code"] != order["group_code"]]
    members = [list(others.loc[others["group_code"] == code, "feature_code"]) for code in top["group_code"]]
    return top[["group_code", "importance_ratio"]].assign(members=members).reset_index(drop=True)


def customer_parts(
    contributions: DataFrame, drivers: DataFrame, score_changes: DataFrame, *, customer_id: str, n_parts: int
) -> DataFrame:
    """Return what the log-odds of one customer are made of, by group of correlated features, and how it changed.

    Parameters
    ----------
    contributions, drivers, score_changes : tables of that name; changes since the observation date before are told
    customer_id : the customer
    n_parts : groups told one by one: those with the largest contributions, two of them those that changed most
        among the others; what is left is one row

    Returns
    -------
    DataFrame ``group_code feature_code n_features contribution change``, largest contribution first; the others last
    under the code ``other``, ``n_features`` then counts groups. ``feature_code`` is the feature of the group that adds
    most to its contribution, as in table `reasons`. No row where the customer has no contribution.
    """
    groups = drivers.set_index("feature_code")["group_code"]
    now = _by_group(contributions[contributions["customer_id"] == customer_id], groups, "contribution")
    is_shown = (score_changes["customer_id"] == customer_id) & (score_changes["comparison_code"] == SINCE_DATE)
    then = _by_group(score_changes[is_shown], groups, "log_odds_change")
    if now.empty:
        return DataFrame(columns=PARTS)
    rows = now.join(then["log_odds_change"].rename("change"), how="outer")
    rows["feature_code"] = rows["feature_code"].fillna(rows.index.to_series())
    rows = rows.fillna({"contribution": 0.0, "change": 0.0, "n_features": 1}).rename_axis("group_code")
    rows = rows[(rows["contribution"] != 0) | (rows["change"] != 0)]
    rows = rows.loc[rows["contribution"].abs().sort_values(ascending=False, kind="stable").index]
    n_largest = max(n_parts - CHANGES_TOLD, 1)
    changed = rows.iloc[n_largest:]["change"].abs().sort_values(ascending=False, kind="stable").index
    is_told = rows.index.isin([*rows.index[:n_largest], *changed[: n_parts - n_largest]])
    made, rest = rows[is_told].reset_index()[PARTS], rows[~is_told]
    if rest.empty:
        return made
    other = {"group_code": OTHER, "feature_code": OTHER, "n_features": len(rest)}
    return pd.concat([made, DataFrame([other | rest[["contribution", "change"]].sum().to_dict()])], ignore_index=True)


def last_comparison(customer_changes: DataFrame) -> DataFrame:
    """Return the changes since the earlier run where the run names one, else since the observation date before."""
    is_run = customer_changes["comparison_code"] == SINCE_RUN
    return customer_changes[is_run if is_run.any() else customer_changes["comparison_code"] == SINCE_DATE]


def moved_most(customer_changes: DataFrame) -> DataFrame:
    """Return the customers whose grade moved, most grades first, of equal moves the largest change of log-odds."""
    moved = customer_changes[customer_changes["n_notches"].fillna(0) != 0]
    size = moved.assign(notches=moved["n_notches"].abs().astype(int), size=moved["log_odds_change"].abs())
    order = size.sort_values(["notches", "size", "customer_id"], ascending=[False, False, True])
    return order.drop(columns=["notches", "size"])


def best_improvements(improvements: DataFrame) -> DataFrame:
    """Return one row per customer: the cheapest payment that betters its grade, else the one that lowers its PD most.

    Customers whose PD was not scored again are left out.
    """
    known = improvements[improvements["pd_after"].notna()]
    better = known["is_grade_better"].fillna(False).astype(bool)
    ranked = known.assign(
        no_gain=~better, cost=known["paid_amount"].where(better, 0.0), fall=known["pd_after"] - known["pd_before"]
    )
    ranked = ranked.sort_values(["customer_id", "no_gain", "cost", "fall", "variant_code"], kind="stable")
    return ranked.drop_duplicates("customer_id")[list(improvements.columns)].reset_index(drop=True)


def grades_bettered(improvements: DataFrame) -> DataFrame:
    """Return the cheapest payment of each customer whose grade it betters, largest fall of the PD first."""
    best = best_improvements(improvements)
    better = best[best["is_grade_better"].fillna(False).astype(bool)]
    order = better.assign(fall=better["pd_after"] - better["pd_before"]).sort_values(["fall", "customer_id"])
    return order.drop(columns="fall").reset_index(drop=True)


def distinct_improvements(improvements: DataFrame) -> DataFrame:
    """Return the improvements of customers without repeating one payment under several variants, cheapest first."""
    ranked = improvements.sort_values(["customer_id", "paid_amount", "variant_code"], kind="stable")
    return ranked.drop_duplicates(["customer_id", "item_id", "n_items", "paid_amount"]).reset_index(drop=True)


def _by_group(rows: DataFrame, groups: Series, column: str) -> DataFrame:
    """Sum of a column, number of features and strongest feature by group; what belongs to no group stands alone."""
    keys = rows["feature_code"].map(groups.to_dict()).astype("str").fillna(rows["feature_code"].astype("str"))
    own = DataFrame({"group_code": keys, "feature_code": rows["feature_code"], column: rows[column].astype(float)})
    whole = own.groupby("group_code")[column].transform("sum")
    order = own.assign(part=own[column] * np.sign(whole)).sort_values(["part", "feature_code"], ascending=[False, True])
    return order.groupby("group_code", sort=True).agg(
        feature_code=("feature_code", "first"), n_features=(column, "size"), **{column: (column, "sum")}
    )
