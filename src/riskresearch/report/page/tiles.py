"""The key figures at the top of the page."""

from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.page.context import Context
from riskresearch.report.totals import limits_by_segment

BAD_YEAR = 0.99


@dataclass(frozen=True)
class Tile:
    """One key figure: label, value and a line below."""

    label: str
    value: str
    detail: str
    is_missing: bool = False


def tiles(context: Context) -> list[Tile]:
    """Return the six key figures of the page."""
    return [_open(context), _overdue(context), _dso(context), _delay(context), _loss(context), _watch(context)]


def self_insurance(context: Context) -> Series | None:
    """Return the row of the option without policy from table `quotes`."""
    quotes = context.table("quotes")
    if quotes is None:
        return None
    rows = quotes[quotes["option_kind_code"] == "self_insurance"]
    return rows.iloc[0] if len(rows) else None


def segment_row(context: Context, segment: str) -> Series | None:
    """Return customers and amounts of a business segment; None where it has no customer."""
    limits = context.table("credit_limits")
    rows = DataFrame() if limits is None else limits_by_segment(limits)
    rows = rows[rows["segment_code"] == segment] if len(rows) else rows
    return rows.iloc[0] if len(rows) else None


def _indicator_tile(context: Context, code: str, label: str, value: str, detail: str) -> Tile:
    """Return the tile of an indicator; bounds and the word "assumed" where due dates are an assumption."""
    words, row = context.words, context.indicator(code)
    if row is None or pd.isna(row["value"]):
        reason = None if row is None else row["reason_code"]
        return Tile(label, words.t("missing.plain"), "" if pd.isna(reason) else words.label("reason", reason), True)
    return Tile(label, value, " · ".join(part for part in (_assumed(context, row), detail) if part))


def bounds(context: Context, row: Series) -> tuple[str, str] | None:
    """Return the bounds of an indicator that rests on assumed due dates, as text; None for any other."""
    if pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return None
    show = {"days": context.words.days, "ratio": context.words.ratio}.get(str(row["unit_code"]), context.words.compact)
    return show(row["value_low"]), show(row["value_high"])


def _assumed(context: Context, row: Series) -> str:
    found = bounds(context, row)
    return context.words.t("tile.assumed", low=found[0], high=found[1]) if found else ""


def _open(context: Context) -> Tile:
    words, row = context.words, context.indicator("open_amount")
    detail = "" if row is None else words.n("tile.open_invoices", int(row["n_items"]))
    return _indicator_tile(context, "open_amount", words.t("tile.open"), words.compact(_value(row)), detail)


def _overdue(context: Context) -> Tile:
    words, row, old = context.words, context.indicator("overdue_ratio"), context.value_of("overdue_90_ratio")
    detail = "" if old is None else words.t("tile.over_90", ratio=words.ratio(old))
    return _indicator_tile(context, "overdue_ratio", words.t("tile.overdue"), words.ratio(_value(row)), detail)


def _dso(context: Context) -> Tile:
    words, row = context.words, context.indicator("dso_count_back_days")
    earlier, simple = context.value_of("dso_count_back_days", earlier=True), context.value_of("dso_simple_days")
    detail = words.t("tile.earlier", value=words.days(earlier)) if earlier is not None else ""
    if earlier is None and simple is not None:
        detail = words.t("tile.simple", value=words.days(simple))
    return _indicator_tile(context, "dso_count_back_days", words.t("tile.dso"), words.days(_value(row)), detail)


def _delay(context: Context) -> Tile:
    words, row, on_time = context.words, context.indicator("days_beyond_terms"), context.value_of("on_time_ratio")
    detail = "" if on_time is None else words.t("tile.on_time", ratio=words.ratio(on_time))
    return _indicator_tile(context, "days_beyond_terms", words.t("tile.delay"), words.days(_value(row)), detail)


def _loss(context: Context) -> Tile:
    words, row = context.words, self_insurance(context)
    label = words.t("tile.loss")
    if row is None:
        return Tile(label, words.t("missing.plain"), words.t("tile.no_simulation"), True)
    losses = context.table("losses")
    detail = words.t("tile.before_insurance")
    if losses is not None:
        bad = losses[
            (losses["option_id"] == row["option_id"])
            & (losses["quantity_code"] == "gross")
            & (losses["statistic_code"] == "quantile")
            & (losses["confidence_ratio"] == BAD_YEAR)
        ]
        if len(bad):
            detail = words.t("tile.bad_year", amount=words.compact(bad["value_amount"].iloc[0]))
    return Tile(label, words.compact(row["expected_gross_amount"]), detail)


def _watch(context: Context) -> Tile:
    words, limits = context.words, context.table("credit_limits")
    label = words.t("tile.watch")
    if limits is None:
        return Tile(label, words.t("missing.plain"), words.t("tile.no_scoring"), True)
    risky, watch, bad = (segment_row(context, code) for code in ("risky", "to_watch", "defaulted"))
    in_default = words.n("tile.in_default", _n(bad), amount=words.compact(0.0 if bad is None else bad["open_amount"]))
    detail = words.t("tile.watch_detail", to_watch=words.n("tile.to_watch", _n(watch)), in_default=in_default)
    return Tile(label, words.t("tile.of", n=words.count(_n(risky)), total=words.count(len(limits))), detail)


def _value(row: Series | None) -> float | None:
    return None if row is None else row["value"]


def _n(row: Series | None) -> int:
    return 0 if row is None else int(row["n_customers"])
