"""Columns of a file placed on the targets of a flat row, by heading and by what the cells hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from pandas import DataFrame, Series

from riskresearch.ledger.reading.delivery import RawFile, RawRows, read_rows
from riskresearch.ledger.reading.formats import Format
from riskresearch.ledger.reading.guess import is_mostly
from riskresearch.ledger.reading.headings import (
    BASELINE_DATES,
    BASELINE_DAYS,
    CREDIT_MARKS,
    HEADINGS,
    ID_PARTS,
    KIND_COLUMNS,
    LATER_DAYS,
    SIGN_COLUMNS,
    find_heading,
    fold,
)
from riskresearch.ledger.reading.targets import FLAT, required, targets

SAMPLE_ROWS = 2_000
ASSUMED_TERMS_DAYS = 30
_SHORTEST_PART = 6
_CLEARING_DATES = ("augdt", "datelet", "datelettrage", "clearingdate", "clearing", "clrngdocdate")


@dataclass
class Placement:
    """Where the columns of one file go, as far as known, with the doubts met on the way.

    Parameters
    ----------
    file, rows : file and its first rows
    placed : target: column
    parts : other parts of the proposed source (``sign``, ``helpers``, ``computed``, ``constants``)
    id_columns : columns joined to one id where the document number alone is not unique
    doubts : what a person must check, in words
    """

    file: RawFile
    rows: RawRows
    placed: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    id_columns: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def column(self, name: str) -> Series:
        """Return the cells of a column."""
        return self.rows.cells[self.rows.header.index(name)]

    def columns_of(self, kind: str) -> list[Series]:
        """Return the cells of all placed columns and helpers of a kind."""
        names = [column for target, column in self.placed.items() if targets(FLAT.name)[target].kind == kind]
        names += [helper["column"] for helper in self.parts.get("helpers", {}).values() if helper["kind"] == kind]
        return [self.column(name) for name in names]

    def used(self) -> set[str]:
        """Return the columns something is filled from."""
        helpers = {helper["column"] for helper in self.parts.get("helpers", {}).values()}
        sign = {self.parts["sign"]["column"]} if "sign" in self.parts else set()
        return {*self.placed.values(), *self.id_columns, *helpers, *sign}

    def missing(self) -> list[str]:
        """Return the targets a flat row needs and nothing fills."""
        filled = {*self.placed, *self.parts.get("computed", {})}
        return [name for name in required(FLAT.name) if name not in filled]


def place_columns(file: RawFile) -> Placement:
    """Return the placement of a file's columns by their headings, checked against the cells."""
    found = Placement(file, read_rows(file, Format(), n_rows=SAMPLE_ROWS))
    for target, names in HEADINGS.items():
        _place(found, target, find_heading(_free(found), names))
    for target, names in HEADINGS.items():
        if target not in found.placed and targets(FLAT.name)[target].kind in ("date", "minor"):
            column = _containing(_free(found), names)
            _place(found, target, column)
            if column is not None and found.placed.get(target) == column:
                found.doubts.append(f"column {column!r} is only thought to be {target}")
    return found


def complete_invoices(found: Placement) -> None:
    """Fill what a list of invoices needs from the next best column, and say what is doubtful."""
    _stand_in_id(found)
    _stand_in_amount(found)
    _baseline_due_date(found)
    _stand_in_invoice_date(found)
    _join_ids(found)
    _doubt_settlement(found)
    _mark_signs(found)


def _free(found: Placement) -> list[str]:
    return [name for name in found.rows.header if name and name not in found.placed.values()]


def _place(found: Placement, target: str, column: str | None) -> None:
    kind = targets(FLAT.name)[target].kind
    if column is None:
        return
    if kind in ("date", "minor") and not is_mostly(found.column(column), kind):
        what = "dates" if kind == "date" else "amounts"
        found.doubts.append(f"column {column!r} is named like {target} but most of its cells are not {what}")
        return
    found.placed[target] = column


def _containing(columns: Sequence[str], names: Sequence[str]) -> str | None:
    parts = [fold(name) for name in names if len(fold(name)) >= _SHORTEST_PART]
    return next((column for part in parts for column in columns if part in fold(column)), None)


def _stand_in_id(found: Placement) -> None:
    """Odoo calls the number of an invoice its name."""
    column = find_heading(_free(found), ("Name",))
    if "invoice_id" in found.placed or column is None:
        return
    cells = found.column(column)
    if cells.is_unique and (cells != "").all():
        found.placed["invoice_id"] = column
        found.doubts.append(f"column {column!r} is only thought to be invoice_id")


