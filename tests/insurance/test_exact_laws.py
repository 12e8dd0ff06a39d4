"""Exact laws of small books: known closed forms, brute force over all outcomes, and the package aggregate."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.exact import exact_laws
from riskresearch.insurance.exact.closed_forms import (
    binomial_law,
    binormal,
    compound_poisson_law,
    vasicek_quantile,
    vasicek_shortfall,
    vasicek_stop_loss,
)
from riskresearch.insurance.exact.law import Law
from riskresearch.insurance.settings import CutSettings, DependenceSettings, InsuranceSettings

CASES = Path(__file__).parents[1] / "cases" / "insurance"
ORACLE = yaml.safe_load((CASES / "oracle_aggregate.yaml").read_text(encoding="utf-8"))
NAMED = [
    DependenceSettings(model_code="independent"),
    DependenceSettings(model_code="one_factor", correlation_ratio=0.25),
    DependenceSettings(model_code="sector_factors", correlation_ratio=0.15, sector_correlation_ratio=0.2),
    DependenceSettings(model_code="student_t", correlation_ratio=0.2, degrees_of_freedom=4),
    DependenceSettings(model_code="gamma", gamma_variance=1.5, gamma_sector_share_ratio=0.3),
    DependenceSettings(model_code="one_factor", pd_uncertainty=0.3),
    DependenceSettings(model_code="student_t", pd_uncertainty=0.3),
    DependenceSettings(model_code="gamma", pd_uncertainty=0.3),
]


def certain(model="independent", **dependence):
    """Settings without chance in loss given default."""
    return InsuranceSettings(
        lgd_concentration=None, dependence=DependenceSettings(model_code=model, **dependence), use_season=False
    )


def quantiles(law, expected):
    for confidence, value in expected["quantiles"].items():
        assert law.value_at_risk(float(confidence)) == pytest.approx(value, abs=1e-9), confidence
    for confidence, value in expected["expected_shortfalls"].items():
        assert law.expected_shortfall(float(confidence)) == pytest.approx(value, rel=1e-9), confidence


def on_lattice(law, step, n):
    found = np.zeros(n)
    place = np.rint(law.values / step).astype(int)
    np.add.at(found, place[place < n], law.probabilities[place < n])
    return found


def test_compound_poisson_law_is_that_of_aggregate():
    case = ORACLE["poisson"]
    given, step = case["given"], case["step_amount"]
    sizes, chances = np.array(given["severity_amounts"], dtype=float), np.array(given["severity_probabilities"])
    law = compound_poisson_law(given["frequency"], Law(sizes, chances), step_amount=step, n_points=600)
    assert on_lattice(law, step, 30) == pytest.approx(case["gross"]["probabilities"], abs=1e-12)
    quantiles(law, case["gross"])
    net = np.minimum(sizes, given["limit_amount"]) - given["deducted_first_loss_amount"]
    claim = Law(given["insured_ratio"] * np.maximum(net, 0.0), chances)
    claims = compound_poisson_law(given["frequency"], claim, step_amount=step, n_points=300)
    assert on_lattice(claims, step, 30) == pytest.approx(case["claims"]["probabilities"], abs=1e-12)
    quantiles(claims, case["claims"])
    first, most = given["first_loss_amount"], given["maximum_amount"]
    layer = claims.stop_loss(first) - claims.stop_loss(first + most)
    assert layer == pytest.approx(case["paid"]["mean"], rel=1e-9)


def test_compound_poisson_law_refuses_a_lattice_that_is_too_short():
    one = Law(np.array([5.0]), np.array([1.0]))
    for n_points in (4, 20):
        with pytest.raises(SettingsError, match="raise"):
            compound_poisson_law(4.0, one, step_amount=1.0, n_points=n_points)


def test_binomial_book_is_that_of_aggregate_and_of_the_engine(make_exposures):
    given = ORACLE["binomial"]["given"]
    n, p, loss = given["n_customers"], given["p_default"], given["loss_amount"]
    law = binomial_law(n, p_default=p, loss_amount=loss)
    book = make_exposures(n, pd_12m=p, exposure_amount=6.0, lgd_ratio=0.5)
    engine = exact_laws(book, certain(), step_amount=1.0).gross
    for found in (law, engine):
        assert on_lattice(found, 1.0, 37) == pytest.approx(ORACLE["binomial"]["gross"]["probabilities"], abs=1e-12)
        quantiles(found, ORACLE["binomial"]["gross"])


def test_independent_buyers_under_a_policy_are_those_of_aggregate(make_exposures, make_policy):
    case = ORACLE["buyers"]
    given, step = case["given"], case["step_amount"]
    columns = {name: np.array(given[name], dtype=float) for name in ("exposure_amount", "lgd_ratio")}
    limits = np.array(given["limit_amount"], dtype=float)
    book = make_exposures(6, pd_12m=np.array(given["p_default"]), buyer_limit_amount=limits, **columns)
    terms = [
        {"kind": "insured_percentage", "named_ratio": given["insured_ratio"], "discretionary_ratio": 0.0},
        {"kind": "aggregate_first_loss", "amount": given["first_loss_amount"] * 1.0},
        {"kind": "maximum_liability", "amount": given["maximum_amount"] * 1.0},
    ]
    settings = certain().model_copy(update={"protracted_ratio": 1.0})
    laws = exact_laws(book, settings, policy=make_policy(terms), step_amount=step)
    assert on_lattice(laws.gross, step, 46) == pytest.approx(case["gross"]["probabilities"], abs=1e-12)
    quantiles(laws.gross, case["gross"])
    assert on_lattice(laws.claims, step, 20) == pytest.approx(case["claims"]["probabilities"], abs=1e-12)
    quantiles(laws.claims, case["claims"])
    assert laws.paid.mean == pytest.approx(case["paid_mean"], rel=1e-9)
    assert laws.retained.mean == pytest.approx(laws.gross.mean - laws.indemnity.mean, rel=1e-9)


@pytest.mark.parametrize("dependence", NAMED, ids=lambda d: f"{d.model_code}_{d.pd_uncertainty}")
def test_gross_mean_does_not_move_with_dependence(make_exposures, dependence):
    rng = np.random.default_rng(2)
    columns = {"pd_12m": rng.uniform(0.005, 0.2, 7), "exposure_amount": rng.integers(1, 9, 7) * 1_000.0}
    book = make_exposures(7, lgd_ratio=0.4, sector_code=list("aabbccc"), **columns)
    law = exact_laws(book, InsuranceSettings(dependence=dependence), n_points=1_024).gross
    assert law.mean == pytest.approx((columns["pd_12m"] * columns["exposure_amount"] * 0.4).sum(), rel=1e-7)


@pytest.mark.parametrize("dependence", NAMED, ids=lambda d: f"{d.model_code}_{d.pd_uncertainty}")
def test_finer_quadrature_changes_nothing(make_exposures, dependence):
    book = make_exposures(5, pd_12m=[0.01, 0.05, 0.1, 0.3, 0.9], lgd_ratio=0.5, sector_code=list("aabba"))
    settings = InsuranceSettings(lgd_concentration=None, dependence=dependence)
    coarse, fine = (
        on_lattice(exact_laws(book, settings, step_amount=5_000.0, n_nodes=n).gross, 5_000.0, 6) for n in (49, 97)
    )
    assert coarse == pytest.approx(fine, abs=1e-7)


def test_certain_and_impossible_defaults(make_exposures):
    book = make_exposures(3, pd_12m=[1.0, 0.0, 0.5], lgd_ratio=1.0, exposure_amount=[10.0, 100.0, 1.0])
    for dependence in NAMED:
        settings = InsuranceSettings(lgd_concentration=None, dependence=dependence)
        law = exact_laws(book, settings, step_amount=1.0).gross
        assert on_lattice(law, 1.0, 12)[[10, 11]] == pytest.approx([0.5, 0.5], abs=1e-8), dependence.model_code


def test_gamma_book_without_default_is_the_laplace_transform(make_exposures):
    """P(no default) = (1 + v sum a_i)^(-1/v), a_i = ((1 - p)^-v - 1) / v."""
    p, v = np.array([0.02, 0.1, 0.3, 0.05]), 0.8
    law = exact_laws(make_exposures(4, pd_12m=p), certain("gamma", gamma_variance=v), step_amount=4_000.0).gross
    rate = ((1 - p) ** -v - 1) / v
    assert law.probabilities[0] == pytest.approx((1 + v * rate.sum()) ** (-1 / v), rel=1e-10)
    share = 0.4
    settings = certain("gamma", gamma_variance=v, gamma_sector_share_ratio=share)
    law = exact_laws(make_exposures(4, pd_12m=p, sector_code=list("aabb")), settings, step_amount=4_000.0).gross
    sectors = [(1 + v * rate[part].sum()) ** (-share / v) for part in (slice(0, 2), slice(2, 4))]
    none = (1 + v * rate.sum()) ** (-(1 - share) / v) * np.prod(sectors)
    assert law.probabilities[0] == pytest.approx(none, rel=1e-7)


def test_two_customers_default_together_as_the_bivariate_normal_says(make_exposures):
    """Within a sector the correlation is r + w, between sectors r; an uncertain level adds t^2 and rescales."""
    p, r, w, t = 0.1, 0.15, 0.2, 0.3
    book = make_exposures(2, pd_12m=p, lgd_ratio=1.0, exposure_amount=1.0)
    for sectors, own in ((["a", "a"], w), (["a", "b"], 0.0), ([None, None], w)):
        settings = certain("sector_factors", correlation_ratio=r, sector_correlation_ratio=w, pd_uncertainty=t)
        both = exact_laws(book.assign(sector_code=sectors), settings, step_amount=1.0).gross.probabilities[2]
        expected = binormal(ndtri(p), ndtri(p), correlation=(r + own + t**2) / (1 + t**2))
        assert both == pytest.approx(expected, abs=1e-10), sectors


def test_large_book_tends_to_vasicek(make_exposures):
    n, p, r = 1_000, 0.02, 0.15
    book = make_exposures(n, pd_12m=p, lgd_ratio=1.0, exposure_amount=1.0)
    law = exact_laws(book, certain("one_factor", correlation_ratio=r), step_amount=1.0).gross
    for a in (0.9, 0.99, 0.995):
        limit = vasicek_quantile(p, correlation_ratio=r, confidence_ratio=a)
        assert law.value_at_risk(a) / n == pytest.approx(limit, rel=0.03)
        worst = vasicek_shortfall(p, correlation_ratio=r, confidence_ratio=a)
        assert law.expected_shortfall(a) / n == pytest.approx(worst, rel=0.03)
    stop = vasicek_stop_loss(p, correlation_ratio=r, rate_ratio=0.05)
    assert law.stop_loss(0.05 * n) / n == pytest.approx(stop, rel=0.04)


def test_vasicek_stop_loss_is_the_integral_of_its_definition():
    for p, r, a in ((0.02, 0.15, 0.05), (0.5, 0.3, 0.5), (0.2, 0.6, 0.01), (0.001, 0.12, 0.004)):
        at = (ndtri(p) - np.sqrt(1 - r) * ndtri(a)) / np.sqrt(r)

        def beyond(z, p=p, r=r, a=a):
            return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (ndtr((ndtri(p) - np.sqrt(r) * z) / np.sqrt(1 - r)) - a)

        expected = quad(beyond, -10, at, epsabs=1e-14)[0]
        assert vasicek_stop_loss(p, correlation_ratio=r, rate_ratio=a) == pytest.approx(expected, rel=1e-8)


def test_contagion_is_that_of_all_outcomes_enumerated(make_exposures):
    p, c, exposure = np.array([0.1, 0.3, 0.05, 0.2]), 0.4, np.array([1.0, 2.0, 4.0, 8.0])
    book = make_exposures(4, pd_12m=p, lgd_ratio=1.0, exposure_amount=exposure, group_id=["g", "g", "g", None])
    law = exact_laws(book, certain(contagion_ratio=c), step_amount=1.0).gross
    expected = np.zeros(16)
    for first in product((0, 1), repeat=4):
        chance = np.prod(np.where(first, p, 1 - p))
        follows = 1 - (1 - c) ** sum(first[:3])
        for second in product((0, 1), repeat=3):
            later = [
                (follows if s else 1 - follows) if not f else 1.0 - s for s, f in zip(second, first[:3], strict=True)
            ]
            total = np.array([*np.maximum(first[:3], second), first[3]]) @ exposure
            expected[int(total)] += chance * np.prod(later)
    assert on_lattice(law, 1.0, 16) == pytest.approx(expected, abs=1e-14)
    assert law.mean > (p * exposure).sum()


def test_political_event_strikes_every_customer_of_its_country_once(make_exposures, make_policy):
    """One month: own default first with probability p u; mean over u of products of independent customers."""
    p, chance = np.array([0.2, 0.5, 0.1]), 0.3
    book = make_exposures(
        3, pd_12m=p, lgd_ratio=[0.5, 0.5, 1.0], exposure_amount=[2.0, 4.0, 8.0], country_code=list("XXY")
    )
    settings = certain().model_copy(
        update={
            "political_probabilities": {"X": chance},
            "protracted_ratio": 0.0,
            "early_recovery_ratios": {"insolvency": 1.0, "protracted_default": 1.0, "political": 0.0},
        }
    )
    law = exact_laws(book, settings, step_amount=1.0).gross
    own = np.array([(1 - p[0]) * (1 - p[1]), p[0] * (1 - p[1]), (1 - p[0]) * p[1], p[0] * p[1]]) * (1 - chance)
    struck = own + np.array([0, 0, 0, chance])
    assert on_lattice(law, 1.0, 4) == pytest.approx(struck * 0.9, abs=1e-12)
    # own defaults are repaid before the loss (nothing back later), political ones after: insured 100 %, limit ample
    terms = [{"kind": "buyer_limit", "discretionary_limit_amount": 100.0}]
    paid = exact_laws(book, settings, policy=make_policy(terms), step_amount=1.0).paid
    u = (np.arange(2_000) + 0.5) / 2_000
    first, second = p[0] * u, p[1] * u
    claims = chance * np.array([first * second, (1 - first) * second, first * (1 - second), (1 - first) * (1 - second)])
    by_amount = {3.0: claims[0].mean(), 4.0: claims[1].mean(), 5.0: claims[2].mean(), 6.0: claims[3].mean()}
    found = on_lattice(paid, 1.0, 7) / 0.9
    calm = {0: own[0], 1: own[1], 2: own[2], 3: own[3]}
    expected = np.array([calm.get(k, 0.0) + by_amount.get(float(k), 0.0) for k in range(7)])
    assert found == pytest.approx(expected, abs=1e-7)


def test_season_moves_the_law_of_a_claim(make_exposures):
    """Twelve months of different exposure, one certain customer: each amount with probability 1/12, from July on."""
    from pandas import DataFrame

    book = make_exposures(1, pd_12m=1.0, lgd_ratio=1.0, exposure_amount=12.0)
    months = DataFrame({"customer_id": "C0000", "month_number": range(1, 13), "exposure_ratio": np.arange(1, 13) / 6.5})
    settings = InsuranceSettings(lgd_concentration=None, dependence=DependenceSettings(model_code="independent"))
    law = exact_laws(book, settings, months=months, policy_start_month=7, step_amount=12 / 6.5).gross
    assert on_lattice(law, 12 / 6.5, 13) == pytest.approx([0.0] + [1 / 12] * 12, abs=1e-12)


def test_losses_given_default_follow_the_factor(make_exposures):
    """Customers that always default: the mean stays, the spread grows, and grows towards that of a common severity."""
    book = make_exposures(6, pd_12m=1.0, lgd_ratio=0.4, exposure_amount=1_000.0)
    spreads = []
    for correlation in (0.0, 0.3, 0.9):
        dependence = DependenceSettings(model_code="independent", lgd_correlation_ratio=correlation)
        law = exact_laws(book, InsuranceSettings(dependence=dependence)).gross
        assert law.mean == pytest.approx(2_400.0, rel=1e-4)
        spreads.append(law.standard_deviation)
    own = 1_000.0 * np.sqrt(0.4 * 0.6 / 6.0)
    assert spreads[0] == pytest.approx(own * np.sqrt(6), rel=1e-3)
    assert spreads[0] < spreads[1] < spreads[2] < 6 * own


def test_book_that_does_not_separate_is_refused_with_the_reason(make_exposures):
    book = make_exposures(2, group_id="g", sector_code=["a", "b"], country_code="FR")
    crossing = certain("sector_factors", contagion_ratio=0.2)
    with pytest.raises(SettingsError, match="groups of companies reach over several sectors"):
        exact_laws(book, crossing)
    political = certain(contagion_ratio=0.2).model_copy(update={"political_probabilities": {"FR": 0.1}})
    with pytest.raises(SettingsError, match="contagion and political events together"):
        exact_laws(book, political)


def test_binomial_mixture_is_the_engine_with_one_factor(make_exposures):
    """Equal customers: mean over Z of binomials, on a grid of its own."""
    n, p, r = 10, 0.07, 0.3
    law = exact_laws(
        make_exposures(n, pd_12m=p, lgd_ratio=1.0, exposure_amount=1.0),
        certain("one_factor", correlation_ratio=r),
        step_amount=1.0,
    ).gross
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    rate = ndtr((ndtri(p) - np.sqrt(r) * z) / np.sqrt(1 - r))
    expected = [(weight * binom.pmf(k, n, rate)).sum() / weight.sum() for k in range(n + 1)]
    assert on_lattice(law, 1.0, n + 1) == pytest.approx(expected, abs=1e-9)


def test_cuts_change_nothing_without_policy(make_exposures):
    book = make_exposures(2, buyer_limit_amount=1_000.0)
    plain, cut = (
        exact_laws(book, InsuranceSettings(cuts=CutSettings(probability_ratio=ratio))).gross for ratio in (0.0, 0.7)
    )
    assert plain.values == pytest.approx(cut.values)
    assert plain.probabilities == pytest.approx(cut.probabilities)


def test_book_without_customers_loses_nothing(make_exposures, make_policy):
    terms = [{"kind": "aggregate_first_loss", "amount": 10.0}, {"kind": "maximum_liability", "amount": 50.0}]
    for dependence in NAMED:
        settings = InsuranceSettings(dependence=dependence)
        laws = exact_laws(make_exposures(0), settings, policy=make_policy(terms))
        for law in (laws.gross, laws.paid, laws.indemnity, laws.retained):
            assert law.mean == law.value_at_risk(0.99) == law.expected_shortfall(0.99) == 0.0
        assert laws.p_first_loss_reached == laws.p_maximum_exhausted == 0.0
