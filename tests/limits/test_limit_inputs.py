"""Inputs of a credit limit: nothing known later, the same figures as the stages before, each column by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_rows import input_rows
from limits.inputs_ledger import POLICY, busy_ledger, inputs_on, ledger_of, random_pds, row_of, tables_on
from small_ledger import day

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, prepare
from riskresearch.behaviour.customers import customer_behaviour
from riskresearch.behaviour.items import item_history
from riskresearch.behaviour.warnings.tables import WARNINGS
from riskresearch.ledger.balances import open_items
from riskresearch.ledger.movements import NOT_A_SALE as LEDGER_NOT_A_SALE
from riskresearch.limits.inputs.amounts import NOT_A_SALE
from riskresearch.limits.inputs.build import READS, limit_inputs
from riskresearch.limits.inputs.table import LIMIT_INPUTS
from riskresearch.model.expert.gate import GATES
from riskresearch.model.grades import DEFAULTED

KEYS = ["customer_id", "review_date"]
AGREED = [
    "open_amount", "overdue_amount", "unapplied_amount", "past_due_max_days", "sales_amount_12m", "n_invoices_12m",
    "terms_days", "days_beyond_terms_12m",
]  # fmt: skip
TODAY_ONLY = ["n_signals", "gate_code"]


def month(issued: str, amount: float, *, number: str, paid_after: int = 30, customer: str = "C1") -> dict[str, object]:
    due = pd.Timestamp(issued) + pd.Timedelta(days=paid_after)
    text = str(due.date())
    return {
        "id": number, "customer": customer, "date": issued, "due": text, "amount": amount, "paid": [[text, amount]]
    }  # fmt: skip


@given(seed=st.integers(0, 10_000), months_back=st.integers(1, 20))
@settings(max_examples=6, deadline=None)
def test_what_became_known_later_changes_no_row_of_a_past_day(seed, months_back):
    ledger, last = busy_ledger(seed), pd.Timestamp("2024-12-31")
    past = (last - pd.offsets.MonthEnd(months_back)).as_unit("us")
    pds = random_pds(ledger, seed=seed, first="2023-01-31", last="2024-12-31")
    full = inputs_on(tables_on(ledger, "2024-12-31", pds=pds), last, past)
    cut = inputs_on(tables_on(ledger, past, pds=pds), past)
    then = full[full["review_date"] == past].drop(columns=TODAY_ONLY).set_index(KEYS)
    now = cut.drop(columns=TODAY_ONLY).set_index(KEYS)
    unheard = then.index.difference(now.index)
    assert then.loc[unheard, "open_amount"].eq(0).all()  # a relation begun, nothing recorded yet: no row in the cut
    pd.testing.assert_frame_equal(then.drop(unheard), now.loc[then.index.difference(unheard)])


@pytest.mark.parametrize(
    ("seed", "as_of"), [(0, "2024-03-31"), (1, "2024-08-13"), (2, "2024-12-31"), (3, "2025-02-28")]
)
def test_the_row_of_the_run_agrees_with_customer_behaviour(seed, as_of):
    tables = tables_on(busy_ledger(seed), as_of)
    behaviour = customer_behaviour(tables, book(prepare(tables), as_of=day(as_of))).set_index("customer_id")
    found = inputs_on(tables, as_of).set_index("customer_id")
    assert set(found.index) == set(behaviour.index)
    for name in AGREED:
        expected = behaviour.loc[found.index, name].astype(float)
        np.testing.assert_allclose(found[name].astype(float), expected, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("seed", [1, 2])
def test_past_days_agree_with_the_book_of_that_day(seed):
    tables = tables_on(busy_ledger(seed), "2024-12-31")
    acts, found = prepare(tables), inputs_on(tables, "2024-12-31", "2024-01-01")
    for review, rows in found.groupby("review_date"):
        now = book(acts, as_of=review)
        open_minor = now.items.groupby("customer_id")["open_minor"].sum()
        expected = rows["customer_id"].map(open_minor).fillna(0) / 100
        np.testing.assert_allclose(rows["open_amount"], expected, atol=1e-9)
        np.testing.assert_allclose(rows["unapplied_amount"], rows["customer_id"].map(now.unapplied).fillna(0) / 100)


@pytest.mark.parametrize("seed", [2, 3])
def test_invoices_paid_are_those_whose_items_ended_by_payment(seed):
    tables = tables_on(busy_ledger(seed), "2024-12-31")
    whole = ~tables["movements"]["item_id"].str.contains("#", regex=False)
    split = tables["movements"].loc[~whole, "invoice_id"].unique()
    moves = tables["movements"][~tables["movements"]["invoice_id"].isin(split)].reset_index(drop=True)
    found = inputs_on(tables | {"movements": moves}, "2024-12-31", "2024-06-30")
    for review, rows in found.groupby("review_date"):
        items = item_history(moves, as_of=review)
        paid = items[(items["open_minor"] == 0) & (items["end_code"] == "paid")].groupby("customer_id").size()
        assert rows["n_paid_invoices"].tolist() == rows["customer_id"].map(paid).fillna(0).astype(int).tolist()


def test_reasons_that_lower_no_sales_are_those_of_the_ledger():
    assert NOT_A_SALE == LEDGER_NOT_A_SALE
    assert DEFAULTED == "X"


def test_amounts_of_a_day_by_hand():
    ledger = ledger_of(
        invoices=[
            {"id": "I1", "date": "2024-01-10", "due": "2024-02-09", "amount": 1000, "paid": [["2024-03-05", 400]]},
            {"id": "I2", "date": "2024-02-20", "due": "2024-03-21", "amount": 500, "recorded": "2024-03-02"},
            {"id": "I3", "date": "2024-03-28", "due": "2024-04-27", "amount": 50, "paid": [["2024-03-30", 80]]},
        ],
        receipts=[{"id": "R1", "date": "2024-03-15", "amount": 120}],
        credit_notes=[{"id": "N1", "date": "2024-03-20", "amount": 30}],
    )
    found = inputs_on(tables_on(ledger, "2024-04-30"), "2024-04-30", "2024-01-31")
    names = ["open_amount", "overdue_amount", "past_due_max_days", "unapplied_amount", "sales_amount_12m"]
    by_hand = {
        "2024-01-31": [1000, 0, 0, 0, 1000],
        "2024-02-29": [1000, 1000, 20, 0, 1000],  # I2 is not recorded yet
        "2024-03-31": [1100, 1100, 51, 150, 1520],  # 600 of I1, I2 since the day before the 22nd; I3 paid too much
        "2024-04-30": [1100, 1100, 81, 150, 1520],
    }
    for on, amounts in by_hand.items():
        assert [row_of(found, on=on)[name] for name in names] == amounts, on
    assert found["seller_sales_amount_12m"].tolist() == found["sales_amount_12m"].tolist()


def test_sales_and_invoices_leave_after_twelve_months_and_openings_are_no_sales():
    ledger = ledger_of(
        invoices=[
            {"id": "I0", "date": "2023-01-15", "due": "2023-02-15", "amount": 70, "kind": "opening_item"},
            {"id": "I1", "date": "2023-02-28", "due": "2023-03-30", "amount": 100},
            {"id": "I2", "date": "2023-03-01", "due": "2023-04-30", "amount": 10},
        ]
    )
    found = inputs_on(tables_on(ledger, "2024-03-31"), "2024-03-31", "2024-01-31")
    assert [row_of(found, on=on)["sales_amount_12m"] for on in ("2024-01-31", "2024-02-29", "2024-03-31")] == [
        110,
        10,
        0,
    ]
    assert [row_of(found, on=on)["n_invoices_12m"] for on in ("2024-01-31", "2024-02-29", "2024-03-31")] == [2, 1, 0]
    terms = [row_of(found, on=on)["terms_days"] for on in ("2024-01-31", "2024-02-29", "2024-03-31")]
    np.testing.assert_array_equal(terms, [45.0, 60.0, np.nan])


def test_days_beyond_terms_take_off_what_was_returned_when_it_is_known():
    ledger = ledger_of(
        invoices=[
            {"id": "I1", "date": "2024-01-01", "due": "2024-01-31", "amount": 100, "paid": [["2024-02-20", 100]]},
            {
                "id": "I2",
                "date": "2024-01-01",
                "due": "2024-01-31",
                "amount": 300,
                "paid": [["2024-02-10", 300]],
                "returned": [["2024-03-05", 300]],
                "paid_again": [["2024-04-30", 300]],
            },
        ]
    )
    found = inputs_on(tables_on(ledger, "2024-04-30"), "2024-04-30", "2024-01-31")
    late = [row_of(found, on=on)["days_beyond_terms_12m"] for on in sorted(found["review_date"].astype(str).unique())]
    np.testing.assert_allclose(late, [np.nan, (100 * 20 + 300 * 10) / 400, 20.0, (100 * 20 + 300 * 90) / 400])


def test_orders_count_until_delivered_then_until_invoiced():
    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1")],
        orders=[
            {"id": "O1", "date": "2024-01-10", "delivery": "2024-02-10", "invoiced": "2024-03-10", "amount": 100},
            {"id": "O2", "date": "2024-01-10", "recorded": "2024-02-15", "amount": 7},
            {"id": "O3", "date": "2024-01-20", "invoiced": "2024-02-20", "amount": 1},
        ],
    )
    found = inputs_on(tables_on(ledger, "2024-03-31"), "2024-03-31", "2024-01-31")
    assert found["ordered_amount"].tolist() == [101, 7, 7]
    assert found["unbilled_amount"].tolist() == [0, 100, 0]
    without = tables_on(ledger, "2024-03-31")
    del without["orders"], without["guarantees"]
    assert (inputs_on(without, "2024-03-31")[["ordered_amount", "unbilled_amount", "guarantee_amount"]] == 0).all(
        axis=None
    )


def test_securities_count_at_their_recognised_share_and_insured_limits_do_not():
    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1")],
        guarantees=[
            {"id": "G1", "code": "bank_guarantee", "start": "2024-01-01", "end": "2024-02-28", "amount": 1000},
            {"id": "G2", "code": "parent_guarantee", "start": "2024-01-01", "recorded": "2024-02-05", "amount": 400},
            {"id": "G3", "code": "insured_limit", "start": "2024-01-01", "amount": 9000},
        ],
    )
    found = inputs_on(tables_on(ledger, "2024-03-31"), "2024-03-31", "2024-01-31")
    shares = {rule.guarantee_code: rule.recognised_ratio for rule in POLICY.guarantees}
    bank, parent = 1000 * shares["bank_guarantee"], 400 * shares["parent_guarantee"]
    assert found["guarantee_amount"].tolist() == [bank, parent, parent]


def test_limits_in_force_by_kind():
    def limit(kind, start, amount, **more):
        return {"kind": kind, "start": start, "amount": amount, **more}

    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1")],
        limits=[
            limit("internal", "2024-01-01", 100),
            limit("internal", "2024-03-01", 150, end="2024-04-30", recorded="2024-03-20"),
            limit("internal", "2024-02-01", 90, recorded="2024-05-10"),
            limit("temporary", "2024-02-10", 40, end="2024-03-31"),
            limit("insurer", "2024-02-01", 80, end="2024-03-30"),
        ],
    )
    found = inputs_on(tables_on(ledger, "2024-05-31"), "2024-05-31", "2024-01-31")
    # the decision of February, recorded in May, started after the first one
    assert found["internal_limit_amount"].tolist() == [100, 100, 150, 150, 90]
    assert found["temporary_limit_amount"].tolist() == [0, 40, 40, 0, 0]
    np.testing.assert_array_equal(found["insurer_limit_amount"], [np.nan, 80, 0, 0, 0])
    assert found["bureau_limit_amount"].isna().all()


def test_accounts_are_the_latest_closed_of_those_published():
    def closed(end, published, worth):
        return {"customer_id": "C1", "period_end_date": end, "published_date": published, "net_worth_minor": worth}

    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1")],
        financials=[
            closed("2022-12-31", "2023-08-01", 100_00),
            closed("2023-12-31", "2024-02-29", -50_00) | {"revenue_minor": 900_00},
            closed("2021-12-31", "2024-03-15", 700_00),
        ],
    )
    found = inputs_on(tables_on(ledger, "2024-03-31"), "2024-03-31", "2024-01-31")
    assert found["net_worth_amount"].tolist() == [100, -50, -50]
    np.testing.assert_array_equal(found["revenue_amount"], [np.nan, 900, 900])
    np.testing.assert_allclose(found["accounts_age_months"], np.array([396, 60, 91]) / 30.4375)


def test_default_and_proceedings_end_with_what_ends_them():
    ledger = ledger_of(
        invoices=[month("2023-01-05", 10, number="I1"), month("2023-01-05", 10, number="I2", customer="C2")],
        events=[
            {"code": "insolvency", "date": "2024-01-10", "recorded": "2024-02-03"},
            {"code": "insolvency_closed", "date": "2024-04-15"},
            {"customer": "C2", "code": "insolvency_closed", "date": "2024-01-15"},
            {"customer": "C2", "code": "insolvency", "date": "2024-03-02"},
        ],
    )
    found = inputs_on(tables_on(ledger, "2024-08-31"), "2024-08-31", "2024-01-31").groupby("customer_id")
    proceedings = found["is_in_proceedings"].agg(list)
    assert proceedings["C1"] == [False, True, True, False, False, False, False, False]
    assert proceedings["C2"] == [False, False, True, True, True, True, True, True]
    # three months of probation after the closing of 15 April
    assert found["is_in_default"].agg(list)["C1"] == [False, True, True, True, True, True, False, False]
    assert found["pd_12m"].agg(list)["C1"][1:6] == [1.0] * 5
    assert found["grade_code"].agg(list)["C1"][1:6] == ["X"] * 5


def test_incidents_of_twelve_months_count_a_default_once():
    ledger = ledger_of(
        invoices=[
            {"id": "I1", "date": "2023-01-01", "due": "2023-01-31", "amount": 5000},
            month("2023-01-05", 10, number="I2", customer="C2"),
            month("2023-01-05", 10, number="I3", customer="C3") | {"returned": [["2023-03-01", 10]]},
        ],
        events=[
            {"customer": "C2", "code": "insolvency", "date": "2023-05-10", "recorded": "2023-05-12"},
            {"customer": "C2", "code": "management_change", "date": "2023-05-10"},
        ],
        disputes=[{"invoice": "I3", "customer": "C3", "opened": "2023-02-01"}],
    )
    tables = tables_on(ledger, "2024-05-31")
    found = inputs_on(tables, "2024-05-31", "2023-03-31").groupby("customer_id")["n_incidents_12m"].agg(list)
    assert found["C1"] == [0, 0, *[1] * 12, 0]  # in default on 2 May 2023, day 91 past due
    assert found["C2"] == [0, 0, *[1] * 12, 0]  # the insolvency is the default
    assert found["C3"] == [*[1] * 12, 0, 0, 0]  # neither the dispute nor the small amount past due


def test_pds_of_past_days_are_those_known_then_and_of_the_day_those_scored():
    ledger = ledger_of(
        invoices=[month("2023-01-05", 10, number="I1"), month("2023-01-05", 9, number="I2", customer="C2")]
    )
    pds = pd.DataFrame(
        [
            ("C1", "2024-01-31", 0.01),
            ("C1", "2024-02-29", 0.0101),
            ("C1", "2024-04-30", 0.3),
            ("C2", "2024-01-10", 0.2),
        ],
        columns=["customer_id", "observation_date", "pd"],
    )
    pds["observation_date"] = pd.to_datetime(pds["observation_date"]).astype("datetime64[us]")
    tables = tables_on(ledger, "2024-04-30", pds=pds)
    found = inputs_on(tables, "2024-04-30", "2024-01-31")
    first, second = (found[found["customer_id"] == name] for name in ("C1", "C2"))
    np.testing.assert_array_equal(first["pd_12m"], [0.01, 0.0101, np.nan, 0.3])  # in March there is none
    assert first["grade_code"].fillna("none").tolist() == ["A", "B", "none", "C"]
    np.testing.assert_array_equal(second["pd_12m"], [0.2, np.nan, np.nan, np.nan])  # not older than a month
    given = pd.DataFrame(
        {"customer_id": ["C1", "C1"], "review_date": [day("2024-01-31"), day("2024-04-30")], "pd_12m": [0.5, 0.001]}
    )
    other = inputs_on(tables, "2024-04-30", "2024-01-31", pds=given.assign(lgd_ratio=[0.4, np.nan]))
    other = other[other["customer_id"] == "C1"]
    np.testing.assert_array_equal(other["pd_12m"], [0.5, np.nan, np.nan, 0.001])
    assert other["grade_code"].fillna("none").tolist() == ["C", "none", "none", "A"]
    assert other["lgd_ratio"].tolist() == [0.4, 0.6, 0.6, 0.6]


def test_warnings_and_checks_are_those_of_the_day_alone():
    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1"), month("2024-01-05", 9, number="I2", customer="C2")]
    )
    rows = [("C1", "a", "high"), ("C1", "b", "medium"), ("C1", "c", "low"), ("C2", "a", "low")]
    warned = pd.DataFrame(rows, columns=["customer_id", "signal_code", "severity_code"]).assign(
        family_code="field", signal_date=day("2024-02-01"), threshold=0.0, unit_code="count", evidence="{}"
    )
    checks = dict.fromkeys(("gate_code", "accounts_check_code", "debt_check_code", "proceedings_check_code"), "pass")
    gates = pd.DataFrame([{"customer_id": "C1", "gate_reason_code": "all_checks_passed", **checks}])
    tables = tables_on(ledger, "2024-03-15", warnings=check(warned, WARNINGS), gates=check(gates, GATES))
    found = inputs_on(tables, "2024-03-15", "2024-01-31")
    assert found["n_signals"].fillna(-1).tolist() == [-1, -1, 2, -1, -1, 0]
    assert found["gate_code"].fillna("none").tolist() == ["none", "none", "pass", "none", "none", "none"]
    assert found["review_date"].astype(str).tolist()[:3] == ["2024-01-31", "2024-02-29", "2024-03-15"]


def test_a_prospect_is_there_on_the_day_of_the_run_alone():
    ledger = ledger_of(
        invoices=[month("2024-02-05", 10, number="I1")],
        customers=[
            {"id": "C1"},
            {"id": "P1", "type": "private", "sector": "retail"},
            {"id": "P2", "since": "2024-02-10"},
        ],
        limits=[{"customer": name, "kind": "insurer", "start": "2024-01-02", "amount": 5} for name in ("P1", "P2")],
    )
    found = inputs_on(tables_on(ledger, "2024-03-31"), "2024-03-31", "2024-01-31")
    days = found.groupby("customer_id")["review_date"].agg(lambda dates: [str(d.date())[5:] for d in dates])
    assert days.to_dict() == {"C1": ["02-29", "03-31"], "P1": ["03-31"], "P2": ["02-29", "03-31"]}
    prospect = row_of(found, "P1")
    assert prospect["customer_type_code"] == "private"
    assert prospect["insurer_limit_amount"] == 5
    unknown = ["pd_12m", "tenure_months", "silence_months", "terms_days", "days_beyond_terms_12m", "first_order_amount"]
    assert prospect[unknown].isna().all()
    assert prospect[["open_amount", "sales_amount_12m", "n_invoices_12m", "n_paid_invoices"]].eq(0).all()
    assert prospect["group_id"] == "P1"


def test_tenure_begins_with_the_relation_only_where_the_ledger_came_later():
    ledger = ledger_of(
        invoices=[
            month("2023-01-01", 10, number="I1"),
            month("2023-06-01", 10, number="I2", customer="C2"),
            month("2023-12-02", 10, number="I3", customer="C2"),
            {
                "id": "I4",
                "customer": "C2",
                "date": "2023-12-20",
                "due": "2024-01-20",
                "amount": 1,
                "kind": "finance_charge",
            },
        ],
        customers=[{"id": "C1", "since": "2020-01-01"}, {"id": "C2", "since": "2023-02-01"}],
    )
    found = inputs_on(tables_on(ledger, "2023-12-31"), "2023-12-31").set_index("customer_id")
    since = {"C1": "2020-01-01", "C2": "2023-06-01"}
    for name, begun in since.items():
        assert found.loc[name, "tenure_months"] == (day("2023-12-31") - day(begun)).days / 30.4375
    assert found.loc["C2", "silence_months"] == 29 / 30.4375


def test_currency_is_that_of_most_invoices_and_empty_for_the_runs():
    ledger = ledger_of(
        invoices=[
            month("2024-01-01", 10, number="I1") | {"currency": "USD", "rate": 0.9},
            month("2024-01-05", 10, number="I2") | {"currency": "USD", "rate": 0.9},
            month("2024-01-06", 10, number="I3"),
            month("2024-01-06", 10, number="I4", customer="C2"),
        ]
    )
    tables = tables_on(ledger, "2024-01-31")
    assert inputs_on(tables, "2024-01-31")["currency_code"].fillna("none").tolist() == ["USD", "none"]
    assert inputs_on(tables, "2024-01-31", currency_code="USD")["currency_code"].fillna("none").tolist() == [
        "none",
        "EUR",
    ]


def first_orders(amounts: dict[str, tuple[str, float]], **customer) -> object:
    invoices = [month("2022-01-03", 7, number="OLD", customer="OLD")]
    for name, (issued, amount) in amounts.items():
        invoices += [month(issued, amount, number=f"{name}-1", customer=name)]
        invoices += [month("2024-04-10", 9999, number=f"{name}-2", customer=name)]
    rows = [{"id": name, "sector": "S1", **customer.get(name, {"since": amounts[name][0]})} for name in amounts]
    return ledger_of(invoices=invoices, customers=[*rows, {"id": "OLD", "sector": "S1"}])


def test_first_orders_of_the_sector_are_those_of_beginners_known_so_far():
    amounts = {
        "A": ("2024-01-10", 100.0),
        "B": ("2024-02-10", 300.0),
        "C": ("2024-03-10", 200.0),
        "D": ("2024-03-11", 900.0),
    }
    found = inputs_on(tables_on(first_orders(amounts), "2024-05-31"), "2024-05-31", "2024-01-31")
    by_day = found[found["customer_id"] == "A"]["first_order_amount"]
    np.testing.assert_array_equal(by_day, [np.nan, np.nan, 250, 250, 250])  # fewer than three say nothing
    old = {"D": {"since": "2019-01-01"}}
    found = inputs_on(tables_on(first_orders(amounts, **old), "2024-05-31"), "2024-05-31")
    assert set(found["first_order_amount"]) == {200.0}
    related = {"D": {"since": "2024-03-11", "type": "related"}}
    assert set(
        inputs_on(tables_on(first_orders(amounts, **related), "2024-05-31"), "2024-05-31")["first_order_amount"]
    ) == {200.0}
    untold = {"D": {}}  # no beginning delivered: the ledger covers more than a year before
    assert set(
        inputs_on(tables_on(first_orders(amounts, **untold), "2024-05-31"), "2024-05-31")["first_order_amount"]
    ) == {250.0}


def test_peak_is_the_second_highest_month_over_the_mean_of_the_days():
    def item(number, issued, paid, amount, customer="C1"):
        row = {
            "id": number,
            "customer": customer,
            "date": issued,
            "due": paid,
            "amount": amount,
            "paid": [[paid, amount]],
        }
        return row

    rows = [
        item("I1", "2022-12-20", "2023-12-31", 100),  # 100 all year, nothing any more at the end of 31 December
        item("I2", "2023-03-30", "2023-04-03", 300),  # March and April reach 400
        item("I3", "2023-08-10", "2023-08-11", 900),  # August reaches 1,000 for a day
        item("N1", "2023-11-05", "2024-02-05", 50, customer="NEW"),
        item("A1", "2023-11-05", "2024-02-05", 50, customer="ALONE"),
        item("S1", "2022-12-20", "2024-02-05", 50, customer="SISTER"),
    ]
    sectors = {"C1": "S1", "NEW": "S1", "ALONE": "S2", "SISTER": "S2"}
    customers = [{"id": name, "sector": code, "type": "b2b"} for name, code in sectors.items()]
    customers[3]["type"] = "related"
    ledger = ledger_of(invoices=rows, customers=customers)
    found = inputs_on(tables_on(ledger, "2024-01-15"), "2024-01-15", "2023-11-30")
    peak = found.set_index(["customer_id", "review_date"])["peak_ratio"].unstack("review_date")
    mean = (100 * 364 + 300 * 4 + 900 * 1) / 365
    assert peak.loc["C1"].to_numpy() == pytest.approx([1.0, 400 / mean, 400 / mean])  # 12 months from December on
    assert peak.loc["NEW"].to_numpy() == pytest.approx([1.0, 400 / mean, 400 / mean])  # that of its sector
    assert peak.loc["ALONE"].to_numpy() == pytest.approx([1.0, 1.0, 1.0])  # a related company is no measure
    assert peak.loc["SISTER"].to_numpy() == pytest.approx([1.0, 1.0, 1.0])  # the same amount every day


def test_sector_peak_is_the_median_and_no_peak_is_above_twelve():
    rows = []
    for number, share in enumerate([0, 1, 5]):
        name = f"C{number}"
        rows.append({"id": f"{name}-0", "customer": name, "date": "2022-12-05", "due": "2023-01-05", "amount": 10})
        for first in ("2023-05-10", "2023-06-10"):
            rows.append(
                {"id": f"{name}-{first}", "customer": name, "date": first, "due": first, "amount": 10 * share + 0.01,
                 "paid": [[first[:-2] + "11", 10 * share + 0.01]]}
            )  # fmt: skip
    rows[3]["paid"] = [["2022-12-31", 10]]  # C1 owes on two days of the year alone
    rows.append({"id": "N", "customer": "NEW", "date": "2023-12-05", "due": "2024-01-05", "amount": 1})
    found = inputs_on(tables_on(ledger_of(invoices=rows), "2023-12-31"), "2023-12-31").set_index("customer_id")
    mean = (10 * 365 + 2 * 50.01) / 365
    assert found.loc["C0", "peak_ratio"] == pytest.approx(10.01 / (10 + 0.02 / 365))
    assert found.loc["C1", "peak_ratio"] == 12
    assert found.loc["C2", "peak_ratio"] == pytest.approx(60.01 / mean)
    assert found.loc["NEW", "peak_ratio"] == found.loc["C2", "peak_ratio"]


@pytest.mark.parametrize("seed", [0, 1])
def test_peaks_are_those_of_the_balances_day_by_day(seed):
    tables = tables_on(busy_ledger(seed), "2024-12-31")
    found, acts = inputs_on(tables, "2024-12-31").set_index("customer_id"), prepare(tables)
    days = pd.date_range("2024-01-01", "2024-12-31").as_unit("us")
    daily = pd.DataFrame(
        {on: open_items(acts.items, as_of=on).groupby("customer_id")["open_minor"].sum() for on in days}
    )
    daily = daily.reindex(found.index).fillna(0)
    usual = daily.T.groupby(days.month).max().apply(lambda highs: highs.nlargest(2).iloc[-1])
    expected = (usual / daily.mean(axis=1)).clip(1, 12)
    np.testing.assert_allclose(found["peak_ratio"], expected, rtol=1e-9)


def test_own_sales_leave_out_related_companies_which_have_rows_of_their_own():
    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1"), month("2024-01-05", 99, number="I2", customer="SISTER")],
        customers=[{"id": "SISTER", "type": "related", "group": "HOLDING"}],
    )
    found = inputs_on(tables_on(ledger, "2024-01-31"), "2024-01-31").set_index("customer_id")
    assert found["seller_sales_amount_12m"].tolist() == [10, 10]
    assert found.loc["SISTER", ["customer_type_code", "group_id"]].tolist() == ["related", "HOLDING"]


def test_order_of_the_rows_changes_nothing():
    tables = tables_on(busy_ledger(1), "2024-09-30")
    other = {name: frame.sample(frac=1, random_state=5).reset_index(drop=True) for name, frame in tables.items()}
    pd.testing.assert_frame_equal(
        inputs_on(other, "2024-09-30", "2024-03-31"), inputs_on(tables, "2024-09-30", "2024-03-31"), check_exact=True
    )


def test_without_invoices_there_are_prospects_or_nothing():
    ledger = ledger_of(
        invoices=[month("2024-01-05", 10, number="I1")],
        limits=[{"customer": "P1", "kind": "insurer", "start": "2023-12-02", "amount": 5}],
    )
    nothing = inputs_on(tables_on(ledger, "2023-11-30"), "2023-11-30", "2023-10-31")
    assert nothing.empty
    assert list(nothing.columns) == LIMIT_INPUTS.names
    prospects = inputs_on(tables_on(ledger, "2023-12-31"), "2023-12-31", "2023-10-31")
    assert prospects["customer_id"].tolist() == ["P1"]
    assert prospects["insurer_limit_amount"].tolist() == [5]


def refused(error, tables, words, **how):
    with pytest.raises(error) as caught:
        limit_inputs(
            tables,
            POLICY,
            **{"as_of": day("2024-03-31"), "first_review_date": day("2024-01-31"), "currency_code": "EUR"} | how,
        )
    for word in words:
        assert word in str(caught.value)


def test_bad_inputs_are_refused_with_what_to_do():
    tables = tables_on(ledger_of(invoices=[month("2024-01-05", 10, number="I1")]), "2024-03-31")
    refused(
        TableError,
        {n: t for n, t in tables.items() if n not in ("gates", "limits")},
        ["limits, gates", "run the stages"],
    )
    history = tables["rating_history"].drop(columns="pd_known_12m")
    refused(TableError, tables | {"rating_history": history}, ["pd_known_12m", "run the stage model"])
    refused(SettingsError, tables, ["2024-05-31", "2024-03-31", "earlier"], first_review_date=day("2024-05-31"))
    refused(TableError, tables | {"customers": tables["customers"][:0]}, ["2 rows", "C1", "add the customers"])
    pds = pd.DataFrame({"customer_id": ["C1"] * 2, "review_date": [day("2024-01-31")] * 2, "pd_12m": [0.1, 1.2]})
    refused(TableError, tables, ["2 rows", "C1/2024-01-31", "0 to 1"], pds=pds.assign(pd_12m=[-0.1, 1.2]))
    refused(TableError, tables, ["1 rows", "C1/2024-01-31"], pds=pds.assign(pd_12m=0.1))
    refused(TableError, tables, ["review_date", "missing"], pds=pds[["customer_id", "pd_12m"]])
    refused(TableError, tables, ["pds", "C9", "add the customers"], pds=pds[:1].assign(customer_id="C9"))


def test_tables_read_are_all_needed():
    tables = tables_on(busy_ledger(2), "2024-03-31")
    for name in READS:
        refused(TableError, {key: frame for key, frame in tables.items() if key != name}, [name])


def test_rows_for_tests_have_every_column_and_refuse_others():
    rows = input_rows({}, {"pd_12m": 0.3, "insurer_limit_amount": 0.0})
    assert list(rows.columns) == LIMIT_INPUTS.names
    assert rows["customer_id"].tolist() == ["C1", "C2"]
    assert rows["pd_12m"].tolist() == [0.005, 0.3]
    with pytest.raises(ValueError, match="pd_13m"):
        input_rows({"pd_13m": 0.1})
