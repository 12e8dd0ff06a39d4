"""Chapters: who should insure, and whether the simulation may be trusted."""

from collections.abc import Iterator

import pandas as pd
from pandas import Series

from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.insurance.parts import name_of, value_cell
from riskresearch.report.page.limits.parts import listing
from riskresearch.report.translator import Translator

FOUR_ERRORS = 4.0


def who_chapter(context: Context) -> Chapter:
    """Return the chapter: five criteria on the book, and the kind of cover its granularity recommends."""
    words, criteria = context.words, context.table("insurance_criteria")
    title = words.t("insurance.who")
    if criteria is None:
        return Chapter("who", title, (missing(words.t("insurance.no_criteria")),))
    columns = [
        (words.t("column.criterion_code"), lambda row: words.label("criterion", row["criterion_code"]), False),
        (words.t("insurance.read"), lambda row: _read(row, words), True),
        (words.t("column.threshold_value"), lambda row: _bar(row, words), True),
        (words.t("column.is_met"), lambda row: _met(row, words), False),
    ]
    told = [text(sentence) for sentence in (advice_sentence(context), _spread(context)) if sentence]
    table = listing(criteria, columns, words=words, caption=words.t("insurance.criteria_table"))
    return Chapter("who", title, (*told, table, note(words.t("insurance.who_note"))))


def advice_sentence(context: Context) -> str:
    """Return what the five criteria recommend; nothing where they were not judged."""
    words, advice = context.words, context.table("insurance_advice")
    if advice is None:
        return ""
    row = advice.iloc[0]
    shown = {"met": words.count(row["n_met"]), "known": words.count(row["n_known"])}
    return words.t("insurance.advice", advice=words.label("advice", row["advice_code"]), **shown)


def _spread(context: Context) -> str:
    """How scattered the book is, and which kind of cover goes with it."""
    words, advice = context.words, context.table("insurance_advice")
    if advice is None:
        return ""
    row = advice.iloc[0]
    if pd.isna(row["n_effective"]):
        return words.t("insurance.no_spread")
    shown = {"n": words.number(row["n_effective"], 1), "spread": words.label("spread", row["spread_code"])}
    return words.t("insurance.spread", cover=words.label("cover_kind", row["cover_kind_code"]), **shown)


def _read(row: Series, words: Translator) -> str:
    if pd.isna(row["value"]):
        return words.missing()
    return value_cell(row, words)


def _bar(row: Series, words: Translator) -> str:
    return value_cell(Series({"value": row["threshold_value"], "unit_code": row["unit_code"]}), words)


def _met(row: Series, words: Translator) -> str:
    if pd.isna(row["is_met"]):
        return words.missing()
    return words.t("flag.yes" if row["is_met"] else "flag.no")


def checks_chapter(context: Context) -> Chapter:
    """Return the chapter: simulated figures beside exact ones, and the history behind the cuts of limits."""
    words, checks = context.words, context.table("simulation_checks")
    blocks = [missing(words.t("insurance.no_checks"))] if checks is None else [*_checks(context)]
    return Chapter("checks", words.t("insurance.checks"), (*blocks, *_cuts(context)))


def _checks(context: Context) -> Iterator[Block]:
    words, checks = context.words, context.tables["simulation_checks"]
    worst = float(checks["z"].abs().max())
    message = "insurance.checks_agree" if worst <= FOUR_ERRORS else "insurance.checks_differ"
    yield text(words.t(message, n=words.count(len(checks)), z=words.number(worst, 1)))
    columns = [
        (words.t("insurance.option"), lambda row: name_of(context, row["option_id"]), False),
        (words.t("column.figure_code"), lambda row: words.label("figure", row["figure_code"]), False),
        (words.t("column.simulated"), lambda row: _told(row, "simulated", words), True),
        (words.t("insurance.error"), lambda row: _told(row, "simulated_se", words), True),
        (words.t("column.exact"), lambda row: _told(row, "exact", words), True),
        (words.t("column.z"), lambda row: words.signed(row["z"], 1), True),
    ]
    yield listing(checks, columns, words=words, caption=words.t("insurance.checks_table"))
    yield note(words.t("insurance.checks_note"))


def _told(row: Series, name: str, words: Translator) -> str:
    """A figure of the check: a share of years or an amount, to the unit."""
    if pd.isna(row[name]):
        return words.missing()
    is_share = str(row["figure_code"]).startswith("p_") or str(row["figure_code"]).endswith("at_least_var")
    return words.ratio(row[name], 3) if is_share else words.amount(row[name], 0)


def _cuts(context: Context) -> Iterator[Block]:
    """How often the insurer cut a limit before a default, in the ledger's own history."""
    words, history = context.words, context.table("cut_history")
    yield Block("heading", words.t("insurance.cuts"))
    if history is None:
        yield missing(words.t("insurance.no_cuts"))
        return
    row = history.iloc[0]
    counts = {name: words.count(row[name]) for name in ("n_cuts", "n_defaults_after_cut")}
    if pd.isna(row["cut_before_default_ratio"]):
        yield text(words.t("insurance.no_default_with_limit", **counts))
        return
    shown = {end: words.ratio(row[f"cut_before_default_{end}"], 0) for end in ("ratio", "low", "high")}
    told = words.n("insurance.cuts_told", int(row["n_defaults"]), **counts, **shown)
    if pd.notna(row["lead_days_median"]):
        lead = {"days": words.days(row["lead_days_median"]), "left": words.ratio(row["remaining_ratio"], 0)}
        told = f"{told} {words.t('insurance.cuts_lead', **lead)}"
    yield text(told)
