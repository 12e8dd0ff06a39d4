"""The lines of FEC files as one typed table: days, cents, entries; several fiscal years in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.fec.text import FILE_NAME, TextFields, decode, split_fields
from riskresearch.ledger.fec.values import Money, parse_date, read_dates, read_money

MIN_BALANCED_RATIO = 0.5
MAX_GAP_BETWEEN_YEARS = Timedelta(days=62)
TEXT_FIELDS = (
    "journal_code",
    "journal_label",
    "entry_number",
    "account",
    "account_label",
    "aux_number",
    "aux_label",
    "piece_ref",
    "label",
    "letter",
    "foreign_code",
)


@dataclass(frozen=True)
class FecFile:
    """One file: its lines, the lines that could not be read, and what the reader noticed."""

    source_name: str
    lines: DataFrame
    misshapen_lines: tuple[int, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def first_date(self) -> Timestamp:
        """First accounting date."""
        return self.lines["entry_date"].min()

    @property
    def last_date(self) -> Timestamp:
        """Last accounting date."""
        return self.lines["entry_date"].max()

    @property
    def closing_date(self) -> Timestamp:
        """Last day of the fiscal year: that of the legal file name, but not before the last accounting date."""
        found = FILE_NAME.fullmatch(self.source_name)
        named = parse_date(found["closing"]) if found else None
        return max(Timestamp(named), self.last_date) if named else self.last_date

    @property
    def siren(self) -> str | None:
        """Company number in the legal file name; None under another name."""
        found = FILE_NAME.fullmatch(self.source_name)
        return found["siren"] if found else None


def read_file(data: bytes, *, source_name: str) -> FecFile:
    """Return the typed lines of one FEC.

    Columns of ``lines``: the text fields, ``line_number`` (in the file), ``entry_date``,
    ``piece_date`` (maybe empty), ``debit_minor``, ``credit_minor``, ``net_minor`` = debit − credit.

    Raises
    ------
    LedgerError
        Header, line shape, a date or an amount is not as the format wants it.
    """
    text, encoding = decode(data, source_name=source_name)
    fields = split_fields(text, source_name=source_name, encoding=encoding)
    days = read_dates(fields.frame, source_name=source_name)
    money = read_money(fields.frame, source_name=source_name)
    lines = fields.frame[["line_number", *TEXT_FIELDS]].assign(
        source_name=source_name,
        entry_date=days["entry_date"],
        piece_date=days["piece_date"],
        debit_minor=money.debit_minor,
        credit_minor=money.credit_minor,
        net_minor=money.debit_minor - money.credit_minor,
    )
    return FecFile(source_name, lines, fields.misshapen_lines, _notes(fields, money, source_name))


def in_order(files: Sequence[FecFile]) -> list[FecFile]:
    """Return the files by fiscal year after checking that they follow one another.

    Raises
    ------
    LedgerError
        Files of two companies, two files of one period, or a year missing in between.
    """
    ordered = sorted(files, key=lambda file: (file.closing_date, file.first_date, file.source_name))
    sirens = sorted({file.siren for file in ordered if file.siren})
    if len(sirens) > 1:
        raise LedgerError(
            f"FEC of {len(sirens)} companies together ({', '.join(sirens)}); one ledger is one company; "
            "read them in separate runs"
        )
    for earlier, later in pairwise(ordered):
        _check_sequence(earlier, later)
    return ordered


def join_files(files: Sequence[FecFile]) -> DataFrame:
    """Return all lines with ``year_no`` (0 = first fiscal year), ``line_id`` and the entry columns.

    ``entry_id`` numbers the entries used to tell what stands against a line, ``declared_id`` those
    the file declares. An entry is journal + EcritureNum; where the number is blank or 0, or a
    year's numbers do not make entries that balance (``is_numbered`` false), it is journal + date
    + PieceRef, or journal + date if only that balances. A numbered entry is cut by
    date if each part balances by itself (numbering that starts again every month).
    """
    parts = [file.lines.assign(year_no=n) for n, file in enumerate(files)]
    lines = pd.concat(parts, ignore_index=True)
    lines["line_id"] = range(len(lines))
    return lines.assign(**_entries(lines))


def _entries(lines: DataFrame) -> dict[str, Series]:
    number, day, piece, journal = (
        Series(pd.factorize(lines[name])[0], index=lines.index)
        for name in ("entry_number", "entry_date", "piece_ref", "journal_code")
    )
    is_numbered = _has_entry_number(lines, [lines["year_no"], journal, number])
    coarse = lines.groupby(
        [lines["year_no"], journal, is_numbered, number.where(is_numbered, day)], sort=False
    ).ngroup()
    fine = lines.groupby([coarse, day.where(is_numbered, piece)], sort=False).ngroup()
    is_open = lines.groupby(fine)["net_minor"].transform("sum").ne(0)
    keeps_whole = is_open.groupby(coarse).transform("any")
    entry_id = fine.where(~keeps_whole, -1 - coarse)
    declared_id = (-1 - coarse).where(is_numbered, entry_id)
    return {"is_numbered": is_numbered, "entry_id": entry_id, "declared_id": declared_id}


def _has_entry_number(lines: DataFrame, keys: list[Series]) -> Series:
    """Return which lines have an EcritureNum, false for a whole year in which most numbered lines do not balance."""
    is_given = lines["entry_number"].str.strip("0") != ""
    is_closed = lines.groupby(keys)["net_minor"].transform("sum").eq(0)
    ratio = is_closed[is_given].groupby(lines["year_no"]).mean()
    return is_given & lines["year_no"].map(ratio).ge(MIN_BALANCED_RATIO)


def _check_sequence(earlier: FecFile, later: FecFile) -> None:
    names = f"{earlier.source_name} (to {earlier.closing_date:%Y-%m-%d}) and {later.source_name}"
    if later.first_date < earlier.last_date or later.first_date == earlier.first_date:
        raise LedgerError(
            f"{names} (from {later.first_date:%Y-%m-%d}) cover the same days; their lines would count twice; "
            "deliver one file per fiscal year"
        )
    if later.first_date - earlier.closing_date > MAX_GAP_BETWEEN_YEARS:
        raise LedgerError(
            f"{names} (from {later.first_date:%Y-%m-%d}) leave days between them; payments of these days are "
            "unknown; deliver the fiscal year in between or read the files apart"
        )


def _notes(fields: TextFields, money: Money, source_name: str) -> tuple[str, ...]:
    found = {
        f"read as {fields.encoding}": fields.encoding not in ("utf-8", "utf-8-sig"),
        f"columns absent, read as blank: {', '.join(fields.absent)}": bool(fields.absent),
        f"{money.n_points} amounts with a decimal point instead of a comma": money.n_points > 0,
        f"{money.n_rounded} amounts with more than two decimals, rounded to the cent": money.n_rounded > 0,
    }
    return tuple(f"{source_name}: {note}" for note, is_found in found.items() if is_found)
