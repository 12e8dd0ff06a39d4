"""The step of its scenario that is due now, or next, for each open item."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.monitoring.acts import STRENGTH, Counts, Flags, Promises, settled_steps
from riskresearch.monitoring.day_numbers import Days, day_number, day_numbers
from riskresearch.monitoring.rules import Step
from riskresearch.monitoring.scenarios import NEW, step_plans
from riskresearch.monitoring.settings import DunningSettings

LEVEL_CALL, LEVEL_WARNING, LEVEL_NOTICE = 3, 4, 5


def scenario_flow(
    items: DataFrame, acts: DataFrame, promised: Promises, settings: DunningSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return the next step of each item, as if nothing interrupted its scenario.

    The step due is the latest one whose day has come and that is neither settled nor milder than what was done;
    steps that were missed before it are not made up for. Where none is due the next one is planned; where none is
    left somebody must decide. After an act the customer is given some days to answer.

    Parameters
    ----------
    items : ``customer_id invoice_id item_id due_date open_amount scenario_code is_new since_date``, index 0, 1, …
    acts : see `riskresearch.monitoring.acts.acts_on_items`
    promised : promises of the items; after a broken one the customer is called unless a firmer step is due
    settings : scenarios, days to answer
    as_of : last day that counts

    Returns
    -------
    DataFrame ``action_code level step_day planned date reason_code``; `planned` is the day number the step falls
    on, `date` the day number to act on.
    """
    plans = step_plans(settings)
    plan_of = np.where(
        items["is_new"].to_numpy(bool), items["scenario_code"].to_numpy(str) + NEW, items["scenario_code"].to_numpy(str)
    )
    settled, reached = settled_steps(acts, plan_of, plans)
    earliest = _earliest(acts, settings, today=day_number(as_of), n_items=len(items))
    flow = _steps(items, plan_of, plans, settled, reached, earliest)
    flow = _after_broken_promise(flow, acts, promised, earliest)
    if settings.notice_before_legal:
        flow = _notice_first(flow, acts)
    late = flow["is_passed"] & (earliest > day_number(as_of)) & (flow["reason_code"] == "step_due")
    flow["reason_code"] = flow["reason_code"].mask(late, "answer_awaited")
    return flow


def _earliest(acts: DataFrame, settings: DunningSettings, *, today: float, n_items: int) -> Days:
    """First day on which a next step may be taken: today, or when the customer had time to answer the last act."""
    done = acts[acts["action_code"] != "promise"]
    wait = done["action_code"].map(settings.answer_days).astype("float64").fillna(settings.step_gap_days)
    until = (done["act_day"] + wait).groupby(done["item"]).max().reindex(range(n_items))
    return np.fmax(until.to_numpy("float64"), today)


def _steps(
    items: DataFrame,
    plan_of: NDArray[np.str_],
    plans: Mapping[str, Sequence[Step]],
    settled: Flags,
    reached: Counts,
    earliest: Days,
) -> DataFrame:
    due, amount = day_numbers(items["due_date"]), items["open_amount"].to_numpy("float64")
    since = np.nan_to_num(day_numbers(items["since_date"]), nan=-np.inf)
    chosen, passed = np.full(len(items), -1, dtype="int64"), np.zeros(len(items), dtype=bool)
    action, level = np.full(len(items), "decide", dtype="U24"), np.full(len(items), LEVEL_NOTICE)
    day = np.full(len(items), np.nan)
    for plan in pd.unique(Series(plan_of)):
        rows, steps = np.flatnonzero(plan_of == plan), plans[plan]
        days = np.array([step.day for step in steps], dtype=float)
        on = due[rows, None] + days
        open_ = (amount[rows, None] >= [step.minimum_amount for step in steps]) & (on >= since[rows, None])
        open_ &= ~settled[rows, : len(steps)] & (np.arange(len(steps)) > reached[rows, None])
        k, passed[rows] = _choice(open_, open_ & (on <= earliest[rows, None]))
        chosen[rows], is_step = k, k >= 0
        action[rows[is_step]] = np.array([step.action_code for step in steps])[k[is_step]]
        level[rows[is_step]] = np.array([step.level for step in steps])[k[is_step]]
        day[rows[is_step]] = days[k[is_step]]
    planned = np.where(chosen >= 0, due + day, due + 1)
    reason = np.select([chosen < 0, passed], ["scenario_done", "step_due"], "step_planned")
    return DataFrame(
        {
            "action_code": action,
            "level": level,
            "step_day": day,
            "planned": planned,
            "date": np.maximum(planned, earliest),
            "reason_code": reason,
            "is_passed": passed,
        }
    )


def _choice(open_: Flags, passed: Flags) -> tuple[Counts, Flags]:
    """Last step that is passed, else first that is open, else -1; and whether one is passed."""
    is_passed = np.asarray(passed.any(axis=1))
    last = passed.shape[1] - 1 - np.argmax(passed[:, ::-1], axis=1)
    first = np.where(open_.any(axis=1), np.argmax(open_, axis=1), -1)
    return np.where(is_passed, last, first).astype("int64"), is_passed


def _after_broken_promise(flow: DataFrame, acts: DataFrame, promised: Promises, earliest: Days) -> DataFrame:
    """Call after a broken promise, unless something was done since or a firmer step is due."""
    last_act = acts[acts["action_code"] != "promise"].groupby("item")["act_day"].max().reindex(flow.index)
    fresh = promised.is_broken & ~promised.is_open & ~(last_act.to_numpy("float64") >= promised.resumes)
    fresh &= (flow["reason_code"] != "scenario_done").to_numpy()
    due = flow["is_passed"].to_numpy()
    calls = fresh & (~due | (flow["action_code"].map(STRENGTH) < STRENGTH["call"]).to_numpy())
    firmest = np.where(due, np.maximum(flow["level"], LEVEL_CALL), LEVEL_CALL)
    return flow.assign(
        action_code=flow["action_code"].mask(calls, "call"),
        level=flow["level"].mask(calls, firmest),
        step_day=flow["step_day"].mask(calls),
        planned=flow["planned"].mask(calls, promised.resumes),
        date=flow["date"].mask(calls, earliest),
        reason_code=flow["reason_code"].mask(fresh, "promise_broken"),
        is_passed=due | calls,
    )


def _notice_first(flow: DataFrame, acts: DataFrame) -> DataFrame:
    """Put a formal notice before collection and legal steps, and a warning before a first formal notice."""
    firm = ["formal_notice", "collection", "legal"]
    after_due = acts[acts["action_code"].isin(firm) & (acts["day_late"] > 0)]["item"].unique()
    any_act = acts[~acts["action_code"].isin(["statement", "promise"])]["item"].unique()
    has_notice, has_act = flow.index.isin(after_due), flow.index.isin(any_act)
    early = flow["is_passed"] & flow["action_code"].isin(["collection", "legal"]) & ~has_notice
    notice = early | (flow["is_passed"] & (flow["action_code"] == "formal_notice"))
    warn = notice & ~has_act
    flow["action_code"] = flow["action_code"].mask(early, "formal_notice").mask(warn, "warning")
    flow["level"] = flow["level"].mask(early, LEVEL_NOTICE).mask(warn, LEVEL_WARNING)
    flow["reason_code"] = flow["reason_code"].mask(early | warn, "notice_first")
    return flow
