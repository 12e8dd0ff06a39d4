"""Pictures of the PDs: their level against the default rates of the years, their intervals, their way over months."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter
from pandas import DataFrame

from riskresearch.report.figures.style import (
    BLUE,
    GREEN,
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

LEVELS: dict[str, tuple[str, str, Any]] = {
    "mean_pd_model": ("figure.mean_pd_model", MUTED, (0, (1, 1.5))),
    "mean_pd_point_in_time": ("figure.mean_pd_point_in_time", ORANGE, (0, (4, 2))),
    "mean_pd": ("figure.mean_pd", INK, "-"),
    "mean_pd_with_margin": ("figure.mean_pd_with_margin", RED, (0, (4, 2))),
}
SEGMENTS = {"reliable": GREEN, "to_watch": ORANGE, "risky": RED}
PD_TICKS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SHOWN_CUSTOMERS = 20
ID_WIDTH = 20


@picture
def pd_level_lines(default_cohorts: DataFrame, pd_levels: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the default rate of each complete year, and the mean PD before and after it is moved to the long run.

    Parameters
    ----------
    default_cohorts : table `default_cohorts`
    pd_levels : table `pd_levels`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.pd_levels_title")
    years = default_cohorts[default_cohorts["default_ratio"].notna() & default_cohorts["is_complete"].fillna(False)]
    if years.empty or pd_levels.empty:
        return not_computable(axis, words, title=title, reason=words.label("reason", "too_few_years"))
    axis.bar(range(len(years)), years["default_ratio"], color=SKY, width=0.6)
    details = [
        words.t("figure.cohorts_bar", hit=words.count(row.n_defaulters), n=words.count(row.n_at_start))
        for row in years.itertuples()
    ]
    axis.set_xticks(range(len(years)), [f"{year}\n{told}" for year, told in zip(years["year"], details, strict=True)])
    known = pd_levels.set_index("level_code")["value"].reindex(list(LEVELS)).dropna()
    handles: list[Artist] = [Patch(color=SKY, label=words.t("figure.year_rate"))]
    for code, value in known.items():
        message_id, colour, dashes = LEVELS[str(code)]
        axis.axhline(value, color=colour, linestyle=dashes, linewidth=1.6)
        name = f"{words.t(message_id)} {words.probability(value)}"
        handles.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=1.6, label=name))
    axis.margins(y=0.15)
    ticks(axis, "y", words.ratio)
    axis.set_title(title)
    legend_below(axis, handles)
    return set_height(axis, 3.9)


@picture
def pd_intervals(scored: DataFrame, *, words: Translator, axis: Axes, n_customers: int = SHOWN_CUSTOMERS) -> None:
    """Draw the PDs of the riskiest customers outside default with their intervals and months of history.

    Parameters
    ----------
    scored : table `scored`
    words : language and labels
    axis : where to draw
    n_customers : customers shown
    """
    title = words.t("figure.pd_intervals_title")
    alive = scored[scored["segment_code"] != "defaulted"]
    if alive.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rows = alive.sort_values(["pd_12m", "customer_id"], ascending=[False, True]).head(n_customers)
    places = np.arange(len(rows))
    axis.set_xscale("log")
    axis.hlines(places, rows["pd_low"], rows["pd_high"], color=SKY, linewidth=5)
    by_model = (rows["customer_status_code"] != "prospect").to_numpy(bool)
    axis.plot(rows.loc[by_model, "pd_12m"], places[by_model], "o", color=BLUE, markersize=6)
    axis.plot(rows.loc[~by_model, "pd_12m"], places[~by_model], marker="D", **HOLLOW)
    months = [words.months(n) for n in rows["n_months_history"]]
    names = [f"{_short(code)} · {n}" for code, n in zip(rows["customer_id"], months, strict=True)]
    name_rows(axis, names)
    axis.tick_params(axis="y", labelsize=7.5)
    _log_ticks(axis, words, "x")
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.pd_intervals_axis"), fontsize=8.5)
    legend_below(axis, _interval_handles(rows, words))
    return set_height(axis, 1.6 + 0.22 * len(rows))


def _short(customer_id: str) -> str:
    """Number of a customer, cut where it is too long to stand beside the picture."""
    cut = customer_id if len(customer_id) <= ID_WIDTH else f"{customer_id[: ID_WIDTH - 1]}…"
    return fitted(cut, width=ID_WIDTH, lines=1)


def _interval_handles(rows: DataFrame, words: Translator) -> list[Artist]:
    """Legend of what is drawn: PD of a customer, of a prospect, and the interval where there is one."""
    is_prospect = rows["customer_status_code"] == "prospect"
    handles: list[Artist] = []
    if not is_prospect.all():
        handles.append(Line2D([], [], marker="o", linestyle="", color=BLUE, label=words.t("figure.pd_customer")))
    if is_prospect.any():
        handles.append(Line2D([], [], marker="D", label=words.t("figure.pd_prospect"), **HOLLOW))
    known = rows["pd_low"].notna().any()
    return [*handles, Patch(color=SKY, label=words.t("figure.refits"))] if known else handles


@picture
def pd_over_months(pd_term_structure: DataFrame, scored: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the mean probability of a default up to each month, by grade.

    Parameters
    ----------
    pd_term_structure : table `pd_term_structure`
    scored : table `scored`
    words : language and labels
    axis : where to draw
    """
    title = words.t("figure.terms_title")
    grades = scored.loc[scored["segment_code"] != "defaulted", ["customer_id", "grade_code", "segment_code"]]
    rows = pd_term_structure.merge(grades, on="customer_id")
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    means = rows.groupby(["grade_code", "segment_code", "horizon_months"])["pd_cumulative"].mean()
    axis.set_yscale("log")
    for (grade, segment), curve in means.groupby(level=[0, 1]):
        months = curve.index.get_level_values("horizon_months").to_numpy(int)
        axis.plot(months, curve.to_numpy(), color=SEGMENTS[str(segment)], linewidth=1.6, marker="o", markersize=2.5)
        axis.annotate(
            str(grade), (months[-1], curve.iloc[-1]), (6, 0), textcoords="offset points", va="center", fontsize=8.5
        )
    _log_ticks(axis, words, "y")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_title(title)
    axis.set_xlabel(words.t("figure.terms_axis"), fontsize=8.5)
    shown = [code for code in SEGMENTS if code in set(rows["segment_code"])]
    legend_below(axis, [Line2D([], [], color=SEGMENTS[code], label=words.label("segment", code)) for code in shown])
    return set_height(axis, 3.7)


def _log_ticks(axis: Axes, words: Translator, side: str) -> None:
    """Ticks of probabilities on a logarithmic axis."""
    target = axis.xaxis if side == "x" else axis.yaxis
    target.set_major_locator(FixedLocator(PD_TICKS))
    target.set_minor_formatter(NullFormatter())
    target.set_tick_params(which="minor", size=0)
    ticks(axis, side, lambda value: words.ratio(value, 2 if value < 0.001 else 1 if value < 0.01 else 0))
