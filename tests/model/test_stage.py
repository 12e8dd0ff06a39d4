"""Stage model as a whole: its tables, what they rest on, and that nothing known only later enters them."""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from model.panel import AS_OF, FAST, FEW, cohorts, inputs, knowledge, panel, without
from pandas import DataFrame
from scipy.special import expit

from riskresearch.base.schema import check
from riskresearch.model.fits import fit_candidates
from riskresearch.model.sample import Sample
from riskresearch.model.stage import default_model
from riskresearch.model.tables import MODEL_TABLES

RATES = {2020: 0.05, 2021: 0.03, 2022: 0.04, 2023: 0.02}
KEYS = ["model_code", "customer_id", "observation_date"]


def frame(**how) -> DataFrame:
    """Panel whose first date begins the cohort of 2022: the last one over when the out-of-time block begins."""
    rows = panel(n_dates=25, first="2021-12-31", n_customers=100, **how)
    return without(rows, prospects=3, in_default=2, inactive=1)


def run(rows: DataFrame, *, rates: dict[int, float] = RATES, features=FEW, settings=FAST, **changed: DataFrame):
    given = inputs(rows, features=features, default_cohorts=cohorts(rates), **changed)
    return default_model(given, settings, knowledge())


def shuffled(tables: dict[str, DataFrame]) -> dict[str, DataFrame]:
    return {
        name: t if name == "feature_dictionary" else t.sample(frac=1, random_state=7).reset_index(drop=True)
        for name, t in tables.items()
    }


def conformed(made: dict[str, DataFrame]) -> dict[str, DataFrame]:
    return {table.name: check(made[table.name], table) for table in MODEL_TABLES}


@pytest.fixture(scope="module")
def made():
    return run(frame())


@pytest.fixture(scope="module")
def late_rule():
    """The rule tells the outcome out of time."""
    rows = frame(slope=0.0, base=-2.0)
    return run(rows.assign(late_ratio_12m=rows["is_default"].fillna(False).astype(float)))


@pytest.fixture(scope="module")
def by_expert():
    return run(frame(base=-9.0))


@pytest.mark.parametrize("name", ["made", "late_rule", "by_expert"])
def test_tables_agree_with_their_declaration(name, request):
    found = request.getfixturevalue(name)
    assert set(found) == {table.name for table in MODEL_TABLES}
    conformed(found)


def test_one_candidate_gives_the_pds_and_the_rule_stands_beside_it(made):
    choice = made["model_choice"].set_index("model_code")
    assert choice["is_chosen"].sum() == 1
    assert choice.loc["late_rate", "auc_gain"] == 0
    assert choice.loc["lightgbm", "auc"] > 0.6
    assert choice.loc["lightgbm", "is_chosen"]
    assert set(made["scores"]["model_code"]) == set(choice.index[choice["auc"].notna()])


def test_every_candidate_scores_every_row_with_a_known_outcome_once(made):
    rows = frame()
    known = rows[rows["sample_code"].isin(["development", "out_of_time"])]
    for _, part in made["scores"].groupby("model_code"):
        joined = part.merge(known, on=KEYS[1:], suffixes=("", "_given"), validate="1:1")
        assert len(joined) == len(known) == len(part)
        assert (joined["is_default"] == joined["is_default_given"]).all()
        assert (joined["sample_code"] == joined["sample_code_given"]).all()
    assert made["scores"]["pd_12m"].between(FAST.pd_floor_ratio, 1).all()


def test_the_champion_is_refused_where_the_rule_separates_better(late_rule):
    choice = late_rule["model_choice"].set_index("model_code")
    assert choice.loc["late_rate", "auc"] == 1
    assert choice.loc["lightgbm", "reason_code"] == "not_better_than_rule"
    assert choice.loc["late_rate", "is_chosen"]
    assert late_rule["model_parts"].empty
    sources = late_rule["scored"].groupby("customer_status_code")["pd_source_code"].unique().map(list).to_dict()
    assert sources == {"active": ["late_rate"], "prospect": ["cold_start"], "in_default": ["default"]}


def test_too_few_defaulters_fall_back_to_the_expert_rating(by_expert):
    choice = by_expert["model_choice"].set_index("model_code")
    assert choice.loc["lightgbm", "n_defaulters"] < FAST.min_defaulters
    assert choice.loc["lightgbm", "reason_code"] == "too_few_defaulters"
    assert set(by_expert["scored"]["pd_source_code"]) == {"expert", "default"}
    assert by_expert["scores"].empty
    expert = by_expert["expert_ratings"].set_index("customer_id")["pd_12m"]
    live = by_expert["scored"].query("pd_source_code == 'expert'").set_index("customer_id")["pd_12m"]
    np.testing.assert_allclose(live, expert[live.index].clip(lower=FAST.pd_floor_ratio))


