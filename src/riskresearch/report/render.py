"""The management page: tables to one HTML file per language, complete in itself."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Chapter, Context
from riskresearch.report.page.data import data_chapter, method_chapter
from riskresearch.report.page.findings import findings
from riskresearch.report.page.money import insurance_chapter, limits_chapter
from riskresearch.report.page.payment import payment_chapter
from riskresearch.report.page.risk import risk_chapter, why_chapter
from riskresearch.report.page.tiles import tiles
from riskresearch.report.page.trust import trust_chapter
from riskresearch.report.translator import LOCALES, translator

CHAPTERS = (
    payment_chapter,
    risk_chapter,
    trust_chapter,
    why_chapter,
    limits_chapter,
    insurance_chapter,
    data_chapter,
    method_chapter,
)


def management_page(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> str:
    """Return the management page: what a director reads in two minutes, then the chapters behind it.

    The page holds its style and pictures, no script and no reference outside its folder. A stage that
    gave no table has a chapter that says what is missing and what was done instead.

    Parameters
    ----------
    tables : tables of the run by name, any may be absent or empty
    facts : run, date, source, whether the data are synthetic
    language : ``en`` or ``fr``
    """
    words = translator(language, tables.get("labels"), currency_code=facts.currency_code)
    context = Context(tables, facts, words)
    chapters: list[Chapter] = [chapter(context) for chapter in CHAPTERS]
    return (
        environment()
        .get_template("management.html.j2")
        .render(
            words=words,
            facts=facts,
            tiles=tiles(context),
            findings=findings(context),
            chapters=chapters,
            other_languages=[name for name in LOCALES if name != language],
        )
    )


def write_pages(tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str) -> list[Path]:
    """Write ``index.en.html``, ``index.fr.html`` and ``index.html`` (the language asked for), each whole.

    Returns
    -------
    the files written; the last is ``index.html``
    """
    files = []
    for name in sorted(LOCALES, key=lambda each: each == language):
        page = management_page(tables, facts, name).encode()
        files.append(folder / f"index.{name}.html")
        write_atomically(files[-1], page)
    files.append(folder / "index.html")
    write_atomically(files[-1], page)
    return files


@cache
def environment() -> Environment:
    """Return the template environment: everything is escaped, an unknown name is an error."""
    return Environment(
        loader=PackageLoader("riskresearch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
