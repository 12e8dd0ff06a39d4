"""Compiled loops for what belongs to each default; only `riskresearch.insurance.simulation.blocks` imports this."""

import numpy as np

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.simulation.compiled import compiled, uniform, word
from riskresearch.insurance.simulation.counters import HALF, HALF_STEP, LOWER, S32, Words
from riskresearch.insurance.simulation.severity import Severities


@compiled
def details(
    key: Words, n_per_year: Integers, customer: np.ndarray, protracted_ratio: float, drawn: Array, event: np.ndarray
) -> None:
    """Write for each default a uniform number for its loss, and whether it is protracted, from one word."""
    n = 0
    for y in range(len(n_per_year)):
        for _ in range(n_per_year[y]):
            bits = word(key[y], customer[n])
            drawn[n] = (np.float64(np.int64(bits >> S32)) + HALF) * HALF_STEP
            event[n] = (np.float64(np.int64(bits & LOWER)) + HALF) * HALF_STEP < protracted_ratio
            n += 1


@compiled
def uniforms(key: Words, n_per_year: Integers, customer: np.ndarray, drawn: Array) -> None:
    """Write the uniform number of each default in a stream, by its year and customer."""
    n = 0
    for y in range(len(n_per_year)):
        for _ in range(n_per_year[y]):
            drawn[n] = uniform(key[y], customer[n])
            n += 1


@compiled
def severity(laws: Severities, customer: np.ndarray, drawn: Array, lgd: np.ndarray) -> None:
    """Write the loss given default of each default: the quantile of the customer's law at a uniform number."""
    table, first_law, upper_weight = laws.table, laws.law, laws.upper_weight
    n_knots = table.shape[1]
    for n in range(len(customer)):
        law, weight = first_law[customer[n]], upper_weight[customer[n]]
        place = drawn[n] * (n_knots - 1)
        knot = int(place)
        along = place - knot
        lower = table[law, knot] + along * (table[law, knot + 1] - table[law, knot])
        if weight > 0:
            upper = table[law + 1, knot] + along * (table[law + 1, knot + 1] - table[law + 1, knot])
            lower += weight * (upper - lower)
        lgd[n] = lower
