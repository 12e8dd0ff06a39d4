"""The battery runs what makes sense, on what it should, and says why the rest is missing."""

import numpy as np
import pandas as pd
import pytest
from validation.scored_book import GRADES, SETTINGS, book

from riskresearch.base.schema import check
from riskresearch.validation.adjustment import holm
from riskresearch.validation.battery import Case, run_battery, yearly
from riskresearch.validation.parts import P_VALUES
from riskresearch.validation.registry import AREAS, BATTERY
from riskresearch.validation.tables import MEASURES

KEYS = ["model_code", "sample_code", "axis_code", "part_code", "measure_code"]


@pytest.fixture(scope="module")
def case():
    ratings = book()
    return Case(ratings, "good", "rule", GRADES, history=ratings[ratings["model_code"] == "good"])


@pytest.fixture(scope="module")
def measures(case):
    return check(run_battery(case, SETTINGS), MEASURES)


def _of(measures, **wanted):
    for column, value in wanted.items():
        measures = measures[measures[f"{column}_code"] == value]
    return measures


def test_every_measure_is_run_on_the_whole_of_the_chosen_model(measures):
    found = set(_of(measures, model="good", axis="all")["measure_code"])
    assert found == set(BATTERY.names)


def test_only_the_chosen_model_is_judged_on_segments(measures):
    parts = measures[measures["axis_code"].isin(["sector", "size"])]
    assert set(parts["model_code"]) == {"good"}
    assert set(parts["axis_code"]) == {"sector"}  # one size only: the part would be the whole
    assert set(parts["part_code"]) == {"industry", "trade"}


def test_no_outcome_is_asked_of_todays_customers(measures):
    today = _of(measures, sample="scoring")
    assert not today.empty
    assert not {name for name in today["measure_code"] if "outcome" in BATTERY[name].spec.needs}
    assert today["n_defaults"].isna().all()


def test_cohort_measures_see_one_date_and_others_all(measures):
    whole = _of(measures, model="good", sample="out_of_time", axis="all").set_index("measure_code")["n_rows"]
    rows = {name: BATTERY[name].spec.rows for name in whole.index}
    assert {name: 120 if rows[name] == "cohort" else 240 for name in whole.index} == whole.to_dict()


def test_the_rule_is_not_compared_with_itself(measures):
    rivals = [name for name in BATTERY.names if "rival" in BATTERY[name].spec.needs]
    assert not _of(measures, model="rule")["measure_code"].isin(rivals).any()
    assert _of(measures, model="good")["measure_code"].isin(rivals).any()


def test_p_values_are_adjusted_over_the_parts_of_an_axis(measures):
    tests = [member.name for member in BATTERY if member.spec.thresholds == P_VALUES]
    rows = _of(measures, model="good", sample="out_of_time", axis="grade", measure="jeffreys")
    assert "jeffreys" in tests
    np.testing.assert_allclose(rows["p_adjusted"], holm(rows["value"].to_numpy(float)))
    assert measures.loc[~measures["measure_code"].isin(tests), "p_adjusted"].isna().all()


def test_segment_values_are_drawn_towards_each_other(measures):
    rows = _of(measures, model="good", sample="out_of_time", axis="sector", measure="observed_to_expected")
    assert rows["value_shrunk"].notna().all()
    assert np.ptp(rows["value_shrunk"]) <= np.ptp(rows["value"])
    assert _of(measures, axis="all")["value_shrunk"].isna().all()


def test_what_cannot_be_computed_has_a_reason_and_no_value(measures):
    silent = measures["value"].isna()
    assert (measures.loc[silent, "verdict_code"] == "not_computable").all()
    assert (measures["reason_code"].notna() == silent).all()


def test_without_a_rule_the_comparison_says_so(case):
    alone = Case(case.ratings[case.ratings["model_code"] == "good"], "good", None, GRADES)
    found = run_battery(alone, SETTINGS)
    rivals = found[found["measure_code"].isin([n for n in BATTERY.names if "rival" in BATTERY[n].spec.needs])]
    assert set(rivals["reason_code"]) == {"no_rival"}
    moves = found[found["measure_code"].isin(["migration_upper", "migration_lower"])]
    assert set(moves["reason_code"]) == {"no_moves"}


