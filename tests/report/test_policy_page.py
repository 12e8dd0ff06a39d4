"""The credit policy page: every field of the file in words, in both languages, escaped."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from html_page import Page, is_accessible
from pandas import DataFrame, Timestamp

from riskresearch.limits.methods.registry import METHODS
from riskresearch.limits.policy.rows import policy_rows
from riskresearch.pipeline.company_files import credit_policy_at
from riskresearch.pipeline.project import CONFIG
from riskresearch.pipeline.stages import labels
from riskresearch.report.page.policy.page import CHAPTERS, credit_policy_page, write_credit_policy_pages
from riskresearch.report.page.policy.segments import entry_text, terms_text
from riskresearch.report.page.policy.values import Policy, country_name, share
from riskresearch.report.translator import messages_of, translator

FILES = sorted((CONFIG / "credit_policies").glob("*.yaml"))
LABELS = labels()
DEFAULT = policy_rows(credit_policy_at(FILES[0]))
WORDS = translator("en", LABELS)
HOSTILE = "<script>alert(1)</script>"
TOLD_APART = {
    *(("segment_terms", name) for name in ("segment_code", "tenure_code")),
    ("countries", "late_interest_ratio"),
}
"""Keys of the terms, and the rate shown only where one is agreed: tests of their own."""
ENTRY = ("pd_max_ratio", "days_beyond_terms_max", "past_due_max_days", "n_incidents_max", "n_signals_max")
OTHER_CODES = {
    "segment_code": "risky",
    "insurer_cap_code": "insured_only",
    "dunning_scenario_code": "defaulted",
    "guarantees_required": "accepted_bill",
    "guarantees_wanted": "accepted_bill",
    "question_code": "risk",
    "method_code": "country_cap",
    "join_code": "mean",
    "late_interest_code": "none",
    "guarantee_code": "deposit",
    "approver_code": "sales",
    "country_code": "JP",
    "home_country_code": "JP",
    "currency_code": "CHF",
    "reason_codes": "other",
    "requester_codes": "credit_analyst",
}


def full_rows() -> dict[str, DataFrame]:
    """Rows of the default policy, with shares by grade and an exception, so that no frame is empty."""
    rows = dict(DEFAULT)
    rows["shares_by_grade"] = DataFrame({"grade_code": ["A"], "net_worth_ratio": [0.21], "revenue_ratio": [0.11]})
    rows["exceptions"] = DataFrame(
        {
            "customer_id": ["C7"],
            "segment_code": ["to_watch"],
            "floor_amount": [12_345.0],
            "reason": ["supplier of last resort"],
            "approver_code": ["finance_director"],
            "start_date": [Timestamp("2025-01-01")],
            "end_date": [Timestamp("2025-12-31")],
        }
    )
    return rows


def page(rows: dict[str, DataFrame], language: str = "en") -> str:
    return credit_policy_page(rows, language, labels=LABELS, currency_code="EUR")


def content(rows: dict[str, DataFrame]) -> str:
    """All chapters, without the frame of the page."""
    policy = Policy(rows, WORDS, "EUR")
    return str([chapter(policy) for chapter in CHAPTERS])


def changed(frame: DataFrame, name: str) -> object:
    """Another value of the type of a column, unlike all it holds."""
    column = frame[name]
    if name in OTHER_CODES:
        return OTHER_CODES[name] if column.iloc[0] != OTHER_CODES[name] else "bank_guarantee"
    if pd.api.types.is_bool_dtype(column):
        return not bool(column.iloc[0])
    if pd.api.types.is_datetime64_any_dtype(column):
        return Timestamp("2031-07-19")
    if pd.api.types.is_integer_dtype(column):
        return 77
    return 0.4321 if pd.api.types.is_numeric_dtype(column) else "zzz unlike all others"


def cells() -> Iterator[tuple[str, str]]:
    for part, frame in full_rows().items():
        yield from ((part, name) for name in frame.columns)


@pytest.fixture(scope="module")
def as_it_is() -> str:
    return content(full_rows())


@pytest.mark.parametrize(("part", "name"), [cell for cell in cells() if cell not in TOLD_APART])
def test_every_field_of_the_policy_shows_on_the_page(part: str, name: str, as_it_is: str) -> None:
    rows = full_rows()
    frame = rows[part].astype({name: object})
    frame.iloc[0, frame.columns.get_loc(name)] = changed(rows[part], name)
    assert content({**rows, part: frame}) != as_it_is


def test_an_agreed_rate_of_late_interest_shows() -> None:
    rows = full_rows()
    countries = rows["countries"].assign(late_interest_code="contract", late_interest_ratio=0.0789)
    assert "contract, 7.89% a year" in page({**rows, "countries": countries})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_field_and_code_has_words(language: str) -> None:
    known = messages_of(language)
    outside = {("segment_terms", name) for name in full_rows()["segment_terms"]} | {
        *(("segments", name) for name in ENTRY),
        ("countries", "late_interest_ratio"),
    }
    fields = {
        (part, name)
        for part, name in cells()
        if (name != "source" or part in ("segments", "countries", "currencies", "guarantees"))
        and (part, name) not in outside
    }
    assert {f for f in fields if f"label.policy_field.{f[0]}.{f[1]}" not in known} == set()
    assert {m.name for m in METHODS if f"label.limit_method_told.{m.name}" not in known} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_of_each_shipped_policy_is_whole(file: Path, language: str) -> None:
    html = credit_policy_page(policy_rows(credit_policy_at(file)), language, labels=LABELS)
    shown = Page(html)
    assert "<script" not in html
    assert not [text for text in shown.texts if text in ("nan", "None", "<NA>", "NaT")]
    is_accessible(shown, language)


def test_text_of_the_file_is_escaped() -> None:
    rows = full_rows()
    for part, frame in rows.items():
        named = {n: HOSTILE for n in ("source", "reason", "customer_id", "name_en", "approved_by") if n in frame}
        rows[part] = frame.assign(**named)
    html = page(rows)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_draft_says_so_and_a_signed_version_names_who_signed() -> None:
    rows = full_rows()
    assert "nobody has signed it" in page(rows)
    signed = {**rows, "policy": rows["policy"].assign(approved_by="Credit committee")}
    assert "Signed by Credit committee." in page(signed)
    assert "nobody has signed it" not in page(signed)


def test_amounts_have_the_currency_of_the_policy_before_that_of_the_run() -> None:
    rows = full_rows()
    rows["policy"] = rows["policy"].assign(currency_code="GBP")
    assert "£50,000" in page(rows)
    bare = credit_policy_page(full_rows(), "en", labels=LABELS)
    assert "€" not in bare
    assert "Amounts are in the currency of the run" in bare


def test_entry_conditions_read_as_words() -> None:
    rows = full_rows()
    english = Policy(rows, WORDS, "EUR")
    told = [entry_text(row, english) for _, row in rows["segments"].iterrows()]
    assert told[0].startswith("probability of default up to 1%; pays at most 10 days late on average")
    assert told[0].endswith("no incident in 12 months; no early warning that stands")
    assert told[2:] == ["Everybody whom no better segment takes", "Customers in default or in insolvency proceedings"]


def test_every_tenure_of_every_segment_has_its_terms() -> None:
    rows = full_rows()
    terms = rows["segment_terms"]
    for place in range(len(terms)):
        frame = terms.copy()
        frame.loc[place, "max_days"] = 113
        assert content({**rows, "segment_terms": frame}).count("113 days") == 1


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        ((0, 0, 0), "cash"),
        ((60, 0, 45), "60 days; on request granted up to 45 days"),
        ((30, 15, 0), "30 days; at least 15 days below what the law allows"),
    ],
)
def test_terms_read_as_words(offer: tuple[int, int, int], told: str) -> None:
    row = pd.Series(dict(zip(("max_days", "below_law_days", "request_days"), offer, strict=True)))
    assert terms_text(row, Policy({}, translator("en"), "EUR")) == told


def test_shares_keep_the_decimals_they_have() -> None:
    french = translator("fr")
    assert [share(value, french) for value in (0.0005, 0.07, 1.5)] == ["0,05\u00a0%", "7\u00a0%", "150\u00a0%"]


def test_countries_have_their_names() -> None:
    assert country_name("DE", translator("fr")) == "Allemagne (DE)"
    assert country_name("*", translator("en")) == "all other countries"


def test_pages_are_written_in_every_language(tmp_path: Path) -> None:
    made = write_credit_policy_pages(full_rows(), tmp_path, labels=LABELS, currency_code="EUR", language="fr")
    assert [path.name for path in made] == ["credit_policy.en.html", "credit_policy.fr.html", "credit_policy.html"]
    assert (tmp_path / "credit_policy.html").read_bytes() == (tmp_path / "credit_policy.fr.html").read_bytes()
    assert 'href="index.fr.html"' in (tmp_path / "credit_policy.fr.html").read_text(encoding="utf-8")
