"""A generated ledger: reproducible, sound in every reference and cent, with everything a real one holds."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import SettingsError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv
from riskresearch.ledger.synthetic.figures import RURAL_REGIONS, SECTORS

ACT_DATES = {
    "invoices": "invoice_date",
    "credit_notes": "credit_note_date",
    "payments": "value_date",
    "allocations": "effective_date",
    "disputes": "opened_date",
    "events": "event_date",
    "ratings": "rating_date",
    "limits": "start_date",
    "financials": "published_date",
    "questionnaires": "answered_date",
    "fx_rates": "rate_date",
    "reminders": "reminder_date",
    "bank_checks": "check_date",
    "sector_statistics": "published_date",
    "orders": "order_date",
    "guarantees": "start_date",
    "overrides": "decided_date",
    "insurer_claims": "declared_date",
}
FIVE_MEGABYTES = 5_000_000

Generated = tuple[Ledger, DataFrame]


@pytest.fixture(scope="module")
def demo() -> Generated:
    return synthetic_ledger(n_customers=350, n_months=48, seed=7, default_rate_ratio=0.07, invoices_per_month=1.0)


@pytest.fixture(scope="module")
def mid_month() -> Generated:
    return synthetic_ledger(n_customers=120, n_months=30, seed=3, last_date="2025-06-17", default_rate_ratio=0.15)


@pytest.fixture
def folder(demo: Generated, tmp_path: Path) -> Path:
    write_ledger_csv(*demo, tmp_path / "demo")
    return tmp_path / "demo"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        write_ledger_csv(*synthetic_ledger(n_customers=60, n_months=14, seed=seed), tmp_path / name)
    first, again, other = (_contents(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_files_are_read_back_as_the_same_ledger(mid_month: Generated, tmp_path: Path) -> None:
    ledger, truth = mid_month
    write_ledger_csv(ledger, truth, tmp_path)
    read = read_ledger(tmp_path)
    assert read.is_synthetic
    assert read.currency_code == "EUR"
    assert read.accounts["set_aside"].empty
    for name, frame in ledger.tables.items():
        pd.testing.assert_frame_equal(read[name], frame)


def test_demo_is_small_and_its_card_says_how_it_was_made(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < FIVE_MEGABYTES
    card = yaml.safe_load((folder / "ledger.yaml").read_text(encoding="utf-8"))
    assert (card["mapping"], card["is_synthetic"], card["currency_code"]) == ("canonical", True, "EUR")
    expected = {"seed": 7, "n_customers": 350, "n_months": 48, "last_date": date(2025, 12, 31)}
    assert expected.items() <= card["facts"].items()


def test_files_hold_exact_money_iso_dates_and_no_leftovers(demo: Generated, folder: Path) -> None:
    ledger, truth = demo
    payments = pd.read_csv(folder / "payments.csv", dtype=str, keep_default_na=False)
    assert payments["amount"].str.fullmatch(r"-?\d+\.\d{2}").all()
    cents = payments["amount"].str.replace(".", "", regex=False).astype("int64")
    assert cents.sum() == ledger["payments"]["amount_minor"].sum()
    assert (cents < 0).any()
    assert payments["value_date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert len(pd.read_csv(folder / "truth.csv")) == len(truth)
    assert all(path.suffix in (".csv", ".yaml") and not path.name.startswith(".") for path in folder.iterdir())


def test_writing_again_removes_files_of_tables_that_are_empty_now(tmp_path: Path) -> None:
    (tmp_path / "fx_rates.csv").write_text("left by an earlier run", encoding="utf-8")
    ledger, truth = synthetic_ledger(n_customers=2, n_months=3, seed=2)
    assert ledger["fx_rates"].empty
    write_ledger_csv(ledger, truth, tmp_path)
    assert not (tmp_path / "fx_rates.csv").exists()


def test_every_reference_exists(demo: Generated) -> None:
    ledger, truth = demo
    customers, invoices = set(ledger["customers"]["customer_id"]), ledger["invoices"].set_index("invoice_id")
    tables = [*(ledger[name] for name in ACT_DATES if "customer_id" in ledger[name]), truth]
    assert all(set(frame["customer_id"]) <= customers for frame in tables)
    allocations, disputes = ledger["allocations"], ledger["disputes"]
    for frame in (allocations, disputes):
        owner = invoices["customer_id"].reindex(frame["invoice_id"]).to_numpy()
        assert (owner == frame["customer_id"].to_numpy()).all()
    sources = allocations.groupby("source_code")["source_id"]
    assert set(sources.get_group("payment")) <= set(ledger["payments"]["payment_id"])
    assert set(sources.get_group("credit_note")) <= set(ledger["credit_notes"]["credit_note_id"])
    named = ledger["credit_notes"]["related_invoice_id"].dropna()
    assert set(named) <= set(invoices.index)
    back = ledger["payments"]["reversal_of_id"].dropna()
    assert set(back) <= set(ledger["payments"]["payment_id"])


def test_sums_never_exceed_what_they_settle_or_come_from(demo: Generated) -> None:
    ledger, _ = demo
    allocations, invoices = ledger["allocations"], ledger["invoices"].set_index("invoice_id")
    settled = allocations.groupby("invoice_id")[["amount_minor", "base_minor"]].sum()
    gross = invoices.reindex(settled.index)
    assert (settled["amount_minor"] <= gross["gross_minor"]).all()
    assert (settled["amount_minor"] >= 0).all()
    full = settled["amount_minor"] == gross["gross_minor"]
    assert full.mean() > 0.9
    assert (settled["base_minor"] == gross["base_minor"])[full].all()
    payments = ledger["payments"].set_index("payment_id")["amount_minor"]
    notes = ledger["credit_notes"].set_index("credit_note_id")["gross_minor"]
    for code, documents in (("payment", payments), ("credit_note", notes)):
        used = allocations[allocations["source_code"] == code].groupby("source_id")["amount_minor"].sum()
        assert (used.abs() <= documents.reindex(used.index).abs()).all()


def test_open_amount_never_falls_below_zero_on_any_day(demo: Generated) -> None:
    ledger, _ = demo
    allocations = ledger["allocations"].sort_values(["invoice_id", "effective_date", "amount_minor"])
    running = allocations.groupby("invoice_id")["amount_minor"].cumsum()
    gross = ledger["invoices"].set_index("invoice_id")["gross_minor"].reindex(allocations["invoice_id"])
    assert (running.to_numpy() <= gross.to_numpy()).all()


def test_dates_are_in_order(demo: Generated) -> None:
    ledger, _ = demo
    invoices, customers = ledger["invoices"], ledger["customers"].set_index("customer_id")
    assert (invoices["due_date"] >= invoices["invoice_date"]).all()
    terms = (invoices["due_date"] - invoices["invoice_date"]).dt.days
    assert terms.max() <= 45 + 31  # the longest terms in use: 45 days, then the month's end
    for name, act in ACT_DATES.items():
        frame = ledger[name]
        if "recorded_date" in frame:
            assert (frame["recorded_date"] >= frame[act]).all(), name
    start = customers["relationship_start_date"].reindex(invoices["customer_id"]).to_numpy()
    assert (invoices["invoice_date"].to_numpy() >= start).all()
    issued = invoices.set_index("invoice_id")["invoice_date"].reindex(ledger["allocations"]["invoice_id"]).to_numpy()
    assert (ledger["allocations"]["effective_date"].to_numpy() >= issued).all()


@pytest.mark.parametrize("made", ["demo", "mid_month"])
def test_nothing_is_dated_after_the_last_day(made: str, request: pytest.FixtureRequest) -> None:
    ledger, truth = request.getfixturevalue(made)
    last = Timestamp("2025-12-31" if made == "demo" else "2025-06-17")
    for name, act in ACT_DATES.items():
        for column in {act, "recorded_date"} & set(ledger[name].columns):
            assert ledger[name][column].max() <= last, (name, column)
    assert ledger["disputes"]["closed_date"].max() <= last
    assert ledger["customers"]["relationship_start_date"].max() <= last
    assert truth["observation_date"].max() <= last < truth["observation_date"].max() + pd.DateOffset(months=1, days=1)
    assert truth["observation_date"].dt.is_month_end.all()


def test_ledger_opens_with_open_items_only(demo: Generated) -> None:
    ledger, _ = demo
    opening = ledger["invoices"]["invoice_kind_code"] == "opening_item"
    first = Timestamp("2022-01-01")
    assert opening.any()
    assert (ledger["invoices"]["invoice_date"] < first).eq(opening).all()
    cash = ledger["allocations"]
    assert cash["effective_date"].min() >= first
    assert ledger["payments"]["value_date"].min() >= first


def test_everything_a_real_ledger_holds_is_there(demo: Generated) -> None:
    ledger, truth = demo
    allocations, notes, payments = ledger["allocations"], ledger["credit_notes"], ledger["payments"]
    assert set(allocations["source_code"]) == {"payment", "discount", "credit_note", "write_off"}
    cash = allocations[(allocations["source_code"] == "payment") & (allocations["amount_minor"] > 0)]
    assert (cash.groupby("invoice_id").size() > 1).sum() > 50  # partial payments
    assert (cash.groupby("source_id").size() > 1).sum() > 500  # one receipt for several invoices
    assert notes["related_invoice_id"].isna().any()
    assert notes["related_invoice_id"].notna().any()
    assert (~payments["payment_id"].isin(cash["source_id"]) & (payments["amount_minor"] > 0)).any()  # unapplied
    returned = payments[payments["amount_minor"] < 0]
    events = ledger["events"]
    assert len(returned) == (events["event_code"] == "returned_payment").sum() > 0
    assert {"insolvency", "write_off", "recovery", "terms_request", "insolvency_closed"} <= set(events["event_code"])
    assert ledger["disputes"]["closed_date"].notna().any()
    assert ledger["customers"]["group_id"].value_counts().max() > 1
    assert ledger["invoices"]["currency_code"].nunique() >= 3
    assert ledger["customers"]["country_code"].nunique() >= 5
    assert set(ledger["limits"]["limit_kind_code"]) == {"internal", "insurer", "temporary"}
    assert ledger["customers"]["customer_name"].str.contains("'").any()
    assert truth["is_defaulted"].any()
    assert not truth["is_defaulted"].all()


def test_returned_payment_takes_back_what_its_receipt_settled(demo: Generated) -> None:
    ledger, _ = demo
    payments = ledger["payments"].set_index("payment_id")
    back = payments[payments["reversal_of_id"].notna()]
    receipt = payments.loc[back["reversal_of_id"]]
    assert (back["amount_minor"].to_numpy() == -receipt["amount_minor"].to_numpy()).all()
    assert (back["value_date"].to_numpy() > receipt["value_date"].to_numpy()).all()
    taken = ledger["allocations"].groupby("source_id")["amount_minor"].sum()
    assert (taken.reindex(back.index) == back["amount_minor"]).all()


def test_foreign_invoices_convert_at_the_rate_of_their_day(demo: Generated) -> None:
    ledger, _ = demo
    invoices = ledger["invoices"][ledger["invoices"]["currency_code"] != "EUR"]
    rates = ledger["fx_rates"].set_index(["currency_code", "rate_date"])["rate_ratio"]
    rate = rates.reindex(pd.MultiIndex.from_frame(invoices[["currency_code", "invoice_date"]])).to_numpy()
    assert (np.abs(invoices["gross_minor"] * rate - invoices["base_minor"]) <= 0.5 + 1e-6).all()  # rounded to the cent
    home = ledger["invoices"][ledger["invoices"]["currency_code"] == "EUR"]
    assert (home["gross_minor"] == home["base_minor"]).all()


def test_parts_are_their_invoice_and_are_paid_one_by_one(demo: Generated) -> None:
    ledger, _ = demo
    parts, invoices = ledger["instalments"], ledger["invoices"].set_index("invoice_id")
    grouped = parts.groupby("invoice_id")
    assert (grouped["gross_minor"].sum() == invoices["gross_minor"].reindex(grouped.size().index)).all()
    assert (grouped["due_date"].min() == invoices["due_date"].reindex(grouped.size().index)).all()
    assert set(grouped.size()) == {3}
    used = ledger["allocations"].merge(parts[["invoice_id"]].drop_duplicates(), on="invoice_id")
    paid = used[used["source_code"] == "payment"].sort_values(["invoice_id", "effective_date"])
    number = paid.groupby("invoice_id").cumcount() + 1
    of_part = paid.assign(sequence_number=number).merge(parts, on=["invoice_id", "sequence_number"])
    assert len(of_part) > 100
    assert (of_part["amount_minor"] == of_part["gross_minor"]).all()
    late = (of_part["effective_date"] - of_part["due_date"]).dt.days
    assert late.max() <= 22  # at most 20 days, then off the weekend
    total = used.groupby("invoice_id")["amount_minor"].sum()
    assert (total < invoices["gross_minor"].reindex(total.index)).any()  # parts due after the last day are open


def test_reminders_follow_open_invoices_and_the_weak_break_their_promises(demo: Generated) -> None:
    ledger, truth = demo
    used = ledger["allocations"].groupby("invoice_id").agg(
        day=("effective_date", "max"), amount=("amount_minor", "sum"))  # fmt: skip
    invoices = ledger["invoices"].merge(used, on="invoice_id", how="left")
    end = invoices["day"].where(invoices["amount"] == invoices["gross_minor"])
    rows = ledger["reminders"].merge(invoices.assign(end=end)[["invoice_id", "due_date", "end"]], on="invoice_id")
    assert len(rows) == len(ledger["reminders"]) > 1_000
    assert (rows["reminder_date"] > rows["due_date"]).all()
    assert ((rows["reminder_date"] < rows["end"]) | rows["end"].isna()).all()
    promises = rows[rows["action_code"] == "promise"]
    assert (promises["promise_date"] >= promises["reminder_date"]).all()
    assert rows.loc[rows["action_code"] != "promise", "promise_date"].isna().all()
    known = promises[promises["promise_date"] <= Timestamp("2025-12-31")]
    kept = known["end"] <= known["promise_date"]
    risk = truth[~truth["is_defaulted"]].groupby("customer_id")["pd_12m"].mean()
    weak = known["customer_id"].map(risk) > risk.median()
    assert kept[~weak].mean() > kept[weak].mean() + 0.05


def test_payers_change_their_account_rarely_and_the_change_is_checked(demo: Generated) -> None:
    ledger, _ = demo
    payments, events, checks = ledger["payments"], ledger["events"], ledger["bank_checks"]
    by_bank = payments["method_code"].isin(["transfer", "direct_debit"])
    assert payments["payer_account_code"].notna().eq(by_bank).all()
    banked = payments[by_bank]
    usual = banked.groupby("customer_id")["payer_account_code"].agg(lambda codes: codes.value_counts().index[0])
    assert 0.002 < (banked["payer_account_code"] != banked["customer_id"].map(usual)).mean() < 0.25
    told = events[events["event_code"] == "bank_change"]
    assert set(checks.loc[checks["is_changed"], "customer_id"]) <= set(told["customer_id"])
    assert len(checks[checks["is_changed"]]) > 0.8 * len(told)
    assert 0.6 < checks.loc[checks["is_changed"], "is_verified"].mean() < 1


def test_late_deliveries_go_with_late_payments_in_rural_regions(demo: Generated) -> None:
    ledger, _ = demo
    paid = ledger["allocations"].groupby("invoice_id")["effective_date"].max()
    region = ledger["customers"].set_index("customer_id")["region_code"]
    at_once = ledger["invoices"][~ledger["invoices"]["invoice_id"].isin(ledger["instalments"]["invoice_id"])]
    rows = at_once.assign(
        behind=(at_once["delivery_date"] - at_once["invoice_date"]).dt.days,
        late=(at_once["invoice_id"].map(paid) - at_once["due_date"]).dt.days.clip(lower=0),
        is_rural=at_once["customer_id"].map(region).isin(RURAL_REGIONS),
    ).dropna(subset=["behind", "late"])
    rural, others = rows[rows["is_rural"]], rows[~rows["is_rural"]]
    assert (rural["behind"] > 2).mean() > 3 * (others["behind"] > 2).mean()
    assert rural["behind"].corr(rural["late"]) > 0.3 > abs(others["behind"].corr(others["late"]))
    assert ledger["invoices"].loc[ledger["invoices"]["contract_type_code"] == "contract", "delivery_date"].isna().all()


def test_recorded_day_follows_the_act_mostly_at_once(demo: Generated) -> None:
    payments = demo[0]["payments"]
    lag = (payments["recorded_date"] - payments["value_date"]).dt.days
    assert 0.005 < (lag > 0).mean() < 0.06
    assert lag.max() <= 5


def test_receipts_cluster_on_payment_runs_at_month_end(demo: Generated) -> None:
    days: Series = demo[0]["payments"]["value_date"]
    to_end = ((days + pd.offsets.MonthEnd(0)) - days).dt.days
    assert (to_end <= 2).mean() > 0.25  # evenly spread receipts would give about 0.10
    assert (days.dt.day_of_week >= 5).mean() < 0.02


def test_orders_follow_the_seasons(demo: Generated) -> None:
    invoices = demo[0]["invoices"]
    by_month = invoices.groupby(invoices["invoice_date"].dt.month).size()
    assert by_month[8] < 0.85 * by_month.mean() < by_month[[10, 11]].mean()


def test_accounts_are_published_months_after_closing(demo: Generated) -> None:
    accounts = demo[0]["financials"]
    lag = (accounts["published_date"] - accounts["period_end_date"]).dt.days
    assert lag.min() >= 120
    assert 150 < lag.median() < 240


def test_sector_figures_are_published_quarterly_from_before_the_ledger_and_revised_once(demo: Generated) -> None:
    ledger, _ = demo
    rows = ledger["sector_statistics"]
    lag = (rows["published_date"] - rows["period_end_date"]).dt.days
    issues = rows.groupby(["sector_code", "period_end_date"])["published_date"]
    first = rows["published_date"] == issues.transform("min")
    assert set(lag[first]) == {75}
    assert lag[~first].between(75 + 90, 75 + 92).all()
    assert issues.size().isin([1, 2]).all()
    assert 0.15 < (issues.size() == 2).mean() < 0.45
    ends = rows["period_end_date"].drop_duplicates().sort_values()
    assert ends.tolist() == pd.date_range(ends.min(), "2025-09-30", freq="QE").tolist()
    assert rows["published_date"].min() < Timestamp("2022-01-01") - pd.DateOffset(months=23)
    assert set(rows["sector_code"]) == {sector.code for sector in SECTORS} >= set(ledger["customers"]["sector_code"])
    pair = rows.sort_values("published_date").groupby(["sector_code", "period_end_date"])["failure_ratio"]
    raised = (pair.last() / pair.first())[issues.size() == 2]
    assert raised.between(1, 1.05, inclusive="neither").all()


def test_sector_figures_lie_as_far_apart_as_the_sources_say(demo: Generated) -> None:
    """Share of failures by sector, Banque de France January 2025: construction 22.4 %, transport 4.6 %."""
    mean = demo[0]["sector_statistics"].groupby("sector_code")["failure_ratio"].mean()
    failures = mean * Series({sector.code: sector.customer_share for sector in SECTORS})
    share = failures / failures.sum()
    expected = {sector.code: sector.failure_share for sector in SECTORS}
    assert share.to_dict() == pytest.approx(expected, rel=0.1)
    assert 0.01 < mean.min() < mean.max() < 0.1


def test_another_run_currency_makes_the_others_foreign() -> None:
    ledger, _ = synthetic_ledger(n_customers=80, n_months=8, seed=2, currency_code="CHF")
    codes = ledger["invoices"]["currency_code"]
    assert ledger.currency_code == "CHF"
    assert "EUR" in set(ledger["fx_rates"]["currency_code"])
    assert "CHF" not in set(ledger["fx_rates"]["currency_code"])
    assert (codes == "EUR").mean() > 0.5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_customers": 0}, "n_customers: 0 is too small"),
        ({"n_months": 0}, "n_months: 0 is too small"),
        ({"currency_code": "XYZ"}, "give one of"),
        ({"default_rate_ratio": 0.0}, "give a ratio above 0"),
        ({"invoices_per_month": -1.0}, "give a number above 0"),
    ],
)
def test_parameters_out_of_bounds_are_refused(wrong: dict[str, object], said: str) -> None:
    parameters = {"n_customers": 5, "n_months": 3, "seed": 1} | wrong
    with pytest.raises(SettingsError, match=said):
        synthetic_ledger(**parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_customers", "n_months"), [(1, 1), (3, 2), (8, 30)])
def test_tiny_ledgers_are_whole(n_customers: int, n_months: int) -> None:
    ledger, truth = synthetic_ledger(n_customers=n_customers, n_months=n_months, seed=4, invoices_per_month=0.3)
    assert len(ledger["customers"]) == n_customers
    assert truth["pd_12m"].between(0, 1).all()
