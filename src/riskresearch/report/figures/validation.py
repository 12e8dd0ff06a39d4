"""Pictures of the validation: curves of a model beside the simple rule, measures by quarter and by segment."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    INK,
    MUTED,
    ORANGE,
    RED,
    SKY,
    USUAL_CONFIDENCE,
    fitted,
    interval_name,
    legend_below,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

CHANCE: dict[str, Any] = {"color": MUTED, "linewidth": 1, "linestyle": (0, (4, 2))}
RATIO_MEASURE = "observed_to_expected"
TARGETS = {RATIO_MEASURE: 1.0, "calibration_slope": 1.0}
SEGMENT_AXES = ("customer_type", "size", "tenure", "insured", "country", "sector")
SIZES = ("micro", "small", "medium", "large")
LAST = ("other", "unknown")
MOST_SEGMENTS = 30
LOWEST_SHOWN = -0.3
"""Net benefit below this, as a share of the default rate, is not drawn: selling to none falls without end."""


@picture
def ranking_curves(
    curves: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    model_code: str,
    rule_code: str | None = None,
    curve_code: str = "cap",
) -> None:
    """Draw how many defaulters a model finds first, beside the simple rule and chance.

    Parameters
    ----------
    curves : table `curves`
    words : language and labels
    axis : where to draw
    model_code, rule_code : model and simple rule; None = no rule
    curve_code : ``cap`` (against the share of all rows) or ``roc`` (against the share of the others)
    """
    title = words.t("figure.cap_title" if curve_code == "cap" else "figure.roc_title")
    lines = curves[curves["curve_code"] == curve_code]
    if not (lines["model_code"] == model_code).any():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    axis.plot([0, 1], [0, 1], label=words.t("figure.chance"), **CHANCE)
    for model, colour in ((rule_code, ORANGE), (model_code, BLUE)):
        points = lines[lines["model_code"] == model].sort_values("point")
        if len(points):
            axis.plot(points["x"], points["y"], color=colour, label=fitted(words.label("model", model), lines=1))
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1.01)
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.cap_axis" if curve_code == "cap" else "figure.roc_axis"))
    axis.set_ylabel(words.t("figure.defaulters_found"))
    for side in ("x", "y"):
        ticks(axis, side, lambda value: words.ratio(value, 0))
    legend_below(axis)
    return set_height(axis, 3.9)


@picture
def net_benefit_lines(
    curves: DataFrame, *, words: Translator, axis: Axes, model_code: str, rule_code: str | None = None
) -> None:
    """Draw what refusing by the PD is worth at every threshold, beside the simple rule, selling to all and to none.

    Parameters
    ----------
    curves : table `curves`
    words : language and labels
    axis : where to draw
    model_code, rule_code : model and simple rule; None = no rule
    """
    title = words.t("figure.benefit_title")
    benefit, none = (curves[curves["curve_code"] == code] for code in ("net_benefit", "net_benefit_none"))
    own = benefit[benefit["model_code"] == model_code].sort_values("point")
    if own.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    axis.axhline(0.0, color=INK, linewidth=1, label=words.t("figure.sell_to_all"))
    refused = none[none["model_code"] == model_code].sort_values("point")
    axis.plot(refused["x"], refused["y"], label=words.t("figure.sell_to_none"), **CHANCE)
    for model, colour in ((rule_code, ORANGE), (model_code, BLUE)):
        points = benefit[benefit["model_code"] == model].sort_values("point")
        if len(points):
            axis.plot(points["x"], points["y"], color=colour, label=fitted(words.label("model", model), lines=1))
    top = max(float(own["y"].max()), 1e-6)
    axis.set_ylim(LOWEST_SHOWN * top, 1.08 * top)
    axis.set_xlim(0, float(own["x"].max()))
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.benefit_axis"))
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    ticks(axis, "y", lambda value: words.number(value, 3))
    legend_below(axis)
    return set_height(axis, 3.4)


@picture
def quarter_intervals(
    measures: DataFrame, *, words: Translator, axis: Axes, model_code: str, measure_code: str = "auc"
) -> None:
    """Draw a measure quarter by quarter with its intervals; grey where the model has learnt from the quarter.

    Parameters
    ----------
    measures : table `measures`
    words : language and labels
    axis : where to draw
    model_code : model
    measure_code : measure
    """
    title = fitted(words.t("figure.by_quarter", measure=words.label("measure", measure_code)), width=60)
    rows = measures[(measures["axis_code"] == "quarter") & (measures["measure_code"] == measure_code)]
    rows = rows[(rows["model_code"] == model_code) & rows["value"].notna()].sort_values("part_code")
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    if measure_code in TARGETS:
        axis.axhline(TARGETS[measure_code], color=INK, linewidth=1, linestyle=(0, (4, 2)))
    places = Series(np.arange(len(rows)), index=rows.index)
    for is_first, colour, bar, name in ((True, MUTED, "#c9d2da", "learnt"), (False, BLUE, SKY, "later")):
        part = rows[(rows["sample_code"] == "development") == is_first]
        if len(part):
            label = words.t("figure.quarters_learnt" if name == "learnt" else "figure.quarters_later")
            axis.vlines(places[part.index], part["value_low"], part["value_high"], color=bar, linewidth=6)
            axis.plot(places[part.index], part["value"], "o", color=colour, markersize=6, label=label)
    axis.set_xticks(places, [quarter_name(code, words) for code in rows["part_code"]])
    axis.set_xlim(-0.6, len(rows) - 0.4)
    axis.set_title(title)
    ticks(axis, "y", lambda value: words.number(value, 2))
    axis.xaxis.grid(False)
    legend_below(axis)
    return set_height(axis, 3.0)


def quarter_name(code: str, words: Translator) -> str:
    r"""Return the name of a quarter such as 2024Q3 in two lines.

    Examples
    --------
    >>> from riskresearch.report.translator import translator
    >>> quarter_name("2024Q3", translator("fr"))
    'T3\n2024'
    """
    year, _, number = code.partition("Q")
    return f"{words.t('unit.quarter', n=number)}\n{year}"


@picture
def segment_measures(
    measures: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    model_code: str,
    sample_code: str = "out_of_time",
    measure_code: str = "auc",
    confidence_ratio: float = USUAL_CONFIDENCE,
) -> None:
    """Draw a measure by segment: value, interval, the value steadied for small segments, the whole as a line.

    Parameters
    ----------
    measures : table `measures`
    words : language and labels
    axis : where to draw
    model_code : model
    sample_code : sample
    measure_code : measure
    confidence_ratio : confidence of the intervals of the table
    """
    title = fitted(words.label("measure", measure_code), width=48)
    rows = measures[(measures["model_code"] == model_code) & (measures["sample_code"] == sample_code)]
    rows = rows[(rows["measure_code"] == measure_code) & rows["value"].notna()]
    parts = segments_in_order(rows).head(MOST_SEGMENTS)
    if parts.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    for value in rows.loc[rows["axis_code"] == "all", "value"]:
        axis.axvline(value, color=MUTED, linewidth=1, linestyle=(0, (4, 2)), label=words.label("axis", "all"))
    places = np.arange(len(parts)) + _headings(parts)
    interval = interval_name(confidence_ratio, words)
    axis.hlines(places, parts["value_low"], parts["value_high"], color=SKY, linewidth=5, label=interval)
    colours = [RED if code == "red" else BLUE for code in parts["verdict_code"]]
    axis.scatter(parts["value"], places, s=38, color=colours, zorder=3, label=words.t("figure.measured"))
    axis.plot(parts["value_shrunk"], places, marker="D", label=words.t("figure.steadied"), **(HOLLOW | {"zorder": 4}))
    names = [fitted(words.label("segment", code), width=20, lines=1) for code in parts["part_code"]]
    told = [f"{name} ({words.count(n)})" for name, n in zip(names, parts["n_defaults"], strict=True)]
    _name_places(axis, parts, dict(zip(places, told, strict=True)), words)
    axis.set_title(title)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ticks(axis, "x", lambda value: words.number(value, 1))
    axis.set_xlabel(words.t("figure.segments_axis"), fontsize=8.5)
    legend_below(axis)
    return set_height(axis, 1.6 + 0.24 * float(places[-1] + 1))


def segments_in_order(rows: DataFrame) -> DataFrame:
    """Return the rows of segments of customers: kind, size, age, cover, country, sector; the rest of each last."""
    parts = rows[rows["axis_code"].isin(SEGMENT_AXES)]
    rank = [
        (SEGMENT_AXES.index(axis), code in LAST, SIZES.index(code) if code in SIZES else len(SIZES), str(code))
        for axis, code in zip(parts["axis_code"], parts["part_code"], strict=True)
    ]
    order = sorted(range(len(rank)), key=rank.__getitem__)
    return parts.iloc[order]


def _headings(parts: DataFrame) -> NDArray[np.int64]:
    """How many headings stand above each row: one above the first row of each division."""
    return np.cumsum(_is_first(parts))


def _is_first(parts: DataFrame) -> NDArray[np.bool_]:
    return parts["axis_code"].ne(parts["axis_code"].shift()).to_numpy(bool)


def _name_places(axis: Axes, parts: DataFrame, names: dict[Any, str], words: Translator) -> None:
    """Name the rows, and above the first row of each division the division."""
    first = parts["axis_code"][_is_first(parts)]
    above = [place - 1 for place, is_first in zip(names, _is_first(parts), strict=True) if is_first]
    divisions = dict(zip(above, (words.label("axis", code) for code in first), strict=True))
    shown = dict(sorted((names | divisions).items()))
    axis.set_yticks(list(shown), list(shown.values()))
    for label, place in zip(axis.get_yticklabels(), shown, strict=True):
        if place in divisions:
            label.set(fontweight="bold", color=INK)
    axis.set_ylim(max(names) + 0.7, -0.7)
