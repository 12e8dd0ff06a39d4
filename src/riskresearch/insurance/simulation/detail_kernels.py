"""Compiled loops for what belongs to each default; only `riskresearch.insurance.simulation.blocks` imports this."""

import numpy as np

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.simulation.compiled import compiled, uniform, word
from riskresearch.insurance.simulation.counters import HALF, HALF_STEP, LOWER, ONE, S32, Words
from riskresearch.insurance.simulation.severity import Severities


@compiled
def details(
    key: Words, n_per_year: Integers, customer: np.ndarray, protracted_ratio: float, drawn: Array, event: np.ndarray
) -> None:
    """Write for each default a uniform number for its loss, and whether it is protracted, from one word."""
    end = 0
    for y in range(len(n_per_year)):
        start, end, year_key = end, end + n_per_year[y], key[y]
        who, share, is_late = customer[start:end], drawn[start:end], event[start:end]
        for n in range(len(who)):
            bits = word(year_key, who[n])
            share[n] = (np.float64(np.int64(bits >> S32)) + HALF) * HALF_STEP
            is_late[n] = (np.float64(np.int64(bits & LOWER)) + HALF) * HALF_STEP < protracted_ratio


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
    n_steps = table.shape[1] - 1
    for n in range(len(customer)):
        who = np.uint64(customer[n])
        law, weight = np.uint64(first_law[who]), upper_weight[who]
        place = drawn[n] * n_steps
        along, knot = place - np.int64(place), np.uint64(np.int64(place))
        lower = table[law, knot] + along * (table[law, knot + ONE] - table[law, knot])
        if weight > 0:
            upper = table[law + ONE, knot] + along * (table[law + ONE, knot + ONE] - table[law + ONE, knot])
            lower += weight * (upper - lower)
        lgd[n] = lower
