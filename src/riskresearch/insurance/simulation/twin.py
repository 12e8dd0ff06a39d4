"""The loops of `kernels` as plain NumPy: the same defaults from the same numbers, by another way of computing.

Slower; it is what the compiled loops are held against.
"""

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.simulation.book import Line
from riskresearch.insurance.simulation.counters import DAY_STEP, HALF, HALF_STEP, LOWER, S32, S40, Words, uniform, words
from riskresearch.insurance.simulation.factors import Years
from riskresearch.insurance.simulation.hazards import CAP, POISSON_PART, Link, cell, link
from riskresearch.insurance.simulation.severity import Severities

Defaulters = tuple[Integers, npt.NDArray[np.int32], npt.NDArray[np.float32]]


def walk(line: Line, years: Years, hazard: Link, key: Words, day_key: Words) -> Defaulters:
    """Return the number of defaults of each year, and customer and day of each."""
    index, multiplier = years.shift[:, line.sector], years.multiplier[:, line.sector]
    highest = line.highest * years.scale[:, None] - index
    bound = np.minimum(hazard.table[cell(highest, link=hazard) + 1] * multiplier, CAP)
    top = np.cumsum(bound * np.diff(line.first), axis=1)
    year, point = _points(key, top[:, -1] if top.shape[1] else np.zeros(len(top)))
    bucket = _bucket(top, year, point)
    edge = np.where(bucket > 0, top[year, bucket - 1], 0.0)
    along = (point - edge) * (1.0 / bound[year, bucket])
    size = np.diff(line.first)[bucket]
    offset = np.minimum(along.astype(np.int64), size - 1)
    place = line.first[bucket] + offset
    x = line.threshold[place] * years.scale[year] - index[year, bucket]
    is_hit = _is_below((along - offset) * bound[year, bucket], x, multiplier[year, bucket], hazard)
    pair = np.sort(year[is_hit] * len(line.threshold) + place[is_hit])
    pair = pair[np.diff(pair, prepend=-1) > 0]
    year, place = np.divmod(pair, max(len(line.threshold), 1))
    return _sorted(line, year, line.customer[place], day_key)


def uniforms(key: Words, n_per_year: Integers, customer: npt.NDArray[np.int32]) -> Array:
    """Uniform number of each default in a stream, by its year and customer."""
    return uniform(np.repeat(key, n_per_year), customer)


def details(
    key: Words, n_per_year: Integers, customer: npt.NDArray[np.int32], protracted_ratio: float
) -> tuple[Array, npt.NDArray[np.int8]]:
    """Uniform number of each default for its loss, and whether it is protracted, from one word."""
    bits = words(np.repeat(key, n_per_year), customer)
    is_protracted = ((bits & LOWER).astype(np.float64) + HALF) * HALF_STEP < protracted_ratio
    return ((bits >> S32).astype(np.float64) + HALF) * HALF_STEP, is_protracted.astype(np.int8)


def severity(laws: Severities, customer: npt.NDArray[np.int32], drawn: Array) -> npt.NDArray[np.float32]:
    """Loss given default of each default: the quantile of the customer's law at a uniform number."""
    n_knots = laws.table.shape[1]
    place = drawn * (n_knots - 1)
    knot = place.astype(np.int64)
    along, law, weight = place - knot, laws.law[customer], laws.upper_weight[customer]
    lower = laws.table[law, knot] + along * (laws.table[law, knot + 1] - laws.table[law, knot])
    next_law = np.minimum(law + 1, len(laws.table) - 1)
    upper = laws.table[next_law, knot] + along * (laws.table[next_law, knot + 1] - laws.table[next_law, knot])
    return np.asarray((lower + weight * (upper - lower)).astype(np.float32))


def _points(key: Words, total: Array) -> tuple[Integers, Array]:
    """Year and place of every point on the lines."""
    n_points = _poisson(key[:, 0], total)
    year = np.repeat(np.arange(len(total)), n_points)
    drawn = np.arange(len(year)) - np.repeat(np.cumsum(n_points) - n_points, n_points)
    return year, uniform(key[year, 1], drawn) * total[year]


def _poisson(key: Words, mean: Array) -> Integers:
    """Poisson numbers: sums of some with small means, each by inversion of its law."""
    n_parts = (mean / POISSON_PART).astype(np.int64) + 1
    owner = np.repeat(np.arange(len(mean)), n_parts)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    drawn, part_mean = uniform(key[owner], rank), (mean / n_parts)[owner]
    ratio = np.exp(-part_mean)
    reached, n_here = ratio.copy(), np.zeros(len(owner), dtype=np.int64)
    going = np.flatnonzero((drawn > reached) & (ratio > 0))
    while len(going):
        n_here[going] += 1
        ratio[going] *= part_mean[going] / n_here[going]
        reached[going] += ratio[going]
        going = going[(drawn[going] > reached[going]) & (ratio[going] > 0)]
    return np.bincount(owner, weights=n_here, minlength=len(mean)).astype(np.int64)


def _bucket(top: Array, year: Integers, point: Array) -> Integers:
    """First bucket whose end lies beyond the point, by bisection."""
    low, high = np.zeros(len(point), dtype=np.int64), np.full(len(point), top.shape[1] - 1)
    for _ in range(top.shape[1].bit_length()):
        middle = (low + high) // 2
        is_beyond = top[year, middle] > point
        low, high = np.where(is_beyond, low, np.minimum(middle + 1, high)), np.where(is_beyond, middle, high)
    return high


def _is_below(length: Array, x: Array, multiplier: Array, hazard: Link) -> npt.NDArray[np.bool_]:
    """Say whether a length is below the hazard of an index."""
    return np.asarray(length < link(x, variance=hazard.variance) * multiplier)


def _sorted(line: Line, year: Integers, customer: npt.NDArray[np.int32], day_key: Words) -> Defaulters:
    """Add the certain defaults and put all in the order of their days."""
    year = np.concatenate([year, np.repeat(np.arange(len(day_key)), len(line.certain))])
    customer = np.concatenate([customer, np.tile(line.certain, len(day_key))])
    day = (words(day_key[year], customer) >> S40).astype(np.float32) * DAY_STEP
    order = np.lexsort((customer, day, year))
    return np.bincount(year, minlength=len(day_key)), customer[order], day[order]
