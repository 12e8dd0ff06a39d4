"""The simulation against the exact laws: every dependence, gross and under a policy, within four standard errors."""

from dataclasses import replace

import numpy as np
import pytest
from pandas import DataFrame

from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.exact.checks import (
    FIGURES,
    SIMULATION_CHECKS,
    Situation,
    YearFigures,
    gross_by_year,
    policy_checks,
    simulation_checks,
)
from riskresearch.insurance.exact.laws import exact_laws
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.exposures import check_exposures, cover
from riskresearch.insurance.measures import quantile_interval
from riskresearch.insurance.options import priced
from riskresearch.insurance.settings import CutSettings, DependenceSettings, InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.waterfall import settle

N_YEARS = 60_000
DEPENDENCES = {
    "independent": {},
    "one_factor": {"correlation_ratio": 0.25},
    "sector_factors": {"correlation_ratio": 0.12, "sector_correlation_ratio": 0.18},
    "student_t": {"correlation_ratio": 0.2, "degrees_of_freedom": 4},
    "gamma": {"gamma_variance": 1.2},
}
CASES = {
    **{name: {"model_code": name, **fields} for name, fields in DEPENDENCES.items()},
    "gamma_sectors": {"model_code": "gamma", "gamma_variance": 1.2, "gamma_sector_share_ratio": 0.4},
    **{
        f"{name}_pd_uncertainty": {"model_code": name, **DEPENDENCES[name], "pd_uncertainty": 0.3}
        for name in ("independent", "one_factor", "student_t", "gamma")
    },
    **{
        f"{name}_contagion": {"model_code": name, **DEPENDENCES[name], "contagion_ratio": 0.35}
        for name in ("independent", "one_factor", "student_t", "gamma")
    },
    "lgd_correlation": {"model_code": "one_factor", "correlation_ratio": 0.25, "lgd_correlation_ratio": 0.3},
    "gamma_lgd_correlation": {"model_code": "gamma", "gamma_variance": 1.2, "lgd_correlation_ratio": 0.3},
}
EARLY = {"insolvency": 1.0, "protracted_default": 1.0, "political": 1.0}
SHARE = {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6}
FIRST_LOSS = [
    SHARE,
    {"kind": "buyer_limit", "discretionary_limit_amount": 15_000.0},
    {"kind": "threshold", "amount": 1_500.0},
    {"kind": "deducted_first_loss", "amount": 500.0},
    {"kind": "aggregate_first_loss", "amount": 12_000.0},
    {"kind": "maximum_liability", "amount": 45_000.0},
]


@pytest.fixture(scope="module")
def book(make_exposures):
    """Ten customers of three sectors, two groups of companies, with limits of every kind."""
    rng = np.random.default_rng(8)
    columns = {
        "pd_12m": rng.uniform(0.01, 0.15, 10).round(3),
        "exposure_amount": rng.integers(5, 60, 10) * 1_000.0,
        "lgd_ratio": rng.choice([0.3, 0.5, 0.7], 10),
        "buyer_limit_amount": [20_000.0, 40_000.0, np.nan, 0.0, 30_000.0, np.nan, 25_000.0, 60_000.0, 10_000.0, np.nan],
        "sector_code": list("aabbccaabb"),
        "group_id": ["g", "g", "g", None, "h", "h", None, None, None, None],
        "country_code": ["FR", "FR", "FR", "IT", "IT", "IT", "IT", "FR", "FR", "FR"],
        "terms_days": 60.0,
        "vat_ratio": 0.2,
    }
    return check_exposures(make_exposures(10, **columns), lgd_ratio=0.4)


def settled_years(events, book, policy, settings):
    """What a policy does in every simulated year, by the waterfall."""
    claims = claims_of(events, book, cover(book, policy=policy), policy=policy, settings=settings)
    settled = settle(claims, policy=policy, premium_amount=0.0)
    gross = gross_by_year(events, settings)
    indemnity = events.by_year(settled.indemnity)
    paid = events.by_year(settled.paid)
    years = (gross, paid, indemnity, gross - indemnity, settled.used_up)
    return YearFigures(*years, n_strata=events.n_strata, weights=events.weights)


