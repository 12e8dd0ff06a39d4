"""What the log-odds of every rated customer are made of: features of the model, sources of the expert rating, a rule.

One long frame for all, so that reasons and changes are told in the same way whatever gave the PD.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series
from scipy.special import expit, logit

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.ordering import in_order
from riskresearch.explanation.model import ExplainedModel

Floats = NDArray[np.float64]
MODEL, EXPERT, COLD_START, DEFAULTED = "lightgbm", "expert", "cold_start", "default"
SOURCES = ("behaviour", "accounts", "external", "questionnaire")
"""Sources of the expert rating."""
FLOORS = ("pd_floor", "default_rated")
"""What raises a PD above the log-odds it comes from: the lowest PD shown, a provider's default grade."""
TOLERANCE = 1e-9
PARTS = ["customer_id", "reason_scope_code", "feature_code", "feature_value", "contribution", "base"]


@dataclass(frozen=True)
class ExpertLevel:
    """Settings of the expert rating that its parts are counted from.

    Parameters
    ----------
    prior_default_ratio : default rate of a customer of whom nothing is known: the base
    source_pd_floor : lowest PD a source may bring into the blend; 1 less it is the highest
    """

    prior_default_ratio: float
    source_pd_floor: float


def rated_parts(tables: Mapping[str, DataFrame], *, model: ExplainedModel | None, level: ExpertLevel) -> DataFrame:
    """Return the parts of the log-odds of every customer of the date whose PD can be taken apart.

    Parameters
    ----------
    tables : ``scored snapshots expert_ratings model_choice``
    model : the accepted model; None where there is none
    level : of the expert rating

    Returns
    -------
    DataFrame ``customer_id reason_scope_code feature_code feature_value contribution base``, one row per customer and
    part. Base and contributions of a customer add up to the log-odds of its PD:

    - ``model``: contributions of the features to the calibrated log-odds; base = that of the trees
    - ``expert``: share of a source × (log-odds of its PD − base), what the conflict rule adds under its own code;
      base = log-odds of the prior default rate
    - ``rule``: log-odds − base on the one feature; base = mean log-odds of the customers that the rule rates
    - what a floor adds (`FLOORS`), in each scope

    Customers in default, prospects rated without payment history, and those of a rule whose feature is not
    known are absent.

    Raises
    ------
    TableError
        Parts do not add up to the score: tables of different runs or settings.
    """
    scored = tables["scored"]
    source = scored["pd_source_code"]
    trees = scored[source == MODEL]
    parts = [
        tree_parts(rows_of(tables["snapshots"], trees, names=model.names), model) if model else _none(),
        expert_parts(tables["expert_ratings"], Index(scored.loc[source == EXPERT, "customer_id"]), level),
        _rule_parts(tables),
    ]
    made = pd.concat([part for part in parts if len(part)] or [_none()], ignore_index=True)
    expected = scored[source.isin([MODEL, EXPERT]) | scored["customer_id"].isin(made["customer_id"].unique())]
    assert_additive(made, expected.set_index("customer_id")["score"].astype(float), name="reasons")
    made = pd.concat([part for part in (made, _floor_parts(made, tables)) if len(part)] or [made])
    return in_order(made, ["customer_id", "feature_code"])


def rows_of(snapshots: DataFrame, customers: DataFrame, *, names: tuple[str, ...]) -> DataFrame:
    """Return the feature values of customers on their dates, indexed by customer_id.

    Parameters
    ----------
    snapshots : table `snapshots`
    customers : ``customer_id observation_date``
    names : features
    """
    keys = ["customer_id", "observation_date"]
    columns = [*keys, *names]
    found = customers[keys].merge(snapshots[columns], on=keys, how="inner", validate="1:1")
    return found.set_index("customer_id")[list(names)].astype(float)


