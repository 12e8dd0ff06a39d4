"""Scoring with a hand-over bundle: needs lightgbm and numpy only.

A bundle is a folder of text files, no executable code and no pickle. Rows are checked against the
contract before they are scored; a row that breaks it gets no score but the reason.
"""

import csv
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from riskresearch.base.errors import BundleError

MANIFEST, MODEL, CALIBRATION = "manifest.json", "model.txt", "calibration.json"
CONTRACT, GRADES, GOLDEN_INPUTS, GOLDEN_SCORES = (
    "contract.json",
    "grades.json",
    "golden_inputs.csv",
    "golden_scores.csv",
)
TEXTS = (MODEL, CALIBRATION, CONTRACT, GRADES)
SCORES = ("pd_12m", "grade_code", "reasons", "refused")
TOLERANCE = 1e-9
SMALLEST_REASON = 1e-6


@dataclass(frozen=True)
class Scorer:
    """A loaded bundle."""

    booster: lgb.Booster
    slope: float
    intercept: float
    pd_floor: float
    contract: tuple[Mapping[str, Any], ...]
    grades: tuple[Mapping[str, Any], ...]
    n_reasons: int

    @property
    def names(self) -> list[str]:
        """Names of the input columns in the order of the model."""
        return [column["name"] for column in self.contract]

    def score(self, values: NDArray[np.float64], *, threads: int = 0) -> list[dict[str, Any]]:
        """Return PD, grade and reasons of rows in contract order; NaN = missing. Threads: 0 = all cores."""
        parts = np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=threads)) * self.slope
        odds = parts.sum(axis=1) + self.intercept
        pds = np.maximum(1 / (1 + np.exp(-odds)), self.pd_floor)
        rows = zip(odds.tolist(), pds.tolist(), self._grades(pds), self._reasons(parts[:, :-1]), strict=True)
        return [{"log_odds": z, "pd_12m": p, "grade_code": grade, "reasons": reasons} for z, p, grade, reasons in rows]

    def _grades(self, pds: NDArray[np.float64]) -> list[str]:
        """The first grade whose upper bound a PD does not exceed."""
        within = pds[:, None] <= np.array([grade["pd_high"] for grade in self.grades], dtype=float)
        if not within.any(axis=1).all():
            raise BundleError(f"bundle: PD {pds[~within.any(axis=1)][0]} is above all grades; {GRADES} must reach 1")
        codes = [str(grade["grade_code"]) for grade in self.grades]
        return [codes[place] for place in within.argmax(axis=1).tolist()]

    def _reasons(self, parts: NDArray[np.float64]) -> list[list[str]]:
        """The features that raise the log-odds most, of equal ones the first by name."""
        by_name = np.argsort(np.array(self.names), kind="stable")
        names, sorted_parts = np.array(self.names)[by_name].tolist(), parts[:, by_name]
        order = np.argsort(-sorted_parts, axis=1, kind="stable")[:, : self.n_reasons]
        counts = (np.take_along_axis(sorted_parts, order, axis=1) > SMALLEST_REASON).sum(axis=1)
        return [
            [names[place] for place in row[:count]] for row, count in zip(order.tolist(), counts.tolist(), strict=True)
        ]


def load_bundle(folder: Path) -> Scorer:
    """Return the scorer of a bundle after checking that no file was altered.

    Raises
    ------
    BundleError
        A file is missing or differs from the manifest.
    """
    return make_scorer(read_bundle(folder))


def read_bundle(folder: Path) -> dict[str, str]:
    """Return the texts a scorer is made from, by file name, after checking that no file was altered.

    Raises
    ------
    BundleError
        A file is missing or differs from the manifest.
    """
    digests = _json(folder, MANIFEST)["files"]
    contents = {name: _content(folder / name) for name in {*digests, *TEXTS}}
    wrong = [name for name, content in contents.items() if hashlib.sha256(content).hexdigest() != digests.get(name)]
    if wrong:
        raise BundleError(
            f"bundle {folder.name}: {len(wrong)} file(s) missing or altered ({', '.join(sorted(wrong)[:3])}); "
            "take the bundle again from the run that made it"
        )
    return {name: contents[name].decode() for name in TEXTS}


def make_scorer(texts: Mapping[str, str]) -> Scorer:
    """Return the scorer of a bundle's texts, as `read_bundle` gives them."""
    calibration, contract, grades = (json.loads(texts[name]) for name in (CALIBRATION, CONTRACT, GRADES))
    return Scorer(
        lgb.Booster(model_str=texts[MODEL]),
        calibration["slope"],
        calibration["intercept"],
        calibration.get("pd_floor", 0.0),
        tuple(contract["columns"]),
        tuple(grades),
        contract["n_reasons"],
    )


