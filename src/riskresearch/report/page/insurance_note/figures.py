"""Figures of the note: the cover it is about, three tiles, the options side by side, what investors ask for."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.money import SELF_INSURANCE, option_names
from riskresearch.report.page.context import Context
from riskresearch.report.translator import Translator

OPTIONS_SHOWN = 10
COLUMNS = {
    "insurance_note.head_pay": "full_cost_amount",
    "insurance_note.head_indemnity": "expected_indemnity_amount",
    "insurance_note.head_keep": "expected_retained_amount",
    "insurance_note.head_worst": "es_retained_amount",
    "insurance_note.head_total": "total_cost_of_risk_amount",
    "insurance_note.head_economic": "economic_cost_amount",
    "insurance_note.head_break_even": "break_even_premium_amount",
}
RANKS = {"total_cost_of_risk_amount": "total_cost_rank", "economic_cost_amount": "economic_cost_rank"}


@dataclass(frozen=True)
class Cover:
    """The option a note is about, beside the run without cover: rows of table `quotes`."""

    name: str
    row: Series
    without: Series

    @property
    def option_id(self) -> str:
        """Identifier of the option."""
        return str(self.row["option_id"])

    @property
    def n_years(self) -> int:
        """One year in how many the worst ones are."""
        return round(1 / (1 - float(self.row["confidence_ratio"])))


@dataclass(frozen=True)
class Tile:
    """A figure in large letters: what it is, its value, what is behind it."""

    label: str
    value: str
    detail: str


def best_cover(context: Context) -> Cover | None:
    """Return the cover with the lowest economic cost; None where there is none, or nothing to lose."""
    quotes = context.table("quotes")
    if quotes is None:
        return None
    is_own = quotes["option_kind_code"] == SELF_INSURANCE
    covers = quotes[~is_own & (quotes["status_code"] == "ok")].sort_values(["economic_cost_amount", "option_id"])
    if covers.empty or not is_own.any():
        return None
    return Cover(option_names(covers.head(1), context.words)[0], covers.iloc[0], quotes[is_own].iloc[0])


def answers(best: Cover, words: Translator) -> list[str]:
    """Return what the cover costs and frees in an average year, and whether its premium pays with bad years."""
    return [*_average_year(best, words), *_premium(best, words)]


def _average_year(best: Cover, words: Translator) -> Iterator[str]:
    """Yield what the cover costs more than self-insurance in the mean, and the capital it frees."""
    more = float(best.row["total_cost_of_risk_amount"] - best.without["total_cost_of_risk_amount"])
    freed = float(best.row["capital_freed_amount"])
    if more > 0 and freed > 0:
        shown = {"more": words.compact(more), "freed": words.compact(freed)}
        yield words.t("insurance_note.price_of_safety", option=best.name, **shown)


def _premium(best: Cover, words: Translator) -> Iterator[str]:
    """Yield where the premium stands against the interval of its break-even; nothing where there is no break-even."""
    low, high = (best.row[f"break_even_premium_{end}_amount"] for end in ("low", "high"))
    if pd.isna(low) or pd.isna(high):
        return
    premium = float(best.row["premium_amount"])
    place = "below" if premium < low else "above" if premium > high else "within"
    sentences = {
        "below": "insurance_note.premium_below",
        "above": "insurance_note.premium_above",
        "within": "insurance_note.premium_within",
    }
    amounts = {"premium": premium, "break_even": best.row["break_even_premium_amount"], "low": low, "high": high}
    shown = {name: words.compact(value) for name, value in amounts.items()}
    yield words.t(sentences[place], option=best.name, **shown)


def tiles(best: Cover, words: Translator) -> list[Tile]:
    """Return what is paid, what is kept on average, and what is kept in the worst years."""
    row, money = best.row, words.compact
    other = float(row["fees_amount"] + row["tax_amount"])
    rest = float(row["full_cost_amount"] - row["premium_amount"]) - other
    paid = words.t(
        "insurance_note.pay_detail", premium=money(row["premium_amount"]), other=money(other), rest=money(rest)
    )
    kept = words.t(
        "insurance_note.keep_detail",
        gross=money(row["expected_gross_amount"]),
        indemnity=money(row["expected_indemnity_amount"]),
    )
    worst = words.t(
        "insurance_note.worst_detail", n=words.count(best.n_years), without=money(best.without["es_retained_amount"])
    )
    return [
        Tile(words.t("insurance_note.pay"), money(row["full_cost_amount"]), paid),
        Tile(words.t("insurance_note.keep"), money(row["expected_retained_amount"]), kept),
        Tile(words.t("insurance_note.worst"), money(row["es_retained_amount"]), worst),
    ]


def options_grid(context: Context) -> Grid:
    """Return the options side by side, lowest economic cost first, self-insurance always among them."""
    words, rows = context.words, _shown(context)
    heads = (words.t("column.option_id"), *(words.t(head) for head in COLUMNS))
    cells = [
        (name, *(_cell(row, column, words) for column in COLUMNS.values()))
        for name, (_, row) in zip(option_names(rows, words), rows.iterrows(), strict=True)
    ]
    return Grid(heads, tuple(cells), (False, *(True for _ in COLUMNS)))


def options_note(context: Context, best: Cover) -> str:
    """Return what the two costs are, and how many options the table leaves out."""
    words, quotes = context.words, context.table("quotes")
    n_more = 0 if quotes is None else len(quotes) - len(_shown(context))
    told = words.t("insurance_note.options_note", charge=share(best.row["capital_charge_ratio"], words))
    return f"{told} {words.n('insurance_note.more', n_more)}" if n_more else told


def investor_sentences(context: Context, best: Cover) -> list[str]:
    """Return what a bank or an investor asks: insured share, losses of the worst years before and after, maximum."""
    words, row, without = context.words, best.row, best.without
    before, after = float(without["es_retained_amount"]), float(row["es_retained_amount"])
    tail = words.t(
        "insurance_note.tail",
        n=words.count(best.n_years),
        before=words.compact(before),
        after=words.compact(after),
        change=words.ratio((after - before) / before if before else None, 0),
        var_before=words.compact(without["var_retained_amount"]),
        var_after=words.compact(row["var_retained_amount"]),
    )
    told = [*_insured_share(context, best), tail]
    exhausted = row["p_maximum_exhausted_ratio"]
    if pd.notna(exhausted):
        told.append(words.t("insurance_note.exhausted", share=words.probability(exhausted)))
    return told


def share(value: float, words: Translator) -> str:
    """Return a share with the decimals it has, one at most."""
    return words.ratio(value, 0 if round(float(value), 4) == round(float(value), 2) else 1)


def _insured_share(context: Context, best: Cover) -> Iterator[str]:
    """What is insured of the exposure; nothing where the option covers no customer by a limit."""
    covers = context.table("covers")
    rows = DataFrame() if covers is None else covers[covers["option_id"] == best.option_id]
    exposure = 0.0 if rows.empty else float(rows["exposure_amount"].sum())
    if exposure:
        insured = float((rows["covered_amount"] * rows["insured_ratio"]).sum())
        yield context.words.t(
            "insurance_note.insured_share",
            share=context.words.ratio(insured / exposure),
            exposure=context.words.compact(exposure),
        )


def _shown(context: Context) -> DataFrame:
    """The options of the table: the cheapest, and self-insurance whatever its place."""
    quotes = context.table("quotes")
    assert quotes is not None
    order = quotes.sort_values(["economic_cost_amount", "option_id"], ignore_index=True)
    is_own = order["option_kind_code"] == SELF_INSURANCE
    others = order[~is_own].head(OPTIONS_SHOWN - 1)
    return pd.concat([others, order[is_own]]).sort_index()


def _cell(row: Series, column: str, words: Translator) -> str:
    if pd.isna(row[column]):
        return words.t("missing.not_applicable")
    shown = words.compact(row[column])
    return f"{shown} ({words.count(row[RANKS[column]])})" if column in RANKS else shown
