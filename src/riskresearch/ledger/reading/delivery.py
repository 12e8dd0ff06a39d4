"""Delivered files as rows of text: delimited text, Excel and Parquet all become the same kind of frame.

Cells that a file holds as numbers or dates (Excel, Parquet) are written out in the mapping's own
format, so one set of rules reads them all.
"""

import csv
import datetime as dt
import gzip
import io
import unicodedata
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal
from zipfile import BadZipFile

import openpyxl
import pandas as pd
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException
from pandas import DataFrame, Series
from pyarrow import parquet

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.formats import Format
from riskresearch.ledger.reading.plain import PlainRows, plain_rows
from riskresearch.ledger.reading.sniff import SEPARATORS, decode, refuse_binary, sniff_separator

TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".dat", ".asc")
SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", ".xlsm", ".parquet")
CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class RawFile:
    """A delivered file: its name and its bytes."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """Extension without the compression."""
        return PurePath(self.name.lower().removesuffix(".gz")).suffix


@dataclass(frozen=True)
class RawRows:
    """Rows of one file as text.

    Parameters
    ----------
    name : name of the file
    header : column names, trimmed
    cells : one column per header position, text, empty cells as ""
    lines : line of each row in the file
    malformed : lines whose number of fields is not the header's
    notes : what was repaired, counted
    row_names : what each row is called where lines mean nothing; None = by its line
    """

    name: str
    header: tuple[str, ...]
    cells: DataFrame
    lines: Series
    malformed: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    row_names: Series | None = None


Row = tuple[int, Sequence[str]]


def read_rows(file: RawFile, form: Format, *, n_rows: int | None = None) -> RawRows:
    """Return the rows of a delivered file as text, at most `n_rows` of them.

    Raises
    ------
    LedgerError
        The file is empty, binary, encrypted, damaged or of an unknown kind.
    """
    refuse_unknown_kind(file)
    content = _unpacked(file)
    if not content:
        raise LedgerError(f"{file.name}: file is empty (0 bytes); deliver a table with a header row")
    if file.suffix == ".parquet":
        return _parquet_rows(content, file.name, form, n_rows)
    notes: tuple[str, ...] = ()
    if file.suffix in TEXT_SUFFIXES:
        text = decode(content, name=file.name, encoding=form.encoding)
        if n_nul := text.count("\0"):
            text, notes = text.replace("\0", ""), (f"{file.name}: {n_nul} NUL characters removed",)
        text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        separator = "\t" if form.separator == "tab" else form.separator or sniff_separator(text)
        if n_rows is None:
            plain = plain_rows(text, separator=separator, skip_rows=form.skip_rows, quotes=form.quotes)
            if plain is not None:
                return _plain(plain, file.name, notes)
        rows = _text_rows(text, file.name, form, separator)
    else:
        sheet, notes = _workbook(content, file.name, form)
        rows = _sheet_rows(sheet, form)
    return _collect(rows, file.name, notes, n_rows)


def refuse_unknown_kind(file: RawFile) -> None:
    """Raise `LedgerError` for a file whose extension is not read."""
    if file.suffix not in SUFFIXES:
        raise LedgerError(
            f"{file.name}: files of kind {file.suffix or '(no extension)'} are not read; allowed are "
            f"{', '.join(SUFFIXES)}, also with .gz; export the ledger in one of them"
        )


def clean_header(cell: str) -> str:
    """Return a column name without surrounding blanks and control characters, in composed form."""
    kept = (mark if unicodedata.category(mark)[0] != "C" else " " for mark in unicodedata.normalize("NFC", cell))
    return " ".join("".join(kept).split())


def number_text(value: float | Decimal | int, decimal: str) -> str:
    """Return a number without exponent, with the format's decimal mark; empty for a missing one."""
    if pd.isna(value):
        return ""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        return str(value)
    text = format(exact, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", decimal)


def _unpacked(file: RawFile) -> bytes:
    if not file.name.lower().endswith(".gz"):
        return file.content
    try:
        return gzip.decompress(file.content)
    except (OSError, EOFError, zlib.error) as cause:
        raise LedgerError(f"{file.name}: damaged gzip archive ({cause}); deliver the file again") from cause


def _plain(plain: PlainRows, name: str, notes: tuple[str, ...]) -> RawRows:
    header = tuple(clean_header(cell) for cell in plain.header)
    return RawRows(name, header, plain.cells, Series(plain.lines), tuple(plain.malformed), notes)


def _text_rows(text: str, name: str, form: Format, separator: str) -> Iterator[Row]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    for _ in range(form.skip_rows):
        lines.readline()
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    line = form.skip_rows + 1
    try:
        for cells in reader:
            if any(cell and not cell.isspace() for cell in cells):
                yield line, cells
            line = form.skip_rows + reader.line_num + 1
    except csv.Error as cause:
        raise LedgerError(
            f"{name}: line {line}: a quoted cell is not closed, or text follows its closing quote ({cause}); "
            f"quotes inside a cell are doubled; correct the line, or set format.quotes to false"
        ) from cause


def _workbook(content: bytes, name: str, form: Format) -> tuple[list[tuple[Any, ...]], tuple[str, ...]]:
    """Cells of the sheet that is read, and what the workbook's reader remarked."""
    if not content.startswith(b"PK\x03\x04"):
        refuse_binary(content, name=name)
        raise LedgerError(f"{name}: is not an Excel workbook; save it again as .xlsx or as CSV in UTF-8")
    try:
        with warnings.catch_warnings(record=True, action="always") as remarks:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            rows = list(_sheet(book, name, form).iter_rows(values_only=True))
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, zlib.error) as cause:
        raise LedgerError(f"{name}: damaged Excel workbook ({cause}); save it again as .xlsx or as CSV") from cause
    return rows, tuple(dict.fromkeys(f"{name}: {remark.message}" for remark in remarks))


