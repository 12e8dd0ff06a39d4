"""The credit policy page: frames of the policy to one HTML file per language, complete in itself."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from riskresearch.base.run import write_atomically
from riskresearch.report.page.policy.rules import (
    approval_chapter,
    countries_chapter,
    guarantees_chapter,
    methods_chapter,
    money_chapter,
    movement_chapter,
    short_chapter,
    triggers_chapter,
)
from riskresearch.report.page.policy.segments import exceptions_chapter, new_customers_chapter, segments_chapter
from riskresearch.report.page.policy.values import Policy
from riskresearch.report.render import environment
from riskresearch.report.translator import LOCALES, translator

STEM = "credit_policy"
CHAPTERS = (
    short_chapter,
    segments_chapter,
    new_customers_chapter,
    methods_chapter,
    movement_chapter,
    triggers_chapter,
    approval_chapter,
    countries_chapter,
    guarantees_chapter,
    exceptions_chapter,
    money_chapter,
)


def credit_policy_page(
    rows: Mapping[str, DataFrame],
    language: str,
    *,
    labels: DataFrame | None = None,
    currency_code: str | None = None,
    back: str | None = None,
    has_languages: bool = False,
) -> str:
    """Return a credit policy as a page for staff and auditors: every field of the file, in words.

    Parameters
    ----------
    rows : frames of `riskresearch.limits.policy.rows.policy_rows`
    language : ``en`` or ``fr``
    labels : table `labels`, for the names of the limit methods
    currency_code : currency of the run; used where the policy names none
    back : relative link to the page this one belongs to; None = it stands alone
    has_languages : the other languages lie beside it
    """
    facts = rows["policy"].iloc[0]
    currency = currency_code if pd.isna(facts["currency_code"]) else str(facts["currency_code"])
    words = translator(language, labels, currency_code=currency or "EUR")
    policy = Policy(rows, words, currency)
    heading = words.t("credit_policy.heading", name=facts[f"name_{language}"], version=facts["version"])
    return (
        environment()
        .get_template("credit_policy.html.j2")
        .render(
            words=words,
            title=f"{words.t('credit_policy.title')} – {heading}",
            heading=heading,
            state=_state(policy),
            amounts=_amounts(policy),
            file_stem=STEM,
            back=back,
            other_languages=[name for name in LOCALES if name != language and has_languages],
            chapters=[chapter(policy) for chapter in CHAPTERS],
        )
    )


def write_credit_policy_pages(
    rows: Mapping[str, DataFrame], folder: Path, *, labels: DataFrame, currency_code: str, language: str
) -> list[Path]:
    """Write ``credit_policy.en.html``, ``credit_policy.fr.html`` and ``credit_policy.html`` (the language asked for).

    Returns
    -------
    the files written; the last is ``credit_policy.html``
    """
    files = []
    for name in sorted(LOCALES, key=lambda each: each == language):
        back = f"index.{name}.html"
        options = {"labels": labels, "currency_code": currency_code, "back": back}
        page = credit_policy_page(rows, name, **options, has_languages=True).encode()
        files.append(folder / f"{STEM}.{name}.html")
        write_atomically(files[-1], page)
    files.append(folder / f"{STEM}.html")
    write_atomically(files[-1], page)
    return files


def _state(policy: Policy) -> str:
    """From when the version holds, and who signed it."""
    facts, words = policy.one("policy"), policy.words
    date = words.date(facts["valid_from"])
    if pd.isna(facts["approved_by"]):
        return words.t("credit_policy.draft", date=date)
    return words.t("credit_policy.holds", date=date, name=facts["approved_by"])


def _amounts(policy: Policy) -> str:
    if policy.currency_code is None:
        return policy.words.t("credit_policy.run_currency")
    return policy.words.t("credit_policy.in_currency", currency=policy.currency_code)
