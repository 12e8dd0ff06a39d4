"""Claims of the generated ledger: they follow its events and the plain terms of the demonstration's policy."""

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic import claims as generator
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv
from riskresearch.ledger.synthetic.claims import covered_debt

PROJECT = Path(__file__).parents[2]
LAST = Timestamp("2025-12-31")


@pytest.fixture(scope="module")
def many() -> Ledger:
    """Many defaults, hence many claims."""
    return synthetic_ledger(n_customers=700, n_months=48, seed=5, default_rate_ratio=0.25, invoices_per_month=1.0)[0]


@pytest.fixture(scope="module")
def claims(many: Ledger) -> DataFrame:
    return many["insurer_claims"]


def test_each_claim_is_an_event_with_something_open_and_claims_what_the_books_hold(
    many: Ledger, claims: DataFrame
) -> None:
    events = many["events"]
    filed = events[events["event_code"] == "insurer_claim"].set_index("customer_id")["event_date"]
    assert len(claims) > 60
    assert claims["customer_id"].is_unique
    assert (claims["filed_date"].to_numpy() == filed.reindex(claims["customer_id"]).to_numpy()).all()
    for row in claims.iloc[::7].itertuples():
        tables = cut_ledger(many, as_of=row.filed_date)
        invoices, acts = (tables[name] for name in ("invoices", "allocations"))
        billed = invoices.loc[invoices["customer_id"] == row.customer_id, "base_minor"].sum()
        settled = acts.loc[acts["customer_id"] == row.customer_id, "base_minor"].sum()
        assert row.claimed_minor == billed - settled
        nothing_left = set(filed.index) - set(claims["customer_id"])
    for customer in nothing_left:
        tables = cut_ledger(many, as_of=filed[customer])
        billed, settled = (
            tables[name].loc[tables[name]["customer_id"] == customer, "base_minor"].sum()
            for name in ("invoices", "allocations")
        )
        assert billed == settled


def test_steps_follow_each_other_and_none_lies_after_the_last_day(claims: DataFrame) -> None:
    steps = ["declared_date", "filed_date", "decided_date", "paid_date"]
    for before, after in pairwise(steps):
        both = claims[claims[after].notna()]
        assert (both[before] <= both[after]).all()
    assert (claims["recorded_date"] >= claims["declared_date"]).all()
    assert (claims["recorded_date"] <= claims["filed_date"]).all()
    assert (claims["loss_date"].dropna() <= claims["decided_date"].fillna(LAST)[claims["loss_date"].notna()]).all()
    for name in (*steps, "loss_date", "recovered_date"):
        assert claims[name].max() <= LAST
    assert (claims["recovered_date"].dropna() > claims["loss_date"][claims["recovered_date"].notna()]).all()


def test_a_judgement_ends_the_waiting_period_and_else_it_runs_its_days(many: Ledger, claims: DataFrame) -> None:
    events = many["events"]
    judged = events[events["event_code"] == "insolvency"].set_index("customer_id")["event_date"]
    by_judgement = claims[claims["event_code"] == "insolvency"]
    assert (by_judgement["loss_date"].to_numpy() == judged.reindex(by_judgement["customer_id"]).to_numpy()).all()
    waited = claims[claims["event_code"] == "protracted_default"]
    assert ((waited["loss_date"] - waited["filed_date"]).dt.days == generator.WAITING_DAYS).all()
    heard = judged.reindex(waited["customer_id"]).to_numpy()
    assert not (heard < waited["filed_date"].to_numpy()).any()
    assert min(len(by_judgement), len(waited)) > 10


def test_outcomes_are_paid_slowly_paid_refused_for_a_reason_or_pending(many: Ledger, claims: DataFrame) -> None:
    decided = claims[claims["decided_date"].notna()]
    pending = claims[claims["decided_date"].isna()]
    assert pending[["paid_minor", "rejection_code"]].isna().all(axis=None)
    kind = many["customers"].set_index("customer_id")["customer_type_code"]
    assert decided.loc[decided["customer_id"].map(kind) != "b2b", "paid_minor"].isna().all()
    late = decided[(decided["declared_date"] - decided["due_date"]).dt.days > generator.DECLARE_DAYS]
    past = decided[(decided["filed_date"] - decided["due_date"]).dt.days > generator.DECLARE_DAYS]
    assert 0.05 < len(late) / len(past) < 0.3
    assert (late["rejection_code"] == "late_declaration").all()
    late_file = decided[(decided["filed_date"] - decided["due_date"]).dt.days > generator.FILE_DAYS]
    assert {"late_file"} <= set(late_file["rejection_code"]) <= {"late_file", "late_declaration"}
    refused = decided[decided["rejection_code"].notna()]
    assert {"late_declaration", "threshold", "no_cover"} <= set(refused["rejection_code"])
    assert refused.loc[refused["rejection_code"] != "disputed", "paid_minor"].isna().all()
    wait = (decided["paid_date"] - decided["decided_date"]).dt.days
    assert wait.max() > 60 > wait.median()


