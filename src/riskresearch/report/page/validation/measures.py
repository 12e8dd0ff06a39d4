"""Measures in cells: value, interval, threshold and verdict as a reader takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, grid_block
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.translator import HARD_SPACE, Translator

P_VALUES = (
    "jeffreys",
    "binomial",
    "binomial_correlated",
    "normal_multi_year",
    "hosmer_lemeshow",
    "spiegelhalter",
    "slope_and_level",
    "auc_against_initial",
    "auc_gain_over_rule_p",
    "auc_gain_delong_p",
    "grade_heterogeneity",
    "grade_inversion",
    "matrix_stability",
    "concentration_number",
    "concentration_exposure",
)
SHARES = ("best_cut_off", "emp_rejected_ratio", "expected_maximum_profit", "migration_upper", "migration_lower")
DECIMALS = {
    "observed_to_expected": 2,
    "calibration_slope": 2,
    "calibration_intercept": 2,
    "calibration_in_the_large": 2,
    "traffic_light": 2,
    "brier": 4,
    "murphy_reliability": 4,
    "murphy_resolution": 4,
    "murphy_uncertainty": 4,
    "murphy_within": 4,
    "net_benefit": 4,
    "net_benefit_gain": 4,
}
USUAL_DECIMALS = 3
SIGNED = ("auc_gain_over_rule", "calibration_in_the_large", "calibration_intercept", "net_benefit_gain")
OWN_RULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "observed_to_expected": ("validation.rule_ratio", ("oe_factor",)),
    "calibration_slope": ("validation.rule_slope", ("slope_tolerance",)),
    "calibration_in_the_large": ("validation.rule_level", ("odds_factor",)),
    "auc_gain_over_rule": ("validation.rule_gain", ("p_gain_green",)),
    "net_benefit_gain": ("validation.rule_benefit", ()),
    "traffic_light": ("validation.rule_lights", ("traffic_amber_ratio", "traffic_red_ratio")),
    "grade_heterogeneity": ("validation.rule_heterogeneity", ("p_green",)),
    "psi": ("validation.rule_psi", ("p_green", "p_red")),
    "concentration_number": ("validation.rule_concentration", ("p_green", "p_red")),
    "concentration_exposure": ("validation.rule_concentration", ("p_green", "p_red")),
}
MOST_DECIMALS = 5


def measure_number(code: str, value: Any, words: Translator) -> str:
    """Return a value of a measure with the decimals and the unit of the measure.

    Parameters
    ----------
    code : measure
    value : its value or a bound of it; empty gives the dash of a cell that holds nothing
    words : language
    """
    if pd.isna(value):
        return words.t("missing.none")
    if code in P_VALUES:
        return words.p_value(value)
    if code in SHARES:
        return words.probability(value)
    show = words.signed if code in SIGNED else words.number
    return show(value, DECIMALS.get(code, USUAL_DECIMALS))


def measure_value(row: Series, words: Translator) -> str:
    """Return the value of a row of table `measures`, or why there is none."""
    return (
        words.missing(row["reason_code"])
        if pd.isna(row["value"])
        else measure_number(str(row["measure_code"]), row["value"], words)
    )


def measure_interval(row: Series, words: Translator) -> str:
    """Return the interval of a row of table `measures`; a dash where there is none."""
    code = str(row["measure_code"])
    if pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return words.t("missing.none")
    low, high = (measure_number(code, row[name], words) for name in ("value_low", "value_high"))
    return unbroken(words.t("chapter.interval", low=low, high=high))


def value_and_interval(row: Series, words: Translator) -> str:
    """Return value and interval of a row of table `measures` in one cell."""
    if pd.isna(row["value"]) or pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return measure_value(row, words)
    shown = {"value": measure_value(row, words), "interval": measure_interval(row, words)}
    return unbroken(words.t("table.value_interval", **shown))


def verdict_word(code: object, words: Translator) -> str:
    """Return the sign and the word of a verdict, on one line."""
    return unbroken(words.label("verdict", code))


def unbroken(text: str) -> str:
    """Return text that stays on one line."""
    return text.replace(" ", HARD_SPACE)


def threshold(code: str, judged: Judged) -> str:
    """Return the company's own rule for the verdict of a measure; a dash where the measure only informs."""
    words = judged.words
    if code in OWN_RULES:
        message_id, names = OWN_RULES[code]
        found = {name: judged.context.facts.setting("validation", name) for name in names}
        if any(value is None for value in found.values()):
            return words.t("validation.rule_untold")
        return words.t(message_id, **{name: shortest(value, words) for name, value in found.items()})
    spec = judged.dictionary.loc[code] if code in judged.dictionary.index else Series(dtype=object)
    if pd.isna(spec.get("threshold_green")):
        return words.t("missing.none")
    message_id = "validation.rule_from" if spec["direction_code"] > 0 else "validation.rule_up_to"
    return words.t(
        message_id, green=shortest(spec["threshold_green"], words), amber=shortest(spec["threshold_amber"], words)
    )


def shortest(value: float, words: Translator) -> str:
    """Return a threshold with as many decimals as it was set with.

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> [shortest(value, translator("en")) for value in (2, 0.75, 0.001)]
    ['2', '0.75', '0.001']
    """
    number = float(value)
    return words.number(number, next((n for n in range(MOST_DECIMALS) if round(number, n) == number), MOST_DECIMALS))


def measure_block(
    judged: Judged, codes: Sequence[str], *, caption: str, sample: str | None = None, with_development: bool = False
) -> list[Block]:
    """Return the measures of the whole as a table block; nothing where none of them was asked for.

    Parameters
    ----------
    judged : model under judgement
    codes : measures in order; those that were not asked for are left out
    caption : heading of the table
    sample : sample; None = the one the page judges on
    with_development : show the value on the rows the model has learnt from beside it
    """
    rows = [row for row in (judged.measure(code, sample=sample) for code in codes) if row is not None]
    if not rows:
        return []
    beside = with_development and len(judged.rows(sample="development")) > 0 and judged.sample != "development"
    return [grid_block(_grid(rows, judged, beside=beside), caption=caption)]


def _grid(rows: list[Series], judged: Judged, *, beside: bool) -> Grid:
    words = judged.words
    lines, marks = [], []
    for row in rows:
        code, first = str(row["measure_code"]), judged.measure(row["measure_code"], sample="development")
        before = [words.t("missing.none") if first is None else measure_number(code, first["value"], words)]
        line = [words.label("measure", code), measure_value(row, words), measure_interval(row, words)]
        line += [*(before if beside else []), threshold(code, judged), verdict_word(row["verdict_code"], words)]
        lines.append(tuple(line))
        marks.append((*(None for _ in line[:-1]), str(row["verdict_code"])))
    headers = [words.t("column.measure_code"), words.t("column.value"), interval_heading(judged)]
    headers += [words.t("validation.development")] if beside else []
    headers += [words.t("validation.own_threshold"), words.t("column.verdict_code")]
    is_number = (False, True, True, *((True,) if beside else ()), False, False)
    return Grid(tuple(headers), tuple(lines), is_number, tuple(marks))


def interval_heading(judged: Judged) -> str:
    """Return the heading of intervals, with their confidence."""
    return judged.words.t("validation.interval_of", confidence=judged.words.ratio(judged.confidence, 0))
