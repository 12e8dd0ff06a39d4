"""Reviews of limits, what follows from them, run-off and temporary increases."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_rows import input_rows
from pandas.testing import assert_frame_equal
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check, empty
from riskresearch.limits.policy.policy import credit_policy_from_mapping
from riskresearch.limits.reviews.actions import DOWNGRADE_ACTIONS, LIMIT_ACTIONS, downgrade_actions, limit_actions
from riskresearch.limits.reviews.daily import daily_use
from riskresearch.limits.reviews.due import LIMIT_REVIEWS, READS, limit_reviews, next_review_date, reviews_due
from riskresearch.limits.reviews.facts import TRIGGERS
from riskresearch.limits.reviews.runoff import LIMIT_RUNOFF, limit_runoff
from riskresearch.limits.reviews.worklist import PRIORITIES, review_counts
from riskresearch.limits.temporary import TEMPORARY_LIMITS, temporary_limits

ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "limits" / "reviews.yaml").read_text(encoding="utf-8"))
CONTENT = yaml.safe_load((ROOT / "config" / "credit_policies" / "default.yaml").read_text(encoding="utf-8"))
POLICY = credit_policy_from_mapping(CONTENT, where="tests")
AS_OF = day("2025-12-31")
LISTS = ("limits", "events", "orders", "guarantees", "overrides")
SCALE = pd.DataFrame(
    {"grade_code": list("ABCDEX"), "pd_low": [0, 0.01, 0.02, 0.05, 0.1, 1], "pd_high": [0.01, 0.02, 0.05, 0.1, 1, 1]}
)
DOWNGRADED = {"provider": "provider_code", "before": "rating_before", "after": "rating_code", "notches": "n_notches"}
WARNED = {"signal": "signal_code", "severity": "severity_code", "date": "signal_date"}


def frame_of(rows, names, dates, columns):
    frame = pd.DataFrame([{"customer_id": "C1", **row} for row in rows]).rename(columns=names)
    frame = frame.reindex(columns=["customer_id", *columns])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates})


def tables_for(case):
    ledger = small_ledger(
        case.get("invoices", []),
        customers=[{"id": "C1", "type": "b2b"}],
        **{name: case.get(name, []) for name in LISTS},
    )
    published = {"closed": "period_end_date", "published": "published_date"}
    rated = ["provider_code", "rating_date", "rating_before", "rating_code", "n_notches"]
    heard = ["signal_code", "severity_code", "signal_date", "value", "threshold", "unit_code"]
    return {
        **tables_of(ledger, "2025-12-31"),
        "grade_scale": SCALE,
        "financials": frame_of(case.get("financials", []), published, published.values(), published.values()),
        "downgrades": frame_of(
            case.get("downgrades", []), DOWNGRADED | {"date": "rating_date"}, ["rating_date"], rated
        ),
        "warnings": frame_of(case.get("warnings", []), WARNED, ["signal_date"], heard).assign(unit_code="days"),
    }


def inputs_for(case):
    rows = [*case.get("before", []), case.get("today", {})]
    return input_rows(*[{"customer_id": "C1", **row} for row in rows])


def segments_for(inputs, case):
    held = {"segment_code": case.get("segment", "to_watch"), "is_new": case.get("is_new", False)}
    return inputs[["customer_id", "review_date"]].assign(**held)


def reviews_for(case):
    inputs = inputs_for(case)
    return limit_reviews(inputs, segments_for(inputs, case), tables_for(case), POLICY, as_of=AS_OF)


@pytest.mark.parametrize("case", CASES["reviews"], ids=lambda case: case["name"])
def test_reviews_by_hand(case):
    found = check(reviews_for(case), LIMIT_REVIEWS).set_index("trigger_code")
    kept = found if case.get("regular") else found.drop(index="regular_review", errors="ignore")
    assert set(kept.index) == set(case["expected"])
    for trigger, expected in case["expected"].items():
        row = found.loc[trigger]
        assert row["trigger_date"] == row["review_due_date"] == pd.Timestamp(expected["trigger"])
        assert row["is_due"] == expected["due"]
        answer = expected.get("answered")
        assert row["answered_date"] == pd.Timestamp(answer) if answer else row.isna()["answered_date"]
        for name in ("value", "threshold"):
            assert name not in expected or row[name] == pytest.approx(expected[name])
        assert "passed" not in expected or row["n_reviews_passed"] == expected["passed"]
        assert row.isna()["n_reviews_passed"] == (trigger != "regular_review")


def test_every_trigger_of_the_domain_note_is_there_and_is_worked_by_hand():
    worked = {trigger for case in CASES["reviews"] for trigger in case["expected"]}
    assert worked == set(TRIGGERS.names)
    assert all(member.spec.label_en and member.spec.label_fr and member.definition for member in TRIGGERS)


def test_a_table_that_is_not_there_leaves_its_triggers_out():
    case = {"today": {"past_due_max_days": 80}}
    inputs = inputs_for(case)
    alone = limit_reviews(
        inputs, segments_for(inputs, case), {"limits": tables_for(case)["limits"]}, POLICY, as_of=AS_OF
    )
    assert set(alone["trigger_code"]) == {"past_due", "regular_review"}
    assert "movements" in READS


def test_related_companies_and_customers_without_a_row_today_are_not_reviewed():
    related = {"today": {"past_due_max_days": 80, "customer_type_code": "related"}}
    assert reviews_for(related).empty
    gone = {"today": {"customer_id": "C9"}, "events": [{"code": "litigation", "date": "2025-12-01"}]}
    assert set(reviews_for(gone)["customer_id"]) == {"C9"}


def test_due_reviews_come_by_waiting_time_and_next_reviews_by_customer():
    case = {
        "today": {"past_due_max_days": 61},
        "limits": [{"kind": "internal", "start": "2025-11-15", "end": "2026-01-31", "amount": 90_000}],
        "events": [{"code": "litigation", "date": "2025-12-05"}],
    }
    reviews = reviews_for(case)
    assert reviews_due(reviews)["trigger_code"].tolist() == ["legal_event", "past_due"]
    assert next_review_date(reviews, as_of=AS_OF).to_dict() == {"C1": AS_OF}
    calm = reviews_for(case | {"today": {}, "events": []})
    assert next_review_date(calm, as_of=AS_OF).to_dict() == {"C1": day("2026-01-31")}, "before 15 February"


def list_for(case, policy=POLICY, **options):
    customers = case["customers"]
    rows = [
        {
            "customer_id": row["id"],
            "open_amount": row["open"],
            "past_due_max_days": row.get("past_due", 0),
            "guarantee_amount": row.get("guarantee", 0.0),
        }
        for row in customers
    ]
    limits = [
        {"customer": row["id"], "kind": "internal", "start": row.get("decided", "2025-09-30"), "amount": 10**6}
        for row in customers
    ]
    inputs = input_rows(*rows)
    tables = tables_of(
        small_ledger([], customers=[{"id": row["id"], "type": "b2b"} for row in customers], limits=limits), "2025-12-31"
    )
    return limit_reviews(inputs, segments_for(inputs, {}), tables, policy, as_of=AS_OF, **options)


@pytest.mark.parametrize("case", CASES["lists"], ids=lambda case: case["name"])
def test_the_list_by_hand(case):
    reviews = list_for(case)
    due = reviews_due(reviews)
    shown = sorted(due[["rank_number", "customer_id", "trigger_code", "priority_code"]].to_numpy().tolist())
    assert shown == case["expected"]
    assert due["rank_number"].is_monotonic_increasing
    others = reviews[~reviews["is_due"].astype(bool)]
    assert others[["rank_number", "priority_code"]].isna().all(axis=None)
    counts = review_counts(reviews)
    told = counts[["trigger_code", "priority_code", "n_customers", "unsecured_amount"]].to_numpy().tolist()
    assert told == [[*row[:3], pytest.approx(row[3])] for row in case["counts"]]


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from([0, 61]), st.integers(1, 900)), min_size=1, max_size=12),
    st.integers(1, 31),
)
@settings(max_examples=12, deadline=None)
def test_the_list_puts_risk_and_money_first_and_loses_nobody(customers, round_days):
    rows = [
        {"id": f"C{n:02d}", "open": owed, "past_due": late, "decided": str((AS_OF - pd.Timedelta(days=ago)).date())}
        for n, (owed, late, ago) in enumerate(customers)
    ]
    reviews = list_for({"customers": rows}, round_days=round_days)
    first = reviews_due(reviews).drop_duplicates("customer_id")
    assert first["rank_number"].tolist() == list(range(1, len(first) + 1))
    late = set(reviews.loc[reviews["trigger_code"] == "past_due", "customer_id"])
    is_late = first["customer_id"].isin(late).tolist()
    assert is_late == sorted(is_late, reverse=True)
    for _, part in first.groupby(first["customer_id"].isin(late)):
        assert part["unsecured_amount"].is_monotonic_decreasing
    best = (
        reviews_due(reviews)["priority_code"].map(PRIORITIES.index).groupby(reviews_due(reviews)["rank_number"]).min()
    )
    assert best.is_monotonic_increasing
    regular = reviews[reviews["trigger_code"] == "regular_review"].set_index("customer_id")
    assert set(regular.index) == {row["id"] for row in rows}, "every customer with a limit has its turn"
    assert (regular["review_due_date"] > AS_OF - pd.Timedelta(days=round_days)).all()
    assert ((regular["review_due_date"] <= AS_OF) == regular["is_due"]).all()


def test_every_regular_review_has_its_turn_once_a_cycle():
    """Customers decided every seventh day: a list of a whole cycle has all of them, one of a week its share."""
    rows = [
        {"id": f"C{n:03d}", "open": 1, "decided": str((AS_OF - pd.Timedelta(days=n)).date())} for n in range(0, 400, 7)
    ]
    due = list_for({"customers": rows}, round_days=92).set_index("customer_id")
    decided = pd.Series({row["id"]: pd.Timestamp(row["decided"]) for row in rows})
    old = decided[decided <= AS_OF - pd.DateOffset(months=3)].index
    assert due.loc[old, "is_due"].all()
    assert not due.loc[decided.index.difference(old), "is_due"].any()
    weekly = list_for({"customers": rows})
    assert 2 <= weekly["is_due"].sum() <= 6, "58 customers, 13 weeks"


def test_evidence_names_what_a_review_rests_on():
    found = reviews_for(CASES["reviews"][3]).set_index("trigger_code")
    told = json.loads(found.loc["limit_used", "evidence"])
    assert told == {"limit_amount": 10_000.0, "peak_amount": 9_600.0, "peak_date": "2025-12-20"}


def test_daily_use_is_the_open_amount_of_every_day():
    rng, start = np.random.default_rng(7), day("2025-11-01")
    acts = [
        (f"C{rng.integers(1, 6)}", int(rng.integers(0, 60)), int(rng.integers(100, 9_000)), int(rng.integers(1, 40)))
        for _ in range(40)
    ]
    invoices = []
    for place, (customer, issued, amount, paid_after) in enumerate(acts):
        on = start + pd.Timedelta(days=issued)
        paid = [[str((on + pd.Timedelta(days=paid_after)).date()), amount]]
        row = {"id": f"I{place}", "customer": customer, "date": str(on.date()), "amount": amount, "paid": paid}
        invoices.append(row)
    tables, names = tables_of(small_ledger(invoices), "2026-06-30"), ["C1", "C3", "C5"]
    use = daily_use(tables, POLICY, customers=names, first_date=day("2025-11-12"), last_date=AS_OF)
    for row, name in enumerate(names):
        for column, date in enumerate(use.days):
            passed = (date - start).days
            owed = sum(x for who, on, x, after in acts if who == name and on <= passed < on + after)
            assert use.open_amount[row, column] == pytest.approx(owed)
            assert use.unsecured_amount[row, column] == pytest.approx(owed)


def credit_rows(*rows):
    ordinary = {"temporary_limit_amount": 0.0, "guarantee_amount": 0.0, "current_limit_amount": None}
    return pd.DataFrame([ordinary | row for row in rows]).astype({"current_limit_amount": float})


def runoff_for(case):
    given_credit, items = case["credit"], case["items"]
    credit = credit_rows(
        {
            "customer_id": "C1",
            "limit_amount": float(given_credit["limit"]),
            "current_limit_amount": float(given_credit["current"]),
            "used_amount": float(given_credit["used"]),
            "guarantee_amount": float(given_credit.get("guarantee", 0)),
            "temporary_limit_amount": float(given_credit.get("temporary", 0)),
        }
    )
    open_invoices = pd.DataFrame(
        {
            "customer_id": "C1",
            "item_id": [f"I{place}" for place in range(len(items))],
            "due_date": pd.to_datetime([due for due, _ in items]),
            "open_amount": [float(amount) for _, amount in items],
        }
    )
    return limit_runoff(credit, inputs_for(case), open_invoices, POLICY, as_of=AS_OF)


@pytest.mark.parametrize("case", CASES["runoff"], ids=lambda case: case["name"])
def test_run_off_by_hand(case):
    found, expected = check(runoff_for(case), LIMIT_RUNOFF), case["expected"]
    assert len(found) == (expected is not None)
    if expected is not None:
        row = found.iloc[0]
        assert row["over_limit_amount"] == expected["over"]
        assert row["blocked_order_amount"] == expected["blocked"]
        assert row["to_pay_amount"] == expected["to_pay"]
        assert row["late_amount"] == expected["late"]
        assert row["runoff_code"] == expected["code"]
        assert (
            (row["expected_date"] == pd.Timestamp(expected["date"]))
            if expected["date"]
            else row.isna()["expected_date"]
        )


def test_without_receipts_the_habit_of_all_customers_stands_in():
    case = CASES["runoff"][0]
    inputs = input_rows(
        {"customer_id": "C1", "open_amount": 35_000.0, "days_beyond_terms_12m": None},
        {"customer_id": "C2", "days_beyond_terms_12m": 7.0},
    )
    credit = credit_rows({"customer_id": "C1", "limit_amount": 0.0, "used_amount": 100.0})
    items = pd.DataFrame(
        {"customer_id": ["C1"], "item_id": ["I"], "due_date": [day("2026-01-03")], "open_amount": [100.0]}
    )
    row = limit_runoff(credit, inputs, items, POLICY, as_of=AS_OF).iloc[0]
    assert row["is_delay_assumed"]
    assert row["expected_date"] == day("2026-01-10")
    assert not runoff_for(case).iloc[0]["is_delay_assumed"]


@given(
    st.lists(st.tuples(st.integers(-40, 90), st.integers(1, 5_000)), min_size=1, max_size=6),
    st.integers(0, 12_000),
    st.integers(0, 30),
)
@settings(max_examples=25, deadline=None)
def test_a_lower_limit_is_never_reached_sooner(items, limit, habit):
    rows = [[str((AS_OF + pd.Timedelta(days=due)).date()), amount] for due, amount in items]
    owed = sum(amount for _, amount in items)
    today = {"open_amount": float(owed), "days_beyond_terms_12m": float(habit)}
    dates = []
    for level in (limit, limit / 2):
        found = runoff_for({"credit": {"current": 1, "limit": level, "used": owed}, "items": rows, "today": today})
        dates.append(AS_OF if found.empty else found["expected_date"].iloc[0])
        if not found.empty and found["runoff_code"].iloc[0] == "expected":
            by_then = [amount for due, amount in items if 0 < due + habit <= (dates[-1] - AS_OF).days]
            assert owed - sum(by_then) <= level, "it is back under the limit on that day"
    assert pd.isna(dates[1]) or (not pd.isna(dates[0]) and dates[1] >= dates[0])


@pytest.mark.parametrize("case", CASES["actions"], ids=lambda case: case["name"])
def test_a_downgrade_has_exactly_its_four_actions(case):
    told = {"provider": "bureau", "date": case["downgrade"], "before": "8", "after": "6", "notches": 2}
    whole = case | {"downgrades": [told], "limits": [{"kind": "internal", "start": "2025-11-01", "amount": 50_000}]}
    reviews, inputs = reviews_for(whole), inputs_for(case)
    credit = credit_rows({"customer_id": "C1", "limit_amount": float(case["limit"]), "used_amount": 0.0})
    rest = {"runoff": empty(LIMIT_RUNOFF), "temporary": empty(TEMPORARY_LIMITS)}
    found = limit_actions(credit, reviews, inputs, POLICY, **rest, as_of=AS_OF, insurer_notice_days=10)
    check(found, LIMIT_ACTIONS)
    rows = found.set_index("action_code")
    assert (rows["cause_code"] == "external_downgrade").all()
    assert set(rows.index) == set(DOWNGRADE_ACTIONS) == set(case["expected"])
    names = {"before": "before_amount", "after": "after_amount", "insured": "insured_limit_amount"}
    names |= {"exposure": "exposure_amount", "covered": "covered_amount", "gap": "gap_amount"}
    for action, expected in case["expected"].items():
        row = rows.loc[action]
        assert row["is_needed"] == expected["needed"]
        assert row["until_date"] == pd.Timestamp(expected["until"])
        for name, column in names.items():
            assert row[column] == expected[name] if name in expected else np.isnan(row[column])


money = st.none() | st.floats(0, 100_000)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(money, money, money, st.floats(0, 90_000), money), min_size=1, max_size=5))
def test_four_actions_whatever_the_customer_no_more_and_no_fewer(customers):
    inputs = input_rows(
        *[
            {
                "internal_limit_amount": own,
                "insurer_limit_amount": insured,
                "guarantee_amount": guarantee or 0.0,
                "open_amount": owed,
            }
            for own, insured, guarantee, owed, _ in customers
        ]
    )
    limits = {f"C{place}": new for place, (*_, new) in enumerate(customers, start=1) if new is not None}
    credit = pd.DataFrame({"customer_id": list(limits), "limit_amount": list(limits.values())})
    downgraded = inputs[["customer_id"]].assign(trigger_date=day("2025-12-01"))
    found = downgrade_actions(downgraded, credit, inputs, POLICY, as_of=AS_OF, insurer_notice_days=10)
    by_customer = found.groupby("customer_id")["action_code"].agg(list)
    assert by_customer.map(lambda actions: sorted(actions) == sorted(DOWNGRADE_ACTIONS)).all()
    assert len(by_customer) == len(customers)
    limit = found[found["action_code"] == "reduce_limit"]
    assert not (limit["after_amount"] > limit["before_amount"]).any(), "a downgrade raises no limit"
    cover = found[found["action_code"] == "check_cover"]
    assert cover["gap_amount"].to_numpy() == pytest.approx(
        (cover["exposure_amount"] - cover["covered_amount"]).to_numpy(), abs=1e-6
    )
    assert (cover["gap_amount"] >= 0).all()


def test_a_passed_limit_an_ended_increase_and_a_due_review_have_their_own_actions():
    case = {"today": {"past_due_max_days": 61}}
    runoff = runoff_for(CASES["runoff"][1])
    temporary = temporary_limits(
        tables_for(next(case for case in CASES["temporary"] if case["name"] == "still above the limit today")),
        POLICY,
        as_of=AS_OF,
    )
    credit = credit_rows({"customer_id": "C1", "limit_amount": 0.0, "used_amount": 0.0})
    found = limit_actions(
        credit,
        reviews_for(case),
        inputs_for(case),
        POLICY,
        runoff=runoff,
        temporary=temporary,
        as_of=AS_OF,
        insurer_notice_days=10,
    )
    rows = found.set_index(["cause_code", "action_code"])
    assert set(rows.index) == {
        ("over_limit", "hold_deliveries"),
        ("over_limit", "run_off"),
        ("temporary_limit_ended", "stop_temporary_use"),
        ("past_due", "review_limit"),
        ("regular_review", "review_limit"),
    }
    debt = rows.loc[("over_limit", "run_off")]
    assert (debt["before_amount"], debt["after_amount"]) == (24_000, 20_000)
    assert rows.loc[("temporary_limit_ended", "stop_temporary_use"), "before_amount"] == 5_000


@pytest.mark.parametrize("case", CASES["temporary"], ids=lambda case: case["name"])
def test_temporary_increases_by_hand(case):
    found = check(temporary_limits(tables_for(case), POLICY, as_of=AS_OF), TEMPORARY_LIMITS)
    row, expected = found.iloc[0], case["expected"]
    assert len(found) == 1
    assert (row["breach_codes"] if expected["breaches"] else None) == expected["breaches"]
    assert row.isna()["breach_codes"] == (expected["breaches"] is None)
    assert row["allowed_amount"] == expected["allowed"]
    assert row["allowed_end_date"] == pd.Timestamp(expected["last"])
    assert (row["is_live"], row["is_expired_used"]) == (expected["live"], expected["used"])
    assert (row["n_breach_days"], row["breach_amount"]) == (expected["days"], expected["amount"])


def test_no_temporary_increase_gives_an_empty_table():
    tables = tables_for({"limits": [{"kind": "internal", "start": "2025-01-01", "amount": 1}]})
    assert_frame_equal(temporary_limits(tables, POLICY, as_of=AS_OF), empty(TEMPORARY_LIMITS))