def tree_parts(rows: DataFrame, model: ExplainedModel) -> DataFrame:
    """Return the parts of rows that the model rates.

    Parameters
    ----------
    rows : features, indexed by customer_id
    model : the accepted model
    """
    if rows.empty:
        return _none()
    phi, base = model.contributions(rows)
    names = list(model.names)
    return DataFrame(
        {
            "customer_id": np.repeat(rows.index.to_numpy(), len(names)),
            "reason_scope_code": "model",
            "feature_code": np.tile(names, len(rows)),
            "feature_value": rows[names].to_numpy(float).ravel(),
            "contribution": phi.ravel(),
            "base": base,
        }
    )


def expert_parts(expert_ratings: DataFrame, customers: Index, level: ExpertLevel) -> DataFrame:
    """Return the parts of customers that the expert rating rates: sources, and what the conflict rule added.

    Parameters
    ----------
    expert_ratings : table `expert_ratings`
    customers : customer_id
    level : prior rate and bounds that the ratings were made with

    Raises
    ------
    TableError
        The parts do not add up to the blend: it was made with another prior rate or other bounds.
    """
    rows = expert_ratings[expert_ratings["customer_id"].isin(customers)].set_index("customer_id")
    if rows.empty:
        return _none()
    base = float(logit(level.prior_default_ratio))
    told = {name: _source(rows, name, base, level.source_pd_floor) for name in SOURCES}
    frames = [_long(rows.index, name, rows[f"pd_{name}"], contribution, base) for name, contribution in told.items()]
    parts = pd.concat(frames, ignore_index=True)
    blend, final = (Series(logit(rows[name].to_numpy(float)), index=rows.index) for name in ("pd_blend", "pd_12m"))
    assert_additive(parts, blend, name="expert_ratings")
    bound = rows[rows["conflict_code"] != "none"]
    rule = _long(bound.index, "", np.nan, (final - blend)[bound.index], base)
    rule["feature_code"] = bound["conflict_code"].to_numpy(str)
    return pd.concat([parts, rule], ignore_index=True) if len(rule) else parts


def blend_gap(expert_ratings: DataFrame, level: ExpertLevel) -> Series:
    """Return how far the sources are from adding up to the blend of each expert rating, log-odds, by customer_id.

    Parameters
    ----------
    expert_ratings : table `expert_ratings`
    level : prior rate and bounds to be tried; above 1e-9 the ratings were made with others
    """
    rows = expert_ratings.set_index("customer_id")
    base = float(logit(level.prior_default_ratio))
    total = sum((_source(rows, name, base, level.source_pd_floor) for name in SOURCES), Series(base, index=rows.index))
    return (total - logit(rows["pd_blend"].to_numpy(float))).abs()


def assert_additive(parts: DataFrame, log_odds: Series, *, name: str) -> None:
    """Assert that base and contributions of each customer add up to its log-odds, to 1e-9.

    Parameters
    ----------
    parts : ``customer_id contribution base``
    log_odds : expected, by customer_id
    name : table named in the error

    Raises
    ------
    TableError
        Says how many customers do not, the first three and the largest gap.
    """
    grouped = parts.groupby("customer_id", sort=False)
    total = (grouped["contribution"].sum() + grouped["base"].first()).reindex(log_odds.index)
    gap = (total - log_odds).abs()
    wrong = ~(gap < TOLERANCE)
    if wrong.any():
        raise TableError(
            f"{name}: the parts of {int(wrong.sum())} customers ({first_keys(gap.index[wrong])}) do not add up to "
            f"their log-odds (largest gap {gap.max():.2e}); take model, ratings, snapshots and settings of one run"
        )


def default_rated(expert_ratings: DataFrame) -> Series:
    """Return the lowest PD of customers that a provider says are in default, by customer_id."""
    rated = expert_ratings[expert_ratings["is_default_rated"].fillna(False).astype(bool)]
    return rated.set_index("customer_id")["pd_12m"].astype(float)


def lowest_pds(customers: Series, rated: Series, *, pd_floor: float) -> Floats:
    """Return the lowest PD of each customer: that of a provider's default grade, else the lowest PD shown.

    Parameters
    ----------
    customers : customer_id
    rated : lowest PD of customers rated in default, see `default_rated`
    pd_floor : lowest PD shown
    """
    return customers.map(rated).astype(float).fillna(pd_floor).to_numpy(float)


