"""Who moves the total: a change of DSO as mix, terms and lateness of the segments, without a residual."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import Book
from riskresearch.behaviour.segments import WHOLE, Axis

DSO_DAYS = 90
EFFECTS = ("mix", "terms", "lateness", "no_due_date")
DSO_CHANGE_REASONS = ("history_too_short", "no_sales_in_window")
_RATES = ("terms", "lateness", "no_due_date")

DSO_CHANGES = Table(
    "dso_changes",
    "behaviour",
    "one row per axis, segment and effect",
    ("axis_code", "segment_code", "effect_code"),
    (
        Column("axis_code", "text", "segmentation; a*b for a pair"),
        Column("segment_code", "text", "segment on that axis; all = the whole change"),
        Column("effect_code", "code", "why the DSO moved", False, EFFECTS),
        Column("start_date", "date", "day the change is measured from"),
        Column("end_date", "date", "day the change is measured to"),
        Column("change_days", "float", "days of DSO of the whole book that the effect adds", True),
        Column("dso_start_days", "float", "DSO of the segment on the first day; empty = no sales", True),
        Column("dso_end_days", "float", "DSO of the segment on the last day; empty = no sales", True),
        Column("sales_ratio_start", "float", "share of the segment in the sales of 90 days, first day", True),
        Column("sales_ratio_end", "float", "share of the segment in the sales of 90 days, last day", True),
        Column("reason_code", "code", "why there is no figure", True, DSO_CHANGE_REASONS),
    ),
)


class DecompositionSettings(StageSettings):
    """Change of DSO."""

    dso_change_months: int = Field(
        12, ge=1, le=60, description="a change of DSO is measured against the day this many months earlier"
    )


def dso_changes(before: Book, after: Book, axes: Sequence[Axis]) -> DataFrame:
    """Return what moved the simple DSO between two dates, by segment and effect.

    With w the share of a segment in the sales of 90 days, b its best possible DSO and l its average days
    delinquent, DSO = Σ w (b + l). Between the two dates, with bars for the mean of both and Δ for the change:

    - mix = Δw × (mean DSO of the segment − mean DSO of the book): sales move towards slower or faster segments,
    - terms = mean w × Δb: receivables not yet due weigh more, as longer terms make them,
    - lateness = mean w × Δl: overdue receivables weigh more.

    The effects of all segments add up to the change, without a residual and whichever date comes first (midpoint
    or Marshall-Edgeworth weights). Open items without a due date are neither terms nor lateness: their part is
    ``no_due_date`` and 0 where there are none. A segment that sells on one of the dates only enters with the rates of
    that date, so that it adds mix alone; receivables of a segment without sales count as terms and lateness.

    Parameters
    ----------
    before, after : books of the two dates
    axes : segmentations of the last date; they divide both dates, so that no customer changes segment

    Returns
    -------
    DataFrame, table `dso_changes`, see `DSO_CHANGES`; the segment ``all`` holds the sums. Where the DSO of a date
    cannot be computed there are the rows of ``all`` only, with the reason.
    """
    parts = [_axis_changes(before, after, axis) for axis in axes]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(start_date=before.as_of, end_date=after.as_of)[DSO_CHANGES.names]


def _axis_changes(before: Book, after: Book, axis: Axis) -> DataFrame:
    reason = _reason(before) or _reason(after)
    if reason:
        blank = {"segment_code": WHOLE, "effect_code": list(EFFECTS), "reason_code": reason}
        figures = ["change_days", "dso_start_days", "dso_end_days", "sales_ratio_start", "sales_ratio_end"]
        return DataFrame(blank).assign(axis_code=axis.code, **dict.fromkeys(figures, np.nan))
    start, end = _parts(before, axis), _parts(after, axis)
    segments = start.index.union(end.index).sort_values()
    start, end = start.reindex(segments, fill_value=0.0), end.reindex(segments, fill_value=0.0)
    effects = _effects(start, end)
    effects.loc[WHOLE] = effects.sum()
    about = DataFrame(
        {
            "dso_start_days": _own_dso(start),
            "dso_end_days": _own_dso(end),
            "sales_ratio_start": start["sales"],
            "sales_ratio_end": end["sales"],
        }
    )
    about.loc[WHOLE] = [start[list(_RATES)].sum().sum(), end[list(_RATES)].sum().sum(), 1.0, 1.0]
    tall = effects.rename_axis("segment_code").melt(
        ignore_index=False, var_name="effect_code", value_name="change_days"
    )
    return tall.join(about).reset_index(names="segment_code").assign(axis_code=axis.code, reason_code=None)


def _reason(book: Book) -> str:
    sales = book.sales_minor(DSO_DAYS)
    return "history_too_short" if sales is None else "no_sales_in_window" if sales <= 0 else ""


def _parts(book: Book, axis: Axis) -> DataFrame:
    """By segment: share of sales, and days of the book's sales that its open items stand for, by kind."""
    sold = book.sales[book.sales["day"] > book.as_of - pd.Timedelta(days=DSO_DAYS)]
    late = book.items["days_past_due"]
    kind = np.where(late.isna(), "no_due_date", np.where(late.fillna(0) > 0, "lateness", "terms"))
    items = book.items["open_minor"].astype("float64")
    total = float(sold["base_minor"].sum())
    parts = {"sales": sold["base_minor"].groupby(axis.of(sold)).sum() / total}
    label = axis.of(book.items)
    for name in _RATES:
        chosen = kind == name
        parts[name] = items[chosen].groupby(label[chosen]).sum() / total * DSO_DAYS
    return DataFrame(parts).fillna(0.0).astype("float64")


def _effects(start: DataFrame, end: DataFrame) -> DataFrame:
    """Effects by segment: the change of share at the reference rates, and the rest of each kind's change."""
    rates = list(_RATES)
    share = end["sales"] - start["sales"]
    middle = (start[rates].sum() + end[rates].sum()) / 2
    reference = _reference(start, end, middle)
    effects = DataFrame({"mix": share * (reference.sum(axis=1) - middle.sum())})
    for name in rates:
        effects[name] = end[name] - start[name] - share * reference[name]
    return effects


def _reference(start: DataFrame, end: DataFrame, middle: Series) -> DataFrame:
    """Rates at which a change of share counts: mean of both dates, the only one there is, else those of the book."""
    kinds = list(_RATES)
    rates = [part[kinds].div(part["sales"].where(part["sales"] > 0), axis=0) for part in (start, end)]
    first, last = rates[0].fillna(rates[1]), rates[1].fillna(rates[0])
    return ((first + last) / 2).fillna(middle)


def _own_dso(part: DataFrame) -> Series:
    return part[list(_RATES)].sum(axis=1) / part["sales"].where(part["sales"] > 0)
