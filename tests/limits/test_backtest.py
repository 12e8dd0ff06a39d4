"""Worked cases of the replay, its measures, the policies, adoption and extrapolation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limit_rows import input_rows
from limits.credit_policies import policy_with
from numpy.testing import assert_allclose
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal

from riskresearch.base.schema import check
from riskresearch.ledger.movements import movements
from riskresearch.ledger.worked import worked_ledger
from riskresearch.limits.applicants import applicants
from riskresearch.limits.backtest.adoption import adoption_table
from riskresearch.limits.backtest.backtest import limit_backtest, replay_policies
from riskresearch.limits.backtest.book import book
from riskresearch.limits.backtest.extrapolation import extrapolation_table, largest_seen
from riskresearch.limits.backtest.measures import MEASURE_CODES, MEASURES, measured, peak_share, samples_of_customers
from riskresearch.limits.backtest.rules import POLICIES, Reviews, limit_paths
from riskresearch.limits.backtest.tabled import assumption_range, backtest_table
from riskresearch.limits.backtest.tables import LIMIT_ADOPTION, LIMIT_BACKTEST, LIMIT_EXTRAPOLATION
from riskresearch.limits.backtest.trial import Assumptions
from riskresearch.limits.segments import segments_on

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/limits/backtest.yaml").read_text(encoding="utf-8"))
FIRST, AS_OF = Timestamp("2024-01-31"), Timestamp("2024-04-30")
POLICY = policy_with()
POLICY = POLICY.model_copy(
    update={"economics": POLICY.economics.model_copy(update={"margin_ratio": 0.25, "finance_ratio": 0.0365})}
)


def _tables(case, spells=()):
    ledger = worked_ledger(case)
    fallen = DataFrame(
        {
            "customer_id": [customer for customer, _ in spells],
            "default_date": pd.to_datetime([date for _, date in spells]),
            "performing_date": pd.NaT,
        }
    )
    names = ("invoices", "customers", "events", "limits")
    return {**{name: ledger[name] for name in names}, "movements": movements(ledger.tables), "defaults": fallen}


def _known(customers=("C1",), pd_12m=0.0358419, lgd_ratio=0.5, review_date=FIRST):
    return DataFrame(
        {"customer_id": list(customers), "review_date": review_date, "pd_12m": pd_12m, "lgd_ratio": lgd_ratio}
    )


def _path(limit, customers=("C1",)):
    return DataFrame({"customer_id": list(customers), "review_date": FIRST, "limit_amount": limit})


def _trial(tables, paths, known, *, n_bootstrap=20, policy=POLICY, as_of=AS_OF):
    return replay_policies(
        book(tables, first_review_date=FIRST, as_of=as_of),
        paths,
        known,
        policy,
        assumptions=Assumptions(),
        n_bootstrap=n_bootstrap,
        rng=np.random.default_rng(7),
    )


@pytest.mark.parametrize("case", CASES["backtests"], ids=lambda case: case["name"])
def test_worked_cases(case):
    spells = [("C1", str(case["default"]))] if "default" in case else []
    tables = _tables({"invoices": case["invoices"], "as_of": str(AS_OF.date())}, spells)
    trial = _trial(tables, {"need": _path(float(case["limit"]))}, _known())
    for assumption, expected in case["expected"].items():
        found = trial.measures["need", assumption]
        for measure, value in expected.items():
            assert found[measure][0] == pytest.approx(value, rel=1e-6), f"{assumption} {measure}"


def _book(n=12):
    """Customers of different size and payment, three of them defaulting."""
    invoices = []
    for number in range(n):
        for month in (2, 3, 4):
            amount = 100.0 * (number + 1)
            row = {"id": f"I{number:02d}{month}", "customer": f"C{number:02d}", "date": f"2024-{month:02d}-05"}
            row |= {"amount": amount}
            if number % 4:
                row["paid"] = [[f"2024-{month:02d}-{10 + number % 7}", amount]]
            invoices.append(row)
    spells = [(f"C{number:02d}", "2024-04-20") for number in range(0, n, 4)]
    return _tables({"invoices": invoices}, spells), tuple(f"C{number:02d}" for number in range(n))


def _trial_of_book(**kwargs):
    tables, names = _book()
    paths = {
        "history": _path(600.0, names),
        "unlimited": _path(np.inf, names),
        "need": _path(1000.0, names),
        "policy": _path(500.0, names),
    }
    return tables, _trial(tables, paths, _known(names, 0.05, 0.6), **kwargs)


def test_every_measure_stands_in_the_table_with_its_interval():
    _, trial = _trial_of_book(n_bootstrap=200)
    table = check(backtest_table(trial, interval_ratio=0.9, min_defaulters=2), LIMIT_BACKTEST)
    assert set(table["measure_code"]) == set(MEASURE_CODES)
    assert len(table) == 4 * 3 * len(MEASURE_CODES)
    amounts = table[table["measure_code"].isin(["sales_amount", "loss_amount", "net_result_amount"])]
    assert (amounts["value_low"] <= amounts["value"]).all()
    assert (amounts["value"] <= amounts["value_high"]).all()
    assert (amounts["value_low"] < amounts["value_high"]).all()
    same = table[table["policy_code"] == "history"]
    assert (same["difference"].dropna() == 0).all()
    marked = table[table["measure_code"] == "peak_share_ratio"]
    assert set(marked["reason_code"]) == {"no_interval"}
    false_blocks = table[(table["measure_code"] == "false_block_ratio")].set_index("policy_code")["reason_code"]
    assert set(false_blocks["policy"]) == {"not_mature"}
    assert set(false_blocks["unlimited"]) == {"no_value"}
    few = backtest_table(trial, interval_ratio=0.9, min_defaulters=4)
    assert set(few.loc[few["measure_code"] == "loss_amount", "reason_code"]) == {"few_defaults"}


def test_identities_between_measures():
    _, trial = _trial_of_book()
    for (policy, assumption), found in trial.measures.items():
        past = trial.measures["unlimited", assumption]
        assert_allclose(found["loss_avoided_amount"], past["loss_amount"] - found["loss_amount"], rtol=1e-12, atol=1e-9)
        net = found["margin_amount"] - found["loss_amount"] - found["finance_cost_amount"]
        assert_allclose(found["net_result_amount"], net, rtol=1e-12)
        sold = found["sales_amount"] + found["sales_lost_amount"]
        assert_allclose(sold, past["sales_amount"], rtol=1e-12)
        assert_allclose(found["margin_amount"] + found["margin_lost_amount"], past["margin_amount"], rtol=1e-12)
        assert (found["n_blocked"] <= found["n_orders"]).all(), (policy, assumption)


def test_months_add_up_to_the_measures():
    _, trial = _trial_of_book()
    sums = trial.months.groupby(["policy_code", "sales_assumption_code"])[["blocked_amount", "loss_amount"]].sum()
    for lane, row in sums.iterrows():
        assert row["blocked_amount"] == pytest.approx(trial.measures[lane]["blocked_amount"][0])
        assert row["loss_amount"] == pytest.approx(trial.measures[lane]["loss_amount"][0])
    assert trial.months["month_date"].max() == AS_OF
    assert trial.months.groupby(["policy_code", "sales_assumption_code"]).size().unique().tolist() == [3]


def test_samples_draw_whole_customers_and_their_mean_is_the_value():
    rng = np.random.default_rng(5)
    weights = samples_of_customers(40, 4000, rng)
    assert (weights.sum(axis=1) == 40).all()
    names = {name for measure in MEASURES.values() for name in (*measure.plus, *measure.minus, measure.per) if name}
    sums = DataFrame({name: rng.gamma(2.0, 1.0, 40) for name in sorted(names)})
    drawn = measured(sums, np.ones((40, 301), dtype="int64"), weights)["sales_amount"]
    assert drawn.mean() == pytest.approx(sums["sales"].sum(), rel=0.01)
    assert drawn.std() == pytest.approx(np.sqrt(40) * sums["sales"].std(ddof=0), rel=0.05)


def test_use_is_counted_by_whole_per_cent():
    tables = _tables({"invoices": [{"id": "I1", "date": "2024-02-01", "amount": 300}]})
    found = _trial(tables, {"need": _path(1000.0)}, _known()).measures["need", "lost"]
    assert found["use_p95_ratio"][0] == 0.3
    assert found["use_mean_ratio"][0] == pytest.approx(0.3)
    assert found["n_breach_days"][0] == 0


def test_a_reduction_makes_breaches_until_invoices_are_paid():
    tables = _tables({"invoices": [{"id": "I1", "date": "2024-02-01", "amount": 300, "paid": [["2024-03-11", 300]]}]})
    path = pd.concat([_path(1000.0), _path(200.0).assign(review_date=Timestamp("2024-02-29"))])
    found = _trial(tables, {"need": path}, _known()).measures["need", "lost"]
    assert found["n_breach_days"][0] == 10  # 1 to 10 March
    assert found["breach_ratio"][0] == pytest.approx(10 / 90)
    assert found["n_changes_per_year"][0] == pytest.approx(1 / (29 / 365.25))


def test_the_peak_share_is_that_of_the_largest_customer_on_any_month_end():
    assert peak_share(np.array([[10.0, 0.0], [30.0, 0.0]])) == 0.75
    assert np.isnan(peak_share(np.zeros((2, 3))))


def test_false_blocks_are_counted_on_orders_twelve_months_old():
    invoices = [
        {"id": "I1", "customer": "C1", "date": "2024-02-05", "amount": 100, "paid": [["2024-03-01", 100]]},
        {"id": "I2", "customer": "C2", "date": "2024-02-05", "amount": 100, "paid": [["2024-03-01", 60]]},
        {"id": "I3", "customer": "C3", "date": "2024-02-05", "amount": 100, "paid": [["2025-02-10", 100]]},
        {"id": "I4", "customer": "C4", "date": "2024-02-05", "amount": 100, "written_off": [["2024-06-01", 100]]},
        {"id": "I5", "customer": "C5", "date": "2025-01-05", "amount": 100, "paid": [["2025-01-20", 100]]},
    ]
    names = [f"C{number}" for number in range(1, 6)]
    trial = _trial(
        _tables({"invoices": invoices}), {"need": _path(0.0, names)}, _known(names), as_of=Timestamp("2025-06-30")
    )
    found = trial.measures["need", "lost"]
    assert found["n_blocked"][0] == 5
    assert found["false_block_ratio"][0] == 0.25


def test_two_defaults_lose_an_invoice_once():
    """Open since February, the customer defaults in March and again in April: only what was sold between counts."""
    invoices = [{"id": "I1", "date": "2024-02-05", "amount": 100}, {"id": "I2", "date": "2024-03-20", "amount": 40}]
    tables = _tables({"invoices": invoices}, [("C1", "2024-03-10"), ("C1", "2024-04-10")])
    tables["defaults"]["performing_date"] = pd.to_datetime(["2024-03-15", None])
    found = _trial(tables, {"need": _path(1000.0)}, _known()).measures["need", "lost"]
    assert found["loss_amount"][0] == pytest.approx(0.5 * (100 + 40))


def test_adoption_says_why_not():
    _, trial = _trial_of_book(n_bootstrap=200)
    asked = {"candidates": ["policy"], "simple_rules": ["need"], "interval_ratio": 0.9}
    table = check(adoption_table(trial, tolerance_ratio=0.0, min_defaulters=2, **asked), LIMIT_ADOPTION)
    assert len(table) == 3 * 2 * 2
    assert not table["is_adoptable"].any()
    assert set(table["reference_policy_code"]) == {"history", "need"}
    generous = adoption_table(trial, tolerance_ratio=10.0, min_defaulters=2, **asked)
    assert set(generous["verdict_code"]) == {"not_worse"}
    assert generous["is_adoptable"].all()
    few = adoption_table(trial, tolerance_ratio=10.0, min_defaulters=4, **asked)
    assert set(few.loc[few["loss_basis_code"] == "realised", "verdict_code"]) == {"too_few_defaults"}
    assert not few["is_adoptable"].any()


@pytest.mark.parametrize(
    ("draws", "verdict"), [([5, 4, 6], "not_worse"), ([-5, -4, -6], "worse"), ([0, -9, 9], "not_certain")]
)
def test_a_verdict_follows_the_interval_of_the_difference(draws, verdict):
    _, trial = _trial_of_book(n_bootstrap=2)
    shifted = {lane: dict(found) for lane, found in trial.measures.items()}
    for (policy, assumption), found in shifted.items():
        for measure in ("net_result_amount", "net_result_expected_amount"):
            other = trial.measures["history", assumption][measure]
            found[measure] = other + (np.array(draws, float) if policy == "policy" else 0.0)
    table = adoption_table(
        replace(trial, measures=shifted),
        candidates=["policy"],
        simple_rules=["need"],
        tolerance_ratio=1e-6,
        min_defaulters=1,
        interval_ratio=0.9,
    )
    assert set(table["verdict_code"]) == {verdict}
    assert table["is_adoptable"].all() == (verdict == "not_worse")


def test_extrapolation_marks_limits_beyond_all_that_was_seen():
    invoices = [{"id": "I1", "date": "2024-02-05", "amount": 400, "paid": [["2024-02-20", 400]]}]
    case = {
        "invoices": invoices,
        "limits": [{"id": "L1", "customer": "C1", "kind": "internal", "start": "2023-01-01", "amount": 500}],
    }
    tables = _tables(case)
    low_then_high = pd.concat([_path(500.0), _path(2000.0).assign(review_date=Timestamp("2024-03-31"))])
    trial = _trial(tables, {"need": low_then_high, "unlimited": _path(np.inf)}, _known())
    seen = largest_seen(tables, trial.book, as_of=AS_OF)
    assert seen.tolist() == [50_000.0]
    table = check(extrapolation_table(trial, seen), LIMIT_EXTRAPOLATION).set_index("policy_code")
    assert table.loc["need", "beyond_days_ratio"] == pytest.approx(30 / 90)
    assert table.loc["need", "beyond_limit_ratio"] == pytest.approx(30 * 1500 / (60 * 500 + 30 * 2000))
    assert table.loc["unlimited", "beyond_days_ratio"] == 1.0
    assert np.isnan(table.loc["unlimited", "beyond_limit_ratio"])
    assert table["n_customers_beyond"].tolist() == [1, 1]


def _reviews(*rows, **paths):
    inputs = input_rows(*rows)
    return Reviews(applicants(inputs, segments_on(inputs, POLICY), POLICY), **paths)


def test_each_policy_gives_its_limit():
    reviews = _reviews(
        {"internal_limit_amount": 30_000.0, "temporary_limit_amount": 5_000.0, "insurer_limit_amount": 8_000.0},
        {"internal_limit_amount": None, "net_worth_amount": None, "revenue_amount": None},
        {"is_in_default": True, "pd_12m": 1.0},
        {"sales_amount_12m": 0.0, "n_invoices_12m": 0, "net_worth_amount": -5.0},
    )
    found = {code: path["limit_amount"].tolist() for code, path in limit_paths(reviews).items()}
    assert set(found) == set(POLICIES.names) - {"policy", "optimised"}
    need = 120_000 / 365 * 35 // 100 * 100
    assert found["history"] == [35_000.0, np.inf, 0.0, 30_000.0]
    assert found["unlimited"] == [np.inf] * 4
    assert found["need"] == [need, need, 0.0, 10_000.0]
    assert found["net_worth_10"] == [40_000.0, need, 0.0, 0.0]
    assert found["insurer_only"] == [8_000.0, 0.0, 0.0, 0.0]
    # PD 0.5 %: 15 % of the median net worth 400,000 against 5 % of the median revenue 2,000,000
    assert found["score_matrix"] == [60_000.0, 60_000.0, 0.0, 60_000.0]


def test_the_score_matrix_gives_less_to_the_riskier_and_the_same_in_a_cell():
    reviews = _reviews(
        {"pd_12m": 0.005, "size_code": "small", "net_worth_amount": 100_000.0},
        {"pd_12m": 0.009, "size_code": "small", "net_worth_amount": 300_000.0},
        {"pd_12m": 0.02, "size_code": "small", "net_worth_amount": 200_000.0},
        {"pd_12m": 0.2, "size_code": "small", "net_worth_amount": None},
        {"pd_12m": None, "size_code": "small", "net_worth_amount": None},
        {"pd_12m": 0.005, "size_code": "large", "net_worth_amount": 900_000.0},
    )
    limits = limit_paths(reviews)["score_matrix"]["limit_amount"].tolist()
    assert limits == [30_000.0, 30_000.0, 16_000.0, 6_000.0, 16_000.0, 100_000.0]


def test_paths_of_the_policy_and_of_the_optimiser_are_kept_until_the_next():
    dates = ["2024-01-31", "2024-02-29", "2024-03-31"]
    policy_path = DataFrame(
        {"customer_id": "C1", "review_date": pd.to_datetime(dates), "limit_amount": [10.0, 20.0, 30.0]}
    )
    optimised = DataFrame({"customer_id": ["C1"], "review_date": pd.to_datetime(dates[1:2]), "limit_amount": [99.0]})
    rows = [{"customer_id": "C1", "review_date": date} for date in dates]
    found = limit_paths(_reviews(*rows, policy_path=policy_path, optimised_path=optimised))
    assert found["policy"]["limit_amount"].tolist() == [10.0, 20.0, 30.0]
    assert found["optimised"]["limit_amount"].tolist() == [10.0, 99.0, 99.0]


def test_the_whole_backtest_gives_checked_tables_and_the_same_twice():
    tables, names = _book()
    reviews = _reviews(
        *({"customer_id": name, "review_date": FIRST, "pd_12m": 0.03} for name in names),
        policy_path=_path(900.0, names),
    )
    asked = {"as_of": AS_OF, "assumptions": Assumptions(), "tolerance_ratio": 0.002, "n_bootstrap": 20}
    first, second = (limit_backtest(tables, reviews, rng=np.random.default_rng(4), **asked) for _ in range(2))
    assert list(first) == ["limit_backtest", "limit_backtest_months", "limit_extrapolation", "limit_adoption"]
    for name, table in first.items():
        assert len(table)
        assert_frame_equal(table, second[name])
    spread = assumption_range(first["limit_backtest"], "sales_amount")
    assert (spread["lost"] <= spread["prepaid"]).all()
    assert spread.loc[0, "smallest"] == spread["smallest"].max()


@pytest.mark.parametrize(("pd_12m", "invoices", "reason"), [(None, 3, "no_pds_known"), (0.03, 0, "no_orders")])
def test_thin_data_give_empty_tables_and_a_reason(pd_12m, invoices, reason):
    tables, names = _book()
    moves = tables["movements"]
    tables["movements"] = moves[moves["invoice_date"] < FIRST] if not invoices else moves
    reviews = _reviews(
        *({"customer_id": name, "review_date": FIRST, "pd_12m": pd_12m} for name in names),
        policy_path=_path(900.0, names),
    )
    found = limit_backtest(
        tables,
        reviews,
        as_of=AS_OF,
        assumptions=Assumptions(),
        tolerance_ratio=0.002,
        n_bootstrap=5,
        rng=np.random.default_rng(4),
    )
    assert [len(found[name]) for name in ("limit_backtest", "limit_backtest_months", "limit_extrapolation")] == [0] * 3
    adoption = found["limit_adoption"]
    assert set(adoption["verdict_code"]) == {"not_computable"}
    assert set(adoption["reason_code"]) == {reason}
    assert not adoption["is_adoptable"].any()


def test_securities_make_room_and_are_not_lost():
    """Under a limit of 100 and a credit of 300, 400 may be owed; of 350 open at default 50 are at risk."""
    invoices = [{"id": "I1", "date": "2024-02-05", "amount": 350}, {"id": "I2", "date": "2024-02-06", "amount": 60}]
    tables = _tables({"invoices": invoices}, [("C1", "2024-03-31")])
    known = _known().assign(guarantee_amount=300.0)
    found = _trial(tables, {"need": _path(100.0)}, known).measures["need", "lost"]
    assert found["n_blocked"][0] == 1
    assert found["loss_amount"][0] == pytest.approx(0.5 * 50)
    # 50 at risk from 5 February to 30 March, 55 days, at 0.01 % a day and an LGD of 50 %
    assert found["expected_loss_amount"][0] == pytest.approx(50 * 55 * 0.0001 * 0.5, rel=1e-6)
    assert found["use_p95_ratio"][0] == 0.88  # 350 of 400, rounded up to whole per cent
    without = _trial(tables, {"need": _path(100.0)}, _known()).measures["need", "lost"]
    assert (without["n_blocked"][0], without["sales_amount"][0]) == (1, 60)
