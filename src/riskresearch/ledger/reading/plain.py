"""Delimited text without quotes, split into columns at once."""

import csv
import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pandas import DataFrame
from pyarrow import csv as arrow_csv

BLOCK_BYTES = 16_000_000


@dataclass(frozen=True)
class PlainRows:
    """Rows of a text without quotes.

    Parameters
    ----------
    header : cells of the first line that is not blank
    cells : one column per header position
    lines : line of each row
    malformed : lines whose number of fields is not the header's
    """

    header: list[str]
    cells: DataFrame
    lines: NDArray[np.int64]
    malformed: list[int]


def plain_rows(text: str, *, separator: str, skip_rows: int, quotes: bool) -> PlainRows | None:
    """Return the rows of a text, or None where it holds quotes or anything that asks for slower reading.

    Rows whose cells are all blank are left out, as a reader line by line leaves them out.
    """
    if (quotes and '"' in text) or not separator.isascii():
        return None
    start, first_line = _header_start(text, skip_rows, separator)
    end = text.find("\n", start)
    header = next(csv.reader([text[start:end]], delimiter=separator, quoting=csv.QUOTE_NONE), [])
    if end < 0 or len(header) < 2:
        return None
    try:
        return _split(text[end + 1 :], header, separator, first_line)
    except pa.ArrowException:
        return None


def _header_start(text: str, skip_rows: int, separator: str) -> tuple[int, int]:
    """Position and line of the first line that is not blank."""
    start, line = 0, 1
    for _ in range(skip_rows):
        start = text.find("\n", start) + 1 or len(text)
        line += 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].replace(separator, "").strip():
            break
        start, line = end + 1, line + 1
    return start, line


def _split(body: str, header: list[str], separator: str, header_line: int) -> PlainRows | None:
    odd: list[tuple[int, str]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        odd.append((row.number, row.text))
        return "skip"

    table = _table(body, len(header), separator, note, use_threads=True)
    if odd:
        odd.clear()
        table = _table(body, len(header), separator, note, use_threads=False)
    if any(told.count(separator) == len(header) and told.endswith(separator) for _, told in odd):
        return None
    cells = table.to_pandas()
    cells.columns = range(len(header))
    numbers = np.arange(1, len(cells) + len(odd) + 1)
    lines = header_line + np.delete(numbers, [number - 1 for number, _ in odd])
    blank = _blank(cells)
    malformed = [header_line + number for number, told in odd if told.replace(separator, "").strip()]
    if blank.any():
        cells, lines = cells[~blank].reset_index(drop=True), lines[~blank]
    return PlainRows(header, cells, lines, malformed)


def _table(body: str, width: int, separator: str, note: object, *, use_threads: bool) -> pa.Table:
    """Rows as Arrow reads them; only a single thread can tell the number of an odd row."""
    names = [str(place) for place in range(width)]
    if not body:
        return pa.table({name: pa.array([], pa.large_string()) for name in names})
    content = body.encode("utf-8")
    return arrow_csv.read_csv(
        io.BytesIO(content),
        read_options=arrow_csv.ReadOptions(
            use_threads=use_threads, column_names=names, block_size=min(BLOCK_BYTES, len(content) + 1)
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator,
            quote_char=False,
            double_quote=False,
            newlines_in_values=False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _blank(cells: DataFrame) -> NDArray[np.bool_]:
    blank: NDArray[np.bool_] = (cells[0].str.strip() == "").to_numpy(dtype=bool)
    for place in range(1, cells.shape[1]):
        if not blank.any():
            break
        blank = blank & (cells[place].str.strip() == "").to_numpy(dtype=bool)
    return blank
