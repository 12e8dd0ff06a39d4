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
from riskresearch.insurance.simulation.counters import DAY_STEP, LOWER, S32, S40, Words
from riskresearch.insurance.simulation.factors import Years
from riskresearch.insurance.simulation.hazards import CAP, HIGHEST, LOWEST, POISSON_PART, STEPS, Link

_ROOT_HALF = math.sqrt(0.5)
_PARTS = 4096


class Found(NamedTuple):
    """Room for the defaults of some years: number of each year, customer and day of each default."""

    n_per_year: Integers
    customer: np.ndarray
    day_ratio: np.ndarray


class Room(NamedTuple):
    """Room for a year: segment and end of each bucket, guide to them, last year in which each place defaulted."""

    bound: Array
    end: Array
    guide: np.ndarray
    seen: np.ndarray


@compiled
def cell(x: float, n_cells: int) -> int:
    """Cell of an index on the grid of the link."""
    return min(int((min(max(x, LOWEST), HIGHEST) - LOWEST) * STEPS), n_cells - 1)


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
    n_cells, total = len(table) - 1, 0.0
    for b in range(len(highest)):
        k = cell(highest[b] * scale - shift[sector[b]], n_cells)
        bound[b] = min(table[k + 1] * multiplier[sector[b]], CAP)
    for b in range(len(highest)):
        total += bound[b] * (first[b + 1] - first[b])
        end[b] = total
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
def mark(end: Array, guide: np.ndarray, n_buckets: int, per_length: float) -> None:
    """Write for each of many equal parts of the line the first bucket that may reach into it."""
    reached, guide[:] = 0, 0
    for b in range(n_buckets):
        guide[int(end[b] * per_length) + 1] += 1
    for k in range(len(guide)):
        reached += guide[k]
        guide[k] = reached


@compiled
def bucket(end: Array, guide: np.ndarray, point: float, per_length: float) -> int:
    """Bucket in which a point falls: the guide is rarely more than one bucket short."""
    b = guide[int(point * per_length)]
    b += end[b] <= point
    while end[b] <= point:
        b += 1
    return b


@compiled
def walk_year(y: int, line: Line, years: Years, hazard: Link, key: Words, room: Room, out: Words) -> int:
    """Write the places that default in a year, in no order; return their number."""
    threshold, first, sector, table = line.threshold, line.first, line.sector, hazard.table
    bound, end, guide, seen = room.bound, room.end, room.guide, room.seen
    shift, scale, multiplier = years.shift[y], years.scale[y], years.multiplier[y]
    n, n_cells, n_buckets = 0, len(table) - 1, len(bound)
    total = lay(line, shift, scale, multiplier, table, room)
    per_length = (len(guide) - 2) / total if total > 0.0 else 0.0
    mark(end, guide, n_buckets, per_length)
    for drawn in range(poisson(total, key[0])):
        point = uniform(key[1], drawn) * total
        b = min(bucket(end, guide, point, per_length), n_buckets - 1)
        along = (point - (end[b - 1] if b > 0 else 0.0)) / bound[b]
        offset = min(int(along), first[b + 1] - first[b] - 1)
        place, length = first[b] + offset, (along - offset) * bound[b]
        x = threshold[place] * scale - shift[sector[b]]
        k = cell(x, n_cells)
        n_above = (length < table[k] * multiplier[sector[b]]) + (length < table[k + 1] * multiplier[sector[b]])
        if n_above == 1:
            n_above += length < link(x, hazard.variance) * multiplier[sector[b]]
        is_hit = n_above == 2
        out[n] = place
        n += is_hit & (seen[place] != y)
        seen[place] = y if is_hit else seen[place]
    return n


@compiled
def packed(day_key: np.uint64, customer: int) -> np.uint64:
    """Day of a default, in steps of 2^-24, in the upper half of a word and its customer in the lower."""
    return word(day_key, customer) >> S40 << S32 | np.uint64(customer)


@compiled
def sort_days(out: Words, room: Words, last: Integers) -> None:
    """Sort packed defaults: since days are uniform, each is near its place once they are dealt by their day."""
    n_parts = min(max(len(out), 1), len(last))
    last[:n_parts] = 0
    for n in range(len(out)):
        room[n] = out[n]
        last[part(out[n], n_parts)] += 1
    for k in range(1, n_parts):
        last[k] += last[k - 1]
    for n in range(len(out)):
        k = part(room[n], n_parts)
        last[k] -= 1
        out[last[k]] = room[n]
    for n in range(1, len(out)):
        value, k = out[n], n
        while k > 0 and out[k - 1] > value:
            out[k] = out[k - 1]
            k -= 1
        out[k] = value


@compiled
def part(value: np.uint64, n_parts: int) -> np.int64:
    """Part of the year, of so many, into which a packed default falls."""
    return np.int64(value >> S32) * n_parts >> 24


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
    n, most = 0, len(line.threshold) + len(line.certain)
    room = rooms(len(line.threshold), len(line.highest))
    out, dealt, last = np.empty(most + 1, np.uint64), np.empty(most, np.uint64), np.empty(_PARTS, np.int64)
    for y in range(len(years.scale)):
        if n + most > len(found.customer):
            return -1
        size = walk_year(y, line, years, hazard, key[y], room, out)
        pack(out, size, line.customer, line.certain, day_key[y])
        size += len(line.certain)
        sort_days(out[:size], dealt, last)
        unpack(out[:size], found.customer[n:], found.day_ratio[n:])
        found.n_per_year[y] = size
        n += size
    return n


@compiled
def pack(out: Words, size: int, customer: np.ndarray, certain: np.ndarray, day_key: np.uint64) -> None:
    """Write the packed default of each place, and behind them those of the certain defaults."""
    for k in range(size):
        out[k] = packed(day_key, customer[out[k]])
    for k in range(len(certain)):
        out[size + k] = packed(day_key, certain[k])


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
    end, seen = np.full(n_buckets + 2, np.inf), np.full(n_places, -1, dtype=np.int32)
    return Room(np.empty(n_buckets), end, np.empty(n_parts + 2, dtype=np.int32), seen)
