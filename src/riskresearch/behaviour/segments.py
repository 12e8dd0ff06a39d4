"""Segments of customers and invoices, and each indicator by segment with its interval and a steadied value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pydantic import Field, field_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.registry import Member
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import Book, months_before
from riskresearch.behaviour.indicators import Value
from riskresearch.behaviour.intervals import INTERVAL_REASONS, RatioError, ratio_error, shrunk
from riskresearch.ledger.movements import known_date

UNKNOWN, OTHER, WHOLE = "unknown", "other", "all"
CUSTOMER_AXES = {
    "size": "size_code",
    "sector": "sector_code",
    "country": "country_code",
    "region": "region_code",
    "type": "customer_type_code",
}
INVOICE_AXES = {"contract_type": "contract_type_code", "currency": "currency_code", "document": "invoice_kind_code"}
AXES = (*CUSTOMER_AXES, "tenure", *INVOICE_AXES)

SEGMENT_VALUES = Table(
    "segment_values",
    "behaviour",
    "one row per date, indicator, axis and segment",
    ("observation_date", "indicator_code", "axis_code", "segment_code"),
    (
        Column("observation_date", "date", "last day that counts"),
        Column("indicator_code", "text", "indicator, see docs/dictionary.md"),
        Column("axis_code", "text", "segmentation; a*b for a pair"),
        Column("segment_code", "text", "segment on that axis; x*y for a pair, unknown, other"),
        Column("n_customers", "int", "customers it rests on"),
        Column("n_items", "int", "invoices or receipts it rests on"),
        Column("base_amount", "float", "amount it rests on, run currency"),
        Column("value", "float", "value in the unit of the indicator; empty = not computable", True),
        Column("interval_low", "float", "lower end of the 95 % interval between customers", True),
        Column("interval_high", "float", "upper end of the 95 % interval between customers", True),
        Column("value_shrunk", "float", "value drawn towards that of all segments as far as it is uncertain", True),
        Column("unit_code", "text", "unit of the indicator"),
        Column("reason_code", "text", "why there is no value", True),
        Column("interval_reason_code", "code", "why there is no interval", True, INTERVAL_REASONS),
    ),
)


class SegmentSettings(StageSettings):
    """Segments."""

    segment_axes: tuple[str, ...] = Field(
        (*CUSTOMER_AXES, "contract_type", "tenure", "sector*size"),
        description=f"segmentations shown: {', '.join(AXES)}, or a pair of them written a*b",
    )
    new_customer_months: int = Field(
        12, ge=1, le=120, description="a customer is new for this many months from the start of the relation"
    )
    segments_max: int = Field(
        24, ge=2, le=500, description="segments shown per segmentation; those with fewest customers are put together"
    )

    @field_validator("segment_axes")
    @classmethod
    def _known_axes(cls, axes: tuple[str, ...]) -> tuple[str, ...]:
        for axis in axes:
            parts = axis.split("*")
            unknown = [part for part in parts if part not in AXES]
            if unknown:
                raise ValueError(f"{axis!r}: {unknown[0]!r} is no segmentation; take one of {', '.join(AXES)}")
            if len(parts) > 2 or len(set(parts)) < len(parts):
                raise ValueError(f"{axis!r} must name one segmentation, or two different ones as in sector*size")
        doubled = sorted({axis for axis in axes if axes.count(axis) > 1})
        if doubled:
            raise ValueError(f"{', '.join(doubled)} given more than once; name each segmentation once")
        return axes


@dataclass(frozen=True)
class Axis:
    """A segmentation: which segment each customer or each invoice belongs to.

    Parameters
    ----------
    code : name of the segmentation, ``a*b`` for a pair
    by : whether customers or invoices are divided
    labels : segment by customer_id or by invoice_id
    """

    code: str
    by: Literal["customer_id", "invoice_id"]
    labels: Series

    def of(self, rows: DataFrame) -> Series:
        """Return the segment of each row; what cannot be placed is `unknown`."""
        return rows[self.by].map(self.labels).fillna(UNKNOWN)


def portfolio_axis(tables: Mapping[str, DataFrame]) -> Axis:
    """Return the segmentation that has the one segment `all`."""
    customers = tables["customers"]["customer_id"]
    return Axis("portfolio", "customer_id", Series(WHOLE, index=pd.Index(customers, name="customer_id"), dtype="str"))


def segment_axes(book: Book, tables: Mapping[str, DataFrame], settings: SegmentSettings) -> list[Axis]:
    """Return the segmentations named in the settings, as known on the date of the book.

    Parameters
    ----------
    book : book of the date
    tables : canonical tables; rows known after the date do not count
    settings : segmentations, months for which a customer is new, largest number of segments

    Returns
    -------
    list of Axis. ``tenure`` is ``new`` or ``loyal``, by the start of the relation or, where that is not delivered,
    by the first invoice; it is ``unknown`` where the ledger does not reach back far enough to tell. Missing labels
    are ``unknown``. Beyond `segments_max` the segments with fewest customers are ``other``.
    """
    axes = [_axis(code, book, tables, settings) for code in settings.segment_axes]
    return [_limited(axis, book, settings.segments_max) for axis in axes]


def segment_values(book: Book, axes: Sequence[Axis], indicators: Iterable[Member[Any]]) -> DataFrame:
    """Return indicators by segment with interval and steadied value.

    Parameters
    ----------
    book : book of the date
    axes : segmentations
    indicators : members of the indicator registry

    Returns
    -------
    DataFrame, table `segment_values`, see `SEGMENT_VALUES`. Intervals and steadied values exist for ratios of sums
    over customers; see `ratio_error` and `shrunk` in `riskresearch.behaviour.intervals`. Along segmentations of
    invoices, what belongs to no invoice (receipts not matched, returned payments) is in no segment.
    """
    members = list(indicators)
    whole = [member.function(book) for member in members]
    parts = [None if value.parts is None else value.parts() for value in whole]
    rows: list[dict[str, object]] = []
    for axis in axes:
        segments = book.split(axis.labels, axis.by)
        counts = [_n_customers(part) for part in segments.values()]
        for member, value, made_of in zip(members, whole, parts, strict=True):
            found = [member.function(part) for part in segments.values()]
            errors = _errors(found, list(segments), axis, made_of)
            shared = {"axis_code": axis.code, "indicator_code": member.name, "unit_code": member.spec.unit}
            names = [shared | {"segment_code": segment} for segment in segments]
            rows += _rows(names, counts, found, errors, whole=value.value)
    return DataFrame(rows, columns=SEGMENT_VALUES.names).assign(observation_date=book.as_of)


def _axis(code: str, book: Book, tables: Mapping[str, DataFrame], settings: SegmentSettings) -> Axis:
    if "*" not in code:
        return _single(code, book, tables, settings)
    first, second = (_single(part, book, tables, settings) for part in code.split("*"))
    if first.by == second.by == "customer_id":
        return Axis(code, "customer_id", first.labels + "*" + second.labels)
    sold = tables["invoices"]
    labels = first.of(sold).astype("str") + "*" + second.of(sold).astype("str")
    return Axis(code, "invoice_id", labels.set_axis(pd.Index(sold["invoice_id"])))


def _single(code: str, book: Book, tables: Mapping[str, DataFrame], settings: SegmentSettings) -> Axis:
    if code == "tenure":
        return Axis(code, "customer_id", _tenure(book, tables, settings.new_customer_months))
    if code in CUSTOMER_AXES:
        labels = tables["customers"].set_index("customer_id")[CUSTOMER_AXES[code]]
        return Axis(code, "customer_id", labels.astype("str").fillna(UNKNOWN))
    labels = tables["invoices"].set_index("invoice_id")[INVOICE_AXES[code]]
    return Axis(code, "invoice_id", labels.astype("str").fillna(UNKNOWN))


def _tenure(book: Book, tables: Mapping[str, DataFrame], months: int) -> Series:
    """New or loyal; unknown where neither the start is delivered nor the ledger long enough to see it."""
    invoices = tables["invoices"]
    seen = invoices[known_date(invoices, "invoice_date") <= book.as_of]
    first = seen.groupby("customer_id")["invoice_date"].min()
    given = tables["customers"].set_index("customer_id")["relationship_start_date"]
    start = pd.concat([given, first.reindex(given.index)], axis=1).min(axis=1)
    border = months_before(book.as_of, months)
    labels = Series(np.where(start > border, "new", "loyal"), index=given.index, dtype="str")
    cannot_tell = given.isna() & (start > border) & (book.first_day > border)
    return labels.mask(start.isna() | cannot_tell, UNKNOWN)


def _limited(axis: Axis, book: Book, most: int) -> Axis:
    if axis.labels.nunique() <= most:
        return axis
    columns = list({"customer_id", axis.by})
    seen = pd.concat([book.items[columns], book.sales[columns], book.settlements[columns]]).drop_duplicates()
    pairs = DataFrame({"customer_id": seen["customer_id"], "segment": axis.of(seen)}).drop_duplicates()
    counts = pairs["segment"].value_counts().rename("n").rename_axis("segment").reset_index()
    kept = counts.sort_values(["n", "segment"], ascending=[False, True])["segment"].head(most - 1)
    return replace(axis, labels=axis.labels.where(axis.labels.isin(kept), OTHER))


def _errors(
    found: Sequence[Value], segments: Sequence[str], axis: Axis, whole: DataFrame | None
) -> list[RatioError | None]:
    """Error of each segment's value; where customers are divided, from the customers' parts of the whole."""
    if whole is None or axis.by == "invoice_id":
        return [None if value.parts is None else ratio_error(value.parts()) for value in found]
    rows = whole.groupby(axis.of(whole)).indices
    return [
        None if value.parts is None else ratio_error(whole.iloc[rows.get(segment, [])])
        for value, segment in zip(found, segments, strict=True)
    ]


def _rows(
    names: Sequence[Mapping[str, object]],
    counts: Sequence[int],
    found: Sequence[Value],
    errors: Sequence[RatioError | None],
    *,
    whole: float | None,
) -> list[dict[str, object]]:
    steady = shrunk(errors, towards=whole) if whole is not None else np.full(len(errors), np.nan)
    return [
        {
            **name,
            "n_customers": count if error is None else error.n_customers,
            "n_items": value.n_items,
            "base_amount": value.base_minor / 100,
            "value": value.value,
            "interval_low": np.nan if error is None else error.low,
            "interval_high": np.nan if error is None else error.high,
            "value_shrunk": middle,
            "reason_code": value.reason or None,
            "interval_reason_code": (error.reason if error else "" if value.value is None else "not_a_ratio") or None,
        }
        for name, count, value, error, middle in zip(names, counts, found, errors, steady, strict=True)
    ]


def _n_customers(part: Book) -> int:
    """Customers with open items, receipts in the window, or sales in 12 months."""
    recent = part.sales[part.sales["day"] > months_before(part.as_of, 12)]
    return int(pd.concat([f["customer_id"] for f in (part.items, part.settlements, recent)]).nunique())
