"""A claim as dated steps: by when the policy wants each, when it was done, and what is still to come."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.claims import Array, plain_claims
from riskresearch.insurance.declarations import declaration_calendar
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.open_cover import open_cover
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.decisions import known_on
from riskresearch.insurance.tables import CUSTOMER
from riskresearch.insurance.terms import Declaration, StopShipment, WaitingPeriod
from riskresearch.insurance.waterfall import indemnity_per_claim

STEPS = (
    "first_unpaid",
    "stop_of_deliveries",
    "declaration",
    "claim_file",
    "date_of_loss",
    "end_of_waiting",
    "decision",
    "indemnity",
    "recovery",
)
STEP_STATUSES = ("done", "done_late", "expected", "overdue", "open", "refused")
NEXT = "/next"

CLAIM_TIMELINE = Table(
    "claim_timeline",
    "insurance",
    "one row per policy, claim and step, also for accounts that ought to be declared next",
    ("policy_id", "claim_id", "step_number"),
    (
        Column("policy_id", "text", "policy whose terms apply"),
        Column("claim_id", "text", f"claim; customer_id{NEXT} for an overdue account not declared yet"),
        CUSTOMER,
        Column("is_declared", "bool", "the claim exists; false: a plan, each step on its last day"),
        Column("step_number", "int", "order of the steps, 1 first"),
        Column("step_code", "code", "step of the claim", False, STEPS),
        Column("planned_date", "date", "last day, or day expected, by the terms of the policy; empty = none", True),
        Column("actual_date", "date", "day it was done or happened; empty = not yet", True),
        Column("status_code", "code", "where the step stands", False, STEP_STATUSES),
        Column("late_days", "int", "days from planned to actual, or to today if overdue; below 0 = early", True),
        Column("amount", "float", "debt claimed, indemnity (paid, or by the terms on one claim), recovery", True),
    ),
)
_DATES = ("due_date", "declared_date", "filed_date", "loss_date", "decided_date", "paid_date", "recovered_date")
_MONEY = ("claimed_minor", "paid_minor", "recovered_minor")


def claim_timeline(tables: Mapping[str, DataFrame], policy: Policy, *, as_of: Timestamp) -> DataFrame:
    """Return table `claim_timeline`: the steps of each claim on a policy, and of the claims that ought to come next.

    The policy dates a step from the step before: deliveries stop extension_days after the first unpaid due date;
    declaration and claim file are due overdue_days and claim_days after it; the waiting period runs from the claim
    file, after an insolvency from the later of judgement and claim file, with the days of the event; its end is the
    date of loss, unless a judgement gave one before, and the day the indemnity is expected. A claim file that is not
    sent counts as sent on its last day, or today if that has passed. Nothing recorded after `as_of` counts.

    An indemnity that is awaited is what the terms on one claim give on what is open and covered today (limit with
    run-off, threshold, first losses per claim, share, minimum retention), before the budgets of the year.

    Parameters
    ----------
    tables : those of `riskresearch.insurance.declarations.declaration_calendar`, with ``insurer_claims``
    policy : policy or quote with buyer limits; claims that name another policy are left out
    as_of : last day that counts
    """
    claims = _claims(tables["insurer_claims"], policy, as_of)
    items = open_cover(tables, policy, as_of=as_of)
    due = _next(declaration_calendar(tables, policy, as_of=as_of), claims, as_of)
    rows = pd.concat([claims, due], ignore_index=True) if len(due) else claims
    awaited = rows["customer_id"].map(_awaited(items, policy)).astype("float64")
    return check(_steps(rows, _planned(rows, policy, as_of), awaited, policy, as_of), CLAIM_TIMELINE)


def _claims(claims: DataFrame, policy: Policy, as_of: Timestamp) -> DataFrame:
    """Claims on the policy known on a day, without what came later."""
    own = known_on(claims, "declared_date", as_of=as_of)
    own = own[own["policy_id"].fillna(policy.policy_id) == policy.policy_id]
    own = own.assign(**{name: own[name].where(own[name] <= as_of) for name in _DATES})
    own = own.assign(**{name: own[name].astype("float64") / 100 for name in _MONEY}, is_declared=True)
    return own.assign(
        event_code=own["event_code"].where(own["loss_date"].notna()),
        rejection_code=own["rejection_code"].where(own["decided_date"].notna()),
        paid_minor=own["paid_minor"].where(own["paid_date"].notna()),
        recovered_minor=own["recovered_minor"].where(own["recovered_date"].notna()),
    )


def _next(calendar: DataFrame, claims: DataFrame, as_of: Timestamp) -> DataFrame:
    """One row per insured account that is overdue and not declared, as a claim whose steps are all to come."""
    owed = calendar.groupby("customer_id")["open_amount"].sum()
    overdue = calendar[(calendar["due_date"] < as_of) & (calendar["insured_amount"] > 0)]
    overdue = overdue[overdue["declared_date"].isna() & overdue["declare_by_date"].notna()]
    pending = claims.loc[claims["decided_date"].isna(), "customer_id"]
    first = overdue[~overdue["customer_id"].isin(pending)].groupby("customer_id")["due_date"].min().reset_index()
    empty = claims.iloc[:0].reindex(first.index)
    return empty.assign(
        claim_id=first["customer_id"] + NEXT,
        customer_id=first["customer_id"],
        due_date=first["due_date"],
        claimed_minor=first["customer_id"].map(owed).astype("float64"),
        is_declared=False,
    )


def _awaited(items: DataFrame, policy: Policy) -> Series:
    """Indemnity of each customer's open items by the terms on one claim, by customer."""
    sums = items.groupby("customer_id")[["covered_amount", "insured_amount"]].sum()
    sums = sums[sums["covered_amount"] > 0]
    covered = sums["covered_amount"].to_numpy("float64")
    claims = plain_claims(
        covered,
        n_per_year=np.array([len(covered)], dtype=np.int64),
        limit=covered,
        insured_ratio=sums["insured_amount"].to_numpy("float64") / covered,
    )
    paid: Array = indemnity_per_claim(claims, policy=policy)
    return Series(paid, index=sums.index)


