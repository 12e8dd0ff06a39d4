"""How the cells of a file are written, guessed from the cells: decimal mark, thousands mark, date formats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import Series

from riskresearch.base.errors import first_keys
from riskresearch.ledger.reading.cells import clean_text, dates, minor_units
from riskresearch.ledger.reading.formats import NULLS, Format

_MARKS = ((".", ""), (",", ""), (",", " "), (",", "."), (".", ","), (".", " "), (".", "'"))
_DATE_FORMS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d%m%Y",
)
_LETTERS = {"%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD"}


@dataclass(frozen=True)
class Guess:
    """A guess with what speaks against it."""

    values: dict[str, str | list[str]]
    doubts: tuple[str, ...]


def guess_amounts(columns: Sequence[Series]) -> Guess:
    """Return decimal and thousands mark under which most amount cells can be read."""
    cells = _filled(columns)
    read = {marks: minor_units(cells, Format(decimal=marks[0], thousands=marks[1])) for marks in _MARKS}
    best = min(_MARKS, key=lambda marks: (int(read[marks][1].sum()), _MARKS.index(marks)))
    values, unread = read[best]
    doubts = []
    rivals = [marks for marks in _MARKS if read[marks][1].sum() == unread.sum() and not read[marks][0].equals(values)]
    if rivals:
        doubts.append(
            f"amounts such as {cells.iloc[0]!r} can be read in two ways (decimal {best[0]!r} or {rivals[0][0]!r})"
        )
    doubts += _unread_doubts(cells, unread, "amounts", f"with decimal {best[0]!r} and thousands {best[1]!r}")
    return Guess({"decimal": best[0], "thousands": best[1]}, tuple(doubts))


def guess_dates(columns: Sequence[Series]) -> Guess:
    """Return the date formats that read the date cells, the commonest first; day before month where both fit."""
    left = cells = _filled(columns)
    chosen: list[str] = []
    while len(left):
        n_read = {form: int((~dates(left, [form])[1]).sum()) for form in _DATE_FORMS if not _rivals(form, chosen)}
        form = max(n_read, key=lambda name: n_read[name])
        if not n_read[form]:
            break
        chosen.append(form)
        left = left[dates(left, [form])[1]]
    doubts = _unread_doubts(cells, dates(cells, chosen)[1], "dates", "in any known format")
    ambiguous = [
        form
        for form in chosen
        if (rival := _swapped(form))
        and not dates(cells, [*chosen, rival])[1].any()
        and dates(cells, [rival])[1].sum() == dates(cells, [form])[1].sum()
    ]
    doubts += [f"no date tells day from month in {letters(form)}; day first is assumed" for form in ambiguous]
    return Guess({"dates": [letters(form) for form in chosen or ["%Y-%m-%d"]]}, tuple(doubts))


def is_mostly(column: Series, kind: str) -> bool:
    """Return whether most filled cells of a column can be read as ``date`` or ``minor`` in some format."""
    cells = _filled([column])
    if cells.empty:
        return True
    readers: dict[str, Callable[[], Sequence[Series]]] = {
        "date": lambda: [dates(cells, [form])[1] for form in _DATE_FORMS],
        "minor": lambda: [minor_units(cells, Format(decimal=d, thousands=t))[1] for d, t in _MARKS],
    }
    readable = [~unread for unread in readers[kind]()]
    return bool(pd.concat(readable, axis=1).any(axis=1).mean() > 0.5)


def letters(form: str) -> str:
    """Return a date format in letters.

    Examples
    --------
    >>> letters("%d/%m/%Y")
    'DD/MM/YYYY'
    """
    for code, word in _LETTERS.items():
        form = form.replace(code, word)
    return form


def _filled(columns: Sequence[Series]) -> Series:
    cells = pd.concat(columns, ignore_index=True) if columns else Series(dtype="str")
    text = clean_text(cells).dropna()
    return text[~text.isin(list(NULLS))].reset_index(drop=True)


def _swapped(form: str) -> str | None:
    if form.startswith("%d"):
        return form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return None


def _rivals(form: str, chosen: Sequence[str]) -> bool:
    return any(form == _swapped(other) or other == _swapped(form) for other in chosen)


def _unread_doubts(cells: Series, unread: Series, what: str, how: str) -> list[str]:
    if not unread.any():
        return []
    return [f"{int(unread.sum())} of {len(cells)} {what} cannot be read {how} ({first_keys(cells[unread].unique())})"]
