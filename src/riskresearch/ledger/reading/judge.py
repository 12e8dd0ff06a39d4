"""Rows that cannot be, in the tables of what a seller knows: sectors, orders, securities, decisions."""

from collections.abc import Callable, Mapping

from riskresearch.ledger.reading.rows import SourceRows


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


def _guarantees(rows: SourceRows) -> None:
    rows.flag(rows.frame["base_minor"] <= 0, "amount_out_of_range", "base_minor")
    rows.flag(rows.frame["end_date"] < rows.frame["start_date"], "ends_before_start", "end_date")


def _overrides(rows: SourceRows) -> None:
    for name in ("proposed_minor", "final_minor"):
        rows.flag(rows.frame[name] < 0, "amount_out_of_range", name)
    rows.flag(rows.frame["end_date"] < rows.frame["decided_date"], "ends_before_start", "end_date")


_RULES: Mapping[str, Callable[[SourceRows], None]] = {
    "sector_statistics": _sector_statistics,
    "orders": _orders,
    "guarantees": _guarantees,
    "overrides": _overrides,
}
