"""Cells of text made into typed values, each with a mark where the text cannot be read."""

import hashlib
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.ledger.reading.coded import arrow, full_match, marks
from riskresearch.ledger.reading.formats import Format

MAX_TEXT_LENGTH, HASH_LENGTH = 200, 20
DAY, WHOLE = pd.api.types.pandas_dtype("datetime64[us]"), pd.Int64Dtype()
ISO, YEAR_ONE = "%Y-%m-%d", np.datetime64("0001-01-01", "us")
FIRST_DAY, LAST_DAY = pd.Timestamp("1970-01-01"), pd.Timestamp("2100-12-31")
_BREAKS = "[\t\n\x0b\x0c\r\x85\u2028\u2029]+"
_CONTROLS = "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
_TIME_OF_DAY = r"[ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$"
_THOUSANDS = {" ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]", ".": r"\.", ",": ",", "": None}
_EDGES = " \u00a0\u202f\u2009€$£"
_NOISE = Decimal("0.00001")
_TRUE, _FALSE = ("true", "1", "yes", "y", "oui", "o", "vrai"), ("false", "0", "no", "n", "non", "faux")


def clean_text(cells: Series) -> Series:
    """Return text without control characters, line breaks as blanks, trimmed; empty becomes missing.

    Markup and formulas stay as they are: what shows a text escapes it.
    """
    text = cells.str.replace(_BREAKS, " ", regex=True).str.replace(_CONTROLS, "", regex=True).str.strip()
    return text.mask(text == "")


def needs_cleaning(cells: pa.Array) -> NDArray[np.bool_]:
    """Return the mark of cells that are empty or hold anything but letters, digits and marks of ASCII."""
    return marks(pc.match_substring_regex(cells, "[^!-~]|^$"))


def dates(cells: Series, forms: Sequence[str]) -> tuple[Series, Series]:
    """Return days and the mark of cells that are no date in any of the formats; a time of day is cut off."""
    plain = _iso_days(cells) if tuple(forms[:1]) == (ISO,) else None
    if plain is not None:
        return plain, Series(False, index=cells.index)
    text = cells.str.strip()
    if text.str.contains(":", regex=False).any():
        text = text.str.replace(_TIME_OF_DAY, "", regex=True)
    days = Series(pd.NaT, index=cells.index, dtype=DAY)
    for form in forms:
        fits = full_match(text, _date_pattern(form)) & days.isna().to_numpy()
        if fits.all():
            days = pd.to_datetime(text, format=form, errors="coerce").astype(DAY)
        elif fits.any():
            days[fits] = pd.to_datetime(text[fits], format=form, errors="coerce").astype(DAY)
    return days, text.notna() & days.isna()


def _iso_days(cells: Series) -> Series | None:
    """Days of cells that are all written YYYY-MM-DD or missing and all exist, else None."""
    text = arrow(cells)
    given = marks(text.is_valid())
    if not marks(pc.match_substring_regex(text, r"^\d{4}-\d\d-\d\d$"))[given].all():
        return None
    days = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[us]")
    try:
        days[given] = text.filter(pa.array(given)).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    except ValueError:
        return None
    return None if (days < YEAR_ONE).any() else Series(days, index=cells.index)


def minor_units(cells: Series, form: Format) -> tuple[Series, Series]:
    """Return money in minor units (cents), exactly, and the mark of cells that are no amount.

    A third decimal is refused unless it is zero, noise of a binary number (below 0.00001), or
    ``round_amounts`` is set.

    Examples
    --------
    >>> minor_units(Series(["1 234,5", "-12", "(7,05)", "1,234.5"]), Format(decimal=",", thousands=" "))[0].tolist()
    [123450, -1200, -705, <NA>]
    """
    plain = full_match(cells, rf"-?\d{{1,13}}{re.escape(form.decimal)}\d\d")
    if plain.all():
        return _plain_minor(cells, form).astype(WHOLE), Series(False, index=cells.index)
    convert = partial(_minor, pattern=_amount_pattern(form), form=form)
    others, wrong = _converted(cells[~plain], convert, "Int64")
    values, unread = others.reindex(cells.index), wrong.reindex(cells.index, fill_value=False)
    values[plain] = _plain_minor(cells[plain], form)
    return values, unread


def integers(cells: Series, form: Format) -> tuple[Series, Series]:
    """Return whole numbers (``12`` or ``12.0``) and the mark of cells that are none."""
    pattern = re.compile(rf"([+-]?\d{{1,15}})(?:{re.escape(form.decimal)}0*)?")
    return _converted(cells, lambda text: int(m[1]) if (m := pattern.fullmatch(text)) else None, "Int64")


