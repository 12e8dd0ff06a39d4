"""Frames as grids of text: headings, units and decimals follow from the names of the columns."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.codes import FAMILIES, coded, evidence_text
from riskresearch.report.limit_reasons import SHOWN
from riskresearch.report.translator import Translator, amount_decimals

KINDS = (
    (r"^figure_code$", "heading"),
    (r"_code$", "code"),
    (r"^(axis_value|member)$", "member"),
    (r"^(action|reason|missing|breach|guarantee)_codes$|^guarantees_(required|wanted|in_force)$", "codes"),
    (r"^evidence$", "evidence"),
    (r"_date$|^date_", "date"),
    (r"^(is|has)_", "flag"),
    (r"^n_(?!effective)|(^|_)rank$|_(level|number|weeks)$|^step_day$|^points$|^notches_max$", "count"),
    (r"^expected_defaults$|^n_effective$", "tenth"),
    (r"^p_(value|adjusted|jeffreys|fisher|two_proportion|inverse)", "p_value"),
    (r"_minor(_|$)", "minor"),
    (r"(^|_)amount(_|$)|^(low|high)_\d+$", "amount"),
    (r"^(pd|default)_|^hazard$", "probability"),
    (r"^(probability|low|high)$|^cut_before_default_(low|high)$", "ratio"),
    (r"(^|_)ratio(_|$)", "ratio"),
    (r"(^|_)days(_|$)", "days"),
    (r"(^|_)months(_|$)", "months"),
)
UNIT_COLUMNS = (
    "value",
    "value_low",
    "value_high",
    "interval_low",
    "interval_high",
    "value_shrunk",
    "before_value",
    "after_value",
    "change_value",
    "threshold",
    "threshold_value",
    "feature_value",
    "median_value",
    "p25",
    "p50",
    "p75",
    "low",
    "high",
    "target",
)
MEMBERS = {"axis_value": ("approver", "reason", "axis"), "member": ("segment",)}
"""Columns whose values are of several families, or names of their own."""
NAMED_BY = ("figure_code", "policy_code")
"""Columns beside which a value has the unit in the name of its figure or measure, no unit of its own."""
FIGURES = (
    *("value", "value_low", "value_high", "difference", "difference_low", "difference_high"),
    *("simulated", "simulated_se", "exact"),
)
AMOUNTS = re.compile(r"_amount$|^(gross|paid|indemnity|retained)_(mean|es)$")
PROBABILITIES = re.compile(r"_at_least_var$|^p_(first_loss_reached|maximum_exhausted)$")
"""Names of figures that are amounts, and of those that are probabilities."""
BOUNDS = ("value_low", "value_high")
NUMBERS = ("count", "tenth", "ratio", "days", "months", "number", "p_value")
UNITS = ("days", "ratio", "amount", "count", "months", "index", "sigmas")
OTHER_UNITS = {"grades": "count", "signal": "index"}
HIDDEN = ("customer_name",)
MARKED = ("verdict_code", "grade_code", "segment_code", "action_code")


@dataclass(frozen=True)
class Grid:
    """A table as it is read: headings, rows of text, and which columns are numbers.

    ``marks`` holds, row by row, the codes behind the cells that a style may colour; None elsewhere.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_number: tuple[bool, ...]
    marks: tuple[tuple[str | None, ...], ...] = ()
    n_more: int = 0


def grid(
    frame: DataFrame,
    words: Translator,
    *,
    columns: Sequence[str] | None = None,
    max_rows: int | None = None,
    show_names: bool = False,
) -> Grid:
    """Return a frame as text.

    Parameters
    ----------
    frame : any table of the project; numbers stay unrounded until here
    words : language and currency
    columns : columns to show, in order; None = all
    max_rows : rows shown; the rest is counted
    show_names : show names of customers, hidden otherwise
    """
    hidden = () if show_names else HIDDEN
    names = [name for name in (columns if columns is not None else frame.columns) if name not in hidden]
    shown = frame if max_rows is None else frame.head(max_rows)
    texts = [texts_of(shown, name, words) for name in names]
    marks = [list(shown[name]) if name in MARKED else [None] * len(shown) for name in names]
    return Grid(
        tuple(header(name, words, frame) for name in names),
        tuple(zip(*texts, strict=True)),
        tuple(_is_number(frame, name) for name in names),
        tuple(zip(*marks, strict=True)),
        len(frame) - len(shown),
    )


def kind_of(frame: DataFrame, name: str) -> str:
    """Return what a column holds, by the naming rules: code, date, count, amount, ratio, days and so on.

    Examples
    --------
    >>> frame = DataFrame({"open_amount": [1.0], "late_ratio_12m": [0.1], "value": [2.0], "unit_code": ["days"]})
    >>> [kind_of(frame, name) for name in frame]
    ['amount', 'ratio', 'unit', 'code']
    """
    if name in UNIT_COLUMNS and "unit_code" in frame:
        return "unit"
    if name == "direction_code" and pd.api.types.is_numeric_dtype(frame[name]):
        return "count"
    if name in FIGURES and not frame.columns.intersection(NAMED_BY).empty:
        return "figure"
    found = next((kind for pattern, kind in KINDS if re.search(pattern, name)), None)
    if found is not None:
        return found
    return "number" if name in frame and pd.api.types.is_numeric_dtype(frame[name]) else "text"


