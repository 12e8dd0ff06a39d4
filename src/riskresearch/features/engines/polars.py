"""Polars, all in memory: as fast as DuckDB on what fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.base.files import whole_file
from riskresearch.features.engines.arrow import arrow_table, pandas_frame, parquet_files


class Polars:
    """Polars; see `riskresearch.features.engines.Engine`."""

    name = "polars"

    def frame(self, data: DataFrame | Path, name: str) -> nw.LazyFrame[Any]:
        """Return data as a lazy frame."""
        if isinstance(data, Path):
            return nw.from_native(pl.scan_parquet(parquet_files(data), glob=False, hive_partitioning=False))
        return nw.from_native(pl.DataFrame(arrow_table(data)).lazy())

    def collect(self, lazy: nw.LazyFrame[Any]) -> DataFrame:
        """Compute a lazy frame as a pandas frame."""
        return pandas_frame(lazy.to_native().collect().to_arrow())

    def kept(self, lazy: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """Compute a lazy frame and keep it in memory."""
        return nw.from_native(lazy.to_native().collect().lazy())

    def write(self, lazy: nw.LazyFrame[Any], file: Path) -> None:
        """Compute a lazy frame into one Parquet file."""
        with whole_file(file) as temporary:
            lazy.to_native().sink_parquet(temporary, compression="zstd")


@contextmanager
def opened(memory_limit_mb: int | None, spill_folder: Path | None, threads: int | None) -> Iterator[Polars]:
    """Return Polars, which needs no opening and cannot be limited."""
    if memory_limit_mb is not None or threads is not None:
        raise SettingsError(
            "engine polars: takes all memory and cores and cannot be limited; leave memory_limit_mb and threads out, "
            "or choose the engine duckdb"
        )
    yield Polars()
