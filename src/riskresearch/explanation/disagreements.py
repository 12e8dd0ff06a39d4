"""Customers on whom model and analyst disagree: grades by both, the widest gaps first."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table, conform, empty
from riskresearch.explanation.grading import grade_codes, grade_numbers
from riskresearch.explanation.parts import DEFAULTED, EXPERT

PRUDENCE = ("model_riskier", "same", "model_safer")
ANALYST_SOURCES = ("questionnaire", "expert_rating")
DISAGREEMENTS = Table(
    "disagreements",
    "explanation",
    "one row per customer whose PD a model gives and whom the expert rating rates too, widest gap first",
    ("rank",),
    (
        Column("rank", "int", "1 = widest gap in grades; of equal gaps the largest exposure first"),
        Column("customer_id", "text", "customer account"),
        Column("pd_source_code", "text", "what gives the PD in use"),
        Column("pd_12m", "float", "PD in use"),
        Column("grade_code", "text", "grade of the PD in use"),
        Column(
            "analyst_source_code",
            "code",
            "questionnaire: PD of the questionnaire, some of it answered by people; expert_rating: no such answers, PD "
            "of the expert rating",
            False,
            ANALYST_SOURCES,
        ),
        Column("n_answers", "int", "items of the questionnaire answered by people"),
        Column("pd_analyst", "float", "PD by the analyst"),
        Column("grade_analyst", "text", "grade of the PD by the analyst"),
        Column("n_notches", "int", "grades between them; + the model is riskier"),
        Column(
            "notches_less_median",
            "float",
            "the same less the median over all customers compared: what is left where the two stand on another level",
        ),
        Column("prudence_code", "code", "who is the more prudent", False, PRUDENCE),
        Column("is_disagreement", "bool", "they are at least as many grades apart as set"),
        Column("exposure_amount", "float", "open amount, run currency; empty where it is not known", True),
    ),
)


class DisagreementSettings(StageSettings):
    """Model against analyst."""

    disagreement_notches: int = Field(
        2, ge=1, le=9, description="grades between model and analyst from which on they disagree; own judgement"
    )


def disagreements(tables: Mapping[str, DataFrame], settings: DisagreementSettings) -> DataFrame:
    """Return table `disagreements`: grade of the model against that of the analyst, agreement included.

    The analyst is the questionnaire where people have answered some of it and enough of it is answered to give a PD;
    else the expert rating, which accounts, external ratings and payments make. Customers whose PD is the expert rating
    and those in default are not compared.

    Parameters
    ----------
    tables : ``scored expert_ratings snapshots grade_scale``
    settings : how many grades are a disagreement
    """
    scored = tables["scored"][["customer_id", "observation_date", "pd_source_code", "pd_12m"]]
    rated = scored[~scored["pd_source_code"].isin([EXPERT, DEFAULTED])]
    rows = rated.merge(_analyst(tables["expert_ratings"]), on="customer_id", validate="1:1")
    if rows.empty:
        return empty(DISAGREEMENTS)
    model, analyst = (grade_numbers(rows[name].to_numpy(float), tables["grade_scale"]) for name in ("pd_12m", ANALYST))
    notches = model - analyst
    made = rows.assign(
        grade_code=grade_codes(model, tables["grade_scale"]),
        grade_analyst=grade_codes(analyst, tables["grade_scale"]),
        n_notches=notches,
        notches_less_median=notches - np.median(notches),
        prudence_code=np.select([notches > 0, notches == 0], PRUDENCE[:2], PRUDENCE[2]),
        is_disagreement=np.abs(notches) >= settings.disagreement_notches,
        exposure_amount=open_amounts(rows, tables["snapshots"]),
    )
    return conform(_widest_first(made).drop(columns="observation_date"), DISAGREEMENTS)


def open_amounts(rows: DataFrame, snapshots: DataFrame) -> pd.Series:
    """Return the open amount of each row's customer on its date, run currency; missing where it is not known.

    Parameters
    ----------
    rows : ``customer_id observation_date``
    snapshots : table `snapshots`
    """
    keys = ["customer_id", "observation_date"]
    told = snapshots[[*keys, "open_amount"]]
    found = rows[keys].merge(told, on=keys, how="left", validate="m:1")["open_amount"]
    return found.set_axis(rows.index).astype(float)


ANALYST = "pd_analyst"


def _analyst(expert_ratings: DataFrame) -> DataFrame:
    rows = expert_ratings[["customer_id", "n_answers", "pd_questionnaire", "pd_12m"]]
    is_asked = (rows["n_answers"] > 0) & rows["pd_questionnaire"].notna()
    return rows[["customer_id", "n_answers"]].assign(
        analyst_source_code=np.where(is_asked, *ANALYST_SOURCES),
        pd_analyst=rows["pd_questionnaire"].where(is_asked, rows["pd_12m"]).astype(float),
    )


def _widest_first(made: DataFrame) -> DataFrame:
    keys = made.assign(gap=made["n_notches"].abs(), exposure=made["exposure_amount"].fillna(-np.inf))
    order = keys.sort_values(["gap", "exposure", "customer_id"], ascending=[False, False, True]).index
    return made.loc[order].assign(rank=np.arange(1, len(made) + 1))
