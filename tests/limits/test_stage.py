"""The stage limits from a ledger to its tables: whole, the same for rows in any order, and quiet on thin data."""

from functools import cache

import pandas as pd
import pytest
from limits.inputs_ledger import POLICY, busy_ledger, ledger_of, random_pds, tables_on
from pandas.testing import assert_frame_equal
from shuffled_tables import shuffled
from small_ledger import day

from riskresearch.base.payment_law import ECB_MAIN_REFINANCING, LEGAL_INTEREST
from riskresearch.base.schema import check, conform, empty
from riskresearch.behaviour.acts import prepare
from riskresearch.behaviour.book import book
from riskresearch.behaviour.customers import customer_behaviour, open_invoices
from riskresearch.behaviour.stage import BehaviourSettings
from riskresearch.ledger.knowledge import OVERRIDES
from riskresearch.limits.loss_concentration import LOSS_CONCENTRATION, loss_concentration
from riskresearch.limits.review import Review
from riskresearch.limits.settings import LimitSettings
from riskresearch.limits.stage import LIMIT_TABLES, READS, set_limits
from riskresearch.model.downgrades import DOWNGRADES

AS_OF = "2024-06-30"
SETTINGS = LimitSettings(backtest_months=6, calibration_months=12, n_bootstrap=50, n_scenarios=500)
ONE_INVOICE = {"customer": "C1", "date": "2024-03-01", "due": "2024-03-31", "amount": 1000.0}


def tables_for(ledger, as_of=AS_OF, **given):
    """The tables the stage reads, made by the stages before it."""
    tables, on = tables_on(ledger, as_of, **given), day(as_of)
    now = book(prepare(tables), as_of=on, settings=BehaviourSettings())
    made = {"customer_behaviour": customer_behaviour(tables, now), "open_invoices": open_invoices(now)}
    everything = tables | made | {"downgrades": empty(DOWNGRADES)}
    return {name: everything[name] for name in READS}


def review_of(tables, as_of=AS_OF, settings=SETTINGS):
    return Review(tables, POLICY, settings, day(as_of), "EUR", {**ECB_MAIN_REFINANCING}, {**LEGAL_INTEREST})


def stage_on(tables, as_of=AS_OF):
    """All tables of the stage, each checked against its declaration."""
    made = set_limits(review_of(tables, as_of))
    assert set(made) == {table.name for table in LIMIT_TABLES}
    return {table.name: check(made[table.name], table) for table in LIMIT_TABLES}


def decision(customer_id):
    row = {
        "override_id": "V1",
        "customer_id": customer_id,
        "decided_date": day("2024-06-01"),
        "recorded_date": day("2024-06-01"),
        "requester_code": "sales",
        "approver_code": "credit_manager",
        "reason_code": "other",
        "proposed_minor": 100_000,
        "final_minor": 777_700,
        "end_date": day("2024-09-30"),
        "evidence": "visit report",
    }
    return conform(pd.DataFrame([row]), OVERRIDES)


@cache
def busy_tables():
    ledger = busy_ledger(3)
    tables = tables_for(ledger, pds=random_pds(ledger, seed=3, first="2023-06-30", last=AS_OF))
    sound = tables["scored"]["customer_id"][~tables["scored"]["customer_id"].isin(tables["defaults"]["customer_id"])]
    return tables | {"overrides": decision(sound.iloc[0])}


@cache
def busy_stage():
    return stage_on(busy_tables())


def test_a_ledger_gives_all_tables_that_fit_together():
    tables, made = busy_tables(), busy_stage()
    limits = made["credit_limits"].set_index("customer_id")
    assert sorted(limits.index) == sorted(tables["scored"]["customer_id"])
    decided = tables["overrides"]["customer_id"].iloc[0]
    assert limits.loc[decided, ["limit_amount", "decision_code"]].tolist() == [7777.0, "override"]
    used = made["limit_exposures"].set_index("customer_id")["unsecured_amount"].reindex(limits.index)
    assert limits["unsecured_amount"].to_list() == pytest.approx(used.to_list())
    today = made["limit_segments"].query("review_date == @today", local_dict={"today": day(AS_OF)})
    held = today.set_index("customer_id")["segment_code"].reindex(limits.index)
    assert (limits["segment_code"] == held).all()
    binding = made["limit_methods"][made["limit_methods"]["is_binding"]].set_index("customer_id")["amount"]
    assert not limits.loc[limits["segment_code"] == "defaulted", "limit_amount"].any()
    assert set(binding.index) <= set(made["limit_exposures"]["customer_id"])
    assert len(made["limit_path"])
    assert made["limit_path"]["review_date"].max() == day(AS_OF)
    assert made["limit_overrides"]["state_code"].tolist() == ["in_force"]


