"""What the tests and intervals of the validation battery are worth under a known truth: size, power, coverage.

    python benchmarks/validation_facts.py [--full] [--seed 1] [--write docs/validation.md]

draws defaults from PDs that are known and lets the battery judge the PDs: right ones, ones that are half of the truth,
independent customers and customers of one economy. Without `--full` 100 repetitions on 350 customers (half a minute, to
see that it works); with it 2,000 repetitions on 350, 1,000 and 5,000 customers (the tests of order, grades, shares and
moves on the first two), about an hour on one core.
`--write` puts the tables between the markers of the page.
"""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pandas import DataFrame
from rich.console import Console
from rich.progress import track

from riskresearch.base.run import write_atomically
from riskresearch.validation.registry import BATTERY
from validation_coverage import DESIGNS, held, of_rates
from validation_sizes import LEVELS, SCENARIOS, by_grade, family, one_date, rejections, several_years
from validation_trials import TRIALS, tried
from validation_truth import MIXES, SETTINGS
from validation_verdicts import TRUTHS, verdicts

SMALL, FULL = ((350,), 100), ((350, 1000, 5000), 2000)
RATES = (0.0025, 0.01, 0.03, 0.10)
COLOURS = ("green", "amber", "red")
WORLDS = dict(zip(SCENARIOS, ("right", "right, common factor", "half", "half, common factor"), strict=True))
DESIGN_NAMES = dict(zip(DESIGNS, ("one date", "twelve dates", "one date, common factor"), strict=True))
ERRORS = 2.0
"""A share is called too high where it lies so many standard errors of the simulation above its level."""
Tables = Mapping[str, DataFrame]
Item = TypeVar("Item")


def measured_facts(sizes: Sequence[int], *, n_draws: int, seed: int) -> dict[str, DataFrame]:
    """Return all facts as frames, ratios 0-1.

    Parameters
    ----------
    sizes : customers of a sample
    n_draws : repetitions
    seed : of the chance

    Returns
    -------
    p_values, lights, families, grades, trials, coverage, rates, verdicts
    """
    size = {"n_draws": n_draws, "seed": seed}
    dates = {n: one_date(n, **size) for n in _shown(sizes, "tests of one date")}
    years = {n: several_years(n, **size) for n in _shown(sizes, "tests over several years")}
    families = [family(n, mix, **size).assign(n_customers=n, mix=mix) for mix in MIXES for n in sizes]
    pairs = [(trial, n) for trial in TRIALS for n in sizes[:2]]
    trials = [line for trial, n in _shown(pairs, "other tests") for line in tried(trial, n, **size)]
    designs = [(design, n) for design in DESIGNS for n in sizes]
    worlds = [(n, world) for n in sizes[:2] for world in TRUTHS]
    coverage = [covered(held(design, n, **size), design, n) for design, n in _shown(designs, "intervals")]
    return {
        "p_values": pd.concat(
            [rejections(f).assign(n_customers=n) for part in (dates, years) for n, f in part.items()]
        ),
        "lights": pd.concat([lights(frame).assign(n_customers=n) for n, frame in dates.items()]),
        "families": pd.concat(families),
        "grades": by_grade(sizes[0], "wide"),
        "trials": DataFrame(trials),
        "coverage": pd.concat(coverage),
        "rates": of_rates(tuple(sizes[:2]), RATES),
        "verdicts": pd.concat(
            [verdicts(n, world, n_draws=n_draws, seed=seed) for n, world in _shown(worlds, "verdicts")]
        ),
    }


def covered(holds: DataFrame, design: str, n_customers: int) -> DataFrame:
    """Return the share of the intervals that hold the true value, of those that there are."""
    return DataFrame(
        {
            "measure": holds.columns,
            "design": design,
            "n_customers": n_customers,
            "ratio": holds.mean().to_numpy(),
            "no_interval": holds.isna().mean().to_numpy(),
        }
    )


def lights(found: DataFrame) -> DataFrame:
    """Return how often the traffic light shows each colour, by scenario."""
    shares = pd.crosstab(found["scenario"], found["traffic_light"], normalize="index")
    return shares.reindex(index=list(SCENARIOS), columns=list(COLOURS), fill_value=0.0).reset_index()


