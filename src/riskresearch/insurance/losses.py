"""Simulated credit losses of policy years: correlated defaults, losses given default, dates.

Model (one-factor Gaussian, the asset model of Vasicek and of the Basel formula): customer i defaults in a year when
sqrt(r) Z + sqrt(1 - r) e_i < Phi^-1(p_i), so that, given the common factor Z, defaults are independent with probability
p_i(Z) = Phi((Phi^-1(p_i) - sqrt(r) Z) / sqrt(1 - r)). A default loses exposure x X, X beta with the customer's mean,
after recoveries, on a day uniform in the year.

Years are drawn in blocks of `BLOCK_YEARS`, each from its own generator Philox(seed, block), so blocks can be drawn
anywhere and in any order. Within a block Z is stratified: one year per quantile step of Z.

Defaults are drawn by exact thinning, whose work grows with the number of defaults and not of customers: "default"
is the same event as "at least one point" of a Poisson process of rate h_i(Z) = -ln(1 - p_i(Z)). Customers of similar
PD and years of similar Z form a cell; points fall in the cell at the largest rate of its pairs and are kept with
probability h_i(Z) / largest rate; repeated points on a pair count once. Cells where the largest probability exceeds
one half draw every pair directly.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pandas import DataFrame
from scipy.special import log_ndtr, ndtri

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.settings import BLOCK_YEARS
from riskresearch.insurance.terms import Array

Integers = npt.NDArray[np.int64]

MAXIMUM_EVENTS = 50_000_000
_CELL_WIDTH = 0.1  # of PD thresholds and of Z, in standard deviations: rates within a cell differ little
_DIRECT_RATE = float(np.log(2.0))  # rate of a default probability of one half


@dataclass(frozen=True)
class Events:
    """Simulated defaults, sorted by year and by date within the year.

    Parameters
    ----------
    customer_ids : customers of the book; ``customer`` counts in them
    n_years : simulated policy years
    n_strata : years per block, one per stratum of the common factor
    year, customer : of each default
    day_ratio : part of the year that has passed at the default, 0-1
    loss : exposure x loss given default, after recoveries, run currency
    """

    customer_ids: npt.NDArray[np.object_]
    n_years: int
    n_strata: int
    year: Integers
    customer: Integers
    day_ratio: Array
    loss: Array

    @property
    def n_per_year(self) -> Integers:
        """Number of defaults of each year."""
        return np.bincount(self.year, minlength=self.n_years)

    def by_year(self, amounts: Array) -> Array:
        """Sum of an amount per default over the defaults of each year."""
        return np.bincount(self.year, weights=amounts, minlength=self.n_years).astype("float64")


@dataclass(frozen=True)
class _Book:
    """Customers that can default, sorted by the threshold Phi^-1(PD), in runs of similar threshold."""

    customer: Integers
    threshold: Array
    run_first: Integers
    run_size: Integers
    exposure: Array
    lgd: Array


def simulate_losses(
    exposures: DataFrame, *, correlation_ratio: float, lgd_concentration: float | None, n_years: int, seed: int
) -> Events:
    """Simulate the credit losses of `n_years` policy years.

    Parameters
    ----------
    exposures : table `exposures`, checked (every ``lgd_ratio`` filled in); the order of rows has no effect
    correlation_ratio : asset correlation r of any two customers, 0 <= r < 1
    lgd_concentration : a + b of the beta law of loss given default; None = always its mean
    n_years : a multiple of `BLOCK_YEARS`; more years keep the events of the first ones
    seed : seed of the generators

    Raises
    ------
    SettingsError
        `n_years` is not a multiple of the block, or more defaults are expected than fit in memory.

    References
    ----------
    O. Vasicek, "Loan portfolio value", Risk 15 (2002); Basel Framework CRE31.
    """
    expected = n_years * float(exposures["pd_12m"].sum())
    if n_years < BLOCK_YEARS or n_years % BLOCK_YEARS or expected > MAXIMUM_EVENTS:
        raise SettingsError(
            f"insurance.n_years: {n_years} years would give about {expected:.0f} defaults; n_years must be a multiple "
            f"of {BLOCK_YEARS} and give at most {MAXIMUM_EVENTS} defaults"
        )
    return simulate_blocks(
        exposures,
        blocks=range(n_years // BLOCK_YEARS),
        correlation_ratio=correlation_ratio,
        lgd_concentration=lgd_concentration,
        seed=seed,
    )


def simulate_blocks(
    exposures: DataFrame, *, blocks: Iterable[int], correlation_ratio: float, lgd_concentration: float | None, seed: int
) -> Events:
    """Simulate some blocks of years; the events of a block do not depend on which others are drawn.

    Years are numbered within the blocks given, in their order. See `simulate_losses`.
    """
    ordered = exposures.sort_values("customer_id", ignore_index=True)
    book = _book(ordered)
    parts: list[tuple[Integers, Integers, Array, Array]] = []
    for block in blocks:
        rng = np.random.Generator(np.random.Philox(key=np.array([seed, block], dtype=np.uint64)))
        year, position = _defaults(book, factor=stratified_factor(rng), correlation_ratio=correlation_ratio, rng=rng)
        severity = _severity(book.lgd[position], concentration=lgd_concentration, rng=rng)
        day = rng.random(len(year))
        order = np.lexsort((day, year))
        loss = book.exposure[position] * severity
        parts.append((year[order] + len(parts) * BLOCK_YEARS, book.customer[position][order], day[order], loss[order]))
    year, customer, day, loss = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    ids = ordered["customer_id"].to_numpy(dtype=object)
    return Events(ids, len(parts) * BLOCK_YEARS, BLOCK_YEARS, year, customer, day, loss)


def stratified_factor(rng: np.random.Generator) -> Array:
    """Common factor of a block of years: one standard normal value per quantile step, rising."""
    uniform = (np.arange(BLOCK_YEARS) + rng.random(BLOCK_YEARS)) / BLOCK_YEARS
    smallest = 2.0**-53
    return np.asarray(ndtri(np.clip(uniform, smallest, 1.0 - smallest)))


def _book(exposures: DataFrame) -> _Book:
    p_default = exposures["pd_12m"].to_numpy(dtype="float64")
    customer = np.argsort(p_default, kind="stable")
    customer = customer[p_default[customer] > 0]
    threshold = np.asarray(ndtri(p_default[customer]))
    first, size = _runs(threshold)
    exposure = exposures["exposure_amount"].to_numpy(dtype="float64")[customer]
    lgd = exposures["lgd_ratio"].to_numpy(dtype="float64")[customer]
    return _Book(customer, threshold, first, size, exposure, lgd)


def _runs(rising: Array) -> tuple[Integers, Integers]:
    """First position and length of each run of values that fall in one cell."""
    cell = np.floor(np.clip(rising, -40.0, 40.0) / _CELL_WIDTH)
    first = np.flatnonzero(np.diff(cell, prepend=-np.inf))
    return first, np.diff(first, append=len(rising))


def _defaults(
    book: _Book, *, factor: Array, correlation_ratio: float, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Year and book position of every default of a block, sorted by both."""
    year_first, year_size = _runs(factor)
    highest = book.threshold[book.run_first + book.run_size - 1]
    bound = _rate(highest[:, None], factor[year_first][None, :], correlation_ratio).ravel()
    n_pairs = np.multiply.outer(book.run_size, year_size).ravel()
    is_direct = bound > _DIRECT_RATE

    n_points = rng.poisson(np.where(is_direct, 0.0, bound) * n_pairs)
    cell = np.repeat(np.arange(len(bound)), n_points)
    pair = rng.integers(0, n_pairs[cell])
    position, year = _locate(cell, pair, book, year_first, year_size)
    kept = rng.random(len(cell)) * bound[cell] < _rate(book.threshold[position], factor[year], correlation_ratio)

    n_all = np.where(is_direct, n_pairs, 0)
    each = np.repeat(np.arange(len(bound)), n_all)
    rank = np.arange(len(each)) - np.repeat(np.cumsum(n_all) - n_all, n_all)
    position_each, year_each = _locate(each, rank, book, year_first, year_size)
    p_default = -np.expm1(-_rate(book.threshold[position_each], factor[year_each], correlation_ratio))
    drawn = rng.random(len(each)) < p_default

    key = np.concatenate(
        [year[kept] * len(book.customer) + position[kept], year_each[drawn] * len(book.customer) + position_each[drawn]]
    )
    key.sort()
    key = key[np.diff(key, prepend=-1) > 0]
    return key // max(len(book.customer), 1), key % max(len(book.customer), 1)


def _rate(threshold: Array, factor: Array, correlation_ratio: float) -> Array:
    """Rate -ln(1 - p(Z)) of the Poisson process; infinite for a certain default."""
    score = (threshold - np.sqrt(correlation_ratio) * factor) / np.sqrt(1.0 - correlation_ratio)
    return np.asarray(-log_ndtr(-score))


def _locate(
    cell: Integers, pair: Integers, book: _Book, year_first: Integers, year_size: Integers
) -> tuple[Integers, Integers]:
    """Book position and year of a pair, counted within its cell."""
    run, years = np.divmod(cell, len(year_first))
    return book.run_first[run] + pair // year_size[years], year_first[years] + pair % year_size[years]


def _severity(mean: Array, *, concentration: float | None, rng: np.random.Generator) -> Array:
    """Loss given default of each default: beta with its mean; means of 0 and 1 are certain."""
    if concentration is None:
        return mean
    is_open = (mean > 0.0) & (mean < 1.0)
    drawn = mean.copy()
    drawn[is_open] = rng.beta(mean[is_open] * concentration, (1.0 - mean[is_open]) * concentration)
    return drawn
