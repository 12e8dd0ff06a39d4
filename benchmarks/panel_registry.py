"""All registered features of the same ledger, whose acts the project's streams make; the other sources are empty."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from pandas import DataFrame, Series

from panel_ledger import INVOICES_PER_CUSTOMER, SEED, Items, blocks
from panel_task import FOLDER, HERE, MONTH_ENDS, digest, version
from riskresearch.base.schema import conform, empty
from riskresearch.features import streams
from riskresearch.features.blocks import open_acts
from riskresearch.features.engines import open_engine
from riskresearch.features.ingest import Coding, ingest
from riskresearch.features.panel import Grid, panel
from riskresearch.features.snapshots import registered
from riskresearch.ledger.default import DEFAULTS
from riskresearch.ledger.movements import MOVEMENTS
from riskresearch.ledger.tables import CUSTOMERS, INVOICES, LEDGER_TABLES

GRID = Grid(days=MONTH_ENDS, wanted=(True,) * len(MONTH_ENDS))
KEYS, DONE = ("customer_code", "day"), "done"
SECTORS, COUNTRIES, COMPANIES_PER_GROUP = 20, 10, 5


def features(n_invoices: int, *, memory_limit_mb: int | None = None) -> Callable[[], Callable[[], float]]:
    """Return a call that computes every registered feature of the ledger of this size, and answers their digest."""
    source, target = acts_folder(n_invoices), FOLDER / f"features_of_{n_invoices}_{memory_limit_mb}.parquet"

    def call() -> Callable[[], float]:
        with open_engine(memory_limit_mb=memory_limit_mb, spill_folder=FOLDER) as engine:
            engine.write(panel(engine, open_acts(engine, source), GRID, registered()), target)
        return lambda: digest(target, KEYS, list(registered()))

    return call


def reading(n_invoices: int) -> Callable[[], float]:
    """Return a call that reads all acts of the ledger of this size, all columns, and gives the number of sources."""
    folders = [folder for folder in sorted(acts_folder(n_invoices).iterdir()) if folder.is_dir()]

    def call() -> float:
        with duckdb.connect() as connection:
            for folder in folders:
                connection.read_parquet(f"{folder}/*.parquet").aggregate("bit_xor(hash(columns(*)))").fetchall()
        return float(len(folders))

    return call


def acts_folder(n_invoices: int, seed: int = SEED) -> Path:
    """Folder of the acts of a ledger of this size; `ledger_folder` fills it."""
    features = Path(streams.__file__).parents[1]
    made_by = [Path(__file__), HERE / "panel_ledger.py", features / "ingest.py", *sorted(features.glob("streams/*.py"))]
    return FOLDER / f"acts_{n_invoices}_{seed}_{version(made_by)}"


def ledger_folder(n_invoices: int, *, seed: int = SEED) -> Path:
    """Return the folder of acts of `n_invoices` invoices; it is filled where that has not been done yet."""
    folder = acts_folder(n_invoices, seed)
    if not (folder / DONE).exists():
        customers = _customers(n_invoices)
        coding = Coding.of(customers)
        for number, items in enumerate(blocks(n_invoices, seed=seed)):
            acts = ingest(_tables(items, customers), coding=coding)
            for name, rows in {**acts.legs, "customers": acts.customers}.items():
                (folder / name).mkdir(parents=True, exist_ok=True)
                rows.to_parquet(folder / name / f"block_{number:05d}.parquet", index=False, compression="zstd")
        (folder / DONE).touch()
    return folder


def _customers(n_invoices: int) -> DataFrame:
    """Every customer, in sectors and countries of unlike size; every other one belongs to a group."""
    number = np.arange(max(n_invoices // INVOICES_PER_CUSTOMER, 1))
    columns = {
        "customer_id": _ids("C", number),
        "group_id": _ids("G", number // (2 * COMPANIES_PER_GROUP)).where(number % 2 == 0),
        "country_code": _ids("L", number % 100 % COUNTRIES),
        "sector_code": _ids("S", number**2 % SECTORS),
        "customer_type_code": "b2b",
    }
    return conform(DataFrame(columns), CUSTOMERS)


def _tables(items: Items, customers: DataFrame) -> dict[str, DataFrame]:
    """Canonical tables of a block of items: its customers, invoices and movements."""
    tables = {table.name: empty(table) for table in LEDGER_TABLES}
    customer, number = _ids("C", items.customer), _ids("I", np.arange(len(items.day)))
    common = {"customer_id": customer, "invoice_id": number, "invoice_date": _dates(items.day)}
    documents = DataFrame(common | {"due_date": _dates(items.due), "invoice_kind_code": "invoice"})
    columns = {"recorded_date": documents["invoice_date"], "gross_minor": items.amount, "base_minor": items.amount}
    columns |= {"currency_code": "EUR", "invoice_date_source_code": "source"}
    scale = {"provider_code": "str", "rating_code": "str", "rating_micro": "int64"}
    return tables | {
        "customers": customers[customers["customer_id"].isin(customer)].reset_index(drop=True),
        "invoices": conform(documents.assign(**columns), INVOICES),
        "movements": _movements(items, documents),
        "defaults": empty(DEFAULTS),
        "rating_scales": DataFrame({name: Series(dtype=dtype) for name, dtype in scale.items()}),
    }


def _movements(items: Items, documents: DataFrame) -> DataFrame:
    """Movements of the items in the order of the table: each item, then its payments."""
    day, amount, is_known = items.acts()
    row, act = np.nonzero(is_known)
    known = _dates(day[is_known])
    columns = {
        "movement_id": _ids("M", np.arange(len(row))),
        "item_id": documents["invoice_id"].to_numpy()[row],
        "movement_code": np.where(act == 0, "invoice", "payment"),
        "effective_date": known,
        "known_date": known,
        "currency_code": "EUR",
        "document_minor": amount[is_known],
        "base_minor": amount[is_known],
    }
    return conform(documents.take(row).reset_index(drop=True).assign(**columns), MOVEMENTS)


def _ids(letter: str, numbers: np.ndarray) -> Series:
    return Series(letter + Series(numbers).astype("str").str.zfill(9), dtype="str")


def _dates(days: np.ndarray) -> Series:
    return Series(days.astype("datetime64[D]").astype("datetime64[us]"))
