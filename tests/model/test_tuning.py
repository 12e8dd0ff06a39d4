"""Tuning: every trial recorded, the same seed the same trials, measures that can be worked out again by hand."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from riskresearch.base.schema import check
from riskresearch.model.folds import purged_folds
from riskresearch.model.sample import Sample
from riskresearch.model.tuning import SPACE, TUNING_TRIALS, TuningSettings, tune

SEARCHED = [dimension.name for dimension in SPACE]


class Settings(TuningSettings):
    """What the champion of these tests is set by; only two of the searched settings matter to it."""

    seed: int = 1
    learning_rate: float = 0.04
    n_leaves: int = 5
    leaf_ratio: float = 0.01
    l2_penalty: float = 90.0
    feature_ratio: float = 0.7


@dataclass(frozen=True)
class Ridge:
    """Logistic regression that says how many trees it would have used."""

    model: LogisticRegression
    n_trees: int

    def log_odds(self, rows):
        return self.model.decision_function(rows[["late", "noise"]].to_numpy())


def ridge(sample, settings):
    strength = 1 / (settings.l2_penalty * 100 * settings.learning_rate)
    model = LogisticRegression(C=strength, tol=1e-8).fit(sample.features.to_numpy(), sample.outcome)
    return Ridge(model, 10 * settings.n_leaves)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(4)
    dates = pd.date_range("2020-01-31", periods=26, freq="ME").as_unit("us")
    keys = pd.MultiIndex.from_product(
        [[f"C{i:02d}" for i in range(60)], dates], names=["customer_id", "observation_date"]
    )
    rows = keys.to_frame(index=False)
    risk = np.repeat(rng.normal(size=60), len(dates))
    rows = rows.assign(
        late=risk, noise=rng.normal(size=len(rows)), is_default=rng.random(len(rows)) < expit(2 * risk - 2)
    )
    return Sample.of(rows, DataFrame({"feature_code": ["late", "noise"], "direction_code": [1, 0]}))


@pytest.fixture(scope="module")
def tuned(sample):
    return tune(sample, Settings(n_trials=14, n_tuning_folds=3), ridge, told=lambda *_: None)


def test_without_a_budget_nothing_is_tried(sample):
    trials, best = tune(sample, Settings(), lambda *_: pytest.fail("fitted"), told=lambda *_: pytest.fail("told"))
    assert (len(trials), best) == (0, {})
    assert trials.columns.tolist() == TUNING_TRIALS.names


def test_every_trial_is_recorded_and_the_first_is_the_settings_as_given(tuned):
    trials, _ = tuned
    assert trials["trial_number"].tolist() == list(range(14))
    assert trials.loc[0, SEARCHED].tolist() == [getattr(Settings(), name) for name in SEARCHED]
    assert trials["log_loss_gain"][0] == trials["log_loss_gain_se"][0] == 0
    assert trials["n_trees"].tolist() == (10.0 * trials["n_leaves"]).tolist()
    assert (trials["fold_code"] == "time").all()
    check(trials, TUNING_TRIALS)
    for d in SPACE:
        assert trials[d.name].between(d.low, d.high).all()
        assert trials[d.name].nunique() > 5


def test_the_best_trial_has_the_lowest_log_loss_of_the_complete_ones_that_surely_gain(tuned):
    trials, best = tuned
    complete = trials[trials["state_code"] == "complete"]
    sure = complete[complete["log_loss_gain"] > complete["log_loss_gain_se"]]
    assert trials.loc[trials["is_best"], "trial_number"].tolist() == [sure["log_loss"].idxmin()]
    assert best == trials.loc[trials["is_best"], SEARCHED].iloc[0].to_dict()
    assert isinstance(best["n_leaves"], int)
    gain = complete["log_loss"][0] - complete["log_loss"]
    np.testing.assert_allclose(complete["log_loss_gain"], gain, atol=1e-12)
    assert gain.max() > 0.01


def test_a_trial_given_up_has_fewer_folds_and_is_never_the_best(tuned):
    trials, _ = tuned
    pruned = trials[trials["state_code"] == "pruned"]
    assert len(pruned)
    assert (pruned["n_folds"] < 3).all()
    assert not pruned["is_best"].any()
    assert (trials.loc[trials["state_code"] == "complete", "n_folds"] == 3).all()


def test_measures_are_those_worked_out_again_on_purged_folds(sample, tuned):
    trials, best = tuned
    _, folds = purged_folds(sample, n_folds=3, embargo_months=1)
    losses, areas, saved = [], [], []
    for train, test in folds:
        before, after = (
            expit(ridge(sample.where(train), Settings(**values)).log_odds(sample.rows[test])) for values in ({}, best)
        )
        hit = sample.outcome[test]
        losses.append(log_loss(hit, after))
        areas.append(roc_auc_score(hit, after))
        own = DataFrame(
            {
                "customer": sample.customers[test],
                "saved": np.log(np.where(hit == 1, after / before, (1 - after) / (1 - before))),
            }
        )
        saved.append(own)
    row = trials[trials["is_best"]].iloc[0]
    assert row["log_loss"] == pytest.approx(np.mean(losses), abs=1e-12)
    assert row["auc"] == pytest.approx(np.mean(areas), abs=1e-12)
    variance = 0.0
    for customer in sample.customers.unique():
        share = sum((f.loc[f["customer"] == customer, "saved"] - f["saved"].mean()).sum() / len(f) / 3 for f in saved)
        variance += share**2
    assert row["log_loss_gain_se"] == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_the_same_seed_gives_the_same_trials_and_another_seed_others(sample, tuned):
    again, best = tune(sample, Settings(n_trials=14), ridge, told=lambda *_: None)
    pd.testing.assert_frame_equal(again, tuned[0])
    assert best == tuned[1]
    other, _ = tune(sample, Settings(n_trials=3, seed=2), ridge, told=lambda *_: None)
    assert other.loc[0, SEARCHED].tolist() == again.loc[0, SEARCHED].tolist()
    assert other.loc[1, SEARCHED].tolist() != again.loc[1, SEARCHED].tolist()


def test_progress_is_told_and_nothing_is_printed(sample, capfd):
    told = []
    tune(sample, Settings(n_trials=2), ridge, told=lambda *words: told.append(words))
    assert told == [("tuning", 0, 2), ("tuning", 1, 2), ("tuning", 2, 2)]
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("optuna").getEffectiveLevel() <= logging.WARNING


def test_settings_given_outside_the_searched_range_are_tried_as_they_are(sample):
    trials, _ = tune(sample, Settings(n_trials=2, l2_penalty=0.001, n_leaves=60), ridge, told=lambda *_: None)
    assert trials.loc[0, ["l2_penalty", "n_leaves"]].tolist() == [0.001, 60]


def test_a_single_date_is_folded_by_customer(sample):
    one = sample.where((sample.rows["observation_date"] == "2020-03-31").to_numpy())
    trials, _ = tune(one, Settings(n_trials=1), ridge, told=lambda *_: None)
    assert trials.loc[0, ["fold_code", "n_folds"]].tolist() == ["customer", 3]


def test_the_settings_stay_as_given_where_no_trial_gains_more_than_its_standard_error(sample):
    def chance(part, settings):
        """A model whose quality does not depend on the settings, but for noise."""
        rng = np.random.default_rng(settings.n_leaves)
        model = LogisticRegression().fit(part.features.to_numpy(), part.outcome)
        model.intercept_ = model.intercept_ + 0.01 * rng.normal()
        return Ridge(model, 1)

    trials, best = tune(sample, Settings(n_trials=8, n_leaves=3), chance, told=lambda *_: None)
    assert (trials["log_loss_gain"] > 0).any()
    assert not (trials["log_loss_gain"] > trials["log_loss_gain_se"]).any()
    assert trials.loc[trials["is_best"], "trial_number"].tolist() == [0]
    assert best["n_leaves"] == 3


def test_a_trial_given_up_is_compared_on_the_folds_it_finished(sample, tuned):
    pruned = tuned[0][tuned[0]["state_code"] == "pruned"].iloc[0]
    _, folds = purged_folds(sample, n_folds=3, embargo_months=1)
    saved = []
    for train, test in folds[: pruned["n_folds"]]:
        p = [
            expit(ridge(sample.where(train), Settings(**values)).log_odds(sample.rows[test]))
            for values in ({}, pruned[SEARCHED].to_dict())
        ]
        saved.append(log_loss(sample.outcome[test], p[0]) - log_loss(sample.outcome[test], p[1]))
    assert pruned["log_loss_gain"] == pytest.approx(np.mean(saved), abs=1e-12)
