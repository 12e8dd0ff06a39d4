"""Makes validation_calibration.json: accuracy and calibration of PDs by search and plain sums instead of formulas.

Run: python tests/oracles/validation_calibration.py
Slopes come from scipy.optimize on the log-likelihood and, as a check, scikit-learn without penalty; the clustered
errors from sums by customer without any factor for few customers; chi-square tails by integration of the density; the
parts of the Brier score from loops over grades; the smooth error (Blasiok and Nakkiran 2023) from a sum over a fine
grid with every reflection written out and the width found by bisection.
"""

import json
from math import erf, exp, fsum, log, pi, sqrt
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.linear_model import LogisticRegression
from validation_numerics import chi2_above

HERE = Path(__file__).parent


def by_grade(rows):
    groups = {}
    for p, y, g in zip(rows["pd"], rows["hit"], rows["grade"], strict=True):
        groups.setdefault(g, []).append((p, y))
    return {g: groups[g] for g in sorted(groups)}


def merged(groups, least=5.0):
    """Grades joined from the riskiest down until 5 defaults and 5 survivors are expected; the rest joins the last."""
    found, held = [], []
    for grade in sorted(groups, reverse=True):
        held = held + groups[grade]
        expected = fsum(p for p, _ in held)
        if expected >= least and len(held) - expected >= least:
            found.append(held)
            held = []
    if held and found:
        found[-1] = found[-1] + held
    return found


def hosmer_lemeshow(groups):
    found, joined = 0.0, merged(groups)
    for held in joined:
        n, expected = len(held), fsum(p for p, _ in held)
        found += (sum(y for _, y in held) - expected) ** 2 / (expected * (1 - expected / n))
    k = len(joined)
    if k < 2:
        return None
    inside = chi2_above(found, k - 2) if k > 2 else None
    return {"value": found, "n_groups": k, "p": chi2_above(found, k), "p_in_sample": inside}


def murphy(groups):
    """Parts of the Brier score by grade, what happens inside the grades included (Stephenson and others 2008)."""
    n = sum(len(held) for held in groups.values())
    rate = sum(y for held in groups.values() for _, y in held) / n
    parts = dict.fromkeys(("reliability", "resolution", "within_variance", "within_covariance"), 0.0)
    for held in groups.values():
        p, y = fsum(v for v, _ in held) / len(held), sum(v for _, v in held) / len(held)
        parts["reliability"] += len(held) * (p - y) ** 2 / n
        parts["resolution"] += len(held) * (y - rate) ** 2 / n
        parts["within_variance"] += fsum((v - p) ** 2 for v, _ in held) / n
        parts["within_covariance"] += 2 * fsum((v - p) * (k - y) for v, k in held) / n
    return {**parts, "uncertainty": rate * (1 - rate)}


def spiegelhalter(pd, hit):
    top = fsum((y - p) * (1 - 2 * p) for p, y in zip(pd, hit, strict=True))
    z = top / sqrt(fsum((1 - 2 * p) ** 2 * p * (1 - p) for p in pd))
    return {"z": z, "p_two_sided": 1 - erf(abs(z) / sqrt(2))}


def deviance(slope, intercept, x, y):
    eta = slope * x + intercept
    return 2 * float(np.sum(np.logaddexp(0, eta) - y * eta))


def sandwich(design, gap, weight, owner):
    """Clustered covariance of the coefficients, scores summed by customer, no factor for few customers."""
    bread = np.linalg.inv((design * weight[:, None]).T @ design)
    names = sorted(set(owner))
    scores = np.array([(design * gap[:, None])[[o == name for o in owner]].sum(axis=0) for name in names])
    return bread, bread @ (scores.T @ scores) @ bread, len(names)


