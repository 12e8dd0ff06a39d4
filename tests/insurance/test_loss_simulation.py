"""The simulation: exact means, exact joint laws, the large-portfolio limit, and reproducible events."""

from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import beta, multivariate_normal

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.losses import simulate_blocks, simulate_losses, stratified_factor
from riskresearch.insurance.measures import expected_shortfall, shortfall_scores, standard_error, value_at_risk
from riskresearch.insurance.options import insured
from riskresearch.insurance.terms import ClaimCover
from riskresearch.insurance.waterfall import settle

FACTS = ("year", "customer", "day_ratio", "loss")


@pytest.fixture(scope="session")
def book(make_exposures):
    """Sixty customers from very safe to very risky, with certain and impossible defaults among them."""
    rng = np.random.default_rng(2)
    p_default = np.concatenate([[0.0, 1.0], np.geomspace(0.0003, 0.6, 58)])
    exposures = make_exposures(
        60,
        pd_12m=p_default,
        exposure_amount=rng.lognormal(9, 1, 60),
        lgd_ratio=rng.uniform(0.1, 0.9, 60),
        buyer_limit_amount=np.where(rng.random(60) < 0.5, rng.lognormal(9, 1, 60), np.nan),
    )
    return check_exposures(exposures, lgd_ratio=0.4)


def simulate(exposures, *, correlation_ratio=0.12, lgd_concentration=5.0, n_years=4_000, seed=1):
    return simulate_losses(
        exposures, correlation_ratio=correlation_ratio, lgd_concentration=lgd_concentration, n_years=n_years, seed=seed
    )


def assert_near(values, exact, n_strata):
    """The mean of simulated years lies within four standard errors of its exact value."""
    assert abs(values.mean() - exact) <= 4 * standard_error(values, n_strata=n_strata), (values.mean(), exact)


def test_same_seed_same_events_whatever_the_order_of_the_rows(book):
    first, again = simulate(book), simulate(book.sample(frac=1, random_state=3, ignore_index=True))
    other = simulate(book, seed=2)
    assert all(np.array_equal(getattr(first, fact), getattr(again, fact)) for fact in FACTS)
    assert not np.array_equal(first.loss[:50], other.loss[:50])


def test_blocks_drawn_apart_are_the_events_of_the_whole(book):
    whole = simulate(book)
    asked = {"correlation_ratio": 0.12, "lgd_concentration": 5.0, "seed": 1}
    parts = [simulate_blocks(book, blocks=blocks, **asked) for blocks in ([3], [0, 1], [2])]
    in_order = [(parts[1], 0), (parts[2], 2_000), (parts[0], 3_000)]
    assert np.array_equal(whole.year, np.concatenate([part.year + shift for part, shift in in_order]))
    for fact in FACTS[1:]:
        assert np.array_equal(getattr(whole, fact), np.concatenate([getattr(part, fact) for part, _ in in_order]))
    longer = simulate(book, n_years=5_000)
    assert np.array_equal(longer.loss[: len(whole.loss)], whole.loss)


def test_events_are_sorted_by_year_and_date_and_each_customer_defaults_once_a_year(book):
    events = simulate(book)
    steps = np.diff(events.year)
    assert (steps >= 0).all()
    assert (np.diff(events.day_ratio)[steps == 0] >= 0).all()
    assert ((events.day_ratio >= 0) & (events.day_ratio < 1)).all()
    pairs = events.year * 60 + events.customer
    assert len(np.unique(pairs)) == len(pairs)


def test_certain_and_impossible_defaults(book):
    events = simulate(book)
    counts = np.bincount(events.customer, minlength=60)
    assert counts[0] == 0
    assert counts[1] == events.n_years


