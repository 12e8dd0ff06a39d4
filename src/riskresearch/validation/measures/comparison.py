"""Comparison: whether the model beats the simple rule on the same rows; the burden of proof lies with the model."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import norm

from riskresearch.base.config import StageSettings
from riskresearch.validation.delong import PairedAuc, clustered_paired, paired, untested_reason
from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, Verdict, not_computable, one_class


class ComparisonSettings(StageSettings):
    """Comparison: when a gain over the simple rule counts as proven."""

    p_gain_green: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="p-value of 'the model is not better than the simple rule' up to which the gain is proven and "
        "green; above it, a gain that is positive but not proven is amber, none is red; own threshold",
    )


@BATTERY.register(
    Measure(
        "AUC gain over the simple rule",
        "Gain d’AUC sur la règle simple",
        1,
        -1,
        1,
        "DeLong, DeLong and Clarke-Pearson 1988; variance for customers with several rows: Obuchowski 1997",
        "comparison",
        needs=("outcome", "rival"),
    )
)
def auc_gain_over_rule(evidence: Evidence) -> Result:
    """AUC of the PD minus AUC of the simple rule on the same rows; interval for customers with several rows.

    Green where the one-sided test proves a gain (setting ``p_gain_green``), amber where the gain is positive but not
    proven, red where there is none. Rows that the rule does not rate have no part.
    """
    compared = _compared(evidence)
    if isinstance(compared, Result):
        return compared
    rows, hit = compared
    found = clustered_paired(rows.p, rows.rival, hit, rows.owner)
    refused = _unproven(found, rows)
    if refused is not None:
        return refused
    half = float(norm.isf(evidence.tail)) * float(np.sqrt(found.variance))
    value = found.difference
    verdict = _verdict(value, found.p_greater, green=evidence.settings.p_gain_green)
    return Result(value, max(value - half, -1.0), min(value + half, 1.0), verdict)


@BATTERY.register(
    Measure(
        "Gain over the simple rule, p-value",
        "Gain sur la règle simple, valeur p",
        -1,
        0,
        1,
        "one-sided, customers with several rows: Obuchowski 1997",
        "comparison",
        needs=("outcome", "rival"),
    )
)
def auc_gain_over_rule_p(evidence: Evidence) -> Result:
    """One-sided p-value of "the model does not rank better than the simple rule"; small = the gain is proven."""
    compared = _compared(evidence)
    if isinstance(compared, Result):
        return compared
    rows, hit = compared
    found = clustered_paired(rows.p, rows.rival, hit, rows.owner)
    return _unproven(found, rows) or Result(found.p_greater)


@BATTERY.register(
    Measure(
        "Gain over the simple rule, one date, p-value",
        "Gain sur la règle simple, une date, valeur p",
        -1,
        0,
        1,
        "one-sided paired test: DeLong, DeLong and Clarke-Pearson 1988; midranks: Sun and Xu 2014",
        "comparison",
        rows="cohort",
        needs=("outcome", "rival"),
    )
)
def auc_gain_delong_p(evidence: Evidence) -> Result:
    """One-sided DeLong p-value of "the model does not rank better than the simple rule" on one observation date."""
    compared = _compared(evidence)
    if isinstance(compared, Result):
        return compared
    rows, hit = compared
    found = paired(rows.p, rows.rival, hit)
    return _unproven(found, rows) or Result(found.p_greater)


def _compared(evidence: Evidence) -> Result | tuple[Evidence, NDArray[np.bool_]]:
    """Rows that both rate, with their outcomes, or why they cannot be compared."""
    known = ~np.isnan(evidence.rival)
    if not known.any():
        return one_class(evidence) or not_computable("no_rival")
    rows = replace(evidence, rows=evidence.rows[known])
    refused = one_class(rows)
    if refused is not None:
        return refused
    if np.ptp(rows.p) == 0 and np.ptp(rows.rival) == 0:
        return not_computable("constant_score")
    return rows, rows.outcome


def _unproven(found: PairedAuc, rows: Evidence) -> Result | None:
    """The result without value where there is no test."""
    reason = untested_reason(found, rows.p, rows.rival, rows.outcome, rows.owner)
    return not_computable(reason) if reason else None


def _verdict(gain: float, p_value: float, *, green: float) -> Verdict:
    if p_value <= green:
        return Verdict.GREEN
    return Verdict.AMBER if gain > 0 else Verdict.RED
