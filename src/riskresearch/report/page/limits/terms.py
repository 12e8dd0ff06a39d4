"""Chapter: payment terms by segment, what late payment gives a right to, what a discount costs."""

from collections.abc import Iterator

from pandas import DataFrame

from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.limits.parts import coded, counted, listing, money, none_or, share, signed
from riskresearch.report.totals import fees_by_rule
from riskresearch.report.translator import Translator


def terms_chapter(context: Context) -> Chapter:
    """Return the chapter: present and advised terms, late fees by rule, cost of discounts."""
    words = context.words
    blocks = [*_terms(context), *_fees(context), *_discounts(context)]
    return Chapter("terms", words.t("limits.terms_title"), tuple(blocks))


def _terms(context: Context) -> Iterator[Block]:
    words, rows = context.words, context.table("terms_by_segment")
    if rows is None:
        yield missing(words.t("limits.no_terms"))
        return
    known = rows[rows["n_customers"] > 0]
    changed, bound = int(known["n_changed"].sum()), float(known["bound_change_amount"].sum())
    yield text(words.n("limits.terms_told", changed, bound=signed(words, bound)))
    columns = [
        coded(words, "segment_code"),
        coded(words, "tenure_code"),
        counted(words, "policy_max_days"),
        counted(words, "n_customers"),
        counted(words, "n_changed"),
        (words.t("column.present_terms_days"), lambda row: none_or(words, row["present_terms_days"], words.days), True),
        (words.t("column.advised_terms_days"), lambda row: none_or(words, row["advised_terms_days"], words.days), True),
        (words.t("column.bound_change_amount"), lambda row: signed(words, row["bound_change_amount"]), True),
    ]
    marks = ("segment_code", *(None,) * 7)
    yield listing(known, columns, words=words, caption=words.t("limits.terms_table"), marks=marks)


def _fees(context: Context) -> Iterator[Block]:
    """Late items and what they give a right to, by rule."""
    words, fees = context.words, context.table("late_fees")
    if fees is None:
        yield missing(words.t("limits.no_fees"))
        return
    rows = fees_by_rule(fees)
    yield text(_claim(rows, words))
    columns = [
        coded(words, "fee_rule_code"),
        counted(words, "n_customers"),
        counted(words, "n_items"),
        money(words, "open_amount"),
        money(words, "interest_amount"),
        money(words, "fixed_fee_amount"),
        (words.t("limits.rate_unknown"), lambda row: words.count(row["n_unknown"]), True),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.fees_table"))
    yield note(words.t("limits.fees_note"))


def _claim(rows: DataFrame, words: Translator) -> str:
    interest, fixed = (words.compact(rows[name].sum()) for name in ("interest_amount", "fixed_fee_amount"))
    return words.n("limits.fees_told", int(rows["n_items"].sum()), interest=interest, fixed=fixed)


def _discounts(context: Context) -> Iterator[Block]:
    words, rows = context.words, context.table("discount_costs")
    if rows is None:
        return
    columns = [
        share(words, "discount_ratio"),
        counted(words, "days_gained"),
        share(words, "annual_cost_ratio"),
        share(words, "compound_cost_ratio"),
        (words.t("column.is_cheaper"), lambda row: words.t("flag.yes" if row["is_cheaper"] else "flag.no"), False),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.discounts_table"))
