"""Electronic invoices and the statuses of their life cycle become documents, receipts and disputes.

The French reform makes four statuses compulsory: deposee, rejetee, refusee, encaissee. A rejected invoice was
never issued; a refused one is disputed; encaissee carries amount and day of a receipt. A corrected invoice
(type 384) takes the place of the one it names: what was still open of that is credited.
"""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.built import Built, Check, kept_rows
from riskresearch.ledger.reading.coded import is_among
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.sums import added_up, positions

_ENDS_DISPUTE = ("dispute_closed", "paid", "rejected")


def build_einvoice(sources: Sequence[SourceRows]) -> Built:
    """Return the canonical tables of electronic invoices and their statuses.

    Raises
    ------
    LedgerError
        Statuses are delivered without the invoices.
    """
    if not any(rows.source.rows == "einvoice" for rows in sources):
        raise LedgerError("einvoice_event: statuses are delivered without invoices; deliver the list of invoices too")
    delivered = [rows.frame["invoice_number"] for rows in sources if rows.source.rows == "einvoice"]
    for rows in sources:
        if rows.source.rows == "einvoice_event":
            known = is_among(rows.frame["invoice_number"], pd.concat(delivered, ignore_index=True))
            rows.flag(~known, "unknown_invoice_number", "invoice_number")
            unknown_amount = (rows.frame["status_code"] == "paid") & rows.frame["amount_minor"].isna()
            rows.flag(unknown_amount, "amount_missing", "amount_minor")
    events = kept_rows(sources, "einvoice_event").sort_values(["event_date", "recorded_date"], kind="stable")
    for rows in sources:
        if rows.source.rows == "einvoice":
            _judge(rows, events)
    documents = _dated(kept_rows(sources, "einvoice"), events)
    invoices = _invoices(documents)
    payments, receipts = _receipts(invoices, documents, events)
    notes = pd.concat([_credit_notes(documents), _replaced(documents, invoices, receipts)], ignore_index=True)
    tables = {
        "invoices": invoices,
        "credit_notes": notes,
        "payments": payments,
        "allocations": pd.concat([receipts, _credited(notes, invoices, receipts)], ignore_index=True),
        "disputes": _disputes(invoices, events),
    }
    facts = documents[["customer_id", "customer_name", "country_code"]]
    return Built(tables, facts, _checks(documents, events, tables), [], ("status_dates_only",))


def _judge(rows: SourceRows, events: DataFrame) -> None:
    """Set aside what was rejected by the platform and never deposited again afterwards."""
    last = events[events["status_code"].isin(("deposited", "rejected"))].drop_duplicates("invoice_number", keep="last")
    rejected = last.loc[last["status_code"] == "rejected", "invoice_number"]
    rows.findings.filter(is_among(rows.frame["invoice_number"], rejected), "rejected_by_platform")
    rows.flag(rows.frame["gross_minor"] <= 0, "not_positive", "gross_minor")
    rows.flag(rows.frame["due_date"] < rows.frame["invoice_date"], "due_before_issue", "due_date")


def _dated(documents: DataFrame, events: DataFrame) -> DataFrame:
    """Documents with ``recorded_date``: the day they were deposited, else the day of issue."""
    deposited = events[events["status_code"] == "deposited"].groupby("invoice_number")["event_date"].max()
    day = Series(deposited.reindex(documents["invoice_number"]).to_numpy(), index=documents.index)
    return documents.assign(recorded_date=day.astype("datetime64[us]").fillna(documents["invoice_date"]))


def _invoices(documents: DataFrame) -> DataFrame:
    rows = documents[documents["document_kind_code"] != "credit_note"]
    kind = rows["document_kind_code"].replace({"corrected": "invoice", "factored": "invoice"})
    return DataFrame(
        {
            "invoice_id": rows["invoice_number"],
            "customer_id": rows["customer_id"],
            "invoice_number": rows["invoice_number"],
            "invoice_date": rows["invoice_date"],
            "invoice_date_source_code": "source",
            "recorded_date": rows["recorded_date"],
            "due_date": rows["due_date"],
            "due_date_source_code": Series("source", index=rows.index, dtype="str").where(rows["due_date"].notna()),
            "currency_code": rows["currency_code"],
            "gross_minor": rows["gross_minor"],
            "net_minor": rows["net_minor"],
            "invoice_kind_code": kind,
            "delivery_date": rows["delivery_date"],
        }
    ).reset_index(drop=True)


