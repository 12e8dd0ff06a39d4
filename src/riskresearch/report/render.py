"""The management page: tables to one HTML file per language, complete in itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.report.facts import PageFacts
from riskresearch.report.page.context import Chapter, Context
from riskresearch.report.page.data import data_chapter, method_chapter
from riskresearch.report.page.findings import findings
from riskresearch.report.page.insurance.acting import actions_chapter, requests_chapter
from riskresearch.report.page.insurance.chapter import insurance_chapter
from riskresearch.report.page.insurance.comparison import comparison_chapter
from riskresearch.report.page.insurance.designs import clauses_chapter, designs_chapter
from riskresearch.report.page.insurance.laws import laws_chapter
from riskresearch.report.page.insurance.sensitivity import loading_chapter, stress_chapter, tornado_chapter
from riskresearch.report.page.insurance.timing import declarations_chapter, timing_chapter
from riskresearch.report.page.insurance.use import policy_cost_chapter, policy_use_chapter
from riskresearch.report.page.insurance.who import checks_chapter, who_chapter
from riskresearch.report.page.limits.backtest import backtest_chapter
from riskresearch.report.page.limits.changes import changes_chapter
from riskresearch.report.page.limits.chapter import limits_chapter
from riskresearch.report.page.limits.economics import economics_chapter
from riskresearch.report.page.limits.factors import factors_chapter
from riskresearch.report.page.limits.numbers import numbers_chapter
from riskresearch.report.page.limits.optimum import optimum_chapter
from riskresearch.report.page.limits.overrides import overrides_chapter
from riskresearch.report.page.limits.reviews import reviews_chapter
from riskresearch.report.page.limits.terms import terms_chapter
from riskresearch.report.page.payment import payment_chapter
from riskresearch.report.page.risk import risk_chapter
from riskresearch.report.page.tiles import tiles
from riskresearch.report.page.trust import trust_chapter
from riskresearch.report.page.validation.calibration import calibration_chapter
from riskresearch.report.page.validation.challengers import challengers_chapter
from riskresearch.report.page.validation.discrimination import discrimination_chapter
from riskresearch.report.page.validation.everything import everything_chapter
from riskresearch.report.page.validation.judged import judged
from riskresearch.report.page.validation.samples import samples_chapter
from riskresearch.report.page.validation.segments import segments_chapter
from riskresearch.report.page.validation.sensitivity import sensitivity_chapter
from riskresearch.report.page.validation.stability import stability_chapter
from riskresearch.report.page.validation.use import use_chapter
from riskresearch.report.page.validation.verdict import verdict_chapter
from riskresearch.report.page.why import why_chapter
from riskresearch.report.translator import LOCALES, Translator, translator

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
LIMIT_CHAPTERS = (
    changes_chapter,
    numbers_chapter,
    factors_chapter,
    optimum_chapter,
    backtest_chapter,
    reviews_chapter,
    overrides_chapter,
    economics_chapter,
    terms_chapter,
)
INSURANCE_CHAPTERS = (
    comparison_chapter,
    laws_chapter,
    clauses_chapter,
    designs_chapter,
    tornado_chapter,
    loading_chapter,
    stress_chapter,
    timing_chapter,
    policy_use_chapter,
    policy_cost_chapter,
    actions_chapter,
    declarations_chapter,
    requests_chapter,
    who_chapter,
    checks_chapter,
)
VALIDATION_CHAPTERS = (
    verdict_chapter,
    samples_chapter,
    discrimination_chapter,
    challengers_chapter,
    calibration_chapter,
    stability_chapter,
    segments_chapter,
    sensitivity_chapter,
    use_chapter,
    everything_chapter,
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
            **_frame(words, facts, language),
            title=words.t("page.title"),
            heading=words.t("page.title_of", seller=facts.seller_name) if facts.seller_name else words.t("page.title"),
            file_stem="index",
            tiles=tiles(context),
            findings=findings(context),
            chapters=chapters,
        )
    )


def validation_page(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> str:
    """Return the validation page: what was tested, on what, passed or not, and the reason.

    It is made from the tables of a run, or from those of a delivered file of scores, some of which are empty.

    Parameters
    ----------
    tables : tables by name, any may be absent or empty
    facts : run or file, date, source, whether the data are synthetic; the model that is judged, where a file holds it
    language : ``en`` or ``fr``
    """
    words = translator(language, tables.get("labels"), currency_code=facts.currency_code)
    model = judged(Context(tables, facts, words))
    return (
        environment()
        .get_template("validation.html.j2")
        .render(
            **_frame(words, facts, language),
            title=words.t("validation.title"),
            heading=words.t("validation.title_of", model=model.name()) if model.model else words.t("validation.title"),
            file_stem="validation",
            source=words.t("validation.source_file" if model.is_file else "validation.source_run", **_origin(facts)),
            back=None if model.is_file else f"index.{language}.html",
            chapters=[chapter for made in VALIDATION_CHAPTERS if (chapter := made(model)) is not None],
        )
    )


def limits_page(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> str:
    """Return the page of the credit committee: what changes and why, the table to sign, optimum, backtest, reviews.

    Parameters
    ----------
    tables : tables of the run by name, any may be absent or empty; a chapter without its table says what is missing
    facts : run, date, source, whether the data are synthetic
    language : ``en`` or ``fr``
    """
    context = _context(tables, facts, language)
    said = {"title": "limits.title", "source": "validation.source_run"}
    return _page_beside("limits", said, context, [chapter(context) for chapter in LIMIT_CHAPTERS])


def insurance_page(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> str:
    """Return the page on credit insurance: options and their two orders, designs, use of the policy, what to do.

    Parameters
    ----------
    tables : tables of the run by name, any may be absent or empty; a chapter without its table says what is missing
    facts : run, date, source, whether the data are synthetic
    language : ``en`` or ``fr``
    """
    context = _context(tables, facts, language)
    said = {"title": "insurance.title", "source": "insurance.source_run"}
    return _page_beside("insurance", said, context, [chapter(context) for chapter in INSURANCE_CHAPTERS])


def _context(tables: Mapping[str, DataFrame], facts: PageFacts, language: str) -> Context:
    return Context(tables, facts, translator(language, tables.get("labels"), currency_code=facts.currency_code))


def _page_beside(file_stem: str, said: Mapping[str, str], context: Context, chapters: Sequence[Chapter]) -> str:
    """A page beside the management page; `said` holds the messages of its title and of its source."""
    words, facts = context.words, context.facts
    title = words.t(said["title"])
    return (
        environment()
        .get_template("beside.html.j2")
        .render(
            **_frame(words, facts, words.language),
            title=title,
            heading=title,
            file_stem=file_stem,
            source=words.t(said["source"], **_origin(facts)),
            back=f"index.{words.language}.html",
            chapters=chapters,
        )
    )


def _frame(words: Translator, facts: PageFacts, language: str) -> dict[str, object]:
    """What every page shows around its chapters."""
    return {"words": words, "facts": facts, "other_languages": [name for name in LOCALES if name != language]}


def _origin(facts: PageFacts) -> dict[str, str]:
    return {"source": facts.source_name, "run": facts.run_name, "currency": facts.currency_code}


def write_pages(tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str) -> list[Path]:
    """Write ``index.en.html``, ``index.fr.html`` and ``index.html`` (the language asked for), each whole.

    Returns
    -------
    the files written; the last is ``index.html``
    """
    return _write(lambda name: management_page(tables, facts, name), folder, "index", language)


def write_validation_pages(
    tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str
) -> list[Path]:
    """Write ``validation.en.html``, ``validation.fr.html`` and ``validation.html`` (the language asked for).

    Returns
    -------
    the files written; the last is ``validation.html``
    """
    return _write(lambda name: validation_page(tables, facts, name), folder, "validation", language)


def write_limits_pages(tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str) -> list[Path]:
    """Write ``limits.en.html``, ``limits.fr.html`` and ``limits.html`` (the language asked for).

    Returns
    -------
    the files written; the last is ``limits.html``
    """
    return _write(lambda name: limits_page(tables, facts, name), folder, "limits", language)


def write_insurance_pages(tables: Mapping[str, DataFrame], facts: PageFacts, folder: Path, language: str) -> list[Path]:
    """Write ``insurance.en.html``, ``insurance.fr.html`` and ``insurance.html`` (the language asked for).

    Returns
    -------
    the files written; the last is ``insurance.html``
    """
    return _write(lambda name: insurance_page(tables, facts, name), folder, "insurance", language)


def _write(page_of: Callable[[str], str], folder: Path, stem: str, language: str) -> list[Path]:
    """Write a page in every language, the one asked for last, and that one again without language in its name."""
    files = []
    for name in sorted(LOCALES, key=lambda each: each == language):
        page = page_of(name).encode()
        files.append(folder / f"{stem}.{name}.html")
        write_atomically(files[-1], page)
    files.append(folder / f"{stem}.html")
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
