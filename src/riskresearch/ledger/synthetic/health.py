"""Hidden financial health, the common cycle, and the monthly hazard of trouble they give.

The log hazard of trouble in a month is::

    level + risk_offset - HEALTH_WEIGHT x health - cycle_loading x cycle

`health` is a customer's own first-order autoregression with rare sudden falls; `cycle` is one
autoregression common to all. A small hazard that depends on nothing makes abrupt cases.
Trouble is a judgement out of the blue (`SUDDEN_SHARE`) or the end of payments, see `spells`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.optimize import brentq

from riskresearch.ledger.synthetic.figures import CYCLE_LOADINGS
from riskresearch.ledger.synthetic.population import QUALITY_SD, Population
from riskresearch.ledger.synthetic.timeline import RUN_IN_MONTHS, Calendar, Floats

HEALTH_PERSISTENCE, HEALTH_WEIGHT = 0.975, 2.4
FALL_RATE, FALL_SIZE = 0.003, 1.6
CYCLE_PERSISTENCE = 0.95
CHURN_RATE = 0.006
ABRUPT_SHARE = 0.06
SIGNAL_SHARE, SIGNAL_PERSISTENCE = 0.86, 0.90


@dataclass(frozen=True)
class Health:
    """Hidden paths, one row per month of the world.

    Parameters
    ----------
    health : month x customer, higher is better
    cycle : one value per month, higher is better
    stress : month x customer, what of it reaches the way of paying, mixed with other causes
    """

    health: Floats
    cycle: Floats
    stress: Floats


def draw_health(population: Population, calendar: Calendar, *, rng: Generator) -> Health:
    """Return the hidden paths of all customers over the months of the world."""
    n, months = population.n_customers, calendar.n_months
    health = autoregression(months, n, HEALTH_PERSISTENCE, rng, fall=True)
    cycle = autoregression(months, 1, CYCLE_PERSISTENCE, rng)[:, 0]
    other = autoregression(months, n, SIGNAL_PERSISTENCE, rng)
    risk = -HEALTH_WEIGHT * health - np.outer(cycle, CYCLE_LOADINGS[population.cycle]) - QUALITY_SD * population.quality
    scale = np.sqrt(HEALTH_WEIGHT**2 + QUALITY_SD**2)
    stress = SIGNAL_SHARE * risk / scale + np.sqrt(1 - SIGNAL_SHARE**2) * other
    return Health(health, cycle, stress)


def log_hazard(population: Population, paths: Health) -> Floats:
    """Return the log hazard by month and customer, up to the level."""
    common = np.outer(paths.cycle, CYCLE_LOADINGS[population.cycle])
    return population.risk_offset[None, :] - HEALTH_WEIGHT * paths.health - common


def hazard(log_rate: Floats, *, abrupt_rate: float) -> Floats:
    """Return the probability of trouble within a month."""
    return -np.expm1(-abrupt_rate - np.exp(np.minimum(log_rate, 3.0)))


def abrupt_rate(default_rate_ratio: float) -> float:
    """Return the monthly hazard that depends on nothing."""
    return ABRUPT_SHARE * default_rate_ratio / 12


def fit_level(population: Population, paths: Health, *, default_rate_ratio: float, default_share: Floats) -> float:
    """Return the level at which customers default at the wanted yearly rate.

    The rate is taken over the customer-months of the ledger, weighted by the chance of still being
    there, with the cycle at its long-run distribution: the realised cycle moves the realised rate.

    Parameters
    ----------
    default_rate_ratio : defaults per customer-year at risk
    default_share : by customer, share of troubles that end in default
    """
    neutral = Health(paths.health, np.zeros_like(paths.cycle), paths.stress)
    cycle_mean = CYCLE_LOADINGS[population.cycle] ** 2 / 2
    relative = (log_hazard(population, neutral) + cycle_mean[None, :])[RUN_IN_MONTHS:]
    months = np.arange(RUN_IN_MONTHS, RUN_IN_MONTHS + len(relative))[:, None]
    is_there = months > population.start_month[None, :]

    def excess(level: float) -> float:
        rate = hazard(relative + level, abrupt_rate=abrupt_rate(default_rate_ratio)) * is_there
        leaving = np.log1p(-rate * default_share) + np.log1p(-CHURN_RATE) * is_there
        stays = np.exp(np.cumsum(leaving, axis=0) - leaving) * is_there
        return float(12 * (stays * rate * default_share).sum() / max(stays.sum(), 1e-12) - default_rate_ratio)

    return float(brentq(excess, -20.0, 5.0, xtol=1e-6))


def autoregression(months: int, n: int, rho: float, rng: Generator, *, fall: bool = False) -> Floats:
    """Stationary standard autoregressions, month x n, with or without sudden falls."""
    path = np.empty((months, n))
    path[0] = rng.normal(size=n)
    for k in range(1, months):
        step = rng.normal(size=n) * np.sqrt(1 - rho**2)
        falls = (rng.random(n) < FALL_RATE) * FALL_SIZE if fall else 0.0
        path[k] = rho * path[k - 1] + step - falls
    return path
