"""Who is to be contacted today: one line per customer, the most urgent first."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.dunning import ACTIONS, DUNNING_REASONS
from riskresearch.monitoring.rules import SEGMENTS
from riskresearch.monitoring.settings import DunningSettings

IMPORTANCE = (
    "declare_to_insurer",
    "file_claim",
    "decide",
    "legal",
    "collection",
    "formal_notice",
    "delivery_stop",
    "warning",
    "call",
    "reminder",
    "ask_terms",
    "statement",
)
"""Actions from the one that comes first on a customer's line to the last."""
TOP_LEVEL = 5

CONTACT_LIST = Table(
    "contact_list",
    "monitoring",
    "one row per customer with something to do today; disputes and open promises are left alone",
    ("customer_id",),
    (
        Column("priority_rank", "int", "1 = first"),
        Column("customer_id", "text", "customer account"),
        Column("scenario_code", "code", "scenario of dunning", False, SEGMENTS),
        Column("action_code", "code", "the action that comes first", False, ACTIONS),
        Column("action_codes", "text", "all actions of the day, the first one first, separated by a space"),
        Column("message_level", "int", "firmest tone of the day: 1 courteous to 5 formal", True),
        Column("action_date", "date", "day of the contact"),
        Column("deadline_date", "date", "earliest deadline among the actions of the day", True),
        Column("n_invoices", "int", "invoices concerned"),
        Column("contact_amount", "float", "their open amount, run currency"),
        Column("overdue_amount", "float", "overdue amount not in dispute, run currency"),
        Column("past_due_max_days", "int", "days past due of the oldest invoice not in dispute; 0 = none overdue"),
        Column("urgency_ratio", "float", "urgency, see `contact_list`"),
        Column("priority_amount", "float", "overdue amount × urgency, run currency"),
        Column("reason_codes", "text", "reasons of the actions, separated by a space"),
    ),
)


def contact_list(actions: DataFrame, settings: DunningSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `contact_list`: one contact per customer and day, whatever the number of invoices.

    Priority = overdue amount × urgency; urgency = tone / 5 + chance of collection already lost by lateness + 1
    where a deadline of the law or a policy runs. That chance falls in a line from 1 on the due date to
    `recovery_ratio` after `recovery_days` (source: 30 % at 180 days, domain note C8).

    Parameters
    ----------
    actions : table `next_actions`
    settings : recovery by lateness
    as_of : day of the contact

    Examples
    --------
    1,000 overdue for 90 days, formal notice due (tone 5): urgency 1 + 0.7 × 90 / 180 = 1.35, priority 1,350.
    """
    todo = actions[actions["is_action_due"] & actions["action_code"].isin(IMPORTANCE)]
    place = todo["action_code"].map({name: n for n, name in enumerate(IMPORTANCE)}).astype("int64")
    groups = todo.groupby("customer_id", sort=True)
    strongest = place.groupby(todo["customer_id"]).min()
    frame = DataFrame(
        {
            "scenario_code": groups["scenario_code"].first(),
            "action_code": strongest.map(dict(enumerate(IMPORTANCE))).astype("str"),
            "action_codes": _joined(todo, "action_code", IMPORTANCE),
            "message_level": groups["message_level"].max(),
            "deadline_date": groups["deadline_date"].min(),
            "n_invoices": groups["invoice_id"].nunique(),
            "contact_amount": _sums(todo),
            "reason_codes": _joined(todo, "reason_code", DUNNING_REASONS),
        }
    )
    frame = frame.assign(action_date=as_of).join(_overdue(actions).reindex(frame.index))
    frame["urgency_ratio"] = _urgency(frame, settings)
    frame["priority_amount"] = frame["overdue_amount"] * frame["urgency_ratio"]
    frame = frame.reset_index().sort_values(
        ["priority_amount", "contact_amount", "customer_id"], ascending=[False, False, True], ignore_index=True
    )
    return frame.assign(priority_rank=np.arange(1, len(frame) + 1))


def _overdue(actions: DataFrame) -> DataFrame:
    asked = actions[~actions["is_disputed"].astype(bool)]
    late = asked[asked["days_past_due"].fillna(0) > 0]
    oldest = late.groupby("customer_id")["days_past_due"].max()
    customers = pd.Index(np.sort(actions["customer_id"].unique()), name="customer_id")
    return DataFrame(
        {"overdue_amount": _sums(late).reindex(customers), "past_due_max_days": oldest.reindex(customers)}
    ).fillna(0)


def _urgency(frame: DataFrame, settings: DunningSettings) -> Series:
    tone = frame["message_level"].astype("float64").fillna(0.0) / TOP_LEVEL
    days = frame["past_due_max_days"].astype("float64").clip(upper=settings.recovery_days)
    lost = (1 - settings.recovery_ratio) * days / settings.recovery_days
    return tone + lost + frame["deadline_date"].notna().astype("float64")


def _sums(rows: DataFrame) -> Series:
    """Open amounts by customer, summed in whole cents so that the order of rows does not matter."""
    minor = (rows["open_amount"].astype("float64") * 100).round().astype("int64")
    return minor.groupby(rows["customer_id"]).sum() / 100


def _joined(rows: DataFrame, column: str, codes: Sequence[str]) -> Series:
    """Distinct codes of each customer in the order of the list, in one text."""
    bits = rows[column].map({name: 1 << n for n, name in enumerate(codes)}).astype("int64")
    distinct = DataFrame({"customer_id": rows["customer_id"], "bit": bits}).drop_duplicates()
    sets = distinct.groupby("customer_id")["bit"].sum()
    texts = {found: " ".join(name for n, name in enumerate(codes) if found >> n & 1) for found in sets.unique()}
    return sets.map(texts).astype("str")
