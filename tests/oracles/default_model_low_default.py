"""Makes default_model_low_default.json: bounds and Bayesian estimates for few defaults, by the standard library alone.

Run: python tests/oracles/default_model_low_default.py
Pluto and Tasche (2005), most prudent: the bound of a grade rests on all customers of that grade and of the worse
ones. It is the PD at which so few defaults (or fewer) would be seen with probability 1 − confidence. With an asset
correlation the defaults are binomial given the common factor of the year, and that factor is integrated out by the
trapezium rule on ±10 standard deviations. Posterior means and quantiles are sums over a fine grid of log-odds.
"""

import json
from math import comb, exp, fsum, log, pi, sqrt
from pathlib import Path
from statistics import NormalDist

NORMAL = NormalDist()
GRID = [-10 + k / 50 for k in range(1001)]
WEIGHTS = [exp(-z * z / 2) / sqrt(2 * pi) / 50 for z in GRID]


def at_most(defaults, n, pd):
    """Probability of so many defaults or fewer."""
    return fsum(comb(n, k) * pd**k * (1 - pd) ** (n - k) for k in range(defaults + 1))


def at_most_correlated(defaults, n, pd, rho):
    if rho == 0:
        return at_most(defaults, n, pd)
    barrier = NORMAL.inv_cdf(pd)
    given = [NORMAL.cdf((barrier - sqrt(rho) * z) / sqrt(1 - rho)) for z in GRID]
    return fsum(w * at_most(defaults, n, p) for w, p in zip(WEIGHTS, given, strict=True))


def upper_bound(defaults, n, confidence, rho=0.0):
    if defaults == n:
        return 1.0
    low, high = 1e-12, 1 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        seen = at_most_correlated(defaults, n, middle, rho)
        low, high = (middle, high) if seen > 1 - confidence else (low, middle)
    return (low + high) / 2


def most_prudent(ns, defaults, confidence, rho=0.0):
    return [upper_bound(sum(defaults[i:]), sum(ns[i:]), confidence, rho) for i in range(len(ns))]


def posterior(prior_log_density, defaults, n, *, confidence=(), highest=1.0):
    """Mean and quantiles of the PD on a grid of log-odds up to a highest PD; the prior is a log density of the PD."""
    end = 40.0 if highest == 1 else log(highest / (1 - highest))
    points = [-40 + (end + 40) * k / 40_000 for k in range(40_001)]
    logs, values = [], []
    for t in points:
        pd, rest = 1 / (1 + exp(-t)), 1 / (1 + exp(t))
        values.append(pd)
        logs.append((defaults + 1) * log(pd) + (n - defaults + 1) * log(rest) + prior_log_density(pd, rest))
    top = max(logs)
    mass = [exp(v - top) for v in logs]
    mass[0], mass[-1] = mass[0] / 2, mass[-1] / 2
    total = fsum(mass)
    quantiles, run, wanted = [], 0.0, sorted(confidence)
    for i in range(1, len(mass)):
        before, run = run, run + (mass[i - 1] + mass[i]) / 2 / total
        while wanted and run >= wanted[0]:
            share = (wanted.pop(0) - before) / (run - before)
            quantiles.append(values[i - 1] + share * (values[i] - values[i - 1]))
    return fsum(m * v for m, v in zip(mass, values, strict=True)) / total, quantiles


def beta_prior(a, b):
    return lambda pd, rest: (a - 1) * log(pd) + (b - 1) * log(rest)


PORTFOLIOS = {
    "no_defaults": ([100, 400, 300], [0, 0, 0]),
    "few_defaults": ([100, 400, 300], [0, 2, 1]),
    "inverted": ([40, 90, 60, 25], [1, 0, 2, 0]),
}
LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
CORRELATIONS = (0.0, 0.12, 0.24)
PRIORS = {"uniform": (1.0, 1.0), "jeffreys": (0.5, 0.5), "informed": (0.6, 29.4)}
SEEN = [(0, 300), (1, 40), (3, 800), (7, 25)]


def main():
    bounds = [
        {
            "portfolio": name,
            "n": ns,
            "defaults": hits,
            "confidence": level,
            "rho": rho,
            "bounds": most_prudent(ns, hits, level, rho),
        }
        for name, (ns, hits) in PORTFOLIOS.items()
        for rho in CORRELATIONS
        for level in LEVELS
    ]
    bayes = []
    for name, (a, b) in PRIORS.items():
        for hits, n in SEEN:
            mean, quantiles = posterior(beta_prior(a, b), hits, n, confidence=(0.05, 0.5, 0.9, 0.95))
            bayes.append(
                {
                    "prior": name,
                    "a": a,
                    "b": b,
                    "defaults": hits,
                    "n": n,
                    "mean": mean,
                    "quantiles": dict(zip(("0.05", "0.5", "0.9", "0.95"), quantiles, strict=True)),
                }
            )
    constrained = [
        {"defaults": hits, "n": n, "highest": top, "mean": posterior(beta_prior(1, 1), hits, n, highest=top)[0]}
        for hits, n, top in ((0, 300, 0.004), (3, 800, 0.02), (1, 40, 0.1))
    ]
    conservative = [
        {"defaults": hits, "n": n, "mean": posterior(lambda pd, rest: -log(rest), hits, n)[0]} for hits, n in SEEN
    ]
    target = Path(__file__).with_suffix(".json")
    target.write_text(
        json.dumps({"bounds": bounds, "bayes": bayes, "constrained": constrained, "conservative": conservative}) + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
