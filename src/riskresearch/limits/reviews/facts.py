"""What triggers of a review look at, the family of triggers, and how they give their finds back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.registry import Registry
from riskresearch.limits.policy.policy import CreditPolicy

FOUND = ("customer_id", "trigger_date", "value", "threshold", "evidence")


@dataclass(frozen=True)
class Trigger:
    """Declaration of a trigger.

    Parameters
    ----------
    label_en, label_fr : names
    unit_code : unit of value and threshold: days, months, grades, amount, count or the signal's own
    needs : tables it reads beside the inputs; without them it finds nothing
    is_routine : it shows no new risk
    """

    label_en: str
    label_fr: str
    unit_code: str
    needs: tuple[str, ...] = ()
    is_routine: bool = False


TRIGGERS = Registry[Trigger]("review trigger")


@dataclass(frozen=True)
class Facts:
    """What is known on the day of the run.

    Parameters
    ----------
    inputs : table `limit_inputs`, related companies left out
    segments : table `limit_segments`
    tables : tables of the run
    policy : credit policy
    as_of : last day that counts
    round_days : days that one list of regular reviews serves
    """

    inputs: DataFrame
    segments: DataFrame
    tables: Mapping[str, DataFrame]
    policy: CreditPolicy
    as_of: Timestamp
    round_days: int

    @cached_property
    def today(self) -> DataFrame:
        """Inputs of the day with segment and newness, by customer_id."""
        held = self.segments[["customer_id", "review_date", "segment_code", "is_new"]]
        rows = self.inputs[self.inputs["review_date"] == self.as_of]
        return rows.merge(held, on=["customer_id", "review_date"], validate="one_to_one").set_index("customer_id")

    @cached_property
    def decisions(self) -> DataFrame:
        """Own limits and decisions against proposals by the day they were known: ``customer_id decided_date``."""
        own = self.tables["limits"]
        own = own[own["limit_kind_code"] == "internal"]
        known = DataFrame({"customer_id": own["customer_id"], "decided_date": latest_of(own, "start_date")})
        parts = [known]
        if "overrides" in self.tables:
            rows = self.tables["overrides"]
            dated = latest_of(rows, "decided_date")
            parts.append(DataFrame({"customer_id": rows["customer_id"], "decided_date": dated}))
        made = pd.concat(parts).drop_duplicates()
        made = made[made["decided_date"] <= self.as_of]
        return made.sort_values(["decided_date", "customer_id"], ignore_index=True)

    @cached_property
    def last_decision(self) -> Series:
        """Day of the last decision by customer_id."""
        return self.decisions.groupby("customer_id")["decided_date"].max()


def latest_of(rows: DataFrame, act_date: str) -> Series:
    """Return the day each row became known: the later of its own and its recorded date."""
    return pd.to_datetime(rows[[act_date, "recorded_date"]].max(axis=1))


def looked_up(values: Series, customers: Series) -> Series:
    """Return the value of each customer, empty where it has none; an empty table keeps its type.

    Parameters
    ----------
    values : by customer_id
    customers : customer ids, any index
    """
    return Series(values.reindex(customers).to_numpy(), index=customers.index)


def months_after(days: Series, months: int | Series) -> Series:
    """Return the same days of a later month; a month end stays a month end.

    Examples
    --------
    >>> months_after(Series(pd.to_datetime(["2024-06-30", "2024-08-31", "2024-01-15"])), 6).dt.date.astype(str).tolist()
    ['2024-12-31', '2025-02-28', '2024-07-15']
    """
    step = Series(months, index=days.index)
    later = days.copy()
    for number in sorted(step.dropna().unique()):
        rows = step == number
        later = later.where(~rows, days + pd.DateOffset(months=int(number)))
    ends = later + pd.offsets.MonthEnd(0)
    return later.where(~days.dt.is_month_end, ends)


def found(
    customer_id: Series | pd.Index, *, trigger_date: Any, value: Any, threshold: Any, **evidence: Any
) -> DataFrame:
    """Return finds of a trigger, one row each.

    Parameters
    ----------
    customer_id : who
    trigger_date : day from which a review is called for
    value, threshold : what is measured and what it is held against
    evidence : identifiers, codes, dates and figures it rests on
    """
    columns = {"customer_id": customer_id, "trigger_date": trigger_date, "value": value, "threshold": threshold}
    plain = {name: item.to_numpy() if hasattr(item, "to_numpy") else item for name, item in columns.items()}
    frame = DataFrame(plain, index=range(len(customer_id)))
    extra = {name: item.to_numpy() if hasattr(item, "to_numpy") else item for name, item in evidence.items()}
    told = DataFrame(extra, index=frame.index)
    texts = [json.dumps({k: _plain(v) for k, v in row.items()}, sort_keys=True) for row in told.to_dict("records")]
    return frame.assign(evidence=Series(texts, index=frame.index, dtype="str"))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value) or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    plain = value.item() if hasattr(value, "item") else value
    return round(plain, 6) if isinstance(plain, float) else plain
