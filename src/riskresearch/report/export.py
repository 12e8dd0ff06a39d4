"""Tables for spreadsheets: Excel and CSV in which no text can act as a formula, same bytes for same tables."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.base.run import write_atomically
from riskresearch.base.text import safe_text
from riskresearch.report.cells import HIDDEN, kind_of

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
CELL_CHARACTERS = 32_767
SHEET_ROWS = 1_048_576
FIXED_TIME = dt.datetime(2000, 1, 1)
NUMBER_FORMATS = {"amount": "#,##0.00", "ratio": "0.0%", "probability": "0.00%", "days": "0.0", "date": "yyyy-mm-dd"}


def csv_bytes(frame: DataFrame, *, separator: str = ",", show_names: bool = False) -> bytes:
    """Return a table as CSV (UTF-8 with mark, so Excel reads accents); numbers are not rounded or translated."""
    content = _shown(frame, show_names).map(_neutral)
    content.columns = [safe_text(str(name)) for name in content.columns]
    text = content.to_csv(index=False, sep=separator, lineterminator="\r\n", date_format="%Y-%m-%d")
    return b"\xef\xbb\xbf" + text.encode()


def workbook_bytes(
    tables: Mapping[str, DataFrame], *, show_names: bool = False, headings: Mapping[str, str] | None = None
) -> bytes:
    """Return tables as an Excel workbook, one sheet each, numbers as numbers.

    Parameters
    ----------
    tables : table by name of its sheet
    show_names : show names of customers, hidden otherwise
    headings : heading by column, for readers; a column without one is headed by its name

    Raises
    ------
    TableError
        There is no table, a table has more rows than a sheet, or its name is no sheet name.
    """
    if not tables:
        raise TableError("workbook: there is no table to write; give at least one")
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, frame in tables.items():
        if len(frame) >= SHEET_ROWS or len(name) > 31 or re.search(r"[\[\]:*?/\\]", name):
            raise TableError(
                f"workbook: table {name!r} with {len(frame)} rows does not fit a sheet (1,048,575 rows, "
                f"names of 31 letters without []:*?/\\); write it as CSV"
            )
        _fill(book.create_sheet(name), _shown(frame, show_names), headings or {})
    buffer = io.BytesIO()
    book.save(buffer)
    return _repacked(buffer.getvalue())


def write_workbook(tables: Mapping[str, DataFrame], path: Path, *, show_names: bool = False) -> None:
    """Write tables as an Excel workbook, whole; see `workbook_bytes`."""
    write_atomically(path, workbook_bytes(tables, show_names=show_names))


def _shown(frame: DataFrame, show_names: bool) -> DataFrame:
    return frame if show_names else frame.drop(columns=[name for name in HIDDEN if name in frame])


def _neutral(value: Any) -> Any:
    return safe_text(value) if isinstance(value, str) else value


def _fill(sheet: Worksheet, frame: DataFrame, headings: Mapping[str, str]) -> None:
    sheet.append([safe_text(headings.get(str(name), str(name))) for name in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        sheet.append([_cell(value) for value in row])
    for place, name in enumerate(frame.columns, start=1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = min(max(len(headings.get(str(name), str(name))) + 3, 12), 40)
        shown = NUMBER_FORMATS.get(kind_of(frame, name))
        for cell in sheet[letter][1:] if shown else ():
            cell.number_format = shown
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _cell(value: Any) -> Any:
    """Value a sheet can hold: nothing for missing or infinite numbers, text without control characters."""
    if value is None or (not isinstance(value, str) and (pd.isna(value) or value in (float("inf"), float("-inf")))):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, str):
        text = safe_text(UNPRINTABLE.sub(" ", value))
        return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 6] + " [cut]"
    return value.item() if hasattr(value, "item") else value


def _repacked(content: bytes) -> bytes:
    """Return the archive with fixed times, so the bytes depend on the tables alone."""
    stamp = FIXED_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in sorted(source.namelist()):
            part = source.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, part)
            info = zipfile.ZipInfo(name, FIXED_TIME.timetuple()[:6])
            target.writestr(info, part, compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()
