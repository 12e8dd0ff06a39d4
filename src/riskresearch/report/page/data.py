"""Chapters: what this ledger cannot tell, and how the figures were made."""

from typing import Any

import pandas as pd
from pandas import DataFrame

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, Context, grid_block, note, table, text
from riskresearch.report.translator import Translator

SET_ASIDE_SHOWN = 12
COUNTS = (".rows", "entries_balanced", "receivable_lines", "customers_balanced", "lettrage_groups")


def data_chapter(context: Context) -> Chapter:
    """Return the chapter: gaps of the source, rows set aside, reconciliation, other definitions of default."""
    words = context.words
    blocks = [*_gaps(context), *_set_aside(context), *_reconciliation(context), *_variants(context)]
    return Chapter("data", words.t("chapter.data"), tuple(blocks))


def method_chapter(context: Context) -> Chapter:
    """Return the chapter: methods in a line each, and their limits."""
    words = context.words
    lines = (
        "method.dso",
        "method.delay",
        "method.pd",
        "method.reasons",
        "method.limits",
        "method.insurance",
        "method.not",
    )
    return Chapter("method", words.t("chapter.method"), (Block("items", "", tuple(words.t(line) for line in lines)),))


def _gaps(context: Context) -> list[Block]:
    """What the source lacks: known gaps in the reader's language, others in the words of the mapping."""
    words, gaps = context.words, context.table("gaps")
    if gaps is None:
        return [text(words.t("chapter.no_gaps"))]
    told = [
        words.label("gap_effect", code) if words.has("gap_effect", code) else str(effect)
        for code, effect in zip(gaps["gap_code"], gaps["effect"], strict=True)
    ]
    lines = tuple(zip((words.label("gap", code) for code in gaps["gap_code"]), told, strict=True))
    content = Grid((words.t("column.gap_code"), words.t("column.effect")), lines, (False, False))
    return [grid_block(content, caption=words.t("table.gaps"))]


def _set_aside(context: Context) -> list[Block]:
    words, aside = context.words, context.table("set_aside")
    if aside is None:
        return [text(words.t("chapter.nothing_set_aside"))]
    rows = aside.sort_values(["n_rows", "source_name", "reason_code"], ascending=[False, True, True])
    total = int(rows["n_rows"].sum())
    return [
        text(words.n("chapter.set_aside", total)),
        table(
            rows,
            context,
            caption=words.t("table.set_aside"),
            max_rows=SET_ASIDE_SHOWN,
            columns=["source_name", "reason_code", "n_rows", "base_minor", "first_keys"],
        ),
    ]


def _reconciliation(context: Context) -> list[Block]:
    words, checks = context.words, context.table("reconciliation")
    if checks is None:
        return [note(words.t("chapter.no_reconciliation"))]
    unknown = checks["difference_minor"].isna()
    off = checks["difference_minor"].fillna(0) != 0
    compared = int((~unknown).sum())
    blocks = (
        [text(words.n("chapter.reconciled", compared - int(off.sum()), total=words.count(compared)))]
        if compared
        else []
    )
    blocks += [note(words.n("chapter.not_compared", int(unknown.sum())))] if unknown.any() else []
    told = grid_block(_checks(checks[off], words), caption=words.t("table.reconciliation"))
    return [*blocks, told] if off.any() else blocks


def _checks(checks: DataFrame, words: Translator) -> Grid:
    lines = [
        (
            str(row["check_code"]),
            *(
                _checked(row[name], str(row["check_code"]), words)
                for name in ("expected_minor", "rebuilt_minor", "difference_minor")
            ),
        )
        for _, row in checks.iterrows()
    ]
    headers = tuple(
        words.t(f"column.{name}") for name in ("check_code", "expected_minor", "rebuilt_minor", "difference_minor")
    )
    return Grid(headers, tuple(lines), (False, True, True, True))


def _checked(value: Any, check: str, words: Translator) -> str:
    """Return a compared figure: a number of rows, or an amount in the currency of the documents."""
    if pd.isna(value):
        return words.missing()
    return words.count(value) if check.endswith(COUNTS) else words.number(value / 100, 2)


def _variants(context: Context) -> list[Block]:
    variants = context.table("default_variants")
    if variants is None:
        return []
    return [
        table(
            variants,
            context,
            caption=context.words.t("table.variants"),
            columns=["variant_code", "n_spells", "n_customers"],
        )
    ]
