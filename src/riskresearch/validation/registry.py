"""What a validation measure is given, what it declares and what it returns.

A measure knows nothing of the model: it takes keys, PD and outcome, so it serves a bought-in score as well. It
returns a value, an interval and where needed a verdict; it prints and draws nothing. What cannot be computed is said
with a code, never left as an empty number without a reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.registry import Registry

Floats = NDArray[np.float64]


class Verdict(StrEnum):
    """Outcome of a measure against the company's own thresholds."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    INFORMATION = "information"
    NOT_COMPUTABLE = "not_computable"


REASONS = (
    "no_rows",
    "no_default",
    "all_default",
    "one_class",
    "constant_score",
    "too_few_customers",
    "too_few_defaults",
    "too_few_years",
    "one_grade",
    "empty_cell",
    "separated",
    "certain_pd",
    "no_rival",
    "no_initial",
    "no_moves",
    "no_exposure",
    "no_outcome",
)
AREAS = ("discrimination", "comparison", "accuracy", "calibration", "grades", "stability", "use")
AXES = ("all", "grade", "quarter", "sector", "size", "country", "customer_type", "tenure", "insured")


@dataclass(frozen=True)
class Measure:
    """Declaration of a measure: labels, best direction, range, source, thresholds, and the rows it takes.

    Parameters
    ----------
    label_en, label_fr : names
    direction : +1 higher is better, -1 lower is better, 0 neither (a target inside, or information)
    low, high : range of the value
    source : where the definition comes from
    area : question that it helps to answer, one of `AREAS`
    rows : ``all`` (every observation date) or ``cohort`` (one date, so that outcomes do not overlap in time)
    axes : the parts it is run on besides the whole, of `AXES`; ``all`` is always there
    needs : what has to be there, of *outcome*, *rival*, *initial*, *moves*, *years*, *exposure*; a sample without
        outcomes runs only what does not need them
    thresholds : the two settings (the company's own) that separate green from amber and amber from red, in the sense
        of `direction`; none: the measure informs, or gives its own verdict
    """

    label_en: str
    label_fr: str
    direction: int
    low: float
    high: float
    source: str
    area: str
    rows: str = "all"
    axes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("outcome",)
    thresholds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What a measure judges.

    Parameters
    ----------
    rows : one row per customer and observation date: customer_id, observation_date, pd_12m, grade_code, is_default
        (bool; absent in a sample whose outcomes are not known), exposure_amount (float, empty where unknown),
        rival_pd (PD of the simple rule on the same row, empty where there is none)
    settings : confidence, thresholds, resamples
    rng : chance, seeded anew for each set of rows
    grades : performing grades, best first; empty grades too
    is_in_sample : the model has learnt from these rows
    initial : the development sample of the same model
    moves : one row per customer and year that was performing at both ends: grade_from, grade_to
    years : one row per cohort of one year, not overlapping: year, n_rows, n_defaults, pd_mean
    """

    rows: DataFrame
    settings: Any
    rng: np.random.Generator
    grades: tuple[str, ...] = ()
    is_in_sample: bool = False
    initial: "Evidence | None" = field(default=None, repr=False)
    moves: DataFrame | None = field(default=None, repr=False)
    years: DataFrame | None = field(default=None, repr=False)

    @cached_property
    def p(self) -> Floats:
        """PD of each row."""
        return self.rows["pd_12m"].to_numpy(float)

    @cached_property
    def outcome(self) -> NDArray[np.bool_]:
        """Default of each row."""
        return self.rows["is_default"].to_numpy(bool)

    @property
    def n_defaults(self) -> int:
        """Rows followed by a default."""
        return int(self.outcome.sum())

    @property
    def rival(self) -> Floats:
        """PD of the simple rule on each row."""
        return self.rows["rival_pd"].to_numpy(float)

    @property
    def exposure(self) -> Floats:
        """Exposure of each row, run currency."""
        return self.rows["exposure_amount"].to_numpy(float)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """Number of the customer of each row, from 0."""
        return np.unique(self.rows["customer_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)

    @property
    def tail(self) -> float:
        """Probability left out at each end of an interval."""
        return float(1 - self.settings.confidence_ratio) / 2

    def interval_of_sums(self, *sums: Floats, value: Callable[..., Floats]) -> tuple[float, float] | tuple[None, None]:
        """Return the bootstrap interval of a function of sums over rows, whole customers drawn with replacement.

        Parameters
        ----------
        sums : arrays, one value per row, whose totals the value is made of
        value : function of as many arrays of totals, one total per resample
        """
        counts = self.draws()
        totals = [counts @ np.bincount(self.owner, weights=part, minlength=counts.shape[1]) for part in sums]
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.asarray(value(*totals), dtype=float)
        return self.bounds(drawn)

    def interval_of(self, statistic: Callable[[Floats], float]) -> tuple[float, float] | tuple[None, None]:
        """Return the bootstrap interval of a statistic of weighted rows, whole customers drawn with replacement.

        Parameters
        ----------
        statistic : function of the weight of each row (how often its customer was drawn); NaN where undefined
        """
        owner = self.owner
        return self.bounds(np.array([statistic(counts[owner]) for counts in self.draws()]))

    def draws(self) -> Floats:
        """Return how often each customer was drawn, one row per resample (Field and Welsh 2007).

        The resamples are drawn once: all measures of the same rows have the same ones.
        """
        return self._drawn

    @cached_property
    def _drawn(self) -> Floats:
        n = int(self.owner.max()) + 1
        drawn = (self.rng.integers(0, n, n) for _ in range(self.settings.n_bootstrap))
        return np.array([np.bincount(places, minlength=n) for places in drawn], dtype=float)

    def bounds(self, drawn: Floats) -> tuple[float, float] | tuple[None, None]:
        """Return the percentile interval of resampled values; none where half of them are undefined."""
        known = drawn[np.isfinite(drawn)]
        if len(known) < len(drawn) / 2:
            return None, None
        low, high = np.quantile(known, [self.tail, 1 - self.tail])
        return float(low), float(high)


@dataclass(frozen=True)
class Result:
    """Value and interval of a measure; `reason` where there is no value, `verdict` where the measure gives its own."""

    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: Verdict | None = None
    reason: str | None = None


BATTERY = Registry[Measure]("measure")


def not_computable(reason: str) -> Result:
    """Return a result without value, with the reason, one of `REASONS`."""
    return Result(None, verdict=Verdict.NOT_COMPUTABLE, reason=reason)


def one_class(evidence: Evidence) -> Result | None:
    """Return the result for rows that all have the same outcome; None where both outcomes occur."""
    if not len(evidence.rows):
        return not_computable("no_rows")
    d = evidence.n_defaults
    if d == 0 or d == len(evidence.rows):
        return not_computable("no_default" if d == 0 else "all_default")
    return None


def judged(result: Result, spec: Measure, settings: Any) -> Verdict:
    """Return the verdict: the measure's own, else by its thresholds, else that it informs only."""
    if result.value is None:
        return Verdict.NOT_COMPUTABLE
    if result.verdict is not None:
        return result.verdict
    if not spec.thresholds:
        return Verdict.INFORMATION
    green, amber = (spec.direction * getattr(settings, name) for name in spec.thresholds)
    value = spec.direction * result.value
    return Verdict.GREEN if value >= green else Verdict.AMBER if value >= amber else Verdict.RED