def _sheet_rows(rows: list[tuple[Any, ...]], form: Format) -> Iterator[Row]:
    width = 0
    for line, cells in enumerate(rows[form.skip_rows :], start=form.skip_rows + 1):
        texts = [cell_text(cell, form) for cell in cells]
        while texts and not texts[-1].strip():
            texts.pop()
        width = width or len(texts)
        if texts:
            yield line, texts + [""] * (width - len(texts))


def _sheet(book: Any, name: str, form: Format) -> Any:
    if form.sheet is None:
        return next((sheet for sheet in book.worksheets if (sheet.max_row or 0) > 1), book.worksheets[0])
    if form.sheet not in book.sheetnames:
        raise LedgerError(f"{name}: no sheet {form.sheet!r}; the workbook has {book.sheetnames}; set format.sheet")
    return book[form.sheet]


def cell_text(cell: Any, form: Format) -> str:
    """Return a typed cell as text in the mapping's own format."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case int() | float() | Decimal():
            return number_text(cell, form.decimal)
        case dt.date():
            return cell.strftime(form.dates[0])
        case _:
            return str(cell)


def _collect(rows: Iterator[Row], name: str, notes: tuple[str, ...], n_rows: int | None) -> RawRows:
    first = next(rows, None)
    if first is None:
        raise LedgerError(f"{name}: file is empty (no header row); deliver a table with a header row")
    header = tuple(clean_header(cell) for cell in first[1])
    chunks, lines, malformed = [_frame([], len(header))], list[int](), list[int]()
    chunk: list[Sequence[str]] = []
    widths: tuple[int, ...] = ()
    for line, cells in rows:
        widths = widths or _row_widths(cells, len(header))
        if len(cells) not in widths or any(cells[len(header) :]):
            malformed.append(line)
            continue
        chunk.append(cells[: len(header)])
        lines.append(line)
        if len(chunk) == CHUNK_ROWS:
            chunks.append(_frame(chunk, len(header)))
            chunk = []
        if len(lines) == n_rows:
            break
    frame = pd.concat([*chunks, _frame(chunk, len(header))], ignore_index=True)
    return RawRows(name, header, frame, Series(lines, dtype="int64"), tuple(malformed), notes)


def _row_widths(first_row: Sequence[str], width: int) -> tuple[int, ...]:
    """Widths a row may have: the header's, and one more where the first row ends in a separator."""
    ends_in_separator = len(first_row) == width + 1 and not first_row[-1]
    return (width, width + 1) if ends_in_separator else (width,)


def _frame(rows: list[Sequence[str]], width: int) -> DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in range(width))
    return DataFrame({place: Series(list(cells), dtype="str") for place, cells in enumerate(columns)})


def _parquet_rows(content: bytes, name: str, form: Format, n_rows: int | None) -> RawRows:
    try:
        table = parquet.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as cause:
        raise LedgerError(f"{name}: damaged Parquet file ({cause}); write it again") from cause
    table = table.slice(0, n_rows) if n_rows is not None else table
    header = tuple(clean_header(column) for column in table.column_names)
    cells = {place: _arrow_text(column, form) for place, column in enumerate(table.columns)}
    lines = Series(range(1, table.num_rows + 1), dtype="int64")
    return RawRows(name, header, DataFrame(cells), lines)


def _arrow_text(column: pa.ChunkedArray, form: Format) -> Series:
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = column.cast(pa.timestamp("us")).to_pandas()
        return days.dt.strftime(form.dates[0]).astype("str").fillna("")
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        texts = [number_text(value, form.decimal) for value in column.to_pylist()]
        return Series(texts, dtype="str")
    if pa.types.is_boolean(kind):
        return Series([str(value).lower() if value is not None else "" for value in column.to_pylist()], dtype="str")
    return Series(["" if value is None else str(value) for value in column.to_pylist()], dtype="str")


def other_separator(rows: RawRows) -> str | None:
    """Return the separator that seems to be inside a one-column header, if any."""
    if len(rows.header) > 1:
        return None
    return next((mark for mark in SEPARATORS if mark in rows.header[0]), None)