def test_same_bytes_whatever_the_order_of_the_rows(made):
    given = inputs(frame(), features=FEW, default_cohorts=cohorts(RATES))
    again = conformed(default_model(shuffled(given), FAST, knowledge()))
    for name, table in conformed(made).items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True, obj=name)
    assert (
        made["model_parts"]["content"].tolist()
        == again["model_parts"].set_index("part_code")["content"][made["model_parts"]["part_code"]].tolist()
    )


def test_what_is_recorded_after_the_out_of_time_block_begins_changes_no_earlier_score(made):
    rows = frame()
    start = rows.loc[rows["sample_code"] == "out_of_time", "observation_date"].min()
    later, rng = rows["observation_date"] >= start, np.random.default_rng(9)
    touched = later & rows["customer_id"].isin(rows["customer_id"].unique()[::2])
    other = rows.assign(**{name: rows[name].mask(touched, rng.random(len(rows))) for name in FEW})
    unknown = rows["sample_code"] != "development"
    turned = (~other["is_default"]).where(unknown, other["is_default"])
    other = other.assign(is_default=turned, months_to_default=other["months_to_default"].where(~unknown, 1))
    again = run(other, rates=RATES | {2023: 0.5})
    first, second = (m["scores"].set_index(KEYS)[["pd_12m", "grade_code"]] for m in (made, again))
    same = ~first.index.droplevel(0).isin(pd.MultiIndex.from_frame(rows.loc[touched, KEYS[1:]]))
    assert 0 < same.sum() < len(same)
    pd.testing.assert_frame_equal(second[same], first[same], check_exact=True)
    assert not second[~same].equals(first[~same])


def test_the_level_of_scores_is_known_out_of_time_and_that_of_today_is_todays(made):
    def moved(**rates: float) -> tuple[float, float]:
        other = run(frame(), rates=RATES | {int(year[1:]): rate for year, rate in rates.items()})
        code = made["model_choice"].loc[made["model_choice"]["is_chosen"], "model_code"].item()
        pair = []
        for name, extra in (("scores", f"model_code == '{code}'"), ("scored", f"pd_source_code == '{code}'")):
            first, second = (m[name].query(extra)["pd_12m"].to_numpy() for m in (made, other))
            pair.append(float(np.abs(second - first).max()))
        return pair[0], pair[1]

    told, today = moved(y2023=0.2)
    assert told == 0
    assert today > 0.001
    told, today = moved(y2022=0.2)
    assert told > 0.001
    assert today > 0.001


def test_the_mean_pd_of_the_years_known_is_their_mean_default_rate(made):
    levels = made["pd_levels"].set_index("level_code")
    assert levels.loc["long_run", "value"] == pytest.approx(np.mean(list(RATES.values())))
    assert levels.loc["mean_pd", "value"] == pytest.approx(levels.loc["long_run", "value"], rel=1e-9)
    assert levels.loc["long_run", "n_years"] == 4
    scores = made["scores"]
    told = scores[(scores["model_code"] == "logistic") & (scores["observation_date"] == "2021-12-31")]
    assert told["pd_12m"].mean() == pytest.approx(np.mean([RATES[year] for year in (2020, 2021, 2022)]), rel=1e-6)


def test_every_year_weighs_the_same_in_the_level_however_many_customers_it_has():
    rows, given = frame(), inputs(frame(), features=FEW)
    first, later = pd.Timestamp("2021-12-31"), pd.Timestamp("2022-12-31")
    few = rows[(rows["observation_date"] != first) | (rows["customer_id"] < "C030")]
    learnt = Sample.of(few[few["sample_code"] == "development"], given["feature_dictionary"])
    fits = fit_candidates(learnt, FAST)
    level, _ = fits.levels("lightgbm", few, cohorts(RATES), until=AS_OF)
    live = few[few["exclusion_code"].isna()]
    means = [
        expit(fits.log_odds("lightgbm", live[live["observation_date"] == day]) + level.shift).mean()
        for day in (first, later)
    ]
    assert np.mean(means) == pytest.approx(np.mean(list(RATES.values())), rel=1e-9)
    assert abs(means[0] - means[1]) > 1e-6


