"""Rows of one source, from text to typed targets, as its part of the mapping says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.base.schema import DTYPES, Column
from riskresearch.ledger.reading import cells
from riskresearch.ledger.reading.coded import Coded, Stacked, arrow, full_match, marks
from riskresearch.ledger.reading.computed import compute
from riskresearch.ledger.reading.delivery import RawRows
from riskresearch.ledger.reading.findings import Bools, Findings, marked
from riskresearch.ledger.reading.formats import Format
from riskresearch.ledger.reading.locate import stacked, unread_columns
from riskresearch.ledger.reading.mapping import AS_DECLARED, ColumnSpec, Source
from riskresearch.ledger.reading.targets import (
    ACT_DATES,
    DEFAULTS,
    MAIN_AMOUNT,
    ROW_SHAPES,
    delivered_name,
    required,
    targets,
)

FREE_TEXTS = ("document", "evidence")
TYPES = {kind: pd.api.types.pandas_dtype(name) for kind, name in DTYPES.items()}


@dataclass
class SourceRows:
    """Typed rows of one source with what was found on the way.

    Parameters
    ----------
    source : part of the mapping that was applied
    frame : one column per target of the row shape (money in minor units), one row per delivered row
    findings : reason of each row that is set aside
    delivered_minor : main amount of each row as it was read, credit notes negative
    n_unrecorded : rows without ``recorded_date``, taken as recorded on the day of the act
    notes : what was repaired or left unread, counted
    """

    source: Source
    frame: DataFrame
    findings: Findings
    delivered_minor: Series
    n_unrecorded: int
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> DataFrame:
        """Rows that are used."""
        return self.frame if self.findings.kept.all() else self.frame[self.findings.kept]

    def flag(self, wrong: Series | Bools, code: str, name: str) -> None:
        """Set rows aside for the value of one target."""
        self.findings.flag(wrong, code, column=delivered_name(ROW_SHAPES[self.source.rows].column(name)))


def typed_rows(files: Sequence[RawRows], source: Source) -> SourceRows:
    """Return the rows of all files of a source as typed targets, defaults filled in.

    Raises
    ------
    LedgerError
        A column is missing or named twice.
    """
    text = stacked(files, source)
    findings = Findings(source.name, text)
    findings.flag(text.malformed, "wrong_number_of_fields")
    _apply_filters(text, source, findings)
    _apply_duplicates(text, source, findings)
    notes = [note for file in files for note in file.notes]
    if unread := unread_columns(files, source):
        notes.append(f"{source.name}: {len(unread)} columns are not read: {', '.join(unread)}")
    reader = _Reader(source, text, findings, notes)
    frame = reader.frame()
    n_unrecorded = int(frame["recorded_date"].isna().sum()) if source.rows in ACT_DATES else 0
    frame = _with_defaults(frame, source)
    for name in required(source.rows):
        column = targets(source.rows)[name]
        findings.flag(frame[column.name].isna(), "missing_value", column=name)
    delivered = frame.get(MAIN_AMOUNT.get(source.rows), Series(pd.NA, index=frame.index, dtype="Int64"))
    return SourceRows(source, frame, findings, delivered, n_unrecorded, notes)


def _apply_filters(text: Stacked, source: Source, findings: Findings) -> None:
    for rule in source.filters:
        column = text.column(rule.column)
        hit = marked(column.rows(column.distinct.str.strip().isin(list(rule.values))))
        findings.filter(~hit if rule.keep_only else hit, rule.reason_code)


def _apply_duplicates(text: Stacked, source: Source, findings: Findings) -> None:
    repeated = text.repeated(findings.kept)
    if source.duplicates == "refuse" and repeated.any():
        raise LedgerError(
            f"{source.name}: {int(repeated.sum())} rows (first: {text.first_lines(repeated)[0]}) repeat an earlier "
            f"row in every column; every row must be delivered once; correct the delivery or set duplicates: set_aside"
        )
    findings.flag(repeated, "exact_duplicate")


def _with_defaults(frame: DataFrame, source: Source) -> DataFrame:
    for name, value in DEFAULTS.get(source.rows, {}).items():
        frame[name] = frame[name].fillna(value)
    if source.rows in ACT_DATES:
        frame["recorded_date"] = frame["recorded_date"].fillna(frame[ACT_DATES[source.rows]])
    if source.rows == "invoices":
        frame["due_date_source_code"] = frame["due_date_source_code"].fillna("source").where(frame["due_date"].notna())
    return frame


class _Reader:
    """Reads the columns of one source in the mapping's order, each different cell once."""

    def __init__(self, source: Source, text: Stacked, findings: Findings, notes: list[str]) -> None:
        self.source, self.text, self.findings, self.notes = source, text, findings, notes
        self.n_rows = len(text.lines)
        self.values: dict[str, Series] = {}

    def frame(self) -> DataFrame:
        """Return one typed column per target of the row shape."""
        allowed = targets(self.source.rows)
        for name, spec in self._specs().items():
            self.values[name] = self._signed(self._typed(allowed[name], spec), allowed[name])
        for name, helper in self.source.helpers.items():
            kind = "minor" if helper.kind == "amount" else helper.kind
            self.values[name] = self._typed(Column(name, kind, "helper", True), helper)
        for name, value in self.source.constants.items():
            constant = Coded(np.zeros(self.n_rows, dtype=np.intp), Series([value], dtype="str"))
            self.values[name] = self._parsed(allowed[name], constant, Format())
        for name, operation in self.source.computed.items():
            self.values[name] = compute(operation, self.values)
        return DataFrame({column.name: self._filled(name, column) for name, column in allowed.items()})

    def _specs(self) -> dict[str, ColumnSpec]:
        if self.source.columns == AS_DECLARED:
            return {name: ColumnSpec(column=name) for name in targets(self.source.rows) if name in self.text.text}
        return self.source.specs

    def _filled(self, name: str, column: Column) -> Series:
        dtype = TYPES[column.kind]
        if name not in self.values:
            return Series(dtype=dtype).reindex(range(self.n_rows))
        values = self.values[name]
        return values if values.dtype == dtype else values.astype(dtype)

    def _signed(self, values: Series, column: Column) -> Series:
        sign = self.source.sign
        if column.kind != "minor":
            return values
        if sign.column is not None:
            mark = self.text.column(sign.column)
            negative = marked(mark.rows(mark.distinct.str.strip().isin(list(sign.negative))))
            values = values.mask(negative, -values)
        return -values if sign.inverted else values

    def _typed(self, column: Column, spec: ColumnSpec) -> Series:
        form = self.source.format
        form = form.model_copy(update={"dates": spec.dates}) if spec.dates else form
        return self._parsed(column, self._picked(column, spec, form), form)

    def _picked(self, column: Column, spec: ColumnSpec, form: Format) -> Coded:
        parts = [self._cleaned(name, column, form) for name in spec.wanted]
        whole = parts[0] if spec.column is not None else self._joined(parts, spec)
        text = whole.distinct
        if spec.strip_trailing_dot_zero:
            text = text.str.replace(r"\.0$", "", regex=True)
        if spec.pad_digits is not None:
            digits = full_match(text, r"\d+")
            text = text.mask(digits, text.str.zfill(spec.pad_digits))
        if spec.values:
            text = text.map(spec.values).astype("str").fillna(text)
        return whole.with_distinct(text if spec.default is None else text.fillna(spec.default))

    def _joined(self, parts: list[Coded], spec: ColumnSpec) -> Coded:
        frame = DataFrame(dict(enumerate(part.rows(part.distinct) for part in parts)))
        return Coded(None, cells.joined(frame, spec.joined_by))

    def _cleaned(self, name: str, column: Column, form: Format) -> Coded:
        delivered = self.text.column(name)
        text = delivered.distinct
        odd = cells.needs_cleaning(delivered.as_arrow)
        if odd.any():
            stripped = text[odd].str.strip()
            cleaned = cells.clean_text(stripped)
            self._note_cleaned(name, delivered, odd, (cleaned.fillna("") != stripped).to_numpy())
            text = text.copy()
            text[odd] = cleaned
        null = marks(pc.is_in(arrow(text) if odd.any() else delivered.as_arrow, value_set=self._nulls(form)))
        if column.name != "customer_name" and null.any():
            text = text.mask(null)
        return delivered if text is delivered.distinct else delivered.with_distinct(text)

    @staticmethod
    @cache
    def _nulls(form: Format) -> pa.Array:
        return pa.array(form.nulls, pa.large_string())

    def _note_cleaned(self, name: str, delivered: Coded, odd: Bools, differs: Bools) -> None:
        if not differs.any():
            return
        odd = odd.copy()
        odd[odd] = differs
        changed = marked(delivered.rows(Series(odd))) & self.findings.kept
        if changed.any():
            self.notes.append(
                f"{self.source.name}.{name}: control characters or line breaks removed in {int(changed.sum())} cells "
                f"(first: {self.text.first_lines(changed)[0]})"
            )

    def _parsed(self, column: Column, text: Coded, form: Format) -> Series:
        match column.kind:
            case "date":
                values, unread = cells.dates(text.distinct, form.dates)
                self._flag(cells.out_of_range(values), "date_out_of_range", column, text)
                self._flag(unread, "not_a_date", column, text)
            case "minor":
                values, unread = cells.minor_units(text.distinct, form)
                self._flag(unread, "not_an_amount", column, text)
            case "bool":
                values, unread = cells.booleans(text.distinct)
                self._flag(unread, "unknown_code", column, text)
            case "int" | "float" as kind:
                read = cells.integers if kind == "int" else cells.floats
                values, unread = read(text.distinct, form)
                self._flag(unread, "not_a_number", column, text)
            case _:
                values = self._text(column, text)
        return text.rows(values)

    def _text(self, column: Column, text: Coded) -> Series:
        values = text.distinct
        if column.codes:
            self._flag(values.notna() & ~values.isin(list(column.codes)), "unknown_code", column, text)
        if column.name.endswith("_id"):
            self._flag(cells.damaged_ids(values), "damaged_id", column, text)
        if column.name == "currency_code":
            values = values.str.upper()
            no_code = values.notna() & ~full_match(values, "[A-Z]{3}")
            self._flag(no_code, "unknown_currency", column, text.with_distinct(values))
        if column.name == "payer_account_code":
            values = self._hashed(text)
        if column.name.endswith("_name"):
            return self._capped(text, "names")
        return self._capped(text, "texts") if column.name in FREE_TEXTS else values

    def _hashed(self, text: Coded) -> Series:
        values, numbers = cells.without_account_numbers(text.distinct)
        if numbers.any():
            n_rows = int(marked(text.rows(Series(numbers))).sum())
            self.notes.append(f"{self.source.name}: {n_rows} account numbers of payers are kept as hashes only")
        return values

    def _capped(self, text: Coded, what: str) -> Series:
        short, long = cells.capped(text.distinct)
        cut = marked(text.rows(long)) & self.findings.kept if long.any() else np.zeros(0, dtype=bool)
        if cut.any():
            self.notes.append(
                f"{self.source.name}: {int(cut.sum())} {what} longer than {cells.MAX_TEXT_LENGTH} characters are cut "
                f"(first: {self.text.first_lines(cut)[0]})"
            )
        return short

    def _flag(self, wrong: Series, code: str, column: Column, text: Coded) -> None:
        if wrong.any():
            self.findings.flag(text.rows(wrong), code, column=delivered_name(column), cells=text)
