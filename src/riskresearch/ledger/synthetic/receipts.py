"""Receipts and what they settle: canonical payments and allocations."""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.arrears import arrears_of
from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.items import CASH, CREDIT, DISCOUNT, ON_ACCOUNT, WRITE_OFF
from riskresearch.ledger.synthetic.timeline import NEVER, Calendar, Ints, to_dates, to_workday

RETURN_DAYS = 4
LATE_POSTING_SHARE, LATE_POSTING_MAX_ARREARS_DAYS = 0.05, 40
OVERPAID_SHARE, PAID_TWICE_SHARE = 0.003, 0.0012
SOURCE_CODES = {
    CASH: "payment",
    DISCOUNT: "discount",
    CREDIT: "credit_note",
    ON_ACCOUNT: "credit_note",
    WRITE_OFF: "write_off",
}


def postings(items: DataFrame, calendar: Calendar, *, rng: Generator) -> DataFrame:
    """Return every settlement as it is booked, up to the last day.

    Cash of a customer and day is one receipt (``receipt`` numbers it). A returned receipt is two rows
    more: the attempt (``pair`` 1, 2, …, ``sign`` 1) and its return (same pair, ``sign`` -1).
    """
    bounced = items[(items["bounced_day"] < NEVER) & (items["kind"] == CASH)]
    attempts = bounced.assign(paid_day=bounced["bounced_day"], sign=1, pair=np.arange(1, len(bounced) + 1))
    returns = attempts.assign(paid_day=to_workday(attempts["paid_day"].to_numpy() + RETURN_DAYS), sign=-1)
    rows = pd.concat([items.assign(sign=1, pair=0), attempts, returns], ignore_index=True)
    rows = rows.assign(base=_exact_base(rows) * rows["sign"])
    receipt = ["paid_day", "customer", "pair", "sign"]
    rows = rows.sort_values([*receipt, "invoice", "kind"], kind="stable", ignore_index=True)
    rows = rows.assign(receipt=rows.groupby(receipt, sort=False).ngroup())
    rows = rows.assign(book_day=rows["paid_day"] + _posting_lags(rows, items, rng))
    return rows[rows["book_day"] <= calendar.last_day].reset_index(drop=True)


def _posting_lags(rows: DataFrame, items: DataFrame, rng: Generator) -> Ints:
    """Days from receipt to booking: mostly none, never such that short arrears look long in the books."""
    drawn = np.where(rng.random(len(rows)) < LATE_POSTING_SHARE, rng.integers(1, 6, len(rows)), 0)[rows["receipt"]]
    customer, day = rows["customer"].to_numpy(), rows["paid_day"].to_numpy()
    merged = arrears_of(items).merged_days(customer, day, day + drawn)
    usual = (rows["pair"] == 0) & (merged <= LATE_POSTING_MAX_ARREARS_DAYS) & rows["kind"].isin((CASH, DISCOUNT))
    return np.where(usual, drawn, 0)


def _exact_base(rows: DataFrame) -> Ints:
    """Run-currency amounts at the rate of issue that add up to the invoice's without a cent of difference."""
    plain = (rows["amount"] * rows["rate"]).round()
    ordered = rows[rows["pair"] == 0].sort_values(["invoice", "paid_day", "kind"], kind="stable")
    upto = ordered.groupby("invoice")["amount"].cumsum()
    exact = (upto * ordered["rate"]).round() - ((upto - ordered["amount"]) * ordered["rate"]).round()
    return plain.where(rows["pair"] > 0, exact.reindex(rows.index)).to_numpy().astype(np.int64)


def payments_table(rows: DataFrame, books: Books, *, rng: Generator) -> tuple[DataFrame, Series]:
    """Return canonical table `payments` and the payment id of each receipt.

    A few receipts exceed what they settle and a few invoices are paid twice: unapplied cash.
    """
    cash = rows[rows["kind"] == CASH]
    receipts = (
        cash.assign(amount=cash["amount"] * cash["sign"])
        .groupby("receipt")
        .agg(
            customer=("customer", "first"),
            day=("paid_day", "first"),
            book_day=("book_day", "first"),
            amount=("amount", "sum"),
            sign=("sign", "first"),
            pair=("pair", "first"),
        )
    )
    twice = _paid_twice(receipts, books.calendar, rng)
    receipts = pd.concat([receipts.assign(amount=_overpaid(receipts, rng)), twice])
    receipts = receipts.assign(payment_id=number_ids("P", len(receipts)))
    return _payments(receipts, books), receipts["payment_id"][: len(receipts) - len(twice)]


