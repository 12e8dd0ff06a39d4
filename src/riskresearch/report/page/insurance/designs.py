"""Chapters: which clause costs what, and which design of the policy is best."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.figures.insurance import MARKED, design_frontier
from riskresearch.report.figures.insurance_use import clause_bars
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, text
from riskresearch.report.page.insurance.parts import SELF_INSURANCE, by_option, focus, focus_words, in_order
from riskresearch.report.page.limits.parts import listing, money, none_or
from riskresearch.report.translator import Translator

EFFICIENT_SHOWN = 12


def clauses_chapter(context: Context) -> Chapter:
    """Return the chapter: the indemnity each clause takes away, of the policy in focus drawn, of all in a table."""
    words, costs = context.words, context.table("clause_costs")
    title = words.t("insurance.clauses")
    if costs is None:
        return Chapter("clauses", title, (missing(words.t("insurance.no_clauses")),))
    options = in_order(context, costs["option_id"])
    shown = costs[costs["option_id"] == focus(context, costs["option_id"])]
    by_key = costs.set_index(["clause_code", "option_id"])
    codes = costs.groupby("clause_code")["switched_off_amount"].max().sort_values(ascending=False, kind="stable").index
    lines = [
        (words.label("clause", code), lambda option, code=code: _clause(by_key, code, option, words)) for code in codes
    ]
    blocks = [
        *([text(told)] if (told := focus_words(context, costs["option_id"])) else []),
        figure(clause_bars(shown, words=words), alt=words.t("insurance.clauses_alt")),
        by_option(context, lines, options=options, caption=words.t("insurance.clauses_table")),
    ]
    return Chapter("clauses", title, (*blocks, note(words.t("insurance.clauses_note"))))


def _clause(costs: DataFrame, code: str, option: str, words: Translator) -> str:
    """Share by Shapley and, behind it, the gain without the clause; a policy without the clause reads "–"."""
    if (code, option) not in costs.index:
        return words.t("missing.none")
    row = costs.loc[(code, option)]
    share = words.t("missing.none") if pd.isna(row["shapley_amount"]) else words.compact(row["shapley_amount"])
    return words.t("insurance.share_and_alone", share=share, alone=words.compact(row["switched_off_amount"]))


def designs_chapter(context: Context) -> Chapter:
    """Return the chapter: the frontier around a quote, its efficient designs, the best one by capital charge."""
    words, designs = context.words, context.table("policy_designs")
    title = words.t("insurance.designs")
    if designs is None:
        return Chapter("designs", title, (missing(words.t("insurance.no_designs")),))
    rows = designs[designs["option_id"] == focus(context, designs["option_id"])]
    blocks = [
        *([text(told)] if (told := focus_words(context, designs["option_id"])) else []),
        text(_best(rows, words)),
        figure(design_frontier(rows, words=words), alt=words.t("insurance.designs_alt")),
        _efficient(rows, words),
        *_optima(context, designs),
    ]
    return Chapter("designs", title, (*blocks, note(words.t("insurance.designs_note"))))


def _best(rows: DataFrame, words: Translator) -> str:
    """The design with the lowest economic cost, and whether the years tell it from the quote."""
    best = rows[rows["is_optimal"].astype(bool)].iloc[0]
    quote = rows[rows["is_quote"].astype(bool)].iloc[0]
    gap = {"gap": words.compact(quote["economic_cost_gap_amount"])}
    if str(best["design_id"]) == SELF_INSURANCE:
        return words.t("insurance.best_is_none", **gap)
    if bool(quote["is_optimal"]):
        return words.t("insurance.best_is_quote")
    told = words.t("insurance.best_design", design=design_words(best, words), **gap)
    ties = int(rows["is_within_error"].sum()) - 1
    return f"{told} {words.n('insurance.not_told_apart', ties)}" if ties > 0 else told


def design_words(row: Series, words: Translator) -> str:
    """Return a design in words: share, first loss, limit of customers without named limit, maximum."""
    if str(row["design_id"]) == SELF_INSURANCE:
        return words.label("option_kind", SELF_INSURANCE)
    top = row["maximum_liability_amount"]
    maximum = words.t("insurance.no_maximum") if pd.isna(top) else words.compact(top)
    told = {
        "share": words.ratio(row["insured_ratio"], 0),
        "first": words.compact(row["first_loss_amount"]),
        "limit": words.compact(row["discretionary_limit_amount"]),
        "maximum": maximum,
    }
    if row["limit_multiple"] == 1:
        return words.t("insurance.design_words", **told)
    return words.t("insurance.design_multiple", **told, multiple=words.number(row["limit_multiple"], 1))


def _efficient(rows: DataFrame, words: Translator) -> Block:
    kept = rows[rows[["is_efficient", "is_quote", "is_optimal"]].astype(bool).any(axis=1)]
    order = kept.sort_values(["economic_cost_rank", "design_id"])
    columns = [
        (words.t("column.design_id"), lambda row: _marked(row, words), False),
        money(words, "technical_premium_amount"),
        money(words, "total_cost_of_risk_amount"),
        money(words, "es_retained_amount"),
        money(words, "economic_cost_amount"),
        money(words, "economic_cost_gap_amount"),
        (
            words.t("column.marginal_efficiency_ratio"),
            lambda row: none_or(words, row["marginal_efficiency_ratio"], lambda value: words.number(value, 1)),
            True,
        ),
    ]
    caption = words.t("insurance.efficient_table")
    return listing(order, columns, words=words, caption=caption, max_rows=EFFICIENT_SHOWN)


def _marked(row: Series, words: Translator) -> str:
    """A design in words; the quote and the best one are named."""
    names = [words.t(message) for name, message in MARKED.items() if bool(row[name])]
    told = design_words(row, words)
    return words.t("insurance.named", name=words.listed(names), what=told) if names else told


def _optima(context: Context, designs: DataFrame) -> Iterator[Block]:
    """The best design of each quote for each capital charge."""
    words, optima = context.words, context.table("design_optima")
    if optima is None:
        return
    by_id = designs.set_index(["option_id", "design_id"])
    options = in_order(context, optima["option_id"])
    lines = []
    for charge in sorted(optima["capital_charge_ratio"].unique()):
        rows = optima[optima["capital_charge_ratio"] == charge].set_index("option_id")
        head = words.t("insurance.charge", charge=words.ratio(charge, 0))
        lines.append((head, lambda option, rows=rows: _optimum(rows, by_id, option, words)))
    yield by_option(context, lines, options=options, caption=words.t("insurance.optima_table"))


def _optimum(rows: DataFrame, designs: DataFrame, option: str, words: Translator) -> str:
    if option not in rows.index:
        return words.t("missing.none")
    row = rows.loc[option]
    best = designs.loc[(option, row["design_id"])].copy()
    best["design_id"] = row["design_id"]
    quote = words.compact(row["quote_economic_cost_amount"])
    told = {"design": design_words(best, words), "cost": words.compact(row["economic_cost_amount"]), "quote": quote}
    return words.t("insurance.optimum_cell", **told)
