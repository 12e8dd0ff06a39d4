"""Chapter: what customers earn and cost at their limit, and who is beyond break-even."""

from collections.abc import Callable, Iterator
from typing import Any

from pandas import DataFrame

from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.limits.parts import Column, coded, counted, label_of, listing, money, none_or
from riskresearch.report.totals import economics_by_segment
from riskresearch.report.translator import Translator

SHOWN = 10
PARTS = ("margin", "expected_loss", "finance", "operating", "premium", "capital", "value")


def economics_chapter(context: Context) -> Chapter:
    """Return the chapter: sums by segment, customers beyond break-even, and those with the smallest return."""
    words, rows, limits = context.words, context.table("limit_economics"), context.table("credit_limits")
    title = words.t("limits.economics")
    if rows is None or limits is None:
        return Chapter("economics", title, (missing(words.t("limits.no_economics")),))
    own = limits[["customer_id", "segment_code", "grade_code", "limit_amount"]]
    joined = rows.merge(own, on="customer_id", how="inner")
    blocks: list[Block] = [_segments(rows, limits, words), *_beyond(joined, words), *_lowest(joined, words)]
    return Chapter("economics", title, (*blocks, note(words.t("limits.economics_note"))))


def _segments(rows: DataFrame, limits: DataFrame, words: Translator) -> Block:
    columns = [
        coded(words, "segment_code"),
        counted(words, "n_customers"),
        (words.t("limits.n_without_sales"), lambda row: words.count(row["n_without_sales"]), True),
        *(money(words, f"{name}_amount") for name in PARTS),
        (words.t("limits.n_beyond"), lambda row: words.count(row["n_above_break_even"]), True),
    ]
    marks = ("segment_code", *(None,) * (len(columns) - 1))
    caption = words.t("limits.economics_table")
    return listing(economics_by_segment(rows, limits), columns, words=words, caption=caption, marks=marks)


def _columns(words: Translator) -> list[Column]:
    return [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("column.grade_code"), lambda row: label_of(words, "grade_code", row["grade_code"]), False),
        money(words, "limit_amount"),
        (words.t("column.order_pd_ratio"), lambda row: words.probability(row["order_pd_ratio"]), True),
        (words.t("column.break_even_pd_ratio"), lambda row: words.probability(row["break_even_pd_ratio"]), True),
        (
            words.t("column.break_even_pd_relation_ratio"),
            lambda row: none_or(words, row["break_even_pd_relation_ratio"], words.probability),
            True,
        ),
        (words.t("column.raroc_ratio"), lambda row: none_or(words, row["raroc_ratio"], _whole(words)), True),
        money(words, "value_amount"),
    ]


def _whole(words: Translator) -> Callable[[Any], str]:
    return lambda value: words.ratio(value, 0)


def _beyond(rows: DataFrame, words: Translator) -> Iterator[Block]:
    """Customers of which one order is worth less than its risk; those in default are counted, not listed."""
    above = rows[rows["is_above_break_even"].fillna(False).astype(bool)]
    alive = above[above["segment_code"] != "defaulted"]
    counts = {"defaulted": words.count(len(above) - len(alive))}
    yield text(words.n("limits.beyond", len(alive), **counts))
    if len(alive):
        order = alive.sort_values(["limit_amount", "customer_id"], ascending=[False, True])
        caption = words.t("limits.beyond_table")
        yield listing(order, _columns(words), words=words, caption=caption, max_rows=SHOWN)


def _lowest(rows: DataFrame, words: Translator) -> Iterator[Block]:
    """Customers with a limit whose yearly value is smallest."""
    known = rows[(rows["limit_amount"] > 0) & rows["value_amount"].notna()]
    if known.empty:
        return
    order = known.sort_values(["value_amount", "customer_id"]).head(SHOWN)
    yield listing(order, _columns(words), words=words, caption=words.t("limits.lowest_table"))
