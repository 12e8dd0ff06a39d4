"""Next action of every open item, and who is to be contacted today."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.acts import Promises, acts_on_items, promises
from riskresearch.monitoring.day_numbers import Days, dates_of, day_number, day_numbers, month_ends
from riskresearch.monitoring.deadlines import DECLARATIONS, Claim, Declaration, claim, declaration
from riskresearch.monitoring.flow import scenario_flow
from riskresearch.monitoring.rules import SEGMENTS, STEP_ACTIONS
from riskresearch.monitoring.settings import DunningSettings

ACTIONS = (
    *STEP_ACTIONS,
    "declare_to_insurer",
    "file_claim",
    "await_court",
    "resolve_dispute",
    "await_promise",
    "ask_terms",
    "none",
)
QUEUE_OF: Mapping[str, str] = {
    **dict.fromkeys(STEP_ACTIONS, "contact"),
    "decide": "committee",
    "declare_to_insurer": "insurer",
    "file_claim": "claim",
    "await_court": "claim",
    "resolve_dispute": "dispute",
    "await_promise": "promise",
    "ask_terms": "terms",
    "none": "none",
}
QUEUES = tuple(dict.fromkeys(QUEUE_OF.values()))
DUNNING_REASONS = (
    "declaration_due",
    "insolvency",
    "insolvency_late",
    "promise_broken",
    "notice_first",
    "scenario_done",
    "step_due",
    "due_date_missing",
    "declaration_planned",
    "claim_filed",
    "answer_awaited",
    "small_grouped",
    "step_planned",
    "promise_open",
    "disputed",
    "nothing_owed",
)

NEXT_ACTIONS = Table(
    "next_actions",
    "monitoring",
    "one row per open item",
    ("item_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("invoice_id", "text", "invoice"),
        Column("item_id", "text", "invoice, or part of it that is due on its own"),
        Column("scenario_code", "code", "scenario of dunning of the customer", False, SEGMENTS),
        Column("due_date", "date", "net due date", True),
        Column("days_past_due", "int", "days since the due date; negative = not yet due", True),
        Column("open_amount", "float", "open amount, run currency"),
        Column("is_disputed", "bool", "in dispute"),
        Column("queue_code", "code", "whose turn it is", False, QUEUES),
        Column("action_code", "code", "next action", False, ACTIONS),
        Column("message_level", "int", "tone: 1 courteous, 3 firm, 5 formal; empty = no message", True),
        Column("step_day", "int", "day of the scenario's step against the due date", True),
        Column("action_date", "date", "day to act on, never before the date of the table", True),
        Column("is_action_due", "bool", "to be done on the date of the table"),
        Column("deadline_date", "date", "last day of that action, where the law or a policy sets one", True),
        Column("declare_by_date", "date", "last day to declare the item to the insurer", True),
        Column("declaration_code", "code", "state of that declaration", False, DECLARATIONS),
        Column("promise_date", "date", "day promised last", True),
        Column("last_act_date", "date", "last act that concerns the item", True),
        Column("n_acts", "int", "acts that concern the item"),
        Column("reason_code", "code", "why this action", False, DUNNING_REASONS),
    ),
)


def next_actions(
    tables: Mapping[str, DataFrame], scenarios: DataFrame, settings: DunningSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `next_actions`: exactly one next action for every open item.

    What comes first, in this order: the insurer's declaration once its time has come, or where nothing else is to
    be done before; the claim in insolvency proceedings; the dispute queue; the missing due date; an open promise;
    the step of the scenario.

    Parameters
    ----------
    tables : ``open_invoices reminders payments events``, and ``cover`` where there is one
    scenarios : table `dunning_scenarios`
    settings : scenarios and pauses
    as_of : last day that counts
    """
    items = tables["open_invoices"].sort_values("item_id", kind="stable", ignore_index=True)
    known = scenarios.set_index("customer_id")[["scenario_code", "is_new", "since_date"]]
    items = items.join(known, on="customer_id")
    acts = acts_on_items(items, tables["reminders"], as_of=as_of)
    promised = promises(acts, tables, settings, as_of=as_of, n_items=len(items))
    flow = scenario_flow(items, acts, promised, settings, as_of=as_of)
    claimed = claim(items, acts, tables["events"], settings, as_of=as_of)
    chosen = _interrupted(flow, items, promised, claimed, today=day_number(as_of))
    declared = declaration(items, tables, settings, as_of=as_of)
    chosen = _small_together(chosen, items, declared, settings, today=day_number(as_of))
    chosen = _declared_first(chosen, declared)
    return _table(items, acts, chosen, promised, declared, as_of=as_of)


