"""The battery of validation measures: one decorated function each, run on every model and sample.

The battery knows nothing of the model: it takes keys, PD and outcome, so it serves a bought-in score
as well. A measure returns a value, an interval and a verdict; it prints and draws nothing. What cannot
be computed is said with a code, never left as an empty number without a reason.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from pandas import DataFrame, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.registry import Registry
from riskresearch.base.schema import Column, Table


class Verdict(StrEnum):
    """Outcome of a measure against the company's own thresholds."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    INFORMATION = "information"
    NOT_COMPUTABLE = "not_computable"


REASONS = ("no_rows", "no_default", "all_default", "one_class", "constant_score", "too_few_customers")

MEASURES = Table(
    "measures",
    "validation",
    "one row per model, sample, grade and measure",
    ("model_code", "sample_code", "grade_code", "measure_code"),
    (
        Column("model_code", "text", "model that is judged"),
        Column("sample_code", "text", "rows it is judged on"),
        Column("grade_code", "text", "grade, or all"),
        Column("measure_code", "text", "measure, see docs/dictionary.md"),
        Column("value", "float", "value", True),
        Column("value_low", "float", "lower bound of the interval", True),
        Column("value_high", "float", "upper bound of the interval", True),
        Column("n_rows", "int", "rows"),
        Column("n_defaults", "int", "defaults"),
        Column("verdict_code", "code", "verdict by the company's own thresholds", False, tuple(Verdict)),
        Column("reason_code", "code", "why it cannot be computed", True, REASONS),
    ),
)


class ValidationSettings(StageSettings):
    """Validation battery; thresholds are the company's own, no law or guideline fixes them."""

    seed: int = Field(1, ge=0, description="seed of the resamples")
    n_bootstrap: int = Field(400, ge=50, le=10_000, description="customer resamples behind the intervals")
    confidence_ratio: float = Field(0.95, gt=0.5, lt=1, description="confidence of the intervals")
    auc_green: float = Field(0.75, gt=0.5, lt=1, description="AUC from which discrimination is green; own threshold")
    auc_amber: float = Field(0.65, ge=0.5, lt=1, description="AUC from which discrimination is amber; own threshold")
    p_green: float = Field(0.05, gt=0, lt=1, description="p-value from which a test is green; own threshold")
    p_red: float = Field(0.01, gt=0, lt=1, description="p-value below which a test is red; own threshold")


@dataclass(frozen=True)
class Measure:
    """Declaration of a measure: labels, best direction, range, source, and the rows it takes.

    ``rows`` is ``all`` (every observation date) or ``cohort`` (one date, so outcomes do not overlap);
    ``by_grade`` measures are also run on each grade.
    """

    label_en: str
    label_fr: str
    direction: int
    low: float
    high: float
    source: str
    rows: str = "all"
    by_grade: bool = False


@dataclass(frozen=True)
class Sample:
    """Rows a measure judges: probabilities, outcomes and owners, with settings and chance."""

    p_default: np.ndarray
    outcome: np.ndarray
    customer: np.ndarray
    settings: ValidationSettings
    rng: np.random.Generator


@dataclass(frozen=True)
class Result:
    """Value, interval and verdict of a measure; `reason` where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = Verdict.INFORMATION
    reason: str | None = None


BATTERY = Registry[Measure]("measure")


def not_computable(reason: str) -> Result:
    """Return a result without value, with the reason."""
    return Result(None, verdict=Verdict.NOT_COMPUTABLE, reason=reason)


def by_threshold(value: float, green: float, amber: float) -> Verdict:
    """Return green from `green` on, amber from `amber` on, else red."""
    return Verdict.GREEN if value >= green else Verdict.AMBER if value >= amber else Verdict.RED


def run_battery(scores: DataFrame, settings: ValidationSettings) -> DataFrame:
    """Return table `measures`: the whole battery on every model and sample.

    Parameters
    ----------
    scores : ``model_code sample_code customer_id observation_date pd_12m is_default grade_code``
    settings : confidence, thresholds, resamples
    """
    rows = []
    for (model, sample), part in scores.groupby(["model_code", "sample_code"], sort=True):
        cohort = part[part["observation_date"] == _cohort_date(part)]
        for member in BATTERY:
            used = cohort if member.spec.rows == "cohort" else part
            grades = sorted(used["grade_code"].unique()) if member.spec.by_grade else []
            for grade in ["all", *grades]:
                inside = used if grade == "all" else used[used["grade_code"] == grade]
                rows.append(
                    {
                        "model_code": model,
                        "sample_code": sample,
                        "grade_code": grade,
                        "measure_code": member.name,
                        **_row(member.function, inside, settings),
                    }
                )
    return DataFrame(rows, columns=MEASURES.names)


def _cohort_date(part: DataFrame) -> Timestamp:
    return part["observation_date"].max()


def _row(function: object, rows: DataFrame, settings: ValidationSettings) -> dict[str, object]:
    outcome = rows["is_default"].astype(bool).to_numpy()
    sample = Sample(
        rows["pd_12m"].to_numpy(float),
        outcome,
        rows["customer_id"].to_numpy(),
        settings,
        np.random.default_rng(settings.seed),
    )
    result = function(sample) if len(rows) else not_computable("no_rows")  # type: ignore[operator]
    return {
        "value": result.value,
        "value_low": result.low,
        "value_high": result.high,
        "n_rows": len(rows),
        "n_defaults": int(outcome.sum()),
        "verdict_code": str(result.verdict),
        "reason_code": result.reason,
    }