def within_four(rows, expected_figures):
    assert set(expected_figures) <= set(rows["figure_code"]), rows["figure_code"].tolist()
    assert (rows["z"].abs() < 4.0).all(), rows.to_string()
    sure = rows["simulated_se"].eq(0.0)  # a shortfall beyond the point where the maximum is reached is the maximum
    assert not (sure & ~rows["figure_code"].eq("paid_es") & ~rows["figure_code"].eq("indemnity_es")).any()


def interval_holds(values, law, *, weights=None, confidence=0.99):
    """The exact value at risk lies in the simulated interval, at a coverage of four standard errors."""
    low, high = quantile_interval(values, confidence_ratio=confidence, coverage_ratio=0.99994, weights=weights)
    step = np.diff(law.values[:3]).max()
    assert low - step <= law.value_at_risk(confidence) <= high + step


@pytest.mark.parametrize("name", CASES)
def test_simulated_years_are_those_of_the_exact_laws(book, make_policy, name):
    """Mean, value at risk, expected shortfall, first loss, maximum, indemnity: gross and under a first loss."""
    dependence = DependenceSettings(**CASES[name])
    settings = InsuranceSettings(
        dependence=dependence, n_years=N_YEARS, early_recovery_ratios=EARLY, confidence_ratio=0.99
    )
    events = simulate(book, settings)
    policy = make_policy(FIRST_LOSS)
    has_retained = name in ("independent", "one_factor", "one_factor_contagion", "gamma", "lgd_correlation")
    years = settled_years(events, book, policy, settings)
    checked = replace(years, retained=years.retained if has_retained else None)
    rows = policy_checks(Situation(book, settings), checked, policy)
    figures = [code for code in FIGURES if has_retained or not code.startswith("retained")]
    within_four(rows, figures)
    laws = exact_laws(book, settings, policy=policy, has_retained=False, n_points=1_024, n_nodes=33)
    interval_holds(years.gross, laws.gross)
    interval_holds(years.paid, laws.paid)


def test_exact_laws_see_a_wrong_dependence(book, make_policy):
    """A test that could not fail would be worth nothing: years of one correlation against the laws of another."""
    wrong = DependenceSettings(model_code="one_factor", correlation_ratio=0.12)
    right = DependenceSettings(model_code="one_factor", correlation_ratio=0.2)
    settings = InsuranceSettings(dependence=right, n_years=N_YEARS, confidence_ratio=0.99)
    years = YearFigures(gross_by_year(simulate(book, settings), settings), n_strata=1_000)
    other = settings.model_copy(update={"dependence": wrong})
    rows = policy_checks(Situation(book, other), years).set_index("figure_code")
    assert abs(rows.at["gross_mean", "z"]) < 4
    assert rows.at["gross_es", "z"] > 4
    assert rows.at["gross_at_least_var", "z"] > 4


def season(book):
    months = DataFrame({"customer_id": np.repeat(book["customer_id"].to_numpy()[:7], 12)})
    wave = 1.0 + 0.5 * np.sin(np.arange(84) * np.pi / 6 + np.repeat(np.arange(7), 12))
    ratio = wave / np.repeat(wave.reshape(7, 12).mean(axis=1), 12)
    return months.assign(month_number=np.tile(np.arange(1, 13), 7), exposure_ratio=ratio)


def test_season_cuts_late_recoveries_costs_and_political_events(book, make_policy):
    """Everything a claim can meet, without terms of the year: laws of gross, indemnity and retained are exact."""
    settings = InsuranceSettings(
        dependence=DependenceSettings(model_code="one_factor", correlation_ratio=0.2),
        cuts=CutSettings(probability_ratio=0.4, lead_days=45, remaining_ratio=0.3),
        political_probabilities={"IT": 0.05, "DE": 0.5},
        early_recovery_ratios={"insolvency": 0.0, "protracted_default": 1.0, "political": 0.0},
        collection_cost_ratio=0.1,
        deliveries_after_days=45,
        n_years=N_YEARS,
        confidence_ratio=0.99,
    )
    months = season(book)
    events = simulate(book, settings, months=months, policy_start_month=7)
    terms = [*FIRST_LOSS[:4], {"kind": "stop_shipment", "extension_days": 30}]
    policy = make_policy(terms)
    years = settled_years(events, book, policy, settings)
    rows = policy_checks(Situation(book, settings, months, 7), years, policy)
    within_four(rows, FIGURES[:12])
    means = rows.set_index("figure_code")["exact"]
    gross = expected_gross(book, settings=settings, months=months, policy_start_month=7)
    due = expected_indemnity(book, policy=policy, settings=settings, months=months, policy_start_month=7)
    assert gross.sum() == pytest.approx(means["gross_mean"], rel=1e-9)
    assert due.sum() == pytest.approx(means["indemnity_mean"], rel=1e-4)


