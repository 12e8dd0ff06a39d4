"""The family of signals: to add one, write a function from a `View` to its rows and decorate it.

Its rows in the tables, its label, its place in the ranked list and the measure of its quality come by
themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from riskresearch.base.registry import Registry
from riskresearch.behaviour.warnings.sequences import Array, Rows

FAMILIES = ("behaviour", "field", "external", "portfolio")
FOUND = ("customer", "severity_code", "signal_day", "value", "threshold")


@dataclass(frozen=True)
class Signal:
    """Declaration of a signal.

    Parameters
    ----------
    label_en, label_fr : names
    family : behaviour (what the customer does), field (what the own people see or decide), external (what others
        say), portfolio (the structure of sales)
    unit : unit of value and threshold: days, ratio, amount, count or sigmas
    needs : tables whose rows it is made from
    statistical : "points" where it is a rule on the days late of payments, whose false alarms can be simulated
    """

    label_en: str
    label_fr: str
    family: str
    unit: str
    needs: tuple[str, ...]
    statistical: bool = False


SIGNALS = Registry[Signal]("signal")


def found(
    customer: Rows | ArrayLike,
    *,
    severity: str | NDArray[np.str_] | ArrayLike,
    signal_day: Array | ArrayLike,
    value: Array | ArrayLike,
    threshold: float | Array | ArrayLike,
    **evidence: object,
) -> DataFrame:
    """Return the rows of a signal, one per customer, with what it rests on.

    Parameters
    ----------
    customer : number of the customer
    severity : low, medium or high
    signal_day : day on which it first became true without interruption until now, as known
    value, threshold : what is measured and what it is held against; NaN where there is no such number
    evidence : further columns: identifiers, codes, dates as days (names that end in _day), numbers
    """
    who = np.asarray(customer, dtype="int64")
    columns = {
        "customer": who,
        "severity_code": severity,
        "signal_day": signal_day,
        "value": value,
        "threshold": threshold,
        **evidence,
    }
    plain = {name: column.to_numpy() if isinstance(column, Series) else column for name, column in columns.items()}
    return DataFrame(plain, index=range(len(who)))


def banded(value: Array, bands: tuple[float, ...]) -> tuple[NDArray[np.bool_], Array, NDArray[np.object_]]:
    """Return who exceeds the lowest band, the highest band exceeded, and its severity.

    Examples
    --------
    >>> over, band, severity = banded(np.array([0.8, 0.81, 1.2]), (0.8, 0.95, 1.0))
    >>> over.tolist(), band[over].tolist(), severity[over].tolist()
    ([False, True, True], [0.8, 1.0], ['low', 'high'])
    """
    place = np.searchsorted(np.asarray(bands, dtype=float), value, side="left")
    held = np.maximum(place - 1, 0)
    return place > 0, np.asarray(bands, dtype=float)[held], np.array(("low", "medium", "high"), dtype=object)[held]
