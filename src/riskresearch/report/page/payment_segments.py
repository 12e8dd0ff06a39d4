"""Sections of the payment chapter: which segments pay how, and on whom the receivables depend."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, header
from riskresearch.report.figures.concentration import concentration_bars, lorenz_curve
from riskresearch.report.figures.payment import delay_ranges
from riskresearch.report.figures.segments import DELAY, MIN_CUSTOMERS, segment_heatmap, segment_intervals
from riskresearch.report.page.context import Block, Context, figure, grid_block, note, pair
from riskresearch.report.page.findings import concentration_sentence
from riskresearch.report.page.payment_parts import cell, change_cell, interval_cell, one, told
from riskresearch.report.totals import latest
from riskresearch.report.translator import Translator

SEGMENT_INDICATORS = ("open_amount", "overdue_ratio", "dso_simple_days", DELAY, "on_time_ratio", "payment_index")
LARGEST_ORDER = ("open_amount", "sales_12m_amount", "dso_simple_days", "overdue_ratio", "overdue_90_ratio")
AXES = ("size", "sector", "type", "tenure", "country", "region", "contract_type")
AXES_SHOWN = 3
SEGMENTS_SHOWN = 8
PAIR = "sector*size"


def segment_blocks(context: Context) -> list[Block]:
    """Return delays by segment, the heat map of a pair, intervals and the tables by segment."""
    values = context.table("segment_values")
    blocks = [*_delays(context, values), *_heatmap(context, values)]
    pictures = [pair(*blocks)] if blocks else []
    if values is None:
        return pictures
    axes = _axes(latest(values))
    tables = [_segment_table(context, values, axis) for axis in axes[:AXES_SHOWN]]
    rest = [note(context.words.t("chapter.segments_note"))] if tables else []
    return [*pictures, *_intervals(context, values, axes), *tables, *rest]


def _delays(context: Context, values: DataFrame | None) -> list[Block]:
    words, delays = context.words, context.table("delays")
    if delays is None:
        return []
    whole = one(delays, axis_code="portfolio")
    sentence = (
        words.t("chapter.delays_missing")
        if whole is None
        else words.t(
            "chapter.delays", middle=words.days(whole["days_late_p50"]), late=words.days(whole["days_late_p90"])
        )
    )
    axes = [] if values is None else _axes(latest(values))
    drawn = delay_ranges(delays, words=words, axis_code=axes[0] if axes else "size")
    return [told(figure(drawn, alt=words.t("alt.delays", sentence=sentence)), sentence)]


def _heatmap(context: Context, values: DataFrame | None) -> list[Block]:
    """The pair of segmentations, and its slowest and fastest cells with enough customers."""
    words = context.words
    rows = DataFrame() if values is None else latest(values)
    if rows.empty or not (rows["axis_code"] == PAIR).any():
        return []
    rows = rows[(rows["axis_code"] == PAIR) & (rows["indicator_code"] == DELAY) & rows["value"].notna()]
    rows = rows[(rows["n_customers"] >= MIN_CUSTOMERS) & rows["segment_code"].str.contains("*", regex=False)]
    rows = rows.sort_values(["value", "segment_code"])
    sentence = words.t("chapter.heatmap_missing", n=words.count(MIN_CUSTOMERS))
    if len(rows):
        sentence = words.t("chapter.heatmap", slow=_named(rows.iloc[-1], words), fast=_named(rows.iloc[0], words))
    drawn = segment_heatmap(values, words=words, axis_code=PAIR)
    return [told(figure(drawn, alt=words.t("alt.segment_heatmap", sentence=sentence)), sentence)]


def _named(row: Series, words: Translator) -> str:
    return words.t(
        "chapter.segment_value",
        segment=words.label("segment", row["segment_code"]),
        value=interval_cell(row, words),
        n=words.count(row["n_customers"]),
    )


def _intervals(context: Context, values: DataFrame, axes: list[str]) -> list[Block]:
    """Delays of two segmentations with intervals, side by side."""
    words, now = context.words, latest(values)
    delay = now[(now["indicator_code"] == DELAY) & now["value"].notna()]
    shown = [axis for axis in axes if (delay["axis_code"] == axis).any()][:2]
    blocks = []
    for axis in shown:
        drawn = segment_intervals(values, words=words, axis_code=axis, whole=context.value_of(DELAY))
        alt = words.t("alt.segment_intervals", axis=words.label("axis", axis))
        blocks.append(figure(drawn, alt=alt))
    return [pair(*blocks), note(words.t("chapter.intervals"))] if blocks else []


def _axes(now: DataFrame) -> list[str]:
    """Segmentations with at least two known segments, usual ones first, pairs left out."""
    known = now[~now["segment_code"].isin(["unknown", "other"])].groupby("axis_code")["segment_code"].nunique()
    return [axis for axis in AXES if known.get(axis, 0) >= 2]


def _segment_table(context: Context, values: DataFrame, axis: str) -> Block:
    words, now = context.words, latest(values)
    rows = now[now["axis_code"] == axis]
    amounts = rows[rows["indicator_code"] == "open_amount"].set_index("segment_code")["value"]
    order = sorted(rows["segment_code"].unique(), key=lambda code: (-amounts.get(code, 0.0), code))
    codes = [code for code in SEGMENT_INDICATORS if (rows["indicator_code"] == code).any()]
    lines = []
    for segment in order[:SEGMENTS_SHOWN]:
        own = rows[rows["segment_code"] == segment]
        customers = words.count(own["n_customers"].max())
        cells = (interval_cell(one(own, indicator_code=code), words) for code in codes)
        lines.append((words.label("segment", segment), customers, *cells))
    headers = (words.t("column.segment_code"), words.t("column.n_customers"))
    content = Grid(
        (*headers, *(words.label("indicator", code) for code in codes)),
        tuple(lines),
        (False, True, *(True for _ in codes)),
    )
    n_more = max(len(order) - SEGMENTS_SHOWN, 0)
    more = words.n("table.more", n_more) if n_more else ""
    return grid_block(content, caption=words.t("table.segments", axis=words.label("axis", axis)), more=more)


def concentration_blocks(context: Context) -> list[Block]:
    """Return the shares of the largest customers, the Lorenz curve, and the ledger without the largest."""
    words, shares, curve = context.words, context.table("concentration"), context.table("lorenz")
    blocks = []
    if shares is not None:
        sentence = concentration_sentence(context)
        losses = context.table("loss_concentration")
        joined = shares if losses is None else pd.concat([shares, losses[losses["base_code"] == "expected_loss"]])
        drawn = concentration_bars(joined, words=words)
        blocks.append(told(figure(drawn, alt=words.t("alt.concentration", sentence=sentence)), sentence))
    if curve is not None and shares is not None:
        sentence = _equivalent(shares, words)
        drawn = lorenz_curve(curve, shares, words=words)
        blocks.append(told(figure(drawn, alt=words.t("alt.lorenz", sentence=sentence)), sentence))
    return [*([pair(*blocks)] if blocks else []), *_largest(context)]


def _equivalent(shares: DataFrame, words: Translator) -> str:
    """How many equal customers would be as concentrated as the receivables are."""
    own = shares[shares["axis_code"] == "customer"]
    n, gini = (one(own, base_code="exposure", measure_code=code) for code in ("n_effective", "gini_ratio"))
    if n is None or gini is None:
        return ""
    return words.t(
        "chapter.lorenz",
        members=words.count(n["n_members"]),
        n=words.number(n["value"], 1),
        gini=words.number(gini["value"], 2),
    )


def _largest(context: Context) -> list[Block]:
    words, largest = context.words, context.table("largest_customer")
    rows = DataFrame() if largest is None else largest[largest["base_code"] == "exposure"]
    if rows.empty:
        return []
    lines = [
        (
            _measure(str(row["measure_code"]), words),
            *(cell(row, words, column=name) for name in ("before_value", "after_value")),
            change_cell(row, words),
        )
        for _, row in rows.sort_values("measure_code", key=_by_order, kind="stable").iterrows()
    ]
    headers = ("indicator_code", "before_value", "after_value", "change_value")
    content = Grid(tuple(header(name, words, rows) for name in headers), tuple(lines), (False, True, True, True))
    caption = words.n("table.largest_customer", int(rows["n_customers"].iloc[0]), member=rows["member_id"].iloc[0])
    return [grid_block(content, caption=caption)]


def _measure(code: str, words: Translator) -> str:
    return words.t("column.sales_amount_12m") if code == "sales_12m_amount" else words.label("indicator", code)


def _by_order(codes: Series) -> Series:
    return codes.map({code: place for place, code in enumerate(LARGEST_ORDER)}).fillna(len(LARGEST_ORDER))
