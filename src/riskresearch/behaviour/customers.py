"""What is open, customer by customer and item by item, and which customers moved."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table, empty
from riskresearch.behaviour.acts import ASSUMED
from riskresearch.behaviour.book import Book, months_before
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.indicators.receipts import MIN_RECEIPTS
from riskresearch.ledger.codes import CURRENCY, CUSTOMER

CUSTOMER_BEHAVIOUR = Table(
    "customer_behaviour",
    "behaviour",
    "one row per customer",
    ("customer_id",),
    (
        CUSTOMER,
        Column("open_amount", "float", "open amount, run currency"),
        Column("overdue_amount", "float", "overdue amount, run currency"),
        Column("disputed_amount", "float", "open amount under an open dispute, run currency"),
        Column("unapplied_amount", "float", "receipts and credits not matched, run currency"),
        Column("past_due_max_days", "int", "days past due of the oldest open invoice; 0 = nothing overdue"),
        Column("sales_amount_12m", "float", "net sales including tax of 12 months, run currency"),
        Column("n_invoices_12m", "int", "invoices of 12 months"),
        Column("terms_days", "float", "median agreed (or assumed) days from issue to due date", True),
        Column("is_terms_assumed", "bool", "due dates of most invoices of 12 months are an assumption", True),
        Column("days_beyond_terms_12m", "float", "days late of the receipts of 12 months, weighted, early as 0", True),
        Column("payment_index", "float", "own-experience payment index, 1 worst to 100 best", True),
        Column("n_receipts_12m", "int", "receipts of 12 months"),
        Column("tenure_months", "float", "months since the first invoice or the start of the relation", True),
    ),
)
OPEN_INVOICES = Table(
    "open_invoices",
    "behaviour",
    "one row per open item (invoice or instalment)",
    ("item_id",),
    (
        CUSTOMER,
        Column("invoice_id", "text", "invoice"),
        Column("item_id", "text", "the invoice, or one of its instalments"),
        Column("invoice_date", "date", "date of issue"),
        Column("due_date", "date", "due date", True),
        Column("days_past_due", "int", "days after the due date; 0 or less = not due", True),
        CURRENCY,
        Column("open_amount", "float", "open amount, run currency"),
        Column("is_disputed", "bool", "an open dispute concerns it"),
    ),
)
CUSTOMER_MOVES = Table(
    "customer_moves",
    "behaviour",
    "one row per customer whose payment changed since the date before",
    ("customer_id",),
    (
        CUSTOMER,
        Column("compared_date", "date", "date compared with"),
        Column("days_beyond_terms", "float", "days late of the window, weighted, early as 0, now", True),
        Column("days_beyond_terms_before", "float", "the same on the date before", True),
        Column("days_beyond_terms_change", "float", "now less before", True),
        Column("overdue_amount", "float", "overdue amount now, run currency"),
        Column("overdue_amount_change", "float", "now less before, run currency"),
        Column("cost_days_amount", "float", "change of days times sales of a day: cash bound by the move", True),
        Column("move_code", "code", "direction", False, ("slower", "faster", "overdue_up", "overdue_down")),
    ),
)


class CustomerSettings(StageSettings):
    """Customers that moved."""

    move_months: int = Field(3, ge=1, le=24, description="months back that customers are compared with")
    move_days: float = Field(
        5, gt=0, description="a change of days beyond terms of at least this many days is a move; judgement"
    )
    move_amount: float = Field(
        1000, ge=0, description="a change of the overdue amount of at least this, run currency, is a move; judgement"
    )


def open_invoices(now: Book) -> DataFrame:
    """Return table `open_invoices`."""
    items = now.items.assign(open_amount=now.items["open_minor"] / 100)
    return items[OPEN_INVOICES.names].sort_values(["customer_id", "item_id"], ignore_index=True)


def customer_behaviour(tables: Mapping[str, DataFrame], now: Book) -> DataFrame:
    """Return table `customer_behaviour`: what each customer owes, buys and how late it pays.

    Parameters
    ----------
    tables : canonical tables
    now : book of the date
    """
    items, overdue, index = now.items, now.overdue, pd.Index(tables["customers"]["customer_id"], name="customer_id")
    year = now.sales[now.sales["day"] > months_before(now.as_of, 12)]
    invoices = _recent_invoices(tables["invoices"], now.as_of)
    counted = {
        "open_amount": _sum(items, "open_minor") / 100,
        "overdue_amount": _sum(overdue, "open_minor") / 100,
        "disputed_amount": _sum(items[items["is_disputed"]], "open_minor") / 100,
        "unapplied_amount": now.unapplied / 100,
        "past_due_max_days": overdue.groupby("customer_id")["days_past_due"].max().astype("float64"),
        "sales_amount_12m": _sum(year, "base_minor") / 100,
        "n_invoices_12m": invoices.groupby("customer_id").size(),
        "n_receipts_12m": now.settlements.groupby("customer_id").size(),
    }
    terms = (invoices["due_date"] - invoices["invoice_date"]).dt.days
    measured = {
        "terms_days": terms.groupby(invoices["customer_id"]).median(),
        "is_terms_assumed": invoices["is_assumed"].groupby(invoices["customer_id"]).mean() > 0.5,
        "days_beyond_terms_12m": by_customer(now, "days_beyond_terms_floored"),
        "payment_index": by_customer(now, "payment_index").where(_n_timed(now) >= MIN_RECEIPTS),
        "tenure_months": (now.as_of - now.starts.where(now.starts <= now.as_of)).dt.days / 30.4375,
    }
    frame = DataFrame({name: part.reindex(index).fillna(0) for name, part in counted.items()}, index=index)
    return frame.assign(**{name: part.reindex(index) for name, part in measured.items()}).reset_index()[
        CUSTOMER_BEHAVIOUR.names
    ]


def customer_moves(now: Book, before: Book, settings: CustomerSettings) -> DataFrame:
    """Return table `customer_moves`: customers that pay slower or faster, or owe more or less overdue, than before.

    Parameters
    ----------
    now : book of the date
    before : book some months earlier; no row where the ledger does not reach back so far
    settings : what counts as a move

    Returns
    -------
    DataFrame, largest change of cash first.
    """
    if before.as_of < now.first_day:
        return empty(CUSTOMER_MOVES)
    late = _pair(by_customer(now, "days_beyond_terms_floored"), by_customer(before, "days_beyond_terms_floored"))
    owed = _pair(_sum(now.overdue, "open_minor") / 100, _sum(before.overdue, "open_minor") / 100).fillna(0.0)
    both = pd.concat([late.add_suffix("_days"), owed.add_suffix("_amount")], axis=1).sort_index()
    days = both["now_days"] - both["before_days"]
    amount = both["now_amount"].fillna(0.0) - both["before_amount"].fillna(0.0)
    year = now.sales[now.sales["day"] > months_before(now.as_of, 12)]
    sales = (_sum(year, "base_minor") / 100 / 365).reindex(both.index)
    code = Series(None, index=both.index, dtype="object")
    code = code.mask(amount >= settings.move_amount, "overdue_up").mask(amount <= -settings.move_amount, "overdue_down")
    code = code.mask(days >= settings.move_days, "slower").mask(days <= -settings.move_days, "faster")
    frame = DataFrame(
        {
            "compared_date": before.as_of,
            "days_beyond_terms": both["now_days"],
            "days_beyond_terms_before": both["before_days"],
            "days_beyond_terms_change": days,
            "overdue_amount": both["now_amount"].fillna(0.0),
            "overdue_amount_change": amount,
            "cost_days_amount": days * sales,
            "move_code": code,
        }
    )
    size = pd.concat([frame["cost_days_amount"].abs(), amount.abs()], axis=1).max(axis=1)
    moved = frame.assign(size=size)[code.notna()].rename_axis("customer_id").reset_index()
    return moved.sort_values(["size", "customer_id"], ascending=[False, True], ignore_index=True)[CUSTOMER_MOVES.names]


def by_customer(now: Book, name: str) -> Series:
    """Return an indicator that is a quotient of sums, customer by customer."""
    parts = INDICATORS[name].function(now).parts
    if parts is None:
        return Series(dtype="float64", index=pd.Index([], name="customer_id", dtype="str"))
    sides = parts().set_index("customer_id")
    return (sides["numerator"] / sides["denominator"].where(sides["denominator"] > 0)).rename(name)


def _n_timed(now: Book) -> Series:
    """Number of receipts on items with a due date."""
    return now.settlements.groupby("customer_id")["days_late"].count()


def _recent_invoices(invoices: DataFrame, as_of: Timestamp) -> DataFrame:
    recent = invoices[invoices["invoice_date"] > months_before(as_of, 12)]
    return recent[["customer_id", "invoice_date", "due_date"]].assign(
        is_assumed=recent["due_date_source_code"].isin(ASSUMED)
    )


def _sum(frame: DataFrame, column: str) -> Series:
    return frame.groupby("customer_id")[column].sum()


def _pair(now: Series, before: Series) -> DataFrame:
    return pd.concat({"now": now, "before": before}, axis=1)
