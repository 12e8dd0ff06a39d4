"""One more policy on stored defaults: our compiled settlement against NumPy by the year and the plain waterfall.

A book of buyers of very different PD and size in ten sectors (see `insurance_losses`); the policy has a threshold, a
share of 90 and 60 %, a first loss and a maximum of the year. Every way returns the mean indemnity of a year, so a way
that pays something else is found out. What is done once for all policies (drawing the defaults, their eligible debts,
recoveries and dates) is not measured; compiled loops are loaded before.

`python benchmarks/insurance_policies.py` prints milliseconds per million defaults for one more policy, and seconds for
120 designs on 200,000 years.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from harness import Race, Way, race, table
from insurance_losses import book, settings
from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import check_exposures, cover
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.quick import Ready, ready, settle_years
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.waterfall import settle

N_BUYERS, N_YEARS, DESIGN_YEARS, N_DESIGNS = 750, 100_000, 200_000, 120
THRESHOLD, FIRST_LOSS, MAXIMUM = 1_000.0, 100_000.0, 3e6
READ = {"clause": "benchmark", "source": "benchmark"}
LATE, EARLY = "late", "early"
Array = NDArray[np.float64]


def policy(*, order: str = "A", first_loss: float = FIRST_LOSS, maximum: float = MAXIMUM) -> Policy:
    """Return the policy of the comparison."""
    terms = [
        {"kind": "buyer_limit", "discretionary_limit_amount": 20_000.0},
        {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
        {"kind": "threshold", "amount": THRESHOLD},
        {"kind": "aggregate_first_loss", "amount": first_loss},
        {"kind": "maximum_liability", "amount": maximum},
        {"kind": "waiting_period", "insolvency_days": 30, "protracted_default_days": 150, "political_days": 180},
        {"kind": "premium", "rate_ratio": 0.002},
    ]
    return policy_from_mapping(
        {
            "policy_id": "benchmark",
            "name": "Benchmark",
            "kind": "whole_turnover",
            "status": "example",
            "insurer": "none",
            "currency_code": "EUR",
            "start_date": date(2026, 1, 1),
            "end_date": date(2026, 12, 31),
            "order": order,
            "terms": [term | READ for term in terms],
        },
        where="benchmark",
    )


@cache
def stored(n_years: int, recoveries: str) -> tuple[DataFrame, InsuranceSettings, Events]:
    """Return buyers, settings and defaults; recoveries early (no share of them to give back) or by the settings."""
    buyers = book(N_BUYERS, 1.0).assign(
        turnover_amount=lambda frame: frame["exposure_amount"] * 6,
        is_insurable=True,
        is_discretionary_justified=True,
        buyer_limit_amount=lambda frame: frame["buyer_limit_amount"].where(frame.index % 4 > 0),
    )
    checked = check_exposures(buyers, lgd_ratio=0.4)
    chosen = settings(n_years)
    if recoveries == EARLY:
        early = {"insolvency": 1.0, "protracted_default": 1.0, "political": 1.0}
        chosen = chosen.model_copy(update={"early_recovery_ratios": early})
    return checked, chosen, simulate(checked, chosen)


def prepared(n_years: int, recoveries: str) -> tuple[Ready, Array, Array, int]:
    """Return claims made ready, limits and shares of the buyers, and the number of claims."""
    buyers, chosen, events = stored(n_years, recoveries)
    covers = cover(buyers, policy=policy())
    claims = ready(events, buyers, policy=policy(), settings=chosen)
    if recoveries == EARLY:
        claims = replace(claims, days=np.zeros_like(claims.days))
    return claims, covers["limit_amount"].to_numpy(), covers["insured_ratio"].to_numpy(), len(claims.eligible)


def compiled(recoveries: str = LATE, order: str = "A", n_years: int = N_YEARS) -> Callable[[], float]:
    """Our way: what is paid, the insurer's share of recoveries and the days of waiting, in every year."""
    claims, limit, ratio, _ = prepared(n_years, recoveries)
    wanted = policy(order=order)

    def call() -> float:
        paid = settle_years(claims, limit=limit, insured_ratio=ratio, policy=wanted, premium_amount=0.0)
        return float(paid.indemnity.mean())

    call()
    return call


