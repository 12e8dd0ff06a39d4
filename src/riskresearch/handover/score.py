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
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Scorer:
    """A loaded bundle."""

    booster: lgb.Booster
    slope: float
    intercept: float
    contract: tuple[Mapping[str, Any], ...]
    grades: tuple[Mapping[str, Any], ...]
    n_reasons: int

    @property
    def names(self) -> list[str]:
        """Names of the input columns in the order of the model."""
        return [column["name"] for column in self.contract]

    def score(self, values: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Return PD, grade and reasons of rows in contract order; NaN = missing."""
        parts = np.asarray(self.booster.predict(values, pred_contrib=True)) * self.slope
        odds = parts.sum(axis=1) + self.intercept
        pds = 1 / (1 + np.exp(-odds))
        return [
            {
                "log_odds": float(z),
                "pd_12m": float(p),
                "grade_code": self._grade(float(p)),
                "reasons": self._reasons(row),
            }
            for z, p, row in zip(odds, pds, parts[:, :-1], strict=True)
        ]

    def _grade(self, p_default: float) -> str:
        return next(str(g["grade_code"]) for g in self.grades if p_default <= g["pd_high"])

    def _reasons(self, row: NDArray[np.float64]) -> list[str]:
        order = sorted((-value, name) for value, name in zip(row, self.names, strict=True) if value > 1e-6)
        return [name for _, name in order[: self.n_reasons]]


def load_bundle(folder: Path) -> Scorer:
    """Return the scorer of a bundle after checking that no file was altered.

    Raises
    ------
    BundleError
        A file is missing or differs from the manifest.
    """
    manifest = _json(folder, MANIFEST)
    wrong = [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]
    if wrong:
        raise BundleError(
            f"bundle {folder.name}: {len(wrong)} file(s) missing or altered ({', '.join(sorted(wrong)[:3])}); "
            "take the bundle again from the run that made it"
        )
    calibration, contract = _json(folder, CALIBRATION), _json(folder, CONTRACT)
    return Scorer(
        lgb.Booster(model_str=(folder / MODEL).read_text(encoding="utf-8")),
        calibration["slope"],
        calibration["intercept"],
        tuple(contract["columns"]),
        tuple(_json(folder, GRADES)),
        contract["n_reasons"],
    )


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
    columns = list(contract)
    values = np.full((len(rows), len(columns)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            values[i, j] = _number(row[column["name"]], column, f"{where}, row {ids[i]}")
    return values


def _number(text: Any, column: Mapping[str, Any], where: str) -> float:
    if text in ("", None):
        return math.nan
    try:
        value = float(text)
    except ValueError as cause:
        raise BundleError(
            f"{where}: {column['name']} = {text!r} is not a number; leave it empty where missing"
        ) from cause
    low, high = column.get("low"), column.get("high")
    if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
        raise BundleError(
            f"{where}: {column['name']} = {text} lies outside [{low}, {high}]; check its unit ({column['unit']})"
        )
    return value


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


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