@pytest.mark.parametrize("correlation", [0.0, 0.12, 0.5, 0.9])
def test_every_customer_defaults_with_its_probability_whatever_the_correlation(book, correlation):
    events = simulate(book, correlation_ratio=correlation, n_years=10_000)
    p_default = book["pd_12m"].to_numpy()
    found = np.bincount(events.customer, minlength=60) / events.n_years
    assert (np.abs(found - p_default) <= 4.5 * np.sqrt(p_default * (1 - p_default) / events.n_years)).all()
    assert_near(events.by_year(events.loss), expected_gross(book).sum(), events.n_strata)


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_customers_of_one_cell_keep_their_own_probabilities(make_exposures, correlation):
    """Customers drawn together at the rate of the riskiest are thinned to their own: from 2.28 % to 2.86 %."""
    p_default = ndtr(np.linspace(-1.9999, -1.9001, 400))
    exposures = check_exposures(make_exposures(400, pd_12m=p_default), lgd_ratio=0.4)
    events = simulate(exposures, correlation_ratio=correlation, n_years=6_000)
    for half in (slice(0, 200), slice(200, 400)):
        chosen = np.zeros(400)
        chosen[half] = 1.0
        assert_near(events.by_year(chosen[events.customer]), p_default[half].sum(), events.n_strata)


def joint(p_first, p_second, correlation):
    law = multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    return law.cdf(ndtri([p_first, p_second]))


@pytest.mark.parametrize("correlation", [0.0, 0.12, 0.5])
def test_customers_default_together_as_often_as_the_bivariate_normal_law_says(make_exposures, correlation):
    p_default = np.array([0.002, 0.01, 0.05, 0.2, 0.45])
    exposures = check_exposures(make_exposures(5, pd_12m=p_default), lgd_ratio=0.4)
    events = simulate(exposures, correlation_ratio=correlation, n_years=20_000)
    defaulted = np.zeros((events.n_years, 5))
    defaulted[events.year, events.customer] = 1.0
    for i, j in [(1, 2), (2, 3), (2, 4), (3, 4)]:
        exact = joint(p_default[i], p_default[j], correlation)
        assert_near(defaulted[:, i] * defaulted[:, j], exact, events.n_strata)


@pytest.mark.parametrize("concentration", [5.0, 0.5, None])
def test_loss_given_default_has_its_law(make_exposures, concentration):
    means = np.array([0.0, 0.2, 0.6, 1.0])
    exposures = check_exposures(make_exposures(4, pd_12m=1.0, lgd_ratio=means, exposure_amount=1.0), lgd_ratio=0.4)
    events = simulate(exposures, lgd_concentration=concentration)
    for customer, mean in enumerate(means):
        severity = events.loss[events.customer == customer]
        variance = 0.0 if concentration is None else mean * (1 - mean) / (concentration + 1)
        assert abs(severity.mean() - mean) <= 4 * np.sqrt(variance / 4_000) + 1e-12  # sums of 4,000 doubles
        if variance:
            law = beta(mean * concentration, (1 - mean) * concentration)
            below = np.mean(severity < 0.3)
            assert abs(below - law.cdf(0.3)) <= 4 * np.sqrt(law.cdf(0.3) * law.sf(0.3) / 4_000)
        else:
            assert (severity == mean).all()


