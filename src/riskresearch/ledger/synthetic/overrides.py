"""Decisions on limits against the proposal, most within the policy of the demonstration, some against it.

Written over the finished books with chance of its own: the limit decided is the one that came into force that day.
Weak customers are favoured more often, so what became of them can be measured.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series

from riskresearch.ledger.synthetic.books import Books, number_ids
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Floats, Ints, to_dates

OVERRIDE_DAYS, OVERRIDE_SHARE, RISK_WEIGHT, RAISED_SHARE, RENEWED_SHARE = 730, 0.2, 0.5, 0.75, 0.35
LEVELS = (("credit_analyst", 10_000), ("credit_manager", 100_000), ("finance_director", 500_000))
HIGHEST, ASKING, FOUR_EYES_AMOUNT, LONGEST_DAYS = "managing_director", "sales", 50_000, 180
RAISED_REASONS = (
    "strategic_customer",
    "security_received",
    "insured_elsewhere",
    "paid_since",
    "seasonal_peak",
    "other",
)
RAISED_SHARES = (0.30, 0.15, 0.15, 0.15, 0.15, 0.10)
LOWERED_REASONS, LOWERED_SHARES = ("information_not_in_model", "model_error", "other"), (0.65, 0.2, 0.15)
EVIDENCE = ("note of the credit committee", "letter of the customer", "visit report", "bank's confirmation")
TOO_LOW_SHARE, SELF_SHARE, ONE_PAIR_SHARE, TOO_LONG_SHARE, ENDLESS_SHARE, NO_EVIDENCE_SHARE = (
    0.10, 0.04, 0.35, 0.12, 0.08, 0.15,
)  # fmt: skip


def overrides_table(limits: DataFrame, books: Books, *, risk: Floats, rng: Generator) -> DataFrame:
    """Return canonical table `overrides` of the last two years, up to the last day.

    Parameters
    ----------
    limits : canonical table
    risk : month x customer, standardised log hazard
    """
    chosen, renewed, written = rng.spawn(3)
    rows = _decisions(limits, books, risk, chosen)
    rows = pd.concat([rows, _renewals(rows, books, renewed)], ignore_index=True)
    rows = rows.sort_values(["day", "customer"], kind="stable", ignore_index=True)
    lag = np.where(written.random(len(rows)) < 0.1, written.integers(1, 6, len(rows)), 0)
    booked = rows["day"].to_numpy() + lag
    known = booked <= books.calendar.last_day
    table = DataFrame(
        {
            "override_id": number_ids("V", len(rows)),
            "customer_id": books.customer_ids[rows["customer"].to_numpy()],
            "decided_date": to_dates(rows["day"].to_numpy()),
            "recorded_date": to_dates(booked),
            **_signed(rows, written),
            "proposed_minor": rows["proposed"].to_numpy() * 100,
            "final_minor": rows["final"].to_numpy() * 100,
            "end_date": to_dates(rows["end_day"].to_numpy()),
        }
    )
    return table[known]


def _decisions(limits: DataFrame, books: Books, risk: Floats, rng: Generator) -> DataFrame:
    """Own limits of the last two years that were not what the proposal said, with the day the next one came."""
    own = limits[limits["limit_kind_code"] == "internal"].sort_values(["customer_id", "start_date"], kind="stable")
    day = own["start_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    customer = books.customer_ids.get_indexer(own["customer_id"])
    following = np.r_[day[1:], NEVER]
    following = np.where(np.r_[customer[1:], -1] == customer, following, NEVER)
    month = np.clip(books.calendar.month_of(day), 0, len(risk) - 1)
    chance = OVERRIDE_SHARE * np.exp(RISK_WEIGHT * np.clip(risk[month, customer], -2.0, 2.0))
    first = max(books.calendar.last_day - OVERRIDE_DAYS, books.calendar.first_day)
    final = own["base_minor"].to_numpy(dtype=np.int64) // 100
    kept = (rng.random(len(own)) < chance) & (day >= first) & (final > 0)
    rows = DataFrame({"customer": customer, "day": day, "final": final, "following": following})[kept]
    raised = rng.random(len(rows)) < RAISED_SHARE
    ratio = np.where(raised, rng.uniform(0.3, 0.85, len(rows)), rng.uniform(1.15, 1.8, len(rows)))
    proposed = np.round(rows["final"].to_numpy() * ratio / 100).astype(np.int64) * 100
    return rows.assign(proposed=proposed, end_day=_ends(rows["day"].to_numpy(), rng))[proposed != rows["final"]]


def _ends(day: Ints, rng: Generator) -> Ints:
    """Last day of each decision: within half a year; some longer than allowed, some without end."""
    draw, n = rng.random(len(day)), len(day)
    usual, long = rng.integers(30, LONGEST_DAYS + 1, n), rng.integers(LONGEST_DAYS + 30, 400, n)
    length = np.where(draw < TOO_LONG_SHARE, long, usual)
    return np.where(draw > 1 - ENDLESS_SHARE, NEVER, day + length)


def _renewals(rows: DataFrame, books: Books, rng: Generator) -> DataFrame:
    """Decisions taken again when they end, as long as the limit is the same."""
    made, current = [rows.iloc[:0]], rows
    while len(current):
        day = current["end_day"].to_numpy() + 1
        due = (day < current["following"].to_numpy()) & (day <= books.calendar.last_day)
        current = current.assign(day=day)[due & (rng.random(len(current)) < RENEWED_SHARE)]
        current = current.assign(end_day=_ends(current["day"].to_numpy(), rng))
        made.append(current)
    return pd.concat(made, ignore_index=True)


def _signed(rows: DataFrame, rng: Generator) -> DataFrame:
    """Who asked and who approved, why, and on what evidence."""
    n, final = len(rows), rows["final"].to_numpy()
    raised: Bools = final > rows["proposed"].to_numpy()
    names = np.array([name for name, _ in LEVELS] + [HIGHEST], dtype=object)
    needed = np.searchsorted([amount for _, amount in LEVELS], final, side="left")
    level = np.where(raised, needed, np.maximum(needed, 1))
    lowered = np.maximum(level - (rng.random(n) < TOO_LOW_SHARE), 0)
    approver = np.where(rng.random(n) < SELF_SHARE, ASKING, names[lowered])
    second = np.where(level < len(LEVELS), level + 1, level - 1)
    two = (final >= FOUR_EYES_AMOUNT) & (rng.random(n) >= ONE_PAIR_SHARE)
    reasons = np.where(
        raised, rng.choice(RAISED_REASONS, n, p=RAISED_SHARES), rng.choice(LOWERED_REASONS, n, p=LOWERED_SHARES)
    )
    return DataFrame(
        {
            "requester_code": np.where(raised, ASKING, "credit_analyst"),
            "approver_code": approver,
            "second_approver_code": Series(names[second], dtype="str").where(two),
            "reason_code": reasons,
            "evidence": Series(rng.choice(EVIDENCE, n), dtype="str").where(rng.random(n) >= NO_EVIDENCE_SHARE),
        }
    )
