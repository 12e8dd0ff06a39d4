"""Compiled loops of the simulation; only `riskresearch.insurance.simulation.blocks` imports this module.

Customers lie side by side on a line, each with a segment as long as its bucket's largest hazard. Points of a Poisson
process of rate 1 fall on the line: their number is a Poisson number, their places are uniform. A point that falls
within the first h_i of the segment of customer i, where h_i is the hazard of the customer, makes it default; further
points on it change nothing. What a processor cannot foresee is computed without branches.
"""

import math
from typing import NamedTuple

import numpy as np

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.simulation.book import Line
from riskresearch.insurance.simulation.compiled import compiled, uniform, word
from riskresearch.insurance.simulation.counters import DAY_STEP, LOWER, ONE, S24, S32, S40, Words
from riskresearch.insurance.simulation.factors import Years
from riskresearch.insurance.simulation.hazards import CAP, HIGHEST, LOWEST, POISSON_PART, STEPS, Link

_ROOT_HALF = math.sqrt(0.5)


class Found(NamedTuple):
    """Room for the defaults of some years: number of each year, customer and day of each default."""

    n_per_year: Integers
    customer: np.ndarray
    day_ratio: np.ndarray


class Room(NamedTuple):
    """Room for a year: segment and end of each bucket, guide to them, last year in which each place defaulted."""

    bound: Array
    per_bound: Array
    end: Array
    guide: np.ndarray
    seen: np.ndarray


@compiled
def cell(x: float, last: np.uint64) -> np.uint64:
    """Cell of an index on the grid of the link."""
    return min(np.uint64(np.int64((min(max(x, LOWEST), HIGHEST) - LOWEST) * STEPS)), last)


@compiled
def link(x: float, variance: float) -> float:
    """Hazard of an index, without multiplier and cap."""
    tail = 0.5 * math.erfc(abs(x) * _ROOT_HALF)
    normal = -math.log(tail) if x > 0 else -math.log1p(-tail)
    return math.expm1(variance * normal) / variance if variance > 0 else normal


@compiled
def lay(line: Line, shift: Array, scale: float, multiplier: Array, table: Array, room: Room) -> float:
    """Write the length of a segment of each bucket in a year, and where the bucket ends; return the whole length."""
    highest, sector, first, bound, end = line.highest, line.sector, line.first, room.bound, room.end
    last_cell, total = np.uint64(len(table) - 2), 0.0
    for b in range(len(highest)):
        s = np.uint64(sector[b])
        k = cell(highest[b] * scale - shift[s], last_cell)
        bound[b] = min(table[k + ONE] * multiplier[s], CAP)
    for b in range(len(highest)):
        room.per_bound[b] = 1.0 / bound[b]
        total += bound[b] * (first[b + 1] - first[b])
        end[b + 1] = total
    return total


@compiled
def poisson(mean: float, key: np.uint64) -> int:
    """Poisson number: the sum of some with small means, each by inversion of its law."""
    n, n_parts = 0, int(mean / POISSON_PART) + 1
    part_mean = mean / n_parts
    none = math.exp(-part_mean)
    for k in range(n_parts):
        drawn, n_here, ratio, reached = uniform(key, k), 0, none, none
        while drawn > reached and ratio > 0.0:
            n_here += 1
            ratio *= part_mean / n_here
            reached += ratio
        n += n_here
    return n


@compiled
def uniforms(key: np.uint64, n: int) -> Array:
    """Return the first uniform numbers of a stream; a loop of nothing else is computed several numbers at a time."""
    drawn = np.empty(n)
    for k in range(len(drawn)):
        drawn[k] = uniform(key, k)
    return drawn


@compiled
def mark(end: Array, guide: np.ndarray, n_buckets: int, per_length: float) -> None:
    """Write for each of many equal parts of the line the first bucket that may reach into it."""
    reached, guide[:] = 0, 0
    for b in range(n_buckets):
        guide[int(end[b + 1] * per_length) + 1] += 1
    for k in range(len(guide)):
        reached += guide[k]
        guide[k] = reached


@compiled
def bucket(end: Array, guide: np.ndarray, point: float, per_length: float) -> np.uint64:
    """Bucket in which a point falls: the guide is rarely more than two buckets short."""
    b = np.uint64(guide[np.uint64(np.int64(point * per_length))])
    b += np.uint64(end[b + ONE] <= point)
    b += np.uint64(end[b + ONE] <= point)
    while end[b + ONE] <= point:
        b += ONE
    return b


