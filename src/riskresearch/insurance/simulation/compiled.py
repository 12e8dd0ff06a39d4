"""How loops are compiled, and random numbers within them; see `counters`."""

from collections.abc import Callable

import numba
import numpy as np

from riskresearch.insurance.simulation.counters import FIRST, GOLDEN, HALF, ONE, S12, S27, S30, S31, SECOND, STEP


def compiled(function: Callable) -> Callable:
    """Compile when first called, anew in each process: a stored copy would not see a constant change elsewhere."""
    return numba.njit(function, nogil=True, error_model="numpy")


@compiled
def word(key: np.uint64, counter: int) -> np.uint64:
    """64 random bits of a counter of a stream; see `counters`."""
    bits = key + (np.uint64(counter) + ONE) * GOLDEN
    bits = (bits ^ (bits >> S30)) * FIRST
    bits = (bits ^ (bits >> S27)) * SECOND
    return bits ^ (bits >> S31)


@compiled
def uniform(key: np.uint64, counter: int) -> float:
    """Uniform number of a counter of a stream."""
    return (np.float64(np.int64(word(key, counter) >> S12)) + HALF) * STEP
