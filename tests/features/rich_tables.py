"""Random ledgers in which every table that a feature reads is full, with acts recorded late and out of order."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp
from random_ledger import START, random_case
from small_ledger import day

from riskresearch.ledger.codes import EVENTS, REMINDER_ACTIONS
from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.worked import worked_ledger

Row = dict[str, Any]
SPAN_DAYS = 760
LAST = day("2025-03-31")
GRADES = {"bureau": ("5", "4", "3", "2", "1"), "agency": ("AAA", "A", "B", "CCC", "D", "X")}
OFF_SCALE = "NR"
KINDS = ("internal", "internal", "temporary", "insurer", "insurer", "insurer", "bureau")
ITEMS = ("management", "market", "transparency")
LOSSES = ("discount", "written_off", "bill", "doubtful", "factor", "rounding", "other")
WITHOUT_INVOICE = ("N1", "N2")
LATE_STARTER = {"id": "N3", "type": "b2b", "since": "2024-01-15", "country": "FR", "sector": "S0"}


def month_ends(first: str, last: str) -> list[Timestamp]:
    """Return the month ends from one day to another."""
    return [stamp.as_unit("us") for stamp in pd.date_range(first, last, freq="ME")]


def rich_tables(seed: int, **size: int) -> Ledger:
    """Return a random ledger with all tables, of customers with invoices, two without, and one that starts late.

    On top of `random_ledger.random_case`: invoices recorded late, opening items, items without due date, events,
    limits (lasting, temporary, refused, ended, recorded late), ratings of two providers (recorded late and
    out of order, some off the scale), annual accounts published late, questionnaires, dunning and promises.
    """
    rng = np.random.default_rng([seed, 2])
    case = random_case(seed, n_customers=size.get("n_customers", 8), n_invoices=size.get("n_invoices", 90))
    for row in case["invoices"]:
        _change(row, rng)
    named = [*sorted({row["customer"] for row in case["invoices"]}), *WITHOUT_INVOICE]
    for row in case["disputes"]:
        row |= _recorded(Timestamp(row["opened"]), rng) | _closed(row, rng)
    case |= {
        "customers": [*(_customer(name, number, rng) for number, name in enumerate(named)), LATE_STARTER],
        "events": list(_events(named, rng)),
        "limits": list(_limits(named, rng)),
        "ratings": list(_ratings(named, rng)),
        "reminders": list(_reminders(named, rng)),
        "bank_checks": [_checked(named[-1], "2023-11-07"), _checked(LATE_STARTER["id"], "2024-09-20")],
    }
    ledger = worked_ledger(case)
    more = {"financials": _financials(named[:-1], rng), "questionnaires": _answers(named[:-1], rng)}
    facts = {"source_name": f"rich {seed}", "mapping_name": "canonical", "currency_code": "EUR"}
    return build_ledger(dict(ledger.tables) | more, {}, **facts)


def scales() -> DataFrame:
    """Return table `rating_scales`: the place of each grade, 0 best to 1,000,000 worst."""
    rows = [
        {"provider_code": provider, "rating_code": grade, "rating_micro": round(place * 1e6 / (len(grades) - 1))}
        for provider, grades in GRADES.items()
        for place, grade in enumerate(grades)
    ]
    return DataFrame(rows).astype({"provider_code": "str", "rating_code": "str", "rating_micro": "int64"})


def known_tables(ledger: Ledger, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return what the features read, as known on a day: movements and defaults are made from what was known."""
    cut = cut_ledger(ledger, as_of=as_of)
    return with_made(cut, as_of)


def with_made(tables: Mapping[str, DataFrame], as_of: Timestamp) -> dict[str, DataFrame]:
    """Return canonical tables with the movements, the default spells and the rating scales."""
    moves = movements(tables)
    spells = defaults(moves, tables["disputes"], tables["events"], DefaultSettings(), as_of=as_of)
    return {**tables, "movements": moves, "defaults": spells, "rating_scales": scales()}


def _change(row: Row, rng: np.random.Generator) -> None:
    """Late records, other kinds of documents, missing due dates; paid on time or paid too much."""
    if rng.random() < 0.3:
        row["recorded"] = _text(Timestamp(row["date"]) + pd.Timedelta(days=int(rng.choice([2, 20, 45, 140]))))
    for entry in row["paid"]:
        if rng.random() < 0.2:
            entry[2] = _text(Timestamp(entry[0]) + pd.Timedelta(days=int(rng.choice([10, 40, 100]))))
    if rng.random() < 0.15:
        row["kind"] = str(rng.choice(["opening_item", "debit_note", "deposit", "finance_charge"]))
    untouched = not any(row.get(key) for key in ("paid", "credited", *LOSSES))
    if untouched and "due" in row and rng.random() < 0.6:
        paid = Timestamp(row["due"]) - pd.Timedelta(days=int(rng.choice([0, 0, 10])))
        row["paid"] = [[_text(paid), row["amount"], _text(paid + pd.Timedelta(days=int(rng.choice([0, 1, 4]))))]]
    if row["paid"] and rng.random() < 0.1:
        again = Timestamp(row["paid"][-1][0]) + pd.Timedelta(days=9)
        row["paid_again"] = [[_text(again), round(row["amount"] * 0.4, 2)]]
    if rng.random() < 0.1:
        row.pop("due", None)


def _closed(row: Row, rng: np.random.Generator) -> Row:
    """Half of the disputes last longer; some are never closed."""
    if rng.random() < 0.5:
        return {}
    if rng.random() < 0.3:
        return {"closed": None}
    return {"closed": _text(Timestamp(row["opened"]) + pd.Timedelta(days=int(rng.integers(0, 300))))}


