"""Orders, securities and decisions on limits: read, judged, known on their day; and those of the generated ledger."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal
from small_ledger import small_ledger, tables_of

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv

NEW = ("orders", "guarantees", "overrides")
INVOICES = "invoice_id,customer_id,invoice_date,currency_code,gross_amount,due_date\nF1,A,2024-01-10,EUR,100.00,\n"
INVOICES += "F2,B,2024-01-10,EUR,100.00,\n"
HEADERS = {
    "orders": "order_id,customer_id,order_date,recorded_date,delivery_date,invoiced_date,base_amount",
    "guarantees": "guarantee_id,customer_id,guarantee_code,start_date,end_date,base_amount,provider_code,document",
    "overrides": "override_id,customer_id,decided_date,requester_code,approver_code,second_approver_code,reason_code,"
    "proposed_amount,final_amount,end_date,evidence",
}
ROWS = {
    "orders": "O1,A,2024-01-02,,2024-01-09,2024-01-12,120.50\nO2,B,2024-01-05,2024-01-08,,,80.00\n",
    "guarantees": "G1,A,bank_guarantee,2024-01-01,2024-12-31,5000.00,bank,deed 17\nG2,C,deposit,2024-02-01,,10.00,,\n",
    "overrides": "V1,A,2024-01-03,sales,credit_manager,finance_director,other,1000.00,60000.00,2024-06-30,note\n"
    "V2,D,2024-01-04,sales,sales,,other,0.00,500.00,,\n",
}

OURS = """
mapping: ours
currency_code: EUR
sources:
  - name: factures
    file: factures.csv
    rows: flat
    format: &cells {separator: ";", decimal: ",", dates: [JJ/MM/AAAA]}
    columns: {invoice_id: no, customer_id: client, invoice_date: date, gross_amount: ttc}
  - name: commandes
    file: commandes.csv
    rows: orders
    format: *cells
    columns: {order_id: ligne, customer_id: client, order_date: date, delivery_date: livr, base_amount: ttc}
  - name: garanties
    file: garanties.csv
    rows: guarantees
    format: *cells
    columns:
      guarantee_id: no
      customer_id: client
      guarantee_code: {column: type, values: {credoc: documentary_credit}}
      start_date: debut
      base_amount: ttc
