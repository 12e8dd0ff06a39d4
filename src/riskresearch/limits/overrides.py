"""Decisions of persons against the proposal: who may take them, which rules they break, which are in force."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.policy.policy import CreditPolicy

BREACHES: Mapping[str, bool] = {
    "reason_not_allowed": True,
    "requester_role_approves": True,
    "requester_approves": True,
    "level_too_low": True,
    "second_approver_missing": True,
    "same_approver_twice": True,
    "ends_before_decision": True,
    "end_date_missing": False,
    "too_long": False,
    "evidence_missing": False,
}
"""Rules a decision can break, and whether a raise that breaks them is void; a lower limit holds in any case."""
STATES = ("in_force", "not_yet", "ended", "replaced", "void", "in_default")
LIMIT_OVERRIDES = Table(
    "limit_overrides",
    "limits",
    "one row per decision on a limit against the proposal",
    ("override_id",),
    (
        Column("override_id", "text", "unique key"),
        Column("customer_id", "text", "customer account"),
        Column("decided_date", "date", "day of the decision"),
        Column("requester_code", "text", "role that asked for it"),
        Column("approver_code", "text", "role that approved it"),
        Column("second_approver_code", "text", "second role that approved it", True),
        Column("needed_approver_code", "text", "lowest role that may approve the limit; empty = none may", True),
        Column("is_second_approver_needed", "bool", "the limit is large enough for two approvers"),
        Column("reason_code", "text", "reason given"),
        Column("direction_code", "code", "against the proposal", False, ("up", "down", "same")),
        Column("proposed_amount", "float", "limit proposed, run currency"),
        Column("final_amount", "float", "limit decided, run currency"),
        Column("change_amount", "float", "decided less proposed, run currency"),
        Column("valid_from_date", "date", "first day it holds: the later of decision and recording"),
        Column("valid_to_date", "date", "last day it holds: its end, at most the policy's longest validity"),
        Column("state_code", "code", "state on the day of the run", False, STATES),
        Column("breach_codes", "text", "rules of the policy it breaks, joined by +", True),
        Column("evidence", "text", "what supports the decision", True),
    ),
)


def approver_needed(limit_amount: Series, policy: CreditPolicy) -> Series:
    """Return the lowest role that may approve each limit on what no security covers.

    Parameters
    ----------
    limit_amount : unsecured limit, run currency; any index
    policy : credit policy, part overrides

    Returns
    -------
    Series of role codes, index of `limit_amount`; empty where no role goes so far or there is no limit.

    Examples
    --------
    >>> from riskresearch.limits.policy.rules import ApprovalLevel, Overrides
    >>> levels = (ApprovalLevel(approver_code="clerk", up_to_amount=10_000), ApprovalLevel(approver_code="head"))
    >>> rules = Overrides.model_construct(levels=levels)
    >>> policy = CreditPolicy.model_construct(overrides=rules)
    >>> approver_needed(Series([0.0, 10_000.0, 10_000.01]), policy).tolist()
    ['clerk', 'clerk', 'head']
    """
    names = np.array([level.approver_code for level in policy.overrides.levels] + [None], dtype=object)
    return Series(names[_level_needed(limit_amount, policy)], index=limit_amount.index, dtype="str")


def second_approver_needed(limit_amount: Series, policy: CreditPolicy) -> Series:
    """Tell which unsecured limits need two approvers, by index."""
    return limit_amount >= policy.overrides.four_eyes_amount


def override_breaches(overrides: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return the rules of the policy that each decision breaks.

    The limit decided is a limit on what no security covers: it is what the approver answers for. The level is that of
    the higher of both approvers.

    Parameters
    ----------
    overrides : canonical table
    policy : credit policy, part overrides

    Returns
    -------
    DataFrame ``override_id customer_id breach_code is_voiding``, one row per decision and rule broken.
    """
    rules, rows = policy.overrides, overrides.reset_index(drop=True)
    final = rows["final_minor"].astype(float) / 100
    second, asked = rows["second_approver_code"], rows["requester_code"]
    ranks = {level.approver_code: rank for rank, level in enumerate(rules.levels)}
    levels = DataFrame({"first": rows["approver_code"].map(ranks), "second": second.map(ranks)}, dtype=float)
    held = levels.max(axis=1).fillna(-1.0)
    asking = list(rules.requester_codes)
    ends, longest = rows["end_date"], _longest(rows, policy)
    broken = {
        "reason_not_allowed": ~rows["reason_code"].isin(rules.reason_codes),
        "requester_role_approves": rows["approver_code"].isin(asking) | second.isin(asking),
        "requester_approves": (rows["approver_code"] == asked) | (second == asked).fillna(False),
        "level_too_low": held < _level_needed(final, policy),
        "second_approver_missing": second.isna() & second_approver_needed(final, policy),
        "same_approver_twice": (second == rows["approver_code"]).fillna(False),
        "ends_before_decision": ends < rows["decided_date"],
        "end_date_missing": ends.isna(),
        "too_long": ends > longest,
        "evidence_missing": rows["evidence"].isna() | (rows["evidence"].str.strip() == ""),
    }
    wide = DataFrame({code: broken[code].astype(bool) for code in BREACHES}, index=rows.index)
    row, column = np.nonzero(wide.to_numpy())
    found = rows.loc[row, ["override_id", "customer_id"]].reset_index(drop=True)
    codes = Series(np.array(list(BREACHES), dtype=object)[column], dtype="str")
    return found.assign(breach_code=codes, is_voiding=codes.map(dict(BREACHES)).astype(bool))


