"""Who the customers are: traits that stay, drawn once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.figures import column
from riskresearch.ledger.synthetic.timeline import RUN_IN_MONTHS, Bools, Calendar, Floats, Ints

PRESENT_SHARE = 0.65
GROUP_SHARE = 0.09
QUALITY_SD = 0.75
HABIT_QUALITY_CORRELATION = -0.30
SECTOR_POWER = 2.0
PUBLIC_LOG_RATIO, RELATED_LOG_RATIO = -2.5, -3.5


@dataclass(frozen=True)
class Population:
    """Traits by customer; indices point into the tables of `figures`."""

    sector: Ints
    size: Ints
    country: Ints
    region: Ints
    kind: Ints
    terms: Ints
    run: Ints
    method: Ints
    group: Ints
    name: Ints
    start_month: Ints
    start_day: Ints
    quality: Floats
    habit: Floats
    orders_per_month: Floats
    invoice_amount: Floats
    is_contract: Bools
    takes_discount: Bools
    bills_at_month_end: Bools

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return len(self.sector)

    @property
    def risk_offset(self) -> Floats:
        """Lasting part of the log hazard of default: sector, size, kind of debtor and own quality."""
        kinds = np.array([0.0, PUBLIC_LOG_RATIO, 0.0, RELATED_LOG_RATIO])
        sizes = column(figures.SIZES, "failure_log_ratio")
        return sector_log_ratios()[self.sector] + sizes[self.size] + kinds[self.kind] - QUALITY_SD * self.quality

    @property
    def cycle(self) -> Ints:
        """Cyclicality class of the sector."""
        return column(figures.SECTORS, "cycle").astype(np.int64)[self.sector]

    @property
    def is_french(self) -> Bools:
        """Customers in the first country of the table."""
        return self.country == 0


def sector_log_ratios() -> Floats:
    """Return the log hazard of each sector relative to the others.

    The ratio of its shares enters with a power: where hazards are high already they saturate, so a sector
    needs more than that ratio to reach its share of failures.
    """
    failures = column(figures.SECTORS, "failure_share") / column(figures.SECTORS, "customer_share")
    return SECTOR_POWER * np.log(failures)


def draw_population(calendar: Calendar, *, n_customers: int, invoices_per_month: float, rng: Generator) -> Population:
    """Return the customers of a ledger in order of their number.

    Parameters
    ----------
    calendar : months of the world
    n_customers : number of customers
    invoices_per_month : mean number of invoices of an active customer in a month
    rng : source of chance
    """
    n = n_customers
    size = _choose(column(figures.SIZES, "share"), n, rng)
    kind = _choose(np.array([share for _, share in figures.DEBTOR_KINDS]), n, rng)
    country = np.where(kind == 1, 0, _choose(column(figures.COUNTRIES, "share"), n, rng))
    group = _groups(n, rng)
    quality = _shared_quality(group, rng)
    start_month, start_day = _starts(calendar, n, rng)
    orders = column(figures.SIZES, "orders_ratio")
    mean_orders = float(orders @ column(figures.SIZES, "share"))
    return Population(
        sector=_choose(column(figures.SECTORS, "customer_share"), n, rng),
        size=size,
        country=country,
        region=_choose(np.array([share for _, share, _ in figures.REGIONS]), n, rng),
        kind=kind,
        terms=_choose(np.array([share for _, _, share in figures.TERMS]), n, rng),
        run=_choose(np.array([share for _, share in figures.PAYMENT_RUNS]), n, rng),
        method=_choose(np.array([share for _, share in figures.PAYMENT_METHODS]), n, rng),
        group=group,
        name=rng.integers(0, len(figures.FAMILY_NAMES), n),
        start_month=start_month,
        start_day=start_day,
        quality=quality,
        habit=_habits(quality, kind, rng),
        orders_per_month=invoices_per_month * orders[size] / mean_orders * rng.gamma(4.0, 0.25, n),
        invoice_amount=column(figures.SIZES, "invoice_amount")[size] * np.exp(rng.normal(0, 0.45, n)),
        is_contract=rng.random(n) < 0.45,
        takes_discount=rng.random(n) < 0.09,
        bills_at_month_end=rng.random(n) < 0.30,
    )


def customers_table(population: Population, ids: pd.Index) -> DataFrame:
    """Return canonical table `customers`; names are synthetic and obviously fictitious."""
    p = population
    regions = np.array([code for code, _, _ in figures.REGIONS], dtype=object)[p.region]
    groups = pd.Series(p.group).map("G{:03d}".format).where(p.group >= 0)
    names = np.array(figures.FAMILY_NAMES, dtype=object)[p.name]
    start = p.start_day.astype("datetime64[D]").astype("datetime64[us]")
    return DataFrame(
        {
            "customer_id": ids,
            "customer_name": [f"{name} {number}" for name, number in zip(names, ids, strict=True)],
            "group_id": groups,
            "country_code": np.array([row.code for row in figures.COUNTRIES], dtype=object)[p.country],
            "region_code": pd.Series(regions).where(p.is_french),
            "sector_code": np.array([row.code for row in figures.SECTORS], dtype=object)[p.sector],
            "size_code": np.array([row.code for row in figures.SIZES], dtype=object)[p.size],
            "customer_type_code": np.array([code for code, _ in figures.DEBTOR_KINDS], dtype=object)[p.kind],
            "relationship_start_date": start,
        }
    )


def _choose(shares: Floats, n: int, rng: Generator) -> Ints:
    return rng.choice(len(shares), size=n, p=shares / shares.sum())


def _groups(n: int, rng: Generator) -> Ints:
    """Group number of each customer, -1 for the independent ones; members are two to five."""
    group = np.full(n, -1, dtype=np.int64)
    members = rng.permutation(n)[: round(GROUP_SHARE * n)]
    sizes = rng.integers(2, 6, len(members))
    ends = np.cumsum(sizes)
    number = np.searchsorted(ends, np.arange(len(members)), side="right")
    counts = np.bincount(number, minlength=1)
    group[members] = np.where(counts[number] > 1, number, -1)
    return group


def _shared_quality(group: Ints, rng: Generator) -> Floats:
    """Standard normal quality; half of its variance is common to a group."""
    own, common = rng.normal(size=len(group)), rng.normal(size=len(group))
    shared = np.sqrt(0.5) * own + np.sqrt(0.5) * common[np.maximum(group, 0)]
    return np.where(group >= 0, shared, own)


def _habits(quality: Floats, kind: Ints, rng: Generator) -> Floats:
    """Lasting lateness, in standard deviations: weakly tied to quality, high for public bodies."""
    rho = HABIT_QUALITY_CORRELATION
    habit = rho * quality + np.sqrt(1 - rho**2) * rng.normal(size=len(quality))
    return habit + np.where(kind == 1, 1.1, 0.0)


def _starts(calendar: Calendar, n: int, rng: Generator) -> tuple[Ints, Ints]:
    """Month and day of the first order; customers present from the start have an older relation."""
    joins = rng.random(n) >= PRESENT_SHARE
    months = rng.integers(RUN_IN_MONTHS, RUN_IN_MONTHS + calendar.n_ledger_months, n)
    month = np.where(joins, months, 0)
    length = calendar.starts[month + 1] - calendar.starts[month]
    joined = calendar.starts[month] + (rng.random(n) * length).astype(np.int64)
    older = calendar.starts[0] - (rng.gamma(1.6, 1_400.0, n)).astype(np.int64).clip(1, 12_000)
    return month, np.where(joins, np.minimum(joined, calendar.last_day), older)
