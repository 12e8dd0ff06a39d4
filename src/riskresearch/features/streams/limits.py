"""Limits in force: the seller's own and the credit insurer's, as steps on the days they became known.

In force on a day is, among the decisions of a kind known on it and not ended before it, the one that started
last (of those that started on the same day the one known last). Its end, known from the start, makes an older
decision that still runs count again; a decision recorded late does not replace one that started after it.
Lasting and temporary limits of the seller are levels of their own: the larger of the two is the limit.

     known        last day   limit        level of the day   leg
     1 Mar        .          100          1 Mar  100         +100
     1 May        30 Jun     150          1 May  150          +50
                                          1 Jul  100          −50
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.ordering import in_order
from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import Ints, first_of_group, stacked
from riskresearch.ledger.movements import known_date

INTERNAL = ("internal", "temporary")
INTERNAL_MEASURES = tuple(name for kind in INTERNAL for name in (f"{kind}_limit_minor", f"n_{kind}_in_force"))
INSURER_LEVELS = ("insurer_limit_minor", "insurer_asked_minor", "n_insurer_in_force")
INSURER_MEASURES = (*INSURER_LEVELS, "n_insurer_decisions", "n_insurer_cuts")
NEVER, NONE = np.iinfo(np.int64).max, -1


@STREAMS.register(Stream(reads=("limits",), sums=INTERNAL_MEASURES))
def internal_limits(tables: Tables) -> DataFrame:
    """Lasting and temporary limit of the seller in force, minor units, and whether there is one."""
    parts = []
    for kind in INTERNAL:
        decisions, measures = _decisions(tables["limits"], kind), (f"{kind}_limit_minor", f"n_{kind}_in_force")
        named = decisions.assign(**dict(zip(measures, (decisions["base_minor"], 1), strict=True)))
        parts.append(_legs(_steps(named), named, measures))
    return stacked(parts, sums=INTERNAL_MEASURES)


@STREAMS.register(Stream(reads=("limits",), sums=INSURER_MEASURES))
def insurer_limits(tables: Tables) -> DataFrame:
    """Insurer's limit in force, what was asked for it (0 = unknown), decisions, and cuts.

    A cut is a decision that comes into force as a refusal or below the limit in force before; the end of a limit
    above 0 with nothing in force after it, on the day after. Back to an older limit after the end of a higher
    one is none.
    """
    decisions = _decisions(tables["limits"], "insurer")
    named = decisions.assign(
        insurer_limit_minor=decisions["base_minor"],
        insurer_asked_minor=decisions["requested_minor"],
        n_insurer_in_force=1,
        n_insurer_decisions=1,
    )
    steps, made = _steps(named), named[["customer_id", "day", "n_insurer_decisions"]]
    return stacked([_legs(steps, named, INSURER_LEVELS), made, _cuts(steps, named)], sums=INSURER_MEASURES)


def _decisions(limits: DataFrame, kind: str) -> DataFrame:
    """Decisions ``customer_id customer day until base_minor requested_minor``; a later row overrules an earlier one.

    ``customer`` numbers the customers; ``until`` is the day after the last day in force.
    """
    rows = limits[limits["limit_kind_code"] == kind]
    found = DataFrame(
        {
            "customer_id": rows["customer_id"],
            "start": day_number(rows["start_date"]),
            "day": day_number(known_date(rows, "start_date")),
            "until": (day_number(rows["end_date"]) + 1).fillna(NEVER).astype("int64"),
            "limit_id": rows["limit_id"],
            "base_minor": rows["base_minor"].astype("int64"),
            "requested_minor": rows["requested_minor"].fillna(0).astype("int64"),
        }
    )
    found = in_order(found, ["customer_id", "start", "day", "limit_id"])
    return found.assign(customer=np.cumsum(first_of_group(found["customer_id"].to_numpy())))


def _steps(decisions: DataFrame) -> DataFrame:
    """Days on which something begins or ends: ``customer_id customer day now before``, in order.

    ``now`` is the row of `decisions` in force from that day on, ``before`` until the day before; −1 is none.
    """
    live = decisions[decisions["until"] > decisions["day"]]
    ends = live[live["until"] < NEVER].drop(columns="day").rename(columns={"until": "day"})
    keys = ["customer", "day"]
    both = pd.concat([frame[["customer_id", *keys]] for frame in (live, ends)], ignore_index=True)
    steps = both.drop_duplicates(keys).sort_values(keys, ignore_index=True)
    now = _in_force(steps, decisions)
    is_first = first_of_group(steps["customer"].to_numpy())
    return steps.assign(now=now, before=np.where(is_first, NONE, np.roll(now, 1)))


def _in_force(steps: DataFrame, decisions: DataFrame) -> Ints:
    """Row of the last of the decisions that have begun and not ended, by step.

    Mostly the last that has begun; only where that one has ended are all of the customer looked through.
    """
    keys, rows = ["customer", "day"], decisions.assign(row=decisions.index)
    begins = rows.groupby(keys)["row"].max()
    latest = begins.reindex(pd.MultiIndex.from_frame(steps[keys]), fill_value=NONE).to_numpy("int64")
    latest = np.maximum.accumulate(latest)
    is_over = _at(decisions, "until", latest) <= steps["day"].to_numpy()
    tried = steps.loc[is_over, keys].rename_axis("step").reset_index()
    others = tried.merge(rows, on="customer", suffixes=("", "_begun"))
    standing = others[(others["day_begun"] <= others["day"]) & (others["day"] < others["until"])]
    latest[is_over] = standing.groupby("step")["row"].max().reindex(tried["step"], fill_value=NONE).to_numpy("int64")
    return latest


def _legs(steps: DataFrame, decisions: DataFrame, measures: Sequence[str]) -> DataFrame:
    """What each step adds to the levels `measures`."""
    changed = steps[steps["now"] != steps["before"]]
    now, before = changed["now"].to_numpy(), changed["before"].to_numpy()
    return changed[["customer_id", "day"]].assign(
        **{name: _at(decisions, name, now) - _at(decisions, name, before) for name in measures}
    )


def _cuts(steps: DataFrame, decisions: DataFrame) -> DataFrame:
    """Days on which a decision refused or lowered the limit, or a limit above 0 ended without a successor."""
    now, before = (_at(decisions, "base_minor", steps[name].to_numpy()) for name in ("now", "before"))
    is_new = _at(decisions, "day", steps["now"].to_numpy()) == steps["day"].to_numpy()
    is_none = steps["now"].to_numpy() == NONE
    is_cut = np.where(is_none, before > 0, is_new & ((now == 0) | (now < before)))
    return steps.loc[is_cut, ["customer_id", "day"]].assign(n_insurer_cuts=1)


def _at(decisions: DataFrame, name: str, rows: Ints) -> Ints:
    """Values of a column on rows of `decisions`, 0 for none."""
    return np.append(decisions[name].to_numpy("int64"), 0)[rows]