def test_the_path_ends_where_the_rules_of_today_would_lead():
    made = busy_stage()
    inputs, path = made["limit_inputs"], made["limit_path"]
    assert set(path["customer_id"]) == set(inputs["customer_id"])
    fallen = inputs[inputs["is_in_default"] | inputs["is_in_proceedings"]][["customer_id", "review_date"]]
    blocked = path.merge(fallen, on=["customer_id", "review_date"])
    assert len(blocked)
    assert (blocked["limit_amount"] == 0).all()


def test_rows_in_another_order_give_the_same_tables():
    expected, found = busy_stage(), stage_on(shuffled(busy_tables(), seed=5))
    for name, table in expected.items():
        assert_frame_equal(found[name], table, obj=name)


def test_what_becomes_known_later_moves_no_limit_of_the_path():
    ledger = busy_ledger(3)
    later = "2024-09-30"
    pds = random_pds(ledger, seed=3, first="2023-06-30", last=later)
    early = review_of(tables_for(ledger, pds=pds[pds["observation_date"] <= day(AS_OF)]))
    longer = SETTINGS.model_copy(update={"backtest_months": 9, "calibration_months": 15})
    late = review_of(tables_for(ledger, later, pds=pds), later, longer)
    before = early.path[early.path["review_date"] < day(AS_OF)].reset_index(drop=True)
    after = late.path[late.path["review_date"] < day(AS_OF)].reset_index(drop=True)
    assert len(before) > 10
    assert_frame_equal(after, before)


def _without(*names):
    return busy_tables() | {name: busy_tables()[name].iloc[:0] for name in names}


def _one_customer(pd_12m=None, **acts):
    ledger = ledger_of(invoices=[ONE_INVOICE | {"id": "I1"} | acts])
    if pd_12m is None:
        return tables_for(ledger)
    pds = pd.DataFrame({"customer_id": "C1", "observation_date": [day(AS_OF)], "pd": [pd_12m]})
    return tables_for(ledger, pds=pds)


THIN = {
    "no model, nobody scored": lambda: _without("scored", "rating_history", "grade_scale"),
    "no orders, securities, limits, decisions": lambda: _without("orders", "guarantees", "limits", "overrides"),
    "one customer without a PD": _one_customer,
    "one customer scored today": lambda: _one_customer(0.02, paid=[["2024-04-05", 1000.0]]),
    "the only customer in default": lambda: _one_customer(1.0),
}


@pytest.mark.parametrize("name", THIN)
def test_thin_data_give_empty_tables_and_reasons_not_errors(name):
    tables = THIN[name]()
    made = stage_on(tables)
    assert set(made["credit_limits"]["customer_id"]) == set(tables["scored"]["customer_id"])
    assert len(made["limit_inputs"])
    assert len(made["limit_adoption"])
    if made["limit_inputs"]["pd_12m"].isna().all():
        adoption = made["limit_adoption"]
        assert set(adoption["verdict_code"]) == {"not_computable"}
        assert set(adoption["reason_code"]) <= {"no_pds_known", "no_orders"}
        assert made["optimised_limits"].empty
    if tables["limits"].empty:
        assert made["credit_limits"]["current_limit_amount"].isna().all()
        assert made["temporary_limits"].empty


def test_the_expected_loss_rests_on_groups():
    names = ["A", "B", "R", "C"]
    tables = {
        "scored": pd.DataFrame({"customer_id": names, "pd_12m": [0.10, 0.02, 1.0, 1.0], "lgd_ratio": 0.5}),
        "customer_behaviour": pd.DataFrame({"customer_id": names, "open_amount": [1000.0, 5000.0, 9000.0, 200.0]}),
        "customers": pd.DataFrame(
            {
                "customer_id": names,
                "group_id": ["G", "G", None, None],
                "sector_code": [None, "retail", None, None],
                "country_code": "FR",
                "customer_type_code": ["b2b", "b2b", "related", "b2b"],
            }
        ),
    }
    made = check(loss_concentration(tables, top=(1, 3)), LOSS_CONCENTRATION)
    found = made.set_index(["base_code", "axis_code", "measure_code"])
    assert found.loc[("expected_loss", "customer", "top_1_ratio"), "value"] == pytest.approx(0.5)  # 100 of 200
    assert found.loc[("expected_loss", "group", "top_1_ratio"), "value"] == pytest.approx(0.5)  # 50 + 50 of 200
    assert found.loc[("loss_given_default", "group", "top_1_ratio"), "largest_amount"] == pytest.approx(3000)
    assert found.loc[("expected_loss", "customer", "hhi_ratio"), "total_amount"] == pytest.approx(200)
    assert found.loc[("loss_given_default", "sector", "top_1_ratio"), "largest_amount"] == pytest.approx(2500)
