"""Promises to pay: what was promised, what came, and whether the promise was kept."""

import numpy as np
from pandas import DataFrame

from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.sequences import Array, Rows
from riskresearch.behaviour.warnings.settings import WarningSettings

_SPAN = 1_000_000.0


def promises(view: View, settings: WarningSettings) -> DataFrame:
    """Return every promise to pay known on the day and what became of it.

    A promise is kept where the money received from the day it was given until the promised day and the days of grace,
    as known on the day, reaches `promise_kept_ratio` of the amount promised; without an amount, of what was open
    when it was given. A promise for an invoice counts receipts on that invoice, one for the account all receipts.

    Returns
    -------
    DataFrame ``customer reminder_id invoice_id given_day promise_day broken_day promised_minor received_minor
    is_broken``; `broken_day` is the first day after the grace, `is_broken` is false while it lies ahead.
    """
    given = view.act("promises")
    until = given["promise_day"].to_numpy(float) + settings.promise_grace_days
    invoice = view.facts.invoice_numbers(given["invoice_id"])
    start, customer = given["day"].to_numpy(float), given["customer"].to_numpy("int64")
    promised = _promised(view, given, customer, invoice)
    received = np.zeros(len(given))
    for is_on, came, owner in ((invoice >= 0, _on_invoices, invoice), (invoice < 0, _from_customers, customer)):
        if is_on.any():
            received[is_on] = _between(*came(view), owner[is_on], start[is_on], until[is_on])
    broken_day = np.maximum(until + 1, given["known"].to_numpy(float))
    is_broken = (broken_day <= view.day) & (received < settings.promise_kept_ratio * promised) & (promised > 0)
    return DataFrame(
        {
            "customer": customer,
            "reminder_id": given["reminder_id"].to_numpy(),
            "invoice_id": given["invoice_id"].to_numpy(),
            "given_day": start,
            "known_day": given["known"].to_numpy(float),
            "promise_day": until - settings.promise_grace_days,
            "broken_day": broken_day,
            "promised_minor": promised,
            "received_minor": received,
            "is_broken": is_broken,
        }
    )


def _promised(view: View, given: DataFrame, customer: Rows, invoice: Rows) -> Array:
    """Amount promised; without one, what was open at the end of the day before the promise became known."""
    before = given["known"].to_numpy(float) - 1
    facts = view.facts
    open_then = np.where(
        invoice >= 0, facts.invoice_steps.at(np.maximum(invoice, 0), before), facts.customer_steps.at(customer, before)
    )
    said = given["promise_minor"].to_numpy(float)
    return np.where(np.isnan(said), open_then, said)


def _on_invoices(view: View) -> tuple[Rows, Array, Array]:
    rows = view.known(view.facts.receipts)
    owner = view.facts.items["invoice"].to_numpy("int64")[rows["item"].to_numpy("int64")]
    return owner, rows["effective_day"].to_numpy(float), rows["minor"].to_numpy(float)


def _from_customers(view: View) -> tuple[Rows, Array, Array]:
    rows = view.act("payments")
    return rows["customer"].to_numpy("int64"), rows["day"].to_numpy(float), rows["minor"].to_numpy(float)


def _between(owner: Rows, day: Array, minor: Array, wanted: Rows, start: Array, until: Array) -> Array:
    """Sum of the amounts of each wanted owner from its start to its end, both days included."""
    key = owner * _SPAN + day
    order = np.argsort(key, kind="stable")
    total, key = np.r_[0.0, np.cumsum(minor[order])], key[order]
    base = wanted * _SPAN
    return np.asarray(total[np.searchsorted(key, base + until, "right")] - total[np.searchsorted(key, base + start)])
