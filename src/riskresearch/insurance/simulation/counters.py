"""Chance without state: each number follows from (seed, year, stream, counter) alone.

SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) started at a mixed key of
seed, year and stream. Whoever draws a year, in whatever order, in whatever process, gets the same numbers.
"""

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Integers

Words = npt.NDArray[np.uint64]

GOLDEN, FIRST, SECOND = (np.uint64(word) for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
ONE, S12, S24, S27, S30, S31, S32, S40 = (np.uint64(value) for value in (1, 12, 24, 27, 30, 31, 32, 40))
HALF, STEP, HALF_STEP = 0.5, 2.0**-52, 2.0**-32
LOWER, DAY_STEP = np.uint64(2**32 - 1), np.float32(2.0**-24)

# streams of a year
FACTOR, SECTOR, LEVEL, MIXING, NUMBER, PLACE, DAY, DETAIL, CUT, CONTAGION, COUNTRY, COUNTRY_DAY = range(12)


def mixed(word: Words) -> Words:
    """Finaliser of SplitMix64: every bit of the result depends on every bit of the word."""
    word = (word ^ (word >> S30)) * FIRST
    word = (word ^ (word >> S27)) * SECOND
    return np.asarray(word ^ (word >> S31))


def year_keys(year: Integers, *, seed: int) -> Words:
    """Starting point of each year."""
    root = mixed(np.array([seed], dtype=np.uint64) + GOLDEN)
    return mixed(root + (year.astype(np.uint64) + ONE) * GOLDEN)


def keys(year_key: Words, stream: int) -> Words:
    """Starting point of a stream in each year."""
    return mixed(year_key + np.array([stream + 1], dtype=np.uint64) * GOLDEN)


def words(key: Words, counter: npt.NDArray[np.integer]) -> Words:
    """64 random bits of each counter of a stream."""
    return mixed(key + (counter.astype(np.uint64) + ONE) * GOLDEN)


def uniform(key: Words, counter: npt.NDArray[np.integer]) -> Array:
    """Uniform numbers, 0 < u < 1, symmetric around one half, in steps of 2^-52."""
    return np.asarray(((words(key, counter) >> S12).astype(np.float64) + HALF) * STEP)
