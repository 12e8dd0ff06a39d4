"""What a feature is, and what it may ask for: the one place to look at before adding one.

A feature is a function that is given `At`, the view of a customer on a date, and returns an expression.
Whatever it asks for is remembered, so that only what some feature needs is computed.
"""

from dataclasses import dataclass
from typing import Literal

import narwhals as nw

from riskresearch.base.registry import Registry

Peers = Literal["sector", "country", "group", "book"]
Direction = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """Declaration of a feature.

    ``direction`` +1: a higher value never lowers the PD; -1: never raises it; 0: not constrained.
    ``missing`` says when there is no value; a missing value is kept, never filled with "no delays".
    """

    family: str
    unit: Literal["days", "ratio", "months", "count"]
    direction: Direction
    label_en: str
    label_fr: str
    missing: str
    decimals: int = 1


FEATURES = Registry[Feature]("feature")


@dataclass(frozen=True, order=True)
class Level:
    """Running sum (or latest value) of a measure, `ago` months before the date."""

    measure: str
    ago: int

    @property
    def column(self) -> str:
        """Name of its column in the panel."""
        return f"{self.measure}__{self.ago}"


@dataclass(frozen=True, order=True)
class PeerLevel:
    """A level summed over all customers with the same sector, country or group, or over the whole book."""

    by: Peers
    level: Level

    @property
    def column(self) -> str:
        """Name of its column in the panel."""
        return f"{self.level.column}__{self.by}"


class At:
    """The view of a customer on a date T; each answer is an expression on the row of the panel.

    Measures are declared by the streams (`riskresearch.features.streams`). Sums are integers, so they are
    equal on every engine; a window ends on T and counts by the day an act became known.

    Examples
    --------
    >>> at = At()
    >>> _ = at.flow("sale_minor", 12)
    >>> [level.column for level in at.levels]
    ['sale_minor__0', 'sale_minor__12']
    """

    def __init__(self) -> None:
        self._levels: set[Level] = set()
        self._peers: set[PeerLevel] = set()
        self._attributes: set[str] = set()
        self.needs_oldest_due = False

    @property
    def levels(self) -> list[Level]:
        """Levels asked for, in order."""
        return sorted(self._levels)

    @property
    def peer_levels(self) -> list[PeerLevel]:
        """Levels of peers asked for, in order."""
        return sorted(self._peers)

    @property
    def attributes(self) -> list[str]:
        """Attributes of customers asked for, in order."""
        return sorted(self._attributes)

    @property
    def day(self) -> nw.Expr:
        """Day number of T, days since 1970-01-01."""
        return nw.col("day")

    def level(self, measure: str, ago: int = 0) -> nw.Expr:
        """Running sum of a measure up to the date `ago` months before T; 0 before the first act."""
        wanted = Level(measure, ago)
        self._levels.add(wanted)
        return nw.col(wanted.column)

    def flow(self, measure: str, months: int, ago: int = 0) -> nw.Expr:
        """Sum of what became known in the `months` that end on the date `ago` months before T."""
        return self.level(measure, ago) - self.level(measure, ago + months)

    def last(self, measure: str, ago: int = 0) -> nw.Expr:
        """Latest day of a measure of days up to the date `ago` months before T; null if none."""
        return self.level(measure, ago)

    def peers(self, measure: str, by: Peers, months: int | None = None, ago: int = 0) -> nw.Expr:
        """Level (flow, where `months` is given) summed over all customers with the same `by`, own included."""
        now = self._peer_level(measure, by, ago)
        return now if months is None else now - self._peer_level(measure, by, ago + months)

    def attribute(self, name: str) -> nw.Expr:
        """Integer attribute of the customer; null if unknown."""
        self._attributes.add(name)
        return nw.col(name)

    def oldest_due_day(self) -> nw.Expr:
        """Due day number of the oldest item that is open and overdue on T; null if none."""
        self.needs_oldest_due = True
        return nw.col("oldest_due_day")

    def _peer_level(self, measure: str, by: Peers, ago: int) -> nw.Expr:
        wanted = PeerLevel(by, Level(measure, ago))
        self._peers.add(wanted)
        self._levels.add(wanted.level)
        return nw.col(wanted.column)


def ratio(over: nw.Expr, under: nw.Expr) -> nw.Expr:
    """Quotient; null where the denominator is null or not positive."""
    return nw.when(under > 0).then(over.cast(nw.Float64) / under.cast(nw.Float64))


def months(days: nw.Expr) -> nw.Expr:
    """Months of a number of days: days / 365 × 12."""
    return days.cast(nw.Float64) / 365.0 * 12.0
