"""When a performing customer would settle each invoice: lateness, payment runs, holidays, early discount.

Lateness has a lasting part (habit, size, sector, country), a part from hidden stress, a part common to
a customer's month and a part of the invoice. Large firms and public bodies are late without being ill,
so lateness alone tells default only in part.
"""

import numpy as np
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.figures import column
from riskresearch.ledger.synthetic.health import Health
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.timeline import Bools, Calendar, Floats, Ints, month_end, to_workday

LATE_LEVEL, LATE_STRUCTURE = -0.20, 1.4
LATE_HABIT, LATE_STRESS, LATE_MONTH, LATE_INVOICE = 0.52, 1.05, 0.45, 0.50
LENGTH_DAYS, LENGTH_STRUCTURE = 11.3, 0.75
LENGTH_HABIT, LENGTH_STRESS, LENGTH_MONTH, LENGTH_INVOICE = 0.2, 0.5, 0.25, 0.5
HOLIDAY_DAYS = np.array([0, 0, 0, 0, 0, 0, 3, 6, 0, 0, 0, 3])
DISCOUNT_DAYS = 10
DISCOUNT_MISSED_SHARE, DISCOUNT_STRESS_LIMIT = 0.12, 0.9


def settlement_days(
    invoices: DataFrame, population: Population, paths: Health, calendar: Calendar, *, rng: Generator
) -> tuple[Ints, Bools]:
    """Return the day on which each invoice is settled, and whether the early discount is taken."""
    customer, due = invoices["customer"].to_numpy(), invoices["due_day"].to_numpy()
    month = np.minimum(calendar.month_of(due), calendar.n_months - 1)
    stress = paths.stress[month, customer]
    shared = rng.normal(size=(2, calendar.n_months, population.n_customers))[:, month, customer]
    own = rng.normal(size=(2, len(invoices)))
    structure, habit = np.log(_structure(population))[customer], population.habit[customer]
    lateness = (
        LATE_LEVEL
        + LATE_STRUCTURE * structure
        + LATE_HABIT * habit
        + LATE_STRESS * stress
        + LATE_MONTH * shared[0]
        + LATE_INVOICE * own[0]
    )
    length = LENGTH_DAYS * np.exp(
        LENGTH_STRUCTURE * structure
        + LENGTH_HABIT * habit
        + LENGTH_STRESS * stress
        + LENGTH_MONTH * shared[1]
        + LENGTH_INVOICE * own[1]
    )
    holiday = HOLIDAY_DAYS[calendar.month_numbers()[month]]
    run, issue = population.run[customer], invoices["issue_day"].to_numpy()
    late = _late_day(run, due, length + holiday)
    day = np.where(lateness > 0, late, _timely_day(run, issue, due, rng))
    return _with_discount(day, issue, due, population.takes_discount[customer], stress, rng)


def _structure(population: Population) -> Floats:
    """Expected delay of a customer relative to the national mean: size, sector, country, region."""
    size = column(figures.SIZES, "delay_ratio")[population.size]
    sector = column(figures.SECTORS, "delay_ratio")[population.sector]
    country = column(figures.COUNTRIES, "delay_ratio")[population.country]
    region = np.array([ratio for _, _, ratio in figures.REGIONS])[population.region]
    return size * sector * country * np.where(population.is_french, region, 1.0)


def _late_day(run: Ints, due: Ints, length: Floats) -> Ints:
    """Next payment run once the delay has passed; waiting for a run is part of the delay."""
    waiting = np.array([1.0, 0.85, 0.62, 0.42])[run]
    ready = due + np.maximum(1, np.round(length * waiting)).astype(np.int64)
    weekly = ready + (3 - (ready + 3) % 7) % 7
    fortnight = np.where(_day_of_month(ready) <= 15, ready + 15 - _day_of_month(ready), month_end(ready))
    return to_workday(np.choose(run, [ready, weekly, fortnight, month_end(ready)]))


def _timely_day(run: Ints, issue: Ints, due: Ints, rng: Generator) -> Ints:
    """Last payment run that keeps the due date; the due date itself where no run lies between."""
    weekly = due - ((due + 3) % 7 - 3) % 7
    in_month = _day_of_month(due)
    last_end = np.where(month_end(due) == due, due, due - in_month)
    fortnight = np.where((in_month >= 15) & (month_end(due) != due), due - in_month + 15, last_end)
    early = due - rng.integers(0, 4, len(due)) * (rng.random(len(due)) < 0.3)
    day = np.choose(run, [early, weekly, fortnight, last_end])
    return np.maximum(to_workday(np.where(day > issue + 2, day, due), backward=True), issue)


def _day_of_month(day: Ints) -> Ints:
    dates = day.astype("datetime64[D]")
    return (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1


def _with_discount(
    day: Ints, issue: Ints, due: Ints, takes_discount: Bools, stress: Floats, rng: Generator
) -> tuple[Ints, Bools]:
    """Customers on discount terms pay within ten days unless short of cash."""
    able = (stress < DISCOUNT_STRESS_LIMIT) & (rng.random(len(day)) >= DISCOUNT_MISSED_SHARE)
    taken = takes_discount & able & (due - issue > DISCOUNT_DAYS + 2)
    early = to_workday(issue + rng.integers(6, DISCOUNT_DAYS + 1, len(day)), backward=True)
    return np.where(taken, np.maximum(early, issue), day), taken
