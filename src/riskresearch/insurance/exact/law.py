"""A discrete law of an amount, with its measures."""

from dataclasses import dataclass

import numpy as np

from riskresearch.insurance.claims import Array
from riskresearch.insurance.measures import expected_shortfall, value_at_risk

_NOTHING = 1e-15  # below what Fourier transforms resolve


@dataclass(frozen=True)
class Law:
    """Amounts and their probabilities.

    Parameters
    ----------
    values : amounts, rising, each once
    probabilities : of each amount, summing to 1

    Examples
    --------
    >>> law = law_of(np.array([0.0, 100.0, 1000.0]), np.array([0.9, 0.05, 0.05]))
    >>> round(law.mean, 6), law.value_at_risk(0.95), round(law.expected_shortfall(0.92), 6)
    (55.0, 100.0, 662.5)
    >>> round(law.stop_loss(100.0), 6), round(law.at_least(100.0), 6)
    (45.0, 0.1)
    """

    values: Array
    probabilities: Array

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.probabilities @ self.values)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.probabilities @ (self.values - self.mean) ** 2))

    def value_at_risk(self, confidence_ratio: float) -> float:
        """Smallest x with F(x) >= confidence."""
        return value_at_risk(self.values, confidence_ratio=confidence_ratio, weights=self.probabilities)

    def expected_shortfall(self, confidence_ratio: float) -> float:
        """Mean of the worst 1 - confidence of the law, with the atom's share."""
        return expected_shortfall(self.values, confidence_ratio=confidence_ratio, weights=self.probabilities)

    def stop_loss(self, amount: float) -> float:
        """E[(L - amount)+]."""
        return float(self.probabilities @ np.maximum(self.values - amount, 0.0))

    def at_least(self, amount: float) -> float:
        """P(L >= amount), the amount compared to 9 digits."""
        return float(self.probabilities[self.values >= amount - 1e-9 * max(abs(amount), 1.0)].sum())


def law_of(values: Array, probabilities: Array) -> Law:
    """Return the law of amounts with probabilities; equal amounts are joined, what is below rounding is zero."""
    order = np.argsort(values, axis=None, kind="stable")
    rising = values.ravel()[order]
    weight = np.maximum(probabilities.ravel()[order], 0.0)
    keep = weight > _NOTHING
    rising, weight = rising[keep], weight[keep]
    first = np.flatnonzero(np.diff(rising, prepend=-np.inf) > 0)
    joined = np.add.reduceat(weight, first)
    return Law(rising[first], joined / joined.sum())
