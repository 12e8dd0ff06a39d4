"""Worked cases: a ledger, a date and the figures a credit manager expects, beside the figures found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError, first_keys
from riskresearch.behaviour.book import Book, book, prepare, without_related
from riskresearch.behaviour.distributions import ageing
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.settings import IndicatorSettings
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.worked import worked_ledger
from riskresearch.pipeline.plan import parse_date

RELATIVE_TOLERANCE = 1e-6
OWN_KEYS = (
    "name",
    "note",
    "ledger",
    "mapping",
    "as_of",
    "customers_shown",
    "settings",
    "expected",
    "reasons",
    "ageing",
)


@dataclass(frozen=True)
class Agreement:
    """One expected figure beside the figure found."""

    case_name: str
    figure: str
    expected: float | str | None
    found: float | str | None
    agrees: bool


def read_cases(path: Path) -> list[Mapping[str, Any]]:
    """Return the cases of a YAML file.

    Raises
    ------
    SettingsError
        The file cannot be read, or is not a list of cases with ``name``, ``as_of`` and ``expected``.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
        raise SettingsError(f"{path}: cannot be read as YAML: {cause}") from cause
    if not isinstance(found, list) or not all(isinstance(case, dict) for case in found):
        raise SettingsError(f"{path}: write a list of cases, each with name, as_of, a ledger and expected")
    for number, case in enumerate(found, start=1):
        lacking = [key for key in ("name", "as_of") if key not in case]
        if lacking or not any(key in case for key in ("expected", "reasons", "ageing")):
            words = ", ".join(lacking) or "expected, reasons or ageing"
            raise SettingsError(f"{path}: case {number} ({case.get('name', 'no name')}) lacks {words}")
    return found


def check_cases(path: Path) -> list[Agreement]:
    """Return every figure that the cases of a file expect beside the figure found.

    A case names its ledger in full (``invoices`` and so on, see `riskresearch.ledger.worked`) or by
    ``ledger: PATH`` beside the case file, with ``mapping``.

    Parameters
    ----------
    path : YAML file, or folder of such files

    Raises
    ------
    SettingsError
        There is no such file, or a case asks for an indicator that does not exist.
    """
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise SettingsError(f"{path}: no such file, and no folder with .yaml files")
    return [line for file in files for case in read_cases(file) for line in check_case(case, folder=file.parent)]


def check_case(case: Mapping[str, Any], *, folder: Path) -> list[Agreement]:
    """Return the agreement of one case."""
    asked = [*(case.get("expected") or {}), *(case.get("reasons") or {})]
    unknown = [name for name in asked if name not in INDICATORS]
    if unknown:
        raise SettingsError(
            f"case {case['name']!r}: no indicator {first_keys(unknown)}; docs/dictionary.md lists them all"
        )
    now = _book(case, folder)
    return [
        Agreement(str(case["name"]), figure, expected, found, _agrees(expected, found))
        for figure, expected, found in _figures(case, now)
    ]


def _book(case: Mapping[str, Any], folder: Path) -> Book:
    as_of = parse_date(str(case["as_of"]))
    tables = cut_ledger(_ledger(case, folder), as_of=as_of)
    tables["movements"] = movements(tables)
    kept, _ = without_related(tables)
    chosen = validated(IndicatorSettings, case.get("settings", {}), where=f"case {case['name']!r}, settings")
    return book(prepare(kept), as_of=as_of, settings=chosen)


def _ledger(case: Mapping[str, Any], folder: Path) -> Ledger:
    if "ledger" in case:
        return read_ledger(folder / str(case["ledger"]), mapping=case.get("mapping"))
    return worked_ledger({key: value for key, value in case.items() if key not in OWN_KEYS})


def _figures(case: Mapping[str, Any], now: Book) -> Iterator[tuple[str, Any, Any]]:
    for name, expected in (case.get("expected") or {}).items():
        yield name, expected, INDICATORS[name].function(now).value
    for name, expected in (case.get("reasons") or {}).items():
        yield f"reason of {name}", expected, INDICATORS[name].function(now).reason
    if "ageing" in case:
        amounts = ageing(now).query("basis_code == 'due_date'").set_index("bucket_code")["open_amount"]
        for bucket, expected in case["ageing"].items():
            if bucket not in amounts:
                raise SettingsError(
                    f"case {case['name']!r}: no bucket {bucket}; there are {', '.join(amounts.index)}; write them in "
                    'quotes, as in "31_60": 400'
                )
            yield f"ageing {bucket}", expected, amounts[bucket]


def _agrees(expected: float | str | None, found: float | str | None) -> bool:
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return isclose(expected, found, rel_tol=RELATIVE_TOLERANCE, abs_tol=RELATIVE_TOLERANCE)
    return expected == found


def agreement_text(lines: Sequence[Agreement]) -> str:
    """Return the agreement as text, for a terminal: one line per figure, disagreements marked."""
    rows = pd.DataFrame(
        [
            {
                "": "ok" if line.agrees else "DIFFERS",
                "case": line.case_name[:60],
                "figure": line.figure,
                "expected": _shown(line.expected),
                "found": _shown(line.found),
            }
            for line in lines
        ]
    )
    wrong = sum(not line.agrees for line in lines)
    return f"{rows.to_string(index=False, justify='left')}\n\n{len(lines)} figures, {wrong} differ"


def _shown(value: float | str | None) -> str:
    if value is None:
        return "not computable"
    return value if isinstance(value, str) else f"{value:,.6g}"
