"""Texts and numbers in both languages."""

import json
import re
import string
from pathlib import Path

import pytest

from riskresearch.base.errors import ParameterError
from riskresearch.features.stage import feature_dictionary
from riskresearch.pipeline.stages import TABLES, labels, stage_named
from riskresearch.report.codes import family_of
from riskresearch.report.translator import LOCALES, messages_of, translator

PROJECT = Path(__file__).parents[2]
REPORT = PROJECT / "src" / "riskresearch" / "report"
TEXTS = {language: messages_of(language) for language in LOCALES}
ONLY_TRANSLATED = ("label.gap_effect.", "label.no_value.")
"""Texts whose English stands in a table: effects of gaps, what a missing feature means."""
PLURAL = (".zero", ".one", ".other")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def sources() -> str:
    parts = [p.read_text(encoding="utf-8") for p in REPORT.rglob("*") if p.suffix in (".py", ".j2")]
    parts += [p.read_text(encoding="utf-8") for p in (PROJECT / "src/riskresearch/pipeline").glob("*.py")]
    for file in (PROJECT / "notebooks").glob("*.ipynb"):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        parts += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(parts)


def test_every_message_exists_in_every_language() -> None:
    english, french = (set(TEXTS[language]) for language in ("en", "fr"))
    extra = {name for name in french - english if name.startswith(ONLY_TRANSLATED)}
    assert english == french - extra
    gaps = {name.replace("gap_effect", "gap") for name in extra if name.startswith(ONLY_TRANSLATED[0])}
    assert gaps <= english


def test_every_feature_that_may_be_missing_says_in_french_what_that_means() -> None:
    dictionary = feature_dictionary()
    meant = dictionary.loc[dictionary["missing"] != "never", "feature_code"]
    told = {name.removeprefix(ONLY_TRANSLATED[1]) for name in TEXTS["fr"] if name.startswith(ONLY_TRANSLATED[1])}
    assert told == set(meant)


def test_placeholders_agree_in_every_language() -> None:
    english, french = TEXTS["en"], TEXTS["fr"]
    assert {name for name in english if placeholders(english[name]) != placeholders(french[name])} == set()


def test_no_message_is_unused() -> None:
    text = sources()
    quoted = set(re.findall(r"[\"']([a-z_0-9]+(?:\.[a-z0-9_]+)*)[\"']", text))
    pictures = set(re.findall(r"figures\.([a-z_]+)", text)) | set(re.findall(r"^def (\w+)\(", text, flags=re.M))
    declared = {column.name for table in TABLES.values() for column in table.columns}
    named = {
        "column": quoted | declared,
        "notebook": quoted | pictures,
        "page": {f"language.{name}" for name in LOCALES},
    }
    stems = {re.sub(r"\.(zero|one|other)$", "", name) for name in TEXTS["en"] if not name.startswith("label.")}
    families = {stem: stem.split(".", 1) for stem in stems - quoted}
    assert {stem for stem, (family, name) in families.items() if name not in named.get(family, set())} == set()


def test_plural_forms_are_complete() -> None:
    stems = {name.rsplit(".", 1)[0] for name in TEXTS["en"] if name.endswith(PLURAL) and not name.startswith("label.")}
    assert all({f"{stem}.one", f"{stem}.other"} <= set(TEXTS["en"]) for stem in stems)


def test_every_closed_code_has_a_label() -> None:
    known = translator("en", labels())
    missing = {
        (table.name, column.name, code)
        for table in TABLES.values()
        if table.stage != "ledger"
        for column in table.columns
        for code in column.codes
        if not known.has(family_of(code, column.name, known), code) and column.name != "grade_code"
    }
    assert missing == set()


def test_every_column_a_reader_may_see_has_a_heading() -> None:
    shown = [TABLES[name] for name in stage_named("report").reads]
    missing = {
        column.name
        for table in shown
        for column in table.columns
        if f"column.{column.name}" not in TEXTS["en"] and not column.name.endswith("_se")
    }
    assert missing == set()


def test_registered_members_bring_their_own_labels() -> None:
    french = translator("fr", labels())
    assert french.label("indicator", "dso_count_back_days") == "DSO par épuisement du CA"
    assert french.label("limit_method", "need") == "Besoin"
    assert french.label("measure", "auc") == "AUC (aire sous la courbe ROC)"


