"""Stage behaviour: how customers pay, as tables."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import Book, book, observation_dates, prepare
from riskresearch.behaviour.distributions import AGEING_BUCKETS, ageing, concentration, delay_distribution
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.ledger.tables import CUSTOMER

SEGMENT_AXES = {"size": "size_code", "sector": "sector_code", "country": "country_code", "type": "customer_type_code"}
REASONS = ("history_too_short", "no_sales_in_window", "nothing_open", "no_receipts_in_window", "no_due_date")

_OBSERVED = Column("observation_date", "date", "last day that counts")
_AXIS = Column("axis_code", "text", "segmentation: portfolio, size, sector, country, type")
_SEGMENT = Column("segment_code", "text", "segment on that axis; all for the portfolio")

KPIS = Table(
    "kpis",
    "behaviour",
    "one row per indicator, axis, segment and date",
    ("indicator_code", "axis_code", "segment_code", "observation_date"),
    (
        Column("indicator_code", "text", "indicator, see docs/dictionary.md"),
        _AXIS,
        _SEGMENT,
        _OBSERVED,
        Column("value", "float", "value in the unit of the indicator; empty = not computable", True),
        Column("value_low", "float", "lower bound where due dates are an assumption", True),
        Column("value_high", "float", "upper bound where due dates are an assumption", True),
        Column("n_items", "int", "invoices or receipts it rests on"),
        Column("base_amount", "float", "amount it rests on, run currency"),
        Column("unit_code", "text", "days, ratio or amount"),
        Column("variant_code", "text", "variant of the definition", True),
        Column("reason_code", "code", "why there is no value", True, REASONS),
    ),
)
AGEING = Table(
    "ageing",
    "behaviour",
    "one row per date and bucket of days past due",
    ("observation_date", "bucket_code"),
    (
        _OBSERVED,
        Column("bucket_code", "code", "days past due", False, AGEING_BUCKETS),
        Column("n_invoices", "int", "open invoices"),
        Column("open_amount", "float", "open amount, run currency"),
        Column("open_ratio", "float", "share of the open amount"),
    ),
)
DELAYS = Table(
    "delays",
    "behaviour",
    "one row per axis and segment, receipts of the window",
    ("axis_code", "segment_code"),
    (
        _AXIS,
        _SEGMENT,
        Column("n_receipts", "int", "receipts matched to invoices"),
        Column("n_customers", "int", "customers"),
        Column("paid_amount", "float", "amount, run currency"),
        Column("days_late_mean", "float", "days beyond terms, weighted by amount", True),
        *(
            Column(f"days_late_{q}", "float", f"{q[1:]} % of the receipts came no later, days")
            for q in ("p10", "p25", "p50", "p75", "p90")
        ),
        Column("late_ratio", "float", "share of the amount that came after the due date", True),
    ),
)
CONCENTRATION = Table(
    "concentration",
    "behaviour",
    "one row per base, axis and measure",
    ("base_code", "axis_code", "measure_code"),
    (
        Column("base_code", "code", "what is concentrated", False, ("sales_12m", "exposure")),
        _AXIS,
        Column("measure_code", "text", "top_X_ratio, hhi_ratio, n_effective, gini_ratio"),
        Column("value", "float", "value"),
    ),
)
CUSTOMER_BEHAVIOUR = Table(
    "customer_behaviour",
    "behaviour",
    "one row per customer",
    ("customer_id",),
    (
        CUSTOMER,
        Column("open_amount", "float", "open amount, run currency"),
        Column("overdue_amount", "float", "overdue amount, run currency"),
        Column("unapplied_amount", "float", "receipts and credits not matched, run currency"),
        Column("past_due_max_days", "int", "days past due of the oldest open invoice; 0 = nothing overdue"),
        Column("sales_amount_12m", "float", "net sales including tax of 12 months, run currency"),
        Column("n_invoices_12m", "int", "invoices of 12 months"),
        Column("terms_days", "float", "median agreed (or assumed) days from issue to due date", True),
        Column("is_terms_assumed", "bool", "due dates of most invoices of 12 months are an assumption", True),
        Column("days_beyond_terms_12m", "float", "days late of the receipts of 12 months, weighted, early as 0", True),
        Column("n_receipts_12m", "int", "receipts of 12 months"),
        Column("tenure_months", "float", "months since the first invoice or the start of the relation", True),
    ),
)
BEHAVIOUR_TABLES = (KPIS, AGEING, DELAYS, CONCENTRATION, CUSTOMER_BEHAVIOUR)


class BehaviourSettings(StageSettings):
    """Payment behaviour."""

    window_months: int = Field(12, ge=1, le=60, description="months of receipts that delays are measured on")
    top_customers: tuple[int, ...] = Field(
        (1, 3, 5, 10), description="numbers of largest customers whose share is shown"
    )
    dso_low_days: float = Field(30, ge=0, description="DSO below this is shown as efficient; source: mission, A2-19")
    dso_high_days: float = Field(
        60,
        ge=0,
        description="DSO above this is shown as a risk; source: mission, A2-18; the "
        "European average is 58 (Allianz Trade, June 2025): judge by terms and sector",
    )
    other_terms_days: int = Field(
        60,
        ge=0,
        le=180,
        description="where due dates are assumed, the other bound of the "
        "terms; source: legal ceiling of 60 days, Code de commerce L441-10",
    )


def behave(tables: Mapping[str, DataFrame], settings: BehaviourSettings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the tables of the behaviour stage.

    Parameters
    ----------
    tables : canonical tables and ``movements``, as known on `as_of`
    settings : windows and bands
    as_of : last day that counts
    """
    acts = prepare(tables)
    dates = observation_dates(as_of=as_of, first_day=acts.first_day)
    books = [book(acts, as_of=day, window_months=settings.window_months) for day in dates]
    now = books[-1]
    segments = _segments(tables["customers"])
    history = pd.concat([ageing(b).assign(observation_date=b.as_of) for b in books], ignore_index=True)
    return {
        "kpis": _kpis(tables, books, segments, settings),
        "ageing": history,
        "delays": delay_distribution(now, {"portfolio": Series("all", segments["size"].index), **segments}),
        "concentration": _concentrations(now, tables["customers"], settings),
        "customer_behaviour": _customers(tables, now),
    }


