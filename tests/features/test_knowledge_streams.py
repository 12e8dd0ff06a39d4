"""Streams of what is known beyond invoices: every level against its plain definition."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame, Series
from pandas.testing import assert_frame_equal
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check, empty
from riskresearch.behaviour.warnings.news import LETTER_GRADES
from riskresearch.features.streams.credit_notes import credit_notes
from riskresearch.features.streams.default_spells import default_spells
from riskresearch.features.streams.disputes import disputes
from riskresearch.features.streams.events import events
from riskresearch.features.streams.financials import financials
from riskresearch.features.streams.first_acts import first_acts
from riskresearch.features.streams.questionnaires import questionnaires
from riskresearch.features.streams.ratings import rating_scale, ratings
from riskresearch.features.streams.registry import STREAMS, day_number
from riskresearch.features.streams.reminders import promises, reminders
from riskresearch.features.streams.sector_statistics import sector_statistics
from riskresearch.ledger.default import DEFAULTS
from riskresearch.ledger.knowledge import FINANCIALS, QUESTIONNAIRES, RATINGS, SECTOR_STATISTICS
from riskresearch.ledger.tables import LEDGER_TABLES

END = "2026-12-31"
INVOICE = {"id": "I1", "date": "2024-01-01", "amount": 100}
SCALES = {"bureau": ("1", "2", "3", "4", "5")}


def number(text: str) -> int:
    return int(day_number(Series([day(text)])).iloc[0])


def level(rows: DataFrame, measure: str, on: str, customer: str = "C1") -> int:
    counted = rows[(rows["customer_id"] == customer) & (rows["day"] <= number(on))]
    return int(counted[measure].sum())


def levels(rows: DataFrame, measure: str, days: list[str], customer: str = "C1") -> list[int]:
    return [level(rows, measure, on, customer) for on in days]


def dated(rows: list[dict[str, Any]], table: Any) -> DataFrame:
    """A canonical table from rows with days as text."""
    frame = DataFrame(rows)
    dates = [c.name for c in table.columns if c.kind == "date" and c.name in frame]
    return check(frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates}), table)


def tables_with(**lists: Any) -> dict[str, DataFrame]:
    return tables_of(small_ledger([INVOICE], **lists), END)


# disputes, credit notes, events, default spells, first acts


def test_a_dispute_is_open_from_its_known_day_until_the_day_it_was_closed() -> None:
    rows = disputes(
        tables_with(
            disputes=[
                {"invoice": "I1", "opened": "2024-02-01", "recorded": "2024-02-10", "closed": "2024-03-01"},
                {"invoice": "I1", "opened": "2024-02-20"},
                {"invoice": "I1", "opened": "2024-02-01", "closed": "2024-02-05", "recorded": "2024-04-01"},
            ]
        )
    )
    days = ["2024-02-09", "2024-02-10", "2024-02-29", "2024-03-01", "2024-04-01"]
    assert levels(rows, "n_disputes", days) == [0, 1, 2, 2, 3]
    assert levels(rows, "n_disputes_open", days) == [0, 1, 2, 1, 1]


def test_only_credit_notes_that_lower_sales_count_in_run_currency() -> None:
    notes = [
        {"id": "N1", "date": "2024-02-01", "recorded": "2024-02-05", "amount": 10, "reason": "return"},
        {"id": "N2", "date": "2024-02-02", "amount": 20},
        {"id": "N3", "date": "2024-02-03", "amount": 40, "reason": "discount"},
        {"id": "N4", "date": "2024-02-03", "amount": 80, "reason": "price", "currency": "USD"},
    ]
    rates = [{"currency": "USD", "date": "2024-01-01", "rate": 0.5}]
    rows = credit_notes(tables_with(credit_notes=notes, fx_rates=rates))
    assert levels(rows, "credit_minor", ["2024-02-01", "2024-02-02", "2024-02-04", "2024-02-05"]) == [
        0,
        2000,
        6000,
        7000,
    ]


def test_legal_events_count_on_the_day_they_became_known() -> None:
    codes = ["legal_notice", "litigation", "moratorium", "insolvency", "insurer_claim", "bank_change", "write_off"]
    told = [{"code": code, "date": "2024-02-01", "recorded": f"2024-02-0{k + 1}"} for k, code in enumerate(codes)]
    rows = events(tables_with(events=told))
    assert levels(rows, "n_legal_events", ["2024-02-01", "2024-02-04", "2024-02-09"]) == [1, 4, 5]


def test_default_spells_count_on_their_first_day() -> None:
    spells = [
        {"customer_id": "C1", "default_date": "2024-03-01", "trigger_code": "past_due"},
        {"customer_id": "C1", "default_date": "2025-03-01", "trigger_code": "insolvency"},
    ]
    rows = default_spells({"defaults": dated(spells, DEFAULTS)})
    assert levels(rows, "n_default_spells", ["2024-02-29", "2024-03-01", "2025-03-01"]) == [0, 1, 2]


def test_a_customer_counts_from_its_first_act() -> None:
    rows = first_acts({"first_acts": DataFrame({"customer_id": ["C1", "C2"], "first_day": [3, 5]})})
    assert rows.to_dict("list") == {"customer_id": ["C1", "C2"], "day": [3, 5], "n_customers": [1, 1]}


# reminders and promises


def test_formal_reminders_are_those_of_the_five_formal_actions() -> None:
    actions = ["statement", "reminder", "call", "warning", "formal_notice", "delivery_stop", "collection", "legal"]
    steps = [{"date": "2024-02-01", "recorded": f"2024-02-0{k + 1}", "action": a} for k, a in enumerate(actions)]
    rows = reminders(tables_with(reminders=steps))
    assert levels(rows, "n_formal_reminders", ["2024-02-03", "2024-02-04", "2024-02-08"]) == [0, 1, 5]


def broken(received: list[dict[str, Any]], **given: Any) -> dict[str, int]:
    """Promises due and broken by the end, and the day of the last leg, of a promise of 50 from 1 to 10 March."""
    promise = {"action": "promise", "date": "2024-03-01", "promised": "2024-03-10", "amount": 50} | given
    tables = tables_with(receipts=received, reminders=[promise])
    rows = promises(tables)
    last = str(np.datetime64(int(rows["day"].max()), "D")) if len(rows) else ""
    return {"due": level(rows, "n_promises_due", END), "broken": level(rows, "n_promises_broken", END), "day": last}


@pytest.mark.parametrize(
    ("received", "is_broken"),
    [
        ([("2024-03-01", 20), ("2024-03-10", 30)], 0),  # both days of the span count
        ([("2024-03-01", 20), ("2024-03-10", 29.99)], 1),
        ([("2024-02-29", 50)], 1),
        ([("2024-03-11", 50)], 1),
        ([("2024-03-05", 50, "2024-03-11")], 0),  # known on the day after
        ([("2024-03-05", 50, "2024-03-12")], 1),
        ([("2024-03-05", 60), ("2024-03-09", -11)], 1),  # returned in the span
        ([("2024-03-05", 60), ("2024-03-12", -60)], 0),
        ([], 1),
    ],
)
def test_a_promise_is_kept_where_the_amount_came_in_time_as_known_on_the_day_after(
    received: list[tuple[Any, ...]], is_broken: int
) -> None:
    rows = [
        {"id": f"P{k}", "date": one[0], "amount": one[1]} | ({"recorded": one[2]} if len(one) > 2 else {})
        for k, one in enumerate(received)
    ]
    assert broken(rows) == {"due": 1, "broken": is_broken, "day": "2024-03-11"}


def test_money_of_another_customer_keeps_no_promise() -> None:
    other = [{"id": "P1", "customer": "C2", "date": "2024-03-05", "amount": 50}]
    assert broken(other)["broken"] == 1


def test_a_promise_that_becomes_known_late_counts_then_with_what_is_known_then() -> None:
    paid = [{"id": "P1", "date": "2024-03-05", "recorded": "2024-04-01", "amount": 50}]
    assert broken(paid, recorded="2024-04-02") == {"due": 1, "broken": 0, "day": "2024-04-02"}


@pytest.mark.parametrize("lacking", [{"amount": None}, {"amount": 0}, {"promised": None}, {"promised": "2024-02-28"}])
def test_a_promise_without_amount_or_of_no_day_ahead_is_none(lacking: Mapping[str, Any]) -> None:
    assert broken([], **lacking) == {"due": 0, "broken": 0, "day": ""}


@pytest.mark.parametrize("seed", range(4))
def test_promises_agree_with_the_plain_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def on(k: int) -> str:
        return str(np.datetime64("2024-01-01") + int(k))

    def act(span: int) -> dict[str, str]:
        first = int(rng.integers(0, span))
        customer = f"C{rng.integers(1, 4)}"
        return {"customer": customer, "date": on(first), "recorded": on(first + int(rng.integers(0, 9)))}

    receipts = [act(60) | {"id": f"P{k}", "amount": float(rng.integers(-20, 60))} for k in range(60)]
    receipts = [row for row in receipts if row["amount"] != 0]
    made = [
        row | {"action": "promise", "promised": str(np.datetime64(row["date"]) + int(rng.integers(0, 12)))}
        for row in (act(60) for _ in range(25))
    ]
    made = [row | {"amount": float(rng.integers(1, 80))} for row in made]
    rows = promises(tables_with(receipts=receipts, reminders=made))
    expected = []
    for promise in made:
        counts = max(np.datetime64(promise["promised"]) + 1, np.datetime64(promise["recorded"]))
        came = sum(
            r["amount"]
            for r in receipts
            if r["customer"] == promise["customer"]
            and promise["date"] <= r["date"] <= promise["promised"]
            and max(np.datetime64(r["date"]), np.datetime64(r["recorded"])) <= counts
        )
        expected.append((promise["customer"], int(counts.astype(int)), 1, int(came < promise["amount"])))
    assert sorted(rows.itertuples(index=False, name=None)) == sorted(expected)
    assert 0 < rows["n_promises_broken"].sum() < len(rows)


# ratings


def rated(*given: tuple[str, ...]) -> dict[str, DataFrame]:
    """Tables of ratings written as provider, date, grade and, where later, the day recorded."""
    rows = [
        {"customer_id": "C1", "provider_code": p, "rating_date": d, "rating_code": g, "recorded_date": (*late, d)[0]}
        for p, d, g, *late in given
    ]
    table = dated(rows, RATINGS)
    return {"ratings": table, "rating_scales": rating_scale(table, SCALES)}


def test_grades_are_placed_in_equal_steps_from_best_to_worst() -> None:
    table = rated(
        ("bureau", "2024-01-01", "1"),
        ("bureau", "2024-01-02", "4"),
        ("bureau", "2024-01-03", "5"),
        ("bureau", "2024-01-04", "AAA"),
        ("agency", "2024-01-01", "AAA"),
        ("agency", "2024-01-02", "D"),
        ("agency", "2024-01-03", "A+"),
        ("agency", "2024-01-04", "NR"),
    )["ratings"]
    placed = rating_scale(table, SCALES).set_index(["provider_code", "rating_code"])["rating_micro"]
    assert placed.to_dict() == {
        ("bureau", "1"): 0,
        ("bureau", "4"): 750_000,
        ("bureau", "5"): 1_000_000,
        ("agency", "AAA"): 0,
        ("agency", "D"): 1_000_000,
        ("agency", "A+"): round(1_000_000 * LETTER_GRADES.index("A+") / (len(LETTER_GRADES) - 1)),
    }


def test_a_scale_of_one_grade_has_only_the_best() -> None:
    table = rated(("pass", "2024-01-01", "ok"))["ratings"]
    assert rating_scale(table, {"pass": ("ok",)})["rating_micro"].tolist() == [0]


def test_the_rating_is_the_worst_of_the_latest_of_each_provider() -> None:
    rows = ratings(
        rated(
            ("bureau", "2024-01-01", "2"),
            ("agency", "2024-02-01", "AAA"),
            ("bureau", "2024-03-01", "1"),
            ("agency", "2024-04-01", "D"),
            ("agency", "2024-05-01", "NR"),
            ("bureau", "2024-06-01", "withdrawn"),
        )
    )
    days = ["2023-12-31", "2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01"]
    assert levels(rows, "rating_micro", days) == [0, 250_000, 250_000, 0, 1_000_000, 0, 0]
    assert levels(rows, "n_ratings", days) == [0, 1, 2, 2, 2, 1, 0]
    assert levels(rows, "n_downgrades", days) == [0, 0, 0, 0, 1, 1, 1]


def test_an_older_rating_recorded_late_replaces_nothing_and_is_no_downgrade() -> None:
    rows = ratings(rated(("bureau", "2024-03-01", "2"), ("bureau", "2024-01-01", "5", "2024-04-01")))
    assert levels(rows, "rating_micro", ["2024-03-01", "2024-04-01"]) == [250_000, 250_000]
    assert level(rows, "n_downgrades", END) == 0


def test_ratings_delivered_on_one_day_follow_their_own_dates() -> None:
    late = "2024-07-01"
    rows = ratings(
        rated(
            ("bureau", "2024-05-01", "3", late),
            ("bureau", "2024-01-01", "2", late),
            ("bureau", "2024-03-01", "4", late),
        )
    )
    assert levels(rows, "rating_micro", ["2024-06-30", late]) == [0, 500_000]
    assert levels(rows, "n_downgrades", ["2024-06-30", late]) == [0, 1]


@pytest.mark.parametrize("seed", range(6))
def test_ratings_agree_with_the_plain_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01")
    rows = {
        (f"C{rng.integers(1, 4)}", str(rng.choice(["bureau", "agency", "other"])), int(rng.integers(0, 40))): (
            int(rng.integers(0, 8)),
            str(rng.choice(["1", "4", "5", "AAA", "BB", "D", "NR"])),
        )
        for _ in range(60)
    }
    table = dated(
        [
            {
                "customer_id": customer,
                "provider_code": provider,
                "rating_date": start + act,
                "recorded_date": start + act + lag,
                "rating_code": grade,
            }
            for (customer, provider, act), (lag, grade) in rows.items()
        ],
        RATINGS,
    )
    scale = rating_scale(table, SCALES)
    place = {(p, g): m for p, g, m in scale.itertuples(index=False, name=None)}
    legs = ratings(shuffled({"ratings": table, "rating_scales": scale}, seed))
    first = int(start.astype(int))
    for customer in ("C1", "C2", "C3"):
        own = legs[legs["customer_id"] == customer]
        for on in range(0, 50):
            worst, count = _worst_of_the_latest(rows, place, customer, on)
            is_known = own["day"].to_numpy() <= first + on
            assert (own["rating_micro"].to_numpy()[is_known].sum(), own["n_ratings"].to_numpy()[is_known].sum()) == (
                worst,
                count,
            )
        assert legs.loc[legs["customer_id"] == customer, "n_downgrades"].sum() == _downgrades(rows, place, customer)
    assert legs["n_downgrades"].sum() > 0


Rated = Mapping[tuple[str, str, int], tuple[int, str]]
Places = Mapping[tuple[str, str], int]


def _worst_of_the_latest(rows: Rated, place: Places, customer: str, on: int) -> tuple[int, int]:
    places = []
    for provider in ("bureau", "agency", "other"):
        known = [
            (act, grade)
            for (c, p, act), (lag, grade) in rows.items()
            if (c, p) == (customer, provider) and act + lag <= on
        ]
        if known and (provider, max(known)[1]) in place:
            places.append(place[provider, max(known)[1]])
    return max(places, default=0), len(places)


def _downgrades(rows: Rated, place: Places, customer: str) -> int:
    count = 0
    for provider in ("bureau", "agency", "other"):
        told = sorted((act + lag, act, g) for (c, p, act), (lag, g) in rows.items() if (c, p) == (customer, provider))
        newest, last = -1, ""
        for _, act, grade in told:
            if act < newest:
                continue
            worse = place.get((provider, grade), -1) > place.get((provider, last), 10**9)
            newest, last, count = act, grade, count + int(worse)
    return count


# annual accounts


def accounts(*given: tuple[str, str, int | None]) -> DataFrame:
    """Stream of accounts written as closing date, publication and revenue; the rest follows from the revenue."""
    rows = [
        {"customer_id": "C1", "period_end_date": end, "published_date": out, "revenue_minor": revenue, "debt_minor": 7}
        for end, out, revenue in given
    ]
    return financials({"financials": dated(rows, FINANCIALS)})


def test_accounts_count_from_their_publication() -> None:
    rows = accounts(("2022-12-31", "2023-07-01", 100), ("2023-12-31", "2024-07-01", 160))
    days = ["2023-06-30", "2023-07-01", "2024-06-30", "2024-07-01"]
    assert levels(rows, "revenue_minor", days) == [0, 100, 100, 160]
    assert levels(rows, "accounts_end_day", days) == [0, *[number("2022-12-31")] * 2, number("2023-12-31")]
    assert levels(rows, "has_accounts", days) == [0, 1, 1, 1]
    assert levels(rows, "previous_revenue_minor", days) == [0, 0, 0, 100]
    assert levels(rows, "has_previous_revenue", days) == [0, 0, 0, 1]


def test_older_accounts_published_late_replace_nothing_but_become_the_ones_before() -> None:
    rows = accounts(
        ("2021-12-31", "2022-07-01", 90), ("2023-12-31", "2024-07-01", 160), ("2022-12-31", "2024-09-01", 120)
    )
    days = ["2024-08-31", "2024-09-01"]
    assert levels(rows, "revenue_minor", days) == [160, 160]
    assert levels(rows, "previous_revenue_minor", days) == [90, 120]


def test_accounts_published_on_one_day_follow_their_closing_dates() -> None:
    rows = accounts(
        ("2023-12-31", "2024-07-01", 160), ("2022-12-31", "2024-07-01", 120), ("2021-12-31", "2024-07-01", 90)
    )
    assert levels(rows, "revenue_minor", ["2024-06-30", "2024-07-01"]) == [0, 160]
    assert levels(rows, "previous_revenue_minor", ["2024-06-30", "2024-07-01"]) == [0, 120]


def test_a_figure_missing_in_the_latest_accounts_is_not_taken_from_older_ones() -> None:
    rows = accounts(("2022-12-31", "2023-07-01", 100), ("2023-12-31", "2024-07-01", None))
    days = ["2023-07-01", "2024-07-01"]
    assert levels(rows, "revenue_minor", days) == [100, 0]
    assert levels(rows, "has_revenue", days) == [1, 0]
    assert levels(rows, "has_accounts", days) == [1, 1]
    assert levels(rows, "debt_minor", days) == [7, 7]
    assert levels(rows, "has_net_worth", days) == [0, 0]


# questionnaires and sectors


def test_the_latest_answer_to_each_item_counts() -> None:
    given = [("a", "2024-01-01", 0.5), ("b", "2024-01-01", 1.0), ("a", "2024-06-01", 0.7), ("c", "2024-07-01", 0.0)]
    rows = [
        {"customer_id": "C1", "item_code": item, "answered_date": on, "answer_ratio": answer}
        for item, on, answer in given
    ]
    legs = questionnaires({"questionnaires": dated(rows, QUESTIONNAIRES)})
    days = ["2023-12-31", "2024-01-01", "2024-06-01", "2024-07-01"]
    assert levels(legs, "answers_micro", days) == [0, 1_500_000, 1_700_000, 1_700_000]
    assert levels(legs, "n_answers", days) == [0, 2, 2, 3]
    assert legs["last_answer_day"].max() == number("2024-07-01")
    assert legs["last_answer_day"].dtype == "Int64"


def sectors() -> dict[str, DataFrame]:
    """Figures of sector S1: of 2022, revised, of 2023, and one of 2021 that comes last; customers C1 to C3."""
    given = [
        ("2022-12-31", "2023-03-01", 0.012),
        ("2022-12-31", "2023-09-01", 0.015),
        ("2023-12-31", "2024-03-01", 0.02),
        ("2021-12-31", "2024-05-01", 0.5),
    ]
    rows = [
        {"sector_code": "S1", "period_end_date": end, "published_date": out, "failure_ratio": r}
        for end, out, r in given
    ]
    return {
        "sector_statistics": dated(rows, SECTOR_STATISTICS),
        "customers": DataFrame({"customer_id": ["C1", "C2", "C3"], "sector_code": ["S1", None, "S1"]}),
        "first_acts": DataFrame(
            {
                "customer_id": ["C1", "C2", "C3"],
                "first_day": [number(d) for d in ("2023-01-01", "2023-01-01", "2023-10-01")],
            }
        ),
    }


def test_customers_of_a_sector_have_its_latest_published_failure_rate() -> None:
    rows = sector_statistics(sectors())
    days = ["2023-02-28", "2023-03-01", "2023-09-01", "2024-03-01", "2024-05-01"]
    assert levels(rows, "sector_failure_micro", days) == [0, 12_000, 15_000, 20_000, 20_000]
    assert levels(rows, "n_sector_failures", days) == [0, 1, 1, 1, 1]
    assert set(rows["customer_id"]) == {"C1", "C3"}


def test_what_was_published_before_the_first_act_counts_from_it() -> None:
    rows = sector_statistics(sectors())
    assert rows.loc[rows["customer_id"] == "C3", "day"].min() == number("2023-10-01")
    assert levels(rows, "sector_failure_micro", ["2023-10-01", "2024-03-01"], "C3") == [15_000, 20_000]


# every stream

MADE = {
    "disputes": disputes,
    "credit_notes": credit_notes,
    "events": events,
    "default_spells": default_spells,
    "first_acts": first_acts,
    "reminders": reminders,
    "promises": promises,
    "ratings": ratings,
    "financials": financials,
    "questionnaires": questionnaires,
    "sector_statistics": sector_statistics,
}


@pytest.mark.parametrize(("name", "make"), MADE.items(), ids=list(MADE))
def test_no_rows_give_an_empty_frame_with_columns_and_types(name: str, make: Callable[..., DataFrame]) -> None:
    tables = {table.name: empty(table) for table in (*LEDGER_TABLES, DEFAULTS)}
    tables["first_acts"] = DataFrame({"customer_id": Series(dtype="str"), "first_day": Series(dtype="int64")})
    tables["rating_scales"] = rating_scale(tables["ratings"], {})
    rows, spec = make(tables), STREAMS[name].spec
    assert len(rows) == 0
    expected = {"customer_id": "str", "day": "int64"} | dict.fromkeys(spec.sums, "int64")
    expected |= dict.fromkeys(spec.lasts, "Int64")
    assert {column: str(dtype) for column, dtype in rows.dtypes.items()} == expected
    assert set(spec.reads) <= set(tables)


@pytest.mark.parametrize(("name", "make"), MADE.items(), ids=list(MADE))
def test_streams_have_their_declared_columns_whatever_the_order_of_rows(
    name: str, make: Callable[..., DataFrame]
) -> None:
    tables, spec = everything(), STREAMS[name].spec
    rows = make({table: tables[table] for table in spec.reads})
    assert rows.columns.tolist() == ["customer_id", "day", *spec.sums, *spec.lasts]
    assert set(rows.dtypes[list(spec.sums)].astype("str")) == {"int64"}
    assert len(rows)
    columns = rows.columns.tolist()
    again = make(shuffled(tables, 3))
    assert_frame_equal(
        again.sort_values(columns, ignore_index=True), rows.sort_values(columns, ignore_index=True), check_exact=True
    )


def everything() -> dict[str, DataFrame]:
    """Small tables in which every stream finds rows."""
    ledger = tables_with(
        disputes=[{"invoice": "I1", "opened": "2024-02-01", "closed": "2024-03-01"}],
        credit_notes=[{"id": "N1", "date": "2024-02-01", "amount": 10}],
        events=[{"code": "litigation", "date": "2024-02-01"}, {"code": "insolvency", "date": "2024-03-01"}],
        receipts=[{"id": "P1", "date": "2024-03-05", "amount": 50}],
        reminders=[
            {"date": "2024-02-01", "action": "warning"},
            {"date": "2024-03-01", "action": "promise", "promised": "2024-03-10", "amount": 50},
        ],
    )
    spells = dated([{"customer_id": "C1", "default_date": "2024-03-01", "trigger_code": "past_due"}], DEFAULTS)
    answers = [{"customer_id": "C1", "item_code": "a", "answered_date": "2024-01-01", "answer_ratio": 0.5}]
    published = [
        {"customer_id": "C1", "period_end_date": f"{y}-12-31", "published_date": "2024-07-01", "revenue_minor": y}
        for y in (2021, 2022, 2023)
    ]
    return (
        ledger
        | rated(("bureau", "2024-01-01", "2"), ("bureau", "2024-02-01", "3"), ("agency", "2024-02-01", "D"))
        | {"defaults": spells, "questionnaires": dated(answers, QUESTIONNAIRES)}
        | {"financials": dated(published, FINANCIALS)}
        | sectors()
    )
