"""Portfolios whose true PDs are known, and defaults drawn from them, for the facts of the validation battery."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import ndtr, ndtri

import riskresearch.validation.battery  # noqa: F401  registers all measures
from riskresearch.validation.registry import BATTERY, Evidence, Result
from riskresearch.validation.roc import roc_area
from riskresearch.validation.settings import ValidationSettings

GRADES = tuple("ABCDEFGH")
BOUNDS = (0.0015, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.45)
"""Bounds of the default master scale; PDs are kept above 0.15 % and below 45 %, so that the double is one too."""
MIXES = {"demo": (0, 0, 14, 74, 74, 44, 16, 1), "wide": (15, 20, 22, 18, 12, 8, 4, 1)}
"""Customers by grade: those of the demo on the date of its run (mean PD 7 %), and all eight grades (4 %)."""
N_DATES, YEAR_MONTHS = 12, 12
N_POPULATION = 20_000
DAY = pd.Timestamp("2024-12-31")
SETTINGS = ValidationSettings()
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn(Evidence):
    """Evidence whose customers are numbers from 0 already."""

    @cached_property
    def owner(self) -> Integers:
        """Number of the customer of each row."""
        return self.rows["customer_id"].to_numpy(np.int64)


@dataclass(frozen=True)
class Portfolio:
    """Customers with the PD that is stated for them and its grade.

    Parameters
    ----------
    pds : stated PD of each customer
    place : number of its grade, 0 = best
    """

    pds: Floats
    place: Integers

    @classmethod
    def of(cls, n_customers: int, mix: str) -> "Portfolio":
        """Make a portfolio: the shares of a mix, PDs of a grade evenly spread on the logarithmic scale.

        Parameters
        ----------
        n_customers : customers
        mix : one of `MIXES`
        """
        shares = np.cumsum(MIXES[mix]) / sum(MIXES[mix])
        sizes = np.diff(np.round(shares * n_customers), prepend=0.0).astype(np.int64)
        low, high = np.log(BOUNDS[:-1]), np.log(BOUNDS[1:])
        spread = [
            np.exp(a + (b - a) * (np.arange(n) + 0.5) / max(n, 1)) for a, b, n in zip(low, high, sizes, strict=True)
        ]
        return cls(np.concatenate(spread), np.repeat(np.arange(len(GRADES)), sizes))

    @cached_property
    def rows(self) -> DataFrame:
        """One row per customer, without outcome."""
        return self.frame(np.arange(len(self.pds)))

    def frame(self, customers: Integers, months: Integers | int = 0) -> DataFrame:
        """Return rows of customers, numbered in the order given where they repeat none.

        Parameters
        ----------
        customers : place of the customer of each row
        months : months after the first date
        """
        return DataFrame(
            {
                "customer_id": customers,
                "observation_date": DAY + pd.to_timedelta(np.asarray(months) * 30, unit="D"),
                "pd_12m": self.pds[customers],
                "grade_code": np.array(GRADES)[self.place[customers]],
            }
        )

    def evidence(self, outcome: Bools, initial: Evidence | None = None, seed: int = 0) -> Drawn:
        """Return what a measure is given: one date, one row per customer."""
        rng = np.random.default_rng(seed)
        return Drawn(self.rows.assign(is_default=outcome), SETTINGS, rng, GRADES, initial=initial)

    def by_grade(self, values: NDArray[np.generic] | None = None) -> Floats:
        """Return customers, or sums of values, by grade."""
        return np.bincount(self.place, weights=values, minlength=len(GRADES)).astype(float)


def measured(name: str, evidence: Evidence) -> Result:
    """Return what the member of the battery says."""
    result: Result = BATTERY[name].function(evidence)
    return result


def p_value(name: str, evidence: Evidence) -> float:
    """Return the p-value of a member of the battery; NaN where it cannot be computed."""
    value = measured(name, evidence).value
    return float("nan") if value is None else value


def drawn(true_pds: Floats, rng: np.random.Generator, *, correlation: float = 0.0) -> Bools:
    """Return defaults within a year: independent, or through one Gaussian factor common to all customers.

    Parameters
    ----------
    true_pds : PD of each customer over all states of the factor
    rng : chance
    correlation : asset correlation of any two customers
    """
    return rng.random(len(true_pds)) < given_factor(true_pds, rng.standard_normal(), correlation)


def given_factor(pds: Floats, factor: float, correlation: float) -> Floats:
    """Return the PDs in a year whose common factor is known (Vasicek 1991)."""
    if not correlation:
        return pds
    return np.asarray(ndtr((ndtri(pds) - np.sqrt(correlation) * factor) / np.sqrt(1 - correlation)))


def followed(pds: Floats, rng: np.random.Generator) -> tuple[Integers, Integers, Bools]:
    """Return customers seen on twelve month ends until they default: customer, month and default of each row.

    A customer has the same chance to default in each month, so that its PD over the next twelve is right on every
    date. The rows of a customer share eleven twelfths of their windows with the next one: they are near copies.
    """
    default_month = np.floor(np.log(rng.random(len(pds))) / (np.log1p(-pds) / YEAR_MONTHS))
    month, customer = (part.ravel() for part in np.indices((N_DATES, len(pds))))
    is_seen = default_month[customer] >= month
    customer, month = customer[is_seen], month[is_seen]
    return customer, month, default_month[customer] < month + YEAR_MONTHS


def true_auc(pds: Floats, *, n_dates: int) -> float:
    """Return the area under the ROC curve that infinitely many customers with these PDs have."""
    risky = np.sort(pds)[::-1]
    seen = sum((1 - risky) ** (month / YEAR_MONTHS) for month in range(n_dates))
    return float(roc_area(seen * risky, seen * (1 - risky)))
