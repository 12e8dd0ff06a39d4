"""Pictures of what will come in: weekly receipts with their range, errors of past forecasts, unpaid share over time."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from pandas import DataFrame, Series

from riskresearch.report.figures.segments import place_of_segment
from riskresearch.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RULE,
    SERIES,
    SKY,
    fitted,
    legend_below,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

BANDS = ((95, "#d3e3ef"), (80, SKY))
RULES = ("due_date", "mean_delay", "last_delay")
MARKS = ("o", "s", "^", "D", "v", "P")
SURVIVAL_DAYS = 180.0


@picture
def receipts_fan(
    receipts_forecast: DataFrame, *, words: Translator, axis: Axes, method_code: str, rule_code: str | None = None
) -> None:
    """Draw the receipts expected from open items week by week, with 80 and 95 % ranges and a naive rule.

    Parameters
    ----------
    receipts_forecast : table `receipts_forecast`
    words : language and currency
    axis : where to draw
    method_code : method in use
    rule_code : naive rule drawn as a line; None = no line
    """
    title = words.t("figure.fan_title")
    rows = receipts_forecast[receipts_forecast["method_code"] == method_code].sort_values("week_start_date")
    if not rows["expected_amount"].notna().any():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    handles = _with_ranges(axis, words, rows, method_code)
    rule = receipts_forecast[receipts_forecast["method_code"] == rule_code].sort_values("week_start_date")
    if len(rule) == len(rows) and rule_code != method_code:
        stroke: dict[str, Any] = {"color": ORANGE, "linestyle": (0, (4, 2)), "linewidth": 1.6}
        axis.plot(range(len(rule)), rule["expected_amount"], **stroke)
        handles.append(Line2D([], [], label=words.label("forecast_method", rule_code), **stroke))
    shown = range(0, len(rows), max(1, len(rows) // 5))
    axis.set_xticks(shown, [words.day_month(rows["week_start_date"].iloc[week]) for week in shown])
    axis.set_ylim(bottom=0)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.fan_axis"))
    ticks(axis, "y", words.compact)
    axis.grid(axis="x", visible=False)
    axis.spines["bottom"].set_color(RULE)
    legend_below(axis, handles)
    set_height(axis, 3.3)


def _with_ranges(axis: Axes, words: Translator, rows: DataFrame, method_code: str) -> list[Artist]:
    """Draw the method in use and those of its ranges that are known; return what the legend names."""
    stroke: dict[str, Any] = {"color": BLUE, "marker": "o", "markersize": 3.5}
    weeks, ranges = np.arange(len(rows)), []
    for level, colour in BANDS:
        if rows[f"low_{level}"].notna().any():
            axis.fill_between(weeks, rows[f"low_{level}"], rows[f"high_{level}"], color=colour, linewidth=0)
            ranges.append(Patch(color=colour, label=words.t("figure.range", level=level)))
    axis.plot(weeks, rows["expected_amount"], **stroke)
    return [Line2D([], [], label=words.label("forecast_method", method_code), **stroke), *reversed(ranges)]


@picture
def forecast_errors(forecast_backtest: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the weekly error of each method on past dates, over the first week, the first two, and so on.

    The scale of errors is logarithmic, as rules can be several times the receipts off.

    Parameters
    ----------
    forecast_backtest : table `forecast_backtest`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.errors_title")
    rows = forecast_backtest[
        (forecast_backtest["scope_code"] == "first_weeks") & forecast_backtest["wape_ratio"].notna()
    ]
    if not (rows["wape_ratio"] > 0).any():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    horizons = sorted(rows["horizon_weeks"].unique())
    place_of = {horizon: place for place, horizon in enumerate(horizons)}
    for colour, mark, (code, line) in zip(SERIES, MARKS, rows.groupby("method_code", sort=True), strict=False):
        line = line.sort_values("horizon_weeks")
        stroke: dict[str, Any] = {"color": colour, "marker": mark, "markersize": 5, "clip_on": False}
        dash = (0, (4, 2)) if code in RULES else "-"
        places = line["horizon_weeks"].map(place_of).to_numpy(float)
        label = words.label("forecast_method", code)
        axis.plot(places, line["wape_ratio"], linestyle=dash, label=label, **stroke)
    axis.set_xticks(range(len(horizons)), [words.count(horizon) for horizon in horizons])
    axis.set_yscale("log")
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.errors_axis"))
    _error_ticks(axis, words, rows["wape_ratio"])
    axis.grid(axis="x", visible=False)
    legend_below(axis)
    set_height(axis, 3.4)


def _error_ticks(axis: Axes, words: Translator, errors: Series) -> None:
    """Doublings of 25 % that enclose the errors, so that the reader sees factors of two."""
    low, high = float(errors[errors > 0].min()), float(errors.max())
    first = int(np.floor(np.log2(max(low, 0.01) / 0.25)))
    last = max(int(np.ceil(np.log2(max(high, 0.01) / 0.25))), first + 1)
    steps = [0.25 * 2.0**power for power in range(first, last + 1)]
    axis.set_ylim(steps[0], steps[-1])
    axis.set_yticks(steps)
    axis.yaxis.set_minor_locator(NullLocator())
    ticks(axis, "y", lambda value: words.ratio(value, 0))


@picture
def survival_curves(survival: DataFrame, *, words: Translator, axis: Axes, axis_code: str = "portfolio") -> None:
    """Draw which share is still open so many days after the due date; items open now count as far as they are known.

    All items together are drawn by number and by amount with 95 % bands, the segments of a segmentation by amount.

    Parameters
    ----------
    survival : table `survival`
    words : language and labels
    axis : where to draw
    axis_code : ``portfolio``, or a segmentation
    """
    is_whole = axis_code == "portfolio"
    title = words.t("figure.survival_title" if is_whole else "figure.survival_segments")
    rows = survival[(survival["origin_code"] == "due") & (survival["end_code"] == "open")]
    rows = rows[rows["axis_code"] == axis_code]
    rows = rows if is_whole else rows[rows["weight_code"] == "amount"]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    by, family = ("weight_code", "weight") if is_whole else ("segment_code", "segment")
    codes = sorted(rows[by].unique(), key=place_of_segment)
    for code, (colour, dash) in zip(codes, _strokes(is_whole), strict=False):
        line = rows[rows[by] == code].sort_values("days")
        label = fitted(words.label(family, code), width=24, lines=1)
        axis.plot(line["days"], line["probability"], color=colour, linestyle=dash, drawstyle="steps-post", label=label)
        if is_whole:
            axis.fill_between(
                line["days"], line["low"], line["high"], step="post", color=colour, alpha=0.15, linewidth=0
            )
    axis.axvline(0, color=INK, linewidth=1)
    axis.set_ylim(0, 1.02)
    axis.set_xlim(right=min(float(rows["days"].max()), SURVIVAL_DAYS))
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.delays_axis"))
    ticks(axis, "x", lambda value: words.number(value))
    ticks(axis, "y", lambda value: words.ratio(value, 0))
    legend_below(axis)


def _strokes(is_whole: bool) -> list[tuple[str, Any]]:
    """Colours and dashes of the curves: amount and number apart, segments in turn."""
    if is_whole:
        return [(BLUE, "-"), (MUTED, (0, (4, 2)))]
    return [(colour, dash) for dash in ("-", (0, (4, 2)), (0, (1, 1))) for colour in SERIES]
