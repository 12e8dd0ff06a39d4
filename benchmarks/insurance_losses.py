"""Losses of 2,000 buyers over 100,000 years, and what a policy pays of them: our sparse drawing against dense NumPy.

One common factor and ten sectors (correlations 0.10 and 0.08), PDs of 0.03-30 % with mean 2 %, beta(2, 3) losses given
default; 90 % insured after a deductible of 2,000 within the limit of the buyer, then an aggregate deductible of 300,000
and a limit of 15 million. Every way settles its defaults by the same code and returns the mean payout of a year, so a
way that draws other defaults is found out. One core; our loops are compiled before, unmeasured (some seconds).

`python benchmarks/insurance_losses.py` prints seconds for 100,000 years, dense ways being measured on fewer and scaled,
memory, and how our time grows with the number of buyers at equal defaults and with the PDs.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.special import ndtri

from harness import Way, race, table
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate, simulate_blocks
from riskresearch.insurance.simulation.blocks import Drawer, Room
from riskresearch.insurance.simulation.book import make_book

N_BUYERS, N_YEARS, N_SECTORS = 2_000, 100_000, 10
COMMON, SECTOR = 0.10, 0.08
INSURED, DEDUCTIBLE, FIRST_LOSS, MAXIMUM = 0.9, 2_000.0, 300_000.0, 15e6
CHUNK_YEARS, NAIVE_CHUNK_YEARS = 2_000, 500
Array = NDArray[np.float64]
Defaulters = tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.floating]]


def book(n_buyers: int, pd_factor: float) -> DataFrame:
    """Return buyers of very different PD and size in ten sectors."""
    rng = np.random.default_rng(1)
    p_default = np.clip(np.exp(rng.normal(np.log(0.0125), 1.0, n_buyers)), 3e-4, 0.3)
    p_default *= 0.02 / p_default.mean() * pd_factor
    return DataFrame(
        {
            "customer_id": [f"B{k:06d}" for k in range(n_buyers)],
            "pd_12m": p_default,
            "exposure_amount": rng.lognormal(10.5, 1.0, n_buyers),
            "lgd_ratio": 0.4,
            "buyer_limit_amount": np.exp(rng.normal(10.5, 0.5, n_buyers)),
            "sector_code": [f"S{k % N_SECTORS}" for k in range(n_buyers)],
            "country_code": "FR",
            "group_id": None,
            "terms_days": 60.0,
        }
    )


def settings(n_years: int) -> InsuranceSettings:
    """Return the settings of the comparison."""
    dependence = {"model_code": "sector_factors", "correlation_ratio": COMMON, "sector_correlation_ratio": SECTOR}
    return InsuranceSettings.model_validate({"n_years": n_years, "dependence": dependence, "lgd_concentration": 5.0})


def payouts(buyers: DataFrame) -> Callable[[Defaulters, int], Array]:
    """Return the function that settles defaults (year, buyer, loss given default) of so many years."""
    exposure, limit = (buyers[name].to_numpy() for name in ("exposure_amount", "buyer_limit_amount"))

    def settle(defaulters: Defaulters, n_years: int) -> Array:
        year, buyer, lgd = defaulters
        covered = np.minimum(np.maximum(exposure[buyer] * lgd - DEDUCTIBLE, 0.0), limit[buyer])
        paid = INSURED * np.bincount(year, weights=covered, minlength=n_years)
        return np.minimum(np.maximum(paid - FIRST_LOSS, 0.0), MAXIMUM)

    return settle


def block_by_block(n_years: int, n_buyers: int = N_BUYERS, pd_percent: int = 100) -> Callable[[], float]:
    """Our way, nothing kept: each block of years is drawn and settled."""
    buyers, chosen = book(n_buyers, pd_percent / 100), settings(n_years)
    simulate_blocks(buyers, chosen, blocks=[0], is_compiled=True)
    settle = payouts(buyers)

    def call() -> float:
        drawer = Drawer(make_book(buyers, chosen, months=None, policy_start_month=1), chosen)
        total, room = 0.0, Room()
        for number in range(n_years // 1_000):
            drawn = drawer.block(number, room)
            year = np.repeat(np.arange(1_000), drawn.n_per_year)
            total += float(settle((year, drawn.customer, drawn.lgd_ratio), 1_000).sum())
        return total / n_years

    return call


def stored(n_years: int) -> Callable[[], float]:
    """Our way with all events kept for other policies: date, loss given default, kind of event of each."""
    buyers, chosen = book(N_BUYERS, 1.0), settings(n_years)
    simulate_blocks(buyers, chosen, blocks=[0], is_compiled=True)
    settle = payouts(buyers)

    def call() -> float:
        events = simulate(buyers, chosen)
        return float(settle((events.year, events.customer, events.lgd_ratio), n_years).mean())

    return call


def plain_twin(n_years: int) -> Callable[[], float]:
    """The same events drawn by plain NumPy."""
    buyers, chosen = book(N_BUYERS, 1.0), settings(n_years)
    settle = payouts(buyers)

    def call() -> float:
        events = simulate_blocks(buyers, chosen, blocks=range(n_years // 1_000), is_compiled=False)
        return float(settle((events.year, events.customer, events.lgd_ratio), n_years).mean())

    return call


def naive(n_years: int) -> Callable[[], float]:
    """Dense NumPy as first written: float64, a loss given default for every buyer and year."""
    return _dense(n_years, _naive_defaults)


def chunked(n_years: int) -> Callable[[], float]:
    """Dense NumPy at its best: float32, the fastest generator, losses given default of defaulters only."""
    return _dense(n_years, _chunked_defaults)


def normals(n_years: int) -> Callable[[], float]:
    """Only the normal numbers of the dense way: its limit."""

    def call() -> float:
        rng, total = np.random.Generator(np.random.SFC64(1)), 0.0
        room = np.empty((CHUNK_YEARS, N_BUYERS), dtype=np.float32)
        for _ in range(n_years // CHUNK_YEARS):
            rng.standard_normal(dtype=np.float32, out=room)
            total += float(room[0, 0])
        return total

    return call


def _dense(n_years: int, draw: Callable[[DataFrame, int], Iterator[tuple[Defaulters, int]]]) -> Callable[[], float]:
    buyers = book(N_BUYERS, 1.0)
    settle = payouts(buyers)

    def call() -> float:
        return sum(float(settle(defaulters, n).sum()) for defaulters, n in draw(buyers, n_years)) / n_years

    return call


def _naive_defaults(buyers: DataFrame, n_years: int) -> Iterator[tuple[Defaulters, int]]:
    rng = np.random.default_rng(1)
    threshold, sector = ndtri(buyers["pd_12m"].to_numpy()), np.arange(N_BUYERS) % N_SECTORS
    for _ in range(n_years // NAIVE_CHUNK_YEARS):
        common, own = rng.standard_normal((NAIVE_CHUNK_YEARS, 1)), rng.standard_normal((NAIVE_CHUNK_YEARS, N_SECTORS))
        rest = rng.standard_normal((NAIVE_CHUNK_YEARS, N_BUYERS))
        latent = COMMON**0.5 * common + SECTOR**0.5 * own[:, sector] + (1 - COMMON - SECTOR) ** 0.5 * rest
        lgd = rng.beta(2.0, 3.0, latent.shape)
        year, buyer = np.nonzero(latent < threshold)
        yield (year, buyer, lgd[year, buyer]), NAIVE_CHUNK_YEARS


def _chunked_defaults(buyers: DataFrame, n_years: int) -> Iterator[tuple[Defaulters, int]]:
    rng, rest = np.random.Generator(np.random.SFC64(1)), np.float32((1 - COMMON - SECTOR) ** 0.5)
    order = np.argsort(np.arange(N_BUYERS) % N_SECTORS, kind="stable")  # sectors side by side: one subtraction each
    threshold = (ndtri(buyers["pd_12m"].to_numpy()[order]) / rest).astype(np.float32)
    shape = (CHUNK_YEARS, N_SECTORS, N_BUYERS // N_SECTORS)
    latent = np.empty(shape, dtype=np.float32)
    for _ in range(n_years // CHUNK_YEARS):
        common = rng.standard_normal((CHUNK_YEARS, 1), dtype=np.float32)
        own = rng.standard_normal((CHUNK_YEARS, N_SECTORS), dtype=np.float32)
        moved = (np.float32(COMMON**0.5) * common + np.float32(SECTOR**0.5) * own) / rest
        rng.standard_normal(dtype=np.float32, out=latent)
        latent += moved[:, :, None]
        year, place = np.divmod(np.flatnonzero(latent.reshape(CHUNK_YEARS, -1) < threshold), N_BUYERS)
        yield (year, order[place], rng.beta(2.0, 3.0, len(year))), CHUNK_YEARS


def ways(n_years: int = N_YEARS) -> tuple[Way, ...]:
    """Return the ways side by side, dense ones on a twentieth and a fifth of the years."""
    whole, fifth, twentieth = ({"n_years": n_years // share} for share in (1, 5, 20))
    return (
        Way("ours, block by block", "insurance_losses:block_by_block", whole),
        Way("ours, events kept", "insurance_losses:stored", whole, tolerance=1e-6),
        Way("ours by plain NumPy", "insurance_losses:plain_twin", fifth, tolerance=0.05, part=0.2),
        Way("dense NumPy, float32 in chunks", "insurance_losses:chunked", fifth, tolerance=0.1, part=0.2),
        Way("dense NumPy, float64", "insurance_losses:naive", twentieth, tolerance=0.2, part=0.05),
        Way("dense normal numbers only", "insurance_losses:normals", fifth, tolerance=math.inf, part=0.2),
    )


def growth_ways(n_years: int = N_YEARS) -> tuple[Way, ...]:
    """Return our way on other books: ten times the buyers at a tenth of the PDs, and four times the PDs."""
    path, years = "insurance_losses:block_by_block", {"n_years": n_years}
    many, risky = {"n_buyers": 10 * N_BUYERS, "pd_percent": 10}, {"pd_percent": 400}
    return (
        Way("2,000 buyers", path, years),
        Way("20,000 buyers, as many defaults", path, {**years, **many}, tolerance=math.inf),
        Way("2,000 buyers, four times the PDs", path, {**years, **risky}, tolerance=math.inf),
    )


RACES = (("losses of 100,000 years", ways()), ("losses of 100,000 years, other books", growth_ways()))

if __name__ == "__main__":
    for name, chosen in RACES:
        print(table(race(name, chosen)), end="\n\n")
