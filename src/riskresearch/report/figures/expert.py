"""Pictures of the expert rating: what it rests on, and how much each weight decides."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
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

SHARES = {"behaviour": BLUE, "accounts": GREEN, "external": ORANGE, "questionnaire": SKY, "prior": RULE}
BANDS = (
    (0, 0, "figure.history_none"),
    (1, 11, "figure.history_year"),
    (12, 35, "figure.history_years"),
    (36, None, "figure.history_long"),
)
SMALLEST_NAMED = 0.07
FINE_BELOW = 0.1
LIGHT = ("external", "questionnaire", "prior")


@picture
def rating_shares(expert_ratings: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw what the expert rating rests on by months of history: mean share of each source and of the prior.

    Customers no longer active are left out.

    Parameters
    ----------
    expert_ratings : table `expert_ratings`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.shares_title")
    rated = expert_ratings[expert_ratings["customer_status_code"] != "inactive"]
    if rated.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    months = rated["n_months_history"]
    parts = [(name, rated[months.between(low, np.inf if high is None else high)]) for low, high, name in BANDS]
    parts = [(name, rows) for name, rows in parts if len(rows)]
    columns = [f"{code}_share_ratio" for code in SHARES]
    means = pd.DataFrame([rows[columns].mean() for _, rows in parts])
    left = np.zeros(len(parts))
    for code, column in zip(SHARES, columns, strict=True):
        width = means[column].to_numpy(float)
        bars = axis.barh(
            range(len(parts)),
            width,
            left=left,
            color=SHARES[code],
            height=0.62,
            label=words.label("rating_weight", code),
        )
        told = [words.ratio(value, 0) if value >= SMALLEST_NAMED else "" for value in width]
        axis.bar_label(bars, told, label_type="center", fontsize=7.5, color=INK if code in LIGHT else "white")
        left = left + width
    name_rows(axis, [words.t(name, n=words.count(len(rows))) for name, rows in parts])
    axis.set_xlim(0, 1)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    axis.set_title(title)
    legend_below(axis)
    return set_height(axis, 1.7 + 0.4 * len(parts))


@picture
def weight_moves(weight_sensitivity: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the share of customers whose expert grade changes when the weight of one source is moved.

    Parameters
    ----------
    weight_sensitivity : table `weight_sensitivity`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.weights_title")
    rows = weight_sensitivity[weight_sensitivity["weight_level_code"] == "source"]
    if rows.empty or not (rows["n_customers"] > 0).any():
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    wide = rows.pivot(index="rating_weight_code", columns="move_direction_code", values="grades_changed_ratio")
    order = [code for code in SHARES if code in wide.index]
    wide = wide.reindex(index=order, columns=["up", "down"]).astype(float)
    for offset, (direction, colour) in zip((-0.19, 0.19), (("up", BLUE), ("down", SKY)), strict=True):
        places = np.arange(len(order)) + offset
        name = words.label("move_direction", direction)
        bars = axis.barh(places, wide[direction].to_numpy(), height=0.34, color=colour, label=name)
        told = ["" if np.isnan(value) else words.ratio(value, 1) for value in wide[direction]]
        axis.bar_label(bars, told, padding=3, fontsize=7.5, color=MUTED)
    name_rows(axis, [_moved(rows, code, words) for code in order])
    axis.margins(x=0.12)
    decimals = 0 if np.nanmax(wide.to_numpy(), initial=0.0) > FINE_BELOW else 1
    ticks(axis, "x", lambda value: words.ratio(value, decimals))
    axis.set_xlabel(words.t("figure.weights_axis"), fontsize=8.5)
    axis.set_title(title)
    legend_below(axis)
    return set_height(axis, 1.8 + 0.42 * len(order))


def _moved(rows: DataFrame, code: str, words: Translator) -> str:
    """Name of a source with its weight and the weights it is moved to."""
    own = rows[rows["rating_weight_code"] == code].set_index("move_direction_code")
    ends = [words.ratio(own.loc[way, "moved_weight_ratio"], 0) for way in ("down", "up") if way in own.index]
    weight = words.ratio(own["weight_ratio"].iloc[0], 0)
    name = fitted(words.label("rating_weight", code), width=27, lines=1)
    return f"{name}\n{weight} → {' / '.join(ends)}"
