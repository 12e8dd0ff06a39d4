"""Verdicts of measures whose best value lies inside a range."""

from riskresearch.validation.registry import Verdict


def by_interval(low: float | None, high: float | None, *, target: float, is_near: bool) -> Verdict | None:
    """Return green where the interval holds the target, amber where the value lies near it, else red.

    None, which is to say that the measure informs only, where there is no interval.

    Parameters
    ----------
    low, high : interval of the value
    target : value of a model that is right
    is_near : the value lies within the company's own tolerance of the target
    """
    if low is None or high is None:
        return None
    return Verdict.GREEN if low <= target <= high else Verdict.AMBER if is_near else Verdict.RED
