"""Pictures of what moved: the DSO by cause, its level over time, customers that pay slower or faster."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.figures.payment import months_below
from riskresearch.report.figures.style import (
    BLUE,
    HOLLOW,
    INK,
    MUTED,
    ORANGE,
    RED,
    RULE,
    fitted,
    legend_below,
    name_rows,
    not_computable,
    picture,
    set_height,
    ticks,
)
from riskresearch.report.translator import Translator

EFFECTS = ("mix", "terms", "lateness", "no_due_date")
WHOLE = "all"
MOVES_SHOWN = 12
ROOM = 0.18
WIDE = 0.15


@picture
def dso_waterfall(dso_changes: DataFrame, *, words: Translator, axis: Axes, axis_code: str | None = None) -> None:
    """Draw how mix, terms and lateness lead from the DSO of one date to that of another.

    Parameters
    ----------
    dso_changes : table `dso_changes`
    words : language
    axis : where to draw
    axis_code : segmentation that mix refers to; None = the first of the table
    """
    title = words.t("figure.dso_change_title")
    rows = whole_change(dso_changes, axis_code)
    if not rows["change_days"].notna().any():
        reasons = rows["reason_code"].dropna()
        reason = words.label("reason", reasons.iloc[0]) if len(reasons) else words.t("figure.no_rows")
        return not_computable(axis, words, title=title, reason=reason)
    sizes = rows["change_days"].to_numpy("float64")
    start, end = float(rows["dso_start_days"].iloc[0]), float(rows["dso_end_days"].iloc[0])
    lefts = start + np.concatenate([[0.0], np.cumsum(sizes)[:-1]])
    bars = axis.barh(range(len(sizes)), sizes, left=lefts, height=0.6, color=[RED if s > 0 else BLUE for s in sizes])
    _name_steps(axis, bars, [words.signed(size) for size in sizes], wide=np.abs(sizes) > WIDE * np.abs(sizes).sum())
    name_rows(axis, [fitted(words.label("effect", code), width=30) for code in rows["effect_code"]])
    _ends(axis, words, rows, start, end)
    axis.set_title(title, pad=30)
    reach = [start, end, *lefts, *(lefts + sizes)]
    room = max(ROOM * float(np.ptp(reach)), 0.5)
    axis.set_xlim(min(reach) - room, max(reach) + room)
    ticks(axis, "x", lambda value: words.number(value, 0 if np.ptp(axis.get_xlim()) > 6 else 1))
    axis.set_xlabel(words.t("figure.dso_change_axis"))
    handles = [
        Patch(color=RED, label=words.t("figure.adds_days")),
        Patch(color=BLUE, label=words.t("figure.takes_days")),
    ]
    legend_below(axis, handles)
    set_height(axis, 1.9 + 0.34 * len(sizes))


def _name_steps(axis: Axes, bars: BarContainer, names: list[str], *, wide: np.ndarray) -> None:
    """Write the size of each step: inside where it has room, else beside it."""
    inside = [name if has_room else "" for name, has_room in zip(names, wide, strict=True)]
    beside = ["" if has_room else name for name, has_room in zip(names, wide, strict=True)]
    axis.bar_label(bars, inside, label_type="center", color="white", fontsize=8.5)
    for text in axis.bar_label(bars, beside, padding=5, color=INK, fontsize=8.5):
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])


def whole_change(dso_changes: DataFrame, axis_code: str | None = None) -> DataFrame:
    """Return the effects of all segments together, in order; an effect without any part is left out."""
    if dso_changes.empty:
        return dso_changes
    chosen = axis_code if axis_code is not None else dso_changes["axis_code"].iloc[0]
    rows = dso_changes[(dso_changes["axis_code"] == chosen) & (dso_changes["segment_code"] == WHOLE)]
    rows = rows.set_index("effect_code").reindex([code for code in EFFECTS if code in set(rows["effect_code"])])
    return rows[(rows.index != "no_due_date") | (rows["change_days"] != 0)].reset_index()


def _ends(axis: Axes, words: Translator, rows: DataFrame, start: float, end: float) -> None:
    """Lines at the DSO of both dates, named on top, the earlier one to the side where it stands."""
    for value, day, colour, is_left in (
        (start, rows["start_date"].iloc[0], MUTED, start <= end),
        (end, rows["end_date"].iloc[0], INK, start > end),
    ):
        axis.axvline(value, color=colour, linewidth=1.2)
        axis.annotate(
            f"{words.month(day)}\n{words.days(value)}",
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if is_left else 3, 3),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="bottom",
            color=colour,
            fontsize=8,
        )


@picture
def level_chart(
    kpis: DataFrame,
    level_changes: DataFrame,
    *,
    words: Translator,
    axis: Axes,
    indicator_code: str = "dso_count_back_days",
) -> None:
    """Draw an indicator month by month with the levels it kept, and where it moved to another by more than chance.

    Parameters
    ----------
    kpis : table `kpis`
    level_changes : table `level_changes`
    words : language and labels
    axis : where to draw
    indicator_code : indicator shown
    """
    title = fitted(words.t("figure.levels_title", indicator=words.label("indicator", indicator_code)), width=62)
    line = kpis[(kpis["indicator_code"] == indicator_code) & kpis["value"].notna()].sort_values("observation_date")
    if line.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    axis.plot(line["observation_date"], line["value"], color=MUTED, linewidth=1.2, marker="o", markersize=3.5)
    changes = level_changes[level_changes["series_code"] == indicator_code].sort_values("change_date")
    days = line["observation_date"]
    borders = [days.iloc[0], *changes["change_date"], days.iloc[-1]]
    levels = [*changes["level_before"].head(1), *changes["level_after"]]
    for level, first, last in zip(levels, borders, borders[1:], strict=False):
        axis.plot([first, last], [level, level], color=BLUE, linewidth=2.5)
    for change in changes.itertuples():
        _change_mark(axis, words, Series(change._asdict()), str(line["unit_code"].iloc[0]))
    axis.set_title(title, pad=24 if len(changes) else 12)
    unit = str(line["unit_code"].iloc[0])
    ticks(axis, "y", lambda value: words.number(value) if unit == "days" else with_unit(value, unit, words))
    months_below(axis, words, days)
    monthly = Line2D(
        [], [], color=MUTED, marker="o", markersize=3.5, linewidth=1.2, label=words.t("figure.month_by_month")
    )
    legend_below(axis, [monthly, *([Line2D([], [], color=BLUE, label=words.t("figure.level"))] if levels else [])])


def _change_mark(axis: Axes, words: Translator, change: Series, unit: str) -> None:
    axis.axvline(change["change_date"], color=ORANGE, linewidth=1.2, linestyle=(0, (4, 2)))
    size = words.signed(change["change_size"]) if unit == "days" else with_unit(change["change_size"], unit, words)
    axis.annotate(
        f"{words.month(change['change_date'])}: {size}",
        (change["change_date"], 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=INK,
        fontsize=8,
    )


@picture
def moved_customers(
    customer_moves: DataFrame, *, words: Translator, axis: Axes, n_customers: int = MOVES_SHOWN
) -> None:
    """Draw the customers whose days beyond terms changed most in cash: before and now.

    Parameters
    ----------
    customer_moves : table `customer_moves`
    words : language
    axis : where to draw
    n_customers : customers shown
    """
    title = words.t("figure.moves_title")
    rows = largest_moves(customer_moves)
    rows = rows[rows["days_beyond_terms_change"].notna() & rows["move_code"].isin(["slower", "faster"])]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.nobody_moved"))
    rows = rows.head(n_customers)
    before, now = rows["days_beyond_terms_before"].to_numpy(float), rows["days_beyond_terms"].to_numpy(float)
    places = np.arange(len(rows))
    colours = [RED if later > earlier else BLUE for earlier, later in zip(before, now, strict=True)]
    axis.hlines(places, before, now, color=colours, linewidth=3)
    axis.plot(before, places, "o", zorder=3, **HOLLOW)
    axis.scatter(now, places, color=colours, s=46, zorder=3)
    name_rows(axis, [fitted(str(name), width=24, lines=1) for name in rows["customer_id"]])
    axis.set_title(title)
    axis.margins(x=0.08)
    ticks(axis, "x", lambda value: words.number(value))
    axis.set_xlabel(words.t("figure.delays_axis"))
    axis.spines["left"].set_color(RULE)
    legend_below(axis, _move_handles(words, rows))
    set_height(axis, 1.6 + 0.26 * len(rows))


def _move_handles(words: Translator, rows: DataFrame) -> list[Line2D]:
    compared = words.date(rows["compared_date"].iloc[0], "medium")
    handles = [Line2D([], [], marker="o", label=compared, **HOLLOW)]
    for code, colour in (("slower", RED), ("faster", BLUE)):
        if (rows["move_code"] == code).any():
            label = words.t("figure.now_slower" if code == "slower" else "figure.now_faster")
            handles.append(Line2D([], [], marker="o", linestyle="", color=colour, label=label))
    return handles


def largest_moves(customer_moves: DataFrame) -> DataFrame:
    """Return the moves in order of the cash they bind or free, then of the overdue amount they add or take."""
    keys = {
        "by_cash": customer_moves["cost_days_amount"].abs().fillna(0.0),
        "by_overdue": customer_moves["overdue_amount_change"].abs(),
    }
    order = customer_moves.assign(**keys).sort_values(
        ["by_cash", "by_overdue", "customer_id"], ascending=[False, False, True], ignore_index=True
    )
    return order.drop(columns=list(keys))
