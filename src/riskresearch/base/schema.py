"""The table dictionary: every table is declared once and checked when written and when read."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys

DTYPES: Mapping[str, str] = {
    "text": "str",
    "code": "str",
    "date": "datetime64[us]",
    "minor": "Int64",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column of a table: type, unit and meaning.

    ``kind`` is one of `DTYPES`; ``minor`` is money in integer minor units (cents).
    """

    name: str
    kind: str
    meaning: str
    nullable: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: grain ("one row per …"), key columns and columns in order."""

    name: str
    stage: str
    grain: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns in declared order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return the declaration of one column."""
        return next(column for column in self.columns if column.name == name)


def conform(frame: DataFrame, table: Table) -> DataFrame:
    """Return the frame with the table's columns, order and types, sorted by its keys.

    Missing nullable columns are added empty; unknown columns are refused.

    Raises
    ------
    TableError
        A column is unknown, missing, or cannot take its declared type.
    """
    unknown = [name for name in frame.columns if name not in table.names]
    missing = [c.name for c in table.columns if c.name not in frame and not c.nullable]
    if unknown or missing:
        raise TableError(
            f"{table.name}: unknown columns {unknown}, missing columns {missing}; "
            f"the table has {table.names}; see docs/dictionary.md"
        )
    typed = {column.name: _typed(frame, table, column) for column in table.columns}
    return DataFrame(typed).sort_values(list(table.keys), kind="stable", ignore_index=True)


def check(frame: DataFrame, table: Table) -> DataFrame:
    """Return the conformed frame after checking nulls, codes and unique keys.

    Raises
    ------
    TableError
        Says which column, how many rows, the first three keys and what is allowed.
    """
    conformed = conform(frame, table)
    for column in table.columns:
        values = conformed[column.name]
        if not column.nullable:
            _refuse(conformed, table, column, values.isna(), "must not be empty")
        if column.codes:
            wrong = values.notna() & ~values.isin(list(column.codes))
            _refuse(conformed, table, column, wrong, f"must be one of {list(column.codes)}")
    doubled = conformed.duplicated(list(table.keys))
    if doubled.any():
        keys = conformed.loc[doubled, list(table.keys)].astype(str).agg("/".join, axis=1)
        raise TableError(
            f"{table.name}: {int(doubled.sum())} rows repeat the key {'/'.join(table.keys)} "
            f"({first_keys(keys)}); keep one row per key ({table.grain})"
        )
    return conformed


def empty(table: Table) -> DataFrame:
    """Return the table with its columns and types and no row."""
    return conform(DataFrame({c.name: Series(dtype=DTYPES[c.kind]) for c in table.columns}), table)


def _typed(frame: DataFrame, table: Table, column: Column) -> Series:
    dtype = DTYPES[column.kind]
    if dtype == "Int64" and not column.nullable:
        dtype = "int64" if frame[column.name].notna().all() else dtype
    if column.name not in frame:
        return Series(pd.NA if dtype in ("Int64", "boolean") else None, index=frame.index, dtype=dtype)
    try:
        return frame[column.name].astype(dtype)
    except (TypeError, ValueError) as cause:
        raise TableError(
            f"{table.name}.{column.name}: cannot be read as {column.kind} ({column.meaning}): {cause}"
        ) from cause


def _refuse(frame: DataFrame, table: Table, column: Column, wrong: Series, rule: str) -> None:
    if not wrong.any():
        return
    keys = frame.loc[wrong, list(table.keys)].astype(str).agg("/".join, axis=1)
    raise TableError(
        f"{table.name}.{column.name}: {int(wrong.sum())} rows ({first_keys(keys)}) {rule}; "
        f"correct the delivery or the step that makes {table.name}"
    )


def table_dictionary(*groups: tuple[Table, ...]) -> dict[str, Table]:
    """Return tables by name; a name declared twice is refused."""
    tables: dict[str, Table] = {}
    for table in (table for group in groups for table in group):
        if table.name in tables:
            raise TableError(f"table {table.name} is declared twice")
        tables[table.name] = table
    return tables
