"""The panel on disk, one partition per observation date; a refresh adds dates and never touches those it holds.

A panel of a date is made from what was known on that date, so a later act cannot change it: an act recorded later
with an earlier date counts from the day it was recorded. What a date held when it was added stays as it was.
Outcomes are not stored: what follows a date is learned later, see `riskresearch.features.samples`.
"""

import ast
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
from filelock import FileLock, Timeout
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import RunError, first_keys
from riskresearch.base.run import digest_bytes, digest_json, sweep, write_atomically
from riskresearch.features.blocks import open_acts
from riskresearch.features.engines import Engine
from riskresearch.features.panel import Columns, look_back, panel
from riskresearch.features.registry import At
from riskresearch.features.snapshots import grids, snapshots
from riskresearch.features.stage import panel_columns

DEFINITION = "_definition.json"
PARTITION = "observation_date="
PART = "part.parquet"
FORMAT = 1
MAKERS = (
    "riskresearch.behaviour.book",
    "riskresearch.features.blocks",
    "riskresearch.features.ingest",
    "riskresearch.features.panel",
    "riskresearch.features.snapshots",
    "riskresearch.ledger.balances",
    "riskresearch.ledger.default",
    "riskresearch.ledger.known",
    "riskresearch.ledger.movements",
)
STREAMS_PACKAGE = "riskresearch.features.streams"


def agree(folder: Path, made_of: Mapping[str, Any]) -> None:
    """Write down what a panel is made from, or refuse a folder that is made from something else.

    Raises
    ------
    RunError
        The folder was made from another ledger, with other features, rules or code.
    """
    with _locked(folder):
        _define(folder, dict(made_of))


def refresh(
    tables: Mapping[str, DataFrame],
    dates: Sequence[Timestamp],
    folder: Path,
    *,
    as_of: Timestamp,
    source: str,
    rules: Mapping[str, Any],
    columns: Columns | None = None,
    engine: Engine | None = None,
    n_at_once: int = 12,
) -> list[Timestamp]:
    """Add the observation dates that a folder lacks and return them.

    Each date is written whole or not at all; a refresh that was killed goes on where it stopped.

    Parameters
    ----------
    tables : canonical tables as known on `as_of`, with ``movements defaults rating_scales``
    dates : observation dates the folder shall hold
    folder : one partition ``observation_date=YYYY-MM-DD/part.parquet`` per date, and ``_definition.json``
    as_of : last day that counts; later dates are not known yet
    source : name of the ledger; a folder holds dates of one ledger only
    rules : whatever else decides the values: definition of default, rating scales
    columns : what to compute, by name; empty = all registered features and what tells who is active
    engine : an open engine; empty = DuckDB in memory. Not part of the definition: all engines give the same
    n_at_once : dates computed together; fewer need less memory

    Raises
    ------
    RunError
        The folder was made from another ledger, with other features, rules or code; a date is after `as_of`; or
        another process refreshes the folder.
    """
    chosen = panel_columns() if columns is None else columns

    def write(some: Sequence[Timestamp]) -> None:
        panel = snapshots(tables, some, columns=chosen, engine=engine)
        for date in some:
            rows = panel[panel["observation_date"] == date].drop(columns="observation_date")
            content = rows.reset_index(drop=True).to_parquet(index=False, compression="zstd")
            write_atomically(_part(folder, date), content)

    made_of = definition(source=source, rules=rules, columns=chosen)
    return _refreshed(write, dates, folder, as_of=as_of, made_of=made_of, n_at_once=n_at_once)


def refresh_from_acts(
    acts: Path,
    dates: Sequence[Timestamp],
    folder: Path,
    *,
    as_of: Timestamp,
    source: str,
    rules: Mapping[str, Any],
    engine: Engine,
    columns: Columns | None = None,
    n_at_once: int = 36,
) -> list[Timestamp]:
    """Add the observation dates that a folder lacks from a folder of acts, and return them; nothing is held in memory.

    Parameters
    ----------
    acts : folder of acts as known on `as_of`, see `riskresearch.features.blocks.write_acts`
    dates, folder, as_of, source, rules, columns, n_at_once : as for `refresh`
    engine : an open engine; with a memory limit DuckDB puts what does not fit on disk

    Raises
    ------
    RunError
        As for `refresh`.
    """
    chosen = panel_columns() if columns is None else columns

    def write(some: Sequence[Timestamp]) -> None:
        sources = open_acts(engine, acts)
        ids = engine.frame(acts / "customers", "ids").select("customer_code", "customer_id")
        for grid in grids(some, back=look_back(chosen)):
            rows = engine.kept(panel(engine, sources, grid, chosen), "panel")
            for day in grid.wanted_days:
                named = rows.filter(nw.col("day") == day).join(ids, on="customer_code").sort("customer_id")
                file = _part(folder, Timestamp(day, unit="D"))
                engine.write(named.select("customer_id", *chosen), file)

    made_of = definition(source=source, rules=rules, columns=chosen)
    return _refreshed(write, dates, folder, as_of=as_of, made_of=made_of, n_at_once=n_at_once)


