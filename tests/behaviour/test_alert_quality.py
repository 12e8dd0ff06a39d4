"""Quality of warnings: hand-counted replay, plain twin on a generated ledger, intervals, false alarms."""

import numpy as np
import pandas as pd
import pytest
from pandas import Timestamp
from scipy.stats import binomtest
from small_ledger import day
from warning_cases import case_ledger, known_tables

from riskresearch.base.schema import check
from riskresearch.behaviour.warnings.facts import View, gather
from riskresearch.behaviour.warnings.outcomes import trouble_spells
from riskresearch.behaviour.warnings.quality import alert_quality
from riskresearch.behaviour.warnings.rates import median, rate, share
from riskresearch.behaviour.warnings.registry import SIGNALS
from riskresearch.behaviour.warnings.replay import replay_dates, replayed
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.behaviour.warnings.simulation import false_alarms
from riskresearch.behaviour.warnings.stage import warnings_on
from riskresearch.behaviour.warnings.tables import ALERT_QUALITY
from riskresearch.ledger.synthetic import synthetic_ledger

AS_OF = day("2025-12-31")


@pytest.fixture(scope="module")
def generated():
    ledger, _ = synthetic_ledger(n_customers=60, n_months=36, seed=4, default_rate_ratio=0.15)
    return known_tables(ledger, AS_OF)


def _spells(case, as_of, **settings):
    tables = known_tables(case_ledger(case), day(as_of))
    view = View(gather(tables), day(as_of))
    spells = trouble_spells(tables, view, WarningSettings(**settings))
    dates = [
        [str(np.datetime64(int(d), "D")) if np.isfinite(d) else None for d in pair]
        for pair in zip(spells.start, spells.end, strict=True)
    ]
    return list(zip(view.facts.customers[spells.customer], dates, strict=True))


def test_trouble_begins_on_day_91_and_ends_when_the_item_is_settled():
    invoice = {
        "id": "I1",
        "date": "2025-01-01",
        "due": "2025-01-31",
        "amount": 500.01,
        "paid": [["2025-06-10", 500.01]],
    }
    assert _spells({"invoices": [invoice]}, "2025-05-01") == []
    assert _spells({"invoices": [invoice]}, "2025-05-02") == [("C1", ["2025-05-02", None])]
    ended = _spells({"invoices": [invoice]}, "2025-12-31")[0][1]
    assert ended[0] == "2025-05-02"
    assert ended[1] == "2025-09-10"  # the default of the same item lasts three months of probation longer


def test_small_or_disputed_late_items_are_no_trouble():
    small = {"id": "I1", "date": "2025-01-01", "due": "2025-01-31", "amount": 500.00}
    held = {"id": "I2", "customer": "C2", "date": "2025-01-01", "due": "2025-01-31", "amount": 900}
    case = {"invoices": [small, held], "disputes": [{"id": "D1", "invoice": "I2", "opened": "2025-04-01"}]}
    assert _spells(case, "2025-08-31") == []


def test_spells_close_to_each_other_are_one():
    rows = [
        {"id": "I1", "date": "2024-01-01", "due": "2024-01-31", "amount": 900, "paid": [["2024-05-10", 900]]},
        {"id": "I2", "date": "2024-06-01", "due": "2024-06-30", "amount": 900, "paid": [["2024-10-10", 900]]},
    ]
    found = [dates[0] for _, dates in _spells({"invoices": rows}, "2025-12-31")]
    assert found == ["2024-05-01"]  # the first lasts to 10 August with its probation, the second begins on 29 September
    apart = [dates[0] for _, dates in _spells({"invoices": rows}, "2025-12-31", outcome_quiet_days=30)]
    assert apart == ["2024-05-01", "2024-09-29"]


def test_replay_dates_have_their_outcome_known_and_history_before_them():
    settings = WarningSettings(replay_months=3, outcome_horizon_days=180)
    dates = replay_dates(as_of=Timestamp("2025-12-31"), first_day=Timestamp("2020-01-01"), settings=settings)
    assert [str(d.date()) for d in dates] == ["2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30"]
    assert dates[-1] + pd.Timedelta(days=180) <= Timestamp("2025-12-31")
    assert replay_dates(as_of=Timestamp("2025-12-31"), first_day=Timestamp("2025-03-01"), settings=settings) == []


