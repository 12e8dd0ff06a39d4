"""The books: canonical invoices and disputes up to the last day, and what all writers of documents share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Index, Series

from riskresearch.base.schema import empty
from riskresearch.ledger.knowledge import FX_RATES
from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.timeline import NEVER, Calendar, Codes, Floats, Ints, to_dates

LATE_BOOKING_SHARE = 0.015
DISPUTE_REASONS, DISPUTE_SHARES = ("quality", "price", "delivery", "quantity"), (0.35, 0.3, 0.2, 0.15)


@dataclass(frozen=True)
class Books:
    """What the writers of documents share.

    Parameters
    ----------
    population, calendar : traits and months
    rates : daily rates, country x day of the world
    customer_ids : ids by customer number
    """

    population: Population
    calendar: Calendar
    rates: Floats
    customer_ids: Index

    def currency(self, customer: Ints) -> Codes:
        """Return the document currency of customers."""
        codes = np.array([row.currency_code for row in figures.COUNTRIES], dtype=object)
        return codes[self.population.country[customer]]

    def rate(self, customer: Ints, day: Ints) -> Floats:
        """Return run-currency units for one unit of the customers' currency on days."""
        return self.rates[self.population.country[customer], day - self.calendar.starts[0]]


def number_ids(letter: str, n: int) -> Index:
    """Return short ids with leading zeros, as many digits as the count needs.

    Examples
    --------
    >>> list(number_ids("I", 2))
    ['I1', 'I2']
    """
    width = len(str(n))
    return Index([f"{letter}{number:0{width}d}" for number in range(1, n + 1)], dtype="str")


def opening_balance(invoices: DataFrame, items: DataFrame, calendar: Calendar) -> tuple[DataFrame, DataFrame]:
    """Return invoices and items with everything before the ledger reduced to what was still open then.

    Returns
    -------
    invoices with column ``is_opening``, without those settled before; items without settled ones.
    """
    first = calendar.first_day
    kept = items[(items["paid_day"] >= first) | (items["issue_day"] >= first)]
    kept = kept.assign(bounced_day=kept["bounced_day"].where(kept["bounced_day"] >= first, NEVER))
    still_open = kept.groupby("invoice")["amount"].sum().reindex(invoices.index, fill_value=0).to_numpy()
    opened = invoices.assign(
        gross=still_open,
        net=np.round(invoices["net"] * (still_open / invoices["gross"])).astype(np.int64),
        base=np.round(still_open * invoices["rate"]).astype(np.int64),
        is_opening=invoices["issue_day"] < first,
    )
    return opened[still_open > 0], kept


def booked(invoices: DataFrame, calendar: Calendar, *, rng: Generator) -> DataFrame:
    """Return the invoices in the books on the last day, by date, with ``book_day`` and ``invoice_id``."""
    late = rng.random(len(invoices)) < LATE_BOOKING_SHARE
    delay = np.where(late, rng.integers(1, 4, len(invoices)), 0)
    kept = invoices.assign(book_day=invoices["issue_day"] + delay)
    kept = kept[kept["book_day"] <= calendar.last_day].sort_values(["issue_day", "customer"], kind="stable")
    return kept.assign(invoice_id=number_ids("I", len(kept)))


def invoices_table(invoices: DataFrame, books: Books) -> DataFrame:
    """Return canonical table `invoices`."""
    customer = invoices["customer"].to_numpy()
    return DataFrame(
        {
            "invoice_id": invoices["invoice_id"].to_numpy(),
            "customer_id": books.customer_ids[customer],
            "invoice_date": to_dates(invoices["issue_day"].to_numpy()),
            "invoice_date_source_code": "source",
            "recorded_date": to_dates(invoices["book_day"].to_numpy()),
            "due_date": to_dates(invoices["due_day"].to_numpy()),
            "due_date_source_code": "source",
            "currency_code": books.currency(customer),
            "gross_minor": invoices["gross"].to_numpy(),
            "net_minor": invoices["net"].to_numpy(),
            "base_minor": invoices["base"].to_numpy(),
            "invoice_kind_code": np.where(invoices["is_opening"], "opening_item", "invoice"),
            "contract_type_code": np.where(books.population.is_contract[customer], "contract", "order"),
        }
    )


def disputes_table(disputes: DataFrame, invoices: DataFrame, books: Books, *, rng: Generator) -> DataFrame:
    """Return canonical table `disputes`; a dispute that ends after the last day is still open."""
    last = books.calendar.last_day
    ids: Series = invoices["invoice_id"].reindex(disputes["invoice"])
    known = ids.notna().to_numpy() & (disputes["opened_day"] <= last).to_numpy()
    known &= (disputes["closed_day"] >= books.calendar.first_day).to_numpy()
    rows = disputes[known].assign(invoice_id=ids[known].to_numpy()).sort_values(["opened_day", "invoice"])
    closed = rows["closed_day"].where(rows["closed_day"] <= last, NEVER).to_numpy()
    opened = to_dates(rows["opened_day"].to_numpy())
    customer = invoices["customer"].reindex(rows["invoice"]).to_numpy()
    return DataFrame(
        {
            "dispute_id": number_ids("D", len(rows)),
            "invoice_id": rows["invoice_id"].to_numpy(),
            "customer_id": books.customer_ids[customer],
            "opened_date": opened,
            "closed_date": to_dates(closed),
            "recorded_date": opened,
            "reason_code": rng.choice(DISPUTE_REASONS, len(rows), p=DISPUTE_SHARES),
        }
    )


def fx_table(books: Books, *, currency_code: str) -> DataFrame:
    """Return canonical table `fx_rates`: one row per foreign currency and day of the ledger."""
    calendar = books.calendar
    days = np.arange(calendar.starts[0], calendar.last_day + 1)
    codes = [row.currency_code for row in figures.COUNTRIES]
    present = {codes[i] for i in np.unique(books.population.country)} - {currency_code}
    frames = [
        DataFrame(
            {
                "currency_code": code,
                "rate_date": to_dates(days),
                "rate_ratio": books.rates[codes.index(code), : len(days)],
            }
        )
        for code in sorted(present)
    ]
    return pd.concat(frames, ignore_index=True) if frames else empty(FX_RATES)
