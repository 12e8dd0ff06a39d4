"""The run that changes are told against: found, earlier, whole, or refused with what to do."""

import json

import pandas as pd
import pytest

from riskresearch.base.errors import RunError
from riskresearch.pipeline.plan import folder_at
from riskresearch.pipeline.previous import PREVIOUS_READS, previous_folder

TODAY = pd.Timestamp("2025-12-31")


def _run(path, as_of, tables=PREVIOUS_READS, currency="EUR"):
    path.mkdir(parents=True)
    record = {"as_of": as_of, "facts": {"currency_code": currency, "is_synthetic": False}}
    (path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    for name in tables:
        (path / f"{name}.parquet").write_bytes(b"")
    return folder_at(path)


@pytest.fixture
def run(tmp_path):
    return _run(tmp_path / "runs" / "now", "2025-12-31")


def test_a_run_beside_this_one_is_found_by_name_and_any_by_path(run, tmp_path):
    before = _run(tmp_path / "runs" / "before", "2025-11-30")
    assert previous_folder("before", run, TODAY).path == before.path
    assert previous_folder(str(before.path), run, TODAY).path == before.path


def test_what_is_not_there_is_refused_with_the_known_runs(run):
    with pytest.raises(RunError, match="no run is there; known are now"):
        previous_folder("before", run, TODAY)


@pytest.mark.parametrize("date", ["2025-12-31", "2026-01-31"])
def test_a_run_that_is_not_earlier_is_refused(run, tmp_path, date):
    _run(tmp_path / "runs" / "other", date)
    with pytest.raises(RunError, match=f"is of {date}, this run of 2025-12-31"):
        previous_folder("other", run, TODAY)


def test_a_run_that_did_not_come_to_its_model_is_refused(run, tmp_path):
    _run(tmp_path / "runs" / "begun", "2025-11-30", tables=("snapshots",))
    with pytest.raises(RunError, match="lacks model_parts, scored, expert_ratings"):
        previous_folder("begun", run, TODAY)


def test_a_run_of_other_books_is_refused(run, tmp_path):
    _run(tmp_path / "runs" / "abroad", "2025-11-30", currency="USD")
    with pytest.raises(RunError, match="differs in currency_code"):
        previous_folder("abroad", run, TODAY)
