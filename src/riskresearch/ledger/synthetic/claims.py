"""Claims on the credit insurer: declared, filed, settled by the plain terms of one policy, recovered.

Written over the finished books with chance of its own. Each event `insurer_claim` is the day a claim file was sent:
what the books hold by then is claimed, and what becomes of it follows from judgements, receipts and the insurer's
limits. Terms that count the claims of a whole year are left out. Nothing here changes how customers pay.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.base.schema import empty
from riskresearch.ledger.knowledge import INSURER_CLAIMS
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.synthetic.books import number_ids
from riskresearch.ledger.synthetic.timeline import Ints

POLICY_ID = "whole_turnover"
NAMED_RATIO, DISCRETIONARY_RATIO = 0.90, 0.60
DISCRETIONARY_LIMIT_MINOR, THRESHOLD_MINOR = 1_000_000, 50_000
DECLARE_DAYS, FILE_DAYS, WAITING_DAYS = 60, 180, 150
NOT_INSURED = ("public", "private", "related")
LATE_SHARE, SLOW_SHARE, LATE_RECORD_SHARE = 0.15, 0.20, 0.10
PROMPT_DAYS, VERIFYING_DAYS, PAYING_DAYS, SLOW_DAYS = (25, 61), (10, 36), (5, 26), (45, 121)


def insurer_claims_table(tables: Mapping[str, DataFrame], *, last_date: Timestamp, rng: Generator) -> DataFrame:
    """Return canonical table `insurer_claims`, up to the last day.

    Parameters
    ----------
    tables : canonical ``customers events invoices allocations limits disputes``
    last_date : what happens later is unknown and stays empty
    """
    debts = _debts(tables)
    if debts.empty:
        return empty(INSURER_CLAIMS)
    claims = _declared(debts, tables["events"], rng)
    claims = _timed(claims, tables["events"], last_date, rng)
    claims = claims.join(_settled(claims, debts, tables), on="customer_id")
    return _as_table(claims, _recovered(claims, debts, tables, last_date), last_date)


def _debts(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Open invoices of each claim on the day of its file, in the order of delivery."""
    events, invoices = tables["events"], tables["invoices"]
    filed = events[events["event_code"] == "insurer_claim"].groupby("customer_id")["event_date"].min()
    rows = invoices[invoices["customer_id"].isin(filed.index)]
    rows = rows.assign(filed_date=_of(rows, filed))
    rows = rows[rows["recorded_date"] <= rows["filed_date"]]
    settled = _applied(rows, tables["allocations"])
    settled = settled[settled["known_date"] <= settled["filed_date"]].groupby("invoice_id")["base_minor"].sum()
    rows = rows.assign(
        open_minor=rows["base_minor"] - rows["invoice_id"].map(settled).fillna(0).astype("int64"),
        delivered_date=rows["delivery_date"].fillna(rows["invoice_date"]),
        is_disputed=rows["invoice_id"].isin(_disputed(rows, tables["disputes"])),
    )
    columns = ["customer_id", "invoice_id", "due_date", "delivered_date", "filed_date", "open_minor", "is_disputed"]
    rows = rows.loc[rows["open_minor"] > 0, columns]
    return rows.sort_values(["customer_id", "delivered_date", "invoice_id"], kind="stable", ignore_index=True)


def _applied(rows: DataFrame, allocations: DataFrame) -> DataFrame:
    """What settles the invoices of claims, with the day each act became known and the claim's dates."""
    acts = allocations.assign(known_date=known_date(allocations, "effective_date"))
    acts = acts[["invoice_id", "source_code", "effective_date", "known_date", "base_minor"]]
    dates = [name for name in ("customer_id", "filed_date", "loss_date") if name in rows]
    return acts.merge(rows[["invoice_id", *dates]], on="invoice_id")


def _disputed(rows: DataFrame, disputes: DataFrame) -> Series:
    """Invoices in dispute on the day of the claim file."""
    held = disputes.merge(rows[["invoice_id", "filed_date"]], on="invoice_id")
    is_open = (held["opened_date"] <= held["filed_date"]) & ~(held["closed_date"] <= held["filed_date"])
    return held.loc[is_open, "invoice_id"]


