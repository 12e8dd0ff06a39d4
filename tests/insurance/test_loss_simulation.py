"""The simulation: exact probabilities and laws of what is drawn for each default."""

import numpy as np
import pandas as pd
import pytest
from insurance.simulated_books import MODELS, assert_near, happened, settings_of
from scipy.stats import beta, chisquare

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.simulation.severity import severities

N_LAWS = 40


@pytest.fixture(scope="session")
def book(make_exposures):
    """Sixty customers from very safe to very risky, with certain and impossible defaults among them."""
    rng = np.random.default_rng(2)
    return make_exposures(
        60,
        pd_12m=np.concatenate([[0.0, 1.0], np.geomspace(0.0003, 0.6, 57), [0.97]]),
        exposure_amount=rng.lognormal(9, 1, 60),
        lgd_ratio=rng.uniform(0.1, 0.9, 60),
        buyer_limit_amount=np.where(rng.random(60) < 0.5, rng.lognormal(9, 1, 60), np.nan),
        sector_code=[None if k % 4 == 3 else f"S{k % 4}" for k in range(60)],
        country_code=[("FR", "DE", None)[k % 3] for k in range(60)],
        terms_days=[None if k % 7 == 0 else 30.0 + k for k in range(60)],
    )


@pytest.mark.parametrize("uncertainty", [0.0, 0.3])
@pytest.mark.parametrize("model", MODELS)
def test_every_customer_defaults_with_its_probability_in_every_model(book, model, uncertainty):
    settings = settings_of(model, n_years=20_000, dependence={"pd_uncertainty": uncertainty})
    events, p_default = simulate(book, settings), book["pd_12m"].to_numpy()
    found = happened(events).mean(axis=0)
    assert found[0] == 0.0
    assert found[1] == 1.0
    assert (np.abs(found - p_default) <= 4.5 * np.sqrt(p_default * (1 - p_default) / events.n_years)).all()
    assert_near(events.by_year(events.loss), (p_default * book["exposure_amount"] * book["lgd_ratio"]).sum())


@pytest.mark.parametrize("model", MODELS)
def test_customers_of_one_bucket_keep_their_own_probabilities(make_exposures, model):
    """Customers drawn side by side are thinned to their own PD: 0.5 % and 0.9 % are in one bucket."""
    p_default = np.where(np.arange(400) % 2 == 0, 0.005, 0.009)
    events = simulate(make_exposures(400, pd_12m=p_default), settings_of(model, n_years=6_000))
    for chosen in (0, 1):
        assert_near(events.by_year((events.customer % 2 == chosen) * 1.0), p_default[chosen::2].sum())


def test_a_year_lists_each_customer_once_in_the_order_of_dates(book):
    events = simulate(book, settings_of("student_t"))
    steps = np.diff(events.year)
    assert (steps >= 0).all()
    assert (np.diff(events.day_ratio)[steps == 0] >= 0).all()
    assert ((events.day_ratio >= 0) & (events.day_ratio < 1)).all()
    assert np.array_equal(events.n_per_year, np.bincount(events.year, minlength=events.n_years))
    assert happened(events).sum() == len(events.customer)
    assert events.customer_ids.tolist() == sorted(book["customer_id"])


def test_days_are_uniform_in_the_year(book):
    events = simulate(book, settings_of())
    assert chisquare(np.bincount((events.day_ratio * 20).astype(int), minlength=20)).pvalue > 1e-3


@pytest.mark.parametrize("concentration", [5.0, 0.5, 0.02, None])
def test_loss_given_default_has_its_law(make_exposures, concentration):
    means = np.array([0.0, 0.2, 0.6, 1.0])
    exposures = make_exposures(4, pd_12m=1.0, lgd_ratio=means)
    events = simulate(exposures, settings_of(lgd_concentration=concentration))
    for customer, mean in enumerate(means):
        lost = events.lgd_ratio[events.customer == customer].astype(float)
        variance = 0.0 if concentration is None else mean * (1 - mean) / (concentration + 1)
        assert abs(lost.mean() - mean) <= 4 * np.sqrt(variance / 4_000) + 1e-7  # stored with 24 bits
        if variance:
            law = beta(mean * concentration, (1 - mean) * concentration)
            for x in (0.3, 0.7):
                assert abs(np.mean(lost < x) - law.cdf(x)) <= 4 * np.sqrt(law.cdf(x) * law.sf(x) / 4_000)


@pytest.mark.parametrize("concentration", [None, 200.0, 5.0, 0.5, 0.01])
@pytest.mark.parametrize("n_laws", [3, N_LAWS])
def test_mean_of_the_tabulated_law_is_exact(concentration, n_laws):
    means = np.linspace(0.0, 1.0, n_laws) ** 1.3
    laws = severities(means, concentration=concentration)
    assert (laws.table[:, 1:] >= laws.table[:, :-1]).all()
    assert laws.table.min() >= 0
    assert laws.table.max() <= 1
    joined = (laws.table[:, 1:] + laws.table[:, :-1]).mean(axis=1) / 2
    upper = joined[np.minimum(laws.law + 1, len(joined) - 1)]
    assert np.abs(joined[laws.law] + laws.upper_weight * (upper - joined[laws.law]) - means).max() < 1e-13