def exact_laws(exposures, policy, *, correlation, premium_amount):
    """Gross and paid amount of every set of defaults with its probability: nothing simulated.

    Given Z defaults are independent; Z is integrated on 400 equal steps of -9 to 9 (trapezoidal rule on a function
    that vanishes at both ends).
    """
    p_default = exposures["pd_12m"].to_numpy()
    loss = (exposures["exposure_amount"] * exposures["lgd_ratio"]).to_numpy()
    limit, share = exposures["buyer_limit_amount"].to_numpy(), policy.insured_percentage.named_ratio
    z = np.linspace(-9, 9, 401)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    given = ndtr((ndtri(p_default)[:, None] - np.sqrt(correlation) * z) / np.sqrt(1 - correlation))
    gross, paid, weight = [], [], []
    for chosen in product([False, True], repeat=len(loss)):
        hit = np.array(chosen)
        settled = settle(
            loss[hit],
            n_per_year=np.array([hit.sum()]),
            cover=ClaimCover(limit[hit], np.full(hit.sum(), share)),
            policy=policy,
            premium_amount=premium_amount,
        )
        gross.append(loss[hit].sum())
        paid.append(settled.indemnity.sum())
        weight.append(np.where(hit[:, None], given, 1 - given).prod(axis=0) @ density)
    return np.array(gross), np.array(paid), np.array(weight)


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_small_book_agrees_with_the_enumeration_of_all_its_outcomes(make_policy, make_exposures, correlation):
    policy = make_policy(
        [
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
            {"kind": "threshold", "amount": 1_500},
            {"kind": "aggregate_first_loss", "amount": 4_000},
            {"kind": "maximum_liability", "amount": 9_000},
        ]
    )
    exposures = check_exposures(
        make_exposures(
            6,
            pd_12m=[0.02, 0.05, 0.1, 0.1, 0.2, 0.3],
            exposure_amount=[20e3, 15e3, 10e3, 8e3, 5e3, 2.5e3],
            lgd_ratio=0.5,
            buyer_limit_amount=[8e3, 9e3, 9e3, 3e3, 9e3, 9e3],
        ),
        lgd_ratio=0.4,
    )
    gross, paid, weight = exact_laws(exposures, policy, correlation=correlation, premium_amount=0.0)
    assert weight.sum() == pytest.approx(1.0, rel=1e-9)
    assert weight @ gross == pytest.approx(expected_gross(exposures).sum(), rel=1e-6)
    events = simulate(exposures, correlation_ratio=correlation, lgd_concentration=None, n_years=20_000)
    option = insured(events, exposures=exposures, policy=policy, confidence_ratio=0.975)
    n = events.n_strata
    assert_near(option.indemnity, weight @ paid, n)
    assert_near(option.retained, weight @ (gross - paid), n)
    assert_near(option.used_up["aggregate_first_loss"].astype(float), weight @ (paid > 0), n)
    assert_near(option.used_up["maximum_liability"].astype(float), weight @ (paid >= 9_000), n)
    for exact, simulated in [(gross, option.gross), (gross - paid, option.retained)]:
        for confidence in (0.9, 0.975):
            shortfall = expected_shortfall(exact, confidence_ratio=confidence, weights=weight)
            assert_near(shortfall_scores(simulated, confidence_ratio=confidence), shortfall, n)
            reached = weight[exact <= value_at_risk(exact, confidence_ratio=confidence, weights=weight)].sum()
            assert reached >= confidence


def test_large_uniform_book_reaches_the_vasicek_quantile(make_exposures):
    """A book of 20,000 equal customers is close to its limit law: the share above the limit's quantile is 1 - a."""
    p_default, correlation, lgd = 0.02, 0.12, 0.5
    exposures = check_exposures(
        make_exposures(20_000, pd_12m=p_default, exposure_amount=1 / 20_000, lgd_ratio=lgd), lgd_ratio=0.4
    )
    events = simulate(exposures, correlation_ratio=correlation, lgd_concentration=None, n_years=4_000)
    years = events.by_year(events.loss)
    for confidence in (0.5, 0.9, 0.99):
        z = (ndtri(p_default) + np.sqrt(correlation) * ndtri(confidence)) / np.sqrt(1 - correlation)
        # 20,000 customers leave a spread of about 3 % of the default rate: it moves the tail share by less than a tenth
        above = (years > lgd * ndtr(z)).astype(float)
        margin = 4 * standard_error(above, n_strata=events.n_strata) + 0.1 * (1 - confidence)
        assert abs(above.mean() - (1 - confidence)) <= margin


