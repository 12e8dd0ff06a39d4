"""Pictures of how customers pay: DSO, ageing, delays."""

from collections.abc import Sequence

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

OCHRE = "#a05f00"
LABEL_ROOM = 0.2
MONTHS_NAMED = 6
DSO_SERIES = {
    "dso_count_back_days": (BLUE, "-"),
    "dso_simple_days": (MUTED, (0, (4, 2))),
    "dso_best_possible_days": (OCHRE, (0, (1, 1))),
}
BUCKETS = {
    "not_due": AGEING["not_due"],
    "0_30": AGEING["not_due"],
    **{code: AGEING[code] for code in ("1_30", "31_60", "61_90", "over_90")},
    "91_120": AGEING["over_90"],
    "over_120": "#4f1509",
    "no_due_date": AGEING["no_due_date"],
}
AGEING_MONTHS = 13
MAX_SEGMENTS = 12


@picture
def dso_lines(
    kpis: DataFrame, *, words: Translator, axis: Axes, low_days: float | None = None, high_days: float | None = None
) -> None:
    """Draw DSO over time – count-back, simple and best possible – with the bands of the company.

    Where due dates are an assumption, whiskers at the last date show the bounds of what depends on them.

    Parameters
    ----------
    kpis : table `kpis`
    words : language
    axis : where to draw
    low_days, high_days : bands; None = no band is drawn
    """
    title = words.t("figure.dso_title")
    rows = kpis[kpis["indicator_code"].isin(list(DSO_SERIES))]
    if not rows["value"].notna().any():
        reasons = rows["reason_code"].dropna()
        reason = words.label("reason", reasons.iloc[-1]) if len(reasons) else words.t("figure.no_rows")
        return not_computable(axis, words, title=title, reason=reason)
    rows = rows[rows["observation_date"] >= _start(rows)].sort_values("observation_date")
    ends = [_dso_line(axis, words, rows[rows["indicator_code"] == code], code) for code in DSO_SERIES]
    axis.set_title(title)
    axis.set_ylim(bottom=0, top=_top(rows, low_days, high_days))
    _band(axis, words, low_days, GREEN, "figure.band_low")
    _band(axis, words, high_days, RED, "figure.band_high")
    _end_labels(axis, words, [end for end in ends if end is not None])
    ticks(axis, "y", lambda value: words.number(value))
    axis.set_ylabel(words.t("unit.days_short"))
    months_below(axis, words, rows["observation_date"])


def _dso_line(axis: Axes, words: Translator, line: DataFrame, code: str) -> tuple[float, str, str] | None:
    """Draw one series; return its last value, its name and its colour."""
    known = line[line["value"].notna()]
    if known.empty:
        return None
    colour, dash = DSO_SERIES[code]
    size = 3 if len(line) < 4 else 0
    axis.plot(line["observation_date"], line["value"], color=colour, linestyle=dash, marker="o", markersize=size)
    last = known.iloc[-1]
    if pd.notna(last["value_low"]) and pd.notna(last["value_high"]):
        reach = [[last["value"] - last["value_low"]], [last["value_high"] - last["value"]]]
        axis.errorbar(last["observation_date"], last["value"], yerr=reach, color=colour, elinewidth=1.5, capsize=4)
    return float(last["value"]), words.label("indicator", code), colour


def _top(rows: DataFrame, *bands: float | None) -> float:
    highest = rows[["value", "value_high"]].max().max()
    return 1.12 * max(float(highest), *(band for band in bands if band is not None), 1.0)


@picture
def ageing_bars(
    ageing: DataFrame, *, words: Translator, axis: Axes, basis_code: str = "due_date", n_dates: int = AGEING_MONTHS
) -> None:
    """Draw the aged balance over the months as stacked bars.

    Parameters
    ----------
    ageing : table `ageing`
    words : language and currency
    axis : where to draw
    basis_code : days counted from ``due_date`` or from ``invoice_date``
    n_dates : dates shown, the latest ones
    """
    title = words.t("figure.ageing_title" if basis_code == "due_date" else "figure.ageing_issue_title")
    rows = ageing[ageing["basis_code"] == basis_code]
    rows = rows[rows["observation_date"].isin(sorted(rows["observation_date"].unique())[-n_dates:])]
    if rows.empty or not (rows["open_amount"] > 0).any():
        return not_computable(axis, words, title=title, reason=words.label("reason", "nothing_open"))
    wide = rows.pivot(index="observation_date", columns="bucket_code", values="open_amount").sort_index().fillna(0.0)
    bottom = np.zeros(len(wide))
    places = np.arange(len(wide))
    for bucket, colour in BUCKETS.items():
        if bucket in wide and wide[bucket].any():
            heights = wide[bucket].to_numpy()
            axis.bar(places, heights, bottom=bottom, width=0.82, color=colour, label=words.label("bucket", bucket))
            bottom = bottom + heights
    shown = places[:: -max(1, len(wide) // 4)][::-1]
    axis.set_xticks(shown, [words.month(wide.index[place]) for place in shown])
    axis.set_title(title)
    ticks(axis, "y", words.compact)
    axis.grid(axis="x", visible=False)
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
    """Name the lines at their right end; names that would overlap are moved apart."""
    ordered = sorted(ends)
    room = LABEL_ROOM * axis.get_ylim()[1]
    heights = apart([value for value, _, _ in ordered], room)
    for (value, name, colour), height in zip(ordered, heights, strict=True):
        axis.annotate(
            f"{fitted(name, width=18, lines=2)}\n{words.days(value)}",
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=8,
            annotation_clip=False,
        )


def apart(values: Sequence[float], room: float) -> list[float]:
    """Return rising values moved up and down until neighbours are `room` apart, their middle where it was.

    Examples
    --------
    >>> apart([10.0, 11.0, 40.0], 4.0)
    [8.5, 12.5, 40.0]
    """
    groups: list[tuple[list[float], float]] = []
    for value in values:
        groups.append(([value], value))
        while len(groups) > 1 and _low(groups[-1], room) - _high(groups[-2], room) < room:
            joined = groups[-2][0] + groups[-1][0]
            groups[-2:] = [(joined, sum(joined) / len(joined))]
    return [_low(group, room) + place * room for group in groups for place in range(len(group[0]))]


def _low(group: tuple[list[float], float], room: float) -> float:
    return group[1] - room * (len(group[0]) - 1) / 2


def _high(group: tuple[list[float], float], room: float) -> float:
    return group[1] + room * (len(group[0]) - 1) / 2


def months_below(axis: Axes, words: Translator, dates: Sequence[Timestamp] | Series) -> None:
    """Name some of the dates below a time axis, the last one always."""
    known = sorted(set(dates))
    step = max(1, -(-len(known) // MONTHS_NAMED))
    shown = known[::-step][::-1]
    axis.set_xticks(shown, [words.month(day) for day in shown])
    axis.grid(axis="x", visible=False)
    axis.spines["bottom"].set_color(RULE)


def dso_ends(kpis: DataFrame) -> Series:
    """Return first and last known DSO (count-back) with their dates, for the alternative text; empty where none is."""
    rows = kpis[kpis["indicator_code"] == "dso_count_back_days"]
    known = rows[rows["value"].notna()].sort_values("observation_date").set_index("observation_date")["value"]
    return known.iloc[[0, -1]] if len(known) else known
