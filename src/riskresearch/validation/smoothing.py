"""Calibration error of a smoothed reliability curve (smooth ECE)."""

import numpy as np
from scipy.fft import dct

from riskresearch.validation.registry import Floats

N_NODES = 2**14 + 1
"""Nodes of the grid on 0 to 1: PDs are shared out between the two nodes beside them, 0.00006 apart."""
N_HALVINGS = 40


def self_consistent_error(p: Floats, gap: Floats) -> float:
    """Return the smooth calibration error at the width of smoothing that equals the error itself.

    Formula: smECE_s = integral over t in 0 to 1 of |1/n sum_i K_s(t, p_i) gap_i| with K_s the Gaussian kernel of width
    s reflected at 0 and 1. It falls as s rises, so smECE_s = s has one solution, which is the error. K_s is diagonal in
    cosines, so that the smoothing is exact but for the grid. Source: Błasiok and Nakkiran 2023.

    Parameters
    ----------
    p : PD of each row, 0-1
    gap : outcome less PD of each row

    Examples
    --------
    >>> p = np.full(10, 0.3)
    >>> round(self_consistent_error(p, (np.arange(10) < 5) - p), 6)  # one PD: the plain gap 0.5 - 0.3
    0.2
    """
    waves = _waves(p, gap / len(p))
    low, high = 0.0, 1.0
    for _ in range(N_HALVINGS):
        width = (low + high) / 2
        low, high = (width, high) if _error(waves, width) > width else (low, width)
    return high


def _waves(p: Floats, mass: Floats) -> Floats:
    """Cosine coefficients of masses laid on the grid, half of the density of the mass reflected at 0 and 1."""
    place = p * (N_NODES - 1)
    left = np.minimum(place.astype(np.int64), N_NODES - 2)
    share = place - left
    grid = np.bincount(left, weights=mass * (1 - share), minlength=N_NODES)
    grid += np.bincount(left + 1, weights=mass * share, minlength=N_NODES)
    grid[[0, -1]] *= 2
    return np.asarray(dct(grid, type=1), dtype=float) / 2


def _error(waves: Floats, width: float) -> float:
    """Integral of the absolute smoothed mass, by the trapezoidal rule."""
    damping = np.exp(-((np.pi * width * np.arange(N_NODES)) ** 2) / 2)
    curve = np.abs(dct(waves * damping, type=1))
    return float((curve.sum() - (curve[0] + curve[-1]) / 2) / (N_NODES - 1))
