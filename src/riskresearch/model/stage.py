"""Stage model: how likely default is within the horizon, for every customer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.resampling import auc, bootstrap_auc
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.model.calibrate import Calibration
from riskresearch.model.champion import Boosted, calibrated_boosted, fit_linear, fit_rule, probability
from riskresearch.model.expert_rating import expert_pd
from riskresearch.model.grades import DEFAULTED, GRADE_SCALE, GRADES, SEGMENTS, grade_scale, graded
from riskresearch.model.settings import ModelSettings

MODELS = ("lightgbm", "logistic", "late_rate", "expert")
FITTED = MODELS[:3]
REASONS = (
    "too_few_defaulters",
    "too_few_test_defaulters",
    "not_better_than_rule",
    "accepted",
    "baseline",
    "not_needed",
)

SCORES = Table(
    "scores",
    "model",
    "one row per customer, observation date and model, dates with a known outcome",
    ("model_code", "customer_id", "observation_date"),
    (
        Column("model_code", "code", "model", False, MODELS),
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("sample_code", "code", "use of the row", False, ("development", "out_of_time")),
        Column("pd_12m", "float", "probability of default within the horizon, calibrated"),
        Column("grade_code", "code", "grade", False, GRADES),
        Column("is_default", "bool", "default within the horizon"),
    ),
)
SCORED = Table(
    "scored",
    "model",
    "one row per active customer on the date of the run",
    ("customer_id",),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("pd_12m", "float", "probability of default within the horizon; 1 = in default"),
        Column("lgd_ratio", "float", "loss given default, share of the exposure"),
        Column("score", "float", "calibrated log-odds; empty for customers in default", True),
        Column("grade_code", "code", "grade; X in default", False, (*GRADES, DEFAULTED)),
        Column("segment_code", "code", "business segment", False, SEGMENTS),
        Column("pd_source_code", "code", "what gave the PD", False, (*MODELS, "default")),
    ),
)
MODEL_CHOICE = Table(
    "model_choice",
    "model",
    "one row per candidate",
    ("model_code",),
    (
        Column("model_code", "code", "candidate", False, MODELS),
        Column("n_defaulters", "int", "customers in default, development sample"),
        Column("n_test_defaulters", "int", "customers in default, out of time"),
        Column("auc", "float", "area under the ROC curve, out of time", True),
        Column("auc_gain", "float", "AUC minus AUC of the past-late-rate rule, out of time", True),
        Column("auc_gain_low", "float", "lower 95 % bound, customers resampled", True),
        Column("auc_gain_high", "float", "upper 95 % bound, customers resampled", True),
        Column("is_chosen", "bool", "gives the PDs of the run"),
        Column("reason_code", "code", "why it is chosen or not", False, REASONS),
    ),
)
MODEL_PARTS = Table(
    "model_parts",
    "model",
    "one row per part of the accepted model; empty where none is accepted",
    ("part_code",),
    (
        Column("part_code", "code", "part", False, ("lightgbm_text", "calibration", "features")),
        Column("content", "text", "text of the part"),
    ),
)
MODEL_TABLES = (SCORES, SCORED, MODEL_CHOICE, MODEL_PARTS, GRADE_SCALE)


@dataclass(frozen=True)
class _Fit:
    """Calibrated PDs of the candidates and what is needed to hand the champion over."""

    boosted: Boosted | None
    calibration: Calibration
    pds: Mapping[str, Series]


def default_model(tables: Mapping[str, DataFrame], settings: ModelSettings) -> dict[str, DataFrame]:
    """Return tables `scores`, `scored`, `model_choice`, `model_parts` and `grade_scale`.

    The champion is accepted only where it separates better than the past-late-rate rule out of time;
    with too few defaulters nothing is fitted and the expert rating gives the PDs.

    Parameters
    ----------
    tables : ``snapshots feature_dictionary customer_behaviour``
    settings : settings of the stage
    """
    panel = tables["snapshots"]
    panel = panel.assign(is_default=panel["is_default"].astype("boolean"))
    rows = {name: panel[panel["sample_code"] == name] for name in ("development", "out_of_time", "scoring")}
    fit = _fit(rows, tables["feature_dictionary"], settings)
    prior = expert_pd(tables["customer_behaviour"], settings)
    choice = _choice(rows, fit, settings)
    chosen = choice.loc[choice["is_chosen"], "model_code"].item()
    scale = grade_scale(
        settings.grade_bounds, reliable_up_to=settings.reliable_up_to, to_watch_up_to=settings.to_watch_up_to
    )
    parts = _parts(fit) if chosen == "lightgbm" else DataFrame({"part_code": [], "content": []}, dtype="str")
    return {
        "scores": _scores(rows, fit, scale),
        "scored": _scored(panel, fit, prior, chosen, scale).assign(lgd_ratio=settings.lgd_ratio),
        "model_choice": choice,
        "model_parts": parts,
        "grade_scale": scale,
    }


def _fit(rows: Mapping[str, DataFrame], dictionary: DataFrame, settings: ModelSettings) -> _Fit:
    train = rows["development"].sort_values(["customer_id", "observation_date"], ignore_index=True)
    if _n_defaulters(train) < settings.min_defaulters:
        return _Fit(None, Calibration(), {})
    names = dictionary["feature_code"].tolist()
    outcome = train["is_default"].astype(int)
    boosted, calibration = calibrated_boosted(train, names, dictionary["direction_code"].tolist(), settings)
    linear, rule = fit_linear(train[names], outcome), fit_rule(train, outcome)
    used = pd.concat(list(rows.values()))
    odds = {
        "lightgbm": calibration.log_odds(boosted.log_odds(used)),
        "logistic": linear.log_odds(used),
        "late_rate": rule.log_odds(used),
    }
    return _Fit(boosted, calibration, {name: Series(probability(z), index=used.index) for name, z in odds.items()})


def _n_defaulters(rows: DataFrame) -> int:
    return rows.loc[rows["is_default"].fillna(False), "customer_id"].nunique()


def _choice(rows: Mapping[str, DataFrame], fit: _Fit, settings: ModelSettings) -> DataFrame:
    test = rows["out_of_time"]
    n, n_test = _n_defaulters(rows["development"]), _n_defaulters(test)
    enough = bool(fit.pds) and n_test >= settings.min_test_defaulters
    judged = _judged(test, fit, settings) if enough else DataFrame(index=list(FITTED), columns=_JUDGED, dtype=float)
    chosen, reasons = _decision(bool(fit.pds), judged["auc"] if enough else None)
    frame = judged.reindex(list(MODELS)).rename_axis("model_code").reset_index()
    return frame.assign(
        n_defaulters=n,
        n_test_defaulters=n_test,
        is_chosen=frame["model_code"] == chosen,
        reason_code=frame["model_code"].map(reasons),
    )


_JUDGED = ["auc", "auc_gain", "auc_gain_low", "auc_gain_high"]


def _judged(test: DataFrame, fit: _Fit, settings: ModelSettings) -> DataFrame:
    """AUC of the candidates out of time and its gain over the rule, on the same resamples of customers."""
    scores = {name: fit.pds[name][test.index] for name in FITTED}
    hit = test["is_default"].astype(bool)
    aucs = Series({name: auc(score, hit) for name, score in scores.items()})
    rng = np.random.default_rng(settings.seed)
    drawn = bootstrap_auc(scores, hit, test["customer_id"], n_bootstrap=settings.n_bootstrap, rng=rng)
    gains = drawn.sub(drawn["late_rate"], axis=0)
    columns = [aucs, aucs - aucs["late_rate"], gains.quantile(0.025), gains.quantile(0.975)]
    return pd.concat(columns, axis=1, keys=_JUDGED)


def _decision(is_fitted: bool, aucs: Series | None) -> tuple[str, dict[str, str]]:
    if aucs is None:
        reason = "too_few_test_defaulters" if is_fitted else "too_few_defaulters"
        return "expert", {**dict.fromkeys(FITTED, reason), "expert": "accepted"}
    better = aucs["lightgbm"] > aucs["late_rate"]
    reasons = {
        "lightgbm": "accepted" if better else "not_better_than_rule",
        "logistic": "baseline",
        "late_rate": "baseline" if better else "accepted",
        "expert": "not_needed",
    }
    return ("lightgbm" if better else "late_rate"), reasons


def _scores(rows: Mapping[str, DataFrame], fit: _Fit, scale: DataFrame) -> DataFrame:
    known = pd.concat([rows["development"], rows["out_of_time"]])
    keys = known[["customer_id", "observation_date", "sample_code", "is_default"]]
    parts = [
        keys.assign(model_code=name, pd_12m=pds[keys.index], grade_code=graded(pds[keys.index], scale)["grade_code"])
        for name, pds in fit.pds.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else DataFrame(columns=SCORES.names)


def _scored(panel: DataFrame, fit: _Fit, prior: Series, chosen: str, scale: DataFrame) -> DataFrame:
    today = panel[panel["observation_date"] == panel["observation_date"].max()]
    live = today[today["sample_code"] == "scoring"]
    pds = (
        Series(live["customer_id"].map(prior).to_numpy(), live.index)
        if chosen == "expert"
        else fit.pds[chosen][live.index]
    )
    performing = live[["customer_id", "observation_date"]].assign(
        pd_12m=pds, score=np.log(pds / (1 - pds)), pd_source_code=chosen, **graded(pds, scale)
    )
    bad = today.loc[today["exclusion_code"] == "in_default", ["customer_id", "observation_date"]]
    bad = bad.assign(pd_12m=1.0, score=np.nan, pd_source_code="default", grade_code=DEFAULTED, segment_code="defaulted")
    return pd.concat([performing, bad], ignore_index=True)


def _parts(fit: _Fit) -> DataFrame:
    assert fit.boosted is not None
    features = json.dumps(list(fit.boosted.names))
    calibration = json.dumps(asdict(fit.calibration))
    return DataFrame(
        {
            "part_code": ["lightgbm_text", "calibration", "features"],
            "content": [fit.boosted.booster.model_to_string(), calibration, features],
        }
    )
