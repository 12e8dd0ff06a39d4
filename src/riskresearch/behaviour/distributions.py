"""Ageing, payment delays and concentration of the book of a date."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.concentration import UNKNOWN, concentrations, lorenz_curves
from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import Book, months_before
from riskresearch.behaviour.segments import Axis

AGEING_BUCKETS = ("not_due", "1_30", "31_60", "61_90", "over_90", "no_due_date")
AGE_BUCKETS = ("0_30", "31_60", "61_90", "over_90")
AGEING_CODES = ("not_due", "0_30", "1_30", "31_60", "61_90", "over_90", "91_120", "over_120", "no_due_date")
AGEING_BASES = ("due_date", "invoice_date")
CONCENTRATION_BASES = ("sales_12m", "exposure")
CONCENTRATION_AXES = ("customer", "group", "sector", "country", "region")

AGEING = Table(
    "ageing",
    "behaviour",
    "one row per date, basis and bucket of days",
    ("observation_date", "basis_code", "bucket_code"),
    (
        Column("observation_date", "date", "last day that counts"),
        Column("basis_code", "code", "days counted from the due date or from the date of issue", False, AGEING_BASES),
        Column("bucket_code", "code", "days past due, or days since the issue", False, AGEING_CODES),
        Column("n_invoices", "int", "open items"),
        Column("open_amount", "float", "open amount, run currency"),
        Column("open_ratio", "float", "share of the open amount"),
        Column("disputed_amount", "float", "of the open amount, disputed on the date"),
    ),
)
_QUANTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90}
DELAYS = Table(
    "delays",
    "behaviour",
    "one row per axis and segment, receipts of the window",
    ("axis_code", "segment_code"),
    (
        Column("axis_code", "text", "segmentation; a*b for a pair, portfolio for all"),
        Column("segment_code", "text", "segment on that axis; all for the portfolio"),
        Column("n_receipts", "int", "receipts matched to invoices"),
        Column("n_customers", "int", "customers"),
        Column("paid_amount", "float", "amount, run currency"),
        Column("days_late_mean", "float", "days beyond terms, weighted by amount", True),
        *(Column(f"days_late_{q}", "float", f"{q[1:]} % of the receipts came no later, days") for q in _QUANTILES),
        Column("late_ratio", "float", "share of the amount that came after the due date", True),
    ),
)
CONCENTRATION = Table(
    "concentration",
    "behaviour",
    "one row per base, axis and measure",
    ("base_code", "axis_code", "measure_code"),
    (
        Column("base_code", "code", "what is concentrated", False, CONCENTRATION_BASES),
        Column("axis_code", "code", "members: customers, groups, sectors, …", False, CONCENTRATION_AXES),
        Column("measure_code", "text", "top_X_ratio, hhi_ratio, n_effective, gini_ratio"),
        Column("value", "float", "value"),
        Column("n_members", "int", "members with a positive amount"),
        Column("total_amount", "float", "their amount, run currency"),
        Column("left_out_amount", "float", "amount of the members below 0, run currency"),
    ),
)
LORENZ = Table(
    "lorenz",
    "behaviour",
    "one row per base, axis and point of the curve",
    ("base_code", "axis_code", "point_number"),
    (
        Column("base_code", "code", "what is concentrated", False, CONCENTRATION_BASES),
        Column("axis_code", "code", "members: customers, groups, sectors, …", False, CONCENTRATION_AXES),
        Column("point_number", "int", "number of the point from 0"),
        Column("member_ratio", "float", "share of the members, smallest first"),
        Column("amount_ratio", "float", "share of the amount that they hold"),
    ),
)


class DistributionSettings(StageSettings):
    """Ageing and concentration."""

    top_customers: tuple[int, ...] = Field(
        (1, 3, 5, 10), description="numbers of largest customers whose share is shown"
    )
    is_ageing_extended: bool = Field(
        False, description="show 91–120 and over 120 days in place of over 90 days in the aged balance"
    )


def ageing(book: Book, *, is_extended: bool = False) -> DataFrame:
    """Return the aged balance by days past due and by days since the issue.

    Past due, day 0 is not due, day 30 belongs to ``1_30``, day 31 to ``31_60``; since the issue, day 0
    belongs to ``0_30``.

    Parameters
    ----------
    book : book of a date
    is_extended : tell 91-120 from over 120 days

    Returns
    -------
    DataFrame ``basis_code bucket_code n_invoices open_amount open_ratio disputed_amount``, one row per basis and
    bucket, empty ones with 0; for each basis the amounts add up to the open amount.
    """
    tail = ["91_120", "over_120"] if is_extended else ["over_90"]
    edges = [30.0, 60.0, 90.0] + ([120.0] if is_extended else [])
    by_due, by_issue = [*AGEING_BUCKETS[:4], *tail], [*AGE_BUCKETS[:3], *tail]
    late = book.items["days_past_due"].astype("float64").to_numpy()
    age = ((book.as_of - book.items["invoice_date"]) / pd.Timedelta(days=1)).to_numpy("float64")
    late_row = np.where(np.isnan(late), len(by_due), np.searchsorted([0.0, *edges], late))
    parts = [
        _buckets(book.items, late_row, [*by_due, "no_due_date"]).assign(basis_code="due_date"),
        _buckets(book.items, np.searchsorted(edges, age), by_issue).assign(basis_code="invoice_date"),
    ]
    return pd.concat(parts, ignore_index=True)


def _buckets(items: DataFrame, row: NDArray[np.int64], codes: list[str]) -> DataFrame:
    minor = items["open_minor"].to_numpy("float64")
    disputed = minor * items["is_disputed"].to_numpy("bool")
    amount = np.bincount(row, weights=minor, minlength=len(codes)) / 100
    return DataFrame(
        {
            "bucket_code": codes,
            "n_invoices": np.bincount(row, minlength=len(codes)),
            "open_amount": amount,
            "open_ratio": amount / max(amount.sum(), 0.01),
            "disputed_amount": np.bincount(row, weights=disputed, minlength=len(codes)) / 100,
        }
    )


def delay_distribution(book: Book, axes: Iterable[Axis]) -> DataFrame:
    """Return the distribution of payment delays by segment.

    Parameters
    ----------
    book : book of a date
    axes : segmentations, see `riskresearch.behaviour.segments.segment_axes` and `portfolio_axis`

    Returns
    -------
    DataFrame, one row per axis and segment: number and amount of receipts, amount-weighted mean and
    unweighted quantiles of the days late, share of the amount that came late.
    """
    paid = book.settlements[book.settlements["days_late"].notna()]
    rows = [
        {"axis_code": axis.code, "segment_code": segment, **_delays(part)}
        for axis in axes
        for segment, part in paid.groupby(axis.of(paid), sort=True)
    ]
    return DataFrame(rows, columns=DELAYS.names)


def _delays(part: DataFrame) -> dict[str, float]:
    days, weight = part["days_late"].to_numpy(float), part["base_minor"].to_numpy(float)
    total = weight.sum()
    quantiles = np.quantile(days, list(_QUANTILES.values()))
    return {
        "n_receipts": len(part),
        "n_customers": part["customer_id"].nunique(),
        "paid_amount": total / 100,
        "days_late_mean": (weight * days).sum() / total if total > 0 else np.nan,
        **{f"days_late_{name}": value for name, value in zip(_QUANTILES, quantiles, strict=True)},
        "late_ratio": weight[days > 0].sum() / total if total > 0 else np.nan,
    }


def concentration_tables(book: Book, customers: DataFrame, settings: DistributionSettings) -> dict[str, DataFrame]:
    """Return tables `concentration` and `lorenz` of the book of a date.

    Parameters
    ----------
    book : book of a date
    customers : table `customers`
    settings : numbers of largest customers
    """
    bases, axes = concentration_bases(book), concentration_axes(customers)
    return {
        "concentration": concentrations(bases, axes, top=settings.top_customers),
        "lorenz": lorenz_curves(bases, axes),
    }


def concentration_bases(book: Book) -> dict[str, Series]:
    """Return net sales of 12 months and exposure by customer_id, run currency.

    Exposure is the open amount at the last exchange rate known on the date; items whose currency has no rate keep
    the amount at the rate of their issue.
    """
    year = book.sales[book.sales["day"] > months_before(book.as_of, 12)]
    rate = book.items["currency_code"].map(book.rates)
    current = (book.items["document_minor"] * rate).fillna(book.items["open_minor"]).astype("float64")
    return {
        "sales_12m": year.groupby("customer_id")["base_minor"].sum() / 100,
        "exposure": current.groupby(book.items["customer_id"]).sum() / 100,
    }


def concentration_axes(customers: DataFrame) -> Mapping[str, Series]:
    """Return for each axis of concentration the member of each customer; without a group the customer itself."""
    known = customers.set_index("customer_id")
    itself = known.index.to_series()
    return {
        "customer": itself,
        "group": known["group_id"].fillna(itself),
        **{axis: known[f"{axis}_code"].fillna(UNKNOWN) for axis in ("sector", "country", "region")},
    }
