"""A run of a customer panel: its tables, the stages it goes through, and what it refuses."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import Series
from panel_files import ONE_DATE, YEARLY, firms, write_panel_files

from riskresearch.base.errors import LedgerError, ParameterError, RunError
from riskresearch.base.run import digest_bytes
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv
from riskresearch.pipeline.panel_run.delivery import PANEL_STAGES, left_out_stages, needed_tables
from riskresearch.pipeline.panel_run.told import panel_summary
from riskresearch.pipeline.plan import ingest, make_panel_plan, make_plan, read_plan
from riskresearch.pipeline.project import run_path
from riskresearch.pipeline.runner import plan_job, run_job
from riskresearch.pipeline.session import open_session
from riskresearch.pipeline.stages import STAGES


def _plan(home, frame=None, mapping=None, **words):
    panel, file = write_panel_files(home, firms() if frame is None else frame, mapping or YEARLY)
    words = {"config": None, "as_of": None} | words
    return make_panel_plan(run_path("firms", home=home), panel=panel, mapping=str(file), **words)


def _open(plan, **changes):
    return open_session(str(plan.folder.path), plan.folder.record()["as_of"], "en", changes)


def _bytes(folder):
    return {file.name: digest_bytes(file.read_bytes()) for file in folder.glob("*.parquet")}


def test_the_run_folder_holds_every_table_that_its_stages_read(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    assert all(plan.folder.has(name) for name in needed_tables())
    snapshots = plan.folder.read("snapshots")
    assert list(snapshots.columns[-4:]) == ["debt_ratio", "arrears_m0_months", "arrears_m1_months", "is_trade"]
    assert snapshots["open_amount"].isna().all()
    assert plan.folder.read("movements").empty
    what_if = plan.folder.read("what_if_snapshots")
    assert what_if.empty
    assert list(what_if.columns[-4:]) == list(snapshots.columns[-4:])
    assert plan.folder.read("sample_counts")["n_rows"].sum() == len(snapshots)
    assert set(plan.folder.read("customers")["customer_id"]) == set(snapshots["customer_id"])
    assert plan.settings.features.horizon_months == 12


def test_labels_are_those_of_the_panels_features(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    words = _open(plan).words
    assert words.label("feature", "arrears_m1_months") == "Arrears, 1 months before"
    assert not words.has("feature", "late_ratio_12m")


def test_a_session_reads_what_the_panel_brought_and_refuses_what_needs_invoices(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    session = _open(plan)
    pd.testing.assert_frame_equal(session.table("snapshots"), plan.folder.read("snapshots"))
    for name in left_out_stages():
        with pytest.raises(RunError, match=f"stage {name} needs invoices; a panel goes through model, validation"):
            session.make(name)
    with pytest.raises(RunError, match="stage limits needs invoices"):
        session.table("credit_limits")


def test_the_job_of_a_panel_has_its_stages_and_refuses_the_others():
    words = {"given": {}, "language": "en", "is_panel": True}
    assert [stage.name for stage in plan_job(only=None, until=None, **words).stages] == list(PANEL_STAGES)
    assert [stage.name for stage in plan_job(only=None, until="04", **words).stages] == ["model", "validation"]
    assert [stage.name for stage in plan_job(only="explanation", until=None, **words).stages] == ["explanation"]
    for asked in ({"only": "limits", "until": None}, {"only": None, "until": "report"}):
        with pytest.raises(ParameterError, match="needs invoices; a customer panel goes through model"):
            plan_job(**asked, **words)
    assert set(left_out_stages()) | set(PANEL_STAGES) == {stage.name for stage in STAGES}


def test_the_record_makes_the_same_plan_again_and_nothing_is_read_twice(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    first, again = _bytes(plan.folder.path), read_plan(plan.folder)
    assert again == plan
    written = plan.folder.file("snapshots").stat().st_mtime_ns
    ingest(again)
    assert plan.folder.file("snapshots").stat().st_mtime_ns == written
    other = _plan(tmp_path / "other", firms().sample(frac=1, random_state=3))
    ingest(other)
    assert _bytes(other.folder.path) == first


def test_a_changed_mapping_is_read_again(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    changed = copy.deepcopy(YEARLY)
    changed["features"] = changed["features"][:2]
    (tmp_path / "yearly.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    session = _open(plan)
    assert "is_trade" not in session.table("snapshots")
    assert "is_trade" not in session.table("feature_dictionary")["feature_code"].to_list()


def test_the_users_settings_come_on_top_of_the_mappings(tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("features: {out_of_time_ratio: 0.5}\n", encoding="utf-8")
    plan = _plan(tmp_path, config=config, overrides={"model": {"seed": 7}})
    features = plan.settings.features
    assert (features.embargo_months, features.out_of_time_ratio, features.horizon_months) == (0, 0.5, 12)
    assert plan.settings.model.seed == 7


def test_what_the_panel_cannot_tell_is_said(tmp_path):
    frame = firms().drop_duplicates("Firm").assign(Extra="x")
    mapping = ONE_DATE | {"gaps": {"made_up": "nothing here is real"}}
    plan = _plan(tmp_path, frame, mapping)
    ingest(plan)
    gaps = plan.folder.read("gaps").set_index("gap_code")["effect"]
    assert set(gaps.index) == {"made_up", "no_invoices", "horizon", "one_date", "carried_forward", "unknown_columns"}
    assert "(Extra)" in gaps["unknown_columns"]
    text = panel_summary(plan.folder)
    assert "default within 6 month(s)" in text
    assert "Not run, they need invoices: behaviour, features, limits, insurance, monitoring, report" in text
    assert "made_up: nothing here is real" in text


def test_a_ledger_in_the_folder_of_a_panel_replaces_it(tmp_path):
    plan = _plan(tmp_path)
    ingest(plan)
    made, truth = synthetic_ledger(n_customers=12, n_months=12, seed=2)
    write_ledger_csv(made, truth, tmp_path / "ledger")
    ledger = make_plan(plan.folder.path, ledger=tmp_path / "ledger", mapping=None, config=None, as_of=None)
    ingest(ledger)
    assert not ledger.folder.read("movements").empty
    assert _open(ledger).words.has("feature", "late_ratio_12m")
    assert read_plan(plan.folder).panel is None


def _with_leak(frame, seed=0):
    """Ratings of which D is given to 8 of 10 firms because they failed, and a date of closure that only they have."""
    failed = frame.groupby("Firm")["Failed"].transform("last").eq("yes")
    is_next = failed & (frame.groupby("Firm").cumcount(ascending=False) == 1)
    is_d = is_next & (np.random.default_rng(seed).random(len(frame)) < 0.8)
    closed = Series(1.0, index=frame.index).where(~is_d)
    return frame.assign(Rating=np.where(is_d, "D", "B"), Closed=closed, Count=np.where(is_next, 9, frame["Late"]))


LEAKS = [
    (
        {"formula": "is_one_of", "columns": ["Rating"], "values": ["D"]},
        r"leak: its highest values are \d+ of \d+ defaults",
    ),
    ({"formula": "value", "columns": ["Closed"]}, r"leak: its missing values|leak: its (?:highest|lowest) values"),
    ({"formula": "value", "columns": ["Count"]}, r"leak: AUC (?:0\.99|1)"),
]


@pytest.mark.parametrize(("words", "message"), LEAKS)
def test_a_feature_that_tells_the_defaults_apart_alone_is_refused(tmp_path, words, message):
    leak = YEARLY["features"][2] | {"feature": "leak"} | words
    leak = leak if "values" in words else {key: value for key, value in leak.items() if key != "values"}
    mapping = YEARLY | {"features": [*YEARLY["features"], leak]}
    with pytest.raises(LedgerError, match=message):
        ingest(_plan(tmp_path, _with_leak(firms()), mapping))
    vouched = mapping | {"known_before": {"leak": "checked with the source"}}
    ingest(_plan(tmp_path, _with_leak(firms()), vouched))


def test_the_notebooks_of_a_panel_run_and_leave_a_bundle_or_say_why_not(tmp_path):
    plan = _plan(tmp_path, firms(n_firms=200))
    job = plan_job(only=None, until=None, given={}, language="fr", is_panel=True)
    reports = run_job(plan, job, progress=lambda *_: None)
    pages = {file.stem for file in reports.glob("*.html")}
    assert pages == {"03_model", "04_validation", "05_explanation", "11_handover"}
    assert not re.search(r'href="index\.', (reports / "04_validation.html").read_text(encoding="utf-8"))
    scored = plan.folder.read("scored")
    today = plan.folder.read("snapshots").query("sample_code == 'scoring'")
    assert set(scored.query("segment_code != 'defaulted'")["customer_id"]) == set(today["customer_id"])
    assert (reports / "bundle").is_dir() == (not plan.folder.read("model_parts").empty)
    assert "Stages run: model, validation, explanation, handover" in panel_summary(plan.folder)


def test_no_file_and_no_mapping_are_named(tmp_path):
    plan = _plan(tmp_path)
    (tmp_path / "panel.csv").unlink()
    with pytest.raises(LedgerError, match="the path of your panel with --panel"):
        ingest(plan)
