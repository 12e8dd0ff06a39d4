"""Loss given default: quantiles of beta laws in tables, their means exact.

The table of a law holds its quantiles at equally spaced probabilities, joined by straight lines, and mixed with a
certain 0 or 1 so that the mean is that of the law to the last digits (the mixture weighs about 1e-6). A book with more
than `_MOST_LAWS` different means is given laws between two tables, at the weights that keep its mean.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from riskresearch.insurance.claims import Array, Integers

_MOST_LAWS, _KNOTS = 33, 2049


class Severities(NamedTuple):
    """Law of loss given default of each customer.

    Parameters
    ----------
    table : quantiles, law x probability
    law : lower law of each customer
    upper_weight : weight of the next law, 0 <= weight < 1
    """

    table: Array
    law: Integers
    upper_weight: Array


def severities(mean: Array, *, concentration: float | None) -> Severities:
    """Return the laws of customers with these means; `concentration` a + b of the beta law, None = always the mean."""
    if concentration is None:  # the laws of means 0 and 1, between which the weight is the value
        law = np.where(mean >= 1.0, 1, 0)
        return Severities(np.array([[0.0, 0.0], [1.0, 1.0]]), law, np.where(mean >= 1.0, 0.0, mean))
    nodes = np.unique(mean)
    if len(nodes) > _MOST_LAWS:
        nodes = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, _MOST_LAWS))  # closer where laws bend more
    law = np.searchsorted(nodes, mean, side="right") - 1
    above = nodes[np.minimum(law + 1, len(nodes) - 1)]
    width = above - nodes[law]
    weight = np.divide(mean - nodes[law], width, out=np.zeros_like(mean), where=width > 0)
    return Severities(np.array([_quantiles(node, concentration) for node in nodes]).reshape(-1, _KNOTS), law, weight)


def _quantiles(mean: float, concentration: float) -> Array:
    if mean in (0.0, 1.0):
        return np.full(_KNOTS, mean)
    ratio = np.linspace(0.0, 1.0, _KNOTS)
    found = betaincinv(mean * concentration, (1.0 - mean) * concentration, ratio)
    found[[0, -1]] = 0.0, 1.0
    found = np.maximum.accumulate(found)  # next to 0 the inverse is known to a few digits only
    joined = (found.sum() - 0.5) / (_KNOTS - 1)
    return found * (mean / joined) if joined > mean else found + (1.0 - found) * (mean - joined) / (1.0 - joined)
