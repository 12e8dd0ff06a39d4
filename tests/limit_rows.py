"""Rows of table `limit_inputs` for tests: what a case does not say is that of a sound, well-known customer."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import check
from riskresearch.limits.inputs.table import LIMIT_INPUTS

REVIEW_DATE = "2025-12-31"
ORDINARY: Mapping[str, Any] = {
    "review_date": REVIEW_DATE,
    "customer_type_code": "private",
    "country_code": "FR",
    "sector_code": "retail",
    "size_code": "medium",
    "currency_code": "EUR",
    "pd_12m": 0.005,
    "grade_code": "B",
    "lgd_ratio": 0.45,
    "is_in_default": False,
    "is_in_proceedings": False,
    "gate_code": "pass",
    "n_incidents_12m": 0,
    "n_signals": 0,
    "open_amount": 20_000.0,
    "overdue_amount": 0.0,
    "past_due_max_days": 0,
    "unapplied_amount": 0.0,
    "ordered_amount": 0.0,
    "unbilled_amount": 0.0,
    "guarantee_amount": 0.0,
    "sales_amount_12m": 120_000.0,
    "n_invoices_12m": 24,
    "n_paid_invoices": 60,
    "first_order_amount": 5_000.0,
    "tenure_months": 48.0,
    "silence_months": 0.0,
    "terms_days": 30.0,
    "days_beyond_terms_12m": 5.0,
    "peak_ratio": 1.0,
    "net_worth_amount": 400_000.0,
    "revenue_amount": 2_000_000.0,
    "accounts_age_months": 10.0,
    "internal_limit_amount": 30_000.0,
    "temporary_limit_amount": 0.0,
    "insurer_limit_amount": None,
    "bureau_limit_amount": None,
    "seller_sales_amount_12m": 50_000_000.0,
}


def input_rows(*rows: Mapping[str, Any]) -> DataFrame:
    """Return a checked frame of table `limit_inputs`, one row per mapping.

    A column that a row does not name has the value of `ORDINARY`; ``customer_id`` counts C1, C2, … and ``group_id``
    is the customer. Dates may be texts. Rows come back sorted by customer and day, as the table is.
    """
    unknown = sorted({name for row in rows for name in row} - set(LIMIT_INPUTS.names))
    if unknown:
        raise ValueError(f"limit_inputs has no columns {unknown}")
    filled = []
    for number, row in enumerate(rows, start=1):
        customer_id = row.get("customer_id", f"C{number}")
        filled.append({**ORDINARY, "customer_id": customer_id, "group_id": customer_id, **row})
    frame = DataFrame(filled, columns=LIMIT_INPUTS.names)
    frame["review_date"] = pd.to_datetime(frame["review_date"])
    return check(frame, LIMIT_INPUTS)
