"""Chapter: the verdict, area by area, and what it does not say."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, grid_block, missing, note
from riskresearch.report.page.validation.judged import WHOLE, Judged, in_question_order
from riskresearch.report.page.validation.measures import measure_value, verdict_word
from riskresearch.report.page.validation.places import part_name

COUNTS = {
    "n_green": "validation.n_green",
    "n_amber": "validation.n_amber",
    "n_red": "validation.n_red",
    "n_information": "validation.n_information",
    "n_not_computable": "validation.n_not_computable",
}
NOT_SAID = ("validation.overlap", "validation.dependence", "validation.own", "validation.not_asked")
NOT_SAID_OF_FILE = (*NOT_SAID, "validation.not_in_file")


def verdict_chapter(judged: Judged) -> Chapter:
    """Return the chapter: one verdict for the model, one line per question, the rule behind them, their limits."""
    words, summary = judged.words, judged.of_model("validation_summary")
    title = words.t("validation.verdict")
    if summary is None:
        return Chapter("verdict", title, (missing(words.t("validation.nothing")),))
    blocks = list(whole_verdict(judged))
    areas = summary[summary["area_code"] != WHOLE]
    blocks += [grid_block(area_grid(judged, areas), caption=words.t("validation.areas"))]
    blocks += [note(words.t("validation.rule_of_summary")), not_said(judged)]
    return Chapter("verdict", title, tuple(blocks))


def whole_verdict(judged: Judged) -> Iterator[Block]:
    """Yield the one verdict on the model, with its reason."""
    words, summary = judged.words, judged.of_model("validation_summary")
    if summary is None:
        return
    for _, row in summary[summary["area_code"] == WHOLE].iterrows():
        shown = {"verdict": words.label("verdict", row["verdict_code"]), "reason": reason(row, judged)}
        told = words.t("validation.whole", model=judged.name(), **shown)
        yield Block("verdict", told, source=str(row["verdict_code"]))


def area_grid(judged: Judged, areas: DataFrame, *, with_counts: bool = True) -> Grid:
    """Return the areas of table `validation_summary` as text: question, verdict, reason, measures behind it.

    Parameters
    ----------
    judged : model under judgement
    areas : rows of the areas of one model
    with_counts : count the measures behind each verdict
    """
    words = judged.words
    order = in_question_order(list(areas["area_code"]))
    rank = areas["area_code"].map({code: place for place, code in enumerate(order)})
    rows = areas.assign(rank=rank).sort_values("rank", kind="stable")
    lines = [
        (
            words.label("area", row["area_code"]),
            verdict_word(row["verdict_code"], words),
            reason(row, judged),
            *((_counts(row, judged),) if with_counts else ()),
        )
        for _, row in rows.iterrows()
    ]
    headers = ["column.area_code", "column.verdict_code", "validation.because"]
    headers += ["validation.behind"] if with_counts else []
    marks = [(None, str(code), *(None for _ in headers[2:])) for code in rows["verdict_code"]]
    return Grid(tuple(words.t(name) for name in headers), tuple(lines), (False,) * len(headers), tuple(marks))


def reason(row: Series, judged: Judged) -> str:
    """Return why a row of table `validation_summary` has its verdict: what decides, and the measure that does.

    Parameters
    ----------
    row : row of the table
    judged : model under judgement
    """
    words = judged.words
    told = words.label("reason", row["reason_code"])
    if pd.isna(row["worst_measure_code"]):
        return told
    shown = {"reason": told, "measure": words.label("measure", row["worst_measure_code"])}
    if row["worst_axis_code"] != WHOLE:
        place = part_name(row["worst_axis_code"], row["worst_part_code"], words)
        return words.t("validation.because_part", part=place, **shown)
    found = judged.measure(row["worst_measure_code"], sample=row["worst_sample_code"])
    value = words.missing() if found is None else measure_value(found, words)
    return words.t(
        "validation.because_whole", value=value, sample=words.label("sample", row["worst_sample_code"]), **shown
    )


def _counts(row: Series, judged: Judged) -> str:
    """Measures of the whole by verdict, then those of parts."""
    words = judged.words
    parts = [words.n(message_id, int(row[name])) for name, message_id in COUNTS.items() if row[name] > 0]
    told = words.listed(parts)
    if not row["n_parts"]:
        return told
    confirmed = words.count(row["n_parts_confirmed"])
    of_parts = words.n("validation.n_parts", int(row["n_parts"]), red=words.count(row["n_parts_red"]), sure=confirmed)
    return words.listed([told, of_parts])


def not_said(judged: Judged) -> Block:
    """Return what the verdict does not say: how few cases it rests on, and what was not asked.

    Parameters
    ----------
    judged : model under judgement
    """
    words, sample = judged.words, judged.samples()
    said = []
    if sample is not None and pd.notna(sample["n_defaulters"]):
        said.append(words.n("validation.few", int(sample["n_defaulters"])))
    said += [words.t(message_id) for message_id in (NOT_SAID_OF_FILE if judged.is_file else NOT_SAID)]
    return Block("items", words.t("validation.not_said"), tuple(said))
