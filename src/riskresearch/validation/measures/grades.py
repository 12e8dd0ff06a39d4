"""Whether the grades of a scale default differently, and in their order."""

import numpy as np

from riskresearch.validation.grade_counts import grade_counts, neighbours
from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, Verdict, not_computable, one_class


@BATTERY.register(
    Measure(
        "Neighbouring grades differ, p-value",
        "Notes voisines différentes, valeur p",
        -1,
        0,
        1,
        "Fisher's exact test one-sided, largest p-value over the pairs (intersection-union, Berger 1982); "
        "EBA handbook on validation of IRB systems 2023",
        "grades",
        rows="cohort",
    )
)
def grade_heterogeneity(evidence: Evidence) -> Result:
    """p-value of "some grade defaults no more often than its better neighbour": the largest of all pairs.

    Small = every grade is proven to default more than the one before it. Green up to `p_green`, else
    it informs only: few defaults prove little, and lack of proof is no fault of the scale. A pair without any default
    proves nothing.
    """
    degenerate = one_class(evidence)
    if degenerate:
        return degenerate
    pairs = neighbours(grade_counts(evidence.rows, grades=evidence.grades))
    if not len(pairs):
        return not_computable("one_grade")
    value = float(pairs["p_fisher"].fillna(1.0).max())
    return Result(value, verdict=Verdict.GREEN if value <= evidence.settings.p_green else Verdict.INFORMATION)


@BATTERY.register(
    Measure(
        "Grades in their order, p-value",
        "Ordre des notes, valeur p",
        1,
        0,
        1,
        "Fisher's exact test one-sided, smallest p-value over the pairs after Holm 1979",
        "grades",
        rows="cohort",
        thresholds=("p_green", "p_red"),
    )
)
def grade_inversion(evidence: Evidence) -> Result:
    """p-value of "no grade defaults more often than its worse neighbour": the smallest of all pairs, Holm-adjusted.

    Small = the defaults contradict the order of the grades.
    """
    degenerate = one_class(evidence)
    if degenerate:
        return degenerate
    pairs = neighbours(grade_counts(evidence.rows, grades=evidence.grades))
    if not len(pairs):
        return not_computable("one_grade")
    known = pairs["p_inverse_adjusted"].dropna()
    return Result(float(np.min(known))) if len(known) else not_computable("empty_cell")
