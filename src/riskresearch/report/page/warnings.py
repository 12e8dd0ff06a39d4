"""Section of the payment chapter: which customers to look at first, and what such warnings were worth so far."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, header, with_unit
from riskresearch.report.page.context import Block, Context, grid_block, note, text
from riskresearch.report.page.payment_parts import one
from riskresearch.report.translator import Translator

CUSTOMERS_SHOWN = 12
SIGNALS_NAMED = 3
SEVERITY_RANK = {"high": 0, "medium": 1, "low": 2}
RANKED, PAST_DUE, EVERYONE = "ranked_list", "past_due_list", "every_customer"
CHART_SIGNALS = ("drift_cusum", "drift_ewma")


def warning_blocks(context: Context) -> list[Block]:
    """Return the ranked list of customers with warnings, the measured quality of the list, and open incidents."""
    words, families = context.words, context.tables.get("signal_families")
    if families is None:
        return []
    ranked = families[families["rank_number"].notna()].sort_values("rank_number")
    if ranked.empty:
        return [text(words.t("chapter.no_warnings")), *_quality(context), *_incidents(context)]
    severe = int((ranked["severity_code"] == "high").sum())
    sentence = " ".join(
        [words.n("chapter.warnings", len(ranked), total=words.count(len(families))), words.n("chapter.severe", severe)]
    )
    return [text(sentence), _list(context, ranked), *_quality(context), *_incidents(context)]


def _list(context: Context, ranked: DataFrame) -> Block:
    words, warnings = context.words, context.tables.get("warnings", DataFrame())
    rows, marks = [], []
    for _, row in ranked.head(CUSTOMERS_SHOWN).iterrows():
        rows.append(
            (
                str(row["customer_id"]),
                words.label("severity", row["severity_code"]),
                words.label("families", row["families_code"]),
                words.number(row["open_amount"]),
                words.date(row["first_signal_date"], "medium"),
                words.listed(_signals(warnings, str(row["customer_id"]), words)),
            )
        )
        marks.append((None, f"severity-{row['severity_code']}", None, None, None, None))
    names = ("customer_id", "severity_code", "families_code", "open_amount", "first_signal_date")
    headers = (*(header(name, words, ranked) for name in names), words.t("table.signals"))
    content = Grid(headers, tuple(rows), (False, False, False, True, False, False), tuple(marks))
    n_more = len(ranked) - len(rows)
    return grid_block(
        content, caption=words.t("table.warnings"), more=words.n("table.more", n_more) if n_more > 0 else ""
    )


def _signals(warnings: DataFrame, customer_id: str, words: Translator) -> list[str]:
    """Gravest warnings of a customer, with what was measured and what it is held against."""
    own = warnings[(warnings["customer_id"] == customer_id) & (warnings["family_code"] != "portfolio")]
    own = own.assign(rank=own["severity_code"].map(SEVERITY_RANK)).sort_values(["rank", "signal_code"])
    told = [_signal(row, words) for _, row in own.head(SIGNALS_NAMED).iterrows()]
    n_more = len(own) - len(told)
    return [*told, words.n("table.more_signals", n_more)] if n_more > 0 else told


def _signal(row: Series, words: Translator) -> str:
    name = words.label("signal", row["signal_code"])
    if pd.isna(row["value"]) or (row["unit_code"] == "count" and row["value"] == 1):
        return name
    value, threshold = (with_unit(row[column], str(row["unit_code"]), words) for column in ("value", "threshold"))
    if row["threshold"] == 0 or pd.isna(row["threshold"]):
        return words.t("table.signal_value", signal=name, value=value)
    return words.t("table.signal_over", signal=name, value=value, threshold=threshold)


def _quality(context: Context) -> list[Block]:
    """What the list of a week was worth on past dates, beside the rule that needs no warnings, and false alarms."""
    quality = context.table("alert_quality")
    if quality is None:
        return []
    sentences = [_precision(context, quality), _lead(context, quality), _false_alarms(context, quality)]
    return [note(" ".join(sentence for sentence in sentences if sentence))]


def _precision(context: Context, quality: DataFrame) -> str:
    words = context.words
    ranked, past_due, everyone = (
        one(quality, signal_code=code, measure_code="precision_ratio") for code in (RANKED, PAST_DUE, EVERYONE)
    )
    if ranked is None or pd.isna(ranked["value"]):
        reason = None if ranked is None else ranked["reason_code"]
        return words.t("chapter.quality_missing", reason=words.missing(reason))
    named = {
        name: context.facts.setting("behaviour", setting)
        for name, setting in (
            ("workload", "weekly_workload"),
            ("days", "outcome_late_days"),
            ("horizon", "outcome_horizon_days"),
        )
    }
    if None in named.values():
        return ""
    message_id = "chapter.quality_better" if _is_better(ranked, past_due) else "chapter.quality_not_better"
    if past_due is None or pd.isna(past_due["value"]) or everyone is None or pd.isna(everyone["value"]):
        message_id = "chapter.quality_alone"
    return words.t(
        message_id,
        **named,
        precision=_with_bounds(ranked, words),
        rule=words.missing() if past_due is None else words.ratio(past_due["value"]),
        base=words.missing() if everyone is None else words.ratio(everyone["value"]),
    )


def _is_better(ranked: Series, past_due: Series | None) -> bool:
    """Whether the list found more than the rule, beyond its own error."""
    return past_due is not None and pd.notna(ranked["value_low"]) and bool(ranked["value_low"] > past_due["value"])


def _with_bounds(row: Series, words: Translator) -> str:
    shown = words.ratio(row["value"])
    if pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return shown
    interval = words.t("chapter.interval", low=words.ratio(row["value_low"]), high=words.ratio(row["value_high"]))
    return words.t("table.value_interval", value=shown, interval=interval)


def _lead(context: Context, quality: DataFrame) -> str:
    words = context.words
    lead = one(quality, signal_code=RANKED, measure_code="lead_median_days")
    recall = one(quality, signal_code=RANKED, measure_code="recall_ratio")
    if lead is None or recall is None or pd.isna(lead["value"]) or pd.isna(recall["value"]):
        return ""
    return words.t("chapter.lead", recall=words.ratio(recall["value"], 0), days=words.days(lead["value"]))


def _false_alarms(context: Context, quality: DataFrame) -> str:
    """False alarms of the control charts under no change, simulated."""
    words = context.words
    rows = [one(quality, signal_code=code, measure_code="false_alarms_per_customer_year") for code in CHART_SIGNALS]
    parts = [
        f"{words.label('signal', row['signal_code'])} {words.number(row['value'], 2)}"
        for row in rows
        if row is not None and pd.notna(row["value"])
    ]
    return words.t("chapter.false_alarms", parts=words.listed(parts)) if parts else ""


def _incidents(context: Context) -> list[Block]:
    """Open incidents by kind: how many, and the latest ones."""
    words, incidents = context.words, context.table("incidents")
    rows = DataFrame() if incidents is None else incidents[incidents["state_code"] == "open"]
    if incidents is None:
        return []
    counts = rows["incident_code"].value_counts() if len(rows) else Series(dtype="int64")
    parts = [f"{words.label('incident', code)} {words.count(n)}" for code, n in sorted(counts.items())]
    if not parts:
        return [text(words.t("chapter.no_incidents"))]
    sentence = text(words.n("chapter.incidents", len(rows), parts=words.listed(parts)))
    return [sentence, _incident_list(rows, words)]


def _incident_list(rows: DataFrame, words: Translator) -> Block:
    latest_first = rows.sort_values(["incident_date", "reference_id"], ascending=[False, True])
    lines = [
        (
            str(row["customer_id"]),
            words.label("incident", row["incident_code"]),
            words.date(row["incident_date"], "medium"),
            words.t("missing.not_applicable") if pd.isna(row["amount"]) else words.number(row["amount"]),
            "" if pd.isna(row["detail_code"]) else words.label("detail", row["detail_code"]),
        )
        for _, row in latest_first.head(CUSTOMERS_SHOWN).iterrows()
    ]
    names = ("customer_id", "incident_code", "incident_date", "amount", "detail_code")
    headers = tuple(header(name, words, rows) for name in names)
    n_more = len(rows) - len(lines)
    return grid_block(
        Grid(headers, tuple(lines), (False, False, False, True, False)),
        caption=words.t("table.incidents"),
        more=words.n("table.more", n_more) if n_more > 0 else "",
    )
