"""Closed forms: large portfolio of Vasicek, binomial book, compound Poisson law.

They hold for books no company has (all customers alike, infinitely many, or Poisson), which is what makes them good
checks of the engines for real books.
"""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtr, ndtri, owens_t
from scipy.stats import binom

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.exact.law import Law, law_of

_WRAPPED = 1e-9
_SMALL = 1e-150


def vasicek_quantile(p_default: float, *, correlation_ratio: float, confidence_ratio: float) -> float:
    """Quantile of the default rate of infinitely many equal customers: Phi((Phi^-1(p) + sqrt(r) Phi^-1(a))/sqrt(1-r)).

    Times the loss given default it is the value at risk per unit of exposure.

    Parameters
    ----------
    p_default : probability of default, 0 < p < 1
    correlation_ratio : asset correlation r
    confidence_ratio : confidence a

    References
    ----------
    O. Vasicek, "Loan portfolio value", Risk 15 (2002); Basel Framework CRE31.

    Examples
    --------
    >>> round(vasicek_quantile(0.01, correlation_ratio=0.2, confidence_ratio=0.999), 4)
    0.1455
    """
    index = ndtri(p_default) + correlation_ratio**0.5 * ndtri(confidence_ratio)
    return float(ndtr(index / (1.0 - correlation_ratio) ** 0.5))


def vasicek_stop_loss(p_default: float, *, correlation_ratio: float, rate_ratio: float) -> float:
    """E[(D - a)+] of the default rate D of infinitely many equal customers.

    Phi2(Phi^-1(p), -k; sqrt(r)) - a Phi(-k), k = (sqrt(1 - r) Phi^-1(a) - Phi^-1(p)) / sqrt(r): an aggregate first loss
    of a x exposure pays the difference of two such figures with a maximum liability above it.

    Parameters
    ----------
    p_default : probability of default, 0 < p < 1
    correlation_ratio : asset correlation r, 0 < r < 1
    rate_ratio : a, 0 < a < 1

    Examples
    --------
    >>> round(vasicek_stop_loss(0.02, correlation_ratio=0.15, rate_ratio=0.05), 6)
    0.002153
    """
    threshold, root = float(ndtri(p_default)), correlation_ratio**0.5
    k = ((1.0 - correlation_ratio) ** 0.5 * float(ndtri(rate_ratio)) - threshold) / root
    return binormal(threshold, -k, correlation=root) - rate_ratio * float(ndtr(-k))


def binormal(x: float, y: float, *, correlation: float) -> float:
    """P(X <= x, Y <= y) of standard normal X and Y, -1 < correlation < 1, by Owen's function T.

    References
    ----------
    D. Owen, "Tables for computing bivariate normal probabilities", Annals of Mathematical Statistics 27 (1956).

    Examples
    --------
    >>> round(binormal(0.0, 0.0, correlation=0.5), 12) == round(1 / 3, 12)
    True
    """
    x, y = x or _SMALL, y or _SMALL
    rest = (1.0 - correlation**2) ** 0.5
    first = owens_t(x, (y / x - correlation) / rest)
    second = owens_t(y, (x / y - correlation) / rest)
    return float((ndtr(x) + ndtr(y)) / 2.0 - first - second - (0.5 if x * y < 0 else 0.0))


def vasicek_shortfall(p_default: float, *, correlation_ratio: float, confidence_ratio: float) -> float:
    """Mean of the worst 1 - a of the default rate: quantile + E[(D - quantile)+] / (1 - a).

    Examples
    --------
    >>> worst = vasicek_shortfall(0.02, correlation_ratio=0.15, confidence_ratio=0.99)
    >>> worst > vasicek_quantile(0.02, correlation_ratio=0.15, confidence_ratio=0.99)
    True
    """
    at = vasicek_quantile(p_default, correlation_ratio=correlation_ratio, confidence_ratio=confidence_ratio)
    beyond = vasicek_stop_loss(p_default, correlation_ratio=correlation_ratio, rate_ratio=at)
    return at + beyond / (1.0 - confidence_ratio)


def binomial_law(n_customers: int, *, p_default: float, loss_amount: float) -> Law:
    """Law of the loss of equal, independent customers that each lose a fixed amount.

    Examples
    --------
    >>> binomial_law(2, p_default=0.5, loss_amount=10.0).probabilities.round(12).tolist()
    [0.25, 0.5, 0.25]
    """
    number = np.arange(n_customers + 1)
    return law_of(
        np.asarray(number * loss_amount, dtype=np.float64), np.asarray(binom.pmf(number, n_customers, p_default))
    )


def compound_poisson_law(frequency: float, severity: Law, *, step_amount: float, n_points: int) -> Law:
    """Law of a sum of a Poisson number of claims, by Fourier transform: exp(frequency (f - 1)).

    Parameters
    ----------
    frequency : mean number of claims
    severity : law of a claim; amounts are multiples of the step, or are split between two so that the mean is kept
    step_amount : distance of the points of the lattice
    n_points : points of the lattice; the law beyond them must be negligible

    Raises
    ------
    SettingsError
        The lattice is too short: more than 1e-9 of the law lies beyond it.

    Examples
    --------
    >>> one = Law(np.array([1.0]), np.array([1.0]))
    >>> law = compound_poisson_law(2.0, one, step_amount=1.0, n_points=64)
    >>> round(float(law.probabilities[0]), 6), round(law.mean, 9)
    (0.135335, 2.0)
    """
    size = next_fast_len(n_points, real=True)
    place = severity.values / step_amount
    lower = np.floor(place + 1e-9).astype(np.int64)
    upper_share = np.clip(place - lower, 0.0, 1.0)
    if len(lower) and lower.max() + 1 >= size:
        raise SettingsError(f"compound Poisson law: n_points {n_points} is shorter than the largest claim; raise it")
    masses = np.bincount(lower, weights=severity.probabilities * (1.0 - upper_share), minlength=size)
    masses += np.bincount(lower + 1, weights=severity.probabilities * upper_share, minlength=size)
    found = irfft(np.exp(frequency * (rfft(masses) - 1.0)), n=size)
    law = law_of(np.arange(size) * step_amount, found)
    expected = frequency * severity.mean
    if abs(law.mean - expected) > _WRAPPED * max(expected, step_amount):
        raise SettingsError(
            f"compound Poisson law: {n_points} points of {step_amount:g} do not hold the law (mean {law.mean:g}, "
            f"expected {expected:g}); raise n_points or step_amount"
        )
    return law
