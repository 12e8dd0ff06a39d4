"""The validation page: whole, safe and right, from a run, from a file of scores and from next to nothing."""

import re

import pytest
from html_page import Page, is_accessible, loads_nothing
from pandas import DataFrame
from validation_page_texts import changed, delivered, page_of, text_of
from validation_tables import HOSTILE

from riskresearch.report.facts import PageFacts
from riskresearch.report.render import VALIDATION_CHAPTERS, validation_page

LINKS = r"(index|validation)\.(en|fr)\.html$"
QUESTIONS = (
    "Does it separate good from bad?",
    "Does it beat the simple rule?",
    "Is the level right?",
    "How close are the PDs to the outcomes?",
    "Do the grades hold?",
    "Does it last?",
    "Does it pay?",
)


@pytest.fixture
def html(language: str, tables: dict[str, DataFrame], facts: PageFacts, whole: dict[str, str]) -> str:
    if language not in whole:
        whole[language] = validation_page(tables, facts, language)
    return whole[language]


def test_the_page_is_whole_in_itself(html: str, language: str) -> None:
    loads_nothing(html, LINKS)
    is_accessible(Page(html), language)
    assert len(html.encode()) < 1_600_000
    anchors = [attrs["id"] for tag, attrs in Page(html).tags if tag == "h2"]
    assert len(anchors) == len(VALIDATION_CHAPTERS) == 10


