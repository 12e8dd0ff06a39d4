"""A ledger larger than memory: legs are made for one block of customers after another and kept as files.

A folder of acts holds ``customers/`` and one folder for each stream, one Parquet file per block. A block that
is there is not made again, so a stopped run goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError
from riskresearch.base.run import write_atomically
from riskresearch.base.schema import Table, check, empty
from riskresearch.features.engines import Engine
from riskresearch.features.ingest import Acts, Coding, ingest
from riskresearch.features.panel import Sources
from riskresearch.features.streams import STREAMS
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.tables import ALLOCATIONS, CUSTOMERS, INSTALMENTS, INVOICES, LEDGER_TABLES, PAYMENTS

CUSTOMERS_PER_BLOCK = 20_000
OF_INVOICES = ("invoices", "instalments", "allocations")
THEIRS = "customer_id in (select customer_id from block)"
Told = Callable[[int, int], None]


def write_acts(
    ledger: Path,
    folder: Path,
    *,
    as_of: Timestamp,
    settings: DefaultSettings,
    scales: Mapping[str, tuple[str, ...]],
    customers_per_block: int = CUSTOMERS_PER_BLOCK,
    told: Told = lambda done, of: None,
) -> None:
    """Write the legs of a ledger, block by block of customers.

    Parameters
    ----------
    ledger : folder with the canonical tables as Parquet files (``invoices.parquet`` …); an absent table is empty
    folder : folder of acts to write; blocks that are there are kept
    as_of : last day that counts
    settings : definition of default
    scales : grades of rating providers from best to worst
    customers_per_block : customers worked on at a time; the memory needed grows with it
    told : called with the number of blocks done and their total

    Raises
    ------
    LedgerError
        The folder has no table of customers or of invoices.
    """
    with duckdb.connect() as connection:
        customers = _whole(connection, ledger, CUSTOMERS)
        coding, ids = Coding.of(customers), customers["customer_id"].sort_values()
        blocks = [ids[i : i + customers_per_block] for i in range(0, len(ids), customers_per_block)]
        for number, block in enumerate(blocks):
            if not _file(folder, "customers", number).exists():
                delivered = Ledger(_block(connection, ledger, block), {}, ledger.name, "canonical", "")
                tables = with_rating_scales(known_tables(delivered, settings, as_of=as_of), scales)
                _write(ingest(tables, coding=coding).only(block), folder, number)
            told(number + 1, len(blocks))


def open_acts(engine: Engine, folder: Path) -> Sources:
    """Return the legs of a folder of acts as lazy frames of an engine."""
    customers = engine.frame(folder / "customers", "customers")
    return Sources(customers, {name: engine.frame(folder / name, f"legs_{name}") for name in STREAMS.names})


def first_day(folder: Path) -> Timestamp:
    """Return the day on which the first movement of all became known."""
    days = [
        pd.read_parquet(file, columns=["day"])["day"].min() for file in (folder / "movements").glob("block_*.parquet")
    ]
    return Timestamp(int(Series(days).min()), unit="D").as_unit("us")


def last_day(ledger: Path) -> Timestamp:
    """Return the last day on which an invoice or a receipt entered the books.

    Raises
    ------
    LedgerError
        The folder has no table of invoices, or no row in it.
    """
    with duckdb.connect() as connection:
        rows = [_read(connection, ledger, table, "true")["recorded_date"].max() for table in (INVOICES, PAYMENTS)]
    known = Series(rows).dropna()
    if known.empty:
        raise LedgerError(f"{ledger.name}: there is no invoice and no receipt; give a ledger with documents")
    return Timestamp(known.max())


def _file(folder: Path, name: str, number: int) -> Path:
    return folder / name / f"block_{number:05d}.parquet"


def _write(acts: Acts, folder: Path, number: int) -> None:
    """Write the legs, and last the customers, whose file says that the block is done."""
    frames = {**acts.legs, "customers": acts.customers}
    for name, frame in frames.items():
        content = frame.to_parquet(index=False, compression="zstd")
        write_atomically(_file(folder, name, number), content)


def _whole(connection: duckdb.DuckDBPyConnection, ledger: Path, table: Table) -> DataFrame:
    return _read(connection, ledger, table, "true")


def _block(connection: duckdb.DuckDBPyConnection, ledger: Path, block: Sequence[str]) -> dict[str, DataFrame]:
    """Tables of some customers, and the invoices of others that their receipts and credit notes settle."""
    connection.register("block", DataFrame({"customer_id": block}))
    tables: dict[str, DataFrame] = {}
    for table in LEDGER_TABLES:
        if table.name not in OF_INVOICES:
            condition = THEIRS if "customer_id" in table.names else "true"
            tables[table.name] = _read(connection, ledger, table, condition)
    sources = [tables["payments"]["payment_id"], tables["credit_notes"]["credit_note_id"]]
    connection.register("sources", DataFrame({"source_id": pd.concat(sources)}))
    settled = _read(connection, ledger, ALLOCATIONS, "source_id in (select source_id from sources)")
    connection.register("settled", settled[["invoice_id"]])
    others = f"{THEIRS} or invoice_id in (select invoice_id from settled)"
    tables["invoices"] = _read(connection, ledger, INVOICES, others)
    connection.register("numbers", tables["invoices"][["invoice_id"]])
    for table in (INSTALMENTS, ALLOCATIONS):
        tables[table.name] = _read(connection, ledger, table, "invoice_id in (select invoice_id from numbers)")
    return tables


def _read(connection: duckdb.DuckDBPyConnection, ledger: Path, table: Table, condition: str) -> DataFrame:
    file = ledger / f"{table.name}.parquet"
    if file.exists():
        rows = connection.read_parquet(str(file)).filter(condition).df()
        return check(rows[[name for name in rows.columns if name in table.names]], table)
    if table.name in ("customers", "invoices"):
        raise LedgerError(
            f"{ledger.name}: there is no {file.name}; give a folder with the canonical tables as Parquet files, as the "
            "folder of a run holds them (docs/dictionary.md)"
        )
    return empty(table)
