"""How flat documents settle: receipts and allocations rebuilt from what one row says of its payment.

In date order, credit notes before receipts of the same day, each act settles what is still open of
the part the file calls settled. A receipt of unknown amount is what the credit notes left.
"""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import empty
from riskresearch.ledger.reading.flat import Documents
from riskresearch.ledger.tables import ALLOCATIONS, PAYMENTS

_ACT = [
    "invoice_id",
    "source_code",
    "source_id",
    "date",
    "recorded_date",
    "amount_minor",
    "matching_code",
    "confidence_ratio",
]
_OF_INVOICE = ["customer_id", "currency_code", "payment_method_code", "payer_account_code"]
_GROUP = ["customer_id", "currency_code", "group"]


def settlements(docs: Documents) -> tuple[DataFrame, DataFrame]:
    """Return tables `payments` and `allocations` (without amounts in run currency) of flat documents.

    One receipt per invoice with a payment date. A credit note settles the invoice it names; one
    that was used on a day without naming any settles, oldest due first, invoices of the same
    customer, currency and clearing (same clearing id, else same day), so that cash is not overstated.
    """
    invoices = docs.invoices
    if invoices.empty:
        return empty(PAYMENTS), empty(ALLOCATIONS)
    receipts = _receipts(invoices)
    acts = pd.concat([_named_credits(docs), _cleared_credits(docs), receipts], ignore_index=True)
    acts = acts.merge(invoices[["invoice_id", *_OF_INVOICE]], on="invoice_id")
    acts = acts.assign(is_receipt=acts["source_code"] == "payment", amount_minor=acts["amount_minor"].astype("Int64"))
    acts = acts.sort_values(["invoice_id", "date", "is_receipt", "source_id"], ignore_index=True)
    cap = acts["invoice_id"].map(_cap(invoices).set_axis(invoices["invoice_id"])).astype("Int64")
    left = cap - _before(acts, acts["amount_minor"].fillna(0))
    acts["amount_minor"] = acts["amount_minor"].fillna(left.clip(lower=0))
    left = (cap - _before(acts, acts["amount_minor"])).clip(lower=0)
    used = acts["amount_minor"].where(acts["amount_minor"] <= left, left)
    return _payments(acts[acts["is_receipt"]]), _allocations(acts.assign(amount_minor=used))


def _cap(invoices: DataFrame) -> Series:
    """What may be settled: the settled part where open or full payment is known, else the invoice."""
    is_stated = invoices["open_minor"].notna() | invoices["paid_minor"].isna()
    return invoices["settled_minor"].where(is_stated).fillna(invoices["gross_minor"])


def _before(acts: DataFrame, amounts: Series) -> Series:
    return amounts.groupby(acts["invoice_id"]).cumsum() - amounts


def _receipts(invoices: DataFrame) -> DataFrame:
    paid = invoices[invoices["payment_date"].notna()]
    return DataFrame(
        {
            "invoice_id": paid["invoice_id"],
            "source_code": "payment",
            "source_id": "P-" + paid["invoice_id"],
            "date": paid["payment_date"],
            "recorded_date": paid["payment_recorded_date"].fillna(paid["payment_date"]),
            "amount_minor": paid["paid_minor"],
            "matching_code": "source",
            "confidence_ratio": 1.0,
        }
    )[_ACT]


def _named_credits(docs: Documents) -> DataFrame:
    keys = ["invoice_id", "customer_id", "currency_code"]
    named = docs.credit_notes.rename(columns={"related_invoice_id": "invoice_id"}).merge(
        docs.invoices[[*keys, "invoice_date"]], on=keys
    )
    return DataFrame(
        {
            "invoice_id": named["invoice_id"],
            "source_code": "credit_note",
            "source_id": named["credit_note_id"],
            "date": named[["credit_note_date", "invoice_date"]].max(axis=1),
            "recorded_date": named["recorded_date"],
            "amount_minor": named["gross_minor"],
            "matching_code": "reference",
            "confidence_ratio": 1.0,
        }
    )[_ACT]


def _cleared_credits(docs: Documents) -> DataFrame:
    used = docs.credit_notes[docs.credit_notes["payment_date"].notna() & docs.credit_notes["related_invoice_id"].isna()]
    stated = docs.invoices["settled_minor"].notna() & docs.invoices["paid_minor"].isna()
    paid = docs.invoices[stated & docs.invoices["payment_date"].notna()]
    credit_spans = _spans(used, "credit_note_id", "credit_note_date", "gross_minor")
    invoice_spans = _spans(paid, "invoice_id", "due_date", "settled_minor")
    pairs = credit_spans.merge(invoice_spans, on=_GROUP, suffixes=("", "_invoice"))
    overlap = pairs[["end", "end_invoice"]].min(axis=1) - pairs[["start", "start_invoice"]].max(axis=1)
    pairs = pairs.assign(amount_minor=overlap)[overlap > 0]
    by_id = pairs["group"].str.startswith("id:")
    return DataFrame(
        {
            "invoice_id": pairs["invoice_id"],
            "source_code": "credit_note",
            "source_id": pairs["credit_note_id"],
            "date": pairs["payment_date"],
            "recorded_date": pairs["payment_date"],
            "amount_minor": pairs["amount_minor"],
            "matching_code": Series("fifo", index=pairs.index).mask(by_id, "source"),
            "confidence_ratio": Series(0.5, index=pairs.index).mask(by_id, 1.0),
        }
    )[_ACT]


def _spans(frame: DataFrame, key: str, order: str, amount: str) -> DataFrame:
    """Lay the amounts of each clearing end to end, so that overlaps of two such rows match them in order."""
    day = "day:" + frame["payment_date"].dt.strftime("%Y-%m-%d").astype("str")
    group = ("id:" + frame["clearing_id"]).fillna(day)
    laid = frame.assign(group=group).sort_values([*_GROUP, order, key])
    amounts = laid[amount].astype("int64")
    end = amounts.groupby([laid[name] for name in _GROUP]).cumsum()
    return laid.assign(start=end - amounts, end=end)[[key, *_GROUP, "payment_date", "start", "end"]]


def _payments(receipts: DataFrame) -> DataFrame:
    received = receipts[receipts["amount_minor"] > 0]
    return DataFrame(
        {
            "payment_id": received["source_id"],
            "customer_id": received["customer_id"],
            "value_date": received["date"],
            "recorded_date": received["recorded_date"],
            "currency_code": received["currency_code"],
            "amount_minor": received["amount_minor"],
            "method_code": received["payment_method_code"],
            "payer_account_code": received["payer_account_code"],
        }
    ).reset_index(drop=True)


def _allocations(acts: DataFrame) -> DataFrame:
    used = acts[acts["amount_minor"] > 0]
    suffix = ("-" + used["source_id"]).mask(used["is_receipt"], "")
    return DataFrame(
        {
            "allocation_id": "A-" + used["invoice_id"] + suffix,
            "invoice_id": used["invoice_id"],
            "customer_id": used["customer_id"],
            "source_code": used["source_code"],
            "source_id": used["source_id"],
            "effective_date": used["date"],
            "recorded_date": used["recorded_date"],
            "amount_minor": used["amount_minor"],
            "matching_code": used["matching_code"],
            "confidence_ratio": used["confidence_ratio"],
        }
    ).reset_index(drop=True)
