"""Makes default_model_calibration.json: level, slope, cycle and Venn-Abers figures by the standard library alone.

Run: python tests/oracles/default_model_calibration.py
Plain loops from the definitions: maximum likelihood by Newton steps, the sandwich variance by sums over customers,
roots by bisection, the isotonic value by its min-max formula (largest over all starts of the smallest mean).
"""

import json
from math import exp, fsum, log, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist

NORMAL = NormalDist()


def sigmoid(value):
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def log_loss(log_odds, outcome):
    return -fsum(log(sigmoid(z)) if y else log(sigmoid(-z)) for z, y in zip(log_odds, outcome, strict=True)) / len(
        outcome
    )


def root(function, low, high):
    """Zero of an increasing function."""
    for _ in range(300):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return (low + high) / 2


def invert(m):
    (a, b), (c, d) = m
    det = a * d - b * c
    return [[d / det, -b / det], [-c / det, a / det]]


def times(m, n):
    return [[fsum(m[i][k] * n[k][j] for k in range(len(n))) for j in range(len(n[0]))] for i in range(len(m))]


def platt(raw, outcome):
    """Slope and intercept of largest likelihood, and the inverse of the information (slope first)."""
    slope, intercept = 1.0, 0.0
    for _ in range(200):
        p = [sigmoid(slope * x + intercept) for x in raw]
        score = [
            fsum((y - q) * x for x, y, q in zip(raw, outcome, p, strict=True)),
            fsum(y - q for y, q in zip(outcome, p, strict=True)),
        ]
        w = [q * (1 - q) for q in p]
        xx = fsum(v * x * x for v, x in zip(w, raw, strict=True))
        x1 = fsum(v * x for v, x in zip(w, raw, strict=True))
        inverse = invert([[xx, x1], [x1, fsum(w)]])
        step = [inverse[i][0] * score[0] + inverse[i][1] * score[1] for i in (0, 1)]
        slope, intercept = slope + step[0], intercept + step[1]
    return slope, intercept, inverse


def clustered(raw, outcome, customers, slope, intercept, inverse):
    """Sandwich variance: scores summed by customer, without any factor for few customers."""
    sums = {}
    for x, y, customer in zip(raw, outcome, customers, strict=True):
        gap = y - sigmoid(slope * x + intercept)
        one = sums.setdefault(customer, [0.0, 0.0])
        one[0] += gap * x
        one[1] += gap
    meat = [[fsum(s[i] * s[j] for s in sums.values()) for j in (0, 1)] for i in (0, 1)]
    return times(times(inverse, meat), inverse)


def level(raw, target):
    """Shift of the log-odds after which the mean PD is the target."""
    return root(lambda c: fsum(sigmoid(x + c) for x in raw) / len(raw) - target, -60, 60)


def level_error(raw, outcome, customers, shift):
    """Customer-clustered standard error of the shift of largest likelihood, no factor."""
    sums = {}
    for x, y, customer in zip(raw, outcome, customers, strict=True):
        sums[customer] = sums.get(customer, 0.0) + y - sigmoid(x + shift)
    p = [sigmoid(x + shift) for x in raw]
    return sqrt(fsum(v * v for v in sums.values())) / fsum(q * (1 - q) for q in p)


def conditional_pd(pd, rho, adverse):
    """PD in a year whose common factor is `adverse` standard deviations bad (Vasicek)."""
    return NORMAL.cdf((NORMAL.inv_cdf(pd) + sqrt(rho) * adverse) / sqrt(1 - rho))


def implied_factor(rate, pd, rho):
    """How bad the year was, in standard deviations, in which the default rate was `rate`."""
    return (sqrt(1 - rho) * NORMAL.inv_cdf(rate) - NORMAL.inv_cdf(pd)) / sqrt(rho)


def isotonic_at(points, place):
    """Isotonic regression at one score: largest, over starts at or below, of the smallest mean up to or above."""
    scores = sorted({s for s, _ in points})
    starts, ends = [s for s in scores if s <= place], [s for s in scores if s >= place]

    def mean(low, high):
        held = [y for s, y in points if low <= s <= high]
        return fsum(held) / len(held)

    return max(min(mean(low, high) for high in ends) for low in starts)


