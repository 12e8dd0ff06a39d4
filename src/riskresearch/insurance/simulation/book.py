"""A book of customers laid out for the simulation."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.events import N_MONTHS
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation.factors import has_sectors, thresholds
from riskresearch.insurance.simulation.hazards import Link, link_table
from riskresearch.insurance.simulation.severity import Severities, severities

STATUTORY_TERMS_DAYS = 30.0
"""Terms in a book where none are known: 30 days from delivery, Directive 2011/7/EU article 3.2."""
_IDLE_POINTS = 0.2  # a bucket costs each year about as much as so many points that find nobody


class Line(NamedTuple):
    """Customers that may default, side by side by sector and threshold, in buckets that leave few points idle.

    Parameters
    ----------
    threshold, customer : of each place in the line; customers are counted by id
    first : first place of each bucket, and the number of places
    highest : highest threshold of each bucket
    sector : sector of each bucket
    certain : customers that default every year
    """

    threshold: Array
    customer: npt.NDArray[np.int32]
    first: Integers
    highest: Array
    sector: Integers
    certain: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Book:
    """All the simulation needs to know of the customers, sorted by id.

    Parameters
    ----------
    customer_ids : ids, sorted
    exposure : owed in each month of the policy year, customer x month
    p_default : probability of default within the year
    line : customers that may default
    n_sectors : number of sectors with a factor of their own; 1 where the model has none
    link : hazard of an index
    severities : law of loss given default of each customer
    after_cut_ratio : share of the exposure delivered after a cut of the limit; 0 = no named limit to cut
    group : number of the group of each customer; -1 = none or alone in it
    country : ISO code of each customer; empty = unknown
    """

    customer_ids: npt.NDArray[np.object_]
    exposure: Array
    p_default: Array
    line: Line
    n_sectors: int
    link: Link
    severities: Severities
    after_cut_ratio: npt.NDArray[np.float32]
    group: Integers
    country: npt.NDArray[np.object_]


def make_book(
    exposures: DataFrame, settings: InsuranceSettings, *, months: DataFrame | None, policy_start_month: int
) -> Book:
    """Lay out a book; see `riskresearch.insurance.simulation.simulate`."""
    ordered = exposures.sort_values("customer_id", ignore_index=True)
    dependence = settings.dependence
    p_default = ordered["pd_12m"].to_numpy(dtype="float64")
    sector, n_sectors = np.zeros(len(ordered), dtype=np.int64), 1
    if has_sectors(dependence):
        sector, names = ordered[dependence.sector_axis].astype(object).factorize(sort=True, use_na_sentinel=True)
        sector, n_sectors = np.where(sector < 0, len(names), sector), len(names) + 1
    mean = ordered["lgd_ratio"].fillna(settings.lgd_ratio).to_numpy(dtype="float64")
    return Book(
        ordered["customer_id"].to_numpy(dtype=object),
        _exposure(ordered, months if settings.use_season else None, start=policy_start_month),
        p_default,
        _line(p_default, thresholds(p_default, dependence), sector),
        n_sectors,
        link_table(dependence.gamma_variance if dependence.model_code == "gamma" else 0.0),
        severities(mean, concentration=settings.lgd_concentration),
        _after_cut(ordered, settings),
        _groups(ordered["group_id"]) if dependence.contagion_ratio else np.full(len(ordered), -1, dtype=np.int64),
        ordered["country_code"].fillna("").to_numpy(dtype=object),
    )


def _line(p_default: Array, threshold: Array, sector: Integers) -> Line:
    open_ones = np.flatnonzero((p_default > 0) & (p_default < 1))
    place = open_ones[np.lexsort((threshold[open_ones], sector[open_ones]))]
    edge = np.append(np.flatnonzero(np.diff(sector[place], prepend=-1)), len(place))
    hazard = -np.log1p(-p_default[place])
    first = np.array([*(k for pair in pairwise(edge) for k in _buckets(hazard, *pair)), len(place)], dtype=np.int64)
    return Line(
        threshold[place],
        place.astype(np.int32),
        first,
        threshold[place][first[1:] - 1],
        sector[place][first[:-1]],
        np.flatnonzero(p_default == 1).astype(np.int32),
    )


def _buckets(hazard: Array, start: int, end: int) -> list[int]:
    """First place of each bucket of a sector, whose hazards rise.

    All customers of a bucket are given as many points as its last one; what they do not need is idle.
    """
    first = [end]
    while first[0] > start:
        falling = hazard[start : first[0]][::-1]
        idle = np.cumsum(falling[0] - falling)
        first.insert(0, first[0] - int(np.searchsorted(idle, _IDLE_POINTS, side="right")))
    return first[:-1]


def _exposure(ordered: DataFrame, months: DataFrame | None, *, start: int) -> Array:
    """Owed by each customer in each month of the policy year."""
    amount = ordered["exposure_amount"].to_numpy(dtype="float64")
    ratio = np.ones((len(ordered), N_MONTHS))
    if months is not None and len(months):
        wide = months.pivot(index="customer_id", columns="month_number", values="exposure_ratio")
        wide = wide.reindex(columns=range(1, N_MONTHS + 1))
        broken = wide.isna().any(axis=1)
        if broken.any():
            raise TableError(
                f"exposure_months: {int(broken.sum())} customers ({first_keys(wide.index[broken])}) lack some of the "
                "months 1 to 12; give a customer all twelve, or none for the same exposure all year"
            )
        known = wide.reindex(ordered["customer_id"]).to_numpy(dtype="float64")
        ratio = np.where(np.isnan(known), 1.0, known)
    return np.ascontiguousarray(np.roll(ratio, 1 - start, axis=1) * amount[:, None])


def _after_cut(ordered: DataFrame, settings: InsuranceSettings) -> npt.NDArray[np.float32]:
    """Share of the exposure delivered within the days between a cut and the default, deliveries being even.

    Customers without known terms are given the mean of the others.
    """
    terms = ordered["terms_days"].astype("float64")
    known = terms.fillna(terms.mean()).fillna(STATUTORY_TERMS_DAYS)
    window = known.to_numpy(dtype="float64") + settings.deliveries_after_days
    lead = float(settings.cuts.lead_days)
    share = np.divide(lead, window, out=np.ones_like(window), where=window > lead)
    is_named = ordered["buyer_limit_amount"].gt(0).to_numpy(dtype=bool)
    return np.where(is_named & (lead > 0), share, 0.0).astype(np.float32)


def _groups(group_id: Series) -> Integers:
    """Number of the group of each customer that shares it with another one."""
    shared = group_id.map(group_id.value_counts()).gt(1)
    return np.asarray(group_id.where(shared).astype(object).factorize(sort=True)[0], dtype=np.int64)
