"""The way in and out that all engines share, so that the same table comes back with the same types from each."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pandas import DataFrame, Series

from riskresearch.base.errors import RunError

BATCH_ROWS = 122_880  # rows that one thread of DuckDB takes at a time
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def arrow_table(frame: DataFrame) -> pa.Table:
    """Return a pandas frame as an Arrow table in batches, missing values as nulls, without its index.

    Examples
    --------
    >>> arrow_table(DataFrame({"pd_ratio": [0.5, None]})).column("pd_ratio").null_count
    1
    """
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS), table.schema)


def pandas_frame(table: pa.Table) -> DataFrame:
    """Return an Arrow table as a pandas frame: int64 (Int64 where there are nulls), float64, str.

    Examples
    --------
    >>> frame = pandas_frame(pa.table({"n": pa.array([1, 2], pa.uint32()), "open_minor": [5, None]}))
    >>> [str(dtype) for dtype in frame.dtypes]
    ['int64', 'Int64']
    """
    columns = {name: _series(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    return DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def parquet_files(path: Path) -> list[Path]:
    """Return a Parquet file, or the Parquet files of a folder and its subfolders by name; hidden ones are left out."""
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*.parquet")
            if not any(part.startswith((".", "_")) for part in file.relative_to(path).parts)
        )
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise RunError(f"{path}: there is no Parquet file; give a file, or a folder that holds *.parquet")
    return found


def _series(column: pa.ChunkedArray) -> Series:
    kind = column.type
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0):
        column = column.cast(pa.int64())
    elif pa.types.is_floating(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    return column.to_pandas(types_mapper=NULLABLE.get if column.null_count else None)
