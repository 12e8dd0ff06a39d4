"""Tuning from the command line: search on a run's development sample, leave settings another run can take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pandas import DataFrame

from riskresearch.base.config import merged
from riskresearch.base.errors import ParameterError, RunError
from riskresearch.base.run import write_atomically
from riskresearch.model.candidates.registry import CANDIDATES
from riskresearch.model.sample import Sample
from riskresearch.model.tuning import SPACE, Told, tune
from riskresearch.pipeline.customer_files import open_run
from riskresearch.pipeline.session import Session

CHAMPION = "lightgbm"
TUNED, TRIALS = "tuned.yaml", "tuned_trials.csv"


@dataclass(frozen=True)
class Tuned:
    """Trials of a search and the files they were written to.

    Parameters
    ----------
    trials : table `tuning_trials`
    settings_file : settings of the run with those of the best trial, for ``riskresearch run --config``
    trials_file : the trials as CSV
    """

    trials: DataFrame
    settings_file: Path
    trials_file: Path


def tune_run(run: str, *, n_trials: int, told: Told) -> Tuned:
    """Search the champion's settings on the development sample of a run; the run itself stays as it is.

    Parameters
    ----------
    run : name of the run, or path of its folder
    n_trials : settings tried, those of the run first
    told : called with "tuning", the trials done and their number

    Raises
    ------
    ParameterError
        Fewer than two trials are asked for.
    RunError
        There is no such run, or it holds too few customers in default to fit a model.
    """
    if n_trials < 2:
        raise ParameterError(f"{n_trials} trial(s): the first tries the settings of the run; ask for at least 2")
    session = open_run(run, "en")
    sample = development_sample(session)
    settings = session.settings.model.model_copy(update={"n_trials": n_trials})
    trials, best = tune(
        sample,
        settings,
        CANDIDATES[CHAMPION].function,
        told=told,
        embargo_months=session.settings.features.embargo_months,
    )
    folder = session.folder.path
    write_atomically(folder / TUNED, tuned_yaml(session, best).encode())
    write_atomically(folder / TRIALS, trials.to_csv(index=False, lineterminator="\n").encode())
    return Tuned(trials, folder / TUNED, folder / TRIALS)


def development_sample(session: Session) -> Sample:
    """Return the development sample of a run.

    Raises
    ------
    RunError
        It holds too few customers in default to fit a model.
    """
    panel = session.table("snapshots")
    sample = Sample.of(
        panel[panel["sample_code"] == "development"],
        session.table("feature_dictionary"),
        horizon_months=session.settings.features.horizon_months,
    )
    needed = session.settings.model.min_defaulters
    if sample.n_defaulters < needed:
        raise RunError(
            f"run '{session.folder.name}': {sample.n_defaulters} customers in default in the development sample, "
            f"model.min_defaulters is {needed}: no model is fitted, so there is nothing to tune; give a longer ledger"
        )
    return sample


def tuned_yaml(session: Session, best: dict[str, float | int]) -> str:
    """Return the settings of a run that differ from the defaults, with those found, as YAML."""
    given: dict[str, Any] = session.settings.model_dump(mode="json", exclude_defaults=True)
    content = {section: fields for section, fields in merged(given, {"model": best}).items() if fields}
    content["model"].pop("n_trials", None)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return f"# Settings of run {session.folder.name}, the champion tuned by `riskresearch tune`.\n{text}"


def tuned_text(tuned: Tuned) -> str:
    """Return the result as text, for a terminal: settings given and found, what they gain, and how to go on."""
    trials = tuned.trials.set_index("trial_number")
    best = trials[trials["is_best"]].iloc[0]
    names = [d.name for d in SPACE] + ["n_trees", "log_loss", "auc"]
    shown = DataFrame({"given": trials.loc[0, names], "best": best[names]}).map("{:.6g}".format)
    n_pruned = int((trials["state_code"] == "pruned").sum())
    folds = "blocks of later dates" if best["fold_code"] == "time" else "groups of customers"
    return (
        f"{shown.to_string()}\n\n"
        f"{len(trials)} trials, {n_pruned} of them given up early, each on {best['n_folds']} {folds}; best is trial "
        f"{best.name}: log loss lower by {best['log_loss_gain']:.6f}, standard error {best['log_loss_gain_se']:.6f}. "
        "The gain of the best of many is flattered: judge it out of time.\n"
        f"Every trial: {tuned.trials_file}\n"
        f"Next: riskresearch run --config {tuned.settings_file} --run NAME …, then riskresearch compare"
    )
