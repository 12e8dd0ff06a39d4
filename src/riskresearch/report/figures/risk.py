"""Pictures of risk: reliability of the PDs, drivers, reasons of a customer."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    INK,
    MUTED,
    RED,
    RULE,
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

PD_TICKS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LINEAR_UP_TO = 0.01
PREDICTED: dict[str, Any] = {"markeredgecolor": RED, "markeredgewidth": 1.8, "markersize": 7}


@picture
def reliability_plot(reliability: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw predicted and observed default rate by grade, with the interval of the observed rate.

    Parameters
    ----------
    reliability : table `reliability`
    words : language
    axis : where to draw
    """
    title = words.t("figure.reliability_title")
    if reliability.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    rows = reliability.sort_values("grade_code")
    places = np.arange(len(rows))
    axis.set_yscale("symlog", linthresh=LINEAR_UP_TO, linscale=0.7)
    axis.vlines(places, rows["default_low"], rows["default_high"], color=SKY, linewidth=6)
    axis.plot(places, rows["default_ratio"], "o", color=BLUE, markersize=7, label=words.t("figure.observed"))
    axis.plot(places, rows["pd_mean"], marker="D", label=words.t("figure.predicted"), **(HOLLOW | PREDICTED))
    names = [
        f"{grade}\n{words.count(d)} / {words.count(n)}"
        for grade, d, n in zip(rows["grade_code"], rows["n_defaults"], rows["n_rows"], strict=True)
    ]
    axis.set_xticks(places, names)
    axis.set_xlim(-0.6, len(rows) - 0.4)
    axis.set_ylim(-0.001, 1.05)
    axis.set_yticks(PD_TICKS)
    axis.minorticks_off()
    axis.set_title(title)
    ticks(axis, "y", lambda value: words.ratio(value, 1 if 0 < value < 0.01 else 0))
    axis.set_xlabel(words.t("figure.reliability_axis"))
    handles = [*axis.get_legend_handles_labels()[0], Patch(color=SKY, label=words.t("figure.interval"))]
    legend_below(axis, handles)
    set_height(axis, 3.7)


@picture
def drivers_bars(drivers: DataFrame, *, words: Translator, axis: Axes, n_drivers: int = 8) -> None:
    """Draw the strongest drivers of the PD over all customers, with the direction of their effect.

    Parameters
    ----------
    drivers : table `drivers`
    words : language
    axis : where to draw
    n_drivers : drivers shown
    """
    title = words.t("figure.drivers_title")
    if drivers.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_model"))
    rows = drivers.sort_values(["importance_ratio", "feature_code"], ascending=[False, True]).head(n_drivers)
    colours = [_effect_colour(value) for value in rows["value_correlation"]]
    places = np.arange(len(rows))
    bars = axis.barh(places, rows["importance_ratio"], color=colours, height=0.66)
    axis.bar_label(
        bars, [words.ratio(value, 0) for value in rows["importance_ratio"]], padding=3, color=MUTED, fontsize=8
    )
    name_rows(axis, [fitted(words.label("feature", code), width=30) for code in rows["feature_code"]])
    axis.set_xlim(0, max(float(rows["importance_ratio"].max()) * 1.15, 0.01))
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    effects = {RED: "figure.raises", BLUE: "figure.lowers", MUTED: "figure.mixed"}
    handles = [Patch(color=colour, label=words.t(text)) for colour, text in effects.items() if colour in colours]
    legend_below(axis, handles)
    set_height(axis, 1.5 + 0.34 * len(rows))


@picture
def customer_waterfall(
    contributions: DataFrame, scored: DataFrame, *, words: Translator, axis: Axes, customer_id: str, n_features: int = 7
) -> None:
    """Draw how the reasons lead from the base to the log-odds of one customer.

    Parameters
    ----------
    contributions : table `contributions`
    scored : table `scored`
    words : language
    axis : where to draw
    customer_id : the customer
    n_features : contributions shown one by one; the others as one step
    """
    title = words.t("figure.waterfall_title", customer=fitted(customer_id, lines=1))
    rows = contributions[contributions["customer_id"] == customer_id]
    end = scored.loc[scored["customer_id"] == customer_id, ["score", "pd_12m"]]
    if rows.empty or end["score"].isna().all():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_reasons"))
    order = rows["contribution"].abs().sort_values(ascending=False, kind="stable").index
    steps = rows.loc[order[:n_features], ["feature_code", "contribution"]]
    names = [fitted(words.label("feature", code), width=30) for code in steps["feature_code"]]
    sizes = list(steps["contribution"])
    if len(order) > n_features:
        names.append(words.n("figure.other_features", len(order) - n_features))
        sizes.append(float(rows.loc[order[n_features:], "contribution"].sum()))
    score = float(end["score"].iloc[0])
    starts = np.concatenate([[score - sum(sizes)], score - sum(sizes) + np.cumsum(sizes)[:-1]])
    places = np.arange(len(sizes))
    axis.barh(places, sizes, left=starts, color=[RED if size > 0 else BLUE for size in sizes], height=0.66)
    axis.axvline(float(starts[0]), color=MUTED, linewidth=1)
    axis.axvline(score, color=INK, linewidth=1)
    name_rows(axis, names)
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.number(value, 1))
    axis.set_xlabel(words.t("figure.waterfall_axis", pd=words.probability(end["pd_12m"].iloc[0])))
    axis.spines["left"].set_color(RULE)
    handles = [
        Patch(color=RED, label=words.t("figure.raises_here")),
        Patch(color=BLUE, label=words.t("figure.lowers_here")),
    ]
    legend_below(axis, handles)
    set_height(axis, 1.8 + 0.34 * len(sizes))


def _effect_colour(correlation: float) -> str:
    """Red where a higher value raises the PD, blue where it lowers it, grey where it does neither clearly."""
    if np.isnan(correlation) or abs(correlation) < 0.2:
        return MUTED
    return RED if correlation > 0 else BLUE
