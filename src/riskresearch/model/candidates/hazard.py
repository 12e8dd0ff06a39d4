"""Discrete-time hazard: the monthly chance of default of a customer not yet in default, seen from the date."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame
from pydantic import Field
from scipy.special import expit

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError, first_keys
from riskresearch.model.candidates.linear import Array, Design, newton, weighted_sum
from riskresearch.model.candidates.registry import CANDIDATES, Candidate
from riskresearch.model.sample import KEYS, Sample

DECIMALS = 8


class HazardSettings(StageSettings):
    """Discrete-time hazard model."""

    hazard_l2_penalty: float = Field(
        300.0,
        gt=0,
        description="L2 penalty on the standardised coefficients of the hazard model, beside a log-likelihood summed "
        "over overlapping rows; the company's own judgement",
    )
    hazard_smoothing: float = Field(
        100.0,
        ge=0,
        description="penalty on the squared change of the hazard's level from month to month; 0 = every month free; "
        "the company's own judgement",
    )
    hazard_half_life_months: float = Field(
        2.0,
        ge=0,
        le=24,
        description="months in which the extra weight that features have for the first month halves; 0 = features "
        "weigh the same in every month; the company's own judgement",
    )


@dataclass(frozen=True)
class Hazard:
    """Fitted discrete-time hazard.

    Log-odds of a default in month k after the date, for a customer not in default before:
    ``level_k + Σ (coefficient + early_weight_k × early_coefficient) × column``.

    Parameters
    ----------
    design : columns made of the features
    levels : one per month 1 … H
    coefficients : one per column; sign as declared for the feature
    early_coefficients : what a column weighs more in the first month; sign as declared for the feature
    early_weights : one per month, 1 in the first and falling
    """

    design: Design
    levels: tuple[float, ...]
    coefficients: tuple[float, ...]
    early_coefficients: tuple[float, ...]
    early_weights: tuple[float, ...]

    def monthly_log_odds(self, rows: DataFrame) -> Array:
        """Return log-odds of default in each month for customers not in default before; one column per month."""
        columns = self.design.columns(rows)
        lasting, early = weighted_sum(columns, self.coefficients), weighted_sum(columns, self.early_coefficients)
        return np.array(self.levels) + lasting[:, None] + early[:, None] * np.array(self.early_weights)

    def log_odds(self, rows: DataFrame) -> Array:
        """Return raw log-odds of default within the horizon, one per row: PD = 1 − Π (1 − hazard of month k)."""
        return horizon_log_odds(self.monthly_log_odds(rows))


@CANDIDATES.register(Candidate("monthly hazard of default", "risque mensuel de défaut"))
def hazard(sample: Sample, settings: HazardSettings) -> Hazard:
    """Discrete-time hazard of default over the months of the horizon, fitted by penalised maximum likelihood.

    Each row counts for the months from its date to its default, to the end of the horizon or to the customer's
    leaving, whichever comes first, and for one default in the month of default. Features stay as on the date
    (landmark). The month enters by a level that changes smoothly; each feature by a lasting weight and one that
    fades, because what is known on the date says more about the next month than about the last. Both have the sign
    declared for the feature, so a worse value never lowers the hazard of any month.

    Parameters
    ----------
    sample : rows with `months_to_default` (month 1 … H of the next default; where it is empty though the row is
        followed by a default, the month counts as unknown: every month of the horizon is equally likely) and, where
        there is one, `months_at_risk` (months after the date in which the customer could still default; else H)
    settings : penalties, half-life of the fading weight

    Raises
    ------
    TableError
        `months_to_default` and `is_default` contradict each other.

    Notes
    -----
    Source: J. D. Singer and J. B. Willett, It's about time, Journal of Educational Statistics 18 (1993).
    """
    design = Design.of(sample)
    columns, (at_risk, defaults) = design.columns(sample.rows), months_observed(sample)
    early = early_weights(sample.horizon_months, half_life_months=settings.hazard_half_life_months)
    penalty = _penalty(sample.horizon_months, columns.shape[1], settings)
    likelihood = _Likelihood(columns, at_risk, defaults, early, penalty)
    lower, upper = design.bounds(dict(zip(sample.names, sample.directions, strict=True)))
    free = np.full(sample.horizon_months, np.inf)
    low, high = np.concatenate([-free, lower, lower]), np.concatenate([free, upper, upper])
    found = np.round(newton(likelihood, likelihood.start(), low, high), DECIMALS) + 0.0
    levels, lasting, extra = (
        tuple(part.tolist()) for part in np.split(found, [len(free), len(free) + columns.shape[1]])
    )
    return Hazard(design, levels, lasting, extra, tuple(early.tolist()))


def early_weights(n_months: int, *, half_life_months: float) -> Array:
    """Return how much of a fading weight is left in each month: 1 in the first, half of it a half-life later.

    Zero where the half-life is zero, and where there is one month only.

    Examples
    --------
    >>> early_weights(4, half_life_months=1).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    if half_life_months == 0 or n_months == 1:
        return np.zeros(n_months)
    return np.exp2(-np.arange(n_months) / half_life_months)


