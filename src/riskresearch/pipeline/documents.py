"""Generated pages: default settings and the dictionaries of tables, settings and registered members."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from riskresearch.base.config import settings_yaml
from riskresearch.base.run import write_atomically
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.receipts.methods import FORECAST_METHODS
from riskresearch.behaviour.warnings.registry import SIGNALS
from riskresearch.features.families import FEATURES
from riskresearch.insurance.actions import ACTION_RULES
from riskresearch.insurance.indicators import USE_INDICATORS, YEAR_INDICATORS
from riskresearch.limits.backtest.rules import POLICIES
from riskresearch.limits.methods import METHODS
from riskresearch.limits.optimise.rules import SIMPLE_RULES
from riskresearch.limits.reviews.facts import TRIGGERS
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.stages import MAKERS, TABLES
from riskresearch.validation.registry import AREAS, BATTERY


def documents() -> dict[str, str]:
    """Return the generated files by path below the project."""
    return {
        "config/default.yaml": settings_yaml(Settings()),
        "docs/tables.md": _tables(),
        "docs/dictionary.md": _members(),
    }


def write_documents(project: Path, *, check: bool) -> list[str]:
    """Write the generated files, or only tell which differ.

    Parameters
    ----------
    project : folder of the project
    check : True = write nothing

    Returns
    -------
    list of the paths that differed.
    """
    stale = []
    for name, text in documents().items():
        file = project / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                write_atomically(file, text.encode())
    return stale


def _tables() -> str:
    lines = [
        "# Tables",
        "",
        "Generated from the declarations in the code by `riskresearch docs`. Every table is checked "
        "against its declaration when it is written and when it is read.",
        "",
    ]
    for table in TABLES.values():
        lines += [
            f"## {table.name}",
            "",
            f"{table.grain}. Key: {', '.join(table.keys)}. Made by {MAKERS[table.name]}.",
            "",
        ]
        lines += _grid(
            ("column", "type", "may be empty", "meaning"),
            (
                (
                    c.name,
                    c.kind,
                    "yes" if c.nullable else "no",
                    c.meaning + (f" ({', '.join(c.codes)})" if c.codes else ""),
                )
                for c in table.columns
            ),
        )
        lines.append("")
    return "\n".join(lines)


def _members() -> str:
    lines = ["# Dictionary", "", "Generated from the declarations in the code by `riskresearch docs`."]
    stages = (_indicators, _signals, _forecasts, _features, _measures, _methods, _policies, _triggers)
    for title, head, rows in (section() for section in (*stages, _cover_indicators, _cover_rules)):
        lines += ["", f"## {title}", "", *_grid(head, rows)]
    return "\n".join(lines) + "\n"


Section = tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]


def _indicators() -> Section:
    head = ("indicator", "English", "French", "unit", "tax", "window", "variant", "formula", "no value where")
    rows = [
        (
            *(m.name, m.spec.label_en, m.spec.label_fr, m.spec.unit, m.spec.basis, m.spec.window, m.spec.variant),
            *(m.spec.formula, m.spec.null_rule),
        )
        for m in INDICATORS
    ]
    return "Payment indicators", head, rows


def _signals() -> Section:
    head = ("signal", "English", "French", "family", "unit", "definition")
    rows = [(m.name, m.spec.label_en, m.spec.label_fr, m.spec.family, m.spec.unit, m.definition) for m in SIGNALS]
    return "Warning signals", head, rows


def _forecasts() -> Section:
    rows = [(m.name, m.spec.label_en, m.spec.label_fr, m.definition) for m in FORECAST_METHODS]
    return "Methods of the receipts forecast", ("method", "English", "French", "definition"), rows


def _features() -> Section:
    head = ("feature", "English", "French", "family", "unit", "direction", "missing", "definition")
    rows = [
        (
            *(m.name, m.spec.label_en, m.spec.label_fr, m.spec.family, m.spec.unit),
            *(f"{m.spec.direction:+d}" if m.spec.direction else "0", m.spec.missing, m.definition),
        )
        for m in FEATURES
    ]
    return "Features", head, rows


def _measures() -> Section:
    by_area = sorted(BATTERY, key=lambda m: (AREAS.index(m.spec.area), m.name))
    head = ("measure", "English", "French", "better", "rows", "source", "definition")
    better = {1: "higher", -1: "lower", 0: "neither"}
    rows = [
        (m.name, m.spec.label_en, m.spec.label_fr, better[m.spec.direction], m.spec.rows, m.spec.source, m.definition)
        for m in by_area
    ]
    return "Validation measures", head, rows


def _methods() -> Section:
    head = ("method", "English", "French", "question", "source", "definition")
    rows = [
        (m.name, m.spec.label_en, m.spec.label_fr, m.spec.question_code, m.spec.source, m.definition) for m in METHODS
    ]
    return "Limit methods", head, rows


def _policies() -> Section:
    rows = [(m.name, m.spec.label_en, m.spec.label_fr, m.definition) for m in (*POLICIES, *SIMPLE_RULES)]
    return (
        "Limit policies replayed, and simple rules beside the optimum",
        ("rule", "English", "French", "definition"),
        rows,
    )


def _triggers() -> Section:
    rows = [(m.name, m.spec.label_en, m.spec.label_fr, m.spec.unit_code, m.definition) for m in TRIGGERS]
    return "Triggers of a limit review", ("trigger", "English", "French", "unit", "definition"), rows


def _cover_indicators() -> Section:
    rows = [
        (m.name, m.spec.label_en, m.spec.label_fr, m.spec.family, m.spec.unit, m.spec.formula)
        for m in (*USE_INDICATORS, *YEAR_INDICATORS)
    ]
    return "Indicators of an insurance policy", ("indicator", "English", "French", "family", "unit", "formula"), rows


def _cover_rules() -> Section:
    head = ("rule", "English", "French", "threshold: setting insurance.actions.rules", "definition")
    rows = [(m.name, m.spec.label_en, m.spec.label_fr, m.spec.threshold, m.definition) for m in ACTION_RULES]
    return "Rules on the use of an insurance policy", head, rows


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    body = [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body]
