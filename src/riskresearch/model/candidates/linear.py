"""What the linear candidates share: standardised columns with missing flags, and a Newton search within bounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.model.sample import Sample

Array = NDArray[np.float64]
Loss = Callable[[Array], tuple[float, Array, Array]]

DAMPING = 1e-12
PRECISION = 1e-11


@dataclass(frozen=True)
class Design:
    """Numbers that turn features into columns of a linear model.

    Parameters
    ----------
    names : features read, in the order of their columns
    low, high : bounds to which values are drawn in
    mean, deviation : of the training values within the bounds
    flags : features whose missing values have a column of their own, 1 = missing; one flag serves all features
        that were missing on the same rows

    Examples
    --------
    >>> import pandas as pd
    >>> rows = DataFrame({"customer_id": list("abcd"), "observation_date": pd.to_datetime(["2024-01-31"] * 4),
    ...                   "is_default": [False, False, True, True],
    ...                   "days_late_mean_12m": [0.0, 1.0, 2.0, float("nan")]})
    >>> dictionary = DataFrame({"feature_code": ["days_late_mean_12m"], "direction_code": [1]})
    >>> design = Design.of(Sample.of(rows, dictionary), tail_ratio=0.0)
    >>> design.columns(rows).round(3).tolist()
    [[-1.225, 0.0], [0.0, 0.0], [1.225, 0.0], [0.0, 1.0]]
    >>> [bound.tolist() for bound in design.bounds({"days_late_mean_12m": 1})]
    [[0.0, -inf], [inf, inf]]
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    flags: tuple[str, ...]

    @classmethod
    def of(cls, sample: Sample, *, tail_ratio: float = 0.01) -> "Design":
        """Return the columns of a sample; features without two different values are left out.

        Parameters
        ----------
        sample : rows of the training
        tail_ratio : share of the known values at either end drawn in to the quantile there; features that are
            nearly always the same keep their smallest and largest value
        """
        found: dict[str, tuple[float, float, float, float]] = {}
        patterns: dict[bytes, str] = {}
        for name in sample.names:
            values = sample.rows[name].to_numpy(float)
            missing = np.isnan(values)
            numbers = _numbers(values[~missing], tail_ratio)
            if numbers is None:
                continue
            found[name] = numbers
            if missing.any():
                patterns.setdefault(np.packbits(missing).tobytes(), name)
        low, high, mean, deviation = zip(*found.values(), strict=True) if found else ((), (), (), ())
        return cls(tuple(found), low, high, mean, deviation, tuple(patterns.values()))

    def columns(self, rows: DataFrame) -> Array:
        """Return one column per feature, standardised and 0 where missing, then one per flag; one line per row."""
        result = np.zeros((len(rows), len(self.names) + len(self.flags)), order="F")
        numbers = zip(self.names, self.low, self.high, self.mean, self.deviation, strict=True)
        for column, (name, low, high, mean, deviation) in enumerate(numbers):
            values = (np.clip(rows[name].to_numpy(float), low, high) - mean) / deviation
            result[:, column] = np.where(np.isnan(values), 0.0, values)
        for column, name in enumerate(self.flags, len(self.names)):
            result[:, column] = np.isnan(rows[name].to_numpy(float))
        return result

    def bounds(self, directions: dict[str, int]) -> tuple[Array, Array]:
        """Return lower and upper bounds of the coefficients: the declared sign; free for direction 0 and flags."""
        signs = np.array([directions[name] for name in self.names] + [0] * len(self.flags))
        return np.where(signs > 0, 0.0, -np.inf), np.where(signs < 0, 0.0, np.inf)


def weighted_sum(columns: Array, coefficients: Sequence[float]) -> Array:
    """Return the sum of columns times coefficients, added column by column: no bit depends on the other rows."""
    result = np.zeros(len(columns))
    for column, coefficient in enumerate(coefficients):
        if coefficient:
            result += coefficient * columns[:, column]
    return result


def newton(loss: Loss, start: Array, lower: Array, upper: Array, *, max_steps: int = 200) -> Array:
    """Return the parameters within bounds at which a loss is smallest.

    Projected Newton steps (Bertsekas 1982): parameters on a bound that the loss pushes outwards stay, the others
    take the Newton step, halved until the loss falls enough.

    Parameters
    ----------
    loss : value, gradient and information matrix (second derivatives or their expectation) at some parameters
    start : first parameters
    lower, upper : bounds; infinite where there is none
    max_steps : steps after which the search ends
    """
    point = np.clip(start, lower, upper)
    value, gradient, information = loss(point)
    for _ in range(max_steps):
        step = _step(gradient, information, _held(point, gradient, lower, upper))
        if -gradient @ step <= PRECISION * (1 + abs(value)):
            return np.clip(point + step, lower, upper)
        moved = _shorter(loss, point, step, (value, gradient), lower, upper)
        if moved is None:
            break
        point, (value, gradient, information) = moved
    return point


def _numbers(known: Array, tail_ratio: float) -> tuple[float, float, float, float] | None:
    if not len(known) or known.min() == known.max():
        return None
    low, high = np.quantile(known, [tail_ratio, 1 - tail_ratio])
    if low == high:
        low, high = known.min(), known.max()
    inside = np.clip(known, low, high)
    return float(low), float(high), float(inside.mean()), float(inside.std())


def _held(point: Array, gradient: Array, lower: Array, upper: Array) -> NDArray[np.bool_]:
    return ((point <= lower) & (gradient > 0)) | ((point >= upper) & (gradient < 0))


def _step(gradient: Array, information: Array, held: NDArray[np.bool_]) -> Array:
    step = np.zeros_like(gradient)
    free = np.flatnonzero(~held)
    if len(free):
        matrix = information[np.ix_(free, free)]
        scale = np.sqrt(np.where(matrix.diagonal() > 0, matrix.diagonal(), 1.0))
        scaled = matrix / np.outer(scale, scale) + DAMPING * np.eye(len(free))
        step[free] = np.linalg.solve(scaled, -gradient[free] / scale) / scale
    return step


def _shorter(
    loss: Loss, point: Array, step: Array, here: tuple[float, Array], lower: Array, upper: Array
) -> tuple[Array, tuple[float, Array, Array]] | None:
    """The longest of the halved steps that lowers the loss by a part of what its slope promises."""
    value, gradient = here
    for halvings in range(40):
        tried = np.clip(point + step / 2**halvings, lower, upper)
        found = loss(tried)
        if found[0] <= value + 1e-4 * float(gradient @ (tried - point)):
            return tried, found
    return None
