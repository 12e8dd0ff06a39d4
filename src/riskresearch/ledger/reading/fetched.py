"""Rows fetched from a database, with the digest that says whether they are the same as before."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow.compute as pc

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.assemble import Delivery
from riskresearch.ledger.reading.coded import arrow
from riskresearch.ledger.reading.database import Database
from riskresearch.ledger.reading.delivery import RawFile, RawRows
from riskresearch.ledger.reading.headings import HEADINGS, find_heading
from riskresearch.ledger.reading.mapping import LedgerMapping, Source
from riskresearch.ledger.reading.propose import TABLE_SUFFIX

SAMPLE_ROWS, MAX_TABLES = 2_000, 6


@dataclass(frozen=True)
class Fetched:
    """What a mapping reads of a database.

    Parameters
    ----------
    name : name of the database
    address : its address without secrets, as it may be kept
    mapping : column map
    rows : rows of each source that was found
    """

    name: str
    address: str
    mapping: LedgerMapping
    rows: tuple[tuple[Source, RawRows], ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the mapping and of every cell that was read."""
        made = hashlib.sha256(self.mapping.model_dump_json().encode("utf-8"))
        for source, rows in self.rows:
            made.update(repr((source.name, rows.header, len(rows.cells))).encode("utf-8"))
            for place in rows.cells:
                column = arrow(rows.cells[place])
                made.update(pc.binary_length(column).to_numpy(zero_copy_only=False).tobytes())
                made.update("".join(column.to_pylist()).encode("utf-8"))
        return made.hexdigest()

    def delivery(self, currency_code: str | None, assumed_terms_days: int) -> Delivery:
        """Return the delivery that `assemble` makes a ledger of."""
        read = [(source, [rows]) for source, rows in self.rows]
        return Delivery(self.name, self.mapping, read, None, currency_code, assumed_terms_days)


def sample_files(database: Database) -> Sequence[RawFile]:
    """Return the first rows of the tables that look most like invoices, as files named like them.

    Raises
    ------
    LedgerError
        The database shows no table.
    """
    tables = database.tables()
    if not tables:
        raise LedgerError(f"{database.shown}: the database shows no table or view; check the rights of the user")
    headers = {name: database.rows(Source.of_table(name), n_rows=1).header for name in tables}
    likely = sorted(tables, key=lambda name: (-_n_known(headers[name]), name))[:MAX_TABLES]
    return [_as_file(database.rows(Source.of_table(name), n_rows=SAMPLE_ROWS), name) for name in likely]


def _n_known(header: Sequence[str]) -> int:
    return sum(find_heading(header, names) is not None for names in HEADINGS.values())


def _as_file(rows: RawRows, name: str) -> RawFile:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(rows.header)
    writer.writerows(rows.cells.itertuples(index=False, name=None))
    return RawFile(name + TABLE_SUFFIX, written.getvalue().encode("utf-8"))
