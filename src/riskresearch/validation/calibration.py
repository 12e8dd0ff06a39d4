"""Calibration: whether the probabilities are right on average, and not too low."""

import numpy as np
from scipy.stats import beta

from riskresearch.validation.battery import BATTERY, Measure, Result, Sample, Verdict, by_threshold, not_computable


@BATTERY.register(Measure("Brier score", "Score de Brier", -1, 0, 1, "Brier 1950"))
def brier(sample: Sample) -> Result:
    """Mean squared difference between PD and outcome."""
    return Result(float(np.mean((sample.p_default - sample.outcome) ** 2)))


@BATTERY.register(Measure("Brier skill", "Gain de Brier", 1, -np.inf, 1, "1 - Brier / Brier of the observed rate"))
def brier_skill(sample: Sample) -> Result:
    """Share of the Brier score of a constant forecast (the observed rate) that the PDs save; 0 = no better."""
    rate = sample.outcome.mean()
    if rate in (0.0, 1.0):
        return not_computable("no_default" if rate == 0 else "all_default")
    score = float(np.mean((sample.p_default - sample.outcome) ** 2))
    return Result(1 - score / float(rate * (1 - rate)))


@BATTERY.register(
    Measure(
        "Observed / expected defaults",
        "Défauts observés / attendus",
        0,
        0,
        np.inf,
        "calibration in the large; interval by resampling customers",
    )
)
def observed_to_expected(sample: Sample) -> Result:
    """Observed defaults divided by the sum of the PDs; 1 = right on average, above 1 = PDs too low.

    Green where the interval holds 1, amber where it lies within a factor 2 of it, else red.
    """
    expected = sample.p_default.sum()
    if expected <= 0 or not sample.outcome.any():
        return not_computable("no_default")
    _, owner = np.unique(sample.customer, return_inverse=True)
    hits, sums = np.bincount(owner, sample.outcome), np.bincount(owner, sample.p_default)
    drawn = sample.rng.integers(0, len(hits), (sample.settings.n_bootstrap, len(hits)))
    ratios = hits[drawn].sum(axis=1) / sums[drawn].sum(axis=1)
    tail = (1 - sample.settings.confidence_ratio) / 2
    low, high = (float(x) for x in np.quantile(ratios, [tail, 1 - tail]))
    value = float(sample.outcome.sum() / expected)
    near = 0.5 <= value <= 2
    verdict = Verdict.GREEN if low <= 1 <= high else Verdict.AMBER if near else Verdict.RED
    return Result(value, low, high, verdict)


@BATTERY.register(
    Measure(
        "Jeffreys test, p-value",
        "Test de Jeffreys, valeur p",
        1,
        0,
        1,
        "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.3",
        rows="cohort",
        by_grade=True,
    )
)
def jeffreys(sample: Sample) -> Result:
    """p-value of "the PD is not too low": Beta(D + 1/2, N - D + 1/2) below the mean PD, one observation date.

    Small = the PD is underestimated. The outcomes of one date do not overlap in time.
    """
    n, d = len(sample.outcome), int(sample.outcome.sum())
    value = float(beta.cdf(sample.p_default.mean(), d + 0.5, n - d + 0.5))
    settings = sample.settings
    return Result(value, verdict=by_threshold(value, settings.p_green, settings.p_red))
