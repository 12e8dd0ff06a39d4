"""Reading a ledger into a run: interrupted between two dates, the tables of one date only."""

import pandas as pd
import pytest
from small_ledger import small_ledger

from riskresearch.base.errors import RunError, SettingsError
from riskresearch.base.run import RunFolder
from riskresearch.base.schema import empty
from riskresearch.ledger.synthetic.export import write_ledger_csv
from riskresearch.ledger.tables import TRUTH
from riskresearch.pipeline.plan import ingest, make_plan, read_plan
from riskresearch.pipeline.project import report_path

ROWS = [
    {
        "id": f"I{n}",
        "date": f"2024-0{n}-05",
        "due": f"2024-0{n + 1}-05",
        "amount": 100,
        "paid": [[f"2024-0{n + 1}-09", 100]],
    }
    for n in range(1, 7)
]


@pytest.fixture
def delivered(tmp_path):
    write_ledger_csv(small_ledger(ROWS), empty(TRUTH), tmp_path / "ledger")
    return tmp_path / "ledger"


def _plan(delivered, as_of):
    folder = delivered.parent / "data" / "runs" / "trial"
    return make_plan(folder, ledger=delivered, mapping="canonical", config=None, as_of=as_of)


def test_a_killed_reading_at_another_date_leaves_no_mixed_tables(delivered, monkeypatch):
    late = _plan(delivered, "2024-07-31")
    ingest(late)
    before = {name: late.folder.read(name) for name in ("invoices", "allocations", "movements")}
    write = RunFolder.write

    def killed(self, table, frame):
        if table == "movements":
            raise KeyboardInterrupt
        write(self, table, frame)

    monkeypatch.setattr(RunFolder, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        ingest(_plan(delivered, "2024-03-31"))
    monkeypatch.undo()
    ingest(_plan(delivered, "2024-07-31"))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(late.folder.read(name), frame)


def test_a_run_folder_that_has_no_place_for_reports_is_refused(tmp_path):
    assert report_path(tmp_path / "data" / "runs" / "a") == tmp_path / "reports" / "a"
    with pytest.raises(RunError, match="HOME/data/runs/NAME"):
        report_path(tmp_path.__class__(tmp_path.anchor) / "a")


def test_a_run_of_another_version_with_other_settings_is_told_so(delivered):
    plan = _plan(delivered, "2024-07-31")
    ingest(plan)
    settings = plan.folder.record()["settings"]
    settings["insurance"] |= {"gone": 1}
    plan.folder.update_record(settings=settings)
    with pytest.raises(SettingsError, match="gone"):
        read_plan(plan.folder)
    plan.folder.update_record(code="another")
    with pytest.raises(RunError, match="'trial' was made by another version"):
        read_plan(plan.folder)
