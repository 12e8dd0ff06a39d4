"""Levels that change in steps: the latest known value as signed deltas, each from the day it became known.

The latest value known on a day T is, among the records known by T, that of the latest act; of two with the same
day of act, the one known last. An older record that becomes known late replaces nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

Ints = NDArray[np.int64]


def step_deltas(
    records: DataFrame,
    *,
    by: Sequence[str],
    act_day: str,
    known_day: str,
    values: Mapping[str, str],
    ties: Sequence[str] = (),
) -> DataFrame:
    """Return the changes of the latest known values of each group.

    Parameters
    ----------
    records : one row per record, in any order
    by : columns of the group, such as customer and provider
    act_day : column with the day number of the act; the latest act counts
    known_day : column with the day number from which the record counts
    values : column with an integer value (may be missing) -> measure that tells whether there is one
    ties : columns that tell which of two records with the same group, act and known day is the later one

    Returns
    -------
    DataFrame with the columns `by`, ``day``, each value and each measure of `values`, integers. Summed up to a day
    they give the latest known value of the group and 1; both are 0 where the latest record lacks the value.

    Examples
    --------
    >>> limits = DataFrame({"customer_id": "C1", "start": [10, 40, 20], "known": [10, 40, 50], "minor": [500, 0, 900]})
    >>> steps = step_deltas(
    ...     limits, by=["customer_id"], act_day="start", known_day="known", values={"minor": "has_limit"}
    ... )
    >>> steps[["day", "minor", "has_limit"]].to_dict("list")
    {'day': [10, 40], 'minor': [500, -500], 'has_limit': [1, 0]}
    """
    rows, group = _as_known(records, by, [known_day, act_day, *ties])
    act = rows[act_day].astype("int64")
    is_latest = (act == act.groupby(group).cummax()).to_numpy()
    rows, group = rows[is_latest], group[is_latest]
    is_first = first_of_group(group.to_numpy())
    steps = {name: rows[name] for name in by} | {"day": rows[known_day].astype("int64")}
    for value, has in values.items():
        steps[value] = changes(rows[value].fillna(0).to_numpy("int64"), is_first)
        steps[has] = changes(rows[value].notna().to_numpy("int64"), is_first)
    return DataFrame(steps).reset_index(drop=True)


def second_latest(
    records: DataFrame, *, by: Sequence[str], act_day: str, known_day: str, ties: Sequence[str] = ()
) -> DataFrame:
    """Return the records that come second in their group, each from the day it is known that it does.

    A record comes second when a later act becomes known, or when it becomes known itself after a later act.
    The latest known of these rows (`step_deltas`) is the one before the latest of `records`.

    Returns
    -------
    DataFrame with the columns of `records`; `known_day` is the day from which the row counts.

    Examples
    --------
    >>> accounts = DataFrame({"customer_id": "C1", "end": [2021, 2023, 2022], "known": [5, 6, 7]})
    >>> second_latest(accounts, by=["customer_id"], act_day="end", known_day="known").to_dict("list")
    {'customer_id': ['C1', 'C1'], 'end': [2021, 2022], 'known': [6, 7]}
    """
    rows, group = _as_known(records, by, [known_day, act_day, *ties])
    act = rows[act_day].astype("int64")
    is_latest = act == act.groupby(group).cummax()
    place = Series(np.arange(len(rows)), index=rows.index)
    latest_before = place.where(is_latest).groupby(group).ffill().groupby(group).shift()
    has_before = latest_before.notna().to_numpy()
    second = place.where(~is_latest, latest_before)[has_before].to_numpy("int64")
    known = rows[known_day].to_numpy()[has_before]
    return rows.take(second).assign(**{known_day: known}).reset_index(drop=True)


def micro(ratio: Series) -> Series:
    """Return a ratio as integer millionths, missing where it is.

    Examples
    --------
    >>> micro(Series([0.7, None])).tolist()
    [700000, <NA>]
    """
    millionths = np.rint(ratio.fillna(0).to_numpy("float64") * 1_000_000).astype("int64")
    return Series(millionths, index=ratio.index, dtype="Int64").mask(ratio.isna())


def first_of_group(keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which rows differ from the row before; the first row does."""
    return np.r_[True, keys[1:] != keys[:-1]][: len(keys)]


def changes(level: Ints, is_first: NDArray[np.bool_]) -> Ints:
    """Return the difference of each level from the one before, of the first of a group from 0."""
    before = np.r_[0, level[:-1]][: len(level)]
    return np.asarray(level - np.where(is_first, 0, before))


def running(deltas: Ints, is_first: NDArray[np.bool_]) -> Ints:
    """Return the running sums of each group: the levels of which `deltas` are the changes."""
    total = np.cumsum(deltas)
    starts = np.flatnonzero(is_first)
    before = (total - deltas)[starts]
    return np.asarray(total - np.repeat(before, np.diff(np.append(starts, len(deltas)))))


def stacked(parts: Sequence[DataFrame], *, sums: Sequence[str]) -> DataFrame:
    """Return the legs of several parts below each other; a measure that a part lacks is 0 in it."""
    filled = [part.assign(**{name: 0 for name in sums if name not in part}) for part in parts]
    rows = pd.concat([part[["customer_id", "day", *sums]] for part in filled], ignore_index=True)
    return rows.astype({"customer_id": "str"} | dict.fromkeys(["day", *sums], "int64"))


def _as_known(records: DataFrame, by: Sequence[str], order: Sequence[str]) -> tuple[DataFrame, Series]:
    """Records of each group in the order they became known, and the number of their group."""
    number = records.groupby(list(by), sort=True).ngroup().rename("group_number")
    rows = records.assign(group_number=number).sort_values(["group_number", *order], kind="stable", ignore_index=True)
    return rows.drop(columns="group_number"), rows["group_number"]
