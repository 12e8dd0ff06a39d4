"""Limits in force: the seller's own, temporary increases, and the credit insurer's decisions.

A decision stands until the next one of its kind; only temporary limits carry an end, known beforehand.
The insurer sees health through its own lasting error, so it cuts some customers before they default
and some that never do.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.events import active_until
from riskresearch.ledger.synthetic.health import autoregression
from riskresearch.ledger.synthetic.spells import CURE, RESCUE, SETTLEMENT, Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, RUN_IN_MONTHS, Floats, Ints, to_dates

INSURED_SHARE, TEMPORARY_SHARE = 0.68, 0.07
REVIEW_MONTHS, INSURER_REVIEW_MONTHS = 12, 3
INSURER_STEPS = ((0.9, 1.0), (1.5, 0.6), (2.1, 0.3), (np.inf, 0.0))
INSURER_SIGHT = 0.70
ANSWER_DAYS = (1, 16)


def limits_table(books: Books, *, troubles: Troubles, risk: Floats, rng: Generator) -> DataFrame:
    """Return canonical table `limits` up to the last day.

    Parameters
    ----------
    risk : month x customer, standardised log hazard
    """
    asked = _needed(books, rng)
    parts = [
        _internal(books, troubles, asked, risk, rng),
        _insurer(books, troubles, asked, risk, rng),
        _temporary(books, troubles, asked, rng),
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["day"] <= books.calendar.last_day].sort_values(["day", "customer", "kind"], kind="stable")
    start = to_dates(rows["day"].to_numpy())
    return DataFrame(
        {
            "limit_id": number_ids("L", len(rows)),
            "customer_id": books.customer_ids[rows["customer"].to_numpy()],
            "limit_kind_code": rows["kind"].to_numpy(),
            "start_date": start,
            "end_date": to_dates(rows["end_day"].to_numpy()),
            "recorded_date": start,
            "base_minor": rows["granted"].to_numpy() * 100,
            "requested_minor": (rows["requested"] * 100).astype("Int64").to_numpy(),
        }
    )


def request_dates(limits: DataFrame, *, rng: Generator) -> Series:
    """Return the day each limit of the insurer was asked for; what it cuts was not asked for, nor were own limits.

    Parameters
    ----------
    limits : canonical table without these days, in order of its dates
    """
    own = limits[limits["limit_kind_code"] == "insurer"]
    before = own.groupby("customer_id")["base_minor"].shift().astype("float64")
    is_asked = ~(own["base_minor"] < before)
    wait = Series(pd.to_timedelta(rng.integers(*ANSWER_DAYS, len(own)), unit="D"), index=own.index)
    return (own["start_date"] - wait).where(is_asked).reindex(limits.index)


def _needed(books: Books, rng: Generator) -> Ints:
    """Limit that covers the usual peak of the balance, in run-currency units rounded to two digits."""
    p = books.population
    days = np.array([row[0] + 15 * row[1] for row in figures.TERMS])[p.terms] + 25
    peak = p.orders_per_month * p.invoice_amount * 1.33 * (days / 30 + 1)
    need = peak * rng.uniform(1.0, 1.6, p.n_customers)
    unit = 10 ** np.maximum(np.floor(np.log10(need)) - 1, 2)
    return (np.ceil(need / unit) * unit).astype(np.int64)


def _first_month(books: Books) -> Ints:
    return np.maximum(books.population.start_month, RUN_IN_MONTHS)


def _rows(
    kind: str, customer: Ints, day: Ints, granted: Ints, requested: Ints, *, end_day: Ints | int = NEVER
) -> DataFrame:
    return DataFrame(
        {"kind": kind, "customer": customer, "day": day, "granted": granted, "requested": requested, "end_day": end_day}
    )


def _internal(books: Books, troubles: Troubles, asked: Ints, risk: Floats, rng: Generator) -> DataFrame:
    """Own limit: set with the first order, reviewed yearly, closed when shipping stops, halved after a cure."""
    calendar, first, until = books.calendar, _first_month(books), active_until(books, troubles)
    customer, current, parts = np.arange(len(asked)), asked.copy(), []
    opening = books.population.start_day
    parts.append(_rows("internal", customer, opening, asked, asked))
    for k in range(RUN_IN_MONTHS + 1, RUN_IN_MONTHS + calendar.n_ledger_months):
        due = (k > first) & ((k - first) % REVIEW_MONTHS == 0)
        day = calendar.starts[k] + rng.integers(0, 25, len(asked))
        view = 0.5 * risk[k] + 0.87 * rng.normal(size=len(asked))
        ratio = np.select([view > 1.3, view < -0.9], [0.6, 1.2], 1.0)
        changed = due & (ratio != 1.0) & (day < until)
        current = np.where(changed, np.maximum(np.round(current * ratio / 100) * 100, 500).astype(np.int64), current)
        parts.append(_rows("internal", customer[changed], day[changed], current[changed], current[changed]))
    stopped = troubles.spells[(troubles.spells["ship_stop_day"] < troubles.spells["end_day"])]
    who = stopped["customer"].to_numpy()
    parts.append(_rows("internal", who, stopped["ship_stop_day"].to_numpy(), np.zeros_like(who), current[who]))
    back = stopped[stopped["end"].isin((RESCUE, CURE))]
    who = back["customer"].to_numpy()
    parts.append(_rows("internal", who, back["end_day"].to_numpy() + 20, asked[who] // 2, asked[who]))
    return pd.concat(parts, ignore_index=True)


def _insurer(books: Books, troubles: Troubles, asked: Ints, risk: Floats, rng: Generator) -> DataFrame:
    """Insurer's decisions each quarter, written when they change; cover ends at default."""
    calendar, population = books.calendar, books.population
    covered = (population.kind == 0) & (rng.random(len(asked)) < INSURED_SHARE)
    error = autoregression(calendar.n_months, len(asked), 0.96, rng)
    sight = INSURER_SIGHT * risk + np.sqrt(1 - INSURER_SIGHT**2) * error
    first, until = _first_month(books), active_until(books, troubles)
    phase = rng.integers(0, INSURER_REVIEW_MONTHS, len(asked))
    before, parts = np.full(len(asked), -1.0), []
    customer = np.arange(len(asked))
    for k in calendar.ledger_months:
        share = np.select([sight[k] < limit for limit, _ in INSURER_STEPS], [share for _, share in INSURER_STEPS])
        day = np.maximum(calendar.starts[k] + rng.integers(0, 28, len(asked)), population.start_day)
        reviewed = (k == first) | ((k > first) & ((k - first) % INSURER_REVIEW_MONTHS == phase))
        decided = covered & reviewed & (share != before) & (day < until)
        granted = (np.round(asked * share / 100) * 100).astype(np.int64)
        parts.append(_rows("insurer", customer[decided], day[decided], granted[decided], asked[decided]))
        before = np.where(decided, share, before)
    lost = troubles.spells[troubles.spells["end"] >= SETTLEMENT]
    who = lost.loc[covered[lost["customer"]] & (before[lost["customer"]] > 0), ["customer", "default_day"]]
    ended, zero = who["customer"].to_numpy(), np.zeros(len(who), dtype=np.int64)
    parts.append(_rows("insurer", ended, who["default_day"].to_numpy() + 2, zero, asked[ended]))
    return pd.concat(parts, ignore_index=True)


def _temporary(books: Books, troubles: Troubles, asked: Ints, rng: Generator) -> DataFrame:
    """Increases for a season, with an end that is known from the start."""
    who = np.flatnonzero(rng.random(len(asked)) < TEMPORARY_SHARE)
    day = rng.integers(books.calendar.first_day, books.calendar.last_day + 1, len(who))
    usual = day > np.maximum(books.population.start_day, books.calendar.first_day)[who] + 60
    usual &= day + 130 < active_until(books, troubles)[who]
    who, day = who[usual], day[usual]
    return _rows("temporary", who, day, asked[who] // 2, asked[who] // 2, end_day=day + rng.integers(60, 121, len(who)))
