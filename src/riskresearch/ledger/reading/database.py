"""Tables, views and queries of a database as rows of text, read in one transaction that writes nothing."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas import DataFrame, Series
from sqlalchemy import NullPool, create_engine, inspect, select, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import Executable
from sqlalchemy.sql import table as named_table

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.address import parsed_address, shown_address, without_secrets
from riskresearch.ledger.reading.delivery import RawRows, cell_text, clean_header
from riskresearch.ledger.reading.formats import Format
from riskresearch.ledger.reading.locate import fits
from riskresearch.ledger.reading.mapping import LedgerMapping, Source

CHUNK_ROWS = 20_000
_ISOLATION = {"postgresql": "REPEATABLE READ", "mysql": "REPEATABLE READ", "mariadb": "REPEATABLE READ"}
_READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",),
}


@dataclass(frozen=True)
class Database:
    """An open connection that only reads.

    Parameters
    ----------
    connection : connection inside its one transaction
    url : address; its secrets are never shown
    """

    connection: Connection
    url: URL

    @property
    def shown(self) -> str:
        """The address without its secrets."""
        return shown_address(self.url.render_as_string(hide_password=False))

    @property
    def name(self) -> str:
        """Name of the database, of a file without its folder."""
        return PurePath(self.url.database or self.url.drivername).name

    def fits(self, mapping: LedgerMapping, tables: Sequence[str]) -> bool:
        """Return whether the tables hold all that a mapping reads, and nothing it would refuse."""
        known = {name.lower() for name in tables}
        read = [source for source in mapping.sources if (source.table or source.name).lower() in known]
        if any(source not in read for source in mapping.sources if not source.optional):
            return False
        return bool(read) and all(fits(self.rows(source, n_rows=1).header, source) for source in read)

    def tables(self) -> list[str]:
        """Return the names of tables and views, those outside the usual schema with theirs."""
        found = inspect(self.connection)
        return sorted({*found.get_table_names(), *found.get_view_names()})

    def rows(self, source: Source, *, n_rows: int | None = None) -> RawRows:
        """Return the rows of a source's table, view or query as text.

        Raises
        ------
        LedgerError
            The table is absent, or the database refuses the query.
        """
        query = source.query.strip().rstrip(";").replace(":", "\\:") if source.query else None
        wanted = text(query) if query else self._table(source)
        name = f"query of {source.name}" if source.query else f"table {source.table or source.name}"
        try:
            return _rows(self.connection, wanted, name, source, n_rows)
        except SQLAlchemyError as cause:
            raise LedgerError(
                f"{self.shown}: {name} cannot be read "
                f"({_reason(cause, self.url)}); correct source {source.name} of the mapping, or the rights of the user"
            ) from None

    def _table(self, source: Source) -> Executable:
        full = source.table or source.name
        schema, _, name = full.rpartition(".")
        if not inspect(self.connection).has_table(name, schema=schema or None):
            tables = self.tables()
            near = get_close_matches(full, tables, n=1)
            hint = f" (near {near[0]!r})" if near else ""
            raise LedgerError(
                f"{self.shown}: source {source.name} reads table "
                f"{full!r}{hint}, which the database does not have or does not show; it has "
                f"{', '.join(tables) or 'none'}; correct table or query in the mapping"
            )
        return select(text("*")).select_from(named_table(name, schema=schema or None))


@contextmanager
def open_database(address: str) -> Iterator[Database]:
    """Open a database for reading: one transaction, read-only where the database can, always rolled back.

    Raises
    ------
    LedgerError
        The address is wrong, its driver is not installed, or the database cannot be reached; no message
        holds a password.
    """
    url = parsed_address(address)
    _refuse_absent_file(url)
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            _forbid_writing(connection)
            yield Database(connection, url)
            connection.rollback()
    except SQLAlchemyError as cause:
        raise LedgerError(
            f"{shown_address(address)}: the database cannot be reached ({_reason(cause, url)}); check host, port, "
            f"database, user and password; the password may be left to the driver (for PostgreSQL: PGPASSWORD or "
            f"a .pgpass file)"
        ) from None
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    options: dict[str, Any] = {"isolation_level": level} if (level := _ISOLATION.get(url.get_backend_name())) else {}
    try:
        return create_engine(url, poolclass=NullPool, hide_parameters=True, **options)
    except (SQLAlchemyError, ImportError) as cause:
        raise LedgerError(
            f"ledger address of kind {url.drivername!r}: {without_secrets(str(cause), url)}; install the driver of "
            f"this database (for PostgreSQL: psycopg, written postgresql+psycopg://…), or correct the address"
        ) from None


def _refuse_absent_file(url: URL) -> None:
    """SQLite would make the file it does not find."""
    if url.get_backend_name() != "sqlite":
        return
    if url.database in (None, "", ":memory:") or "uri" in url.query:
        raise LedgerError("sqlite address: name a file, such as sqlite:///books.db or sqlite:////data/books.db")
    with_file = str(url.database)
    try:
        with open(with_file, "rb"):
            return
    except OSError:
        raise LedgerError(f"sqlite:///{with_file}: no such file; correct the address") from None


def _forbid_writing(connection: Connection) -> None:
    backend = connection.dialect.name
    if backend == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    for statement in _READ_ONLY.get(backend, ()):
        connection.exec_driver_sql(statement)


def _rows(connection: Connection, wanted: Executable, name: str, source: Source, n_rows: int | None) -> RawRows:
    result = connection.execute(wanted, execution_options={"stream_results": True, "yield_per": CHUNK_ROWS})
    header = tuple(clean_header(str(key)) for key in tuple(result.keys()))
    parts: list[list[pa.Array]] = [[pa.array([], pa.large_string())] for _ in header]
    read = 0
    for chunk in result.partitions(CHUNK_ROWS):
        for place, values in enumerate(zip(*chunk, strict=True)):
            parts[place].append(pa.array(_texts(values, source.format), pa.large_string()))
        read += len(chunk)
        if n_rows is not None and read >= n_rows:
            break
    result.close()
    columns = {place: pa.chunked_array(column).combine_chunks() for place, column in enumerate(parts)}
    cells = DataFrame({place: pd.array(column, dtype="str") for place, column in columns.items()})
    cells = cells.head(n_rows if n_rows is not None else read)
    return _in_order(RawRows(name, header, cells, Series(range(1, len(cells) + 1), dtype="int64")), source)


def _in_order(rows: RawRows, source: Source) -> RawRows:
    """Rows in an order of their own: a database keeps none. Each is called by the column that identifies it."""
    spec = source.specs.get(next(iter(source.specs), ""))
    wanted = spec.column if spec is not None and spec.column in rows.header else None
    key = rows.header.index(wanted) if wanted is not None else 0
    order = [key, *(place for place in rows.cells if place != key)]
    by = [key] if not rows.cells[key].duplicated().any() else order
    cells = rows.cells.sort_values(by, kind="stable", ignore_index=True)
    return RawRows(rows.name, rows.header, cells, rows.lines, row_names=cells[key])


def _texts(values: Sequence[Any], form: Format) -> list[str]:
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {str}:
        return ["" if value is None else value for value in values]
    if kinds <= {int}:
        return ["" if value is None else str(value) for value in values]
    if kinds <= {dt.date, dt.datetime, Decimal}:
        known = {value: _text(value, form) for value in set(values)}
        return [known[value] for value in values]
    return [_text(value, form) for value in values]


def _text(value: Any, form: Format) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return content.hex()
    if isinstance(value, np.generic):
        value = value.item()
    return cell_text(value, form)


def _reason(cause: SQLAlchemyError, url: URL) -> str:
    original = getattr(cause, "orig", None) or cause
    return without_secrets(str(original).split("\n[SQL")[0], url)[:300]
