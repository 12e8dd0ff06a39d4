"""Small parts that the sections of the payment chapter share."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.page.context import Block, Context, note
from riskresearch.report.translator import HARD_SPACE, Translator


def section(context: Context, title_id: str, blocks: list[Block]) -> list[Block]:
    """Return blocks under a heading; no heading where there is no block."""
    return [Block("heading", context.words.t(title_id)), *blocks] if blocks else []


def told(picture: Block, sentence: str) -> Block:
    """Return a picture with the sentence that says what it shows below it."""
    return Block("group", parts=(picture, note(sentence)) if sentence else (picture,))


def cell(row: Series | None, words: Translator, *, column: str = "value") -> str:
    """Return a value with its unit; without a value the reason, without a row nothing known."""
    if row is None:
        return words.t("missing.none")
    if pd.isna(row[column]):
        return words.missing(row["reason_code"])
    unit = str(row["unit_code"])
    return words.compact(row[column]) if unit == "amount" else with_unit(row[column], unit, words)


def interval_cell(row: Series | None, words: Translator) -> str:
    """Return a value with its unit and its 95 % interval where there is one."""
    shown = cell(row, words)
    if row is None or pd.isna(row["value"]) or pd.isna(row["interval_low"]) or pd.isna(row["interval_high"]):
        return shown
    return with_interval(shown, row, ("interval_low", "interval_high"), words)


def with_interval(shown: str, row: Series, ends: tuple[str, str], words: Translator) -> str:
    """Return a value in words with the two ends of its interval, which stay on one line."""
    low, high = (bare(row[name], str(row["unit_code"]), words) for name in ends)
    interval = words.t("chapter.interval", low=low, high=high).replace(" ", HARD_SPACE)
    return words.t("table.value_interval", value=shown, interval=interval)


def change_cell(row: Series, words: Translator) -> str:
    """Return the change of a value with its sign; that of a share in percentage points."""
    change, unit = row["change_value"], str(row["unit_code"])
    if pd.isna(change):
        return words.missing(row["reason_code"])
    if unit == "ratio":
        return words.t("table.points", n=words.signed(100 * change))
    sign = "+" if change > 0 else ""
    shown = words.compact(change) if unit == "amount" else with_unit(change, unit, words)
    return f"{sign}{shown}"


def bare(value: float, unit: str, words: Translator) -> str:
    """Return a number whose unit stands beside it: days without the word."""
    if unit == "days":
        return words.number(value, 1)
    return words.compact(value) if unit == "amount" else with_unit(value, unit, words)


def one(frame: DataFrame, **values: str) -> Series | None:
    """Return the row with these values in these columns; None where there is none."""
    chosen = frame
    for name, value in values.items():
        chosen = chosen[chosen[name] == value]
    return chosen.iloc[0] if len(chosen) else None
