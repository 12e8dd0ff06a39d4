"""Numbers of the validation oracles that formulas would give, by integration, enumeration and bisection."""

from fractions import Fraction
from math import comb, cos, exp, fsum, lgamma, log, pi, sin, sqrt
from statistics import NormalDist

import numpy as np

NORMAL = NormalDist()
LOG_FACTORIAL = np.array([lgamma(k + 1) for k in range(2_001)])


def simpson(function, low, high, n_steps=4_000):
    h = (high - low) / n_steps
    return (
        h
        / 3
        * fsum((1 if k in (0, n_steps) else 4 if k % 2 else 2) * function(low + k * h) for k in range(n_steps + 1))
    )


def bisect(function, low, high):
    """Zero of an increasing function."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return (low + high) / 2


def beta_below(p, a, b):
    """Share of a Beta(a, b) below p; with p = sin² the density has no pole for a, b >= 1/2."""
    if p <= 0 or p >= 1:
        return float(p >= 1)
    scale = log(2) + lgamma(a + b) - lgamma(a) - lgamma(b)

    def density(t):
        s, c = sin(t), cos(t)
        return exp(scale + (2 * a - 1) * log(s) + (2 * b - 1) * log(c)) if min(s, c) > 1e-300 else 0.0

    edge = np.arcsin(sqrt(p))
    if a == 0.5:
        return 1 - simpson(density, edge, pi / 2)
    return simpson(density, 0.0, edge) if b != 0.5 else simpson(density, 0.0, edge, 20_000)


def at_least(n, d, p):
    """Chance of d or more defaults of n independent customers, in exact fractions."""
    q = Fraction(p)
    return float(1 - sum(comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(d)))


def tail(n, d, p):
    """The same in floating point, from logarithms."""
    if p <= 0 or p >= 1:
        return float(p >= 1 or d <= 0)
    k = np.arange(n + 1)
    logs = LOG_FACTORIAL[n] - LOG_FACTORIAL[k] - LOG_FACTORIAL[n - k] + k * log(p) + (n - k) * log(1 - p)
    return min(float(np.exp(logs[d:]).sum()), 1.0)


def correlated_tail(n, d, p, rho):
    barrier = NORMAL.inv_cdf(p)
    return simpson(
        lambda z: NORMAL.pdf(z) * tail(n, d, NORMAL.cdf((barrier - sqrt(rho) * z) / sqrt(1 - rho))), -8.0, 8.0, 400
    )


def critical(chance, level, first=0):
    """Smallest number of defaults with a chance of at most `level`."""
    while chance(first) > level:
        first += 1
    return first


def chi2_above(x, df):
    """Upper tail: density integrated after x = t², to where nothing is left."""
    scale = log(2) - lgamma(df / 2) - df / 2 * log(2)
    return 1 - simpson(
        lambda t: exp(scale + (df - 1) * log(t) - t * t / 2) if t > 0 else float(df == 1) * exp(scale), 0, sqrt(x)
    )


def student_above(t, df):
    scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * pi)
    half = simpson(lambda u: scale * (1 + u * u / df) ** (-(df + 1) / 2), 0.0, abs(t))
    return 0.5 - half if t >= 0 else 0.5 + half
