"""How often the tests of the battery reject a model: one that is right, and one whose PDs are half of the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.stats import binom

from riskresearch.validation.adjustment import holm
from riskresearch.validation.registry import Result
from riskresearch.validation.reliability import jeffreys_p
from validation_truth import GRADES, SETTINGS, Drawn, Floats, Portfolio, drawn, measured, p_value

CORRELATION = 0.05
SCENARIOS = {"right": (1, 0.0), "right_common": (1, CORRELATION), "half": (2, 0.0), "half_common": (2, CORRELATION)}
"""True PD over stated PD, asset correlation."""
LEVELS = (0.05, 0.01)
LIGHT = "traffic_light"
DEPENDS_ON = {
    "jeffreys": "total",
    "binomial": "total",
    "binomial_correlated": "total",
    "hosmer_lemeshow": "grades",
    "spiegelhalter": "rows",
    "slope_and_level": "rows",
    LIGHT: "total",
}
"""Measures of one date and what they depend on beside the PDs: defaults, defaults by grade, or of each row."""
YEARS = (3, 5, 10)
Bools = NDArray[np.bool_]


@dataclass
class Once:
    """Calls members of the battery once for each distinct set of numbers that they depend on.

    Parameters
    ----------
    portfolio : customers, the same each time
    """

    portfolio: Portfolio
    known: dict[tuple[str, bytes], Result] = field(default_factory=dict)

    def results(self, outcome: Bools) -> dict[str, Result]:
        """Return what each measure of `DEPENDS_ON` says of these defaults."""
        evidence = self.portfolio.evidence(outcome)
        keys = {"total": outcome.sum().tobytes(), "grades": self.portfolio.by_grade(outcome).tobytes()}
        return {
            name: measured(name, evidence) if kind == "rows" else self._known(name, keys[kind], evidence)
            for name, kind in DEPENDS_ON.items()
        }

    def _known(self, name: str, key: bytes, evidence: Drawn) -> Result:
        if (name, key) not in self.known:
            self.known[name, key] = measured(name, evidence)
        return self.known[name, key]


def one_date(n_customers: int, *, n_draws: int, seed: int) -> DataFrame:
    """Return the p-values of the tests of one date and the traffic light, one row per scenario and repetition.

    Parameters
    ----------
    n_customers : customers of the demo's mix
    n_draws : repetitions of each scenario
    seed : of the chance

    Returns
    -------
    DataFrame ``scenario`` and one column per test, with the colour in ``traffic_light``.
    """
    portfolio = Portfolio.of(n_customers, "demo")
    called, lines = Once(portfolio), []
    for place, (scenario, (factor, correlation)) in enumerate(SCENARIOS.items()):
        rng = np.random.default_rng([seed, n_customers, place])
        for _ in range(n_draws):
            outcome = drawn(factor * portfolio.pds, rng, correlation=correlation)
            told = called.results(outcome)
            p = {name: result.value for name, result in told.items() if name != LIGHT}
            lines.append({"scenario": scenario, **p, LIGHT: str(told[LIGHT].verdict)})
    return DataFrame(lines).astype({name: float for name in DEPENDS_ON if name != LIGHT})


def several_years(n_customers: int, *, n_draws: int, seed: int) -> DataFrame:
    """Return the p-values of the test over several years, one row per scenario and repetition.

    Returns
    -------
    DataFrame ``scenario`` and ``years_3``, ``years_5``, ``years_10``: the same customers anew in each year, years
    independent of each other.
    """
    portfolio, lines = Portfolio.of(n_customers, "demo"), []
    for place, (scenario, (factor, correlation)) in enumerate(SCENARIOS.items()):
        rng = np.random.default_rng([seed, n_customers, place, 1])
        for _ in range(n_draws):
            hits = [int(drawn(factor * portfolio.pds, rng, correlation=correlation).sum()) for _ in range(max(YEARS))]
            told = {f"years_{n}": _yearly(hits[:n], portfolio) for n in YEARS}
            lines.append({"scenario": scenario, **told})
    return DataFrame(lines)


def _yearly(hits: Sequence[int], portfolio: Portfolio) -> float:
    years = DataFrame({"n_rows": len(portfolio.pds), "n_defaults": hits, "pd_mean": portfolio.pds.mean()})
    return p_value("normal_multi_year", Drawn(portfolio.rows, SETTINGS, np.random.default_rng(0), years=years))


def rejections(found: DataFrame) -> DataFrame:
    """Return the share of the repetitions in which each test rejects, by scenario and level.

    What cannot be computed does not reject; its share is told.

    Parameters
    ----------
    found : ``scenario`` and one column of p-values per test

    Returns
    -------
    DataFrame ``test scenario level ratio not_computed``.
    """
    tests = [name for name in found if name not in ("scenario", LIGHT)]
    parts = [
        {
            "test": name,
            "scenario": scenario,
            "level": level,
            "ratio": float((rows[name] < level).mean()),
            "not_computed": float(rows[name].isna().mean()),
        }
        for scenario, rows in found.groupby("scenario", sort=False)
        for name in tests
        for level in LEVELS
    ]
    return DataFrame(parts)


def family(n_customers: int, mix: str, *, n_draws: int, seed: int) -> DataFrame:
    """Return how often at least one grade is rejected by the Jeffreys test, raw and after Holm's adjustment.

    Returns
    -------
    DataFrame ``scenario level raw holm n_grades``.
    """
    portfolio = Portfolio.of(n_customers, mix)
    n = portfolio.by_grade()
    held = n > 0
    pd_mean = portfolio.by_grade(portfolio.pds)[held] / n[held]
    return pd.concat(
        [
            _errors(
                portfolio, held, pd_mean, scenario, rng=np.random.default_rng([seed, n_customers, place, 2]), n=n_draws
            )
            for place, scenario in enumerate(SCENARIOS)
        ],
        ignore_index=True,
    )


def _errors(
    portfolio: Portfolio, held: Bools, pd_mean: Floats, scenario: str, *, rng: np.random.Generator, n: int
) -> DataFrame:
    factor, correlation = SCENARIOS[scenario]
    draws = (drawn(factor * portfolio.pds, rng, correlation=correlation) for _ in range(n))
    hits = np.array([portfolio.by_grade(outcome)[held] for outcome in draws])
    raw = jeffreys_p(portfolio.by_grade()[held], hits, pd_mean)
    adjusted = np.array([holm(p) for p in raw])
    return DataFrame(
        {
            "scenario": scenario,
            "level": level,
            "raw": float((raw < level).any(axis=1).mean()),
            "holm": float((adjusted < level).any(axis=1).mean()),
            "n_grades": int(held.sum()),
        }
        for level in LEVELS
    )


def by_grade(n_customers: int, mix: str) -> DataFrame:
    """Return how often the Jeffreys and the binomial test reject a grade, exactly, not by simulation.

    All customers of a grade have its mean PD and default independently, as both tests assume.

    Returns
    -------
    DataFrame ``grade n_rows pd_mean`` and ``jeffreys_right_5 jeffreys_right_1 jeffreys_half_5 jeffreys_half_1``, the
    same for ``binomial``.
    """
    portfolio = Portfolio.of(n_customers, mix)
    sizes, sums = portfolio.by_grade(), portfolio.by_grade(portfolio.pds)
    held = np.flatnonzero(sizes)
    return DataFrame(_exact(GRADES[k], int(sizes[k]), float(sums[k] / sizes[k])) for k in held)


def _exact(grade: str, n: int, pd_mean: float) -> dict[str, object]:
    counts = np.arange(n + 1)
    laws = {"right": binom.pmf(counts, n, pd_mean), "half": binom.pmf(counts, n, 2 * pd_mean)}
    frame = DataFrame({"customer_id": np.arange(n), "pd_12m": pd_mean})
    shares: dict[str, float] = {}
    for name in ("jeffreys", "binomial"):
        p = np.array(list(_of_counts(name, frame, counts)))
        told = {(world, level): weight[p < level].sum() for world, weight in laws.items() for level in LEVELS}
        shares |= {f"{name}_{world}_{level * 100:.0f}": float(share) for (world, level), share in told.items()}
    return {"grade": grade, "n_rows": n, "pd_mean": pd_mean, **shares}


def _of_counts(name: str, frame: DataFrame, counts: NDArray[np.int64]) -> Iterator[float]:
    """P-value of each number of defaults."""
    for d in counts:
        rows = frame.assign(is_default=np.arange(len(frame)) < d)
        yield p_value(name, Drawn(rows, SETTINGS, np.random.default_rng(0)))
