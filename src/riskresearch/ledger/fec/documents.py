"""From matched items to the canonical tables: invoices, credit notes, payments, allocations, events."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timedelta

from riskresearch.ledger.fec.book import Book
from riskresearch.ledger.fec.kinds import DOCUMENT_KINDS, NOTE_KINDS, RECEIPT_KINDS, SETTLEMENT_KINDS
from riskresearch.ledger.fec.settle import is_reference

SOURCE_OF_KIND: Mapping[str, str] = {
    "payment": "payment",
    "return": "payment",
    "credit_note": "credit_note",
    "opening_credit": "credit_note",
    **{kind: kind for kind in SETTLEMENT_KINDS},
}


def name_documents(items: DataFrame) -> Series:
    """Return a key for each item: customer, then PieceRef (or EcritureNum), ``#2`` for a repetition.

    Receipts are named by journal and EcritureNum (or PieceRef), because their PieceRef often is
    that of the invoice they pay. Keys follow fiscal year and line, so they stay the same whenever
    the same files are read.
    """
    piece = items["piece_ref"].where(items["piece_ref"] != "", items["entry_number"])
    entry = (
        items["journal_code"]
        + "-"
        + items["entry_number"].where(items["entry_number"].str.strip("0") != "", items["piece_ref"])
    )
    base = items["customer_id"] + "/" + piece.where(~items["kind_code"].isin(RECEIPT_KINDS), entry)
    family = items["kind_code"].map(_family)
    n_before = items.groupby([family, base], sort=False).cumcount()
    return base.where(n_before == 0, base + "#" + (n_before + 1).astype("str"))


def invoices(items: DataFrame, *, assumed_terms_days: int, currency_code: str) -> DataFrame:
    """Return table ``invoices``: every debit that is owed, its due date by the assumed terms."""
    rows = items[items["kind_code"].isin(DOCUMENT_KINDS)]
    return DataFrame(
        {
            "invoice_id": rows["document_id"],
            "customer_id": rows["customer_id"],
            "invoice_number": rows["piece_ref"].where(rows["piece_ref"].map(is_reference).astype(bool)),
            "invoice_date": rows["issue_date"],
            "invoice_date_source_code": Series("source", index=rows.index).where(~rows["is_age_lost"], "assumed"),
            "recorded_date": rows["entry_date"],
            "due_date": rows["issue_date"] + Timedelta(days=assumed_terms_days),
            "due_date_source_code": "default",
            "currency_code": currency_code,
            "gross_minor": rows["amount_minor"],
            "net_minor": rows["net_of_tax_minor"].where(rows["net_of_tax_minor"] <= rows["amount_minor"]),
            "base_minor": rows["amount_minor"],
            "invoice_kind_code": rows["kind_code"],
        }
    )


def payments(items: DataFrame, book: Book, *, currency_code: str) -> DataFrame:
    """Return table ``payments``; returned and refunded money is negative."""
    rows = items[items["kind_code"].isin(RECEIPT_KINDS)]
    receipt = Series(rows.index.map(book.receipt_of_return), index=rows.index)
    amount = rows["amount_minor"].where(rows["kind_code"] == "payment", -rows["amount_minor"])
    return DataFrame(
        {
            "payment_id": rows["document_id"],
            "customer_id": rows["customer_id"],
            "value_date": rows["entry_date"],
            "recorded_date": rows["entry_date"],
            "currency_code": currency_code,
            "amount_minor": amount,
            "base_minor": amount,
            "method_code": rows["method_code"],
            "reversal_of_id": receipt.map(rows["document_id"]),
        }
    )


def credit_notes(items: DataFrame, allocated: DataFrame, *, currency_code: str) -> DataFrame:
    """Return table ``credit_notes``: credit notes, opening credits and credits that found no invoice.

    ``reason_code`` is ``commercial`` for credit notes, ``opening`` for credits carried from an
    undelivered year, else the kind of the credit whose rest stays on account (other, write_off, …).

    Parameters
    ----------
    allocated : table ``allocations`` with the item keys ``debit`` and ``credit``
    """
    used = allocated.groupby("credit")["amount_minor"].sum().reindex(items.index, fill_value=0)
    is_note = items["kind_code"].isin(NOTE_KINDS)
    amount = items["amount_minor"].where(is_note, items["amount_minor"] - used)
    rows = items[is_note | (items["kind_code"].isin(SETTLEMENT_KINDS) & amount.gt(0))]
    reason = rows["kind_code"].replace({"credit_note": "commercial", "opening_credit": "opening"})
    targets = allocated.groupby("credit")["invoice_id"].agg(["nunique", "first"]).reindex(rows.index)
    return DataFrame(
        {
            "credit_note_id": rows["document_id"],
            "customer_id": rows["customer_id"],
            "credit_note_date": rows["entry_date"],
            "recorded_date": rows["entry_date"],
            "currency_code": currency_code,
            "gross_minor": amount[rows.index],
            "base_minor": amount[rows.index],
            "related_invoice_id": targets["first"].where(targets["nunique"].eq(1) & is_note[rows.index]),
            "reason_code": reason,
        }
    )


def allocations(items: DataFrame, book: Book) -> DataFrame:
    """Return table ``allocations`` with the item keys ``debit`` and ``credit`` beside its columns.

    An allocation takes effect on the accounting date of the bank line or credit note (never on a
    lettering date) and is visible once both documents are in the books and, for an invoice that
    a returned payment opened again, not before that return.
    """
    columns = ["debit", "credit", "amount_minor", "matching_code", "confidence_ratio", "known_day"]
    frame = DataFrame(book.matches, columns=columns).astype({"debit": "int64", "credit": "int64"})
    debit, credit = items.reindex(frame["debit"]), items.reindex(frame["credit"])
    known = pd.to_datetime(frame.pop("known_day").astype("int64"), unit="D").astype("datetime64[us]")
    booked = [side["entry_date"].reset_index(drop=True) for side in (debit, credit)]
    source = Series(credit["kind_code"].map(SOURCE_OF_KIND).to_numpy(), dtype="str")
    source_id = Series(credit["document_id"].to_numpy(), dtype="str")
    frame = frame.assign(
        invoice_id=debit["document_id"].to_numpy(),
        customer_id=debit["customer_id"].to_numpy(),
        source_code=source,
        source_id=source_id.where(source.isin(["payment", "credit_note"])),
        effective_date=booked[1],
        recorded_date=pd.concat([*booked, known], axis=1).max(axis=1),
        base_minor=frame["amount_minor"],
    ).sort_values(["invoice_id", "effective_date", "credit"], kind="stable", ignore_index=True)
    number = frame.groupby("invoice_id").cumcount() + 1
    return frame.assign(allocation_id=frame["invoice_id"] + "/" + number.astype("str"))


def events(items: DataFrame, receivables: DataFrame, book: Book) -> DataFrame:
    """Return table ``events``: losses, losses taken back, returned payments, transfers to doubtful."""
    is_doubtful_debit = receivables["role_code"].eq("doubtful") & receivables["net_minor"].gt(0)
    is_moved = is_doubtful_debit & receivables["kind_code"].isin(["transfer", "opening_item"])
    moved = receivables[is_moved | receivables["kind_code"].isin(["moved_to_doubtful", "doubtful"])]
    kinds = {
        "write_off": items[items["kind_code"].eq("write_off")],
        "recovery": items[items["kind_code"].eq("debit_note") & items["is_loss_taken_back"]],
        "returned_payment": items[items.index.isin(book.bounced)],
        "litigation": moved.assign(amount_minor=moved["net_minor"].abs()),
    }
    rows = pd.concat([frame.assign(event_code=code) for code, frame in kinds.items()], ignore_index=True)
    rows = rows.sort_values(["line_id", "event_code"], kind="stable", ignore_index=True)
    base = rows["customer_id"] + "/" + rows["event_code"] + "/"
    number = rows.groupby(base, sort=False).cumcount() + 1
    return DataFrame(
        {
            "event_id": base + number.astype("str"),
            "customer_id": rows["customer_id"],
            "event_code": rows["event_code"],
            "event_date": rows["entry_date"],
            "recorded_date": rows["entry_date"],
            "base_minor": rows["amount_minor"],
            "source_code": "fec",
        }
    )


def customers(receivables: DataFrame) -> DataFrame:
    """Return table ``customers``: name as last booked (CompAuxLib, else CompteLib of a split account)."""
    own = receivables["aux_label"].where(receivables["aux_number"] != "", receivables["account_label"])
    named = receivables.assign(customer_name=own.mask(own == "")).groupby("customer_id")["customer_name"].last()
    return DataFrame({"customer_id": named.index, "customer_name": named.to_numpy(), "customer_type_code": "unknown"})


def _family(kind: str) -> str:
    return "debit" if kind in DOCUMENT_KINDS else "receipt" if kind in RECEIPT_KINDS else "credit"
