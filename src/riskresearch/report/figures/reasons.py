"""Picture of one customer: how its features lead from the base to its PD, and what changed since the date before."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.report.explained import OTHER, SINCE_DATE, customer_parts
from riskresearch.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    RED,
    RULE,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
)
from riskresearch.report.translator import Translator

PD_MARKS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97)
MOST_MARKS = 5
STEPS_WIDTH, CHANGE_PLACE, CHANGE_WIDTH = 0.6, 0.66, 0.34
MARGIN = 1.12
Floats = NDArray[np.float64]


@picture
def customer_waterfall(
    contributions: DataFrame,
    scored: DataFrame,
    drivers: DataFrame,
    score_changes: DataFrame,
    customer_changes: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    customer_id: str,
    n_parts: int = 8,
) -> None:
    """Draw how groups of features lead from the base to the PD of one customer, and what each changed since.

    Left, steps on the scale of log-odds, marked with the PDs they stand for. Right, on the same scale, the change of
    each step since the observation date before.

    Parameters
    ----------
    contributions, scored, drivers, score_changes, customer_changes : tables of that name
    words : language
    axis : where to draw
    customer_id : the customer
    n_parts : groups shown one by one, the others as one step
    """
    title = words.t("figure.waterfall_title", customer=fitted(customer_id, lines=1))
    parts = customer_parts(contributions, drivers, score_changes, customer_id=customer_id, n_parts=n_parts)
    rated = scored[scored["customer_id"] == customer_id]
    if parts.empty or rated.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_reasons"))
    base = float(contributions.loc[contributions["customer_id"] == customer_id, "base"].iloc[0])
    before = _before(customer_changes, customer_id)
    axis.set_axis_off()
    axis.set_title(title, pad=34)
    steps = axis.inset_axes((0.0, 0.0, STEPS_WIDTH if before is not None else 1.0, 1.0))
    scale = _steps(steps, words, parts, base=base, pd_now=float(rated["pd_12m"].iloc[0]), alone=before is None)
    if before is not None:
        _changes(axis.inset_axes((CHANGE_PLACE, 0.0, CHANGE_WIDTH, 1.0)), words, parts, before, scale)
    handles = [
        Patch(color=RED, label=words.t("figure.raises_here")),
        Patch(color=BLUE, label=words.t("figure.lowers_here")),
    ]
    legend_below(axis, handles)
    set_height(axis, 1.9 + 0.36 * len(parts))
    return None


def _before(customer_changes: DataFrame, customer_id: str) -> Series | None:
    """The change of the customer since the date before, where it can be told part by part."""
    rows = customer_changes[
        (customer_changes["customer_id"] == customer_id)
        & (customer_changes["comparison_code"] == SINCE_DATE)
        & (customer_changes["change_status_code"] == "compared")
    ]
    return rows.iloc[0] if len(rows) else None


def _steps(panel: Axes, words: Translator, parts: DataFrame, *, base: float, pd_now: float, alone: bool) -> float:
    """Draw the steps from base to PD; return log-odds per width of the whole picture."""
    sizes = parts["contribution"].to_numpy(float)
    ends = base + np.cumsum(sizes)
    starts = np.concatenate([[base], ends[:-1]])
    places = np.arange(len(sizes))
    panel.barh(places, sizes, left=starts, color=[RED if size > 0 else BLUE for size in sizes], height=0.66)
    panel.axvline(base, color=MUTED, linewidth=1, linestyle=":")
    panel.axvline(float(ends[-1]), color=INK, linewidth=1)
    low, high = min(base, float(ends.min())), max(base, float(ends.max()))
    width = STEPS_WIDTH if not alone else 1.0
    widest = 0.0 if alone else 2 * float(parts["change"].abs().max()) * width / CHANGE_WIDTH
    span = max(high - low, widest, 0.2) * MARGIN
    middle = (low + high) / 2
    panel.set_xlim(middle - span / 2, middle + span / 2)
    name_rows(panel, [_name(row, words) for _, row in parts.iterrows()])
    marks = _marks(middle - span / 2, middle + span / 2)
    panel.set_xticks(_log_odds(marks), [words.ratio(mark, 0 if mark >= 0.01 else 2) for mark in marks], fontsize=8)
    panel.grid(True, axis="x")
    panel.set_xlabel(words.t("figure.waterfall_axis", pd=words.probability(pd_now)), fontsize=8.5)
    panel.spines["left"].set_color(RULE)
    return span / width


def _changes(panel: Axes, words: Translator, parts: DataFrame, before: Series, scale: float) -> None:
    """Draw the change of each step since the date before, on the scale of the steps."""
    sizes = parts["change"].to_numpy(float)
    panel.barh(np.arange(len(sizes)), sizes, color=[RED if size > 0 else BLUE for size in sizes], height=0.4)
    panel.axvline(0, color=MUTED, linewidth=1)
    half = scale * CHANGE_WIDTH / 2
    panel.set_xlim(-half, half)
    panel.set_ylim(len(sizes) - 0.5, -0.5)
    panel.set_yticks([])
    panel.set_xticks([])
    title = words.t(
        "figure.since",
        date=words.date(before["date_before"], "medium"),
        before=words.probability(before["pd_before"]),
        after=words.probability(before["pd_after"]),
    )
    panel.set_title(title, fontsize=8.5, fontweight="normal", color=INK, pad=4)


def _name(row: Series, words: Translator) -> str:
    n_features = int(row["n_features"])
    if row["group_code"] == OTHER:
        return fitted(words.n("figure.other_groups", n_features), width=30)
    name = words.label("feature", row["feature_code"])
    more = words.t("figure.more_features", n=n_features - 1) if n_features > 1 else ""
    return fitted(f"{name} {more}".strip(), width=30)


def _marks(low: float, high: float) -> list[float]:
    """Round PDs between two log-odds, at most five of them."""
    inside = [mark for mark in PD_MARKS if low <= np.log(mark / (1 - mark)) <= high]
    step = -(-len(inside) // MOST_MARKS) if inside else 1
    return inside[::step]


def _log_odds(marks: list[float]) -> Floats:
    odds = np.asarray(marks, dtype=float)
    return np.asarray(np.log(odds / (1 - odds)), dtype=float)