def _payments(receipts: DataFrame, books: Books) -> DataFrame:
    """Receipts as canonical payments; a return names the receipt it takes back."""
    attempts = receipts[(receipts["pair"] > 0) & (receipts["sign"] > 0)]
    attempt_ids = attempts.set_index("pair")["payment_id"].reindex(receipts["pair"]).to_numpy()
    customer, day = receipts["customer"].to_numpy(), receipts["day"].to_numpy()
    methods = np.array([code for code, _ in figures.PAYMENT_METHODS], dtype=object)
    base = np.round(receipts["amount"].to_numpy() * books.rate(customer, day))
    return DataFrame(
        {
            "payment_id": receipts["payment_id"].to_numpy(),
            "customer_id": books.customer_ids[customer],
            "value_date": to_dates(day),
            "recorded_date": to_dates(receipts["book_day"].to_numpy()),
            "currency_code": books.currency(customer),
            "amount_minor": receipts["amount"].to_numpy(),
            "base_minor": base.astype(np.int64),
            "method_code": methods[books.population.method[customer]],
            "reversal_of_id": Series(attempt_ids).where(receipts["sign"].to_numpy() < 0),
        }
    )


def _overpaid(receipts: DataFrame, rng: Generator) -> Ints:
    """Amounts received, a few rounded up beyond what is owed."""
    amount = receipts["amount"].to_numpy()
    over = (receipts["pair"] == 0).to_numpy() & (rng.random(len(receipts)) < OVERPAID_SHARE)
    return np.where(over, (amount // 10_000 + 1) * 10_000, amount)


def _paid_twice(receipts: DataFrame, calendar: Calendar, rng: Generator) -> DataFrame:
    """Second payments of what was paid some days before."""
    chosen = receipts[(receipts["pair"] == 0) & (rng.random(len(receipts)) < PAID_TWICE_SHARE)]
    day = chosen["day"] + rng.integers(2, 12, len(chosen))
    return chosen.assign(day=day, book_day=day)[day <= calendar.last_day]


def allocations_table(
    rows: DataFrame, books: Books, *, invoice_ids: Series, payment_ids: Series, note_ids: Series, note_days: Series
) -> DataFrame:
    """Return canonical table `allocations`.

    Parameters
    ----------
    rows : postings
    invoice_ids : by invoice number; payment_ids : by receipt; note_ids, note_days : by posting
    """
    used = rows["kind"].isin((CREDIT, ON_ACCOUNT))
    source = payment_ids.reindex(rows["receipt"]).set_axis(rows.index).where(rows["kind"] == CASH)
    source = source.where(~used, note_ids.reindex(rows.index))
    effective = rows["paid_day"].where(~used, note_days.reindex(rows.index)).to_numpy(dtype=np.int64)
    by_rule = (rows["kind"] == ON_ACCOUNT).to_numpy()
    return DataFrame(
        {
            "allocation_id": number_ids("A", len(rows)),
            "invoice_id": invoice_ids.reindex(rows["invoice"]).to_numpy(),
            "customer_id": books.customer_ids[rows["customer"].to_numpy()],
            "source_code": rows["kind"].map(SOURCE_CODES).to_numpy(),
            "source_id": source.to_numpy(),
            "effective_date": to_dates(effective),
            "recorded_date": to_dates(rows["book_day"].to_numpy()),
            "amount_minor": (rows["amount"] * rows["sign"]).to_numpy(),
            "base_minor": rows["base"].to_numpy(),
            "matching_code": np.where(by_rule, "fifo", "source"),
            "confidence_ratio": np.where(by_rule, 0.9, 1.0),
        }
    )
