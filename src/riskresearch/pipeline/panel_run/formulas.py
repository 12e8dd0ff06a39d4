"""What a feature of a panel can be made of: simple formulas over columns of one row, declared in the mapping."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pandas import DataFrame, Series


@dataclass(frozen=True)
class Given:
    """What a formula is told besides its columns."""

    threshold: float = 0.0
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A formula: how many columns it takes, what it must be told, and how it makes the feature of them.

    Parameters
    ----------
    make : from the columns, in order, to the feature
    columns : smallest and largest number of columns
    needs : ``threshold``, ``values`` or nothing
    is_text : the columns stay text; else they are numbers, and text in them is refused
    """

    make: Callable[[DataFrame, Given], Series]
    columns: tuple[int, int]
    needs: str = ""
    is_text: bool = False

    def refuse(self, columns: Sequence[str], threshold: float | None, values: Sequence[str]) -> None:
        """Raise ValueError for columns or words that the formula does not take."""
        low, high = self.columns
        if not low <= len(columns) <= high:
            raise ValueError(f"columns {list(columns)}: the formula takes {low if low == high else f'{low} or more'}")
        told = {"threshold": threshold is not None, "values": bool(values)}
        if told != {name: name == self.needs for name in told}:
            raise ValueError(f"the formula takes {self.needs or 'neither threshold nor values'}")


def _ratio(columns: DataFrame, given: Given) -> Series:
    """A divisor that is zero or negative (net worth below zero) gives no ratio: its sign would mislead."""
    above, below = columns.iloc[:, 0], columns.iloc[:, 1]
    return above / below.where(below > 0)


def _count_above(columns: DataFrame, given: Given) -> Series:
    return (columns > given.threshold).sum(axis=1).astype(float).where(columns.notna().any(axis=1))


def _is_one_of(columns: DataFrame, given: Given) -> Series:
    return columns.iloc[:, 0].isin(given.values).astype(float).where(columns.iloc[:, 0].notna())


def _at_least(columns: DataFrame, given: Given) -> Series:
    largest = columns.max(axis=1)
    return largest.clip(lower=given.threshold).where(largest.notna())


MANY = 1000
FORMULAS: Mapping[str, Formula] = {
    "value": Formula(lambda columns, given: columns.iloc[:, 0], (1, 1)),
    "ratio": Formula(_ratio, (2, 2)),
    "difference": Formula(lambda columns, given: columns.iloc[:, 0] - columns.iloc[:, 1], (2, 2)),
    "sum": Formula(lambda columns, given: columns.sum(axis=1, skipna=False), (2, MANY)),
    "mean": Formula(lambda columns, given: columns.mean(axis=1), (2, MANY)),
    "maximum": Formula(lambda columns, given: columns.max(axis=1), (2, MANY)),
    "minimum": Formula(lambda columns, given: columns.min(axis=1), (2, MANY)),
    "at_least": Formula(_at_least, (1, MANY), "threshold"),
    "count_above": Formula(_count_above, (1, MANY), "threshold"),
    "is_one_of": Formula(_is_one_of, (1, 1), "values", is_text=True),
}
"""``mean``, ``maximum``, ``minimum`` and ``count_above`` are over the known values, empty where none is known; so is
``at_least``, the largest value or the threshold, whichever is more. ``sum`` and ``difference`` are empty where a part
is not known, ``ratio`` also where the divisor is not above zero."""
