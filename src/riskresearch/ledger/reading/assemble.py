"""Sources that were read become one ledger: tables put together, related, converted and reconciled."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.reading.currency import convert, run_currency
from riskresearch.ledger.reading.delivery import RawRows
from riskresearch.ledger.reading.flat import Documents, customer_table, documents, judge_flat
from riskresearch.ledger.reading.gaps import gap_table
from riskresearch.ledger.reading.mapping import DeliveryCard, LedgerMapping, Source
from riskresearch.ledger.reading.reconcile import reconciliation
from riskresearch.ledger.reading.rows import SourceRows, typed_rows
from riskresearch.ledger.reading.settle import settlements
from riskresearch.ledger.reading.targets import FLAT
from riskresearch.ledger.tables import LEDGER_TABLES

Tables = dict[str, DataFrame]


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
    limit = delivery.mapping.max_set_aside_ratio
    set_aside = [rows.findings.settled(rows.delivered_minor, max_ratio=limit) for rows in sources]
    _refuse_no_invoice(sources)
    docs = documents([rows for rows in sources if rows.source.rows == FLAT.name])
    tables = _tables(sources, docs)
    currency_code = run_currency(tables["invoices"], given=delivery.currency_code or delivery.books_currency_code)
    tables, notes = convert(
        tables, delivery.mapping.fx, run_currency_code=currency_code, books_currency_code=delivery.books_currency_code
    )
    _refuse_over_settled(tables)
    accounts = {
        "set_aside": pd.concat([part for part in set_aside if len(part)] or [DataFrame()], ignore_index=True),
        "reconciliation": reconciliation(sources, tables, docs),
        "gaps": gap_table(tables, sources, delivery.mapping),
    }
    told = [*delivery.notes, *(note for rows in sources for note in rows.notes), *notes]
    card = delivery.card
    return build_ledger(
        tables,
        {name: frame for name, frame in accounts.items() if len(frame)},
        source_name=delivery.name,
        mapping_name=delivery.mapping.mapping,
        currency_code=currency_code,
        is_synthetic=card is not None and card.is_synthetic,
        notes=(*told, *(card.all_notes if card else ())),
    )


def _fill_currency(sources: Sequence[SourceRows], currency_code: str | None) -> None:
    for rows in sources:
        if "currency_code" not in rows.frame or rows.source.rows == "fx_rates":
            continue
        absent = rows.frame["currency_code"].isna() & rows.findings.kept
        if absent.any() and currency_code is None:
            raise LedgerError(
                f"{rows.source.name}.currency_code: {int(absent.sum())} rows "
                f"({first_keys(rows.findings.lines[absent])}) name no currency; every amount needs one; map "
                f"currency_code, or set currency_code in the mapping"
            )
        rows.frame["currency_code"] = rows.frame["currency_code"].fillna(currency_code)


def _judge(sources: Sequence[SourceRows], assumed_terms_days: int) -> None:
    for rows in sources:
        if rows.source.rows == FLAT.name:
            judge_flat(rows, assumed_terms_days=assumed_terms_days)
        elif rows.source.rows in ("invoices", "credit_notes"):
            rows.flag(rows.frame["gross_minor"] <= 0, "not_positive", "gross_minor")
        if rows.source.rows == "invoices":
            late = rows.frame["due_date"] < rows.frame["invoice_date"]
            rows.flag(late, "due_before_issue", "due_date")
    known = {key for rows in sources if rows.source.rows in (FLAT.name, "invoices") for key in rows.kept["invoice_id"]}
    for rows in sources:
        if rows.source.rows in ("allocations", "disputes"):
            rows.flag(~rows.frame["invoice_id"].isin(known), "unknown_invoice_id", "invoice_id")


def _refuse_no_invoice(sources: Sequence[SourceRows]) -> None:
    if any(len(rows.kept) for rows in sources if rows.source.rows in (FLAT.name, "invoices")):
        return
    counts = pd.concat([rows.findings.reason for rows in sources]).value_counts()
    lost = ", ".join(f"{n} rows {code}" for code, n in counts.items() if code) or "the files hold a header and no row"
    raise LedgerError(
        f"{', '.join(rows.source.name for rows in sources)}: no invoice is left ({lost}); a ledger needs at least one "
        f"invoice; deliver the invoices or check the mapping"
    )


def _tables(sources: Sequence[SourceRows], docs: Documents) -> Tables:
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
        filled = [part.reindex(columns=table.names) for part in parts if len(part)]
        tables[table.name] = pd.concat(filled, ignore_index=True) if filled else DataFrame(columns=table.names)
        _refuse_repeated(tables[table.name], table.name, list(table.keys))
    tables["customers"] = _all_customers(tables, docs)
    return tables


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


def _all_customers(tables: Tables, docs: Documents) -> DataFrame:
    """Customers as delivered; those that only documents name come from the documents."""
    delivered = tables["customers"]
    named = [docs.customers] + [
        frame[["customer_id"]].dropna()
        for name, frame in tables.items()
        if "customer_id" in frame and name != "customers" and len(frame)
    ]
    others = customer_table([frame[~frame["customer_id"].isin(delivered["customer_id"])] for frame in named])
    filled = [frame for frame in (delivered, others) if len(frame)]
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]


def _refuse_over_settled(tables: Tables) -> None:
    settled = tables["allocations"].groupby("invoice_id")["amount_minor"].sum().astype("int64")
    gross = tables["invoices"].set_index("invoice_id")["gross_minor"].reindex(settled.index)
    wrong = settled.index[(settled > gross) | (settled < 0)]
    if len(wrong):
        raise LedgerError(
            f"allocations.amount: {len(wrong)} invoices ({first_keys(wrong)}) are settled by more than their amount or "
            f"by less than nothing; allocations of an invoice add up to 0 .. gross_amount; deliver the excess as a "
            f"receipt without allocation"
        )
