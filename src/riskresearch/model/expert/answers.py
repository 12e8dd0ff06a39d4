"""Answers to the questionnaire, by a person or by the ledger: which count, their score and the PD behind it."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field
from scipy.special import expit, logit

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import months_before
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.model.expert.behaviour import PriorSettings
from riskresearch.model.expert.questionnaire import Item, Questionnaire

PERSON, COMPUTED, STALE, UNANSWERED = ANSWER_SOURCES = ("person", "computed", "stale", "unanswered")
ANSWERED = [PERSON, COMPUTED]

QUESTIONNAIRE_ANSWERS = Table(
    "questionnaire_answers",
    "model",
    "one row per customer and item of the questionnaire",
    ("customer_id", "item_code"),
    (
        CUSTOMER,
        Column("item_code", "text", "item of the questionnaire"),
        Column("answer_source_code", "code", "who answered; stale: the answer is too old", False, ANSWER_SOURCES),
        Column("answered_date", "date", "day of the latest answer by a person, also where it is too old", True),
        Column("figure", "float", "figure of the ledger that answers the item, in the figure's unit", True),
        Column("points_ratio", "float", "points counted, 0 worst to 1 best; unanswered: neutral less penalty"),
        Column("weight_ratio", "float", "weight of the item; points times weight add up to the score"),
    ),
)
QUESTIONNAIRE_ITEMS = Table(
    "questionnaire_items",
    "model",
    "one row per item of the questionnaire, and per item code of the ledger that it does not know",
    ("item_code",),
    (
        Column("item_code", "text", "item of the questionnaire"),
        Column("label_en", "text", "label, English", True),
        Column("label_fr", "text", "label, French", True),
        Column("item_status_code", "code", "whether the questionnaire asks for it", False, ("asked", "not_asked")),
        Column("weight_ratio", "float", "weight; 0 where it is not asked"),
        Column("n_person", "int", "customers with an answer by a person that counts"),
        Column("n_computed", "int", "customers answered by a figure of the ledger"),
        Column("n_stale", "int", "customers whose answer is too old, without figure"),
        Column("n_unanswered", "int", "customers without any answer"),
        Column("n_rows", "int", "answers in the ledger under this code or one read as it, of any age"),
        Column("points_mean_ratio", "float", "mean points of the answers that count", True),
    ),
)


class QuestionnaireSettings(PriorSettings):
    """Score of the questionnaire and its probability of default."""

    questionnaire_neutral_ratio: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="score that gives the prior default rate; points of an unanswered item before "
        "penalty; the company's own judgement",
    )
    questionnaire_penalty_ratio: float = Field(
        0.1,
        ge=0,
        le=1,
        description="points taken off the neutral value where an item is unanswered (not below 0); "
        "the company's own judgement",
    )
    questionnaire_max_age_months: int = Field(
        24, ge=1, le=120, description="answers older than this count as unanswered; the company's own judgement"
    )
    questionnaire_min_answered_ratio: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of the weights that must be answered for the questionnaire to be a source; "
        "the company's own judgement",
    )
    questionnaire_odds_factor: float = Field(
        36.0,
        ge=1,
        description="odds of default at score 0 over those at score 1; the company's own judgement: 6 times "
        "the prior's at the worst, a sixth at the best, as between late and punctual payers (prior_late_factor)",
    )


def questionnaire_answers(
    questionnaires: DataFrame,
    figures: DataFrame,
    questionnaire: Questionnaire,
    settings: QuestionnaireSettings,
    *,
    as_of: Timestamp,
) -> DataFrame:
    """Return table `questionnaire_answers`: what counts as the answer to each item.

    The latest answer by a person counts, unless it is older than `questionnaire_max_age_months`; else the figure of
    the ledger, where the item has one; else the item is unanswered.

    Parameters
    ----------
    questionnaires : canonical table, answers from 0 (worst) to 1 (best)
    figures : from `riskresearch.model.expert.behaviour.own_figures`, one row per customer that is rated
    questionnaire : items, answers, weights
    settings : age, neutral value, penalty
    as_of : last day that counts

    Raises
    ------
    LedgerError
        Answers lie outside 0 to 1.
    """
    latest = _latest(questionnaires, questionnaire, as_of)
    oldest = months_before(as_of, settings.questionnaire_max_age_months)
    parts = [_answers_to(item, latest, figures, oldest) for item in questionnaire.items]
    unanswered = max(settings.questionnaire_neutral_ratio - settings.questionnaire_penalty_ratio, 0.0)
    found = pd.concat(parts, ignore_index=True)
    return found.assign(points_ratio=found["points_ratio"].fillna(unanswered))[QUESTIONNAIRE_ANSWERS.names]


def questionnaire_scores(answers: DataFrame, settings: QuestionnaireSettings) -> DataFrame:
    """Return the score of each customer and its PD.

    Score (0 worst to 1 best): weights times points, added up. Log-odds of default = log-odds of the prior rate +
    ln(`questionnaire_odds_factor`) × (neutral value − score), so the neutral score gives the prior rate.

    Parameters
    ----------
    answers : table `questionnaire_answers`
    settings : neutral value, factor, share that must be answered, prior rate

    Returns
    -------
    DataFrame indexed by customer_id ``score_ratio answered_ratio n_answers pd_questionnaire``: share of the weights
    that is answered, number of answers by a person; score and PD are missing where too little is answered.
    """
    is_answered = answers["answer_source_code"].isin(ANSWERED)
    sums = answers.assign(
        score_ratio=answers["weight_ratio"] * answers["points_ratio"],
        answered_ratio=answers["weight_ratio"].where(is_answered, 0.0),
        n_answers=answers["answer_source_code"] == PERSON,
    )
    found = sums.groupby("customer_id")[["score_ratio", "answered_ratio", "n_answers"]].sum()
    enough = found["answered_ratio"] >= settings.questionnaire_min_answered_ratio - 1e-9
    score = found["score_ratio"].where(enough & (found["answered_ratio"] > 0))
    return found.assign(score_ratio=score, pd_questionnaire=questionnaire_pd(score, settings))


def questionnaire_pd(score: Series, settings: QuestionnaireSettings) -> Series:
    """Return the PD of scores (0 worst to 1 best); missing where the score is.

    Examples
    --------
    >>> settings = QuestionnaireSettings(prior_default_ratio=0.02, questionnaire_odds_factor=4.0)
    >>> questionnaire_pd(Series([0.5, 0.0]), settings).round(4).tolist()
    [0.02, 0.0392]
    """
    step = np.log(settings.questionnaire_odds_factor) * (settings.questionnaire_neutral_ratio - score.astype(float))
    return Series(expit(logit(settings.prior_default_ratio) + step), index=score.index, name="pd_questionnaire")


def questionnaire_items(answers: DataFrame, questionnaires: DataFrame, questionnaire: Questionnaire) -> DataFrame:
    """Return table `questionnaire_items`: how each item is answered, and codes of the ledger that nothing asks for.

    Parameters
    ----------
    answers : table `questionnaire_answers`
    questionnaires : canonical table
    questionnaire : items, answers, weights
    """
    labels = DataFrame([{name: getattr(item, name) for name in _ITEM} for item in questionnaire.items])
    counts = pd.crosstab(answers["item_code"], answers["answer_source_code"]).reindex(columns=list(ANSWER_SOURCES))
    counts = counts.fillna(0).astype("int64").add_prefix("n_")
    known = answers[answers["answer_source_code"].isin(ANSWERED)]
    means = known.groupby("item_code")["points_ratio"].mean().rename("points_mean_ratio")
    given = questionnaires["item_code"].map(questionnaire.read_as).fillna(questionnaires["item_code"])
    rows = labels.set_index("item_code").join([counts, means])
    others = sorted(set(given) - set(rows.index))
    rows = rows.assign(item_status_code="asked").reindex([*rows.index, *others])
    filled = dict.fromkeys([*counts.columns, "weight_ratio"], 0) | {"item_status_code": "not_asked"}
    found = rows.fillna(filled).assign(n_rows=given.value_counts().reindex(rows.index, fill_value=0))
    return found.rename_axis("item_code").reset_index()[QUESTIONNAIRE_ITEMS.names]


_ITEM = ["item_code", "label_en", "label_fr", "weight_ratio"]


def _latest(questionnaires: DataFrame, questionnaire: Questionnaire, as_of: Timestamp) -> DataFrame:
    """Latest answer per customer and item; on one day the item's own code goes before the others it is read from."""
    rows = questionnaires[questionnaires["answered_date"] <= as_of]
    wrong = ~rows["answer_ratio"].between(0, 1)
    if wrong.any():
        keys = rows.loc[wrong, ["customer_id", "item_code", "answered_date"]].astype(str).agg("/".join, axis=1)
        raise LedgerError(
            f"questionnaires.answer_ratio: {int(wrong.sum())} rows ({first_keys(keys)}) lie outside 0 (worst) to 1 "
            "(best); give the share of the best points, 0.7 instead of 7 of 10"
        )
    codes = list(questionnaire.read_as)
    rows = rows[rows["item_code"].isin(codes)]
    place = rows["item_code"].map({code: -number for number, code in enumerate(codes)})
    rows = rows.assign(place=place, item_code=rows["item_code"].map(questionnaire.read_as))
    rows = rows.sort_values(["customer_id", "item_code", "answered_date", "place"])
    return rows.drop_duplicates(["customer_id", "item_code"], keep="last")


def _answers_to(item: Item, latest: DataFrame, figures: DataFrame, oldest: Timestamp) -> DataFrame:
    rows = latest[latest["item_code"] == item.item_code].set_index("customer_id").reindex(figures.index)
    is_given, is_fresh = rows["answered_date"].notna(), rows["answered_date"] >= oldest
    figure = figures[item.figure_code] if item.figure_code else Series(np.nan, index=figures.index)
    choices = [is_fresh, figure.notna(), is_given]
    points = rows["answer_ratio"].where(is_fresh, item.points(figure) if item.figure_code else np.nan)
    return DataFrame(
        {
            "customer_id": figures.index,
            "item_code": item.item_code,
            "answer_source_code": np.select(choices, [PERSON, COMPUTED, STALE], default=UNANSWERED),
            "answered_date": rows["answered_date"].to_numpy(),
            "figure": figure.to_numpy(),
            "points_ratio": points.to_numpy(dtype=float),
            "weight_ratio": item.weight_ratio,
        }
    )
