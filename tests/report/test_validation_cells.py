"""Measures in cells: every measure of the battery is known, with its kind and the rule behind its verdict."""

import pytest
from pandas import DataFrame, Series

from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Context
from riskresearch.report.page.validation.judged import in_question_order, judged
from riskresearch.report.page.validation.measures import (
    DECIMALS,
    OWN_RULES,
    P_VALUES,
    SHARES,
    measure_number,
    measure_value,
    threshold,
    value_and_interval,
)
from riskresearch.report.page.validation.places import part_name
from riskresearch.report.translator import Translator, translator
from riskresearch.validation.dictionary import measure_dictionary
from riskresearch.validation.settings import ValidationSettings

ENGLISH, FRENCH = translator("en"), translator("fr")
DICTIONARY = measure_dictionary(ValidationSettings()).set_index("measure_code")


def test_p_values_are_those_the_battery_calls_so() -> None:
    assert set(DICTIONARY.index[DICTIONARY["label_en"].str.endswith("p-value")]) == set(P_VALUES)


def test_every_name_of_a_measure_is_one_of_the_battery() -> None:
    assert {*SHARES, *DECIMALS, *OWN_RULES, *P_VALUES} <= set(DICTIONARY.index)
    assert not {*SHARES, *DECIMALS} & set(P_VALUES)


def test_own_rules_name_settings_of_the_stage() -> None:
    named = {name for _, names in OWN_RULES.values() for name in names}
    assert named <= set(ValidationSettings.model_fields)


def test_a_measure_has_thresholds_or_an_own_rule_but_not_both() -> None:
    told = set(DICTIONARY.index[DICTIONARY["threshold_green"].notna()])
    assert not told & set(OWN_RULES)


@pytest.mark.parametrize(
    ("code", "value", "english", "french"),
    [
        ("jeffreys", 0.00004, "<\u00a00.001", "<\u00a00,001"),
        ("jeffreys", 0.001, "0.001", "0,001"),
        ("jeffreys", 1.0, "1.000", "1,000"),
        ("auc", 0.82787, "0.828", "0,828"),
        ("observed_to_expected", 1.0736, "1.07", "1,07"),
        ("brier", 0.0521567, "0.0522", "0,0522"),
        ("auc_gain_over_rule", 0.1347, "+0.135", "+0,135"),
        ("auc_gain_over_rule", -0.1347, "-0.135", "-0,135"),
        ("best_cut_off", 0.0042, "0.42%", "0,42\u00a0%"),
        ("psi", None, "–", "–"),
    ],
)
def test_numbers_have_the_decimals_of_their_measure(code: str, value: float, english: str, french: str) -> None:
    assert (measure_number(code, value, ENGLISH), measure_number(code, value, FRENCH)) == (english, french)


def row(code: str, value: float | None, low: float | None, high: float | None, reason: str | None = None) -> Series:
    names = ("measure_code", "value", "value_low", "value_high", "reason_code")
    return Series(dict(zip(names, (code, value, low, high, reason), strict=True)))


def test_value_and_interval_stand_on_one_line() -> None:
    assert value_and_interval(row("auc", 0.8, 0.7, 0.9), ENGLISH) == "0.800\u00a0(0.700\u00a0to\u00a00.900)"
    assert value_and_interval(row("auc", 0.8, None, None), ENGLISH) == "0.800"
    assert measure_value(row("auc", None, None, None, "no_default"), ENGLISH) == "not computable: no default"
    assert value_and_interval(row("auc", None, None, None, "no_default"), FRENCH).startswith("non calculable")


def test_thresholds_follow_the_direction(tables: dict[str, DataFrame], facts: PageFacts, words: Translator) -> None:
    dictionary = tables["measure_dictionary"]
    is_brier = dictionary["measure_code"] == "brier"
    dictionary.loc[is_brier, ["threshold_green", "threshold_amber"]] = [0.05, 0.1]
    model = judged(Context(tables, facts, words))
    up, down = threshold("auc", model), threshold("brier", model)
    english = ("green from 0.75, red below 0.65", "green up to 0.05, red above 0.1")
    french = ("vert à partir de 0,75, rouge au-dessous de 0,65", "vert jusqu'à 0,05, rouge au-dessus de 0,1")
    assert (up, down) == (english if words.language == "en" else french)
    assert threshold("gini", model) == words.t("missing.none")
    assert threshold("unheard_of", model) == words.t("missing.none")


def test_the_model_in_use_and_its_rule_are_judged(tables: dict[str, DataFrame], facts: PageFacts) -> None:
    model = judged(Context(tables, facts, ENGLISH))
    assert (model.model, model.rule, model.sample) == ("lightgbm", "late_rate", "out_of_time")
    assert judged(Context({}, facts, ENGLISH)).model is None
    choice = tables["model_choice"].assign(is_chosen=tables["model_choice"]["model_code"] == "expert")
    assert judged(Context({**tables, "model_choice": choice}, facts, ENGLISH)).model is None


def test_questions_and_parts_are_named() -> None:
    assert in_question_order(["use", "grades", "new", "use", "discrimination"]) == [
        "discrimination",
        "grades",
        "use",
        "new",
    ]
    assert part_name("quarter", "2024Q3", ENGLISH) == "Q3 2024"
    assert part_name("grade", "B", ENGLISH) == "B"
    assert part_name("sector", "trade", FRENCH) == FRENCH.label("segment", "trade")