def _refreshed(
    write: Callable[[Sequence[Timestamp]], None],
    dates: Sequence[Timestamp],
    folder: Path,
    *,
    as_of: Timestamp,
    made_of: dict[str, Any],
    n_at_once: int,
) -> list[Timestamp]:
    """Have the dates written that the folder lacks, some at a time."""
    late = [str(date.date()) for date in sorted(set(dates)) if date > as_of]
    if late:
        raise RunError(
            f"panel {folder.name}: {len(late)} dates ({first_keys(late)}) are after {as_of.date()}, the last day known"
        )
    with _locked(folder):
        _define(folder, made_of)
        lacking = sorted(set(dates) - set(stored_dates(folder)))
        for start in range(0, len(lacking), n_at_once):
            write(lacking[start : start + n_at_once])
    return lacking


def stored_dates(folder: Path) -> list[Timestamp]:
    """Return the observation dates that a folder holds, oldest first."""
    names = sorted(path.parent.name.removeprefix(PARTITION) for path in folder.glob(f"{PARTITION}*/{PART}"))
    return [Timestamp(name).as_unit("us") for name in names]


def stored_panel(folder: Path, dates: Sequence[Timestamp] | None = None) -> DataFrame:
    """Return the stored panel, all its dates or those named, sorted by customer and date.

    Raises
    ------
    RunError
        The folder lacks a date, or holds none.
    """
    held = stored_dates(folder)
    wanted = held if dates is None else sorted(set(dates))
    lacking = [str(date.date()) for date in wanted if date not in held]
    if lacking or not wanted:
        raise RunError(
            f"panel {folder.name}: lacks {first_keys(lacking) if lacking else 'any date'}; it holds "
            f"{len(held)} dates; refresh it"
        )
    parts = [pd.read_parquet(_part(folder, date), partitioning=None).assign(observation_date=date) for date in wanted]
    whole = pd.concat(parts, ignore_index=True).sort_values(["customer_id", "observation_date"], ignore_index=True)
    return whole[["customer_id", "observation_date", *whole.columns.drop(["customer_id", "observation_date"])]]


def definition(*, source: str, rules: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return what a stored panel is made from; the same on every engine.

    A feature is known by its expression, the code that makes acts and adds them up by its syntax: names of
    variables count, comments and layout do not.
    """
    return {
        "format": FORMAT,
        "source": source,
        "rules": {name: digest_json(rule) for name, rule in rules.items()},
        "features": {name: digest_bytes(repr(make(At())).encode()) for name, make in columns.items()},
        "code": {name: digest_bytes(ast.dump(ast.parse(text)).encode()) for name, text in _sources()},
    }


def _sources() -> Iterator[tuple[str, str]]:
    """Modules that turn a ledger into what the features add up, with their text."""
    streams = pkgutil.iter_modules(import_module(STREAMS_PACKAGE).__path__, f"{STREAMS_PACKAGE}.")
    for name in (*MAKERS, *(found.name for found in streams)):
        yield name, inspect.getsource(import_module(name))


def _define(folder: Path, wanted: Mapping[str, Any]) -> None:
    """Note what the folder is made from, or refuse a folder that is made from something else."""
    file = folder / DEFINITION
    if not file.is_file():
        if stored_dates(folder):
            raise RunError(f"panel {folder.name}: holds dates but no {DEFINITION}; refresh into a new folder")
        text = json.dumps(wanted, indent=2, sort_keys=True, ensure_ascii=False)
        write_atomically(file, (text + "\n").encode())
        return
    held = json.loads(file.read_text(encoding="utf-8"))
    found = _disagreements(held, wanted)
    if found:
        raise RunError(
            f"panel {folder.name}: its dates are not comparable with new ones: {'; '.join(found)}. Refresh into a new "
            "folder, which computes all dates again, or go back to what this one was made with"
        )


def _disagreements(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    found = [
        f"{name} was {held.get(name)!r}, is {wanted[name]!r}"
        for name in ("format", "source")
        if held.get(name) != wanted[name]
    ]
    words = {"features": "feature", "rules": "rule", "code": "module"}
    for part, word in words.items():
        old, new = held.get(part, {}), wanted[part]
        changes = {
            f"{word}s it lacks": sorted(new.keys() - old.keys()),
            f"{word}s not there any more": sorted(old.keys() - new.keys()),
            f"{word}s that changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
        }
        found += [f"{what}: {', '.join(names)}" for what, names in changes.items() if names]
    return found


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            sweep(folder)
            yield
    except Timeout as cause:
        raise RunError(f"panel {folder.name}: another process refreshes it; wait for it") from cause


def _part(folder: Path, date: Timestamp) -> Path:
    return folder / f"{PARTITION}{date.date()}" / PART
