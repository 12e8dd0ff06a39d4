"""Chapter of the management page: whether a policy is worth its premium, in short."""

from riskresearch.report.figures.money import loss_quantiles
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, pair
from riskresearch.report.page.findings import flips, orders_of_options
from riskresearch.report.page.insurance.comparison import (
    SHORT_LINES,
    costs_picture,
    quote_grid,
    rankings_picture,
    status_notes,
)
from riskresearch.report.page.insurance.laws import retention_block
from riskresearch.report.page.insurance.parts import self_insurance_first
from riskresearch.report.page.insurance.who import advice_sentence

REASONS_SHOWN = 6


def insurance_chapter(context: Context) -> Chapter:
    """Return the chapter: both orders and why they differ, costs, bad years, why losses stay, the way to the page."""
    words, quotes = context.words, context.table("quotes")
    title = words.t("chapter.insurance")
    if quotes is None:
        return Chapter("insurance", title, (missing(words.t("chapter.no_insurance")),))
    rows = self_insurance_first(quotes)
    told = (*flips(context), *orders_of_options(context), advice_sentence(context))
    blocks: list[Block] = [
        Block("items", "", tuple(one for one in told if one)),
        quote_grid(rows, SHORT_LINES, words, caption=words.t("table.quotes")),
        pair(costs_picture(rows, words), _second_picture(context)),
        *retention_block(context, max_rows=REASONS_SHOWN),
        *status_notes(rows, words),
        Block("link", words.t("insurance.link"), source=f"insurance.{words.language}.html"),
    ]
    return Chapter("insurance", title, (*blocks, note(words.t("chapter.insurance_note"))))


def _second_picture(context: Context) -> Block:
    """Bad years where losses were simulated, else both orders."""
    words, losses = context.words, context.table("losses")
    rows = self_insurance_first(context.tables["quotes"])
    if losses is None:
        return rankings_picture(rows, words)
    return figure(loss_quantiles(losses, rows, words=words), alt=words.t("alt.quantiles"))