def _stand_in_amount(found: Placement) -> None:
    if "gross_amount" in found.placed:
        return
    stand_in = next((name for name in ("net_amount", "open_amount") if name in found.placed), None)
    if stand_in is not None:
        column = found.placed["gross_amount"] = found.placed.pop(stand_in)
        found.doubts.append(f"no amount including tax: {column!r} ({stand_in}) is taken instead")


def _baseline_due_date(found: Placement) -> None:
    """SAP stores no due date: it is the baseline date plus the last term that is not zero."""
    baseline = find_heading(found.rows.header, BASELINE_DATES)
    days = find_heading(found.rows.header, BASELINE_DAYS)
    if "due_date" in found.placed or baseline is None or days is None:
        return
    found.parts["helpers"] = {"baseline_date": {"column": baseline, "kind": "date"}}
    later = [column for names in LATER_DAYS if (column := find_heading(found.rows.header, names))]
    columns = [*later, days]
    kind = {"kind": "int", "default": "0"}
    found.parts["helpers"] |= {f"days_{len(columns) - at}": {"column": name, **kind} for at, name in enumerate(columns)}
    names = [f"days_{len(columns) - at}" for at in range(len(columns))]
    found.parts["computed"] = {
        "terms_days": {"first_of": names, "skip_zero": "true"},
        "due_date": {"date": "baseline_date", "plus_days": "terms_days"},
    }
    found.doubts.append(f"the due date is {baseline!r} plus the first of {columns} that is not zero")


def _stand_in_invoice_date(found: Placement) -> None:
    if "invoice_date" in found.placed:
        return
    if "recorded_date" in found.placed:
        column = found.placed["invoice_date"] = found.placed.pop("recorded_date")
        found.doubts.append(f"no invoice date: posting date {column!r} is taken instead")
    elif "due_date" in found.placed:
        found.parts["computed"] = {"invoice_date": {"date": "due_date", "minus_days": ASSUMED_TERMS_DAYS}}
        found.parts["constants"] = {"invoice_date_source_code": "assumed"}
        found.doubts.append(f"no invoice date: {ASSUMED_TERMS_DAYS} days before the due date is assumed")


def _join_ids(found: Placement) -> None:
    number = found.placed.get("invoice_id")
    if number is None:
        return
    rows = DataFrame({name: found.column(name) for name in found.rows.header if name}).drop_duplicates()
    if not rows[number].duplicated().any():
        return
    others = [find_heading(found.rows.header, [name]) for name in ID_PARTS] + [found.placed.get("customer_id")]
    parts = list(dict.fromkeys(name for name in others if name and name != number))
    choices = (chosen for size in range(1, len(parts) + 1) for chosen in combinations(parts, size))
    joined = next((chosen for chosen in choices if not rows.duplicated([number, *chosen]).any()), None)
    if joined is not None:
        found.id_columns = [number, *joined]
        found.doubts.append(f"{number!r} alone is not unique: it is joined with {', '.join(joined)}")
        return
    n_repeated = int(rows[number].duplicated().sum())
    found.doubts.append(
        f"{number!r} is not unique ({n_repeated} repeats in the first {len(rows)} rows): one row an invoice is needed; "
        f"rows that are payments belong in sources of their own"
    )


def _doubt_settlement(found: Placement) -> None:
    placed = found.placed
    if not {"due_date", "terms_days"} & {*placed, *found.parts.get("computed", {})}:
        found.doubts.append("no due date: terms will be assumed, lateness is then a bound")
    if not {"payment_date", "open_amount", "paid_amount"} & set(placed):
        found.doubts.append("no payment date and no open amount: every invoice counts as open")
    elif "payment_date" not in placed:
        found.doubts.append("no payment date: what is settled cannot be dated; add the column or keep open rows only")
    if fold(placed.get("payment_date", "")) in _CLEARING_DATES:
        column = placed["payment_date"]
        found.doubts.append(f"{column!r} is a clearing date: it may lie after the day the money came in")


def _mark_signs(found: Placement) -> None:
    sign = find_heading(found.rows.header, SIGN_COLUMNS)
    marks = [] if sign is None else sorted(set(found.column(sign).str.strip()) & set(CREDIT_MARKS))
    if marks:
        found.parts["sign"] = {"column": sign, "negative": marks}
        found.doubts.append(f"rows with {sign!r} in {marks} are taken as negative (credit notes)")
    kind = find_heading(found.rows.header, KIND_COLUMNS)
    if kind is not None and kind not in found.used():
        counts = found.column(kind).str.strip().value_counts()
        told = ", ".join(f"{value} {n}" for value, n in counts.head(10).items())
        found.doubts.append(f"column {kind!r} holds {told}: filter rows that are neither invoices nor credit notes")
