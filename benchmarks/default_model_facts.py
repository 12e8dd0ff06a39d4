"""How close the default models come to the known truth of generated ledgers, and what keeps them from it.

    python benchmarks/default_model_facts.py [--seeds 1 2 3] [--customers 5000] [--months 60] [--csv FOLDER]

makes one ledger per seed, its panel, and all candidates fitted on the development sample; everything is measured out of
time, among customers with twelve months of history whose true PD is known. The truth is only read here, never by a
stage. Ten seeds take about half an hour on one core.
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from default_model_bounds import bounds, hidden_stops
from default_model_portfolio import Portfolio, Size, gini, portfolio, settings_of_run, true_log_odds
from riskresearch.base.resampling import bootstrap_auc
from riskresearch.model.calibration.fit import Rows, fit_platt, log_loss
from riskresearch.model.fits import Fits, fit_candidates
from riskresearch.model.tables import CHAMPION, COLD_START

N_BOOTSTRAP, SEED = 1000, 1
ARREARS = ("ageing", "delay")
MONTH_MORE = {"days": 30.0, "months": 1.0, "ratio": 0.1}
TENURES_MONTHS = (0, 3, 6, 12, 1000)
Floats = NDArray[np.float64]
Measured = tuple[DataFrame, dict[str, object], DataFrame, DataFrame]


def candidate_facts(one: Portfolio, fits: Fits, scores: Mapping[str, Floats]) -> DataFrame:
    """Return one row per candidate: Gini, its share of the truth's, slope, level, distance to the champion and rule.

    Parameters
    ----------
    fits : candidates fitted on the development sample
    scores : calibrated log-odds of the judged rows by candidate
    """
    test = one.judged
    hit, owner = test["is_default"].to_numpy(bool), test["customer_id"].to_numpy(str)
    true = true_log_odds(test)
    rng = np.random.default_rng(SEED)
    drawn = 2 * bootstrap_auc(scores, hit, owner, n_bootstrap=N_BOOTSTRAP, rng=rng)
    best = gini(true, hit)
    lines = []
    for name, odds in scores.items():
        line, own = fit_platt(Rows.of(odds, hit, owner)), gini(odds, hit)
        less, more = (drawn[CHAMPION] - drawn[name]).quantile([0.025, 0.975])
        lines.append(
            {
                "seed": one.seed,
                "model": name,
                "gini": own,
                "share": own / best,
                "champion_minus": gini(scores[CHAMPION], hit) - own,
                "low": less,
                "high": more,
                "slope": line.slope,
                "slope_se": line.slope_se,
                "observed_to_expected": hit.mean() / _published(one, fits, name, odds).mean(),
                "correlation": float(np.corrcoef(odds, true)[0, 1]),
            }
        )
    return DataFrame(lines)


def _published(one: Portfolio, fits: Fits, name: str, odds: Floats) -> Series:
    """PDs on the level known when the out-of-time block began."""
    start = one.rows.loc[one.rows["sample_code"] == "out_of_time", "observation_date"].min()
    level, _ = fits.levels(name, one.rows, one.cohorts, until=start)
    return level.pds(odds)["pd_12m"]


def ledger_facts(one: Portfolio, fits: Fits, seconds: float) -> dict[str, object]:
    """Return the facts of one ledger that are not those of a candidate."""
    test = one.judged
    hit = test["is_default"].to_numpy(bool)
    return {
        "seed": one.seed,
        "defaulters_development": fits.sample.n_defaulters,
        "rows": len(test),
        "rows_without_truth": len(one.out_of_time) - len(test),
        "defaulters": test.loc[hit, "customer_id"].nunique(),
        "gini_true": gini(test["true_pd"].to_numpy(), hit),
        "trees": fits.boosted.n_trees,
        "calibration": fits.calibration.method,
        "calibration_slope": fits.calibration.slope,
        "fit_seconds": seconds,
        **hidden_stops(test),
    }


def fallen(one: Portfolio, fits: Fits) -> DataFrame:
    """Return how often the PD of a scored or tested row falls when its arrears are a month worse, by candidate.

    Every feature of arrears and delay declared as riskier when higher is raised: by 30 days, by one month, by 0.1; each
    alone, then all together.
    """
    used = one.dictionary.set_index("feature_code")
    raised = used[used["family_code"].isin(ARREARS) & (used["direction_code"] == 1)]["unit_code"].map(MONTH_MORE)
    rows = one.rows[one.rows["sample_code"].isin(["out_of_time", "scoring"])]
    changes = [raised[[name]] for name in raised.index] + [raised]
    lines = []
    for name, model in fits.models.items():
        before = model.log_odds(rows)
        after = [model.log_odds(rows.assign(**(rows[list(c.index)] + c))) - before for c in changes]
        lower = sum(int((difference < -1e-9).sum()) for difference in after)
        lines.append({"model": name, "compared": len(rows) * len(changes), "lower": lower})
        lines[-1]["higher_all_together"] = float((after[-1] > 1e-9).mean())
    return DataFrame(lines).assign(seed=one.seed)


def short_history(one: Portfolio, fits: Fits) -> DataFrame:
    """Return log loss and Gini out of time by months of history: champion, cold start, and a mean of both.

    In the mean the champion has the weight n / (n + k) after n months.
    """
    rows = one.rows[(one.rows["sample_code"] == "out_of_time") & one.rows["tenure_months"].notna()]
    months, hit = rows["tenure_months"].to_numpy(float), rows["is_default"].to_numpy(bool)
    own, cold = fits.log_odds(CHAMPION, rows), fits.log_odds(COLD_START, rows)
    weights = {f"shrunk, k = {k}": months / (months + k) for k in (3, 12)}
    scores = {CHAMPION: own, COLD_START: cold, **{name: w * own + (1 - w) * cold for name, w in weights.items()}}
    lines = []
    for low, high in pairwise(TENURES_MONTHS):
        part = (months >= low) & (months < high)
        known = {"seed": one.seed, "from_month": low, "rows": int(part.sum()), "defaults": int(hit[part].sum())}
        for name, odds in scores.items():
            lines.append({**known, "model": name, "log_loss": log_loss(odds[part], hit[part])})
            lines[-1]["gini"] = gini(odds[part], hit[part])
    return DataFrame(lines)


def measured(one: Portfolio) -> Measured:
    """Return the facts of the candidates, of the ledger, of rows made worse, and of customers with a short history."""
    started = process_time()
    fits = fit_candidates(one.sample, settings_of_run().model)
    seconds = process_time() - started
    scores = {name: fits.log_odds(name, one.judged) for name in fits.models}
    facts = candidate_facts(one, fits, scores), ledger_facts(one, fits, seconds)
    return *facts, fallen(one, fits), short_history(one, fits)


def summary(facts: DataFrame) -> DataFrame:
    """Return mean (lowest to highest) over the seeds, one row per model."""
    numbers = facts.drop(columns=["seed", "low", "high", "slope_se"], errors="ignore")
    table = numbers.groupby("model", sort=False).agg(_spread)
    if "low" in facts:
        is_above, is_below = facts["low"] > 0, facts["high"] < 0
        counted = DataFrame({"model": facts["model"], "above": is_above, "below": is_below})
        table[["seeds_better", "seeds_worse"]] = counted.groupby("model", sort=False)[["above", "below"]].sum()
    return table


def _spread(values: Series) -> str:
    return f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})"


def main(words: Sequence[str] | None = None) -> None:
    """Measure all seeds and print the tables."""
    told = _told(words)
    size = Size(told.customers, told.months, told.default_rate, told.invoices_per_month)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        portfolios, found = _measured_all(told.seeds, size, bar)
        task = bar.add_task("bounds", total=len(portfolios))
        bound = pd.concat(list(bar.track(bounds(portfolios), task_id=task)), ignore_index=True)
    candidates, worse, short = (pd.concat([facts[i] for facts in found], ignore_index=True) for i in (0, 2, 3))
    tables = {
        "ledgers": DataFrame([facts[1] for facts in found]),
        "candidates": candidates,
        "candidates_summary": summary(candidates),
        "bounds": bound.sort_values(["model", "seed"], ignore_index=True),
        "bounds_summary": summary(bound),
        "short_history": _means(short),
        "worse_rows": worse.groupby("model", sort=False)[["compared", "lower"]].sum(),
    }
    _print(tables, told.csv)


def _means(short: DataFrame) -> DataFrame:
    """Mean log loss and Gini over the seeds, rows and defaults summed."""
    grouped = short.groupby(["from_month", "model"], sort=False)
    return grouped.agg({"rows": "sum", "defaults": "sum", "log_loss": "mean", "gini": "mean"})


def _told(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = Size()
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)), help="seeds of the ledgers")
    parser.add_argument("--customers", type=int, default=size.n_customers)
    parser.add_argument("--months", type=int, default=size.n_months)
    parser.add_argument("--default-rate", type=float, default=size.default_rate_ratio, help="per customer-year")
    parser.add_argument("--invoices-per-month", type=float, default=size.invoices_per_month, help="per customer")
    parser.add_argument("--csv", type=Path, help="folder for the tables, one CSV file each")
    return parser.parse_args(words)


def _measured_all(seeds: Sequence[int], size: Size, bar: Progress) -> tuple[list[Portfolio], list[Measured]]:
    task = bar.add_task("", total=len(seeds))
    portfolios, found = [], []
    for seed in seeds:
        bar.update(task, description=f"ledger and panel {seed}")
        portfolios.append(portfolio(seed, size))
        bar.update(task, description=f"models of ledger {seed}")
        found.append(measured(portfolios[-1]))
        bar.advance(task)
    return portfolios, found


def _print(tables: Mapping[str, DataFrame], folder: Path | None) -> None:
    with pd.option_context("display.width", 250, "display.max_columns", 40, "display.precision", 3):
        for name, table in tables.items():
            print(f"\n{name.replace('_', ' ')}\n{table.to_string()}", flush=True)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                table.to_csv(folder / f"{name}.csv")


if __name__ == "__main__":
    main()
