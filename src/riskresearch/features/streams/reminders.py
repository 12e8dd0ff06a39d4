"""Streams of dunning: formal steps, and promises to pay with whether they were kept."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import stacked
from riskresearch.ledger.movements import known_date

FORMAL_ACTIONS = ("warning", "formal_notice", "delivery_stop", "collection", "legal")
_FORMAL_SUMS = ("n_formal_reminders",)
_PROMISE_SUMS = ("n_promises_due", "n_promises_broken")
Ints = NDArray[np.int64]


@STREAMS.register(Stream(reads=("reminders",), sums=_FORMAL_SUMS))
def reminders(tables: Tables) -> DataFrame:
    """Warnings, formal notices, delivery stops, collections and legal steps on the day they became known."""
    rows = tables["reminders"]
    rows = rows[rows["action_code"].isin(FORMAL_ACTIONS)]
    known = day_number(known_date(rows, "reminder_date"))
    legs = DataFrame({"customer_id": rows["customer_id"], "day": known, "n_formal_reminders": 1})
    return stacked([legs], sums=_FORMAL_SUMS)


@STREAMS.register(Stream(reads=("reminders", "payments"), sums=_PROMISE_SUMS))
def promises(tables: Tables) -> DataFrame:
    """Promises of an amount on the day after the promised day, or when known if later, and whether they were broken.

    A promise is broken where the customer paid less than the amount promised from the day of the promise to the
    promised day, both included, as known on the day on which the promise counts; a payment that was returned by then
    within these days is taken off. A promise without a day, without an amount or for a day in the past is none.
    """
    rows = tables["reminders"]
    is_one = (rows["action_code"] == "promise") & (rows["promise_date"] >= rows["reminder_date"])
    rows = rows[is_one & (rows["promise_minor"].fillna(0) > 0)]
    given, promised = (day_number(rows[name]).to_numpy("int64") for name in ("reminder_date", "promise_date"))
    counts = np.maximum(day_number(known_date(rows, "reminder_date")).to_numpy("int64"), promised + 1)
    paid = _received(tables["payments"], rows, start=given, end=promised, known_by=counts)
    is_broken = paid < rows["promise_minor"].to_numpy("int64")
    legs = DataFrame({"customer_id": rows["customer_id"], "day": counts, "n_promises_due": 1})
    return stacked([legs.assign(n_promises_broken=is_broken)], sums=_PROMISE_SUMS)


def _received(payments: DataFrame, rows: DataFrame, *, start: Ints, end: Ints, known_by: Ints) -> Ints:
    """Money received from the customer of each row from `start` to `end`, as known on the day `known_by`."""
    both = pd.concat([payments["customer_id"], rows["customer_id"]], ignore_index=True)
    code = pd.factorize(both)[0].astype("int64")
    value_day = day_number(payments["value_date"]).to_numpy("int64")
    days = np.concatenate([value_day, start, end, np.zeros(1, dtype="int64")])
    low, span = days.min(), days.max() - days.min() + 2
    key = code[: len(payments)] * span + (value_day - low)
    order = np.argsort(key, kind="stable")
    owner = code[len(payments) :] * span
    first = np.searchsorted(key[order], owner + (start - low))
    last = np.searchsorted(key[order], owner + (end - low), side="right")
    length = last - first
    until = np.cumsum(length)
    place = order[np.arange(length.sum()) + np.repeat(first - (until - length), length)]
    known = day_number(known_date(payments, "value_date")).to_numpy("int64")[place]
    minor = payments["base_minor"].to_numpy("int64")[place]
    counted = np.append(0, np.cumsum(np.where(known <= np.repeat(known_by, length), minor, 0)))
    return np.asarray(counted[until] - counted[until - length])
