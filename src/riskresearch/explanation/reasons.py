"""Reasons of every customer: what raises its probability of default, with value, date and comparison."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table, conform, empty
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import COLD_START, DEFAULTED, FLOORS, ExpertLevel, pd_points, rated_parts

SCOPES = ("model", "expert", "rule", "none")
NO_REASONS = ("in_default", "cold_start", "rule_unknown", "nothing_raises")
COMPARISONS = ("sector", "portfolio")
SMALLEST = 1e-6
"""Contributions below this are no reason."""
REASONS = Table(
    "reasons",
    "explanation",
    "one row per rated customer and reason, strongest first; a customer without any has one row of rank 0 saying why",
    ("customer_id", "rank"),
    (
        Column("customer_id", "text", "customer account"),
        Column("rank", "int", "1 = strongest; 0 = no reason, see no_reason_code"),
        Column("reason_scope_code", "code", "what is taken apart", False, SCOPES),
        Column("no_reason_code", "code", "why there is no reason; empty where there is one", True, NO_REASONS),
        Column("feature_code", "text", "feature, source of the expert rating or floor", True),
        Column("group_code", "text", "group of correlated features that the reason speaks for", True),
        Column("contribution", "float", "part of the log-odds of the PD, whole group", True),
        Column("pd_points", "float", "the same in points of PD (0-1), display only: all contributions of the "
               "customer, raising or not, are scaled to add up to PD less base PD", True),
        Column("feature_value", "float", "value of the customer; empty = missing. Of a source: its PD", True),
        Column("value_date", "date", "day the value stands for", True),
        Column("previous_value", "float", "value on the observation date before; empty = missing or no such row", True),
        Column("previous_date", "date", "that date; empty where the customer has no row on it", True),
        Column("comparison_code", "code", "whose median it is compared with; empty = too few", True, COMPARISONS),
        Column("comparison_segment", "text", "segment, where it is not the whole portfolio", True),
        Column("comparison_value", "float", "median over the customers of the date rated by the same means", True),
        Column("n_compared", "int", "customers with a value, behind the median", True),
    ),
)  # fmt: skip


class ReasonSettings(StageSettings):
    """Reasons of customers."""

    n_reasons: int = Field(5, ge=1, le=10, description="reasons per customer; only what raises the PD is a reason")
    reason_min_compared: int = Field(
        10, ge=2, le=1000, description="customers with a value that a median to compare with needs; own judgement"
    )


def reasons(
    tables: Mapping[str, DataFrame],
    settings: ReasonSettings,
    *,
    model: ExplainedModel | None,
    level: ExpertLevel,
    groups: Series,
) -> DataFrame:
    """Return table `reasons`: per customer the groups of features that raise its log-odds most.

    Correlated features count as one: their contributions are added up, the one that adds most is shown. A customer
    is compared with the median of its sector; with that of the whole portfolio where the sector holds too few, or where
    all of the sector have the same value, as figures of the sector itself. Reasons keep log-odds for order and storage;
    points of PD are for display.

    Parameters
    ----------
    tables : ``scored snapshots customers expert_ratings model_choice``
    settings : number of reasons, fewest customers to compare with
    model : the accepted model; None where there is none
    level : of the expert rating
    groups : group_code by feature_code; a feature that is absent stands alone

    Raises
    ------
    TableError
        Contributions and base do not add up to the score.
    """
    scored = tables["scored"]
    parts = rated_parts(tables, model=model, level=level)
    found = _ranked(parts, groups, settings.n_reasons)
    found = found.merge(scored[["customer_id", "observation_date"]], on="customer_id", validate="m:1")
    found = found.rename(columns={"observation_date": "value_date"})
    found = _compared(found, parts, tables["customers"], settings.reason_min_compared)
    found = _before(found, tables["snapshots"])
    made = [frame for frame in (found, _without(scored, parts, found)) if len(frame)]
    return conform(pd.concat(made, ignore_index=True)[_told(made)], REASONS) if made else empty(REASONS)


def _told(frames: list[DataFrame]) -> list[str]:
    return [name for name in REASONS.names if any(name in frame for frame in frames)]


def _ranked(parts: DataFrame, groups: Series, n_reasons: int) -> DataFrame:
    """The groups that raise the log-odds, each with its strongest feature, strongest group first."""
    rows = parts.assign(group_code=_mapped(parts["feature_code"], groups).fillna(parts["feature_code"]))
    rows["pd_points"] = _points(rows)
    rows = rows.sort_values(["customer_id", "group_code", "feature_code"], kind="stable")
    keys = ["customer_id", "group_code"]
    sums = rows.groupby(keys, sort=False)[["contribution", "pd_points"]].sum().reset_index()
    order = rows.sort_values("contribution", ascending=False, kind="stable").drop_duplicates(keys)
    shown = sums.merge(order.drop(columns=["contribution", "pd_points"]), on=keys, validate="1:1")
    shown = shown[shown["contribution"] > SMALLEST]
    shown = shown.sort_values(["customer_id", "contribution", "group_code"], ascending=[True, False, True])
    shown = shown.assign(rank=shown.groupby("customer_id").cumcount() + 1)
    return shown[shown["rank"] <= n_reasons]


def _points(parts: DataFrame) -> Series:
    log_odds = parts["base"] + parts.groupby("customer_id")["contribution"].transform("sum")
    base = parts["base"].to_numpy(float)
    points = pd_points(parts["contribution"].to_numpy(float), base=base, log_odds=log_odds.to_numpy(float))
    return Series(points, index=parts.index)


def _compared(found: DataFrame, parts: DataFrame, customers: DataFrame, n_least: int) -> DataFrame:
    """The reasons with the median of the sector, else of the portfolio, of customers rated by the same means."""
    sector = customers.set_index("customer_id")["sector_code"]
    known = parts[parts["feature_value"].notna() & ~parts["feature_code"].isin(FLOORS)]
    known = known.assign(sector_code=_mapped(known["customer_id"], sector))
    keys = ["reason_scope_code", "feature_code"]
    near = _medians(known.dropna(subset="sector_code"), [*keys, "sector_code"], n_least, differing=True)
    far = _medians(known, keys, n_least)
    found = found.assign(sector_code=_mapped(found["customer_id"], sector))
    rows = found.merge(near, on=[*keys, "sector_code"], how="left", validate="m:1")
    rows = rows.merge(far, on=keys, how="left", suffixes=("", "_all"), validate="m:1")
    is_near, is_far = rows["n_compared"].notna(), rows["n_compared_all"].notna()
    code = np.select([is_near, is_far], COMPARISONS, "")
    return rows.assign(
        comparison_code=Series(code, index=rows.index, dtype="str").where(is_near | is_far),
        comparison_segment=rows["sector_code"].where(is_near),
        comparison_value=rows["comparison_value"].where(is_near, rows["comparison_value_all"]),
        n_compared=rows["n_compared"].where(is_near, rows["n_compared_all"]).astype("Int64"),
    )


def _medians(known: DataFrame, keys: list[str], n_least: int, *, differing: bool = False) -> DataFrame:
    found = known.groupby(keys)["feature_value"].agg(["median", "size", "min", "max"]).reset_index()
    kept = (found["size"] >= n_least) & ((found["min"] < found["max"]) | (not differing))
    return found.loc[kept, [*keys, "median", "size"]].rename(
        columns={"median": "comparison_value", "size": "n_compared"}
    )


def _before(found: DataFrame, snapshots: DataFrame) -> DataFrame:
    """The reasons with the value on the observation date before, where the customer has a row on it."""
    dates = snapshots["observation_date"]
    earlier = dates[dates < found["value_date"].max()].max() if len(found) else pd.NaT
    rows = snapshots[dates == earlier].set_index("customer_id")
    names = found["feature_code"].where(found["reason_scope_code"].isin(["model", "rule"]))
    names = names.where(names.isin(rows.columns))
    row, column = rows.index.get_indexer(found["customer_id"]), rows.columns.get_indexer(names)
    is_there = (row >= 0) & (column >= 0)
    value = np.full(len(found), np.nan)
    told = sorted(set(column[is_there].tolist()))
    values = rows.iloc[:, told].to_numpy(float)
    value[is_there] = values[row[is_there], np.searchsorted(told, column[is_there])]
    day = Series(earlier, index=found.index, dtype="datetime64[us]").where(is_there)
    return found.assign(previous_value=value, previous_date=day)


def _without(scored: DataFrame, parts: DataFrame, found: DataFrame) -> DataFrame:
    """One row of rank 0 for every customer without a reason, with the scope and why."""
    rows = scored[~scored["customer_id"].isin(found["customer_id"].unique())]
    scopes = parts.drop_duplicates("customer_id").set_index("customer_id")["reason_scope_code"]
    scope = _mapped(rows["customer_id"], scopes)
    source = rows["pd_source_code"]
    code = _mapped(source, Series({DEFAULTED: NO_REASONS[0], COLD_START: NO_REASONS[1]}))
    code = code.where(code.notna(), Series("rule_unknown", index=rows.index).mask(scope.notna(), "nothing_raises"))
    made = rows[["customer_id"]].assign(rank=0, reason_scope_code=scope.fillna("none"), no_reason_code=code)
    return conform(made, REASONS)


def _mapped(keys: Series, told: Series) -> Series:
    """Texts by key; missing where nothing is told."""
    return keys.map(told.to_dict()).astype("str")
