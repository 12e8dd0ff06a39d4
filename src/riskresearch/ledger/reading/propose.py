"""A mapping to start from, proposed from a file's headings and cells; a person checks it before use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from riskresearch.ledger.reading.adapters import ADAPTED
from riskresearch.ledger.reading.delivery import TEXT_SUFFIXES, RawFile
from riskresearch.ledger.reading.guess import guess_amounts, guess_dates
from riskresearch.ledger.reading.headings import fold
from riskresearch.ledger.reading.locate import fits
from riskresearch.ledger.reading.mapping import LedgerMapping
from riskresearch.ledger.reading.place import Placement, complete_invoices, place_columns
from riskresearch.ledger.reading.sniff import decode, sniff_encoding, sniff_separator
from riskresearch.ledger.reading.targets import FLAT, required, targets

TABLE_SUFFIX = ".table.csv"
TO_FILL_IN = "FILL IN"
ASSUMED_CURRENCY = "EUR"


@dataclass(frozen=True)
class Proposal:
    """A proposed mapping and what a person must check.

    Parameters
    ----------
    mapping_yaml : the mapping as YAML text, ready to save
    placed : target: column of the list of invoices
    not_placed : its columns nothing is filled from
    missing : targets a ledger needs and no column was found for
    doubts : what speaks against the proposal, in words
    """

    mapping_yaml: str
    placed: Mapping[str, str]
    not_placed: tuple[str, ...]
    missing: tuple[str, ...]
    doubts: tuple[str, ...]


def propose(files: Sequence[RawFile], *, known: Sequence[LedgerMapping] = ()) -> Proposal:
    """Return a proposed mapping for the file that looks most like a list of invoices.

    Other files with the same header are read with it; one that lists customers becomes a source of
    its own. A file whose columns are those of a known mapping is said to be so.

    Raises
    ------
    LedgerError
        No file can be read as a table.
    """
    found = [place_columns(file) for file in files]
    invoices = max(found, key=lambda one: len(set(required(FLAT.name)) & set(one.placed)))
    complete_invoices(invoices)
    invoices.doubts[:0] = _known_layouts(found, known)
    others = [one for one in found if one.rows.header != invoices.rows.header]
    customers = next((one for one in others if {"customer_id", "customer_name"} <= set(one.placed)), None)
    sources = [_invoice_source(invoices, same_header=len(found) - len(others))]
    sources += [_customer_source(customers)] if customers is not None else []
    unread = [one.file.name.removesuffix(TABLE_SUFFIX) for one in others if one is not customers]
    if unread:
        invoices.doubts.append(f"files {', '.join(unread)} are not read; add sources if they belong to the ledger")
    if "currency_code" not in invoices.placed:
        invoices.doubts.append(f"no currency column: {ASSUMED_CURRENCY} is assumed; correct currency_code")
    return Proposal(
        _yaml(invoices, sources),
        dict(invoices.placed),
        _not_placed(invoices),
        tuple(invoices.missing()),
        tuple(invoices.doubts),
    )


def _known_layouts(found: Sequence[Placement], known: Sequence[LedgerMapping]) -> list[str]:
    """Which shipped mapping reads a file more fully than a list of invoices can, if only it were named for it."""
    told = []
    for one in found:
        for mapping in known:
            fit = [s for s in mapping.sources if s.rows in ADAPTED and fits(one.rows.header, s)]
            if fit:
                patterns = " or ".join(dict.fromkeys(source.file for source in fit))
                told.append(
                    f"{one.file.name} has the columns of the shipped mapping {mapping.mapping}, which knows part "
                    f"payments and matchings: name the file {patterns} and give "
                    f"--mapping {mapping.mapping} rather than this"
                )
    return told


def _not_placed(invoices: Placement) -> tuple[str, ...]:
    return tuple(name for name in invoices.rows.header if name and name not in invoices.used())


def _invoice_source(found: Placement, *, same_header: int) -> dict[str, Any]:
    columns: dict[str, Any] = dict.fromkeys(found.missing(), TO_FILL_IN) | found.placed
    if found.id_columns:
        columns["invoice_id"] = {"join": found.id_columns}
        columns.setdefault("invoice_number", found.placed["invoice_id"])
    suffix = "".join(part for part in (found.file.suffix, ".gz" * found.file.name.lower().endswith(".gz")))
    return {
        "name": "invoices",
        **_place_of(found, f"*{suffix}" if same_header > 1 else found.file.name),
        "rows": FLAT.name,
        "format": _format(found),
        "columns": columns,
        **found.parts,
    }


def _customer_source(found: Placement) -> dict[str, Any]:
    columns = {target: column for target, column in found.placed.items() if target in targets("customers")}
    return {
        "name": "customers",
        **_place_of(found, found.file.name),
        "rows": "customers",
        "optional": "true",
        "format": _format(found),
        "columns": columns,
    }


def _place_of(found: Placement, pattern: str) -> dict[str, str]:
    """Where the rows stand: in files, or in the table of a database a sample was taken of."""
    table = found.file.name.removesuffix(TABLE_SUFFIX)
    return {"table": table} if table != found.file.name else {"file": pattern}


def _format(found: Placement) -> dict[str, Any]:
    amounts, days = guess_amounts(found.columns_of("minor")), guess_dates(found.columns_of("date"))
    found.doubts += [*amounts.doubts, *days.doubts]
    written: dict[str, Any] = {}
    if found.file.name.endswith(TABLE_SUFFIX):
        return {key: value for key, value in (amounts.values | days.values).items() if value}
    if found.file.suffix in TEXT_SUFFIXES and not found.file.name.lower().endswith(".gz"):
        content = found.file.content
        separator = sniff_separator(decode(content, name=found.file.name))
        written = {"separator": "tab" if separator == "\t" else separator, "encoding": sniff_encoding(content)}
    return written | {key: value for key, value in (amounts.values | days.values).items() if value}


def _yaml(invoices: Placement, sources: Sequence[Mapping[str, Any]]) -> str:
    name = invoices.file.name.removesuffix(TABLE_SUFFIX)
    stem = fold(name.split(".")[0])
    mapping: dict[str, Any] = {
        "mapping": stem if stem.isascii() and stem[:1].isalpha() else "proposed",
        "title": f"proposed for {name}",
    }
    if "currency_code" not in invoices.placed:
        mapping["currency_code"] = ASSUMED_CURRENCY
    mapping["sources"] = [dict(source) for source in sources]
    comments = ["proposed from headings and cells: check every line", *(f"doubt: {doubt}" for doubt in invoices.doubts)]
    not_placed = _not_placed(invoices)
    if not_placed:
        comments.append(f"not placed: {', '.join(not_placed)}")
    text = yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=1000)
    return "".join(f"# {' '.join(comment.split())}\n" for comment in comments) + text