"""


def delivered(folder: Path, **changed: str) -> Ledger:
    """Read a canonical folder of one invoice with the three tables, some of them changed."""
    (folder / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    for name, rows in (ROWS | changed).items():
        (folder / f"{name}.csv").write_text(f"{HEADERS[name]}\n{rows}", encoding="utf-8")
    return read_ledger(folder)


def test_the_three_tables_are_read_and_counted(tmp_path: Path) -> None:
    ledger = delivered(tmp_path)
    orders, securities, decisions = (ledger[name] for name in NEW)
    assert orders["base_minor"].tolist() == [12_050, 8_000]
    assert orders["recorded_date"].tolist() == [Timestamp("2024-01-02"), Timestamp("2024-01-08")]
    assert orders["invoiced_date"].isna().tolist() == [False, True]
    assert securities["guarantee_code"].tolist() == ["bank_guarantee", "deposit"]
    assert securities["document"].isna().tolist() == [False, True]
    assert decisions["final_minor"].tolist() == [6_000_000, 50_000]
    assert decisions["second_approver_code"].isna().tolist() == [False, True]
    assert set(ledger["customers"]["customer_id"]) == {"A", "B", "C", "D"}
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    assert checks.loc[[f"{name}.rows" for name in NEW], "difference_minor"].tolist() == [0, 0, 0]


def test_a_ledger_without_them_is_the_one_with_them_less_the_customers_only_they_name(tmp_path: Path) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    having = delivered(tmp_path / "with")
    (tmp_path / "without" / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    lacking = read_ledger(tmp_path / "without")
    assert all(lacking[name].empty for name in NEW)
    for name in having.tables.keys() - {*NEW, "customers"}:
        assert_frame_equal(having[name], lacking[name])
    told = [set(ledger.accounts["gaps"]["gap_code"]) for ledger in (having, lacking)]
    assert told[1] - told[0] == {"no_orders", "no_guarantees"}
    assert told[0] <= told[1]


@pytest.mark.parametrize(
    ("table", "row", "says"),
    [
        ("guarantees", "G1,A,promise,2024-01-01,,10.00,,\n",
         r"guarantees.guarantee_code: 1 of 1 rows \(line 2 'promise'\) are not known codes; see the table dictionary"),
        ("guarantees", "G1,A,deposit,2024-01-02,2024-01-01,10.00,,\n", r"guarantees.end_date: 1 of .* end before"),
        ("guarantees", "G1,A,deposit,2024-01-02,,0.00,,\n", r"guarantees.base_amount: 1 of .* have an amount"),
        ("guarantees", "G1,A,deposit,2024-01-02,,,,\n", r"guarantees.base_amount: 1 of 1 rows \(line 2\) are empty"),
        ("guarantees", "G1,A,deposit,,,10.00,,\n", r"guarantees.start_date.*: 1 of 1 rows \(line 2\) are empty"),
        ("orders", "O1,A,2024-01-02,,,,-80.00\n", r"orders.base_amount: 1 of .* amount that cannot be; orders"),
        ("orders", "O1,A,2024-01-02,,2024-01-01,,80.00\n", r"orders.delivery_date: 1 of .* end before they begin"),
        ("orders", "O1,A,2024-01-02,,,2023-12-31,80.00\n", r"orders.invoiced_date: 1 of .* end before they begin"),
        ("orders", "O1,A,2024-01-02,,,,80.00\nO1,A,2024-01-03,,,,80.00\n",
         r"orders.order_id: 1 ids \(O1\) stand on 2 rows that differ"),
        ("overrides", "V1,A,2024-01-03,sales,,,other,1.00,2.00,,\n", r"overrides.approver_code: 1 of .* are empty"),
        ("overrides", "V1,A,2024-01-03,sales,boss,,other,-1.00,2.00,,\n", r"proposed_amount: 1 of .* have an amount"),
        ("overrides", "V1,A,2024-01-03,sales,boss,,other,1.00,2.00,2024-01-02,\n", r"end_date: 1 of 1 .* end before"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_are_refused(table: str, row: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=says):
        delivered(tmp_path, **{table: row})


def test_few_wrong_rows_are_set_aside_with_their_amount(tmp_path: Path) -> None:
    good = "".join(f"G{n},A,deposit,2024-01-01,,10.00,,\n" for n in range(300))
    ledger = delivered(
        tmp_path, guarantees=good + "X,A,gold,2024-01-01,,7.00,,\nY,A,deposit,2024-01-02,2024-01-01,3.00,,\n"
    )
    aside = ledger.accounts["set_aside"].set_index("reason_code")
    assert aside["n_rows"].to_dict() == {"unknown_code": 1, "ends_before_start": 1}
    assert aside["base_minor"].to_dict() == {"unknown_code": 700, "ends_before_start": 300}
    assert len(ledger["guarantees"]) == 300


def test_amounts_in_the_books_currency_are_never_taken_for_another(tmp_path: Path) -> None:
    (tmp_path / "ledger.yaml").write_text("mapping: canonical\ncurrency_code: EUR\n", encoding="utf-8")
    delivered(tmp_path)
    (tmp_path / "fx_rates.csv").write_text("currency_code,rate_date,rate_ratio\nUSD,2024-01-01,0.9\n", encoding="utf-8")
    with pytest.raises(LedgerError, match="orders"):
        read_ledger(tmp_path, currency_code="USD")


def test_long_texts_are_cut_and_said_so(tmp_path: Path) -> None:
    ledger = delivered(tmp_path, guarantees=f"G1,A,deposit,2024-01-01,,10.00,,{'x' * 500}\n")
    assert ledger["guarantees"]["document"].str.len().tolist() == [200]
    assert any(
        "guarantees: 1 texts longer than 200 characters are cut (first: line 2)" in note for note in ledger.notes
    )


def test_the_three_tables_come_beside_a_flat_list_under_names_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OURS, encoding="utf-8")
    (tmp_path / "factures.csv").write_text("no;client;date;ttc\nF1;A;10/01/2024;100,00\n", encoding="utf-8")
    (tmp_path / "commandes.csv").write_text("ligne;client;date;livr;ttc\n1;A;02/01/2024;;80,00\n", encoding="utf-8")
    (tmp_path / "garanties.csv").write_text("no;client;type;debut;ttc\n1;A;credoc;02/01/2024;70,00\n", encoding="utf-8")
    ledger = read_ledger(tmp_path, mapping=tmp_path / "ours.yaml")
    assert ledger["orders"]["base_minor"].tolist() == [8_000]
    assert ledger["orders"][["delivery_date", "invoiced_date"]].isna().all(axis=None)
    assert ledger["guarantees"]["guarantee_code"].tolist() == ["documentary_credit"]
    assert ledger["overrides"].empty


ORDER = {"id": "O1", "date": "2024-03-01", "recorded": "2024-03-04", "delivery": "2024-03-20", "invoiced": "2024-03-22"}


@pytest.mark.parametrize(
    ("as_of", "known"),
    [("2024-03-03", []), ("2024-03-04", [(False, False)]), ("2024-03-19", [(False, False)]),
     ("2024-03-20", [(True, False)]), ("2024-03-21", [(True, False)]), ("2024-03-22", [(True, True)])],
)  # fmt: skip
def test_an_order_is_confirmed_then_delivered_then_invoiced(as_of: str, known: list[tuple[bool, bool]]) -> None:
    ledger = small_ledger([], orders=[ORDER | {"amount": 80}])
    rows = tables_of(ledger, as_of)["orders"]
    found = list(zip(rows["delivery_date"].notna(), rows["invoiced_date"].notna(), strict=True))
    assert found == known


@pytest.mark.parametrize(
    ("table", "row", "day"),
    [
        ("guarantees", {"code": "deposit", "start": "2024-03-01", "recorded": "2024-03-09", "amount": 1}, "2024-03-09"),
        ("guarantees", {"code": "deposit", "start": "2024-03-09", "recorded": "2024-03-01", "amount": 1}, "2024-03-09"),
        ("overrides", {"date": "2024-03-01", "recorded": "2024-03-09", "requester": "sales", "approver": "boss",
                       "reason": "other", "proposed": 1, "final": 2}, "2024-03-09"),
        ("orders", {"date": "2024-03-09", "amount": 1}, "2024-03-09"),
    ],
)  # fmt: skip
def test_rows_and_their_customers_are_known_from_the_later_of_two_days_on(table: str, row: dict, day: str) -> None:
    ledger = small_ledger([], **{table: [row]})
    before, on = (tables_of(ledger, stamp) for stamp in (str((Timestamp(day) - pd.Timedelta(days=1)).date()), day))
    assert (len(before[table]), len(on[table])) == (0, 1)
    assert (len(before["customers"]), len(on["customers"])) == (0, 1)


@pytest.fixture(scope="module")
def made() -> Ledger:
    return synthetic_ledger(n_customers=350, n_months=48, seed=7, default_rate_ratio=0.07, invoices_per_month=1.0)[0]


@pytest.fixture(scope="module")
def middle() -> Ledger:
    return synthetic_ledger(n_customers=120, n_months=30, seed=3, last_date="2025-06-17", default_rate_ratio=0.15)[0]


def test_generated_rows_come_back_from_their_files(middle: Ledger, tmp_path: Path) -> None:
    assert all(len(middle[name]) for name in NEW)
    write_ledger_csv(middle, DataFrame(columns=["customer_id"]).iloc[:0], tmp_path)
    read = read_ledger(tmp_path)
    for name in NEW:
        assert_frame_equal(read[name], middle[name])


def test_invoiced_orders_are_the_invoices_of_their_customers(made: Ledger) -> None:
    keys = ["customer_id", "recorded_date"]
    is_order = (made["invoices"]["contract_type_code"] == "order") & (
        made["invoices"]["invoice_kind_code"] == "invoice"
    )
    billed = made["invoices"][is_order & (made["invoices"]["currency_code"] == "EUR")]
    orders = made["orders"].drop(columns="recorded_date").rename(columns={"invoiced_date": "recorded_date"})
    orders = orders[orders["customer_id"].isin(billed["customer_id"])].dropna(subset=["recorded_date"])
    assert_frame_equal(
        orders.groupby(keys)[["base_minor"]].agg(["size", "sum"]),
        billed.groupby(keys)[["base_minor"]].agg(["size", "sum"]),
    )
    assert len(billed) > 3_000


@pytest.mark.parametrize("name", ["made", "middle"])
def test_orders_run_from_confirmation_to_delivery_to_invoice(name: str, request: pytest.FixtureRequest) -> None:
    ledger = request.getfixturevalue(name)
    orders, last = ledger["orders"], Timestamp("2025-12-31" if name == "made" else "2025-06-17")
    for later in ("recorded_date", "delivery_date", "invoiced_date"):
        reached = orders[later].dropna()
        assert (reached >= orders["order_date"][reached.index]).all()
        assert reached.max() <= last
    assert (orders["recorded_date"] <= orders["invoiced_date"].fillna(last)).all()
    start = ledger["customers"].set_index("customer_id")["relationship_start_date"]
    assert (orders["order_date"] >= orders["customer_id"].map(start)).all()
    assert (orders["base_minor"] > 0).all()


def test_orders_open_on_the_last_day_are_as_many_as_on_any_other(made: Ledger) -> None:
    orders = made["orders"]
    days = pd.to_datetime([f"2025-{month:02d}-15" for month in range(2, 11)])
    n_open = [
        int(((orders["recorded_date"] <= day) & ~(orders["invoiced_date"] <= day)).sum()) for day in days
    ]  # fmt: skip
    last = orders["invoiced_date"].isna()
    assert 0.6 * np.mean(n_open) < last.sum() < 1.6 * np.mean(n_open)
    assert (last & orders["delivery_date"].isna()).sum() > 0.8 * last.sum() > 0
    weeks = (Timestamp("2025-12-31") - orders.loc[last, "order_date"]).dt.days / 7
    assert weeks.max() < 13
    contract = made["invoices"].loc[made["invoices"]["contract_type_code"] == "contract", "customer_id"]
    assert not set(orders["customer_id"]) & set(contract)


def test_securities_go_to_the_weak_and_the_foreign(made: Ledger) -> None:
    rows, customers = made["guarantees"], made["customers"].set_index("customer_id")
    assert 0.06 < rows["customer_id"].nunique() / len(customers) < 0.16
    country = customers["country_code"]
    share = country.index.to_series().isin(rows["customer_id"]).groupby(country.isin(["GB", "CH", "US"])).mean()
    assert share[True] > 3 * share[False] > 0
    credits = rows[rows["guarantee_code"] == "documentary_credit"]
    assert set(credits["customer_id"].map(country)) <= {"GB", "CH", "US"}
    assert credits["end_date"].notna().all()
    assert (rows["end_date"].dropna() >= rows["start_date"][rows["end_date"].notna()]).all()
    assert (rows["end_date"] < Timestamp("2025-12-31")).any()  # some have expired
    assert (rows["recorded_date"] > rows["start_date"]).any()
    start = customers["relationship_start_date"]
    assert (rows["start_date"] >= rows["customer_id"].map(start)).all()


def test_overrides_are_the_limits_in_force_and_some_break_the_policy(made: Ledger) -> None:
    rows, limits = made["overrides"], made["limits"]
    own = limits[limits["limit_kind_code"] == "internal"].sort_values("start_date")
    held = pd.merge_asof(
        rows.sort_values("decided_date"), own[["customer_id", "start_date", "base_minor"]],
        left_on="decided_date", right_on="start_date", by="customer_id",
    )  # fmt: skip
    assert (held["final_minor"] == held["base_minor"]).all()
    assert 30 < len(rows) < 110
    assert rows["decided_date"].min() >= Timestamp("2024-01-01")
    assert (rows["final_minor"] != rows["proposed_minor"]).all()
    assert 0.6 < (rows["final_minor"] > rows["proposed_minor"]).mean() < 0.9
    large = rows["final_minor"] >= 5_000_000
    assert rows.loc[~large, "second_approver_code"].isna().all()
    assert (rows["second_approver_code"] != rows["approver_code"]).all()
    assert (rows["end_date"] - rows["decided_date"]).dt.days.max() > 184  # longer than the policy allows
    assert rows["end_date"].isna().any()
    assert rows["evidence"].isna().any()
    assert (rows["end_date"] < Timestamp("2025-12-31")).any()
    assert rows["customer_id"].duplicated().any()


def test_overrides_speak_the_language_of_the_policy(made: Ledger) -> None:
    path = Path(__file__).parents[2] / "config" / "credit_policies" / "default.yaml"
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))["overrides"]
    rows, approvers = made["overrides"], {level["approver_code"] for level in rules["levels"]}
    assert set(rows["reason_code"]) <= set(rules["reason_codes"])
    assert set(rows["approver_code"]) - set(rules["requester_codes"]) <= approvers
    assert set(rows["second_approver_code"].dropna()) <= approvers
    assert "sales" in set(rows["requester_code"]) & set(rules["requester_codes"])


def test_what_was_decided_against_the_proposal_has_an_outcome_to_measure() -> None:
    ledger, truth = synthetic_ledger(
        n_customers=350, n_months=48, seed=1, default_rate_ratio=0.07, invoices_per_month=1.0
    )
    first = truth[truth["is_defaulted"]].groupby("customer_id")["observation_date"].min()
    rows = ledger["overrides"]
    assert (rows["customer_id"].map(first) > rows["decided_date"]).sum() >= 3
