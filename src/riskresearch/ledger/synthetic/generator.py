"""A seeded ledger with its truth."""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.synthetic.books import Books, booked, disputes_table, fx_table, invoices_table, opening_balance
from riskresearch.ledger.synthetic.credits import credit_notes_table
from riskresearch.ledger.synthetic.decisions import limits_table
from riskresearch.ledger.synthetic.events import active_until, events_table
from riskresearch.ledger.synthetic.evidence import financials_table, questionnaires_table, ratings_table
from riskresearch.ledger.synthetic.figures import CURRENCY_LEVELS
from riskresearch.ledger.synthetic.health import log_hazard
from riskresearch.ledger.synthetic.population import customers_table
from riskresearch.ledger.synthetic.receipts import allocations_table, payments_table, postings
from riskresearch.ledger.synthetic.timeline import to_dates
from riskresearch.ledger.synthetic.world import World, simulate_world
from riskresearch.ledger.tables import TRUTH

GENERATOR_VERSION = 1


def synthetic_ledger(
    *, n_customers: int, n_months: int, seed: int, last_date: Timestamp | str = "2025-12-31",
    currency_code: str = "EUR", default_rate_ratio: float = 0.035, invoices_per_month: float = 2.3,
) -> tuple[Ledger, DataFrame]:
    """Return a generated ledger and the truth behind it.

    Sales on account to customers of several sectors, sizes, countries and currencies, mostly French,
    calibrated to published figures (see `riskresearch.ledger.synthetic.figures`). Health is hidden and
    shows only in part: some late payers are sound, some prompt ones fail.

    Parameters
    ----------
    n_customers : number of customers, with those that join and leave
    n_months : calendar months, the last one holding `last_date`
    seed : same seed and parameters, same ledger
    last_date : last day; what happens later is unknown and in no table
    currency_code : run currency: EUR, GBP, USD or CHF
    default_rate_ratio : expected defaults per customer-year at risk (0-1), before the cycle moves it
    invoices_per_month : mean invoices of an active customer in a month

    Returns
    -------
    ledger : checked canonical tables, ``is_synthetic`` true
    truth : table `truth`, one row per customer and month end while the relation lasts. Default is the
        91st day of material arrears or the day a judgement becomes public, whichever comes first;
        ``pd_12m`` is 1 while in default; ``is_defaulted`` ends with the cure, without probation.

    Raises
    ------
    SettingsError
        A parameter is out of bounds.

    Examples
    --------
    >>> ledger, truth = synthetic_ledger(n_customers=30, n_months=6, seed=1)
    >>> len(ledger["customers"]), ledger.is_synthetic
    (30, True)
    """
    last_day = Timestamp(last_date).normalize()
    _check_parameters(n_customers, n_months, currency_code, default_rate_ratio, invoices_per_month)
    rng = np.random.default_rng(seed)
    hidden, written = rng.spawn(2)
    world = simulate_world(
        last_day, n_customers=n_customers, n_months=n_months, currency_code=currency_code,
        default_rate_ratio=default_rate_ratio, invoices_per_month=invoices_per_month, rng=hidden,
    )
    facts = {
        "generator_version": GENERATOR_VERSION, "seed": seed, "n_customers": n_customers, "n_months": n_months,
        "last_date": str(last_day.date()), "default_rate_ratio": default_rate_ratio,
        "invoices_per_month": invoices_per_month,
    }
    books = Books(world.population, world.calendar, world.rates, _customer_ids(n_customers))
    ledger = build_ledger(
        _tables(world, books, currency_code, written), {}, source_name=f"synthetic_{n_customers}x{n_months}_{seed}",
        mapping_name="canonical", currency_code=currency_code, is_synthetic=True,
        notes=tuple(f"{name}: {value}" for name, value in facts.items()),
    )
    return ledger, _truth(world, books)


def _check_parameters(
    n_customers: int, n_months: int, currency_code: str, default_rate_ratio: float, invoices_per_month: float
) -> None:
    rules = (
        (n_customers >= 1, f"n_customers: {n_customers} is too small; give at least 1"),
        (n_months >= 1, f"n_months: {n_months} is too small; give at least 1"),
        (currency_code in CURRENCY_LEVELS, f"currency_code: {currency_code!r}; give one of {list(CURRENCY_LEVELS)}"),
        (0 < default_rate_ratio <= 0.3, f"default_rate_ratio: {default_rate_ratio}; give a ratio above 0, at most 0.3"),
        (0 < invoices_per_month <= 50, f"invoices_per_month: {invoices_per_month}; give a number above 0, at most 50"),
    )
    broken = [message for holds, message in rules if not holds]
    if broken:
        raise SettingsError("synthetic_ledger: " + "; ".join(broken))


def _customer_ids(n: int) -> pd.Index:
    width = max(5, len(str(n)))
    return pd.Index([f"{number:0{width}d}" for number in range(1, n + 1)], dtype="str")


def _tables(world: World, books: Books, currency_code: str, rng: Generator) -> dict[str, DataFrame]:
    """Canonical tables by name."""
    streams = rng.spawn(10)
    opened, items = opening_balance(world.invoices, world.settlement.items, world.calendar)
    invoices = booked(opened, world.calendar, rng=streams[0])
    rows = postings(items[items["invoice"].isin(invoices.index)], world.calendar, rng=streams[1])
    payments, payment_ids = payments_table(rows, books, rng=streams[2])
    notes, note_ids, note_days = credit_notes_table(rows, invoices, books, rng=streams[3])
    risk = log_hazard(world.population, world.paths)
    risk = (risk - risk.mean()) / risk.std()
    until = active_until(books, world.troubles)
    return {
        "customers": customers_table(world.population, books.customer_ids),
        "invoices": invoices_table(invoices, books), "credit_notes": notes, "payments": payments,
        "allocations": allocations_table(rows, books, invoice_ids=invoices["invoice_id"], payment_ids=payment_ids,
                                         note_ids=note_ids, note_days=note_days),
        "disputes": disputes_table(world.settlement.disputes, invoices, books, rng=streams[4]),
        "events": events_table(world.settlement, rows, books, troubles=world.troubles, paths=world.paths, risk=risk,
                               rng=streams[5]),
        "ratings": ratings_table(books, risk=risk, until=until, rng=streams[6]),
        "limits": limits_table(books, troubles=world.troubles, risk=risk, rng=streams[7]),
        "financials": financials_table(books, risk=risk, until=until, rng=streams[8]),
        "questionnaires": questionnaires_table(books, risk=risk, until=until, rng=streams[9]),
        "fx_rates": fx_table(books, currency_code=currency_code),
    }


def _truth(world: World, books: Books) -> DataFrame:
    truth = world.truth
    return check(DataFrame({
        "customer_id": books.customer_ids[truth["customer"].to_numpy()],
        "observation_date": to_dates(truth["day"].to_numpy()), "pd_12m": truth["pd_12m"],
        "lgd_ratio": truth["lgd_ratio"], "is_defaulted": truth["is_defaulted"],
    }), TRUTH)
