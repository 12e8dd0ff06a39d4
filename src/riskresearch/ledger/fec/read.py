"""Reading a FEC: files in, a checked ledger out."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.ledger.fec import documents
from riskresearch.ledger.fec.carry import carry_forward
from riskresearch.ledger.fec.gaps import gaps
from riskresearch.ledger.fec.kinds import ASIDE_KINDS, add_issue_dates, classify
from riskresearch.ledger.fec.lettrage import add_groups, match_items
from riskresearch.ledger.fec.lines import FecFile, in_order, join_files, read_file
from riskresearch.ledger.fec.parts import cut_into_items
from riskresearch.ledger.fec.roles import add_roles, entry_sides, is_collective, payment_methods
from riskresearch.ledger.fec.text import has_fec_name, read_header
from riskresearch.ledger.fec.totals import reconciliation, set_aside
from riskresearch.ledger.ledger import Ledger, build_ledger

HEADER_BYTES = 8192


def is_fec(path: Path) -> bool:
    """Return True for a FEC: named ``SirenFECAAAAMMJJ*.txt``, or its first line names the columns.

    Columns are recognised without regard to case, padding, order and additions; those must be there
    without which no receivable can be rebuilt (journal, entry, date, account, piece, amounts).
    """
    if has_fec_name(path):
        return True
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "iso8859-15"
    text = start.removeprefix(b"\xef\xbb\xbf").decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    return read_header(text.splitlines()[0]).is_fec if text else False


def read_fec(paths: Sequence[Path], *, assumed_terms_days: int = 30, currency_code: str = "EUR") -> Ledger:
    """Return the customer ledger rebuilt from one or more fiscal years of FEC.

    The Fichier des écritures comptables (art. A. 47 A-1 LPF) is the general journal. Customers are
    the auxiliaries (CompAuxNum, else the split account) of accounts 411, 413 (accepted bills: not cash,
    the invoice stays open until the bill is paid) and 416 (doubtful: still owed, with an event
    ``litigation``). Invoices are debits against sales; receipts, credit notes, losses, discounts and
    the rest are told by what stands against them (`kinds.classify`). Who paid what comes from the
    lettering (`lettrage.match_items`).

    Dates. ``invoice_date`` is PieceDate (else EcritureDate). ``recorded_date`` is EcritureDate:
    ValidDate is the day the books were closed, often one day for a whole year, and would make
    everything unknown until then. A payment counts on the EcritureDate of its bank line: DateLet is
    the day someone matched, not the day someone paid. A FEC has no due date: ``due_date`` is
    ``invoice_date`` + ``assumed_terms_days``, with ``due_date_source_code`` ``default``.

    Parameters
    ----------
    paths : files of one company, one per fiscal year, in any order
    assumed_terms_days : payment terms assumed for all invoices (days, 0 or more)
    currency_code : currency the books are kept in (ISO 4217, two decimals)

    Returns
    -------
    Ledger with ``set_aside``, ``reconciliation`` and ``gaps``. Opening balances of the first year are
    invoices of kind ``opening_item``, or credit notes with reason ``opening`` (not receipts: no cash came
    in that day). Those of later years are carried to the documents of the year before. Credits that
    are neither receipt nor credit note and found no invoice are credit notes whose reason is their
    kind (``other``, ``write_off``, …).

    Raises
    ------
    LedgerError
        A file is no readable FEC, the files do not follow one another, or hold no customer ledger.
    """
    if not paths or assumed_terms_days < 0:
        raise SettingsError(
            f"read_fec: {len(paths)} files, assumed terms of {assumed_terms_days} days; "
            "name at least one file and terms of 0 days or more"
        )
    files = in_order([read_file(path.read_bytes(), source_name=path.name) for path in paths])
    return _ledger(files, assumed_terms_days=assumed_terms_days, currency_code=currency_code)


def _ledger(files: Sequence[FecFile], *, assumed_terms_days: int, currency_code: str) -> Ledger:
    lines = add_roles(join_files(files))
    sides = entry_sides(lines)
    receivables = _receivables(lines, sides)
    items = _items(receivables, sides)
    carried = receivables[receivables["kind_code"] == "carried_forward"]
    book = match_items(items, carried=carried)
    items = items.assign(document_id=documents.name_documents(items))
    allocated = documents.allocations(items, book)
    tables = {
        "customers": documents.customers(receivables),
        "invoices": documents.invoices(items, assumed_terms_days=assumed_terms_days, currency_code=currency_code),
        "credit_notes": documents.credit_notes(items, allocated, currency_code=currency_code),
        "payments": documents.payments(items, book, currency_code=currency_code),
        "allocations": allocated.drop(columns=["debit", "credit"]),
        "events": documents.events(items, receivables, book),
    }
    accounts = {
        "set_aside": set_aside(files, lines, receivables),
        "reconciliation": reconciliation(lines, receivables, items, tables),
        "gaps": gaps(lines, receivables, items, assumed_terms_days=assumed_terms_days),
    }
    return build_ledger(
        tables,
        accounts,
        source_name=", ".join(file.source_name for file in files),
        mapping_name="fec",
        currency_code=currency_code,
        notes=tuple(note for file in files for note in file.notes),
    )


def _receivables(lines: DataFrame, sides: DataFrame) -> DataFrame:
    classified = classify(lines, sides=sides)
    _require_customers(lines, classified)
    classified = classified.assign(method_code=payment_methods(lines, classified))
    return add_groups(add_issue_dates(carry_forward(classified)))


def _items(receivables: DataFrame, sides: DataFrame) -> DataFrame:
    """Return the parts of the receivable lines with the columns of their line, numbered from 0."""
    parts = cut_into_items(receivables, sides=sides)
    own = receivables[~receivables["kind_code"].isin(ASIDE_KINDS)].drop(columns="kind_code")
    items = parts.merge(own, on="line_id", how="left", validate="many_to_one")
    return items.sort_values(["year_no", "line_id", "kind_code"], kind="stable", ignore_index=True)


def _require_customers(lines: DataFrame, classified: DataFrame) -> None:
    n_sales = int(classified["kind_code"].isin(["invoice", "deposit"]).sum())
    is_nameless = (classified["aux_number"].eq("") & is_collective(classified["account"])).all()
    if n_sales and not is_nameless:
        return
    found = f"{len(classified)} lines on accounts 411, 413 and 416 of {classified['customer_id'].nunique()} customers"
    why = "none of them names a customer" if n_sales else "none of them a sale"
    roots = lines["account"].str[:2].value_counts().head(3)
    most = ", ".join(f"{root} ({n} lines)" for root, n in roots.items())
    raise LedgerError(
        f"{', '.join(pd.unique(lines['source_name']))}: no customer ledger here: {found}, {why}; of {len(lines)} "
        f"lines most are on accounts {most}; needed are sales booked to 411 with CompAuxNum or one account per "
        "customer; deliver the FEC of a company that books its invoices, or the customer ledger as CSV"
    )
