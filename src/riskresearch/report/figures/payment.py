"""Pictures of how customers pay: DSO, ageing, delays, concentration."""

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from pandas import DataFrame, Series, Timestamp

from riskresearch.report.figures.style import (
    AGEING,
    BLUE,
    GREEN,
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

DSO_SERIES = {"dso_count_back_days": (BLUE, "-"), "dso_simple_days": (MUTED, (0, (4, 2)))}
MAX_SEGMENTS = 12


@picture
def dso_lines(
    kpis: DataFrame, *, words: Translator, axis: Axes, low_days: float | None = None, high_days: float | None = None
) -> None:
    """Draw DSO over time, count-back and simple, with the bands of the company.

    Parameters
    ----------
    kpis : table `kpis`
    words : language
    axis : where to draw
    low_days, high_days : bands; None = no band is drawn
    """
    title = words.t("figure.dso_title")
    rows = kpis[(kpis["axis_code"] == "portfolio") & kpis["indicator_code"].isin(list(DSO_SERIES))]
    if not rows["value"].notna().any():
        reasons = rows["reason_code"].dropna()
        reason = words.label("reason", reasons.iloc[-1]) if len(reasons) else words.t("figure.no_rows")
        return not_computable(axis, words, title=title, reason=reason)
    rows = rows[rows["observation_date"] >= _start(rows)]
    ends: list[tuple[float, str, str]] = []
    for code, (colour, dash) in DSO_SERIES.items():
        line = rows[rows["indicator_code"] == code].sort_values("observation_date")
        axis.plot(
            line["observation_date"],
            line["value"],
            color=colour,
            linestyle=dash,
            marker="o",
            markersize=3 if len(line) < 4 else 0,
        )
        known = line["value"].dropna()
        if len(known):
            ends.append((float(known.iloc[-1]), words.label("indicator", code), colour))
    _band(axis, words, low_days, GREEN, "figure.band_low")
    _band(axis, words, high_days, RED, "figure.band_high")
    _end_labels(axis, words, ends)
    axis.set_title(title)
    axis.set_ylim(bottom=0)
    ticks(axis, "y", lambda value: words.number(value))
    axis.set_ylabel(words.t("unit.days_short"))
    _months(axis, words)


@picture
def ageing_bars(ageing: DataFrame, *, words: Translator, axis: Axes) -> None:
    """Draw the aged balance over the months as stacked bars.

    Parameters
    ----------
    ageing : table `ageing`
    words : language and currency
    axis : where to draw
    """
    title = words.t("figure.ageing_title")
    if ageing.empty or not (ageing["open_amount"] > 0).any():
        return not_computable(axis, words, title=title, reason=words.label("reason", "nothing_open"))
    wide = ageing.pivot(index="observation_date", columns="bucket_code", values="open_amount").sort_index().fillna(0.0)
    bottom = np.zeros(len(wide))
    places = np.arange(len(wide))
    for bucket, colour in AGEING.items():
        if bucket in wide and wide[bucket].any():
            heights = wide[bucket].to_numpy()
            axis.bar(places, heights, bottom=bottom, width=0.82, color=colour, label=words.label("bucket", bucket))
            bottom = bottom + heights
    shown = places[:: max(1, len(wide) // 5)]
    axis.set_xticks(shown, [words.month(wide.index[place]) for place in shown])
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    legend_below(axis)


@picture
def delay_ranges(delays: DataFrame, *, words: Translator, axis: Axes, axis_code: str = "size") -> None:
    """Draw the spread of payment delays by segment: 10–90 %, 25–75 % and the middle receipt.

    Parameters
    ----------
    delays : table `delays`
    words : language
    axis : where to draw
    axis_code : segmentation to show beside the portfolio
    """
    title = words.t("figure.delays_title")
    parts = delays[delays["axis_code"] == axis_code]
    rows = pd.concat([delays[delays["axis_code"] == "portfolio"], parts if len(parts) > 1 else parts.head(0)])
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.label("reason", "no_receipts_in_window"))
    rows = rows.assign(is_whole=rows["axis_code"] == "portfolio")
    rows = rows.sort_values(["is_whole", "paid_amount"], ascending=[False, False]).head(MAX_SEGMENTS)
    places = np.arange(len(rows))
    axis.hlines(places, rows["days_late_p10"], rows["days_late_p90"], color=SKY, linewidth=3)
    axis.hlines(places, rows["days_late_p25"], rows["days_late_p75"], color=BLUE, linewidth=7)
    axis.plot(rows["days_late_p50"], places, "o", color="white", markeredgecolor=INK, markersize=6)
    axis.axvline(0, color=MUTED, linewidth=1)
    names = [
        words.label("segment", "all" if whole else code)
        for whole, code in zip(rows["is_whole"], rows["segment_code"], strict=True)
    ]
    name_rows(
        axis,
        [f"{fitted(name, width=20)} (n = {words.count(n)})" for name, n in zip(names, rows["n_receipts"], strict=True)],
    )
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.number(value))
    axis.set_xlabel(words.t("figure.delays_axis"))
    middle = Line2D(
        [], [], marker="o", linestyle="", color="white", markeredgecolor=INK, label=words.t("figure.middle")
    )
    bars = [Patch(color=colour, label=words.t(text)) for colour, text in ((SKY, "figure.most"), (BLUE, "figure.half"))]
    legend_below(axis, [*bars, middle])
    set_height(axis, 1.4 + 0.32 * len(rows))


@picture
def concentration_bars(concentration: DataFrame, *, words: Translator, axis: Axes, axis_code: str = "customer") -> None:
    """Draw the share of the largest customers in sales and in receivables.

    Parameters
    ----------
    concentration : table `concentration`
    words : language
    axis : where to draw
    axis_code : what is concentrated: customer, group, sector, country
    """
    title = words.t("figure.concentration_title")
    rows = concentration[
        (concentration["axis_code"] == axis_code) & concentration["measure_code"].str.fullmatch(r"top_\d+_ratio")
    ]
    if rows.empty:
        return not_computable(axis, words, title=title, reason=words.t("figure.no_rows"))
    rank = rows["measure_code"].str.extract(r"(\d+)", expand=False).astype(int)
    wide = rows.assign(rank=rank).pivot(index="rank", columns="base_code", values="value").sort_index()
    bases = [base for base in ("sales_12m", "exposure") if base in wide]
    places = np.arange(len(wide))
    for shift, (base, colour) in enumerate(zip(bases, (SKY, BLUE), strict=False)):
        bars = axis.barh(
            places + (shift - (len(bases) - 1) / 2) * 0.38,
            wide[base],
            height=0.36,
            color=colour,
            label=words.label("base", base),
        )
        axis.bar_label(bars, [words.ratio(value, 0) for value in wide[base]], padding=3, color=MUTED, fontsize=8)
    name_rows(axis, [words.n("figure.top", int(x)) for x in wide.index])
    axis.set_xlim(0, 1.05)
    axis.set_title(title)
    ticks(axis, "x", lambda value: words.ratio(value, 0))
    legend_below(axis)
    set_height(axis, 1.6 + 0.45 * len(wide))


def _start(rows: DataFrame) -> Timestamp:
    """First date with a count-back DSO, before which the sales are too short to divide by; else the first date."""
    known = rows[(rows["indicator_code"] == "dso_count_back_days") & rows["value"].notna()]
    return (known if len(known) else rows)["observation_date"].min()


def _band(axis: Axes, words: Translator, days: float | None, colour: str, message_id: str) -> None:
    if days is None:
        return
    axis.axhline(days, color=colour, linewidth=1, alpha=0.8)
    axis.annotate(
        words.t(message_id, days=words.threshold_days(days)),
        (0, days),
        xycoords=("axes fraction", "data"),
        xytext=(2, 3),
        textcoords="offset points",
        color=colour,
        fontsize=8,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def _end_labels(axis: Axes, words: Translator, ends: list[tuple[float, str, str]]) -> None:
    """Name the lines at their right end; two close ends are moved apart."""
    below_first = sorted(ends)
    close = len(below_first) == 2 and below_first[1][0] - below_first[0][0] < 0.2 * axis.get_ylim()[1]
    shifts = (-11.0, 11.0) if close else (0.0, 0.0)
    for (value, name, colour), shift in zip(below_first, shifts, strict=False):
        axis.annotate(
            f"{fitted(name, width=14, lines=3)}\n{words.days(value)}",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(6, shift * 1.4),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8,
            annotation_clip=False,
        )


def _months(axis: Axes, words: Translator) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(lambda value, place: words.month(mdates.num2date(value).replace(tzinfo=None)))
    axis.grid(axis="x", visible=False)
    axis.spines["bottom"].set_color(RULE)


def dso_ends(kpis: DataFrame) -> Series:
    """Return first and last known DSO (count-back) with their dates, for the alternative text; empty where none is."""
    rows = kpis[(kpis["axis_code"] == "portfolio") & (kpis["indicator_code"] == "dso_count_back_days")]
    known = rows[rows["value"].notna()].sort_values("observation_date").set_index("observation_date")["value"]
    return known.iloc[[0, -1]] if len(known) else known
