"""All payment indicators of 36 month ends on one million invoices, against a straightforward pandas version.

The plain version filters the whole ledger again for each date and gives fewer figures: open and overdue amount, simple
DSO, days beyond terms, days to pay and the on-time share; the answers compared are sums of figures both have.
"""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import empty
from riskresearch.behaviour.book import book, observation_dates, prepare
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.ledger.movements import movements
from riskresearch.ledger.tables import LEDGER_TABLES

N_INVOICES = int(os.environ.get("RISKRESEARCH_BENCH_INVOICES", "1000000"))
AS_OF = Timestamp("2025-12-31").as_unit("us")
MONTHS = int(os.environ.get("RISKRESEARCH_BENCH_MONTHS", "36"))
SHARED = ("open_amount", "dso_simple_days", "days_to_pay", "days_beyond_terms", "on_time_ratio", "overdue_ratio")


def ledger_of(n: int) -> dict[str, DataFrame]:
    """Return canonical tables of n invoices of n / 100 customers over four years; one in five is paid in two parts."""
    rng = np.random.default_rng(1)
    issued = Timestamp("2022-01-01").as_unit("us") + pd.to_timedelta(np.sort(rng.integers(0, 1460, n)), unit="D")
    number = np.arange(n)
    amount = np.round(rng.lognormal(12, 1, n)).astype("int64") + 100
    customer = pd.array(np.char.add("C", (rng.integers(0, max(n // 100, 1), n)).astype(str)), dtype="str")
    keys = pd.array(np.char.add("I", number.astype(str)), dtype="str")
    terms = rng.choice([30, 45, 60], n)
    invoices = DataFrame(
        {
            "invoice_id": keys,
            "customer_id": customer,
            "invoice_date": issued,
            "recorded_date": issued,
            "due_date": issued + pd.to_timedelta(terms, unit="D"),
            "due_date_source_code": "source",
            "currency_code": "EUR",
            "gross_minor": amount,
            "base_minor": amount,
            "invoice_kind_code": "invoice",
            "contract_type_code": None,
        }
    )
    paid = issued + pd.to_timedelta(terms + rng.integers(-10, 60, n), unit="D")
    first = np.where(rng.random(n) < 0.2, amount // 2, amount)
    rows = np.concatenate([number, number[first < amount]])
    value = np.concatenate([first, (amount - first)[first < amount]])
    day = paid[rows] + pd.to_timedelta(np.where(np.arange(len(rows)) < n, 0, 20), unit="D")
    ids = pd.array(np.char.add("P", np.arange(len(rows)).astype(str)), dtype="str")
    common = {"customer_id": customer[rows], "recorded_date": day, "amount_minor": value, "base_minor": value}
    payments = DataFrame(
        {**common, "payment_id": ids, "value_date": day, "currency_code": "EUR", "reversal_of_id": None}
    )
    allocations = DataFrame(
        {
            **common,
            "allocation_id": ids,
            "invoice_id": keys[rows],
            "source_code": "payment",
            "source_id": ids,
            "effective_date": day,
        }
    )
    customers = DataFrame({"customer_id": pd.unique(customer), "customer_type_code": "b2b"})
    made = {"invoices": invoices, "payments": payments, "allocations": allocations, "customers": customers}
    tables = {table.name: empty(table) for table in LEDGER_TABLES} | made
    tables["customers"] = tables["customers"].assign(relationship_start_date=pd.NaT)
    return tables


def _dates(first_day: Timestamp) -> list[Timestamp]:
    return observation_dates(as_of=AS_OF, first_day=first_day)[-MONTHS:]


def every_indicator() -> Callable[[], float]:
    """Return a call that makes every registered indicator on every date, movements included."""
    tables = ledger_of(N_INVOICES)

    def call() -> float:
        tables["movements"] = movements(tables)
        acts = prepare(tables)
        total = 0.0
        for day in _dates(acts.first_day):
            now = book(acts, as_of=day)
            values = {member.name: member.function(now).value for member in INDICATORS}
            total += sum(values[name] or 0.0 for name in SHARED)
        return total

    return call


def plain_indicators() -> Callable[[], float]:
    """Return a call that makes six indicators by filtering and grouping the delivered tables for each date."""
    tables = ledger_of(N_INVOICES)

    def call() -> float:
        first_day = tables["invoices"]["invoice_date"].min()
        return sum(_plain_figures(tables, day) for day in _dates(first_day))

    return call


def _plain_figures(tables: dict[str, DataFrame], day: Timestamp) -> float:
    invoices, allocations = tables["invoices"], tables["allocations"]
    issued = invoices[invoices["invoice_date"] <= day]
    settled = allocations[allocations["effective_date"] <= day]
    paid = settled.groupby("invoice_id")["amount_minor"].sum()
    left = issued.set_index("invoice_id")["gross_minor"].sub(paid, fill_value=0)
    items = issued.assign(open_minor=issued["invoice_id"].map(left))
    items = items[items["open_minor"] > 0]
    total = items["open_minor"].sum()
    late = items.loc[items["due_date"] < day, "open_minor"].sum()
    recent = issued.loc[issued["invoice_date"] > day - pd.Timedelta(days=90), "gross_minor"].sum()
    receipts = settled[settled["effective_date"] > day - pd.DateOffset(months=12)]
    receipts = receipts.merge(invoices[["invoice_id", "invoice_date", "due_date"]], on="invoice_id")
    weight = receipts["amount_minor"]
    to_pay = (receipts["effective_date"] - receipts["invoice_date"]).dt.days
    beyond = (receipts["effective_date"] - receipts["due_date"]).dt.days
    return float(
        total / 100
        + total / recent * 90
        + (weight * to_pay).sum() / weight.sum()
        + (weight * beyond).sum() / weight.sum()
        + weight[beyond <= 0].sum() / weight.sum()
        + late / total
    )