@compiled
def walk_year(y: int, line: Line, years: Years, hazard: Link, key: Words, room: Room, out: Words) -> np.uint64:
    """Write the places that default in a year, in no order; return their number."""
    threshold, first, sector, table = line.threshold, line.first, line.sector, hazard.table
    bound, per_bound, end, guide, seen = room.bound, room.per_bound, room.end, room.guide, room.seen
    shift, scale, multiplier = years.shift[y], years.scale[y], years.multiplier[y]
    n, last_cell, last_bucket = np.uint64(0), np.uint64(len(table) - 2), np.uint64(len(bound) - 1)
    total = lay(line, shift, scale, multiplier, table, room)
    per_length = (len(guide) - 2) / total if total > 0.0 else 0.0
    mark(end, guide, len(bound), per_length)
    for point in uniforms(key[1], poisson(total, key[0])):
        distance = point * total
        b = min(bucket(end, guide, distance, per_length), last_bucket)
        along, start, s = (distance - end[b]) * per_bound[b], first[b], np.uint64(sector[b])
        offset = min(np.int64(along), first[b + ONE] - start - 1)
        place, length = np.uint64(start + offset), (along - offset) * bound[b]
        x = threshold[place] * scale - shift[s]
        k = cell(x, last_cell)
        n_above = (length < table[k] * multiplier[s]) + (length < table[k + ONE] * multiplier[s])
        if n_above == 1:
            n_above += length < link(x, hazard.variance) * multiplier[s]
        is_hit, last = n_above == 2, seen[place]
        out[n] = place
        n += np.uint64(is_hit & (last != y))
        seen[place] = y if is_hit else last
    return n


@compiled
def sort_days(dealt: Words, last: np.ndarray, out: Words) -> None:
    """Write packed defaults in order: since days are uniform, each is near its place once they are dealt by their day.

    `last` holds how many there are in each part of the year, one part per default.
    """
    n_parts = len(dealt)
    for k in range(1, n_parts):
        last[k] += last[k - 1]
    for n in range(n_parts):
        k = part(dealt[n], n_parts)
        last[k] -= ONE
        out[last[k]] = dealt[n]
    for n in range(1, n_parts):
        value, k = out[n], n
        while k > 0 and out[k - 1] > value:
            out[k] = out[k - 1]
            k -= 1
        out[k] = value


@compiled
def part(value: np.uint64, n_parts: int) -> np.uint64:
    """Part of the year, of so many, into which a packed default falls."""
    return (value >> S32) * np.uint64(n_parts) >> S24


@compiled
def walk(line: Line, years: Years, hazard: Link, key: Words, day_key: Words, found: Found) -> int:
    """Write the defaults of some years, each year's in the order of their days; return their number.

    Parameters
    ----------
    line, years, hazard : customers, factors and link
    key : streams of the number and of the places of the points, year x 2
    day_key : stream of the days of each year
    found : where to write; if there may be too little room, -1 is returned
    """
    n, n_certain, most = 0, len(line.certain), len(line.threshold) + len(line.certain)
    room = rooms(len(line.threshold), len(line.highest))
    out, dealt, last = np.empty(most + 1, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64)
    for y in range(len(years.scale)):
        if n + most > len(found.customer):
            return -1
        size = np.int64(walk_year(y, line, years, hazard, key[y], room, out)) + n_certain
        there = dealt[:size]
        pack(out, line.customer, line.certain, day_key[y], there, last)
        sort_days(there, last, out)
        unpack(out[:size], found.customer[n:], found.day_ratio[n:])
        found.n_per_year[y] = size
        n += len(there)
    return n


@compiled
def pack(
    out: Words, customer: np.ndarray, certain: np.ndarray, day_key: np.uint64, dealt: Words, last: np.ndarray
) -> None:
    """Write the defaults of the places and the certain ones, and how many are in each part of the year.

    The day, in steps of 2^-24, is in the upper half of a word and the customer in the lower.
    """
    size = len(dealt) - len(certain)
    for k in range(size):
        dealt[k] = customer[out[k]]
    for k in range(len(certain)):
        dealt[size + k] = certain[k]
    for k in range(len(dealt)):
        dealt[k] = word(day_key, dealt[k]) >> S40 << S32 | dealt[k]
    last[: len(dealt)] = 0
    for k in range(len(dealt)):
        last[part(dealt[k], len(dealt))] += ONE


@compiled
def unpack(out: Words, customer: np.ndarray, day_ratio: np.ndarray) -> None:
    """Write customer and day of packed defaults."""
    for k in range(len(out)):
        customer[k] = np.int32(out[k] & LOWER)
        day_ratio[k] = np.float32(np.int64(out[k] >> S32)) * DAY_STEP


@compiled
def rooms(n_places: int, n_buckets: int) -> Room:
    """Make the room of a year; beyond the buckets there is an unbounded one."""
    n_parts = 64
    while n_parts < 2 * n_buckets:
        n_parts *= 2
    end, seen = np.full(n_buckets + 4, np.inf), np.full(n_places, -1, dtype=np.int32)
    end[0] = 0.0
    return Room(np.empty(n_buckets), np.empty(n_buckets), end, np.empty(n_parts + 2, dtype=np.int32), seen)
