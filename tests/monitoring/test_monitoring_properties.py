"""What holds for every book: nobody forgotten, nobody dunned in a dispute, nothing lost."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitoring.books import day, table, tables
from monitoring.plain_flow import next_step
from monitoring.random_book import AS_OF, random_book, shuffled
from pandas.testing import assert_frame_equal

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.monitoring.dunning import next_actions
from riskresearch.monitoring.instalments import part_amounts, part_dates
from riskresearch.monitoring.scenarios import dunning_scenarios, step_plans
from riskresearch.monitoring.settings import MonitoringSettings
from riskresearch.monitoring.stage import MONITORING_TABLES, monitor

SETTINGS = MonitoringSettings()
SEEDS = range(8)
NOT_DUNNING = {"resolve_dispute", "declare_to_insurer", "file_claim", "await_court"}


def _checked(made):
    return {t.name: check(made[t.name], t) for t in MONITORING_TABLES}


@cache
def _monitored(seed):
    return _checked(monitor(random_book(seed), SETTINGS, as_of=AS_OF))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_item_has_one_action_and_no_disputed_item_is_dunned(seed):
    book, actions = random_book(seed), _monitored(seed)["next_actions"]
    assert sorted(actions["item_id"]) == sorted(book["open_invoices"]["item_id"])
    assert set(actions.loc[actions["is_disputed"], "action_code"]) <= NOT_DUNNING
    promised = book["reminders"].loc[book["reminders"]["action_code"] == "promise", "customer_id"]
    free = ~actions["is_disputed"] & ~actions["customer_id"].isin(promised) & (actions["days_past_due"].fillna(0) > 0)
    assert not actions.loc[free, "queue_code"].isin(["dispute", "promise", "none"]).any()
    assert (actions["action_date"].dropna() >= AS_OF).all()
    assert (actions["is_action_due"] == (actions["action_date"] == AS_OF)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_declaration_is_never_planned_after_its_deadline_and_no_deadline_passes_unseen(seed):
    actions = _monitored(seed)["next_actions"]
    declared = actions[actions["action_code"] == "declare_to_insurer"]
    assert (declared["action_date"] <= declared["deadline_date"]).all()
    assert (declared["deadline_date"] == declared["declare_by_date"]).all()
    near = actions["declaration_code"].isin(["planned", "due"])
    assert (actions.loc[near, "declare_by_date"] >= AS_OF).all()
    others = actions[near & (actions["action_code"] != "declare_to_insurer")]
    assert (others["action_date"].isna() | (others["action_date"] <= others["declare_by_date"])).all()
    missed = actions["declare_by_date"].notna() & (actions["declare_by_date"] < AS_OF)
    assert actions.loc[missed, "declaration_code"].isin(["missed", "declared"]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_contact_list_has_each_customer_once_and_adds_up(seed):
    made = _monitored(seed)
    actions, contacts = made["next_actions"], made["contact_list"]
    todo = actions[actions["is_action_due"] & ~actions["queue_code"].isin(["dispute", "promise", "none"])]
    assert sorted(contacts["customer_id"]) == sorted(todo["customer_id"].unique())
    cents = lambda values: round(values.sum() * 100)  # noqa: E731
    assert cents(contacts["contact_amount"]) == cents(todo["open_amount"])
    ranked = contacts.sort_values("priority_rank")
    assert ranked["priority_rank"].tolist() == list(range(1, len(ranked) + 1))
    assert ranked["priority_amount"].is_monotonic_decreasing
    due = todo.groupby("customer_id")["action_code"].agg(set)
    listed = contacts.set_index("customer_id")["action_codes"].str.split().map(set)
    assert (due.sort_index() == listed.sort_index()).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_add_up_to_the_cent_on_working_days(seed):
    plans = _monitored(seed)["instalment_plans"]
    for _, plan in plans.groupby("customer_id"):
        parts = [round(part * 100) for part in plan["part_amount"]]
        assert sum(parts) == round(plan["planned_amount"].iloc[0] * 100)
        assert plan["remaining_amount"].iloc[-1] == 0
        assert plan["remaining_amount"].is_monotonic_decreasing
        assert len(plan) == plan["n_parts"].iloc[0] >= 2
        assert plan["part_date"].is_monotonic_increasing
        assert plan["part_date"].is_unique
        assert (plan["part_date"].dt.day_of_week < 5).all()


@given(
    minor=st.integers(100, 10**11), n_parts=st.integers(1, 24), first=st.floats(0.01, 0.99), start=st.integers(0, 400)
)
@settings(deadline=None, max_examples=200)
def test_any_plan_is_exact(minor, n_parts, first, start):
    parts = part_amounts(np.array([minor]), n_parts=np.array([n_parts]), first_ratio=first)
    amounts = parts["part_minor"].tolist()
    assert sum(amounts) == minor
    assert min(amounts) >= 0
    assert max(amounts[1:], default=0) - min(amounts[1:], default=0) <= 1
    assert amounts[1:] == sorted(amounts[1:], reverse=True)
    chosen = MonitoringSettings(plan_max_parts=24, plan_last_days=300)
    as_of = pd.Timestamp("2026-01-01") + pd.Timedelta(days=start)
    dates = pd.DatetimeIndex(part_dates(chosen, as_of=as_of))
    assert (dates.day_of_week < 5).all()
    assert dates.is_monotonic_increasing
    assert dates.is_unique
    assert dates[-1] <= as_of + pd.Timedelta(days=300)
    assert dates[0] > as_of


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_changes_nothing(seed):
    again = _checked(monitor(shuffled(random_book(seed), seed + 1), SETTINGS, as_of=AS_OF))
    for name, frame in _monitored(seed).items():
        assert_frame_equal(frame, again[name], check_exact=True, obj=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_becomes_known_later_changes_nothing(seed):
    book = random_book(seed)
    dates = {
        "reminders": "reminder_date",
        "payments": "value_date",
        "events": "event_date",
        "bank_checks": "check_date",
    }
    cut = {n: f[(f["recorded_date"] <= AS_OF) & (f[dates[n]] <= AS_OF)] for n, f in book.items() if n in dates}
    cut["warnings"] = book["warnings"][book["warnings"]["signal_date"] <= AS_OF]
    assert sum(map(len, cut.values())) < sum(len(book[name]) for name in cut)
    again = _checked(monitor({**book, **cut}, SETTINGS, as_of=AS_OF))
    for name, frame in _monitored(seed).items():
        assert_frame_equal(frame, again[name], check_exact=True, obj=name)


@pytest.mark.parametrize("seed", range(20))
def test_the_flow_equals_the_rules_told_one_item_at_a_time(seed):
    plain = MonitoringSettings(declare_overdue_days=None, small_item_amount=0)
    book = {name: frame for name, frame in random_book(seed).items() if name != "cover"}
    book["reminders"] = book["reminders"][book["reminders"]["action_code"] != "promise"]
    book["events"] = book["events"].iloc[:0]
    scenarios = dunning_scenarios(book, plain, as_of=AS_OF)
    found = next_actions(book, scenarios, plain, as_of=AS_OF).set_index("item_id")
    plans, of = step_plans(plain), scenarios.set_index("customer_id")
    items = book["open_invoices"]
    items = items[items["due_date"].notna() & ~items["is_disputed"]]
    for row in items.itertuples():
        scenario = of.loc[row.customer_id]
        expected = next_step(
            days_late=(AS_OF - row.due_date).days,
            amount=row.open_amount,
            steps=plans[scenario["scenario_code"] + ("+new" if scenario["is_new"] else "")],
            acts=_acts(row, book["reminders"]),
            settings=plain,
        )
        got = found.loc[row.item_id]
        step = None if pd.isna(got["step_day"]) else got["step_day"]
        assert (got["action_code"], step, (got["action_date"] - AS_OF).days) == expected, row.item_id


def _acts(row, reminders):
    known = reminders[(reminders["recorded_date"] <= AS_OF) & (reminders["customer_id"] == row.customer_id)]
    known = known[known["reminder_date"] <= AS_OF]
    acts = [
        ((act.reminder_date - row.due_date).days, act.action_code, act.invoice_id == row.item_id)
        for act in known.itertuples()
        if act.invoice_id == row.invoice_id or (pd.isna(act.invoice_id) and row.invoice_date <= act.reminder_date)
    ]
    return sorted(acts, key=lambda act: (act[0], act[2]))


def test_scenarios_followed_day_by_day_do_each_step_once_on_its_day():
    chosen, due = MonitoringSettings(declare_overdue_days=None), day("2026-03-01")
    segments = ("reliable", "to_watch", "risky")
    case = {
        "customers": [{"id": name, "segment": name} for name in segments],
        "invoices": [{"id": name, "customer": name, "due": due, "amount": 1e4} for name in segments],
    }
    done = []
    for late in range(-11, 61):
        as_of = due + pd.Timedelta(days=late)
        given = tables({**case, "reminders": done}, as_of=as_of)
        actions = next_actions(given, dunning_scenarios(given, chosen, as_of=as_of), chosen, as_of=as_of)
        for row in actions[actions["is_action_due"]].itertuples():
            assert row.step_day == late
            done.append({"customer": row.customer_id, "invoice": row.item_id, "date": as_of, "action": row.action_code})
    for name in segments:
        steps = [(step.day, step.action_code) for step in chosen.scenario_steps if step.segment_code == name]
        assert [((act["date"] - due).days, act["action"]) for act in done if act["customer"] == name] == steps


def test_empty_tables_give_empty_lists():
    made = _checked(monitor(tables({"customers": []}, as_of=AS_OF), SETTINGS, as_of=AS_OF))
    sizes = {name: len(frame) for name, frame in made.items()}
    assert set(sizes.values()) == {0}


def test_a_scenario_is_dated_from_its_change_and_keeps_its_date():
    given = tables({"customers": [{"id": "C1"}, {"id": "C2"}, {"id": "C3"}]}, as_of=AS_OF)
    before = [("C1", "reliable", "2026-01-05"), ("C2", "risky", "2026-01-05")]
    given["dunning_scenarios_before"] = table(
        "dunning_scenarios_before", [{"customer_id": c, "scenario_code": s, "since_date": d} for c, s, d in before]
    )
    since = dunning_scenarios(given, SETTINGS, as_of=AS_OF).set_index("customer_id")["since_date"]
    assert since["C1"] == day("2026-01-05")
    assert since["C2"] == AS_OF
    assert pd.isna(since["C3"])


def test_missing_tables_columns_and_unknown_segments_are_named():
    given = tables({}, as_of=AS_OF)
    with pytest.raises(TableError, match="needs table reminders"):
        monitor({n: f for n, f in given.items() if n != "reminders"}, SETTINGS, as_of=AS_OF)
    with pytest.raises(TableError, match=r"payments: columns \['base_minor'\] are missing"):
        monitor({**given, "payments": given["payments"].drop(columns="base_minor")}, SETTINGS, as_of=AS_OF)
    gold = given["limit_segments"].assign(dunning_scenario_code="gold")
    with pytest.raises(TableError, match=r"1 customers \(C1\).*correct the segments"):
        monitor({**given, "limit_segments": gold}, SETTINGS, as_of=AS_OF)
    with pytest.raises(TableError, match="no review of 2026-04-01, the last is of 2026-03-31"):
        monitor(given, SETTINGS, as_of=day("2026-04-01"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scenario_steps": SETTINGS.scenario_steps[:5]}, "no step for defaulted, risky, to_watch"),
        ({"scenario_steps": (*SETTINGS.scenario_steps, SETTINGS.scenario_steps[0])}, r"reliable \+5"),
        ({"unscored_segment_code": "gold"}, "'gold' is none of"),
        ({"plan_first_days": 60, "plan_last_days": 30}, "lies after plan_last_days"),
        ({"plan_segment_codes": ("gold",)}, "reliable"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        MonitoringSettings(**changed)
