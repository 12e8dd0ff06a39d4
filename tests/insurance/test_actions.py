"""Rules on a policy: each one applies where its reading crosses the threshold, and its gain is that of the action."""

from dataclasses import replace

import numpy as np
import pytest
from insurance.policy_world import policy_of, use_of, world
from pandas import DataFrame

from riskresearch.insurance.actions import ACTION_RULES, ACTIONS, Situation, policy_actions
from riskresearch.insurance.actions.limit_rules import cut_rises
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.indicators import PolicyYear
from riskresearch.insurance.options import priced, self_insured
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.yearly_costs import economic_scores

WORLD = world()
TERMS = [term for term in WORLD["policy"] if term["kind"] not in ("aggregate_first_loss", "maximum_liability", "bonus")]
TERMS = [*TERMS, {"kind": "maximum_liability", "amount": 60_000}]
MONEY = {"past_premiums": {2021: 15000, 2022: 16000, 2023: 20000, 2024: 24000, 2025: 30000}}


def situation_of(*, terms=TERMS, rules=None, history=None, **changed):
    content = WORLD | {"policy": terms, "settings": MONEY | {"rules": rules or {}}} | changed
    use = use_of(content)
    settings = InsuranceSettings(n_years=4_000, confidence_ratio=0.99, actions=use.settings)
    traits = use.customers[["customer_id", "sector_code", "country_code", "group_id", "buyer_limit_amount"]]
    exposures = traits.assign(
        pd_12m=use.customers["pd_12m"].fillna(0.02),
        exposure_amount=use.owed,
        lgd_ratio=0.5,
        limit_source="insurer",
        turnover_amount=use.customers["turnover_amount"],
        is_insurable=use.customers["is_insurable"],
        requested_limit_amount=use.customers["requested_limit_amount"],
        is_discretionary_justified=use.customers["is_discretionary_justified"],
        terms_days=30.0,
        vat_ratio=0.0,
    )
    checked = check_exposures(exposures, lgd_ratio=0.4)
    events = simulate(checked, settings)
    without = self_insured(events, checked, settings)
    year = PolicyYear(priced(events, checked, use.policy, settings), without, settings, use)
    return Situation(year, use, events, checked, [without], history)


@pytest.fixture(scope="module")
def situation():
    return situation_of()


@pytest.fixture(scope="module")
def table(situation):
    return policy_actions([situation]).set_index("rule_code")


def cost(situation, option):
    return option.mean(economic_scores(option, settings=situation.year.settings))


def test_every_rule_has_its_row_labels_and_threshold(table):
    assert set(table.index) == set(ACTION_RULES.names)
    for member in ACTION_RULES:
        assert member.spec.action in ACTIONS
        assert all([member.spec.label_en, member.spec.label_fr, member.definition])
    assert {member.spec.action for member in ACTION_RULES} == set(ACTIONS)


def test_readings_by_hand(table):
    assert table["value"]["uncovered_over_limit"] == pytest.approx(30 / 91)
    assert table["value"]["uncovered_refused"] == pytest.approx(15 / 91)
    assert table["value"]["late_declarations"] == pytest.approx(0.5)
    assert table["value"]["low_loss_ratio"] == pytest.approx(0.377027, rel=1e-5)
    assert table["value"]["high_discretionary_losses"] == pytest.approx(40 / 3 / 60)
    assert table["action_status_code"]["low_loss_ratio"] == "fine"
    assert table["action_status_code"]["late_declarations"] == "act"
    assert table["action_status_code"]["high_discretionary_losses"] == "act"
    assert table["action_status_code"]["cuts_lead_our_pd"] == "not_computable"


def test_actions_are_numbered_by_gain_and_only_they(table):
    act = table[table["action_status_code"].eq("act")].sort_values("action_number")
    assert act["action_number"].to_list() == list(range(1, len(act) + 1))
    assert act["gain_amount"].dropna().is_monotonic_decreasing
    rest = table[~table["action_status_code"].eq("act")]
    assert rest["action_number"].isna().all()
    assert rest["gain_amount"].isna().all()
    assert (table["gain_amount_se"].notna() <= table["gain_code"].eq("simulated")).all()


