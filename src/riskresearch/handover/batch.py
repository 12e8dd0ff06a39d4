"""A file of rows scored with a bundle, piece by piece: needs lightgbm and numpy, for Parquet also pyarrow."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from riskresearch.base.errors import BundleError, first_keys
from riskresearch.base.files import whole_file
from riskresearch.base.text import safe_text
from riskresearch.handover.score import SCORES, load_bundle, score_columns

BATCH_ROWS = 20_000
Choice = TypeVar("Choice")
Add = Callable[["Batch", Mapping[str, list[Any]]], None]


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: ids, columns by name and, by position, what is wrong with a row as a whole.

    ``id_type`` is the Arrow type of the ids, None = text.
    """

    ids: Sequence[Any]
    columns: Mapping[str, Any]
    refused: Mapping[int, str] = field(default_factory=dict)
    id_type: Any = None


def score_file(
    bundle: Path, source: Path, target: Path, *, id_column: str = "row_id", batch_rows: int = BATCH_ROWS
) -> dict[str, int]:
    """Score a CSV or Parquet file into another; the result is whole or absent and keeps the order of the rows.

    The result has the id and ``pd_12m grade_code reasons refused``; a row that breaks the contract has no score but,
    in ``refused``, the reason. Columns that the contract does not name are not used. In a CSV result an
    apostrophe stands before an id that a spreadsheet would take for a formula.

    Parameters
    ----------
    bundle : folder of the bundle
    source : .csv (UTF-8, commas between, points in numbers, a header) or .parquet
    target : .csv or .parquet
    id_column : column that names a row
    batch_rows : rows in memory at a time

    Returns
    -------
    dict ``n_rows n_refused``.

    Raises
    ------
    BundleError
        The bundle was altered, the file lacks a column of the contract or cannot be read.
    """
    read, write = _chosen(READERS, source), _chosen(WRITERS, target)
    scorer, n_rows, n_refused = load_bundle(bundle), 0, 0
    with whole_file(target) as temporary, write(temporary, id_column) as add:
        for batch in read(source, [id_column, *scorer.names], batch_rows):
            scores = score_columns(scorer, batch.ids, batch.columns, refused=batch.refused)
            add(batch, scores)
            n_rows += len(batch.ids)
            n_refused += sum(reason is not None for reason in scores["refused"])
    return {"n_rows": n_rows, "n_refused": n_refused}


def check_columns(where: str, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise where rows lack a column, or have one twice; the first column wanted is the id.

    Raises
    ------
    BundleError
        Names the columns.
    """
    lacking = [name for name in wanted if name not in found]
    twice = sorted({name for name in wanted if found.count(name) > 1})
    if lacking or twice:
        what = f"lacks {len(lacking)} of {len(wanted)} columns" if lacking else "has columns twice"
        raise BundleError(
            f"{where}: {what} ({first_keys(lacking or twice)}); the contract asks for {wanted[0]} and the "
            f"{len(wanted) - 1} columns of contract.json, separated by commas in a CSV file"
        )


def _read_csv(file: Path, wanted: Sequence[str], size: int) -> Iterator[Batch]:
    if not file.is_file():
        raise BundleError(f"{file.name}: there is no such file; give a CSV or Parquet file of rows to score")
    with file.open(encoding="utf-8-sig", newline="") as handle:
        lines = csv.reader(handle, strict=True)
        try:
            header = next(lines, [])
            check_columns(file.name, header, wanted)
            places = [header.index(name) for name in wanted]
            while rows := list(islice(filter(None, lines), size)):
                yield _csv_batch(rows, header, wanted, places)
        except (UnicodeDecodeError, csv.Error) as cause:
            raise BundleError(
                f"{file.name}, near line {lines.line_num}: not readable as CSV in UTF-8 ({cause}); write it again so"
            ) from cause


def _csv_batch(rows: list[list[str]], header: list[str], wanted: Sequence[str], places: list[int]) -> Batch:
    """Turn lines into columns; a line of another length than the header is wrong as a whole."""
    refused = {
        i: f"the line has {len(row)} fields, the header {len(header)}; write text with commas in quotation marks"
        for i, row in enumerate(rows)
        if len(row) != len(header)
    }
    whole = [row if i not in refused else _padded(row, len(header)) for i, row in enumerate(rows)]
    ids, *columns = ([row[place] for row in whole] for place in places)
    return Batch(ids, dict(zip(wanted[1:], columns, strict=True)), refused)


def _padded(row: list[str], width: int) -> list[str]:
    return (row + [""] * width)[:width]


def _read_parquet(file: Path, wanted: Sequence[str], size: int) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (FileNotFoundError, pa.ArrowInvalid) as cause:
        raise BundleError(f"{file.name}: not readable as Parquet ({cause})") from cause
    with opened:
        check_columns(file.name, opened.schema_arrow.names, wanted)
        id_type = opened.schema_arrow.field(wanted[0]).type
        for rows in opened.iter_batches(size, columns=list(wanted)):
            columns = {name: rows.column(name).to_numpy(zero_copy_only=False) for name in wanted[1:]}
            yield Batch(rows.column(wanted[0]).to_pylist(), columns, id_type=id_type)


@contextmanager
def _write_csv(file: Path, id_column: str) -> Iterator[Add]:
    with file.open("w", encoding="utf-8", newline="") as handle:
        lines = csv.writer(handle, lineterminator="\n")
        lines.writerow([safe_text(id_column), *SCORES])

        def add(batch: Batch, scores: Mapping[str, list[Any]]) -> None:
            keys = ["" if key is None else safe_text(str(key)) for key in batch.ids]
            lines.writerows(zip(keys, *(scores[name] for name in SCORES), strict=True))

        yield add


@contextmanager
def _write_parquet(file: Path, id_column: str) -> Iterator[Add]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {name: pa.float64() if name == "pd_12m" else pa.string() for name in SCORES}
    writers: list[pq.ParquetWriter] = []

    def add(batch: Batch, scores: Mapping[str, list[Any]]) -> None:
        columns = {id_column: pa.array(batch.ids, batch.id_type or pa.string())}
        columns |= {name: pa.array(scores[name], kind) for name, kind in types.items()}
        table = pa.table(columns)
        if not writers:
            writers.append(pq.ParquetWriter(file, table.schema, compression="zstd"))
        writers[0].write_table(table)

    try:
        yield add
        if not writers:
            add(Batch([], {}), {name: [] for name in SCORES})
    finally:
        for writer in writers:
            writer.close()


READERS = {".csv": _read_csv, ".parquet": _read_parquet}
WRITERS = {".csv": _write_csv, ".parquet": _write_parquet}


def _chosen(choices: Mapping[str, Choice], file: Path) -> Choice:
    if file.suffix.lower() not in choices:
        raise BundleError(f"{file.name}: a file of rows or scores ends in {' or '.join(choices)}")
    return choices[file.suffix.lower()]
