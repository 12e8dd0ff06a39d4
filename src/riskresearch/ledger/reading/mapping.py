"""Column maps: which column of a delivered file fills which column of the ledger.

A mapping is one YAML file; an unknown key, target or operation is refused with its path. Every
scalar is read as text first, so ``NO`` stays Norway and ``007`` keeps its zeros.

A mapping holds sources (one per kind of file). A source says

``file``       name pattern of its files (``*`` and ``?``);
``table``      table or view of a database (``schema.table``), by default named like the source;
``query``      a SELECT to read instead of a whole table of a database;
``rows``       ``flat`` (one row per invoice with its payment) or the name of a canonical table;
``format``     separator, encoding, decimal mark, thousands mark, date formats, sheet, empty values;
``columns``    target: column, or target: {column or join, values, default, pad_digits, …};
``helpers``    named columns that only feed computed ones;
``constants``  target: one value for every row;
``computed``   target: one of the operations in `Shift`, `Prefix`, `Total`, `FirstOf`;
``filters``    rows set aside (or the only rows kept), counted under the filter's reason code;
``sign``       which rows or files carry the opposite sign.
"""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from riskresearch.ledger.reading.formats import DateFormat, Format, Frozen, one_day_first
from riskresearch.ledger.reading.targets import FLAT, ROW_SHAPES, targets

AS_DECLARED = "as_declared"


class ColumnSpec(Frozen):
    """One column of the file and how its text is made clean."""

    column: str | None = None
    join: tuple[str, ...] = Field(default=(), description="columns joined to one text")
    joined_by: str = "-"
    values: dict[str, str] = Field(default_factory=dict, description="value in the file: value in the ledger")
    default: str | None = Field(default=None, description="value where the cell is empty")
    pad_digits: int | None = Field(
        default=None, ge=1, le=40, description="fill all-digit ids with zeros to this length"
    )
    optional: bool = Field(default=False, description="the column may be absent; its cells are then empty")
    strip_trailing_dot_zero: bool = Field(default=False, description="1930571429.0 becomes 1930571429")
    dates: tuple[DateFormat, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnSpec":
        if (self.column is None) == (not self.join):
            raise ValueError("give either column or join")
        one_day_first(self.dates)
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns of the file that are read."""
        return (self.column,) if self.column is not None else self.join


class Helper(ColumnSpec):
    """A column that only feeds computed ones."""

    kind: Literal["date", "int", "amount", "text"]


class Shift(Frozen):
    """A date moved by days; ``month_end`` says whether the month end is taken before or after."""

    date: str
    plus_days: str | None = None
    minus_days: str | None = None
    month_end: Literal["none", "before", "after"] = "none"

    @model_validator(mode="after")
    def _one_way(self) -> "Shift":
        if self.plus_days is not None and self.minus_days is not None:
            raise ValueError("give plus_days or minus_days, not both")
        return self


class Prefix(Frozen):
    """A code chosen by how a text begins; the longest prefix wins."""

    text: str
    prefixes: dict[str, str]
    default: str | None = None


class Total(Frozen):
    """Sum of amounts, less others."""

    sum: tuple[str, ...]
    minus: tuple[str, ...] = ()


class FirstOf(Frozen):
    """First value that is not empty; with ``skip_zero`` the first that is neither empty nor zero, else zero."""

    first_of: tuple[str, ...]
    skip_zero: bool = False


def _operation(value: Any) -> str:
    keys = value if isinstance(value, dict) else type(value).model_fields
    return next((f"~{key}" for key in ("date", "prefixes", "sum", "first_of") if key in keys), "")


Computed = Annotated[
    Annotated[Shift, Tag("~date")]
    | Annotated[Prefix, Tag("~prefixes")]
    | Annotated[Total, Tag("~sum")]
    | Annotated[FirstOf, Tag("~first_of")],
    Discriminator(
        _operation,
        custom_error_type="operation",
        custom_error_message="not an operation; give date + plus_days or minus_days, text + prefixes, sum, or first_of",
    ),
]


def _short_spec(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _columns(value: Any) -> str:
    return "~declared" if isinstance(value, str) else "~named"


Spec = Annotated[ColumnSpec, BeforeValidator(_short_spec)]
Columns = Annotated[
    Annotated[dict[str, Spec], Tag("~named")] | Annotated[Literal["as_declared"], Tag("~declared")],
    Discriminator(_columns),
]


class Filter(Frozen):
    """Rows with one of these values are set aside, or are the only rows kept."""

    reason_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    column: str
    values: tuple[str, ...]
    keep_only: bool = False


class Sign(Frozen):
    """Which amounts carry the opposite sign: all of them, or those of rows with a mark."""

    inverted: bool = False
    column: str | None = None
    negative: tuple[str, ...] = ()


class Source(Frozen):
    """One kind of file and how its rows are read."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    file: str = "*"
    table: str | None = None
    query: str | None = Field(default=None, description="SELECT that gives the rows, for databases")
    rows: str
    optional: bool = False
    format: Format = Format()
    columns: Columns
    helpers: dict[str, Helper] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    computed: dict[str, Computed] = Field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    sign: Sign = Sign()
    negative_amounts: Literal["credit_note", "set_aside"] = "credit_note"
    duplicates: Literal["set_aside", "refuse"] = "set_aside"

    @model_validator(mode="after")
    def _known_names(self) -> "Source":
        if self.rows not in ROW_SHAPES:
            raise ValueError(f"rows: {self.rows!r} is not a row shape; allowed {list(ROW_SHAPES)}")
        if self.query is not None and not re.fullmatch(r"(?is)\s*(select|with)\b[^;]*;?\s*", self.query):
            raise ValueError("query must be one SELECT (or WITH … SELECT); nothing is ever written")
        if self.table is not None and self.query is not None:
            raise ValueError("give table or query, not both")
        if self.columns == AS_DECLARED and self.rows == FLAT.name:
            raise ValueError("columns: as_declared needs rows of a canonical table")
        self._check_targets()
        self._check_operands()
        return self

    @property
    def specs(self) -> dict[str, ColumnSpec]:
        """Mapped columns; empty where the file's headers are the targets."""
        return self.columns if isinstance(self.columns, dict) else {}

    @classmethod
    def of_table(cls, name: str) -> "Source":
        """Return a source that reads a whole table as it is, to look at its columns."""
        return cls.model_construct(name="table", table=name, rows=FLAT.name, columns={}, format=Format())

    def _check_targets(self) -> None:
        allowed, named = targets(self.rows), [*self.specs, *self.constants, *self.computed]
        unknown = [name for name in named if name not in allowed]
        if unknown:
            raise ValueError(f"unknown targets {unknown}; {self.rows} rows have {list(allowed)}")
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"targets {twice} are filled twice; keep one of columns, constants, computed")
        missing = [name for name, column in allowed.items() if not column.nullable and name not in named]
        if self.rows == FLAT.name and missing:
            raise ValueError(f"targets {missing} are not filled; a flat row needs them")

    def _check_operands(self) -> None:
        known = {*self.specs, *self.helpers, *self.constants}
        for target, operation in self.computed.items():
            absent = [name for name in operands(operation) if name not in known]
            if absent:
                raise ValueError(f"computed.{target}: {absent} are neither columns nor helpers {sorted(known)}")
            known.add(target)


