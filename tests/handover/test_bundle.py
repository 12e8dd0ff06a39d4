"""The hand-over bundle reproduces its golden scores and refuses what is wrong."""

import hashlib
import json

import numpy as np
import pytest
from model.panel import FAST, FEW, cohorts, inputs, knowledge, panel, without

from riskresearch.base.errors import BundleError
from riskresearch.base.schema import empty
from riskresearch.handover.bundle import write_bundle
from riskresearch.handover.score import checked_values, load_bundle, verify_bundle
from riskresearch.model.stage import default_model
from riskresearch.pipeline.stages import TABLES
from riskresearch.validation.settings import ValidationSettings
from riskresearch.validation.stage import validate


@pytest.fixture(scope="module")
def tables():
    frame = without(panel(n_dates=25, first="2021-12-31"), prospects=2, in_default=1)
    given = inputs(frame, features=FEW, default_cohorts=cohorts({2021: 0.02, 2022: 0.03, 2023: 0.02}))
    made = given | default_model(given, FAST.model_copy(update={"pd_floor_ratio": 0.01}), knowledge())
    read = {**made, "limits": empty(TABLES["limits"])}
    return made | validate(read, ValidationSettings(n_bootstrap=50))


@pytest.fixture
def bundle(tables, tmp_path):
    write_bundle(tables, {"run": "test"}, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_golden_rows_are_reproduced(bundle):
    found = verify_bundle(bundle)
    assert found["n_rows"] > 100
    assert found["max_error"] == 0


def test_bundle_scores_equal_the_scores_of_the_run(bundle, tables):
    scorer = load_bundle(bundle)
    live = tables["snapshots"].query("sample_code == 'scoring'").set_index("customer_id")
    scores = scorer.score(live[scorer.names].to_numpy(float))
    expected = tables["scored"].set_index("customer_id").loc[live.index]
    assert 0 < expected["is_pd_floored"].sum() < len(expected)
    np.testing.assert_allclose([s["pd_12m"] for s in scores], expected["pd_12m"], rtol=1e-12)
    assert [s["grade_code"] for s in scores] == expected["grade_code"].tolist()


def test_same_run_gives_the_same_bytes(tables, tmp_path):
    for name in ("a", "b"):
        write_bundle(tables, {"run": "test"}, tmp_path / name)
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


@pytest.mark.parametrize("name", ["model.txt", "calibration.json", "contract.json", "golden_scores.csv"])
def test_an_altered_file_is_refused(bundle, name):
    file = bundle / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BundleError, match="altered"):
        verify_bundle(bundle)


def test_a_wrong_golden_score_is_refused_even_with_a_matching_manifest(bundle):
    file = bundle / "golden_scores.csv"
    head, first, *rest = file.read_text().splitlines()
    row = first.split(",")
    file.write_text("\n".join([head, ",".join([row[0], str(float(row[1]) + 1e-6), *row[2:]]), *rest]) + "\n")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["golden_scores.csv"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="1 of"):
        verify_bundle(bundle)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        verify_bundle(tmp_path)


def test_inputs_are_checked_against_the_contract(bundle):
    scorer = load_bundle(bundle)
    row = dict.fromkeys(scorer.names, "0.5")
    assert checked_values([row], ["r1"], scorer.contract, where="x").shape == (1, len(scorer.names))
    with pytest.raises(BundleError, match=r"row r1: days_late_mean_3m = 'late' is not a number"):
        checked_values([row | {"days_late_mean_3m": "late"}], ["r1"], scorer.contract, where="x")
    with pytest.raises(BundleError, match="outside"):
        checked_values([row | {"days_late_mean_3m": "99999"}], ["r1"], scorer.contract, where="x")


def test_no_accepted_model_gives_no_bundle(tables, tmp_path):
    empty = {**tables, "model_parts": tables["model_parts"].iloc[:0]}
    assert write_bundle(empty, {}, tmp_path / "none").empty
    assert not (tmp_path / "none").exists()