def _declared(debts: DataFrame, events: DataFrame, rng: Generator) -> DataFrame:
    """One row per claim with the day its overdue was declared: in time, or after the deadline."""
    claims = debts.groupby("customer_id").agg(
        filed_date=("filed_date", "first"), due_date=("due_date", "min"), claimed_minor=("open_minor", "sum")
    )
    claims = claims.sort_values(["filed_date"], kind="stable").reset_index()
    n, past = len(claims), (claims["filed_date"] - claims["due_date"]).dt.days.to_numpy()
    prompt = rng.integers(*PROMPT_DAYS, n)
    late = DECLARE_DAYS + 1 + np.floor(rng.random(n) * np.maximum(past - DECLARE_DAYS, 1)).astype(np.int64)
    is_late = (rng.random(n) < LATE_SHARE) & (past > DECLARE_DAYS)
    after = np.minimum(np.where(is_late, late, prompt), past)
    declared = claims["due_date"] + pd.to_timedelta(after, unit="D")
    declared = declared.where(past >= 0, claims["filed_date"])
    lag = np.where(rng.random(n) < LATE_RECORD_SHARE, rng.integers(1, 6, n), 0)
    recorded = declared + pd.to_timedelta(lag, unit="D")
    return claims.assign(
        declared_date=declared,
        recorded_date=recorded.where(recorded <= claims["filed_date"], claims["filed_date"]),
        late_code=np.select([is_late, past > FILE_DAYS], ["late_declaration", "late_file"], ""),
    )


def _timed(claims: DataFrame, events: DataFrame, last_date: Timestamp, rng: Generator) -> DataFrame:
    """Date of loss, decision and payment of each claim, were it paid; a judgement ends the waiting period."""
    judged = events[events["event_code"] == "insolvency"].groupby("customer_id")[["event_date", "recorded_date"]].min()
    judgement, heard = (_of(claims, judged[name]) for name in judged)
    over = claims["filed_date"] + Timedelta(days=WAITING_DAYS)
    is_judged = heard <= over
    known = heard.where(is_judged, over)
    decided = known.where(known >= claims["filed_date"], claims["filed_date"]) + _days(VERIFYING_DAYS, claims, rng)
    is_slow = rng.random(len(claims)) < SLOW_SHARE
    slow = _days(SLOW_DAYS, claims, rng).where(is_slow, Timedelta(0))
    return claims.assign(
        loss_date=judgement.where(is_judged, over),
        event_code=np.where(is_judged, "insolvency", "protracted_default"),
        is_lost=known <= last_date,
        decided_date=decided,
        paid_date=decided + _days(PAYING_DAYS, claims, rng) + slow,
    )


def _of(rows: DataFrame, by_customer: Series) -> Series:
    """Value of each row's customer, empty where there is none."""
    return by_customer.reindex(rows["customer_id"]).set_axis(rows.index)


def _days(bounds: tuple[int, int], claims: DataFrame, rng: Generator) -> Series:
    return Series(pd.to_timedelta(rng.integers(*bounds, len(claims)), unit="D"), index=claims.index)


