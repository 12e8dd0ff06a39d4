"""The embedded default: DuckDB, which writes to disk what does not fit into its memory limit."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
from pandas import DataFrame

from riskresearch.base.errors import RunError
from riskresearch.base.files import whole_file
from riskresearch.features.engines.arrow import arrow_table, pandas_frame, parquet_files

Settings = dict[str, str | bool | int | float | list[str]]


class DuckDB:
    """An open DuckDB; see `riskresearch.features.engines.Engine`."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._n_names = 0

    def frame(self, data: DataFrame | Path, name: str) -> nw.LazyFrame[Any]:
        """Return data as a lazy frame."""
        if isinstance(data, Path):
            files = [str(file) for file in parquet_files(data)]
            return nw.from_native(self._connection.read_parquet(files, hive_partitioning=False))
        unique = self._unique(name)
        self._connection.register(unique, arrow_table(data))
        return nw.from_native(self._connection.table(unique))

    def collect(self, lazy: nw.LazyFrame[Any]) -> DataFrame:
        """Compute a lazy frame as a pandas frame."""
        with self._explained():
            table = lazy.to_native().to_arrow_table()
        return pandas_frame(table)

    def kept(self, lazy: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """Compute a lazy frame into a table, on disk as far as it does not fit."""
        unique = self._unique(name)
        with self._explained():
            lazy.to_native().create(unique)
        return nw.from_native(self._connection.table(unique))

    def write(self, lazy: nw.LazyFrame[Any], file: Path) -> None:
        """Compute a lazy frame into one Parquet file."""
        with whole_file(file) as temporary, self._explained():
            lazy.to_native().write_parquet(str(temporary), compression="zstd", use_tmp_file=False)

    def _unique(self, name: str) -> str:
        """Return a name that no earlier frame has: a lazy frame finds its table by name when it is computed."""
        self._n_names += 1
        return re.sub(r"\W", "_", f"{name}_{self._n_names}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as cause:
            raise RunError(
                f"engine duckdb: {str(cause).splitlines()[0]}; raise memory_limit_mb, or give a spill_folder on a disk "
                "with more room"
            ) from cause


@contextmanager
def opened(memory_limit_mb: int | None, spill_folder: Path | None, threads: int | None) -> Iterator[DuckDB]:
    """Open a DuckDB in memory, with a folder of its own for what does not fit."""
    if spill_folder is not None:
        spill_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spill_folder, prefix="riskresearch-spill-") as folder:
        settings: Settings = {"temp_directory": folder, "preserve_insertion_order": False}
        if memory_limit_mb is not None:
            settings["memory_limit"] = f"{memory_limit_mb}MiB"
        if threads is not None:
            settings["threads"] = threads
        with duckdb.connect(":memory:", config=settings) as connection:
            yield DuckDB(connection)
