"""How a limit moves from review to review: down at once, up slowly, not at all for small changes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.limits.policy.policy import CreditPolicy

MOVE_CODES = ("new", "raise", "keep", "lower", "block")
MOVE_REASONS = (
    "first_limit",
    "opened_again",
    "raise_in_full",
    "raise_in_part",
    "raise_budget_used",
    "good_reviews_missing",
    "inside_band",
    "need_remembered",
    "proposal_lower",
    "proposal_zero",
    "in_default",
    "no_proposal",
)
LIMIT_PATH = Table(
    "limit_path",
    "limits",
    "one row per customer and day of review",
    ("customer_id", "review_date"),
    (
        Column("customer_id", "text", "customer account"),
        Column("review_date", "date", "day of the review; the limit holds from its end on"),
        Column("previous_amount", "float", "limit in force before the review, run currency; empty = none yet", True),
        Column("proposed_amount", "float", "smallest of the four numbers, run currency", True),
        Column("limit_amount", "float", "limit after the review, run currency"),
        Column("move_code", "code", "new, raise, keep, lower; block: the limit is 0", False, MOVE_CODES),
        Column("move_reason_code", "code", "rule that decided", False, MOVE_REASONS),
    ),
)
_DIGITS = 9
"""Binary fractions are taken for their decimal value before they are rounded down or held against the band."""
Floats = NDArray[np.float64]


def moved(
    previous: Series,
    proposed: Series,
    *,
    held_amount: Series,
    lowest_amount: Series,
    n_good_reviews: Series,
    is_in_default: Series,
    policy: CreditPolicy,
) -> DataFrame:
    """Return the limit after a review, row by row.

    1. In default the limit is 0 at once.
    2. A first limit is the proposal, rounded down.
    3. Downwards `held_amount` counts in place of the proposal: a limit falls for risk, capacity and caps at once, for
       lack of need only below the need remembered. Where it is lower by `keep_ratio` or more it is the limit at once;
       nearer to the limit in force nothing changes.
    4. A raise needs `upgrade_reviews` good reviews in a row. It ends at ``(1 + raise_max_ratio)`` times the lowest
       limit in force within the last `raise_months`, so that several raises share one budget; a raise smaller than
       `keep_ratio` is not made.
    5. A limit of 0 is no limit in force: opening it again asks for the same good reviews, and the limits in force
       within `raise_months` before the block bind the new one.

    Without a proposal the limit stays, and there is none where there was none.

    Parameters
    ----------
    previous : limit in force, run currency; NaN = none yet, 0 = blocked
    proposed : proposal, run currency, not rounded; NaN = no method gave an amount
    held_amount : proposal at the need remembered, see `riskresearch.limits.memory`; not below the proposal
    lowest_amount : lowest limit above 0 in force within `raise_months`; NaN = only the previous one counts
    n_good_reviews : reviews in a row that met the segment held or a better one
    is_in_default : in default or in proceedings
    policy : credit policy, part movement

    Returns
    -------
    DataFrame ``limit_amount move_code move_reason_code``, index of `previous`.
    """
    rules = policy.movement
    before, wanted = previous.to_numpy(float), np.maximum(proposed.to_numpy(float), 0.0)
    held = np.fmax(held_amount.to_numpy(float), wanted)
    old = np.nan_to_num(before, nan=0.0)
    rounded = _down(np.nan_to_num(wanted, nan=0.0), rules.rounding_amount)
    base = np.fmin(lowest_amount.to_numpy(float), np.where(old > 0, old, np.nan))
    top = _down(np.nan_to_num(base * (1 + rules.raise_max_ratio), nan=np.inf), rules.rounding_amount)
    raised = np.minimum(rounded, top)
    is_small = _within(raised - old, rules.keep_ratio * old) | (raised <= old)
    cases = [
        (is_in_default.to_numpy(bool), 0.0, "in_default"),
        (np.isnan(wanted), old, "no_proposal"),
        (np.isnan(before), rounded, "first_limit"),
        (_within(old - wanted, rules.keep_ratio * old) & (wanted <= old) & (old > 0), old, "inside_band"),
        (_within(old - held, rules.keep_ratio * old) & (wanted <= old) & (old > 0), old, "need_remembered"),
        (wanted < old, _down(np.nan_to_num(held, nan=0.0), rules.rounding_amount), "proposal_lower"),
        (_within(wanted - old, rules.keep_ratio * old) & (old > 0), old, "inside_band"),
        ((rounded == 0) & (old == 0), 0.0, "proposal_zero"),
        (n_good_reviews.to_numpy(float) < rules.upgrade_reviews, old, "good_reviews_missing"),
        (old == 0, raised, "opened_again"),
        (is_small & (raised < rounded), old, "raise_budget_used"),
        (is_small, old, "inside_band"),
        (raised < rounded, raised, "raise_in_part"),
    ]
    tests = [test for test, _, _ in cases]
    limit = np.select(tests, [amount + np.zeros(len(old)) for _, amount, _ in cases], raised)
    reason = np.select(tests, [code for _, _, code in cases], "raise_in_full")
    reason = np.where((limit == 0) & np.isin(reason, ["first_limit", "proposal_lower"]), "proposal_zero", reason)
    frame = {"limit_amount": limit, "move_code": _codes(limit, before), "move_reason_code": reason}
    return DataFrame(frame, index=previous.index)


def limit_path(rows: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return table `limit_path`: the policy's limit of each customer after each review.

    The first review of a customer starts from its own limit in force; what that limit was before is not looked at.
    Between two reviews, and where a customer has no row on a day, the limit stays.

    Parameters
    ----------
    rows : one row per customer and day of review: ``customer_id review_date proposed_amount held_amount n_good_reviews
        internal_limit_amount is_in_default``; ``is_in_proceedings`` and ``segment_code``, where they are there,
        block as a default does
    policy : credit policy

    Raises
    ------
    TableError
        A customer has two rows on one day.
    """
    _refuse_doubles(rows)
    who, customers = pd.factorize(rows["customer_id"], sort=True)
    when, days = pd.factorize(rows["review_date"], sort=True)
    held = np.full((len(customers), len(days) + 1), np.nan)
    is_new = ~rows.sort_values("review_date").duplicated("customer_id").reindex(rows.index)
    facts = rows.assign(is_in_default=_blocked(rows))
    parts = []
    for place, day in enumerate(days):
        now, own, fresh = facts[when == place], who[when == place], is_new[when == place].to_numpy(bool)
        held[own[fresh], place] = now.loc[fresh, "internal_limit_amount"].to_numpy(float)
        held[:, place + 1] = held[:, place]
        first = int(np.searchsorted(days, _window_start(day, policy.movement.raise_months), side="right"))
        previous = Series(held[own, place], index=now.index)
        after = moved(
            previous,
            now["proposed_amount"],
            held_amount=now["held_amount"],
            lowest_amount=Series(_lowest(held[own, first : place + 1]), index=now.index),
            n_good_reviews=now["n_good_reviews"],
            is_in_default=now["is_in_default"],
            policy=policy,
        )
        held[own, place + 1] = after["limit_amount"]
        kept = now[["customer_id", "review_date", "proposed_amount", "held_amount"]]
        parts.append(kept.assign(previous_amount=previous, **after))
    path = pd.concat(parts) if parts else DataFrame(columns=LIMIT_PATH.names)
    return path[LIMIT_PATH.names].sort_values(list(LIMIT_PATH.keys), kind="stable", ignore_index=True)


