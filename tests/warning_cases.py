"""Worked cases of warnings as ledgers: `riskresearch.ledger.worked` plus whole series of paid invoices."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from pandas import DataFrame

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.worked import CASE_KEYS, worked_ledger

CASES = Path(__file__).parent / "cases" / "warnings"
TERMS_DAYS = 30


def cases(name: str) -> list[dict[str, Any]]:
    """Return the worked cases of a file."""
    return yaml.safe_load((CASES / name).read_text(encoding="utf-8"))


def case_ledger(case: Mapping[str, Any]) -> Ledger:
    """Return the ledger of a case; ``series`` are invoices every so many days, each paid so many days late."""
    plain = {key: value for key, value in case.items() if key in CASE_KEYS and key != "settings"}
    made = [row for number, series in enumerate(case.get("series", ())) for row in _invoices(series, number)]
    return worked_ledger(plain | {"invoices": [*case.get("invoices", ()), *made]})


def known_tables(ledger: Ledger, as_of: Any) -> dict[str, DataFrame]:
    """Return the tables known on a day with the movements."""
    tables = cut_ledger(ledger, as_of=as_of)
    return tables | {"movements": movements(tables)}


def _invoices(series: Mapping[str, Any], number: int) -> Iterator[dict[str, Any]]:
    first = date.fromisoformat(str(series["first"]))
    for k, late in enumerate(series["late"]):
        issued = first + timedelta(days=series["every"] * k)
        due = issued + timedelta(days=TERMS_DAYS)
        paid, amount = due + timedelta(days=late), float(series["amount"])
        given = round(amount * 0.02, 2) if k in series.get("discount", ()) else 0.0
        yield {
            "id": f"S{number}-{k}",
            "customer": series.get("customer", "C1"),
            "date": issued.isoformat(),
            "due": due.isoformat(),
            "amount": amount,
            "paid": [[paid.isoformat(), round(amount - given, 2)]],
            "discount": [[paid.isoformat(), given]] if given else [],
        }
