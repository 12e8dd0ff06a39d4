"""Rows that cannot be used: one reason a row, counted and set aside, or refused beyond a share.

The rule is the same for every defect. A row that cannot be read or contradicts itself is set aside
under a reason code with its count, amount and first lines. Where such rows are more than the
mapping's ``max_set_aside_ratio`` of a source, the delivery is refused in one message.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.ledger.reading.coded import Coded, Stacked

Bools = NDArray[np.bool_]

SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Reason:
    """Why a row is set aside: the problem, what is allowed, what to do; tolerated rows never refuse a delivery."""

    problem: str
    allowed: str = ""
    remedy: str = "correct the delivery"
    is_tolerated: bool = False


REASONS: Mapping[str, Reason] = {
    "exact_duplicate": Reason("repeat an earlier row in every column", is_tolerated=True),
    "zero_amount": Reason("have an amount of zero", is_tolerated=True),
    "negative_amount": Reason("have a negative amount", is_tolerated=True),
    "not_positive": Reason(
        "have an amount that is not positive",
        "documents of this table have amounts above zero",
        "deliver credit notes in table credit_notes, with positive amounts",
    ),
    "wrong_number_of_fields": Reason(
        "do not have the header's number of fields",
        "every row has one field per column",
        "quote cells that hold the separator, or correct format.separator",
    ),
    "not_an_amount": Reason(
        "are not amounts in the mapping's format",
        "amounts have one decimal mark and at most two decimals",
        "correct the cells, or set format.decimal, format.thousands or format.round_amounts; mixed marks need one form",
    ),
    "not_a_date": Reason(
        "are not dates in the mapping's formats",
        "dates must exist and follow format.dates",
        "correct the cells, or list every format under format.dates",
    ),
    "date_out_of_range": Reason(
        "lie outside 1970-2100",
        "dates of a trade ledger lie between 1970-01-01 and 2100-12-31",
        "correct the cells, or list a filler date under format.nulls",
    ),
    "not_a_number": Reason("are not numbers", "a plain number is allowed"),
    "unknown_code": Reason("are not known codes", "see the table dictionary", "map them under values"),
    "unknown_currency": Reason(
        "are not ISO 4217 codes", "a currency is three capital letters such as EUR", "map them under values"
    ),
    "missing_value": Reason(
        "are empty", "the column must be filled", "correct the delivery, or filter subtotal rows under filters"
    ),
    "damaged_id": Reason(
        "are ids a spreadsheet has turned into numbers",
        "ids are text with all their digits",
        "export the column as text",
    ),
    "due_before_issue": Reason(
        "are due before they were issued",
        "due_date must not lie before invoice_date",
        "correct the delivery, or check the order of day and month in format.dates",
    ),
    "ratio_out_of_range": Reason("are no shares", "a ratio lies between 0 and 1", "deliver 3.2 % as 0.032"),
    "amount_out_of_range": Reason(
        "have an amount that cannot be",
        "orders, guarantees and claims have amounts above zero, limits of an override zero or more",
        "correct the delivery, or check sign and the amount columns that are mapped",
    ),
    "ends_before_start": Reason(
        "end before they begin",
        "an order is delivered and invoiced from its order_date on, a claim is filed, decided and paid from its "
        "declared_date on; end_date must not lie before the first day",
        "correct the delivery, or check the order of day and month in format.dates",
    ),
    "answered_before_asked": Reason(
        "were answered before they were asked for",
        "requested_date must not lie after recorded_date",
        "correct the delivery, or check which date columns are mapped",
    ),
    "claim_amount_beyond": Reason(
        "have an amount that cannot be",
        "indemnity and recoveries lie between zero and the amount claimed, the insurer's part of the recoveries "
        "between zero and all of them",
        "correct the delivery, or check which amount columns are mapped",
    ),
    "claim_date_missing": Reason(
        "tell a step of a claim without its day",
        "a cause needs loss_date, a refusal decided_date, an indemnity paid_date, recoveries recovered_date",
        "deliver the dates",
    ),
    "claim_amount_missing": Reason(
        "have the day of an indemnity or recovery without its amount",
        "paid_date and recovered_date need an amount above zero",
        "deliver the amounts, or leave the day empty",
    ),
    "published_before_end": Reason(
        "were published before the end of their period",
        "published_date must not lie before period_end_date",
        "correct the delivery, or check which date columns are mapped",
    ),
    "paid_before_issue": Reason(
        "were paid more than 60 days before they were issued",
        "a payment may precede its invoice by 60 days",
        "correct the delivery, or check which date columns are mapped",
    ),
    "negative_paid_amount": Reason("have a negative paid amount", "paid_amount is zero or more", "check sign"),
    "open_above_gross": Reason(
        "have an open amount outside the invoiced one",
        "open_amount lies between zero and gross_amount",
        "check which amount columns are mapped",
    ),
    "paid_and_open_disagree": Reason(
        "have paid and open amounts that do not add up to the invoice",
        "paid_amount + open_amount = gross_amount",
        "map only the one that holds",
    ),
    "payment_date_missing": Reason(
        "are paid without a payment date",
        "a paid amount needs the day the money counted",
        "deliver payment dates, or map the open amount only",
    ),
    "payment_amount_missing": Reason(
        "have a payment date but nothing paid",
        "a payment date needs a paid amount",
        "map the payment date of settled rows only",
    ),
    "unknown_move_id": Reason(
        "name an entry that is not delivered", "move_id must be one of odoo_move", "deliver it too"
    ),
    "unknown_invoice_number": Reason(
        "name an electronic invoice that is not delivered", "invoice_number must be one of einvoice", "deliver it too"
    ),
    "amount_missing": Reason("tell a receipt without its amount", "encaissee carries an amount", "deliver the amount"),
    "unknown_invoice_id": Reason(
        "name an invoice that was not kept", "invoice_id must be one of table invoices", "deliver the invoices too"
    ),
}


class Findings:
    """Reasons found so far for the rows of one source; the first reason of a row stays."""

    def __init__(self, source_name: str, rows: Stacked) -> None:
        self.source_name = source_name
        self.rows = rows
        self.kept = np.ones(len(rows.lines), dtype=bool)
        self._code = np.zeros(len(rows.lines), dtype=np.int16)
        self._codes = [""]
        self._filters: set[str] = set()
        self._examples: dict[str, list[str]] = {}
        self._columns: dict[str, list[str]] = {}

    @property
    def reason(self) -> Series:
        """Reason of each row, empty for those that are kept."""
        return Series(np.array(self._codes, dtype=object)[self._code], dtype="str")

    def flag(self, wrong: Series | Bools, code: str, *, column: str = "", cells: Coded | None = None) -> None:
        """Give the marked rows a reason, if they have none yet."""
        fresh = marked(wrong) & self.kept
        if not fresh.any():
            return
        if code not in self._codes:
            self._codes.append(code)
        self._code[fresh] = self._codes.index(code)
        self.kept = self.kept & ~fresh
        examples = self._examples.setdefault(code, [])
        first = np.flatnonzero(fresh)[: 4 - len(examples)]
        examples += [f"{self.rows.line(int(row))}{_shown(cells, int(row))}" for row in first]
        if column and column not in self._columns.setdefault(code, []):
            self._columns[code].append(column)

    def filter(self, rows: Series | Bools, code: str) -> None:
        """Set the marked rows aside on the mapping's own order; they never refuse a delivery."""
        self._filters.add(code)
        self.flag(rows, code)

    def settled(self, amounts: Series, *, max_ratio: float) -> DataFrame:
        """Return table `set_aside` of this source.

        Raises
        ------
        LedgerError
            More rows than `max_ratio` cannot be used; names every reason, the commonest first.
        """
        if self.kept.all():
            return DataFrame()
        counts = self.reason[~self.kept].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        faulty = {code: n for code, n in counts.items() if not self._is_tolerated(str(code))}
        if sum(faulty.values()) > max_ratio * len(self.kept):
            told = "; ".join(self._told(str(code), int(n)) for code, n in faulty.items())
            raise LedgerError(
                f"{told}; at most {max_ratio:.1%} of a source's rows may be set aside "
                f"(max_set_aside_ratio of the mapping)"
            )
        return DataFrame([self._row(str(code), amounts) for code in counts.index])

    def _is_tolerated(self, code: str) -> bool:
        return code in self._filters or REASONS[code].is_tolerated

    def _told(self, code: str, n_rows: int) -> str:
        reason, place = REASONS[code], ".".join([self.source_name, "/".join(self._columns.get(code, []))]).rstrip(".")
        parts = [f"{n_rows} of {len(self.kept)} rows ({self._first(code)}) {reason.problem}", reason.allowed]
        return f"{place}: " + "; ".join([part for part in parts if part] + [reason.remedy])

    def _first(self, code: str) -> str:
        return first_keys(self._examples[code])

    def _row(self, code: str, amounts: Series) -> dict[str, object]:
        aside = self.reason == code
        known = amounts[aside].dropna()
        return {
            "source_name": self.source_name,
            "reason_code": code,
            "n_rows": int(aside.sum()),
            "base_minor": int(known.sum()) if len(known) else pd.NA,
            "first_keys": self._first(code),
        }


def marked(wrong: Series | Bools) -> Bools:
    """Return a mark without missing values: what cannot be told is not marked."""
    if isinstance(wrong, np.ndarray):
        return wrong
    return wrong.to_numpy(dtype=bool, na_value=False) if wrong.dtype != bool else wrong.to_numpy()


def _shown(cells: Coded | None, row: int) -> str:
    return "" if cells is None else f" {str(cells.at(row))[:SHOWN_CHARACTERS]!r}"
