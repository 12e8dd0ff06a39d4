"""The text of a FEC: from bytes to named text fields, one row per line, nothing interpreted yet."""

import codecs
import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import LedgerError, first_keys

SEPARATORS = ("\t", "|", ";")
UNQUOTED_SEPARATOR = "\x1f"
END_OF_FILE = "\x1a"
MAX_MISSHAPEN_RATIO = 0.01
FILE_NAME = re.compile(r"(?P<siren>\d{9})FEC(?P<closing>\d{8}).*\.(txt|csv)", re.IGNORECASE)
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "journal_code": ("journalcode",),
    "journal_label": ("journallib", "journallibelle"),
    "entry_number": ("ecriturenum", "ecriturenumero"),
    "entry_date": ("ecrituredate",),
    "account": ("comptenum", "comptenumero"),
    "account_label": ("comptelib", "comptelibelle"),
    "aux_number": ("compauxnum", "compteauxnum"),
    "aux_label": ("compauxlib", "compteauxlib", "compauxlibelle"),
    "piece_ref": ("pieceref", "piecereference"),
    "piece_date": ("piecedate",),
    "label": ("ecriturelib", "ecriturelibelle"),
    "debit": ("debit",),
    "credit": ("credit",),
    "letter": ("ecriturelet", "ecriturelettrage"),
    "letter_date": ("datelet", "datelettrage"),
    "valid_date": ("validdate", "validationdate"),
    "foreign_amount": ("montantdevise",),
    "foreign_code": ("idevise",),
    "amount": ("montant",),
    "direction": ("sens",),
}
FIELD_OF_SPELLING = {spelling: field for field, spellings in SPELLINGS.items() for spelling in spellings}
OFFICIAL_NAMES: Mapping[str, str] = {
    "journal_code": "JournalCode",
    "journal_label": "JournalLib",
    "entry_number": "EcritureNum",
    "entry_date": "EcritureDate",
    "account": "CompteNum",
    "account_label": "CompteLib",
    "aux_number": "CompAuxNum",
    "aux_label": "CompAuxLib",
    "piece_ref": "PieceRef",
    "piece_date": "PieceDate",
    "label": "EcritureLib",
    "debit": "Debit",
    "credit": "Credit",
    "letter": "EcritureLet",
    "letter_date": "DateLet",
    "valid_date": "ValidDate",
    "foreign_amount": "Montantdevise",
    "foreign_code": "Idevise",
    "amount": "Montant",
    "direction": "Sens",
}
INDISPENSABLE = frozenset({"journal_code", "entry_number", "entry_date", "account", "piece_ref"})
AMOUNT_FORMS = (frozenset({"debit", "credit"}), frozenset({"amount", "direction"}))
BLANKS_WHEN_ABSENT = (
    "journal_label",
    "account_label",
    "aux_number",
    "aux_label",
    "piece_date",
    "label",
    "letter",
    "letter_date",
    "valid_date",
    "foreign_amount",
    "foreign_code",
)


@dataclass(frozen=True)
class Header:
    """First line of a FEC: what separates the fields and which known field stands where."""

    separator: str
    fields: tuple[str, ...]
    is_quoted: bool

    @property
    def is_fec(self) -> bool:
        """True if every field is there without which no receivable can be rebuilt."""
        known = set(self.fields)
        return known >= INDISPENSABLE and any(known >= form for form in AMOUNT_FORMS)


@dataclass(frozen=True)
class TextFields:
    """Text fields of one file.

    Parameters
    ----------
    frame : one row per line with ``line_number`` and one stripped text column per known field
    misshapen_lines : numbers of the lines whose field count differs from the header's
    absent : official names of the columns the file does not have (read as blank)
    encoding : character set the file was read with
    """

    frame: DataFrame
    misshapen_lines: tuple[int, ...]
    absent: tuple[str, ...]
    encoding: str


def has_fec_name(path: Path) -> bool:
    """Return True for the legal file name ``SirenFECAAAAMMJJ*.txt``."""
    return FILE_NAME.fullmatch(path.name) is not None


def read_header(line: str) -> Header:
    """Return the header as read with the separator that names most known fields."""
    headers = [_header(line, separator) for separator in SEPARATORS]
    return max(headers, key=lambda header: sum(not field.startswith("extra_") for field in header.fields))


