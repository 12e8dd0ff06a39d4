"""What is sold: invoices as they would be issued to a customer that always performs."""

import numpy as np
from numpy.random import Generator
from pandas import DataFrame
from scipy.signal import lfilter

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.health import Health
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.timeline import Calendar, Floats, Ints, month_end, to_workday

VAT_RATIO = 0.20
DRAW_DOWN = 0.10
AMOUNT_SD = 0.75
RATE_PERSISTENCE, RATE_DAILY_SD = 0.998, 0.0045


def draw_invoices(
    population: Population, paths: Health, calendar: Calendar, *, rates: Floats, rng: Generator
) -> DataFrame:
    """Return one row per invoice with whole-number customer, days and cents.

    Parameters
    ----------
    rates : country x day of the world, run-currency units for one unit

    Returns
    -------
    DataFrame ``customer issue_day due_day gross net base rate``, sorted by customer and day.
    """
    counts = _counts(population, paths, calendar, rng)
    customer = np.repeat(np.arange(population.n_customers), counts.sum(axis=0))
    month = np.repeat(np.tile(np.arange(calendar.n_months), population.n_customers), counts.T.ravel())
    issue = _issue_days(population, calendar, customer, month, rng)
    noise = AMOUNT_SD * rng.normal(size=len(customer))
    amount = population.invoice_amount[customer] * np.exp(np.where(population.is_contract[customer], 0.25, 1.0) * noise)
    rate = rates[population.country[customer], issue - calendar.starts[0]]
    gross = np.maximum(np.round(amount / rate * 100), 2_000).astype(np.int64)
    vat = np.where(population.is_french[customer], 1 + VAT_RATIO, 1.0)
    frame = DataFrame(
        {
            "customer": customer,
            "issue_day": issue,
            "due_day": due_days(population.terms[customer], issue),
            "gross": gross,
            "net": np.round(gross / vat).astype(np.int64),
            "base": np.round(gross * rate).astype(np.int64),
            "rate": rate,
        }
    )
    return frame.sort_values(["customer", "issue_day", "gross"], kind="stable", ignore_index=True)


def due_days(terms: Ints, issue_day: Ints) -> Ints:
    """Return due days: issue day plus the days of the terms, moved to the month's end where they say so."""
    days = np.array([row[0] for row in figures.TERMS])[terms]
    at_month_end = np.array([row[1] for row in figures.TERMS])[terms]
    net = issue_day + days
    return np.where(at_month_end, month_end(net), net)


def _counts(population: Population, paths: Health, calendar: Calendar, rng: Generator) -> Ints:
    """Invoices by month and customer: contracts at an even pace, orders at random, both with seasons."""
    seasons = np.array([figures.SEASONS[row.season] for row in figures.SECTORS])
    season = seasons[population.sector][:, calendar.month_numbers()].T
    draw_down = np.exp(DRAW_DOWN * np.clip(paths.stress, -2.0, 2.0))
    expected = population.orders_per_month[None, :] * season * draw_down
    phase = rng.random(population.n_customers)
    even = np.floor(np.cumsum(expected, axis=0) + phase)
    paced = np.diff(even, axis=0, prepend=np.floor(phase)[None, :]).astype(np.int64)
    drawn = rng.poisson(expected)
    is_there = np.arange(calendar.n_months)[:, None] >= population.start_month[None, :]
    counts = np.where(population.is_contract[None, :], paced, drawn) * is_there
    first = (np.arange(calendar.n_months)[:, None] == population.start_month[None, :]) & (counts == 0)
    return np.where(first, 1, counts)


def _issue_days(population: Population, calendar: Calendar, customer: Ints, month: Ints, rng: Generator) -> Ints:
    """Days of issue: any workday, or the month's end for collective invoices."""
    length = calendar.starts[month + 1] - calendar.starts[month]
    day = calendar.starts[month] + np.floor(rng.random(len(customer)) * length).astype(np.int64)
    day = np.where(population.bills_at_month_end[customer], calendar.starts[month + 1] - 1, day)
    return np.maximum(to_workday(day), population.start_day[customer])


def exchange_rates(calendar: Calendar, *, currency_code: str, rng: Generator) -> Floats:
    """Return daily rates in run-currency units, country x day of the world.

    Rates wander around a level with a yearly volatility of about 7 %.
    """
    n_days = int(calendar.starts[-1] - calendar.starts[0]) + 10
    codes = [row.currency_code for row in figures.COUNTRIES]
    rates = np.ones((len(codes), n_days))
    for code, level in figures.CURRENCY_LEVELS.items():
        wandering = lfilter([1.0], [1.0, -RATE_PERSISTENCE], rng.normal(0, RATE_DAILY_SD, n_days))
        if code != currency_code:
            own = [i for i, country_code in enumerate(codes) if country_code == code]
            rates[own] = np.round(level / figures.CURRENCY_LEVELS[currency_code] * np.exp(wandering), 5)
    return rates
