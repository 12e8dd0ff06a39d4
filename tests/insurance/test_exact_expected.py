"""Exact means of each customer: hand-computed, against the exact laws, and left out where no formula holds."""

import numpy as np
import pytest
from pandas import DataFrame
from scipy.integrate import quad
from scipy.stats import beta

from riskresearch.insurance.exact import exact_laws
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.settings import CutSettings, DependenceSettings, InsuranceSettings

TERMS = [
    {"kind": "insured_percentage", "named_ratio": 0.85, "discretionary_ratio": 0.6},
    {"kind": "threshold", "amount": 12.0},
    {"kind": "deducted_first_loss", "amount": 4.0},
    {"kind": "minimum_retention", "amount": 6.0},
    {"kind": "indemnity_first_loss", "amount": 2.0},
]


def indemnity(covered):
    """The terms above, written out."""
    if covered <= 12:
        return 0.0
    return max(min(0.85 * (covered - 4), covered - 6) - 2, 0.0)


def settings_with(early, **others):
    ratios = {"insolvency": early, "protracted_default": early, "political": early}
    return InsuranceSettings(early_recovery_ratios=ratios, use_season=False, **others)


def test_mean_over_the_beta_law_is_exact_whatever_the_kinks(make_exposures, make_policy):
    """Recoveries before the loss: PD x integral of the terms over beta(2, 3) x exposure, limit 50."""
    book = make_exposures(1, pd_12m=0.1, lgd_ratio=0.4, exposure_amount=100.0, buyer_limit_amount=50.0)
    kinks = [0.12, 0.5, (6 - 0.85 * 4) / 0.15 / 100]
    integral = quad(lambda x: indemnity(min(100 * x, 50)) * beta.pdf(x, 2, 3), 0, 1, points=kinks, epsabs=1e-12)[0]
    found = expected_indemnity(book, policy=make_policy(TERMS), settings=settings_with(1.0))
    assert found == pytest.approx([0.1 * integral], rel=1e-9)


def test_recoveries_after_the_indemnity_are_shared(make_exposures, make_policy):
    """Debt 100, limit 50: 31.2 + 4.7... is paid whatever comes back; the insurer gets its part of what does, net."""
    book = make_exposures(1, pd_12m=0.1, lgd_ratio=0.4, exposure_amount=100.0, buyer_limit_amount=50.0)
    found = expected_indemnity(book, policy=make_policy(TERMS), settings=settings_with(0.0, collection_cost_ratio=0.2))
    assert found == pytest.approx([0.1 * indemnity(50) * (1 - 0.6 * 0.8)], rel=1e-12)
    gross = expected_gross(book, settings=settings_with(0.0, collection_cost_ratio=0.2))
    assert gross == pytest.approx([0.1 * (40 + 0.2 * 60)], rel=1e-12)


def test_limit_meets_the_months(make_exposures, make_policy):
    """Mean of min(owed, limit) over the months, not min of the mean: 200 in summer, 50 else, limit 100."""
    book = make_exposures(1, pd_12m=0.12, lgd_ratio=1.0, exposure_amount=75.0, buyer_limit_amount=100.0)
    ratio = np.where(np.isin(np.arange(1, 13), (6, 7)), 200.0, 50.0) / 75.0
    months = DataFrame({"customer_id": "C0000", "month_number": range(1, 13), "exposure_ratio": ratio})
    found = expected_indemnity(book, policy=make_policy([]), settings=InsuranceSettings(), months=months)
    assert found == pytest.approx([0.12 * (2 * 100 + 10 * 50) / 12], rel=1e-12)
    flat = expected_indemnity(book, policy=make_policy([]), settings=InsuranceSettings(use_season=False), months=months)
    assert flat == pytest.approx([0.12 * 75], rel=1e-12)


