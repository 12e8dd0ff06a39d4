"""The best single feature: the rule of a panel without late rates."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from riskresearch.base.config import StageSettings
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.candidates.single_feature import LARGEST_SIZE, single_feature
from riskresearch.model.sample import Sample

SETTINGS = StageSettings()
DIRECTIONS = {"debt": 1, "profit": -1, "size": 0, "noise": 1}


def made(*, n: int = 1500, seed: int = 1, missing: float = 0.0, **slopes: float) -> Sample:
    """Sample of independent normal features; log-odds −2 + Σ slope × feature."""
    rng = np.random.default_rng(seed)
    frame = DataFrame({name: rng.normal(size=n) for name in DIRECTIONS})
    odds = -2 + sum(slope * frame[name] for name, slope in slopes.items())
    hit = rng.random(n) < expit(odds)
    keys = {"customer_id": [f"C{i:04d}" for i in range(n)], "observation_date": pd.Timestamp("2024-12-31")}
    blank = rng.random(n) < missing
    return of(frame.mask(blank[:, None] & np.ones(frame.shape, dtype=bool)).assign(**keys, is_default=hit))


def of(frame: DataFrame, **directions: int) -> Sample:
    told = DIRECTIONS | directions
    return Sample.of(frame, DataFrame({"feature_code": list(told), "direction_code": list(told.values())}))


@pytest.mark.parametrize(
    ("slopes", "name"),
    [
        ({"debt": 1.0, "profit": -0.5}, "debt"),
        ({"debt": 0.5, "profit": -1.0}, "profit"),
        ({"size": 1.0, "debt": 0.5}, "size"),
        ({"size": -1.0, "debt": 0.5}, "size"),
        ({"debt": -2.0, "profit": -0.5}, "profit"),
        ({"debt": -2.0, "profit": 2.0, "noise": 0.5}, "noise"),
    ],
)
def test_the_feature_that_separates_best_in_its_declared_direction_is_taken(slopes, name):
    sample = made(**slopes)
    model = single_feature(sample, SETTINGS)
    assert model.feature_code == name
    assert np.sign(model.slope) == np.sign(slopes[name])
    score = model.log_odds(sample.rows)
    away = [n for n, slope in slopes.items() if DIRECTIONS[n] * slope >= 0]
    aucs = [roc_auc_score(sample.outcome, np.sign(slopes[n]) * sample.rows[n]) for n in away]
    # equal up to the few values beyond the tails, which are held
    assert roc_auc_score(sample.outcome, score) == pytest.approx(max(aucs), abs=1e-4)


def test_slope_and_level_are_those_of_a_logistic_regression():
    sample = made(debt=1.0)
    value = sample.rows["debt"].to_numpy()
    model = single_feature(sample, SETTINGS)
    plain = LogisticRegression(C=1e8, tol=1e-10, max_iter=1000).fit(value[:, None], sample.outcome)
    assert model.slope / model.deviation == pytest.approx(plain.coef_[0, 0], rel=1e-3)
    assert expit(model.log_odds(sample.rows)).mean() == pytest.approx(sample.outcome.mean(), rel=1e-6)


def test_missing_values_have_a_level_of_their_own_between_their_rate_and_the_common_one():
    sample = made(debt=1.0, missing=0.3)
    blank = sample.rows["debt"].isna().to_numpy()
    risky = of(sample.rows.assign(is_default=np.where(blank, sample.outcome == 0, sample.outcome == 1)))
    model = single_feature(risky, SETTINGS)
    found = model.log_odds(risky.rows)
    own = logit(risky.outcome[blank].mean())
    assert len(np.unique(found[blank])) == 1
    assert found[blank][0] == model.missing_log_odds
    assert model.intercept < model.missing_log_odds < own
    assert model.missing_log_odds == pytest.approx(own, abs=0.1)  # 450 rows outweigh the prior


def test_a_worse_value_never_lowers_the_pd_even_where_no_feature_points_the_declared_way():
    sample = made(debt=-1.0, profit=1.0, noise=-0.5)
    sample = of(sample.rows.drop(columns="size"), size=1).with_features(["debt", "profit", "noise"])
    model = single_feature(sample, SETTINGS)
    values = np.linspace(-3, 3, 13)
    scores = model.log_odds(DataFrame(dict.fromkeys(DIRECTIONS, values)))
    assert (np.diff(scores) * DIRECTIONS[model.feature_code]).min() >= 0


def test_extreme_values_are_held_and_every_score_is_finite():
    model = single_feature(made(debt=1.0, missing=0.1), SETTINGS)
    score = model.log_odds(DataFrame({"debt": [np.nan, 1e15, -1e15, np.inf, -np.inf]}))
    assert np.isfinite(score).all()
    assert score[1] == score[3] == model.intercept + LARGEST_SIZE * model.slope
    assert score[2] == score[4] == model.intercept - LARGEST_SIZE * model.slope


def test_a_feature_that_is_always_missing_or_constant_does_no_harm():
    frame = made(debt=1.0).rows.assign(profit=np.nan, noise=7.0)
    assert single_feature(of(frame), SETTINGS).feature_code == "debt"
    alone = of(frame).with_features(["profit", "noise"])
    flat = single_feature(alone, SETTINGS).log_odds(frame)
    assert expit(flat) == pytest.approx(alone.outcome.mean(), rel=0.05)


def test_order_of_rows_and_other_columns_change_nothing():
    sample = made(debt=1.0, missing=0.1)
    mixed = sample.rows.sample(frac=1, random_state=2)
    model = single_feature(sample, SETTINGS)
    assert single_feature(of(mixed[mixed.columns[::-1]]), SETTINGS) == model
    np.testing.assert_array_equal(model.log_odds(mixed[["debt"]]), model.log_odds(sample.rows)[mixed.index])


def test_it_is_a_candidate_that_any_panel_can_have():
    dictionary = DataFrame({"feature_code": ["x"], "family_code": ["own"]}).set_index("feature_code")
    assert CANDIDATES["single_feature"].spec.can_learn_from(dictionary)
    assert not CANDIDATES["late_rate"].spec.can_learn_from(dictionary)
