"""Chapter: the options side by side, in two orders that need not agree."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.insurance import two_rankings
from riskresearch.report.figures.money import cost_of_options, option_names
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair
from riskresearch.report.page.findings import flips, orders_of_options
from riskresearch.report.page.insurance.parts import SELF_INSURANCE, self_insurance_first, with_error
from riskresearch.report.translator import Translator

COST_LINES = (
    "premium_amount",
    "fees_amount",
    "tax_amount",
    "admin_amount",
    "adjustment_amount",
    "financing_amount",
    "full_cost_amount",
    "expected_gross_amount",
    "expected_indemnity_amount",
    "expected_insurer_recovery_amount",
    "expected_retained_amount",
    "total_cost_of_risk_amount",
    "total_cost_rank",
)
RISK_LINES = (
    "es_retained_amount",
    "economic_capital_amount",
    "capital_freed_amount",
    "economic_cost_amount",
    "economic_cost_rank",
    "break_even_premium_amount",
    "roi_ratio",
    "risk_adjusted_roi_ratio",
    "maximum_liability_amount",
    "p_first_loss_reached_ratio",
    "p_maximum_exhausted_ratio",
    "loss_ratio",
)
WITH_ERROR = ("total_cost_of_risk_amount", "economic_cost_amount", "es_retained_amount", "risk_adjusted_roi_ratio")
SHORT_LINES = (
    "full_cost_amount",
    "expected_indemnity_amount",
    "expected_retained_amount",
    "total_cost_of_risk_amount",
    "total_cost_rank",
    "es_retained_amount",
    "economic_cost_amount",
    "economic_cost_rank",
    "break_even_premium_amount",
)


def comparison_chapter(context: Context) -> Chapter:
    """Return the chapter: which option is cheapest in each order and why they differ, pictures, all figures."""
    words, quotes = context.words, context.table("quotes")
    title = words.t("insurance.comparison")
    if quotes is None:
        return Chapter("comparison", title, (missing(words.t("chapter.no_insurance")),))
    rows = self_insurance_first(quotes)
    blocks = [
        Block("items", "", (*flips(context), *orders_of_options(context))),
        pair(costs_picture(rows, words), rankings_picture(rows, words)),
        quote_grid(rows, COST_LINES, words, caption=words.t("insurance.costs_table")),
        quote_grid(rows, RISK_LINES, words, caption=words.t("insurance.risk_table")),
        *_kinds(rows, words),
        *status_notes(rows, words),
    ]
    shown = {
        "confidence": words.ratio(rows["confidence_ratio"].iloc[0]),
        "charge": words.ratio(rows["capital_charge_ratio"].iloc[0]),
    }
    return Chapter("comparison", title, (*blocks, note(words.t("insurance.comparison_note", **shown))))


def costs_picture(quotes: DataFrame, words: Translator) -> Block:
    """Return the picture of what each option costs."""
    parts = ", ".join(
        f"{name} {words.compact(cost)}"
        for name, cost in zip(option_names(quotes, words), quotes["total_cost_of_risk_amount"], strict=True)
    )
    return figure(cost_of_options(quotes, words=words), alt=words.t("alt.costs", parts=parts))


def rankings_picture(quotes: DataFrame, words: Translator) -> Block:
    """Return the picture of both orders."""
    parts = ", ".join(
        words.t("insurance.both_ranks", option=name, total=words.count(total), economic=words.count(economic))
        for name, total, economic in zip(
            option_names(quotes, words), quotes["total_cost_rank"], quotes["economic_cost_rank"], strict=True
        )
    )
    return figure(two_rankings(quotes, words=words), alt=words.t("insurance.rankings_alt", parts=parts))


def quote_grid(quotes: DataFrame, lines: tuple[str, ...], words: Translator, *, caption: str) -> Block:
    """Return a table with one line per option and one column per figure; figures that no option has are left out."""
    shown = [name for name in lines if quotes[name].notna().any()]
    names = option_names(quotes, words)
    rows = tuple(
        (name, *(_cell(row, column, words) for column in shown))
        for name, (_, row) in zip(names, quotes.iterrows(), strict=True)
    )
    headers = (words.t("insurance.option"), *(words.t(f"column.{name}") for name in shown))
    return grid_block(Grid(headers, rows, (False, *(True for _ in shown))), caption=caption)


def _cell(row: Series, name: str, words: Translator) -> str:
    if pd.isna(row[name]):
        return words.t("missing.none")
    if name.endswith("_rank"):
        return words.count(row[name])
    if name == "break_even_premium_amount" and pd.notna(row["break_even_premium_low_amount"]):
        bounds = {end: words.compact(row[f"break_even_premium_{end}_amount"]) for end in ("low", "high")}
        return f"{words.compact(row[name])} ({words.t('chapter.interval', **bounds)})"
    if name in WITH_ERROR:
        return with_error(words, row, name)
    return words.ratio(row[name]) if name.endswith("_ratio") else words.compact(row[name])


def _kinds(quotes: DataFrame, words: Translator) -> Iterator[Block]:
    """What kind of option each is, and what it rests on."""
    others = quotes[quotes["option_kind_code"] != SELF_INSURANCE]
    rows = tuple(
        (
            name,
            words.label("option_kind", row["option_kind_code"]),
            words.t("missing.none") if pd.isna(row["order_code"]) else words.label("order", row["order_code"]),
            words.count(row["n_named_limits"]),
            words.compact(row["declared_turnover_amount"]),
        )
        for name, (_, row) in zip(option_names(others, words), others.iterrows(), strict=True)
    )
    if rows:
        heads = ("option_kind_code", "order_code", "n_named_limits", "declared_turnover_amount")
        headers = (words.t("insurance.option"), *(words.t(f"column.{name}") for name in heads))
        content = Grid(headers, rows, (False, False, False, True, True))
        yield grid_block(content, caption=words.t("insurance.kinds_table"))


def status_notes(quotes: DataFrame, words: Translator) -> list[Block]:
    """Return why the figures of an option are trivially zero, where they are."""
    odd = quotes[quotes["status_code"] != "ok"]
    return [
        note(words.t("chapter.option_status", option=name, status=words.label("status", status)))
        for name, status in zip(option_names(odd, words), odd["status_code"], strict=True)
    ]
