"""Defaults of a year hang together as each model says: exact probabilities of joint defaults, knock-on events."""

import numpy as np
import pytest
from insurance.simulated_books import assert_near, happened, settings_of, spread
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import chi2, multivariate_normal, t

from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.simulation import simulate

P_DEFAULT = np.array([0.01, 0.05, 0.2, 0.45])
SECTORS = ["A", "A", "B", None]
PAIRS = [(0, 1), (1, 2), (2, 3), (1, 3)]


@pytest.fixture(scope="session")
def four(make_exposures):
    return make_exposures(4, pd_12m=P_DEFAULT, sector_code=SECTORS, country_code=["FR", "FR", "DE", None])


def normal_pair(a, b, correlation):
    return multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf([a, b])


def gaussian(i, j, *, common, sector=0.0, level=0.0):
    """P(i and j default): the latent values have covariance r + w + t^2 and variance 1 + t^2."""
    shared = common + (sector if SECTORS[i] == SECTORS[j] else 0.0)
    return normal_pair(*ndtri(P_DEFAULT[[i, j]]), (shared + level**2) / (1 + level**2))


def student(i, j, *, common, degrees):
    def given(w):
        low = t(degrees).ppf(P_DEFAULT[[i, j]]) * np.sqrt(w / degrees)
        return normal_pair(*low, common) * chi2(degrees).pdf(w)

    return quad(given, 0, 60, epsabs=1e-7, limit=200)[0]


def gamma(i, j, *, variance, share=0.0):
    """1 - P(not i) - P(not j) + P(neither); E exp(-a_i X_i - a_j X_j) from the gamma transform of each part."""
    rate = ((1 - P_DEFAULT[[i, j]]) ** -variance - 1) / variance
    common = (1 + variance * rate.sum()) ** (-(1 - share) / variance)
    is_same = SECTORS[i] == SECTORS[j]
    own = 1 + variance * rate.sum() if is_same else np.prod(1 + variance * rate)
    return P_DEFAULT[i] + P_DEFAULT[j] - 1 + common * own ** (-share / variance)


CASES = {
    "independent": ("independent", {}, lambda i, j: P_DEFAULT[i] * P_DEFAULT[j]),
    "one factor": ("one_factor", {}, lambda i, j: gaussian(i, j, common=0.2)),
    "one factor, strong": ("one_factor", {"correlation_ratio": 0.7}, lambda i, j: gaussian(i, j, common=0.7)),
    "sectors": ("sector_factors", {}, lambda i, j: gaussian(i, j, common=0.1, sector=0.15)),
    "uncertain level": ("one_factor", {"pd_uncertainty": 0.5}, lambda i, j: gaussian(i, j, common=0.2, level=0.5)),
    "uncertain level alone": (
        "independent",
        {"pd_uncertainty": 0.5},
        lambda i, j: gaussian(i, j, common=0.0, level=0.5),
    ),
    "Student t": ("student_t", {}, lambda i, j: student(i, j, common=0.2, degrees=4)),
    "Student t without correlation": (
        "student_t",
        {"correlation_ratio": 0.0, "degrees_of_freedom": 3},
        lambda i, j: student(i, j, common=0.0, degrees=3),
    ),
    "gamma": ("gamma", {}, lambda i, j: gamma(i, j, variance=0.8)),
    "gamma, sectors": ("gamma_sectors", {}, lambda i, j: gamma(i, j, variance=0.8, share=0.4)),
    "gamma, sectors alone": ("gamma_own", {}, lambda i, j: gamma(i, j, variance=1.5, share=1.0)),
}


@pytest.mark.parametrize("case", CASES)
def test_customers_default_together_as_often_as_the_model_says(four, case):
    model, dependence, exact = CASES[case]
    events = simulate(four, settings_of(model, n_years=40_000, dependence=dependence))
    defaulted = happened(events)
    for i, j in PAIRS:
        assert_near(defaulted[:, i] * defaulted[:, j], exact(i, j))


def test_sectors_may_be_countries(four):
    countries = {"sector_axis": "country_code", "sector_correlation_ratio": 0.5}
    events = simulate(four, settings_of("sector_factors", n_years=40_000, dependence=countries))
    defaulted = happened(events)
    assert_near(defaulted[:, 0] * defaulted[:, 1], normal_pair(*ndtri(P_DEFAULT[[0, 1]]), 0.6))
    assert_near(defaulted[:, 2] * defaulted[:, 3], normal_pair(*ndtri(P_DEFAULT[[2, 3]]), 0.1))


