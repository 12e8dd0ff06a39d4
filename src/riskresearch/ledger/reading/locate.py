"""Which column of the delivered files is which column of the mapping."""

from collections.abc import Sequence
from difflib import get_close_matches

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.delivery import RawRows, other_separator
from riskresearch.ledger.reading.headings import fold
from riskresearch.ledger.reading.mapping import AS_DECLARED, Source
from riskresearch.ledger.reading.targets import required, targets

Positions = dict[str, list[int]]


def wanted_columns(source: Source) -> list[str]:
    """Return the columns of the file a source reads, in mapping order, each once."""
    specs = [*source.specs.values(), *source.helpers.values()]
    named = [column for spec in specs for column in spec.wanted]
    named += [rule.column for rule in source.filters] + ([source.sign.column] if source.sign.column else [])
    return list(dict.fromkeys(named))


def fits(header: Sequence[str], source: Source) -> bool:
    """Return whether a header holds all a source needs, and nothing the source would refuse."""
    if source.columns == AS_DECLARED:
        return set(required(source.rows)) <= set(header) <= set(targets(source.rows))
    return all(len(where) == 1 for where in _positions(header, wanted_columns(source)).values())


def stacked(files: Sequence[RawRows], source: Source) -> tuple[DataFrame, Series, Series]:
    """Return the rows of all files under their column names, their lines, and the mark of malformed rows.

    Columns that are not read are kept under names that start with a NUL: they decide whether two
    rows are exact duplicates.

    Raises
    ------
    LedgerError
        A column that is read is missing or stands twice in the header.
    """
    parts, lines, wrong = [], list[str](), list[bool]()
    for file in files:
        label = "line " if len(files) == 1 else f"{file.name} line "
        parts.append(_by_name(file, _checked_positions(file, source)))
        lines += [f"{label}{line}" for line in (*file.lines, *file.malformed)]
        wrong += [False] * len(file.lines) + [True] * len(file.malformed)
    text = pd.concat(parts, ignore_index=True)
    text = DataFrame({name: text[name].astype("str").fillna("") for name in text}, index=text.index)
    return text, Series(lines, dtype="str"), Series(wrong, dtype=bool)


def unread_columns(files: Sequence[RawRows], source: Source) -> list[str]:
    """Return the headers no part of the mapping reads."""
    if source.columns == AS_DECLARED:
        return []
    read = {fold(name) for name in wanted_columns(source)}
    return list(dict.fromkeys(name for file in files for name in file.header if name and fold(name) not in read))


def _positions(header: Sequence[str], wanted: Sequence[str]) -> Positions:
    folded = [fold(name) for name in header]
    found = {}
    for name in wanted:
        exact = [place for place, column in enumerate(header) if column == name]
        found[name] = exact or [place for place, column in enumerate(folded) if column == fold(name)]
    return found


def _checked_positions(file: RawRows, source: Source) -> Positions:
    if source.columns == AS_DECLARED:
        return _declared_positions(file, source)
    found = _positions(file.header, wanted_columns(source))
    missing = [name for name, where in found.items() if not where]
    if missing:
        raise LedgerError(_missing_message(file, source, missing))
    for name, where in found.items():
        if len(where) > 1:
            raise LedgerError(
                f"{file.name}: column {name!r} stands {len(where)} times in the header (positions "
                f"{', '.join(str(place + 1) for place in where)}); a column that is read must stand once; rename it"
            )
    return found


def _declared_positions(file: RawRows, source: Source) -> Positions:
    allowed = targets(source.rows)
    unknown = [name for name in file.header if name not in allowed]
    missing = [name for name in required(source.rows) if name not in file.header]
    twice = sorted({name for name in file.header if file.header.count(name) > 1})
    if unknown or missing or twice:
        raise LedgerError(
            f"{file.name}: unknown columns {unknown}, missing columns {missing}, repeated columns {twice}; "
            f"table {source.rows} has {list(allowed)}; correct the header"
        )
    return {name: [place] for place, name in enumerate(file.header)}


def _missing_message(file: RawRows, source: Source, missing: list[str]) -> str:
    mark = other_separator(file)
    if mark:
        return (
            f"{file.name}: the header is one single column; it holds {mark!r}, the mapping reads with separator "
            f"{source.format.separator!r}; correct format.separator of source {source.name}"
        )
    hints = []
    for name in missing:
        near = get_close_matches(name, file.header, n=1)
        hints.append(f"{name!r} (near {near[0]!r})" if near else repr(name))
    return (
        f"{file.name}: source {source.name} reads {', '.join(hints)}: {len(missing)} missing columns; the file has "
        f"{list(file.header)}; correct columns in the mapping or the delivery"
    )


def _by_name(file: RawRows, header: Positions) -> DataFrame:
    names = {where[0]: name for name, where in header.items()}
    columns = ((names.get(place, f"\0{place}"), file.cells[place]) for place in range(len(file.header)))
    named = DataFrame(dict(columns))
    return named.reindex(range(len(named) + len(file.malformed)))
