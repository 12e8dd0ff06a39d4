"""How a customer panel is written: its customers, periods, outcome and features, one YAML file per kind of panel."""

from collections import Counter
from dataclasses import replace
from datetime import date as day
from pathlib import Path
from typing import Any, Literal

from pandas import DataFrame
from pydantic import Field, field_validator, model_validator

from riskresearch.base.config import StageSettings, merged, read_yaml, validated
from riskresearch.base.errors import SettingsError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.features.families import FEATURES
from riskresearch.features.tables import SNAPSHOTS, WHAT_IF_SNAPSHOTS
from riskresearch.ledger.reading.formats import DateFormat, Format
from riskresearch.pipeline.panel_run.formulas import FORMULAS
from riskresearch.pipeline.project import PROJECT

PANELS = PROJECT / "config" / "panels"
PANEL_EXCLUSIONS = ("in_default", "no_outcome")
FIXED = tuple(column for column in SNAPSHOTS.columns if column.name not in FEATURES)


class Period(StageSettings):
    """When a row was known: a date, the number of a period, or one date for the whole file."""

    column: str | None = Field(None, description="column of the date on which the row was known, or of the period")
    format: DateFormat | None = Field(None, description="how the dates are written, e.g. YYYY-MM-DD")
    first: int | None = Field(None, description="number of the first period, where periods are numbered")
    first_date: day | None = Field(None, description="date that stands for the first period")
    date: day | None = Field(None, description="date of every row, where the file has no period: one cross-section")
    months: int = Field(12, ge=1, le=60, description="months from one period to the next")

    @model_validator(mode="after")
    def _one_way(self) -> "Period":
        is_numbered = self.first is not None and self.first_date is not None
        ways = [self.format is not None, is_numbered, self.date is not None]
        if sum(ways) != 1 or (self.column is None) != (self.date is not None):
            raise ValueError("give column and format, or column, first and first_date, or date alone")
        return self


class Outcome(StageSettings):
    """Which cells mean default, and when: in the months after the row, or in its own period."""

    column: str = Field(description="column of the outcome")
    bad: tuple[str, ...] = Field(min_length=1, description="cells that mean default")
    good: tuple[str, ...] = Field(min_length=1, description="cells that mean no default")
    shift_periods: int = Field(
        0,
        ge=0,
        le=24,
        description="0: the cell tells what follows its row within horizon_months; 1 or more: the cell is the state of "
        "its own period, and the outcome of a row is a default in that many periods after it",
    )
    horizon_months: int | None = Field(None, ge=1, le=36, description="months the cell looks ahead; with shift 0 only")

    @model_validator(mode="after")
    def _one_window(self) -> "Outcome":
        if (self.shift_periods == 0) != (self.horizon_months is not None):
            raise ValueError("give horizon_months where the cell looks ahead (shift_periods 0), and only there")
        if both := sorted(set(self.bad) & set(self.good)):
            raise ValueError(f"{both} cannot mean both default and no default")
        return self


class Feature(StageSettings):
    """One feature, or a series of them: what it is made of, its unit, direction and labels."""

    feature: str = Field(description="name in lower case; {n} is the place in the series, {column} the first column")
    formula: str = Field("value", description="how it is made of the columns")
    columns: tuple[str, ...] = Field(
        (), description="what the formula takes, in order: features declared above, or columns of the file"
    )
    each: tuple[str | tuple[str, ...], ...] = Field((), description="a series: the columns of each feature")
    threshold: float | None = Field(None, description="value that count_above compares with")
    values: tuple[str, ...] = Field((), description="cells that is_one_of looks for")
    family: str = Field(description="family of the feature")
    unit: Literal["amount", "ratio", "days", "months", "count", "number"]
    direction: Literal[-1, 0, 1] = Field(description="+1 higher is riskier, -1 safer, 0 free")
    label_en: str
    label_fr: str
    window_months: int = Field(0, ge=0, description="months that it looks back; 0: the state on the date")
    decimals: int = Field(2, ge=0, le=6)
    missing: str = Field("the file holds no value", description="when there is no value")

    @model_validator(mode="after")
    def _complete(self) -> "Feature":
        if bool(self.columns) == bool(self.each):
            raise ValueError("give columns for one feature or each for a series")
        if self.formula not in FORMULAS:
            raise ValueError(f"formula {self.formula!r} is unknown; choose one of {', '.join(FORMULAS)}")
        rule = FORMULAS[self.formula]
        for columns in self.each or (self.columns,):
            rule.refuse((columns,) if isinstance(columns, str) else columns, self.threshold, self.values)
        return self

    def expanded(self) -> "list[Feature]":
        """Return the single features of a series."""
        if not self.each:
            return [self]
        rows = [(columns,) if isinstance(columns, str) else columns for columns in self.each]
        return [self._filled(columns, n) for n, columns in enumerate(rows)]

    def _filled(self, columns: tuple[str, ...], n: int) -> "Feature":
        marks = {"n": n, "column": columns[0]}
        texts = {name: getattr(self, name).format(**marks) for name in ("label_en", "label_fr")}
        code = self.feature.format(n=n, column=columns[0].lower())
        return self.model_copy(update={"feature": code, "columns": columns, "each": (), **texts})