def test_todays_customers_are_compared_on_the_level_of_today(case, measures):
    """A move of all PDs to another level is no shift of the customers."""
    lifted = case.history.assign(grade_code=case.history["grade_code"].map(dict(zip("ABCDE", "BCDEE", strict=True))))
    today = lifted["sample_code"] == "scoring"
    past = case.ratings[(case.ratings["sample_code"] != "scoring") | (case.ratings["model_code"] != "good")]
    ratings = pd.concat([past, lifted[today]], ignore_index=True)
    found = run_battery(Case(ratings, "good", "rule", GRADES, history=lifted), SETTINGS)
    plain = run_battery(Case(lifted, "good", None, GRADES, history=lifted), SETTINGS)
    moved = [_of(frame, model="good", sample="scoring", axis="all", measure="psi") for frame in (found, plain)]
    assert moved[0]["value"].item() == moved[1]["value"].item()
    assert moved[0]["value"].item() < 0.1 < _shift_between_levels(ratings)


def _shift_between_levels(ratings):
    own = ratings[ratings["model_code"] == "good"]
    held = own.groupby("sample_code")["grade_code"].value_counts(normalize=True)
    shares = [held[sample].reindex(GRADES, fill_value=0.001) for sample in ("development", "scoring")]
    return ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()


def test_order_of_rows_and_a_second_run_change_nothing(case, measures):
    shuffled = case.ratings.sample(frac=1, random_state=3)
    again = Case(shuffled, "good", "rule", GRADES, history=case.history)
    pd.testing.assert_frame_equal(check(run_battery(again, SETTINGS), MEASURES), measures, rtol=1e-12)


def test_a_measure_does_not_depend_on_which_others_are_run(case, measures, monkeypatch):
    kept = {name: BATTERY[name] for name in ("auc", "brier_skill")}
    monkeypatch.setattr(BATTERY, "_members", kept)
    alone = check(run_battery(case, SETTINGS), MEASURES)
    expected = measures[measures["measure_code"].isin(kept)].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected)


def test_cohorts_of_years_do_not_overlap():
    days = pd.to_datetime(["2021-12-31", "2022-11-30", "2022-12-31", "2023-12-31"])
    rows = pd.DataFrame({"observation_date": days, "is_default": [True, False, True, False], "pd_12m": 0.1})
    assert yearly(rows)["year"].tolist() == ["2021", "2022", "2023"]
    assert yearly(rows)["n_defaults"].tolist() == [1, 1, 0]


@pytest.mark.parametrize("member", list(BATTERY), ids=BATTERY.names)
def test_declarations_are_complete(member):
    spec = member.spec
    assert spec.area in AREAS
    assert all((spec.source, spec.label_en, spec.label_fr, member.definition))
    assert spec.low < spec.high
    assert len(spec.thresholds) in (0, 2)
    assert all(hasattr(SETTINGS, name) for name in spec.thresholds)
    if spec.thresholds:
        assert spec.direction in (1, -1)
        green, amber = (spec.direction * getattr(SETTINGS, name) for name in spec.thresholds)
        assert green >= amber


def test_thresholds_are_told_to_be_the_companys_own():
    used = {name for member in BATTERY for name in member.spec.thresholds}
    described = {name: type(SETTINGS).model_fields[name].description for name in used}
    assert not [name for name, text in described.items() if "own threshold" not in text]


def test_the_interval_of_very_few_defaulters_gives_no_verdict(case):
    rows = case.ratings[case.ratings["sample_code"] == "out_of_time"]
    hit = rows["customer_id"].isin(["C000", "C001"])
    few = rows.assign(is_default=hit.astype("boolean"), pd_12m=rows["pd_12m"].where(~hit, 0.9))
    found = _of(run_battery(Case(few, "good", "rule", GRADES), SETTINGS), model="good", axis="all")
    verdicts = found.set_index("measure_code")["verdict_code"]
    assert verdicts["auc"] == verdicts["observed_to_expected"] == "information"
    assert verdicts["jeffreys"] != "information"
