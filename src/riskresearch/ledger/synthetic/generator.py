"""A seeded ledger with its truth."""

from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.synthetic.accounts import bank_checks_table, payer_accounts
from riskresearch.ledger.synthetic.backlog import orders_table
from riskresearch.ledger.synthetic.books import Books, booked, disputes_table, fx_table, invoices_table, opening_balance
from riskresearch.ledger.synthetic.claims import insurer_claims_table
from riskresearch.ledger.synthetic.credits import credit_notes_table
from riskresearch.ledger.synthetic.decisions import limits_table, request_dates
from riskresearch.ledger.synthetic.delivery import delivery_dates
from riskresearch.ledger.synthetic.dunning import reminders_table
from riskresearch.ledger.synthetic.events import active_until, events_table
from riskresearch.ledger.synthetic.evidence import financials_table, questionnaires_table, ratings_table
from riskresearch.ledger.synthetic.figures import CURRENCY_LEVELS
from riskresearch.ledger.synthetic.health import log_hazard
from riskresearch.ledger.synthetic.overrides import overrides_table
from riskresearch.ledger.synthetic.parts import with_instalments
from riskresearch.ledger.synthetic.population import customers_table
from riskresearch.ledger.synthetic.receipts import allocations_table, payments_table, postings
from riskresearch.ledger.synthetic.sectors import sector_statistics_table
from riskresearch.ledger.synthetic.securities import guarantees_table
from riskresearch.ledger.synthetic.timeline import Floats, to_dates
from riskresearch.ledger.synthetic.world import Plan, World, simulate_world
from riskresearch.ledger.tables import TRUTH

GENERATOR_VERSION = 5
RUN_CURRENCIES = tuple(CURRENCY_LEVELS)


