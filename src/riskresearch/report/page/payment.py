"""Chapter: how customers pay."""

import pandas as pd
from pandas import DataFrame

from riskresearch.report.cells import Grid, with_unit
from riskresearch.report.figures.payment import ageing_bars, concentration_bars, delay_ranges, dso_ends, dso_lines
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, pair
from riskresearch.report.page.findings import concentration_sentence
from riskresearch.report.totals import latest
from riskresearch.report.translator import Translator

SEGMENT_INDICATORS = ("open_amount", "overdue_ratio", "overdue_90_ratio", "dso_count_back_days", "days_beyond_terms")
AXES = ("size", "sector", "type", "country")
SEGMENTS_SHOWN = 8


def payment_chapter(context: Context) -> Chapter:
    """Return the chapter: DSO, ageing, delays, concentration, segments."""
    words = context.words
    kpis = context.table("kpis")
    blocks = [missing(words.t("chapter.no_behaviour"))] if kpis is None else _blocks(context, kpis)
    return Chapter("payment", words.t("chapter.payment"), tuple(blocks))


def _blocks(context: Context, kpis: DataFrame) -> list[Block]:
    words, settings = context.words, context.facts.setting
    lines = dso_lines(
        kpis,
        words=words,
        low_days=settings("behaviour", "dso_low_days"),
        high_days=settings("behaviour", "dso_high_days"),
    )
    blocks = [pair(figure(lines, alt=_dso_alt(kpis, words)), *_ageing(context))]
    blocks += _delays(context, _axis(kpis))
    return [*blocks, *_segments(context, kpis)]


def _ageing(context: Context) -> list[Block]:
    ageing = context.table("ageing")
    if ageing is None:
        return []
    words, now = context.words, latest(ageing)
    parts = [
        f"{words.label('bucket', code)} {words.ratio(share)}"
        for code, share in zip(now["bucket_code"], now["open_ratio"], strict=True)
        if share > 0
    ]
    alt = words.t("alt.ageing", date=words.date(now["observation_date"].iloc[0]), parts=", ".join(parts))
    return [figure(ageing_bars(ageing, words=words), alt=alt)]


def _delays(context: Context, axis: str | None) -> list[Block]:
    """Delays by segment and concentration, side by side."""
    words, delays, shares = context.words, context.table("delays"), context.table("concentration")
    blocks = []
    if delays is not None:
        whole = delays[delays["axis_code"] == "portfolio"]
        middle = words.days(whole["days_late_p50"].iloc[0]) if len(whole) else words.missing()
        drawn = delay_ranges(delays, words=words, axis_code=axis or "size")
        blocks.append(figure(drawn, alt=words.t("alt.delays", days=middle)))
    if shares is not None:
        alt = words.t("alt.concentration", sentence=concentration_sentence(context))
        blocks.append(figure(concentration_bars(shares, words=words), alt=alt))
    return [pair(*blocks)] if blocks else []


def _dso_alt(kpis: DataFrame, words: Translator) -> str:
    ends = dso_ends(kpis)
    if ends.empty:
        return words.t("alt.dso_missing")
    return words.t(
        "alt.dso",
        first=words.days(ends.iloc[0]),
        start=words.month(ends.index[0]),
        last=words.days(ends.iloc[-1]),
        end=words.month(ends.index[-1]),
    )


def _axis(kpis: DataFrame) -> str | None:
    """First segmentation with at least two segments."""
    known = kpis[kpis["segment_code"] != "unknown"].groupby("axis_code")["segment_code"].nunique()
    return next((axis for axis in AXES if known.get(axis, 0) >= 2), None)


def _segments(context: Context, kpis: DataFrame) -> list[Block]:
    """Table of the indicators by segment, for every segmentation that has two segments or more."""
    words, now = context.words, latest(kpis)
    known = now[now["segment_code"] != "unknown"].groupby("axis_code")["segment_code"].nunique()
    axes = [axis for axis in AXES if known.get(axis, 0) >= 2][:2]
    return [
        grid_block(
            _segment_grid(now[now["axis_code"] == axis], words),
            caption=words.t("table.segments", axis=words.label("axis", axis)),
        )
        for axis in axes
    ]


def _segment_grid(rows: DataFrame, words: Translator) -> Grid:
    amounts = rows[rows["indicator_code"] == "open_amount"].sort_values(
        ["value", "segment_code"], ascending=[False, True]
    )
    codes = [code for code in SEGMENT_INDICATORS if (rows["indicator_code"] == code).any()]
    cells = rows.set_index(["segment_code", "indicator_code"])
    lines = []
    for segment in amounts["segment_code"].head(SEGMENTS_SHOWN):
        lines.append((words.label("segment", segment), *(_cell(cells, (segment, code), words) for code in codes)))
    headers = (words.t("column.segment_code"), *(words.label("indicator", code) for code in codes))
    more = max(len(amounts) - SEGMENTS_SHOWN, 0)
    return Grid(headers, tuple(lines), (False, *(True for _ in codes)), n_more=more)


def _cell(cells: DataFrame, key: tuple[str, str], words: Translator) -> str:
    row = cells.loc[[key]].iloc[0]
    if pd.isna(row["value"]):
        return words.label("reason", row["reason_code"]) if pd.notna(row["reason_code"]) else words.missing()
    return (
        words.compact(row["value"])
        if row["unit_code"] == "amount"
        else with_unit(row["value"], row["unit_code"], words)
    )
