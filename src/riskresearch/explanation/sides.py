"""The two sides of a comparison: ratings then and now, and the contributions that both are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series, Timestamp
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import (
    DEFAULTED,
    EXPERT,
    MODEL,
    ExpertLevel,
    blend_gap,
    default_rated,
    expert_parts,
    floor_added,
    lowest_pds,
    rows_of,
    rule_features,
    tree_parts,
)

RATING = ["pd_source_code", "pd_12m", "score", "floor"]
FEATURE = ["customer_id", "feature_code", "value_before", "value_after", "contribution_before", "contribution_after"]
Tables = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Earlier:
    """An earlier run of the same ledger.

    Parameters
    ----------
    tables : its ``model_parts snapshots scored``; ``expert_ratings`` where expert ratings are to be taken apart
    level : settings of its expert rating
    """

    tables: Tables
    level: ExpertLevel


@dataclass(frozen=True)
class Pair:
    """Ratings of two dates and what they are made of, by the means of the later one.

    Parameters
    ----------
    before, after : one row per customer, indexed by customer_id: pd_source_code, pd_12m, score (log-odds before
        floors; missing in default), floor (what floors add to the log-odds)
    date_before, date_after : observation dates
    features : one row per customer and feature: values and contributions on both dates
    model_part : change of the log-odds by a changed model, by customer; its index are the customers in `features`
    """

    before: DataFrame
    after: DataFrame
    date_before: Timestamp
    date_after: Timestamp
    features: DataFrame
    model_part: Series

    @property
    def separable(self) -> Index:
        """Customers whose change can be taken apart."""
        return self.model_part.index


def earlier_date(tables: Tables, model: ExplainedModel | None) -> Pair | None:
    """Return the comparison with the observation date before; None where the panel holds none.

    Parameters
    ----------
    tables : ``scored snapshots model_choice expert_ratings external_ratings rating_history``
    model : the accepted model; None where there is none
    """
    scored, dates = tables["scored"], tables["snapshots"]["observation_date"]
    now = scored["observation_date"].max()
    then = dates[dates < now].max()
    if pd.isna(then):
        return None
    before, after = _ratings_on(tables, model, then), ratings_of(scored)
    both = before.index.intersection(after.index)
    source = after.loc[both, "pd_source_code"]
    features = [
        _of_trees(tables["snapshots"], source.index[source == MODEL], (then, now), model),
        _of_rule(tables, before, after, (then, now)),
    ]
    made = _joined(features)
    return Pair(before, after, then, now, made, Series(0.0, index=Index(made["customer_id"].unique())))


def earlier_run(tables: Tables, model: ExplainedModel | None, level: ExpertLevel, earlier: Earlier) -> Pair:
    """Return the comparison with an earlier run.

    Parameters
    ----------
    tables : ``scored snapshots expert_ratings`` of this run
    model : the accepted model of this run; None where there is none
    level : of the expert rating of this run
    earlier : the earlier run

    Raises
    ------
    TableError
        The earlier run is not of an earlier date.
    """
    then, now = (part["scored"]["observation_date"].max() for part in (earlier.tables, tables))
    if not then < now:
        raise TableError(
            f"score_changes: the earlier run is of {str(then)[:10]}, this one of {str(now)[:10]}; name one of an "
            "earlier date"
        )
    before, after = ratings_of(earlier.tables["scored"]), ratings_of(tables["scored"])
    kept = [after.index.intersection(before.index[before["pd_source_code"] == code]) for code in (MODEL, EXPERT)]
    trees, expert = (
        customers[(after.loc[customers, "pd_source_code"] == code).to_numpy()]
        for customers, code in zip(kept, (MODEL, EXPERT), strict=True)
    )
    made = [
        _trees_of_two_runs(tables, trees, model, earlier, (then, now)),
        _expert_of_two_runs(tables, expert, level, earlier),
    ]
    features = _joined([part for part, _ in made])
    model_part = pd.concat([moved for _, moved in made if len(moved)] or [made[0][1]])
    return Pair(before, after, then, now, features, model_part)


def ratings_of(scored: DataFrame) -> DataFrame:
    """Return one side of a comparison from table `scored`."""
    rows = scored.set_index("customer_id")
    made = rows[["pd_source_code", "pd_12m", "score"]].astype({"pd_12m": float, "score": float})
    floor = floor_added(rows).where(rows["pd_source_code"] != DEFAULTED)
    return made.assign(floor=floor)


def _ratings_on(tables: Tables, model: ExplainedModel | None, date: Timestamp) -> DataFrame:
    """Ratings by the means of today on a date of the panel; customers in default have PD 1 and no score."""
    rows = tables["snapshots"]
    rows = rows[rows["observation_date"] == date].set_index("customer_id")
    bad = rows.index[(rows["exclusion_code"] == "in_default").to_numpy(bool)]
    in_default = DataFrame({"pd_source_code": DEFAULTED, "pd_12m": 1.0, "score": np.nan, "floor": np.nan}, index=bad)
    choice = tables["model_choice"]
    chosen = choice.loc[choice["is_chosen"].astype(bool), "model_code"].item()
    if chosen == MODEL and model is not None:
        rated = _rated_by_trees(rows[rows["exclusion_code"].isna()], tables, model, date)
    else:
        history = tables["rating_history"]
        history = history[(history["observation_date"] == date) & (chosen in rule_features(choice))]
        rated = history.set_index("customer_id")[["pd_12m"]].astype(float).assign(pd_source_code=chosen, floor=0.0)
        rated["score"] = logit(rated["pd_12m"].to_numpy(float))
    return pd.concat([part[RATING] for part in (rated, in_default) if len(part)] or [in_default])


def _rated_by_trees(rows: DataFrame, tables: Tables, model: ExplainedModel, date: Timestamp) -> DataFrame:
    score = model.log_odds(rows)
    external = tables["external_ratings"]
    given = external[external["is_default_grade"].fillna(False).astype(bool) & (external["rating_date"] <= date)]
    rated = default_rated(tables["expert_ratings"])
    rated = rated[rated.index.isin(given["customer_id"])]
    lowest = lowest_pds(rows.index.to_series(), rated, pd_floor=model.pd_floor)
    pds = expit(score)
    floor = np.where(pds < lowest, logit(lowest) - score, 0.0)
    made = {"pd_source_code": MODEL, "pd_12m": np.maximum(pds, lowest), "score": score, "floor": floor}
    return DataFrame(made, index=rows.index)


def _of_trees(
    snapshots: DataFrame, customers: Index, dates: tuple[Timestamp, Timestamp], model: ExplainedModel | None
) -> DataFrame:
    if model is None or customers.empty:
        return _no_features()
    sides = [
        rows_of(snapshots, DataFrame({"customer_id": customers, "observation_date": date}), names=model.names)
        for date in dates
    ]
    return _sided(*(tree_parts(side, model) for side in sides))


def _of_rule(tables: Tables, before: DataFrame, after: DataFrame, dates: tuple[Timestamp, Timestamp]) -> DataFrame:
    """The one feature of a simple rule; its contributions are counted from the mean log-odds of today."""
    features = rule_features(tables["model_choice"])
    customers = before.index.intersection(after.index)
    source = after.loc[customers, "pd_source_code"]
    is_rule = source.isin(list(features)) & (source == before.loc[customers, "pd_source_code"])
    customers = customers[is_rule.to_numpy(bool)]
    if customers.empty:
        return _no_features()
    code = str(source[customers].iloc[0])
    base = float(after.loc[after["pd_source_code"] == code, "score"].mean())
    keys = [DataFrame({"customer_id": customers, "observation_date": date}) for date in dates]
    then, now = (rows_of(tables["snapshots"], key, names=(features[code],))[features[code]] for key in keys)
    made = {
        "feature_code": features[code],
        "value_before": then.reindex(customers).to_numpy(float),
        "value_after": now.reindex(customers).to_numpy(float),
        "contribution_before": before.loc[customers, "score"].to_numpy(float) - base,
        "contribution_after": after.loc[customers, "score"].to_numpy(float) - base,
    }
    return DataFrame({"customer_id": customers, **made})


def _trees_of_two_runs(
    tables: Tables, customers: Index, model: ExplainedModel | None, earlier: Earlier, dates: tuple[Timestamp, Timestamp]
) -> tuple[DataFrame, Series]:
    old = ExplainedModel.of(earlier.tables["model_parts"])
    if model is None or old is None or customers.empty:
        return _no_features(), Series(dtype=float)
    keys = [DataFrame({"customer_id": customers, "observation_date": date}) for date in dates]
    now = rows_of(tables["snapshots"], keys[1], names=model.names).reindex(customers)
    panel = earlier.tables["snapshots"]
    shared = tuple(name for name in model.names if name in panel)
    lacking = tuple(name for name in model.names if name not in panel)
    then = rows_of(panel, keys[0], names=shared).reindex(customers)
    then = then.join(rows_of(tables["snapshots"], keys[0], names=lacking))[list(model.names)]
    by_old = old.log_odds(rows_of(panel, keys[0], names=old.names).reindex(customers))
    features = _sided(tree_parts(then, model), tree_parts(now, model))
    return features, Series(model.log_odds(then) - by_old, index=customers)


def _expert_of_two_runs(
    tables: Tables, customers: Index, level: ExpertLevel, earlier: Earlier
) -> tuple[DataFrame, Series]:
    """Sources of both ratings; nothing where the earlier one cannot be taken apart."""
    ratings = earlier.tables.get("expert_ratings")
    if customers.empty or ratings is None or not (blend_gap(ratings, earlier.level) < 1e-9).all():
        return _no_features(), Series(dtype=float)
    then, now = (
        expert_parts(ratings, customers, earlier.level),
        expert_parts(tables["expert_ratings"], customers, level),
    )
    moved = now.groupby("customer_id")["base"].first() - then.groupby("customer_id")["base"].first()
    return _sided(then, now), moved


def _sided(before: DataFrame, after: DataFrame) -> DataFrame:
    """Parts of two dates side by side; a part that is absent on one of them contributes 0 there."""
    keys = ["customer_id", "feature_code"]
    columns = [*keys, "feature_value", "contribution"]
    made = before[columns].merge(after[columns], on=keys, how="outer", suffixes=("_before", "_after"), validate="1:1")
    made = made.rename(columns={f"feature_value_{side}": f"value_{side}" for side in ("before", "after")})
    told = ["contribution_before", "contribution_after"]
    return made.assign(**made[told].fillna(0.0))[FEATURE]


def _joined(frames: list[DataFrame]) -> DataFrame:
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _no_features() -> DataFrame:
    return DataFrame({name: Series(dtype="str" if name in FEATURE[:2] else float) for name in FEATURE})
