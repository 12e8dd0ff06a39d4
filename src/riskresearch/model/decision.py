"""Which candidate gives the PDs: the champion only where it beats the simple rule out of time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.special import expit, log_expit

from riskresearch.base.resampling import auc, bootstrap_auc
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.fits import Fits
from riskresearch.model.tables import CHAMPION, EXPERT, MODEL_CHOICE, MODELS, NO_RULE, ROLES, RULE

LOWER, UPPER = 0.025, 0.975
CHANCE = 0.5


def model_choice(test: DataFrame, fits: Fits, log_odds: Mapping[str, NDArray[np.float64]]) -> DataFrame:
    """Return table `model_choice`: the candidates side by side on the same rows and the same resamples of customers.

    The champion is accepted where its AUC out of time is above that of the simple rule: the customer's own past late
    rate or, in a panel that holds none, the best single feature. Else the rule gives the PDs, where it separates at
    all (AUC above one half). Nothing can be accepted with fewer customers in default out of time than
    `min_test_defaulters`; then, as where nothing was fitted or nothing separates, the expert rating gives them.

    Parameters
    ----------
    test : out-of-time rows of table `snapshots`
    fits : fitted candidates
    log_odds : calibrated log-odds of each fitted candidate on these rows
    """
    settings = fits.settings
    n_test = test.loc[test["is_default"].fillna(False).astype(bool), "customer_id"].nunique()
    is_judged = bool(fits.models) and n_test >= settings.min_test_defaulters
    judged = _judged(test, fits, log_odds) if is_judged else DataFrame(index=list(fits.models))
    rule = RULE if RULE in fits.models or not fits.models else NO_RULE
    chosen, reasons = _decision(fits, judged, rule, is_judged=is_judged)
    frame = judged.reindex(list(MODELS)).rename_axis("model_code").reset_index()
    made = frame.assign(
        role_code=frame["model_code"].map(ROLES),
        feature_code=[_one_feature(code, fits) for code in frame["model_code"]],
        n_defaulters=fits.sample.n_defaulters,
        n_test_defaulters=n_test,
        is_rule=frame["model_code"] == rule,
        is_chosen=frame["model_code"] == chosen,
        reason_code=frame["model_code"].map(reasons),
    )
    return made.reindex(columns=MODEL_CHOICE.names)


def _one_feature(code: str, fits: Fits) -> str | None:
    """The feature of a simple rule; none for what uses more than one."""
    if ROLES[code] != "simple_rule":
        return None
    needs = CANDIDATES[code].spec.needs
    return needs[0] if needs else getattr(fits.models.get(code), "feature_code", None)


def _judged(test: DataFrame, fits: Fits, log_odds: Mapping[str, NDArray[np.float64]]) -> DataFrame:
    hit = test["is_default"].to_numpy(bool)
    rng = np.random.default_rng(fits.settings.seed)
    drawn = bootstrap_auc(log_odds, hit, test["customer_id"], n_bootstrap=fits.settings.n_bootstrap, rng=rng)
    aucs = Series({name: auc(score, hit) for name, score in log_odds.items()})
    rule = RULE if RULE in log_odds else NO_RULE
    parts = {
        **_with_bounds("auc", aucs, drawn),
        **_with_bounds("auc_gain", aucs - aucs[rule], drawn.sub(drawn[rule], axis=0)),
        **_with_bounds("champion_gain", aucs[CHAMPION] - aucs, drawn.rsub(drawn[CHAMPION], axis=0)),
        "brier": Series({name: float(np.mean((expit(z) - hit) ** 2)) for name, z in log_odds.items()}),
        "log_loss": Series({name: _log_loss(z, hit) for name, z in log_odds.items()}),
    }
    return pd.concat(parts, axis=1)


def _with_bounds(name: str, value: Series, drawn: DataFrame) -> dict[str, Series]:
    return {name: value, f"{name}_low": drawn.quantile(LOWER), f"{name}_high": drawn.quantile(UPPER)}


def _log_loss(log_odds: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    return float(-np.where(hit, log_expit(log_odds), log_expit(-log_odds)).mean())


def _decision(fits: Fits, judged: DataFrame, rule: str, *, is_judged: bool) -> tuple[str, dict[str, str]]:
    if not is_judged:
        reason = "too_few_test_defaulters" if fits.models else "too_few_defaulters"
        return EXPERT, {**dict.fromkeys(MODELS, reason), EXPERT: "accepted"}
    aucs = judged["auc"]
    is_better = bool(aucs[CHAMPION] > max(aucs[rule], CHANCE))
    chosen = CHAMPION if is_better else rule if aucs[rule] > CHANCE else EXPERT
    reasons = {name: "compared" if name in fits.models else "feature_missing" for name in MODELS}
    reasons |= {CHAMPION: "not_better_than_rule", EXPERT: "not_needed"} | {chosen: "accepted"}
    return chosen, reasons
