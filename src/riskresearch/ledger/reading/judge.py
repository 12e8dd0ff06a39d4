"""Rows that cannot be, in the tables of what a seller knows: sectors, limits, orders, securities, decisions, claims."""

from collections.abc import Callable, Mapping

from riskresearch.ledger.reading.rows import SourceRows

CLAIM_DATES: Mapping[str, str] = {
    "rejection_code": "decided_date",
    "event_code": "loss_date",
    "paid_minor": "paid_date",
    "recovered_minor": "recovered_date",
}
"""What is told of a claim, with the date that must be told too."""


def judge_knowledge(rows: SourceRows) -> None:
    """Flag the rows of a source that cannot be; nothing where its table has no such rule."""
    if rows.source.rows in _RULES:
        _RULES[rows.source.rows](rows)


def _sector_statistics(rows: SourceRows) -> None:
    ratio = rows.frame["failure_ratio"]
    rows.flag((ratio < 0) | (ratio > 1), "ratio_out_of_range", "failure_ratio")
    early = rows.frame["published_date"] < rows.frame["period_end_date"]
    rows.flag(early, "published_before_end", "published_date")


def _orders(rows: SourceRows) -> None:
    rows.flag(rows.frame["base_minor"] <= 0, "amount_out_of_range", "base_minor")
    for name in ("delivery_date", "invoiced_date"):
        rows.flag(rows.frame[name] < rows.frame["order_date"], "ends_before_start", name)


def _limits(rows: SourceRows) -> None:
    rows.flag(rows.frame["requested_date"] > rows.frame["recorded_date"], "answered_before_asked", "requested_date")


def _guarantees(rows: SourceRows) -> None:
    rows.flag(rows.frame["base_minor"] <= 0, "amount_out_of_range", "base_minor")
    rows.flag(rows.frame["end_date"] < rows.frame["start_date"], "ends_before_start", "end_date")


def _overrides(rows: SourceRows) -> None:
    for name in ("proposed_minor", "final_minor"):
        rows.flag(rows.frame[name] < 0, "amount_out_of_range", name)
    rows.flag(rows.frame["end_date"] < rows.frame["decided_date"], "ends_before_start", "end_date")


def _insurer_claims(rows: SourceRows) -> None:
    frame = rows.frame
    rows.flag(frame["claimed_minor"] <= 0, "amount_out_of_range", "claimed_minor")
    for part, whole in (("paid_minor", "claimed_minor"), ("recovered_minor", "claimed_minor"),
                        ("insurer_recovered_minor", "recovered_minor")):  # fmt: skip
        beyond = (frame[part] < 0) | (frame[part] > frame[whole].fillna(0))
        rows.flag(beyond, "claim_amount_beyond", part)
    for name in ("filed_date", "decided_date", "paid_date"):
        rows.flag(frame[name] < frame["declared_date"], "ends_before_start", name)
    for name, dated in CLAIM_DATES.items():
        given = frame[name] > 0 if name.endswith("_minor") else frame[name].notna()
        rows.flag(given & frame[dated].isna(), "claim_date_missing", dated)
    for name in ("paid", "recovered"):
        nothing = frame[f"{name}_date"].notna() & (frame[f"{name}_minor"].fillna(0) == 0)
        rows.flag(nothing, "claim_amount_missing", f"{name}_minor")


_RULES: Mapping[str, Callable[[SourceRows], None]] = {
    "sector_statistics": _sector_statistics,
    "limits": _limits,
    "orders": _orders,
    "guarantees": _guarantees,
    "overrides": _overrides,
    "insurer_claims": _insurer_claims,
}
