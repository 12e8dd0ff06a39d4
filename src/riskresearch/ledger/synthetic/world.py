"""The hidden world from which the books and the truth are taken."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.ledger.synthetic.arrears import arrears_of, arrears_start, clear_long_arrears
from riskresearch.ledger.synthetic.health import Health, abrupt_rate, draw_health, fit_level, hazard, log_hazard
from riskresearch.ledger.synthetic.items import Settlement, draw_settlement
from riskresearch.ledger.synthetic.lags import Lags, Tried, mean_lags, try_stops
from riskresearch.ledger.synthetic.orders import draw_invoices, exchange_rates
from riskresearch.ledger.synthetic.outcome import settle_troubles, shipped
from riskresearch.ledger.synthetic.paying import settlement_days
from riskresearch.ledger.synthetic.population import Population, draw_population
from riskresearch.ledger.synthetic.spells import Troubles, case_frame, draw_spells, loss_ratio, select_spells, stop_days
from riskresearch.ledger.synthetic.timeline import NEVER, Calendar, Floats, make_calendar
from riskresearch.ledger.synthetic.truth import DefaultCurve, truth_states


@dataclass(frozen=True)
class Plan:
    """What is to be generated; meanings and bounds as in `synthetic_ledger`."""

    last_date: Timestamp
    n_customers: int
    n_months: int
    currency_code: str = "EUR"
    default_rate_ratio: float = 0.035
    invoices_per_month: float = 2.3


@dataclass(frozen=True)
class World:
    """Everything that happens, seen or not.

    Parameters
    ----------
    population, calendar, paths, troubles : customers, months, hidden health, spells of trouble
    rates : daily exchange rates
    invoices : invoices that are issued
    settlement : how they are settled, and the disputes
    truth : hidden truth by customer and month end
    lags, level, abrupt_rate : course of trouble, level of its log hazard, and the hazard that depends on nothing
    """

    population: Population
    calendar: Calendar
    paths: Health
    troubles: Troubles
    rates: Floats
    invoices: DataFrame
    settlement: Settlement
    truth: DataFrame
    lags: Lags
    level: float
    abrupt_rate: float


def simulate_world(plan: Plan, *, rng: Generator) -> World:
    """Return one history of customers, orders, payments and trouble."""
    streams = rng.spawn(9)
    calendar = make_calendar(plan.last_date, n_months=plan.n_months)
    population = draw_population(
        calendar, n_customers=plan.n_customers, invoices_per_month=plan.invoices_per_month, rng=streams[0]
    )
    paths = draw_health(population, calendar, rng=streams[1])
    rates = exchange_rates(calendar, currency_code=plan.currency_code, rng=streams[2])
    invoices = draw_invoices(population, paths, calendar, rates=rates, rng=streams[3])
    usual = _usual_settlement(invoices, population, paths, calendar, streams[4])
    tried = try_stops(usual.items, arrears_of(usual.items), population, calendar, rng=streams[5])
    lags, level = _fit(tried, population, paths, plan.default_rate_ratio)
    floor = abrupt_rate(plan.default_rate_ratio)
    trouble = hazard(log_hazard(population, paths) + level, abrupt_rate=floor)
    troubles = _troubles(trouble, usual, population, calendar, streams[6])
    issued = shipped(invoices, troubles, calendar)
    settlement = settle_troubles(usual, issued, troubles, rng=streams[7])
    curve = DefaultCurve(lags, population.risk_offset, level=level, abrupt_rate=floor)
    loss = loss_ratio(population, judgement_ratio=lags.judgement_ratio[lags.pace])
    truth = truth_states(population, paths, calendar, troubles=troubles, lags=lags, curve=curve, loss=loss)
    return World(population, calendar, paths, troubles, rates, invoices[issued], settlement, truth, lags, level, floor)


def _fit(tried: Tried, population: Population, paths: Health, default_rate_ratio: float) -> tuple[Lags, float]:
    """Course of trouble and level of the hazard that agree with each other and with the default rate."""
    relative = log_hazard(population, paths)
    weight = np.ones(len(tried.customer))
    for _ in range(3):
        lags = mean_lags(tried, weight=weight)
        level = fit_level(
            population, paths, default_rate_ratio=default_rate_ratio, default_share=lags.default_ratio[lags.pace]
        )
        trouble = hazard(relative + level, abrupt_rate=abrupt_rate(default_rate_ratio))
        weight = trouble[tried.month, tried.customer]
    return lags, level


def _usual_settlement(
    invoices: DataFrame, population: Population, paths: Health, calendar: Calendar, rng: Generator
) -> Settlement:
    """How every invoice would be settled by customers that always perform."""
    day, is_discounted = settlement_days(invoices, population, paths, calendar, rng=rng)
    month = np.minimum(calendar.month_of(invoices["due_day"].to_numpy()), calendar.n_months - 1)
    stress = paths.stress[month, invoices["customer"]]
    drawn = draw_settlement(invoices, day=day, is_discounted=is_discounted, stress=stress, rng=rng)
    items = clear_long_arrears(drawn.items, rng=rng)
    sooner = items["paid_day"] < items["bounced_day"] + 8
    return Settlement(items.assign(bounced_day=items["bounced_day"].where(~sooner, NEVER)), drawn.disputes)


def _troubles(
    trouble: Floats, usual: Settlement, population: Population, calendar: Calendar, rng: Generator
) -> Troubles:
    """Spells of trouble struck by the hazard, month x customer."""
    months = np.array(calendar.ledger_months)
    struck_month, customer = np.nonzero(rng.random((len(months), population.n_customers)) < trouble[months])
    month = months[struck_month]
    stop = stop_days(calendar, month, rng)
    start = arrears_start(usual.items, arrears_of(usual.items), customer=customer, stop_day=stop)
    candidates = draw_spells(case_frame(customer, month, stop, start), population, rng=rng)
    return select_spells(candidates, population, calendar, rng=rng)
