"""Chapter: every measure of the model with definition, source, range, threshold and verdict."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, grid_block, missing, note
from riskresearch.report.page.validation.judged import Judged, in_question_order
from riskresearch.report.page.validation.measures import (
    measure_value,
    threshold,
    unbroken,
    value_and_interval,
    verdict_word,
)

BETTER = {1: "validation.higher", -1: "validation.lower", 0: "validation.neither"}


def everything_chapter(judged: Judged) -> Chapter:
    """Return the chapter: all measures on the whole, those that could not be computed with the reason."""
    words = judged.words
    title = words.t("validation.everything")
    samples = [code for code in (judged.sample, "scoring") if len(judged.rows(sample=code))]
    if not samples:
        return Chapter("everything", title, (missing(words.t("validation.nothing")),))
    blocks = [block for code in samples for block in _tables(judged, code)]
    return Chapter("everything", title, (note(words.t("validation.everything_note")), *blocks))


def _tables(judged: Judged, sample: str) -> Iterator[Block]:
    """One table for each question, then one of measures without a question."""
    words, rows = judged.words, judged.rows(sample=sample)
    areas = rows["measure_code"].map(judged.dictionary["area_code"].to_dict())
    yield Block("heading", words.t("validation.all_of", sample=words.label("sample", sample)))
    for area in in_question_order(list(areas.dropna())):
        yield grid_block(_grid(judged, rows[areas == area]), caption=words.label("area", area))
    if areas.isna().any():
        yield grid_block(_grid(judged, rows[areas.isna()]), caption=words.t("validation.other_measures"))


def _grid(judged: Judged, rows: DataFrame) -> Grid:
    words = judged.words
    lines, marks = [], []
    for _, row in rows.sort_values("measure_code", kind="stable").iterrows():
        lines.append(_line(row, judged))
        marks.append((None, None, None, None, None, str(row["verdict_code"])))
    names = ("column.measure_code", "validation.definition", "validation.better", "validation.value")
    headers = [*(words.t(name) for name in names), words.t("validation.own_threshold"), words.t("column.verdict_code")]
    return Grid(tuple(headers), tuple(lines), (False, False, False, True, False, False), tuple(marks))


def _line(row: Series, judged: Judged) -> tuple[str, ...]:
    words, code = judged.words, str(row["measure_code"])
    found = measure_value(row, words) if pd.isna(row["value"]) else value_and_interval(row, words)
    return (
        words.label("measure", code),
        _definition(code, judged),
        _direction(code, judged),
        found,
        threshold(code, judged),
        verdict_word(row["verdict_code"], words),
    )


def _definition(code: str, judged: Judged) -> str:
    words = judged.words
    if code not in judged.dictionary.index:
        return words.t("missing.none")
    spec = judged.dictionary.loc[code]
    rows = words.label("rows", spec["rows_code"])
    return words.t("validation.defined", definition=spec["definition"].rstrip("."), source=spec["source"], rows=rows)


def _direction(code: str, judged: Judged) -> str:
    """Which way is better, and between which bounds the value lies."""
    words = judged.words
    if code not in judged.dictionary.index:
        return words.t("missing.none")
    spec = judged.dictionary.loc[code]
    better = words.t(BETTER[int(spec["direction_code"])])
    if pd.isna(spec["value_least"]) or pd.isna(spec["value_most"]):
        return better
    low, high = (words.number(spec[name], 2 if spec[name] % 1 else 0) for name in ("value_least", "value_most"))
    return words.t(
        "validation.between", better=better, bounds=unbroken(words.t("chapter.interval", low=low, high=high))
    )
