"""Requests to the broker: what is asked for, stable names, cents, hidden names, no formula from text, words."""

import csv
import io

import openpyxl
import pytest
from insurance_note_tables import (
    FORMULA,
    covers,
    declaration_calendar,
    dormant_limits,
    downgrades,
    limit_requests,
    quotes,
)
from pandas import DataFrame, Series, Timestamp

from riskresearch.pipeline.stages import labels
from riskresearch.report.insurance_sheet import (
    COLUMNS,
    RequestFacts,
    insurance_requests,
    requests_csv,
    requests_workbook,
)
from riskresearch.report.translator import Translator, translator

LABELS = labels()
FACTS = RequestFacts("EUR", Timestamp("2025-12-31"), False)
NAMES = Series({"C1": "@Dupont", FORMULA: "Durand"})


def tables() -> dict[str, DataFrame]:
    return {
        "quotes": quotes(),
        "covers": covers(),
        "limit_requests": limit_requests(),
        "dormant_limits": dormant_limits(),
        "declaration_calendar": declaration_calendar(),
        "downgrades": downgrades(),
    }


def sheet(words: Translator | None = None, *, names: Series | None = None) -> DataFrame:
    return insurance_requests(tables(), facts=FACTS, words=words or translator("en", LABELS), names=names)


def lines(*, show_names: bool = False) -> list[dict[str, str]]:
    content = requests_csv(sheet(names=NAMES), show_names=show_names).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def workbook(words: Translator, *, facts: RequestFacts = FACTS, show_names: bool = False) -> openpyxl.Workbook:
    content = requests_workbook(sheet(words, names=NAMES), facts=facts, words=words, show_names=show_names)
    return openpyxl.load_workbook(io.BytesIO(content))


def test_every_request_is_there_once_in_order() -> None:
    told = [(row["option_id"], row["request_code"], row["customer_id"], row["item_id"]) for row in lines()]
    assert told == [
        ("dear", "notify", "C1", ""),
        ("layer", "file_again", "'" + FORMULA, ""),
        ("layer", "raise", "C9", ""),
        ("layer", "release", "C6", ""),
        ("layer", "release", "C5", ""),
        ("layer", "declare", "C1", "I2"),
        ("layer", "declare", "C1", "I3"),
        ("layer", "file_claim", "C1", "I4"),
        ("layer", "notify", "C1", ""),
    ]


def test_limits_come_with_what_they_win_and_cost() -> None:
    first, second = (row for row in lines() if row["request_code"] in ("file_again", "raise"))
    assert (first["limit_amount"], first["wanted_limit_amount"], first["change_amount"]) == (
        "0.00",
        "20000.00",
        "20000.00",
    )
    assert (first["extra_indemnity_amount"], first["extra_fees_amount"]) == ("1000.00", "45.00")
    assert (second["extra_indemnity_amount"], second["total_extra_indemnity_amount"]) == ("0.33", "1000.33")
    assert (second["request_number"], second["currency_code"]) == ("2", "EUR")


def test_a_limit_given_back_falls_to_zero_and_saves_its_fee() -> None:
    row = next(row for row in lines() if row["request_code"] == "release")
    assert (row["limit_amount"], row["wanted_limit_amount"], row["change_amount"]) == ("9000.00", "0.00", "-9000.00")
    assert (row["yearly_fee_amount"], row["last_move_date"]) == ("45.00", "2024-04-15")


def test_only_open_deadlines_are_declared_a_missed_one_says_so() -> None:
    rows = {row["item_id"]: row for row in lines() if row["item_id"]}
    assert set(rows) == {"I2", "I3", "I4"}
    assert (rows["I2"]["declaration_status_code"], rows["I2"]["declare_by_date"]) == ("missed", "2025-10-01")
    assert (rows["I3"]["insured_amount"], rows["I3"]["lapse_risk_amount"]) == ("270.45", "270.45")


def test_the_insurer_hears_of_downgrades_of_the_customers_it_covers_only() -> None:
    told = [(row["option_id"], row["customer_id"], row["cover_code"]) for row in lines() if row["provider_code"]]
    assert told == [("dear", "C1", "discretionary"), ("layer", "C1", "named")]


def test_names_are_hidden_unless_asked_for() -> None:
    assert [*lines()[0]] == [name for name in COLUMNS if name != "customer_name"]
    shown = lines(show_names=True)
    assert [*shown[0]] == list(COLUMNS)
    assert {row["customer_name"] for row in shown} == {"", "'@Dupont", "Durand"}
    english = translator("en", LABELS)
    cells = [
        [str(cell.value) for page in book for line in page for cell in line]
        for book in (workbook(english), workbook(english, show_names=True))
    ]
    assert ["Durand" in told for told in cells] == [False, True]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_workbook_speaks_the_language_and_holds_no_formula(language: str) -> None:
    words = translator(language, LABELS)
    book = workbook(words)
    assert len(book.sheetnames) == 5
    limits = book.worksheets[0]
    heads = [cell.value for cell in limits[1]]
    assert f"{words.t('insurance_sheet.in_force')} (EUR)" in heads
    assert not [head for page in book for head in (cell.value for cell in page[1]) if "_" in head]
    row = dict(zip(heads, (cell.value for cell in limits[2]), strict=True))
    assert words.label("request", "file_again") in row.values()
    assert "'" + FORMULA in row.values()
    assert all(cell.data_type != "f" for page in book for line in page for cell in line)
    declared = [cell.value for cell in book.worksheets[2][2]]
    assert words.label("declaration_status", "missed") in declared


def test_amounts_of_the_workbook_are_numbers_to_the_cent() -> None:
    limits = workbook(translator("en", LABELS)).worksheets[0]
    heads = [cell.value for cell in limits[1]]
    cell = limits.cell(3, heads.index(next(h for h in heads if h.startswith("Mean indemnity won"))) + 1)
    assert (cell.value, cell.number_format) == (0.33, "#,##0.00")


def test_the_workbook_says_what_it_rests_on() -> None:
    english = translator("en", LABELS)
    about = [cell.value for line in workbook(english).worksheets[4] for cell in line]
    assert {"31 December 2025", "EUR"} <= set(about)
    assert english.t("page.synthetic") not in about
    made_up = RequestFacts("EUR", FACTS.as_of, True)
    cells = [cell.value for line in workbook(english, facts=made_up).worksheets[4] for cell in line]
    assert english.t("page.synthetic") in cells


def test_nothing_to_ask_leaves_headings_only() -> None:
    none = {name: frame.head(0) for name, frame in tables().items()} | {"quotes": quotes()}
    english = translator("en", LABELS)
    empty = insurance_requests(none, facts=FACTS, words=english)
    assert len(empty) == 0
    assert requests_csv(empty).decode("utf-8-sig").splitlines() == [
        ",".join(name for name in COLUMNS if name != "customer_name")
    ]
    book = openpyxl.load_workbook(io.BytesIO(requests_workbook(empty, facts=FACTS, words=english)))
    assert [page.max_row for page in book.worksheets[:4]] == [1, 1, 1, 1]


def test_same_tables_same_bytes() -> None:
    english = translator("en", LABELS)
    made = [requests_workbook(sheet(), facts=FACTS, words=english) for _ in range(2)]
    assert made[0] == made[1]
    assert requests_csv(sheet()) == requests_csv(sheet())
