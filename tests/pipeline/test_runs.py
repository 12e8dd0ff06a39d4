"""Runs: resumed after a kill, refused parameters, failing cells, one run at a time."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskresearch.base.errors import NotebookFailure, ParameterError, RunError
from riskresearch.base.run import digest_bytes
from riskresearch.cli import app
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv
from riskresearch.pipeline import runner
from riskresearch.pipeline.parameters import parse_assignments
from riskresearch.pipeline.plan import make_plan
from riskresearch.pipeline.project import run_path
from riskresearch.pipeline.runner import plan_job, run_job
from riskresearch.pipeline.session import open_session

UNTIL = "features"


@pytest.fixture(scope="module")
def ledger_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    made, truth = synthetic_ledger(n_customers=40, n_months=18, seed=2, default_rate_ratio=0.1)
    write_ledger_csv(made, truth, folder)
    return folder


def _command(ledger_folder, home, *words):
    return [
        sys.executable,
        "-c",
        "from riskresearch.cli import main; main()",
        "run",
        "--ledger",
        str(ledger_folder),
        "--run",
        "small",
        "--home",
        str(home),
        *words,
    ]


def _bytes(home):
    files = [p for p in Path(home).rglob("*") if p.is_file() and "timings" not in p.parts and p.name != ".lock"]
    return {str(p.relative_to(home)): digest_bytes(p.read_bytes()) for p in files}


def _killed_after(command, seconds):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            return True
    return False


@pytest.mark.skipif(os.name == "nt", reason="kills the process by a POSIX signal")
def test_a_run_killed_at_a_random_moment_and_started_again_gives_the_same_bytes(ledger_folder, tmp_path):
    home, command = tmp_path / "home", _command(ledger_folder, tmp_path / "home", "--until", UNTIL)
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    duration = time.monotonic() - started
    undisturbed = _bytes(home)
    shutil.rmtree(home)
    moment = random.Random(os.getpid())  # any moment must do
    fractions = [moment.uniform(0.05, 0.45) for _ in range(3)]
    killed = [_killed_after(command, duration * fraction) for fraction in fractions]
    time.sleep(2)  # kernels notice within a second that their parent is gone
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert killed[0]
    assert finished.stdout.strip().endswith("small")
    assert _bytes(home) == undisturbed, f"killed after {fractions} of {duration:.1f} s"
    assert {"01_behaviour.ipynb", "02_features.html"} <= {Path(name).name for name in undisturbed}


def test_unknown_parameters_are_refused_before_anything_runs(ledger_folder, tmp_path):
    result = CliRunner().invoke(
        app, ["run", "--ledger", str(ledger_folder), "--run", "x", "--home", str(tmp_path), "-p", "n_treees=3"]
    )
    assert isinstance(result.exception, ParameterError)
    assert "n_treees" in str(result.exception)
    assert "n_trees" in str(result.exception)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [({"n_trees": "many"}, "is not int"), ({"run": "y"}, "--run"), ({"n_trees": True}, "is not int")],
)
def test_wrong_parameters_are_named(given, message):
    with pytest.raises(ParameterError, match=message):
        plan_job(only=None, until=None, given=given, language="en")


def test_unknown_stage_and_language_are_refused():
    with pytest.raises(ParameterError, match="choose one of behaviour"):
        plan_job(only="modle", until=None, given={}, language="en")
    with pytest.raises(ParameterError, match="'en' or 'fr'"):
        plan_job(only=None, until=None, given={}, language="de")


def test_words_keep_leading_zeros_and_yes_and_no():
    assert parse_assignments(["a=01", "b=no", "c=1.5", "d=true", "e="]) == {
        "a": "01",
        "b": "no",
        "c": 1.5,
        "d": True,
        "e": "",
    }
    with pytest.raises(ParameterError, match="name=value"):
        parse_assignments(["a"])


def _plan(ledger_folder, home, **words):
    return make_plan(
        run_path("small", home=home),
        ledger=ledger_folder,
        mapping=None,
        config=None,
        as_of=words.pop("as_of", None),
        **words,
    )


def test_a_failing_cell_is_named_and_the_partly_executed_notebook_kept(ledger_folder, tmp_path, monkeypatch):
    books = tmp_path / "notebooks"
    shutil.copytree(runner.NOTEBOOKS, books)
    file = books / "01_behaviour.ipynb"
    file.write_text(
        file.read_text(encoding="utf-8").replace('work.show(work.table(\\"gaps\\"), \\"gaps\\")', "1 / 0"),
        encoding="utf-8",
    )
    monkeypatch.setattr(runner, "NOTEBOOKS", books)
    job = plan_job(only="behaviour", until=None, given={}, language="fr")
    with pytest.raises(NotebookFailure, match=r"01_behaviour, cell \d+: ZeroDivisionError"):
        run_job(_plan(ledger_folder, tmp_path), job, progress=lambda *_: None)
    reports = tmp_path / "reports" / "small"
    assert (reports / "01_behaviour.failed.ipynb").is_file()
    assert not (reports / "01_behaviour.ipynb").exists()
    assert not (reports / "01_behaviour.html").exists()


def test_a_run_without_known_invoices_says_which_date_would_do(ledger_folder, tmp_path):
    job = plan_job(only="behaviour", until=None, given={}, language="en")
    with pytest.raises(Exception, match="choose a later --as-of"):
        run_job(_plan(ledger_folder, tmp_path, as_of="2001-01-31"), job, progress=lambda *_: None)


def test_a_run_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(RunError, match="riskresearch run --ledger PATH --run nowhere"):
        open_session(str(tmp_path / "data" / "runs" / "nowhere"), "2025-12-31", "en")


def test_the_date_of_a_session_must_be_the_date_of_the_run(ledger_folder, tmp_path):
    from riskresearch.pipeline.plan import ingest

    plan = _plan(ledger_folder, tmp_path, as_of="2025-10-31")
    ingest(plan)
    with pytest.raises(ParameterError, match="is of 2025-10-31"):
        open_session(str(plan.folder.path), "2025-12-31", "en")
    session = open_session(str(plan.folder.path), "2025-10-31", "fr", {"behaviour.window_months": 6})
    assert session.settings.behaviour.window_months == 6
    first = session.make("behaviour").kpis
    done = session.folder.record()["stages"]["behaviour"]["digest"]
    assert session.make("behaviour").kpis.equals(first)
    again = open_session(str(plan.folder.path), "2025-10-31", "fr", {"behaviour.window_months": 12})
    again.make("behaviour")
    assert again.folder.record()["stages"]["behaviour"]["digest"] != done
