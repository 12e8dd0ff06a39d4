"""The battery: every measure on every model and sample, and on the parts of a sample.

It knows nothing of the model: it takes keys, PD and outcome, so it serves a bought-in score as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame, Timestamp

from riskresearch.base.registry import Member
from riskresearch.validation.measures import (
    accuracy,
    calibration_error,
    comparison,
    concentration,
    counts,
    discrimination,
    grades,
    migration,
    profit,
    slope,
    stability,
)
from riskresearch.validation.moves import grade_moves
from riskresearch.validation.parts import WHOLE, with_adjusted, with_steadied
from riskresearch.validation.registry import AXES, BATTERY, Evidence, Measure, Result, Verdict, judged, not_computable
from riskresearch.validation.tables import MEASURES, SAMPLES

FAMILIES = (
    discrimination,
    comparison,
    accuracy,
    counts,
    slope,
    calibration_error,
    grades,
    concentration,
    stability,
    migration,
    profit,
)
KEYS = ["customer_id", "observation_date"]
YEAR_MONTHS = 12
KNOWN = {"outcome", "years"}
"""Needs for which the outcome has to be known."""


@dataclass(frozen=True)
class Case:
    """What is to be judged.

    Parameters
    ----------
    ratings : one row per model, customer and observation date: model_code, customer_id, observation_date, sample_code,
        pd_12m, grade_code, is_default (empty while not known), exposure_amount (empty where unknown), and of the
        segments of `AXES` those that are known
    chosen : model that is judged on all parts; the others on the whole
    rule : simple rule that the others must beat; None = none
    grades : performing grades, best first
    history : the chosen model as it is today on every date, also where the outcome is not known yet: customer_id,
        observation_date, sample_code, pd_12m, grade_code, exposure_amount; for moves between grades, and for the
        development rows that today's customers are compared with: on one level of PDs, or grades would have moved
        because the level has
    """

    ratings: DataFrame
    chosen: str
    rule: str | None = None
    grades: tuple[str, ...] = ()
    history: DataFrame | None = None


def run_battery(case: Case, settings: Any) -> DataFrame:
    """Return table `measures`.

    Parameters
    ----------
    case : what is to be judged
    settings : confidence, thresholds, resamples
    """
    ratings = _with_parts(case, case.ratings)
    moves = grade_moves(case.history) if case.history is not None else None
    history = _with_parts(case, case.history) if case.history is not None else None
    rows = [
        row
        for model, rated in ratings.groupby("model_code", sort=True)
        for sample in SAMPLES
        if (rated["sample_code"] == sample).any()
        for row in _rows(_Frame(case, settings, str(model), moves, history), rated, sample)
    ]
    made = DataFrame(rows, columns=[name for name in MEASURES.names if name not in ("value_shrunk", "p_adjusted")])
    return with_steadied(with_adjusted(made), settings)


def _with_parts(case: Case, rows: DataFrame) -> DataFrame:
    """Rows with the PD of the simple rule, their quarter and their grade as parts."""
    ratings = case.ratings
    rival = ratings.loc[ratings["model_code"] == case.rule, [*KEYS, "pd_12m"]].rename(columns={"pd_12m": "rival_pd"})
    joined = rows.merge(rival, on=KEYS, how="left")
    quarter = joined["observation_date"].dt.to_period("Q").astype("str")
    return joined.assign(grade=joined["grade_code"], quarter=quarter, all="all")


@dataclass(frozen=True)
class _Frame:
    """One model in the battery."""

    case: Case
    settings: Any
    model: str
    moves: DataFrame | None
    history: DataFrame | None

    @property
    def newest(self) -> str:
        """Sample that moves up to the newest date are told with: today's customers, else the latest that was tested."""
        present = set(self.case.ratings.loc[self.case.ratings["model_code"] == self.model, "sample_code"])
        return next((sample for sample in reversed(SAMPLES) if sample in present), SAMPLES[0])

    @property
    def is_chosen(self) -> bool:
        return self.model == self.case.chosen

    def applies(self, spec: Measure, part: DataFrame) -> bool:
        """Tell whether a measure has a sense on a sample; what it lacks beyond that is told by a reason."""
        sample = part["sample_code"].iloc[0]
        has_outcome = bool(part["is_default"].notna().any())
        allowed = {
            "outcome": has_outcome,
            "years": has_outcome,
            "rival": self.model != self.case.rule and sample != "scoring",
            "initial": sample != "development",
            "moves": self.is_chosen and sample == self.newest,
        }
        return all(allowed.get(need, True) for need in spec.needs)

    def axes(self, spec: Measure, rows: DataFrame) -> list[str]:
        """Axes a measure is run on: all it declares for the chosen model, the wholes for the simple rule."""
        is_rule = self.model == self.case.rule
        wanted = [axis for axis in spec.axes if self.is_chosen or (is_rule and axis in WHOLE)]
        return ["all", *(axis for axis in wanted if axis in rows and (axis in WHOLE or rows[axis].nunique() > 1))]

    def development(self, rated: DataFrame, sample: str) -> DataFrame | None:
        """Rows that a sample is compared with: of today's customers those on today's level, where there are any.

        None where today is less than a year after them: then today's customers are those of development without the
        ones that have defaulted since, and differ for that reason alone.
        """
        if sample == "development":
            return None
        is_today = sample == "scoring" and self.is_chosen and self.history is not None
        rows = self.history if is_today and self.history is not None else rated
        found = rows[rows["sample_code"] == "development"]
        days = rated.loc[rated["sample_code"] == sample, "observation_date"]
        if sample == "scoring" and len(found):
            is_near = _month(days.max()) - _month(found["observation_date"].max()) < YEAR_MONTHS
            return None if is_near else found
        return found

    def evidence(self, rows: DataFrame, first: DataFrame | None, date: Timestamp | None) -> Evidence:
        """What a measure is given: rows of a date or all; `first` are the development rows, where they are others."""
        initial = self._of(first, None) if first is not None and len(first) else None
        used = rows if date is None else rows[rows["observation_date"] == date]
        years = yearly(rows) if rows["is_default"].dtype == bool else None
        return self._of(used, initial, years)

    def _of(self, rows: DataFrame, initial: Evidence | None, years: DataFrame | None = None) -> Evidence:
        is_in_sample = bool((rows["sample_code"] == "development").any())
        rng = np.random.default_rng(self.settings.seed)
        return Evidence(rows, self.settings, rng, self.case.grades, is_in_sample, initial, self.moves, years)


