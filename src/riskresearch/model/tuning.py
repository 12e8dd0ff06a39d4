"""Tuning of the champion: a seeded search over its settings, judged on purged folds of the development sample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.resampling import auc
from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.model.candidates.registry import Fitted
from riskresearch.model.folds import FOLD_METHODS, Fold, purged_folds
from riskresearch.model.sample import Sample

Told = Callable[[str, int, int], None]
Losses = NDArray[np.float64]
STATES = ("complete", "pruned")


class TuningSettings(StageSettings):
    """Search over the settings of the champion."""

    n_trials: int = Field(
        0, ge=0, le=1000, description="settings of the champion tried, the given ones first; 0 = no search"
    )
    n_tuning_folds: int = Field(
        3, ge=2, le=10, description="blocks of later dates a trial is judged on; customer folds where dates are too few"
    )


@dataclass(frozen=True)
class Dimension:
    """One searched setting: its range, and whether it is searched by ratio and in whole numbers."""

    name: str
    low: float
    high: float
    is_log: bool = True
    is_whole: bool = False


SPACE = (
    Dimension("learning_rate", 0.01, 0.2),
    Dimension("n_leaves", 2, 15, is_whole=True),
    Dimension("leaf_ratio", 0.002, 0.05),
    Dimension("l2_penalty", 0.1, 100.0),
    Dimension("feature_ratio", 0.1, 1.0, is_log=False),
)
TUNING_TRIALS = Table(
    "tuning_trials",
    "model",
    "one row per trial of the search over the champion's settings; empty where none was asked for",
    ("trial_number",),
    (
        Column("trial_number", "int", "number of the trial; 0 = the settings as given"),
        *(Column(d.name, "int" if d.is_whole else "float", "setting tried") for d in SPACE),
        Column("log_loss", "float", "mean log loss over the folds finished, uncalibrated"),
        Column("auc", "float", "mean area under the ROC curve over the folds finished", True),
        Column("n_trees", "float", "mean number of trees over the folds finished", True),
        Column("log_loss_gain", "float", "log loss saved on these folds against the settings as given"),
        Column("log_loss_gain_se", "float", "its standard error, rows of a customer taken together"),
        Column("fold_code", "code", "what the folds leave out", False, FOLD_METHODS),
        Column("n_folds", "int", "folds finished"),
        Column("state_code", "code", "complete, or pruned: given up as worse than the median so far", False, STATES),
        Column(
            "is_best",
            "bool",
            "largest gain of the complete trials that gain more than its standard error; else trial 0",
        ),
    ),
)
Settings = TypeVar("Settings", bound=StageSettings)


@dataclass(frozen=True)
class _Judge:
    """Fits settings on the folds of a sample and measures them on what each fold leaves out."""

    sample: Sample
    folds: list[Fold]
    fit: Callable[[Sample, Mapping[str, Any]], Fitted]

    def fold(self, number: int, tried: Mapping[str, Any]) -> tuple[Losses, float, float | None]:
        """Return log loss of each row left out, AUC, and number of trees of one fold."""
        train, test = self.folds[number]
        fitted = self.fit(self.sample.where(train), tried)
        held = self.sample.where(test)
        raw = fitted.log_odds(held.rows)
        return log_losses(raw, held.outcome), auc(raw, held.outcome), getattr(fitted, "n_trees", None)


def silent(step: str, done: int, of: int) -> None:
    """Tell nobody about progress."""


def tune(
    sample: Sample,
    settings: Settings,
    fit: Callable[[Sample, Settings], Fitted],
    *,
    told: Told,
    embargo_months: int = 1,
) -> tuple[DataFrame, dict[str, float | int]]:
    """Return table `tuning_trials` and the best settings found for the champion.

    The first trial takes the settings as given. The others are drawn by the tree-structured Parzen estimator (Bergstra
    et al. 2011), from the same seed always alike; a trial whose mean log loss so far is above the median of the trials
    before is given up. The number of trees is not searched: the champion finds it by early stopping inside the
    training rows of each fold.

    Best is the complete trial that saves most log loss, of those that save more than the standard error of what they
    save; where there is none, the settings stay as given. The gain of the best of many trials is flattered by the
    choice; judge it out of time.

    Parameters
    ----------
    sample : development sample
    settings : holds `seed`, the searched settings and those of `TuningSettings`
    fit : makes the champion from a sample and settings
    told : called with "tuning", the trials done and their number
    embargo_months : months kept free between the end of the last training outcome and a block

    Returns
    -------
    table `tuning_trials`, one row per trial, and the searched settings of the best one; empty where no trial is asked
    for.
    """
    asked: Any = settings
    if asked.n_trials == 0:
        return empty(TUNING_TRIALS), {}
    code, folds = purged_folds(sample, n_folds=asked.n_tuning_folds, embargo_months=embargo_months)
    judge = _Judge(sample, folds, lambda part, tried: fit(part, settings.model_copy(update=dict(tried))))
    rows = _searched(judge, asked, told)
    trials = DataFrame(rows).assign(fold_code=code)
    is_sure = (trials["state_code"] == "complete") & (trials["log_loss_gain"] > trials["log_loss_gain_se"])
    trials["is_best"] = trials.index == trials["log_loss_gain"].where(is_sure, 0.0).idxmax()
    checked = check(trials, TUNING_TRIALS)
    best = checked.loc[checked["is_best"], [d.name for d in SPACE]].iloc[0]
    return checked, {d.name: int(best[d.name]) if d.is_whole else float(best[d.name]) for d in SPACE}


def log_losses(log_odds: NDArray[np.float64], outcome: NDArray[np.int64]) -> Losses:
    """Return minus the logarithm of the probability given to what happened, one per row.

    Examples
    --------
    >>> log_losses(np.array([0.0, 800.0]), np.array([1, 0])).round(4).tolist()
    [0.6931, 800.0]
    """
    return np.logaddexp(0.0, np.where(outcome == 1, -log_odds, log_odds))


def _searched(judge: _Judge, settings: Any, told: Told) -> list[dict[str, Any]]:
    """Rows of all trials in the order they were tried."""
    import optuna

    given = {d.name: getattr(settings, d.name) for d in SPACE}
    done = {True: optuna.trial.TrialState.COMPLETE, False: optuna.trial.TrialState.PRUNED}
    rows: list[dict[str, Any]] = []
    first: list[Losses] = []
    with _silent(optuna):
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=settings.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        study.enqueue_trial({d.name: min(max(given[d.name], d.low), d.high) for d in SPACE})
        for number in range(settings.n_trials):
            told("tuning", number, settings.n_trials)
            trial = study.ask()
            drawn = {d.name: _drawn(trial, d) for d in SPACE}
            row, losses = _tried(judge, trial, drawn if number else given)
            first = first or losses
            is_complete = len(losses) == len(judge.folds)
            study.tell(trial, row["log_loss"] if is_complete else None, done[is_complete])
            rows.append(row | _gain(judge, first, losses))
    told("tuning", settings.n_trials, settings.n_trials)
    return rows


def _drawn(trial: Any, dimension: Dimension) -> float | int:
    """Value the search proposes, to four digits."""
    name, low, high, is_log = dimension.name, dimension.low, dimension.high, dimension.is_log
    if dimension.is_whole:
        return int(trial.suggest_int(name, int(low), int(high), log=is_log))
    return float(f"{trial.suggest_float(name, low, high, log=is_log):.4g}")


def _tried(judge: _Judge, trial: Any, tried: Mapping[str, Any]) -> tuple[dict[str, Any], list[Losses]]:
    """Row of one trial, and the log losses of the rows left out, one array per fold finished."""
    found: list[tuple[Losses, float, float | None]] = []
    for number in range(len(judge.folds)):
        found.append(judge.fold(number, tried))
        trial.report(_mean([losses.mean() for losses, _, _ in found]), number)
        if number + 1 < len(judge.folds) and trial.should_prune():
            break
    trees = [n for _, _, n in found if n is not None]
    row = {
        "trial_number": trial.number,
        **tried,
        "log_loss": _mean([losses.mean() for losses, _, _ in found]),
        "auc": _mean([area for _, area, _ in found]),
        "n_trees": _mean(trees) if trees else None,
        "n_folds": len(found),
        "state_code": "complete" if len(found) == len(judge.folds) else "pruned",
    }
    return row, [losses for losses, _, _ in found]


def _gain(judge: _Judge, first: list[Losses], losses: list[Losses]) -> dict[str, float]:
    """Log loss saved on the folds finished, and its standard error with customers as units."""
    saved = [before - after for before, after in zip(first[: len(losses)], losses, strict=True)]
    parts = [
        Series((fold - fold.mean()) / (len(fold) * len(saved)), index=judge.sample.customers[test].to_numpy())
        for fold, (_, test) in zip(saved, judge.folds[: len(saved)], strict=True)
    ]
    by_customer = pd.concat(parts).groupby(level=0).sum()
    return {
        "log_loss_gain": _mean([fold.mean() for fold in saved]),
        "log_loss_gain_se": float(np.sqrt((by_customer**2).sum())),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


@contextmanager
def _silent(optuna: Any) -> Iterator[None]:
    """Keep the search from writing to the terminal."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
