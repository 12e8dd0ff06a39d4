"""Tuning from the command line: the run stays as it is, what is found can be handed to another run."""

from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from model.panel import panel

from riskresearch.base.errors import ParameterError, RunError
from riskresearch.features.stage import feature_dictionary
from riskresearch.model.tuning import SPACE
from riskresearch.pipeline import tuning
from riskresearch.pipeline.settings import resolve
from riskresearch.pipeline.tuning import development_sample, tune_run, tuned_text

NAMES = ["late_ratio_12m", "overdue_ratio"]
GIVEN = {"model": {"n_trees": 30, "min_defaulters": 20, "n_trials": 5}}


@pytest.fixture(scope="module")
def tables():
    """Return a small panel with few features."""
    frame = panel(n_customers=80, base=-3.0)
    dictionary = feature_dictionary()
    return {"snapshots": frame, "feature_dictionary": dictionary[dictionary["feature_code"].isin(NAMES)]}


@pytest.fixture
def run(tmp_path, tables, monkeypatch):
    """Let the command open a run of these tables; returns its folder."""
    folder = tmp_path / "data" / "runs" / "one"
    session = SimpleNamespace(
        table=lambda name: tables[name],
        settings=resolve(GIVEN, where="test"),
        folder=SimpleNamespace(path=folder, name="one"),
    )
    monkeypatch.setattr(tuning, "open_run", lambda name, language: session)
    return session


def test_the_settings_found_are_written_for_another_run(run):
    told = []
    tuned = tune_run("one", n_trials=3, told=lambda *words: told.append(words))
    assert [done for _, done, _ in told] == [0, 1, 2, 3]
    best = tuned.trials[tuned.trials["is_best"]].iloc[0]
    content = yaml.safe_load(tuned.settings_file.read_text(encoding="utf-8"))
    again = resolve(content, where="tuned.yaml")
    assert {d.name: getattr(again.model, d.name) for d in SPACE} == {d.name: best[d.name] for d in SPACE}
    assert (again.model.n_trees, again.model.min_defaulters, again.model.n_trials) == (30, 20, 0)
    changed = {d.name for d in SPACE} | {"n_trials"}
    assert again.model.model_dump(exclude=changed) == run.settings.model.model_dump(exclude=changed)
    assert again.model_dump(exclude={"model"}) == run.settings.model_dump(exclude={"model"})
    assert set(content) == {"model"}
    assert sorted(path.name for path in run.folder.path.iterdir()) == ["tuned.yaml", "tuned_trials.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(tuned.trials_file), tuned.trials, check_dtype=False)


def test_the_text_shows_given_and_found_and_how_to_go_on(run):
    tuned = tune_run("one", n_trials=2, told=lambda *_: None)
    text = tuned_text(tuned)
    given = dict(line.split()[:2] for line in text.splitlines()[1:6])
    assert {name: float(value) for name, value in given.items()} == {
        d.name: getattr(run.settings.model, d.name) for d in SPACE
    }
    assert f"riskresearch run --config {tuned.settings_file} --run NAME" in text


def test_the_sample_is_the_development_rows(run, tables):
    sample = development_sample(run)
    rows = tables["snapshots"].query("sample_code == 'development'")
    assert len(sample.rows) == len(rows)
    assert set(sample.rows["observation_date"]) == set(rows["observation_date"])
    assert sample.horizon_months == run.settings.features.horizon_months


def test_a_sample_with_too_few_defaulters_is_refused(run):
    run.settings = resolve({"model": {"min_defaulters": 1000}}, where="test")
    with pytest.raises(RunError, match=r"run 'one': \d+ customers in default .* model.min_defaulters is 1000"):
        tune_run("one", n_trials=3, told=lambda *_: None)


def test_one_trial_is_no_search(run):
    with pytest.raises(ParameterError, match="ask for at least 2"):
        tune_run("one", n_trials=1, told=lambda *_: None)