def test_uncertain_level_of_a_gamma_book(four):
    """Given the level V the PDs are Phi(sqrt(1 + t^2) Phi^-1(PD) + t V); the gamma model holds for these."""
    level, variance = 0.5, 0.8
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    events = simulate(four, settings_of("gamma", n_years=40_000, dependence={"pd_uncertainty": level}))
    defaulted = happened(events)
    for i, j in PAIRS:
        p_default = ndtr(np.sqrt(1 + level**2) * ndtri(P_DEFAULT[[i, j]])[:, None] + level * nodes)
        rate = ((1 - p_default) ** -variance - 1) / variance
        both = p_default.sum(axis=0) - 1 + (1 + variance * rate.sum(axis=0)) ** (-1 / variance)
        assert_near(defaulted[:, i] * defaulted[:, j], both @ weights / weights.sum())


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_large_uniform_book_reaches_the_vasicek_quantile(make_exposures, confidence):
    """A book of 20,000 equal customers is close to its limit law: the share above the limit's quantile is 1 - a."""
    exposures = make_exposures(20_000, pd_12m=0.02, exposure_amount=1 / 20_000, lgd_ratio=0.5)
    events = simulate(exposures, settings_of(lgd_concentration=None))
    z = (ndtri(0.02) + np.sqrt(0.2) * ndtri(confidence)) / np.sqrt(0.8)
    above = (events.by_year(events.loss) > 0.5 * ndtr(z)).astype(float)
    # 20,000 customers leave a spread of a few per cent of the default rate: it moves the tail by less than a tenth
    assert abs(above.mean() - (1 - confidence)) <= 4 * spread(above) + 0.1 * (1 - confidence)


@pytest.mark.parametrize("model", ["one_factor", "student_t", "gamma", "sector_factors"])
def test_shifted_years_with_their_weights_have_the_same_law(make_exposures, model):
    exposures = make_exposures(50, pd_12m=0.02, sector_code=["A", "B"] * 25)
    plain = simulate(exposures, settings_of(model, n_years=20_000))
    shifted = simulate(exposures, settings_of(model, n_years=20_000, factor_shift=-1.5))
    assert plain.weights is None
    assert shifted.weights.sum() == pytest.approx(1.0, abs=1e-12)
    many = shifted.n_per_year >= 8
    assert many.sum() > 3 * (plain.n_per_year >= 8).sum(), "more bad years are drawn"
    for values, exact in [
        (shifted.n_per_year, 1.0),
        (many, np.mean(simulate(exposures, settings_of(model, n_years=100_000, seed=5)).n_per_year >= 8)),
    ]:
        blocks = (values * shifted.weights).reshape(-1, 1_000).sum(axis=1) * 20
        long_run = np.sqrt(exact * (1 - min(exact, 0.999)) / 100_000) if exact < 1 else 0.0
        assert abs(blocks.mean() - exact) <= 4 * np.hypot(blocks.std(ddof=1) / np.sqrt(20), long_run)


def test_contagion_adds_what_the_formula_says(make_exposures):
    """Each default takes each other member with probability 0.3: 1 - (1 - p_j) prod (1 - 0.3 p_i)."""
    p_default, group = np.array([0.1, 0.2, 0.0, 0.3, 0.15]), ["G", "G", "G", "H", None]
    exposures = make_exposures(5, pd_12m=p_default, group_id=group, country_code="FR")
    settings = settings_of("independent", n_years=20_000, dependence={"contagion_ratio": 0.3})
    defaulted = happened(simulate(exposures, settings))
    for customer, others in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1]), (3, []), (4, [])]:
        exact = 1 - (1 - p_default[customer]) * np.prod(1 - 0.3 * p_default[others])
        assert_near(defaulted[:, customer], exact)
    both = 1 - 0.9 * (1 - 0.3 * 0.2) - 0.8 * (1 - 0.3 * 0.1) + 0.9 * 0.8
    assert_near(defaulted[:, 0] * defaulted[:, 1], both)


def test_who_is_taken_along_defaults_after_who_takes_it(make_exposures):
    exposures = make_exposures(3, pd_12m=[0.2, 0.3, 0.0], group_id="G")
    certain = simulate(exposures, settings_of("independent", dependence={"contagion_ratio": 1.0}))
    per_year = certain.n_per_year
    assert set(per_year) == {0, 3}
    day = np.where(happened(certain) > 0, 0.0, np.nan)
    day[certain.year, certain.customer] = certain.day_ratio
    hit = per_year > 0
    assert (day[hit, 2] >= np.minimum(day[hit, 0], day[hit, 1])).all()
    without = simulate(exposures, settings_of("independent"))
    assert np.isin(without.year * 3 + without.customer, certain.year * 3 + certain.customer).all()


def test_a_political_event_stops_the_whole_country_on_one_day(make_exposures):
    p_default, country = np.array([0.1, 0.0, 1.0, 0.2]), ["XX", "XX", "XX", "YY"]
    exposures = make_exposures(4, pd_12m=p_default, country_code=country)
    probabilities = {"XX": 0.25, "YY": 0.0, "ZZ": 0.5}
    cuts = {"probability_ratio": 1.0}
    settings = settings_of("independent", n_years=20_000, political_probabilities=probabilities, cuts=cuts)
    events = simulate(exposures, settings)
    defaulted = happened(events)
    assert_near(defaulted[:, 0], 1 - 0.9 * 0.75)
    assert_near(defaulted[:, 1], 0.25)
    assert_near(defaulted[:, 3], 0.2)
    is_political = events.event == EVENT_CODES.index("political")
    assert not is_political[events.customer == 3].any()
    assert is_political[events.customer == 1].all()
    assert not events.after_cut_ratio[is_political].any()
    day = np.full((20_000, 4), np.nan)
    day[events.year, events.customer] = events.day_ratio
    struck = defaulted[:, 1] > 0
    assert (day[struck, 2] <= day[struck, 1]).all(), "what comes first counts"
    assert abs(np.mean(day[struck, 2] < day[struck, 1]) - 0.5) <= 4 * np.sqrt(0.25 / struck.sum())
