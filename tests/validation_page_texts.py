"""The validation page as text, of a run and of a delivered file of scores."""

from typing import Any
from unittest.mock import patch

from html_page import Page
from pandas import DataFrame
from validation_tables import HOSTILE, MODEL

from riskresearch.report.facts import PageFacts
from riskresearch.report.render import validation_page


def changed(facts: PageFacts, **changes: Any) -> PageFacts:
    return PageFacts(**{**vars(facts), **changes})


def page_of(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> Page:
    """The page, its pictures drawn but not turned into bytes: these have their own tests."""
    with patch("riskresearch.report.page.context.data_uri", return_value="data:image/png;base64,AAAA"):
        return Page(validation_page(tables, facts, language))


def text_of(tables: dict[str, DataFrame], facts: PageFacts, language: str = "en") -> str:
    return page_of(tables, facts, language).text.replace("\u00a0", " ")


def delivered(tables: dict[str, DataFrame]) -> dict[str, DataFrame]:
    """What `riskresearch validate` makes of a file: no model, no features, one model of a hostile name."""
    names = ("measures", "validation_summary", "validation_samples", "reliability", "curves", "measure_dictionary")
    made = {name: tables[name] for name in (*names, "labels", "grade_pairs")}
    for name in ("measures", "validation_summary", "validation_samples", "curves"):
        made[name] = made[name][made[name]["model_code"] == MODEL].assign(model_code=HOSTILE)
    return made | {name: tables[name].head(0) for name in ("comparisons", "stability_index", "grade_migrations")}
