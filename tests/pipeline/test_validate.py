"""`riskresearch validate`: from a file of scores to a page that is safe to open, whatever the file holds."""

import re

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from validation.scored_book import book

from riskresearch.cli import app
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.validate import summary_text, validate_scores

QUICK = Settings().model_copy(update={"validation": Settings().validation.model_copy(update={"n_bootstrap": 50})})


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """A file of two models with a hostile grade and a hostile customer."""
    file = tmp_path_factory.mktemp("scores") / "scores.csv"
    rows = book(n_customers=60)
    rows["grade_code"] = rows["grade_code"].replace({"A": "=1+1", "B": "<script>alert(1)</script>"})
    rows["customer_id"] = rows["customer_id"].replace({"C001": "<img src=x>"})
    rows.to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def pages(scores, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    found = validate_scores(scores, folder, QUICK, columns={}, rule="rule")
    return folder, found


def test_pages_in_both_languages_and_a_workbook_are_written(pages):
    folder, found = pages
    assert sorted(path.name for path in folder.iterdir()) == [
        "validation.en.html",
        "validation.fr.html",
        "validation.html",
        "validation.xlsx",
    ]
    assert {"good", "rule"} == set(found["model_code"])
    assert "out of time:" in summary_text(found, folder)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_is_whole_and_its_text_is_escaped(pages, language):
    text = (pages[0] / f"validation.{language}.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;" in text
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text)
    assert "index." not in text  # there is no management page of a delivered score


def test_a_page_of_a_file_speaks_of_the_file(pages):
    text = (pages[0] / "validation.en.html").read_text(encoding="utf-8")
    assert "scores.csv" in text
    assert "including tax" not in text
    assert "more than 90 consecutive days" not in text


def test_nothing_in_the_workbook_starts_a_formula(pages):
    cells = [
        cell
        for sheet in load_workbook(pages[0] / "validation.xlsx")
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
    ]
    assert any("=1+1" in cell.value for cell in cells)
    assert not [cell.value for cell in cells if cell.value.startswith("=") or cell.data_type == "f"]


def test_the_model_has_to_be_named_where_there_are_several(scores, tmp_path):
    found = CliRunner().invoke(app, ["validate", str(scores), "--output", str(tmp_path / "out")])
    assert found.exit_code != 0
    assert "--model" in str(found.exception)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_refused(scores, tmp_path):
    found = CliRunner().invoke(app, ["validate", str(scores), "--model", "other", "--output", str(tmp_path)])
    assert "the file holds good, rule" in str(found.exception)


@pytest.mark.parametrize("options", [["--model", "good", "--rule", "good"], ["--model", "good", "--language", "de"]])
def test_options_that_make_no_sense_are_refused(scores, tmp_path, options):
    found = CliRunner().invoke(app, ["validate", str(scores), "--output", str(tmp_path / "out"), *options])
    assert found.exit_code != 0
    assert not (tmp_path / "out").exists()