def _planned(rows: DataFrame, policy: Policy, as_of: Timestamp) -> dict[str, Series]:
    """Date of each step by the policy, the steps before it done, or on their last day."""
    term, stop = policy.find(Declaration), policy.find(StopShipment)
    none = Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    due = rows["due_date"]
    by = {
        "stop_of_deliveries": due + Timedelta(days=stop.extension_days) if stop else none,
        "declaration": due + Timedelta(days=term.overdue_days) if term and term.overdue_days is not None else none,
        "claim_file": due + Timedelta(days=term.claim_days) if term and term.claim_days is not None else none,
    }
    last_day = by["claim_file"].fillna(rows["declared_date"]).fillna(by["declaration"]).clip(lower=as_of)
    filed = rows["filed_date"].fillna(last_day)
    is_judged = rows["event_code"] == "insolvency"
    start = filed.where(~is_judged | ~(rows["loss_date"] > filed), rows["loss_date"])
    waited = start + _waits(rows, policy) if policy.find(WaitingPeriod) else none
    decided = rows["decided_date"]
    return by | {
        "first_unpaid": due,
        "date_of_loss": rows["loss_date"].where(is_judged, waited),
        "end_of_waiting": waited,
        "decision": waited,
        "indemnity": waited.where(~(decided > waited), decided),
        "recovery": none,
    }


def _waits(rows: DataFrame, policy: Policy) -> Series:
    """Waiting period of each claim; as long as no judgement is known the debt is one that stays unpaid."""
    event = rows["event_code"].fillna("protracted_default").map({code: n for n, code in enumerate(EVENT_CODES)})
    days = policy.waiting_days(event.to_numpy("int64"))
    return Series(pd.to_timedelta(days, unit="D"), index=rows.index)


def _steps(
    rows: DataFrame, planned: Mapping[str, Series], awaited: Series, policy: Policy, as_of: Timestamp
) -> DataFrame:
    passed = {name: planned[name].where(planned[name] <= as_of) for name in ("stop_of_deliveries", "end_of_waiting")}
    actual = passed | {
        "first_unpaid": rows["due_date"],
        "declaration": rows["declared_date"],
        "claim_file": rows["filed_date"],
        "date_of_loss": rows["loss_date"],
        "decision": rows["decided_date"],
        "indemnity": rows["paid_date"],
        "recovery": rows["recovered_date"],
    }
    is_refused = rows["rejection_code"].notna() & rows["paid_date"].isna()
    amounts = {
        "declaration": rows["claimed_minor"],
        "indemnity": rows["paid_minor"].fillna(awaited.where(~is_refused)),
        "recovery": rows["recovered_minor"],
    }
    parts = []
    for number, step in enumerate(STEPS, start=1):
        refused = is_refused if step in ("decision", "indemnity") else is_refused & False
        status, late = _standing(planned[step], actual[step], refused, as_of)
        part = rows[["claim_id", "customer_id", "is_declared"]].assign(
            policy_id=policy.policy_id, step_number=number, step_code=step, planned_date=planned[step],
            actual_date=actual[step], status_code=status, late_days=late, amount=amounts.get(step, np.nan),
        )  # fmt: skip
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _standing(planned: Series, actual: Series, refused: Series, as_of: Timestamp) -> tuple[Series, Series]:
    """Status of a step of each claim, and its days after the planned one."""
    today = Series(as_of, index=planned.index).astype("datetime64[us]")
    is_done, is_overdue = actual.notna(), actual.isna() & (planned < today)
    code = np.select(
        [refused, is_done & (actual > planned), is_done, is_overdue, planned.notna()],
        ["refused", "done_late", "done", "overdue", "expected"],
        "open",
    )
    late = (actual.where(is_done, today.where(is_overdue)) - planned).dt.days
    return Series(code, index=planned.index, dtype="str"), late.where(~refused).astype("Int64")
