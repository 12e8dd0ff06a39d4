"""Chapter: the four numbers of a limit, and which of them binds."""

from collections import Counter

from pandas import DataFrame

from riskresearch.report.figures.limits import binding_shares
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, pair
from riskresearch.report.page.limits.parts import coded, counted, label_of, listing, money
from riskresearch.report.totals import limits_by_binding
from riskresearch.report.translator import Translator

QUESTIONS = ("need", "capacity", "risk", "cap")


def numbers_chapter(context: Context) -> Chapter:
    """Return the chapter: what the four numbers ask, which binds for how many customers, what was not known."""
    words, limits = context.words, context.table("credit_limits")
    title = words.t("limits.numbers")
    if limits is None:
        return Chapter("numbers", title, (missing(words.t("chapter.no_limits")),))
    rows = limits_by_binding(limits)
    drawn = figure(binding_shares(limits, words=words), alt=words.t("alt.binding", parts=_first(rows, words)))
    asked = tuple(words.label("limit_question", code) for code in QUESTIONS)
    beside = Block("group", parts=(Block("items", words.t("limits.four"), asked), *_unknown(limits, words)))
    blocks = [pair(drawn, beside), _table(rows, words), note(words.t("limits.numbers_note"))]
    return Chapter("numbers", title, tuple(blocks))


def _first(rows: DataFrame, words: Translator) -> str:
    """Customers by what binds, for those who do not see the picture."""
    counts = rows.groupby("binding_question_code")["n_customers"].sum().sort_values(ascending=False, kind="stable")
    told = [
        words.t("limits.n_of", verdict=label_of(words, "binding_question_code", code), n=words.count(n))
        for code, n in counts.items()
    ]
    return words.listed(told)


def _table(rows: DataFrame, words: Translator) -> Block:
    columns = [
        coded(words, "segment_code"),
        coded(words, "binding_question_code"),
        (words.t("column.binding_code"), lambda row: method_name(row["binding_code"], words), False),
        counted(words, "n_customers"),
        money(words, "unsecured_amount"),
        money(words, "limit_amount"),
        money(words, "over_limit_amount"),
    ]
    marks = ("segment_code", *(None,) * 6)
    return listing(rows, columns, words=words, caption=words.t("limits.binding_table"), marks=marks)


def method_name(code: object, words: Translator) -> str:
    """Return the name of a limit method, or why no method decides."""
    family = "limit_method" if words.has("limit_method", code) else "question"
    return words.label(family, code)


def _unknown(limits: DataFrame, words: Translator) -> list[Block]:
    """How many customers lack which input: a method without it sets no bound."""
    counts = Counter(code for codes in limits["missing_codes"].dropna() for code in str(codes).split("+"))
    if not counts:
        return []
    told = tuple(
        words.t("limits.n_of", verdict=words.label("missing_input", code), n=words.count(n))
        for code, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return [Block("items", words.t("limits.unknown_inputs"), told)]
