"""Chapter: what a year may cost under each option, and why losses stay with the seller."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.money import loss_quantiles
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note
from riskresearch.report.page.insurance.parts import SELF_INSURANCE, in_order, name_of, self_insurance_first, with_error
from riskresearch.report.translator import Translator

LEFT_OUT = (0.75, 0.95)
QUANTITIES = {
    "gross": "insurance.law_gross",
    "indemnity": "insurance.law_indemnity",
    "retained": "insurance.law_retained",
}


def laws_chapter(context: Context) -> Chapter:
    """Return the chapter: bad years of every option, quantiles with intervals, the reasons of what is kept."""
    words, losses, quotes = context.words, context.table("losses"), context.table("quotes")
    title = words.t("insurance.laws")
    if losses is None or quotes is None:
        return Chapter("laws", title, (missing(words.t("insurance.no_losses")),))
    drawn = figure(loss_quantiles(losses, self_insurance_first(quotes), words=words), alt=words.t("alt.quantiles"))
    blocks = [drawn, *_laws(context, losses), *retention_block(context)]
    return Chapter("laws", title, (*blocks, note(words.t("insurance.laws_note"))))


def _laws(context: Context, losses: DataFrame) -> Iterator[Block]:
    """One table per quantity: options by statistic."""
    words = context.words
    for quantity, message in QUANTITIES.items():
        rows = losses[losses["quantity_code"].eq(quantity) & ~losses["confidence_ratio"].isin(LEFT_OUT)]
        options = in_order(context, rows["option_id"])
        if quantity == "gross":
            options = options[:1]
        elif quantity == "indemnity":
            options = [one for one in options if one != SELF_INSURANCE]
        if options:
            yield _law(context, rows, options, caption=words.t(message))


def _law(context: Context, rows: DataFrame, options: list[str], *, caption: str) -> Block:
    words = context.words
    keys = rows[["statistic_code", "confidence_ratio"]].drop_duplicates()
    order = {"mean": 0, "quantile": 1, "expected_shortfall": 2}
    keys = keys.assign(place=keys["statistic_code"].map(order)).sort_values(["place", "confidence_ratio"])
    heads = [
        _head(code, ratio, words) for code, ratio in zip(keys["statistic_code"], keys["confidence_ratio"], strict=True)
    ]
    by_key = rows.set_index(["option_id", "statistic_code", "confidence_ratio"])
    lines = []
    for option in options:
        places = [
            (option, code, ratio) for code, ratio in zip(keys["statistic_code"], keys["confidence_ratio"], strict=True)
        ]
        cells = [_cell(by_key.loc[place], words) if place in by_key.index else words.missing() for place in places]
        lines.append((name_of(context, option), *cells))
    headers = (words.t("insurance.option"), *heads)
    return grid_block(Grid(headers, tuple(lines), (False, *(True for _ in heads))), caption=caption)


def _head(statistic: str, ratio: float, words: Translator) -> str:
    label = words.label("statistic", statistic)
    return label if statistic == "mean" else f"{label} {words.ratio(ratio, 1 if ratio > 0.99 else 0)}"


def _cell(row: Series, words: Translator) -> str:
    """A quantile with its interval, a mean with its standard error and, where known, its exact value."""
    if pd.notna(row["value_amount_se"]):
        told = with_error(words, row, "value_amount")
        if pd.notna(row["exact_amount"]):
            return f"{told} ({words.t('insurance.exactly', amount=words.compact(row['exact_amount']))})"
        return told
    if pd.isna(row["low_amount"]) or pd.isna(row["high_amount"]):
        return words.compact(row["value_amount"])
    bounds = {end: words.compact(row[f"{end}_amount"]) for end in ("low", "high")}
    return f"{words.compact(row['value_amount'])} ({words.t('chapter.interval', **bounds)})"


def retention_block(context: Context, *, max_rows: int | None = None) -> Iterator[Block]:
    """Yield the table why losses stay with the seller: mean yearly amounts, reasons by option, largest first."""
    words, reasons = context.words, context.table("retention_reasons")
    if reasons is None:
        return
    wide = reasons.pivot(index="reason_code", columns="option_id", values="expected_amount")
    options = [one for one in in_order(context, reasons["option_id"]) if one != SELF_INSURANCE]
    wide = wide[options]
    wide = wide.loc[wide.max(axis=1).sort_values(ascending=False, kind="stable").index]
    wide = wide[(wide.fillna(0.0) > 0).any(axis=1)]
    lines = tuple(
        (
            words.label("reason", code),
            *(words.compact(value) if pd.notna(value) else words.t("missing.none") for value in row),
        )
        for code, row in wide.head(max_rows or len(wide)).iterrows()
    )
    if lines:
        headers = (words.t("column.retention"), *(name_of(context, one) for one in options))
        content = Grid(headers, lines, (False, *(True for _ in options)))
        n_more = len(wide) - len(lines)
        more = words.n("table.more", n_more) if n_more else ""
        yield grid_block(content, caption=words.t("table.retention"), more=more)