@pytest.mark.parametrize("correlation", [0.0, 0.12, 0.5])
@pytest.mark.parametrize("concentration", [5.0, None])
def test_without_terms_of_the_year_the_mean_indemnity_is_exact(book, make_policy, correlation, concentration):
    policy = make_policy(
        [
            {"kind": "buyer_limit", "discretionary_limit_amount": 2_500},
            {"kind": "threshold", "amount": 800},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
        ]
    )
    exact = expected_indemnity(book, policy=policy, lgd_concentration=concentration)
    events = simulate(book, correlation_ratio=correlation, lgd_concentration=concentration, n_years=6_000)
    option = insured(events, exposures=book, policy=policy, confidence_ratio=0.99)
    assert 0 < exact.sum() < expected_gross(book).sum()
    assert_near(option.indemnity, exact.sum(), events.n_strata)


@pytest.mark.parametrize("threshold", [0.0, 800.0, 2_500.0, 3_000.0])
@pytest.mark.parametrize("is_reached", [False, True])
def test_exact_indemnity_is_the_integral_over_the_law_of_the_loss(make_policy, make_exposures, threshold, is_reached):
    policy = make_policy(
        [
            {"kind": "buyer_limit", "discretionary_limit_amount": 2_500},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
            {"kind": "threshold", "amount": threshold, "is_reached_at_equality": is_reached},
        ]
    )
    exposures = check_exposures(
        make_exposures(
            3, exposure_amount=[10e3, 2e3, 40e3], lgd_ratio=[0.4, 0.7, 0.2], buyer_limit_amount=[None, 1e9, 3e3]
        ),
        lgd_ratio=0.4,
    )
    found = expected_indemnity(exposures, policy=policy, lgd_concentration=5.0)
    limits, shares = [2_500.0, 1e9, 3_000.0], [0.6, 0.9, 0.9]
    for row, limit, share, value in zip(exposures.itertuples(), limits, shares, found, strict=True):
        law = beta(5 * row.lgd_ratio, 5 * (1 - row.lgd_ratio))
        if limit < threshold or (limit == threshold and not is_reached):
            assert value == 0.0
            continue
        first, knee = (min(amount / row.exposure_amount, 1.0) for amount in (threshold, limit))
        below, _ = quad(lambda x, r=row, f=law: r.exposure_amount * x * f.pdf(x), first, knee)
        integral = below + limit * law.sf(knee) if knee < 1.0 else below
        assert value == pytest.approx(0.02 * share * integral, rel=1e-6, abs=1e-9)


def test_exact_indemnity_is_not_claimed_for_terms_of_the_year(book, make_policy):
    policy = make_policy([{"kind": "aggregate_first_loss", "amount": 1}])
    assert expected_indemnity(book, policy=policy, lgd_concentration=5.0) is None


def test_stated_standard_errors_are_the_spread_of_repeated_simulations(book):
    runs = [simulate(book, n_years=2_000, seed=seed) for seed in range(60)]
    years = [events.by_year(events.loss) for events in runs]
    for score in (lambda v: v, lambda v: shortfall_scores(v, confidence_ratio=0.95)):
        stated = np.sqrt(np.mean([standard_error(score(v), n_strata=1_000) ** 2 for v in years]))
        spread = np.std([score(v).mean() for v in years], ddof=1)
        assert 0.7 < spread / stated < 1.35  # 60 repeats: the spread is known to about 9 %


def test_factor_has_one_year_per_quantile_step():
    factor = stratified_factor(np.random.default_rng(1))
    assert (np.floor(ndtr(factor) * 1_000).astype(int) == np.arange(1_000)).all()


def test_too_many_defaults_or_a_broken_block_are_refused(book):
    with pytest.raises(SettingsError, match=r"n_years must be a multiple of 1000 and give at most 50000000 defaults"):
        simulate(book, n_years=10_000_000)
    with pytest.raises(SettingsError, match=r"insurance\.n_years: 1500 years"):
        simulate(book, n_years=1_500)
    with pytest.raises(SettingsError, match=r"insurance\.n_years: 0 years"):
        simulate(book, n_years=0)