def test_political_event_adds_what_would_not_have_defaulted(make_exposures):
    book = make_exposures(2, pd_12m=0.1, lgd_ratio=0.5, exposure_amount=100.0, country_code=["X", "Y"])
    found = expected_gross(book, settings=InsuranceSettings(political_probabilities={"X": 0.2}))
    assert found == pytest.approx([50 * (0.1 + 0.2 * 0.9), 5.0], rel=1e-12)


@pytest.mark.parametrize("model", ["independent", "one_factor", "sector_factors", "student_t", "gamma"])
def test_contagion_raises_the_mean_as_the_exact_law_says(make_exposures, make_policy, model):
    columns = {"pd_12m": [0.1, 0.02, 0.3, 0.05], "exposure_amount": [10.0, 40.0, 20.0, 30.0]}
    book = make_exposures(4, lgd_ratio=0.5, buyer_limit_amount=15.0, group_id=["g", "g", "g", None], **columns)
    dependence = DependenceSettings(model_code=model, contagion_ratio=0.3)
    settings = settings_with(1.0, dependence=dependence)
    policy = make_policy([])
    laws = exact_laws(book, settings, policy=policy, n_points=512)
    gross, due = expected_gross(book, settings=settings), expected_indemnity(book, policy=policy, settings=settings)
    assert gross.sum() == pytest.approx(laws.gross.mean, rel=1e-7)
    assert due.sum() == pytest.approx(laws.indemnity.mean, rel=1e-7)
    assert gross[3] == pytest.approx(0.05 * 15, rel=1e-9)
    assert (gross[:3] > 1.02 * book["pd_12m"][:3] * book["exposure_amount"][:3] * 0.5).all()


def test_no_value_where_no_formula_holds(make_exposures, make_policy):
    book = make_exposures(2, group_id="g", buyer_limit_amount=5_000.0)
    months = DataFrame({"customer_id": "C0000", "month_number": range(1, 13), "exposure_ratio": 1.0})
    follows = InsuranceSettings(dependence=DependenceSettings(lgd_correlation_ratio=0.1))
    contagion = InsuranceSettings(dependence=DependenceSettings(contagion_ratio=0.1))
    assert expected_gross(book, settings=follows) is None
    assert expected_gross(book, settings=contagion, months=months) is None
    assert expected_gross(book, settings=contagion) is not None
    year = make_policy([{"kind": "aggregate_first_loss", "amount": 5.0}])
    assert expected_indemnity(book, policy=year, settings=InsuranceSettings()) is None
    assert expected_indemnity(book, policy=make_policy([]), settings=settings_with(0.5)) is None
    assert expected_indemnity(book, policy=make_policy([]), settings=settings_with(1.0)) is not None


def test_mean_is_that_of_the_exact_law_with_everything_on(make_exposures, make_policy):
    columns = {"pd_12m": [0.1, 0.02, 0.3], "exposure_amount": [10.0, 40.0, 200.0], "vat_ratio": [0.2, 0.0, 0.1]}
    limits = {"buyer_limit_amount": [15.0, 35.0, np.nan], "terms_days": [30.0, 60.0, 200.0]}
    book = make_exposures(3, lgd_ratio=[0.2, 0.6, 0.5], country_code=["X", "Y", "X"], **columns, **limits)
    settings = InsuranceSettings(
        cuts=CutSettings(probability_ratio=0.3, lead_days=40, remaining_ratio=0.5),
        political_probabilities={"X": 0.1},
        collection_cost_ratio=0.1,
    )
    terms = [*TERMS, {"kind": "buyer_limit", "discretionary_limit_amount": 20.0}]
    for before in ("oldest_first", "pro_rata"):
        policy = make_policy([*terms, {"kind": "recoveries", "before_code": before}])
        laws = exact_laws(book, settings, policy=policy)
        due = expected_indemnity(book, policy=policy, settings=settings)
        assert due.sum() == pytest.approx(laws.indemnity.mean, rel=1e-9), before
        assert expected_gross(book, settings=settings).sum() == pytest.approx(laws.gross.mean, rel=1e-9)
