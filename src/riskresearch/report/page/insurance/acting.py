"""Chapters: what to do about the policy, and what to ask the insurer for."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import with_unit
from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.insurance.parts import focus, focus_words, name_of, value_cell, with_error
from riskresearch.report.page.limits.parts import WIDE, Column, dated, listing, money, none_or
from riskresearch.report.translator import Translator

REQUESTS_SHOWN = 15
DORMANT_SHOWN = 10


def actions_chapter(context: Context) -> Chapter:
    """Return the chapter: rules that call for an action with what it saves, and rules that cannot be judged."""
    words, actions = context.words, context.table("policy_actions")
    title = words.t("insurance.actions")
    if actions is None:
        return Chapter("actions", title, (missing(words.t("insurance.no_actions")),))
    policy = focus(context, actions["option_id"])
    rows = actions[actions["option_id"] == policy]
    act = rows[rows["action_status_code"] == "act"].sort_values("action_number")
    told = words.n("insurance.to_act", len(act), option=name_of(context, policy), total=words.count(len(rows)))
    blocks = [text(told)]
    if len(act):
        blocks.append(_rules(act, words, caption=words.t("insurance.actions_table")))
    rest = rows[rows["action_status_code"] != "act"].sort_values(["action_status_code", "rule_code"])
    if len(rest):
        blocks.append(_rules(rest, words, caption=words.t("insurance.fine_table"), with_gain=False))
    return Chapter("actions", title, (*blocks, note(words.t("insurance.actions_note"))))


def _rules(rows: DataFrame, words: Translator, *, caption: str, with_gain: bool = True) -> Block:
    columns = [
        (words.t("column.rule_code"), lambda row: words.label("policy_action", row["rule_code"]), False),
        (words.t("insurance.read"), lambda row: value_cell(row, words), True),
        (words.t("column.threshold_value"), lambda row: _threshold(row, words), True),
    ]
    marks: list[str | None] = [WIDE, None, None]
    if with_gain:
        columns.append((words.t("column.gain_amount"), lambda row: _gain(row, words), True))
        columns.append((words.t("column.gain_code"), lambda row: words.label("gain", row["gain_code"]), False))
        marks += [None, None]
    return listing(rows, columns, words=words, caption=caption, marks=marks)


def _threshold(row: Series, words: Translator) -> str:
    if row["unit_code"] == "ratio":
        return words.ratio(row["threshold_value"])
    return with_unit(row["threshold_value"], str(row["unit_code"]), words, decimals=0)


def _gain(row: Series, words: Translator) -> str:
    return words.t("insurance.not_priced") if pd.isna(row["gain_amount"]) else with_error(words, row, "gain_amount")


def requests_chapter(context: Context) -> Chapter:
    """Return the chapter: limits to ask for, most indemnity won first, and limits nobody uses."""
    words = context.words
    blocks = (*_requests(context), *_dormant(context), note(words.t("insurance.requests_note")))
    return Chapter("requests", words.t("insurance.requests"), blocks)


def _requests(context: Context) -> Iterator[Block]:
    words, requests = context.words, context.table("limit_requests")
    if requests is None:
        yield missing(words.t("insurance.no_requests"))
        return
    if told := focus_words(context, requests["option_id"]):
        yield text(told)
    policy = focus(context, requests["option_id"])
    rows = requests[requests["option_id"] == policy].sort_values("request_number")
    shown = rows.head(REQUESTS_SHOWN)
    told_all = {
        "top": words.compact(shown["total_extra_indemnity_amount"].iloc[-1]),
        "all": words.compact(rows["total_extra_indemnity_amount"].iloc[-1]),
        "shown": words.count(len(shown)),
    }
    yield text(words.n("insurance.requests_told", len(rows), **told_all))
    yield listing(
        rows, _asked(words), words=words, caption=words.t("insurance.requests_table"), max_rows=REQUESTS_SHOWN
    )


def _asked(words: Translator) -> list[Column]:
    """What a request asks for, and what it wins."""
    return [
        (words.t("column.request_number"), lambda row: words.count(row["request_number"]), True),
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("column.request_code"), lambda row: words.label("request", row["request_code"]), False),
        money(words, "limit_amount", name="insurance.limit"),
        money(words, "wanted_limit_amount"),
        money(words, "exposure_amount"),
        (words.t("column.pd_12m"), lambda row: words.probability(row["pd_12m"]), True),
        (words.t("column.extra_indemnity_amount"), lambda row: with_error(words, row, "extra_indemnity_amount"), True),
        (words.t("column.extra_fees_amount"), lambda row: words.compact(row["extra_fees_amount"]), True),
        (
            words.t("column.total_extra_indemnity_amount"),
            lambda row: words.compact(row["total_extra_indemnity_amount"]),
            True,
        ),
    ]


def _dormant(context: Context) -> Iterator[Block]:
    words, dormant = context.words, context.table("dormant_limits")
    yield Block("heading", words.t("insurance.dormant"))
    if dormant is None:
        yield text(words.t("insurance.no_dormant"))
        return
    rows = dormant[dormant["option_id"] == focus(context, dormant["option_id"])]
    amount, fees = (words.compact(rows[f"{name}_amount"].sum()) for name in ("limit", "yearly_fee"))
    yield text(words.n("insurance.dormant_told", len(rows), amount=amount, fees=fees))
    order = rows.sort_values(["limit_amount", "customer_id"], ascending=[False, True])
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        money(words, "limit_amount", name="insurance.limit"),
        dated(words, "granted_date"),
        dated(words, "last_move_date"),
        (
            words.t("column.yearly_fee_amount"),
            lambda row: none_or(words, row["yearly_fee_amount"], words.compact),
            True,
        ),
    ]
    yield listing(order, columns, words=words, caption=words.t("insurance.dormant_table"), max_rows=DORMANT_SHOWN)
