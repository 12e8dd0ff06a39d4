"""The closed list of operations a mapping may compute with; there is no expression language."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import Series

from riskresearch.ledger.reading.mapping import FirstOf, Prefix, Shift, Total

Operation = Shift | Prefix | Total | FirstOf


def compute(operation: Operation, values: Mapping[str, Series]) -> Series:
    """Return the result of one operation on typed columns; missing operands give a missing result.

    Examples
    --------
    >>> due = Series(pd.to_datetime(["2024-01-15"]))
    >>> shifted = compute(Shift(date="due", plus_days="45", month_end="before"), {"due": due})
    >>> shifted.dt.strftime("%Y-%m-%d").item()
    '2024-03-16'
    """
    match operation:
        case Shift():
            return _shift(operation, values)
        case Prefix():
            return _by_prefix(operation, values[operation.text])
        case Total():
            added = sum((values[name] for name in operation.sum[1:]), values[operation.sum[0]])
            return sum((-values[name] for name in operation.minus), added)
        case FirstOf():
            return _first(operation, values)


def _first(operation: FirstOf, values: Mapping[str, Series]) -> Series:
    given = [values[name] for name in operation.first_of]
    parts = [part.mask(part == 0) for part in given] if operation.skip_zero else given
    first = parts[0]
    for part in parts[1:]:
        first = first.fillna(part)
    if not operation.skip_zero:
        return first
    return first.mask(first.isna() & np.logical_or.reduce([part.notna() for part in given]), 0)


def _shift(operation: Shift, values: Mapping[str, Series]) -> Series:
    days = values[operation.date]
    text = operation.plus_days or operation.minus_days or "0"
    sign = -1 if operation.minus_days is not None else 1
    moved = Series(int(text), index=days.index, dtype="Int64") if text.isdecimal() else values[text].astype("Int64")
    if operation.month_end == "before":
        days = days + pd.offsets.MonthEnd(0)
    known = moved.notna()
    shifted = days[known] + pd.to_timedelta(sign * moved[known].astype("int64"), unit="D")
    result = shifted.reindex(days.index).astype("datetime64[us]")
    return result + pd.offsets.MonthEnd(0) if operation.month_end == "after" else result


def _by_prefix(operation: Prefix, text: Series) -> Series:
    result = Series(operation.default, index=text.index, dtype="str")
    for prefix in sorted(operation.prefixes, key=len):
        result = result.mask(text.str.startswith(prefix).fillna(False).astype(bool), operation.prefixes[prefix])
    return result.mask(text.isna())
