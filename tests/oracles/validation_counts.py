"""Makes validation_counts.json: tests and intervals of numbers of defaults, by integration and enumeration.

Run: python tests/oracles/validation_counts.py
Beta probabilities are integrals of the posterior after the substitution p = sin²; binomial tails are sums of exact
fractions; the correlated tail is an integral over the common factor by Simpson's rule; interval bounds are found by
bisection; Fisher's test goes through every table of the same margins; Holm's adjustment is the closure of Bonferroni
tests over every set of hypotheses. Published: BCBS working paper 14 (2005): of 1,000 customers with PD 1 % 16 defaults
are critical at 95 % when independent, 25 at asset correlation 5 %; Holm 1979.
"""

import json
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb, fsum, sqrt
from pathlib import Path

from validation_numerics import NORMAL, at_least, beta_below, bisect, correlated_tail, critical, student_above, tail

HERE = Path(__file__).parent
COUNTS = [
    (50, 0, 0.01), (200, 0, 0.02), (250, 9, 0.02), (40, 40, 0.9), (1000, 16, 0.01), (1000, 32, 0.01), (120, 3, 0.08),
]  # fmt: skip
INTERVALS = [(50, 0, 0.95), (10, 1, 0.95), (250, 9, 0.9), (40, 40, 0.95), (81, 27, 0.99)]
P_VALUES = [[0.01, 0.04, 0.03, 0.005], [0.2], [0.001, 0.9, 0.5, 0.02, 0.02, 0.6], [0.4, 0.4, 0.4]]


def several_years(years):
    gaps = [d / n - p for d, n, p in zip(years["n_defaults"], years["n_rows"], years["pd_mean"], strict=True)]
    mean = fsum(gaps) / len(gaps)
    spread = sqrt(fsum((g - mean) ** 2 for g in gaps) / (len(gaps) - 1))
    t = mean / (spread / sqrt(len(gaps)))
    return {"t": t, "p": student_above(t, len(gaps) - 1)}


def fisher(a, n_a, b, n_b):
    """Every table with the same margins: chance of as many or more in the second group, and two-sided."""
    total, hits = n_a + n_b, a + b
    chance = {
        k: Fraction(comb(n_b, k) * comb(n_a, hits - k), comb(total, hits))
        for k in range(max(0, hits - n_a), min(n_b, hits) + 1)
    }
    return {
        "second_higher": float(sum(v for k, v in chance.items() if k >= b)),
        "first_higher": float(sum(v for k, v in chance.items() if k <= b)),
        "two_sided": float(sum(v for v in chance.values() if v <= chance[b])),
    }


def two_proportions(a, n_a, b, n_b):
    pooled = (a + b) / (n_a + n_b)
    z = (b / n_b - a / n_a) / sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return {"z": z, "second_higher": 1 - NORMAL.cdf(z), "two_sided": 2 * (1 - NORMAL.cdf(abs(z)))}


def neighbours(groups):
    counts = [(g, one["d"], one["n"]) for g, one in groups.items()]
    return [
        {"grades": [g, h], "counts": [a, n, b, m], "fisher": fisher(a, n, b, m), "z": two_proportions(a, n, b, m)}
        for (g, a, n), (h, b, m) in pairwise(counts)
    ]


def holm_by_closure(p):
    """A hypothesis is rejected where Bonferroni rejects every set that holds it: largest of the sets' p-values."""
    found = []
    for k in range(len(p)):
        others = [i for i in range(len(p)) if i != k]
        sets = [(k, *rest) for size in range(len(p)) for rest in combinations(others, size)]
        found.append(max(min(1.0, len(one) * min(p[i] for i in one)) for one in sets))
    return found


def intervals(n, d, level=0.95):
    a = (1 - level) / 2
    z = NORMAL.inv_cdf(1 - a)
    rate = d / n

    def score(p):
        return (rate - p) / sqrt(p * (1 - p) / n)

    eps = 1e-12
    return {
        "n": n, "d": d, "level": level,
        "wilson": [0.0 if d == 0 else bisect(lambda p: z - score(p), eps, rate),
                   1.0 if d == n else bisect(lambda p: -z - score(p), rate, 1 - eps)],
        "clopper_pearson": [0.0 if d == 0 else bisect(lambda p: tail(n, d, p) - a, 0, 1),
                            1.0 if d == n else bisect(lambda p: a - (1 - tail(n, d + 1, p)), 0, 1)],
        "jeffreys": [0.0 if d == 0 else bisect(lambda p: beta_below(p, d + 0.5, n - d + 0.5) - a, 0, 1),
                     1.0 if d == n else bisect(lambda p: beta_below(p, d + 0.5, n - d + 0.5) - 1 + a, 0, 1)],
    }  # fmt: skip


def of_count(n, d, p):
    return {
        "n": n,
        "d": d,
        "pd": p,
        "jeffreys": beta_below(p, d + 0.5, n - d + 0.5),
        "binomial": at_least(n, d, Fraction(str(p))),
        "correlated": correlated_tail(n, d, p, 0.05),
        "k95": critical(lambda k: tail(n, k, p), 0.05),
        "k999": critical(lambda k: tail(n, k, p), 0.001),
        "k95_correlated": critical(lambda k: correlated_tail(n, k, p, 0.05), 0.05),
        "k999_correlated": critical(lambda k: correlated_tail(n, k, p, 0.05), 0.001),
    }


def by_grade(rows):
    found = {}
    for p, y, g in sorted(zip(rows["pd"], rows["hit"], rows["grade"], strict=True), key=lambda row: row[2]):
        one = found.setdefault(g, {"n": 0, "d": 0, "pd": []})
        one["n"], one["d"] = one["n"] + 1, one["d"] + y
        one["pd"].append(p)
    return {g: {**one, "pd": fsum(one["pd"]) / one["n"]} for g, one in found.items()}


def measured(rows):
    groups, n, d = by_grade(rows), len(rows["hit"]), sum(rows["hit"])
    mean = fsum(rows["pd"]) / n
    return {
        "jeffreys": beta_below(mean, d + 0.5, n - d + 0.5),
        "binomial": at_least(n, d, mean),
        "binomial_correlated": {str(rho): correlated_tail(n, d, mean, rho) for rho in (0.02, 0.05, 0.12)},
        "critical": {
            str(rho): [
                critical(lambda k, rho=rho: correlated_tail(n, k, mean, rho) if rho else tail(n, k, mean), level)
                for level in (0.05, 0.001)
            ]
            for rho in (0, 0.05)
        },
        "grades": {
            g: {**one, "jeffreys": beta_below(one["pd"], one["d"] + 0.5, one["n"] - one["d"] + 0.5)}
            for g, one in groups.items()
        },
        "neighbours": neighbours(groups),
    }


def main():
    given = json.loads((HERE / "validation_samples.json").read_text(encoding="utf-8"))
    content = {
        "samples": {name: measured(rows) for name, rows in given["samples"].items()},
        "years": several_years(given["years"]),
        "counts": [of_count(*one) for one in COUNTS],
        "holm": [{"p": p, "adjusted": holm_by_closure(p)} for p in P_VALUES],
        "intervals": [intervals(*one) for one in INTERVALS],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
