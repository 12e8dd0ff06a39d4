"""Sources that were read become one ledger: tables put together, related, converted and reconciled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.base.schema import Table, empty
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.reading.adapters import adapted
from riskresearch.ledger.reading.built import Built
from riskresearch.ledger.reading.coded import is_among
from riskresearch.ledger.reading.currency import convert, run_currency
from riskresearch.ledger.reading.delivery import RawRows
from riskresearch.ledger.reading.flat import Documents, customer_table, documents, judge_flat
from riskresearch.ledger.reading.gaps import gap_table
from riskresearch.ledger.reading.instalments import first_due_dates, refuse_wrong_instalments
from riskresearch.ledger.reading.judge import judge_knowledge
from riskresearch.ledger.reading.mapping import DeliveryCard, LedgerMapping, Source
from riskresearch.ledger.reading.reconcile import reconciliation
from riskresearch.ledger.reading.rows import SourceRows, typed_rows
from riskresearch.ledger.reading.settle import settlements
from riskresearch.ledger.reading.sums import Ints, settled_minor
from riskresearch.ledger.reading.targets import FLAT
from riskresearch.ledger.tables import LEDGER_TABLES

Tables = dict[str, DataFrame]
_OF_INVOICES = ("allocations", "disputes", "instalments", "reminders")


@dataclass(frozen=True)
class Delivery:
    """What was delivered and how it is to be read.

    Parameters
    ----------
    name : name of the delivered file or folder
    mapping : column map
    files : raw rows of each source that was found
    card : what ``ledger.yaml`` of the folder says
    currency_code : run currency asked for; None takes the card's, the mapping's, or that of most invoices
    assumed_terms_days : terms of flat rows with neither due date nor terms
    notes : what was left unread, counted
    """

    name: str
    mapping: LedgerMapping
    files: Sequence[tuple[Source, Sequence[RawRows]]]
    card: DeliveryCard | None = None
    currency_code: str | None = None
    assumed_terms_days: int = 30
    notes: tuple[str, ...] = ()

    @property
    def books_currency_code(self) -> str | None:
        """Currency of amounts delivered in run currency, and of documents that name none."""
        return (self.card.currency_code if self.card else None) or self.mapping.currency_code


def assemble(delivery: Delivery) -> Ledger:
    """Return the ledger of a delivery.

    Raises
    ------
    LedgerError
        Columns are missing, too many rows cannot be used, ids repeat, currencies lack rates, invoices
        are settled by more than their amount, or no invoice is left.
    """
    sources = [typed_rows(files, source) for source, files in delivery.files]
    _fill_currency(sources, delivery.books_currency_code or delivery.currency_code)
    _judge(sources, delivery.assumed_terms_days)
    built = adapted(sources)
    _judge_references(sources, built)
    limit = delivery.mapping.max_set_aside_ratio
    set_aside = [rows.findings.settled(rows.delivered_minor, max_ratio=limit) for rows in sources]
    _refuse_no_invoice(sources, built)
    docs = documents([rows for rows in sources if rows.source.rows == FLAT.name])
    tables = _tables(sources, docs, built)
    books = delivery.books_currency_code
    currency_code = run_currency(tables["invoices"], given=delivery.currency_code or books)
    fx = delivery.mapping.fx
    tables, notes = convert(tables, fx, run_currency_code=currency_code, books_currency_code=books)
    settled = settled_minor(tables)
    _refuse_over_settled(tables, settled)
    accounts = {
        "set_aside": pd.concat([part for part in set_aside if len(part)] or [DataFrame()], ignore_index=True),
        "reconciliation": reconciliation(sources, tables, docs, settled, [c for made in built for c in made.checks]),
        "gaps": gap_table(tables, sources, delivery.mapping, settled, [code for made in built for code in made.gaps]),
    }
    return build_ledger(
        tables,
        {name: frame for name, frame in accounts.items() if len(frame)},
        source_name=delivery.name,
        mapping_name=delivery.mapping.mapping,
        currency_code=currency_code,
        is_synthetic=delivery.card is not None and delivery.card.is_synthetic,
        notes=_notes(delivery, sources, built, notes),
    )


def _notes(
    delivery: Delivery, sources: Sequence[SourceRows], built: Sequence[Built], notes: Sequence[str]
) -> tuple[str, ...]:
    told = [note for rows in sources for note in rows.notes] + [note for made in built for note in made.notes]
    return (*delivery.notes, *told, *notes, *(delivery.card.all_notes if delivery.card else ()))


def _fill_currency(sources: Sequence[SourceRows], currency_code: str | None) -> None:
    for rows in sources:
        if "currency_code" not in rows.frame or rows.source.rows == "fx_rates":
            continue
        missing = rows.frame["currency_code"].isna()
        if not missing.any():
            continue
        absent = missing.to_numpy() & rows.findings.kept
        if absent.any() and currency_code is None:
            raise LedgerError(
                f"{rows.source.name}.currency_code: {int(absent.sum())} rows "
                f"({first_keys(rows.findings.rows.first_lines(absent))}) name no currency; every amount needs one; map "
                f"currency_code, or set currency_code in the mapping"
            )
        rows.frame["currency_code"] = rows.frame["currency_code"].fillna(currency_code)


def _judge(sources: Sequence[SourceRows], assumed_terms_days: int) -> None:
    for rows in sources:
        if rows.source.rows == FLAT.name:
            judge_flat(rows, assumed_terms_days=assumed_terms_days)
        elif rows.source.rows in ("invoices", "credit_notes", "instalments"):
            rows.flag(rows.frame["gross_minor"] <= 0, "not_positive", "gross_minor")
        if rows.source.rows == "invoices":
            late = rows.frame["due_date"] < rows.frame["invoice_date"]
            rows.flag(late, "due_before_issue", "due_date")
        judge_knowledge(rows)


def _judge_references(sources: Sequence[SourceRows], built: Sequence[Built]) -> None:
    kept = [rows.kept["invoice_id"] for rows in sources if rows.source.rows in (FLAT.name, "invoices")]
    kept += [made.tables["invoices"]["invoice_id"] for made in built]
    for rows in sources:
        if rows.source.rows in _OF_INVOICES:
            named = rows.frame["invoice_id"]
            known = np.logical_or.reduce([named.isna(), *(is_among(named, ids) for ids in kept)])
            rows.flag(~known, "unknown_invoice_id", "invoice_id")


def _refuse_no_invoice(sources: Sequence[SourceRows], built: Sequence[Built]) -> None:
    n_invoices = [len(rows.kept) for rows in sources if rows.source.rows in (FLAT.name, "invoices")]
    if any(n_invoices) or any(len(made.tables["invoices"]) for made in built):
        return
    counts = pd.concat([rows.findings.reason for rows in sources]).value_counts()
    lost = ", ".join(f"{n} rows {code}" for code, n in counts.items() if code) or "the files hold a header and no row"
    raise LedgerError(
        f"{', '.join(rows.source.name for rows in sources)}: no invoice is left ({lost}); a ledger needs at least one "
        f"invoice; deliver the invoices or check the mapping"
    )


def _tables(sources: Sequence[SourceRows], docs: Documents, built: Sequence[Built]) -> Tables:
    _refuse_repeated(docs.invoices, "invoices", ["invoice_id"])
    _refuse_repeated(docs.credit_notes, "credit_notes", ["credit_note_id"])
    payments, allocations = settlements(docs)
    made = {
        "invoices": docs.invoices,
        "credit_notes": docs.credit_notes,
        "payments": payments,
        "allocations": allocations,
    }
    tables = {}
    for table in LEDGER_TABLES:
        parts = [rows.kept for rows in sources if rows.source.rows == table.name]
        parts += [made[table.name]] if table.name in made else []
        parts += [one.tables[table.name] for one in built if table.name in one.tables]
        tables[table.name] = _stacked(parts, table)
        _refuse_repeated(tables[table.name], table.name, list(table.keys))
    tables["customers"] = _all_customers(tables, [docs.customers, *(one.customers for one in built)])
    tables["invoices"] = _with_first_due_dates(tables)
    refuse_wrong_instalments(tables["instalments"], tables["invoices"])
    return tables


def _with_first_due_dates(tables: Tables) -> DataFrame:
    """Invoices with the due date of their first part where they name none of their own."""
    invoices = tables["invoices"]
    lacking = invoices["due_date"].isna()
    if tables["instalments"].empty or not lacking.any():
        return invoices
    first = first_due_dates(tables["instalments"], invoices["invoice_id"])
    source = invoices["due_date_source_code"].mask(lacking & first.notna(), "source")
    return invoices.assign(due_date=invoices["due_date"].fillna(first), due_date_source_code=source)


def _stacked(parts: Sequence[DataFrame], table: Table) -> DataFrame:
    filled = [part.reindex(columns=table.names) for part in parts if len(part)]
    if not filled:
        return empty(table)
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0].reset_index(drop=True)


def _refuse_repeated(frame: DataFrame, table_name: str, keys: list[str]) -> None:
    repeated = frame[frame.duplicated(keys, keep=False)]
    if repeated.empty:
        return
    ids = repeated[keys].astype("str").agg("/".join, axis=1).drop_duplicates()
    raise LedgerError(
        f"{table_name}.{'/'.join(keys)}: {len(ids)} ids ({first_keys(ids)}) stand on {len(repeated)} rows that differ; "
        f"one row per id is allowed; correct the delivery, join several columns to one id (join: [company, number, "
        f"year]), or deliver payments and allocations as tables of their own"
    )


def _all_customers(tables: Tables, told: Sequence[DataFrame]) -> DataFrame:
    """Customers as delivered; those that only documents name come from the documents."""
    delivered = tables["customers"]
    named = [frame[frame["customer_id"].notna()] for frame in told] + [
        frame[["customer_id"]].drop_duplicates().dropna()
        for name, frame in tables.items()
        if "customer_id" in frame and name != "customers" and len(frame)
    ]
    unknown = [frame[~is_among(frame["customer_id"], delivered["customer_id"])] for frame in named]
    if not any(len(frame) for frame in unknown):
        return delivered
    others = customer_table(unknown)
    return pd.concat([delivered, others], ignore_index=True) if len(delivered) else others


def _refuse_over_settled(tables: Tables, settled: Ints) -> None:
    gross = tables["invoices"]["gross_minor"].to_numpy(dtype=np.int64)
    wrong = tables["invoices"].loc[(settled > gross) | (settled < 0), "invoice_id"].sort_values()
    if len(wrong):
        raise LedgerError(
            f"allocations.amount: {len(wrong)} invoices ({first_keys(wrong)}) are settled by more than their amount or "
            f"by less than nothing; allocations of an invoice add up to 0 .. gross_amount; deliver the excess as a "
            f"receipt without allocation"
        )