def score_columns(
    scorer: Scorer,
    ids: Sequence[Any],
    columns: Mapping[str, Sequence[Any] | NDArray[Any]],
    *,
    refused: Mapping[int, str] | None = None,
    threads: int = 0,
) -> dict[str, list[Any]]:
    """Return ``pd_12m grade_code reasons refused`` of rows, whatever holds them.

    A row that has no id or breaks the contract gets no score but, in ``refused``, the reason; the other rows get
    what they would get alone. Every value is None where it does not apply; reasons are joined by ``;``.

    Parameters
    ----------
    scorer : the loaded bundle
    ids : id of each row
    columns : values by the contract's names, numbers or text; None, NaN and empty text = missing
    refused : rows that were found wrong before, by position, each with the reason
    threads : threads of LightGBM, 0 = all cores
    """
    values, wrong = _numbers(columns, len(ids), scorer.contract)
    no_id = {i: "the row has no id; give each row one" for i, key in enumerate(ids) if _is_missing(key)}
    reasons = wrong | no_id | dict(refused or {})
    good = np.array([i for i in range(len(ids)) if i not in reasons], dtype=int)
    scores = dict(zip(good.tolist(), scorer.score(values[good], threads=threads), strict=True)) if len(good) else {}
    rows = [
        (s["pd_12m"], s["grade_code"], ";".join(s["reasons"]), None) if s else (None, None, None, reasons[i])
        for i, s in ((i, scores.get(i)) for i in range(len(ids)))
    ]
    return {name: [row[place] for row in rows] for place, name in enumerate(SCORES)}


def read_inputs(file: Path, scorer: Scorer) -> tuple[list[str], NDArray[np.float64]]:
    """Return row ids and values in contract order from a CSV file whose header names the columns.

    Raises
    ------
    BundleError
        A column is missing or unknown, or a value is not a number within the contract's range.
    """
    with file.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        header, rows = list(reader.fieldnames or []), list(reader)
    missing = [name for name in scorer.names if name not in header]
    unknown = [name for name in header if name not in (*scorer.names, "row_id")]
    if missing or unknown:
        raise BundleError(
            f"{file.name}: missing columns {missing}, unknown columns {unknown}; the contract asks for row_id "
            f"and {scorer.names}"
        )
    ids = [row["row_id"] for row in rows]
    return ids, checked_values(rows, ids, scorer.contract, where=file.name)


def checked_values(
    rows: Sequence[Mapping[str, Any]], ids: Sequence[str], contract: Iterable[Mapping[str, Any]], *, where: str
) -> NDArray[np.float64]:
    """Return values in contract order; empty = missing.

    Raises
    ------
    BundleError
        A value is not a number or lies outside the contract's range.
    """
    contract = list(contract)
    columns = {column["name"]: [row[column["name"]] for row in rows] for column in contract}
    values, wrong = _numbers(columns, len(rows), contract)
    if wrong:
        first = min(wrong)
        raise BundleError(f"{where}, row {ids[first]}: {wrong[first]}")
    return values


def _numbers(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], n_rows: int, contract: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Values in contract order, NaN where missing, and by row the first thing that breaks the contract."""
    values, wrong = np.full((n_rows, len(contract)), np.nan), dict[int, str]()
    for j, column in enumerate(contract):
        values[:, j], found = _column(columns[column["name"]], column)
        wrong = found | wrong
    return values, wrong


def _column(
    given: Sequence[Any] | NDArray[Any], column: Mapping[str, Any]
) -> tuple[NDArray[np.float64], dict[int, str]]:
    name, low, high = column["name"], column.get("low"), column.get("high")
    numbers, wrong = np.full(len(given), np.nan), dict[int, str]()
    if isinstance(given, np.ndarray) and given.dtype.kind in "fiub":
        numbers[:] = given
    else:
        for i, value in enumerate(given):
            number = _number(value)
            if number is None:
                wrong[i] = f"{name} = {value!r} is not a number; leave it empty where missing"
            else:
                numbers[i] = number
    outside = np.isinf(numbers)
    outside |= False if low is None else numbers < low
    outside |= False if high is None else numbers > high
    for i in np.flatnonzero(outside).tolist():
        wrong[i] = f"{name} = {given[i]} lies outside [{low}, {high}]; check its unit ({column['unit']})"
    return numbers, wrong


def _number(value: Any) -> float | None:
    """The number that a value stands for, NaN where it is missing; None if it stands for none."""
    if _is_missing(value):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(number) or "_" in str(value) else number


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def verify_bundle(folder: Path) -> dict[str, Any]:
    """Score the golden rows again and compare with the golden scores.

    Returns
    -------
    dict ``n_rows max_error n_grades_wrong n_reasons_wrong``.

    Raises
    ------
    BundleError
        A score differs by more than the tolerance, or a grade or reason differs.
    """
    scorer = load_bundle(folder)
    ids, values = read_inputs(folder / GOLDEN_INPUTS, scorer)
    found = dict(zip(ids, scorer.score(values), strict=True))
    with (folder / GOLDEN_SCORES).open(encoding="utf-8", newline="") as handle:
        expected = list(csv.DictReader(handle))
    errors = [abs(found[row["row_id"]]["pd_12m"] - float(row["pd_12m"])) for row in expected]
    grades = [row["row_id"] for row in expected if found[row["row_id"]]["grade_code"] != row["grade_code"]]
    reasons = [row["row_id"] for row in expected if ";".join(found[row["row_id"]]["reasons"]) != row["reasons"]]
    off = [row["row_id"] for row, error in zip(expected, errors, strict=True) if not error <= TOLERANCE]
    if off or grades or reasons or len(expected) != len(ids) or not ids:
        raise BundleError(
            f"bundle {folder.name}: {len(off)} of {len(expected)} golden PDs differ by more than {TOLERANCE}, "
            f"{len(grades)} grades and {len(reasons)} reason lists differ; do not use it on this machine"
        )
    return {"n_rows": len(ids), "max_error": max(errors), "n_grades_wrong": 0, "n_reasons_wrong": 0}


def _json(folder: Path, name: str) -> Any:
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError) as cause:
        raise BundleError(
            f"{folder}: {name} is missing or not readable; a bundle is the folder that notebook 11_handover makes"
        ) from cause


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
