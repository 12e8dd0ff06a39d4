"""One assumption changed at a time: nothing changed gives the same bits, and each moves what it must."""

import numpy as np
import pytest
from design_books import book_of, policy_of, random_book, random_policy, row_of, settings_of
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.compare import compare_policies
from riskresearch.insurance.design_settings import TornadoSettings
from riskresearch.insurance.policy import SELF_INSURANCE
from riskresearch.insurance.tornado import DRIVERS, TORNADO, Assumptions, tornado, with_correlation, with_waiting_period

NOTHING = TornadoSettings(
    pd_multiples=(1.0, 1.0),
    correlation_multiples=(1.0, 1.0),
    lgd_multiples=(1.0, 1.0),
    cut_probability_ratios=(0.1, 0.1),
    waiting_changes_days=(0, 0),
)
CUTS = {"probability_ratio": 0.1}


@pytest.fixture(scope="module")
def base():
    return Assumptions(random_book(), (random_policy(),), settings_of(cuts=CUTS))


@pytest.fixture(scope="module")
def found(base):
    return tornado(base, changes=TornadoSettings(cut_probability_ratios=(0.0, 0.5)))


@pytest.fixture(scope="module")
def quotes(base):
    return compare_policies(base.events(), base.exposures, base.policies, base.settings)


def test_change_of_nothing_gives_the_same_bits(base, quotes):
    unchanged = tornado(base, changes=NOTHING)
    assert len(unchanged) == 2 * len(DRIVERS) * 2
    for name in ("total_cost_change_amount", "economic_cost_change_amount"):
        assert (unchanged[name] == 0.0).all()
        assert (unchanged[f"{name}_se"] == 0.0).all()
    assert not unchanged["is_rank_changed"].any()
    for option_id, group in unchanged.groupby("option_id"):
        quote = row_of(quotes, option_id=option_id)
        assert (group["total_cost_of_risk_amount"] == quote["total_cost_of_risk_amount"]).all()
        assert (group["economic_cost_amount"] == quote["economic_cost_amount"]).all()
        assert (group["economic_cost_rank"] == quote["economic_cost_rank"]).all()


def test_every_option_assumption_and_side_has_a_row(found):
    assert list(found.columns) == TORNADO.names
    assert len(found) == 2 * len(DRIVERS) * 2


def test_higher_pd_costs_more_in_proportion(found, quotes):
    alone = row_of(quotes, option_id=SELF_INSURANCE)["expected_gross_amount"]
    for side, multiple in (("low", 0.75), ("high", 1.5)):
        row = row_of(found, option_id=SELF_INSURANCE, driver_code="pd_level", side_code=side)
        error = row["total_cost_change_amount_se"]
        assert abs(row["total_cost_change_amount"] - (multiple - 1) * alone) < 4 * error
        assert 0 < error < 0.1 * alone


def test_correlation_moves_the_tail_and_not_the_mean(found):
    low, high = (
        row_of(found, option_id=SELF_INSURANCE, driver_code="correlation", side_code=side) for side in ("low", "high")
    )
    for row in (low, high):
        assert abs(row["total_cost_change_amount"]) < 4 * row["total_cost_change_amount_se"]
    assert low["economic_cost_change_amount"] < 0 < high["economic_cost_change_amount"]


def test_limit_cuts_cost_the_insured_and_nobody_else(found):
    alone = found[found["option_id"].eq(SELF_INSURANCE) & found["driver_code"].eq("limit_cuts")]
    assert (alone["economic_cost_change_amount"] == 0.0).all()
    rows = found[found["option_id"].eq("quote") & found["driver_code"].eq("limit_cuts")].set_index("side_code")
    assert rows.loc["low", "total_cost_change_amount"] < 0 < rows.loc["high", "total_cost_change_amount"]
    assert (rows["base_value"] == 0.1).all()


def test_loss_given_default_by_multiple_is_exact_when_it_is_certain():
    base = Assumptions(book_of(20, lgd_ratio=0.3, pd_12m=0.1), (random_policy(),), settings_of(lgd_concentration=None))
    changes = TornadoSettings(lgd_multiples=(0.5, 2.0))
    found = tornado(base, changes=changes)
    rows = found[found["option_id"].eq(SELF_INSURANCE) & found["driver_code"].eq("lgd")].set_index("side_code")
    as_set = rows["total_cost_of_risk_amount"] - rows["total_cost_change_amount"]
    assert rows.loc["low", "total_cost_of_risk_amount"] == pytest.approx(0.5 * as_set["low"], rel=1e-6)
    assert rows.loc["high", "total_cost_of_risk_amount"] == pytest.approx(2.0 * as_set["high"], rel=1e-6)


