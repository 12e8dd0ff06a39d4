"""Changes since the last time: worked cases, and two runs with two models taken apart to 1e-9."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explanation.hand import LEVEL, QUICK, book, cases, expert_ratings, same
from model.panel import FEW, inputs, knowledge
from pandas import DataFrame, Series, Timestamp
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation.changes import CHANGE_TABLES, changes
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import ExpertLevel
from riskresearch.explanation.sides import Earlier
from riskresearch.model.stage import default_model

COLUMNS = {
    "status": "change_status_code",
    "change": "log_odds_change",
    "data": "data_part",
    "model": "model_part",
    "floor": "floor_part",
    "whole": "whole_part",
    "notches": "n_notches",
    "up": "up_feature_code",
    "up_change": "up_change",
    "down": "down_feature_code",
    "down_change": "down_change",
    "grade_before": "grade_before",
    "grade_after": "grade_after",
}
PARTS = ["data_part", "model_part", "floor_part", "whole_part"]
OCTOBER = Timestamp("2023-10-31")


def _changes(tables, model, earlier=None):
    made = changes(tables, model=model, level=LEVEL, earlier=earlier)
    return {table.name: check(made[table.name], table) for table in CHANGE_TABLES}


@pytest.mark.parametrize("case", cases("changes"))
def test_worked_cases(case):
    model, tables = book(case)
    made = _changes(tables, model)
    rows = made["customer_changes"].set_index("customer_id")
    assert set(rows.index) == set(case["changes"])
    for customer, expected in case["changes"].items():
        for name, value in expected.items():
            same(rows.loc[customer, COLUMNS[name]], value)
    parts = made["score_changes"]
    for customer, expected in case.get("parts", {}).items():
        told = parts[parts["customer_id"] == customer].set_index("feature_code")["log_odds_change"]
        assert told.to_dict() == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def runs(run):
    """A run of December with all features, and one of October with one feature less and fewer trees."""
    frame = run[0]["snapshots"]
    old = frame[frame["observation_date"] <= OCTOBER]
    is_last = (old["observation_date"] == OCTOBER) & (old["sample_code"] != "excluded")
    old = old.assign(sample_code=old["sample_code"].mask(is_last, "scoring"))
    old = old.assign(is_default=old["is_default"].mask(is_last))
    given = inputs(old.drop(columns=FEW[-1]), features=FEW[:-1])
    fewer = QUICK.model_copy(update={"n_trees": 25})
    return run[0], given | default_model(given, fewer, replace(knowledge(), as_of=OCTOBER))


def test_two_runs_are_taken_apart_into_data_and_model(runs):
    now, before = runs
    model, old = (ExplainedModel.of(run["model_parts"]) for run in runs)
    made = _changes(now, model, Earlier(before, LEVEL))
    rows = made["customer_changes"].query("comparison_code == 'previous_run'").set_index("customer_id")
    rows = rows[rows["change_status_code"] == "compared"]
    assert len(rows) == 197
    scores = [run["scored"].set_index("customer_id").reindex(rows.index) for run in runs]
    shown = scores[0]["pd_12m"].map(logit) - scores[1]["pd_12m"].map(logit)
    assert np.abs(rows["log_odds_change"] - shown).max() < 1e-9
    assert np.abs(rows[PARTS].sum(axis=1) - rows["log_odds_change"]).max() < 1e-9
    panels = now["snapshots"].set_index("customer_id")
    then, today = (panels[panels["observation_date"] == date].reindex(rows.index) for date in (OCTOBER, "2023-12-31"))
    assert np.abs(rows["model_part"] - (_raw(model, then) - _raw(old, then))).max() < 1e-9
    assert np.abs(rows["data_part"] - (_raw(model, today) - _raw(model, then))).max() < 1e-9
    assert rows["model_part"].abs().max() > 0.01
    assert rows["data_part"].abs().max() > 0.01


def _raw(model, rows):
    raw = model.booster.predict(rows[list(model.names)].to_numpy(float), raw_score=True)
    return model.slope * raw + model.intercept


def test_parts_of_a_customer_add_up_and_name_its_main_features(runs):
    now, before = runs
    made = _changes(now, ExplainedModel.of(now["model_parts"]), Earlier(before, LEVEL))
    keys = ["customer_id", "comparison_code"]
    parts, rows = made["score_changes"], made["customer_changes"].set_index(keys)
    total = parts.groupby(keys)["log_odds_change"].sum()
    compared = rows[rows["log_odds_change"].notna()]
    gap = total.reindex(compared.index).fillna(0.0) - compared["log_odds_change"]
    assert len(compared) > 390
    assert gap.abs().max() < 1e-9
    by_feature = parts[parts["component_code"] == "feature"].groupby(keys)["log_odds_change"]
    for way, extreme in (("up_change", by_feature.max()), ("down_change", by_feature.min())):
        told = compared[way].dropna()
        assert len(told) > 300
        assert np.abs(told - extreme.reindex(told.index)).max() == 0
    moved = parts[parts["component_code"] == "feature"]
    assert np.abs(moved["contribution_after"] - moved["contribution_before"] - moved["log_odds_change"]).max() == 0


def test_a_moved_level_is_all_model_and_the_data_part_that_of_the_month(runs):
    now, _ = runs
    model = ExplainedModel.of(now["model_parts"])
    rows = now["snapshots"]
    rows = rows[(rows["observation_date"] == "2023-11-30") & rows["exclusion_code"].isna()]
    parts = now["model_parts"].set_index("part_code")["content"].copy()
    calibration = json.loads(parts["calibration"])
    parts["calibration"] = json.dumps(calibration | {"intercept": calibration["intercept"] - 0.2})
    score = model.log_odds(rows) - 0.2
    scored = rows[["customer_id", "observation_date"]].assign(
        score=score, pd_12m=expit(score), is_pd_floored=False, pd_source_code="lightgbm"
    )
    earlier = {"model_parts": parts.reset_index(), "snapshots": now["snapshots"], "scored": scored}
    made = _changes(now, model, Earlier(earlier, LEVEL))["customer_changes"]
    made = made[made["change_status_code"] == "compared"].set_index(["comparison_code", "customer_id"])
    run, month = made.loc["previous_run"], made.loc["previous_date"]
    assert np.abs(run["model_part"] - 0.2).max() < 1e-9
    assert np.abs(run["data_part"] - month["data_part"]).max() < 1e-12
    assert (month["model_part"] == 0).all()


def test_the_change_does_not_hang_on_the_order_of_rows_or_columns(runs):
    now, before = runs
    model = ExplainedModel.of(now["model_parts"])
    mixed = [
        {name: frame.sample(frac=1, random_state=5)[list(frame.columns[::-1])] for name, frame in run.items()}
        for run in runs
    ]
    straight, other = (_changes(a, model, Earlier(b, LEVEL)) for a, b in ((now, before), mixed))
    for table in CHANGE_TABLES:
        pd.testing.assert_frame_equal(straight[table.name], other[table.name], check_exact=True)


def test_scores_or_models_of_another_run_are_refused(runs):
    now, before = runs
    model = ExplainedModel.of(now["model_parts"])
    other = {**now, "scored": now["scored"].assign(score=now["scored"]["score"] + 1e-6)}
    with pytest.raises(TableError, match=r"score_changes: the parts of \d+ customers \(C.*do not add up"):
        _changes(other, model)
    foreign = {**before, "model_parts": now["model_parts"], "snapshots": now["snapshots"]}
    with pytest.raises(TableError, match="do not add up"):
        _changes(now, model, Earlier(foreign, LEVEL))
    with pytest.raises(TableError, match="earlier run is of 2023-12-31"):
        _changes(now, model, Earlier(now, LEVEL))


def test_a_panel_of_one_date_has_nothing_to_compare_with(runs):
    now, _ = runs
    shots = now["snapshots"]
    one = {**now, "snapshots": shots[shots["observation_date"] == shots["observation_date"].max()]}
    made = _changes(one, ExplainedModel.of(now["model_parts"]))
    assert all(frame.empty for frame in made.values())


def test_a_run_without_customers_has_nothing_to_compare(runs):
    now, before = runs
    none = {**now, "scored": now["scored"][:0]}
    model = ExplainedModel.of(now["model_parts"])
    assert all(frame.empty for frame in _changes(none, model).values())
    with pytest.raises(TableError, match="name one of an earlier date"):
        _changes(none, model, Earlier(before, LEVEL))


def _expert_book(given, date, source="expert"):
    ratings = expert_ratings(given)
    scored = DataFrame({"customer_id": ratings["customer_id"], "observation_date": Timestamp(date)}).assign(
        pd_12m=ratings["pd_12m"], score=logit(ratings["pd_12m"]), is_pd_floored=False, pd_source_code=source
    )
    parts = DataFrame({"part_code": [], "content": []}, dtype="str")
    empty = DataFrame({"customer_id": Series(dtype="str"), "observation_date": Series(dtype="datetime64[us]")})
    return {"expert_ratings": ratings, "scored": scored, "model_parts": parts, "snapshots": empty}


def _blend(prior, share, p):
    return expit(logit(prior) + share * (logit(p) - logit(prior)))


def test_expert_ratings_of_two_runs_change_by_source_and_prior():
    told = {"C1": {"pds": {"accounts": 0.10}, "shares": {"accounts": 0.5}, "blend": _blend(0.02, 0.5, 0.10)}}
    was = {"C1": {"pds": {"accounts": 0.05}, "shares": {"accounts": 0.5}, "blend": _blend(0.03, 0.5, 0.05)}}
    _, tables = book({"chosen": "expert", "customers": {"C1": {"source": "expert", "expert": told["C1"]}}})
    earlier = _expert_book(was, "2025-06-30")
    row = _changes(tables, None, Earlier(earlier, ExpertLevel(0.03, 0.0005)))["customer_changes"].iloc[0]
    data = 0.5 * (logit(0.10) - logit(0.02)) - 0.5 * (logit(0.05) - logit(0.03))
    assert row["change_status_code"] == "compared"
    assert row["data_part"] == pytest.approx(data, rel=1e-12)
    assert row["model_part"] == pytest.approx(logit(0.02) - logit(0.03), rel=1e-12)
    assert row["up_feature_code"] == "accounts"
    unknown = _changes(tables, None, Earlier(earlier, LEVEL))["customer_changes"].iloc[0]
    assert unknown["change_status_code"] == "not_separable"
    assert unknown["whole_part"] == pytest.approx(row["log_odds_change"], rel=1e-12)


def test_a_change_of_what_gives_the_pd_is_not_taken_apart():
    _, tables = book({"chosen": "expert", "customers": {"C1": {"source": "expert", "expert": {"blend": 0.03}}}})
    earlier = _expert_book({"C1": {"blend": 0.015}}, "2025-06-30", source="cold_start")
    made = _changes(tables, None, Earlier(earlier, LEVEL))
    row = made["customer_changes"].iloc[0]
    assert (row["change_status_code"], row["n_notches"]) == ("other_source", 1)
    assert row["whole_part"] == pytest.approx(logit(0.03) - logit(0.015), rel=1e-12)
    assert made["score_changes"]["component_code"].tolist() == ["whole"]