def slopes(rows):
    p, y = np.array(rows["pd"]), np.array(rows["hit"], float)
    x = np.log(p / (1 - p))
    fit = minimize(lambda v: deviance(v[0], v[1], x, y), [1.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    slope, intercept = fit.x
    check = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(x[:, None], y)
    assert abs(check.coef_[0, 0] - slope) + abs(check.intercept_[0] - intercept) < 1e-5
    large = minimize_scalar(lambda v: deviance(1.0, v, x, y), bracket=(-1, 1), tol=1e-14).x
    q, level = 1 / (1 + np.exp(-(slope * x + intercept))), 1 / (1 + np.exp(-(x + large)))
    both = sandwich(np.column_stack([x, np.ones_like(x)]), y - q, q * (1 - q), rows["customer"])
    one = sandwich(np.ones((len(x), 1)), y - level, level * (1 - level), rows["customer"])
    ratio = deviance(1.0, 0.0, x, y) - deviance(slope, intercept, x, y)
    return {
        "slope": slope, "intercept": intercept, "in_the_large": large, "n_customers": both[2],
        "plain_errors": [sqrt(v) for v in (both[0][0, 0], both[0][1, 1], one[0][0, 0])],
        "clustered_errors": [sqrt(v) for v in (both[1][0, 0], both[1][1, 1], one[1][0, 0])],
        "likelihood_ratio": ratio, "p": exp(-ratio / 2),
    }  # fmt: skip


def log_loss(pd, hit):
    return -fsum(log(p if y else 1 - p) for p, y in zip(pd, hit, strict=True)) / len(hit)


def smooth_error(pd, hit, n_cells=3_000):
    """Error after smoothing with a Gaussian reflected at 0 and 1 whose width is the error itself."""
    t = (np.arange(n_cells) + 0.5) / n_cells
    gaps, places = np.array(hit, float) - np.array(pd), np.array(pd)

    def error(width):
        smooth = np.zeros(n_cells)
        for turn in range(-6, 7, 2):
            for image in (places + turn, turn - places):
                smooth += np.exp(-((t[:, None] - image) ** 2) / (2 * width**2)) @ gaps
        return float(np.abs(smooth).sum() / (n_cells * len(gaps) * width * sqrt(2 * pi)))

    low, high = 1e-3, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if error(middle) > middle else (low, middle)
    return {"value": error((low + high) / 2), "width": (low + high) / 2}


def equal_groups(pd, hit, n_groups):
    """Mean gap and largest gap over groups of equal size by rank; equal PDs go where the middle of their ranks is."""
    groups = {}
    for value in set(pd):
        held = [p - y for p, y in zip(pd, hit, strict=True) if p == value]
        middle = sum(p < value for p in pd) + len(held) / 2
        groups.setdefault(int(middle * n_groups / len(pd)), []).extend(held)
    gaps = [(abs(fsum(held)), len(held)) for held in groups.values()]
    return {"mean": fsum(gap for gap, _ in gaps) / len(pd), "largest": max(gap / n for gap, n in gaps)}


def measured(rows):
    pd, hit, groups = rows["pd"], rows["hit"], by_grade(rows)
    n, d = len(hit), sum(hit)
    rate, brier = d / n, fsum((p - y) ** 2 for p, y in zip(pd, hit, strict=True)) / n
    return {
        "brier": brier,
        "brier_skill": 1 - brier / (rate * (1 - rate)),
        "murphy": murphy(groups),
        "log_loss": log_loss(pd, hit),
        "log_loss_skill": 1 - log_loss(pd, hit) / log_loss([rate] * n, hit),
        "spiegelhalter": spiegelhalter(pd, hit),
        "observed_to_expected": d / fsum(pd),
        "hosmer_lemeshow": hosmer_lemeshow(groups),
        "slopes": slopes(rows),
        "smooth_error": smooth_error(pd, hit),
        "equal_groups": equal_groups(pd, hit, 10),
    }


def main():
    given = json.loads((HERE / "validation_samples.json").read_text(encoding="utf-8"))["samples"]
    found = {name: measured(rows) for name, rows in given.items()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
