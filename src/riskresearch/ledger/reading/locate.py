"""Which column of the delivered files is which column of the mapping."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.coded import Stacked
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


def optional_columns(source: Source) -> set[str]:
    """Return the columns that may be absent: those that only optional parts of the mapping read."""
    specs = [*source.specs.values(), *source.helpers.values()]
    named = {column for spec in specs if spec.optional for column in spec.wanted}
    needed = {column for spec in specs if not spec.optional for column in spec.wanted}
    needed |= {rule.column for rule in source.filters}
    return named - needed - {source.sign.column or ""}


def fits(header: Sequence[str], source: Source) -> bool:
    """Return whether a header holds all a source needs, and nothing the source would refuse."""
    if source.columns == AS_DECLARED:
        return set(required(source.rows)) <= set(header) <= set(targets(source.rows))
    optional = optional_columns(source)
    found = _positions(header, wanted_columns(source))
    return all(len(where) == 1 or (not where and name in optional) for name, where in found.items())


def stacked(files: Sequence[RawRows], source: Source) -> Stacked:
    """Return the rows of all files under their column names, with their lines and the malformed ones marked.

    Columns that are not read are kept under names that start with a NUL: they decide whether two
    rows are exact duplicates.

    Raises
    ------
    LedgerError
        A column that is read is missing or stands twice in the header.
    """
    parts = [_by_name(file, _checked_positions(file, source)) for file in files]
    text = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    if text.isna().any(axis=None):
        text = DataFrame({name: text[name].astype("str").fillna("") for name in text}, index=text.index)
    n_rows = [len(part) for part in parts]
    malformed = np.concatenate([np.arange(n) >= len(file.lines) for n, file in zip(n_rows, files, strict=True)])
    lines = np.concatenate([np.append(file.lines.to_numpy(dtype=np.int64), file.malformed) for file in files])
    if len(files) == 1:
        return Stacked(text, ("line ",), None, lines.astype(np.int64), malformed, files[0].row_names)
    labels = tuple(f"{file.name} line " for file in files)
    return Stacked(text, labels, np.repeat(np.arange(len(files)), n_rows), lines.astype(np.int64), malformed)


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
    optional = optional_columns(source)
    missing = [name for name, where in found.items() if not where and name not in optional]
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
        f"{file.name}: source {source.name} reads {', '.join(hints)}: {len(missing)} missing columns; there are "
        f"{list(file.header)}; correct columns in the mapping or the delivery"
    )


def _by_name(file: RawRows, header: Positions) -> DataFrame:
    names = {where[0]: name for name, where in header.items() if where}
    named = file.cells.set_axis([names.get(place, f"\0{place}") for place in range(len(file.header))], axis=1)
    for name in (name for name, where in header.items() if not where):
        named[name] = Series("", index=named.index, dtype="str")
    if not file.malformed:
        return named
    return named.reindex(range(len(named) + len(file.malformed)), fill_value="")