def _segments(customers: DataFrame) -> dict[str, Series]:
    by_customer = customers.set_index("customer_id")
    return {axis: by_customer[column].fillna("unknown") for axis, column in SEGMENT_AXES.items()}


def _kpis(
    tables: Mapping[str, DataFrame], books: list[Book], segments: Mapping[str, Series], settings: BehaviourSettings
) -> DataFrame:
    now = books[-1]
    rows = [row for each in books for row in _indicator_rows(each, "portfolio", "all")]
    for axis, segment_of in segments.items():
        for segment, members in segment_of.groupby(segment_of).groups.items():
            rows += _indicator_rows(now.of(members), axis, str(segment))
    kpis = DataFrame(rows)
    return kpis.merge(
        _bounds(tables, now, settings), on=["indicator_code", "axis_code", "observation_date"], how="left"
    )


def _indicator_rows(each: Book, axis: str, segment: str) -> list[dict[str, object]]:
    rows = []
    for member in INDICATORS:
        found = member.function(each)
        needs = member.spec.needs_due_date and not each.has_due_dates and found.reason != "nothing_open"
        rows.append(
            {
                "indicator_code": member.name,
                "axis_code": axis,
                "segment_code": segment,
                "observation_date": each.as_of,
                "value": None if needs else found.value,
                "n_items": found.n_items,
                "base_amount": found.base_minor / 100,
                "unit_code": member.spec.unit,
                "variant_code": member.spec.variant or None,
                "reason_code": "no_due_date" if needs else found.reason or None,
            }
        )
    return rows