def limit_overrides(
    overrides: DataFrame, policy: CreditPolicy, *, as_of: Timestamp, in_default: Series | None = None
) -> DataFrame:
    """Return table `limit_overrides`: the log of decisions with what they break and which of them are in force.

    A decision holds from the later of its day and the day it was recorded until its end, at most `max_months` after
    the decision. Of several of a customer the one decided last counts. A raise that breaks a rule on reason, approver
    or dates is void; a lower limit holds however it was signed. No decision lifts the block of a default.

    Parameters
    ----------
    overrides : canonical table
    policy : credit policy
    as_of : last day that counts
    in_default : in default by customer_id; customers that it does not name are not
    """
    rows = overrides.sort_values(["decided_date", "recorded_date", "override_id"], kind="stable", ignore_index=True)
    breaches = override_breaches(rows, policy)
    proposed, final = (rows[name].astype(float) / 100 for name in ("proposed_minor", "final_minor"))
    start, longest = rows[["decided_date", "recorded_date"]].max(axis=1), _longest(rows, policy)
    last = rows["end_date"].where(rows["end_date"] < longest, longest)
    voiding = rows["override_id"].isin(breaches.loc[breaches["is_voiding"], "override_id"])
    blocked = rows["customer_id"].isin(_names_of(in_default))
    is_void = voiding & (final > proposed)
    live = (start <= as_of) & (last >= as_of) & ~is_void
    is_last = rows.index.isin(rows[live].drop_duplicates("customer_id", keep="last").index)
    tests = [start > as_of, is_void, last < as_of, ~is_last, blocked]
    states = np.select(tests, ["not_yet", "void", "ended", "replaced", "in_default"], "in_force")
    frame = rows.assign(
        needed_approver_code=approver_needed(final, policy),
        is_second_approver_needed=second_approver_needed(final, policy),
        direction_code=np.select([final > proposed, final < proposed], ["up", "down"], "same"),
        proposed_amount=proposed,
        final_amount=final,
        change_amount=final - proposed,
        valid_from_date=start,
        valid_to_date=last,
        state_code=states,
        breach_codes=rows["override_id"].map(breaches.groupby("override_id")["breach_code"].agg("+".join)),
    )
    return check(frame[LIMIT_OVERRIDES.names], LIMIT_OVERRIDES)


def with_overrides(
    limit_amount: Series,
    overrides: DataFrame,
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    in_default: Series | None = None,
) -> DataFrame:
    """Return limits after the decisions in force: a decision never moves a limit against its own direction.

    A raise holds where it is above the policy's limit of today, a cut where it is below; one that confirmed the
    proposal of its day changes nothing.

    Parameters
    ----------
    limit_amount : the policy's limit by customer_id, run currency
    overrides : canonical table
    policy : credit policy
    as_of : last day that counts
    in_default : in default by customer_id, same customers; their limit stays the policy's

    Returns
    -------
    DataFrame ``limit_amount decision_code override_id override_end_date``, index of `limit_amount`; decision_code is
    policy or override, the last two columns are empty without a decision in force.
    """
    log = limit_overrides(overrides, policy, as_of=as_of, in_default=in_default)
    live = log[log["state_code"] == "in_force"].set_index("customer_id").reindex(limit_amount.index)
    final, direction = live["final_amount"], live["direction_code"]
    decided = ((direction == "up") & (final > limit_amount)) | ((direction == "down") & (final < limit_amount))
    return DataFrame(
        {
            "limit_amount": final.where(decided, limit_amount),
            "decision_code": np.where(decided, "override", "policy"),
            "override_id": live["override_id"].where(decided),
            "override_end_date": live["valid_to_date"].where(decided),
        },
        index=limit_amount.index,
    )


def _level_needed(amount: Series, policy: CreditPolicy) -> np.ndarray:
    """Rank of the lowest level that goes so far; the number of levels where none does or nothing is asked."""
    bounds = [np.inf if level.up_to_amount is None else level.up_to_amount for level in policy.overrides.levels]
    return np.where(amount.isna(), len(bounds), np.searchsorted(bounds, amount.fillna(0.0), side="left"))


def _longest(rows: DataFrame, policy: CreditPolicy) -> Series:
    return pd.to_datetime(rows["decided_date"]) + pd.DateOffset(months=policy.overrides.max_months)


def _names_of(flags: Series | None) -> list[str]:
    return [] if flags is None else flags.index[flags.astype(bool)].tolist()
