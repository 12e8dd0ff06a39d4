"""Spreadsheets: no formula from text, numbers as numbers, same bytes."""

import csv
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.base.text import safe_text
from riskresearch.report.export import csv_bytes, workbook_bytes, write_workbook

STARTS = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"]


def read_csv(content: bytes, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("text", STARTS)
def test_text_that_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    frame = DataFrame({"customer_id": [text], text: ["plain"]})
    assert safe_text(text) == "'" + text
    assert read_csv(csv_bytes(frame))[1][0] == "'" + text
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes({"t": frame})))["t"]
    assert all(cell.data_type != "f" for row in sheet for cell in row)
    assert [sheet["A2"].value[0], sheet["B1"].value[0]] == ["'", "'"]


def test_numbers_stay_numbers_negative_ones_too() -> None:
    frame = DataFrame(
        {
            "gain_amount": [-12.5, 3.0],
            "n_rows": [1, 2],
            "late_ratio": [0.25, None],
            "due_date": pd.to_datetime(["2025-12-31", None]),
        }
    )
    assert read_csv(csv_bytes(frame))[1] == ["-12.5", "1", "0.25", "2025-12-31"]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes({"t": frame})))["t"]
    assert [cell.value for cell in sheet[2]] == [-12.5, 1, 0.25, pd.Timestamp("2025-12-31").to_pydatetime()]
    assert [cell.value for cell in sheet[3]] == [3, 2, None, None]
    assert [cell.number_format for cell in sheet[2]] == ["#,##0.00", "General", "0.0%", "yyyy-mm-dd"]


def test_accents_and_quotes_survive_in_csv() -> None:
    frame = DataFrame({"customer_id": ['Société "A", Nîmes;\nsuite']})
    for separator in (",", ";"):
        assert read_csv(csv_bytes(frame, separator=separator), separator)[1] == ['Société "A", Nîmes;\nsuite']


def test_names_of_customers_stay_out_unless_asked_for() -> None:
    frame = DataFrame({"customer_id": ["007"], "customer_name": ["Dupont"]})
    assert b"Dupont" not in csv_bytes(frame)
    assert b"Dupont" in csv_bytes(frame, show_names=True)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes({"t": frame})))["t"]
    assert [cell.value for cell in sheet[1]] == ["customer_id"]


def test_control_characters_infinities_and_long_texts_do_not_break_a_sheet() -> None:
    frame = DataFrame({"detail": ["a\x00b\x1f", "x" * 40_000], "value": [float("inf"), float("nan")]})
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes({"t": frame})))["t"]
    assert (sheet["A2"].value, sheet["B2"].value, sheet["B3"].value) == ("a b ", None, None)
    assert len(sheet["A3"].value) == 32_767
    assert sheet["A3"].value.endswith("[cut]")


def test_the_archive_holds_no_time_of_its_making(tables: dict[str, DataFrame]) -> None:
    content = workbook_bytes(tables)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2000-01-01T00:00:00Z"}
    assert content == workbook_bytes(tables)


def test_a_run_can_be_written_as_a_workbook(tables: dict[str, DataFrame], tmp_path: Path) -> None:
    file = tmp_path / "tables.xlsx"
    write_workbook(tables, file)
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == list(tables)
    assert {name: book[name].max_row - 1 for name in tables} == {name: len(frame) for name, frame in tables.items()}


@pytest.mark.parametrize("tables", [{}, {"a" * 32: DataFrame()}, {"a/b": DataFrame()}])
def test_what_no_workbook_can_hold_is_refused(tables: dict[str, DataFrame]) -> None:
    with pytest.raises(TableError, match="workbook"):
        workbook_bytes(tables)
