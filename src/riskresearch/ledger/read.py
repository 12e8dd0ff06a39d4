"""Reading a delivered ledger: one file, folder or database in, one checked `Ledger` out.

Every layout is a column map (YAML, `riskresearch.ledger.reading.mapping`); FEC files have their own
reader. Files and databases are touched here and in `riskresearch.ledger.reading` only.
"""

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.ledger import fec
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.reading.address import is_address, shown_address
from riskresearch.ledger.reading.assemble import Delivery, assemble
from riskresearch.ledger.reading.database import Database, open_database
from riskresearch.ledger.reading.delivery import SUFFIXES, RawFile, RawRows, read_rows, refuse_unknown_kind
from riskresearch.ledger.reading.fetched import Fetched, sample_files
from riskresearch.ledger.reading.locate import fits
from riskresearch.ledger.reading.mapping import DeliveryCard, LedgerMapping, Source
from riskresearch.ledger.reading.mapping_text import parse_card, parse_mapping
from riskresearch.ledger.reading.propose import Proposal, propose

__all__ = [
    "Fetched",
    "fetch_ledger",
    "is_address",
    "load_mapping",
    "propose_mapping",
    "read_ledger",
    "shipped_mappings",
    "shown_address",
]
MAPPINGS = Path(__file__).parents[3] / "config" / "mappings"
CARD = "ledger.yaml"
NEVER_READ = ("truth.csv",)


def read_ledger(
    path: Path | str | Fetched,
    *,
    mapping: str | Path | None = None,
    currency_code: str | None = None,
    assumed_terms_days: int = 30,
) -> Ledger:
    """Return the ledger of a delivered file or folder, or of a database.

    Parameters
    ----------
    path : file or folder (CSV in any common form, Excel, Parquet, FEC; text also gzipped), the address of
        a database (``postgresql+psycopg://reader@localhost/books``), or the rows fetched from one
    mapping : name of a shipped mapping or path of a mapping file; None takes the folder's ``ledger.yaml``,
        recognises FEC files, or takes the shipped mapping whose columns all match
    currency_code : run currency (ISO 4217); None takes the delivery's own
    assumed_terms_days : days from issue to due date where the file has neither due date nor terms

    Returns
    -------
    Ledger whose ``set_aside``, ``reconciliation`` and ``gaps`` account for every row.

    Raises
    ------
    LedgerError
        The delivery cannot be read, too much of it is unusable, or no mapping fits; in the last case
        the message holds the mapping that is proposed.
    SettingsError
        The mapping file is wrong; names the path of each key.

    Examples
    --------
    ``read_ledger(Path("data/raw/invoices.csv"), mapping=Path("config/mappings/ours.yaml"))``
    """
    if isinstance(path, Fetched) or is_address(path):
        fetched = path if isinstance(path, Fetched) else fetch_ledger(str(path), mapping=mapping)
        return assemble(fetched.delivery(currency_code, assumed_terms_days))
    path = Path(path)
    paths = _listed(path)
    card = _card(path)
    chosen = mapping if mapping is not None else card.mapping if card else None
    if chosen is None and (fec_paths := [file for file in paths if fec.is_fec(file)]):
        return fec.read_fec(fec_paths, assumed_terms_days=assumed_terms_days, currency_code=currency_code or "EUR")
    files = [RawFile(file.name, file.read_bytes()) for file in paths]
    column_map = _load(chosen, path) if chosen is not None else _recognised(files, path)
    return assemble(_delivery(path.name, column_map, files, card, currency_code, assumed_terms_days))


def fetch_ledger(address: str, *, mapping: str | Path | None = None) -> Fetched:
    """Return what a mapping reads of a database, in one read-only transaction.

    Parameters
    ----------
    address : any address SQLAlchemy knows; its driver must be installed
    mapping : name of a shipped mapping or path of a mapping file; None takes the shipped mapping whose
        tables and columns all match

    Returns
    -------
    Fetched rows; `read_ledger` makes the ledger of them, ``digest`` changes when any cell does.

    Raises
    ------
    LedgerError
        The database cannot be reached or lacks a table or a column; no message holds a password.
    SettingsError
        The mapping file is wrong.
    """
    with open_database(address) as database:
        column_map = _load(mapping, Path()) if mapping is not None else _recognised_tables(database)
        tables = {name.lower() for name in database.tables()} if any(s.optional for s in column_map.sources) else set()
        sources = [s for s in column_map.sources if not s.optional or s.query or (s.table or s.name).lower() in tables]
        rows = [(source, database.rows(source)) for source in sources]
    return Fetched(database.name, shown_address(address), column_map, tuple(rows))


def propose_mapping(path: Path | str) -> Proposal:
    """Return a mapping proposed from the headings and cells of a file or table, to be checked by a person.

    Parameters
    ----------
    path : file or folder, or address of a database; of several files or tables the one that looks most
        like a list of invoices

    Raises
    ------
    LedgerError
        No file can be read as a table.
    """
    if is_address(path):
        with open_database(str(path)) as database:
            return propose(sample_files(database))
    files = [RawFile(file.name, file.read_bytes()) for file in _listed(Path(path))]
    return propose(files, known=[load_mapping(name) for name in shipped_mappings()])


