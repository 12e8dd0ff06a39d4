"""What kind of file lies behind some bytes: encoding, separator, or not a table at all."""

import csv
import io
from itertools import islice

from riskresearch.base.errors import LedgerError

SEPARATORS = (";", ",", "\t", "|")
SAMPLE_CHARACTERS = 65_536
SAMPLE_ROWS = 50
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_KNOWN_BINARIES = (
    (b"PK\x03\x04", "a zip or Office file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
)
_MAX_CONTROL_RATIO = 0.01
_FEW_CONTROLS = 8


def decode(content: bytes, *, name: str, encoding: str | None = None) -> str:
    """Return the text of a file.

    Without a stated encoding: byte order mark, else UTF-8, else Windows-1252 where bytes 0x80-0x9F
    occur (they are control characters in ISO-8859-15), else ISO-8859-15.

    Raises
    ------
    LedgerError
        The file is empty, binary, or not in the stated encoding.
    """
    if not content.strip():
        raise LedgerError(f"{name}: file is empty ({len(content)} bytes); deliver a table with a header row")
    refuse_binary(content, name=name)
    used = encoding or sniff_encoding(content)
    try:
        return content.decode(used).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as cause:
        raise LedgerError(
            f"{name}: not written in {used} ({cause}); allowed are UTF-8, UTF-16 with byte order mark, cp1252 and "
            f"iso-8859-15; leave format.encoding out to have it recognised, or save the file as UTF-8"
        ) from cause


def sniff_encoding(content: bytes) -> str:
    """Return the encoding of a text file (see `decode`)."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if any(0x80 <= byte <= 0x9F for byte in set(content)) else "iso-8859-15"
    return "utf-8"


def refuse_binary(content: bytes, *, name: str) -> None:
    """Raise `LedgerError` where the bytes are not a text table."""
    kind = next((kind for magic, kind in _KNOWN_BINARIES if content.startswith(magic)), None)
    sample = content[:SAMPLE_CHARACTERS]
    if kind is None and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        n_control = sum(sample.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b")
        if n_control > max(_FEW_CONTROLS, _MAX_CONTROL_RATIO * len(sample)):
            kind = f"binary ({n_control} control characters in the first {len(sample)} bytes), or UTF-16 without mark"
    if kind is not None:
        raise LedgerError(f"{name}: is {kind}, not a text table; export the ledger as CSV in UTF-8, .xlsx or .parquet")


def sniff_separator(text: str) -> str:
    """Return the separator under which most rows have the header's number of fields, more than one.

    Ties go to the separator with more fields; a file without any separator is one column with commas.
    """
    fits = {}
    for separator in SEPARATORS:
        widths = [len(row) for row in sample_rows(text, separator)]
        if widths and widths[0] > 1:
            fits[separator] = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
    return max(fits, key=lambda separator: fits[separator]) if fits else ","


def sample_rows(text: str, separator: str, n_rows: int = SAMPLE_ROWS) -> list[list[str]]:
    """Return the first rows of a delimited text, header included; empty lines are left out."""
    sample = text[:SAMPLE_CHARACTERS]
    if len(text) > SAMPLE_CHARACTERS and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    rows = csv.reader(io.StringIO(sample.replace("\0", "")), delimiter=separator)
    try:
        return [row for row in islice(rows, n_rows) if any(cell.strip() for cell in row)]
    except csv.Error:
        return []
