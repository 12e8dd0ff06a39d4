"""Orders: those that became an invoice, and those still open on the last day.

Written over the finished books with chance of its own. An order that was invoiced is put some weeks before its
delivery; those open on the last day are what orders of the same pace and lead leave undelivered.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic.books import LATE_BOOKING_SHARE, Books, number_ids
from riskresearch.ledger.synthetic.delivery import EARLY_DAYS
from riskresearch.ledger.synthetic.events import active_until
from riskresearch.ledger.synthetic.orders import AMOUNT_SD
from riskresearch.ledger.synthetic.spells import Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Ints, to_dates, to_workday

LEAD_DAYS, LEAD_SHAPE, SHORTEST_DAYS, LONGEST_DAYS = 8.0, 2.0, 2, 60
MONTH_DAYS = 30.44
SMALLEST_MINOR = 2_000


def orders_table(invoices: DataFrame, books: Books, troubles: Troubles, *, rng: Generator) -> DataFrame:
    """Return canonical table `orders`: customers without contract, one line for each invoice, and the open ones.

    Parameters
    ----------
    invoices : canonical table with days of delivery
    """
    past, still = rng.spawn(2)
    rows = pd.concat([_invoiced(invoices, books, past), _open(books, troubles, still)], ignore_index=True)
    rows = rows[rows["book_day"] <= books.calendar.last_day]
    rows = rows.sort_values(["order_day", "customer", "base"], kind="stable")
    return DataFrame(
        {
            "order_id": number_ids("O", len(rows)),
            "customer_id": books.customer_ids[rows["customer"].to_numpy()],
            "order_date": to_dates(rows["order_day"].to_numpy()),
            "recorded_date": to_dates(rows["book_day"].to_numpy()),
            "delivery_date": to_dates(rows["delivery_day"].to_numpy()),
            "invoiced_date": to_dates(rows["invoiced_day"].to_numpy()),
            "base_minor": rows["base"].to_numpy(),
        }
    )


def _invoiced(invoices: DataFrame, books: Books, rng: Generator) -> DataFrame:
    """Orders behind the invoices, at the rate of the day they were confirmed."""
    is_order = (invoices["contract_type_code"] == "order") & (invoices["invoice_kind_code"] == "invoice")
    rows = invoices[is_order]
    customer = books.customer_ids.get_indexer(rows["customer_id"])
    issue, delivery = _days(rows["invoice_date"]), _days(rows["delivery_date"])
    day = to_workday(np.minimum(issue, delivery) - _leads(len(rows), rng), backward=True)
    start = np.maximum(books.population.start_day[customer], books.calendar.starts[0])
    day = np.maximum(day, start)
    gross = rows["gross_minor"].to_numpy(dtype=np.int64)
    invoiced = _days(rows["recorded_date"])
    return DataFrame(
        {
            "customer": customer,
            "order_day": day,
            "book_day": np.minimum(day + _lags(len(rows), rng), invoiced),
            "delivery_day": np.maximum(delivery, day),
            "invoiced_day": invoiced,
            "base": np.round(gross * books.rate(customer, day)).astype(np.int64),
        }
    )


def _open(books: Books, troubles: Troubles, rng: Generator) -> DataFrame:
    """Orders of the last weeks whose invoice would come after the last day."""
    p, last = books.population, books.calendar.last_day
    pace = p.orders_per_month * _orders_now(books, troubles) * LONGEST_DAYS / MONTH_DAYS
    customer = np.repeat(np.arange(p.n_customers), rng.poisson(pace))
    n = len(customer)
    day = to_workday(last - rng.integers(0, LONGEST_DAYS, n), backward=True)
    delivery = to_workday(day + _leads(n, rng))
    invoiced = to_workday(delivery + rng.integers(0, EARLY_DAYS, n))
    base = np.round(100 * p.invoice_amount[customer] * np.exp(AMOUNT_SD * rng.normal(size=n))).astype(np.int64)
    rows = DataFrame(
        {
            "customer": customer,
            "order_day": day,
            "book_day": day + _lags(n, rng),
            "delivery_day": np.where(delivery <= last, delivery, NEVER),
            "invoiced_day": NEVER,
            "base": np.maximum(base, SMALLEST_MINOR),
        }
    )
    return rows[(invoiced > last) & (day >= p.start_day[customer])]


def _orders_now(books: Books, troubles: Troubles) -> Bools:
    """Customers that order on the last day: without contract, still in business, deliveries not stopped."""
    last, spells = books.calendar.last_day, troubles.spells
    stopped = spells.loc[(spells["ship_stop_day"] <= last) & (spells["end_day"] > last), "customer"]
    orders: Bools = ~books.population.is_contract & (active_until(books, troubles) > last)
    orders[stopped] = False
    return orders


def _leads(n: int, rng: Generator) -> Ints:
    """Days from order to delivery, a bit more than two weeks in the mean."""
    drawn = SHORTEST_DAYS + np.floor(rng.gamma(LEAD_SHAPE, LEAD_DAYS, n)).astype(np.int64)
    return np.minimum(drawn, LONGEST_DAYS - EARLY_DAYS)


def _lags(n: int, rng: Generator) -> Ints:
    return np.where(rng.random(n) < LATE_BOOKING_SHARE, rng.integers(1, 4, n), 0)


def _days(dates: Series) -> Ints:
    """Days since 1970, `NEVER` for an empty date."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), NEVER, days.astype(np.int64))