def test_precision_recall_and_lead_time_by_hand():
    """Ten customers ask for longer terms on 10 March 2024; four of them and two others are far too late afterwards."""
    invoices, events = [], []
    for k in range(20):
        late = k < 4 or k in (10, 11)
        start = {"id": f"A{k}", "customer": f"C{k:02d}", "date": "2023-01-02", "due": "2023-02-01", "amount": 100}
        invoices.append(start | {"paid": [["2023-02-01", 100]]})
        debt = {"id": f"B{k}", "customer": f"C{k:02d}", "date": "2024-03-01", "due": "2024-04-30", "amount": 900}
        invoices.append(debt | ({} if late else {"paid": [["2024-04-30", 900]]}))
        if k < 10:
            events.append({"id": f"E{k}", "customer": f"C{k:02d}", "code": "terms_request", "date": "2024-03-10"})
    tables = known_tables(case_ledger({"invoices": invoices, "events": events}), AS_OF)
    settings = WarningSettings(quality_min_cases=4)
    table = check(alert_quality(tables, settings, as_of=AS_OF, rng=np.random.default_rng(1)), ALERT_QUALITY)
    own = table[table["signal_code"] == "terms_request"].set_index("measure_code")
    assert own.loc["precision_ratio", ["value", "n_cases"]].tolist() == [0.4, 10]  # 4 of 10 late on 30 July 2024
    wilson = binomtest(4, 10).proportion_ci(method="wilson")
    assert own.loc["precision_ratio", "value_low"] == pytest.approx(wilson.low, rel=1e-9)
    assert own.loc["precision_ratio", "value_high"] == pytest.approx(wilson.high, rel=1e-9)
    assert own.loc["recall_ratio", ["value", "n_cases"]].tolist() == [pytest.approx(4 / 6), 6]
    assert own.loc["lead_median_days", ["value", "n_cases"]].tolist() == [121, 4]  # 31 March to 30 July
    assert own.loc["alerts_per_customer_year", "n_cases"] == 10


def test_too_few_cases_give_a_reason_and_no_figure():
    series = {"first": "2023-01-01", "every": 30, "amount": 900, "late": [0] * 30}
    tables = known_tables(case_ledger({"series": [series]}), AS_OF)
    table = alert_quality(tables, WarningSettings(), as_of=AS_OF, rng=np.random.default_rng(1))
    rows = table.set_index(["signal_code", "measure_code"])
    assert rows.loc[("oldest_open_item", "precision_ratio"), "reason_code"] == "too_few_alerts"
    assert rows.loc[("oldest_open_item", "recall_ratio"), "reason_code"] == "too_few_outcomes"
    assert rows.loc[("terms_request", "precision_ratio"), "reason_code"] == "no_data"
    assert rows.loc[("drift_cusum", "run_length_payments"), "reason_code"] == "no_false_alarm"
    assert (table["value"].isna() == table["reason_code"].notna()).all()


def test_a_ledger_too_short_for_a_replay_says_so():
    series = {"first": "2025-06-01", "every": 30, "amount": 900, "late": [0] * 4}
    tables = known_tables(case_ledger({"series": [series]}), AS_OF)
    table = check(alert_quality(tables, WarningSettings(), as_of=AS_OF, rng=np.random.default_rng(1)), ALERT_QUALITY)
    assert set(table["reason_code"]) == {"history_too_short", "too_few_customers"}


def test_quality_equals_a_plain_count_over_the_tables(generated):
    settings = WarningSettings(replay_months=6, quality_min_cases=1, weekly_workload=5)
    table = alert_quality(generated, settings, as_of=AS_OF, rng=np.random.default_rng(1))
    measured = table.set_index(["signal_code", "measure_code"])["value"]
    first = generated["movements"]["known_date"].min()
    dates = replay_dates(as_of=AS_OF, first_day=first, settings=settings)
    facts = gather(generated)
    past = replayed(facts, generated, settings, dates=dates, as_of=AS_OF)
    stood: dict[str, set[str]] = {}
    hits = {"oldest_open_item": [], "limit_used": [], "ranked_list": []}
    for k, date in enumerate(dates):
        tables = warnings_on(generated, settings, as_of=date)
        for name in ("oldest_open_item", "limit_used"):
            rows = tables["warnings"]
            now = set(rows.loc[rows["signal_code"] == name, "customer_id"])
            if k:
                hits[name] += [
                    _hit(past, facts, k, c, settings) for c in now - stood[name] if _watched(past, facts, k, c)
                ]
            stood[name] = now
        ranked = tables["signal_families"].dropna(subset=["rank_number"]).sort_values("rank_number")["customer_id"]
        listed = [c for c in ranked if _watched(past, facts, k, c)][:5]
        hits["ranked_list"] += [_hit(past, facts, k, c, settings) for c in listed] if k else []
    for name, found in hits.items():
        assert len(found) > 10
        assert measured[name, "precision_ratio"] == pytest.approx(np.mean(found)), name


