"""Discrimination: whether the model puts defaulters above the others."""

import numpy as np

from riskresearch.base.resampling import auc as area
from riskresearch.base.resampling import bootstrap_auc
from riskresearch.validation.battery import BATTERY, Measure, Result, Sample, by_threshold, not_computable


@BATTERY.register(
    Measure(
        "AUC",
        "AUC (aire sous la courbe ROC)",
        1,
        0,
        1,
        "Mann-Whitney; interval by resampling customers (Field and Welsh 2007)",
    )
)
def auc(sample: Sample) -> Result:
    """Probability that a defaulter has a higher PD than a non-defaulter, ties counting one half."""
    hit = sample.outcome
    if not hit.any() or hit.all():
        return not_computable("no_default" if not hit.any() else "all_default")
    value = area(sample.p_default, hit)
    low, high = _interval(sample)
    settings = sample.settings
    return Result(value, low, high, by_threshold(value, settings.auc_green, settings.auc_amber))


@BATTERY.register(Measure("Gini", "Gini", 1, -1, 1, "2 AUC - 1 (Engelmann, Hayden and Tasche 2003)"))
def gini(sample: Sample) -> Result:
    """Gini coefficient (accuracy ratio): 2 AUC - 1."""
    found = auc(sample)
    if found.value is None or found.low is None or found.high is None:
        return found
    return Result(2 * found.value - 1, 2 * found.low - 1, 2 * found.high - 1, found.verdict)


def _interval(sample: Sample) -> tuple[float | None, float | None]:
    settings = sample.settings
    drawn = (
        bootstrap_auc(
            {"auc": sample.p_default}, sample.outcome, sample.customer, n_bootstrap=settings.n_bootstrap, rng=sample.rng
        )["auc"]
        .dropna()
        .to_numpy()
    )
    if len(drawn) < settings.n_bootstrap // 2:
        return None, None
    tail = (1 - settings.confidence_ratio) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)