def test_laws_between_two_tables_are_close_to_the_beta_law():
    means = np.linspace(0.013, 0.987, N_LAWS)
    laws = severities(means, concentration=5.0)
    ratio = np.linspace(0.0, 1.0, laws.table.shape[1])
    for law, weight, mean in zip(laws.law, laws.upper_weight, means, strict=True):
        values = laws.table[law] + weight * (laws.table[min(law + 1, len(laws.table) - 1)] - laws.table[law])
        exact = beta(5 * mean, 5 * (1 - mean)).ppf(ratio)
        assert np.abs(values - exact)[1:-1].max() < 0.012
        assert np.abs(values - exact).mean() < 0.001


def test_a_customer_without_estimate_loses_the_ratio_of_the_settings(make_exposures):
    events = simulate(make_exposures(2, pd_12m=1.0, lgd_ratio=[None, 0.3]), settings_of(lgd_ratio=0.75))
    lost = events.lgd_ratio[events.customer == 0].astype(float)
    assert abs(lost.mean() - 0.75) <= 4 * np.sqrt(0.75 * 0.25 / 6 / 4_000)


def test_losses_given_default_of_a_year_are_correlated_as_stated_and_keep_their_law(make_exposures):
    settings = settings_of("independent", dependence={"lgd_correlation_ratio": 0.3}, n_years=10_000)
    events = simulate(make_exposures(2, pd_12m=1.0, lgd_ratio=0.4), settings)
    pair = np.zeros((10_000, 2))
    pair[events.year, events.customer] = events.lgd_ratio
    assert_near(pair[:, 0], 0.4)
    scores = beta(2, 3).cdf(pair)
    assert chisquare(np.bincount((scores[:, 1] * 20).astype(int), minlength=20)).pvalue > 1e-3
    # rank correlation of a bivariate normal law of correlation 0.3: 6/pi asin(0.15)
    found = np.corrcoef(scores.T)[0, 1]
    assert abs(found - 6 / np.pi * np.arcsin(0.15)) <= 4 / np.sqrt(10_000)
    strata = pair.mean(axis=1).reshape(-1, 1_000).mean(axis=0)
    bad, good = strata[:100].mean(), strata[-100:].mean()
    assert bad > good + 0.1, "years of a low factor lose more"


def test_share_of_protracted_defaults(book):
    events = simulate(book, settings_of(protracted_ratio=0.3))
    share = np.mean(events.event == EVENT_CODES.index("protracted_default"))
    assert abs(share - 0.3) <= 4 * np.sqrt(0.21 / len(events.event))
    assert set(events.event) == {0, 1}


def test_limits_are_cut_before_the_stated_share_of_defaults_and_only_where_there_is_one(book):
    cuts = {"probability_ratio": 0.4, "lead_days": 45}
    events = simulate(book, settings_of(cuts=cuts, deliveries_after_days=30))
    ordered = book.sort_values("customer_id")
    terms = ordered["terms_days"].fillna(ordered["terms_days"].mean()).to_numpy()
    expected = np.minimum(45 / (terms + 30), 1).astype(np.float32)[events.customer]
    is_named = ordered["buyer_limit_amount"].gt(0).to_numpy()[events.customer]
    is_cut = events.after_cut_ratio > 0
    assert not is_cut[~is_named].any()
    assert np.array_equal(events.after_cut_ratio[is_cut], expected[is_cut])
    assert abs(is_cut[is_named].mean() - 0.4) <= 4 * np.sqrt(0.24 / is_named.sum())
    assert not simulate(book, settings_of()).after_cut_ratio.any()


def test_exposure_follows_the_months_of_the_policy_year(make_exposures):
    exposures = make_exposures(2, pd_12m=1.0, exposure_amount=[100.0, 50.0])
    ratio = np.arange(1, 13) / 6.5
    months = pd.DataFrame({"customer_id": "C0000", "month_number": range(1, 13), "exposure_ratio": ratio})
    events = simulate(exposures, settings_of(), months=months, policy_start_month=4)
    assert np.allclose(events.exposure[0], 100 * np.roll(ratio, -3))
    assert (events.exposure[1] == 50).all()
    month = (events.day_ratio.astype(float) * 12).astype(int)
    assert np.array_equal(events.debt, events.exposure[events.customer, month])
    still = simulate(exposures, settings_of(use_season=False), months=months)
    assert (still.exposure == [[100.0] * 12, [50.0] * 12]).all()
    with pytest.raises(TableError, match=r"exposure_months: 1 customers \(C0000\) lack some of the months 1 to 12"):
        simulate(exposures, settings_of(), months=months.iloc[1:])


def test_too_many_defaults_are_refused(make_exposures):
    exposures = make_exposures(1_000, pd_12m=0.5, country_code="FR")
    with pytest.raises(SettingsError, match=r"1000000 years would give about 500000000 defaults"):
        simulate(exposures, settings_of(n_years=1_000_000))
    with pytest.raises(SettingsError, match=r"give about 70000000 defaults; .* at most 50000000"):
        simulate(exposures, settings_of(n_years=100_000, political_probabilities={"FR": 0.2}))


def test_an_empty_book_has_no_defaults(make_exposures):
    events = simulate(make_exposures(0), settings_of())
    assert events.n_years == 4_000
    assert len(events.loss) == 0
