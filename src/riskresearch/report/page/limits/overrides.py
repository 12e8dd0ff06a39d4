"""Chapter: decisions of persons against the proposal, and what became of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.page.context import Block, Chapter, Context, missing, note, text
from riskresearch.report.page.limits.parts import Told, coded, dated, interval, label_of, listing, money, none_or
from riskresearch.report.page.limits.reviews import breaches
from riskresearch.report.translator import Translator

LOG_SHOWN = 15
ALL = "all"
AXES = ("approver", "reason")
SPLIT = ("up_share", "breach_rate", "loss_of_raises")


def overrides_chapter(context: Context) -> Chapter:
    """Return the chapter: key figures, the same by approver and reason, decisions in force and those with a breach."""
    words, log, kpis = context.words, context.table("limit_overrides"), context.table("override_kpis")
    title = words.t("limits.overrides")
    if log is None and kpis is None:
        return Chapter("overrides", title, (missing(words.t("limits.no_overrides")),))
    blocks: list[Block] = []
    if log is not None:
        in_force = int((log["state_code"] == "in_force").sum())
        broken = words.count(int(log["breach_codes"].notna().sum()))
        blocks.append(text(words.n("limits.overrides_told", len(log), in_force=words.count(in_force), broken=broken)))
    if kpis is not None:
        blocks += [*_figures(kpis, words), *(block for axis in AXES for block in _split(kpis, axis, words))]
        blocks.append(note(words.t("limits.overrides_note")))
    if log is not None:
        blocks += [*_log(log, words)]
    return Chapter("overrides", title, tuple(blocks))


def _figures(kpis: DataFrame, words: Translator) -> Iterator[Block]:
    rows = kpis[kpis["axis_code"] == ALL]
    if rows.empty:
        return
    columns = [
        (words.t("limits.key_figure"), lambda row: label_of(words, "kpi_code", row["kpi_code"]), False),
        (words.t("column.value"), lambda row: value_of(row, words), True),
        (words.t("limits.target"), lambda row: none_or(words, row["target"], _shown(row, words)), True),
        (words.t("limits.cases"), lambda row: cases(row, words), True),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.kpis_table"))


def _shown(row: Series, words: Translator) -> Callable[[Any], str]:
    if row["unit_code"] == "amount":
        return words.compact
    return words.ratio if row["kpi_code"] != "up_down_ratio" else lambda value: words.number(value, 1)


def value_of(row: Series, words: Translator) -> str:
    """Return a key figure with its interval, or why there is none."""
    if pd.isna(row["value"]):
        return words.missing() if pd.isna(row["missing_code"]) else words.label("missing_kpi", row["missing_code"])
    show = _shown(row, words)
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return str(show(row["value"]))
    told = interval(words, row["low"], row["high"], show)
    return words.t("table.value_interval", value=show(row["value"]), interval=told)


def cases(row: Series, words: Translator) -> str:
    """Return how many of how many a figure counts."""
    return words.t("tile.of", n=words.count(row["n_cases"]), total=words.count(row["n_base"]))


def _split(kpis: DataFrame, axis: str, words: Translator) -> Iterator[Block]:
    """Key figures side by side, one line per approver or reason."""
    rows = kpis[(kpis["axis_code"] == axis) & kpis["kpi_code"].isin(SPLIT)]
    if rows.empty:
        return
    found = rows.set_index(["axis_value", "kpi_code"], drop=False)
    known = [code for code in SPLIT if (rows["kpi_code"] == code).any()]
    counts = rows.groupby("axis_value")["n_base"].max().sort_values(ascending=False, kind="stable")
    lines = DataFrame({"axis_value": counts.index, "n_base": counts.to_numpy()})
    family = "approver" if axis == "approver" else "reason"
    columns = [
        (words.t("limits.by_approver" if axis == "approver" else "limits.by_reason"), _named(words, family), False),
        (words.t("limits.decisions"), lambda row: words.count(row["n_base"]), True),
        *((label_of(words, "kpi_code", code), _found(found, code, words), True) for code in known),
    ]
    caption = words.t("limits.kpis_by_approver" if axis == "approver" else "limits.kpis_by_reason")
    yield listing(lines, columns, words=words, caption=caption)


def _named(words: Translator, family: str) -> Told:
    return lambda row: words.label(family, row["axis_value"])


def _found(found: DataFrame, code: str, words: Translator) -> Told:
    def told(row: Series) -> str:
        key = (row["axis_value"], code)
        return value_of(found.loc[key], words) if key in found.index else words.t("missing.none")

    return told


def _log(log: DataFrame, words: Translator) -> Iterator[Block]:
    """Decisions in force, then those that broke a rule, latest first."""
    is_told = (log["state_code"] == "in_force") | log["breach_codes"].notna()
    rows = log[is_told].assign(is_old=log["state_code"] != "in_force")
    rows = rows.sort_values(["is_old", "decided_date", "override_id"], ascending=[True, False, True])
    if rows.empty:
        return
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        dated(words, "decided_date"),
        coded(words, "approver_code"),
        coded(words, "reason_code"),
        money(words, "proposed_amount"),
        money(words, "final_amount"),
        dated(words, "valid_to_date"),
        coded(words, "state_code"),
        (words.t("column.breach_codes"), lambda row: breaches(row["breach_codes"], words), False),
    ]
    yield listing(rows, columns, words=words, caption=words.t("limits.log_table"), max_rows=LOG_SHOWN)