def rule_features(model_choice: DataFrame) -> dict[str, str]:
    """Return the one feature of each simple rule of table `model_choice`."""
    told = model_choice.dropna(subset="feature_code") if "feature_code" in model_choice else model_choice[:0]
    return dict(zip(told["model_code"], told.get("feature_code", []), strict=True))


def _source(rows: DataFrame, name: str, base: float, floor: float) -> Series:
    odds = logit(rows[f"pd_{name}"].astype(float).clip(floor, 1 - floor))
    return (rows[f"{name}_share_ratio"].astype(float) * (odds - base)).fillna(0.0)


def _rule_parts(tables: Mapping[str, DataFrame]) -> DataFrame:
    scored, features = tables["scored"], rule_features(tables["model_choice"])
    made = []
    for code, rated in scored.groupby("pd_source_code"):
        if code in features and code not in (MODEL, COLD_START, EXPERT):
            rows = rows_of(tables["snapshots"], rated, names=(features[code],))[features[code]]
            score = rated.set_index("customer_id")["score"].astype(float)
            base = float(score.mean())
            made.append(_long(score.index, features[code], rows.reindex(score.index), score - base, base, "rule"))
    return pd.concat(made, ignore_index=True) if made else _none()


def _floor_parts(parts: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """What floors add: a provider's default grade where there is one, else the lowest PD shown."""
    scored, first = tables["scored"], parts.drop_duplicates("customer_id").set_index("customer_id")
    rows = scored[scored["is_pd_floored"].astype(bool) & scored["customer_id"].isin(first.index)]
    rows = rows.set_index("customer_id")
    if rows.empty:
        return _none()
    rated = default_rated(tables["expert_ratings"]).index
    told = first.loc[rows.index]
    return _long(rows.index, "", rows["pd_12m"], floor_added(rows), 0.0).assign(
        feature_code=np.where(rows.index.isin(rated), FLOORS[1], FLOORS[0]),
        base=told["base"].to_numpy(),
        reason_scope_code=told["reason_scope_code"].to_numpy(),
    )


def floor_added(scored: DataFrame) -> Series:
    """Return what the floors add to the log-odds of rows of table `scored`; 0 where the PD is not raised."""
    pds, score = scored["pd_12m"].to_numpy(float), scored["score"].to_numpy(float)
    return Series(np.where(scored["is_pd_floored"].astype(bool), logit(pds) - score, 0.0), index=scored.index)


def pd_points(contribution: Floats, *, base: Floats, log_odds: Floats) -> Floats:
    """Return contributions as points of PD, for display only: scaled so that all of a customer add up to PD − base PD.

    Parameters
    ----------
    contribution : to the log-odds
    base, log_odds : base and log-odds of the customer of each contribution

    Examples
    --------
    >>> pd_points(np.array([1.0, 1.0]), base=np.array([-4.0, -4.0]), log_odds=np.array([-2.0, -2.0])).round(4).tolist()
    [0.0506, 0.0506]
    """
    change = log_odds - base
    is_flat = np.abs(change) < 1e-6
    slope = expit(log_odds) * expit(-log_odds)
    factor = np.where(is_flat, slope, (expit(log_odds) - expit(base)) / np.where(is_flat, 1.0, change))
    return np.asarray(contribution * factor, dtype=float)


def _long(
    customers: Index, feature: str, value: Series | float, contribution: Series, base: float, scope: str = "expert"
) -> DataFrame:
    made = DataFrame({"feature_value": value, "contribution": contribution}, index=customers)
    made = made.rename_axis("customer_id").reset_index()
    return made.assign(reason_scope_code=scope, feature_code=feature, base=base)[PARTS].astype({"feature_value": float})


def _none() -> DataFrame:
    kinds = {"feature_value": float, "contribution": float, "base": float}
    return DataFrame({name: Series(dtype=kinds.get(name, "str")) for name in PARTS})
