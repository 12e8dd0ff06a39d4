"""Makes validation_discrimination.json: how well PDs tell defaulters from others, by counting pairs and plain loops.

Run: python tests/oracles/validation_discrimination.py
AUC and its variances go over every pair of a defaulter and a non-defaulter (no ranks); the area under the CAP is that
of its polygon; KS tries every cut; H-measure and expected profit try every cut at every cost of a fine grid (no convex
hull). Published: Hanley and McNeil 1982 (109 pictures, area 0.893, error 0.032); DeLong, DeLong and Clarke-Pearson
1988 (43 patients, table as printed in the SAS/STAT guide, example 72.8).
"""

import json
from fractions import Fraction
from itertools import pairwise
from math import erfc, fsum, lgamma, sqrt
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PICTURES = {"normal": [33, 6, 6, 11, 2], "abnormal": [3, 2, 2, 11, 33]}
PATIENTS = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


def won(bad, good):
    return Fraction(1) if bad > good else Fraction(1, 2) if bad == good else Fraction(0)


def placements(score, hit):
    """Share of the other class beaten, row by row: of a defaulter the goods below, of a good the defaulters above."""
    bad, good = ([s for s, y in zip(score, hit, strict=True) if bool(y) == k] for k in (True, False))
    return [
        fsum(won(s, g) for g in good) / len(good) if y else fsum(won(b, s) for b in bad) / len(bad)
        for s, y in zip(score, hit, strict=True)
    ]


def auc(score, hit):
    bad, good = ([s for s, y in zip(score, hit, strict=True) if bool(y) == k] for k in (True, False))
    return float(sum(won(b, g) for b in bad for g in good) / (len(bad) * len(good)))


def covariance(a, b, hit):
    """DeLong: covariances of the placements of either class, divided by its number."""
    total = 0.0
    for label in (1, 0):
        x, y = ([v for v, k in zip(side, hit, strict=True) if k == label] for side in (a, b))
        mx, my = fsum(x) / len(x), fsum(y) / len(y)
        total += fsum((u - mx) * (v - my) for u, v in zip(x, y, strict=True)) / (len(x) - 1) / len(x)
    return total


def clustered_covariance(a, b, hit, owner):
    """Obuchowski 1997: sums of centred placements by customer, each class with its own number of customers."""
    n = {label: sum(y == label for y in hit) for label in (1, 0)}
    mean = [{k: fsum(v for v, y in zip(side, hit, strict=True) if y == k) / n[k] for k in (1, 0)} for side in (a, b)]
    sums = {}
    for u, v, y, c in zip(a, b, hit, owner, strict=True):
        one = sums.setdefault(c, {1: [0.0, 0.0], 0: [0.0, 0.0], "held": set()})
        one[y][0] += u - mean[0][y]
        one[y][1] += v - mean[1][y]
        one["held"].add(y)
    total = 0.0
    for label in (1, 0):
        inside = [one[label] for one in sums.values() if label in one["held"]]
        total += fsum(x * y for x, y in inside) * len(inside) / (len(inside) - 1) / n[label] ** 2
    cross = fsum(one[1][0] * one[0][1] + one[1][1] * one[0][0] for one in sums.values())
    return total + cross * len(sums) / (len(sums) - 1) / (n[1] * n[0])


def two_sided(z):
    return erfc(abs(z) / sqrt(2))


def compared(first, second, hit, owner=None):
    a, b = placements(first, hit), placements(second, hit)
    held = (
        (lambda x, y: covariance(x, y, hit)) if owner is None else lambda x, y: clustered_covariance(x, y, hit, owner)
    )
    gain = auc(first, hit) - auc(second, hit)
    variance = [held(a, a), held(b, b), held(a, b)]
    error = sqrt(variance[0] + variance[1] - 2 * variance[2])
    z = gain / error
    return {"gain": gain, "error": error, "z": z, "p_two_sided": two_sided(z), "p_one_sided": erfc(z / sqrt(2)) / 2}


def hanley_mcneil(area, n_bad, n_good):
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return sqrt((area * (1 - area) + (n_bad - 1) * (q1 - area**2) + (n_good - 1) * (q2 - area**2)) / (n_bad * n_good))


def cuts(score, hit):
    """Rates of defaulters and of others refused when all from a PD on are refused, none first."""
    n_bad = sum(hit)
    n_good = len(hit) - n_bad
    found = [(0.0, 0.0)]
    for cut in sorted(set(score), reverse=True):
        refused = [y for s, y in zip(score, hit, strict=True) if s >= cut]
        found.append((sum(refused) / n_bad, (len(refused) - sum(refused)) / n_good))
    return np.array(found)


def accuracy_ratio(score, hit):
    """Area between CAP and diagonal over that of the perfect order; the CAP is straight within equal PDs."""
    n, n_bad = len(hit), sum(hit)
    points = [(Fraction(0), Fraction(0))]
    for cut in sorted(set(score), reverse=True):
        refused = [y for s, y in zip(score, hit, strict=True) if s >= cut]
        points.append((Fraction(len(refused), n), Fraction(sum(refused), n_bad)))
    area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))
    return float((area - Fraction(1, 2)) / (Fraction(1, 2) - Fraction(n_bad, 2 * n)))


