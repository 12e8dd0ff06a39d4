"""What is heard of customers: judgements, write-offs, recoveries, returned payments and weaker signals."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.items import WRITE_OFF, Settlement
from riskresearch.ledger.synthetic.spells import CURE, LIQUIDATION, REORGANISATION, RESCUE, SETTLEMENT, Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Floats, Ints, to_dates

LITIGATION_SHARE, MORATORIUM_SHARE, CLAIM_SHARE = 0.4, 0.4, 0.35
PUBLICATION_LAG_SHARE = 0.3


class Signal(NamedTuple):
    """A weak signal: chance in a month, how strongly stress and risk raise it, who reports it."""

    code: str
    rate: float
    stress_weight: float
    risk_weight: float
    source_code: str


SIGNALS = (
    Signal("terms_request", 0.0035, 0.6, 0.0, "sales"),
    Signal("bank_change", 0.0040, 0.2, 0.0, "accounting"),
    Signal("management_change", 0.0060, 0.0, 0.1, "register"),
    Signal("legal_notice", 0.0006, 0.0, 1.0, "register"),
)


def events_table(
    settlement: Settlement,
    rows: DataFrame,
    books: Books,
    *,
    troubles: Troubles,
    stress: Floats,
    risk: Floats,
    rng: Generator,
) -> DataFrame:
    """Return canonical table `events` up to the last day.

    Parameters
    ----------
    settlement : items as they are settled
    rows : postings
    stress, risk : month x customer, what shows in the way of paying, and standardised log hazard
    """
    parts = [
        *_spell_events(settlement, troubles.spells, rng),
        _returned(rows),
        *(_signals(signal, books, troubles, stress=stress, risk=risk, rng=rng) for signal in SIGNALS),
    ]
    found = pd.concat(parts, ignore_index=True)
    known = (found["book_day"] <= books.calendar.last_day) & (found["book_day"] >= books.calendar.first_day)
    found = found[known].sort_values(["day", "customer", "code"], kind="stable", ignore_index=True)
    return DataFrame(
        {
            "event_id": number_ids("E", len(found)),
            "customer_id": books.customer_ids[found["customer"].to_numpy()],
            "event_code": found["code"],
            "event_date": to_dates(found["day"].to_numpy()),
            "recorded_date": to_dates(found["book_day"].to_numpy()),
            "base_minor": found["base"].astype("Int64"),
            "source_code": found["source"],
        }
    )


def _events(
    code: str, customer: Ints, day: Ints, *, source: str, base: Ints | None = None, lag: Ints | int = 0
) -> DataFrame:
    """Events that become known on `day` and happened `lag` days before."""
    frame = DataFrame({"code": code, "customer": customer, "day": day - lag, "book_day": day, "source": source})
    return frame.assign(base=pd.array([pd.NA] * len(frame), dtype="Int64") if base is None else base)


def _spell_events(settlement: Settlement, spells: DataFrame, rng: Generator) -> list[DataFrame]:
    """Events of defaults and their ends; nothing here is known before the day of default."""
    n = len(spells)
    customer, default, end = (spells[name].to_numpy() for name in ("customer", "default_day", "end"))
    lost, judgement = spells["write_off_day"].to_numpy(), spells["judgement_day"].to_numpy()
    judged = np.isin(end, (LIQUIDATION, REORGANISATION))
    lag = np.where(rng.random(n) < PUBLICATION_LAG_SHARE, rng.integers(1, 11, n), 0)
    pursued = np.isin(end, (SETTLEMENT, LIQUIDATION)) & (rng.random(n) < LITIGATION_SHARE)
    agreed = (end == SETTLEMENT) & (rng.random(n) < MORATORIUM_SHARE)
    claimed = ~np.isin(end, (RESCUE, CURE)) & (rng.random(n) < CLAIM_SHARE)
    written = _written_off(settlement.items, customer)
    recovered = np.round(written * spells["recovery_ratio"].to_numpy()).astype(np.int64)
    recovery = spells["recovery_day"].to_numpy()
    return [
        _events("insolvency", customer, judgement, source="gazette", lag=lag)[judged],
        _events("insolvency_closed", customer, lost + rng.integers(30, 500, n), source="gazette", lag=lag)[judged],
        _events("write_off", customer, lost, source="accounting", base=written)[(end >= SETTLEMENT) & (written > 0)],
        _events("recovery", customer, recovery, source="accounting", base=recovered)[recovered > 0],
        _events("litigation", customer, default + rng.integers(15, 50, n), source="legal")[pursued],
        _events("moratorium", customer, default + rng.integers(10, 50, n), source="credit")[agreed],
        _events("insurer_claim", customer, default + rng.integers(20, 60, n), source="credit")[claimed],
    ]


def _written_off(items: DataFrame, customer: Ints) -> Ints:
    """Run-currency cents written off, by spell; a customer is written off at most once."""
    lost = items[items["kind"] == WRITE_OFF].groupby("customer")["base"].sum()
    return lost.reindex(customer, fill_value=0).to_numpy()


def _returned(rows: DataFrame) -> DataFrame:
    back = rows[rows["sign"] < 0]
    return _events(
        "returned_payment",
        back["customer"].to_numpy(),
        back["book_day"].to_numpy(),
        source="bank",
        base=-back["base"].to_numpy(),
    )


def _signals(
    signal: Signal, books: Books, troubles: Troubles, *, stress: Floats, risk: Floats, rng: Generator
) -> DataFrame:
    """Weak signals while the customer is in business, some of them from healthy ones."""
    strength = signal.stress_weight * np.clip(stress, -3, 3) + signal.risk_weight * np.clip(risk, -3, 3)
    rate = signal.rate * np.exp(strength)
    month, customer = np.nonzero(rng.random(rate.shape) < rate)
    day = books.calendar.starts[month] + rng.integers(0, 28, len(month))
    until = active_until(books, troubles)
    alive = (day < until[customer]) & (month >= books.population.start_month[customer] + 1)
    lag = rng.integers(0, 8, len(month)) if signal.source_code == "register" else np.zeros(len(month), dtype=np.int64)
    return _events(signal.code, customer[alive], day[alive], source=signal.source_code, lag=lag[alive])


def active_until(books: Books, troubles: Troubles) -> Ints:
    """Return by customer the day on which business ended: it left, or defaulted for good; else `NEVER`."""
    starts = np.r_[books.calendar.starts, NEVER]
    until = starts[np.minimum(troubles.left_month, len(starts) - 1)]
    final = troubles.spells[troubles.spells["end"] >= SETTLEMENT]
    until[final["customer"]] = np.minimum(until[final["customer"]], final["default_day"])
    return until
