"""Choice of the calibration by rule: none, a shift of level, or Platt; isotonic steps for diagnosis only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame
from pydantic import Field, model_validator
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit
from scipy.stats import norm

from riskresearch.base.config import StageSettings
from riskresearch.base.resampling import auc
from riskresearch.base.schema import Column, Table
from riskresearch.model.calibration.fit import Floats, Line, Rows, fit_platt, fit_shift, log_loss

METHODS = ("none", "shift", "platt", "isotonic")
REASONS = (
    "too_few_defaulters",
    "one_class",
    "constant_score",
    "separated",
    "slope_holds",
    "slope_not_certain",
    "slope_not_positive",
    "slope_departs",
    "level_holds",
    "level_departs",
    "diagnosis_only",
)
SMALLEST_PD = 1e-6

CALIBRATION_METHODS = Table(
    "calibration_methods",
    "model",
    "one row per way to calibrate the raw log-odds",
    ("calibration_code",),
    (
        Column("calibration_code", "code", "way to calibrate", False, METHODS),
        Column("slope", "float", "factor on the raw log-odds; empty where there is none", True),
        Column("intercept", "float", "log-odds added; empty where there is none", True),
        Column("slope_se", "float", "standard error of the slope, clustered by customer; empty where fixed", True),
        Column("intercept_se", "float", "standard error of the intercept, clustered by customer", True),
        Column("n_rows", "int", "customer-dates the model has not seen"),
        Column("n_customers", "int", "customers"),
        Column("n_defaulters", "int", "customers with a default in at least one row"),
        Column("log_loss", "float", "log loss on customers left out in turn; empty where it cannot be fitted", True),
        Column("brier", "float", "Brier score on customers left out in turn", True),
        Column("zero_ratio", "float", "share of rows of customers left out that get a PD of 0", True),
        Column("auc_lost", "float", "AUC of the raw score minus AUC after calibration, customers left out", True),
        Column("is_chosen", "bool", "used"),
        Column("reason_code", "code", "why it is used or not", False, REASONS),
    ),
)


class CalibrationSettings(StageSettings):
    """Choice of the calibration."""

    slope_low: float = Field(0.9, gt=0, description="calibration slopes from here count as 1; source: domain note A3")
    slope_high: float = Field(1.1, gt=0, description="calibration slopes up to here count as 1; source: domain note A3")
    calibration_confidence_ratio: float = Field(
        0.95,
        gt=0.5,
        lt=1,
        description="confidence, 0-1, with which a slope must differ from 1, or a level from the observed one, before "
        "it is corrected; the company's own judgement",
    )
    calibration_min_defaulters: int = Field(
        20,
        ge=2,
        description="customers in default below which raw log-odds are left as they are; fewest that were measured, "
        "domain note A4",
    )
    calibration_folds: int = Field(5, ge=2, le=20, description="groups of customers left out in turn to compare ways")

    @model_validator(mode="after")
    def _band_holds_something(self) -> Self:
        if self.slope_low > self.slope_high:
            raise ValueError(f"slope_low {self.slope_low} lies above slope_high {self.slope_high}")
        return self


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds = ``slope`` × raw log-odds + ``intercept``.

    Examples
    --------
    >>> Calibration(0.5, -1.0, "platt").log_odds([2.0, 4.0]).tolist()
    [0.0, 1.0]
    """

    slope: float = 1.0
    intercept: float = 0.0
    method: str = "none"

    def log_odds(self, raw: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated log-odds."""
        return self.slope * np.asarray(raw, dtype=float) + self.intercept

    def probability(self, raw: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated probabilities."""
        return expit(self.log_odds(raw))


def choose_calibration(
    raw: ArrayLike, outcome: ArrayLike, customers: ArrayLike, settings: CalibrationSettings
) -> tuple[Calibration, DataFrame]:
    """Return the calibration that the rows call for, and table `calibration_methods`.

    The rule, in this order:

    1. Fewer defaulting customers than `calibration_min_defaulters`, or no survivor: none.
    2. Platt, only where the fitted slope lies outside ``[slope_low, slope_high]`` and its interval does not hold 1.
       Never with a slope of 0 or less, which would turn the ranking round (*slope_not_positive*), nor where no slope
       can be fitted (*constant_score*, *separated*).
    3. Else a shift, only where the interval of the shift (slope 1) does not hold 0.
    4. Else none.

    Isotonic steps are shown beside and never used: with few defaults they give PDs of 0, lose rank, and break the
    additivity of explanations.

    Parameters
    ----------
    raw : raw log-odds of rows that the model has not seen, a later block or customers left out
    outcome : 1 = default within the horizon
    customers : customer of each row; rows of one customer are near copies, so standard errors are clustered
    settings : band of slopes, confidence, fewest defaulters, folds

    Raises
    ------
    TableError
        Log-odds are not finite, outcomes are neither 0 nor 1, or the lengths differ.

    Notes
    -----
    Interval: number ± z · standard error, z of `calibration_confidence_ratio`, two-sided. The losses compare the ways
    on customers left out of their fit in turn; they inform and do not decide. In log loss a PD below 1e-6 or above
    1 − 1e-6 counts as that bound, because steps of 0 and 1 would make it infinite.
    Sources: Platt 1999; Cox 1958 (slope and intercept); domain note A3 and A4 (measured).

    Examples
    --------
    >>> raw = np.tile([-3.0, -1.0, 1.0], 100)
    >>> outcome = np.tile([0, 0, 1], 100)
    >>> choose_calibration(raw, outcome, range(300), CalibrationSettings())[1].set_index("calibration_code")[
    ...     "reason_code"]["platt"]
    'separated'
    """
    rows = Rows.of(raw, outcome, customers)
    lines = {"none": Line(), "shift": _shift(rows), "platt": _platt(rows)}
    chosen, reasons = _decision(rows, lines, settings)
    counts = {"n_rows": len(rows.raw), "n_customers": len(np.unique(rows.owner)), "n_defaulters": rows.n_defaulters}
    losses = _losses(rows, settings.calibration_folds)
    table = [
        {
            "calibration_code": name,
            **_numbers(lines.get(name)),
            **counts,
            **losses[name],
            "is_chosen": name == chosen,
            "reason_code": reasons[name],
        }
        for name in METHODS
    ]
    line = lines[chosen]
    assert line is not None
    return Calibration(line.slope, line.intercept, chosen), DataFrame(table, columns=CALIBRATION_METHODS.names)


def _shift(rows: Rows) -> Line | None:
    return None if rows.is_one_class else fit_shift(rows)


def _platt(rows: Rows) -> Line | None:
    return None if rows.is_one_class or rows.is_constant or rows.is_separated else fit_platt(rows)


def _decision(
    rows: Rows, lines: Mapping[str, Line | None], settings: CalibrationSettings
) -> tuple[str, dict[str, str]]:
    """Chosen way, and the reason of each way."""
    shift = lines["shift"]
    if rows.n_defaulters < settings.calibration_min_defaulters or shift is None:
        reason = "one_class" if len(rows.hit) and rows.hit.all() else "too_few_defaulters"
        return "none", {**dict.fromkeys(METHODS, reason), "isotonic": "diagnosis_only"}
    z = float(norm.ppf((1 + settings.calibration_confidence_ratio) / 2))
    slope = _slope_reason(rows, lines["platt"], settings, z)
    if slope == "slope_departs":
        return "platt", {**dict.fromkeys(METHODS, slope), "isotonic": "diagnosis_only"}
    holds = abs(shift.intercept) <= z * shift.intercept_se
    level = "level_holds" if holds else "level_departs"
    reasons = {"none": level, "shift": level, "platt": slope, "isotonic": "diagnosis_only"}
    return ("none" if holds else "shift"), reasons


def _slope_reason(rows: Rows, platt: Line | None, settings: CalibrationSettings, z: float) -> str:
    if platt is None:
        return "constant_score" if rows.is_constant else "separated"
    if settings.slope_low <= platt.slope <= settings.slope_high:
        return "slope_holds"
    if not abs(platt.slope - 1) > z * platt.slope_se:
        return "slope_not_certain"
    return "slope_departs" if platt.slope > 0 else "slope_not_positive"


def _numbers(line: Line | None) -> dict[str, float]:
    return {
        name: getattr(line, name) if line else np.nan for name in ("slope", "intercept", "slope_se", "intercept_se")
    }


def _losses(rows: Rows, n_folds: int) -> dict[str, dict[str, float]]:
    """Log loss, Brier score, PDs of 0 and rank lost, each way fitted without the customers it is measured on."""
    folds = _folds(rows, n_folds)
    ways: dict[str, Callable[[Rows, Floats], Floats | None]] = {
        "none": lambda _, raw: expit(raw),
        "shift": lambda train, raw: _predicted(_shift(train), raw),
        "platt": lambda train, raw: _predicted(_platt(train), raw),
        "isotonic": lambda train, raw: None if train.is_one_class else isotonic(train, raw),
    }
    return {name: _measured(rows, folds, way) for name, way in ways.items()}


def _folds(rows: Rows, n_folds: int) -> NDArray[np.int64]:
    """Group of each row; customers in turn, those in default first, so that each group has its share of them."""
    n_customers = int(rows.owner.max()) + 1 if len(rows.owner) else 0
    is_defaulter = np.bincount(rows.owner, rows.hit, minlength=n_customers) > 0
    place = np.empty(n_customers, dtype=np.int64)
    place[np.argsort(~is_defaulter, kind="stable")] = np.arange(n_customers)
    return (place % max(2, min(n_folds, rows.n_defaulters)))[rows.owner]


def _measured(rows: Rows, folds: NDArray[np.int64], way: Callable[[Rows, Floats], Floats | None]) -> dict[str, float]:
    p, lost = np.full(len(rows.raw), np.nan), []
    for fold in np.unique(folds):
        test = folds == fold
        given = way(rows.where(~test), rows.raw[test])
        p[test] = np.nan if given is None else given
        lost.append(auc(rows.raw[test], rows.hit[test]) - auc(p[test], rows.hit[test]))
    if len(p) == 0 or np.isnan(p).any():
        return dict.fromkeys(("log_loss", "brier", "zero_ratio", "auc_lost"), np.nan)
    told = [value for value in lost if not np.isnan(value)]
    return {
        "log_loss": log_loss(logit(p.clip(SMALLEST_PD, 1 - SMALLEST_PD)), rows.hit),
        "brier": float(np.mean((p - rows.hit) ** 2)),
        "zero_ratio": float(np.mean(p == 0)),
        "auc_lost": float(np.mean(told)) if told else np.nan,
    }


def _predicted(line: Line | None, raw: Floats) -> Floats | None:
    return None if line is None else expit(line.log_odds(raw))


def isotonic(rows: Rows, raw: Floats) -> Floats:
    """Return PDs of rising steps fitted to the rows, straight between their scores, level outside them."""
    scores, place = np.unique(rows.raw, return_inverse=True)
    weight = np.bincount(place).astype(float)
    steps = isotonic_regression(np.bincount(place, rows.hit) / weight, weights=weight)
    return np.interp(raw, scores, steps.x)