def test_the_same_tables_give_the_same_page(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert page_of(tables, facts).texts == page_of(tables, facts).texts


def test_delivered_text_is_shown_but_never_run(html: str, tables: dict[str, DataFrame], facts: PageFacts) -> None:
    assert "<script" not in html.lower()
    assert any(HOSTILE in text for text in Page(html).texts)
    shown = page_of(delivered(tables), changed(facts, judged_model=HOSTILE))
    assert HOSTILE in shown.text
    assert "script" not in {tag for tag, _ in shown.tags}


def test_synthetic_data_are_named(html: str, language: str, tables: dict[str, DataFrame], facts: PageFacts) -> None:
    word = {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[language]
    assert html.count(word) == 2
    assert word not in text_of(tables, changed(facts, is_synthetic=False), language)


def test_no_number_is_left_raw(html: str) -> None:
    assert not re.search(r"\b(nan|NaN|None|NaT|inf|<NA>)\b|\d\.\d{6}|\d,\d{6}", Page(html).text)


def test_the_french_page_is_french(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = page_of(tables, facts, "fr").text
    assert "0,810" in text
    assert "31 décembre 2024" in text
    told, _, last = text.partition("Définition (en anglais)")
    assert not re.search(r"\b(days|not computable|customers|of the|green|interval of|below|threshold)\b", told)
    assert "Probability that a defaulter has a higher PD" in last


def test_verdicts_stand_first_question_by_question(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "Verdict on boosted trees (LightGBM): ■ red, because a measure of the whole is red: Jeffreys test" in text
    first = text[text.index("One verdict for each question") : text.index("What the verdict does not say")]
    places = [first.index(question) for question in QUESTIONS]
    assert places == sorted(places)
    assert "▲ amber a measure of the whole is amber: AUC gain over the simple rule, +0.060 (test on later" in first
    assert "3 green; 1 amber; 1 red; 4 for information; 1 not computable; 20 verdicts on parts (2 red, 0" in first
    assert "○ not computable only rows the model has learnt from" in first
    assert "It rests on 26 customers that defaulted" in text


def test_a_part_that_decides_is_named(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    summary = tables["validation_summary"]
    worst = {"reason_code": "part_red", "worst_axis_code": "quarter", "worst_part_code": "2024Q3"}
    is_level = summary["area_code"] == "calibration"
    for name, value in worst.items():
        summary[name] = summary[name].where(~is_level, value)
    text = text_of(tables, facts)
    assert "adjustment for the number of parts: Jeffreys test, p-value, Q3 2024" in text


def test_what_was_tested_is_counted(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "test on later dates 30 Apr 2024 to 31 Dec 2024, 9 dates 1,955 241 1,955 127 26 44 of 45; on parts" in text
    assert "scored now 31 Dec 2025 223 223 0 – – 44 of 45" in text
    assert "It learned from 48 customers in default and was tested on 21." in text
    assert "Default means: more than 90 consecutive days past due" in text
    assert "Data behind the model: customer-months by use" in text


def test_measures_have_interval_development_threshold_and_verdict(
    tables: dict[str, DataFrame], facts: PageFacts
) -> None:
    text = text_of(tables, facts)
    for shown in (
        "AUC 0.810 0.700 to 0.900 0.900 green from 0.75, red below 0.65 ● green",
        "Gini 0.620 0.400 to 0.800 – – ○ for information",
        "Test over several years, p-value not computable: too few complete years – – green from 0.05, red",
        "Calibration slope 1.20 0.80 to 1.60 – green if the interval holds 1, red if surely off and by more than 0.25",
        "Gain over the simple rule, p-value < 0.001 – – ○ for information",
        "Net benefit over a blanket rule +0.0069 +0.0026 to +0.0121 – green if the interval lies above 0, red",
        "PD of the best cut-off 16.6% 14.7% to 27.1%",
        "Migration bandwidth, to worse grades 24.0% 20.0% to 30.0%",
    ):
        assert shown in text


def test_thresholds_and_confidence_are_those_of_the_settings(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    own = {**facts.settings["validation"], "oe_factor": 1.5, "confidence_ratio": 0.9}
    text = text_of(tables, changed(facts, settings={**facts.settings, "validation": own}))
    assert "red if surely off and by more than 1.5 times" in text
    assert "Measure Value 90% interval In development" in text
    assert "Bars: 90% Jeffreys interval" in text
    assert "95% interval" not in text
    untold = text_of(tables, changed(facts, settings={}))
    assert "own rule, see the settings" in untold
    assert "A customer that pays brings" not in untold


def test_rivals_are_compared_on_the_same_rows(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "past late rate alone (rule to beat) 0.750 +0.060 +0.020 to +0.100 < 0.001 < 0.001 -0.0070" in text
    assert "logistic regression 0.800 +0.010 -0.040 to +0.060 0.400 0.400 +0.0040" in text
    assert "boosted trees (LightGBM) ● green ▲ amber ■ red ▲ amber ○ not computable ● green ■ red" in text
    rows = tables["comparisons"]
    for name in ("auc_difference", "difference_low", "difference_high", "p_value", "p_adjusted", "brier_difference"):
        rows[name] = float("nan")
    rows["reason_code"] = "no_default"
    assert "logistic regression not computable: no default – – – – –" in text_of(tables, facts)


@pytest.mark.parametrize(
    ("defaults", "sentence"),
    [
        (None, "Of the 220 customers rated on 31 December 2024, 11.2 were expected to default; 11 did."),
        (0, "Of the 220 customers rated on 31 December 2024, 11.2 were expected to default; none did."),
    ],
)
def test_the_portfolio_comes_before_its_grades(
    tables: dict[str, DataFrame], facts: PageFacts, defaults: int | None, sentence: str
) -> None:
    if defaults is not None:
        tables["reliability"] = tables["reliability"].assign(n_defaults=defaults)
    text = text_of(tables, facts)
    assert f"{sentence} Jeffreys' test of “the probabilities are not too low” has a p-value of 0.004." in text
    level = text[text.index("The portfolio first") :]
    places = [level.index(part) for part in ("Tests of the level", "Then the grades", "Slope and level")]
    assert places == sorted(places)
    assert "C 80 " in level
    assert "5.50% to 12.5%" in level or "5.5% to 12.5%" in level


def test_quarters_stand_in_time_with_their_verdicts(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    page = page_of(tables, facts)
    text = page.text.replace("\u00a0", " ")
    places = [text.index(part) for part in ("Q2 2024 test", "Q3 2024 test", "Q4 2024 test", "Q4 2025 scored now")]
    assert places == sorted(places)
    assert "Q2 2024 test on later dates 220 11 0.830 (0.700 to 0.920) – 0.020" in text
    assert "Q4 2024 test on later dates 220 11 not computable: no default" in text
    coloured = [attrs["data-code"] for tag, attrs in page.tags if tag == "td" and "data-code" in attrs]
    assert {"green", "amber", "red", "information", "not_computable"} <= set(coloured)


def test_features_and_moves_are_told(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "customers of the date: 1 of 2 features has moved more than chance explains; 0 are in doubt, 1 have" in text
    assert "test on later dates: none of 1 features has moved more than chance explains" in text
    assert "months of business relation 1.900 0.150 < 0.001 < 0.001" in text
    assert "Bandwidths of the moves and stability of the matrix" in text
    tables["grade_migrations"] = tables["grade_migrations"].assign(n_moves=0)
    assert "No customer has two ratings twelve months apart." in text_of(tables, facts)


def test_segments_are_shown_with_their_steadied_value(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    shown = "sector trade 220 11 0.850 (0.700 to 0.950) 0.850 1.50 (0.50 to 2.50) 1.50 0.200 0.200"
    assert shown in text
    assert f"sector {HOSTILE} 220 11 0.600 0.600 not computable: no default – < 0.001 < 0.001" in text
    tables["measures"] = tables["measures"].query("axis_code != 'sector'")
    assert "No segment of customers is known on these rows." in text_of(tables, facts)


def test_sensitivity_and_window_dressing(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "What would change the grades?" in text
    assert re.search(r"Most grades change (without|figures) .*: those of [\d.]+% of the customers", text)
    assert re.search(
        r"15 of 38 customers with overdue items \(39%\) would have a better grade: for €29.5K in all", text
    )
    none = tables["window_dressing"].assign(n_improved=0)
    assert "No grade of the 38 customers with overdue items would improve" in text_of(
        {**tables, "window_dressing": none}, facts
    )


def test_the_margin_behind_net_benefit_is_told(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    assert "its gross margin, 26.4% of the exposure, 1 × within the horizon; one that defaults costs 60.0%" in text
    assert "t = 26.4% × 1 / (26.4% × 1 + 60.0%)" in text


def test_every_measure_is_in_the_last_chapter(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    text = text_of(tables, facts)
    last = text[text.index("All measures: test on later dates") :]
    dictionary = tables["measure_dictionary"]
    assert len(dictionary) > 40
    for row in dictionary.itertuples():
        assert f"{row.label_en} {row.definition.rstrip('.')} ·" in last, row.measure_code
    assert "not computable: no default" in last


def test_measures_the_dictionary_does_not_know_are_still_shown(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    tables["measure_dictionary"] = tables["measure_dictionary"].query("measure_code != 'auc'")
    text = text_of(tables, facts)
    assert "Other measures" in text
    assert "AUC – – 0.810 (0.700 to 0.900) – ● green" in text
