"""Tables of a trial."""

import numpy as np
from pandas import DataFrame

from riskresearch.limits.backtest.book import Floats
from riskresearch.limits.backtest.measures import MEASURE_CODES
from riskresearch.limits.backtest.replay import ASSUMPTIONS
from riskresearch.limits.backtest.tables import LIMIT_BACKTEST
from riskresearch.limits.backtest.trial import Trial

LIMITS_IN_FORCE = "history"
"""Code of the policy that all others are held against: the company's own limits, kept strictly."""
LOSS_MEASURES = ("loss_amount", "loss_avoided_amount", "net_result_amount", "written_off_amount")


def backtest_table(trial: Trial, *, interval_ratio: float, min_defaulters: int) -> DataFrame:
    """Return table `limit_backtest`.

    Parameters
    ----------
    trial : what was replayed
    interval_ratio : probability that the intervals hold
    min_defaulters : with fewer customers that default, realised losses are marked
    """
    rows = []
    for (policy, assumption), figures in trial.measures.items():
        reference = trial.measures.get((LIMITS_IN_FORCE, assumption))
        for code in MEASURE_CODES:
            drawn = figures[code]
            other = np.full(len(drawn), np.nan) if reference is None else reference[code]
            value, low, high = summary(drawn, interval_ratio)
            difference, difference_low, difference_high = summary(drawn - other, interval_ratio)
            rows.append(
                {
                    "policy_code": policy,
                    "sales_assumption_code": assumption,
                    "measure_code": code,
                    "value": value,
                    "value_low": low,
                    "value_high": high,
                    "difference": difference,
                    "difference_low": difference_low,
                    "difference_high": difference_high,
                    "reason_code": _reason(trial, policy, assumption, code, drawn, min_defaulters),
                }
            )
    return DataFrame(rows).assign(n_customers=len(trial.book.customers))[LIMIT_BACKTEST.names]


def summary(drawn: Floats, interval_ratio: float) -> tuple[float, float, float]:
    """Return a value and its interval: the first of the values, and quantiles of the others that exist.

    Examples
    --------
    >>> summary(np.array([2.0, 1.0, 2.0, 3.0, 4.0, np.nan]), 0.5)
    (2.0, 1.75, 3.25)
    """
    samples = drawn[1:][~np.isnan(drawn[1:])]
    if not len(samples):
        return float(drawn[0]), np.nan, np.nan
    tail = (1 - interval_ratio) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(drawn[0]), float(low), float(high)


def _reason(trial: Trial, policy: str, assumption: str, code: str, drawn: Floats, min_defaulters: int) -> str:
    if code == "false_block_ratio" and np.isnan(drawn[0]) and trial.measures[policy, assumption]["n_blocked"][0]:
        return "not_mature"
    if np.isnan(drawn[0]):
        return "no_value"
    if code in LOSS_MEASURES and trial.n_defaulters < min_defaulters:
        return "few_defaults"
    return "no_interval" if np.isnan(drawn[1:]).all() else "ok"


def assumption_range(table: DataFrame, measure_code: str) -> DataFrame:
    """Return the lowest and highest value of a measure over the assumptions on sales, by policy.

    Parameters
    ----------
    table : table `limit_backtest`
    measure_code : measure

    Returns
    -------
    DataFrame ``policy_code lost delayed prepaid smallest largest``, policies in order of the smallest, best first.
    """
    rows = table[table["measure_code"] == measure_code]
    wide = rows.pivot(index="policy_code", columns="sales_assumption_code", values="value")[list(ASSUMPTIONS)]
    wide = wide.assign(smallest=wide.min(axis=1), largest=wide.max(axis=1))
    wide.columns.name = None
    return wide.sort_values(["smallest", "largest"], ascending=False, kind="stable").reset_index()