def operands(operation: Shift | Prefix | Total | FirstOf) -> list[str]:
    """Return the names an operation reads."""
    match operation:
        case Shift(date=date):
            days = operation.plus_days or operation.minus_days or "0"
            return [date] if re.fullmatch(r"\d+", days) else [date, days]
        case Prefix(text=text):
            return [text]
        case Total(sum=added, minus=taken):
            return [*added, *taken]
        case FirstOf(first_of=names):
            return list(names)


class Rate(Frozen):
    """A dated exchange rate with its source: units of ``into`` for one unit of ``currency_code``."""

    currency_code: str = Field(pattern="^[A-Z]{3}$")
    into: str = Field(pattern="^[A-Z]{3}$")
    rate_date: dt.date
    rate_ratio: str = Field(pattern=r"^\d+(\.\d+)?$")
    source: str


class Gap(Frozen):
    """Something the source cannot tell, and which figures it touches."""

    gap_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    effect: str


class LedgerMapping(Frozen):
    """A whole column map."""

    mapping: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="name of the mapping")
    title: str = ""
    provenance: str = ""
    currency_code: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    max_set_aside_ratio: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="share of a source's rows that may be set aside as unreadable or contradictory "
        "before the delivery is refused; judgement",
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    fx: tuple[Rate, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @model_validator(mode="after")
    def _unique_sources(self) -> "LedgerMapping":
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources {twice} are named twice")
        return self

    @property
    def reads_databases(self) -> bool:
        """Whether a database can be recognised by it: every source is a table named as in the mapping."""
        return all(source.table or source.columns == AS_DECLARED for source in self.sources)


class DeliveryCard(Frozen):
    """``ledger.yaml`` of a delivered folder: which mapping reads it and what it is."""

    mapping: str
    currency_code: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    is_synthetic: bool = False
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict, description="anything else worth keeping; shown as notes")

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Notes and facts as the ledger carries them."""
        return (*self.notes, *(f"{name}: {value}" for name, value in self.facts.items()))
