"""A column of text as its different cells: what repeats is cleaned, parsed and judged once."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas import DataFrame, Series


@dataclass(frozen=True)
class Coded:
    """A column of text, each different cell once.

    Parameters
    ----------
    codes : by row, which of the cells it holds; None where row and cell are the same
    distinct : the different cells, in order of first appearance

    Examples
    --------
    >>> column = coded(Series(["a", "b", "a"], dtype="str"))
    >>> column.distinct.tolist(), column.rows(column.distinct.str.upper()).tolist()
    (['a', 'b'], ['A', 'B', 'A'])
    """

    codes: NDArray[np.intp] | NDArray[np.int32] | None
    distinct: Series

    @cached_property
    def as_arrow(self) -> pa.Array:
        """The different cells as an Arrow array."""
        return arrow(self.distinct)

    def rows(self, values: Series) -> Series:
        """Return values given by different cell as one value per row."""
        return values if self.codes is None else Series(values.array.take(self.codes), copy=False)

    def at(self, row: int) -> object:
        """Return the cell of one row."""
        return self.distinct.iloc[row if self.codes is None else int(self.codes[row])]

    def with_distinct(self, distinct: Series) -> "Coded":
        """Return the column with each cell replaced by another."""
        return replace(self, distinct=distinct)


def arrow(cells: Series) -> pa.Array:
    """Return a column of text as one Arrow array."""
    array = pa.array(cells)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def marks(found: pa.Array) -> NDArray[np.bool_]:
    """Return an Arrow array of marks as numpy; what is missing is not marked."""
    filled = found.fill_null(False) if found.null_count else found
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)


def coded(cells: Series) -> Coded:
    """Return a column of text without missing cells by its different cells."""
    encoded = arrow(cells).dictionary_encode()
    if len(encoded.dictionary) == len(cells):
        return Coded(None, cells)
    distinct = Series(pd.array(encoded.dictionary, dtype="str"), copy=False)
    return Coded(encoded.indices.to_numpy(), distinct)


@dataclass(frozen=True)
class Stacked:
    """Rows of all files of a source as text, under the names of their columns.

    Parameters
    ----------
    text : columns; those that are not read stand under names that begin with NUL
    labels : by file, how its lines are called (``line `` or ``FILE line ``)
    files : by row, the file; None for a single file
    lines : by row, the line in its file
    malformed : by row, whether the number of its fields is not the header's
    names : by row, what it is called instead of its line; None = by its line
    """

    text: DataFrame
    labels: tuple[str, ...]
    files: NDArray[np.int64] | None
    lines: NDArray[np.int64]
    malformed: NDArray[np.bool_]
    names: Series | None = None

    @cached_property
    def _coded(self) -> dict[str, Coded]:
        return {}

    def column(self, name: str) -> Coded:
        """Return one column by its different cells; made once."""
        if name not in self._coded:
            self._coded[name] = coded(self.text[name])
        return self._coded[name]

    def line(self, row: int) -> str:
        """Return what a row is called in messages."""
        if self.names is not None:
            return f"row {self.names.iloc[row]}"
        file = 0 if self.files is None else int(self.files[row])
        return f"{self.labels[file]}{int(self.lines[row])}"

    def first_lines(self, rows: NDArray[np.bool_], limit: int = 4) -> list[str]:
        """Return what the first of the marked rows are called."""
        return [self.line(int(row)) for row in np.flatnonzero(rows)[:limit]]

    def repeated(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the mark of the kept rows that repeat an earlier kept one in every column."""
        result = np.zeros(len(kept), dtype=bool)
        names = sorted(self.text.columns, key=lambda name: str(name).startswith("\0"))
        if any(self.column(name).codes is None for name in names):
            return result
        codes = DataFrame({place: self.column(name).codes for place, name in enumerate(names)})
        result[kept] = codes[kept].duplicated().to_numpy()
        return result


def is_among(values: Series, known: Series) -> NDArray[np.bool_]:
    """Return the mark of text values that stand in another column; missing ones never do."""
    return marks(pc.is_in(arrow(values), value_set=arrow(known), skip_nulls=True))


def full_match(cells: Series, pattern: str) -> NDArray[np.bool_]:
    """Return the mark of text that a regular expression fits as a whole; missing text never does."""
    return marks(pc.match_substring_regex(arrow(cells), f"^(?:{pattern})$"))
