"""Chapter: whether the model holds in every segment of customers."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.validation import segment_measures, segments_in_order
from riskresearch.report.page.context import Block, Chapter, figure, grid_block, missing, note, pair
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_number, measure_value, value_and_interval
from riskresearch.report.page.validation.places import part_name
from riskresearch.report.translator import Translator

DRAWN = ("auc", "observed_to_expected")


def segments_chapter(judged: Judged) -> Chapter:
    """Return the chapter: AUC, observed and expected defaults and Jeffreys' test by segment, small ones steadied."""
    words = judged.words
    title = words.t("validation.segments")
    rows = judged.measures
    rows = segments_in_order(rows[rows["sample_code"] == judged.sample])
    if rows.empty or judged.model is None:
        return Chapter("segments", title, (missing(words.t("validation.no_segments")),))
    drawn = [_drawn(judged, judged.model, code) for code in DRAWN]
    grid = grid_block(
        _grid(rows, judged), caption=words.t("validation.by_segment", sample=words.label("sample", judged.sample))
    )
    told = words.t("validation.segments_note", confidence=words.ratio(judged.confidence, 0))
    blocks: tuple[Block, ...] = (pair(*drawn), note(told), grid)
    return Chapter("segments", title, (*blocks, note(words.t("validation.parts_note"))))


def _drawn(judged: Judged, model: str, code: str) -> Block:
    words = judged.words
    picture = segment_measures(
        judged.measures,
        words=words,
        model_code=model,
        sample_code=judged.sample,
        measure_code=code,
        confidence_ratio=judged.confidence,
    )
    return figure(picture, alt=words.t("alt.by_segment", measure=words.label("measure", code)))


def _grid(rows: DataFrame, judged: Judged) -> Grid:
    words = judged.words
    lines, marks = [], []
    for (axis, part), found in rows.groupby(["axis_code", "part_code"], sort=False):
        by_code = {str(row["measure_code"]): row for _, row in found.iterrows()}
        largest = found.sort_values("n_rows").iloc[-1]
        line = [words.label("axis", axis), part_name(str(axis), str(part), words)]
        line += [words.count(largest["n_rows"]), words.count(found["n_defaults"].max())]
        for code in DRAWN:
            line += [_value(by_code.get(code), words), _steadied(by_code.get(code), words)]
        tests = by_code.get("jeffreys")
        line += [_p(tests, "value", words), _p(tests, "p_adjusted", words)]
        lines.append(tuple(line))
        auc, ratio = (_mark(by_code.get(code)) for code in DRAWN)
        marks.append((None, None, None, None, auc, None, ratio, None, _mark(tests), None))
    return Grid(_headers(words), tuple(lines), (False, False, *(True,) * 8), tuple(marks))


def _headers(words: Translator) -> tuple[str, ...]:
    auc, ratio, jeffreys = (words.label("measure", code) for code in (*DRAWN, "jeffreys"))
    steadied = words.t("validation.steadied")
    first = [words.t(f"column.{name}") for name in ("axis_code", "part_code", "n_rows", "n_defaults")]
    return (*first, auc, steadied, ratio, steadied, jeffreys, words.t("validation.adjusted"))


def _value(row: Series | None, words: Translator) -> str:
    return words.t("missing.none") if row is None else value_and_interval(row, words)


def _steadied(row: Series | None, words: Translator) -> str:
    if row is None:
        return words.t("missing.none")
    return measure_number(str(row["measure_code"]), row["value_shrunk"], words)


def _p(row: Series | None, name: str, words: Translator) -> str:
    if row is None or (name != "value" and pd.isna(row[name])):
        return words.t("missing.none")
    return measure_value(row, words) if name == "value" else words.p_value(row[name])


def _mark(row: Series | None) -> str | None:
    return None if row is None else str(row["verdict_code"])