def lowest_own_limit(limits: DataFrame, *, as_of: Timestamp, raise_months: int) -> Series:
    """Return the lowest own limit above 0 in force on any day of the last `raise_months`, by customer.

    A decision holds from the later of its first day and the day it was recorded until the next one holds or its last
    day has passed. With `moved`, it makes the raises of a run of months share one budget.

    Parameters
    ----------
    limits : table `limits`
    as_of : last day that counts
    raise_months : months looked back on

    Examples
    --------
    >>> days = pd.to_datetime(["2025-01-31", "2025-11-15"])
    >>> limits = DataFrame({"limit_id": ["a", "b"], "customer_id": "c", "limit_kind_code": "internal",
    ...     "start_date": days, "end_date": pd.NaT, "recorded_date": days, "base_minor": [1_000_000, 1_200_000]})
    >>> lowest_own_limit(limits, as_of=Timestamp("2025-12-31"), raise_months=3).to_dict()
    {'c': 10000.0}
    """
    own = limits[limits["limit_kind_code"] == "internal"]
    own = own.assign(known=own[["start_date", "recorded_date"]].max(axis=1))
    own = own[own["known"] <= as_of].sort_values(["customer_id", "known", "start_date", "limit_id"], kind="stable")
    until = own.groupby("customer_id")["known"].shift(-1) - pd.Timedelta(days=1)
    last_day = DataFrame({"next": until, "end": own["end_date"]}).min(axis=1)
    holds = last_day.isna() | (last_day >= own["known"])
    in_window = last_day.isna() | (last_day >= _window_start(as_of, raise_months))
    counted = own[holds & in_window & (own["base_minor"] > 0)]
    return counted.groupby("customer_id")["base_minor"].min().astype(float) / 100


def _codes(limit: Floats, before: Floats) -> NDArray[np.str_]:
    old = np.nan_to_num(before, nan=0.0)
    tests = [limit == 0, old == 0, limit > before, limit < before]
    return np.select(tests, ["block", "new", "raise", "lower"], "keep")


def _down(amounts: Floats, step: float) -> Floats:
    return np.asarray(np.floor(np.round(amounts / step, _DIGITS)) * step)


def _within(change: Floats, band: Floats) -> NDArray[np.bool_]:
    """Tell which changes are smaller than the band."""
    return np.asarray(np.round(change - band, _DIGITS - 3) < 0)


def _lowest(held: Floats) -> Floats:
    if not held.shape[1]:
        return np.full(len(held), np.nan)
    return np.asarray(np.fmin.reduce(np.where(held > 0, held, np.nan), axis=1))


def _window_start(day: Timestamp, months: int) -> Timestamp:
    """First day looked back on: the same day `months` earlier, a month end for a month end."""
    start = day - pd.DateOffset(months=months)
    return start + pd.offsets.MonthEnd(0) if day.is_month_end else start


def _blocked(rows: DataFrame) -> Series:
    blocked = rows["is_in_default"].astype(bool)
    if "is_in_proceedings" in rows:
        blocked = blocked | rows["is_in_proceedings"].astype(bool)
    return blocked | (rows["segment_code"] == "defaulted") if "segment_code" in rows else blocked


def _refuse_doubles(rows: DataFrame) -> None:
    doubled = rows[rows.duplicated(["customer_id", "review_date"])]
    if len(doubled):
        raise TableError(
            f"limit_path: {len(doubled)} rows repeat a customer and day of review "
            f"({first_keys(doubled['customer_id'])}); keep one row per customer and day"
        )
