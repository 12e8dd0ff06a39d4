"""Economic capital and break-even of a relation by other ways; prints tests/oracles/limits_economics.json.

Mean PD of the worst years: bivariate normal distribution of scipy in place of the integral of the project.
Break-even of a relation: months added one by one, and the root searched for, in place of the closed form.
Run: python tests/oracles/limits_economics.py > tests/oracles/limits_economics.json
"""

import json
import sys

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

PDS = (0.0001, 0.0043, 0.02, 0.1, 0.5, 0.95)
CONFIDENCES = (0.9, 0.99, 0.999)
CORRELATIONS = (0.0, 0.12, 0.5, 0.9)


def tail_pd(pd: float, confidence: float, correlation: float) -> float:
    """E[p(Z) | worst years] = P(default and a worst year) / P(a worst year)."""
    worst = norm.ppf(confidence)

    def conditional(z: float) -> float:
        shifted = (norm.ppf(pd) + np.sqrt(correlation) * z) / np.sqrt(1 - correlation)
        return float(norm.cdf(shifted) * norm.pdf(z))

    pieces = [quad(conditional, a, a + 0.25, epsabs=0, epsrel=1e-13)[0] for a in np.arange(worst, worst + 8, 0.25)]
    by_integral = sum(pieces) / (1 - confidence)
    joint = multivariate_normal([0, 0], [[1, np.sqrt(correlation)], [np.sqrt(correlation), 1]])
    by_bivariate = joint.cdf([norm.ppf(pd), -worst]) / (1 - confidence)
    if abs(by_integral - by_bivariate) > 1e-4 * by_integral + 1e-6:
        raise ValueError(f"integral {by_integral} and bivariate normal {by_bivariate} differ")
    return float(by_integral)


def relation(margin: float, loss: float, months: int, churn: float, later: float) -> float:
    """Root of margin − PD × loss + (1 − PD) × V, V added month by month."""
    alive, value = 1.0, 0.0
    for _ in range(months - 1):
        alive *= (1 - later) * (1 - churn)
        value += alive * max(margin - later * loss, 0.0)
    return float(brentq(lambda pd: margin - pd * loss + (1 - pd) * value, 0.0, 1.0, xtol=1e-15))


def main() -> None:
    """Print the JSON."""
    tails = [[p, a, r, tail_pd(p, a, r)] for p in PDS for a in CONFIDENCES for r in CORRELATIONS]
    cases = [
        (0.19, 1.0, 24, 0.01, 0.002),
        (0.05, 0.6, 6, 0.0, 0.01),
        (0.2, 0.8, 120, 0.03, 0.0),
        (0.1, 0.9, 2, 0.1, 0.2),
    ]
    relations = [[*case, relation(*case)] for case in cases]
    json.dump({"tail_pd": tails, "relation": relations}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
