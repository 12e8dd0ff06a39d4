"""A run is a folder of tables with a record; every write is whole or absent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import RunError
from riskresearch.base.files import TEMPORARY, whole_file
from riskresearch.base.schema import Table, check

RECORD = "record.json"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    A reader sees the old file or the whole new one, never a part.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def sweep(folder: Path) -> None:
    """Remove the temporary files that a killed process left in a folder."""
    for file in folder.rglob(f".*{TEMPORARY}*"):
        file.unlink(missing_ok=True)


def digest_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def digest_json(content: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON form."""
    return digest_bytes(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode())


def digest_files(paths: list[Path], root: Path) -> str:
    """Return one SHA-256 over names and contents of files, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.relative_to(root).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@dataclass(frozen=True)
class RunFolder:
    """Tables of one run on disk.

    Parameters
    ----------
    path : folder, ``data/runs/<run>``
    tables : the table dictionary; a table that is not declared cannot be written
    makers : notebook or command that makes each table, for the message when one is missing
    """

    path: Path
    tables: Mapping[str, Table]
    makers: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.path.name

    def file(self, table: str) -> Path:
        """Return the path of a table's file."""
        return self.path / f"{table}.parquet"

    def has(self, table: str) -> bool:
        """Tell whether the run holds a table."""
        return self.file(table).is_file()

    def read(self, table: str) -> DataFrame:
        """Return a table, checked against the dictionary.

        Raises
        ------
        RunError
            The run lacks the table; says which notebook makes it.
        """
        if not self.has(table):
            maker = self.makers.get(table, "an earlier stage")
            raise RunError(
                f"run '{self.name}' holds no table '{table}': it is made by {maker}; "
                f"run that first, or the whole job with `riskresearch run --run {self.name} …`"
            )
        return check(pd.read_parquet(self.file(table)), self.tables[table])

    def write(self, table: str, frame: DataFrame) -> None:
        """Check a table and write it whole."""
        checked = check(frame, self.tables[table])
        write_atomically(self.file(table), checked.to_parquet(index=False, compression="zstd"))

    def record(self) -> dict[str, Any]:
        """Return the run's record: inputs, settings, versions, finished stages; empty for a new run."""
        file = self.path / RECORD
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def update_record(self, **entries: Any) -> None:
        """Write entries into the run's record, whole."""
        record = self.record() | entries
        text = json.dumps(record, indent=2, sort_keys=True, default=str, ensure_ascii=False)
        write_atomically(self.path / RECORD, (text + "\n").encode())
