"""What a unit of exposure is expected to lose each day, and in a bad year."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame
from scipy.special import ndtr, ndtri

from riskresearch.limits.backtest.book import Book, Bools, Floats
from riskresearch.limits.backtest.paths import in_force

DAYS_OF_YEAR = 365
_NODES = 200


@dataclass(frozen=True)
class Risk:
    """Losses per unit of exposure without security, customer × day.

    Parameters
    ----------
    lgd : loss given default as known
    daily_loss : expected loss of a day: daily hazard × LGD; 0 in default
    shortfall : expected loss of 12 months in the worst ``1 − confidence`` of the years; 0 in default
    securities : part of the exposure that is secured and loses nothing, minor units
    """

    lgd: Floats
    daily_loss: Floats
    shortfall: Floats
    securities: Floats

    def at_risk(self, exposure: Floats) -> Floats:
        """Return the part of an exposure, customer × day, minor units, that is not secured."""
        return (exposure - self.securities).clip(min=0)


def known_risk(
    book: Book,
    reviews: DataFrame,
    *,
    stopped: Bools,
    securities: Floats,
    asset_correlation_ratio: float,
    confidence_ratio: float,
) -> Risk:
    """Return the risk of each day by the PD and LGD of the latest review before it.

    The daily hazard is ``−ln(1 − PD) / 365``. Where no PD or LGD is known, the mean of the other customers of the day
    counts. Exposures in default expect no loss any more: theirs is counted on the day of the default.

    Parameters
    ----------
    book : the book
    reviews : ``customer_id review_date pd_12m lgd_ratio``
    stopped : from `stopped_days`
    securities : from `daily_securities`
    asset_correlation_ratio, confidence_ratio : of the one-factor model
    """
    pd_12m, lgd = (_filled(in_force(book, reviews, column)) for column in ("pd_12m", "lgd_ratio"))
    alive = np.where(stopped | (pd_12m >= 1), 0.0, pd_12m)
    return Risk(
        lgd=lgd,
        daily_loss=-np.log1p(-alive) / DAYS_OF_YEAR * lgd,
        shortfall=shortfall_pd(alive, asset_correlation_ratio, confidence_ratio) * lgd,
        securities=securities,
    )


def shortfall_pd(pd_12m: Floats, asset_correlation_ratio: float, confidence_ratio: float) -> Floats:
    """Return the mean default rate of the worst years in the one-factor model of many small customers.

    The mean over the tail of ``Φ((Φ⁻¹(PD) + √ρ z) / √(1 − ρ))``, where z is the standard normal factor above its
    quantile of `confidence_ratio`; source: Vasicek (2002), Loan portfolio value. By Gauss-Legendre quadrature over
    the probability of the tail, and linear between 400 levels, Φ⁻¹ of the mean rate against ``Φ⁻¹(PD)``.

    Examples
    --------
    >>> rates = shortfall_pd(np.array([0.0, 0.01, 0.05]), 0.0, 0.99)
    >>> rates.round(6).tolist()
    [0.0, 0.01, 0.05]
    """
    level = np.linspace(-6.0, 6.0, 400)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    tail = 1 - (1 - confidence_ratio) * (1 - (nodes + 1) / 2)
    factor = ndtri(tail)
    rho = asset_correlation_ratio
    rates = ndtr((level[:, None] + np.sqrt(rho) * factor) / np.sqrt(1 - rho)) @ (weights / 2)
    asked = np.clip(ndtri(pd_12m), level[0], level[-1])
    reached = ndtri(rates.clip(1e-300, 1 - 1e-15))
    return np.where(pd_12m > 0, ndtr(np.interp(asked, level, reached)), 0.0)


def _filled(values: Floats) -> Floats:
    """Gaps filled with the mean of the day; a day without any with 0."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(known, values, mean)
