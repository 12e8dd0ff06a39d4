"""Champion: trees counted on later blocks, the same bytes for the same rows, never against a declared direction."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from model.panel import FEW, panel
from scipy.special import logit

from riskresearch.features.families import FEATURES
from riskresearch.features.samples import months_after
from riskresearch.features.stage import feature_dictionary
from riskresearch.model.candidates.boosted import MIN_FOLD_DEFAULTERS, BoostedSettings, lightgbm, refitted
from riskresearch.model.folds import purged_folds
from riskresearch.model.sample import Sample

SETTINGS = BoostedSettings(n_trees=80, learning_rate=0.1, l2_penalty=1.0, feature_ratio=1.0)
DIRECTED = [member for member in FEATURES if member.spec.direction]


def rows(*, n_dates: int = 30, **how: float) -> pd.DataFrame:
    """Rows of as many months as asked for, all with a known outcome."""
    frame = panel(n_customers=80, n_dates=n_dates, first="2019-01-31", base=-3.5, **how)
    return frame[frame["is_default"].notna()]


def sample_of(frame: pd.DataFrame, features: list[str] = FEW) -> Sample:
    dictionary = feature_dictionary()
    return Sample.of(frame, dictionary[dictionary["feature_code"].isin(features)])


def folds_of(sample: Sample):
    return purged_folds(sample, n_folds=SETTINGS.n_folds, min_defaulters=MIN_FOLD_DEFAULTERS)


def log_loss(raw: np.ndarray, hit: np.ndarray) -> float:
    return float(np.logaddexp(0, np.where(hit, -raw, raw)).sum())


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_of(rows())


@pytest.fixture(scope="module")
def model(sample):
    return lightgbm(sample, SETTINGS)


def test_unseen_scores_are_those_of_models_that_knew_neither_the_rows_nor_anything_later(sample, model):
    code, folds = folds_of(sample)
    days, told, places = sample.rows["observation_date"], [], []
    for train, test in folds:
        assert months_after(days[train].max(), 12) <= days[test].min()
        before = refitted(sample.where(train), SETTINGS, n_trees=model.n_trees)
        told.append(before.log_odds(sample.rows[test]))
        places.append(np.flatnonzero(test))
    found = model.unseen
    assert (code, found.fold_code) == ("time", "time")
    np.testing.assert_allclose(found.raw, np.concatenate(told), rtol=0, atol=1e-12)
    assert found.outcome.tolist() == sample.outcome[np.concatenate(places)].tolist()
    assert found.customers.tolist() == sample.customers.iloc[np.concatenate(places)].tolist()
    seen = model.log_odds(sample.rows.iloc[np.concatenate(places)])
    assert log_loss(seen, found.outcome) < log_loss(found.raw, found.outcome)


def test_where_dates_are_few_customers_are_left_out_in_turn():
    sample = sample_of(rows(n_dates=7))
    model = lightgbm(sample, SETTINGS)
    _, folds = folds_of(sample)
    assert model.unseen.fold_code == "customer"
    assert len(model.unseen.raw) == len(sample.rows)
    told = [refitted(sample.where(a), SETTINGS, n_trees=model.n_trees).log_odds(sample.rows[b]) for a, b in folds]
    np.testing.assert_allclose(model.unseen.raw, np.concatenate(told), rtol=0, atol=1e-12)
    assert all(not set(sample.customers[a]) & set(sample.customers[b]) for a, b in folds)


def test_the_number_of_trees_is_the_best_on_the_blocks_not_seen(sample, model):
    def loss(n_trees: int) -> float:
        parts = [(refitted(sample.where(a), SETTINGS, n_trees=n_trees), b) for a, b in folds_of(sample)[1]]
        return sum(log_loss(part.log_odds(sample.rows[b]), sample.outcome[b]) for part, b in parts)

    assert 1 < model.n_trees < SETTINGS.n_trees
    least = loss(model.n_trees)
    assert least == pytest.approx(log_loss(model.unseen.raw, model.unseen.outcome))
    for n_trees in (1, model.n_trees - 1, model.n_trees + 1, SETTINGS.n_trees):
        assert loss(n_trees) > least


def test_what_no_longer_holds_on_later_dates_is_hardly_learnt(model):
    frame = rows().reset_index(drop=True)
    late = frame["observation_date"] >= "2020-01-01"
    shuffled = frame.loc[late, "is_default"].sample(frac=1, random_state=1)
    frame.loc[late, "is_default"] = shuffled.to_numpy()
    assert lightgbm(sample_of(frame), SETTINGS).n_trees < model.n_trees / 2


def test_row_order_column_order_and_threads_change_no_byte(sample, model):
    frame = rows()
    mixed = frame.sample(frac=1, random_state=3)[frame.columns[::-1]].reset_index(drop=True)
    with ThreadPoolExecutor(2) as pool:
        again = list(pool.map(lambda part: lightgbm(sample_of(part), SETTINGS), (mixed, frame)))
    for other in again:
        assert other.booster.model_to_string() == model.booster.model_to_string()
        assert other.unseen.raw.tobytes() == model.unseen.raw.tobytes()
    assert "[num_threads: 1]" in model.booster.model_to_string()
    kept = sample.rows.sample(frac=0.3, random_state=4)
    assert model.log_odds(kept).tobytes() == model.log_odds(sample.rows)[kept.index].tobytes()


def test_a_seed_is_told_and_counts(sample, model):
    few = SETTINGS.model_copy(update={"feature_ratio": 0.4})
    one, two = (lightgbm(sample, few.model_copy(update={"seed": seed})) for seed in (1, 2))
    assert one.booster.model_to_string() != two.booster.model_to_string()


@pytest.fixture(scope="module")
def on_all_features():
    frame = rows(n_dates=14)
    return lightgbm(sample_of(frame, FEATURES.names), SETTINGS), frame


@pytest.mark.parametrize("feature", DIRECTED, ids=lambda m: m.name)
def test_a_worse_value_never_lowers_the_pd(on_all_features, feature):
    model, frame = on_all_features
    some = frame[FEATURES.names].iloc[::5]
    steps = [model.log_odds(some.assign(**{feature.name: value})) for value in np.linspace(0, 1, 7)]
    assert (np.diff(np.array(steps), axis=0) * feature.spec.direction).min() >= 0


def test_a_declared_direction_binds_where_the_rows_say_the_contrary(model):
    frame = rows()
    turned = frame.assign(late_ratio_12m=1 - frame["late_ratio_12m"], overdue_ratio=1 - frame["overdue_ratio"])
    contrary = lightgbm(sample_of(turned), SETTINGS)
    for name in ("late_ratio_12m", "overdue_ratio"):
        steps = [contrary.log_odds(turned.assign(**{name: value})) for value in np.linspace(0, 1, 7)]
        assert np.diff(np.array(steps), axis=0).min() >= 0
        free = np.array([model.log_odds(frame.assign(**{name: value})) for value in (0.0, 1.0)])
        assert (free[1] - free[0]).max() > 0.3


def test_features_that_tell_nothing_give_the_common_default_rate():
    frame = rows().assign(**dict.fromkeys(FEW, 1.0))
    model = lightgbm(sample_of(frame), SETTINGS)
    hit = frame["is_default"].mean()
    assert model.n_trees >= 1
    np.testing.assert_allclose(model.log_odds(frame), logit(hit), atol=1e-6)


def test_rows_without_any_value_and_values_never_seen_have_a_finite_score(model):
    strange = pd.DataFrame([dict.fromkeys(FEW, value) for value in (np.nan, 1e12, -1e12, 0.0)])
    assert np.isfinite(model.log_odds(strange)).all()
    assert model.log_odds(strange.iloc[:0]).shape == (0,)
