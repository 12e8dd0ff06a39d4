"""What every chapter works with: the tables, the facts, the words, and the parts a chapter is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, grid
from riskresearch.report.facts import PageFacts
from riskresearch.report.figures.style import data_uri
from riskresearch.report.tables import grid_html
from riskresearch.report.totals import latest, year_earlier
from riskresearch.report.translator import Translator


@dataclass(frozen=True)
class Block:
    """One part of a chapter.

    ``kind`` is ``heading``, ``text``, ``note``, ``missing``, ``items``, ``table`` (HTML), ``figure`` (``text`` is its
    alternative text), ``link`` (``source`` is its target), ``verdict`` (``source`` is its code), ``pair`` (side by
    side) or ``group`` (one below the other).
    """

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    source: str = ""
    parts: tuple["Block", ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A chapter of the page: anchor, heading and blocks."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Context:
    """Tables, facts and words of a page."""

    tables: Mapping[str, DataFrame]
    facts: PageFacts
    words: Translator

    def table(self, name: str) -> DataFrame | None:
        """Return a table; None where the run lacks it or it has no row."""
        frame = self.tables.get(name)
        return frame if frame is not None and len(frame) else None

    def indicator(self, code: str, *, earlier: bool = False) -> Series | None:
        """Return the row of an indicator on the date of the run, or twelve months before it."""
        kpis = self.table("kpis")
        if kpis is None:
            return None
        rows = year_earlier(kpis) if earlier else latest(kpis)
        rows = rows[rows["indicator_code"] == code]
        return rows.iloc[0] if len(rows) else None

    def value_of(self, code: str, *, earlier: bool = False) -> float | None:
        """Return the value of an indicator; None where there is none."""
        row = self.indicator(code, earlier=earlier)
        return None if row is None or pd.isna(row["value"]) else float(row["value"])

    def chosen_model(self) -> Series | None:
        """Return the row of the model that gives the PDs of the run."""
        choice = self.table("model_choice")
        if choice is None:
            return None
        rows = choice[choice["is_chosen"].astype(bool)]
        return rows.iloc[0] if len(rows) else None


def text(words: str) -> Block:
    """Return a paragraph."""
    return Block("text", words)


def note(words: str) -> Block:
    """Return a remark in small letters."""
    return Block("note", words)


def missing(words: str) -> Block:
    """Return the statement that stands where a stage gave nothing: what is missing, what was done instead."""
    return Block("missing", words)


def table(
    frame: DataFrame, context: Context, *, caption: str, columns: Sequence[str], max_rows: int | None = None
) -> Block:
    """Return a table block."""
    content = grid(frame, context.words, columns=columns, max_rows=max_rows)
    more = context.words.n("table.more", content.n_more) if content.n_more else ""
    return grid_block(content, caption=caption, more=more)


def grid_block(content: Grid, *, caption: str, more: str = "") -> Block:
    """Return a table block from a grid of text."""
    return Block("table", grid_html(content, caption=caption, more=more))


def figure(drawn: Figure, *, alt: str) -> Block:
    """Return a picture block."""
    return Block("figure", alt, source=data_uri(drawn))


def pair(*blocks: Block) -> Block:
    """Return blocks that stand side by side where there is room."""
    return Block("pair", parts=blocks)
