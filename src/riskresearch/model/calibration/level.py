"""Level of the PDs: long-run default rate, the cycle, and the margin of conservatism apart from the best estimate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame, Series, Timestamp
from pydantic import Field
from scipy.special import expit

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.model.calibration.cycle import conditional_pd, implied_factor
from riskresearch.model.calibration.fit import Floats, level_shift
from riskresearch.model.calibration.long_run import LongRun, extreme_rate, long_run

LEVELS: Mapping[str, str] = {
    "mean_pd_model": "ratio",
    "long_run": "ratio",
    "long_run_high": "ratio",
    "latest_year": "ratio",
    "level_shift": "log_odds",
    "mean_pd": "ratio",
    "correlation": "ratio",
    "cycle_factor": "sigmas",
    "mean_pd_point_in_time": "ratio",
    "margin_data": "ratio",
    "margin_method": "ratio",
    "margin_estimation": "ratio",
    "margin_shift": "log_odds",
    "mean_pd_with_margin": "ratio",
}
LEVEL_REASONS = (
    "no_rows",
    "too_few_years",
    "other_horizon",
    "no_default",
    "all_default",
    "no_correlation",
    "margin_too_large",
)
NOT_FROM_COHORTS = ("mean_pd_model", "correlation", "margin_data", "margin_method")

PD_LEVELS = Table(
    "pd_levels",
    "model",
    "one row per level of the PDs",
    ("level_code",),
    (
        Column("level_code", "code", "level", False, tuple(LEVELS)),
        Column("value", "float", "PD or rate 0-1, log-odds added, or share of the PD added (margins)", True),
        Column("unit_code", "code", "unit of the value", False, ("ratio", "log_odds", "sigmas")),
        Column("n_years", "int", "complete yearly cohorts it rests on; 0 where it rests on none"),
        Column("reason_code", "code", "why there is no value, or why it is not used", True, LEVEL_REASONS),
    ),
)


class LevelSettings(StageSettings):
    """Level of the PDs."""

    level_min_years: int = Field(
        3,
        ge=1,
        le=30,
        description="complete yearly cohorts from which on PDs are moved to the long-run default rate; the company's "
        "own judgement (banks: 5 years, CRR art. 180(1)(h))",
    )
    cycle_correlation_ratio: float = Field(
        0.12,
        ge=0,
        lt=1,
        description="asset correlation of any two customers, 0-1, between an average and a given year; source: CRR "
        "art. 153(1), corporates lie between 0.12 and 0.24",
    )
    margin_confidence_ratio: float = Field(
        0.9,
        gt=0.5,
        lt=1,
        description="one-sided confidence of the upper bound of the long-run rate, the margin for estimation error; "
        "the company's own judgement",
    )
    margin_data_ratio: float = Field(
        0.0,
        ge=0,
        description="margin for deficient data, share of the PD added; category A of EBA/GL/2017/16; the company's own "
        "judgement, 0 = none set",
    )
    margin_method_ratio: float = Field(
        0.0,
        ge=0,
        description="margin for changed terms, markets or methods, share of the PD added; category B of "
        "EBA/GL/2017/16; the company's own judgement, 0 = none set",
    )


@dataclass(frozen=True)
class Levels:
    """What turns calibrated log-odds into PDs: the best estimate, that of the latest year, that with margin.

    Parameters
    ----------
    shift : log-odds added to reach the long-run default rate
    margin_shift : log-odds added on top for the margin of conservatism; missing where it is not known
    factor : factor of the latest year; missing where it is not known
    correlation_ratio : asset correlation
    """

    shift: float = 0.0
    margin_shift: float = np.nan
    factor: float = np.nan
    correlation_ratio: float = 0.0

    def pds(self, log_odds: ArrayLike) -> DataFrame:
        """Return the PDs of calibrated log-odds.

        Returns
        -------
        DataFrame, rows as given:

        - ``pd_12m``: best estimate, on the long-run level
        - ``pd_point_in_time``: in a year such as the latest complete one; missing where its factor is not known
        - ``pd_with_margin``: best estimate and margin of conservatism; missing where the margin is not known

        Examples
        --------
        >>> Levels(shift=1.0, margin_shift=0.5).pds([-4.0])[["pd_12m", "pd_with_margin"]].round(4).to_numpy().tolist()
        [[0.0474, 0.0759]]
        """
        best = np.asarray(log_odds, dtype=float) + self.shift
        p = expit(best)
        return DataFrame(
            {
                "pd_12m": p,
                "pd_point_in_time": conditional_pd(p, factor=self.factor, correlation_ratio=self.correlation_ratio),
                "pd_with_margin": expit(best + self.margin_shift),
            }
        )


def pd_levels(
    log_odds: ArrayLike,
    cohorts: DataFrame,
    settings: LevelSettings,
    *,
    until: Timestamp,
    weight: ArrayLike | None = None,
) -> tuple[Levels, DataFrame]:
    """Return the level of the PDs, and table `pd_levels` with every number it rests on.

    Parameters
    ----------
    log_odds : calibrated log-odds of the rows whose mean PD is to be the long-run rate: performing customers on the
        dates that the rates are measured from
    cohorts : table `default_cohorts`
    settings : fewest years, correlation, confidence, margins
    until : cohorts that ended later do not count
    weight : weight of each row in the mean; equal where not given

    Returns
    -------
    Levels, DataFrame. With fewer complete years than `level_min_years`, or without any default, the level stays where
    the calibration left it (shift 0), and the reason says so.

    Notes
    -----
    The margin of conservatism is kept apart; the best estimate does not hold it. Mean PD with margin = mean PD ×
    (1 + data + method + estimation error), estimation error = upper bound / long-run rate − 1 (EBA/GL/2017/16, the
    categories add up); one shift of the log-odds brings it about.
    """
    rate = long_run(cohorts, until=until, confidence_ratio=settings.margin_confidence_ratio)
    rows = _Rows.of(log_odds, weight)
    not_moved = _not_moved(rate, rows, settings)
    levels = _levels(rate, rows, settings, is_moved=not_moved is None)
    pds = levels.pds(rows.log_odds)
    values = {
        "mean_pd_model": rows.mean_pd(0.0),
        "long_run": rate.ratio,
        "long_run_high": rate.high_ratio,
        "latest_year": rate.latest_ratio,
        "level_shift": levels.shift,
        "mean_pd": rows.mean(pds["pd_12m"]),
        "correlation": levels.correlation_ratio,
        "cycle_factor": levels.factor,
        "mean_pd_point_in_time": rows.mean(pds["pd_point_in_time"]),
        "margin_data": settings.margin_data_ratio,
        "margin_method": settings.margin_method_ratio,
        "margin_estimation": rate.estimation_ratio,
        "margin_shift": levels.margin_shift,
        "mean_pd_with_margin": rows.mean(pds["pd_with_margin"]),
    }
    return levels, _table(values, rate, rows, not_moved)


@dataclass(frozen=True)
class _Rows:
    """Log-odds whose mean PD is moved, and their weights."""

    log_odds: Floats
    weight: Floats

    @classmethod
    def of(cls, log_odds: ArrayLike, weight: ArrayLike | None) -> "_Rows":
        score = np.asarray(log_odds, dtype=float)
        return cls(score, np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float))

    def mean(self, values: Series | Floats) -> float:
        return float(self.weight @ values / self.weight.sum()) if len(self.log_odds) else np.nan

    def mean_pd(self, shift: float) -> float:
        return self.mean(expit(self.log_odds + shift))

    def shift_to(self, mean_pd: float) -> float:
        return level_shift(self.log_odds, mean_pd=mean_pd, weight=self.weight)


def _levels(rate: LongRun, rows: _Rows, settings: LevelSettings, *, is_moved: bool) -> Levels:
    shift = rows.shift_to(rate.ratio) if is_moved else 0.0
    margin = 1 + settings.margin_data_ratio + settings.margin_method_ratio + rate.estimation_ratio
    prudent = rows.mean_pd(shift) * margin
    rho = settings.cycle_correlation_ratio
    factor = implied_factor(rate.latest_ratio, long_run_ratio=rate.ratio, correlation_ratio=rho)
    return Levels(shift, rows.shift_to(prudent) - shift if prudent < 1 else np.nan, factor, rho)


def _not_moved(rate: LongRun, rows: _Rows, settings: LevelSettings) -> str | None:
    """Why the PDs are not moved to the long-run rate; None where they are."""
    if not len(rows.log_odds):
        return "no_rows"
    if rate.n_years < settings.level_min_years:
        return "too_few_years"
    return extreme_rate(rate.ratio)


def _table(values: Mapping[str, float], rate: LongRun, rows: _Rows, not_moved: str | None) -> DataFrame:
    empty = "no_rows" if not len(rows.log_odds) else None
    short = None if rate.n_years else "too_few_years"
    cycle = short or extreme_rate(rate.ratio) or extreme_rate(rate.latest_ratio) or "no_correlation"
    margin = short or extreme_rate(rate.ratio)
    missing = {
        "long_run_high": short,
        "latest_year": short,
        "cycle_factor": cycle,
        "mean_pd_point_in_time": empty or cycle,
        "margin_estimation": margin,
        "margin_shift": empty or margin or "margin_too_large",
        "mean_pd_with_margin": empty or margin or "margin_too_large",
    }
    reasons = {name: missing.get(name, empty) if np.isnan(value) else None for name, value in values.items()}
    n_years = {**dict.fromkeys(NOT_FROM_COHORTS, 0), "latest_year": min(1, rate.n_years)}
    return DataFrame(
        {
            "level_code": list(values),
            "value": list(values.values()),
            "unit_code": [LEVELS[name] for name in values],
            "n_years": [n_years.get(name, rate.n_years) for name in values],
            "reason_code": [
                not_moved if name in ("long_run", "level_shift") else reason for name, reason in reasons.items()
            ],
        }
    )
