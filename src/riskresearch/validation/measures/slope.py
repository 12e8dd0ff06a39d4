"""Calibration by regression: whether log-odds mean what they say, in level and in spread."""

from collections.abc import Callable

import numpy as np
from pydantic import Field
from scipy.special import chdtrc, logit, ndtri

from riskresearch.base.config import StageSettings
from riskresearch.validation.logistic import LogisticFit, is_separated, log_likelihood, logistic_fit
from riskresearch.validation.registry import BATTERY, Evidence, Floats, Measure, Result, not_computable, one_class
from riskresearch.validation.verdicts import by_interval

CERTAIN = 1e-12
"""A PD nearer than this to 0 or 1 is one: its log-odds would be the computer's rounding."""


class SlopeSettings(StageSettings):
    """Calibration by regression."""

    slope_min_defaulters: int = Field(
        10,
        ge=2,
        description="customers that defaulted below which slope and level are not judged; the company's own judgement",
    )
    slope_tolerance: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="a calibration slope up to this far from 1 is amber where not green; own threshold",
    )
    odds_factor: float = Field(
        2.0,
        gt=1,
        le=10,
        description="odds too low or too high by up to this factor are amber where not green; own threshold",
    )


@BATTERY.register(
    Measure(
        "Calibration slope",
        "Pente de calibrage",
        0,
        -np.inf,
        np.inf,
        "Cox 1958; Van Calster 2019; interval by customer (Liang and Zeger 1986)",
        "calibration",
        axes=("quarter",),
    )
)
def calibration_slope(evidence: Evidence) -> Result:
    """Slope of the logistic regression of defaults on the log-odds of the PD; 1 = PDs spread as much as risks do.

    Below 1: PDs too extreme; above 1: too timid. Green where the interval holds 1, amber where the value lies within
    `slope_tolerance` of it, else red.
    """
    fit = _joint(evidence)
    if isinstance(fit, Result):
        return fit
    value, low, high = _estimate(fit, 1, evidence)
    is_near = abs(value - 1) <= evidence.settings.slope_tolerance
    verdict = by_interval(value, low, high, target=1.0, is_near=is_near, settings=evidence.settings)
    return Result(value, low, high, verdict)


@BATTERY.register(
    Measure(
        "Calibration intercept",
        "Ordonnée de calibrage",
        0,
        -np.inf,
        np.inf,
        "Cox 1958; Van Calster 2019; interval by customer (Liang and Zeger 1986)",
        "calibration",
    )
)
def calibration_intercept(evidence: Evidence) -> Result:
    """Intercept of the logistic regression of defaults on the log-odds of the PD, fitted with the slope; 0 = right.

    It has no meaning without the slope, so it gives no verdict; see `calibration_in_the_large` for the level.
    """
    fit = _joint(evidence)
    return fit if isinstance(fit, Result) else Result(*_estimate(fit, 0, evidence))


@BATTERY.register(
    Measure(
        "Calibration in the large (log-odds)",
        "Calibrage moyen (log-odds)",
        0,
        -np.inf,
        np.inf,
        "Cox 1958; Van Calster 2019; interval by customer (Liang and Zeger 1986)",
        "calibration",
        axes=("quarter",),
    )
)
def calibration_in_the_large(evidence: Evidence) -> Result:
    """Shift of all log-odds of the PD that makes as many defaults expected as observed; above 0 = PDs too low.

    Intercept of the logistic regression with the slope held at 1. Green where the interval holds 0, amber where the
    odds are off by at most `odds_factor`, else red.
    """
    fit = _fitted(evidence, _shift)
    if isinstance(fit, Result):
        return fit
    value, low, high = _estimate(fit, 0, evidence)
    is_near = abs(value) <= np.log(evidence.settings.odds_factor)
    verdict = by_interval(value, low, high, target=0.0, is_near=is_near, settings=evidence.settings)
    return Result(value, low, high, verdict)


@BATTERY.register(
    Measure(
        "Slope 1 and intercept 0, p-value",
        "Pente 1 et ordonnée 0, valeur p",
        1,
        0,
        1,
        "likelihood ratio, 2 degrees of freedom: Cox 1958",
        "calibration",
        rows="cohort",
        thresholds=("p_green", "p_red"),
    )
)
def slope_and_level(evidence: Evidence) -> Result:
    """p-value of "the calibration slope is 1 and the intercept 0", by the likelihood ratio, one observation date.

    Small = the PDs are too high, too low, too extreme or too timid.
    """
    fit = _joint(evidence)
    if isinstance(fit, Result):
        return fit
    gain = 2 * (fit.log_likelihood - log_likelihood(logit(evidence.p), evidence.outcome.astype(float)))
    return Result(float(chdtrc(2, max(gain, 0.0))))


def _joint(evidence: Evidence) -> LogisticFit | Result:
    """Fit of intercept and slope, or why there is none."""
    if len(evidence.rows) and np.ptp(evidence.p) == 0:
        return one_class(evidence) or not_computable("constant_score")
    return _fitted(evidence, _line)


def _fitted(
    evidence: Evidence, fit: Callable[[Floats, Floats, np.ndarray], LogisticFit | Result]
) -> LogisticFit | Result:
    """Fit on the log-odds, or why there is none."""
    degenerate = one_class(evidence)
    if degenerate:
        return degenerate
    p, outcome, owner = evidence.p, evidence.outcome, evidence.owner
    if ((p < CERTAIN) | (p > 1 - CERTAIN)).any():
        return not_computable("certain_pd")
    if owner.max() == 0:
        return not_computable("too_few_customers")
    if len(np.unique(owner[outcome])) < evidence.settings.slope_min_defaulters:
        return not_computable("too_few_defaults")
    found = fit(logit(p), outcome.astype(float), owner)
    return found if isinstance(found, Result) or found.has_settled else not_computable("separated")


def _line(log_odds: Floats, outcome: Floats, owner: np.ndarray) -> LogisticFit | Result:
    if is_separated(log_odds, outcome > 0):
        return not_computable("separated")
    return logistic_fit(np.column_stack([np.ones(len(log_odds)), log_odds]), outcome, owner=owner, start=(0, 1))


def _shift(log_odds: Floats, outcome: Floats, owner: np.ndarray) -> LogisticFit:
    return logistic_fit(np.ones((len(log_odds), 1)), outcome, owner=owner, offset=log_odds)


def _estimate(fit: LogisticFit, place: int, evidence: Evidence) -> tuple[float, float, float]:
    """Coefficient with its normal interval from the clustered standard error."""
    value = float(fit.coefficients[place])
    half = float(ndtri(1 - evidence.tail) * np.sqrt(fit.covariance[place, place]))
    return value, value - half, value + half
