"""Instalment plans for overdue amounts: exact to the cent, on working days, only where they make sense."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.day_numbers import reviewed_on
from riskresearch.monitoring.settings import InstalmentSettings, MonitoringSettings

INSTALMENT_PLANS = Table(
    "instalment_plans",
    "monitoring",
    "one row per part of the plan of a customer that is advised one",
    ("customer_id", "sequence_number"),
    (
        Column("customer_id", "text", "customer account"),
        Column("sequence_number", "int", "1 for the part paid first"),
        Column("n_parts", "int", "parts of the plan"),
        Column("part_date", "date", "working day on which the part is paid"),
        Column("part_amount", "float", "part, run currency"),
        Column("planned_amount", "float", "whole of the plan: overdue and neither disputed nor promised, run currency"),
        Column("remaining_amount", "float", "what is still owed of it after the part, run currency"),
        Column("remaining_ratio", "float", "the same as a share of the plan"),
    ),
)


def part_amounts(total_minor: NDArray[np.int64], *, n_parts: NDArray[np.int64], first_ratio: float) -> DataFrame:
    """Return the parts of amounts, in cents; they add up to the amount.

    The first part is its share of the total, rounded up to the cent; the others are equal to within a cent, the
    larger ones first. A plan of one part is the total.

    Parameters
    ----------
    total_minor : amounts, cents
    n_parts : parts of each
    first_ratio : share of the first part, 0-1

    Returns
    -------
    DataFrame ``plan sequence_number part_minor remaining_minor``; `plan` is the position of the amount.

    Examples
    --------
    >>> part_amounts(np.array([10000]), n_parts=np.array([4]), first_ratio=0.3)["part_minor"].tolist()
    [3000, 2334, 2333, 2333]
    """
    plan = np.repeat(np.arange(len(total_minor)), n_parts)
    number = np.arange(len(plan)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    share = np.ceil(np.round(total_minor * first_ratio, 6)).astype("int64")
    first = np.where(n_parts == 1, total_minor, share)
    others = np.maximum(n_parts - 1, 1)
    each, cents = np.divmod(total_minor - first, others)
    part = np.where(number == 0, first[plan], each[plan] + (number - 1 < cents[plan]))
    paid = Series(part).groupby(plan).cumsum().to_numpy()
    return DataFrame(
        {"plan": plan, "sequence_number": number + 1, "part_minor": part, "remaining_minor": total_minor[plan] - paid}
    )


def part_dates(settings: InstalmentSettings, *, as_of: Timestamp) -> NDArray[np.datetime64]:
    """Return the dates of the parts: weekends move to Monday, and none is later than the last day of a plan.

    A date that would move past the last day moves to the Friday before. Fewer dates than `plan_max_parts` come
    back where the last day cuts the plan short. Public holidays are not known here.
    """
    offsets = settings.plan_first_days + settings.plan_interval_days * np.arange(settings.plan_max_parts)
    first = np.datetime64(as_of, "D")
    days = first + offsets[offsets <= settings.plan_last_days]
    later = np.busday_offset(days, 0, roll="forward")
    dates: NDArray[np.datetime64] = np.where(
        later > first + settings.plan_last_days, np.busday_offset(days, 0, roll="backward"), later
    )
    return dates.astype("datetime64[us]")


def instalment_plans(
    tables: Mapping[str, DataFrame], actions: DataFrame, settings: MonitoringSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `instalment_plans` for the customers that are advised one.

    A plan is advised for an overdue amount above the floor, of a customer that looks solvent (segment and PD), whose
    oldest such invoice is late enough for a plan and not too late for the amicable phase, that is in no proceedings
    and has not broken its last promise. Its parts are as few as keep a part within the customer's usual purchases.

    Parameters
    ----------
    tables : ``scored limit_segments customer_behaviour``
    actions : table `next_actions`
    settings : conditions and form of a plan
    as_of : day the plan is proposed
    """
    owed = _plannable(actions)
    segments = reviewed_on(tables["limit_segments"], as_of=as_of)["segment_code"]
    known = owed.join(tables["scored"].set_index("customer_id")["pd_12m"]).join(segments)
    days = known["past_due_max_days"]
    advised = known[
        (known["overdue_minor"] >= settings.plan_floor_amount * 100)
        & known["segment_code"].isin(settings.plan_segment_codes)
        & (known["pd_12m"] <= settings.plan_pd_max_ratio)
        & (days >= settings.plan_from_days)
        & (days <= settings.plan_until_days)
    ]
    dates = part_dates(settings, as_of=as_of)
    total = advised["overdue_minor"].to_numpy("int64")
    n_parts = _n_parts(advised, tables["customer_behaviour"], settings, most=len(dates))
    parts = part_amounts(total, n_parts=n_parts, first_ratio=settings.plan_first_ratio)
    plan = parts["plan"].to_numpy()
    return DataFrame(
        {
            "customer_id": advised.index.to_numpy()[plan],
            "sequence_number": parts["sequence_number"],
            "n_parts": n_parts[plan],
            "part_date": dates[parts["sequence_number"].to_numpy() - 1],
            "part_amount": parts["part_minor"] / 100,
            "planned_amount": total[plan] / 100,
            "remaining_amount": parts["remaining_minor"] / 100,
            "remaining_ratio": parts["remaining_minor"] / total[plan],
        }
    )


def _plannable(actions: DataFrame) -> DataFrame:
    """Overdue cents and oldest days of each customer, without disputed and promised items; nobody in bad faith."""
    barred = actions["action_code"].isin(["file_claim", "await_court"]) | (actions["reason_code"] == "promise_broken")
    barred_customers = actions.loc[barred, "customer_id"].unique()
    late = actions[(actions["days_past_due"].fillna(0) > 0) & ~actions["customer_id"].isin(barred_customers)]
    late = late[~late["is_disputed"].astype(bool) & (late["action_code"] != "await_promise")]
    minor = (late["open_amount"].astype("float64") * 100).round().astype("int64")
    groups = late["customer_id"]
    return DataFrame(
        {
            "overdue_minor": minor.groupby(groups).sum(),
            "past_due_max_days": late["days_past_due"].astype("float64").groupby(groups).max(),
        }
    )


def _n_parts(advised: DataFrame, behaviour: DataFrame, settings: InstalmentSettings, *, most: int) -> NDArray[np.int64]:
    """Fewest parts, 2 or more, of which none after the first exceeds the usual purchases of some months."""
    yearly = behaviour.set_index("customer_id")["sales_amount_12m"].reindex(advised.index).clip(lower=0)
    usual_minor = yearly.to_numpy("float64") / 12 * settings.plan_part_months * 100
    rest_minor = advised["overdue_minor"].to_numpy("float64") * (1 - settings.plan_first_ratio)
    wanted = np.divide(rest_minor, usual_minor, out=np.full(len(advised), np.inf), where=usual_minor > 0)
    return np.minimum(np.maximum(1 + np.ceil(wanted), 2), most).astype("int64")