def test_gain_of_higher_limits_is_the_difference_of_two_prices(situation):
    made = situation_of(rules={"main_cause_ratio": 0.3})
    row = policy_actions([made]).set_index("rule_code").loc["uncovered_over_limit"]
    assert row["action_status_code"] == "act"
    limits = made.exposures["buyer_limit_amount"].mask(made.exposures["customer_id"].isin(["A"]), 130_000.0)
    limits = limits.mask(made.exposures["customer_id"].eq("B"), 24_000.0)
    other = priced(made.events, made.exposures.assign(buyer_limit_amount=limits), made.policy, made.year.settings)
    assert row["gain_amount"] == pytest.approx(cost(made, made.year.option) - cost(made, other), rel=1e-9)
    assert row["gain_amount"] > 0
    assert row["gain_amount_se"] > 0


def test_gain_of_a_higher_maximum():
    made = situation_of(
        rules={"exhausted_ratio": 0.0}, terms=[*TERMS[:-1], {"kind": "maximum_liability", "amount": 20_000}]
    )
    row = policy_actions([made]).set_index("rule_code").loc["maximum_exhausted"]
    wider = policy_of([*TERMS[:-1], {"kind": "maximum_liability", "amount": 30_000}])
    other = priced(made.events, made.exposures, wider, made.year.settings)
    assert row["gain_amount"] == pytest.approx(cost(made, made.year.option) - cost(made, other), rel=1e-9)
    assert row["gain_amount"] > 0


def test_gain_of_leaving_is_that_of_the_cheapest_other_option():
    made = situation_of(rules={"high_loss_ratio": 0.1})
    row = policy_actions([made]).set_index("rule_code").loc["high_loss_ratio"]
    assert row["gain_amount"] == pytest.approx(cost(made, made.year.option) - cost(made, made.year.without), rel=1e-9)


def test_gains_counted_from_the_ledger(situation):
    made = situation_of(rules={"main_cause_ratio": 0.1, "dormant_fees_ratio": 0.0})
    table = policy_actions([made]).set_index("rule_code")
    assert table["gain_amount"]["dormant_fees"] == pytest.approx(45)
    covers = made.year.option.covers.set_index("customer_id")
    assert table["gain_amount"]["uncovered_refused"] == pytest.approx(0.3 * covers["expected_retained_amount"]["C"])
    paid = made.year.mean(made.year.option.indemnity)
    assert table["gain_amount"]["late_declarations"] == pytest.approx(paid * 20 / 23)


def test_cuts_against_our_own_pd():
    history = DataFrame(
        [("B", "2024-08-31", 0.02), ("B", "2025-08-31", 0.025), ("B", "2025-12-31", 0.2)],
        columns=["customer_id", "observation_date", "pd_12m"],
    ).astype({"observation_date": "datetime64[us]", "customer_id": "str"})
    leading = situation_of(history=history, rules={"minimum_cuts": 1})
    rises = cut_rises(leading)
    assert rises[["has_risen_before", "has_risen_after"]].to_numpy().tolist() == [[False, True]]
    table = policy_actions([leading]).set_index("rule_code")
    assert table["value"]["cuts_lead_our_pd"] == 1
    assert table["action_status_code"]["cuts_lead_our_pd"] == "act"
    assert table["value"]["cuts_without_our_pd"] == 0
    calm = replace(leading, rating_history=history.assign(pd_12m=0.02))
    table = policy_actions([calm]).set_index("rule_code")
    row = table.loc["cuts_without_our_pd"]
    assert row["value"] == 1
    assert row["gain_code"] == "simulated"
    assert np.isfinite(row["gain_amount"])


def test_low_acceptance_is_judged_on_sound_sectors_only():
    made = situation_of(rules={"minimum_requests": 2})
    row = policy_actions([made]).set_index("rule_code").loc["low_acceptance"]
    assert row["value"] == pytest.approx((100 + 0 + 25 + 50) / (120 + 40 + 25 + 50))
    assert row["n_items"] == 4
    assert row["action_status_code"] == "act"
    few = situation_of(rules={"minimum_requests": 5})
    assert policy_actions([few]).set_index("rule_code")["action_status_code"]["low_acceptance"] == "fine"


def test_nothing_to_judge_without_policies():
    assert policy_actions([]).empty
