"""The rows of a panel's file: customer, date, outcome or state, and features, each cell read or refused."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.features.samples import months_after
from riskresearch.ledger.reading.cells import clean_text, dates, floats, integers
from riskresearch.ledger.reading.delivery import RawFile, RawRows, read_rows
from riskresearch.pipeline.panel_run.formulas import FORMULAS, Given
from riskresearch.pipeline.panel_run.mapping import Feature, PanelMapping

KEYS = ["customer_id", "observation_date"]


def panel_rows(path: Path, mapping: PanelMapping) -> tuple[DataFrame, list[str]]:
    """Return the rows of a panel's file and the names of the columns that the mapping does not know.

    Parameters
    ----------
    path : CSV, Excel or Parquet file, also packed by gzip
    mapping : what the columns mean

    Returns
    -------
    DataFrame ``customer_id observation_date month_no state`` and one column per feature, sorted by customer and
    date. ``month_no`` counts months from year 0, ``state`` is True where the outcome's cell means default, empty
    where the cell is.

    Raises
    ------
    LedgerError
        A column is missing, a cell is no number, date or outcome, or a customer has two rows in one period.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: no such file; give the file of your customer panel with --panel")
    raw = read_rows(RawFile(path.name, path.read_bytes()), mapping.format)
    text = _text(raw, mapping)
    _refuse_misread(raw, text)
    customers = text[mapping.customer]
    _refuse(raw.name, mapping.customer, raw.lines.astype(str), customers.isna(), "the customer is empty")
    rows = DataFrame({"customer_id": customers, "observation_date": _days(text, mapping, raw.name)})
    rows["month_no"] = rows["observation_date"].dt.year * 12 + rows["observation_date"].dt.month
    rows["state"] = _state(text, mapping, raw.name)
    made = DataFrame(_features(text, mapping, raw.name), index=rows.index)
    rows = pd.concat([rows, made], axis=1).sort_values(KEYS, ignore_index=True)
    doubled = rows.duplicated(["customer_id", "month_no"])
    _refuse(raw.name, mapping.customer, rows["customer_id"], doubled, "the customer has two rows in one month")
    return rows, _unknown(raw, mapping)


def _named(mapping: PanelMapping) -> set[str]:
    period = {mapping.period.column} if mapping.period.column else set()
    return {mapping.customer, mapping.outcome.column, *period, *mapping.feature_columns}


def _unknown(raw: RawRows, mapping: PanelMapping) -> list[str]:
    return sorted(set(raw.header) - _named(mapping) - set(mapping.left_out))


def _text(raw: RawRows, mapping: PanelMapping) -> DataFrame:
    """Cells by column name as clean text; empty cells and the format's empty values are missing."""
    missing = sorted(_named(mapping) - set(raw.header))
    doubled = sorted({name for name in _named(mapping) if raw.header.count(name) > 1})
    if missing or doubled:
        raise LedgerError(
            f"{raw.name}: columns {first_keys(missing) or 'none'} of mapping {mapping.panel} are missing, "
            f"{first_keys(doubled) or 'none'} stand twice; the file has {first_keys(raw.header, 8)}; choose the "
            "mapping that fits with --mapping, or write one"
        )
    places = {name: raw.header.index(name) for name in sorted(_named(mapping))}
    cells = {name: clean_text(raw.cells.iloc[:, place].astype("str")) for name, place in places.items()}
    return DataFrame({name: column.mask(column.isin(mapping.format.nulls)) for name, column in cells.items()})


def _refuse_misread(raw: RawRows, text: DataFrame) -> None:
    if raw.malformed:
        raise LedgerError(
            f"{raw.name}: {len(raw.malformed)} lines ({first_keys(raw.malformed)}) do not have the "
            f"{len(raw.header)} fields of the header; correct the file"
        )
    if text.empty:
        raise LedgerError(f"{raw.name}: the file holds a header and no row; deliver the panel's rows")


def _refuse(name: str, column: str, keys: Series, wrong: Series, rule: str) -> None:
    if wrong.any():
        raise LedgerError(
            f"{name}, column {column}: {int(wrong.sum())} rows ({first_keys(keys[wrong])}): {rule}; correct the file "
            "or the mapping"
        )


def _days(text: DataFrame, mapping: PanelMapping, name: str) -> Series:
    period, customers = mapping.period, text[mapping.customer]
    if period.column is None:
        return Series(Timestamp(str(period.date)), index=text.index).dt.as_unit("us")
    cells = text[period.column]
    if period.format is not None:
        days, wrong = dates(cells, (period.format,))
        _refuse(name, period.column, customers, wrong | days.isna(), f"no date of the form {period.format}")
        return days
    numbers, wrong = integers(cells, mapping.format)
    _refuse(name, period.column, customers, wrong | numbers.isna(), "the period is no whole number")
    assert period.first is not None
    start = Timestamp(str(period.first_date))
    known = {n: months_after(start, (int(n) - period.first) * period.months) for n in numbers.unique()}
    return numbers.map(known).astype("datetime64[us]")


def _state(text: DataFrame, mapping: PanelMapping, name: str) -> Series:
    outcome, cells = mapping.outcome, text[mapping.outcome.column]
    known = dict.fromkeys(outcome.bad, True) | dict.fromkeys(outcome.good, False)
    wrong = cells.notna() & ~cells.isin(list(known))
    rule = f"neither default {list(outcome.bad)} nor no default {list(outcome.good)}"
    _refuse(name, outcome.column, text[mapping.customer], wrong, rule)
    return cells.map(known).astype("boolean")


def _features(text: DataFrame, mapping: PanelMapping, name: str) -> dict[str, Series]:
    numbers = {column: _numbers(text, column, mapping, name) for column in sorted(mapping.number_columns)}
    made: dict[str, Series] = {}
    for feature in mapping.features:
        made[feature.feature] = _feature(feature, text, {**numbers, **made})
    return made


def _feature(feature: Feature, text: DataFrame, numbers: Mapping[str, Series]) -> Series:
    formula = FORMULAS[feature.formula]
    source = text if formula.is_text else numbers
    columns = DataFrame({place: source[name] for place, name in enumerate(feature.columns)}, index=text.index)
    made = formula.make(columns, Given(feature.threshold or 0.0, feature.values)).astype(float)
    return made.where(np.isfinite(made))


def _numbers(text: DataFrame, column: str, mapping: PanelMapping, name: str) -> Series:
    values, wrong = floats(text[column], mapping.format)
    rule = "no number; a column of codes is declared with formula is_one_of, or under left_out"
    _refuse(name, column, text[mapping.customer], wrong, rule)
    return values
