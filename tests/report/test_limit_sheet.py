"""Limits for the ERP: stable names, exact cents, blank approvals, no formula from text, words of the language."""

import csv
import io
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from pandas import DataFrame, Timestamp

from riskresearch.limits.credit import limit_changes
from riskresearch.pipeline.stages import labels
from riskresearch.report.limit_sheet import COLUMNS, SheetFacts, limit_sheet, limits_csv, limits_workbook
from riskresearch.report.translator import Translator, translator

FORMULA = '=HYPERLINK("http://bad.example")'
FACTS = SheetFacts("own", 3, "Own policy", None, "EUR", Timestamp("2025-12-31"), False)
LABELS = labels()


def credit() -> DataFrame:
    frame = DataFrame(
        {
            "customer_id": ["007", FORMULA, "003"],
            "segment_code": ["to_watch", "defaulted", "reliable"],
            "binding_code": ["sales_need", "default", "sales_need"],
            "move_reason_code": ["proposal_lower", "in_default", "first_limit"],
            "decision_code": ["policy", "policy", "override"],
            "proposed_amount": [28_000.0, 0.0, 9_000.0],
            "model_limit_amount": [28_000.0, 0.0, 9_000.0],
            "limit_amount": [28_000.0, 0.0, 12_000.0],
            "temporary_limit_amount": [0.0, 0.0, 500.0],
            "current_limit_amount": [30_000.1, 5_000.0, None],
            "action_code": ["lower", "block", "new"],
            "unsecured_amount": [1 / 3, 2_500.005, 0.0],
            "over_limit_amount": [0.0, 2_500.0, 0.0],
            "terms_days": [41.5, None, 30.0],
            "guarantees_required": ["bank_guarantee+documentary_credit", None, None],
            "deposit_ratio": [0.3, 1.0, 0.0],
            "approver_code": ["credit_manager", "credit_analyst", "credit_manager"],
            "is_second_approver_needed": [True, False, False],
        }
    )
    return frame.assign(valid_from_date=Timestamp("2026-01-01"), valid_to_date=Timestamp("2026-03-31"))


def exposures() -> DataFrame:
    return DataFrame({"customer_id": ["003", "007"], "guarantee_codes": ["retention_of_title", None]})


def figures() -> DataFrame:
    rows = [("007", "sales_need", "yearly_sales_amount", 255_500.0), ("007", "sales_need", "terms_days", 30.0)]
    frame = DataFrame(rows, columns=["customer_id", "method_code", "figure_code", "value"])
    return frame.assign(review_date=Timestamp("2025-12-31"))


def sheet(words: Translator | None = None) -> DataFrame:
    return limit_sheet(credit(), exposures(), figures(), facts=FACTS, words=words or translator("en", LABELS))


def lines() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(limits_csv(sheet()).decode("utf-8-sig"), newline="")))


def test_the_file_has_the_names_an_erp_reads() -> None:
    text = limits_csv(sheet()).decode("utf-8-sig")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert COLUMNS[:5] == ("customer_id", "limit_amount", "temporary_limit_amount", "currency_code", "terms_days")


def test_one_row_per_customer_with_exact_cents() -> None:
    third, second = lines()[0], lines()[1]
    assert [row["customer_id"] for row in lines()] == ["003", "007", "'" + FORMULA]
    assert (third["limit_amount"], third["current_limit_amount"], third["change_amount"]) == (
        "12000.00",
        "",
        "12000.00",
    )
    assert (second["limit_amount"], second["change_amount"], second["unsecured_amount"]) == (
        "28000.00",
        "-2000.10",
        "0.33",
    )
    assert (second["terms_days"], third["terms_days"]) == ("41.5", "30")
    assert (second["valid_from_date"], second["valid_to_date"]) == ("2026-01-01", "2026-03-31")
    assert (second["currency_code"], second["policy_id"], second["policy_version"]) == ("EUR", "own", "3")


def test_approvals_are_blank_and_say_who_is_needed() -> None:
    assert {(row["approver"], row["approved_on"]) for row in lines()} == {("", "")}
    assert [row["needed_approver_code"] for row in lines()] == ["credit_manager", "credit_manager", "credit_analyst"]
    assert [row["is_second_approver_needed"] for row in lines()] == ["False", "True", "False"]


def test_securities_asked_for_and_in_force_stand_apart() -> None:
    assert [row["guarantees_in_force"] for row in lines()] == ["retention_of_title", "", ""]
    assert [row["guarantees_required"] for row in lines()] == ["", "bank_guarantee+documentary_credit", ""]


@pytest.mark.parametrize(("language", "told"), [("en", "30 days"), ("fr", "30 jours")])
def test_the_reason_is_told_in_the_language_of_the_run(language: str, told: str) -> None:
    reasons = sheet(translator(language, LABELS)).set_index("customer_id")["reason"]
    assert told in reasons["007"]
    assert reasons.str.len().min() > 10


def workbook(words: Translator, facts: SheetFacts = FACTS) -> openpyxl.Workbook:
    content = limits_workbook(sheet(words), limit_changes(credit()), facts=facts, words=words)
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_workbook_speaks_the_language_and_holds_no_formula(language: str) -> None:
    words = translator(language, LABELS)
    book = workbook(words)
    assert len(book.sheetnames) == 3
    limits = book.worksheets[0]
    heads = [cell.value for cell in limits[1]]
    assert not [head for head in heads if "_" in head]
    row = dict(zip(heads, (cell.value for cell in limits[3]), strict=True))
    assert words.label("action", "lower") in row.values()
    assert words.label("segment", "to_watch") in row.values()
    assert all(cell.data_type != "f" for page in book for line in page for cell in line)
    assert limits["A4"].value == "'" + FORMULA


def test_amounts_of_the_workbook_are_numbers_with_cents() -> None:
    limits = workbook(translator("en", LABELS)).worksheets[0]
    assert (limits["B3"].value, limits["B3"].number_format) == (28_000, "#,##0.00")
    assert limits["L2"].value is None


def test_what_changes_adds_up_to_the_customers() -> None:
    english = translator("en", LABELS)
    rows = list(workbook(english).worksheets[1].iter_rows(values_only=True))
    heads, body = rows[0], rows[1:]
    place = heads.index("Customers")
    assert sum(row[place] for row in body) == len(credit())
    affected = heads.index("Unsecured (EUR)")
    assert sum(row[affected] for row in body) == pytest.approx(credit()["unsecured_amount"].sum())


def test_the_workbook_says_what_it_rests_on() -> None:
    english = translator("en", LABELS)
    about = [cell.value for line in workbook(english).worksheets[2] for cell in line]
    assert {"nobody: a draft", "Own policy (own)", "31 December 2025"} <= set(about)
    assert english.t("page.synthetic") not in about
    generated = workbook(english, replace(FACTS, approved_by="Board", is_synthetic=True)).worksheets[2]
    cells = [cell.value for line in generated for cell in line]
    assert {"Board", english.t("page.synthetic")} <= set(cells)


def test_same_tables_same_bytes() -> None:
    english = translator("en", LABELS)
    made = [limits_workbook(sheet(), limit_changes(credit()), facts=FACTS, words=english) for _ in range(2)]
    assert made[0] == made[1]
    assert limits_csv(sheet()) == limits_csv(sheet())


def test_a_customer_without_any_of_it_keeps_its_row() -> None:
    alone = limit_sheet(credit(), exposures().head(0), figures().head(0), facts=FACTS, words=translator("en", LABELS))
    assert len(alone) == 3
    assert alone["guarantees_in_force"].isna().all()
    assert pd.notna(alone["reason"]).all()