def _watched(past, facts, k, customer):
    return past.at_risk[k, facts.customers.get_loc(customer)]


def _hit(past, facts, k, customer, settings):
    number, day_of = facts.customers.get_loc(customer), past.days[k]
    starts = past.spells.start[past.spells.customer == number]
    return bool(((starts > day_of) & (starts <= day_of + settings.outcome_horizon_days)).any())


def test_the_table_is_the_same_for_the_same_seed_and_has_every_measure(generated):
    settings = WarningSettings(replay_months=3, simulated_series=300)
    first, second = (alert_quality(generated, settings, as_of=AS_OF, rng=np.random.default_rng(2)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    check(first, ALERT_QUALITY)
    statistical = {member.name for member in SIGNALS if member.spec.statistical}
    simulated = first[first["measure_code"] == "run_length_payments"]
    assert set(simulated["signal_code"]) == statistical
    told = first.dropna(subset=["value"])
    assert (told["value_low"] <= told["value"] + 1e-12).all()
    assert (told["value"] <= told["value_high"] + 1e-12).all()


def test_false_alarms_of_a_stable_payer_are_those_of_the_chart():
    rng = np.random.default_rng(8)
    late = np.round(rng.normal(10, 12, 300)).astype(int).tolist()
    series = {"first": "2010-01-01", "every": 14, "amount": 100, "late": late}
    view = View(gather(known_tables(case_ledger({"series": [series]}), AS_OF)), AS_OF)
    found = false_alarms(view, WarningSettings(), rng=np.random.default_rng(3))
    per_payment = {name: each.alarms.sum() / each.payments.sum() for name, each in found.items()}
    assert 0.5 / 930 < per_payment["drift_cusum"] < 1.6 / 930  # one-sided run length of a normal law, Montgomery 9.3
    yearly = found["drift_cusum"].alarms.sum() / found["drift_cusum"].years.sum()
    pace = (len(view.points) - 1) / ((view.points["known"].max() - view.points["known"].min()) / 365.25)
    assert yearly == pytest.approx(per_payment["drift_cusum"] * pace, rel=1e-9)


def test_intervals_of_independent_customers_are_the_textbook_ones():
    found = share(np.r_[np.ones(7), np.zeros(13)], np.ones(20))
    wilson = binomtest(7, 20).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), rel=1e-9)
    none = share(np.zeros(20), np.ones(20))
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(binomtest(0, 20).proportion_ci(method="wilson").high, rel=1e-9)
    assert rate(np.zeros(5), np.ones(5)).high == pytest.approx(3.6889 / 5, rel=1e-4)  # Garwood, no case


def test_cases_of_few_customers_widen_the_interval():
    single = share(np.r_[np.ones(7), np.zeros(13)], np.ones(20))
    bunched = share(np.array([35.0, 0, 0, 0]), np.array([35.0, 25, 20, 20]))
    alike = share(np.array([35.0]), np.array([100.0]))
    assert bunched.value == alike.value == single.value
    assert bunched.high - bunched.low > single.high - single.low
    counts = rate(np.array([40.0, 0, 0, 0]), np.ones(4))
    spread = rate(np.full(4, 10.0), np.ones(4))
    assert counts.high - counts.low > 2 * (spread.high - spread.low)


def test_the_median_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(6)
    covered = [(lambda m: m.low <= 0 <= m.high)(median(values)) for values in rng.normal(0, 1, (1500, 25))]
    assert 0.94 < np.mean(covered) < 0.985  # ranks are whole numbers: at least 95 %, for 25 values 95.7 %
