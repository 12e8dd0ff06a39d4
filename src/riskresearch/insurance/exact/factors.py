"""Common factors by quadrature: the years of a model, each with its probability and the PDs of the customers in it.

Z is the common factor, low in bad years; e of a customer, S of a sector and U of the level of all PDs are normal too.
With PD p and t = pd_uncertainty, c = Phi^-1(p) sqrt(1 + t^2) keeps E[PD of the year] = p:

independent       c + t U > e
one_factor        sqrt(r) Z + sqrt(1 - r) e < c + t U                                  (Vasicek)
sector_factors    sqrt(r) Z + sqrt(w) S_k + sqrt(1 - r - w) e < c + t U
student_t         sqrt(r) Z + sqrt(1 - r) e < t_nu^-1(p) sqrt(1 + t^2) sqrt(W / nu) + t U,  W chi-squared
gamma             Poisson points of rate a X, a = ((1 - Phi(c + t U))^-v - 1) / v, X = v (G + S_k) with G and S_k
                  gamma of scale 1 and shapes (1 - w) / v and w / v                     (CreditRisk+)

U is joined to Z where Z moves nothing else. Normal factors: trapezium rule, which for such integrands is exact to
rounding long before the steps are fine. Gamma factors: the same in the logarithm of the factor.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, gammainccinv, gammaincinv, gammaln, ndtr, ndtri
from scipy.stats import t as student

from riskresearch.insurance.claims import Array
from riskresearch.insurance.settings import DependenceSettings

_REACH = 8.3  # a normal factor is further out with probability 1e-16
_SMALLEST = -16.0  # logarithm of the smallest gamma factor told from zero
_UNSEEN = 1e-7  # of the law of a gamma factor lies below the smallest value, where nobody defaults


class Node(NamedTuple):
    """One value of all common factors.

    Parameters
    ----------
    probability : of the value
    factor : Z
    own_probability : of each value of a sector's own factor
    p_default : PD in that year, value of the own factor x customer
    """

    probability: float
    factor: float
    own_probability: Array
    p_default: Array


def has_sectors(settings: DependenceSettings) -> bool:
    """Say whether sectors have a factor of their own."""
    is_gamma = settings.model_code == "gamma"
    return settings.model_code == "sector_factors" or (is_gamma and settings.gamma_sector_share_ratio > 0)


def nodes(p_default: Array, *, settings: DependenceSettings, n_nodes: int) -> Iterator[Node]:
    """Go through the values of the common factors.

    Parameters
    ----------
    p_default : probability of default of each customer within the year
    settings : model
    n_nodes : values of each factor
    """
    is_gamma = settings.model_code == "gamma"
    make = _gamma_nodes if is_gamma else _normal_model_nodes
    joined = 0.0 if is_gamma or settings.lgd_correlation_ratio > 0 else settings.pd_uncertainty
    levels = normal_nodes(n_nodes) if settings.pd_uncertainty > joined else _ONE
    stretch = (1.0 + settings.pd_uncertainty**2) ** 0.5
    model = _Model(settings, stretch, joined, n_nodes)
    for weight, level in zip(*levels, strict=True):
        for node in make(p_default, settings.pd_uncertainty * level, model):
            yield node._replace(probability=node.probability * weight)


def normal_nodes(n_nodes: int) -> tuple[Array, Array]:
    """Probabilities and values of a standard normal factor."""
    value = np.linspace(-_REACH, _REACH, n_nodes)
    weight = np.exp(-0.5 * value**2)
    return weight / weight.sum(), value


def gamma_nodes(shape: float, *, n_nodes: int) -> tuple[Array, Array]:
    """Probabilities and values of a gamma factor of scale 1; what is too small to matter is joined to the smallest."""
    if shape == 0.0:
        return _ONE
    low = max(float(np.log(gammaincinv(shape, _UNSEEN) + 1e-300)), _SMALLEST)
    log_value = np.linspace(low, float(np.log(gammainccinv(shape, 1e-15))), n_nodes)
    weight = np.exp(shape * log_value - np.exp(log_value) - gammaln(shape)) * (log_value[1] - log_value[0])
    weight[0] += 1.0 - weight.sum()
    return weight, np.exp(log_value)


_ONE = np.ones(1), np.zeros(1)


class _Model(NamedTuple):
    """A model, and how much of the uncertain level of PDs is joined to its common normal factor."""

    settings: DependenceSettings
    stretch: float
    joined: float
    n_nodes: int


def _normal_model_nodes(p_default: Array, shift: float, model: _Model) -> Iterator[Node]:
    settings, n_nodes = model.settings, model.n_nodes
    common = 0.0 if settings.model_code == "independent" else settings.correlation_ratio
    own = settings.sector_correlation_ratio if settings.model_code == "sector_factors" else 0.0
    is_t, half = settings.model_code == "student_t", settings.degrees_of_freedom / 2.0
    quantile = student.ppf(p_default, settings.degrees_of_freedom) if is_t else ndtri(p_default)
    loading = (common + model.joined**2) ** 0.5
    factors = normal_nodes(n_nodes) if loading > 0 or settings.lgd_correlation_ratio > 0 else _ONE
    mixing = gamma_nodes(half, n_nodes=n_nodes) if is_t else (np.ones(1), np.full(1, half))
    own_weight, own_value = normal_nodes(n_nodes) if own else _ONE
    for (weight, factor), (mixing_weight, mixed) in product(zip(*factors, strict=True), zip(*mixing, strict=True)):
        threshold = quantile * (model.stretch * (mixed / half) ** 0.5) + shift
        index = loading * factor + own**0.5 * own_value[:, None]
        p_year = ndtr((threshold[None, :] - index) / (1.0 - common - own) ** 0.5)
        yield Node(float(weight * mixing_weight), float(factor), own_weight, p_year)


def _gamma_nodes(p_default: Array, shift: float, model: _Model) -> Iterator[Node]:
    variance, share = model.settings.gamma_variance, model.settings.gamma_sector_share_ratio
    log_survival = np.log1p(-ndtr(ndtri(p_default[p_default < 1]) * model.stretch + shift))
    rate = np.zeros(len(p_default))
    rate[p_default < 1] = np.expm1(-variance * log_survival) / variance
    own_weight, own = gamma_nodes(share / variance, n_nodes=model.n_nodes)
    shape = (1.0 - share) / variance
    for weight, common in zip(*gamma_nodes(shape, n_nodes=model.n_nodes), strict=True):
        p_year = -np.expm1(-variance * (common + own)[:, None] * rate[None, :])
        factor = float(ndtri(gammaincc(shape, common))) if shape > 0 else 0.0
        yield Node(float(weight), factor, own_weight, np.where(p_default == 1, 1.0, p_year))
