"""Chapter: whether the model lasts: quarter by quarter, feature by feature, grade by grade."""

from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.validation import quarter_intervals
from riskresearch.report.page.context import Block, Chapter, figure, grid_block, missing, note, pair
from riskresearch.report.page.validation.judged import Judged
from riskresearch.report.page.validation.measures import measure_block, value_and_interval
from riskresearch.report.page.validation.places import part_name
from riskresearch.report.page.validation.shifts import BANDWIDTHS, feature_blocks, migration_blocks
from riskresearch.report.translator import Translator

BY_QUARTER = ("auc", "observed_to_expected", "calibration_slope", "jeffreys", "psi")
SAMPLES = ("development", "out_of_time", "scoring")


def stability_chapter(judged: Judged) -> Chapter:
    """Return the chapter: quarters, measures against development, shifted features, moves between grades."""
    words = judged.words
    title = words.label("area", "stability")
    if judged.measures.empty:
        return Chapter("stability", title, (missing(words.t("validation.nothing")),))
    blocks = [*_quarters(judged), *_against_development(judged), *feature_blocks(judged), *migration_blocks(judged)]
    return Chapter("stability", title, tuple(blocks))


def _quarters(judged: Judged) -> list[Block]:
    words, rows = judged.words, judged.measures
    rows = rows[(rows["axis_code"] == "quarter") & rows["measure_code"].isin(BY_QUARTER)]
    if rows.empty or judged.model is None:
        return [missing(words.t("validation.no_quarters"))]
    drawn = [
        figure(
            quarter_intervals(rows, words=words, model_code=judged.model, measure_code=code),
            alt=words.t("alt.by_quarter", measure=words.label("measure", code)),
        )
        for code in ("auc", "observed_to_expected")
    ]
    grid = grid_block(_quarter_grid(rows, judged), caption=words.t("validation.quarters"))
    return [
        Block("heading", words.t("validation.by_quarter")),
        pair(*drawn),
        grid,
        note(words.t("validation.quarters_note")),
    ]


def _quarter_grid(rows: DataFrame, judged: Judged) -> Grid:
    words = judged.words
    codes = [code for code in BY_QUARTER if (rows["measure_code"] == code).any()]
    rank = rows["sample_code"].map({code: place for place, code in enumerate(SAMPLES)})
    lines, marks = [], []
    for (_, quarter), part in rows.assign(rank=rank).groupby(["rank", "part_code"], sort=True):
        by_code = {str(row["measure_code"]): row for _, row in part.iterrows()}
        first = part.sort_values("n_rows").iloc[-1]
        defaults = part["n_defaults"].dropna()
        counts = words.count(first["n_rows"]), words.count(defaults.max()) if len(defaults) else words.t("missing.none")
        name = part_name("quarter", str(quarter), words)
        lines.append(
            (
                name,
                words.label("sample", first["sample_code"]),
                *counts,
                *(_cell(by_code.get(code), words) for code in codes),
            )
        )
        marks.append((None, None, None, None, *(_mark(by_code.get(code)) for code in codes)))
    headers = [
        words.t("validation.quarter"),
        *(words.t(f"column.{name}") for name in ("sample_code", "n_rows", "n_defaults")),
    ]
    headers += [words.label("measure", code) for code in codes]
    return Grid(tuple(headers), tuple(lines), (False, False, *(True for _ in headers[2:])), tuple(marks))


def _cell(row: Series | None, words: Translator) -> str:
    return words.t("missing.none") if row is None else value_and_interval(row, words)


def _mark(row: Series | None) -> str | None:
    return None if row is None else str(row["verdict_code"])


def _against_development(judged: Judged) -> list[Block]:
    """Measures of stability and of the spread over grades, out of time and today."""
    words, blocks = judged.words, []
    for sample in ("out_of_time", "scoring"):
        codes = [code for code in judged.of_area("stability", sample=sample) if code not in BANDWIDTHS]
        codes += [code for code in judged.of_area("grades", sample=sample) if code.startswith(("herf", "conc"))]
        caption = words.t("validation.against_development", sample=words.label("sample", sample))
        blocks += measure_block(judged, codes, caption=caption, sample=sample)
    return [Block("heading", words.t("validation.shifted")), *blocks] if blocks else []
