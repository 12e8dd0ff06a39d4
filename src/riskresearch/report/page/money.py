"""Chapter: whether a policy is worth its premium."""

from collections.abc import Callable

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.money import cost_of_options, gross_to_retained, loss_quantiles, option_names
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair
from riskresearch.report.page.findings import orders_of_options
from riskresearch.report.translator import Translator

QUOTE_LINES = (
    "premium_amount",
    "fees_amount",
    "tax_amount",
    "expected_gross_amount",
    "expected_indemnity_amount",
    "expected_retained_amount",
    "total_cost_of_risk_amount",
    "var_retained_amount",
    "es_retained_amount",
    "economic_capital_amount",
    "economic_cost_amount",
    "break_even_premium_amount",
    "maximum_liability_amount",
    "p_first_loss_reached_ratio",
    "p_maximum_exhausted_ratio",
    "loss_ratio",
)
INDICATORS_SHOWN = (
    "net_cover_ratio",
    "premium_rate_ratio",
    "full_cost_rate_ratio",
    "indemnity_to_gross_ratio",
    "uncovered_refused_amount",
    "uncovered_no_limit_amount",
    "uncovered_over_limit_amount",
    "uncovered_not_insurable_amount",
)


def insurance_chapter(context: Context) -> Chapter:
    """Return the chapter: quotes beside self-insurance, both orders, bad years, why losses stay."""
    words, quotes = context.words, context.table("quotes")
    title = words.t("chapter.insurance")
    if quotes is None:
        return Chapter("insurance", title, (missing(words.t("chapter.no_insurance")),))
    rows = self_insurance_first(quotes)
    blocks: list[Block] = [Block("items", "", orders_of_options(context))]
    alt = words.t(
        "alt.costs",
        parts=", ".join(
            f"{name} {words.compact(cost)}"
            for name, cost in zip(option_names(rows, words), rows["total_cost_of_risk_amount"], strict=True)
        ),
    )
    pictures = [figure(cost_of_options(quotes, words=words), alt=alt)]
    losses = context.table("losses")
    if losses is not None:
        pictures.append(figure(loss_quantiles(losses, rows, words=words), alt=words.t("alt.quantiles")))
    else:
        pictures.append(figure(gross_to_retained(rows, words=words), alt=words.t("alt.split")))
    blocks += [pair(*pictures), grid_block(_quote_grid(rows, words), caption=words.t("table.quotes"))]
    blocks += [*_status(rows, words), *_retention(context, rows), *_indicators(context, rows)]
    return Chapter("insurance", title, (*blocks, note(words.t("chapter.insurance_note"))))


def self_insurance_first(quotes: DataFrame) -> DataFrame:
    """Return the options with self-insurance first, then by name."""
    other = quotes["option_kind_code"] != "self_insurance"
    return quotes.assign(other=other).sort_values(["other", "option_id"], ignore_index=True).drop(columns="other")


def _quote_grid(quotes: DataFrame, words: Translator) -> Grid:
    """One line per figure, one column per option."""
    lines = []
    for name in QUOTE_LINES:
        if quotes[name].notna().any():
            lines.append((words.t(f"column.{name}"), *(_quote_cell(row, name, words) for _, row in quotes.iterrows())))
    names = option_names(quotes, words)
    return Grid((words.t("column.figure"), *names), tuple(lines), (False, *(True for _ in names)))


def _quote_cell(row: Series, name: str, words: Translator) -> str:
    if pd.isna(row[name]):
        return words.t("missing.not_applicable")
    show: Callable[[float], str] = words.ratio if name.endswith("ratio") else words.compact
    error = row.get(f"{name}_se")
    if error is None or pd.isna(error) or error == 0:
        return show(row[name])
    return f"{show(row[name])} ± {show(error)}"


def _status(quotes: DataFrame, words: Translator) -> list[Block]:
    odd = quotes[quotes["status_code"] != "ok"]
    return [
        note(words.t("chapter.option_status", option=name, status=words.label("status", status)))
        for name, status in zip(option_names(odd, words), odd["status_code"], strict=True)
    ]


def _retention(context: Context, quotes: DataFrame) -> list[Block]:
    """Why losses stay with the seller under each policy."""
    words, reasons = context.words, context.table("retention_reasons")
    policies = quotes[quotes["option_kind_code"] != "self_insurance"]
    if reasons is None or policies.empty:
        return []
    wide = reasons.pivot(index="reason_code", columns="option_id", values="expected_amount")
    ids = [option for option in policies["option_id"] if option in wide]
    wide = wide[ids]
    wide = wide[(wide.fillna(0.0) > 0).any(axis=1)]
    lines = [
        (
            words.label("reason", code),
            *(words.compact(value) if pd.notna(value) else words.t("missing.not_applicable") for value in row),
        )
        for code, row in wide.iterrows()
    ]
    if not lines:
        return []
    headers = (words.t("column.retention"), *option_names(policies[policies["option_id"].isin(ids)], words))
    content = Grid(headers, tuple(lines), (False, *(True for _ in ids)))
    return [grid_block(content, caption=words.t("table.retention"))]


def _indicators(context: Context, quotes: DataFrame) -> list[Block]:
    """Cover and cost of each policy, in the terms of the insurers."""
    words, indicators = context.words, context.table("policy_indicators")
    if indicators is None:
        return []
    rows = indicators[indicators["indicator_code"].isin(INDICATORS_SHOWN)].set_index(["indicator_code", "option_id"])
    policies = quotes[quotes["option_id"].isin(indicators["option_id"])]
    lines = []
    for code in [code for code in INDICATORS_SHOWN if code in rows.index.get_level_values(0)]:
        cells = [_indicator_cell(rows.loc[(code, option)], words) for option in policies["option_id"]]
        lines.append((words.label("indicator", code), *cells))
    headers = (words.t("column.indicator_code"), *option_names(policies, words))
    return (
        [
            grid_block(
                Grid(headers, tuple(lines), (False, *(True for _ in policies.index))),
                caption=words.t("table.policy_indicators"),
            )
        ]
        if lines
        else []
    )


def _indicator_cell(row: Series, words: Translator) -> str:
    if pd.isna(row["value"]):
        return words.missing(row["reason_code"])
    return words.compact(row["value"]) if row["unit_code"] == "amount" else words.probability(row["value"])