def _rows(frame: _Frame, rated: DataFrame, sample: str) -> Iterator[dict[str, object]]:
    part = rated[rated["sample_code"] == sample]
    members = [member for member in BATTERY if frame.applies(member.spec, part)]
    for is_known in (True, False):
        chosen = [member for member in members if bool(KNOWN & set(member.spec.needs)) == is_known]
        usable = _known(part) if is_known else part
        development = frame.development(rated, sample)
        first = _known(development) if is_known and development is not None else development
        for axis in AXES:
            on_axis = [member for member in chosen if axis in frame.axes(member.spec, usable)]
            for code, rows in usable.groupby(axis, sort=True) if on_axis else ():
                before = first if first is None or axis in WHOLE else first[first[axis] == code]
                newest = rows if axis == "quarter" else usable
                for found in _found(frame, on_axis, rows, before, newest["observation_date"].max()):
                    yield {
                        "model_code": frame.model,
                        "sample_code": sample,
                        "axis_code": axis,
                        "part_code": code,
                    } | found


def _found(
    frame: _Frame, members: list[Member[Measure]], rows: DataFrame, first: DataFrame | None, newest: Timestamp
) -> Iterator[dict[str, object]]:
    """Measures of one part; those on the same rows share what is given, resamples included.

    A part without a row on the newest date of its sample has no measure of one date.
    """
    for date in sorted({member.spec.rows for member in members}):
        evidence = frame.evidence(rows, first, newest if date == "cohort" else None)
        for member in members:
            if member.spec.rows == date and len(evidence.rows):
                yield {"measure_code": member.name, **_measured(member, evidence)}


def _known(rows: DataFrame) -> DataFrame:
    """Rows with a known outcome."""
    known = rows[rows["is_default"].notna()]
    return known.assign(is_default=known["is_default"].astype(bool))


def yearly(rows: DataFrame) -> DataFrame:
    """Return cohorts that do not overlap: the newest date and those at least twelve months before one another.

    Parameters
    ----------
    rows : ``observation_date is_default pd_12m``, outcomes known

    Returns
    -------
    DataFrame ``year n_rows n_defaults pd_mean``, one row per cohort, oldest first; the year is that of its date.
    """
    kept: list[Timestamp] = []
    for date in sorted(rows["observation_date"].unique(), reverse=True):
        if not kept or _month(date) <= _month(kept[-1]) - YEAR_MONTHS:
            kept.append(date)
    used = rows[rows["observation_date"].isin(kept)]
    grouped = used.groupby("observation_date").agg(
        n_rows=("is_default", "size"), n_defaults=("is_default", "sum"), pd_mean=("pd_12m", "mean")
    )
    years = grouped.index.year.astype("str")
    return grouped.astype({"n_rows": "int64", "n_defaults": "int64"}).assign(year=years).reset_index(drop=True)


def _month(date: Timestamp) -> int:
    """Number of the month: of month ends, the last day of February of any year is a year apart."""
    return date.year * 12 + date.month


def _measured(member: Member[Measure], evidence: Evidence) -> dict[str, object]:
    spec = member.spec
    lacking = _lacking(spec, evidence)
    result: Result = not_computable(lacking) if lacking else member.function(evidence)
    return {
        "value": result.value,
        "value_low": result.low,
        "value_high": result.high,
        "n_rows": len(evidence.rows),
        "n_defaults": evidence.n_defaults if "outcome" in spec.needs else None,
        "verdict_code": str(_verdict(result, spec, evidence)),
        "reason_code": result.reason,
    }


def _verdict(result: Result, spec: Measure, evidence: Evidence) -> Verdict:
    """Verdict of a measure; one that rests on the interval of very few defaulters informs only."""
    verdict = judged(result, spec, evidence.settings)
    if result.low is None or "outcome" not in spec.needs or verdict is Verdict.NOT_COMPUTABLE:
        return verdict
    n_defaulters = len(np.unique(evidence.owner[evidence.outcome]))
    return verdict if n_defaulters >= evidence.settings.verdict_min_defaulters else Verdict.INFORMATION


def _lacking(spec: Measure, evidence: Evidence) -> str | None:
    """Reason why a measure cannot be computed before it is called; none where all it needs is there."""
    missing: dict[str, tuple[str, Callable[[], bool]]] = {
        "rival": ("no_rival", lambda: bool(np.isnan(evidence.rival).all())),
        "initial": ("no_initial", lambda: evidence.initial is None),
        "exposure": ("no_exposure", lambda: not bool(np.nansum(evidence.exposure) > 0)),
        "moves": ("no_moves", lambda: evidence.moves is None or evidence.moves.empty),
        "years": ("too_few_years", lambda: evidence.years is None or evidence.years.empty),
    }
    found = [code for need, (code, is_missing) in missing.items() if need in spec.needs and is_missing()]
    return "no_rows" if not len(evidence.rows) else found[0] if found else None
