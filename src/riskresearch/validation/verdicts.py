"""Verdicts of measures whose best value lies inside a range."""

from typing import Any

from scipy.stats import norm

from riskresearch.validation.registry import Verdict


def by_interval(
    value: float, low: float | None, high: float | None, *, target: float, is_near: bool, settings: Any
) -> Verdict | None:
    """Return green where the interval holds the target, red where the value is surely far from it, else amber.

    Surely means that the interval widened to the confidence 1 − `p_red` leaves the target out too, so that a red
    verdict is as rare for a right model as that of a test. None, which is to say that the measure informs only, where
    there is no interval.

    Parameters
    ----------
    value, low, high : value and its interval
    target : value of a model that is right
    is_near : the value lies within the company's own tolerance of the target
    settings : `confidence_ratio` of the interval, `p_red`
    """
    if low is None or high is None:
        return None
    if low <= target <= high:
        return Verdict.GREEN
    wider = norm.isf(settings.p_red / 2) / norm.isf((1 - settings.confidence_ratio) / 2)
    end = low if target < low else high
    is_sure = abs(target - value) > max(wider, 1.0) * abs(end - value)
    return Verdict.RED if is_sure and not is_near else Verdict.AMBER