def floats(cells: Series, form: Format) -> tuple[Series, Series]:
    """Return numbers and the mark of cells that are none (infinite and not-a-number included)."""
    pattern = re.compile(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?|[+-]?\d+\.")

    def convert(text: str) -> float | None:
        plain = text.replace(form.decimal, ".")
        return float(plain) if pattern.fullmatch(plain) else None

    return _converted(cells, convert, "float64")


def booleans(cells: Series) -> tuple[Series, Series]:
    """Return yes/no values (true, 1, yes, oui, vrai and their opposites) and the mark of others."""
    known = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return _converted(cells, lambda text: known.get(text.lower()), "boolean")


def out_of_range(days: Series) -> Series:
    """Return the mark of dates no trade ledger holds (before 1970 or after 2100)."""
    return (days < FIRST_DAY) | (days > LAST_DAY)


def capped(text: Series) -> tuple[Series, Series]:
    """Return text cut to 200 characters and the mark of the values that were longer."""
    long = text.str.len().gt(MAX_TEXT_LENGTH).fillna(False).astype(bool)
    return text.str.slice(0, MAX_TEXT_LENGTH), long


def damaged_ids(ids: Series) -> Series:
    """Return the mark of ids a spreadsheet turned into numbers such as 1.93E+09: digits are lost."""
    return Series(full_match(ids, r"\d([.,]\d+)?[eE]\+?\d+"), index=ids.index)


def without_account_numbers(codes: Series) -> tuple[Series, NDArray[np.bool_]]:
    """Return account codes with account numbers hashed, and the mark of those that were numbers.

    A number is an IBAN, or at least eight digits; blanks and marks do not matter. The hash tells whether
    two receipts came from one account, and nothing else.

    Examples
    --------
    >>> codes, hashed = without_account_numbers(Series(["FR76 3000 6000 0112", "FR7630006000-0112", "a1"], dtype="str"))
    >>> codes[0] == codes[1], codes[2], hashed.tolist()
    (True, 'a1', [True, True, False])
    """
    plain = codes.str.replace("[^A-Za-z0-9]", "", regex=True).str.upper()
    numbers = full_match(plain, r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}|\d{8,34}")
    hashed = ["acc" + hashlib.sha256(number.encode()).hexdigest()[:HASH_LENGTH] for number in plain[numbers]]
    result = codes.copy()
    result[numbers] = hashed
    return result, numbers


def joined(frame: DataFrame, mark: str) -> Series:
    """Return several text columns as one; missing where all parts are empty."""
    parts = [frame[name].astype("str").fillna("") for name in frame]
    text = parts[0].str.cat(parts[1:], sep=mark) if len(parts) > 1 else parts[0]
    return text.mask(np.logical_and.reduce([(part == "").to_numpy() for part in parts]))


def _converted(cells: Series, convert: Callable[[str], object], dtype: str) -> tuple[Series, Series]:
    given = cells.notna()
    values = [convert(text.strip()) if known else None for text, known in zip(cells.tolist(), given, strict=True)]
    unread = Series([value is None for value in values], index=cells.index, dtype=bool) & given
    return Series(values, index=cells.index, dtype=dtype), unread


def _plain_minor(cells: Series, form: Format) -> Series:
    digits = pc.replace_substring(arrow(cells), pattern=form.decimal, replacement="")
    return Series(digits.cast(pa.int64()).to_numpy(zero_copy_only=False), index=cells.index)


def _minor(text: str, *, pattern: re.Pattern[str], form: Format) -> int | None:
    whole, mark, fraction = text.partition(form.decimal)
    if not (whole.isascii() and whole.isdecimal() and len(whole) <= 15 and fraction.isascii()):
        return _marked_minor(text, pattern, form)
    if mark and not fraction.isdecimal():
        return _marked_minor(text, pattern, form)
    return _hundredths(whole, fraction, form)


def _marked_minor(text: str, pattern: re.Pattern[str], form: Format) -> int | None:
    sign, core = _sign(text.strip(_EDGES).replace("\u2212", "-"))
    found = pattern.fullmatch(core.strip(_EDGES))
    if not found or not (found["whole"] or found["fraction"]):
        return None
    minor = _hundredths(re.sub(r"\D", "", found["whole"] or "0"), found["fraction"] or "", form)
    return None if minor is None else sign * minor


def _sign(text: str) -> tuple[int, str]:
    if text.startswith("(") and text.endswith(")"):
        return -1, text[1:-1]
    if text.startswith(("-", "+")):
        return (-1 if text.startswith("-") else 1), text[1:]
    return (-1, text[:-1]) if text.endswith("-") else (1, text)


def _hundredths(whole: str, fraction: str, form: Format) -> int | None:
    if not fraction[2:].strip("0"):
        return int(whole) * 100 + int(fraction[:2].ljust(2, "0"))
    exact = Decimal(f"{whole}.{fraction}")
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if abs(exact - rounded) >= _NOISE and not form.round_amounts:
        return None
    return int(rounded * 100)


def _amount_pattern(form: Format) -> re.Pattern[str]:
    group = _THOUSANDS[form.thousands]
    whole = r"\d{1,15}" if group is None else rf"\d{{1,3}}(?:{group}\d{{3}}){{1,4}}|\d{{1,15}}"
    return re.compile(rf"(?P<whole>{whole})?(?:{re.escape(form.decimal)}(?P<fraction>\d{{0,20}}))?")


def _date_pattern(form: str) -> str:
    compact = not re.sub("%[Yymd]", "", form)
    part = r"\d{2}" if compact else r"\d{1,2}"
    pattern = re.escape(form).replace("%Y", r"\d{4}").replace("%y", r"\d{2}")
    return pattern.replace("%m", part).replace("%d", part)