def test_numbers_follow_the_language() -> None:
    english, french = translator("en"), translator("fr")
    assert english.amount(1_234_567.89) == "€1,234,568"
    assert french.amount(1_234_567.89) == "1\u202f234\u202f568\u00a0€"
    assert (english.amount(12.5), french.amount(12.5)) == ("€12.50", "12,50\u00a0€")
    assert (english.ratio(0.1234), french.ratio(0.1234)) == ("12.3%", "12,3\u00a0%")
    assert french.number(12345.678, 1) == "12\u202f345,7"
    assert (english.date("2025-12-31"), french.date("2025-12-31")) == ("31 December 2025", "31 décembre 2025")


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (950, "€950", "950\u00a0€"),
        (1_234, "€1.2K", "1,2\u00a0k\u00a0€"),
        (211_431, "€211K", "211\u00a0k\u00a0€"),
        (999_960, "€1M", "1\u00a0M\u00a0€"),
        (990_000, "€990K", "990\u00a0k\u00a0€"),
        (99_960, "€100K", "100\u00a0k\u00a0€"),
        (-2_500, "-€2.5K", "-2,5\u00a0k\u00a0€"),
        (4.2e9, "€4.2B", "4,2\u00a0Md\u00a0€"),
        (0, "€0", "0\u00a0€"),
    ],
)
def test_compact_amounts_keep_about_three_digits(value: float, english: str, french: str) -> None:
    assert (translator("en").compact(value), translator("fr").compact(value)) == (english, french)


@pytest.mark.parametrize(("value", "shown"), [(0.0042, "0.42%"), (0.00999, "1.0%"), (0.0314, "3.1%"), (1.0, "100.0%")])
def test_small_probabilities_keep_two_decimals(value: float, shown: str) -> None:
    assert translator("en").probability(value) == shown


def test_a_missing_number_is_said_with_its_reason() -> None:
    english = translator("en")
    assert english.amount(None) == english.days(float("nan")) == english.ratio(None) == "not computable"
    assert english.missing("nothing_open") == "not computable: nothing open"


def test_counts_agree_with_their_words() -> None:
    english, french = translator("en"), translator("fr")
    assert [english.n("tile.open_invoices", n) for n in (0, 1, 2)] == [
        "0 open invoices",
        "1 open invoice",
        "2 open invoices",
    ]
    assert [french.n("tile.open_invoices", n) for n in (0, 1, 2)] == [
        "0 facture ouverte",
        "1 facture ouverte",
        "2 factures ouvertes",
    ]
    assert french.n("tile.open_invoices", 1_000_000) == "1\u202f000\u202f000 factures ouvertes"
    assert english.n("finding.over_limit", 0, amount="€0", total="5").startswith("None of the 5")


def test_a_rounded_zero_has_no_sign() -> None:
    assert translator("en").number(-0.0001, 1) == "0.0"
    assert translator("en").amount(-0.001) == "€0.00"


def test_thresholds_show_decimals_only_where_they_have_some() -> None:
    assert [translator("en").threshold_days(days) for days in (60.0, 1, 62.5)] == ["60 days", "1 day", "62.5 days"]


def test_french_signs_never_start_a_line() -> None:
    assert not [name for name, text in TEXTS["fr"].items() if re.search(r" [;:?!%»]|« ", text)]


def test_an_unknown_code_stands_for_itself() -> None:
    assert translator("fr").label("segment", "own_sector") == "own sector"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"language 'de': choose one of \['en', 'fr'\]"):
        translator("de")


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0.0, "<\u00a00.001", "<\u00a00,001"),
        (0.000999, "<\u00a00.001", "<\u00a00,001"),
        (0.001, "0.001", "0,001"),
        (0.0456, "0.046", "0,046"),
        (1.0, "1.000", "1,000"),
        (None, "not computable", "non calculable"),
    ],
)
def test_a_small_p_value_is_never_shown_as_nothing(value: float | None, english: str, french: str) -> None:
    assert (translator("en").p_value(value), translator("fr").p_value(value)) == (english, french)
