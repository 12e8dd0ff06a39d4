"""Chapters: segments with their rules side by side, shares by grade, new customers, exceptions."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, grid_block, note
from riskresearch.report.page.policy.values import Policy, share

ENTRY = ("pd_max_ratio", "days_beyond_terms_max", "past_due_max_days", "n_incidents_max", "n_signals_max")
DEFAULTED, PASSABLE = "defaulted", "uninsured_share"
LEADING = ("need_factor", "net_worth_ratio", "revenue_ratio", "insurer_cap_code", "uninsured_max_amount")


def segments_chapter(policy: Policy) -> Chapter:
    """Return the chapter: one matrix, a column for each segment, a line for each rule."""
    words, moves = policy.words, policy.one("movement")
    told = words.t(
        "credit_policy.segments_note",
        reviews=words.n("credit_policy.reviews", int(moves["upgrade_reviews"])),
        ratio=share(moves["upgrade_band_ratio"], words),
    )
    blocks = (note(told), _matrix(policy), Block("heading", words.t("credit_policy.grades")), *_grades(policy))
    return Chapter("segments", words.t("credit_policy.segments"), blocks)


def new_customers_chapter(policy: Policy) -> Chapter:
    """Return the chapter: the rule for customers with little history."""
    title = policy.words.t("credit_policy.new_customers")
    told = note(policy.words.t("credit_policy.new_customers_note"))
    return Chapter("new_customers", title, (told, *policy.pairs("new_customers", title)))


def exceptions_chapter(policy: Policy) -> Chapter:
    """Return the chapter: customers the policy treats apart, or that there are none."""
    words = policy.words
    title = words.t("credit_policy.exceptions")
    if policy.rows["exceptions"].empty:
        return Chapter("exceptions", title, (note(words.t("credit_policy.no_exceptions")),))
    blocks = (note(words.t("credit_policy.exceptions_note")), policy.lines("exceptions", title))
    return Chapter("exceptions", title, blocks)


def _grades(policy: Policy) -> tuple[Block, ...]:
    words = policy.words
    if policy.rows["shares_by_grade"].empty:
        return (note(words.t("credit_policy.no_grades")),)
    table = policy.lines("shares_by_grade", words.t("credit_policy.grades"))
    return (note(words.t("credit_policy.grades_note")), table)


def _matrix(policy: Policy) -> Block:
    words, segments = policy.words, policy.rows["segments"]
    entry = (words.t("credit_policy.entry"), *(entry_text(row, policy) for _, row in segments.iterrows()))
    rest = [n for n in segments.columns if n not in (*ENTRY, *LEADING, "segment_code")]
    lines = [entry, *_rules(policy, LEADING), *_terms(policy), *_rules(policy, rest)]
    codes = [str(code) for code in segments["segment_code"]]
    heads = (words.t("credit_policy.rule"), *(words.label("segment", code) for code in codes))
    content = Grid(heads, tuple(lines), (False,) * len(heads))
    return grid_block(content, caption=words.t("credit_policy.segments_table"))


def _rules(policy: Policy, names: tuple[str, ...] | list[str]) -> Iterator[tuple[str, ...]]:
    segments = policy.rows["segments"]
    passed = (segments["insurer_cap_code"] == PASSABLE) | (segments["uninsured_max_amount"] > 0)
    shown = segments.assign(uninsured_max_amount=segments["uninsured_max_amount"].where(passed))
    for name in names:
        empty = "missing.not_applicable" if name == "uninsured_max_amount" else "credit_policy.list_empty"
        yield (policy.field("segments", name), *(policy.value(name, value, empty=empty) for value in shown[name]))


def _terms(policy: Policy) -> Iterator[tuple[str, ...]]:
    """A line for each tenure, a cell for each segment."""
    words, terms = policy.words, policy.rows["segment_terms"]
    for tenure in terms["tenure_code"].unique():
        rows: DataFrame = terms[terms["tenure_code"] == tenure].set_index("segment_code")
        offers = [rows.loc[code] for code in policy.rows["segments"]["segment_code"]]
        name = words.t("credit_policy.terms_of", tenure=words.label("tenure", tenure))
        yield (name, *(terms_text(offer, policy) for offer in offers))


def entry_text(row: Series, policy: Policy) -> str:
    """Return in words who belongs to a segment.

    Parameters
    ----------
    row : row of the frame ``segments``
    policy : the policy
    """
    words = policy.words
    asked = [name for name in ENTRY if pd.notna(row[name])]
    if not asked:
        is_last = row["segment_code"] == DEFAULTED
        return words.t("credit_policy.entry_default" if is_last else "credit_policy.entry_rest")
    return words.listed(_condition(name, row[name], policy) for name in asked)


def _condition(name: str, value: float, policy: Policy) -> str:
    if words_none := policy.words.messages.get(f"label.policy_entry.{name}_{value:g}"):
        return words_none
    return policy.words.t(f"label.policy_entry.{name}", value=policy.value(name, value))


def terms_text(offer: Series, policy: Policy) -> str:
    """Return the longest terms of a segment and tenure in words.

    Parameters
    ----------
    offer : row of the frame ``segment_terms``
    policy : the policy
    """
    words = policy.words
    days = {name: int(offer[name]) for name in ("max_days", "below_law_days", "request_days")}
    parts = [words.threshold_days(days["max_days"]) if days["max_days"] else words.t("credit_policy.cash")]
    if days["below_law_days"]:
        parts.append(words.t("credit_policy.terms_below", days=words.threshold_days(days["below_law_days"])))
    if days["request_days"]:
        parts.append(words.t("credit_policy.terms_request", days=words.threshold_days(days["request_days"])))
    return words.listed(parts)