def h_measure(score, hit, a, b, n_steps=40_000):
    """1 - loss / loss of the better trivial rule, cost shares c drawn from Beta(a, b), midpoint rule."""
    points, prior = cuts(score, hit), sum(hit) / len(hit)
    c = (np.arange(n_steps) + 0.5) / n_steps
    weight = np.exp((a - 1) * np.log(c) + (b - 1) * np.log1p(-c) + lgamma(a + b) - lgamma(a) - lgamma(b))
    missed, refused = prior * (1 - points[:, 0]), (1 - prior) * points[:, 1]
    least = np.full(n_steps, np.inf)
    for x, y in zip(missed, refused, strict=True):
        least = np.minimum(least, (1 - c) * x + c * y)
    trivial = np.minimum((1 - c) * prior, c * (1 - prior))
    return float(1 - (least * weight).sum() / (trivial * weight).sum())


def expected_maximum_profit(score, hit, *, p_none, p_all, gain, n_steps=40_000):
    """Profit of refusing with the best cut for each loss share: point masses at 0 and 1, uniform between."""
    points, prior = cuts(score, hit), sum(hit) / len(hit)
    loss = (np.arange(n_steps) + 0.5) / n_steps

    def best(values):
        profit = np.full(len(values), -np.inf)
        share = np.zeros(len(values))
        for bad, good in points:
            one = values * prior * bad - gain * (1 - prior) * good
            better = one > profit + 1e-15
            profit, share = np.where(better, one, profit), np.where(better, prior * bad + (1 - prior) * good, share)
        return profit, share

    (uniform, share), (whole, most) = best(loss), best(np.array([1.0]))
    middle = 1 - p_none - p_all
    return {
        "profit": float(middle * uniform.mean() + p_all * whole[0]),
        "refused": float(middle * share.mean() + p_all * most[0]),
    }


def net_benefit(pd, hit, threshold):
    """True positives less false positives at the odds of the threshold, per row; refused from the threshold on."""
    refused = [y for p, y in zip(pd, hit, strict=True) if p >= threshold]
    return (sum(refused) - (len(refused) - sum(refused)) * threshold / (1 - threshold)) / len(hit)


def best_cut(pd, hit, *, margin, loss):
    """Highest of the cuts of largest profit; 1 = nobody refused."""
    best = (0.0, 1.0)
    for cut in sorted(set(pd), reverse=True):
        refused = [y for p, y in zip(pd, hit, strict=True) if p >= cut]
        profit = loss * sum(refused) - margin * (len(refused) - sum(refused))
        best = (profit, cut) if profit > best[0] + 1e-9 else best
    return best[1]


def against_initial(score, hit, initial):
    a = placements(score, hit)
    z = (initial - auc(score, hit)) / sqrt(covariance(a, a, hit))
    return {"z": z, "p": erfc(z / sqrt(2)) / 2}


def measured(rows, initial, grades):
    pd, hit, rival, owner = rows["pd"], rows["hit"], rows["rival"], rows["customer"]
    prior, own = sum(hit) / len(hit), placements(pd, hit)
    place = {code: number for number, code in enumerate(grades)}
    by_grade = [place[code] for code in rows["grade"]]
    found = {
        "auc": auc(pd, hit),
        "variance": covariance(own, own, hit),
        "clustered_variance": clustered_covariance(own, own, hit, owner),
        "rival": compared(pd, rival, hit),
        "rival_clustered": compared(pd, rival, hit, owner),
        "accuracy_ratio": accuracy_ratio(pd, hit),
        "ks": float(np.abs(np.diff(cuts(pd, hit), axis=1)).max()),
        "hanley_mcneil": hanley_mcneil(auc(pd, hit), sum(hit), len(hit) - sum(hit)),
        "h_measure": {"severity": h_measure(pd, hit, 2, 1 + (1 - prior) / prior)},
        "profit_verbraken": expected_maximum_profit(pd, hit, p_none=0.55, p_all=0.1, gain=0.2644),
        "profit_own": expected_maximum_profit(pd, hit, p_none=0.3, p_all=0.25, gain=0.15),
        "net_benefit": {str(t): net_benefit(pd, hit, t) for t in (0.05, 0.1, 0.2, 0.35)},
        "grade_auc": auc(by_grade, hit),
        "best_cut": best_cut(pd, hit, margin=0.15, loss=0.6),
    }
    found["h_measure"] |= {"priors": h_measure(pd, hit, 1 + prior, 2 - prior), "symmetric": h_measure(pd, hit, 2, 2)}
    if initial is not None:
        before = auc([place[code] for code in initial["grade"]], initial["hit"])
        found["against_initial"] = {"initial": before, **against_initial(by_grade, hit, before)}
    return found


def published():
    score = [k for name in ("normal", "abnormal") for k, n in enumerate(PICTURES[name]) for _ in range(n)]
    hit = [0] * sum(PICTURES["normal"]) + [1] * sum(PICTURES["abnormal"])
    numbers = [float(v) for v in PATIENTS.split()]
    alb, protein, kg, surgery = (numbers[k::4] for k in range(4))
    benefit = [int(v) for v in surgery]
    own = placements(score, hit)
    return {
        "pictures": {
            "score": score, "hit": hit, "auc": auc(score, hit), "error": sqrt(covariance(own, own, hit)),
            "hanley_mcneil": hanley_mcneil(auc(score, hit), sum(hit), len(hit) - sum(hit)),
        },
        "patients": {
            "albumin": alb, "protein": protein, "kg": [10 - v for v in kg], "hit": benefit,
            "albumin_kg": compared(alb, [10 - v for v in kg], benefit),
            "protein_kg": compared(protein, [10 - v for v in kg], benefit),
        },
    }  # fmt: skip


def main():
    given = json.loads((HERE / "validation_samples.json").read_text(encoding="utf-8"))
    found = {
        "samples": {
            name: measured(rows, given["initial"].get(name), given["grades"]) for name, rows in given["samples"].items()
        },
        "published": published(),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
