"""What differs between two versions of a credit policy."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pandas import DataFrame
from pydantic import BaseModel

from riskresearch.limits.policy.policy import CreditPolicy

NAMED_BY = ("segment_code", "country_code", "currency_code", "guarantee_code", "grade_code", "approver_code")


def policy_changes(old: CreditPolicy, new: CreditPolicy) -> DataFrame:
    """Return one row per field that was changed, added or removed.

    Lines of a list are compared by what names them (segment, country, grade, …), not by their place.

    Parameters
    ----------
    old, new : two versions, or two policies

    Returns
    -------
    DataFrame ``path old_value new_value`` as text, in the order of the file; empty where the field or its line is
    empty or absent. ``path`` is that of the file, such as ``segments.reliable.entry.pd_max_ratio``.
    """
    before, after = dict(policy_values(old)), dict(policy_values(new))
    paths = [*after, *(path for path in before if path not in after)]
    changed = [(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]
    return DataFrame(changed, columns=["path", "old_value", "new_value"]).astype("str")


def policy_values(policy: CreditPolicy) -> Iterator[tuple[str, str | None]]:
    """Return path and value, as text, of every field of a policy, in the order of the file."""
    yield from _values("", policy)


def _values(path: str, value: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _values(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(f"{path}.{name}", inner)
    elif isinstance(value, tuple) and any(isinstance(inner, BaseModel) for inner in value):
        seen: Counter[str] = Counter()
        for inner in value:
            name = _name(inner)
            seen[name] += 1
            yield from _values(f"{path}.{name}" + (f".{seen[name]}" if seen[name] > 1 else ""), inner)
    else:
        yield path, _text(value)


def _name(rule: BaseModel) -> str:
    """What names a line of a list: the customer of an exception, else its code."""
    found = next(name for name in ("customer_id", *NAMED_BY) if name in type(rule).model_fields)
    return str(getattr(rule, found))


def _text(value: Any) -> str | None:
    if isinstance(value, tuple):
        return " ".join(value) or None
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
