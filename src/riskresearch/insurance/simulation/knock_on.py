"""Defaults that follow from others: contagion within a group of companies, and events that stop a whole country.

Contagion, one round: each default of the year takes each other member of its group with it with a stated probability.
It comes on top of the PDs, so a group's mean loss rises: P(j defaults) = 1 - E[(1 - own default) (1 - c)^(defaults of
its group)]. The member follows the first default that takes it, at a day between that one's and the end of the year.

Political events: each listed country has one with a stated probability; on its day every customer of the country stops
paying. A customer that would default anyway counts once, with what comes first. Political events infect nobody.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Integers
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation.book import Book
from riskresearch.insurance.simulation.counters import CONTAGION, COUNTRY, COUNTRY_DAY, DAY, Words, keys, uniform

_DAY_STEPS = 2.0**24


class Defaults(NamedTuple):
    """Defaults of a block, sorted by year, day and customer."""

    n_per_year: Integers
    customer: npt.NDArray[np.int32]
    day_ratio: npt.NDArray[np.float32]
    is_political: npt.NDArray[np.bool_]


def with_contagion(defaults: Defaults, key: Words, book: Book, settings: InsuranceSettings) -> Defaults:
    """Add the customers that defaults of their group take with them."""
    n, year = len(book.customer_ids), _year(defaults)
    source, member = _pairs(defaults.customer, book.group)
    drawn = uniform(keys(key, CONTAGION)[year[source]], defaults.customer[source].astype(np.int64) * n + member)
    is_new = ~np.isin(year[source] * n + member, year * n + defaults.customer)
    is_taken = is_new & (drawn < settings.dependence.contagion_ratio)
    source, member = source[is_taken], member[is_taken]
    own = uniform(keys(key, DAY)[year[source]], member)
    begun = defaults.day_ratio[source].astype(np.float64)
    return _with(defaults, year[source], member, _day(begun + (1.0 - begun) * own), n_customers=n)


def with_political(defaults: Defaults, key: Words, book: Book, settings: InsuranceSettings) -> Defaults:
    """Add the political events of countries."""
    codes = sorted(settings.political_probabilities)
    probability = np.array([settings.political_probabilities[code] for code in codes])
    drawn = uniform(keys(key, COUNTRY)[:, None], np.arange(len(codes))[None, :])
    year, country = np.nonzero(drawn < probability)
    day = _day(uniform(keys(key, COUNTRY_DAY)[year], country))
    there = [np.flatnonzero(book.country == code) for code in codes]
    size = np.array([len(customers) for customers in there])[country]
    customer = np.concatenate([np.empty(0, np.int64), *(there[k] for k in country)])
    return _with(
        defaults,
        np.repeat(year, size),
        customer,
        np.repeat(day, size),
        n_customers=len(book.customer_ids),
        is_political=True,
    )


def _year(defaults: Defaults) -> Integers:
    return np.repeat(np.arange(len(defaults.n_per_year)), defaults.n_per_year)


def _pairs(customer: npt.NDArray[np.int32], group: Integers) -> tuple[Integers, Integers]:
    """Each default (its position) with each other member of its group."""
    members = np.argsort(group, kind="stable")
    size = np.bincount(group + 1, minlength=int(group.max(initial=-1)) + 2)
    first = np.cumsum(size) - size
    mine = group[customer] + 1
    n_members = np.where(mine > 0, size[mine], 0)
    source = np.repeat(np.arange(len(customer)), n_members)
    rank = np.arange(len(source)) - np.repeat(np.cumsum(n_members) - n_members, n_members)
    member = members[first[mine[source]] + rank]
    is_other = member != customer[source]
    return source[is_other], member[is_other]


def _with(
    defaults: Defaults,
    year: Integers,
    customer: Integers,
    day: npt.NDArray[np.float32],
    *,
    n_customers: int,
    is_political: bool = False,
) -> Defaults:
    """Add defaults; a customer defaults once a year, with what comes first."""
    years = np.concatenate([_year(defaults), year])
    customers = np.concatenate([defaults.customer, customer.astype(np.int32)])
    days = np.concatenate([defaults.day_ratio, day])
    political = np.concatenate([defaults.is_political, np.full(len(day), is_political)])
    pair = years * n_customers + customers
    order = np.lexsort((political, days, pair))
    order = order[np.diff(pair[order], prepend=-1) > 0]
    order = order[np.lexsort((customers[order], days[order], years[order]))]
    n_per_year = np.bincount(years[order], minlength=len(defaults.n_per_year))
    return Defaults(n_per_year, customers[order], days[order], political[order])


def _day(ratio: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Round down to the steps of the days of other defaults, below 1."""
    return (np.minimum(np.floor(ratio * _DAY_STEPS), _DAY_STEPS - 1.0) / _DAY_STEPS).astype(np.float32)
