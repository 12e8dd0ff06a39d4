"""Concentration of the grades: whether they still spread the customers, by number and by exposure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from riskresearch.validation.moves import grade_places
from riskresearch.validation.registry import BATTERY, Evidence, Floats, Measure, Result, Verdict, not_computable
from riskresearch.validation.roc import centred

SOURCE = "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.5.3"


def herfindahl_index(shares: Sequence[float] | Floats) -> float:
    """Return the Herfindahl index of the shares of K grades on the scale of the ECB: 0 = equal, 1 = all in one.

    HI = 1 + ln((CV² + 1) / K) / ln K with CV = √(K Σ (R_i − 1/K)²), which is 1 + ln(Σ R_i²) / ln K; empty grades count.

    Examples
    --------
    >>> herfindahl_index([0.25, 0.25, 0.25, 0.25]), herfindahl_index([1, 0, 0, 0])
    (0.0, 1.0)
    >>> round(herfindahl_index([0.5, 0.5, 0, 0]), 6)
    0.5
    """
    return float(_indices(np.asarray(shares, dtype=float)[:, None], len(shares))[0])


def variation(shares: Sequence[float] | Floats) -> float:
    """Return the coefficient of variation of the shares of K grades, √(K Σ (R_i − 1/K)²)."""
    parts = np.asarray(shares, dtype=float)
    n = len(parts)
    return float(np.sqrt(n * ((parts - 1 / n) ** 2).sum()))


def concentration_p(current: float, initial: float, n_grades: int) -> float:
    """Return the p-value of "the grades are not more concentrated than at first".

    p = 1 − Φ(√(K − 1) (CV_c − CV_i) / √(CV_c² (½ + CV_c²))); CV_c, CV_i = coefficients of variation now and at first.
    Where the customers are spread equally now the error is 0: p is 1, or ½ where they were so at first.

    Examples
    --------
    >>> concentration_p(0.8, 0.8, 7)
    0.5
    >>> round(concentration_p(1.0, 0.5, 7), 6)
    0.158655
    """
    if current <= 1e-12:
        return 0.5 if initial <= 1e-12 else 1.0
    z = np.sqrt(n_grades - 1) * (current - initial) / np.sqrt(current**2 * (0.5 + current**2))
    return float(norm.sf(z))


def least_p(initial: float, n_grades: int) -> float:
    """Return the smallest p-value that `concentration_p` can give, whatever the concentration now.

    z grows with CV_c up to the root of 2 c³ − 4 CV_i c² − CV_i = 0 and falls beyond it; CV_c is at most √(K − 1).

    Examples
    --------
    >>> round(least_p(0.5, 8), 4), round(least_p(0.3, 10), 4)
    (0.1339, 0.0395)
    """
    if initial <= 1e-12:
        return float(norm.sf(np.sqrt(2 * (n_grades - 1))))
    roots = np.roots([2.0, -4.0 * initial, 0.0, -initial])
    turning = float(roots[np.abs(roots.imag) < 1e-9].real.max())
    return concentration_p(min(turning, float(np.sqrt(n_grades - 1))), initial, n_grades)


@BATTERY.register(
    Measure(
        "Concentration of grades, by number",
        "Concentration des notes, en nombre",
        -1,
        0,
        1,
        SOURCE,
        "grades",
        rows="cohort",
        needs=(),
    )
)
def herfindahl_number(evidence: Evidence) -> Result:
    """Herfindahl index of the customers over the grades, one observation date; 0 = spread equally, 1 = all in one.

    Empty grades count. Interval by resampling customers, moved to its value, because resamples repeat customers and so
    are more concentrated. No threshold is set by the source.
    """
    return _index(evidence, np.ones(len(evidence.rows)))


@BATTERY.register(
    Measure(
        "Concentration of grades, by exposure",
        "Concentration des notes, en encours",
        -1,
        0,
        1,
        SOURCE,
        "grades",
        rows="cohort",
        needs=("exposure",),
    )
)
def herfindahl_exposure(evidence: Evidence) -> Result:
    """Herfindahl index of the exposure over the grades, one observation date; 0 = spread equally, 1 = all in one.

    Customers whose exposure is not known or not positive hold no share.
    """
    return _index(evidence, _held(evidence))


@BATTERY.register(
    Measure(
        "Concentration of grades against the initial one, by number, p-value",
        "Concentration des notes comparée à l’initiale, en nombre, valeur p",
        1,
        0,
        1,
        SOURCE,
        "grades",
        rows="cohort",
        needs=("initial",),
    )
)
def concentration_number(evidence: Evidence) -> Result:
    """p-value of "the customers are not more concentrated on few grades than in the development sample".

    Small = the scale separates less than it did; amber below `p_green`, red below `p_red`. The source takes the error
    of a coefficient of variation of K shares, so with few grades no concentration gives a small p-value (8 grades
    and an initial coefficient of 0.5: never below 0.13). Where p cannot get below `p_green` the measure informs only:
    no green light from a test that cannot fail. The initial shares are those of all development rows.
    """
    if evidence.initial is None:
        return not_computable("no_initial")
    return _test(evidence, np.ones(len(evidence.rows)), np.ones(len(evidence.initial.rows)))


@BATTERY.register(
    Measure(
        "Concentration of grades against the initial one, by exposure, p-value",
        "Concentration des notes comparée à l’initiale, en encours, valeur p",
        1,
        0,
        1,
        SOURCE,
        "grades",
        rows="cohort",
        needs=("initial", "exposure"),
    )
)
def concentration_exposure(evidence: Evidence) -> Result:
    """p-value of "the exposure is not more concentrated on few grades than in the development sample".

    Verdict as for `concentration_number`.
    """
    if evidence.initial is None:
        return not_computable("no_initial")
    return _test(evidence, _held(evidence), _held(evidence.initial))


def _held(evidence: Evidence) -> Floats:
    return np.nan_to_num(np.maximum(evidence.exposure, 0.0), nan=0.0)


def _index(evidence: Evidence, weight: Floats) -> Result:
    reason = _missing(evidence, weight)
    if reason:
        return not_computable(reason)
    places, n_grades = _places(evidence), len(evidence.grades)
    value = herfindahl_index(_shares(places, weight, n_grades))
    owner = evidence.owner
    held = np.zeros((int(owner.max()) + 1, n_grades))
    np.add.at(held, (owner, places), weight)
    drawn = _indices((evidence.draws() @ held).T, n_grades)
    return Result(value, *centred(evidence, drawn, value=value, low=0, high=1))


def _indices(totals: Floats, n_grades: int) -> Floats:
    """Herfindahl index of each resample; one row of totals per grade; NaN where nothing was drawn."""
    whole = totals.sum(axis=0)
    shares = np.divide(totals, whole, out=np.full_like(totals, np.nan), where=whole > 0)
    return np.asarray(np.clip(1 + np.log((shares**2).sum(axis=0)) / np.log(n_grades), 0.0, 1.0))


def _test(evidence: Evidence, weight: Floats, initial_weight: Floats) -> Result:
    initial = evidence.initial
    if initial is None or not initial_weight.sum() > 0:
        return not_computable("no_initial")
    reason = _missing(evidence, weight)
    if reason:
        return not_computable(reason)
    n_grades = len(evidence.grades)
    now = _shares(_places(evidence), weight, n_grades)
    before = _shares(grade_places(initial.rows["grade_code"], evidence.grades), initial_weight, n_grades)
    p = concentration_p(variation(now), variation(before), n_grades)
    return Result(p, verdict=_verdict(p, least_p(variation(before), n_grades), evidence.settings))


def _verdict(p: float, least: float, settings: Any) -> Verdict:
    if p < settings.p_green:
        return Verdict.RED if p < settings.p_red else Verdict.AMBER
    return Verdict.GREEN if least < settings.p_green else Verdict.INFORMATION


def _missing(evidence: Evidence, weight: Floats) -> str:
    if not len(evidence.rows):
        return "no_rows"
    if len(evidence.grades) < 2:
        return "one_grade"
    return "" if weight.sum() > 0 else "no_exposure"


def _places(evidence: Evidence) -> NDArray[np.int64]:
    return grade_places(evidence.rows["grade_code"], evidence.grades)


def _shares(places: NDArray[np.int64], weight: Floats, n_grades: int) -> Floats:
    totals = np.bincount(places, weights=weight, minlength=n_grades)
    return np.asarray(totals / totals.sum())
