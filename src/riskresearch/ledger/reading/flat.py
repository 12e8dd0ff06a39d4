"""Flat rows: one row per invoice with its payment becomes invoices, credit notes, customers, settlement facts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import DTYPES, Table
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.targets import FLAT
from riskresearch.ledger.tables import CREDIT_NOTES, CUSTOMERS, INVOICES

PREPAYMENT_DAYS = 60
_MONEY = ("gross_minor", "net_minor", "base_minor", "open_minor", "paid_minor")


@dataclass(frozen=True)
class Documents:
    """Documents of all flat sources.

    Parameters
    ----------
    invoices : table `invoices` with ``settled_minor`` (part the file says is settled, missing where it
        says nothing), ``paid_minor``, ``payment_date``, ``payment_recorded_date``, ``clearing_id``
    credit_notes : table `credit_notes` with ``payment_date`` (day it was used) and ``clearing_id``
    customers : one row per document with the customer's columns as delivered
    """

    invoices: DataFrame
    credit_notes: DataFrame
    customers: DataFrame


def judge_flat(rows: SourceRows, *, assumed_terms_days: int) -> None:
    """Set aside the flat rows that contradict themselves; make amounts of credit notes positive, fill due dates."""
    frame = rows.frame
    negative = frame["gross_minor"] < 0
    as_credit = negative.fillna(False).astype(bool) & (rows.source.negative_amounts == "credit_note")
    is_credit = as_credit | (frame["document_kind_code"] == "credit_note")
    frame["document_kind_code"] = frame["document_kind_code"].mask(is_credit, "credit_note")
    rows.flag(frame["gross_minor"] == 0, "zero_amount", "gross_minor")
    rows.flag(negative & ~is_credit, "negative_amount", "gross_minor")
    rows.delivered_minor = frame["gross_minor"].mask(is_credit, -frame["gross_minor"].abs())
    for name in _MONEY:
        frame[name] = frame[name].mask(is_credit, frame[name].abs())
    _fill_due_dates(rows, ~is_credit, assumed_terms_days)
    rows.flag(~is_credit & (frame["due_date"] < frame["invoice_date"]), "due_before_issue", "due_date")
    _judge_settlement(rows, ~is_credit)


def documents(sources: Sequence[SourceRows]) -> Documents:
    """Return the documents of the kept rows of all flat sources."""
    kept = pd.concat([rows.kept for rows in sources], ignore_index=True) if sources else _no_rows(FLAT)
    is_credit = kept["document_kind_code"] == "credit_note"
    invoices = kept[~is_credit].rename(columns={"document_kind_code": "invoice_kind_code"})
    invoices = invoices.assign(settled_minor=_settled(invoices))
    facts = [
        "settled_minor",
        "paid_minor",
        "open_minor",
        "payment_date",
        "payment_recorded_date",
        "payment_method_code",
        "payer_account_code",
        "clearing_id",
    ]
    credits = kept[is_credit].rename(columns={"invoice_id": "credit_note_id", "invoice_date": "credit_note_date"})
    credit_names = [*CREDIT_NOTES.names, "payment_date", "payment_recorded_date", "clearing_id"]
    return Documents(
        invoices[[*INVOICES.names, *facts]].reset_index(drop=True),
        credits[credit_names].reset_index(drop=True),
        kept[CUSTOMERS.names],
    )


def _no_rows(table: Table) -> DataFrame:
    return DataFrame({column.name: Series(dtype=DTYPES[column.kind]) for column in table.columns})


def _fill_due_dates(rows: SourceRows, is_invoice: Series, assumed_terms_days: int) -> None:
    frame = rows.frame
    frame["due_date_source_code"] = frame["due_date_source_code"].fillna("source").where(frame["due_date"].notna())
    assumed = Series(assumed_terms_days, index=frame.index, dtype="Int64")
    for code, terms in (("terms", frame["terms_days"]), ("default", assumed)):
        fillable = is_invoice & frame["due_date"].isna() & frame["invoice_date"].notna() & terms.notna()
        shift = pd.to_timedelta(terms.fillna(0).astype("int64"), unit="D")
        frame["due_date"] = frame["due_date"].mask(fillable, frame["invoice_date"] + shift).astype("datetime64[us]")
        frame["due_date_source_code"] = frame["due_date_source_code"].mask(fillable, code)
    n_assumed = int(((frame["due_date_source_code"] == "default") & rows.findings.kept).sum())
    if n_assumed:
        rows.notes.append(
            f"{rows.source.name}: {n_assumed} invoices without due date are taken as due "
            f"{assumed_terms_days} days after issue"
        )


def _judge_settlement(rows: SourceRows, is_invoice: Series) -> None:
    frame = rows.frame
    gross, paid, unpaid, day = (frame[name] for name in ("gross_minor", "paid_minor", "open_minor", "payment_date"))
    rows.flag(is_invoice & (paid < 0), "negative_paid_amount", "paid_minor")
    rows.flag(is_invoice & ((unpaid < 0) | (unpaid > gross)), "open_above_gross", "open_minor")
    rows.flag(is_invoice & (paid + unpaid != gross), "paid_and_open_disagree", "paid_minor")
    settled = _settled(frame).fillna(0)
    credited = frame["invoice_id"].isin(frame["related_invoice_id"].dropna())
    rows.flag(is_invoice & (settled > 0) & day.isna() & ~credited, "payment_date_missing", "payment_date")
    rows.flag(is_invoice & (settled == 0) & day.notna(), "payment_amount_missing", "payment_date")
    early = day < frame["invoice_date"] - pd.Timedelta(days=PREPAYMENT_DAYS)
    known = frame["invoice_date_source_code"] == "source"
    rows.flag(is_invoice & early & known, "paid_before_issue", "payment_date")


def _settled(frame: DataFrame) -> Series:
    """Part of each invoice the file says is settled: invoice less open, else paid, else all of it if dated."""
    in_full = frame["gross_minor"].where(frame["payment_date"].notna())
    return (frame["gross_minor"] - frame["open_minor"]).fillna(frame["paid_minor"]).fillna(in_full)


def customer_table(delivered: Sequence[DataFrame]) -> DataFrame:
    """Return table `customers`: each column's most frequent value per customer; first rows win ties by text order.

    A name often carries several spellings in a ledger; the account number alone is the key.
    """
    frames = [frame.reindex(columns=CUSTOMERS.names) for frame in delivered]
    rows = pd.concat(frames, ignore_index=True)
    table = DataFrame({"customer_id": rows["customer_id"].drop_duplicates().sort_values(ignore_index=True)})
    for name in CUSTOMERS.names[1:]:
        known = rows[["customer_id", name]].dropna()
        if name == "relationship_start_date":
            usual = known.groupby("customer_id")[name].min()
        else:
            counts = known.groupby(["customer_id", name]).size().rename("n").reset_index()
            counts = counts.sort_values(["customer_id", "n", name], ascending=[True, False, True])
            usual = counts.drop_duplicates("customer_id").set_index("customer_id")[name]
        table[name] = usual.reindex(table["customer_id"]).array
    table["customer_type_code"] = table["customer_type_code"].astype("str").fillna("unknown")
    return table
