"""What is known before the first sale gives the PD of a prospect; nothing else does."""

import numpy as np
import pytest
from model.panel import FEW, KNOWN_BEFORE_SALE, panel
from pandas import Series

from riskresearch.features.families import FEATURES
from riskresearch.features.stage import feature_dictionary
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.candidates.cold_start import FAMILIES, OWN_SALES, before_sale, cold_start
from riskresearch.model.candidates.logistic import LogisticSettings, logistic
from riskresearch.model.sample import Sample

SETTINGS = LogisticSettings()


def sample_of(features: list[str] = FEW) -> Sample:
    """Rows whose outcome follows the external rating."""
    frame = panel(n_customers=150, n_dates=8)
    frame = frame[frame["is_default"].notna()]
    hit = np.random.default_rng(2).random(len(frame)) < 0.4 * frame["rating_ratio"]
    dictionary = feature_dictionary()
    return Sample.of(frame.assign(is_default=hit), dictionary[dictionary["feature_code"].isin(features)])


@pytest.fixture(scope="module")
def sample():
    return sample_of()


@pytest.fixture(scope="module")
def model(sample):
    return cold_start(sample, SETTINGS)


def test_only_features_known_before_the_first_sale_are_read(sample, model):
    assert before_sale(sample) == [name for name in sample.names if name in KNOWN_BEFORE_SALE]
    alone = sample.rows[KNOWN_BEFORE_SALE]
    np.testing.assert_array_equal(model.log_odds(alone), model.log_odds(sample.rows))


def test_features_that_look_at_own_invoices_are_left_out_whatever_their_family():
    every = sample_of(FEATURES.names)
    names = before_sale(every)
    families = every.dictionary["family_code"]
    assert set(families[names]) == set(FAMILIES)
    assert not set(names) & set(OWN_SALES)
    assert set(OWN_SALES) <= set(families.index[families.isin(FAMILIES)])
    assert {"delay", "ageing", "exposure", "sales", "incidents", "disputes", "tenure"}.isdisjoint(families[names])


def test_it_is_the_logistic_regression_of_these_features(sample, model):
    plain = logistic(sample.with_features(before_sale(sample)), SETTINGS)
    np.testing.assert_array_equal(model.log_odds(sample.rows), plain.log_odds(sample.rows))


def test_a_worse_rating_and_thinner_equity_never_lower_the_pd(sample, model):
    rows = sample.rows.iloc[:50]
    directions = dict(zip(sample.names, sample.directions, strict=True))
    for name in KNOWN_BEFORE_SALE:
        steps = np.array([model.log_odds(rows.assign(**{name: value})) for value in np.linspace(0, 1, 5)])
        assert (np.diff(steps, axis=0) * directions[name]).min() >= 0
    moved = [model.log_odds(rows.assign(rating_ratio=value)) for value in (0.0, 1.0)]
    assert (moved[1] - moved[0]).min() > 0.5


def test_a_prospect_of_whom_nothing_is_known_has_a_finite_score(sample, model):
    blank = sample.rows.iloc[:1].assign(**dict.fromkeys(FEW, np.nan))
    assert np.isfinite(model.log_odds(blank)).all()
    assert model.log_odds(blank.iloc[:0]).shape == (0,)


def test_order_of_rows_changes_nothing(sample, model):
    mixed = Sample.of(sample.rows.sample(frac=1, random_state=1), sample.dictionary.reset_index())
    np.testing.assert_array_equal(cold_start(mixed, SETTINGS).log_odds(sample.rows), model.log_odds(sample.rows))


@pytest.mark.parametrize(("family", "can"), [*((name, True) for name in FAMILIES), ("delay", False)])
def test_a_panel_without_such_features_has_no_cold_start(sample, family, can):
    dictionary = sample.dictionary.assign(family_code=Series(family, index=sample.dictionary.index))
    assert CANDIDATES["cold_start"].spec.can_learn_from(dictionary) is can
