"""MLflow: recorded fits are brought over once, kept up to date, shown from an environment of its own."""

import base64
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import tasks
from riskresearch.pipeline.mlflow_store import bring, main, metrics, parameters, pictures, read_fits

PROJECT = Path(__file__).parents[2]
FIT = {
    "experiment": "abc123",
    "runs": ["one"],
    "data": {"as_of": "2025-01-31", "n_rows": 60},
    "code": {"pandas": "3.1.1"},
    "settings": {"model.seed": 1, "model.grade_bounds": [0.01, 0.02]},
    "chosen": {"model_code": "lightgbm", "reason_code": "accepted"},
    "measures": {"lightgbm.out_of_time.auc": 0.8, "expert.out_of_time.auc_gain": None, "scored.n_customers": 3},
}


def home_of(folder, *fits):
    """Write fits and, for each run, the record that names its latest fit."""
    for fit in fits:
        file = folder / "data" / "experiments" / f"{fit['experiment']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(fit))
        for run in fit["runs"]:
            record = folder / "data" / "runs" / run / "record.json"
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"experiment": fit["experiment"]}))
    return folder


def with_pages(home):
    """Write the pages of run ``one``: a PNG and an SVG among the outputs of its model notebook."""
    reports = home / "reports" / "one"
    reports.mkdir(parents=True)
    outputs = [
        {"data": {"text/plain": "3"}},
        {"data": {"image/png": base64.b64encode(b"\x89PNG").decode()}},
        {"data": {"image/svg+xml": ["<svg>", "</svg>"]}},
    ]
    (reports / "03_model.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}, {"source": ""}]}))
    (reports / "03_model.html").write_text("<p>model</p>")
    return home


class Client:
    """MLflow's client as far as it is used, in memory."""

    def __init__(self):
        self.runs, self.places = {}, {}

    def get_experiment_by_name(self, name):
        return SimpleNamespace(experiment_id="7") if name in self.places else None

    def create_experiment(self, name, artifact_location):
        self.places[name] = artifact_location
        return "7"

    def search_runs(self, experiments, query, max_results):
        wanted = query.split("'")[1]
        return [run for run in self.runs.values() if run.data.tags["fit"] == wanted]

    def create_run(self, experiment, start_time, tags, run_name):
        info = SimpleNamespace(run_id=f"r{len(self.runs)}", start_time=start_time)
        run = SimpleNamespace(info=info, data=SimpleNamespace(tags=dict(tags)), params={}, metrics={}, files={})
        self.runs[info.run_id] = run
        return run

    def log_batch(self, name, metrics, params):
        for kept, given in ((self.runs[name].metrics, metrics), (self.runs[name].params, params)):
            assert all(kept.get(key, value) == value for key, value, *_ in given)
            kept.update({key: value for key, value, *_ in given})

    def set_tag(self, name, key, value):
        self.runs[name].data.tags[key] = value

    def set_terminated(self, name, end_time):
        self.runs[name].end_time = end_time

    def log_artifacts(self, name, folder):
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        self.runs[name].files |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def client(monkeypatch):
    """Let the import work on a client in memory."""
    one = Client()
    modules = {name: ModuleType(name) for name in ("mlflow", "mlflow.entities")}
    modules["mlflow"].MlflowClient = lambda tracking_uri: one
    modules["mlflow.entities"].Param = lambda key, value: (key, value)
    modules["mlflow.entities"].Metric = lambda key, value, when, step: (key, value, when, step)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return one


def test_parameters_are_settings_data_and_code_as_text():
    assert parameters(FIT) == {
        "code.pandas": "3.1.1",
        "data.as_of": "2025-01-31",
        "data.n_rows": "60",
        "model.grade_bounds": "[0.01, 0.02]",
        "model.seed": "1",
    }


def test_metrics_are_grouped_by_measure_and_what_is_none_is_left_out():
    assert metrics(FIT) == {"auc/out_of_time/lightgbm": 0.8, "n_customers/scored": 3.0}


def test_pictures_and_pages_are_those_of_the_run_that_still_holds_the_fit(tmp_path):
    home = with_pages(home_of(tmp_path, FIT))
    assert dict(pictures(FIT, home)) == {
        "pages/one/03_model.html": b"<p>model</p>",
        "figures/one/03_model_1.png": b"\x89PNG",
        "figures/one/03_model_2.svg": b"<svg></svg>",
    }
    assert dict(pictures(FIT | {"experiment": "older"}, home)) == {}
    assert dict(pictures(FIT | {"runs": ["removed"]}, home)) == {}


def test_the_import_can_be_repeated_and_follows_changes(tmp_path, client, capsys):
    home = home_of(tmp_path, FIT, FIT | {"experiment": "def456", "runs": ["two"]})
    words = [str(home), str(home / "data" / "experiments" / "mlflow.db")]
    main(words)
    main(words)
    with_pages(home)
    main(words)
    told = ["2 added, 0 changed, 0 unchanged", "0 added, 0 changed, 2 unchanged", "0 added, 1 changed, 1 unchanged"]
    assert capsys.readouterr().out.splitlines() == told
    run = next(run for run in client.runs.values() if run.data.tags["fit"] == "abc123")
    assert len(client.runs) == 2
    assert (run.params, run.metrics) == (parameters(FIT), metrics(FIT))
    assert sorted(run.files) == [
        "figures/one/03_model_1.png",
        "figures/one/03_model_2.svg",
        "fit.json",
        "pages/one/03_model.html",
    ]
    assert json.loads(run.files["fit.json"]) == FIT
    assert {key: run.data.tags[key] for key in FIT["chosen"]} == FIT["chosen"]
    assert client.places["riskresearch"] == (home / "data" / "experiments" / "artifacts").as_uri()


def test_an_import_that_was_stopped_goes_on_with_the_same_entry(tmp_path, client, monkeypatch):
    home = home_of(tmp_path, FIT)
    whole = Client.log_artifacts
    monkeypatch.setattr(Client, "log_artifacts", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        bring(read_fits(home / "data" / "experiments"), tmp_path / "mlflow.db", home)
    monkeypatch.setattr(Client, "log_artifacts", whole)
    assert bring(read_fits(home / "data" / "experiments"), tmp_path / "mlflow.db", home)["changed"] == 1
    assert [sorted(run.files) for run in client.runs.values()] == [["fit.json"]]


@pytest.mark.skipif(not tasks.MLFLOW_PYTHON.exists(), reason="no .venv-mlflow: `make mlflow` makes it")
def test_mlflow_itself_takes_the_fits_once(tmp_path):
    home = with_pages(home_of(tmp_path, FIT))
    store = home / "data" / "experiments" / "mlflow.db"
    command = [tasks.MLFLOW_PYTHON, "-I", PROJECT / "src/riskresearch/pipeline/mlflow_store.py", home, store]
    said = []
    for _ in range(2):
        around = {**tasks.surroundings(), **tasks.MLFLOW_SETTINGS}
        done = subprocess.run(command, env=around, cwd=tmp_path, capture_output=True, text=True, check=True)
        said.append(done.stdout.splitlines()[-1])
    assert said == ["1 added, 0 changed, 0 unchanged", "0 added, 0 changed, 1 unchanged"]
    with sqlite3.connect(store) as books:
        values = dict(books.execute("select key, value from latest_metrics"))
        names = dict(books.execute("select key, value from params"))
    books.close()
    assert (values, names) == (metrics(FIT), parameters(FIT))
    assert len(list((home / "data" / "experiments" / "artifacts").rglob("03_model_1.png"))) == 1


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Let the command work in a folder of the test and note what it would start."""
    made = []
    monkeypatch.setattr(tasks, "ROOT", home_of(tmp_path, FIT))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "mlflow.txt").write_text("mlflow==3\n")
    monkeypatch.setattr(tasks, "MLFLOW_VENV", tmp_path / ".venv-mlflow")
    monkeypatch.setattr(tasks, "MLFLOW_STAMP", tmp_path / ".venv-mlflow" / "stamp")
    monkeypatch.setattr(tasks, "setup", lambda: made.append("setup"))
    monkeypatch.setattr(tasks, "make_environment", lambda folder: (made.append("make"), folder.mkdir(exist_ok=True)))
    monkeypatch.setattr(tasks, "install_locked", lambda lock, installers: made.append(lock))
    monkeypatch.setattr(tasks, "run", lambda *command, settings: made.append(" ".join(map(str, command[1:5]))))
    return made


IMPORT = "-I src/riskresearch/pipeline/mlflow_store.py . data/experiments/mlflow.db"
BUILD = ["make", "requirements/mlflow.txt"]


def test_the_command_builds_its_environment_once_imports_and_opens_the_page(calls, tmp_path):
    tasks.main(["mlflow"])
    assert calls == ["setup", *BUILD, IMPORT, "-m mlflow ui --backend-store-uri"]
    tasks.main(["mlflow", "--import-only"])
    assert calls[5:] == ["setup", IMPORT]
    (tmp_path / "requirements" / "mlflow.txt").write_text("mlflow==4\n")
    tasks.main(["mlflow", "--import-only"])
    assert calls[7:] == ["setup", *BUILD, IMPORT]


def test_the_page_is_of_this_machine_only_and_words_are_handed_on(calls, monkeypatch):
    started = []
    monkeypatch.setattr(tasks, "run", lambda *command, settings: started.append((command, settings)))
    tasks.main(["mlflow", "--port", "5050"])
    command, settings = started[-1]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[-2:] == ("--port", "5050")
    assert settings["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_without_a_recorded_fit_there_is_nothing_to_show(calls, tmp_path):
    next((tmp_path / "data" / "experiments").iterdir()).unlink()
    with pytest.raises(SystemExit, match="No fit is recorded"):
        tasks.main(["mlflow"])
    assert calls == []