def _receipts(invoices: DataFrame, documents: DataFrame, events: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Receipts, one per encaissee and per prepaid amount, and what they settle, at most the invoice."""
    paid = events[events["status_code"] == "paid"].assign(day=events["event_date"])
    before = documents[documents["prepaid_minor"].fillna(0) > 0]
    prepaid = before.assign(day=before["invoice_date"], amount_minor=before["prepaid_minor"])
    rows = pd.concat([prepaid, paid], ignore_index=True)
    rows = rows[is_among(rows["invoice_number"], invoices["invoice_id"])]
    rows = rows.sort_values(["invoice_number", "day", "recorded_date"], kind="stable", ignore_index=True)
    number = (rows.groupby("invoice_number").cumcount() + 1).astype("str")
    facts = invoices.set_index("invoice_id").reindex(rows["invoice_number"].to_numpy()).reset_index(drop=True)
    amount = rows["amount_minor"].astype("int64")
    upto = amount.groupby(rows["invoice_number"]).cumsum()
    capped = upto.clip(lower=0, upper=facts["gross_minor"].astype("int64"))
    used = capped - capped.groupby(rows["invoice_number"]).shift(fill_value=0)
    factored = documents.loc[documents["document_kind_code"] == "factored", "invoice_number"]
    payments = DataFrame(
        {
            "payment_id": "P-" + rows["invoice_number"] + "-" + number,
            "customer_id": facts["customer_id"],
            "value_date": rows["day"],
            "recorded_date": rows["recorded_date"],
            "currency_code": facts["currency_code"],
            "amount_minor": amount,
        }
    )
    code = Series("payment", index=rows.index, dtype="str").mask(rows["invoice_number"].isin(factored), "factor")
    return payments[amount != 0], _settle(rows["invoice_number"], payments, used, code)


def _settle(invoice_id: Series, payments: DataFrame, used: Series, code: Series) -> DataFrame:
    settled = DataFrame(
        {
            "allocation_id": "A-" + payments["payment_id"],
            "invoice_id": invoice_id,
            "customer_id": payments["customer_id"],
            "source_code": code,
            "source_id": payments["payment_id"],
            "effective_date": payments["value_date"],
            "recorded_date": payments["recorded_date"],
            "amount_minor": used,
            "matching_code": "source",
            "confidence_ratio": 1.0,
        }
    )
    return settled[used != 0].reset_index(drop=True)


def _credit_notes(documents: DataFrame) -> DataFrame:
    rows = documents[documents["document_kind_code"] == "credit_note"]
    return DataFrame(
        {
            "credit_note_id": rows["invoice_number"],
            "customer_id": rows["customer_id"],
            "credit_note_date": rows["invoice_date"],
            "recorded_date": rows["recorded_date"],
            "currency_code": rows["currency_code"],
            "gross_minor": rows["gross_minor"],
            "related_invoice_id": rows["preceding_number"],
            "reason_code": None,
        }
    ).reset_index(drop=True)


def _replaced(documents: DataFrame, invoices: DataFrame, receipts: DataFrame) -> DataFrame:
    """Credit of what was not paid of an invoice that a corrected one replaces, on the day of the correction."""
    rows = documents[(documents["document_kind_code"] == "corrected") & documents["preceding_number"].notna()]
    rows = rows[is_among(rows["preceding_number"], invoices["invoice_id"])].drop_duplicates("preceding_number")
    place = positions(receipts["invoice_id"], invoices["invoice_id"])
    left = invoices["gross_minor"].astype("int64") - added_up(receipts["amount_minor"], place, len(invoices))
    amount = rows["preceding_number"].map(left.set_axis(invoices["invoice_id"]))
    notes = DataFrame(
        {
            "credit_note_id": rows["preceding_number"] + "-replaced",
            "customer_id": rows["customer_id"],
            "credit_note_date": rows["invoice_date"],
            "recorded_date": rows["recorded_date"],
            "currency_code": rows["currency_code"],
            "gross_minor": amount,
            "related_invoice_id": rows["preceding_number"],
            "reason_code": "error",
        }
    )
    return notes[notes["gross_minor"] > 0].reset_index(drop=True)


def _credited(notes: DataFrame, invoices: DataFrame, receipts: DataFrame) -> DataFrame:
    """What credit notes settle of the invoices they name, as far as these are not paid."""
    named = notes[is_among(notes["related_invoice_id"], invoices["invoice_id"])]
    named = named.sort_values(["related_invoice_id", "credit_note_date", "credit_note_id"], ignore_index=True)
    keyed = invoices.set_index("invoice_id").reindex(named["related_invoice_id"].to_numpy()).reset_index(drop=True)
    place = positions(receipts["invoice_id"], named["related_invoice_id"].drop_duplicates())
    paid = added_up(receipts["amount_minor"], place, named["related_invoice_id"].nunique())
    room = keyed["gross_minor"].astype("int64") - paid[named.groupby("related_invoice_id", sort=False).ngroup()]
    upto = named["gross_minor"].astype("int64").groupby(named["related_invoice_id"]).cumsum().clip(upper=room)
    used = upto - upto.groupby(named["related_invoice_id"]).shift(fill_value=0)
    settled = DataFrame(
        {
            "allocation_id": "A-" + named["credit_note_id"],
            "invoice_id": named["related_invoice_id"],
            "customer_id": keyed["customer_id"],
            "source_code": "credit_note",
            "source_id": named["credit_note_id"],
            "effective_date": DataFrame({"note": named["credit_note_date"], "invoice": keyed["invoice_date"]}).max(
                axis=1
            ),
            "recorded_date": named["recorded_date"],
            "amount_minor": used,
            "matching_code": "reference",
            "confidence_ratio": 1.0,
        }
    )
    return settled[used > 0].reset_index(drop=True)


def _disputes(invoices: DataFrame, events: DataFrame) -> DataFrame:
    """Disputes from en litige or refusee until the next status that ends one."""
    own = events[is_among(events["invoice_number"], invoices["invoice_id"])]
    opened = own[own["status_code"].isin(("disputed", "refused"))].assign(is_open=True)
    ended = own[own["status_code"].isin(_ENDS_DISPUTE)].assign(is_open=False)
    rows = pd.concat([opened, ended]).sort_values(["invoice_number", "event_date", "is_open"], kind="stable")
    begins = rows["is_open"] & ~rows.groupby("invoice_number")["is_open"].shift(fill_value=False).astype(bool)
    end = rows["event_date"].where(~rows["is_open"]).groupby(rows["invoice_number"]).bfill()
    first = rows[begins].assign(end=end)
    number = (first.groupby("invoice_number").cumcount() + 1).astype("str")
    owner = invoices.set_index("invoice_id")["customer_id"]
    return DataFrame(
        {
            "dispute_id": "D-" + first["invoice_number"] + "-" + number,
            "invoice_id": first["invoice_number"],
            "customer_id": first["invoice_number"].map(owner),
            "opened_date": first["event_date"],
            "closed_date": first["end"],
            "recorded_date": first["recorded_date"],
            "reason_code": first["reason_code"].fillna(first["status_code"]),
        }
    ).reset_index(drop=True)


def _checks(documents: DataFrame, events: DataFrame, tables: dict[str, DataFrame]) -> list[Check]:
    reported = events.loc[
        (events["status_code"] == "paid") & is_among(events["invoice_number"], tables["invoices"]["invoice_id"]),
        "amount_minor",
    ].sum()
    reported += documents["prepaid_minor"].fillna(0).sum()
    received = tables["payments"]["amount_minor"].sum()
    return [("einvoice_receipts", int(reported), int(received), "amounts of encaissee and prepaid = receipts")]
