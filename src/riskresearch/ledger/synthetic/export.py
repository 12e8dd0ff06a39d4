"""Writes a generated ledger as the folder of files that the mapping ``canonical`` reads."""

import os
import tempfile
from pathlib import Path

import numpy as np
import yaml
from pandas import DataFrame, Series

from riskresearch.base.schema import Table
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.reading.targets import delivered_name
from riskresearch.ledger.tables import LEDGER_TABLES, TRUTH

CARD_NAME = "ledger.yaml"


def write_ledger_csv(ledger: Ledger, truth: DataFrame, folder: Path) -> list[Path]:
    """Write the ledger, the truth and the card of the delivery; return the files.

    One ``<table>.csv`` per table that has rows (UTF-8, comma, dates as YYYY-MM-DD, money with two
    decimals in columns named ``…_amount``), ``truth.csv`` and ``ledger.yaml``. Same ledger, same bytes.
    Each file appears whole or not at all; the card comes last. Files of tables that have no row now
    are removed.

    Parameters
    ----------
    ledger, truth : as `synthetic_ledger` returns them
    folder : made if absent
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in (*LEDGER_TABLES, TRUTH):
        frame, path = truth if table is TRUTH else ledger[table.name], folder / f"{table.name}.csv"
        if len(frame):
            _write(path, delivered(frame, table).to_csv(index=False, lineterminator="\n"))
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    _write(folder / CARD_NAME, _card(ledger))
    return [*written, folder / CARD_NAME]


def delivered(frame: DataFrame, table: Table) -> DataFrame:
    """Return a canonical table as text columns under their delivered names."""
    columns = {delivered_name(column): _text(frame[column.name], column.kind) for column in table.columns}
    return DataFrame(columns)


def _text(values: Series, kind: str) -> Series:
    if kind == "minor":
        return _decimal(values)
    if kind == "date":
        return Series(values.to_numpy().astype("datetime64[D]").astype(str), index=values.index).where(values.notna())
    if kind == "bool":
        return values.map({True: "true", False: "false"})
    return values


def _decimal(minor: Series) -> Series:
    """Cents as units with two decimals, exactly."""
    present = minor.notna()
    cents = minor.fillna(0).to_numpy(dtype=np.int64)
    digits = Series(np.abs(cents), index=minor.index).astype("str").str.zfill(3)
    text = digits.str.slice(0, -2).str.cat(digits.str.slice(-2), sep=".")
    return text.where(cents >= 0, "-" + text).where(present)


def _card(ledger: Ledger) -> str:
    facts = {name: value for note in ledger.notes for name, value in yaml.safe_load(note).items()}
    card = {
        "mapping": ledger.mapping_name,
        "currency_code": ledger.currency_code,
        "is_synthetic": ledger.is_synthetic,
        "facts": facts,
    }
    return yaml.safe_dump(card, sort_keys=False, allow_unicode=True)


def _write(path: Path, text: str) -> None:
    """Write beside the target, then rename, so that no reader ever sees half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
