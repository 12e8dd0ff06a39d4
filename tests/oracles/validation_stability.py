"""Makes validation_stability.json: migrations, concentration, drift and shrinkage by plain loops over single customers.

Run: python tests/oracles/validation_stability.py
Bandwidths add the steps of one customer after another instead of weighting a matrix; the stability index adds over
customers' groups; chi-square limits by bisection on the integrated density; shrinkage solves the moment equation of
DerSimonian and Laird by bisection (the variance at which the weighted squares equal their expectation) instead of by
its closed form. Published: five grades of the MathWorks page risk.validation.matrixWeightedBandwidth (R2026a): lower
0.3306, upper 0.6066.
"""

import json
from math import fsum, log, sqrt
from pathlib import Path

from validation_numerics import NORMAL, bisect, chi2_above

HERE = Path(__file__).parent
MATHWORKS = [[10, 8, 15, 9, 10], [11, 9, 13, 9, 8], [0, 10, 10, 11, 10], [0, 0, 9, 11, 11], [0, 0, 0, 11, 10]]
BY_HAND = [[8, 1, 1], [2, 6, 2], [0, 3, 7]]
WITH_GAPS = [[30, 4, 0, 1], [5, 20, 3, 2], [0, 0, 0, 0], [1, 0, 6, 12]]


def customers(matrix):
    return [(i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]


def bandwidths(matrix):
    """Steps made over the most that the movers of each grade could have made, worse (upper) and better (lower)."""
    last, moves = len(matrix) - 1, customers(matrix)
    found = {}
    for name, side in (("upper", 1), ("lower", -1)):
        movers = [(i, j) for i, j in moves if (j - i) * side > 0]
        most = sum(max(i, last - i) for i, _ in movers)
        found[name] = sum(abs(j - i) for i, j in movers) / most if most else None
    return found


def cells(matrix):
    """Test value of each cell off the diagonal against its neighbour nearer to it; p small = order broken."""
    found = []
    for i, row in enumerate(matrix):
        n = sum(row)
        for j in range(len(row)):
            if i == j:
                continue
            near = j - 1 if j > i else j + 1
            if n == 0:
                found.append({"cell": [i, j], "z": None, "p": None})
                continue
            p, q = row[j] / n, row[near] / n
            variance = (p * (1 - p) + q * (1 - q) + 2 * p * q) / n
            z = (q - p) / sqrt(variance) if variance > 0 else None
            found.append({"cell": [i, j], "z": z, "p": None if z is None else NORMAL.cdf(z)})
    return found


def spread(shares):
    return sqrt(len(shares) * fsum((r - 1 / len(shares)) ** 2 for r in shares))


def index(shares):
    k = len(shares)
    return 1 + log((spread(shares) ** 2 + 1) / k) / log(k)


def concentration(current, initial):
    now, before = spread(current), spread(initial)
    error = sqrt(now**2 * (0.5 + now**2) / (len(current) - 1))
    z = (now - before) / error
    return {"index": index(current), "initial": index(initial), "z": z, "p": 1 - NORMAL.cdf(z)}


def shares(rows, grades, *, by_exposure=False):
    weights = rows["exposure"] if by_exposure else [1.0] * len(rows["grade"])
    held = {g: fsum(w for w, h in zip(weights, rows["grade"], strict=True) if h == g) for g in grades}
    return [held[g] / fsum(weights) for g in grades]


def drift(current, initial, n_now, n_before):
    """Stability index of two lists of groups, each count raised by one half, and the limits that chance alone exceeds.

    The limits count customers, not rows.
    """
    groups, value = sorted(set(current) | set(initial)), 0.0
    total = [len(rows) + len(groups) / 2 for rows in (current, initial)]
    for g in groups:
        now, before = (sum(h == g for h in rows) + 0.5 for rows in (current, initial))
        value += (now / total[0] - before / total[1]) * (log(now / total[0]) - log(before / total[1]))
    scale, df = 1 / n_now + 1 / n_before, len(groups) - 1
    limits = [scale * bisect(lambda x, a=a: a - chi2_above(x, df), 0.01, 60) for a in (0.05, 0.01)]
    return {"value": value, "limit_95": limits[0], "limit_99": limits[1], "p": chi2_above(value / scale, df)}


def shrunk(values, variances):
    """Normal prior whose variance makes the weighted squares as large as expected; each value pulled to the mean."""

    def mean_and_squares(weights):
        mean = fsum(w * v for w, v in zip(weights, values, strict=True)) / fsum(weights)
        return mean, fsum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))

    plain = [1 / v for v in variances]
    _, squares = mean_and_squares(plain)
    total = fsum(plain)

    def expected(between):
        return (
            fsum(w * (v + between) for w, v in zip(plain, variances, strict=True))
            - fsum(w**2 * (v + between) for w, v in zip(plain, variances, strict=True)) / total
        )

    between = 0.0 if expected(0.0) >= squares else bisect(lambda t: expected(t) - squares, 0.0, 1e6)
    mean, _ = mean_and_squares([1 / (v + between) for v in variances])
    pulled = [(between * x + v * mean) / (between + v) for x, v in zip(values, variances, strict=True)]
    return {"values": values, "variances": variances, "between": between, "mean": mean, "shrunk": pulled}


def compared(rows, initial, grades):
    return {
        "number": concentration(shares(rows, grades), shares(initial, grades)),
        "exposure": concentration(shares(rows, grades, by_exposure=True), shares(initial, grades, by_exposure=True)),
        "grades": drift(rows["grade"], initial["grade"], len(set(rows["customer"])), len(set(initial["customer"]))),
    }


def main():
    given = json.loads((HERE / "validation_samples.json").read_text(encoding="utf-8"))
    matrices = {"mathworks": MATHWORKS, "by_hand": BY_HAND, "with_gaps": WITH_GAPS}
    content = {
        "matrices": {
            name: {"counts": m, "bandwidths": bandwidths(m), "cells": cells(m)} for name, m in matrices.items()
        },
        "samples": {
            name: compared(given["samples"][name], initial, given["grades"])
            for name, initial in given["initial"].items()
        },
        "shrinkage": [
            shrunk([0.70, 0.78, 0.74, 0.55], [0.0009, 0.0016, 0.0025, 0.01]),
            shrunk([0.1, -0.4, 0.9, 0.3, 0.2], [0.02, 0.05, 0.1, 0.04, 0.3]),
            shrunk([0.5, 0.52, 0.49], [0.1, 0.1, 0.2]),
        ],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
