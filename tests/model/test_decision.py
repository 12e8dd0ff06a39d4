"""Who gives the PDs: the champion only where it separates better than the simple rule out of time."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskresearch.base.schema import check
from riskresearch.model.decision import model_choice
from riskresearch.model.fits import Fits
from riskresearch.model.sample import Sample
from riskresearch.model.settings import ModelSettings
from riskresearch.model.tables import MODEL_CHOICE, MODELS

SETTINGS = ModelSettings(n_bootstrap=60, min_test_defaulters=10)
LEARNT = Sample.of(
    DataFrame({"customer_id": ["a", "b"], "observation_date": "2023-01-31", "is_default": [True, False]}),
    DataFrame({"feature_code": []}),
)
CANDIDATES = ("lightgbm", "logistic", "late_rate", "single_feature")


def rows(*, n_customers: int = 150, n_dates: int = 3, ratio: float = 0.25) -> DataFrame:
    """Out-of-time rows; the first customers default on all their dates."""
    names = np.repeat([f"C{i:03d}" for i in range(n_customers)], n_dates)
    hit = np.repeat(np.arange(n_customers) < ratio * n_customers, n_dates)
    dates = np.tile(pd.date_range("2024-01-31", periods=n_dates, freq="ME"), n_customers)
    frame = DataFrame({"customer_id": names, "observation_date": dates})
    return frame.assign(is_default=pd.array(hit, dtype="boolean"))


def odds(test: DataFrame, **strengths: float) -> dict[str, np.ndarray]:
    """Log-odds of each candidate: chance plus the outcome times its strength, the same chance for all."""
    hit = test["is_default"].to_numpy(float)
    noise = np.random.default_rng(5).normal(size=len(test))
    return {name: strength * hit + noise - 1.5 for name, strength in strengths.items()}


def chosen(test: DataFrame, log_odds: dict[str, np.ndarray], settings: ModelSettings = SETTINGS) -> DataFrame:
    fits = Fits(LEARNT, settings, models=dict.fromkeys(log_odds))
    return check(model_choice(test, fits, log_odds), MODEL_CHOICE).set_index("model_code")


def told(choice: DataFrame) -> tuple[str, str]:
    """Who gives the PDs, and why the champion does or does not."""
    return choice.index[choice["is_chosen"]].item(), choice.loc["lightgbm", "reason_code"]


STRONG = {"lightgbm": 2.0, "logistic": 2.5, "late_rate": 1.0, "single_feature": 1.5}


@pytest.mark.parametrize(
    ("strengths", "expected"),
    [
        (STRONG, ("lightgbm", "accepted")),
        (STRONG | {"lightgbm": 0.5}, ("late_rate", "not_better_than_rule")),
        (STRONG | {"lightgbm": 1.0}, ("late_rate", "not_better_than_rule")),  # exactly as good is not better
        (STRONG | {"single_feature": 9.0}, ("lightgbm", "accepted")),  # where late rates are known they are the rule
        (STRONG | {"logistic": 9.0}, ("lightgbm", "accepted")),  # a challenger is shown, not chosen
    ],
)
def test_the_champion_is_accepted_only_above_the_rule(strengths, expected):
    test = rows()
    choice = chosen(test, odds(test, **strengths))
    assert told(choice) == expected
    assert choice["is_chosen"].sum() == choice["is_rule"].sum() == 1
    assert choice.loc["late_rate", "is_rule"]
    assert choice.loc[choice["is_chosen"], "reason_code"].item() == "accepted"
    others = choice.drop(index=["lightgbm", expected[0]])["reason_code"]
    fitted = dict.fromkeys(strengths, "compared")
    missing = {name: "feature_missing" for name in MODELS if name not in strengths} | {"expert": "not_needed"}
    assert others.to_dict() == {name: code for name, code in (missing | fitted).items() if name in others.index}


@pytest.mark.parametrize(
    ("champion", "expected"), [(2.0, ("lightgbm", "accepted")), (1.2, ("single_feature", "not_better_than_rule"))]
)
def test_without_late_rates_the_best_single_feature_is_the_rule(champion, expected):
    test = rows()
    choice = chosen(test, odds(test, lightgbm=champion, single_feature=1.5))
    assert told(choice) == expected
    assert choice.index[choice["is_rule"]].tolist() == ["single_feature"]
    assert choice.loc["single_feature", ["auc_gain", "auc_gain_low", "auc_gain_high"]].tolist() == [0, 0, 0]
    assert choice.loc["late_rate", "reason_code"] == "feature_missing"
    assert choice.loc["late_rate", ["auc", "brier"]].isna().all()


@pytest.mark.parametrize(("n_defaulters", "name"), [(9, "expert"), (10, "lightgbm")])
def test_few_defaulting_customers_out_of_time_prove_nothing(n_defaulters, name):
    test = rows(n_customers=100, n_dates=4, ratio=n_defaulters / 100)
    choice = chosen(test, odds(test, **STRONG))
    assert (choice["n_test_defaulters"] == n_defaulters).all()  # customers, not their rows
    assert choice.index[choice["is_chosen"]].item() == name
    if name == "expert":
        assert set(choice["reason_code"].drop("expert")) == {"too_few_test_defaulters"}
        assert choice.loc["expert", "reason_code"] == "accepted"
        assert choice[["auc", "auc_gain", "champion_gain", "brier", "log_loss"]].isna().all(axis=None)


def test_where_nothing_could_be_fitted_the_expert_gives_the_pds():
    choice = chosen(rows(), {})
    assert told(choice) == ("expert", "too_few_defaulters")
    assert set(choice["reason_code"].drop("expert")) == {"too_few_defaulters"}
    assert (choice["n_defaulters"] == 1).all()
    assert choice.index[choice["is_rule"]].tolist() == ["late_rate"]


def test_rows_without_a_known_outcome_are_not_defaulters():
    test = rows(ratio=0).assign(is_default=pd.array([None] * 450, dtype="boolean"))
    assert told(chosen(test, {}))[0] == "expert"


def test_measures_are_those_of_the_textbook():
    test = rows()
    scores = odds(test, **STRONG)
    choice, hit = chosen(test, scores), test["is_default"].to_numpy(bool)
    for name, z in scores.items():
        assert choice.loc[name, "auc"] == pytest.approx(roc_auc_score(hit, z), rel=1e-12)
        assert choice.loc[name, "brier"] == pytest.approx(brier_score_loss(hit, expit(z)), rel=1e-12)
        assert choice.loc[name, "log_loss"] == pytest.approx(log_loss(hit, expit(z)), rel=1e-9)
    aucs = choice.loc[list(scores), "auc"]
    pd.testing.assert_series_equal(choice.loc[list(scores), "auc_gain"], aucs - aucs["late_rate"], check_names=False)
    gain = choice.loc[list(scores), "champion_gain"]
    pd.testing.assert_series_equal(gain, aucs["lightgbm"] - aucs, check_names=False)


def test_certain_log_odds_have_a_finite_log_loss_unless_wrong():
    test = rows()
    hit = test["is_default"].to_numpy(bool)
    sure = {name: np.where(hit, 800.0, -800.0) for name in CANDIDATES}
    assert chosen(test, sure).loc["lightgbm", "log_loss"] == 0
    wrong = chosen(test, {name: -z for name, z in sure.items()})
    assert wrong.loc["lightgbm", "log_loss"] == pytest.approx(800)


def test_bounds_come_from_whole_customers_drawn_alike_for_all_candidates():
    test = rows(n_customers=60)
    scores, hit = odds(test, lightgbm=1.2, late_rate=1.0), test["is_default"].to_numpy(bool)
    choice, rng = chosen(test, scores), np.random.default_rng(SETTINGS.seed)
    owner, drawn = pd.factorize(test["customer_id"], sort=True)[0], []
    for _ in range(SETTINGS.n_bootstrap):
        kept = np.concatenate([np.flatnonzero(owner == i) for i in rng.integers(0, 60, 60)])
        drawn.append([roc_auc_score(hit[kept], scores[name][kept]) for name in ("lightgbm", "late_rate")])
    champion, rule = np.array(drawn).T
    for name, values in {"auc": champion, "auc_gain": champion - rule}.items():
        bounds = choice.loc["lightgbm", [f"{name}_low", f"{name}_high"]].tolist()
        assert bounds == pytest.approx(np.quantile(values, [0.025, 0.975]), rel=1e-9)
    bounds = choice.loc["late_rate", ["champion_gain_low", "champion_gain_high"]].tolist()
    assert bounds == pytest.approx(np.quantile(champion - rule, [0.025, 0.975]), rel=1e-9)


def test_a_twin_of_the_champion_is_no_worse_with_certainty_and_twin_rows_prove_no_more():
    test = rows(n_customers=80)
    scores = odds(test, lightgbm=1.2, late_rate=1.0, logistic=1.2)
    choice = chosen(test, scores)
    assert choice.loc["logistic", ["champion_gain", "champion_gain_low", "champion_gain_high"]].tolist() == [0, 0, 0]
    gap = choice.loc["lightgbm", "auc_high"] - choice.loc["late_rate", "auc_low"]
    assert choice.loc["lightgbm", "auc_gain_high"] - choice.loc["lightgbm", "auc_gain_low"] < gap / 2
    doubled = chosen(pd.concat([test, test]), {name: np.tile(z, 2) for name, z in scores.items()})
    pd.testing.assert_frame_equal(doubled, choice, rtol=1e-9)
    assert not np.signbit(choice["champion_gain_high"].to_numpy()[choice["champion_gain_high"] == 0]).any()


@pytest.mark.parametrize("log_odds", [0.0, -1.0])
def test_a_rule_that_separates_no_better_than_chance_gives_no_pds(log_odds):
    test = rows()
    flat = {name: log_odds * test["is_default"].to_numpy(float) for name in STRONG}
    choice = chosen(test, flat)
    assert told(choice) == ("expert", "not_better_than_rule")
    assert choice.loc["expert", "reason_code"] == "accepted"
