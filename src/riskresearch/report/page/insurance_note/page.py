"""The note for the finance director: one A4 page per language, complete in itself."""

from collections.abc import Mapping
from pathlib import Path

from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Context
from riskresearch.report.page.findings import insurance_sentences
from riskresearch.report.page.insurance_note.doubts import doubts
from riskresearch.report.page.insurance_note.figures import (
    answers,
    best_cover,
    investor_sentences,
    options_grid,
    options_note,
    tiles,
)
from riskresearch.report.page.insurance_note.to_do import to_do
from riskresearch.report.render import environment
from riskresearch.report.tables import grid_html
from riskresearch.report.translator import LOCALES, translator

STEM = "insurance_note"


def insurance_note(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> str:
    """Return the note: what the cover costs and brings, both rankings, what to do, what is doubtful.

    Everything is about the cover with the lowest economic cost among the options compared; the actions are those of
    the policy in use. A run without any cover to compare gets a note that says so.

    Parameters
    ----------
    tables : tables of the run by name, any may be absent or empty
    facts : run, date, source, whether the data are synthetic
    language : ``en`` or ``fr``
    """
    words = translator(language, tables.get("labels"), currency_code=facts.currency_code)
    context = Context(tables, facts, words)
    best = best_cover(context)
    told = insurance_sentences(context) or [words.t("chapter.no_insurance")]
    shown = (
        {}
        if best is None
        else {
            "chosen": words.t("insurance_note.chosen", option=best.name),
            "tiles": tiles(best, words),
            "options": grid_html(options_grid(context), caption=words.t("insurance_note.options")),
            "options_note": options_note(context, best),
            "to_do": to_do(context, best),
            "doubts": doubts(context, best),
            "investors": investor_sentences(context, best),
        }
    )
    return (
        environment()
        .get_template("insurance_note.html.j2")
        .render(
            words=words,
            facts=facts,
            language=language,
            answer=[*told, *([] if best is None else answers(best, words))],
            best=best,
            **shown,
        )
    )


def write_insurance_notes(tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str) -> list[Path]:
    """Write ``insurance_note.en.html``, ``.fr.html`` and ``insurance_note.html`` (the language asked for).

    Returns
    -------
    the files written; the last is ``insurance_note.html``
    """
    pages = {name: insurance_note(tables, facts, name).encode() for name in LOCALES}
    files = {folder / f"{STEM}.{name}.html": page for name, page in pages.items()}
    files[folder / f"{STEM}.html"] = pages[language]
    for path, page in files.items():
        write_atomically(path, page)
    return list(files)
