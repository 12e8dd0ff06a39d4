"""Steps of dunning and promises to pay: steps follow the days overdue, promises are broken more by the weaker.

Written over the finished books. A promise is drawn given the day the invoice was settled: a kept one ends on
that day or shortly after, a broken one before it; the weaker the hidden health, the more are broken.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.timeline import NEVER, Floats, Ints, to_dates, to_workday

STEPS = (
    (8, "reminder", 0.60),
    (15, "call", 0.55),
    (25, "warning", 0.60),
    (40, "formal_notice", 0.55),
    (60, "delivery_stop", 0.60),
    (80, "collection", 0.50),
    (120, "legal", 0.35),
)
SMALLEST_MINOR, LATEST_DAYS = 40_000, 3
PROMISE_SHARE, LONGEST_PROMISE_DAYS = 0.5, 30
KEPT_LEVEL, KEPT_RISK = 0.9, 0.8


def reminders_table(
    invoices: DataFrame, allocations: DataFrame, books: Books, *, risk: Floats, rng: Generator
) -> DataFrame:
    """Return canonical table `reminders` up to the last day.

    Parameters
    ----------
    invoices, allocations : canonical tables, without invoices payable in parts
    risk : month x customer, standardised log hazard
    """
    late = _late(invoices, allocations)
    parts = [_step(late, days, code, share, rng) for days, code, share in STEPS]
    promises = _promises(parts[1], books, risk, rng)
    rows = pd.concat([*parts, promises], ignore_index=True)
    rows = rows[rows["day"] <= books.calendar.last_day]
    rows = rows.sort_values(["day", "invoice_id", "action_code"], kind="stable", ignore_index=True)
    day = to_dates(rows["day"].to_numpy())
    return DataFrame(
        {
            "reminder_id": number_ids("R", len(rows)),
            "customer_id": rows["customer_id"],
            "invoice_id": rows["invoice_id"],
            "reminder_date": day,
            "recorded_date": day,
            "action_code": rows["action_code"],
            "promise_date": to_dates(rows["promise_day"].to_numpy(dtype=np.int64)),
            "promise_minor": rows["promise_minor"].astype("Int64"),
        }
    )


def _late(invoices: DataFrame, allocations: DataFrame) -> DataFrame:
    """Invoices worth a reminder with ``due_day`` and ``end_day``, the day of the last settlement."""
    used = allocations.groupby("invoice_id").agg(day=("effective_date", "max"), amount=("amount_minor", "sum"))
    used = used.reindex(invoices["invoice_id"])
    full = used["amount"].to_numpy(dtype=float) == invoices["gross_minor"].to_numpy(dtype=float)
    end = np.where(full, _days(used["day"]), NEVER)
    rows = invoices.assign(due_day=_days(invoices["due_date"]), end_day=end)
    return rows[rows["base_minor"] >= SMALLEST_MINOR].reset_index(drop=True)


def _step(late: DataFrame, days: int, code: str, share: float, rng: Generator) -> DataFrame:
    """One step of the scenario for the invoices still open on its day; some are left out."""
    day = to_workday(late["due_day"].to_numpy() + days + rng.integers(0, LATEST_DAYS + 1, len(late)))
    done = (rng.random(len(late)) < share) & (day < late["end_day"].to_numpy())
    return late.loc[done, ["customer_id", "invoice_id", "end_day", "base_minor"]].assign(
        day=day[done], action_code=code, promise_day=NEVER, promise_minor=pd.NA
    )


def _promises(calls: DataFrame, books: Books, risk: Floats, rng: Generator) -> DataFrame:
    made = calls[rng.random(len(calls)) < PROMISE_SHARE].reset_index(drop=True)
    number = books.customer_ids.get_indexer(pd.Index(made["customer_id"]))
    day, end = made["day"].to_numpy(), made["end_day"].to_numpy()
    month = np.minimum(books.calendar.month_of(day), len(risk) - 1)
    can_keep = end - day <= LONGEST_PROMISE_DAYS
    keeps = can_keep & (rng.random(len(made)) < _kept_ratio(risk[month, number]))
    kept_day = to_workday(end + rng.integers(0, 3, len(made)))
    room = np.clip(end - day - 1, 1, LONGEST_PROMISE_DAYS)
    broken_day = np.minimum(to_workday(day + 1 + np.floor(rng.random(len(made)) * room).astype(np.int64)), end - 1)
    whole = rng.random(len(made)) < 0.6
    amount = Series(made["base_minor"].to_numpy(), dtype="Int64").where(~whole)
    promise = np.where(keeps, kept_day, np.maximum(broken_day, day))
    return made.assign(action_code="promise", promise_day=promise, promise_minor=amount)


def _kept_ratio(risk: Floats) -> Floats:
    """Chance that a promise is kept, falling with the hidden risk."""
    return 1 / (1 + np.exp(-(KEPT_LEVEL - KEPT_RISK * risk)))


def _days(dates: Series) -> Ints:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
