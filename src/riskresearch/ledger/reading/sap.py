"""Customer lines of SAP (FBL5N, BSID with BSAD) become documents, receipts and what they settle.

A line knows its document, its clearing and maybe the invoice it belongs to (REBZG). The clearing date is
not the day of payment: a receipt counts from its own value date, and is known to settle an invoice from
the day of the clearing, or at once where it names the invoice. A part payment leaves both lines open; a
residual line carries the rest of an invoice into the document of the payment and is joined to it again.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.built import Built, balance_checks, joined_id, kept_rows
from riskresearch.ledger.reading.coded import is_among
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.sap_settle import settle_lines
from riskresearch.ledger.reading.sums import positions

SHAPE = "sap_item"
CHAIN_LENGTH = 20


def build_sap(sources: Sequence[SourceRows]) -> Built:
    """Return the canonical tables of SAP customer lines.

    Raises
    ------
    LedgerError
        There are invoices and clearings but no receipt: lines of some document types are not delivered.
    """
    for rows in sources:
        _judge(rows)
    lines = _lines(kept_rows(sources, SHAPE))
    _refuse_without_receipts(lines)
    settled = settle_lines(lines)
    tables = {
        "invoices": _invoices(lines),
        "instalments": _instalments(lines),
        "credit_notes": _credit_notes(lines, settled.spent),
        "payments": _payments(lines, settled.not_cash),
        "allocations": settled.allocations,
    }
    checks = balance_checks(
        lines["gross_minor"].astype("int64").sub(settled.uncredited, fill_value=0).astype("int64"),
        lines["currency_code"],
        tables,
        code="sap_balance",
        detail="balance of the customer lines kept, less those cleared without a credit line = invoices less "
        "credit notes, receipts and other settlements",
    )
    return Built(tables, lines[["customer_id", "customer_name"]], checks, settled.notes, ("cleared_by_date",))


def _judge(rows: SourceRows) -> None:
    frame = rows.frame
    rows.findings.filter(frame["special_code"].notna(), "special_ledger")
    rows.flag(frame["gross_minor"] == 0, "zero_amount", "gross_minor")
    debit = (frame["gross_minor"] > 0) & frame["item_kind_code"].isin(("invoice", "debit_note"))
    rows.flag(debit & (frame["due_date"] < frame["document_date"]), "due_before_issue", "due_date")


def _lines(items: DataFrame) -> DataFrame:
    """Lines with ``document_id amount_minor role reference_id``.

    Roles: invoice, residual, returned (receipt taken back), refund; receipt, credit_note, and the other kinds.
    """
    document = joined_id(items, ["company_code", "document_number", "fiscal_year"])
    debit = (items["gross_minor"] > 0).to_numpy(dtype=bool)
    is_payment = (items["item_kind_code"] == "payment").to_numpy()
    lines = items.assign(document_id=document, amount_minor=items["gross_minor"].abs().astype("int64"), debit=debit)
    role = np.where(is_payment, "receipt", np.where(items["item_kind_code"].isin(_DOCUMENTS), "credit_note", ""))
    role = np.where(role == "", items["item_kind_code"].astype(object), role)
    role = np.where(debit, np.where(is_payment, "refund", "invoice"), role)
    lines = lines.assign(role=Series(role, index=lines.index, dtype="str"), clearing=_clearing(lines))
    lines = lines.assign(value_date=lines["value_date"].fillna(lines["posting_date"]))
    reference = _references(lines)
    named = (lines["role"] == "refund") & reference.notna()
    made_here = is_among(lines["document_number"], lines["clearing_number"])
    role = lines["role"].mask(named, "returned").mask(named & made_here, "residual")
    return lines.assign(role=role, reference_id=reference)


_DOCUMENTS = ("invoice", "debit_note", "credit_note")


def _clearing(lines: DataFrame) -> Series:
    """Key of each clearing, missing for open lines."""
    day = lines["clearing_date"].dt.strftime("%Y-%m-%d").astype("str")
    parts = lines[["company_code", "clearing_number", "currency_code"]].assign(day=day)
    key = joined_id(parts, ["company_code", "clearing_number", "day", "currency_code"], mark="|")
    return key.where(lines["clearing_date"].notna())


def _references(lines: DataFrame) -> Series:
    """Invoice each line belongs to: its own, else the one it names, followed through residual lines."""
    is_invoice = lines["role"] == "invoice"
    named = _named_documents(lines)
    carried = lines.loc[(lines["role"] == "refund") & named.notna()]
    onward = Series(named[carried.index].to_numpy(), index=carried["document_id"].to_numpy(), dtype="str")
    onward = onward[~onward.index.duplicated()]
    invoices = lines.loc[is_invoice, "document_id"]
    for _ in range(CHAIN_LENGTH):
        open_end = ~is_among(named, invoices) & is_among(named, onward.index.to_series().astype("str"))
        if not open_end.any():
            break
        named = named.mask(open_end, named.map(onward))
    own = lines["document_id"].where(is_invoice)
    return own.fillna(named.where(is_among(named, invoices)))


def _named_documents(lines: DataFrame) -> Series:
    """Document each line names; without a year the latest of that number and company."""
    number = lines["reference_number"].where(lines["reference_number"] != "V")
    parts = lines[["company_code"]].assign(number=number, year=lines["reference_year"])
    exact = joined_id(parts, ["company_code", "number", "year"])
    latest = lines.sort_values("posting_date", kind="stable").drop_duplicates(
        ["company_code", "document_number"], keep="last"
    )
    by_number = Series(
        latest["document_id"].to_numpy(), index=joined_id(latest, ["company_code", "document_number"]).to_numpy()
    )
    guessed = joined_id(parts, ["company_code", "number"]).map(by_number)
    known = positions(exact, lines["document_id"]) >= 0
    return exact.where(Series(known, index=lines.index), guessed).where(number.notna()).astype("str")


def _refuse_without_receipts(lines: DataFrame) -> None:
    cleared = (lines["role"] == "invoice") & lines["clearing"].notna()
    if cleared.any() and not (lines["role"] == "receipt").any():
        raise LedgerError(
            f"sap_item: {int(cleared.sum())} lines are cleared and no line is a receipt; customer lines of all "
            f"document types are needed (invoices, credit notes, payments); deliver them, map their types under "
            f"values of item_kind_code, or read a list of invoices alone with rows: flat"
        )


def _invoices(lines: DataFrame) -> DataFrame:
    own = lines[lines["role"] == "invoice"].sort_values(["document_id", "due_date", "line_number"])
    grouped = own.groupby("document_id", sort=True)
    first = grouped.first()
    terms = Series("source", index=first.index, dtype="str").mask(first["terms_days"].notna(), "terms")
    return DataFrame(
        {
            "invoice_id": first.index,
            "customer_id": first["customer_id"],
            "invoice_number": first["invoice_number"].fillna(first["document_number"]),
            "invoice_date": first["document_date"],
            "invoice_date_source_code": "source",
            "recorded_date": first["recorded_date"],
            "due_date": first["due_date"],
            "due_date_source_code": terms.where(first["due_date"].notna()),
            "currency_code": first["currency_code"],
            "gross_minor": grouped["amount_minor"].sum(),
            "base_minor": grouped["base_minor"].sum(min_count=1).where(grouped["base_minor"].count() == grouped.size()),
            "invoice_kind_code": first["item_kind_code"].where(first["item_kind_code"] == "invoice", "debit_note"),
            "contract_type_code": first["contract_type_code"],
        }
    ).reset_index(drop=True)


def _instalments(lines: DataFrame) -> DataFrame:
    """Parts of documents with several lines that all know their due date."""
    own = lines[lines["role"] == "invoice"].sort_values(["document_id", "due_date", "line_number"], kind="stable")
    due, n_lines = own.groupby("document_id")["due_date"], own.groupby("document_id")["document_id"].transform("size")
    rows = own[(n_lines > 1) & (due.transform("count") == n_lines)]
    return DataFrame(
        {
            "invoice_id": rows["document_id"],
            "sequence_number": rows.groupby("document_id").cumcount() + 1,
            "due_date": rows["due_date"],
            "gross_minor": rows["amount_minor"],
        }
    ).reset_index(drop=True)


def _credit_notes(lines: DataFrame, spent: Series) -> DataFrame:
    """Credit notes, and credits of other kinds as far as they settle nothing: they lower no sales."""
    left = lines["amount_minor"] - spent.reindex(lines.index).fillna(0).astype("int64")
    is_note = lines["role"] == "credit_note"
    other = ~lines["debit"] & ~is_note & (lines["role"] != "receipt") & (left > 0)
    rows = lines[is_note | other].assign(amount=lines["amount_minor"].where(is_note, left))
    rows = rows.assign(reason_code=rows["role"].where(rows["role"] != "credit_note"), key=rows["document_id"])
    grouped = rows.sort_values(["key", "line_number"]).groupby(["key", "role"])
    first = grouped.first().reset_index()
    return DataFrame(
        {
            "credit_note_id": first["key"].where(first["role"] == "credit_note", first["key"] + "-" + first["role"]),
            "customer_id": first["customer_id"],
            "credit_note_date": first["posting_date"],
            "recorded_date": first["recorded_date"],
            "currency_code": first["currency_code"],
            "gross_minor": grouped["amount"].sum().to_numpy(),
            "related_invoice_id": first["reference_id"],
            "reason_code": first["reason_code"],
        }
    )


def _payments(lines: DataFrame, not_cash: Series) -> DataFrame:
    """Receipts, less residual lines and discounts that were booked with them; receipts taken back are negative."""
    amount = lines["amount_minor"] - not_cash.reindex(lines.index).fillna(0).astype("int64")
    back = lines["role"].isin(("returned", "refund"))
    rows = lines[(lines["role"] == "receipt") | back].assign(amount=amount.mask(back, -amount))
    rows = rows.assign(payment_id=rows["document_id"].mask(rows["debit"], rows["document_id"] + "-R"))
    grouped = rows.sort_values(["payment_id", "line_number"]).groupby("payment_id", sort=True)
    first, total = grouped.first(), grouped["amount"].sum()
    paid = DataFrame(
        {
            "payment_id": first.index,
            "customer_id": first["customer_id"],
            "value_date": first["value_date"],
            "recorded_date": first["recorded_date"],
            "currency_code": first["currency_code"],
            "amount_minor": total,
        }
    )
    return pd.DataFrame(paid[total != 0]).reset_index(drop=True)
