"""Stage explanation: why this customer has this probability of default.

Contributions are those of the calibrated log-odds: the exact tree contributions of LightGBM times
the calibration slope. Contributions and base add up to the calibrated log-odds of every customer.
"""

import json
from collections.abc import Mapping

import lightgbm as lgb
import numpy as np
import pandas as pd
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError
from riskresearch.base.schema import Column, Table

CONTRIBUTIONS = Table(
    "contributions",
    "explanation",
    "one row per scored customer and feature",
    ("customer_id", "feature_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("feature_code", "text", "feature"),
        Column("feature_value", "float", "value of the feature", True),
        Column("contribution", "float", "part of the calibrated log-odds"),
    ),
)
DRIVERS = Table(
    "drivers",
    "explanation",
    "one row per feature",
    ("feature_code",),
    (
        Column("feature_code", "text", "feature"),
        Column("contribution_mean_abs", "float", "mean absolute contribution over the scored customers"),
        Column("importance_ratio", "float", "share of the sum over all features"),
        Column("value_correlation", "float", "rank correlation of value and contribution: sign of the effect", True),
    ),
)
REASONS = Table(
    "reasons",
    "explanation",
    "one row per customer and reason, strongest first",
    ("customer_id", "rank"),
    (
        Column("customer_id", "text", "customer account"),
        Column("rank", "int", "1 = strongest"),
        Column("feature_code", "text", "feature"),
        Column("contribution", "float", "part of the calibrated log-odds"),
        Column("feature_value", "float", "value of the customer", True),
        Column("median_value", "float", "median of the scored customers", True),
    ),
)
EXPLANATION_TABLES = (CONTRIBUTIONS, DRIVERS, REASONS)


class ExplanationSettings(StageSettings):
    """Explanations."""

    n_reasons: int = Field(4, ge=1, le=10, description="reasons per customer; only what raises the PD is a reason")


def explain(tables: Mapping[str, DataFrame], settings: ExplanationSettings) -> dict[str, DataFrame]:
    """Return tables `contributions`, `drivers` and `reasons`; empty where no model was accepted.

    Parameters
    ----------
    tables : ``model_parts snapshots scored``
    settings : number of reasons

    Raises
    ------
    TableError
        Contributions and base do not add up to the calibrated log-odds.
    """
    parts = tables["model_parts"].set_index("part_code")["content"]
    if parts.empty:
        return {table.name: DataFrame(columns=table.names) for table in EXPLANATION_TABLES}
    names, calibration = json.loads(parts["features"]), json.loads(parts["calibration"])
    snapshots = tables["snapshots"]
    rows = snapshots[snapshots["sample_code"] == "scoring"].set_index("customer_id")[names].astype(float)
    booster = lgb.Booster(model_str=parts["lightgbm_text"])
    raw = np.asarray(booster.predict(rows.to_numpy(), pred_contrib=True))
    phi = raw[:, :-1] * calibration["slope"]
    base = raw[:, -1] * calibration["slope"] + calibration["intercept"]
    scored = tables["scored"].set_index("customer_id")["score"].reindex(rows.index)
    _assert_additive(phi.sum(axis=1) + base, scored.to_numpy(float), list(rows.index))
    long = DataFrame(
        {
            "customer_id": np.repeat(rows.index.to_numpy(), len(names)),
            "feature_code": np.tile(names, len(rows)),
            "feature_value": rows.to_numpy().ravel(),
            "contribution": phi.ravel(),
        }
    )
    return {"contributions": long, "drivers": _drivers(long), "reasons": _reasons(long, rows, settings)}


def _assert_additive(total: np.ndarray, score: np.ndarray, keys: list[str]) -> None:
    gap = np.abs(total - score)
    if not np.all(gap < 1e-9):
        worst = keys[int(np.nanargmax(gap))]
        raise TableError(
            f"contributions: {int((~(gap < 1e-9)).sum())} customers do not add up to their score "
            f"(worst {worst}: {np.nanmax(gap):.2e}); the model and the scores are not of one run"
        )


def _drivers(long: DataFrame) -> DataFrame:
    strength = long["contribution"].abs().groupby(long["feature_code"]).mean()
    ranked = long.groupby("feature_code")[["feature_value", "contribution"]].rank()
    sign = {code: _correlation(ranked.loc[index]) for code, index in long.groupby("feature_code").groups.items()}
    return DataFrame(
        {
            "feature_code": strength.index,
            "contribution_mean_abs": strength.to_numpy(),
            "importance_ratio": (strength / max(strength.sum(), 1e-300)).to_numpy(),
            "value_correlation": strength.index.map(sign).to_numpy(float),
        }
    )


def _correlation(ranked: DataFrame) -> float:
    known = ranked.dropna()
    if len(known) < 3 or (known.nunique() < 2).any():
        return float("nan")
    return float(np.corrcoef(known.to_numpy().T)[0, 1])


def _reasons(long: DataFrame, rows: DataFrame, settings: ExplanationSettings) -> DataFrame:
    raising = long[long["contribution"] > 1e-6]
    ordered = raising.sort_values(["customer_id", "contribution", "feature_code"], ascending=[True, False, True])
    ordered = ordered.assign(rank=ordered.groupby("customer_id").cumcount() + 1)
    kept = ordered[ordered["rank"] <= settings.n_reasons]
    return pd.DataFrame(kept).assign(median_value=kept["feature_code"].map(rows.median()).astype(float))
