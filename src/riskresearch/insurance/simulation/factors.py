"""Common factors of the simulated years.

Customer i with threshold c_i defaults in a year with the hazard of index x = c_i g - m_k, times X_k (see `hazards`):

one_factor      m = sqrt(r) Z / s, s^2 = 1 - r; c = Phi^-1(PD) / s; independent: r = 0
sector_factors  m_k = (sqrt(r) Z + sqrt(w) S_k) / s, s^2 = 1 - r - w
student_t       as one factor, g = sqrt(W / nu), W chi-squared with nu degrees of freedom; c = t_nu^-1(PD) / s
gamma           X_k = G + S_k, gamma with shapes (1 - w) / v and w / v and scale v: mean 1, variance v, of which the
                share w is the sector's own; c = Phi^-1(PD), m = 0

Low Z is a bad year in every model; in the gamma model G is the quantile of 1 - Phi(Z). An uncertain level of the PDs
moves the index by t V / s and stretches c by sqrt(1 + t^2), so that customers keep their PDs on average; V is normal.
Z is stratified: each block of years holds one value of each quantile step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtr, ndtri, stdtrit

from riskresearch.insurance.claims import Array
from riskresearch.insurance.settings import BLOCK_YEARS, DependenceSettings
from riskresearch.insurance.simulation.counters import FACTOR, LEVEL, MIXING, SECTOR, Words, keys, uniform, year_keys

_LARGEST = 1.0 - 2.0**-53


class Years(NamedTuple):
    """Common factors of some years.

    Parameters
    ----------
    key : start of the random numbers of each year
    shift : m, year x sector
    scale : g of each year
    multiplier : X, year x sector
    factor : Z of each year
    """

    key: Words
    shift: Array
    scale: Array
    multiplier: Array
    factor: Array


@dataclass(frozen=True)
class Loadings:
    """Weights of the factors: common r, sector w, rest s, level t; all 0 that a model does not have."""

    common: float
    sector: float
    level: float

    @property
    def rest(self) -> float:
        """Standard deviation of what is the customer's own."""
        return float((1.0 - self.common - self.sector) ** 0.5)


def loadings(settings: DependenceSettings) -> Loadings:
    """Return the weights of the factors of a model."""
    model = settings.model_code
    common = settings.correlation_ratio if model in ("one_factor", "sector_factors", "student_t") else 0.0
    sector = settings.sector_correlation_ratio if model == "sector_factors" else 0.0
    return Loadings(common, sector, settings.pd_uncertainty)


def has_sectors(settings: DependenceSettings) -> bool:
    """Say whether sectors have a factor of their own."""
    return settings.model_code == "sector_factors" or (
        settings.model_code == "gamma" and settings.gamma_sector_share_ratio > 0
    )


def thresholds(p_default: Array, settings: DependenceSettings) -> Array:
    """Threshold c of each customer."""
    weight = loadings(settings)
    is_t = settings.model_code == "student_t"
    quantile = stdtrit(settings.degrees_of_freedom, p_default) if is_t else ndtri(p_default)
    return np.asarray(quantile * (1.0 + weight.level**2) ** 0.5 / weight.rest)


def common_years(block: int, *, settings: DependenceSettings, n_sectors: int, seed: int, factor_shift: float) -> Years:
    """Draw the common factors of a block of years, the factor rising."""
    year = block * BLOCK_YEARS + np.arange(BLOCK_YEARS, dtype=np.int64)
    key, once = year_keys(year, seed=seed), np.zeros(1, np.int64)
    factor = stratified(uniform(keys(key, FACTOR), once)) + factor_shift
    own = uniform(keys(key, SECTOR)[:, None], np.arange(n_sectors)[None, :])
    weight, shape = loadings(settings), (BLOCK_YEARS, n_sectors)
    index = np.broadcast_to(weight.common**0.5 * factor[:, None], shape)
    if weight.sector:
        index = index + weight.sector**0.5 * ndtri(own)
    if weight.level:
        level = ndtri(uniform(keys(key, LEVEL), once))
        index = index - weight.level * level[:, None]
    scale = np.ones(BLOCK_YEARS)
    if settings.model_code == "student_t":
        scale = _mixing(uniform(keys(key, MIXING), once), settings)
    is_gamma = settings.model_code == "gamma"
    multiplier = _gamma(factor, own, settings) if is_gamma else np.ones(shape)
    return Years(key, np.ascontiguousarray(index / weight.rest), scale, multiplier, factor)


def stratified(uniform: Array) -> Array:
    """Normal values, one per quantile step, rising, from one uniform number each."""
    ratio = (np.arange(len(uniform)) + uniform) / len(uniform)
    return np.asarray(ndtri(np.minimum(ratio, _LARGEST)))


def year_weights(factor: Array, *, shift: float) -> Array:
    """Probability of each year of a block drawn with a shifted factor, relative to the others; they add up to 1."""
    ratio = np.exp(-shift * factor + 0.5 * shift**2)
    return np.asarray(ratio / ratio.sum())


def _mixing(uniform: Array, settings: DependenceSettings) -> Array:
    half = settings.degrees_of_freedom / 2.0
    return np.asarray(np.sqrt(gammaincinv(half, uniform) / half))


def _gamma(factor: Array, own: Array, settings: DependenceSettings) -> Array:
    variance, share = settings.gamma_variance, settings.gamma_sector_share_ratio
    common = gammainccinv((1.0 - share) / variance, ndtr(factor)) if share < 1.0 else np.zeros(len(factor))
    multiplier = np.broadcast_to(variance * common[:, None], own.shape)
    return np.asarray(multiplier + variance * gammaincinv(share / variance, own) if share else multiplier.copy())
