"""Canonical credit notes: those that name an invoice, those on account, and the few that stay unused."""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.items import CREDIT, ON_ACCOUNT
from riskresearch.ledger.synthetic.timeline import Bools, Codes, Ints, to_dates

UNUSED_SHARE = 0.002
REASONS, REASON_SHARES = ("commercial", "error", "return"), (0.5, 0.3, 0.2)


def credit_notes_table(
    rows: DataFrame, invoices: DataFrame, books: Books, *, rng: Generator
) -> tuple[DataFrame, Series, Series]:
    """Return canonical table `credit_notes`, and by posting the id and the day of the note it uses.

    Notes on account are booked before they are used and name no invoice.
    """
    used = rows[rows["kind"].isin((CREDIT, ON_ACCOUNT))]
    on_account: Bools = (used["kind"] == ON_ACCOUNT).to_numpy()
    earlier = np.maximum(used["paid_day"] - rng.integers(3, 31, len(used)), used["issue_day"])
    day = np.where(on_account, np.maximum(earlier, books.calendar.first_day), used["paid_day"])
    notes = DataFrame(
        {
            "customer": used["customer"],
            "day": day,
            "amount": used["amount"],
            "rate": used["rate"],
            "related": invoices["invoice_id"].reindex(used["invoice"]).where(~on_account).to_numpy(),
        },
        index=used.index,
    )
    notes = pd.concat([notes, _unused(invoices, books, rng)])
    ids = number_ids("N", len(notes))
    reason = rng.choice(REASONS, len(notes), p=REASON_SHARES)
    table = _table(notes, books, ids=ids, reason=reason)
    mine = slice(0, len(used))
    return table, Series(ids[mine], index=used.index, dtype="str"), Series(day, index=used.index, dtype="int64")


def _unused(invoices: DataFrame, books: Books, rng: Generator) -> DataFrame:
    """Goodwill granted after an invoice that no later invoice uses up."""
    chosen = invoices[rng.random(len(invoices)) < UNUSED_SHARE]
    day = chosen["issue_day"].to_numpy() + rng.integers(20, 90, len(chosen))
    amount = np.round(chosen["gross"].to_numpy() * rng.uniform(0.02, 0.1, len(chosen))).astype(np.int64)
    kept: Bools = (day <= books.calendar.last_day) & (day >= books.calendar.first_day) & (amount > 0)
    return DataFrame(
        {"customer": chosen["customer"], "day": day, "amount": amount, "rate": chosen["rate"], "related": None}
    )[kept]


def _table(notes: DataFrame, books: Books, *, ids: pd.Index, reason: Codes) -> DataFrame:
    customer: Ints = notes["customer"].to_numpy()
    booked = to_dates(notes["day"].to_numpy())
    return DataFrame(
        {
            "credit_note_id": ids,
            "customer_id": books.customer_ids[customer],
            "credit_note_date": booked,
            "recorded_date": booked,
            "currency_code": books.currency(customer),
            "gross_minor": notes["amount"].to_numpy(),
            "base_minor": np.round(notes["amount"].to_numpy() * notes["rate"].to_numpy()).astype(np.int64),
            "related_invoice_id": notes["related"].to_numpy(),
            "reason_code": reason,
        }
    )
