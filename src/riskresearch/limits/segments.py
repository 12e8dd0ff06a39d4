"""Segment a customer meets and segment it holds at each review: down at once, up slowly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.policy.rule import SEGMENTS
from riskresearch.limits.policy.rules import SegmentException
from riskresearch.limits.policy.segment import EntryConditions, NewCustomerRule

Ranks = NDArray[np.int64]
Flags = NDArray[np.bool_]

BEST, WITHOUT_PD, DEFAULTED = 0, 1, SEGMENTS.index("defaulted")
CONDITIONS = {
    "pd_above": ("pd_12m", "pd_max_ratio"),
    "days_beyond_terms_above": ("days_beyond_terms_12m", "days_beyond_terms_max"),
    "past_due_above": ("past_due_max_days", "past_due_max_days"),
    "incidents_above": ("n_incidents_12m", "n_incidents_max"),
    "signals_above": ("n_signals", "n_signals_max"),
}
"""Reason, column of `limit_inputs` and bound of the policy; the first that is broken is the reason."""
SEGMENT_REASONS = (
    "in_proceedings",
    "in_default",
    "exception",
    "reviews_awaited",
    "inside_band",
    "pd_unknown",
    *CONDITIONS,
    "all_met",
)

LIMIT_SEGMENTS = Table(
    "limit_segments",
    "limits",
    "one row per customer and day of review",
    ("customer_id", "review_date"),
    (
        Column("customer_id", "text", "customer account"),
        Column("review_date", "date", "day of the review"),
        Column("met_segment_code", "code", "best segment whose conditions it meets on that day", False, SEGMENTS),
        Column("segment_code", "code", "segment held: left downwards at once, upwards one by one", False, SEGMENTS),
        Column("dunning_scenario_code", "code", "scenario of dunning of that segment", False, SEGMENTS),
        Column("is_new", "bool", "new customer: few paid invoices and few months"),
        Column("n_good_reviews", "int", "reviews in a row at which it met the segment it held, or a better one"),
        Column("n_better_reviews", "int", "reviews in a row at which it met a better segment, bounds less the band"),
        Column("reason_code", "code", "why the segment is not better", False, SEGMENT_REASONS),
    ),
)


def segments_on(inputs: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return table `limit_segments`: the segment each customer meets and holds at each of its reviews.

    A customer starts in the segment whose conditions it meets. It falls at once to the segment it meets. It rises
    by one segment after `upgrade_reviews` reviews in a row at which it met a better one with every bound lowered
    by `upgrade_band_ratio`; the next rise needs as many again. In default or in proceedings it is in the last
    segment, whatever else holds. An exception lays its segment down while it holds; afterwards the customer moves
    on from there.

    Parameters
    ----------
    inputs : table `limit_inputs`, rows in any order
    policy : entry conditions, movement, rule for new customers, exceptions

    Notes
    -----
    Without a PD a customer is at best in the second segment. Days beyond terms and warnings that are not known
    break no condition. Without tenure a customer counts as new.
    """
    rows = inputs.sort_values(["review_date", "customer_id"], kind="stable", ignore_index=True)
    broken = [_first_broken(rows, segment.entry, rank) for rank, segment in enumerate(policy.segments)]
    band = 1 - policy.movement.upgrade_band_ratio
    inside = [_first_broken(rows, segment.entry, rank, share=band) for rank, segment in enumerate(policy.segments)]
    fallen = (rows["is_in_default"].astype(bool) | rows["is_in_proceedings"].astype(bool)).to_numpy()
    met, clear = _met(broken, fallen), _met(inside, fallen)
    laid_down = np.where(fallen, -1, _laid_down(rows, policy.exceptions))
    held, n_good, n_better = _path(rows, met, clear, laid_down, policy.movement.upgrade_reviews)
    frame = DataFrame(
        {
            "met_segment_code": np.array(SEGMENTS)[met],
            "segment_code": np.array(SEGMENTS)[held],
            "dunning_scenario_code": np.array([s.dunning_scenario_code for s in policy.segments])[held],
            "is_new": is_new(rows, policy.new_customers),
            "n_good_reviews": n_good,
            "n_better_reviews": n_better,
            "reason_code": _reasons(rows, broken, met, clear, held, laid_down >= 0),
        }
    )
    keys = rows[["customer_id", "review_date"]]
    return keys.join(frame).sort_values(["customer_id", "review_date"], kind="stable", ignore_index=True)