def numpy_years(recoveries: str = EARLY, n_years: int = N_YEARS) -> Callable[[], float]:
    """NumPy by the year: claims in one go, first loss and maximum on the year's sum; no recoveries, no waiting."""
    claims, limit, ratio, _ = prepared(n_years, recoveries)
    _, _, events = stored(n_years, recoveries)
    year, who = events.year, claims.who.astype(np.int64)

    def call() -> float:
        covered = np.minimum(claims.eligible, limit[who])
        paid = np.where(covered > THRESHOLD, covered * ratio[who], 0.0)
        incurred = np.bincount(year, weights=paid, minlength=n_years)
        return float(np.minimum(np.maximum(incurred - FIRST_LOSS, 0.0), MAXIMUM).mean())

    return call


def waterfall(recoveries: str = LATE, order: str = "A", n_years: int = N_YEARS) -> Callable[[], float]:
    """The plain waterfall: every step's amount of every claim is kept."""
    buyers, chosen, events = stored(n_years, recoveries)
    wanted = policy(order=order)
    claims = claims_of(events, buyers, cover(buyers, policy=wanted), policy=wanted, settings=chosen)

    def call() -> float:
        settled = settle(claims, policy=wanted, premium_amount=0.0)
        return float(events.by_year(settled.indemnity).mean())

    return call


def grid() -> list[tuple[float, float, float]]:
    """120 designs: five insured shares, six first losses, four maxima."""
    first_losses = [float(amount) for amount in np.linspace(0, 500_000, 6)]
    return list(product((0.5, 0.6, 0.7, 0.8, 0.9), first_losses, (1e6, 2e6, 4e6, 8e6)))


def designs(n_years: int = DESIGN_YEARS) -> Callable[[], float]:
    """Our way for every design of the grid."""
    claims, limit, ratio, _ = prepared(n_years, EARLY)
    chosen = [(share, policy(first_loss=loss, maximum=most)) for share, loss, most in grid()]

    def call() -> float:
        total = 0.0
        for share, wanted in chosen:
            shares = ratio * (share / 0.9)
            paid = settle_years(claims, limit=limit, insured_ratio=shares, policy=wanted, premium_amount=0.0)
            total += float(paid.indemnity.mean())
        return total

    call()
    return call


def numpy_designs(n_years: int = DESIGN_YEARS) -> Callable[[], float]:
    """NumPy by the year for every design of the grid."""
    claims, limit, ratio, _ = prepared(n_years, EARLY)
    year, who = stored(n_years, EARLY)[2].year, claims.who.astype(np.int64)

    def call() -> float:
        total = 0.0
        for share, loss, most in grid():
            covered = np.minimum(claims.eligible, limit[who])
            paid = np.where(covered > THRESHOLD, covered * (ratio * (share / 0.9))[who], 0.0)
            incurred = np.bincount(year, weights=paid, minlength=n_years)
            total += float(np.minimum(np.maximum(incurred - loss, 0.0), most).mean())
        return total

    return call


RACES = (
    (
        "one more policy, recoveries before the loss",
        (
            Way("compiled", "insurance_policies:compiled", {"recoveries": EARLY}),
            Way("NumPy by the year", "insurance_policies:numpy_years", {"recoveries": EARLY}),
            Way("plain waterfall", "insurance_policies:waterfall", {"recoveries": EARLY}, rounds=2),
        ),
    ),
    (
        "one more policy, later recoveries shared, waiting counted",
        (
            Way("compiled", "insurance_policies:compiled", {"recoveries": LATE}),
            Way("plain waterfall", "insurance_policies:waterfall", {"recoveries": LATE}, rounds=2),
        ),
    ),
    (
        "one more policy, first loss and maximum on losses (order B)",
        (
            Way("compiled", "insurance_policies:compiled", {"recoveries": LATE, "order": "B"}),
            Way("plain waterfall", "insurance_policies:waterfall", {"recoveries": LATE, "order": "B"}, rounds=2),
        ),
    ),
    (
        "120 designs on 200,000 years",
        (Way("compiled", "insurance_policies:designs"), Way("NumPy by the year", "insurance_policies:numpy_designs")),
    ),
)


def races(repeat: int = 5) -> list[Race]:
    """Return all comparisons, measured."""
    return [race(name, ways, repeat=repeat) for name, ways in RACES]


if __name__ == "__main__":
    n_stored = {years: prepared(years, LATE)[3] for years in (N_YEARS, DESIGN_YEARS)}
    for one in races():
        print(f"{table(one)}")
        millions = n_stored[DESIGN_YEARS if "designs" in one.name else N_YEARS] / 1e6
        policies = N_DESIGNS if "designs" in one.name else 1
        each = one.times[0].seconds * 1e3 / millions / policies
        print(f"milliseconds per million defaults and policy: {each:.1f} ({millions:.2f} million defaults)\n")
