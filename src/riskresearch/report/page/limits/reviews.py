"""Chapter: reviews due today, what follows from them, run-off and temporary increases."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.limits.chapter import reviews_sentence
from riskresearch.report.page.limits.parts import coded, counted, dated, listing, money, none_or
from riskresearch.report.totals import actions_by_cause, first_reviews, reviews_by_trigger
from riskresearch.report.translator import Translator

RUNOFF_SHOWN = 15
FIRST_SHOWN = 15


def reviews_chapter(context: Context) -> Chapter:
    """Return the chapter: reviews due by trigger, actions, debts that run off, temporary increases."""
    words, reviews = context.words, context.table("limit_reviews")
    title = words.t("limits.reviews")
    if reviews is None:
        blocks: list[Block] = [missing(words.t("limits.no_reviews"))]
    else:
        blocks = [text(reviews_sentence(context)), *_triggers(reviews, words)]
    blocks += [*_actions(context), *_runoff(context), *_temporary(context)]
    return Chapter("reviews", title, tuple(blocks))


def _triggers(reviews: DataFrame, words: Translator) -> Iterator[Block]:
    rows = reviews_by_trigger(reviews, ("priority_code", "trigger_code"))
    if rows.empty:
        return
    yield _first(reviews, words)
    columns = [
        coded(words, "priority_code"),
        coded(words, "trigger_code"),
        counted(words, "n_customers"),
        money(words, "unsecured_amount"),
        (words.t("limits.passed"), lambda row: words.count(row["n_reviews_passed"]), True),
        (words.t("limits.due_since"), lambda row: words.date(row["review_due_date"], "medium"), False),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.triggers_table"))
    yield note(words.t("limits.triggers_note"))


def _first(reviews: DataFrame, words: Translator) -> Block:
    """The customers to look at first, with all that calls for it."""
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        coded(words, "priority_code"),
        money(words, "unsecured_amount"),
        (words.t("column.trigger_code"), lambda row: _triggered(row, words), False),
        (words.t("limits.due_since"), lambda row: words.date(row["review_due_date"], "medium"), False),
    ]
    rows = first_reviews(reviews, n_customers=FIRST_SHOWN)
    return listing(rows, columns, words=words, caption=words.t("limits.first_due"))


def _triggered(row: Series, words: Translator) -> str:
    return words.listed(cause_name(code, words) for code in str(row["trigger_codes"]).split("+"))


def cause_name(code: object, words: Translator) -> str:
    """Return what causes an action: a trigger of a review, or a limit that is passed."""
    return words.label("review_trigger", code)


def _actions(context: Context) -> Iterator[Block]:
    words, actions = context.words, context.table("limit_actions")
    if actions is None:
        return
    columns = [
        (words.t("column.cause_code"), lambda row: cause_name(row["cause_code"], words), False),
        coded(words, "action_code"),
        (words.t("limits.to_do"), lambda row: words.count(row["n_needed"]), True),
        (words.t("limits.checked"), lambda row: words.count(row["n_customers"] - row["n_needed"]), True),
    ]
    yield listing(actions_by_cause(actions), columns, words=words, caption=words.t("limits.follow_table"))


def _runoff(context: Context) -> Iterator[Block]:
    """Customers above their new limit: what is held, what has to be paid, and by when it will be."""
    words, rows = context.words, context.table("limit_runoff")
    if rows is None:
        return
    order = rows.sort_values(["over_limit_amount", "customer_id"], ascending=[False, True])
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        money(words, "used_amount"),
        money(words, "room_amount"),
        money(words, "over_limit_amount"),
        money(words, "blocked_order_amount"),
        money(words, "to_pay_amount"),
        money(words, "late_amount"),
        (words.t("column.expected_date"), lambda row: _by(row, words), False),
    ]
    caption = words.t("limits.runoff_table")
    yield listing(order, columns, words=words, caption=caption, max_rows=RUNOFF_SHOWN)
    yield note(words.t("limits.runoff_note"))


def _by(row: Series, words: Translator) -> str:
    """The day the debt is back under the limit, or why none is expected."""
    if pd.isna(row["expected_date"]):
        return words.label("runoff", row["runoff_code"])
    return words.date(row["expected_date"], "medium")


def _temporary(context: Context) -> Iterator[Block]:
    """Temporary increases that are live, break a rule, or are still used after their end."""
    words, rows = context.words, context.table("temporary_limits")
    if rows is None:
        return
    is_told = rows["is_live"].astype(bool) | rows["breach_codes"].notna() | (rows["n_breach_days"] > 0)
    told = rows[is_told].sort_values(["start_date", "limit_id"], ascending=[False, True])
    yield text(words.n("limits.temporary", int(rows["is_live"].sum()), total=words.count(len(rows))))
    if told.empty:
        return
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        money(words, "temporary_amount"),
        money(words, "own_limit_amount"),
        money(words, "allowed_amount"),
        dated(words, "start_date"),
        dated(words, "end_date"),
        counted(words, "n_breach_days"),
        (words.t("column.breach_codes"), lambda row: breaches(row["breach_codes"], words), False),
    ]
    yield listing(told, columns, words=words, caption=words.t("limits.temporary_table"), max_rows=RUNOFF_SHOWN)


def breaches(codes: object, words: Translator) -> str:
    """Return the rules a decision breaks, in words."""
    return none_or(words, codes, lambda found: words.listed(words.label("breach", code) for code in _parts(found)))


def _parts(codes: object) -> list[str]:
    return str(codes).split("+")
