"""Hand-sized ledgers for tests: written as lists, read as canonical tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.worked import worked_ledger
from riskresearch.ledger.worked_keys import SHORT_NAMES


def small_ledger(
    invoices: Sequence[Mapping[str, Any]], *, customers: Sequence[Mapping[str, Any]] = (), **rest: Any
) -> Ledger:
    """Return a ledger of rows written as in a worked case.

    Beside the lists of `riskresearch.ledger.worked`, a column of the customers may be given as a mapping from
    customer to value, such as ``size_code={"C1": "small"}``.
    """
    lists = {name: rows for name, rows in rest.items() if name in SHORT_NAMES or name == "currency"}
    columns = {name: values for name, values in rest.items() if name not in lists}
    described = _described(invoices, columns) if columns else list(customers)
    return worked_ledger({"name": "small", "invoices": invoices, "customers": described, **lists})


def tables_of(ledger: Ledger, as_of: str) -> dict[str, DataFrame]:
    """Return the tables known on a day, with the movements."""
    tables = cut_ledger(ledger, as_of=day(as_of))
    return tables | {"movements": movements(tables)}


def day(text: str) -> Timestamp:
    """Return a date."""
    return pd.Timestamp(text).as_unit("us")


def _described(invoices: Sequence[Mapping[str, Any]], columns: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = sorted({row.get("customer", "C1") for row in invoices})
    keys = {column: key for key, column in SHORT_NAMES["customers"].items()}
    return [{"id": name, **{keys[column]: values.get(name) for column, values in columns.items()}} for name in names]