def horizon_log_odds(monthly: Array) -> Array:
    """Return log-odds of a default in any of the months, of the monthly ones (one column per month).

    Examples
    --------
    >>> expit(horizon_log_odds(np.zeros((1, 2)))).round(6).tolist()
    [0.75]
    """
    hazards = np.logaddexp(0, monthly).sum(axis=1)
    return np.log(-np.expm1(-hazards)) + hazards


def months_observed(sample: Sample) -> tuple[Array, Array]:
    """Return for each row (line) and month of the horizon (column) the chance to be at risk, and of default.

    Both are 0 or 1, save where the month of a default is not known.
    """
    horizon = sample.horizon_months
    months = np.arange(1, horizon + 1)
    is_default = sample.outcome.astype(bool)
    month = _column(sample, "months_to_default")
    _refuse_contradictions(sample, month)
    defaults = (np.where(is_default, month, np.nan)[:, None] == months).astype(float)
    defaults[is_default & np.isnan(month)] = 1 / horizon
    last = np.where(is_default, horizon, np.nan_to_num(_column(sample, "months_at_risk"), nan=horizon))
    at_risk = (months <= last[:, None]) * (1 - (defaults.cumsum(axis=1) - defaults))
    return at_risk, defaults


def _column(sample: Sample, name: str) -> Array:
    if name not in sample.rows:
        return np.full(len(sample.rows), np.nan)
    return sample.rows[name].to_numpy(float, na_value=np.nan)


def _refuse_contradictions(sample: Sample, month: Array) -> None:
    known = ~np.isnan(month)
    wrong = known & ((month < 1) | (month != np.round(month)) | ((month <= sample.horizon_months) != sample.outcome))
    if wrong.any():
        keys = sample.rows.loc[wrong, KEYS].astype(str).agg("/".join, axis=1)
        raise TableError(
            f"snapshots.months_to_default: {int(wrong.sum())} rows ({first_keys(keys)}) contradict is_default; a "
            f"default within {sample.horizon_months} months has a month from 1 to {sample.horizon_months}, no default "
            "a later one or none; correct the step that makes the outcome"
        )


@dataclass(frozen=True)
class _Likelihood:
    """Penalised negative log-likelihood over rows and months, never laid out as one line per row and month.

    The parameters are the levels of the months, the lasting and the early coefficients of the columns.
    """

    columns: Array
    at_risk: Array
    defaults: Array
    early: Array
    penalty: Array

    def start(self) -> Array:
        """Parameters of a hazard that is the same for all rows and months."""
        rate = (self.defaults.sum() + 0.5) / (self.at_risk.sum() + 1)
        parameters = np.zeros(len(self.penalty))
        parameters[: len(self.early)] = np.log(rate / (1 - rate))
        return parameters

    def __call__(self, parameters: Array) -> tuple[float, Array, Array]:
        """Return value, gradient and information."""
        n_months = len(self.early)
        levels, lasting, extra = np.split(parameters, [n_months, n_months + self.columns.shape[1]])
        log_odds = levels + (self.columns @ lasting)[:, None] + (self.columns @ extra)[:, None] * self.early
        chance = expit(log_odds)
        residual = self.at_risk * chance - self.defaults
        value = float((self.at_risk * np.logaddexp(0, log_odds) - self.defaults * log_odds).sum())
        slopes = (residual.sum(axis=0), self.columns.T @ residual.sum(axis=1), self.columns.T @ (residual @ self.early))
        pulled = self.penalty @ parameters
        return (
            value + float(parameters @ pulled) / 2,
            np.concatenate(slopes) + pulled,
            self._information(self.at_risk * chance * (1 - chance)) + self.penalty,
        )

    def _information(self, spread: Array) -> Array:
        """Second derivatives: sums of spread × outer square of (month, column, early weight of the month × column)."""
        columns, early = self.columns, self.early
        months, lasting, extra = np.diag(spread.sum(axis=0)), spread.T @ columns, (spread * early).T @ columns
        both, mixed, squared = ((columns * (spread @ early**power)[:, None]).T @ columns for power in (0, 1, 2))
        return np.block([[months, lasting, extra], [lasting.T, both, mixed], [extra.T, mixed.T, squared]])


def _penalty(n_months: int, n_columns: int, settings: HazardSettings) -> Array:
    """Matrix of the squared penalty: changes from month to month, and the coefficients."""
    steps = np.diff(np.eye(n_months), axis=0)
    result = settings.hazard_l2_penalty * np.eye(n_months + 2 * n_columns)
    result[:n_months, :n_months] = settings.hazard_smoothing * steps.T @ steps
    return result