def _settled(claims: DataFrame, debts: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Debt left on the date of loss, indemnity and reason of refusal of each claim, by customer."""
    facts = claims.set_index("customer_id")
    rows = debts.assign(loss_date=_of(debts, facts["loss_date"]))
    paid = _applied(rows, tables["allocations"])
    paid = paid[(paid["known_date"] > paid["filed_date"]) & (paid["known_date"] <= paid["loss_date"])]
    before = paid[paid["source_code"] != "write_off"].groupby("customer_id")["base_minor"].sum()
    limits = _limits_at_delivery(rows, tables)
    named = set(limits.loc[limits["is_named"], "customer_id"])
    found = {}
    for customer, own in rows.groupby("customer_id"):
        eligible = own["open_minor"].where(~own["is_disputed"], 0).to_numpy(dtype=np.int64)
        left = _oldest_first(eligible, int(before.get(customer, 0)))
        covered = covered_debt(left, limits.loc[own.index, "limit_minor"].to_numpy(dtype=np.int64))
        ratio = NAMED_RATIO if customer in named else DISCRETIONARY_RATIO
        code = _refusal(str(facts.loc[customer, "late_code"]), eligible, left, covered)
        indemnity = 0 if code and code != "disputed" else round(covered * ratio)
        refused = code or ("disputed" if own["is_disputed"].any() else None)
        found[customer] = (int(left.sum()), indemnity, refused)
    return DataFrame.from_dict(found, orient="index", columns=["left_minor", "indemnity_minor", "refused_code"])


def _refusal(late_code: str, eligible: Ints, left: Ints, covered: int) -> str | None:
    """Reason for which a claim is refused as a whole."""
    if late_code:
        return late_code
    if not eligible.any():
        return "disputed"
    if not left.any():
        return "debt_settled"
    if not covered:
        return "no_cover"
    return "threshold" if covered <= THRESHOLD_MINOR else None


def _oldest_first(amounts: Ints, received: int) -> Ints:
    """What is left of debts after money that settles the oldest first."""
    left = np.maximum(np.cumsum(amounts) - received, 0)
    return np.diff(left, prepend=0)


def covered_debt(amounts: Ints, limits: Ints) -> int:
    """Return the debt that is covered where the limit changed between deliveries.

    A cut concerns later deliveries only: what was delivered before stays covered up to the limit of its time.

    Parameters
    ----------
    amounts : unpaid deliveries, oldest first
    limits : limit in force at each

    Examples
    --------
    >>> covered_debt(np.array([150, 30]), np.array([200, 80])), covered_debt(np.array([50, 60]), np.array([200, 80]))
    (150, 80)
    """
    covered = 0
    for total, limit in zip(np.cumsum(amounts).tolist(), limits.tolist(), strict=True):
        covered = min(total, max(limit, covered))
    return int(covered)


def _limits_at_delivery(rows: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Insurer's limit in force when each invoice was delivered; without a decision the discretionary limit."""
    limits, kinds = tables["limits"], tables["customers"].set_index("customer_id")["customer_type_code"]
    own = limits[limits["limit_kind_code"] == "insurer"].sort_values(["start_date", "limit_id"], kind="stable")
    own = own.astype({"base_minor": "Int64"})
    asked = rows[["customer_id", "delivered_date"]].reset_index(names="row").sort_values("delivered_date")
    held = pd.merge_asof(
        asked,
        own[["customer_id", "start_date", "base_minor"]],
        left_on="delivered_date",
        right_on="start_date",
        by="customer_id",
    ).set_index("row")
    minor = held["base_minor"].fillna(DISCRETIONARY_LIMIT_MINOR).mask(_of(held, kinds).isin(NOT_INSURED), 0)
    minor = minor.astype("int64")
    return held.assign(limit_minor=minor, is_named=held["base_minor"].notna()).reindex(rows.index)


def _recovered(claims: DataFrame, debts: DataFrame, tables: Mapping[str, DataFrame], last_date: Timestamp) -> DataFrame:
    """Money received after the date of loss, and its latest day, by customer."""
    rows = debts.assign(loss_date=_of(debts, claims.set_index("customer_id")["loss_date"]))
    paid = _applied(rows, tables["allocations"])
    paid = paid[paid["source_code"] == "payment"][["customer_id", "known_date", "loss_date", "base_minor"]]
    events = tables["events"]
    later = events[events["event_code"] == "recovery"].merge(claims[["customer_id", "loss_date"]], on="customer_id")
    later = later.assign(known_date=known_date(later, "event_date"))[paid.columns]
    money = pd.concat([paid, later.astype({"base_minor": "int64"})])
    money = money[(money["known_date"] > money["loss_date"]) & (money["known_date"] <= last_date)]
    return money.groupby("customer_id").agg(recovered=("base_minor", "sum"), day=("known_date", "max"))


def _as_table(claims: DataFrame, recovered: DataFrame, last_date: Timestamp) -> DataFrame:
    is_decided = claims["decided_date"] <= last_date
    is_paid = (claims["paid_date"] <= last_date) & (claims["indemnity_minor"] > 0)
    paid = claims["indemnity_minor"].where(is_paid).astype("Int64")
    money = _of(claims, recovered["recovered"]).astype("Int64")
    share = claims["indemnity_minor"] / claims["left_minor"].where(claims["left_minor"] > 0)
    return DataFrame(
        {
            "claim_id": number_ids("S", len(claims)),
            "customer_id": claims["customer_id"],
            "policy_id": POLICY_ID,
            **{name: claims[name] for name in ("declared_date", "recorded_date", "due_date", "filed_date")},
            "claimed_minor": claims["claimed_minor"],
            "loss_date": claims["loss_date"].where(claims["is_lost"]),
            "event_code": claims["event_code"].where(claims["is_lost"]),
            "decided_date": claims["decided_date"].where(is_decided),
            "rejection_code": claims["refused_code"].where(is_decided),
            "paid_minor": paid,
            "paid_date": claims["paid_date"].where(is_paid),
            "recovered_minor": money,
            "insurer_recovered_minor": (money.astype("float64") * share).round().astype("Int64").where(is_paid),
            "recovered_date": _of(claims, recovered["day"]),
        }
    )
