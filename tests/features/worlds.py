"""One ledger of small worlds of their own (sector, country, group): a steady customer, and the same one made worse.

Each world is a customer and a mate of its group, sector and country. The steady customer is invoiced 1,000.00 on
the 5th of each month, due after 30 days, and pays on the day. A worse world differs from it in one thing only.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from features.rich_tables import with_made
from pandas import DataFrame, Timestamp
from small_ledger import day

from riskresearch.ledger.ledger import build_ledger
from riskresearch.ledger.movements import cut_ledger
from riskresearch.ledger.worked import worked_ledger

AS_OF = day("2025-03-31")
AMOUNT, TERMS_DAYS = 1000.0, 30
FIRST_MONTH = "2021-10"
LISTS = ("customers", "invoices", "limits", "ratings", "reminders", "events", "disputes", "sector_statistics")
ITEMS = ("management", "market")

Row = dict[str, Any]
World = dict[str, list[Row]]


def worlds() -> dict[str, DataFrame]:
    """Return the tables of all worlds, of a customer with one fresh invoice, and of one with a bank check only."""
    made = [steady("steady"), *(change(steady(name)) for name, change in WORSE.items()), FRESH]
    case: dict[str, Any] = {key: [row for world in made for row in world.get(key, [])] for key in LISTS}
    case["bank_checks"] = [{"customer": "checked", "date": "2025-03-01", "changed": False, "verified": True}]
    more = {
        "financials": DataFrame([row for world in made for row in world.get("financials", [])]),
        "questionnaires": DataFrame([row for world in made for row in world.get("questionnaires", [])]),
    }
    facts = {"source_name": "worlds", "mapping_name": "canonical", "currency_code": "EUR"}
    ledger = build_ledger(dict(worked_ledger(case).tables) | more, {}, **facts)
    return with_made(cut_ledger(ledger, as_of=AS_OF), AS_OF)


def steady(name: str) -> World:
    """Return a world in which nothing happens."""
    place = {"group": f"G {name}", "sector": f"S {name}", "country": f"L {name}"}
    mate = f"{name} mate"
    return {
        "customers": [{"id": who, "since": "2021-09-01", **place} for who in (name, mate)],
        "invoices": [*_invoices(name), *_invoices(mate)],
        "limits": [
            _limit(name, "own", kind="internal", start="2021-10-01", amount=5000.0),
            _limit(name, "insurer", kind="insurer", start="2021-10-01", amount=4000.0, requested=5000.0),
        ],
        "ratings": [{"customer": name, "provider": "bureau", "date": "2021-10-01", "rating": "3"}],
        "reminders": [_promise(name, "kept", date="2024-10-02", promised="2024-10-06")],
        "events": [],
        "disputes": [],
        "sector_statistics": [_failure(name, year, 0.02) for year in (2022, 2023, 2024)],
        "financials": [_accounts(name, year) for year in (2022, 2023, 2024)],
        "questionnaires": [_answer(name, item, when, 0.7) for when in ("2021-11-01", "2025-01-15") for item in ITEMS],
    }


def _slow(world: World) -> World:
    """Two receipts of the last quarter come 20 days late."""
    for row in _due(world, "2025-01-01", "2025-02-28"):
        row["paid"] = [[_later(row["due"], 20), AMOUNT]]
    return world


def _unpaid(world: World) -> World:
    """The invoices due in the last two months are unpaid."""
    return _unpaid_since(world, "2025-02-01")


def _unpaid_long(world: World) -> World:
    """The invoices due in the last five months are unpaid."""
    return _unpaid_since(world, "2024-11-01")


def _unpaid_quarter(world: World) -> World:
    """The invoices due in the last three months are unpaid."""
    return _unpaid_since(world, "2025-01-01")


def _in_parts(world: World) -> World:
    """Half of the amount comes on the due date, half two days later."""
    for row in _due(world, "2025-01-01", "2025-02-28"):
        row["paid"] = [[row["due"], AMOUNT / 2], [_later(row["due"], 2), AMOUNT / 2]]
    return world


def _returned(world: World) -> World:
    """A receipt is returned and paid again."""
    for row in _due(world, "2025-02-01", "2025-02-28"):
        row |= {"returned": [[_later(row["due"], 6), AMOUNT]], "paid_again": [[_later(row["due"], 10), AMOUNT]]}
    return world


def _reminded(world: World) -> World:
    """A formal notice is sent."""
    row = {"id": f"{_name(world)} notice", "customer": _name(world), "date": "2025-02-10", "action": "formal_notice"}
    return _more(world, "reminders", row)


def _broken(world: World) -> World:
    """A second promise is not kept."""
    return _more(world, "reminders", _promise(_name(world), "broken", date="2025-02-10", promised="2025-02-20"))


def _legal(world: World) -> World:
    """A legal notice is published."""
    name = _name(world)
    return _more(
        world, "events", {"id": f"{name} notice", "customer": name, "code": "legal_notice", "date": "2025-02-10"}
    )


def _written_off(world: World) -> World:
    """An old invoice more, never paid and written off within two years."""
    name = _name(world)
    row = {"id": f"{name} lost", "customer": name, "date": "2022-06-10", "due": "2022-07-10", "amount": 800.0}
    return _more(world, "invoices", row | {"written_off": [["2023-06-01", 800.0]]})


def _rated_lower(world: World) -> World:
    """A lower rating."""
    row = {"customer": _name(world), "provider": "bureau", "date": "2025-01-20", "rating": "2"}
    return _more(world, "ratings", row)


def _cut_by_insurer(world: World) -> World:
    """The insurer lowers its limit."""
    terms = {"kind": "insurer", "start": "2025-01-20", "amount": 2000.0, "requested": 5000.0}
    return _more(world, "limits", _limit(_name(world), "insurer 2", **terms))


def _cut_by_seller(world: World) -> World:
    """The seller lowers its limit below what is open."""
    terms = {"kind": "internal", "start": "2025-03-01", "amount": 800.0}
    return _more(world, "limits", _limit(_name(world), "own 2", **terms))


def _poor_accounts(world: World) -> World:
    """The last annual accounts are worse in every figure."""
    last = world["financials"][-1]
    last |= {"revenue_minor": 80_000_000, "net_worth_minor": 10_000_000}
    last |= {"debt_minor": 45_000_000, "net_income_minor": -2_000_000}
    return world


def _poor_answers(world: World) -> World:
    """The last answers are lower."""
    for row in world["questionnaires"][-len(ITEMS) :]:
        row["answer_ratio"] = 0.3
    return world


def _poor_sector(world: World) -> World:
    """More firms of the sector failed."""
    world["sector_statistics"][-1]["failed"] = 0.04
    return world


def _poor_mate(world: World) -> World:
    """The other company of the group pays nothing since November."""
    return _unpaid_since(world, "2024-11-01", of=f"{_name(world)} mate")


def _young(world: World) -> World:
    """The relation began a year ago; what came before is absent."""
    start = "2024-02-01"
    world["invoices"] = [row for row in world["invoices"] if row["date"] >= start]
    world["financials"] = world["financials"][1:]
    for row in world["limits"]:
        row["start"] = start
    world["ratings"][0]["date"] = start
    for row in world["questionnaires"][: len(ITEMS)]:
        row["answered_date"] = Timestamp(start)
    for row in world["customers"]:
        row["since"] = start
    return world


def _longer_terms(world: World) -> World:
    """The last invoice is due much later."""
    for row in _due(world, "2025-04-01", "2025-04-30"):
        row["due"] = _later(row["due"], 45)
    return world


def _disputed(world: World) -> World:
    """The last invoice is disputed."""
    row = _due(world, "2025-04-01", "2025-04-30")[0]
    return _more(world, "disputes", {"id": row["id"], "invoice": row["id"], "opened": "2025-03-20"})


WORSE: Mapping[str, Callable[[World], World]] = {
    change.__name__.strip("_"): change
    for change in (
        *(_slow, _unpaid, _unpaid_quarter, _unpaid_long, _in_parts, _returned, _reminded, _broken, _legal),
        *(
            _written_off,
            _rated_lower,
            _cut_by_insurer,
            _cut_by_seller,
            _poor_accounts,
            _poor_answers,
            _poor_sector,
            _poor_mate,
        ),
        *(_young, _longer_terms, _disputed),
    )
}
PAIRS = (*(("steady", name) for name in WORSE), ("unpaid", "unpaid_quarter"))
FRESH: World = {
    "customers": [{"id": "fresh", "sector": "S fresh", "country": "L fresh"}],
    "invoices": [{"id": "fresh 1", "customer": "fresh", "date": "2025-03-21", "due": "2025-04-20", "amount": 500.0}],
}


def _invoices(name: str) -> list[Row]:
    """An invoice a month, paid on its due date where that is not later than the last day."""
    rows = []
    for month in pd.period_range(FIRST_MONTH, AS_OF.strftime("%Y-%m"), freq="M"):
        issued = month.to_timestamp() + pd.Timedelta(days=4)
        due = _later(issued, TERMS_DAYS)
        paid = [[due, AMOUNT]] if Timestamp(due) <= AS_OF else []
        row = {"id": f"{name} {month}", "customer": name, "date": str(issued.date()), "due": due, "amount": AMOUNT}
        rows.append(row | {"paid": paid})
    return rows


def _limit(name: str, number: str, **terms: Any) -> Row:
    return {"id": f"{name} {number}", "customer": name, **terms}


def _promise(name: str, number: str, *, date: str, promised: str) -> Row:
    row = {"id": f"{name} {number}", "customer": name, "action": "promise", "date": date}
    return row | {"promised": promised, "amount": AMOUNT}


def _failure(name: str, year: int, failed: float) -> Row:
    return {"sector": f"S {name}", "end": f"{year}-12-31", "published": f"{year + 1}-02-15", "failed": failed}


def _accounts(name: str, year: int) -> Row:
    return {
        "customer_id": name,
        "period_end_date": Timestamp(f"{year}-12-31"),
        "published_date": Timestamp(f"{year + 1}-02-20"),
        "revenue_minor": 100_000_000,
        "net_worth_minor": 30_000_000,
        "debt_minor": 20_000_000,
        "net_income_minor": 4_000_000,
    }


def _answer(name: str, item: str, when: str, ratio: float) -> Row:
    return {"customer_id": name, "item_code": item, "answered_date": Timestamp(when), "answer_ratio": ratio}


def _name(world: World) -> str:
    return str(world["customers"][0]["id"])


def _due(world: World, first: str, last: str, *, of: str | None = None) -> list[Row]:
    """Invoices of a customer of the world due between two days."""
    owner = of or _name(world)
    return [row for row in world["invoices"] if row["customer"] == owner and first <= row["due"] <= last]


def _unpaid_since(world: World, first: str, *, of: str | None = None) -> World:
    for row in _due(world, first, "2025-12-31", of=of):
        row["paid"] = []
    return world


def _more(world: World, key: str, row: Row) -> World:
    world[key].append(row)
    return world


def _later(when: str | Timestamp, days: int) -> str:
    return str((Timestamp(when) + pd.Timedelta(days=days)).date())
