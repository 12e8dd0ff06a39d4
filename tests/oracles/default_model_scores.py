"""Makes default_model_scores.json: hazard by customer-months, scorecard points, blend, by the standard library alone.

Run: python tests/oracles/default_model_scores.py
Hazard: each row becomes one line per month at risk, the last one with event 1 where the default falls in it; a plain
logistic regression (Newton steps, no penalty) of the event on the feature and on the month, either one level for all
months or one for each. The PD of a year is 1 minus the product of the monthly survival chances.
Points: weight of evidence = ln(share of survivors in the bin / share of defaults in the bin).
"""

import json
from math import exp, fsum, log
from pathlib import Path
from random import Random


def sigmoid(value):
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def logit(value):
    return log(value / (1 - value))


def solve(matrix, right):
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        top = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[top] = rows[top], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(size):
            if r != i:
                rows[r] = [v - rows[r][i] * u for v, u in zip(rows[r], rows[i], strict=True)]
    return [line[-1] for line in rows]


def logistic(design, outcome):
    beta = [0.0] * len(design[0])
    for _ in range(60):
        p = [sigmoid(fsum(b * v for b, v in zip(beta, line, strict=True))) for line in design]
        size = range(len(beta))
        score = [fsum((y - q) * line[j] for line, y, q in zip(design, outcome, p, strict=True)) for j in size]
        second = [
            [fsum(q * (1 - q) * line[i] * line[j] for line, q in zip(design, p, strict=True)) for j in size]
            for i in size
        ]
        beta = [b + s for b, s in zip(beta, solve(second, score), strict=True)]
    return beta


HORIZON = 12


def people(seed, n):
    """Rows with one feature, months to default (none beyond the horizon) and months at risk."""
    chance, rows = Random(seed), []
    for number in range(n):
        x = -1 + int(9 * chance.random()) / 4
        stays = HORIZON if chance.random() < 0.8 else 1 + int(chance.random() * (HORIZON - 1))
        hit = None
        for month in range(1, stays + 1):
            if chance.random() < sigmoid(-3.4 + 1.3 * x + 0.08 * month):
                hit = month
                break
        rows.append({"customer": f"C{number:03d}", "x": x, "months_to_default": hit, "months_at_risk": stays})
    return rows


