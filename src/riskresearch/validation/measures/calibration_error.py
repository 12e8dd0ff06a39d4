"""Calibration error: the mean and the largest gap between PD and default rate, with and without bins."""

import numpy as np
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.validation.registry import BATTERY, Evidence, Floats, Measure, Result, not_computable
from riskresearch.validation.smoothing import self_consistent_error


class CalibrationErrorSettings(StageSettings):
    """Calibration error."""

    ece_n_bins: int = Field(
        10, ge=2, le=50, description="bins of as many rows each for the calibration errors; source: Naeini 2015"
    )


@BATTERY.register(
    Measure(
        "Expected calibration error (ECE)",
        "Erreur de calibrage attendue (ECE)",
        -1,
        0,
        1,
        "Naeini 2015, bins of as many rows each; interval by resampling customers, basic (Davison and Hinkley 1997)",
        "calibration",
    )
)
def ece(evidence: Evidence) -> Result:
    """Mean absolute gap between default rate and mean PD over bins of as many rows each, weighted by rows.

    Depends on the bins and, being made of absolute values, is above 0 also for a model without error; the basic
    bootstrap interval takes part of that off, no more: with few defaults it often leaves 0 out (docs/validation.md).
    It informs, it tests nothing. Rows of the same PD stay in one bin.
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    place = equal_bins(evidence.p, n_bins=evidence.settings.ece_n_bins)
    value = float(np.abs(np.bincount(place, weights=evidence.outcome - evidence.p)).sum() / len(place))
    return Result(value, *_interval(evidence, place, value))


@BATTERY.register(
    Measure(
        "Maximum calibration error (MCE)",
        "Erreur de calibrage maximale (MCE)",
        -1,
        0,
        1,
        "Naeini 2015, bins of as many rows each",
        "calibration",
    )
)
def mce(evidence: Evidence) -> Result:
    """Largest absolute gap between default rate and mean PD over bins of as many rows each."""
    if not len(evidence.rows):
        return not_computable("no_rows")
    place = equal_bins(evidence.p, n_bins=evidence.settings.ece_n_bins)
    n, gap = np.bincount(place), np.bincount(place, weights=evidence.outcome - evidence.p)
    return Result(float((np.abs(gap[n > 0]) / n[n > 0]).max()))


@BATTERY.register(
    Measure(
        "Smooth calibration error (smECE)",
        "Erreur de calibrage lissée (smECE)",
        -1,
        0,
        1,
        "Błasiok and Nakkiran 2023, on the PD itself",
        "calibration",
    )
)
def smooth_ece(evidence: Evidence) -> Result:
    """Mean absolute gap between default and PD after smoothing over neighbouring PDs, without bins.

    The width of the smoothing is the one that equals the error itself; never below the gap of the whole sample.
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    return Result(self_consistent_error(evidence.p, evidence.outcome - evidence.p))


def equal_bins(p: Floats, *, n_bins: int) -> np.ndarray:
    """Return the bin of each row, 0 to n_bins - 1, of as many rows each by rank of the PD; equal PDs share a bin.

    Examples
    --------
    >>> equal_bins(np.array([0.4, 0.1, 0.1, 0.2]), n_bins=2)
    array([1, 0, 0, 1])
    """
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return (middle * n_bins / len(p)).astype(np.int64)[place]


def _interval(evidence: Evidence, place: np.ndarray, value: float) -> tuple[float, float] | tuple[None, None]:
    """Basic bootstrap interval 2 x value - quantiles; inside 0 to 1 and not without the value."""
    owner, n_bins = evidence.owner, int(place.max()) + 1
    n_customers = int(owner.max()) + 1
    if n_customers < 2:
        return None, None
    cell = owner * n_bins + place
    gaps = np.bincount(cell, weights=evidence.outcome - evidence.p, minlength=n_customers * n_bins)
    drawn = evidence.draws()
    errors = np.abs(drawn @ gaps.reshape(n_customers, n_bins)).sum(axis=1) / (drawn @ np.bincount(owner))
    low, high = evidence.bounds(errors)
    if low is None or high is None:
        return None, None
    return min(max(2 * value - high, 0.0), value), min(max(2 * value - low, value), 1.0)