def _interrupted(flow: DataFrame, items: DataFrame, promised: Promises, claimed: Claim, *, today: float) -> DataFrame:
    owed, in_court = items["open_amount"].to_numpy("float64") > 0, ~np.isnan(claimed.by)
    cases: list[tuple[Series | np.ndarray, str, str, float | Days]] = [
        (~owed, "none", "nothing_owed", np.nan),
        (in_court & claimed.is_filed, "await_court", "claim_filed", np.nan),
        (in_court & (claimed.by < today), "file_claim", "insolvency_late", today),
        (in_court, "file_claim", "insolvency", today),
        (items["is_disputed"].to_numpy(bool), "resolve_dispute", "disputed", today),
        (items["due_date"].isna().to_numpy(), "ask_terms", "due_date_missing", today),
        (promised.is_open, "await_promise", "promise_open", promised.resumes),
    ]
    masks = [np.asarray(case[0]) for case in cases]
    action = np.select(masks, [np.full(len(flow), case[1]) for case in cases], flow["action_code"].to_numpy(str))
    reason = np.select(masks, [np.full(len(flow), case[2]) for case in cases], flow["reason_code"].to_numpy(str))
    interrupted = np.logical_or.reduce(masks)
    return DataFrame(
        {
            "action_code": action,
            "reason_code": reason,
            "date": np.select(masks, [np.full(len(flow), case[3]) for case in cases], flow["date"].to_numpy()),
            "planned": flow["planned"].mask(interrupted),
            "level": flow["level"].mask(interrupted),
            "step_day": flow["step_day"].mask(interrupted),
            "deadline": np.where(action == "file_claim", claimed.by, np.nan),
        }
    )


def _small_together(
    chosen: DataFrame, items: DataFrame, declared: Declaration, settings: DunningSettings, *, today: float
) -> DataFrame:
    """Let small items wait for the customer's next contact, or for the end of the month their step falls in."""
    small, is_step = items["open_amount"] < settings.small_item_amount, chosen["planned"].notna()
    contact = is_step & (chosen["date"] <= today) & (declared.status != "due")
    contacted = items.loc[contact & ~small, "customer_id"].unique()
    month_end = month_ends(chosen["planned"].to_numpy("float64"))
    joins = contact & items["customer_id"].isin(contacted)
    waits = small & is_step & ~joins & (month_end > chosen["date"])
    return chosen.assign(
        date=chosen["date"].mask(waits, month_end), reason_code=chosen["reason_code"].mask(waits, "small_grouped")
    )


def _declared_first(chosen: DataFrame, declared: Declaration) -> DataFrame:
    owed = chosen["action_code"] != "none"
    later = chosen["date"].isna() | (chosen["date"] > declared.first)
    due = owed & (declared.status == "due")
    planned = owed & (declared.status == "planned") & later
    first = due | planned
    return chosen.assign(
        action_code=chosen["action_code"].mask(first, "declare_to_insurer"),
        reason_code=chosen["reason_code"].mask(due, "declaration_due").mask(planned, "declaration_planned"),
        date=chosen["date"].mask(first, declared.first),
        deadline=chosen["deadline"].mask(first, declared.by),
        level=chosen["level"].mask(first),
        step_day=chosen["step_day"].mask(first),
    )


def _table(
    items: DataFrame, acts: DataFrame, chosen: DataFrame, promised: Promises, declared: Declaration, *, as_of: Timestamp
) -> DataFrame:
    today = day_number(as_of)
    by_item = acts[acts["action_code"] != "promise"].groupby("item")["act_day"]
    date = np.maximum(chosen["date"].to_numpy("float64"), today)
    taken = ["customer_id", "invoice_id", "item_id", "scenario_code", "due_date", "open_amount", "is_disputed"]
    return items[taken].assign(
        days_past_due=Series(today - day_numbers(items["due_date"])).astype("Int64"),
        queue_code=chosen["action_code"].map(QUEUE_OF),
        action_code=chosen["action_code"],
        message_level=chosen["level"].astype("Int64"),
        step_day=chosen["step_day"].astype("Int64"),
        action_date=dates_of(date),
        is_action_due=date <= today,
        deadline_date=dates_of(chosen["deadline"].to_numpy("float64")),
        declare_by_date=dates_of(declared.by),
        declaration_code=declared.status,
        promise_date=dates_of(promised.date),
        last_act_date=dates_of(by_item.max().reindex(items.index).to_numpy("float64")),
        n_acts=by_item.size().reindex(items.index, fill_value=0).astype("int64"),
        reason_code=chosen["reason_code"],
    )
