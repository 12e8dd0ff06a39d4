"""Stage model: how likely default is within the horizon, for every customer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from scipy.special import expit

from riskresearch.base.schema import empty
from riskresearch.model.calibration.level import Levels, pd_levels
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.candidates.hazard import Hazard
from riskresearch.model.candidates.scorecard import SCORECARD_POINTS, Scorecard, scorecard_points
from riskresearch.model.decision import model_choice
from riskresearch.model.downgrades import downgrades
from riskresearch.model.expert.questionnaire import Questionnaire
from riskresearch.model.expert.rating import EXPERT_READS, expert_tables
from riskresearch.model.external_scales import RatingScales, rating_orders, scale_table
from riskresearch.model.fits import Fits, fit_candidates
from riskresearch.model.grades import DEFAULTED, grade_quality, grade_scale, graded
from riskresearch.model.history import rating_history
from riskresearch.model.lead_time import lead_times
from riskresearch.model.low_default import grade_estimates, yearly_rows
from riskresearch.model.sample import KEYS, Sample
from riskresearch.model.scoring import Today, scored
from riskresearch.model.settings import ModelSettings
from riskresearch.model.tables import CHAMPION, COLD_START, EXPERT, SCORES
from riskresearch.model.term_structure import term_structure
from riskresearch.model.tuning import Told, silent, tune

READS = ("snapshots", "feature_dictionary", "default_cohorts", *EXPERT_READS)
KNOWN = ("development", "out_of_time")


@dataclass(frozen=True)
class Knowledge:
    """What the company lays down beside its ledger, and the frame of the run.

    Parameters
    ----------
    as_of : last day that counts
    questionnaire : items, answers and weights of the questionnaire
    scales : scales of the external rating providers
    horizon_months : months within which a default is the outcome
    embargo_months : months kept free after the last training outcome when settings are tuned
    """

    as_of: Timestamp
    questionnaire: Questionnaire
    scales: RatingScales
    horizon_months: int = 12
    embargo_months: int = 1


def default_model(
    tables: Mapping[str, DataFrame], settings: ModelSettings, knowledge: Knowledge, *, told: Told = silent
) -> dict[str, DataFrame]:
    """Return the tables of the stage, see `riskresearch.model.tables`.

    The champion is accepted only where it separates better than the simple rule out of time; with too few defaulters
    nothing is fitted and the expert rating gives the PDs.

    Parameters
    ----------
    tables : see `READS`; as known on the date
    settings : settings of the stage
    knowledge : date, questionnaire, rating scales, horizon
    told : called with the progress of a search for better settings, where one is asked for
    """
    panel = tables["snapshots"].sort_values(KEYS, ignore_index=True)
    panel = panel.assign(is_default=panel["is_default"].astype("boolean"))
    tables = {**tables, "snapshots": panel}
    rows = {name: panel[panel["sample_code"] == name] for name in KNOWN}
    sample = Sample.of(rows["development"], tables["feature_dictionary"], horizon_months=knowledge.horizon_months)
    trials, tuned = _tuned(sample, settings, knowledge, told)
    fits = fit_candidates(sample, tuned)
    shifts = _tested_shifts(rows["out_of_time"], tables, fits, knowledge.as_of)
    odds = {code: fits.log_odds(code, rows["out_of_time"]) + shift for code, shift in shifts.items()}
    choice = model_choice(rows["out_of_time"], fits, odds)
    scale = grade_scale(tuned.grade_bounds, reliable_up_to=tuned.reliable_up_to, to_watch_up_to=tuned.to_watch_up_to)
    beside = {"questionnaire": knowledge.questionnaire, "scales": knowledge.scales, "grade_scale": scale}
    expert = expert_tables(tables, tuned, as_of=knowledge.as_of, **beside)
    scores = _scores(rows, fits, shifts, scale)
    made = {
        **expert,
        "scores": scores,
        "model_choice": choice,
        "grade_scale": scale,
        "external_scales": scale_table(knowledge.scales, scale),
        "downgrades": _downgrades(tables, tuned, knowledge),
        "lead_times": lead_times(scores, panel, scale),
        "calibration_methods": fits.methods,
        "scorecard_points": _points(fits),
        "tuning_trials": trials,
    }
    return made | _today({**tables, **made}, fits, knowledge)


def _today(tables: Mapping[str, DataFrame], fits: Fits, knowledge: Knowledge) -> dict[str, DataFrame]:
    """Tables of the customers of the date, and the parts and level of what gives their PDs."""
    choice, scale, as_of = tables["model_choice"], tables["grade_scale"], knowledge.as_of
    chosen = choice.loc[choice["is_chosen"], "model_code"].item()
    today = Today.of(tables, tables["expert_ratings"], as_of=as_of)
    levels, level_table = _levels(tables, fits, chosen, as_of)
    final = scored(today, fits, chosen, levels, scale)
    return {
        "scored": final,
        "rating_history": rating_history(
            tables["snapshots"], fits, chosen, levels, scale, cohorts=tables["default_cohorts"]
        ),
        "model_parts": _parts(fits, levels[CHAMPION]) if chosen == CHAMPION else _no_parts(),
        "pd_levels": level_table,
        "pd_term_structure": _terms(final, today, fits, knowledge.horizon_months),
        **_grades(final, tables["scores"], chosen, scale, fits.settings),
    }


def _tuned(
    sample: Sample, settings: ModelSettings, knowledge: Knowledge, told: Told
) -> tuple[DataFrame, ModelSettings]:
    """Trials and the settings to fit with; the given ones where no search is asked for or possible."""
    asked = settings if sample.n_defaulters >= settings.min_defaulters else settings.model_copy(update={"n_trials": 0})
    fit = CANDIDATES[CHAMPION].function
    trials, best = tune(sample, asked, fit, told=told, embargo_months=knowledge.embargo_months)
    return trials, settings.model_copy(update=dict(best))


def _tested_shifts(test: DataFrame, tables: Mapping[str, DataFrame], fits: Fits, as_of: Timestamp) -> dict[str, float]:
    """Move of each candidate to the long-run level that was known when the out-of-time block began."""
    start = test["observation_date"].min()
    until = as_of if pd.isna(start) else start
    given = tables["snapshots"], tables["default_cohorts"]
    return {code: fits.levels(code, *given, until=until)[0].shift for code in fits.models}


def _scores(rows: Mapping[str, DataFrame], fits: Fits, shifts: Mapping[str, float], scale: DataFrame) -> DataFrame:
    """PDs of all candidates where the outcome is known."""
    known = pd.concat(list(rows.values()))
    keys = known[["customer_id", "observation_date", "sample_code", "is_default"]]
    parts = []
    for code, shift in shifts.items():
        pds = Series(expit(fits.log_odds(code, known) + shift), index=known.index)
        pds = pds.clip(lower=fits.settings.pd_floor_ratio)
        parts.append(keys.assign(model_code=code, pd_12m=pds, grade_code=graded(pds, scale)["grade_code"]))
    return pd.concat(parts, ignore_index=True) if parts else empty(SCORES)


def _levels(
    tables: Mapping[str, DataFrame], fits: Fits, chosen: str, as_of: Timestamp
) -> tuple[dict[str, Levels], DataFrame]:
    """Levels of the candidates in use as known today, and table `pd_levels` of the chosen one."""
    cohorts, panel = tables["default_cohorts"], tables["snapshots"]
    if chosen == EXPERT:
        return {}, pd_levels([], cohorts, fits.settings, until=as_of)[1]
    level, table = fits.levels(chosen, panel, cohorts, until=as_of)
    cold = {COLD_START: fits.levels(COLD_START, panel, cohorts, until=as_of)[0]} if COLD_START in fits.models else {}
    return cold | {chosen: level}, table


def _terms(final: DataFrame, today: Today, fits: Fits, horizon_months: int) -> DataFrame:
    model = fits.models.get("hazard")
    if not isinstance(model, Hazard):
        return term_structure(final, horizon_months=horizon_months)
    rows = today.rows.set_index("customer_id").loc[final["customer_id"]]
    monthly = model.monthly_log_odds(rows)
    no_model = final["pd_source_code"].isin([EXPERT, COLD_START, "default"]).to_numpy()
    monthly = np.where(no_model[:, None], np.nan, monthly)
    return term_structure(final, monthly_log_odds=monthly, horizon_months=horizon_months)


def _downgrades(tables: Mapping[str, DataFrame], settings: ModelSettings, knowledge: Knowledge) -> DataFrame:
    orders = rating_orders(knowledge.scales, as_of=knowledge.as_of)
    return downgrades(tables["ratings"], orders, settings, as_of=knowledge.as_of)


def _points(fits: Fits) -> DataFrame:
    model = fits.models.get("scorecard")
    return scorecard_points(model) if isinstance(model, Scorecard) else empty(SCORECARD_POINTS)


def _grades(
    final: DataFrame, scores: DataFrame, chosen: str, scale: DataFrame, settings: ModelSettings
) -> dict[str, DataFrame]:
    """What few defaults leave possible by grade, and what speaks against the grades, out of time."""
    known = scores[(scores["model_code"] == chosen) & (scores["sample_code"] == "out_of_time")]
    grades = scale.loc[scale["grade_code"] != DEFAULTED, "grade_code"].tolist()
    return {
        "grade_quality": grade_quality(final, known, scale, max_share_ratio=settings.grade_max_share_ratio),
        "grade_estimates": grade_estimates(yearly_rows(known), settings, grades=grades),
    }


def _no_parts() -> DataFrame:
    return DataFrame({"part_code": [], "content": []}, dtype="str")


def _parts(fits: Fits, level: Levels) -> DataFrame:
    calibration = replace(fits.calibration, intercept=fits.calibration.intercept + level.shift)
    content: dict[str, Any] = asdict(calibration) | {"pd_floor": fits.settings.pd_floor_ratio}
    texts = [fits.boosted.booster.model_to_string(), json.dumps(content), json.dumps(fits.sample.names)]
    return DataFrame({"part_code": ["lightgbm_text", "calibration", "features"], "content": texts})