def test_an_indemnity_is_the_share_of_the_covered_debt_and_above_the_threshold(many: Ledger, claims: DataFrame) -> None:
    paid = claims[claims["paid_minor"].notna()]
    limits = many["limits"][many["limits"]["limit_kind_code"] == "insurer"]
    highest = limits.groupby("customer_id")["base_minor"].max()
    named = paid["customer_id"].isin(highest.index)
    top = paid["customer_id"].map(highest).fillna(0).clip(lower=0).to_numpy(dtype=float)
    top = np.where(named, np.maximum(top, 0), generator.DISCRETIONARY_LIMIT_MINOR)
    share = np.where(named, generator.NAMED_RATIO, generator.DISCRETIONARY_RATIO)
    before_first = np.maximum(top, generator.DISCRETIONARY_LIMIT_MINOR)
    assert (paid["paid_minor"] <= share * np.minimum(paid["claimed_minor"], before_first) + 0.5).all()
    assert (paid["paid_minor"] > 0.6 * generator.THRESHOLD_MINOR).all()
    one = paid[~named & (paid["claimed_minor"] > 3 * generator.DISCRETIONARY_LIMIT_MINOR)]
    assert set(one["paid_minor"]) <= {600_000}
    assert (paid["paid_minor"] == 0.9 * top.round()).sum() > 5  # the limit bites
    recovered = paid[paid["recovered_minor"].notna()]
    assert (recovered["insurer_recovered_minor"] <= 0.9 * recovered["recovered_minor"] + 1).all()
    assert (recovered["insurer_recovered_minor"] > 0).any()


@pytest.mark.parametrize(
    ("amounts", "limits", "covered"),
    [
        ([150, 30], [200, 80], 150), ([150, 30], [200, 0], 150), ([50, 60], [200, 80], 80),  # worked example 11
        ([90], [50], 50), ([40, 40], [50, 100], 80), ([], [], 0), ([100, 100, 100], [300, 150, 0], 150),
    ],
)  # fmt: skip
def test_a_cut_concerns_later_deliveries_only(amounts: list[int], limits: list[int], covered: int) -> None:
    assert covered_debt(np.array(amounts, dtype=np.int64), np.array(limits, dtype=np.int64)) == covered


def test_what_is_known_on_an_earlier_day_is_the_ledger_of_that_day(many: Ledger) -> None:
    """A cut ledger holds of each claim no more than its steps up to the day."""
    day = Timestamp("2024-03-31")
    cut = cut_ledger(many, as_of=day)["insurer_claims"]
    whole = many["insurer_claims"].set_index("claim_id")
    assert set(cut["claim_id"]) == set(whole.index[(whole["recorded_date"] <= day) & (whole["declared_date"] <= day)])
    dates = cut.select_dtypes("datetime")
    assert (dates.max().dropna() <= day).all()
    unpaid = cut["paid_date"].isna()
    assert cut.loc[unpaid, ["paid_minor", "insurer_recovered_minor"]].isna().all(axis=None)
    assert cut.loc[cut["decided_date"].isna(), "rejection_code"].isna().all()
    assert (cut["decided_date"].isna() & (cut["filed_date"].notna())).any()


def test_claims_come_back_from_their_file(tmp_path: Path) -> None:
    few = synthetic_ledger(n_customers=120, n_months=24, seed=3, last_date="2025-06-17", default_rate_ratio=0.25)[0]
    assert len(few["insurer_claims"]) > 3
    write_ledger_csv(few, DataFrame(columns=["customer_id"]).iloc[:0], tmp_path)
    read = read_ledger(tmp_path)
    for name in ("insurer_claims", "limits"):
        assert_frame_equal(read[name], few[name])


def test_limits_were_asked_for_days_before_the_answer_and_cuts_were_not(many: Ledger) -> None:
    limits = many["limits"]
    own = limits[limits["limit_kind_code"] == "insurer"]
    assert limits.loc[limits["limit_kind_code"] != "insurer", "requested_date"].isna().all()
    is_cut = own["base_minor"] < own.groupby("customer_id")["base_minor"].shift().astype("float64")
    assert own.loc[is_cut, "requested_date"].isna().all()
    wait = (own["recorded_date"] - own["requested_date"])[~is_cut].dt.days
    assert (wait.min(), wait.max()) == (1, 15)
    assert is_cut.any()


def test_a_ledger_without_claims_is_made_too() -> None:
    ledger, _ = synthetic_ledger(n_customers=3, n_months=2, seed=1)
    assert ledger["insurer_claims"].empty


def test_the_demonstration_is_settled_by_its_policy() -> None:
    text = (PROJECT / "config" / "policies" / "whole_turnover.yaml").read_text(encoding="utf-8")
    policy = yaml.safe_load(text)
    terms = {term["kind"]: term for term in policy["terms"]}
    share = terms["insured_percentage"]
    assert policy["policy_id"] == generator.POLICY_ID
    assert (share["named_ratio"], share["discretionary_ratio"]) == (
        generator.NAMED_RATIO,
        generator.DISCRETIONARY_RATIO,
    )
    assert terms["buyer_limit"]["discretionary_limit_amount"] * 100 == generator.DISCRETIONARY_LIMIT_MINOR
    assert terms["threshold"]["amount"] * 100 == generator.THRESHOLD_MINOR
    deadlines = (terms["declaration"]["overdue_days"], terms["declaration"]["claim_days"])
    assert deadlines == (generator.DECLARE_DAYS, generator.FILE_DAYS)
    assert terms["waiting_period"]["protracted_default_days"] == generator.WAITING_DAYS
    assert terms["vat_basis"]["basis_code"] == "including"


def test_the_committed_demonstration_holds_what_the_generator_writes(tmp_path: Path) -> None:
    made = synthetic_ledger(n_customers=350, n_months=48, seed=1, default_rate_ratio=0.07, invoices_per_month=1.0)
    write_ledger_csv(*made, tmp_path)
    committed = PROJECT / "data" / "demo"
    written = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    kept = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in committed.iterdir()}
    assert kept == written
    assert pd.read_csv(committed / "insurer_claims.csv")["rejection_code"].nunique() >= 3
