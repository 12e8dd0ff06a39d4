"""Limits in force and money on account, as levels that change on the day something becomes known."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from random_ledger import rich_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.features.streams.limits import INSURER_MEASURES, INTERNAL_MEASURES, insurer_limits, internal_limits
from riskresearch.features.streams.registry import STREAMS
from riskresearch.features.streams.unapplied import unapplied
from riskresearch.ledger.balances import unapplied_minor, unapplied_stream

AS_OF = "2025-12-31"
INVOICE = {"id": "I1", "date": "2024-01-01", "due": "2024-01-31", "amount": 1000}


def _limits(*rows, kind="internal", as_of=AS_OF):
    return tables_of(small_ledger([INVOICE], limits=[{"kind": kind, **row} for row in rows]), as_of)


def _on(legs, measure, date, customer="C1"):
    number = (pd.Timestamp(date) - pd.Timestamp("1970-01-01")).days
    return int(legs.loc[(legs["day"] <= number) & (legs["customer_id"] == customer), measure].sum())


def _levels(legs, measure, *dates):
    return [_on(legs, measure, date) for date in dates]


def test_a_limit_counts_from_the_day_it_is_known_and_started():
    tables = _limits(
        {"start": "2024-03-01", "recorded": "2024-03-10", "amount": 100},
        {"start": "2024-06-01", "recorded": "2024-05-20", "amount": 250.5},
    )
    legs = internal_limits(tables)
    days = ("2024-03-09", "2024-03-10", "2024-05-31", "2024-06-01")
    assert _levels(legs, "internal_limit_minor", *days) == [0, 10000, 10000, 25050]
    assert _levels(legs, "n_internal_in_force", *days) == [0, 1, 1, 1]


def test_a_temporary_limit_is_a_level_of_its_own_until_the_day_after_its_end():
    legs = internal_limits(
        _limits(
            {"start": "2024-03-01", "amount": 100},
            {"start": "2024-05-01", "end": "2024-06-30", "amount": 150, "kind": "temporary"},
            {"start": "2024-06-01", "amount": 80},
        )
    )
    days = ("2024-04-30", "2024-05-01", "2024-06-01", "2024-06-30", "2024-07-01")
    assert _levels(legs, "internal_limit_minor", *days) == [10000, 10000, 8000, 8000, 8000]
    assert _levels(legs, "temporary_limit_minor", *days) == [0, 15000, 15000, 15000, 0]
    assert _levels(legs, "n_temporary_in_force", *days) == [0, 1, 1, 1, 0]


def test_an_older_limit_recorded_late_does_not_replace_a_newer_one():
    legs = internal_limits(
        _limits(
            {"start": "2024-05-01", "end": "2024-08-31", "amount": 100},
            {"start": "2024-03-01", "recorded": "2024-06-01", "amount": 700},
        )
    )
    days = ("2024-05-31", "2024-06-01", "2024-08-31", "2024-09-01")
    assert _levels(legs, "internal_limit_minor", *days) == [10000, 10000, 10000, 70000]


def test_a_limit_recorded_after_its_end_was_never_in_force():
    legs = internal_limits(
        _limits({"start": "2024-03-01", "end": "2024-04-30", "recorded": "2024-05-01", "amount": 100})
    )
    assert legs.empty


def test_a_limit_that_ends_without_another_leaves_none_and_a_limit_of_zero_is_one():
    legs = internal_limits(
        _limits({"start": "2024-03-01", "end": "2024-04-30", "amount": 100}, {"start": "2024-06-01", "amount": 0})
    )
    days = ("2024-04-30", "2024-05-01", "2024-06-01")
    assert _levels(legs, "internal_limit_minor", *days) == [10000, 0, 0]
    assert _levels(legs, "n_internal_in_force", *days) == [1, 0, 1]


def test_limits_of_others_and_of_bureaus_do_not_count_as_internal():
    tables = _limits(
        {"start": "2024-03-01", "amount": 100, "kind": "bureau"},
        {"start": "2024-03-02", "amount": 200, "kind": "insurer"},
        {"start": "2024-03-03", "amount": 300, "customer": "C2"},
    )
    assert _on(internal_limits(tables), "n_internal_in_force", AS_OF) == 0
    assert _on(internal_limits(tables), "internal_limit_minor", AS_OF, "C2") == 30000
    assert _on(insurer_limits(tables), "insurer_limit_minor", AS_OF) == 20000


def test_what_was_asked_belongs_to_the_decision_in_force():
    legs = insurer_limits(
        _limits(
            {"start": "2024-03-01", "amount": 60, "requested": 100},
            {"start": "2024-06-01", "amount": 50},
            {"start": "2024-09-01", "amount": 0, "requested": 80},
            kind="insurer",
        )
    )
    days = ("2024-02-29", "2024-03-01", "2024-06-01", "2024-09-01")
    assert _levels(legs, "insurer_limit_minor", *days) == [0, 6000, 5000, 0]
    assert _levels(legs, "insurer_asked_minor", *days) == [0, 10000, 0, 8000]
    assert _levels(legs, "n_insurer_in_force", *days) == [0, 1, 1, 1]
    assert _levels(legs, "n_insurer_decisions", *days) == [0, 1, 2, 3]
    assert _levels(legs, "n_insurer_cuts", *days) == [0, 0, 1, 2]


CUTS = {
    "a first decision above zero is none": ([("2024-03-01", None, None, 60)], []),
    "a first refusal is one": ([("2024-03-01", None, None, 0)], ["2024-03-01"]),
    "a raise and the same again are none": (
        [("2024-03-01", None, None, 60), ("2024-04-01", None, None, 60), ("2024-05-01", None, None, 90)],
        [],
    ),
    "a lower decision is one, on the day it is known": (
        [("2024-03-01", None, None, 60), ("2024-04-01", None, "2024-04-20", 50)],
        ["2024-04-20"],
    ),
    "a second refusal is one more": (
        [("2024-03-01", None, None, 60), ("2024-04-01", None, None, 0), ("2024-07-01", None, None, 0)],
        ["2024-04-01", "2024-07-01"],
    ),
    "an end without a successor is one, on the day after": ([("2024-03-01", "2024-06-30", None, 60)], ["2024-07-01"]),
    "an end with the same limit from the next day is none": (
        [("2024-03-01", "2024-06-30", None, 60), ("2024-07-01", None, None, 60)],
        [],
    ),
    "an end with less from the next day is one, not two": (
        [("2024-03-01", "2024-06-30", None, 60), ("2024-07-01", None, None, 40)],
        ["2024-07-01"],
    ),
    "a successor recorded late leaves a gap that was seen": (
        [("2024-03-01", "2024-06-30", None, 60), ("2024-07-01", None, "2024-07-10", 40)],
        ["2024-07-01"],
    ),
    "back to the lasting limit after a higher one is none": (
        [("2024-03-01", None, None, 60), ("2024-04-01", "2024-05-31", None, 90)],
        [],
    ),
    "the end of a refusal is none": ([("2024-03-01", "2024-06-30", None, 0)], ["2024-03-01"]),
    "an older decision recorded late lowers nothing": (
        [("2024-05-01", None, None, 60), ("2024-03-01", None, "2024-06-01", 40)],
        [],
    ),
    "an older refusal recorded late never came into force": (
        [("2024-05-01", None, None, 60), ("2024-03-01", None, "2024-06-01", 0)],
        [],
    ),
}


@pytest.mark.parametrize("case", CUTS)
def test_cuts_of_the_insurer(case):
    decisions, days = CUTS[case]
    rows = [{"start": s, "end": e, "recorded": r or s, "amount": a} for s, e, r, a in decisions]
    legs = insurer_limits(_limits(*rows, kind="insurer"))
    cut = legs[legs["n_insurer_cuts"] != 0]
    found = [str(np.datetime64(int(number), "D")) for number in cut["day"]]
    assert cut["n_insurer_cuts"].eq(1).all()
    assert sorted(found) == days


def _random_limits(seed, n=60):
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        start = pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(rng.integers(0, 300)))
        end = start + pd.Timedelta(days=int(rng.integers(-2, 90))) if rng.random() < 0.6 else None
        rows.append(
            {
                "id": f"L{number:02d}",
                "customer": f"C{rng.integers(1, 5)}",
                "kind": str(rng.choice(["internal", "temporary", "insurer", "insurer", "bureau"])),
                "start": str(start.date()),
                "end": None if end is None else str(end.date()),
                "recorded": str((start + pd.Timedelta(days=int(rng.choice([-9, 0, 0, 5, 40])))).date()),
                "amount": int(rng.integers(0, 5)) * 100,
                "requested": 400 if rng.random() < 0.5 else None,
            }
        )
    return _limits(*rows)


def _plain(rows, date):
    """Limit in force by its definition, row by row: the decision, or None."""
    standing = [
        row for row in rows if max(row["start_date"], row["recorded_date"]) <= date and not row["end_date"] < date
    ]

    def place(row):
        known = max(row["start_date"], row["recorded_date"])
        return row["start_date"], known, row["limit_id"]

    return max(standing, key=place) if standing else None


def _expected(rows, date, kind):
    row = _plain([row for row in rows if row["limit_kind_code"] == kind], date)
    if row is None:
        return (0, 0, 0)
    return (row["base_minor"], 0 if pd.isna(row["requested_minor"]) else row["requested_minor"], 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_levels_equal_the_plain_definition_on_any_day(seed):
    tables = _random_limits(seed)
    own, insured = internal_limits(tables), insurer_limits(tables)
    n_in_force = 0
    for customer, part in tables["limits"].groupby("customer_id"):
        rows = part.to_dict("records")
        legs = [frame[frame["customer_id"] == customer].drop(columns="customer_id") for frame in (own, insured)]
        for date in pd.date_range("2024-01-01", "2025-03-01", freq="7D"):
            until = (date - pd.Timestamp("1970-01-01")).days
            both = legs[0][list(INTERNAL_MEASURES)].to_numpy()[legs[0]["day"].to_numpy() <= until].sum(axis=0)
            level = legs[1][list(INSURER_MEASURES[:3])].to_numpy()[legs[1]["day"].to_numpy() <= until].sum(axis=0)
            expected = [_expected(rows, date, kind)[place] for kind in ("internal", "temporary") for place in (0, 2)]
            assert both.tolist() == expected
            assert tuple(level) == _expected(rows, date, "insurer")
            n_in_force += expected[1] + expected[3]
    assert n_in_force > 50


STREAM_NAMES = ("internal_limits", "insurer_limits", "unapplied")


def _summed(legs):
    total = legs.groupby(["customer_id", "day"]).sum()
    return total[(total != 0).any(axis=1)]


@cache
def _rich(seed):
    return rich_ledger(seed)


@cache
def _everything(seed):
    return tables_of(_rich(seed), AS_OF) | {"limits": _random_limits(seed)["limits"]}


@pytest.mark.parametrize("name", STREAM_NAMES)
def test_the_order_of_the_rows_does_not_matter(name):
    tables = _everything(5)
    shuffled = {key: frame.sample(frac=1, random_state=3).reset_index(drop=True) for key, frame in tables.items()}
    stream = STREAMS[name].function
    pd.testing.assert_frame_equal(_summed(stream(tables)), _summed(stream(shuffled)))


@pytest.mark.parametrize("name", STREAM_NAMES)
def test_measures_are_whole_numbers_also_of_a_ledger_without_such_acts(name):
    member = STREAMS[name]
    for tables in (_everything(5), tables_of(small_ledger([INVOICE]), AS_OF)):
        legs = member.function(tables)
        assert list(legs.columns) == ["customer_id", "day", *member.spec.sums]
        assert {str(kind) for kind in legs.dtypes[1:]} == {"int64"}
    assert len(legs) == 0


@pytest.mark.parametrize("name", ["internal_limits", "insurer_limits"])
def test_limits_of_one_customer_do_not_depend_on_those_of_others(name):
    tables, stream = _random_limits(6), STREAMS[name].function
    limits = tables["limits"]
    alone = [stream({"limits": part.reset_index(drop=True)}) for _, part in limits.groupby("customer_id")]
    pd.testing.assert_frame_equal(_summed(pd.concat(alone)), _summed(stream(tables)))


@pytest.mark.parametrize("name", STREAM_NAMES)
def test_what_becomes_known_later_changes_no_earlier_day(name):
    ledger = _rich(5)
    late, early = tables_of(ledger, AS_OF), tables_of(ledger, "2024-06-30")
    limits = _random_limits(5)["limits"]
    known = limits[["start_date", "recorded_date"]].max(axis=1)
    legs = STREAMS[name].function(late | {"limits": limits})
    cut = STREAMS[name].function(early | {"limits": limits[known <= day("2024-06-30")].reset_index(drop=True)})
    until = (pd.Timestamp("2024-06-30") - pd.Timestamp("1970-01-01")).days
    first = _summed(legs[legs["day"] <= until])
    assert len(first)
    pd.testing.assert_frame_equal(first, _summed(cut[cut["day"] <= until]))


def test_money_on_account_is_positive_until_it_is_matched():
    tables = tables_of(
        small_ledger(
            [{**INVOICE, "paid": [{"day": "2024-03-01", "amount": 400, "recorded": "2024-03-20", "from": "R1"}]}],
            receipts=[{"id": "R1", "date": "2024-02-10", "amount": 500, "recorded": "2024-02-12"}],
            credit_notes=[{"id": "N1", "date": "2024-04-01", "amount": 30}],
        ),
        AS_OF,
    )
    days = ("2024-02-11", "2024-02-12", "2024-03-19", "2024-03-20", "2024-04-01")
    assert _levels(unapplied(tables), "unapplied_minor", *days) == [0, 50000, 50000, 10000, 13000]


def test_a_returned_payment_leaves_nothing_on_account():
    tables = tables_of(
        small_ledger([{**INVOICE, "paid": [["2024-02-10", 500]], "returned": [["2024-02-20", 500]]}]), AS_OF
    )
    assert unapplied(tables).empty
    payments = tables["payments"]
    not_matched = {**tables, "allocations": tables["allocations"].iloc[:0]}
    assert payments["amount_minor"].tolist() == [50000, -50000]
    days = ("2024-02-09", "2024-02-10", "2024-02-19", "2024-02-20")
    assert _levels(unapplied(not_matched), "unapplied_minor", *days) == [0, 50000, 50000, 0]


def test_the_return_of_a_matched_payment_that_is_unmatched_late_is_never_below_zero():
    ledger = small_ledger([{**INVOICE, "paid": [["2024-02-10", 500]], "returned": [["2024-02-20", 500, "2024-02-20"]]}])
    tables = tables_of(ledger, AS_OF)
    used = tables["allocations"]
    late = used.assign(recorded_date=used["recorded_date"].where(used["amount_minor"] > 0, day("2024-03-15")))
    legs = unapplied({**tables, "allocations": late})
    assert _levels(legs, "unapplied_minor", "2024-02-19", "2024-02-20", "2024-03-14", "2024-03-15") == [0, 0, 0, 0]


@pytest.mark.parametrize("seed", [1, 5])
def test_money_on_account_equals_the_balances_of_the_ledger_on_every_date(seed):
    tables = tables_of(_rich(seed), AS_OF)
    legs, rests = unapplied(tables), unapplied_stream(tables)
    n_seen = 0
    for date in pd.date_range("2023-02-28", AS_OF, freq="ME"):
        expected = unapplied_minor(rests, as_of=date).to_dict()
        found = {name: _on(legs, "unapplied_minor", date, name) for name in tables["customers"]["customer_id"]}
        assert {name: value for name, value in found.items() if value} == expected
        n_seen += len(expected)
    assert n_seen > 20
