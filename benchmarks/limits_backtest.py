"""Speed of the replay of limit policies, and whether it ranks policies as the truth behind a generated ledger does.

    python benchmarks/limits_backtest.py [--full] [--seed 1]

Generates ledgers with their truth and replays five policies: sales on account to the safe only (by the true PD, and
by an estimate with an error of 0.7 in the log odds), to everybody, a little to everybody, to the risky only. Prints for
each margin and ledger the rank correlation of the net results with those by the truth, and the losses at default over
those the truth expects. Without `--full` one ledger of 300 customers (half a minute); with it five of 1,000 customers,
and the time of eight policies on about 100,000 invoices.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import yaml
from pandas import DataFrame, Series, Timestamp
from rich.console import Console
from scipy.special import expit, logit
from scipy.stats import spearmanr

from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.movements import movements
from riskresearch.ledger.synthetic.generator import synthetic_ledger
from riskresearch.limits.backtest.backtest import replay_policies
from riskresearch.limits.backtest.book import book
from riskresearch.limits.backtest.replay import ASSUMPTIONS
from riskresearch.limits.backtest.trial import Assumptions, Trial
from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping

POLICY_FILE = Path(__file__).parents[1] / "config" / "credit_policies" / "default.yaml"
AS_OF, FIRST = Timestamp("2025-12-31"), Timestamp("2023-12-31")
MARGINS = (0.01, 0.015, 0.03, 0.25)
SAFE_RATIO, ERROR = 0.7, 0.7
MEASURES = {"expected": "net_result_expected_amount", "realised": "net_result_amount"}


@dataclass(frozen=True)
class World:
    """A generated ledger of three years with what is known and what is true on the month ends of the last two."""

    tables: Mapping[str, DataFrame]
    true: DataFrame
    seed: int

    @cached_property
    def estimated(self) -> DataFrame:
        """PDs as a good model would give them, and one LGD for all."""
        noise = np.random.default_rng(self.seed).normal(0.0, ERROR, len(self.true))
        p_default = self.true["pd_12m"]
        known = Series(expit(logit(p_default.clip(1e-6, 1 - 1e-6)) + noise), index=p_default.index)
        return self.true.assign(pd_12m=known.where(p_default < 1, 1.0), lgd_ratio=0.6)

    @property
    def paths(self) -> dict[str, DataFrame]:
        """Limits of each policy."""
        bound = self.true.loc[self.true["pd_12m"] < 1, "pd_12m"].quantile(SAFE_RATIO)
        is_safe, seems_safe = self.true["pd_12m"] <= bound, self.estimated["pd_12m"] <= bound
        limits = {
            "by_true_risk": np.where(is_safe, np.inf, 0.0),
            "by_estimated_risk": np.where(seems_safe, np.inf, 0.0),
            "unlimited": np.full(len(is_safe), np.inf),
            "flat": np.full(len(is_safe), 5_000.0),
            "perverse": np.where(is_safe, 0.0, np.inf),
        }
        keys = self.true[["customer_id", "review_date"]]
        return {name: keys.assign(limit_amount=limit) for name, limit in limits.items()}


def generated(*, n_customers: int, seed: int, invoices_per_month: float = 2.3) -> World:
    """Return a generated world."""
    ledger, truth = synthetic_ledger(
        n_customers=n_customers,
        n_months=36,
        seed=seed,
        last_date=AS_OF,
        default_rate_ratio=0.05,
        invoices_per_month=invoices_per_month,
    )
    tables = {name: ledger[name] for name in ("invoices", "customers", "events", "limits")}
    tables["movements"] = movements(ledger.tables)
    tables["defaults"] = defaults(
        tables["movements"], ledger["disputes"], tables["events"], DefaultSettings(), as_of=AS_OF
    )
    rows = truth[truth["observation_date"] >= FIRST].rename(columns={"observation_date": "review_date"})
    return World(tables, rows[["customer_id", "review_date", "pd_12m", "lgd_ratio"]].reset_index(drop=True), seed)


@cache
def credit_policy(margin_ratio: float) -> CreditPolicy:
    """Return the policy of the demonstration at another margin; its file is read once for each."""
    content = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
    content["economics"]["margin_ratio"] = margin_ratio
    return credit_policy_from_mapping(content, where=POLICY_FILE.name)


def trial_of(
    world: World, paths: Mapping[str, DataFrame], known: DataFrame, margin_ratio: float, *, n_bootstrap: int = 1
) -> Trial:
    """Return the policies replayed."""
    return replay_policies(
        book(world.tables, first_review_date=FIRST, as_of=AS_OF),
        paths,
        known,
        credit_policy(margin_ratio),
        assumptions=Assumptions(),
        n_bootstrap=n_bootstrap,
        rng=np.random.default_rng(world.seed),
    )


def ranks(world: World, margin_ratio: float) -> Iterator[dict[str, object]]:
    """Return how far the replay ranks the policies as the truth does, one row per assumption."""
    by_truth = trial_of(world, world.paths, world.true, margin_ratio)
    known = trial_of(world, world.paths, world.estimated, margin_ratio)
    for assumption in ASSUMPTIONS:
        lanes = [(policy, assumption) for policy in world.paths]
        true = [by_truth.measures[lane][MEASURES["expected"]][0] for lane in lanes]
        found = {name: [known.measures[lane][code][0] for lane in lanes] for name, code in MEASURES.items()}
        past = by_truth.measures["unlimited", assumption]
        yield {
            "seed": world.seed,
            "margin": margin_ratio,
            "assumption": assumption,
            "best": lanes[int(np.argmax(true))][0],
            **{f"rank_{name}": float(spearmanr(values, true).statistic) for name, values in found.items()},
            **{f"best_{name}": int(np.argmax(values)) == int(np.argmax(true)) for name, values in found.items()},
            "defaulters": by_truth.n_defaulters,
            "realised_over_expected": float(past["loss_amount"][0] / past["expected_loss_amount"][0]),
        }


def seconds(*, n_customers: int, invoices_per_month: float, seed: int) -> dict[str, float]:
    """Return the time of eight policies under three assumptions with 400 samples of customers."""
    world = generated(n_customers=n_customers, seed=seed, invoices_per_month=invoices_per_month)
    paths = dict(world.paths)
    for number, limit in enumerate((1_000.0, 3_000.0, 10_000.0)):
        paths[f"flat_{number}"] = paths["flat"].assign(limit_amount=limit)
    started = perf_counter()
    trial_of(world, paths, world.estimated, 0.25, n_bootstrap=400)
    return {"invoices": len(world.tables["invoices"]), "policies": len(paths), "seconds": perf_counter() - started}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    console, rows = Console(width=200), []
    for seed in range(asked.seed, asked.seed + (5 if asked.full else 1)):
        world = generated(n_customers=1000 if asked.full else 300, seed=seed)
        rows += [row for margin in MARGINS for row in ranks(world, margin)]
    console.print(pd.DataFrame(rows).round(3).to_string(index=False))
    size = {"n_customers": 1200, "invoices_per_month": 3.5} if asked.full else {"n_customers": 300}
    console.print(seconds(**{"invoices_per_month": 2.3, "seed": asked.seed} | size))


if __name__ == "__main__":
    main()