def test_rows_that_serve_no_sample_still_count_in_the_level_of_their_year(made):
    rows = frame()
    at_start = rows["observation_date"] == "2021-12-31"
    kept = rows.assign(sample_code=rows["sample_code"].mask(at_start & (rows["sample_code"] != "excluded"), "embargo"))
    scores = run(kept)["scores"]
    assert "2021-12-31" not in set(scores["observation_date"].astype(str))
    given = inputs(kept, features=FEW)
    fits = fit_candidates(Sample.of(kept[kept["sample_code"] == "development"], given["feature_dictionary"]), FAST)
    start = kept.loc[kept["sample_code"] == "out_of_time", "observation_date"].min()
    level, _ = fits.levels("logistic", kept, cohorts(RATES), until=start)
    assert level.shift != 0
    own = scores[scores["model_code"] == "logistic"].merge(kept[[*KEYS[1:], *FEW]], on=KEYS[1:], validate="1:1")
    best = expit(fits.log_odds("logistic", own) + level.shift)
    np.testing.assert_allclose(own["pd_12m"], np.maximum(best, FAST.pd_floor_ratio), rtol=1e-9)


def test_with_few_complete_years_the_level_stays_where_the_calibration_left_it():
    few = run(frame(), rates={2022: 0.04, 2023: 0.02})
    levels = few["pd_levels"].set_index("level_code")
    assert levels.loc["level_shift", "value"] == 0
    assert levels.loc["level_shift", "reason_code"] == "too_few_years"
    assert few["scored"]["pd_12m"].notna().all()


def test_the_parts_of_the_accepted_model_give_the_scores_of_the_run(made):
    parts = made["model_parts"].set_index("part_code")["content"]
    calibration, names = json.loads(parts["calibration"]), json.loads(parts["features"])
    assert names == inputs(frame(), features=FEW)["feature_dictionary"]["feature_code"].tolist()
    now = frame().query("sample_code == 'scoring'").set_index("customer_id")
    raw = lgb.Booster(model_str=parts["lightgbm_text"]).predict(now[names].to_numpy(float), raw_score=True)
    score = made["scored"].set_index("customer_id")["score"][now.index]
    np.testing.assert_allclose(calibration["slope"] * raw + calibration["intercept"], score, rtol=1e-12)
    assert calibration["pd_floor"] == FAST.pd_floor_ratio


def test_months_ahead_reach_the_pd_of_every_performing_customer(made):
    terms = made["pd_term_structure"]
    last = terms[terms["horizon_months"] == 12].set_index("customer_id")["pd_cumulative"]
    live = made["scored"].query("customer_status_code != 'in_default'").set_index("customer_id")["pd_12m"]
    np.testing.assert_allclose(last[live.index], live, rtol=1e-9)


def test_a_panel_without_late_rates_is_judged_by_its_best_single_feature():
    names = [name for name in FEW if name != "late_ratio_12m"]
    found = run(frame(), features=names)
    choice = conformed(found)["model_choice"].set_index("model_code")
    assert choice.index[choice["is_rule"]].tolist() == ["single_feature"]
    assert choice.loc["late_rate", "reason_code"] == "feature_missing"
    assert choice.loc["single_feature", "auc_gain"] == 0
    assert found["scored"]["pd_12m"].notna().all()


def test_yearly_rates_do_not_move_pds_of_another_horizon():
    rows = frame()
    within = (rows["months_to_default"].fillna(99) <= 6).astype("boolean").where(rows["is_default"].notna())
    given = inputs(rows.assign(is_default=within), features=FEW, default_cohorts=cohorts(RATES))
    levels = default_model(given, FAST, knowledge(horizon_months=6))["pd_levels"].set_index("level_code")
    assert levels.loc["level_shift", "value"] == 0
    assert levels.loc["level_shift", "reason_code"] == "other_horizon"


def test_a_candidate_whose_feature_is_always_empty_is_not_fitted():
    rows = frame().assign(rating_ratio=np.nan)
    dictionary = inputs(rows, features=[*FEW, "rating_ratio"])["feature_dictionary"]
    fits = fit_candidates(Sample.of(rows[rows["sample_code"] == "development"], dictionary), FAST)
    assert "late_rate" in fits.models
    assert "external_rating" not in fits.models


def test_the_level_takes_the_newest_row_of_a_panel_with_dates_of_its_own():
    """Accounts are published on many days: each customer counts with the last ones known when the year began."""
    rows = frame()
    moved = pd.to_timedelta(rows["customer_id"].str[1:].astype(int) % 20, unit="D")
    spread = rows.assign(observation_date=rows["observation_date"] - moved)
    dictionary = inputs(rows, features=FEW)["feature_dictionary"]
    fits = fit_candidates(Sample.of(rows[rows["sample_code"] == "development"], dictionary), FAST)
    given = cohorts({2022: 0.03, 2023: 0.04})
    on_days, _ = fits.levels("late_rate", spread, given, until=AS_OF)
    on_month_ends, _ = fits.levels("late_rate", rows, given, until=AS_OF)
    assert on_days.margin_shift == pytest.approx(on_month_ends.margin_shift, rel=1e-12)
