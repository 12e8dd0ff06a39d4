"""Stage validation: whether to believe the model."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import empty
from riskresearch.validation.battery import Case, run_battery
from riskresearch.validation.characteristics import STABILITY_INDEX, stability_index
from riskresearch.validation.comparisons import COMPARISONS, comparisons
from riskresearch.validation.curves import CURVES, curves
from riskresearch.validation.dictionary import measure_dictionary
from riskresearch.validation.grade_counts import GRADE_PAIRS, grade_pairs
from riskresearch.validation.moves import GRADE_MIGRATIONS, grade_migrations, grade_moves
from riskresearch.validation.reliability import RELIABILITY, reliability
from riskresearch.validation.segments import segments
from riskresearch.validation.settings import ValidationSettings
from riskresearch.validation.summary import (
    VALIDATION_SAMPLES,
    VALIDATION_SUMMARY,
    measure_areas,
    validation_samples,
    validation_summary,
)
from riskresearch.validation.tables import MEASURE_DICTIONARY, MEASURES

READS = (
    "scores",
    "rating_history",
    "model_choice",
    "grade_scale",
    "snapshots",
    "feature_dictionary",
    "customers",
    "limits",
)
VALIDATION_TABLES = (
    MEASURES,
    VALIDATION_SUMMARY,
    VALIDATION_SAMPLES,
    COMPARISONS,
    RELIABILITY,
    GRADE_PAIRS,
    GRADE_MIGRATIONS,
    STABILITY_INDEX,
    CURVES,
    MEASURE_DICTIONARY,
)


def validate(tables: Mapping[str, DataFrame], settings: ValidationSettings) -> dict[str, DataFrame]:
    """Return the tables of the stage; without rows where no candidate could be judged.

    Parameters
    ----------
    tables : see `READS`
    settings : confidence, thresholds, resamples
    """
    case = case_of_run(tables, settings)
    features = tables["feature_dictionary"]["feature_code"].tolist()
    drift = stability_index(tables["snapshots"], features, settings)
    return judge(case, settings) | {"stability_index": drift}


def judge(case: Case, settings: ValidationSettings) -> dict[str, DataFrame]:
    """Return the tables of the stage for any scores, ours or bought in; nothing is asked of the model.

    Parameters
    ----------
    case : scores, the model to judge, the rule that it must beat
    settings : confidence, thresholds, resamples
    """
    measures = run_battery(case, settings)
    moves = grade_moves(case.history) if case.history is not None else None
    known = case.ratings[case.ratings["model_code"].isin([case.chosen, case.rule])]
    return {
        "measures": measures,
        "validation_summary": validation_summary(measures, areas=measure_areas(), p_red=settings.p_red),
        "validation_samples": validation_samples(case.ratings, measures),
        "comparisons": comparisons(case.ratings, model=case.chosen, confidence_ratio=settings.confidence_ratio),
        "reliability": reliability(
            case.ratings, model=case.chosen, confidence_ratio=settings.confidence_ratio, grades=case.grades
        ),
        "grade_pairs": grade_pairs(case.ratings, model=case.chosen, grades=case.grades),
        "grade_migrations": empty(GRADE_MIGRATIONS)
        if moves is None
        else grade_migrations(moves, case.grades, min_customers=settings.matrix_min_customers),
        "stability_index": empty(STABILITY_INDEX),
        "curves": curves(known),
        "measure_dictionary": measure_dictionary(settings),
    }


def case_of_run(tables: Mapping[str, DataFrame], settings: ValidationSettings) -> Case:
    """Return what the battery judges of a run: all candidates, and the chosen one on all parts.

    Parameters
    ----------
    tables : see `READS`
    settings : how customers are divided into segments
    """
    choice, scale, history = tables["model_choice"], tables["grade_scale"], tables["rating_history"]
    chosen = choice.loc[choice["is_chosen"].astype(bool), "model_code"].item()
    rules = choice.loc[choice["is_rule"].astype(bool), "model_code"].tolist()
    today = history[history["sample_code"] == "scoring"].assign(model_code=chosen)
    exposure = history[["customer_id", "observation_date", "exposure_amount"]]
    past = tables["scores"].merge(exposure, on=["customer_id", "observation_date"], how="left")
    ratings = pd.concat([past, today], ignore_index=True) if len(today) else past
    divided = pd.concat([ratings, segments(ratings, tables=tables, settings=settings)], axis=1)
    performing = scale[scale["segment_code"] != "defaulted"].sort_values("pd_high")
    return Case(
        divided,
        chosen,
        rules[0] if rules and rules[0] in set(ratings["model_code"]) else None,
        tuple(performing["grade_code"]),
        history=history if len(history) else None,
    )
