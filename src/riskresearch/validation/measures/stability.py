"""Stability against the development sample: whether the grades separate as well, and hold the same shares."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from riskresearch.base.shifts import shift
from riskresearch.validation.delong import auc_and_variance
from riskresearch.validation.moves import grade_places
from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, Verdict, not_computable, one_class


@BATTERY.register(
    Measure(
        "AUC against the initial one, p-value",
        "AUC comparée à l’initiale, valeur p",
        1,
        0,
        1,
        "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.4 and annex 1",
        "stability",
        rows="cohort",
        needs=("outcome", "initial"),
        thresholds=("p_green", "p_red"),
    )
)
def auc_against_initial(evidence: Evidence) -> Result:
    """p-value of "the grades separate no worse than in the development sample"; small = they do.

    S = (AUC initial − AUC current) / s and p = 1 − Φ(S), both areas on the grades, ties counting one half. The
    initial area is taken as given: s² = var(V10)/m + var(V01)/n over the m defaulters and n others of the current
    date only (placements of DeLong 1988). The initial area is that of the rows the model has learnt from, so it
    flatters a model that has learnt them by heart; the test is then the stricter.
    """
    initial = evidence.initial
    if initial is None or one_class(initial) is not None:
        return not_computable("no_initial")
    alike = one_class(evidence)
    if alike is not None:
        return alike
    if len(evidence.grades) < 2:
        return not_computable("one_grade")
    current, variance = auc_and_variance(_places(evidence), evidence.outcome)
    if np.isnan(variance):
        return not_computable("too_few_defaults")
    before, _ = auc_and_variance(_places(initial), initial.outcome)
    return Result(_p_of_loss(before - current, variance))


@BATTERY.register(
    Measure(
        "Population stability index of the grades",
        "Indice de stabilité de la population, par note",
        -1,
        0,
        np.inf,
        "Siddiqi 2006; critical values: Yurdakul 2018",
        "stability",
        axes=("quarter",),
        needs=("initial",),
    )
)
def psi(evidence: Evidence) -> Result:
    """How far the shares of the grades have moved since the development sample: Σ (now − before) ln(now / before).

    Green where chance alone gives as much with a probability of `p_green` or more, red below `p_red`: with B grades
    held by N and M customers the critical value is χ²(B−1) × (1/N + 1/M). The customary borders 0.10 and 0.25 know
    nothing of the number of customers and are not used. Shares are those of all rows; N and M count customers,
    because the rows of a customer are near copies. Good practice; not among the tests that the ECB asks of a PD.
    """
    initial = evidence.initial
    if initial is None or initial.rows.empty:
        return not_computable("no_initial")
    if evidence.rows.empty:
        return not_computable("no_rows")
    n_grades = len(evidence.grades)
    if n_grades < 2:
        return not_computable("one_grade")
    before, now = (np.bincount(_places(sample), minlength=n_grades) for sample in (initial, evidence))
    found = shift(before, now, n_before=_n_customers(initial), n_now=_n_customers(evidence))
    if found is None:
        return not_computable("one_grade")
    p, settings = found.p_value, evidence.settings
    verdict = Verdict.GREEN if p >= settings.p_green else Verdict.AMBER if p >= settings.p_red else Verdict.RED
    return Result(found.value, verdict=verdict)


def _p_of_loss(loss: float, variance: float) -> float:
    """One-sided p-value of a loss; without sampling error it is 0 for a loss, 1 for a gain and ½ for neither."""
    if variance > 0:
        return float(norm.sf(loss / np.sqrt(variance)))
    return 0.5 if abs(loss) < 1e-12 else float(loss < 0)


def _places(evidence: Evidence) -> NDArray[np.int64]:
    return grade_places(evidence.rows["grade_code"], evidence.grades)


def _n_customers(evidence: Evidence) -> int:
    return int(evidence.rows["customer_id"].nunique())