def synthetic_ledger(
    *,
    n_customers: int,
    n_months: int,
    seed: int,
    last_date: Timestamp | str = "2025-12-31",
    currency_code: str = "EUR",
    default_rate_ratio: float = 0.035,
    invoices_per_month: float = 2.3,
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
    plan = Plan(
        Timestamp(last_date).normalize(), n_customers, n_months, currency_code, default_rate_ratio, invoices_per_month
    )
    _check_plan(plan)
    hidden, written, added, counted, promised, claimed, asked = np.random.default_rng(seed).spawn(7)
    world = simulate_world(plan, rng=hidden)
    books = Books(world.population, world.calendar, world.rates, _customer_ids(n_customers))
    tables = {
        **_documents(world, books, written),
        **_knowledge(world, books, written),
        "fx_rates": fx_table(books, currency_code=currency_code),
        "sector_statistics": sector_statistics_table(world, rng=counted),
    }
    tables = _with_more(tables, world, books, added)
    tables = tables | _promised(tables, world, books, promised)
    claims = insurer_claims_table(tables, last_date=plan.last_date, rng=claimed)
    limits = tables["limits"].assign(requested_date=request_dates(tables["limits"], rng=asked))
    ledger = build_ledger(
        tables | {"insurer_claims": claims, "limits": limits},
        {},
        source_name=f"synthetic_{n_customers}x{n_months}_{seed}",
        mapping_name="canonical",
        currency_code=currency_code,
        is_synthetic=True,
        notes=_notes(plan, seed),
    )
    return ledger, _truth(world, books)


def _check_plan(plan: Plan) -> None:
    """Refuse a plan out of bounds, naming everything that is wrong."""
    rate, orders = plan.default_rate_ratio, plan.invoices_per_month
    rules = (
        (plan.n_customers >= 1, f"n_customers: {plan.n_customers} is too small; give at least 1"),
        (plan.n_months >= 1, f"n_months: {plan.n_months} is too small; give at least 1"),
        (plan.currency_code in CURRENCY_LEVELS, f"currency_code: {plan.currency_code!r}; give one of {RUN_CURRENCIES}"),
        (0 < rate <= 0.3, f"default_rate_ratio: {rate}; give a ratio above 0, at most 0.3"),
        (0 < orders <= 50, f"invoices_per_month: {orders}; give a number above 0, at most 50"),
    )
    broken = [message for holds, message in rules if not holds]
    if broken:
        raise SettingsError("synthetic_ledger: " + "; ".join(broken))


def _notes(plan: Plan, seed: int) -> tuple[str, ...]:
    """How the ledger was made, one ``name: value`` a line."""
    facts = {"generator_version": GENERATOR_VERSION, "seed": seed, **asdict(plan), "last_date": plan.last_date.date()}
    return tuple(f"{name}: {value}" for name, value in facts.items() if name != "currency_code")


def _customer_ids(n: int) -> pd.Index:
    width = max(5, len(str(n)))
    return pd.Index([f"{number:0{width}d}" for number in range(1, n + 1)], dtype="str")


def _documents(world: World, books: Books, rng: Generator) -> dict[str, DataFrame]:
    """What the books hold, and the events, which name returned receipts."""
    streams = rng.spawn(6)
    opened, items = opening_balance(world.invoices, world.settlement.items, world.calendar)
    invoices = booked(opened, world.calendar, rng=streams[0])
    rows = postings(items[items["invoice"].isin(invoices.index)], world.calendar, rng=streams[1])
    payments, payment_ids = payments_table(rows, books, rng=streams[2])
    notes, note_ids, note_days = credit_notes_table(rows, invoices, books, rng=streams[3])
    ids = {"payment_ids": payment_ids, "note_ids": note_ids, "note_days": note_days}
    return {
        "customers": customers_table(world.population, books.customer_ids),
        "invoices": invoices_table(invoices, books),
        "credit_notes": notes,
        "payments": payments,
        "allocations": allocations_table(rows, books, invoice_ids=invoices["invoice_id"], **ids),
        "disputes": disputes_table(world.settlement.disputes, invoices, books, rng=streams[4]),
        "events": events_table(
            world.settlement,
            rows,
            books,
            troubles=world.troubles,
            stress=world.paths.stress,
            risk=_standardised_risk(world),
            rng=streams[5],
        ),
    }


def _knowledge(world: World, books: Books, rng: Generator) -> dict[str, DataFrame]:
    """What others and the seller's own people say and decide."""
    streams = rng.spawn(4)
    risk, until = _standardised_risk(world), active_until(books, world.troubles)
    return {
        "ratings": ratings_table(books, risk=risk, until=until, rng=streams[0]),
        "limits": limits_table(books, troubles=world.troubles, risk=risk, rng=streams[1]),
        "financials": financials_table(books, risk=risk, until=until, rng=streams[2]),
        "questionnaires": questionnaires_table(books, risk=risk, until=until, rng=streams[3]),
    }


def _with_more(tables: dict[str, DataFrame], world: World, books: Books, rng: Generator) -> dict[str, DataFrame]:
    """The tables with what is written over them by chance of its own: deliveries, parts, reminders, accounts."""
    streams, last_day = rng.spawn(5), books.calendar.last_day
    delivered = delivery_dates(
        tables["invoices"], tables["customers"], tables["allocations"], last_day=last_day, rng=streams[0]
    )
    tables = tables | {"invoices": tables["invoices"].assign(delivery_date=delivered)}
    tables = with_instalments(tables, books, world.settlement.items, world.troubles, rng=streams[1])
    whole = tables["invoices"][~tables["invoices"]["invoice_id"].isin(tables["instalments"]["invoice_id"])]
    reminders = reminders_table(whole, tables["allocations"], books, risk=_standardised_risk(world), rng=streams[2])
    payers = payer_accounts(tables["payments"], tables["events"], rng=streams[3])
    last_date = to_dates(np.array([last_day]))[0]
    checks = bank_checks_table(tables["events"], tables["customers"], last_date=last_date, rng=streams[4])
    more = {
        "payments": tables["payments"].assign(payer_account_code=payers),
        "reminders": reminders,
        "bank_checks": checks,
    }
    return tables | more


def _promised(tables: dict[str, DataFrame], world: World, books: Books, rng: Generator) -> dict[str, DataFrame]:
    """What a credit manager sees beyond the books: orders, securities and decisions against the proposal."""
    streams, risk = rng.spawn(3), _standardised_risk(world)
    limits, troubles = tables["limits"], world.troubles
    return {
        "orders": orders_table(tables["invoices"], books, troubles, rng=streams[0]),
        "guarantees": guarantees_table(limits, books, troubles, risk=risk, rng=streams[1]),
        "overrides": overrides_table(limits, books, risk=risk, rng=streams[2]),
    }


def _standardised_risk(world: World) -> Floats:
    """Log hazard, month x customer, with mean 0 and deviation 1."""
    risk = log_hazard(world.population, world.paths)
    return (risk - risk.mean()) / risk.std()


def _truth(world: World, books: Books) -> DataFrame:
    truth = world.truth
    return check(
        DataFrame(
            {
                "customer_id": books.customer_ids[truth["customer"].to_numpy()],
                "observation_date": to_dates(truth["day"].to_numpy()),
                "pd_12m": truth["pd_12m"],
                "lgd_ratio": truth["lgd_ratio"],
                "is_defaulted": truth["is_defaulted"],
            }
        ),
        TRUTH,
    )