def is_new(rows: DataFrame, rule: NewCustomerRule) -> Series:
    """Tell who is a new customer: fewer paid invoices than the rule says, and few months; unknown counts as few.

    Parameters
    ----------
    rows : ``n_paid_invoices tenure_months``
    rule : bounds
    """
    months = rows["tenure_months"].astype("float64").fillna(0.0)
    return (rows["n_paid_invoices"] < rule.paid_invoices_max).astype(bool) & (months <= rule.tenure_max_months)


def _first_broken(rows: DataFrame, entry: EntryConditions, rank: int, *, share: float = 1.0) -> NDArray[np.str_]:
    """First condition of a segment that each row breaks, empty where it breaks none."""
    reasons = {"pd_unknown": rows["pd_12m"].isna() & (rank < WITHOUT_PD)}
    for reason, (column, name) in CONDITIONS.items():
        bound = getattr(entry, name)
        most = np.inf if bound is None else round(bound * share, 12)
        reasons[reason] = rows[column].astype("float64") > most
    return np.select(list(reasons.values()), list(reasons), "")


def _met(broken: Sequence[NDArray[np.str_]], fallen: Flags) -> Ranks:
    """Rank of the best segment without a broken condition; the segment of default is not entered otherwise."""
    is_met = np.column_stack([reason == "" for reason in broken[:DEFAULTED]])
    return np.where(fallen, DEFAULTED, is_met.argmax(axis=1))


def _laid_down(rows: DataFrame, exceptions: Sequence[SegmentException]) -> Ranks:
    """Rank of the segment an exception lays down, -1 for none."""
    found = np.full(len(rows), -1)
    for exception in exceptions:
        if exception.segment_code is None:
            continue
        holds = (rows["customer_id"] == exception.customer_id) & (rows["review_date"] <= Timestamp(exception.end_date))
        if exception.start_date is not None:
            holds &= rows["review_date"] >= Timestamp(exception.start_date)
        found[holds.to_numpy()] = SEGMENTS.index(exception.segment_code)
    return found


def _path(rows: DataFrame, met: Ranks, clear: Ranks, laid_down: Ranks, n_needed: int) -> tuple[Ranks, Ranks, Ranks]:
    """Segment held, good reviews and better reviews in a row; rows are in order of days, one per customer and day."""
    who, customers = rows["customer_id"].factorize()
    state = np.full(len(customers), -1)
    good, better = np.zeros(len(customers), "int64"), np.zeros(len(customers), "int64")
    held, n_good, n_better = (np.zeros(len(rows), "int64") for _ in range(3))
    for day in _days(rows["review_date"]):
        at, meets, fixed = who[day], met[day], laid_down[day]
        before = np.where(state[at] < 0, meets, state[at])
        n_clear = np.where(clear[day] < before, better[at] + 1, 0)
        rises = (n_clear >= n_needed) & (fixed < 0)
        state[at] = np.where(fixed >= 0, fixed, np.where(rises, before - 1, np.maximum(before, meets)))
        is_good = (meets <= np.where(fixed >= 0, fixed, before)) & (meets < DEFAULTED)
        good[at], better[at] = np.where(is_good, good[at] + 1, 0), np.where(rises, 0, n_clear)
        held[day], n_good[day], n_better[day] = state[at], good[at], better[at]
    return held, n_good, n_better


def _days(dates: Series) -> list[Ranks]:
    """Positions of the rows of each day, in order."""
    is_first = dates.to_numpy()[1:] != dates.to_numpy()[:-1]
    return np.split(np.arange(len(dates)), np.flatnonzero(is_first) + 1)


def _reasons(
    rows: DataFrame, broken: Sequence[NDArray[np.str_]], met: Ranks, clear: Ranks, held: Ranks, is_laid_down: Flags
) -> NDArray[np.str_]:
    """Why the segment held is not better: the first condition of the next better one that is broken, or what holds."""
    better = np.choose(np.maximum(met - 1, 0), broken)
    cases = {
        "in_proceedings": rows["is_in_proceedings"].to_numpy(bool),
        "in_default": rows["is_in_default"].to_numpy(bool),
        "exception": is_laid_down,
        "reviews_awaited": clear < held,
        "inside_band": met < held,
        "all_met": met == BEST,
    }
    return np.select(list(cases.values()), list(cases), better)
