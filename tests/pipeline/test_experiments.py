"""Experiments: a fit is named by what it was made from, its measures can be worked out again, two can be compared."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskresearch.base.errors import RunError
from riskresearch.base.run import RunFolder
from riskresearch.base.schema import Column, Table
from riskresearch.pipeline.experiments import (
    compare_experiments,
    compare_runs,
    compare_with_standard,
    find_experiment,
    measures,
    record_experiment,
)
from riskresearch.pipeline.settings import resolve
from riskresearch.pipeline.stages import TABLES

KINDS = {"customer_id": "text", "observation_date": "date", "is_default": "bool", "is_chosen": "bool"}
USED = {
    "snapshots": ("customer_id", "observation_date", "is_default"),
    "feature_dictionary": ("feature_code",),
    "model_choice": ("model_code", "reason_code", "auc", "auc_gain", "is_chosen"),
    "scores": ("model_code", "customer_id", "observation_date", "sample_code", "pd_12m", "is_default"),
    "scored": ("customer_id", "pd_12m", "pd_source_code"),
}


def _table(name):
    kinds = {column: KINDS.get(column, "text" if column.endswith("_code") else "float") for column in USED[name]}
    columns = tuple(Column(c, kind, "", c in ("is_default", "auc", "auc_gain")) for c, kind in kinds.items())
    keys = tuple(c for c in ("model_code", "customer_id", "observation_date", "feature_code") if c in USED[name])
    return Table(name, "model", "", keys, columns)


def made(n_customers=30, seed=1):
    """Return the tables a fit is recorded from."""
    rng = np.random.default_rng(seed)
    dates = pd.to_datetime(["2024-01-31", "2024-02-29", "2025-01-31"]).as_unit("us")
    keys = pd.MultiIndex.from_product([[f"C{i:02d}" for i in range(n_customers)], dates]).to_frame(index=False)
    keys.columns = ["customer_id", "observation_date"]
    known = (keys["observation_date"] < "2025-01-01").to_numpy()
    hit = pd.Series(rng.random(len(keys)) < 0.3).astype("boolean").where(known)
    panel = keys.assign(is_default=hit)
    scores = [
        panel[known].assign(
            model_code=model,
            sample_code=np.where(panel.loc[known, "observation_date"] < "2024-02-01", "development", "out_of_time"),
            pd_12m=rng.random(known.sum()),
        )
        for model in ("late_rate", "lightgbm")
    ]
    scored = DataFrame(
        {
            "customer_id": ["C00", "C01", "C02"],
            "pd_12m": [0.1, 0.3, 1.0],
            "pd_source_code": ["lightgbm"] * 2 + ["default"],
        }
    )
    choice = DataFrame(
        {
            "model_code": ["expert", "lightgbm"],
            "reason_code": ["not_needed", "accepted"],
            "auc": [np.nan, 0.8],
            "auc_gain": [np.nan, 0.05],
            "is_chosen": [False, True],
        }
    )
    names = DataFrame({"feature_code": ["late_ratio_12m", "overdue_ratio"]})
    return {
        "snapshots": panel,
        "feature_dictionary": names,
        "model_choice": choice,
        "scores": pd.concat(scores, ignore_index=True),
        "scored": scored,
    }


def recorded(home, run, *, tables=None, settings=None, code="c0de", source="5eed"):
    """Write the tables of a run and record its fit."""
    folder = RunFolder(home / "data" / "runs" / run, {name: _table(name) for name in USED}, {})
    for name, frame in (tables or made()).items():
        folder.write(name, frame)
    facts = {"source_name": "ledger", "mapping_name": "canonical", "currency_code": "EUR", "is_synthetic": True}
    versions = {"python": "3.11.7", "pandas": "3.1.1"}
    folder.update_record(as_of="2025-01-31", facts=facts, versions=versions, code=code, source_digest=source)
    return record_experiment(folder, resolve(settings or {}, where="test"))


def test_the_run_writes_the_columns_a_record_is_made_from():
    for name, columns in USED.items():
        assert set(columns) <= set(TABLES[name].names)


def test_the_same_fit_is_one_file_whenever_and_under_whichever_name_it_is_made(tmp_path):
    first = recorded(tmp_path, "one")
    content = first.read_bytes()
    os.utime(first, (0, 0))
    assert recorded(tmp_path, "one").read_bytes() == content
    second = recorded(tmp_path, "two")
    assert second == first
    assert json.loads(second.read_text()) == json.loads(content) | {"runs": ["one", "two"]}
    assert [path.name for path in (tmp_path / "data" / "experiments").iterdir()] == [first.name]
    assert recorded(tmp_path / "elsewhere", "one").read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        {"code": "0ther"},
        {"source": "0ther"},
        {"settings": {"model": {"n_folds": 7}}},
        {"settings": {"features": {"embargo_months": 2}}},
        {"tables": made(seed=2)},
    ],
    ids=["code", "ledger", "model", "features", "panel"],
)
def test_another_fit_is_another_file(tmp_path, change):
    assert recorded(tmp_path, "one") != recorded(tmp_path, "two", **change)


def test_settings_of_later_stages_do_not_make_another_fit(tmp_path):
    later = {"validation": {"n_bootstrap": 77}}
    assert recorded(tmp_path, "one") == recorded(tmp_path, "two", settings=later)


def test_measures_are_those_worked_out_again():
    tables = made()
    found = measures(tables["model_choice"], tables["scores"], tables["scored"])
    rows = tables["scores"].query("model_code == 'lightgbm' and sample_code == 'out_of_time'")
    hit, p = rows["is_default"].astype(int), rows["pd_12m"]
    expected = {
        "n_rows": 30,
        "n_customers": 30,
        "n_defaulters": hit.sum(),
        "auc": roc_auc_score(hit, p),
        "auc_gain": 0.05,
        "brier": brier_score_loss(hit, p),
        "log_loss": log_loss(hit, p),
        "pd_mean": p.mean(),
        "default_ratio": hit.mean(),
    }
    assert {name: found[f"lightgbm.out_of_time.{name}"] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert found["expert.out_of_time.auc_gain"] is None
    today = {name: value for name, value in found.items() if name.startswith("scored.")}
    assert today == {"scored.n_customers": 3, "scored.n_in_default": 1, "scored.pd_mean": pytest.approx(0.2)}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_without_a_fitted_model_the_rating_of_today_is_recorded():
    tables = made()
    found = measures(tables["model_choice"], tables["scores"].iloc[:0], tables["scored"])
    assert found["scored.pd_mean"] == pytest.approx(0.2)
    assert not any(".development." in name or name.endswith(".auc") for name in found)


def test_a_pd_of_nought_or_one_has_a_finite_log_loss():
    tables = made()
    found = measures(tables["model_choice"], tables["scores"].assign(pd_12m=0.0), tables["scored"])
    share = tables["scores"].query("model_code == 'lightgbm' and sample_code == 'development'")["is_default"].mean()
    assert found["lightgbm.development.log_loss"] == pytest.approx(-share * np.log(1e-12), rel=1e-9)


def test_a_fit_is_found_by_its_run_or_by_the_start_of_its_digest(tmp_path):
    file = recorded(tmp_path, "one")
    by_run = find_experiment("one", home=tmp_path)
    assert by_run["experiment"] == file.stem
    assert find_experiment(file.stem[:6], home=tmp_path) == by_run
    assert find_experiment(str(tmp_path / "data" / "runs" / "one"), home=tmp_path / "none") == by_run


def test_a_fit_that_is_not_there_is_answered(tmp_path):
    file = recorded(tmp_path, "one")
    with pytest.raises(RunError, match=f"experiment 'two': no run and no recorded fit.*recorded are {file.stem} in"):
        find_experiment("two", home=tmp_path)
    (file.parent / f"{file.stem[:4]}00000000.json").write_text("{}")
    with pytest.raises(RunError, match="more than one recorded fit begins so"):
        find_experiment(file.stem[:4], home=tmp_path)
    empty = RunFolder(tmp_path / "data" / "runs" / "old", {}, {})
    empty.update_record(as_of="2025-01-31")
    with pytest.raises(RunError, match="run 'old' holds no recorded fit"):
        find_experiment("old", home=tmp_path)


def test_two_fits_are_laid_side_by_side(tmp_path):
    tables = made()
    tables["scores"] = tables["scores"].assign(pd_12m=tables["scores"]["pd_12m"] / 2)
    tables["model_choice"]["reason_code"] = ["not_needed", "compared"]
    recorded(tmp_path, "one", settings={"model": {"n_folds": 5}})
    recorded(tmp_path, "two", settings={"model": {"n_folds": 4}}, tables=tables)
    one, two = (find_experiment(name, home=tmp_path) for name in ("one", "two"))
    found = compare_experiments(one, two).set_index("name")
    differing = found[found["part_code"] != "measures"]
    assert differing.loc["model.n_folds", ["part_code", "value_a", "value_b", "difference"]].tolist() == [
        "settings",
        5,
        4,
        -1,
    ]
    assert differing.loc["reason_code", ["value_a", "value_b"]].tolist() == ["accepted", "compared"]
    assert sorted(differing.index) == ["model.n_folds", "reason_code"]
    assert found.index[found["part_code"] == "measures"].tolist() == list(one["measures"])
    name = "lightgbm.out_of_time.pd_mean"
    assert found.loc[name, "difference"] == two["measures"][name] - one["measures"][name]
    assert found.loc["lightgbm.out_of_time.auc", "difference"] == 0


def test_the_text_names_the_fits_and_what_differs(tmp_path):
    one = recorded(tmp_path, "one", settings={"model": {"n_folds": 5}}).stem
    two = recorded(tmp_path, "two", settings={"model": {"n_folds": 4}}).stem
    text = compare_runs("one", two, home=tmp_path)
    assert text.startswith(f"A: fit {one} of one\nB: fit {two} of two\n\ndata: no difference\n\ncode: no difference\n")
    assert [line.split() for line in text.splitlines() if "n_folds" in line] == [["model.n_folds", "5", "4", "-1"]]
    assert "expert.out_of_time.auc_gain" not in text
    recorded(tmp_path, "three", settings={"model": {"n_folds": 5}})
    assert "A and B are the same fit" in compare_runs("one", "three", home=tmp_path)


CHANGED = {"model": {"n_folds": 7}}


def beside_standard(home, run, settings=None):
    folder = RunFolder(home / "data" / "runs" / run, {name: _table(name) for name in USED}, {})
    return compare_with_standard(folder, resolve(settings or {}, where="test"))


def test_an_unchanged_fit_is_its_own_standard(tmp_path):
    recorded(tmp_path, "one")
    found = beside_standard(tmp_path, "one")
    assert found["model_code"].tolist() == ["lightgbm", "late_rate"]
    assert found["auc_change"].tolist() == [0.0, 0.0]
    assert found["auc"].between(0, 1).all()


def test_a_changed_fit_stands_beside_the_standard_of_the_same_data(tmp_path):
    recorded(tmp_path, "one")
    recorded(tmp_path, "other_data", tables=made(seed=2))
    recorded(tmp_path, "two", settings=CHANGED)
    found, plain = beside_standard(tmp_path, "two", CHANGED), beside_standard(tmp_path, "one")
    assert found["auc_standard"].tolist() == plain["auc"].tolist()


def test_a_standard_that_was_never_fitted_is_empty(tmp_path):
    recorded(tmp_path, "two", settings=CHANGED)
    found = beside_standard(tmp_path, "two", CHANGED)
    assert found["auc_standard"].isna().all()
    assert found["auc_change"].isna().all()
    assert found["auc"].notna().all()


@pytest.mark.parametrize("more", [0, 3])
def test_what_else_is_recorded_plays_no_part(tmp_path, more):
    recorded(tmp_path, "two", settings=CHANGED)
    for seed in range(more):
        recorded(tmp_path, f"run{seed}", tables=made(seed=5 + seed))
    assert beside_standard(tmp_path, "two", CHANGED)["auc_standard"].isna().all()