def decode(data: bytes, *, source_name: str) -> tuple[str, str]:
    """Return the text and its character set: UTF-8 first, else ISO 8859-15, else Windows-1252.

    Bytes 0x80-0x9F are control characters in ISO 8859-15 and letters or the euro sign in
    Windows-1252, so their presence decides between the two.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    single_byte = "cp1252" if re.search(rb"[\x80-\x9f]", data) else "iso8859-15"
    for encoding in ("utf-16",) if wide else ("utf-8-sig", single_byte):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff").rstrip(END_OF_FILE), encoding
    raise LedgerError(
        f"{source_name}: not a text file in UTF-8, ISO 8859-15 or Windows-1252; "
        "export the FEC as a text file in one of these character sets"
    )


def split_fields(text: str, *, source_name: str, encoding: str = "utf-8") -> TextFields:
    """Return one row per line with the known fields as stripped text.

    Lines with the field count of the header are kept; the others (often a separator inside a
    text) are counted, and refused if they are more than one line in a hundred.

    Raises
    ------
    LedgerError
        The header lacks an indispensable column, there is no line, or too many are misshapen.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    header = read_header(lines[first])
    _check_header(header, lines[first], source_name)
    numbered, separator = lines[first + 1 :], header.separator
    if header.is_quoted:
        numbered, separator = _unquoted(numbered, separator), UNQUOTED_SEPARATOR
    numbers = np.arange(first + 2, len(lines) + 1)
    is_filled = np.array([bool(line.strip(separator + " \t")) for line in numbered], dtype=bool)
    n_separators = np.array([line.count(separator) for line in numbered], dtype=int)
    is_good = is_filled & (n_separators == len(header.fields) - 1)
    misshapen = numbers[is_filled & ~is_good].tolist()
    _check_shape(misshapen, int(is_filled.sum()), len(header.fields), source_name)
    frame = _text_frame(list(compress(numbered, is_good)), separator, header.fields)
    absent = [field for field in BLANKS_WHEN_ABSENT if field not in frame]
    frame = frame.assign(**dict.fromkeys(absent, ""))
    frame.insert(0, "line_number", numbers[is_good])
    return TextFields(frame, tuple(misshapen), tuple(OFFICIAL_NAMES[field] for field in absent), encoding)


def _header(line: str, separator: str) -> Header:
    is_quoted = line.lstrip("\ufeff").lstrip(" ").startswith('"')
    first = line.lstrip("\ufeff")
    names = _cells(first, separator) if is_quoted else first.split(separator)
    fields = tuple(FIELD_OF_SPELLING.get(_bare(name), f"extra_{n}") for n, name in enumerate(names))
    return Header(separator, fields, is_quoted)


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _check_header(header: Header, line: str, source_name: str) -> None:
    doubled = sorted({field for field in header.fields if header.fields.count(field) > 1})
    if header.is_fec and not doubled:
        return
    if doubled:
        fault = f"columns named twice: {[OFFICIAL_NAMES[field] for field in doubled]}"
    else:
        absent = [OFFICIAL_NAMES[field] for field in OFFICIAL_NAMES if field in INDISPENSABLE - set(header.fields)]
        if not any(set(header.fields) >= form for form in AMOUNT_FORMS):
            absent.append("Debit and Credit (or Montant and Sens)")
        fault = f"columns missing: {', '.join(absent)}; first line read: {line[:80]!r}"
    raise LedgerError(
        f"{source_name}: the first line is not the header of a FEC; {fault}; the 18 official columns are "
        "needed, separated by tab, | or ; (the XML form is not read); export the FEC again as a text file"
    )


def _check_shape(misshapen: Sequence[int], n_lines: int, n_fields: int, source_name: str) -> None:
    if n_lines == 0:
        raise LedgerError(f"{source_name}: no line below the header; deliver the FEC of a closed or running year")
    if len(misshapen) > MAX_MISSHAPEN_RATIO * n_lines:
        raise LedgerError(
            f"{source_name}: {len(misshapen)} of {n_lines} lines (lines {first_keys(misshapen)}) do not have the "
            f"{n_fields} fields of the header; every line must; look for a separator or a line break inside "
            "EcritureLib and export again"
        )


def _unquoted(lines: Sequence[str], separator: str) -> list[str]:
    return [UNQUOTED_SEPARATOR.join(_cells(line, separator)) for line in lines]


def _cells(line: str, separator: str) -> list[str]:
    """Return the cells of a quoted line; one cell where the quotes make no sense."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return [line]


def _text_frame(lines: Sequence[str], separator: str, fields: Sequence[str]) -> DataFrame:
    frame = pd.read_csv(
        StringIO("\n".join(lines)),
        sep=separator,
        header=None,
        names=list(fields),
        dtype=str,
        index_col=False,
        quoting=csv.QUOTE_NONE,
        na_filter=False,
        skip_blank_lines=False,
        lineterminator="\n",
        engine="c",
        usecols=[field for field in fields if field in SPELLINGS],
    )
    return frame.apply(lambda column: column.str.strip())