def blocks(found: Tables, n_draws: int) -> dict[str, str]:
    """Return the facts as tables in Markdown, by the name of their markers.

    Parameters
    ----------
    found : see `measured_facts`
    n_draws : repetitions behind them
    """
    return {
        "calibration": _calibration(found["p_values"], n_draws),
        "traffic light": _lights(found["lights"]),
        "families": _families(found["families"], n_draws),
        "grades": _grades(found["grades"]),
        "others": _others(found["trials"], n_draws),
        "coverage": _coverage(found["coverage"], n_draws),
        "rates": _rates(found["rates"]),
        "verdicts": _verdicts(found["verdicts"]),
    }


def with_blocks(page: str, made: Mapping[str, str]) -> str:
    """Return a page with the tables between their markers, ``<!-- facts: NAME -->`` and ``<!-- end -->``.

    Raises
    ------
    ValueError
        The page lacks a pair of markers.
    """
    for name, text in made.items():
        found = re.search(rf"(?<=<!-- facts: {re.escape(name)} -->\n).*?(?=<!-- end -->)", page, re.DOTALL)
        if found is None:
            raise ValueError(f"the page has no markers <!-- facts: {name} --> and <!-- end -->; add them")
        page = f"{page[: found.start()]}{text}\n{page[found.end() :]}"
    return page


def _calibration(p_values: DataFrame, n_draws: int) -> str:
    keys = ["test", "n_customers"]
    head = ["test", "customers", *(f"{name}: 5 % / 1 %" for name in WORLDS.values()), "not computable"]
    lines = []
    for (test, n), rows in p_values.groupby(keys, sort=False):
        shares = rows.set_index(["scenario", "level"])["ratio"]
        cells = [_pair(shares[name], n_draws if name.startswith("right") else None) for name in WORLDS]
        lines.append([label(str(test)), f"{n:,}", *cells, _percent(float(rows["not_computed"].max()))])
    return markdown(head, lines)


def _verdicts(found: DataFrame) -> str:
    head = ["area", "customers", *TRUTHS]
    lines = []
    for (n, area), rows in found.groupby(["n_customers", "area_code"], sort=False):
        shares = rows.set_index("world")[list(COLOURS)]
        lines.append([str(area), f"{n:,}", *(" / ".join(_percent(x) for x in shares.loc[w]) for w in TRUTHS)])
    return markdown(head, lines)


def _lights(found: DataFrame) -> str:
    head = ["customers", *WORLDS.values()]
    lines = []
    for n, rows in found.groupby("n_customers", sort=False):
        shares = rows.set_index("scenario")[list(COLOURS)]
        lines.append([f"{n:,}", *(" / ".join(_percent(x) for x in shares.loc[name]) for name in WORLDS)])
    return markdown(head, lines)


def _families(found: DataFrame, n_draws: int) -> str:
    head = ["grades", "customers", *(f"{name}: {kind}" for name in ("right", "half") for kind in ("raw", "Holm"))]
    chosen, lines = found[~found["scenario"].str.endswith("common")], []
    for (_, n_grades, n), rows in chosen.groupby(["mix", "n_grades", "n_customers"], sort=False):
        told = rows.set_index(["scenario", "level"])
        cells = [
            _pair(told.loc[name, kind], n_draws if name == "right" else None)
            for name in ("right", "half")
            for kind in ("raw", "holm")
        ]
        lines.append([f"{n_grades}", f"{n:,}", *cells])
    return markdown(head, lines)


def _grades(found: DataFrame) -> str:
    columns = [(name, world) for name in ("jeffreys", "binomial") for world in ("right", "half")]
    head = [
        "grade",
        "customers",
        "PD",
        "defaults expected",
        *(f"{name}, {world}: 5 % / 1 %" for name, world in columns),
    ]
    lines = []
    for row in found.to_dict("records"):
        shares = [{level: row[f"{name}_{world}_{100 * level:.0f}"] for level in LEVELS} for name, world in columns]
        is_size = [world == "right" for _, world in columns]
        cells = [
            " / ".join(_bold(x, told and round(x - level, 3) > 0) for level, x in pair.items())
            for pair, told in zip(shares, is_size, strict=True)
        ]
        pd_mean, n = row["pd_mean"], row["n_rows"]
        lines.append([row["grade"], f"{n:,}", f"{100 * pd_mean:.2f} %", f"{n * pd_mean:.2f}", *cells])
    return markdown(head, lines)


