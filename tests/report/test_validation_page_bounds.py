"""The validation page of a file of scores, of development alone, of nothing, and without any one table."""

import re
from pathlib import Path
from unittest.mock import patch

import pytest
from html_page import is_accessible
from pandas import DataFrame
from validation_page_texts import changed, delivered, page_of, text_of
from validation_tables import HOSTILE, MODEL, RIVAL

from riskresearch.report.facts import PageFacts
from riskresearch.report.render import VALIDATION_CHAPTERS, write_validation_pages


def test_a_file_of_scores_has_its_page(language: str, tables: dict[str, DataFrame], facts: PageFacts) -> None:
    page = page_of(delivered(tables), changed(facts, judged_model=HOSTILE, is_synthetic=False), language)
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert not [link for link in links if link.startswith("index")]
    is_accessible(page, language)
    assert [tag for tag, _ in page.tags].count("h2") == len(VALIDATION_CHAPTERS) - 1
    told = {
        "en": ("nothing else is known of it", "A file of scores holds no model", "The file holds no features"),
        "fr": (
            "on n'en sait rien d'autre",
            "Un fichier de scores ne contient pas de modèle",
            "ne contient pas de caract",
        ),
    }
    text = page.text.replace("\u00a0", " ")
    assert all(part in text for part in told[language])
    assert "boosted trees" not in text


def test_a_file_may_hold_a_rule_to_beat(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    made = {**tables, "model_choice": tables["model_choice"].head(0)}
    text = text_of(made, changed(facts, judged_model=MODEL, rule_model=RIVAL))
    assert "held against the simple rule “logistic regression”" in text
    assert "logistic regression (rule to beat)" in text


def test_without_a_choice_the_model_on_most_parts_is_judged(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    made = {**tables, "model_choice": tables["model_choice"].head(0)}
    text = text_of(made, facts)
    assert "Validation: boosted trees (LightGBM)" in text
    assert "past late rate alone (rule to beat)" in text
    alone = {**made, "curves": made["curves"].query("model_code == @MODEL")}
    assert "(rule to beat)" not in text_of(alone, facts)


def test_scores_without_a_run_behind_them_are_a_file(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(delivered(tables), changed(facts, notebooks=(), is_synthetic=False))
    assert "Scores: books <script>" in text
    assert "Default: as delivered; what counts as default is the deliverer's definition." in text
    assert "Back to the management page" not in text
    assert "including tax" not in text
    assert "What would change the grades?" not in text


def test_rows_of_development_alone_are_told_as_such(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    measures = tables["measures"]
    tables["measures"] = measures[
        (measures["sample_code"] == "out_of_time") & (measures["model_code"] == MODEL)
    ].assign(sample_code="development")
    text = text_of(tables, facts)
    assert "AUC, development: 0.810 (0.700 to 0.900)" in text
    assert "All measures: development" in text


@pytest.mark.parametrize("keep", [False, True])
def test_a_page_of_nothing_says_so(tables: dict[str, DataFrame], facts: PageFacts, language: str, keep: bool) -> None:
    empty = {name: frame.head(0) for name, frame in tables.items()} if keep else {}
    page = page_of(empty, facts, language)
    is_accessible(page, language)
    assert {"en": "Nothing was measured", "fr": "Rien n'a été mesuré"}[language] in page.text


@pytest.mark.parametrize(
    "name",
    [
        "validation_summary",
        "validation_samples",
        "comparisons",
        "reliability",
        "grade_pairs",
        "grade_migrations",
        "stability_index",
        "curves",
        "measure_dictionary",
        "sensitivities",
        "window_dressing",
        "model_choice",
        "labels",
    ],
)
def test_any_table_may_be_missing(tables: dict[str, DataFrame], facts: PageFacts, name: str) -> None:
    del tables[name]
    page = page_of(tables, facts)
    is_accessible(page, "en")
    assert not re.search(r"\b(nan|None|NaT)\b", page.text)


def test_three_files_are_written(tmp_path: Path, tables: dict[str, DataFrame], facts: PageFacts) -> None:
    with patch("riskresearch.report.page.context.data_uri", return_value="data:image/png;base64,AAAA"):
        files = write_validation_pages(tables, facts, tmp_path, "fr")
    assert [file.name for file in files] == ["validation.en.html", "validation.fr.html", "validation.html"]
    assert files[2].read_bytes() == files[1].read_bytes() != files[0].read_bytes()
