"""How much the grades hang on the weights: each weight moved up and down, the others filling the rest."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.schema import Column, Table
from riskresearch.model.expert.answers import QuestionnaireSettings, questionnaire_pd
from riskresearch.model.expert.blend import PRIOR, BlendSettings, Evidence, Weights
from riskresearch.model.expert.conflict import overridden
from riskresearch.model.expert.questionnaire import Questionnaire
from riskresearch.model.grades import graded

WEIGHT_LEVELS = ("source", "item", "item_alone")
WEIGHT_SENSITIVITY = Table(
    "weight_sensitivity",
    "model",
    "one row per weight and direction in which it is moved",
    ("weight_level_code", "rating_weight_code", "move_direction_code"),
    (
        Column(
            "weight_level_code",
            "code",
            "source of the blend; item of the questionnaire; item_alone: the grade by the questionnaire alone",
            False,
            WEIGHT_LEVELS,
        ),
        Column("rating_weight_code", "text", "source or item"),
        Column("move_direction_code", "code", "which way its weight is moved", False, ("up", "down")),
        Column("weight_ratio", "float", "weight as set"),
        Column("moved_weight_ratio", "float", "weight after the move; the others fill the rest to 1"),
        Column("n_customers", "int", "customers graded"),
        Column("n_grades_changed", "int", "customers whose grade changes"),
        Column(
            "grades_changed_ratio", "float", "share of the customers whose grade changes; empty without customers", True
        ),
        Column("notches_mean", "float", "mean change over all customers, grades; + is worse", True),
        Column("notches_max", "int", "largest change of a customer, grades, either way", True),
    ),
)


class SensitivitySettings(BlendSettings, QuestionnaireSettings):
    """How far weights are moved."""

    weight_move_ratio: float = Field(
        0.25, gt=0, lt=1, description="share by which each weight is moved up and down to see which grades change"
    )


def moved(weights: Series, code: str, factor: float) -> Series:
    """Return weights that add up to 1 after one of them was multiplied by a factor.

    Examples
    --------
    >>> moved(Series({"a": 0.5, "b": 0.5}), "a", 1.5).round(2).to_dict()
    {'a': 0.6, 'b': 0.4}
    """
    changed = weights.where(weights.index != code, weights * factor)
    return changed / changed.sum()


def weight_sensitivity(
    evidence: Evidence,
    answers: DataFrame,
    questionnaire: Questionnaire,
    settings: SensitivitySettings,
    *,
    grade_scale: DataFrame,
) -> DataFrame:
    """Return table `weight_sensitivity`: what moving each weight changes in the grades.

    Each weight of the blend (the prior among them) and of the questionnaire is multiplied by 1 ± x and all weights of
    its level are brought back to their sum; PDs, conflict rule and grades are made anew. For the items the grades by
    the questionnaire alone are compared as well.

    Parameters
    ----------
    evidence : what the sources say
    answers : table `questionnaire_answers`
    questionnaire : weights of the items
    settings : x, weights of the blend
    grade_scale : table `grade_scale`
    """
    by_source, by_item, by_item_alone = _raters(evidence, answers, questionnaire, settings)
    prior = settings.blend_prior_weight
    weights = Series({**Weights.of(settings).sources, PRIOR: prior}) / (1 + prior)
    rows = [
        *_moves("source", weights, by_source, settings.weight_move_ratio, grade_scale),
        *_moves("item", questionnaire.weights, by_item, settings.weight_move_ratio, grade_scale),
        *_moves("item_alone", questionnaire.weights, by_item_alone, settings.weight_move_ratio, grade_scale),
    ]
    return DataFrame(rows, columns=WEIGHT_SENSITIVITY.names)


Rater = Callable[[Series], Series]


def _raters(
    evidence: Evidence, answers: DataFrame, questionnaire: Questionnaire, settings: SensitivitySettings
) -> tuple[Rater, Rater, Rater]:
    """PDs by weights of the sources and by weights of the items, and those by the questionnaire alone."""
    items, scored = questionnaire.weights.index, evidence.pds["questionnaire"].dropna().index
    points = answers.pivot(index="customer_id", columns="item_code", values="points_ratio")
    table = points.reindex(index=scored, columns=items).to_numpy(dtype=float)

    def by_source(weights: Series) -> Series:
        changed = Weights(weights.drop(PRIOR).to_dict(), float(weights[PRIOR]))
        return overridden(evidence, settings, changed)["pd_12m"]

    def by_item_alone(weights: Series) -> Series:
        return questionnaire_pd(Series((table * weights.to_numpy()).sum(axis=1), index=scored), settings)

    def by_item(weights: Series) -> Series:
        pds = evidence.pds.assign(questionnaire=by_item_alone(weights))
        return overridden(replace(evidence, pds=pds), settings)["pd_12m"]

    return by_source, by_item, by_item_alone


def _moves(
    level: str, weights: Series, rater: Rater, share: float, grade_scale: DataFrame
) -> Iterator[dict[str, object]]:
    before = _places(rater(weights), grade_scale)
    for code in weights.index:
        for way, factor in (("up", 1 + share), ("down", 1 - share)):
            changed = moved(weights, code, factor)
            yield {
                "weight_level_code": level,
                "rating_weight_code": code,
                "move_direction_code": way,
                "weight_ratio": weights[code],
                "moved_weight_ratio": changed[code],
                **_compared(before, _places(rater(changed), grade_scale)),
            }


def _places(pds: Series, grade_scale: DataFrame) -> NDArray[np.int64]:
    order = pd.Index(grade_scale["grade_code"])
    return order.get_indexer(graded(pds, grade_scale)["grade_code"])


def _compared(before: NDArray[np.int64], after: NDArray[np.int64]) -> dict[str, object]:
    notches = after - before
    n, n_grades_changed = len(notches), int((notches != 0).sum())
    return {
        "n_customers": n,
        "n_grades_changed": n_grades_changed,
        "grades_changed_ratio": n_grades_changed / n if n else None,
        "notches_mean": float(notches.mean()) if n else None,
        "notches_max": int(np.abs(notches).max()) if n else None,
    }
