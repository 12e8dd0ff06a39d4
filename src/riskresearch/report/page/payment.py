"""Chapter: how customers pay. Today's figures here; segments, changes, prospects and warnings in their own modules."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, grid
from riskresearch.report.figures.payment import BUCKETS, ageing_bars, dso_ends, dso_lines
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair
from riskresearch.report.page.payment_changes import change_blocks
from riskresearch.report.page.payment_flows import flow_blocks
from riskresearch.report.page.payment_forecast import forecast_blocks
from riskresearch.report.page.payment_parts import cell, section, told, with_interval
from riskresearch.report.page.payment_segments import concentration_blocks, segment_blocks
from riskresearch.report.page.warnings import warning_blocks
from riskresearch.report.totals import latest, year_earlier
from riskresearch.report.translator import Translator

INDICATORS_SHOWN = (
    "open_amount",
    "unapplied_amount",
    "overdue_ratio",
    "overdue_undisputed_ratio",
    "overdue_90_ratio",
    "dispute_ratio",
    "dso_count_back_days",
    "dso_simple_days",
    "dso_best_possible_days",
    "days_delinquent",
    "days_to_pay",
    "days_beyond_terms",
    "days_beyond_terms_with_open",
    "on_time_ratio",
    "payment_index",
    "collection_effectiveness_ratio",
    "credit_note_ratio",
    "bad_debt_ratio",
    "carrying_cost_open_amount",
    "late_fee_open_amount",
)


def payment_chapter(context: Context) -> Chapter:
    """Return the chapter: where receivables stand, who pays how, what moved, what will come in, what warns."""
    words = context.words
    kpis = context.table("kpis")
    if kpis is None:
        return Chapter("payment", words.t("chapter.payment"), (missing(words.t("chapter.no_behaviour")),))
    blocks = [
        *_today(context, kpis),
        *section(context, "chapter.by_segment", segment_blocks(context)),
        *section(context, "chapter.what_moved", change_blocks(context)),
        *section(context, "chapter.dependence", concentration_blocks(context)),
        *section(context, "chapter.what_becomes", flow_blocks(context)),
        *section(context, "chapter.what_comes", forecast_blocks(context)),
        *section(context, "chapter.what_warns", warning_blocks(context)),
    ]
    return Chapter("payment", words.t("chapter.payment"), tuple(blocks))


def _today(context: Context, kpis: DataFrame) -> list[Block]:
    words, settings = context.words, context.facts.setting
    lines = dso_lines(
        kpis,
        words=words,
        low_days=settings("behaviour", "dso_low_days"),
        high_days=settings("behaviour", "dso_high_days"),
    )
    pictures = [
        told(figure(lines, alt=words.t("alt.dso", sentence=_dso(context, kpis))), _dso_sentences(context, kpis))
    ]
    return [
        pair(*pictures, *_ageing(context)),
        _indicators(context, kpis),
        *_ageing_table(context),
        *_left_out(context),
    ]


def _dso_sentences(context: Context, kpis: DataFrame) -> str:
    words = context.words
    best, late, day = (
        context.value_of(code) for code in ("dso_best_possible_days", "days_delinquent", "dso_day_amount")
    )
    sentences = [_dso(context, kpis)]
    if best is not None and late is not None:
        sentences.append(words.t("chapter.dso_parts", best=words.days(best), late=words.days(late)))
    if day is not None:
        sentences.append(words.t("chapter.dso_day", amount=words.compact(day)))
    return " ".join(sentences)


def _dso(context: Context, kpis: DataFrame) -> str:
    words, ends = context.words, dso_ends(kpis)
    if ends.empty:
        return words.t("chapter.dso_missing")
    return words.t(
        "chapter.dso",
        first=words.days(ends.iloc[0]),
        start=words.month(ends.index[0]),
        last=words.days(ends.iloc[-1]),
        end=words.month(ends.index[-1]),
    )


def _ageing(context: Context) -> list[Block]:
    ageing = context.table("ageing")
    if ageing is None:
        return []
    words, now = context.words, ageing_now(ageing)
    parts = [
        f"{words.label('bucket', code)} {words.ratio(share)}"
        for code, share in zip(now["bucket_code"], now["open_ratio"], strict=True)
        if share > 0
    ]
    if not parts:
        sentence = words.t("finding.nothing_open")
    else:
        day = words.date(now["observation_date"].iloc[0])
        sentence = words.t("chapter.ageing", date=day, parts=", ".join(parts))
    drawn = ageing_bars(ageing, words=words)
    return [told(figure(drawn, alt=words.t("alt.ageing", sentence=sentence)), sentence)]


def ageing_now(ageing: DataFrame, basis_code: str = "due_date") -> DataFrame:
    """Return the aged balance of the last date by one basis, in order of the buckets."""
    now = latest(ageing)
    now = now[now["basis_code"] == basis_code]
    order = {code: place for place, code in enumerate(BUCKETS)}
    return now.sort_values("bucket_code", key=lambda codes: codes.map(order), ignore_index=True)


def _ageing_table(context: Context) -> list[Block]:
    ageing, words = context.table("ageing"), context.words
    if ageing is None:
        return []
    columns = ["bucket_code", "n_invoices", "open_amount", "open_ratio", "disputed_amount"]
    blocks = []
    for basis, caption in (("due_date", "table.ageing_due"), ("invoice_date", "table.ageing_issue")):
        now = ageing_now(ageing, basis)
        now = now[now["n_invoices"] > 0]
        if len(now):
            blocks.append(grid_block(grid(now, words, columns=columns), caption=words.t(caption)))
    return [pair(*blocks)] if blocks else []


def _left_out(context: Context) -> list[Block]:
    """Whom the indicators leave out."""
    words, left_out = context.words, context.table("left_out")
    if left_out is None:
        return []
    row = left_out.iloc[0]
    return [note(words.n("chapter.left_out", int(row["n_customers"]), amount=words.compact(row["open_amount"])))]


def _indicators(context: Context, kpis: DataFrame) -> Block:
    """Table of the indicators of the whole ledger: now, a year earlier, bounds and definition."""
    words = context.words
    now, before = (rows.set_index("indicator_code") for rows in (latest(kpis), year_earlier(kpis)))
    codes = [code for code in INDICATORS_SHOWN if code in now.index]
    rows = []
    for code in codes:
        row = now.loc[code]
        earlier = before.loc[code] if code in before.index else None
        rows.append(
            (words.label("indicator", code), _with_bounds(row, words), cell(earlier, words), _variant(row, words))
        )
    headers = tuple(words.t(name) for name in ("column.indicator_code", "column.value", "table.year_earlier"))
    content = Grid((*headers, words.t("column.variant_code")), tuple(rows), (False, True, True, False))
    return grid_block(content, caption=words.t("table.indicators"))


def _with_bounds(row: Series, words: Translator) -> str:
    """Value, with its bounds where due dates are an assumption."""
    shown = cell(row, words)
    if pd.isna(row["value"]) or pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return shown
    return with_interval(shown, row, ("value_low", "value_high"), words)


def _variant(row: Series, words: Translator) -> str:
    return "" if pd.isna(row["variant_code"]) else words.label("variant", row["variant_code"])
