"""Accuracy: how far the PDs are from what happened, and which part of that is level, ranking and chance."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlog1py, xlogy
from scipy.stats import norm

from riskresearch.validation.registry import BATTERY, Evidence, Measure, Result, Verdict, not_computable, one_class
from riskresearch.validation.roc import around, centred

Floats = NDArray[np.float64]
Terms = Callable[[Floats], Floats]
MURPHY = "Murphy 1973, bins = grades; terms within grades: Stephenson, Coelho and Jolliffe 2008"


@BATTERY.register(Measure("Brier score", "Score de Brier", -1, 0, 1, "Brier 1950", "accuracy"))
def brier(evidence: Evidence) -> Result:
    """Mean squared difference between PD and outcome."""
    if not len(evidence.rows):
        return not_computable("no_rows")
    squares = (evidence.p - evidence.outcome) ** 2
    return Result(float(squares.mean()), *evidence.interval_of_sums(squares, np.ones_like(squares), value=np.divide))


@BATTERY.register(
    Measure(
        "Brier skill",
        "Gain de Brier",
        1,
        -np.inf,
        1,
        "1 - Brier / Brier of the observed rate",
        "accuracy",
        axes=("quarter",),
    )
)
def brier_skill(evidence: Evidence) -> Result:
    """Share of the Brier score of a constant forecast (the observed rate) that the PDs save; 0 = no better."""
    refused = one_class(evidence)
    if refused is not None:
        return refused
    hit = evidence.outcome.astype(float)
    squares = (evidence.p - hit) ** 2

    def skill(lost: Floats, defaults: Floats, rows: Floats | int) -> Floats:
        return np.asarray(1 - lost / (defaults * (1 - defaults / rows)))

    value = float(skill(squares.sum(), hit.sum(), hit.size))
    return Result(value, *evidence.interval_of_sums(squares, hit, np.ones_like(hit), value=skill))


@BATTERY.register(Measure("Brier: reliability", "Brier : fiabilité", -1, 0, 1, MURPHY, "accuracy"))
def murphy_reliability(evidence: Evidence) -> Result:
    """Mean squared distance between mean PD and default rate of the grades; 0 = every grade is right on average.

    Brier score = reliability - resolution + uncertainty + term within grades, exactly.
    """
    return _term(evidence, _reliability, low=0, high=1)


@BATTERY.register(Measure("Brier: resolution", "Brier : résolution", 1, 0, 0.25, MURPHY, "accuracy"))
def murphy_resolution(evidence: Evidence) -> Result:
    """Mean squared distance between the default rates of the grades and that of all; 0 = grades say nothing."""
    return _term(evidence, _resolution, low=0, high=0.25)


@BATTERY.register(Measure("Brier: uncertainty", "Brier : incertitude", 0, 0, 0.25, MURPHY, "accuracy"))
def murphy_uncertainty(evidence: Evidence) -> Result:
    """Variance of the outcome: default rate times its complement, the Brier score of the observed rate."""
    if not len(evidence.rows):
        return not_computable("no_rows")
    hit = evidence.outcome.astype(float)
    rate = float(hit.mean())
    interval = evidence.interval_of_sums(hit, np.ones_like(hit), value=lambda d, n: d / n * (1 - d / n))
    value = rate * (1 - rate)
    return Result(value, *around(interval, value=value, low=0, high=0.25))


@BATTERY.register(Measure("Brier: within grades", "Brier : dans les classes", 0, -1, 1, MURPHY, "accuracy"))
def murphy_within(evidence: Evidence) -> Result:
    """Variance of the PDs within grades less twice their covariance with the outcome; negative = PDs add to grades."""
    return _term(evidence, _within, low=-1, high=1)


def _term(evidence: Evidence, term: Terms, *, low: float, high: float) -> Result:
    if not len(evidence.rows):
        return not_computable("no_rows")
    grade, names = pd.factorize(evidence.rows["grade_code"].to_numpy(), use_na_sentinel=False)
    if len(names) < 2:
        return not_computable("one_grade")
    p, hit = evidence.p, evidence.outcome.astype(float)
    parts = np.array([np.ones_like(p), hit, p, p * p, p * hit])
    value = float(term(np.array([np.bincount(grade, part, minlength=len(names)) for part in parts])))
    owner, size = evidence.owner, int(evidence.owner.max()) + 1
    cells = owner * len(names) + grade
    by_customer = [np.bincount(cells, part, minlength=size * len(names)).reshape(size, -1) for part in parts]
    counts = evidence.draws()
    drawn = term(np.array([counts @ part for part in by_customer]))
    return Result(value, *centred(evidence, drawn, value=value, low=low, high=high))


def _share(part: Floats, whole: Floats) -> Floats:
    """Part over whole, 0 in an empty grade."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _reliability(sums: Floats) -> Floats:
    """Of sums over rows (rows, defaults, PD, PD squared, PD times default), grades last."""
    n, d, p, *_ = sums
    return np.asarray((n * (_share(p, n) - _share(d, n)) ** 2).sum(axis=-1) / n.sum(axis=-1))