class PanelMapping(StageSettings):
    """A customer panel without invoices: which columns say what, what is left out and why."""

    panel: str = Field(description="name of the mapping")
    title: str
    provenance: str = Field(description="where the data come from and under which licence")
    currency_code: str = Field(pattern="^[A-Z]{3}$")
    format: Format = Format()
    customer: str = Field(description="column of the customer")
    period: Period
    outcome: Outcome
    features: tuple[Feature, ...] = Field(min_length=1)
    left_out: dict[str, str] = Field({}, description="columns that are not used, and why")
    gaps: dict[str, str] = Field({}, description="what the panel cannot tell, and what follows")
    known_before: dict[str, str] = Field(
        {},
        description="features that tell defaults apart alone, and why they were known before the default all the same",
    )
    split_seed: int = Field(1, ge=0, description="seed of the hold-out where there is one date only")
    settings: dict[str, Any] = Field({}, description="settings of the run that suit this panel; your own come on top")

    @field_validator("features", mode="after")
    @classmethod
    def _single(cls, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
        single = tuple(one for feature in features for one in feature.expanded())
        counts = Counter(one.feature for one in single)
        wrong = [code for code, n in counts.items() if n > 1 or not code.isidentifier() or code != code.lower()]
        wrong += [code for code in counts if code in {column.name for column in FIXED}]
        if wrong:
            raise ValueError(f"feature names repeated, not in lower case or reserved: {first_keys(wrong)}")
        return single

    @model_validator(mode="after")
    def _no_leak(self) -> "PanelMapping":
        """A feature made of its own row's outcome would know what it predicts."""
        used = self.feature_columns
        telling = {self.outcome.column, self.customer} & used
        both = used & set(self.left_out)
        if telling or both:
            raise ValueError(
                f"features use columns that they must not: {sorted(telling)} (customer, outcome), {sorted(both)} "
                "(left out)"
            )
        return self

    @property
    def feature_columns(self) -> set[str]:
        """Columns of the file that features are made of."""
        return self._columns(is_text=True) | self.number_columns

    @property
    def number_columns(self) -> set[str]:
        """Columns of the file that must hold numbers."""
        return self._columns(is_text=False)

    def _columns(self, *, is_text: bool) -> set[str]:
        found, above = set(), set[str]()
        for feature in self.features:
            if FORMULAS[feature.formula].is_text == is_text:
                found |= set(feature.columns) - (set() if is_text else above)
            above.add(feature.feature)
        return found

    @property
    def horizon_months(self) -> int:
        """Months after a row within which a default is its outcome."""
        return self.outcome.horizon_months or self.outcome.shift_periods * self.period.months

    @property
    def snapshots(self) -> Table:
        """Table `snapshots` of a run of this panel: the fixed columns and the features of the mapping."""
        fixed = [
            Column(c.name, c.kind, c.meaning, c.nullable, PANEL_EXCLUSIONS) if c.name == "exclusion_code" else c
            for c in FIXED
        ]
        return replace(SNAPSHOTS, columns=(*fixed, *self._feature_columns()))

    @property
    def what_if_snapshots(self) -> Table:
        """Table `what_if_snapshots` of a run of this panel; it has no rows, for what a customer owes is not told."""
        fixed = [column for column in WHAT_IF_SNAPSHOTS.columns if column.name not in FEATURES]
        return replace(WHAT_IF_SNAPSHOTS, columns=(*fixed, *self._feature_columns()))

    def _feature_columns(self) -> list[Column]:
        return [Column(f.feature, "float", f"{f.label_en}. Unit: {f.unit}.", True) for f in self.features]

    def with_settings(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return settings of a run on top of those of the mapping; the horizon is that of the outcome."""
        horizon = {"features": {"horizon_months": self.horizon_months}}
        return merged(merged(self.settings, content), horizon)

    def feature_dictionary(self) -> DataFrame:
        """Return table `feature_dictionary`: one row per feature, in the order of the mapping."""
        renamed = {"feature": "feature_code", "family": "family_code", "unit": "unit_code"}
        kept = ("window_months", "label_en", "label_fr", "decimals", "missing")
        rows = [
            {new: getattr(f, old) for old, new in renamed.items()}
            | {name: getattr(f, name) for name in kept}
            | {"direction_code": f.direction}
            for f in self.features
        ]
        return DataFrame(rows)


def panel_mapping(name: str | Path | None) -> PanelMapping:
    """Return a panel mapping by the name of a shipped one or by the path of its file.

    Raises
    ------
    SettingsError
        No mapping is named, it is not found, or a key of it is wrong.
    """
    shipped = ", ".join(sorted(file.stem for file in PANELS.glob("*.yaml")))
    candidates = [PANELS / f"{name}.yaml", Path(str(name))]
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if name is None:
        raise SettingsError(f"a panel needs a mapping: give --mapping, one of {shipped} or the path of a YAML file")
    if file is None:
        raise SettingsError(
            f"mapping {str(name)!r} of the panel is neither a file nor a shipped mapping; shipped are {shipped}; give "
            "one of them with --mapping, or the path of a YAML file written like them"
        )
    return validated(PanelMapping, read_yaml(file), where=file.name)
