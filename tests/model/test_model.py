"""Default model: choice, monotonicity, calibration, grades, expert rating."""

import numpy as np
import pandas as pd
import pytest
from model.panel import inputs, panel
from scipy.special import expit

from riskresearch.base.schema import check
from riskresearch.features.families import FEATURES
from riskresearch.model.calibrate import calibrate
from riskresearch.model.champion import fit_boosted
from riskresearch.model.expert_rating import expert_pd
from riskresearch.model.grades import grade_scale, graded
from riskresearch.model.settings import ModelSettings
from riskresearch.model.stage import MODEL_TABLES, default_model

SETTINGS = ModelSettings(n_trees=40, n_bootstrap=50)


@pytest.fixture(scope="module")
def made():
    return default_model(inputs(panel()), SETTINGS)


def test_tables_agree_with_their_declaration(made):
    for table in MODEL_TABLES:
        check(made[table.name], table)


def test_one_candidate_gives_the_pds_and_the_rule_stands_beside_it(made):
    choice = made["model_choice"].set_index("model_code")
    assert choice["is_chosen"].sum() == 1
    assert choice.loc["late_rate", "auc_gain"] == 0
    assert choice.loc["lightgbm", "auc"] > 0.6


def test_same_inputs_give_the_same_bytes_and_row_order_does_not_matter(made):
    frame = panel()
    again = default_model(inputs(frame.sample(frac=1, random_state=5).reset_index(drop=True)), SETTINGS)
    assert again["model_parts"].equals(made["model_parts"])
    keys = ["model_code", "customer_id", "observation_date"]
    first, second = (m["scores"].sort_values(keys, ignore_index=True) for m in (made, again))
    pd.testing.assert_frame_equal(first, second)


def test_the_champion_is_refused_where_the_rule_separates_better():
    frame = panel(slope=0.0, base=-2.0)
    made = default_model(inputs(frame.assign(late_ratio_12m=frame["is_default"].fillna(False).astype(float))), SETTINGS)
    choice = made["model_choice"].set_index("model_code")
    assert choice.loc["late_rate", "auc"] == 1
    assert choice.loc["lightgbm", "reason_code"] == "not_better_than_rule"
    assert choice.loc["late_rate", "is_chosen"]
    assert made["model_parts"].empty


def test_too_few_defaulters_fall_back_to_the_expert_rating():
    made = default_model(inputs(panel(base=-9.0)), SETTINGS)
    choice = made["model_choice"].set_index("model_code")
    assert choice.loc["lightgbm", "n_defaulters"] < SETTINGS.min_defaulters
    assert choice.loc["lightgbm", "reason_code"] == "too_few_defaulters"
    assert set(made["scored"]["pd_source_code"]) == {"expert"}
    assert made["scores"].empty


@pytest.mark.parametrize("feature", [m for m in FEATURES if m.spec.direction], ids=lambda m: m.name)
def test_a_worse_value_never_lowers_the_pd(feature):
    frame = panel()
    names = FEATURES.names
    train = frame[frame["sample_code"] == "development"]
    model = fit_boosted(train[names], train["is_default"].astype(int), [m.spec.direction for m in FEATURES], SETTINGS)
    rows = frame[names].iloc[:300]
    steps = [model.log_odds(rows.assign(**{feature.name: value})) for value in np.linspace(0, 1, 7)]
    change = np.diff(np.array(steps), axis=0) * feature.spec.direction
    assert change.min() >= 0


def test_calibration_restores_slope_and_level_and_keeps_the_mean():
    rng = np.random.default_rng(3)
    true = rng.normal(-2, 1, 40_000)
    hit = rng.random(40_000) < expit(true)
    platt = calibrate((true - 0.7) / 0.5, hit, slope_low=0.9, slope_high=1.1)
    assert platt.method == "platt"
    assert platt.slope == pytest.approx(0.5, rel=0.04)
    assert platt.intercept == pytest.approx(0.7, abs=0.08)  # sampling error of the level on 40,000 rows, 2.5 sd
    shift = calibrate(true + 1, hit, slope_low=0.9, slope_high=1.1)
    assert shift.method == "shift"
    assert shift.slope == 1
    for found, raw in ((platt, (true - 0.7) / 0.5), (shift, true + 1)):
        assert found.probability(raw).mean() == pytest.approx(hit.mean(), rel=1e-4)


def test_grades_rise_with_the_pd_and_segments_follow_their_bounds():
    scale = grade_scale(ModelSettings().grade_bounds, reliable_up_to=0.01, to_watch_up_to=0.04)
    pds = pd.Series([0.0001, 0.005, 0.0051, 0.01, 0.04, 0.0401, 0.33, 0.999])
    found = graded(pds, scale)
    assert found["grade_code"].tolist() == ["A", "A", "B", "B", "D", "E", "H", "H"]
    assert found["segment_code"].tolist() == ["reliable"] * 4 + ["to_watch"] + ["risky"] * 3
    assert scale["grade_code"].tolist() == list("ABCDEFGHX")


def test_expert_rating_of_late_payers_is_six_times_that_of_punctual_ones():
    behaviour = pd.DataFrame(
        {
            "customer_id": list("abc"),
            "days_beyond_terms_12m": [0.0, 60.0, np.nan],
            "n_receipts_12m": [10**9, 10**9, 0],
            "past_due_max_days": [0, 0, 0],
            "is_terms_assumed": False,
        }
    )
    settings = ModelSettings()
    found = expert_pd(behaviour, settings)
    assert found["b"] / found["a"] == pytest.approx(6)
    share = settings.prior_late_ratio
    assert (1 - share) * found["a"] + share * found["b"] == pytest.approx(settings.prior_default_ratio)
    assert found["a"] < found["c"] <= found["b"]
