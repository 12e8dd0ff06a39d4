"""Pictures of limits: by segment, what binds them, the optimum beside simple rules."""

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
    HOLLOW,
    INK,
    MUTED,
    ORANGE,
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
from riskresearch.report.totals import limits_by_binding
from riskresearch.report.totals import limits_by_segment as segment_totals
from riskresearch.report.translator import Translator

QUESTION_COLOURS = {
    "need": BLUE,
    "capacity": SKY,
    "risk": ORANGE,
    "cap": GREEN,
    "floor": RULE,
    "no_amount": MUTED,
    "default": RED,
}
OPTIMA = ("optimum", "optimum_shortfall")


@picture
def limits_by_segment(credit_limits: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw unsecured use, limit in force and proposed limit by business segment.

    Parameters
    ----------
    credit_limits : table `credit_limits`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.limits_title")
    if credit_limits.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = segment_totals(credit_limits)
    parts = {"unsecured_amount": SKY, "current_limit_amount": MUTED, "limit_amount": BLUE}
    shown = {name: colour for name, colour in parts.items() if rows[name].notna().any()}
    places = np.arange(len(rows))
    width = 0.8 / len(shown)
    for shift, (name, colour) in enumerate(shown.items()):
        bars = axis.bar(
            places + (shift - (len(shown) - 1) / 2) * width,
            rows[name].fillna(0.0),
            width=width * 0.94,
            color=colour,
            label=words.t(f"column.{name}"),
        )
        texts = ["" if np.isnan(value) else words.compact(value) for value in rows[name].astype(float)]
        axis.bar_label(bars, texts, padding=2, color=MUTED, fontsize=7.5)
    names = [fitted(words.label("segment", code), width=16) for code in rows["segment_code"]]
    axis.set_xticks(
        places, [f"{name}\n(n = {words.count(n)})" for name, n in zip(names, rows["n_customers"], strict=True)]
    )
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    bottom, top = axis.get_ylim()
    axis.set_ylim(bottom, top * 1.12 if top > 0 else 1.0)
    legend_below(axis)


@picture
def binding_shares(credit_limits: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw which of the four numbers binds, by business segment: share of the customers.

    Parameters
    ----------
    credit_limits : table `credit_limits`
    words : language
    axis : where to draw
    """
    title = words.t("figure.binding_title")
    if credit_limits.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = limits_by_binding(credit_limits)
    wide = rows.pivot_table(
        index="segment_code", columns="binding_question_code", values="n_customers", aggfunc="sum", sort=False
    ).fillna(0.0)
    totals = wide.sum(axis=1)
    places, left = np.arange(len(wide)), np.zeros(len(wide))
    for code, colour in QUESTION_COLOURS.items():
        if code not in wide:
            continue
        shares = (wide[code] / totals).to_numpy(float)
        label = words.label("question", code)
        bars = axis.barh(places, shares, left=left, color=colour, height=0.6, label=label)
        texts = [words.count(n) if share >= 0.04 else "" for n, share in zip(wide[code], shares, strict=True)]
        ink = INK if colour in (SKY, RULE, ORANGE) else "white"
        axis.bar_label(bars, texts, label_type="center", fontsize=8, color=ink)
        left = left + shares
    names = [fitted(words.label("segment", code), width=18) for code in wide.index]
    name_rows(axis, [f"{name} ({words.count(n)})" for name, n in zip(names, totals, strict=True)])
    axis.set_xlim(0, 1)
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    legend_below(axis)
    set_height(axis, 1.7 + 0.42 * len(wide))


@picture
def rules_beside_optimum(optimiser_comparison: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the yearly net value of the optimum and of simple rules at the same expected shortfall.

    Parameters
    ----------
    optimiser_comparison : table `optimiser_comparison`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.rules_title")
    rows = optimiser_comparison.sort_values(["net_value_amount", "rule_code"], ascending=[False, True])
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    colours = [BLUE if code in OPTIMA else SKY for code in rows["rule_code"]]
    bars = axis.barh(np.arange(len(rows)), rows["net_value_amount"], color=colours, height=0.6)
    behind = [
        words.compact(value) if gap == 0 else words.t("figure.behind", value=words.compact(value), gap=_gap(gap, words))
        for value, gap in zip(rows["net_value_amount"], rows["gap_amount"].round(2), strict=True)
    ]
    axis.bar_label(bars, behind, padding=3, fontsize=8, color=MUTED)
    name_rows(axis, [fitted(words.label("simple_rule", code), width=24) for code in rows["rule_code"]])
    top = float(rows["net_value_amount"].max())
    axis.set_xlim(min(0.0, float(rows["net_value_amount"].min())), top * 1.35 if top > 0 else 1.0)
    axis.set_title(title)
    ticks(axis, "x", words.compact)
    return set_height(axis, 1.0 + 0.34 * len(rows))


def _gap(gap: float, words: Translator) -> str:
    """What a rule earns less than the optimum, with its sign."""
    return f"+{words.compact(-gap)}" if gap < 0 else f"−{words.compact(gap)}"


@picture
def shortfall_frontier(optimiser_frontier: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw what more risk would earn: net value against the budget of the expected shortfall.

    Parameters
    ----------
    optimiser_frontier : table `optimiser_frontier`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.frontier_title")
    rows = optimiser_frontier.sort_values("budget_amount")
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    axis.plot(rows["budget_amount"], rows["net_value_amount"], marker="o", markersize=4, label=words.t("figure.best"))
    asked = rows[rows["is_asked"].astype(bool)]
    if len(asked):
        label = words.t("figure.budget_asked")
        axis.plot(
            asked["budget_amount"], asked["net_value_amount"], marker="D", label=label, **(HOLLOW | {"zorder": 4})
        )
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.frontier_axis"))
    axis.set_ylabel(words.t("figure.frontier_value"))
    axis.locator_params(axis="x", nbins=4)
    for side in ("x", "y"):
        ticks(axis, side, lambda value: words.amount(value, 0))
    legend_below(axis)
    return None
