"""Pictures of the candidates for the default model: against the simple rule, and against the champion."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
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

ABOVE: dict[str, Any] = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center", "fontsize": 8, "color": INK}
NAME_WIDTH = 27


@picture
def model_candidates(model_choice: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the AUC of the candidates out of time, with the interval of their gain over the simple rule.

    Parameters
    ----------
    model_choice : table `model_choice`
    words : language
    axis : where to draw
    """
    title = words.t("figure.candidates_title")
    rows = model_choice[model_choice["auc"].notna()].sort_values("auc", ascending=False, kind="stable")
    if rows.empty:
        return not_computable(axis, words, title=title, reason=_reason(model_choice, words))
    places = np.arange(len(rows))
    rule = rows["auc"] - rows["auc_gain"]
    axis.hlines(places, rule + rows["auc_gain_low"], rule + rows["auc_gain_high"], color=SKY, linewidth=6)
    axis.axvline(float(rule.iloc[0]), color=RED, linewidth=1)
    colours = [RED if row.is_rule else BLUE if row.is_chosen else MUTED for row in rows.itertuples()]
    axis.scatter(rows["auc"], places, s=55, color=colours, zorder=3)
    for place, value in zip(places, rows["auc"], strict=True):
        axis.annotate(words.number(value, 3), (value, place), **ABOVE)
    name_rows(axis, _names(rows, words))
    axis.set_ylim(top=-0.7)
    axis.set_title(title)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ticks(axis, "x", lambda value: words.number(value, 2))
    ruling = rows.loc[rows["is_rule"], "model_code"]
    name = words.label("model", ruling.iloc[0]) if len(ruling) else words.t("figure.rule")
    handles = [
        Patch(color=SKY, label=words.t("figure.gain_interval")),
        Line2D([], [], color=RED, linewidth=1, label=words.t("figure.rule_named", name=name)),
    ]
    legend_below(axis, handles)
    return set_height(axis, 1.7 + 0.42 * len(rows))


@picture
def champion_gains(model_choice: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw by how much the champion separates better than each other candidate, on the same resamples.

    Parameters
    ----------
    model_choice : table `model_choice`
    words : language
    axis : where to draw
    """
    title = words.t("figure.gains_title")
    known = model_choice[model_choice["champion_gain"].notna() & (model_choice["role_code"] != "champion")]
    if known.empty:
        return not_computable(axis, words, title=title, reason=_reason(model_choice, words))
    rows = known.sort_values("champion_gain", kind="stable")
    places = np.arange(len(rows))
    colours = [_verdict(row.champion_gain_low, row.champion_gain_high) for row in rows.itertuples()]
    axis.axvline(0.0, color=INK, linewidth=1)
    axis.hlines(places, rows["champion_gain_low"], rows["champion_gain_high"], color=colours, linewidth=2.5)
    axis.scatter(rows["champion_gain"], places, s=45, color=colours, zorder=3)
    name_rows(axis, _names(rows, words))
    axis.set_title(title)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ticks(axis, "x", lambda value: words.signed(value, 2))
    axis.set_xlabel(words.t("figure.gains_axis"), fontsize=8.5)
    told = {GREEN: "figure.champion_better", MUTED: "figure.gain_not_certain", RED: "figure.champion_worse"}
    legend_below(axis, [Patch(color=colour, label=words.t(text)) for colour, text in told.items() if colour in colours])
    return set_height(axis, 1.8 + 0.34 * len(rows))


def _reason(model_choice: DataFrame, words: Translator) -> str:
    """Why no candidate has an AUC: too few defaulters, as the table says."""
    reasons = model_choice.loc[model_choice["auc"].isna(), "reason_code"].astype(str)
    found = reasons[reasons.str.startswith("too_few")]
    return words.label("reason", found.iloc[0]) if len(found) else words.t("figure.no_model")


def _verdict(low: float, high: float) -> str:
    """Green where the champion is surely better, red where it is surely worse, grey where neither is sure."""
    return GREEN if low > 0 else RED if high < 0 else MUTED


def _names(rows: DataFrame, words: Translator) -> list[str]:
    """Name of each candidate with the parts it plays: champion, simple rule, in use."""
    named = []
    for row in rows.itertuples():
        parts = [words.label("role", row.role_code)] if row.role_code == "champion" else []
        parts += [words.t("figure.rule_to_beat")] if row.is_rule else []
        parts += [words.t("figure.chosen")] if row.is_chosen else []
        name = words.label("model", row.model_code)
        named.append(fitted(f"{name} ({', '.join(parts)})" if parts else name, width=NAME_WIDTH))
    return named
