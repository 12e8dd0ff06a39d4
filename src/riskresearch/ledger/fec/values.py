"""Dates and amounts of a FEC: text to days and to integer cents, with what cannot be read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.fec.text import OFFICIAL_NAMES

YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})")
DAY_FIRST = re.compile(r"(\d{2})([-/.])(\d{2})\2(\d{4})")
AMOUNT = re.compile(r"([+-]?)((?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,2})?)([+-]?)")
DIRECTIONS = {"D": 1, "C": -1, "+1": 1, "1": 1, "-1": -1}
YEARS = range(1950, 2101)
MAX_AMOUNT = Decimal(10) ** 13
DATE_FIELDS = ("entry_date", "piece_date", "letter_date", "valid_date")
ALLOWED_DATES = "AAAAMMJJ (also AAAA-MM-JJ or JJ/MM/AAAA, with / - or .)"
ALLOWED_AMOUNTS = "digits with a decimal comma, a sign before or after, no thousands mark; empty is 0"


@dataclass(frozen=True)
class Money:
    """Debit and credit in cents with the liberties the file took."""

    debit_minor: Series
    credit_minor: Series
    n_points: int
    n_rounded: int


def parse_date(text: str) -> date | None:
    """Return the day a text names; None if it names none.

    Examples
    --------
    >>> parse_date("20190731") == parse_date("31/07/2019") == parse_date("2019-07-31")
    True
    >>> parse_date("{current_date}") is None
    True
    """
    if found := YEAR_FIRST.fullmatch(text):
        year, _, month, day = found.groups()
    elif found := DAY_FIRST.fullmatch(text):
        day, _, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day)) if int(year) in YEARS else None
    except ValueError:
        return None


def parse_amount(text: str) -> Decimal | None:
    """Return the exact amount a text states; None if it states none.

    Examples
    --------
    >>> parse_amount("1234,56"), parse_amount("12,5-"), parse_amount("1,2E3"), parse_amount("")
    (Decimal('1234.56'), Decimal('-12.5'), Decimal('1.2E+3'), Decimal('0'))
    >>> parse_amount("1 234,56") is None
    True
    """
    if not text:
        return Decimal(0)
    found = AMOUNT.fullmatch(text)
    if found is None or (found[1] and found[3]):
        return None
    value = Decimal(found[2].replace(",", "."))
    if value > MAX_AMOUNT:
        return None
    return -value if "-" in (found[1], found[3]) else value


def read_dates(frame: DataFrame, *, source_name: str) -> DataFrame:
    """Return the date columns as days; blanks stay empty except EcritureDate, which is needed.

    Raises
    ------
    LedgerError
        One message for all date columns: first three lines, their values, what is allowed.
    """
    days, faults = {}, []
    for field in DATE_FIELDS:
        is_blank = frame[field].isin(["", "00000000"])
        values, wrong = _by_value(frame[field].where(~is_blank, ""), parse_date)
        wrong &= ~is_blank if field != "entry_date" else True
        days[field] = pd.to_datetime(values).astype("datetime64[us]")
        faults += _faults(frame, wrong, field)
    _refuse(faults, "dates", ALLOWED_DATES, source_name)
    return DataFrame(days, index=frame.index)


def read_money(frame: DataFrame, *, source_name: str) -> Money:
    """Return debit and credit in cents, from Debit and Credit or from Montant and Sens.

    Amounts with more than two decimals are rounded half up to the cent and counted; a decimal
    point is read like the comma and counted.

    Raises
    ------
    LedgerError
        An amount or a Sens cannot be read.
    """
    fields = ("debit", "credit") if {"debit", "credit"} <= set(frame.columns) else ("amount",)
    columns = [_cents(frame[field]) for field in fields]
    faulty = [_faults(frame, wrong, field) for field, (_, wrong, _) in zip(fields, columns, strict=True)]
    _refuse([fault for faults in faulty for fault in faults], "amounts", ALLOWED_AMOUNTS, source_name)
    n_points = sum(int(frame[field].str.contains(".", regex=False).sum()) for field in fields)
    n_rounded = sum(n for _, _, n in columns)
    if len(fields) == 2:
        return Money(columns[0][0], columns[1][0], n_points, n_rounded)
    cents, direction = columns[0][0], _directions(frame, source_name)
    return Money(cents.where(direction > 0, 0), cents.where(direction < 0, 0), n_points, n_rounded)


def _cents(texts: Series) -> tuple[Series, Series, int]:
    """Return cents, which texts could not be read, and how many were rounded to the cent."""
    codes, distinct = pd.factorize(texts)
    exact = [parse_amount(text) for text in distinct]
    cents = [int((100 * (value or Decimal(0))).to_integral_value(rounding=ROUND_HALF_UP)) for value in exact]
    wrong = np.array([value is None for value in exact], dtype=bool)
    is_rounded = np.array([100 * (v or 0) != cent for v, cent in zip(exact, cents, strict=True)], dtype=bool)
    return (
        Series(np.array(cents, dtype="int64")[codes], index=texts.index),
        Series(wrong[codes], index=texts.index),
        int(is_rounded[codes].sum()),
    )


def _directions(frame: DataFrame, source_name: str) -> Series:
    direction = frame["direction"].str.upper().map(DIRECTIONS)
    _refuse(_faults(frame, direction.isna(), "direction"), "Sens", "D or C, +1 or -1", source_name)
    return direction


def _by_value(texts: Series, parse: Callable[[str], Any]) -> tuple[Series, Series]:
    """Return parsed values and which texts could not be parsed, parsing each distinct text once."""
    codes, distinct = pd.factorize(texts)
    parsed = np.empty(len(distinct), dtype=object)
    parsed[:] = [parse(text) for text in distinct]
    values = Series(parsed[codes], index=texts.index, dtype=object)
    return values, values.isna()


def _faults(frame: DataFrame, wrong: Series, field: str) -> list[tuple[int, str]]:
    lines, texts = frame.loc[wrong, "line_number"], frame.loc[wrong, field]
    return [(n, f"line {n} {OFFICIAL_NAMES[field]} {text!r}") for n, text in zip(lines, texts, strict=True)]


def _refuse(faults: Sequence[tuple[int, str]], what: str, allowed: str, source_name: str) -> None:
    if not faults:
        return
    named = ", ".join(words for _, words in sorted(faults)[:3])
    more = ", …" if len(faults) > 3 else ""
    raise LedgerError(
        f"{source_name}: {len(faults)} {what} cannot be read ({named}{more}); allowed: {allowed}; "
        "correct the export and deliver it again"
    )