def _resolution(sums: Floats) -> Floats:
    n, d, *_ = sums
    rate = d.sum(axis=-1, keepdims=True) / n.sum(axis=-1, keepdims=True)
    return np.asarray((n * (_share(d, n) - rate) ** 2).sum(axis=-1) / n.sum(axis=-1))


def _within(sums: Floats) -> Floats:
    n, d, p, squares, products = sums
    variance = squares - p * _share(p, n)
    covariance = products - d * _share(p, n)
    return np.asarray((variance - 2 * covariance).sum(axis=-1) / n.sum(axis=-1))


@BATTERY.register(
    Measure("Log loss", "Perte logarithmique", -1, 0, np.inf, "mean of -ln of the probability given", "accuracy")
)
def log_loss(evidence: Evidence) -> Result:
    """Mean of minus the logarithm of the probability that was given to what happened; a certainty refuted is infinite.

    Not computable where a customer of PD 0 defaults or one of PD 1 does not.
    """
    refused = _surprised(evidence)
    if refused is not None:
        return refused
    losses = _losses(evidence)
    return Result(float(losses.mean()), *evidence.interval_of_sums(losses, np.ones_like(losses), value=np.divide))


@BATTERY.register(
    Measure(
        "Log loss skill",
        "Gain de perte logarithmique",
        1,
        -np.inf,
        1,
        "1 - log loss / log loss of the observed rate",
        "accuracy",
    )
)
def log_loss_skill(evidence: Evidence) -> Result:
    """Share of the log loss of a constant forecast (the observed rate) that the PDs save; 0 = no better."""
    refused = one_class(evidence) or _surprised(evidence)
    if refused is not None:
        return refused
    hit = evidence.outcome.astype(float)
    losses = _losses(evidence)

    def skill(lost: Floats, defaults: Floats, rows: Floats | int) -> Floats:
        rate = defaults / rows
        return np.asarray(1 + lost / (xlogy(defaults, rate) + xlog1py(rows - defaults, -rate)))

    value = float(skill(losses.sum(), hit.sum(), hit.size))
    return Result(value, *evidence.interval_of_sums(losses, hit, np.ones_like(hit), value=skill))


def _losses(evidence: Evidence) -> Floats:
    hit = evidence.outcome.astype(float)
    return np.asarray(-(xlogy(hit, evidence.p) + xlog1py(1 - hit, -evidence.p)))


def _surprised(evidence: Evidence) -> Result | None:
    if not len(evidence.rows):
        return not_computable("no_rows")
    refuted = np.where(evidence.outcome, evidence.p <= 0, evidence.p >= 1)
    return not_computable("certain_pd") if refuted.any() else None


@BATTERY.register(
    Measure(
        "Spiegelhalter test, p-value",
        "Test de Spiegelhalter, valeur p",
        1,
        0,
        1,
        "Spiegelhalter 1986, two-sided",
        "calibration",
        rows="cohort",
        thresholds=("p_green", "p_red"),
    )
)
def spiegelhalter(evidence: Evidence) -> Result:
    """Two-sided p-value of "the Brier score is what these PDs lead one to expect", rows of one date, independent.

    z = sum((y - p)(1 - 2p)) / sqrt(sum((1 - 2p)^2 p (1 - p))). With fewer than `hosmer_min_expected` defaults or
    survivors expected z is far from normal: the p-value informs only.
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    p = evidence.p
    variance = float(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    if variance <= 0:
        return not_computable("constant_score" if (p == 0.5).all() else "certain_pd")
    z = float(((evidence.outcome - p) * (1 - 2 * p)).sum()) / np.sqrt(variance)
    is_enough = min(p.sum(), (1 - p).sum()) >= evidence.settings.hosmer_min_expected
    return Result(float(2 * norm.sf(abs(z))), verdict=None if is_enough else Verdict.INFORMATION)
