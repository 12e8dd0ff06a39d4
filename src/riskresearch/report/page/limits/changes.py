"""Chapter: what the committee decides today, and what changes."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.figures.limits import limits_by_segment
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, text
from riskresearch.report.page.limits.adoption import verdict_block
from riskresearch.report.page.limits.chapter import change_sentences, over_limit_table, reviews_sentence
from riskresearch.report.page.limits.parts import (
    WIDE,
    coded,
    counted,
    label_of,
    listing,
    money,
    none_or,
    reasons,
    signed,
)
from riskresearch.report.totals import largest_changes, limits_by_action
from riskresearch.report.translator import Translator

LARGEST_SHOWN = 15
OVER_LIMIT_SHOWN = 20


def changes_chapter(context: Context) -> Chapter:
    """Return the chapter: the verdict, actions by segment with the use affected, the largest changes with reasons."""
    words, limits = context.words, context.table("credit_limits")
    title = words.t("limits.changes")
    if limits is None:
        return Chapter("changes", title, (missing(words.t("chapter.no_limits")),))
    told = " ".join(change_sentences(limits, words))
    blocks = [
        verdict_block(context),
        text(told),
        text(reviews_sentence(context)),
        figure(limits_by_segment(limits, words=words), alt=words.t("alt.limits", sentence=told)),
        _actions(limits, words),
        note(words.t("limits.actions_note")),
        *_largest(context, limits),
        *over_limit_table(context, limits, max_rows=OVER_LIMIT_SHOWN),
    ]
    return Chapter("changes", title, tuple(block for block in blocks if block.text or block.kind == "figure"))


def _actions(limits: DataFrame, words: Translator) -> Block:
    """Actions by segment: customers, limits before and after, and the unsecured use of the customers affected."""
    rows = limits_by_action(limits, ("segment_code", "action_code"))
    columns = [
        coded(words, "segment_code"),
        coded(words, "action_code"),
        counted(words, "n_customers"),
        money(words, "current_limit_amount"),
        money(words, "limit_amount"),
        (words.t("limits.change"), lambda row: signed(words, row["change_amount"]), True),
        money(words, "unsecured_amount", name="limits.use_affected"),
        money(words, "over_limit_amount"),
    ]
    marks = ("segment_code", "action_code", *(None,) * 6)
    return listing(rows, columns, words=words, caption=words.t("limits.actions_table"), marks=marks)


def _largest(context: Context, limits: DataFrame) -> list[Block]:
    words, rows = context.words, largest_changes(limits, n_customers=LARGEST_SHOWN)
    if rows.empty:
        return [note(words.t("limits.nothing_changes"))]
    rows = rows.assign(reason=reasons(context, rows))
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("limits.segment_and_grade"), lambda row: _class(row, words), False),
        (words.t("limits.before"), lambda row: _before(row, words), True),
        money(words, "limit_amount"),
        (words.t("limits.terms"), lambda row: _terms(row, words), True),
        money(words, "unsecured_amount"),
        (words.t("limits.why"), lambda row: str(row["reason"]), False),
        (words.t("limits.not_known"), lambda row: missing_inputs(row["missing_codes"], words), False),
    ]
    marks = (None, "segment_code", *(None,) * 4, WIDE, None)
    caption = words.n("limits.largest", len(rows))
    return [listing(rows, columns, words=words, caption=caption, marks=marks)]


def _class(row: Series, words: Translator) -> str:
    grade = label_of(words, "grade_code", row["grade_code"])
    return words.t("limits.class", segment=words.label("segment", row["segment_code"]), grade=grade)


def _before(row: Series, words: Translator) -> str:
    return none_or(words, row["current_limit_amount"], words.number)


def _terms(row: Series, words: Translator) -> str:
    if row["terms_days"] == 0:
        return words.t("limits.cash")
    return none_or(words, row["terms_days"], words.threshold_days)


def missing_inputs(codes: object, words: Translator) -> str:
    """Return what was not known of a customer, in words."""
    if pd.isna(codes):
        return words.t("missing.none")
    return words.listed(words.label("missing_input", code) for code in str(codes).split("+"))
