"""Section of the payment chapter: what moved the DSO, whether its level changed, and which customers moved."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, header
from riskresearch.report.figures.changes import (
    EFFECTS,
    dso_waterfall,
    largest_moves,
    level_chart,
    moved_customers,
    whole_change,
)
from riskresearch.report.page.context import Block, Context, figure, grid_block, pair, table
from riskresearch.report.page.payment_parts import told
from riskresearch.report.totals import segments_that_moved
from riskresearch.report.translator import Translator

SERIES = "dso_count_back_days"
PREFERRED_AXES = ("sector", "size", "type", "country")
SEGMENTS_SHOWN = 6
MOVES_IN_TABLE = 12
SLOW, FAST = ("slower", "overdue_up"), ("faster", "overdue_down")


def change_blocks(context: Context) -> list[Block]:
    """Return the DSO change by cause and by segment, the levels of the DSO, and the customers that moved."""
    blocks = [*_waterfall(context), *_levels(context)]
    return [*([pair(*blocks)] if blocks else []), *_movers(context), *_customers(context)]


def _axis(changes: DataFrame) -> str:
    known = set(changes["axis_code"])
    return next((axis for axis in PREFERRED_AXES if axis in known), str(changes["axis_code"].iloc[0]))


def _waterfall(context: Context) -> list[Block]:
    words, changes = context.words, context.table("dso_changes")
    if changes is None:
        return []
    whole = whole_change(changes, _axis(changes))
    first = whole.iloc[0]
    if pd.isna(first["change_days"]):
        sentence = words.missing(first["reason_code"])
    else:
        parts = [
            f"{words.label('effect', code)} {words.signed(days)}"
            for code, days in zip(whole["effect_code"], whole["change_days"], strict=True)
        ]
        sentence = words.t(
            "chapter.dso_change",
            start=words.days(first["dso_start_days"]),
            start_date=words.date(first["start_date"]),
            end=words.days(first["dso_end_days"]),
            end_date=words.date(first["end_date"]),
            parts=words.listed(parts),
        )
    drawn = dso_waterfall(changes, words=words, axis_code=_axis(changes))
    return [told(figure(drawn, alt=words.t("alt.dso_change", sentence=sentence)), sentence)]


def _levels(context: Context) -> list[Block]:
    words, kpis, changes = context.words, context.table("kpis"), context.tables.get("level_changes")
    if kpis is None or changes is None:
        return []
    own = changes[changes["series_code"] == SERIES].sort_values("change_date")
    sentence = words.t("chapter.no_level_change")
    if len(own):
        last = own.iloc[-1]
        sentence = words.t(
            "chapter.level_rose" if last["change_size"] > 0 else "chapter.level_fell",
            month=words.month(last["change_date"]),
            level=words.days(last["level_after"]),
            size=words.days(abs(last["change_size"])),
        )
    drawn = level_chart(kpis, changes, words=words, indicator_code=SERIES)
    return [told(figure(drawn, alt=words.t("alt.levels", sentence=sentence)), sentence)]


def _movers(context: Context) -> list[Block]:
    """Table of the segments that moved the DSO most, effect by effect."""
    words, changes = context.words, context.table("dso_changes")
    rows = DataFrame() if changes is None else segments_that_moved(changes, _axis(changes))
    if changes is None or rows.empty:
        return []
    codes = [code for code in EFFECTS if code in rows and rows[code].ne(0).any()]
    lines = [_mover(row, codes, words) for _, row in rows.head(SEGMENTS_SHOWN).iterrows()]
    headers = (
        words.t("column.segment_code"),
        *(words.label("effect", code) for code in codes),
        words.t("table.together"),
        *(header(name, words, rows) for name in ("dso_start_days", "dso_end_days")),
    )
    n_more = max(len(rows) - SEGMENTS_SHOWN, 0)
    axis = words.label("axis", _axis(changes))
    return [
        grid_block(
            Grid(headers, tuple(lines), (False, *(True for _ in headers[1:]))),
            caption=words.t("table.movers", axis=axis),
            more=words.n("table.more", n_more) if n_more else "",
        )
    ]


def _mover(row: Series, codes: list[str], words: Translator) -> tuple[str, ...]:
    return (
        words.label("segment", row["segment_code"]),
        *(words.signed(row[code]) for code in (*codes, "together")),
        *(words.number(row[name], 1) for name in ("dso_start_days", "dso_end_days")),
    )


def _customers(context: Context) -> list[Block]:
    words, moves = context.words, context.tables.get("customer_moves")
    if moves is None:
        return []
    sentence = _moved(moves, words)
    drawn = moved_customers(moves, words=words)
    picture = told(figure(drawn, alt=words.t("alt.moves", sentence=sentence)), sentence)
    if moves.empty:
        return [picture]
    columns = [
        "customer_id",
        "move_code",
        "days_beyond_terms_before",
        "days_beyond_terms",
        "overdue_amount_change",
        "cost_days_amount",
    ]
    listed = table(
        largest_moves(moves), context, caption=words.t("table.moves"), columns=columns, max_rows=MOVES_IN_TABLE
    )
    return [pair(picture, listed)]


def _moved(moves: DataFrame, words: Translator) -> str:
    if moves.empty:
        return words.t("chapter.nobody_moved")
    worse, better = (int(moves["move_code"].isin(codes).sum()) for codes in (SLOW, FAST))
    day = words.date(moves["compared_date"].iloc[0])
    return " ".join([words.n("chapter.moved_worse", worse, date=day), words.n("chapter.moved_better", better)])
