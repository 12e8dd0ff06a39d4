"""Pictures by segment: an indicator over two segmentations, and its intervals along one."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.figures.matrix import draw_cells, name_cells, scaled
from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    MUTED,
    SKY,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.totals import latest
from riskresearch.report.translator import Translator

DELAY = "days_beyond_terms_floored"
SIZES = ("micro", "small", "medium", "large")
LAST = ("other", "unknown")
MIN_CUSTOMERS = 5
MOST_ROWS, MOST_COLUMNS = 16, 7


@picture
def segment_heatmap(
    segment_values: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    indicator_code: str = DELAY,
    axis_code: str = "sector*size",
    min_customers: int = MIN_CUSTOMERS,
) -> None:
    """Draw an indicator over a pair of segmentations: value and customers in every cell, the darker the higher.

    Parameters
    ----------
    segment_values : table `segment_values`
    words : language and labels
    axis : where to draw
    indicator_code : indicator shown
    axis_code : pair of segmentations, ``rows*columns``
    min_customers : a cell with fewer customers has no shade, as its value says little
    """
    title = _title(words, indicator_code, axis_code)
    pairs = _pairs(segment_values, indicator_code, axis_code)
    if pairs.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows, columns = (_ordered(pairs, part, most) for part, most in (("row", MOST_ROWS), ("column", MOST_COLUMNS)))
    by_cell = pairs.set_index(["row", "column"])
    found = [
        [by_cell.loc[(row, column)] if (row, column) in by_cell.index else None for column in columns] for row in rows
    ]
    shown = [[_shaded(cell, min_customers) for cell in line] for line in found]
    draw_cells(axis, scaled(np.array(shown)), [[_cell(cell, words) for cell in line] for line in found], font_size=7.5)
    axis.set_title(title)
    name_cells(
        axis,
        rows=[fitted(words.label("segment", row), width=22) for row in rows],
        columns=[fitted(words.label("segment", column), width=14) for column in columns],
        places=range(len(columns)),
    )
    axis.set_xlabel(words.t("figure.segments_note", n=words.count(min_customers)), fontsize=8.5)
    set_height(axis, 1.3 + 0.36 * len(rows))


def _title(words: Translator, indicator_code: str, axis_code: str) -> str:
    name = fitted(words.label("indicator", indicator_code), width=40)
    return f"{name}\n{words.t('figure.by_axis', axis=words.label('axis', axis_code))}"


def _pairs(segment_values: DataFrame, indicator_code: str, axis_code: str) -> DataFrame:
    """Rows of the last date whose segment is a pair, with the two parts; the rest put together is left out."""
    rows = segment_values[
        (segment_values["indicator_code"] == indicator_code) & (segment_values["axis_code"] == axis_code)
    ]
    rows = latest(rows)[lambda frame: frame["segment_code"].str.contains("*", regex=False) & frame["value"].notna()]
    parts = rows["segment_code"].str.split("*", n=1)
    return rows.assign(row=parts.str[0], column=parts.str[1])


def _ordered(pairs: DataFrame, part: str, most: int) -> list[str]:
    """Segments with most customers, in their order."""
    n_customers = pairs.groupby(part)["n_customers"].sum().sort_values(ascending=False, kind="stable")
    kept = [str(code) for code in n_customers.index[:most]]
    return sorted(kept, key=place_of_segment)


def place_of_segment(code: str) -> tuple[bool, int, str]:
    """Return what segments are ordered by: sizes from small to large, others by code, the rest and unknown last."""
    return code in LAST, SIZES.index(code) if code in SIZES else len(SIZES), code


def _shaded(cell: Series | None, min_customers: int) -> float:
    return float(cell["value"]) if cell is not None and cell["n_customers"] >= min_customers else float("nan")


def _cell(cell: Series | None, words: Translator) -> str:
    if cell is None:
        return ""
    return f"{_short(cell['value'], str(cell['unit_code']), words)}\nn = {words.count(cell['n_customers'])}"


def _short(value: float, unit: str, words: Translator) -> str:
    """Value without the word for its unit, which the title tells."""
    return (
        words.number(value, 1)
        if unit == "days"
        else words.compact(value)
        if unit == "amount"
        else with_unit(value, unit, words)
    )


@picture
def segment_intervals(
    segment_values: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    indicator_code: str = DELAY,
    axis_code: str = "size",
    whole: float | None = None,
) -> None:
    """Draw an indicator by segment with its 95 % interval, and the value steadied for small segments.

    Parameters
    ----------
    segment_values : table `segment_values`
    words : language and labels
    axis : where to draw
    indicator_code : indicator shown
    axis_code : segmentation
    whole : value of all customers, drawn as a line; None = no line
    """
    title = _title(words, indicator_code, axis_code)
    rows = segment_values[
        (segment_values["indicator_code"] == indicator_code) & (segment_values["axis_code"] == axis_code)
    ]
    rows = latest(rows)[lambda frame: frame["value"].notna()]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    order = _ordered(rows, "segment_code", MOST_ROWS)
    rows = rows.set_index("segment_code").loc[order]
    places = np.arange(len(rows))
    if whole is not None:
        axis.axvline(whole, color=MUTED, linewidth=1, linestyle=(0, (4, 2)), label=words.label("segment", "all"))
    axis.hlines(
        places, rows["interval_low"], rows["interval_high"], color=SKY, linewidth=5, label=words.t("figure.interval")
    )
    axis.plot(rows["value"], places, "o", color=BLUE, markersize=7, label=words.t("figure.measured"))
    axis.plot(rows["value_shrunk"], places, marker="D", label=words.t("figure.steadied"), **HOLLOW)
    names = [fitted(words.label("segment", code), width=22) for code in order]
    name_rows(axis, [f"{name} (n = {words.count(n)})" for name, n in zip(names, rows["n_customers"], strict=True)])
    axis.set_title(title)
    unit = str(rows["unit_code"].iloc[0])
    ticks(axis, "x", lambda value: words.number(value) if unit == "days" else _short(value, unit, words))
    legend_below(axis)
    set_height(axis, 1.5 + 0.34 * len(rows))