def load_mapping(name: str | Path) -> LedgerMapping:
    """Return a mapping by the name of a shipped one or by the path of its file.

    Raises
    ------
    SettingsError
        The mapping is not found, or a key of it is wrong.
    """
    return _load(name, Path())


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that come with the project."""
    return sorted(file.stem for file in MAPPINGS.glob("*.yaml"))


def _listed(path: Path) -> list[Path]:
    if path.is_file():
        refuse_unknown_kind(RawFile(path.name, b""))
        return [path]
    if not path.is_dir():
        raise LedgerError(f"{path.name}: no such file or folder; give the delivered ledger with --ledger")
    files = sorted(file for file in path.iterdir() if file.is_file() and file.name not in NEVER_READ)
    tables = [file for file in files if _is_table(file.name)]
    if not tables:
        found = f"{len(files)} other files" if files else "no file"
        raise LedgerError(f"{path.name}: the folder holds {found} and no table; put {', '.join(SUFFIXES)} files in it")
    return tables


def _is_table(name: str) -> bool:
    return not name.startswith((".", "~$")) and RawFile(name, b"").suffix in SUFFIXES


def _card(path: Path) -> DeliveryCard | None:
    file = path / CARD
    return parse_card(file.read_text(encoding="utf-8"), name=CARD) if path.is_dir() and file.is_file() else None


def _load(name: str | Path, folder: Path) -> LedgerMapping:
    candidates = [MAPPINGS / f"{name}.yaml", Path(name), folder / name]
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is None:
        raise SettingsError(
            f"mapping {str(name)!r} is neither a file nor a shipped mapping; shipped are "
            f"{', '.join(shipped_mappings())}; give one of them or the path of a YAML file"
        )
    return parse_mapping(file.read_text(encoding="utf-8"), name=file.name)


def _recognised(files: Sequence[RawFile], path: Path) -> LedgerMapping:
    for name in shipped_mappings():
        mapping = _load(name, Path())
        if _all_fit(mapping, files):
            return mapping
    proposal = propose(files, known=[load_mapping(name) for name in shipped_mappings()])
    missing = f"; no column was found for {', '.join(proposal.missing)}" if proposal.missing else ""
    raise LedgerError(
        f"{path.name}: no mapping was given and no shipped one ({', '.join(shipped_mappings())}) fits{missing}; "
        f"save the mapping proposed below, check it and give it with --mapping "
        f"(riskresearch check --ledger {path.name} prints it again):\n{proposal.mapping_yaml}"
    )


def _recognised_tables(database: Database) -> LedgerMapping:
    tables = database.tables()
    for name in shipped_mappings():
        mapping = _load(name, Path())
        if mapping.reads_databases and database.fits(mapping, tables):
            return mapping
    proposal = propose(sample_files(database))
    raise LedgerError(
        f"{database.shown}: no mapping was given and no shipped one fits its tables ({', '.join(tables) or 'none'}); "
        f"save the mapping proposed below, check it and give it with --mapping:\n{proposal.mapping_yaml}"
    )


def _all_fit(mapping: LedgerMapping, files: Sequence[RawFile]) -> bool:
    found = _matched(mapping, files)
    needed = [source for source in mapping.sources if not source.optional]
    if not found or any(source not in [one for one, _ in found] for source in needed):
        return False
    return all(fits(read_rows(file, source.format, n_rows=1).header, source) for source, own in found for file in own)


def _matched(mapping: LedgerMapping, files: Sequence[RawFile]) -> list[tuple[Source, list[RawFile]]]:
    matched = [
        (source, [file for file in files if fnmatch.fnmatch(file.name.lower(), source.file.lower())])
        for source in mapping.sources
    ]
    return [(source, own) for source, own in matched if own]


def _delivery(
    name: str,
    mapping: LedgerMapping,
    files: Sequence[RawFile],
    card: DeliveryCard | None,
    currency_code: str | None,
    assumed_terms_days: int,
) -> Delivery:
    found = _matched(mapping, files)
    if not found and len(files) == 1 and len(mapping.sources) == 1:
        found = [(mapping.sources[0], list(files))]
    absent = [source for source in mapping.sources if not source.optional and source not in [one for one, _ in found]]
    if absent or not found:
        lacking = ", ".join(f"{source.name} ({source.file})" for source in absent or mapping.sources)
        raise LedgerError(
            f"{name}: mapping {mapping.mapping} needs files for {lacking}; the delivery has "
            f"{', '.join(file.name for file in files)}; correct the delivery or the file patterns"
        )
    read: list[tuple[Source, list[RawRows]]] = [
        (source, [read_rows(file, source.format) for file in own]) for source, own in found
    ]
    used = {file.name for _, own in found for file in own}
    unread = [file.name for file in files if file.name not in used]
    notes = (f"{len(unread)} files are not read: {', '.join(unread)}",) if unread else ()
    return Delivery(name, mapping, read, card, currency_code, assumed_terms_days, notes)