def test_waiting_longer_costs_interest_on_what_is_paid():
    # 60 days more at 5 % a year of 360 days: 0.8333 % of what is paid; all recovered before, so paid = indemnity
    early = {"insolvency": 1.0, "protracted_default": 1.0, "political": 1.0}
    base = Assumptions(random_book(), (random_policy(),), settings_of(early_recovery_ratios=early))
    found = tornado(base, changes=TornadoSettings(waiting_changes_days=(-30, 60)))
    quotes = compare_policies(base.events(), base.exposures, base.policies, base.settings)
    paid = row_of(quotes, option_id="quote")["expected_indemnity_amount"]
    rows = found[found["option_id"].eq("quote") & found["driver_code"].eq("waiting_period")].set_index("side_code")
    assert rows.loc["high", "total_cost_change_amount"] == pytest.approx(paid * 0.05 * 60 / 360)
    assert rows.loc["low", "total_cost_change_amount"] == pytest.approx(-paid * 0.05 * 30 / 360)
    alone = found[found["option_id"].eq(SELF_INSURANCE) & found["driver_code"].eq("waiting_period")]
    assert (alone["total_cost_change_amount"] == 0.0).all()


def test_waiting_period_stays_at_or_above_zero_and_may_be_new():
    base = Assumptions(random_book(), (random_policy(), policy_of(policy_id="second")), settings_of())
    shorter = with_waiting_period(base, -60).policies
    assert shorter[0].waiting_days(np.array([0, 1, 2])).tolist() == [0.0, 90.0, 120.0]
    assert shorter[1].waiting_days(np.array([0, 1, 2])).tolist() == [0.0, 0.0, 0.0]
    longer = with_waiting_period(base, 60).policies
    assert longer[1].waiting_days(np.array([0, 1, 2])).tolist() == [60.0, 60.0, 60.0]


def test_correlations_changed_are_those_the_model_uses():
    def changed(**dependence):
        base = Assumptions(random_book(), (), settings_of(dependence=dependence))
        return with_correlation(base, 2.0).settings.dependence

    gamma = changed(model_code="gamma", gamma_variance=0.5)
    assert (gamma.gamma_variance, gamma.correlation_ratio) == (1.0, 0.12)
    sector = changed(model_code="sector_factors", correlation_ratio=0.1, sector_correlation_ratio=0.05)
    assert (sector.correlation_ratio, sector.sector_correlation_ratio) == (0.2, 0.1)
    alone = changed(model_code="independent")
    assert alone.correlation_ratio == 0.12


def test_correlation_out_of_bounds_is_refused_by_name():
    base = Assumptions(random_book(), (), settings_of(dependence={"correlation_ratio": 0.5}))
    with pytest.raises(SettingsError, match="correlation_multiples 2"):
        with_correlation(base, 2.0)


def test_probabilities_and_losses_stay_at_most_certain():
    base = Assumptions(book_of(4, pd_12m=[0.0, 0.3, 0.8, 1.0], lgd_ratio=[0.2, 0.9, 1.0, 0.0]), (), settings_of())
    changes = TornadoSettings(pd_multiples=(1.0, 2.0), lgd_multiples=(1.0, 2.0))
    found = tornado(base, changes=changes)
    assert (found["total_cost_of_risk_amount"] <= 40_000.0).all()


def test_months_of_the_customers_are_honoured():
    # everything is owed in the first half of the policy year, nothing in the second
    book = book_of(5, pd_12m=0.2)
    halves = [2.0] * 6 + [0.0] * 6
    months = DataFrame(
        [(customer, number, halves[number - 1]) for customer in book["customer_id"] for number in range(1, 13)],
        columns=["customer_id", "month_number", "exposure_ratio"],
    )
    even = Assumptions(book, (), settings_of(use_season=True)).events()
    uneven = Assumptions(book, (), settings_of(use_season=True), months=months).events()
    late = even.day_ratio >= 0.5
    assert (uneven.debt[late] == 0.0).all()
    assert uneven.debt[~late] == pytest.approx(2.0 * even.debt[~late])
