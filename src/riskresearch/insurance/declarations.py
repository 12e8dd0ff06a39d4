"""Calendar of declarations: by when each open item must be declared and claimed, and what lapses if it is not."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.open_cover import UNCOVERED, open_cover
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.decisions import known_on
from riskresearch.insurance.tables import CUSTOMER
from riskresearch.insurance.terms import Declaration, StopShipment

DECLARATION_STATUSES = ("none", "planned", "due", "missed", "declared", "declared_late")
CLAIM_STATUSES = ("none", "planned", "due", "missed", "filed", "filed_late")
AT_RISK = ("due", "missed", "declared_late", "filed_late")
AHEAD_DAYS = 10

DECLARATION_CALENDAR = Table(
    "declaration_calendar",
    "insurance",
    "one row per policy and open item of an insured customer",
    ("policy_id", "item_id"),
    (
        Column("policy_id", "text", "policy whose terms apply"),
        CUSTOMER,
        Column("invoice_id", "text", "open invoice"),
        Column("item_id", "text", "open invoice or part of it"),
        Column("due_date", "date", "net due date", True),
        Column("extension_end_date", "date", "due date + maximum extension of the policy", True),
        Column("stop_shipment_date", "date", "last covered delivery to the customer, if it does not pay", True),
        Column("declare_by_date", "date", "last day to declare the overdue; empty = no deadline", True),
        Column("claim_by_date", "date", "last day to send the claim file; empty = no deadline", True),
        Column("declared_date", "date", "first declaration on or after the due date", True),
        Column("filed_date", "date", "first claim file on or after the due date", True),
        Column("declaration_status_code", "code", "where the declaration stands", False, DECLARATION_STATUSES),
        Column("claim_status_code", "code", "where the claim file stands", False, CLAIM_STATUSES),
        Column("uncovered_code", "code", "why nothing of the item is covered; empty = something is", True, UNCOVERED),
        Column("open_amount", "float", "open on the day, run currency, including tax"),
        Column("insured_amount", "float", "insured share of the covered part, in the policy's VAT basis"),
        Column("lapse_risk_amount", "float", "insured part of overdue items with a deadline near or past"),
    ),
)


def declaration_calendar(
    tables: Mapping[str, DataFrame], policy: Policy, *, as_of: Timestamp, ahead_days: int = AHEAD_DAYS
) -> DataFrame:
    """Return table `declaration_calendar`: deadlines of every open item of an insured customer.

    Both deadlines count from the due date of the item (declaration: overdue_days, claim_days), the end of deliveries
    from the oldest undisputed unpaid due date of the customer (stop_shipment: extension_days). A declaration counts
    for all items due by its day; acts recorded later than `as_of` do not count. The status "due" begins `ahead_days`
    before the deadline, but not before the item is overdue. An item is at risk of lapse when it is overdue and a
    deadline is near or past without the act, or the act came late; what a claim the insurer has decided was filed
    for is at risk no more.

    Parameters
    ----------
    tables : ``open_invoices invoices limits customers events`` as of the day and, where there are, ``insurer_claims``
        and ``exposures`` (with ``is_discretionary_justified``). An event `insurer_claim` is a declaration; it also is
        a claim file for customers without a row in ``insurer_claims``.
    policy : policy or quote with buyer limits
    as_of : last day that counts
    ahead_days : days before a deadline from which it is due

    Returns
    -------
    DataFrame, sorted by policy and item

    Raises
    ------
    SettingsError
        The policy is a top-up, which has no calendar of its own.
    """
    items = open_cover(tables, policy, as_of=as_of)
    term, stop = policy.find(Declaration), policy.find(StopShipment)
    due = items["due_date"]
    deadlines = {
        "extension_end_date": _after(due, stop.extension_days if stop else None),
        "declare_by_date": _after(due, term.overdue_days if term else None),
        "claim_by_date": _after(due, term.claim_days if term else None),
    }
    declared, filed = (_first_since(items, acts) for acts in _acts(tables, as_of=as_of))
    today = {"due": due, "as_of": as_of, "ahead_days": ahead_days}
    made = items.assign(
        policy_id=policy.policy_id,
        **deadlines,
        declared_date=declared,
        filed_date=filed,
        declaration_status_code=_status(declared, deadlines["declare_by_date"], "declared", **today),
        claim_status_code=_status(filed, deadlines["claim_by_date"], "filed", **today),
    )
    at_risk = made["declaration_status_code"].isin(AT_RISK) | made["claim_status_code"].isin(AT_RISK)
    at_risk &= (due < as_of) & ~_is_decided(items, tables, as_of=as_of)
    made = made.assign(lapse_risk_amount=made["insured_amount"].where(at_risk, 0.0))
    return check(made[DECLARATION_CALENDAR.names], DECLARATION_CALENDAR)


def monitoring_cover(calendar: DataFrame, policy: Policy) -> DataFrame:
    """Return table `cover` of the monitoring stage: the insured customers and the policy's days to declare.

    Parameters
    ----------
    calendar : table `declaration_calendar` of the policy
    policy : the policy; without a deadline of its own the setting of the monitoring stage counts
    """
    term = policy.find(Declaration)
    days = pd.NA if term is None or term.overdue_days is None else term.overdue_days
    customers = calendar.loc[calendar["policy_id"] == policy.policy_id, "customer_id"].drop_duplicates()
    return DataFrame({"customer_id": customers, "policy_id": policy.policy_id}).assign(
        declare_overdue_days=Series(days, index=customers.index, dtype="Int64")
    )


def _after(due: Series, days: int | None) -> Series:
    if days is None:
        return Series(pd.NaT, index=due.index, dtype="datetime64[us]")
    return due + Timedelta(days=days)


def _acts(tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> tuple[DataFrame, DataFrame]:
    """Declarations and claim files known on a day: ``customer_id act_date``."""
    events = known_on(tables["events"], "event_date", as_of=as_of)
    told = events.loc[events["event_code"] == "insurer_claim", ["customer_id", "event_date"]]
    told = told.set_axis(["customer_id", "act_date"], axis=1)
    claims = tables.get("insurer_claims")
    if claims is None:
        return told, told
    claims = known_on(claims, "declared_date", as_of=as_of)
    declared = claims[["customer_id", "declared_date"]].set_axis(["customer_id", "act_date"], axis=1)
    filed = claims.loc[claims["filed_date"] <= as_of, ["customer_id", "filed_date"]]
    filed = filed.set_axis(["customer_id", "act_date"], axis=1)
    untold = told[~told["customer_id"].isin(claims["customer_id"])]
    return pd.concat([declared, told]), pd.concat([filed, untold])


def _is_decided(items: DataFrame, tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> Series:
    """Tell which items were due when a claim was filed that the insurer has decided since."""
    claims = tables.get("insurer_claims")
    if claims is None:
        return Series(False, index=items.index)
    claims = known_on(claims, "declared_date", as_of=as_of)
    filed = claims[claims["decided_date"] <= as_of].groupby("customer_id")["filed_date"].max()
    return filed.reindex(items["customer_id"]).set_axis(items.index) >= items["due_date"]


def _first_since(items: DataFrame, acts: DataFrame) -> Series:
    """First act of each item's customer on or after its due date."""
    due = items[["customer_id", "due_date"]].reset_index(names="row").dropna(subset=["due_date"])
    found = pd.merge_asof(
        due.astype({"customer_id": "str"}).sort_values("due_date", kind="stable"),
        acts.astype({"customer_id": "str", "act_date": "datetime64[us]"}).sort_values("act_date", kind="stable"),
        left_on="due_date",
        right_on="act_date",
        by="customer_id",
        direction="forward",
    )
    return found.set_index("row")["act_date"].reindex(items.index)


def _status(done: Series, by: Series, name: str, *, due: Series, as_of: Timestamp, ahead_days: int) -> Series:
    first = (by - Timedelta(days=ahead_days)).where(lambda day: day > due, due + Timedelta(days=1))
    has_act = done.notna()
    conditions = [by.isna(), has_act & (done > by), has_act, by < as_of, first <= as_of]
    code = np.select(conditions, ["none", f"{name}_late", name, "missed", "due"], "planned")
    return Series(code, index=by.index, dtype="str")
