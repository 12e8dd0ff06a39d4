"""Logistic regression whose coefficients keep the declared directions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from pydantic import Field
from scipy.special import expit

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError
from riskresearch.model.candidates.linear import Array, Design, newton, weighted_sum
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.sample import Sample

DECIMALS = 8


class LogisticSettings(StageSettings):
    """Logistic regression."""

    logistic_l2_penalty: float = Field(
        100.0,
        gt=0,
        description="L2 penalty on the coefficients of standardised features, beside a log-likelihood summed over "
        "overlapping rows; the company's own judgement",
    )


@dataclass(frozen=True)
class Logistic:
    """Fitted logistic regression: plain numbers.

    Parameters
    ----------
    design : columns made of the features
    intercept : log-odds of a row with the mean of every feature
    coefficients : one per column; sign as declared for the feature, free for flags of missing values
    """

    design: Design
    intercept: float
    coefficients: tuple[float, ...]

    def log_odds(self, rows: DataFrame) -> Array:
        """Return raw log-odds, one per row."""
        return self.intercept + weighted_sum(self.design.columns(rows), self.coefficients)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain numbers and text, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Logistic":
        """Return the model of `to_dict`, also after JSON made its tuples lists."""
        design = Design(**{name: tuple(values) for name, values in content["design"].items()})
        return cls(design, content["intercept"], tuple(content["coefficients"]))


@CANDIDATES.register(Candidate("logistic regression", "régression logistique"))
def logistic(sample: Sample, settings: LogisticSettings) -> Logistic:
    """Return the logistic regression on standardised features and on flags of missing values.

    Values are drawn in to the quantiles 1 % and 99 %. A missing value counts as the mean, and its flag says by how
    much such rows differ.

    Parameters
    ----------
    sample : rows with a known outcome; directions bind the signs of the coefficients, flags are free
    settings : penalty

    Raises
    ------
    TableError
        The sample holds no default, or nothing but defaults.
    """
    outcome = both_outcomes(sample)
    design = Design.of(sample)
    bounds = design.bounds(dict(zip(sample.names, sample.directions, strict=True)))
    intercept, coefficients = signed_logistic(
        design.columns(sample.rows), outcome, bounds=bounds, l2_penalty=settings.logistic_l2_penalty
    )
    return Logistic(design, intercept, tuple(coefficients.tolist()))


def both_outcomes(sample: Sample) -> NDArray[np.int64]:
    """Return the outcome of a sample that holds defaults and rows without one.

    Raises
    ------
    TableError
        There is nothing to tell apart.
    """
    outcome = sample.outcome
    n_defaults = int(outcome.sum())
    if n_defaults in (0, len(outcome)):
        raise TableError(
            f"snapshots: {n_defaults} of the {len(outcome)} rows to fit on are followed by a default; a model needs "
            "rows with and without one: take a longer period, or use the expert rating"
        )
    return outcome


def signed_logistic(
    columns: Array, outcome: NDArray[np.int64], *, bounds: tuple[Array, Array], l2_penalty: float
) -> tuple[float, Array]:
    """Return intercept and coefficients of largest penalised likelihood among those within bounds.

    Largest sum of y·z − ln(1 + e^z) with z = intercept + columns·coefficients, less half the penalty times the sum of
    squared coefficients. The problem is convex, so one solution exists; a coefficient that would leave its bounds
    stays on them. Rounded to 8 decimals, beyond which threads and processors differ.

    Parameters
    ----------
    columns : one row per observation, one column per coefficient
    outcome : 1 = default; both values occur
    bounds : lower and upper bounds of the coefficients; infinite where there is none
    l2_penalty : above 0; the intercept has none

    Examples
    --------
    >>> x, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 0, 0])
    >>> signed_logistic(x, y, bounds=(np.zeros(2), np.full(2, np.inf)), l2_penalty=1.0)[1].round(4).tolist()
    [0.0, 0.4215]
    """
    with_one = np.column_stack([np.ones(len(outcome)), columns])
    penalty = np.full(with_one.shape[1], l2_penalty)
    penalty[0] = 0.0

    def loss(point: Array) -> tuple[float, Array, Array]:
        z = with_one @ point
        chance = expit(z)
        value = np.sum(np.logaddexp(0, z) - outcome * z) + penalty @ point**2 / 2
        gradient = with_one.T @ (chance - outcome) + penalty * point
        information = (with_one.T * (chance * (1 - chance))) @ with_one + np.diag(penalty)
        return float(value), gradient, information

    start = np.zeros(len(penalty))
    start[0] = np.log(outcome.sum() / (len(outcome) - outcome.sum()))
    found = newton(loss, start, np.append(-np.inf, bounds[0]), np.append(np.inf, bounds[1])).round(DECIMALS)
    return float(found[0]), found[1:]
