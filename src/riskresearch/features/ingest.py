"""From canonical tables to integer legs: the last step that works invoice by invoice, in pandas and NumPy.

It may run on one block of customers after another, so a ledger need not fit into memory: the coding of
customers, sectors, countries and groups is made once, from the table of customers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.features.streams import STREAMS
from riskresearch.features.streams.registry import Tables, day_number
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.tables import ACT_DATES

PEER_COLUMNS = {"sector_code": "sector_code", "country_code": "country_code", "group_code": "group_id"}


@dataclass(frozen=True)
class Acts:
    """Integer legs by stream and the customers they belong to.

    ``customers``: ``customer_id customer_code first_day relationship_start_day sector_code country_code
    group_code book_code`` (0), one row per customer; all but the id are integers. ``legs``: by stream
    ``customer_code day`` and its measures.
    """

    customers: DataFrame
    legs: Mapping[str, DataFrame]

    def only(self, customer_ids: Series) -> "Acts":
        """Return the acts of some customers."""
        customers = self.customers[self.customers["customer_id"].isin(customer_ids)]
        codes = customers["customer_code"]
        legs = {name: rows[rows["customer_code"].isin(codes)] for name, rows in self.legs.items()}
        return Acts(customers.reset_index(drop=True), legs)


@dataclass(frozen=True)
class Coding:
    """Integers for customers, sectors, countries and groups: their places in sorted order."""

    customers: pd.Index
    peers: Mapping[str, pd.Index]

    @classmethod
    def of(cls, customers: DataFrame) -> "Coding":
        """Return the coding of a table `customers`; for a run in blocks, of the whole table."""
        peers = {name: pd.Index(customers[c].dropna().unique()).sort_values() for name, c in PEER_COLUMNS.items()}
        return cls(pd.Index(customers["customer_id"]).sort_values(), peers)

    def customer_code(self, ids: Series, *, source: str) -> Series:
        """Return the codes of customer ids.

        Raises
        ------
        LedgerError
            A customer is not in the table of customers.
        """
        codes = self.customers.get_indexer(ids)
        unknown = ids[codes < 0]
        if len(unknown):
            raise LedgerError(
                f"{source}: {unknown.nunique()} customers (first: {first_keys(unknown.drop_duplicates())}) are not in "
                "table customers; deliver a row for each, at least with its customer_id"
            )
        return Series(codes.astype("int64"), index=ids.index)


def ingest(tables: Tables, *, coding: Coding | None = None, streams: Iterable[str] | None = None) -> Acts:
    """Return the legs of a ledger, or of one block of its customers.

    Parameters
    ----------
    tables : canonical tables as known on a day, with ``movements defaults rating_scales``
    coding : coding made of the whole table of customers; empty = of these tables
    streams : names of the streams to make; empty = all
    """
    coding = coding or Coding.of(tables["customers"])
    tables = {**tables, "first_acts": first_acts(tables)}
    names = STREAMS.names if streams is None else list(streams)
    legs = {}
    for name in names:
        rows = STREAMS[name].function(tables)
        code = coding.customer_code(rows["customer_id"], source=f"stream {name}")
        legs[name] = rows.drop(columns="customer_id").assign(customer_code=code)
    return Acts(_customers(tables, coding), legs)


def _customers(tables: Tables, coding: Coding) -> DataFrame:
    rows = tables["customers"]
    first = rows["customer_id"].map(tables["first_acts"].set_index("customer_id")["first_day"])
    peers = {name: _peer_code(rows[column], coding.peers[name]) for name, column in PEER_COLUMNS.items()}
    frame = DataFrame(
        {
            "customer_id": rows["customer_id"],
            "customer_code": coding.customer_code(rows["customer_id"], source="customers"),
            "first_day": first.astype("Int64"),
            "relationship_start_day": day_number(rows["relationship_start_date"]).astype("Int64"),
            **peers,
            "book_code": np.int64(0),
        }
    )
    return frame[frame["first_day"].notna()].reset_index(drop=True)


def _peer_code(values: Series, known: pd.Index) -> Series:
    codes = Series(known.get_indexer(values), index=values.index)
    return codes.astype("Int64").mask(codes < 0)


def first_acts(tables: Tables) -> DataFrame:
    """Return the day on which the first act of each customer became known.

    Returns
    -------
    DataFrame ``customer_id first_day`` (day number), whatever the act: an invoice, a rating, a limit, accounts.
    """
    acting = [name for name in ACT_DATES if name != "allocations" and "customer_id" in tables[name]]
    parts = [
        DataFrame(
            {"customer_id": tables[n]["customer_id"], "first_day": day_number(known_date(tables[n], ACT_DATES[n]))}
        )
        for n in acting
    ]
    days = pd.concat(parts, ignore_index=True).astype({"first_day": np.int64})
    return days.groupby("customer_id", as_index=False)["first_day"].min()
