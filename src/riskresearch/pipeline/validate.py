"""Validation of a score that is not ours: a file of keys, PDs and outcomes through the battery to a page."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import ParameterError
from riskresearch.pipeline.delivered_scores import AXES, grade_order, read_scores
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.stages import labels
from riskresearch.report.export import write_workbook
from riskresearch.report.facts import PageFacts
from riskresearch.report.render import write_validation_pages
from riskresearch.validation.battery import Case
from riskresearch.validation.segments import segments
from riskresearch.validation.stage import judge

WORKBOOK = (
    "measures",
    "validation_summary",
    "validation_samples",
    "comparisons",
    "reliability",
    "grade_pairs",
    "grade_migrations",
    "measure_dictionary",
)


def validate_scores(
    file: Path,
    output: Path,
    settings: Settings,
    *,
    columns: Mapping[str, str],
    model: str | None = None,
    rule: str | None = None,
    currency_code: str = "EUR",
    language: str = "en",
) -> DataFrame:
    """Run the battery on the scores of a file and write the validation page in both languages and a workbook.

    Parameters
    ----------
    file : scores, see `riskresearch.pipeline.delivered_scores.read_scores`
    output : folder of the pages, made where missing
    settings : section ``validation``, and the master scale of section ``model`` for scores without grades
    columns : heading by what it holds
    model : model to judge, where the file holds several; None = the only one
    rule : model of the file that it must beat; None = none
    currency_code : currency of the exposures
    language : language of ``validation.html``

    Returns
    -------
    DataFrame : table `measures`.

    Raises
    ------
    LedgerError
        The file cannot be read as scores.
    ParameterError
        The file holds several models and none is named, or a named one is not there.
    """
    if language not in ("en", "fr"):
        raise ParameterError(f"language {language!r}: choose 'en' or 'fr'")
    scores = read_scores(file, columns, settings.model)
    chosen = _chosen(scores, model, rule)
    case = _case(scores, chosen, rule, settings)
    tables = judge(case, settings.validation) | {"labels": labels(), "scores": scores}
    facts = PageFacts(
        run_name=output.name,
        as_of=scores["observation_date"].max(),
        currency_code=currency_code,
        source_name=file.name,
        mapping_name="scores",
        is_synthetic=False,
        judged_model=chosen,
        rule_model=rule,
        settings={"validation": settings.validation.model_dump(mode="json")},
    )
    write_validation_pages(tables, facts, output, language)
    write_workbook({name: tables[name] for name in WORKBOOK}, output / "validation.xlsx")
    return tables["measures"]


def _chosen(scores: DataFrame, model: str | None, rule: str | None) -> str:
    known = sorted(scores["model_code"].unique())
    for name in (model, rule):
        if name is not None and name not in known:
            raise ParameterError(f"model {name!r}: the file holds {', '.join(known)}; name one of them")
    if model is not None and model == rule:
        raise ParameterError(f"model {model!r} is named as its own rule; name another model of the file with --rule")
    others = [name for name in known if name != rule]
    if model is None and len(others) != 1:
        raise ParameterError(f"the file holds the models {', '.join(known)}; name the one to judge with --model")
    return model or others[0]


def _case(scores: DataFrame, chosen: str, rule: str | None, settings: Settings) -> Case:
    rated = scores[scores["model_code"] == chosen]
    axes = [axis for axis in AXES if axis in scores]
    newest = rated.sort_values("observation_date").drop_duplicates("customer_id", keep="last")
    told = newest[["customer_id", *axes]].rename(columns={axis: f"{axis}_code" for axis in axes})
    plain = scores.drop(columns=axes)
    divided = segments(plain, tables={"customers": told}, settings=settings.validation)
    return Case(pd.concat([plain, divided[axes]], axis=1), chosen, rule, grade_order(rated), history=rated)


def parse_headings(assignments: list[str]) -> dict[str, str]:
    """Return headings by what they hold, from words such as ``pd_12m=PD``.

    Raises
    ------
    ParameterError
        A word has no equals sign.
    """
    pairs = [word.split("=", 1) for word in assignments]
    if wrong := [pair[0] for pair in pairs if len(pair) != 2]:
        raise ParameterError(f"--column {wrong[0]!r}: write what it holds, an equals sign and the heading: pd_12m=PD")
    return {target.strip(): heading.strip() for target, heading in pairs}


def summary_text(measures: DataFrame, output: Path) -> str:
    """Return what a command says of a validation: verdicts on the whole, and where the page is."""
    whole = measures[(measures["axis_code"] == "all") & (measures["sample_code"] == "out_of_time")]
    counts = whole["verdict_code"].value_counts()
    named = ("green", "amber", "red", "information", "not_computable")
    shown = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in named if name in counts)
    return f"out of time: {shown or 'no measure'}\n{output / 'validation.html'}"