def test_country_cap_and_political_events(book, make_policy):
    settings = InsuranceSettings(
        dependence=DependenceSettings(model_code="gamma", gamma_variance=0.8),
        political_probabilities={"IT": 0.1},
        early_recovery_ratios=EARLY,
        n_years=N_YEARS,
        confidence_ratio=0.99,
    )
    events = simulate(book, settings)
    policy = make_policy([*FIRST_LOSS, {"kind": "country_cap", "amounts": {"IT": 20_000.0}}])
    years = replace(settled_years(events, book, policy, settings), retained=None)
    rows = policy_checks(Situation(book, settings), years, policy)
    within_four(rows, [code for code in FIGURES if not code.startswith("retained")])


@pytest.mark.parametrize("order", ["B", "C"])
def test_orders_with_the_first_loss_on_losses(book, make_policy, order):
    settings = InsuranceSettings(early_recovery_ratios=EARLY, n_years=N_YEARS, confidence_ratio=0.99)
    equal = {"kind": "insured_percentage", "named_ratio": 0.8, "discretionary_ratio": 0.8}
    policy = make_policy([equal, *FIRST_LOSS[1:]], order=order)
    years = settled_years(simulate(book, settings), book, policy, settings)
    within_four(policy_checks(Situation(book, settings), years, policy), FIGURES)


def test_shifted_factor_with_its_weights(book, make_policy):
    """Years drawn from bad times and weighted down give the same figures, the tail sharper."""
    dependence = DependenceSettings(model_code="one_factor", correlation_ratio=0.25)
    plain = InsuranceSettings(
        dependence=dependence, n_years=50_000, early_recovery_ratios=EARLY, confidence_ratio=0.995
    )
    policy = make_policy(FIRST_LOSS)
    errors = []
    for settings in (plain, plain.model_copy(update={"factor_shift": -1.5})):
        years = settled_years(simulate(book, settings), book, policy, settings)
        rows = policy_checks(Situation(book, settings), years, policy)
        within_four(rows, FIGURES)
        errors.append(rows.set_index("figure_code")["simulated_se"])
        interval_holds(years.gross, exact_laws(book, settings).gross, weights=years.weights, confidence=0.995)
    assert errors[1]["gross_es"] < 0.8 * errors[0]["gross_es"]


def test_table_of_all_options(book, make_policy):
    """One table for the comparison: rows of the loss itself, and of each policy what is known exactly of it."""
    settings = InsuranceSettings(early_recovery_ratios=EARLY, n_years=20_000, confidence_ratio=0.99)
    events = simulate(book, settings)
    policies = [make_policy(FIRST_LOSS, policy_id="first_loss"), make_policy(FIRST_LOSS[:3], policy_id="plain")]
    options = [priced(events, book, policy, settings) for policy in policies]
    table = simulation_checks(events, book, options, settings)
    assert table.columns.tolist() == SIMULATION_CHECKS.names
    assert (table["z"].abs() < 4).all(), table.to_string()
    counts = table.groupby("option_id").size().to_dict()
    assert counts == {"self_insurance": 3, "first_loss": 11, "plain": 9}


def test_large_book_is_held_against_its_means(make_exposures, make_policy):
    rng = np.random.default_rng(4)
    columns = {"pd_12m": rng.uniform(0, 0.1, 90), "exposure_amount": rng.lognormal(9, 1, 90)}
    large = check_exposures(make_exposures(90, group_id=np.repeat(list("abcdefghi"), 10), **columns), lgd_ratio=0.4)
    for contagion in (0.0, 0.1):
        dependence = DependenceSettings(model_code="student_t", contagion_ratio=contagion)
        settings = InsuranceSettings(dependence=dependence, n_years=20_000)
        events = simulate(large, settings)
        policy = make_policy([SHARE, {"kind": "buyer_limit", "discretionary_limit_amount": 4_000.0}])
        option = priced(events, large, policy, settings)
        table = simulation_checks(events, large, [option], settings)
        assert (table["z"].abs() < 4).all(), table.to_string()
        assert set(table["figure_code"]) == {"gross_mean", "indemnity_mean", "retained_mean"}
