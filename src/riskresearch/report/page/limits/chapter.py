"""Chapter of the management page: how much to sell on account, what changes, whether the policy deserves it."""

from collections.abc import Iterator

from pandas import DataFrame

from riskresearch.report.figures.limits import limits_by_segment
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, pair, table, text
from riskresearch.report.page.limits.adoption import verdict_block
from riskresearch.report.page.limits.parts import WIDE, coded, label_of, listing, money, reasons
from riskresearch.report.page.limits.rule_costs import costly_rule
from riskresearch.report.totals import (
    ACTION_ORDER,
    limits_by_action,
    over_limit,
    reviews_by_priority,
    reviews_by_trigger,
)
from riskresearch.report.totals import limits_by_segment as segment_totals
from riskresearch.report.translator import Translator

OVER_LIMIT_SHOWN = 10
TRIGGERS_TOLD = 4
DONE = {
    "block": "limits.do_block",
    "lower": "limits.do_lower",
    "keep": "limits.do_keep",
    "raise": "limits.do_raise",
    "new": "limits.do_new",
}
SEGMENT_COLUMNS = (
    "segment_code",
    "n_customers",
    "unsecured_amount",
    "current_limit_amount",
    "limit_amount",
    "over_limit_amount",
)


def limits_chapter(context: Context) -> Chapter:
    """Return the chapter: limits today and proposed, the verdict on the policy, reviews due, who is above its limit."""
    words, limits = context.words, context.table("credit_limits")
    title = words.t("chapter.limits")
    if limits is None:
        return Chapter("limits", title, (missing(words.t("chapter.no_limits")),))
    has_current = limits["current_limit_amount"].notna().any()
    told = " ".join(change_sentences(limits, words))
    drawn = figure(limits_by_segment(limits, words=words), alt=words.t("alt.limits", sentence=told))
    beside = [text(told), text(reviews_sentence(context)), _link(context)]
    blocks = [
        verdict_block(context),
        *([text(costly)] if (costly := costly_rule(context)) else []),
        *([] if has_current else [note(words.t("chapter.no_current_limit"))]),
        pair(drawn, Block("group", parts=tuple(block for block in beside if block.text))),
        table(
            segment_totals(limits),
            context,
            caption=words.t("table.limits"),
            columns=[name for name in SEGMENT_COLUMNS if has_current or name != "current_limit_amount"],
        ),
        *over_limit_table(context, limits, max_rows=OVER_LIMIT_SHOWN),
    ]
    return Chapter("limits", title, tuple(blocks))


def change_sentences(limits: DataFrame, words: Translator) -> Iterator[str]:
    """Yield what today's limits change: the sums, then each action with the use of the customers affected."""
    rows = limits_by_action(limits).set_index("action_code")
    before, after = rows["current_limit_amount"].sum(), rows["limit_amount"].sum()
    if limits["current_limit_amount"].notna().any():
        yield words.t("limits.sums", before=words.compact(before), after=words.compact(after))
    parts = [
        words.n(
            DONE[code],
            int(rows.loc[code, "n_customers"]),
            before=words.compact(rows.loc[code, "current_limit_amount"]),
            after=words.compact(rows.loc[code, "limit_amount"]),
            used=words.compact(rows.loc[code, "unsecured_amount"]),
        )
        for code in ACTION_ORDER
        if code in rows.index
    ]
    yield words.t("limits.actions", parts=words.t("limits.semicolon").join(parts))


def reviews_sentence(context: Context) -> str:
    """Return how many customers are due for a review, and what calls for most of them."""
    words, reviews = context.words, context.table("limit_reviews")
    if reviews is None:
        return words.t("limits.no_reviews")
    due = reviews[reviews["is_due"].astype(bool)]
    rows = reviews_by_trigger(reviews).head(TRIGGERS_TOLD)
    parts = [
        words.t("limits.n_of", verdict=words.label("review_trigger", code), n=words.count(n))
        for code, n in zip(rows["trigger_code"], rows["n_customers"], strict=True)
    ]
    told = words.n("limits.reviews_due", int(due["customer_id"].nunique()), parts=words.listed(parts))
    return f"{told} {_by_priority(reviews, words)}".strip()


def _by_priority(reviews: DataFrame, words: Translator) -> str:
    """Customers due by urgency, with what no security covers."""
    rows = reviews_by_priority(reviews)
    parts = [
        words.t(
            "limits.priority_part",
            priority=words.label("priority", row["priority_code"]),
            n=words.count(row["n_customers"]),
            amount=words.compact(row["unsecured_amount"]),
        )
        for _, row in rows.iterrows()
    ]
    return words.t("limits.by_priority", parts=words.listed(parts)) if parts else ""


def _link(context: Context) -> Block:
    words = context.words
    return Block("link", words.t("limits.link"), source=f"limits.{words.language}.html")


def over_limit_table(context: Context, limits: DataFrame, *, max_rows: int) -> Iterator[Block]:
    """Yield the customers above their limit, largest excess first, with the reason of the limit in words."""
    words, above = context.words, over_limit(limits)
    if above.empty:
        return
    shown = above.head(max_rows)
    rows = above.assign(reason=reasons(context, shown).reindex(above.index))
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("column.grade_code"), lambda row: label_of(words, "grade_code", row["grade_code"]), False),
        money(words, "unsecured_amount"),
        money(words, "limit_amount"),
        money(words, "over_limit_amount"),
        coded(words, "action_code"),
        (words.t("limits.why"), lambda row: str(row["reason"]), False),
    ]
    marks = (None, "grade_code", None, None, None, "action_code", WIDE)
    caption = words.t("table.over_limit")
    yield listing(rows, columns, words=words, caption=caption, max_rows=max_rows, marks=marks)
