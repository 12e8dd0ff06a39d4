"""Pictures of the grades: customers and defaults to expect, observed rates and what few defaults leave possible."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    INK,
    MUTED,
    ORANGE,
    RED,
    SKY,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

BOUND = "pd_upper_90"
PREDICTED: dict[str, Any] = {"markeredgecolor": RED, "markeredgewidth": 1.6, "markersize": 6}
OBSERVED: dict[str, Any] = {"marker": "o", "linestyle": "", "color": BLUE, "markersize": 6}
PROVEN: dict[str, Any] = {"marker": "_", "linestyle": "", "color": ORANGE, "markersize": 16, "markeredgewidth": 2.5}
SMALL: dict[str, Any] = {"fontsize": 8.5, "fontweight": "normal", "color": INK, "pad": 4}
PD_TICKS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
LINEAR_UP_TO = 0.01
SHOWN_FEATURES = 10
WIDEST_DOT = 260


@picture
def grade_quality_bars(grade_quality: DataFrame, grade_estimates: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw customers and expected defaults by grade; below, PD, observed rate and upper bound of the PD.

    Parameters
    ----------
    grade_quality : table `grade_quality`
    grade_estimates : table `grade_estimates`
    words : language
    axis : where to draw
    """
    title = words.t("figure.grades_title")
    if not (grade_quality["n_customers"] > 0).any():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    axis.set_title(title, pad=20)
    axis.set_axis_off()
    rows = grade_quality.sort_values("grade_code")
    _customers(axis.inset_axes((0.0, 0.62, 1.0, 0.38)), rows, words)
    is_tested = grade_estimates["n_rows"].sum() > 0
    known = grade_estimates.set_index("grade_code").reindex(rows["grade_code"])
    handles = [Patch(color=SKY, label=words.t("figure.grade_customers"))]
    if rows["is_concentrated"].fillna(False).any():
        handles.append(Patch(color=ORANGE, label=words.t("figure.grade_concentrated")))
    if is_tested:
        _rates(axis.inset_axes((0.0, 0.06, 1.0, 0.38)), known, words)
        legend_below(axis, [*handles, *_rate_handles(words)])
    else:
        axis.text(0.5, 0.25, words.t("figure.grades_untested"), ha="center", color=MUTED, transform=axis.transAxes)
        legend_below(axis, handles)
    return set_height(axis, 5.2)


def _customers(panel: Axes, rows: DataFrame, words: Translator) -> None:
    """Customers of today by grade, with the defaults to expect of them."""
    colours = [ORANGE if flag else SKY for flag in rows["is_concentrated"].fillna(False)]
    bars = panel.bar(range(len(rows)), rows["n_customers"].astype(float), color=colours, width=0.7)
    told = [
        words.t(
            "figure.grade_expected", n=words.count(row.n_customers), expected=words.number(row.expected_defaults, 1)
        )
        for row in rows.itertuples()
    ]
    panel.bar_label(bars, told, fontsize=7, color=MUTED, padding=2)
    panel.set_xticks(range(len(rows)), list(rows["grade_code"]))
    panel.margins(y=0.22)
    ticks(panel, "y", words.count)
    panel.set_title(words.t("figure.grades_today"), **SMALL)


def _rates(panel: Axes, known: DataFrame, words: Translator) -> None:
    """PD, observed rate and upper bound by grade, on dates whose outcome is known."""
    places = np.arange(len(known))
    panel.set_yscale("symlog", linthresh=LINEAR_UP_TO, linscale=0.6)
    panel.plot(places, known[BOUND].to_numpy(float), **PROVEN)
    panel.plot(places, known["default_ratio"].to_numpy(float), **OBSERVED)
    panel.plot(places, known["pd_mean"].to_numpy(float), marker="D", **(HOLLOW | PREDICTED))
    counts = zip(known.index, known["n_defaults"].fillna(0), known["n_rows"].fillna(0), strict=True)
    panel.set_xticks(places, [f"{grade}\n{words.count(d)} / {words.count(n)}" for grade, d, n in counts])
    panel.set_yticks(PD_TICKS)
    panel.minorticks_off()
    panel.set_ylim(-0.001, 1.3)
    panel.tick_params(axis="x", labelsize=8)
    ticks(panel, "y", lambda value: words.ratio(value, 0))
    panel.set_title(words.t("figure.grades_rates"), **SMALL)


def _rate_handles(words: Translator) -> list[Line2D]:
    return [
        Line2D([], [], marker="D", label=words.t("figure.predicted"), **(HOLLOW | PREDICTED)),
        Line2D([], [], label=words.t("figure.observed"), **OBSERVED),
        Line2D([], [], label=words.t("figure.grade_bound"), **(PROVEN | {"markersize": 9})),
    ]


@picture
def scorecard_dots(
    scorecard_points: DataFrame, *, words: Translator, axis: Axes, n_features: int = SHOWN_FEATURES
) -> None:
    """Draw the points of the strongest features of the scorecard: one dot per bin, the larger the more customers.

    Parameters
    ----------
    scorecard_points : table `scorecard_points`
    words : language and labels
    axis : where to draw
    n_features : features shown, by information value
    """
    title = words.t("figure.scorecard_title")
    if scorecard_points.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    strength = scorecard_points.groupby("feature_code")["iv"].sum().sort_values(ascending=False, kind="stable")
    shown = list(strength.index[:n_features])
    for place, code in enumerate(shown):
        bins = scorecard_points[scorecard_points["feature_code"] == code]
        share = bins["n_rows"] / bins["n_rows"].sum()
        is_known = (bins["bin_code"] == "values").to_numpy(bool)
        axis.hlines(place, bins["points"].min(), bins["points"].max(), color=SKY, linewidth=1.5, zorder=1)
        size = (WIDEST_DOT * share).clip(lower=8).to_numpy(float)
        faces = [BLUE if known else "white" for known in is_known]
        level = np.full(len(bins), place)
        axis.scatter(bins["points"], level, s=size, color=faces, edgecolors=BLUE, zorder=3)
    name_rows(axis, [fitted(words.label("feature", code), width=34) for code in shown])
    axis.tick_params(axis="y", labelsize=8)
    ticks(axis, "x", words.count)
    axis.set_xlabel(words.t("figure.scorecard_axis"), fontsize=8.5)
    axis.set_title(title)
    dot: dict[str, Any] = {"marker": "o", "linestyle": "", "markeredgecolor": BLUE, "markersize": 7}
    known = Line2D([], [], color=BLUE, label=words.t("figure.scorecard_bin"), **dot)
    legend_below(axis, [known, Line2D([], [], color="white", label=words.t("figure.scorecard_missing"), **dot)])
    return set_height(axis, 1.8 + 0.34 * len(shown))
