"""Chapters: how the policy is used, what it does not cover and why, what its terms and its price amount to."""

from collections.abc import Iterator

from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.insurance_use import uncovered_waterfall
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, text
from riskresearch.report.page.insurance.parts import (
    by_option,
    focus,
    focus_words,
    in_order,
    indicator_label,
    value_cell,
)
from riskresearch.report.page.limits.parts import label_of
from riskresearch.report.translator import Translator

AXES = ("sector_code", "country_code", "size_code")
SEGMENT_INDICATORS = (
    "gross_cover_ratio",
    "net_cover_ratio",
    "uncovered_amount",
    "accepted_in_force_ratio",
    "named_limit_use_ratio",
    "over_limit_amount",
    "discretionary_owed_ratio",
    "cut_amount_ratio",
    "timely_declaration_amount_ratio",
)
SEGMENTS_SHOWN = 8
MONTHS_SHOWN = 12
TITLES = {"use": "insurance.indicators_use", "terms_cost": "insurance.indicators_terms_cost"}


def policy_use_chapter(context: Context) -> Chapter:
    """Return the chapter: causes of what is not covered, indicators of use, cover by segment, decisions by month."""
    words = context.words
    found = [*_uncovered(context), *_indicators(context, "use"), *_segments(context), *_months(context)]
    blocks = found or [missing(words.t("insurance.no_use"))]
    return Chapter("use", words.t("insurance.use"), tuple(blocks))


def policy_cost_chapter(context: Context) -> Chapter:
    """Return the chapter: indicators of terms and cost."""
    words = context.words
    found = [*_indicators(context, "terms_cost")] or [missing(words.t("insurance.no_use"))]
    return Chapter("price", words.t("insurance.terms_cost"), (*found, note(words.t("insurance.terms_cost_note"))))


def _uncovered(context: Context) -> Iterator[Block]:
    words, causes = context.words, context.table("uncovered_causes")
    if causes is None:
        yield missing(words.t("insurance.no_causes"))
        return
    rows = causes[causes["option_id"] == focus(context, causes["option_id"])]
    if told := focus_words(context, causes["option_id"]):
        yield text(told)
    yield figure(uncovered_waterfall(rows, words=words), alt=words.t("insurance.uncovered_alt"))
    options = in_order(context, causes["option_id"])
    by_key = causes.set_index(["option_id", "cause_code"])
    order = causes.groupby("cause_code")["uncovered_amount"].max().sort_values(ascending=False, kind="stable").index
    lines = [
        (label_of(words, "cause_code", code), lambda option, code=code: _cause(by_key.loc[(option, code)], words))
        for code in order
    ]
    yield by_option(context, lines, options=options, caption=words.t("insurance.causes_table"))


def _cause(row: Series, words: Translator) -> str:
    return words.n("insurance.amount_of", int(row["n_customers"]), amount=words.compact(row["uncovered_amount"]))


def _indicators(context: Context, family: str) -> Iterator[Block]:
    """Every indicator of a family, policies side by side; what is not computable says why."""
    words, table = context.words, context.table("policy_indicators")
    rows = None if table is None else table[table["family_code"] == family]
    if rows is None or rows.empty:
        return
    options = in_order(context, rows["option_id"])
    by_key = rows.set_index(["indicator_code", "option_id"])
    known = rows["value"].notna().groupby(rows["indicator_code"]).any()
    lines = [
        (indicator_label(words, code), lambda option, code=code: value_cell(_row(by_key, code, option), words))
        for code in known.index[known]
    ]
    if lines:
        yield by_option(context, lines, options=options, caption=words.t(TITLES[family]))
    yield from _unknown(rows[rows["indicator_code"].isin(known.index[~known])], words)


def _unknown(rows: DataFrame, words: Translator) -> Iterator[Block]:
    """Indicators that no policy has, by the reason why."""
    reasons = rows.drop_duplicates("indicator_code")
    told = tuple(
        words.t(
            "insurance.not_computable",
            reason=words.label("reason", reason),
            names=words.listed(indicator_label(words, code) for code in part["indicator_code"]),
        )
        for reason, part in reasons.groupby("reason_code")
    )
    if told:
        yield Block("items", words.t("insurance.not_computable_title"), told)


def _row(rows: DataFrame, code: str, option: str) -> Series | None:
    return rows.loc[(code, option)] if (code, option) in rows.index else None


def _segments(context: Context) -> Iterator[Block]:
    """Cover by sector, country and size of the policy in focus."""
    words, table = context.words, context.table("cover_by_segment")
    if table is None:
        return
    rows = table[table["option_id"] == focus(context, table["option_id"])]
    for axis in [axis for axis in AXES if axis in set(rows["axis_code"])]:
        part = rows[rows["axis_code"].eq(axis) & rows["indicator_code"].isin(SEGMENT_INDICATORS)]
        caption = words.t("insurance.segments_table", axis=words.t(f"column.{axis}"))
        yield _crossed(part, "segment_code", words, caption=caption, max_rows=SEGMENTS_SHOWN)


def _months(context: Context) -> Iterator[Block]:
    """The insurer's decisions of the last months."""
    words, table = context.words, context.table("insurer_decisions")
    if table is None:
        yield note(words.t("insurance.no_decisions"))
        return
    rows = table[table["option_id"] == focus(context, table["option_id"])].sort_values("month_date")
    months = sorted(rows["month_date"].unique())[-MONTHS_SHOWN:]
    part = rows[rows["month_date"].isin(months)]
    known = part["value"].notna().groupby(part["indicator_code"]).any()
    shown = part[part["indicator_code"].isin(known.index[known])]
    yield _crossed(shown, "month_date", words, caption=words.t("insurance.decisions_table"))
    yield from _unknown(part[part["indicator_code"].isin(known.index[~known])], words)


def _crossed(rows: DataFrame, column: str, words: Translator, *, caption: str, max_rows: int | None = None) -> Block:
    """Members down, indicators across; largest base first where rows are cut, else in order."""
    codes = sorted(rows["indicator_code"].unique(), key=_place)
    members = list(dict.fromkeys(rows[column]))
    if max_rows is not None:
        base = rows.groupby(column)["base_amount"].max()
        members = list(base.sort_values(ascending=False, kind="stable").index)
    by_key = rows.set_index([column, "indicator_code"])
    lines = tuple(
        (_member(one, column, words), *(value_cell(_row(by_key, one, code), words) for code in codes))
        for one in members[:max_rows]
    )
    headers = (words.t(f"column.{column}"), *(indicator_label(words, code) for code in codes))
    n_more = len(members) - len(lines)
    more = words.n("table.more", n_more) if n_more else ""
    return grid_block(Grid(headers, lines, (False, *(True for _ in codes))), caption=caption, more=more)


def _place(code: str) -> tuple[int, str]:
    """Cover first, other indicators behind it."""
    return (SEGMENT_INDICATORS.index(code) if code in SEGMENT_INDICATORS else len(SEGMENT_INDICATORS), code)


def _member(value: object, column: str, words: Translator) -> str:
    return words.month(value) if column == "month_date" else words.label("segment", value)
