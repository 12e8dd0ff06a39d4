"""Days of delivery: mostly before the invoice, late in rural regions, and then the customer pays late too.

Written over the finished books: the delivery is drawn given how late the invoice was paid, so that late
deliveries and late payments go together as if one caused the other, and no payment is changed.
"""

import numpy as np
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Ints, to_dates

EARLY_DAYS, USUAL_LATE_SHARE, USUAL_LATE_DAYS = 4, 0.06, 7
RURAL_LATE_SHARE, RURAL_LATE_DAYS = 0.12, 15
RURAL_CAUSE_SHARE, CAUSED_DAYS = 0.55, 40


def delivery_dates(
    invoices: DataFrame, customers: DataFrame, allocations: DataFrame, *, last_day: int, rng: Generator
) -> Series:
    """Return the day of delivery of each invoice; none for contracts, nor where it lies after the last day.

    Parameters
    ----------
    invoices, customers, allocations : canonical tables as booked
    """
    issue = _days(invoices["invoice_date"])
    region = customers.set_index("customer_id")["region_code"].reindex(invoices["customer_id"]).to_numpy()
    rural: Bools = np.isin(np.asarray(region, dtype=object), figures.RURAL_REGIONS)
    late = _days_late(invoices, allocations)
    draw = rng.random((2, len(invoices)))
    early = issue - rng.integers(0, EARLY_DAYS, len(invoices))
    some = np.where(
        rural, rng.integers(3, RURAL_LATE_DAYS, len(invoices)), rng.integers(1, USUAL_LATE_DAYS, len(invoices))
    )
    at_random = draw[0] < np.where(rural, RURAL_LATE_SHARE, USUAL_LATE_SHARE)
    caused = rural & (late > 2) & (draw[1] < RURAL_CAUSE_SHARE)
    behind = np.round(late * rng.uniform(0.4, 1.0, len(invoices))).astype(np.int64).clip(1, CAUSED_DAYS)
    day = np.where(caused, issue + behind, np.where(at_random, issue + some, early))
    told = (invoices["contract_type_code"] == "order").to_numpy() & (day <= last_day)
    return Series(to_dates(np.where(told, day, NEVER)), index=invoices.index)


def _days_late(invoices: DataFrame, allocations: DataFrame) -> Ints:
    """Days from due date to the last settlement of invoices paid in full, 0 for all others."""
    used = allocations.groupby("invoice_id").agg(day=("effective_date", "max"), amount=("amount_minor", "sum"))
    used = used.reindex(invoices["invoice_id"])
    full = used["amount"].to_numpy(dtype=float) == invoices["gross_minor"].to_numpy(dtype=float)
    days = _days(used["day"]) - _days(invoices["due_date"])
    return np.where(full, days, 0).clip(0)


def _days(dates: Series) -> Ints:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