def customer_months(rows, *, levels):
    """Design and events; `levels` months share one level each (1 = one for each month, 12 = one for all)."""
    design, events = [], []
    for row in rows:
        hit = row["months_to_default"]
        for month in range(1, (hit or row["months_at_risk"]) + 1):
            steps = [float((month - 1) // levels == block) for block in range(HORIZON // levels)]
            design.append([*steps, row["x"]])
            events.append(int(month == hit))
    return design, events


def hazard(rows, *, levels):
    design, events = customer_months(rows, levels=levels)
    *alphas, beta = logistic(design, events)
    curve = [alphas[(month - 1) // levels] for month in range(1, HORIZON + 1)]
    places = [-1.0, -0.4, 0.0, 0.7, 1.0]
    return {
        "months_per_level": levels,
        "n_customer_months": len(events),
        "n_events": sum(events),
        "alpha_by_month": curve,
        "beta": beta,
        "places": places,
        "pd_12m": [1 - product([1 - sigmoid(a + beta * x) for a in curve]) for x in places],
        "curves": [survivals(curve, beta, x) for x in places],
    }


def product(values):
    found = 1.0
    for value in values:
        found *= value
    return found


def survivals(curve, beta, x):
    """Cumulative PD of each month."""
    left = [1 - sigmoid(a + beta * x) for a in curve]
    return [1 - product(left[: k + 1]) for k in range(len(left))]


def scaled_to(curve, beta, x, target):
    """Shift of all monthly hazard log-odds after which the PD of the year is the target, and the curve then."""
    low, high = -60.0, 60.0
    for _ in range(300):
        middle = (low + high) / 2
        year = survivals([a + middle for a in curve], beta, x)[-1]
        low, high = (low, middle) if year > target else (middle, high)
    shift = (low + high) / 2
    return {"x": x, "target": target, "shift": shift, "curve": survivals([a + shift for a in curve], beta, x)}


LATE = {"missing": None, "low": 0.05, "middle": 0.2, "high": 0.6}
TENURE = {"new": 10.0, "known": 50.0, "old": 120.0}
SCALE = {"double_points": 20, "base_points": 600, "base_odds": 50}


def cells(seed):
    """Rows and defaults for each pair of values of the two features."""
    chance, counts = Random(seed), []
    for i, late in enumerate(LATE):
        for j, tenure in enumerate(TENURE):
            n = 100 + int(300 * chance.random())
            bad = sum(chance.random() < sigmoid([-2.9, -4.0, -3.0, -1.6][i] - 0.6 * j) for _ in range(n))
            counts.append({"late": late, "tenure": tenure, "n_rows": n, "n_defaults": bad})
    return counts


def weights_of_evidence(counts, feature):
    bad_all = sum(c["n_defaults"] for c in counts)
    good_all = sum(c["n_rows"] for c in counts) - bad_all
    found = {}
    for label in dict.fromkeys(c[feature] for c in counts):
        n = sum(c["n_rows"] for c in counts if c[feature] == label)
        bad = sum(c["n_defaults"] for c in counts if c[feature] == label)
        good_share, bad_share = (n - bad) / good_all, bad / bad_all
        woe = log(good_share / bad_share)
        found[label] = {"n_rows": n, "n_defaults": bad, "woe": woe, "iv": (good_share - bad_share) * woe}
    return found


def points(counts):
    """Weights of evidence, logistic regression on them, and points: higher = safer.

    The score of a pair is base points + points to double × log2(odds of survival / base odds).
    """
    bins = {feature: weights_of_evidence(counts, feature) for feature in ("late", "tenure")}
    design, outcome = [], []
    for c in counts:
        line = [1.0, bins["late"][c["late"]]["woe"], bins["tenure"][c["tenure"]]["woe"]]
        design += [line] * c["n_rows"]
        outcome += [1] * c["n_defaults"] + [0] * (c["n_rows"] - c["n_defaults"])
    intercept, *weights = logistic(design, outcome)
    factor = SCALE["double_points"] / log(2)
    share = (SCALE["base_points"] - factor * (log(SCALE["base_odds"]) + intercept)) / len(bins)
    for (_, one), weight in zip(bins.items(), weights, strict=True):
        for found in one.values():
            found["points"] = share - factor * weight * found["woe"]
    totals = [
        {
            **c,
            "log_odds": intercept
            + weights[0] * bins["late"][c["late"]]["woe"]
            + weights[1] * bins["tenure"][c["tenure"]]["woe"],
            "points": bins["late"][c["late"]]["points"] + bins["tenure"][c["tenure"]]["points"],
        }
        for c in counts
    ]
    values = {"late": LATE, "tenure": TENURE}
    return {"values": values, "scale": SCALE, "bins": bins, "intercept": intercept, "weights": weights, "cells": totals}


def blend(pds, weights, *, months, k, prior, prior_weight):
    """Mean of log-odds of the sources there are and of the prior; behaviour counts n / (n + k) of its weight."""
    parts = [(prior_weight, logit(prior))]
    for name, pd in pds.items():
        if pd is not None:
            parts.append((weights[name] * (months / (months + k) if name == "behaviour" else 1.0), logit(pd)))
    return sigmoid(fsum(w * v for w, v in parts) / fsum(w for w, _ in parts))


def overridden(pds, *, prior, **rest):
    """Internal overrides external, downwards: the PD after the rule, and what it did."""
    blended = blend(pds, prior=prior, **rest)
    own, rating = pds["behaviour"], pds["external"]
    if own is None:
        return blended, "none"
    if own > prior:
        return max(blended, own), "payments_override" if own > blended else "none"
    if rating is None or rating >= own:
        return blended, "none"
    floor = min(own, blend({**pds, "external": None}, prior=prior, **rest))
    return max(blended, floor), "external_held_back" if floor > blended else "none"


WEIGHTS = {"behaviour": 0.5, "accounts": 0.2, "external": 0.2, "questionnaire": 0.1}
PDS = (None, 0.002, 0.02, 0.0299, 0.0301, 0.2)
MONTHS = (1, 12, 60)


def blends():
    found, chance = [], Random(5)
    for own in PDS:
        for rating in PDS:
            pds = {
                "behaviour": own,
                "accounts": chance.choice(PDS),
                "external": rating,
                "questionnaire": chance.choice(PDS),
            }
            months = 0 if own is None else chance.choice(MONTHS)
            rest = {"weights": WEIGHTS, "months": months, "k": 12, "prior": 0.03, "prior_weight": 0.25}
            pd, code = overridden(pds, **rest)
            found.append({"pds": pds, **rest, "pd_blend": blend(pds, **rest), "pd": pd, "code": code})
    return found


def main():
    rows = people(31, 400)
    fits = {str(levels): hazard(rows, levels=levels) for levels in (12, 4, 1)}
    curve, beta = fits["4"]["alpha_by_month"], fits["4"]["beta"]
    found = {
        "rows": rows,
        "hazard": fits,
        "logistic": logistic([[1.0, r["x"]] for r in rows], [int(r["months_to_default"] is not None) for r in rows]),
        "scaled": [scaled_to(curve, beta, x, pd) for x, pd in ((-0.4, 0.001), (0.0, 0.12), (0.7, 0.6), (2.0, 0.02))],
        "points": points(cells(7)),
        "blend": blends(),
    }
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