def header(name: str, words: Translator, frame: DataFrame) -> str:
    """Return the heading of a column, with its unit where the cells do not carry it."""
    if name.endswith("_se"):
        return words.t("unit.standard_error", column=header(name.removesuffix("_se"), words, frame))
    text = words.messages.get(f"column.{name}", name.replace("_", " "))
    kind = kind_of(frame, name)
    unit = {
        "amount": words.currency_code,
        "days": words.t("unit.days_short"),
        "months": words.t("unit.months_short"),
    }.get(kind)
    return f"{text} ({unit})" if unit else text


def texts_of(frame: DataFrame, name: str, words: Translator) -> list[str]:
    """Return the cells of a column as text."""
    kind, values = kind_of(frame, name), frame[name]
    if kind == "figure":
        names = frame["figure_code" if "figure_code" in frame else "measure_code"]
        return [figure(value, code, words) for value, code in zip(values, names, strict=True)]
    if kind == "unit":
        units = [OTHER_UNITS.get(unit, unit if unit in UNITS else "number") for unit in frame["unit_code"]]
        reason_column = "interval_reason_code" if name.startswith("interval_") else "reason_code"
        reasons = frame.get(reason_column, Series(None, index=frame.index, dtype=object))
        empty = words.t("missing.none") if name in BOUNDS else words.missing()
        return [
            (empty if pd.isna(reason) else words.missing(reason)) if pd.isna(value) else with_unit(value, unit, words)
            for value, unit, reason in zip(values, units, reasons, strict=True)
        ]
    if kind in ("days", "months") and pd.api.types.is_integer_dtype(values):
        return [words.missing() if pd.isna(value) else words.number(value) for value in values]
    if kind in ("amount", "minor"):
        numbers = values.astype("float64") / (100 if kind == "minor" else 1)
        decimals = amount_decimals(float(numbers.abs().max()) if numbers.notna().any() else 0.0)
        return [words.number(value, decimals) for value in numbers]
    texts = [_text(value, kind, name, words) for value in values]
    if name in BOUNDS and "value" in frame:
        has_no_bound = values.isna() & frame["value"].notna()
        return [
            words.t("missing.not_applicable") if none else text for none, text in zip(has_no_bound, texts, strict=True)
        ]
    return texts


def with_unit(value: Any, unit: str, words: Translator, *, decimals: int | None = None) -> str:
    """Return a number with its unit: days, ratio, amount, count, months, sigmas, an index of one decimal or a number.

    ``decimals`` are those of the number itself: a ratio of two decimals is a whole percentage.
    """
    if pd.isna(value):
        return words.missing()
    if unit == "months":
        return words.months(value, decimals or 0)
    if unit == "ratio":
        return words.ratio(value, 1 if decimals is None else max(decimals - 2, 0))
    if unit == "sigmas":
        return words.t("table.sigmas", n=words.number(value, 1))
    if unit == "days" and decimals == 0:
        return words.threshold_days(round(float(value)))
    formats = {"days": words.days, "amount": words.amount, "count": words.count}
    if unit in formats:
        return formats[unit](value)
    usual = 1 if unit == "index" else 3
    return words.number(value, usual if decimals is None else decimals)


def _text(value: Any, kind: str, name: str, words: Translator) -> str:
    if pd.isna(value):
        return words.missing() if kind in NUMBERS else words.t("missing.none")
    ways: Mapping[str, Callable[[Any], str]] = {
        "code": lambda code: coded(code, name, words),
        "codes": lambda codes: words.listed(
            words.label(FAMILIES.get(name, name.removesuffix("_codes")), code) for code in re.split(r"[ +]", codes)
        ),
        "member": lambda text: next((words.label(f, text) for f in MEMBERS[name] if words.has(f, text)), text),
        "heading": lambda code: words.messages.get(f"column.{code}", words.label("figure", code)),
        "evidence": lambda text: evidence_text(text, words),
        "date": lambda day: words.date(day, "medium"),
        "flag": lambda flag: words.t("flag.yes" if flag else "flag.no"),
        "days": lambda days: words.number(days, 1),
        "months": lambda months: words.number(months, 1),
        "tenth": lambda number: words.number(number, 1),
        "count": words.count,
        "ratio": words.ratio,
        "probability": words.probability,
        "p_value": words.p_value,
        "number": lambda number: words.number(number, 3),
    }
    return ways.get(kind, str)(value)


def figure(value: Any, code: str, words: Translator) -> str:
    """Return a figure whose unit is in its name, such as ``loss_amount`` or ``blocked_ratio``."""
    if pd.isna(value):
        return words.missing()
    if code in SHOWN:
        return SHOWN[code](words, value)
    if AMOUNTS.search(code):
        return words.amount(value)
    if PROBABILITIES.search(code):
        return words.probability(value)
    return words.ratio(value) if code.endswith("_ratio") else words.number(value, 0 if float(value).is_integer() else 2)


def _is_number(frame: DataFrame, name: str) -> bool:
    return kind_of(frame, name) in (*NUMBERS, "unit", "figure", "minor", "amount", "probability")