def _others(found: DataFrame, n_draws: int) -> str:
    head = ["test", "its hypothesis is true", "it is false", "customers", "true: 5 % / 1 %", "false: 5 % / 1 %"]
    fails = {(trial.test, trial.holds): trial.fails for trial in TRIALS}
    lines = []
    for (test, holds, n), rows in found.groupby(["test", "holds", "n_customers"], sort=False):
        shares = rows.set_index(["is_false", "level"])["ratio"]
        cells = [_pair(shares[False], n_draws), _pair(shares[True], None)]
        lines.append([label(str(test)), str(holds), fails[str(test), str(holds)], f"{n:,}", *cells])
    return markdown(head, lines)


def _coverage(found: DataFrame, n_draws: int) -> str:
    head, lines = ["interval of", "customers", *DESIGN_NAMES.values()], []
    least = SETTINGS.confidence_ratio - ERRORS * _error(SETTINGS.confidence_ratio, n_draws)
    for (measure, n), rows in found.groupby(["measure", "n_customers"], sort=False):
        shares = rows.set_index("design")["ratio"].reindex(list(DESIGNS))
        cells = ["–" if np.isnan(share) else _bold(share, share < least) for share in shares]
        lines.append([label(str(measure)), f"{n:,}", *cells])
    return markdown(head, lines)


def _rates(found: DataFrame) -> str:
    names = {"wilson": "Wilson", "clopper_pearson": "Clopper-Pearson", "jeffreys": "Jeffreys"}
    head = [
        "customers",
        "PD",
        "defaults expected",
        *(f"{name}: independent / common factor" for name in names.values()),
    ]
    lines = []
    for row in found.to_dict("records"):
        n, rate = int(row["n_rows"]), row["pd"]
        pairs = [[row[f"{name}{ending}"] for ending in ("", "_common")] for name in names]
        cells = [" / ".join(_bold(x, round(x - SETTINGS.confidence_ratio, 3) < 0) for x in pair) for pair in pairs]
        lines.append([f"{n:,}", f"{100 * rate:.2f} %", f"{n * rate:.1f}", *cells])
    return markdown(head, lines)


def label(test: str) -> str:
    """Return the English name of a test or measure, as the page of a run shows it."""
    if test.startswith("years_"):
        return f"{label('normal_multi_year')}, {test.removeprefix('years_')} years"
    if test not in BATTERY:
        return f"table `{test}`, smallest adjusted p"
    return BATTERY[test].spec.label_en.removesuffix(", p-value")


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def _pair(shares: pd.Series, n_draws: int | None) -> str:
    """Shares at both levels in per cent; bold where a level is exceeded by more than the simulation's error."""
    cells = []
    for level in LEVELS:
        share = float(shares.loc[level])
        is_high = n_draws is not None and share > level + ERRORS * _error(level, n_draws)
        cells.append(_bold(share, is_high))
    return " / ".join(cells)


def _error(ratio: float, n_draws: int) -> float:
    return float(np.sqrt(ratio * (1 - ratio) / n_draws))


def _bold(share: float, is_bold: bool) -> str:
    return f"**{_percent(share)}**" if is_bold else _percent(share)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _shown(items: Sequence[Item], what: str) -> Iterable[Item]:
    return track(items, description=f"{what:<26}", console=Console(stderr=True))


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the tables and put them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="2,000 repetitions on 350, 1,000 and 5,000 customers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page whose tables are replaced")
    told = parser.parse_args(words)
    sizes, n_draws = FULL if told.full else SMALL
    made = blocks(measured_facts(sizes, n_draws=n_draws, seed=told.seed), n_draws)
    for name, text in made.items():
        print(f"\n{name}\n\n{text}")
    if told.write:
        write_atomically(told.write, with_blocks(told.write.read_text(encoding="utf-8"), made).encode())


if __name__ == "__main__":
    main()