def averaged(pd, rho):
    """Mean over all years of the conditional PD: the PD itself."""
    steps = [-9 + k / 100 for k in range(1801)]
    return fsum(NORMAL.pdf(z) * conditional_pd(pd, rho, z) for z in steps) / 100


def venn_abers(scores, outcome, places):
    known = list(zip(scores, outcome, strict=True))
    return [[isotonic_at([*known, (place, label)], place) for label in (0, 1)] for place in places]


def rows(seed, n_customers, per_customer, *, slope, shift):
    """Raw log-odds and outcomes whose true log-odds are slope × raw + shift; a customer's rows resemble each other."""
    chance, raw, outcome, customers = Random(seed), [], [], []
    for number in range(n_customers):
        own = -2.5 + 3.0 * (chance.random() + chance.random() - 1)
        for _ in range(per_customer):
            value = round(own + 0.6 * (chance.random() - 0.5), 6)
            raw.append(value)
            outcome.append(int(chance.random() < sigmoid(slope * value + shift)))
            customers.append(f"C{number:03d}")
    return {"raw": raw, "outcome": outcome, "customers": customers}


def fitted(data):
    raw, outcome, customers = data["raw"], data["outcome"], data["customers"]
    slope, intercept, inverse = platt(raw, outcome)
    variance = clustered(raw, outcome, customers, slope, intercept, inverse)
    shift = level(raw, fsum(outcome) / len(outcome))
    p = [sigmoid(slope * x + intercept) for x in raw]
    return {
        **data,
        "n_defaulters": len({c for c, y in zip(customers, outcome, strict=True) if y}),
        "platt": {"slope": slope, "intercept": intercept},
        "platt_error_plain": [sqrt(inverse[0][0]), sqrt(inverse[1][1])],
        "platt_error_clustered": [sqrt(variance[0][0]), sqrt(variance[1][1])],
        "shift": shift,
        "shift_error_clustered": level_error(raw, outcome, customers, shift),
        "log_loss": {
            "none": log_loss(raw, outcome),
            "shift": log_loss([x + shift for x in raw], outcome),
            "platt": log_loss([slope * x + intercept for x in raw], outcome),
        },
        "brier_platt": fsum((q - y) ** 2 for q, y in zip(p, outcome, strict=True)) / len(raw),
        "levels": {str(target): level(raw, target) for target in (0.0005, 0.01, 0.0375, 0.25, 0.9)},
    }


SAMPLES = {
    "well_fitted": rows(11, 120, 4, slope=1.0, shift=0.0),
    "overfitted": rows(12, 120, 4, slope=0.45, shift=-1.0),
    "level_off": rows(13, 120, 4, slope=1.0, shift=1.2),
}
YEARS = {"2019": [12, 400], "2020": [31, 620], "2021": [4, 380], "2022": [9, 500]}
CYCLE = [(pd, rho, z) for pd in (0.0005, 0.02, 0.35) for rho in (0.03, 0.12, 0.24) for z in (-2.3, 0.0, 1.7)]
CALIBRATION = {
    "scores": [-4.0, -3.5, -3.5, -3.1, -2.8, -2.8, -2.2, -2.0, -1.7, -1.7, -1.1, -0.6, -0.2, 0.3, 0.3, 1.4],
    "outcome": [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1],
}
PLACES = [-5.0, -4.0, -3.5, -3.0, -2.8, -2.5, -1.9, -1.7, -0.9, -0.4, 0.0, 0.3, 1.0, 1.4, 6.0]


def main():
    rates = [d / n for d, n in YEARS.values()]
    found = {
        "samples": {name: fitted(data) for name, data in SAMPLES.items()},
        "long_run": {
            "years": YEARS,
            "mean_of_years": fsum(rates) / len(rates),
            "pooled": sum(d for d, _ in YEARS.values()) / sum(n for _, n in YEARS.values()),
        },
        "cycle": [
            {
                "pd": pd,
                "rho": rho,
                "adverse": z,
                "rate": (rate := conditional_pd(pd, rho, z)),
                "factor": implied_factor(rate, pd, rho),
                "averaged": averaged(pd, rho),
            }
            for pd, rho, z in CYCLE
        ],
        "venn_abers": {
            **CALIBRATION,
            "places": PLACES,
            "bounds": venn_abers(CALIBRATION["scores"], CALIBRATION["outcome"], PLACES),
        },
    }
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
