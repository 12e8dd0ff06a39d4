"""Securities asked of weak and foreign customers: each kind with its provider, its length and its renewals.

Written over the finished books with chance of its own; a security changes nothing in how customers pay.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic import figures
from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.events import active_until
from riskresearch.ledger.synthetic.spells import Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Floats, Ints, to_dates

HOME_SHARE, UNION_SHARE, OVERSEAS_SHARE, RISK_WEIGHT, LARGEST_SHARE = 0.06, 0.12, 0.75, 0.7, 0.85
RENEWED_SHARE, LATE_RECORD_SHARE, LATE_RECORD_DAYS = 0.85, 0.12, 20
UNION = ("FR", "DE", "BE", "NL", "IT", "ES")
BANKS = ("bank_a", "bank_b", "bank_c", "bank_d")


class Kind(NamedTuple):
    """A kind of security: chance among those of its place, share of the limit, days it lasts (0 = no end)."""

    code: str
    home: float
    overseas: float
    shares: tuple[float, float]
    days: tuple[int, int]
    providers: tuple[str, ...]


KINDS = (
    Kind("retention_of_title", 0.20, 0.0, (0.8, 1.0), (0, 0), ()),
    Kind("deposit", 0.14, 0.05, (0.1, 0.3), (0, 0), ()),
    Kind("bank_guarantee", 0.20, 0.0, (0.3, 0.8), (365, 365), BANKS),
    Kind("parent_guarantee", 0.12, 0.0, (0.5, 1.0), (730, 1096), ("parent_company",)),
    Kind("documentary_credit", 0.0, 0.75, (0.4, 1.1), (90, 150), BANKS),
    Kind("standby_letter", 0.0, 0.20, (0.3, 0.7), (365, 365), BANKS),
    Kind("accepted_bill", 0.14, 0.0, (0.2, 0.5), (60, 90), ()),
    Kind("delegation_of_payment", 0.12, 0.0, (0.3, 0.8), (120, 300), ("main_contractor",)),
    Kind("insured_limit", 0.08, 0.0, (0.5, 1.0), (365, 365), ("credit_insurer",)),
)


def guarantees_table(limits: DataFrame, books: Books, troubles: Troubles, *, risk: Floats, rng: Generator) -> DataFrame:
    """Return canonical table `guarantees` up to the last day.

    Parameters
    ----------
    limits : canonical table; a security is a share of the first own limit
    risk : month x customer, standardised log hazard
    """
    customer = np.flatnonzero(rng.random(books.population.n_customers) < _chances(books, risk))
    kind = _kinds(books, customer, rng)
    rows = _spells(books, troubles, customer, kind, rng)
    own = limits[(limits["limit_kind_code"] == "internal")].drop_duplicates("customer_id")
    granted = own.set_index("customer_id")["base_minor"].reindex(books.customer_ids).fillna(0).to_numpy(dtype=float)
    low, high = np.array([kind.shares for kind in KINDS])[rows["kind"]].T
    minor = np.round(granted[rows["customer"]] * rng.uniform(low, high) / 10_000).astype(np.int64) * 10_000
    late = np.where(rng.random(len(rows)) < LATE_RECORD_SHARE, rng.integers(1, LATE_RECORD_DAYS, len(rows)), 0)
    rows = rows.assign(minor=np.maximum(minor, 50_000), book_day=rows["day"] + late)
    rows = rows[rows["book_day"] <= books.calendar.last_day].sort_values(["day", "customer"], kind="stable")
    return _as_table(rows, books)


def _as_table(rows: DataFrame, books: Books) -> DataFrame:
    codes = np.array([kind.code for kind in KINDS], dtype=object)[rows["kind"]]
    ids = number_ids("G", len(rows))
    start = to_dates(rows["day"].to_numpy())
    return DataFrame(
        {
            "guarantee_id": ids,
            "customer_id": books.customer_ids[rows["customer"].to_numpy()],
            "guarantee_code": codes,
            "start_date": start,
            "end_date": to_dates(rows["end_day"].to_numpy()),
            "recorded_date": to_dates(rows["book_day"].to_numpy()),
            "base_minor": rows["minor"].to_numpy(),
            "provider_code": rows["provider"].to_numpy(),
            "document": [f"{code} {number}" for code, number in zip(codes, ids, strict=True)],
        }
    )


def _chances(books: Books, risk: Floats) -> Floats:
    """Chance by customer that a security is asked for: weak and foreign customers more often."""
    outside, is_home = _is_overseas(books), books.population.is_french
    share = np.where(outside, OVERSEAS_SHARE, np.where(is_home, HOME_SHARE, UNION_SHARE))
    weak = np.where(outside, 1.0, np.exp(RISK_WEIGHT * np.clip(risk.mean(axis=0), -2.0, 2.0)))
    private = books.population.kind == 0
    return np.minimum(share * weak, LARGEST_SHARE) * private


def _is_overseas(books: Books) -> np.ndarray:
    codes = np.array([country.code for country in figures.COUNTRIES], dtype=object)
    return ~np.isin(codes[books.population.country], UNION)


def _kinds(books: Books, customer: Ints, rng: Generator) -> Ints:
    shares = {name: np.array([getattr(kind, name) for kind in KINDS]) for name in ("home", "overseas")}
    draw = rng.random(len(customer))
    by_place = [np.searchsorted(np.cumsum(share / share.sum()), draw, side="right") for share in shares.values()]
    return np.where(_is_overseas(books)[customer], by_place[1], by_place[0]).astype(np.int64)


def _spells(books: Books, troubles: Troubles, customer: Ints, kind: Ints, rng: Generator) -> DataFrame:
    """One row per security and renewal while the customer is in business, the first within its first years."""
    p, calendar = books.population, books.calendar
    until = np.minimum(active_until(books, troubles), calendar.last_day + 1)
    begin = np.maximum(p.start_day, calendar.first_day)
    rows = []
    for who, what in zip(customer.tolist(), kind.tolist(), strict=True):
        low, high = KINDS[what].days
        provider = str(rng.choice(KINDS[what].providers)) if KINDS[what].providers else None
        day = int(begin[who] + rng.integers(0, 400))
        while day < until[who]:
            end = day + int(rng.integers(low, high + 1)) - 1 if low else NEVER
            rows.append((who, what, day, end, provider))
            day = end + 1 if rng.random() < RENEWED_SHARE else end + int(rng.integers(20, 200))
    made = DataFrame(rows, columns=["customer", "kind", "day", "end_day", "provider"])
    typed = dict.fromkeys(("customer", "kind", "day", "end_day"), "int64")
    return made.astype(typed).assign(provider=Series(made["provider"], dtype="str"))