def _bounds(tables: Mapping[str, DataFrame], now: Book, settings: BehaviourSettings) -> DataFrame:
    """Portfolio indicators under the assumed and under the other terms, where due dates are assumed."""
    columns = ["indicator_code", "axis_code", "observation_date", "value_low", "value_high"]
    if not tables["invoices"]["due_date_source_code"].isin(["default", "inferred"]).any():
        return DataFrame(columns=columns).astype(
            {"observation_date": "datetime64[us]", "value_low": float, "value_high": float}
        )
    acts = prepare(tables, terms_days=settings.other_terms_days)
    other = book(acts, as_of=now.as_of, window_months=settings.window_months)
    rows = []
    for member in INDICATORS:
        pair = [member.function(now).value, member.function(other).value]
        if member.spec.needs_due_date and None not in pair:
            rows.append((member.name, "portfolio", now.as_of, min(pair), max(pair)))
    return DataFrame(rows, columns=columns)


def _concentrations(now: Book, customers: DataFrame, settings: BehaviourSettings) -> DataFrame:
    year = now.sales[now.sales["day"] > now.as_of - pd.DateOffset(months=12)]
    bases = {
        "sales_12m": year.groupby("customer_id")["base_minor"].sum(),
        "exposure": now.items.groupby("customer_id")["open_minor"].sum(),
    }
    known = customers.set_index("customer_id")
    group_of = known["group_id"].fillna(known.index.to_series())
    axes = {
        "customer": known.index.to_series(),
        "group": group_of,
        "sector": known["sector_code"].fillna("unknown"),
        "country": known["country_code"].fillna("unknown"),
    }
    parts = [
        concentration(amounts.groupby(members.reindex(amounts.index)).sum(), settings.top_customers).assign(
            base_code=base, axis_code=axis
        )
        for base, amounts in bases.items()
        for axis, members in axes.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _customers(tables: Mapping[str, DataFrame], now: Book) -> DataFrame:
    year_ago = now.as_of - pd.DateOffset(months=12)
    invoices = tables["invoices"][["customer_id", "invoice_date", "due_date"]].assign(
        is_assumed=tables["invoices"]["due_date_source_code"].isin(["default", "inferred"])
    )
    recent = invoices[invoices["invoice_date"] > year_ago]
    terms = (recent["due_date"] - recent["invoice_date"]).dt.days.groupby(recent["customer_id"]).median()
    paid = now.settlements.dropna(subset=["days_late"])
    weight = paid.groupby("customer_id")["base_minor"].sum()
    delay = (paid["days_late"].clip(lower=0) * paid["base_minor"]).groupby(paid["customer_id"]).sum() / weight
    starts = tables["customers"].set_index("customer_id")["relationship_start_date"]
    first = pd.concat([starts, invoices.groupby("customer_id")["invoice_date"].min()], axis=1).min(axis=1)
    items, overdue, year = now.items, now.overdue, now.sales[now.sales["day"] > year_ago]
    parts = {
        "open_amount": items.groupby("customer_id")["open_minor"].sum() / 100,
        "overdue_amount": overdue.groupby("customer_id")["open_minor"].sum() / 100,
        "unapplied_amount": now.unapplied / 100,
        "past_due_max_days": overdue.groupby("customer_id")["days_past_due"].max().astype("float64"),
        "sales_amount_12m": year.groupby("customer_id")["base_minor"].sum() / 100,
        "n_invoices_12m": recent.groupby("customer_id").size(),
        "n_receipts_12m": now.settlements.groupby("customer_id").size(),
    }
    index = pd.Index(tables["customers"]["customer_id"], name="customer_id")
    frame = DataFrame({name: part.reindex(index).fillna(0) for name, part in parts.items()}, index=index)
    measured = {
        "terms_days": terms,
        "is_terms_assumed": recent["is_assumed"].groupby(recent["customer_id"]).mean() > 0.5,
        "days_beyond_terms_12m": delay,
        "tenure_months": (now.as_of - first).dt.days / 30.4375,
    }
    return frame.assign(**{name: part.reindex(index) for name, part in measured.items()}).reset_index()
