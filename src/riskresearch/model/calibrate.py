"""Calibration of a score to a probability: two numbers on the log-odds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds = ``slope`` × raw log-odds + ``intercept``."""

    slope: float = 1.0
    intercept: float = 0.0
    method: str = "none"

    def log_odds(self, raw: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated log-odds."""
        return self.slope * np.asarray(raw, dtype=float) + self.intercept

    def probability(self, raw: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated probabilities."""
        return expit(self.log_odds(raw))


def calibrate(raw: ArrayLike, outcome: ArrayLike, *, slope_low: float, slope_high: float) -> Calibration:
    """Return the calibration of raw log-odds on rows the model has not seen.

    A slope inside the band is taken as 1 and only the level is shifted; outside, slope and level
    are fitted (Platt 1999 on the log-odds). Isotonic steps are not used: with few defaults they give
    PDs of 0 and break the additivity of explanations.

    Parameters
    ----------
    raw : log-odds of unseen rows
    outcome : 1 = default within the horizon
    slope_low, slope_high : band of slopes taken as 1

    Examples
    --------
    >>> raw = np.log([0.02, 0.1, 0.3] * 50) - np.log(1 - np.array([0.02, 0.1, 0.3] * 50))
    >>> calibrate(raw, [0, 0, 1] * 50, slope_low=0.0, slope_high=9.0).method
    'platt'
    """
    score, hit = np.asarray(raw, dtype=float), np.asarray(outcome, dtype=float)
    platt = minimize(
        _loss, x0=[1.0, 0.0], args=(score, hit), jac=True, method="L-BFGS-B", bounds=[(0.05, 20.0), (-20.0, 20.0)]
    )
    slope, intercept = (float(x) for x in platt.x)
    if not slope_low <= slope <= slope_high:
        return Calibration(slope, intercept, "platt")
    shift = minimize_scalar(
        lambda b: _loss([1.0, b], score, hit)[0], bounds=(-10.0, 10.0), method="bounded", options={"xatol": 1e-10}
    )
    return Calibration(1.0, float(shift.x), "shift")


def _loss(
    numbers: ArrayLike, score: NDArray[np.float64], hit: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    slope, intercept = np.asarray(numbers, dtype=float)
    z = slope * score + intercept
    gap = expit(z) - hit
    value = -(hit * log_expit(z) + (1 - hit) * log_expit(-z)).mean()
    return float(value), np.array([(gap * score).mean(), gap.mean()])
