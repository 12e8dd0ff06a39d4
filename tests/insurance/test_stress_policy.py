"""Bad years: the largest customers lost and a sector shaken, by hand."""

import pytest
from design_books import book_of, changed_terms, hand_book, policy_of, random_book, random_policy, row_of, settings_of

from riskresearch.insurance.compare import compare_policies
from riskresearch.insurance.design_settings import PolicyStressSettings
from riskresearch.insurance.policy import SELF_INSURANCE
from riskresearch.insurance.stress_policy import POLICY_STRESS, policy_stress, stress_scenarios
from riskresearch.insurance.tornado import Assumptions


@pytest.fixture(scope="module")
def by_hand():
    """Nobody else defaults, and debts are lost in full."""
    book = hand_book().assign(pd_12m=0.0)
    base = Assumptions(book, (policy_of(),), settings_of(lgd_concentration=None))
    return policy_stress(base, stress=PolicyStressSettings(n_buyers=(1, 2), n_sectors=0))


def test_base_without_defaults_by_hand(by_hand):
    row = row_of(by_hand, option_id="quote", scenario_id="base")
    assert row["expected_gross_amount"] == 0.0
    assert row["maximum_left_amount"] == 100.0
    assert row["total_cost_of_risk_amount"] == pytest.approx(77.0)


def test_largest_customer_lost_by_hand(by_hand):
    # 0.9 x 150 = 135, less the first loss of 30: 105, cut to the maximum of 100
    row = row_of(by_hand, option_id="quote", scenario_id="largest_buyers_1")
    assert row["subject"] == "C000"
    assert row["stressed_exposure_amount"] == 200.0
    assert row["expected_gross_amount"] == 200.0
    assert row["expected_indemnity_amount"] == 100.0
    assert row["expected_retained_amount"] == 100.0
    assert row["es_retained_amount"] == pytest.approx(100.0)
    assert row["indemnity_share_ratio"] == 0.5
    assert row["maximum_left_amount"] == 0.0
    assert row["p_maximum_exhausted_ratio"] == 1.0
    alone = row_of(by_hand, option_id=SELF_INSURANCE, scenario_id="largest_buyers_1")
    assert alone["expected_retained_amount"] == 200.0


def test_two_largest_customers_lost_by_hand(by_hand):
    row = row_of(by_hand, option_id="quote", scenario_id="largest_buyers_2")
    assert row["subject"] == "C000; C001"
    assert row["n_customers"] == 2
    assert row["expected_gross_amount"] == 250.0
    assert row["expected_indemnity_amount"] == 100.0


def test_maximum_left_by_hand():
    terms = changed_terms(maximum_liability={"amount": 500.0})
    base = Assumptions(hand_book().assign(pd_12m=0.0), (policy_of(terms),), settings_of(lgd_concentration=None))
    found = policy_stress(base, stress=PolicyStressSettings(n_buyers=(1,), n_sectors=0))
    row = row_of(found, option_id="quote", scenario_id="largest_buyers_1")
    assert row["expected_indemnity_amount"] == 105.0
    assert row["maximum_left_amount"] == 395.0
    assert row["p_maximum_exhausted_ratio"] == 0.0


def test_maximum_on_losses_is_drawn_before_the_share():
    # order B: covered 150, less first loss 30 = 120, maximum 500 of which 120 are used, 90 % paid
    terms = changed_terms(maximum_liability={"amount": 500.0})
    base = Assumptions(
        hand_book().assign(pd_12m=0.0), (policy_of(terms, order="B"),), settings_of(lgd_concentration=None)
    )
    found = policy_stress(base, stress=PolicyStressSettings(n_buyers=(1,), n_sectors=0))
    row = row_of(found, option_id="quote", scenario_id="largest_buyers_1")
    assert row["expected_indemnity_amount"] == pytest.approx(108.0)
    assert row["maximum_left_amount"] == pytest.approx(380.0)