def _customer(name: str, number: int, rng: np.random.Generator) -> Row:
    """Groups, sectors and countries of several customers; the last one with invoices has none of them."""
    row: Row = {"id": name, "type": "related" if number == 3 else "b2b"}
    if number != 7:
        row |= {"group": f"G{number // 3}", "sector": f"S{number % 3}", "country": ("FR", "DE")[number % 2]}
    if number % 4 != 1:
        row["since"] = _text(START + pd.Timedelta(days=int(rng.integers(-900, 500))))
    return row


def _events(named: list[str], rng: np.random.Generator) -> Iterator[Row]:
    for number in range(5 * len(named)):
        when = _moment(rng)
        code = str(rng.choice([code for code in EVENTS if code != "insolvency_closed"]))
        row: Row = {"id": f"E{number}", "customer": str(rng.choice(named)), "code": code, "date": _text(when)}
        if code in ("recovery", "write_off") and rng.random() < 0.8:
            row["amount"] = _money(rng, 20, 900)
        yield row | _recorded(when, rng)
        if code == "insolvency" and rng.random() < 0.5:
            over = when + pd.Timedelta(days=int(rng.integers(20, 200)))
            yield row | {"id": f"E{number}x", "code": "insolvency_closed", "date": _text(over), "recorded": _text(over)}


def _limits(named: list[str], rng: np.random.Generator) -> Iterator[Row]:
    for number in range(11 * len(named)):
        when, kind = _moment(rng), str(rng.choice(KINDS))
        granted = 0.0 if rng.random() < 0.15 else _money(rng, 100, 3000)
        row: Row = {"id": f"L{number:03d}", "customer": str(rng.choice(named)), "kind": kind, "start": _text(when)}
        row |= {"amount": granted} | _recorded(when, rng)
        if kind == "temporary" or rng.random() < 0.3:
            row["end"] = _text(when + pd.Timedelta(days=int(rng.integers(0, 220))))
        if rng.random() < 0.7:
            row["requested"] = round(granted + _money(rng, 0, 500), 2)
        yield row


def _ratings(named: list[str], rng: np.random.Generator) -> Iterator[Row]:
    for name in named[1:]:
        for provider, grades in GRADES.items():
            days = sorted(rng.choice(SPAN_DAYS, size=int(rng.integers(0, 6)), replace=False).tolist())
            for shift in days:
                when = START + pd.Timedelta(days=int(shift) - 60)
                grade = OFF_SCALE if rng.random() < 0.08 else str(rng.choice(grades))
                row: Row = {"customer": name, "provider": provider, "date": _text(when), "rating": grade}
                lag = int(rng.choice([0, 0, 3, 30, 200]))
                yield row | {"recorded": _text(when + pd.Timedelta(days=lag))}


def _reminders(named: list[str], rng: np.random.Generator) -> Iterator[Row]:
    for number in range(16 * len(named)):
        when, action = _moment(rng), str(rng.choice([*REMINDER_ACTIONS, "promise", "promise", "promise"]))
        row: Row = {"id": f"R{number:03d}", "customer": str(rng.choice(named)), "date": _text(when), "action": action}
        if action == "promise":
            row["promised"] = _text(when + pd.Timedelta(days=int(rng.integers(0, 90))))
            row |= {"amount": _money(rng, 1, 400)} if rng.random() < 0.8 else {}
        yield row | _recorded(when, rng)


def _financials(named: list[str], rng: np.random.Generator) -> DataFrame:
    rows = []
    for name in named:
        for year in range(2020, 2025):
            if rng.random() < 0.25:
                continue
            closing = Timestamp(f"{year}-{rng.choice(['06-30', '12-31'])}")
            amounts = [int(amount) * 100_000 for amount in rng.integers([0, -300, -50, -200], [5000, 2000, 2000, 400])]
            unknown = rng.random(4) < 0.12
            rows.append(
                {
                    "customer_id": name,
                    "period_end_date": closing,
                    "published_date": closing + pd.Timedelta(days=int(rng.choice([60, 130, 200, 420, 600]))),
                    **dict(
                        zip(_ACCOUNTS, [None if u else a for a, u in zip(amounts, unknown, strict=True)], strict=True)
                    ),
                }
            )
    return DataFrame(rows).astype(dict.fromkeys(_ACCOUNTS, "Int64"))


def _answers(named: list[str], rng: np.random.Generator) -> DataFrame:
    rows = [
        {
            "customer_id": name,
            "item_code": item,
            "answered_date": START + pd.Timedelta(days=int(shift)),
            "answer_ratio": float(rng.integers(0, 101)) / 100,
        }
        for name in named[::2]
        for item in ITEMS
        for shift in rng.choice(SPAN_DAYS, size=int(rng.integers(1, 5)), replace=False)
    ]
    return DataFrame(rows)


def _checked(name: str, when: str) -> Row:
    return {"customer": name, "date": when, "changed": False, "verified": True}


_ACCOUNTS = ("revenue_minor", "net_worth_minor", "debt_minor", "net_income_minor")


def _moment(rng: np.random.Generator) -> Timestamp:
    return START + pd.Timedelta(days=int(rng.integers(0, SPAN_DAYS)))


def _recorded(when: Timestamp, rng: np.random.Generator) -> Row:
    return {"recorded": _text(when + pd.Timedelta(days=int(rng.choice([0, 0, 0, 2, 12, 75]))))}


def _money(rng: np.random.Generator, low: int, high: int) -> float:
    return float(rng.integers(100 * low, 100 * high)) / 100


def _text(when: Timestamp) -> str:
    return str(when.date())
