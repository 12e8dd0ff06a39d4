"""What the chapters on limits share: tables written cell by cell, labels of codes, the sums behind sentences."""

import re
from collections.abc import Callable, Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.codes import coded as code_label
from riskresearch.report.limit_reasons import told_limits
from riskresearch.report.page.context import Block, Context, grid_block
from riskresearch.report.translator import HARD_SPACE, Translator

NO_FIGURES = DataFrame({"customer_id": [], "review_date": [], "method_code": [], "figure_code": [], "value": []})
WORD_JOINER = "\u2060"
WIDE = "sentence"
"""Mark of a column of sentences, which a small screen does not squeeze."""
Told = Callable[[Series], str]
Column = tuple[str, Told, bool]
"""Heading, how a row is told, whether it is a number."""


def listing(
    rows: DataFrame,
    columns: Sequence[Column],
    *,
    words: Translator,
    caption: str,
    max_rows: int | None = None,
    marks: Sequence[str | None] = (),
) -> Block:
    """Return a table whose cells are told row by row.

    Parameters
    ----------
    rows : rows in the order they are shown
    columns : heading, how a row is told, whether it is a number
    words : language
    caption : what the table shows
    max_rows : rows shown, the rest is counted
    marks : for each column the column of `rows` whose code colours the cell, or `WIDE`; none by default
    """
    shown = rows if max_rows is None else rows.head(max_rows)
    lines = tuple(tuple(told(row) for _, told, _ in columns) for _, row in shown.iterrows())
    named = tuple(marks) or (None,) * len(columns)
    coloured = tuple(tuple(_mark(row, name) for name in named) for _, row in shown.iterrows())
    content = Grid(tuple(head for head, _, _ in columns), lines, tuple(number for _, _, number in columns), coloured)
    n_more = len(rows) - len(shown)
    return grid_block(content, caption=caption, more=words.n("table.more", n_more) if n_more else "")


def _mark(row: Series, name: str | None) -> str | None:
    """The code that styles a cell: `WIDE` for a cell of sentences, else that of a column."""
    return name if name in (None, WIDE) else str(row[name])


def label_of(words: Translator, column: str, code: object) -> str:
    """Return the label of a code of a column; nothing known reads "–"."""
    if pd.isna(code):
        return words.t("missing.none")
    return code_label(str(code), column, words)


def coded(words: Translator, column: str, *, family: str | None = None) -> Column:
    """Return a column of codes in words."""
    if family is not None:
        return words.t(f"column.{column}"), lambda row: words.label(family, row[column]), False
    return words.t(f"column.{column}"), lambda row: label_of(words, column, row[column]), False


def counted(words: Translator, column: str) -> Column:
    """Return a column of counts."""
    return words.t(f"column.{column}"), lambda row: words.count(row[column]), True


def money(words: Translator, column: str, *, name: str | None = None) -> Column:
    """Return a column of amounts, whole units of the currency."""
    head = words.t("limits.in_currency", column=words.t(name or f"column.{column}"), currency=words.currency_code)
    return head, lambda row: none_or(words, row[column], words.number), True


def share(words: Translator, column: str, *, name: str | None = None) -> Column:
    """Return a column of ratios."""
    return words.t(name or f"column.{column}"), lambda row: none_or(words, row[column], words.ratio), True


def dated(words: Translator, column: str) -> Column:
    """Return a column of dates."""
    return (
        words.t(f"column.{column}"),
        lambda row: none_or(words, row[column], lambda day: words.date(day, "medium")),
        False,
    )


def none_or(words: Translator, value: object, show: Callable[[object], str]) -> str:
    """Return a value as shown; nothing known reads "–"."""
    return words.t("missing.none") if pd.isna(value) else show(value)


def signed(words: Translator, value: float) -> str:
    """Return an amount in few digits with its sign, also where it rises."""
    shown = words.compact(value)
    return f"+{shown}" if value > 0 else shown


def with_interval(words: Translator, row: Series, names: Sequence[str], show: Callable[[float], str]) -> str:
    """Return a figure and behind it its interval; without interval the figure alone, nothing known reads "–"."""
    value, low, high = (row[name] for name in names)
    if pd.isna(value):
        return words.t("missing.none")
    if pd.isna(low) or pd.isna(high):
        return show(value)
    return words.t("table.value_interval", value=show(value), interval=interval(words, low, high, show))


def interval(words: Translator, low: float, high: float, show: Callable[[float], str]) -> str:
    """Return an interval in words, on one line."""
    told = words.t("chapter.interval", low=show(low), high=show(high))
    return re.sub(r"([+-])(?=\S)", r"\1" + WORD_JOINER, told.replace(" ", HARD_SPACE))


def reasons(context: Context, rows: DataFrame) -> Series:
    """Return why the limits of customers are what they are, in words, index of `rows`."""
    figures = context.table("limit_figures")
    return told_limits(rows, NO_FIGURES if figures is None else figures, words=context.words)