def test_no_maximum_leaves_the_column_empty():
    policy = policy_of(without=("maximum_liability",))
    base = Assumptions(hand_book(), (policy,), settings_of())
    found = policy_stress(base, stress=PolicyStressSettings(n_buyers=(), n_sectors=0))
    assert found["maximum_left_amount"].isna().all()
    assert found["scenario_id"].unique().tolist() == ["base"]


def test_base_is_the_comparison():
    base = Assumptions(random_book(), (random_policy(),), settings_of())
    found = policy_stress(base, stress=PolicyStressSettings())
    quotes = compare_policies(base.events(), base.exposures, base.policies, base.settings)
    for option_id in ("quote", SELF_INSURANCE):
        row, quote = row_of(found, option_id=option_id, scenario_id="base"), row_of(quotes, option_id=option_id)
        for name in ("expected_gross_amount", "expected_retained_amount", "es_retained_amount"):
            assert row[name] == quote[name]
    assert list(found.columns) == POLICY_STRESS.names


def test_stress_raises_the_gross_loss_by_what_is_lost_for_certain():
    book = random_book()
    base = Assumptions(book, (random_policy(),), settings_of(dependence={"model_code": "independent"}))
    found = policy_stress(base, stress=PolicyStressSettings(n_buyers=(1,), n_sectors=1, sector_pd_multiple=4.0))
    gross = found[found["option_id"].eq(SELF_INSURANCE)].set_index("scenario_id")
    largest = book.loc[book["exposure_amount"].idxmax()]
    added = (1 - largest["pd_12m"]) * largest["exposure_amount"] * largest["lgd_ratio"]
    row, as_set = gross.loc["largest_buyers_1"], gross.loc["base"]
    error = row["expected_gross_amount_se"] + as_set["expected_gross_amount_se"]
    assert abs(row["expected_gross_amount"] - as_set["expected_gross_amount"] - added) < 4 * error
    sector = gross[gross["scenario_code"].eq("sector")].iloc[0]
    inside = book[book["sector_code"].eq(sector["subject"])]
    raised = (inside["pd_12m"] * 4).clip(upper=1) - inside["pd_12m"]
    expected = (raised * inside["exposure_amount"] * inside["lgd_ratio"]).sum()
    error = sector["expected_gross_amount_se"] + as_set["expected_gross_amount_se"]
    assert abs(sector["expected_gross_amount"] - as_set["expected_gross_amount"] - expected) < 4 * error


def test_scenarios_of_a_book():
    book = book_of(
        5,
        exposure_amount=[10.0, 40.0, 30.0, 40.0, 0.0],
        sector_code=["F", "C", "C", "F", "G"],
        pd_12m=[0.5, 0.1, 0.2, 0.3, 0.0],
    )
    scenarios = stress_scenarios(book, stress=PolicyStressSettings(n_buyers=(1, 3, 9), n_sectors=2))
    found = {each.scenario_id: each for each in scenarios}
    assert list(found) == ["base", "largest_buyers_1", "largest_buyers_3", "sector_C", "sector_F"]
    assert found["largest_buyers_1"].subject == "C001"
    assert found["largest_buyers_3"].exposures["pd_12m"].tolist() == [0.5, 1.0, 1.0, 1.0, 0.0]
    assert found["sector_F"].exposures["pd_12m"].tolist() == pytest.approx([1.0, 0.1, 0.2, 0.9, 0.0])
    assert found["sector_C"].stressed_exposure_amount == 70.0
    assert found["sector_C"].n_customers == 2


def test_book_without_sectors_or_exposures_has_the_base_alone():
    empty_book = book_of(3, exposure_amount=0.0)
    assert [each.scenario_id for each in stress_scenarios(empty_book, stress=PolicyStressSettings())] == ["base"]


def test_empty_book_has_the_base_alone():
    book = book_of(3).iloc[:0]
    found = policy_stress(Assumptions(book, (random_policy(),), settings_of()), stress=PolicyStressSettings())
    assert found["scenario_id"].unique().tolist() == ["base"]
    assert (found["expected_gross_amount"] == 0.0).all()
