"""How often the intervals of the battery hold the true value."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.stats import binom

from riskresearch.validation.binomial import at_least
from riskresearch.validation.intervals import clopper_pearson, jeffreys_interval, wilson
from validation_sizes import CORRELATION
from validation_truth import (
    GRADES,
    N_DATES,
    N_POPULATION,
    SETTINGS,
    Drawn,
    Floats,
    Portfolio,
    drawn,
    followed,
    measured,
    true_auc,
)

DESIGNS = ("one_date", "twelve_dates", "common_factor")
"""One date, independent; twelve dates of the same customers, independent customers; one date with a common factor."""
TRUE_VALUES = {
    "auc": np.nan,
    "observed_to_expected": 1.0,
    "calibration_slope": 1.0,
    "calibration_in_the_large": 0.0,
    "ece": 0.0,
}
"""Measures and their values for infinitely many customers whose PDs are right; that of the AUC follows from the PDs."""
ONE_DATE_ONLY = {"auc_hanley_mcneil": np.nan}
RATE_INTERVALS = {"wilson": wilson, "clopper_pearson": clopper_pearson, "jeffreys": jeffreys_interval}


@dataclass(frozen=True)
class Sampler:
    """Draws samples of customers from the demo's mix, each with its defaults.

    Parameters
    ----------
    population : many customers
    design : one of `DESIGNS`
    """

    population: Portfolio
    design: str

    @property
    def true_values(self) -> dict[str, float]:
        """True value of each measure whose interval is tried."""
        is_one = self.design != "twelve_dates"
        area = true_auc(self.population.pds, n_dates=1 if is_one else N_DATES)
        named = TRUE_VALUES | (ONE_DATE_ONLY if is_one else {})
        return {name: area if np.isnan(value) else value for name, value in named.items()}

    def evidence(self, n_customers: int, seed: list[int]) -> Drawn:
        """Return a sample, with the resamples of its own seed."""
        rng = np.random.default_rng(seed)
        chosen = rng.integers(0, N_POPULATION, n_customers)
        sample = Portfolio(self.population.pds[chosen], self.population.place[chosen])
        if self.design == "twelve_dates":
            customer, month, hit = followed(sample.pds, rng)
            return Drawn(sample.frame(customer, month).assign(is_default=hit), SETTINGS, rng, GRADES)
        hit = drawn(sample.pds, rng, correlation=CORRELATION if self.design == "common_factor" else 0.0)
        return Drawn(sample.rows.assign(is_default=hit), SETTINGS, rng, GRADES)


def held(design: str, n_customers: int, *, n_draws: int, seed: int) -> DataFrame:
    """Return whether the intervals of each repetition hold the true value.

    Parameters
    ----------
    design : one of `DESIGNS`
    n_customers : customers of a sample
    n_draws : repetitions
    seed : of the chance

    Returns
    -------
    DataFrame, one row per repetition and one column per measure: 1 holds, 0 does not, empty without interval.
    """
    sampler = Sampler(Portfolio.of(N_POPULATION, "demo"), design)
    true_values, place = sampler.true_values, DESIGNS.index(design)
    lines = []
    for number in range(n_draws):
        evidence = sampler.evidence(n_customers, [seed, n_customers, place, number])
        lines.append({name: _holds(name, evidence, value) for name, value in true_values.items()})
    return DataFrame(lines)


def _holds(name: str, evidence: Drawn, true_value: float) -> float:
    found = measured(name, evidence)
    if found.low is None or found.high is None:
        return float("nan")
    return float(found.low <= true_value <= found.high)


def of_rates(sizes: tuple[int, ...], rates: tuple[float, ...]) -> DataFrame:
    """Return how often each interval of a default rate holds the true PD, exactly: from the law of the defaults.

    Returns
    -------
    DataFrame ``n_rows pd``, and for each interval its coverage with independent customers and, ``_common``, with the
    common factor.
    """
    return DataFrame({"n_rows": n, "pd": rate, **dict(_of_rate(n, rate))} for n in sizes for rate in rates)


def _of_rate(n: int, rate: float) -> Iterator[tuple[str, float]]:
    counts = np.arange(n + 1)
    laws = {"": binom.pmf(counts, n, rate), "_common": _with_factor(n, rate)}
    for name, interval in RATE_INTERVALS.items():
        low, high = interval(n, counts, SETTINGS.confidence_ratio)
        holds: NDArray[np.bool_] = (low <= rate) & (rate <= high)
        yield from ((f"{name}{ending}", float(weight[holds].sum())) for ending, weight in laws.items())


def _with_factor(n: int, rate: float) -> Floats:
    """Probability of each number of defaults of customers with a common factor."""
    tails = [at_least(d, n_rows=n, pd_ratio=rate, correlation_ratio=CORRELATION) for d in range(n + 2)]
    return -np.diff(tails)
