"""Chapter: champion against challengers and the simple rule."""

import pandas as pd
from pandas import Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.candidates import champion_gains, model_candidates
from riskresearch.report.page.context import Block, Chapter, figure, grid_block, note, pair, text
from riskresearch.report.page.default_model import challenger_sentence
from riskresearch.report.page.validation.judged import WHOLE, Judged
from riskresearch.report.page.validation.measures import interval_heading, measure_block, unbroken, verdict_word

AREAS = ("discrimination", "comparison", "calibration", "grades", "stability", "use")


def challengers_chapter(judged: Judged) -> Chapter:
    """Return the chapter: paired tests against each other candidate, and the verdicts on all of them."""
    words = judged.words
    title = words.t("validation.challengers")
    told = "" if judged.is_file else challenger_sentence(judged.context)
    blocks = [text(told)] if told else []
    blocks += measure_block(judged, _tests(judged), caption=words.label("area", "comparison"))
    blocks += [*_comparisons(judged), *_pictures(judged), *_verdicts(judged)]
    if not _others(judged):
        blocks.append(note(words.t("validation.alone")))
    return Chapter("challengers", title, tuple(blocks))


def _tests(judged: Judged) -> list[str]:
    """Tests against the simple rule, the gain itself first."""
    return sorted(judged.of_area("comparison"), key=lambda code: (code != "auc_gain_over_rule", code))


def _others(judged: Judged) -> bool:
    measures = judged.context.table("measures")
    return measures is not None and measures["model_code"].nunique() > 1


def _comparisons(judged: Judged) -> list[Block]:
    words, rows = judged.words, judged.context.table("comparisons")
    if rows is None:
        return []
    ordered = rows.sort_values(["other_auc", "other_code"], ascending=[False, True])
    headers = [words.t(f"column.{name}") for name in ("other_code", "other_auc", "auc_difference")]
    headers += [interval_heading(judged)]
    headers += [words.t(f"column.{name}") for name in ("p_value", "p_adjusted", "brier_difference")]
    lines = [_compared(row, judged) for _, row in ordered.iterrows()]
    content = Grid(tuple(headers), tuple(lines), (False, *(True for _ in headers[1:])))
    caption = words.t("validation.compared_with", model=judged.name())
    return [grid_block(content, caption=caption), note(words.t("validation.compared_note"))]


def _compared(row: Series, judged: Judged) -> tuple[str, ...]:
    words, none = judged.words, judged.words.t("missing.none")
    name = judged.name(row["other_code"])
    if row["other_code"] == judged.rule:
        name = words.t("validation.named_rule", name=name)
    if pd.isna(row["auc_difference"]):
        return (name, words.missing(row["reason_code"]), *(none,) * 5)
    interval = none
    if pd.notna(row["difference_low"]):
        low, high = (words.signed(row[f"difference_{side}"], 3) for side in ("low", "high"))
        interval = unbroken(words.t("chapter.interval", low=low, high=high))
    tests = [none if pd.isna(row[name]) else words.p_value(row[name]) for name in ("p_value", "p_adjusted")]
    return (
        name,
        words.number(row["other_auc"], 3),
        words.signed(row["auc_difference"], 3),
        interval,
        *tests,
        words.signed(row["brier_difference"], 4),
    )


def _pictures(judged: Judged) -> list[Block]:
    """What a run knows of its candidates: their AUCs and the gains of the champion."""
    words, choice = judged.words, judged.context.table("model_choice")
    known = None if choice is None else choice[choice["auc"].notna()].sort_values("auc", ascending=False)
    if choice is None or known is None or known.empty:
        return []
    parts = [
        f"{words.label('model', code)} {words.number(auc, 3)}"
        for code, auc in zip(known["model_code"], known["auc"], strict=True)
    ]
    alt = words.t("alt.candidates", parts=", ".join(parts))
    drawn = figure(model_candidates(choice, words=words), alt=alt)
    return [pair(drawn, figure(champion_gains(choice, words=words), alt=words.t("alt.gains")))]


def _verdicts(judged: Judged) -> list[Block]:
    """Verdicts of all models by area, the judged one first."""
    words, summary = judged.words, judged.context.table("validation_summary")
    if summary is None or not _others(judged):
        return []
    wide = summary.pivot(index="model_code", columns="area_code", values="verdict_code")
    order = sorted(wide.index, key=lambda code: (code != judged.model, judged.name(code)))
    areas = [area for area in (*AREAS, WHOLE) if area in wide]
    headers = (words.t("column.model_code"), *(words.label("area_short", area) for area in areas))
    lines = [_verdict_line(code, wide.loc[code, areas], judged) for code in order]
    marks = tuple((None, *(_mark(wide.loc[code, area]) for area in areas)) for code in order)
    content = Grid(headers, tuple(lines), (False,) * len(headers), marks)
    return [grid_block(content, caption=words.t("validation.all_models")), note(words.t("validation.all_models_note"))]


def _verdict_line(code: str, verdicts: Series, judged: Judged) -> tuple[str, ...]:
    words = judged.words
    none = words.t("missing.not_applicable")
    return (judged.name(code), *(none if pd.isna(found) else verdict_word(found, words) for found in verdicts))


def _mark(code: object) -> str | None:
    return None if pd.isna(code) else str(code)
