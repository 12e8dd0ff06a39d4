"""Whether a policy may be adopted: its net result against the limits in force and the best simple rule."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from pandas import DataFrame

from riskresearch.limits.backtest.replay import ASSUMPTIONS
from riskresearch.limits.backtest.tabled import LIMITS_IN_FORCE, summary
from riskresearch.limits.backtest.tables import LIMIT_ADOPTION, REFERENCES
from riskresearch.limits.backtest.trial import Trial

NET_RESULTS = {"realised": "net_result_amount", "expected": "net_result_expected_amount"}


def adoption_table(
    trial: Trial,
    *,
    candidates: Sequence[str],
    simple_rules: Sequence[str],
    tolerance_ratio: float,
    min_defaulters: int,
    interval_ratio: float,
) -> DataFrame:
    """Return table `limit_adoption`.

    A comparison is *not worse* if the whole interval of the difference of net results lies above minus the
    tolerance, *worse* if the whole interval lies below it, else *not certain*. With too few customers that default,
    realised losses cannot bear a result that is not worse. A candidate may be adopted if none of its comparisons says
    otherwise: both references, all assumptions on sales, realised and expected losses. The best simple rule is chosen
    with hindsight, for each assumption and way to count losses, which makes it the harder to match.

    Parameters
    ----------
    trial : what was replayed
    candidates : policies that may be adopted
    simple_rules : rules of thumb
    tolerance_ratio : loss of net result that is accepted, share of the sales under the limits in force
    min_defaulters : customers that default, at least
    interval_ratio : probability that the intervals hold
    """
    rows = []
    for candidate in candidates:
        for assumption in ASSUMPTIONS:
            for basis, measure in NET_RESULTS.items():
                for reference, policy in _references(trial, assumption, measure, candidate, simple_rules).items():
                    rows.append(
                        {
                            "policy_code": candidate,
                            "sales_assumption_code": assumption,
                            "reference_code": reference,
                            "loss_basis_code": basis,
                            "reference_policy_code": policy,
                            **_compared(trial, candidate, policy, assumption, measure, tolerance_ratio, interval_ratio),
                        }
                    )
    frame = DataFrame(
        rows,
        columns=[name for name in LIMIT_ADOPTION.names if name not in ("verdict_code", "reason_code", "is_adoptable")],
    )
    frame = frame.assign(n_defaulters=trial.n_defaulters)
    few = (frame["loss_basis_code"] == "realised") & (trial.n_defaulters < min_defaulters)
    verdict = frame.apply(_verdict, axis=1).astype("str") if len(frame) else frame["policy_code"]
    few &= verdict != "worse"
    verdict = verdict.mask(few, "too_few_defaults")
    passed = (verdict == "not_worse").groupby(frame["policy_code"]).transform("all")
    reason = np.where(few, "few_defaults", "ok")
    return frame.assign(verdict_code=verdict, reason_code=reason, is_adoptable=passed)[LIMIT_ADOPTION.names]


def no_adoption(*, candidates: Sequence[str], reason_code: str) -> DataFrame:
    """Return table `limit_adoption` where nothing could be replayed: no candidate may be adopted.

    Parameters
    ----------
    candidates : policies that may be adopted
    reason_code : why nothing could be replayed
    """
    keys = list(LIMIT_ADOPTION.keys)
    rows = DataFrame(list(product(candidates, ASSUMPTIONS, REFERENCES, NET_RESULTS)), columns=keys)
    return rows.assign(verdict_code="not_computable", reason_code=reason_code, is_adoptable=False)


def _references(
    trial: Trial, assumption: str, measure: str, candidate: str, simple_rules: Sequence[str]
) -> dict[str, str]:
    """Policies a candidate is held against, by what they are."""
    others = [code for code in simple_rules if code != candidate and (code, assumption) in trial.measures]
    found = {}
    if candidate != LIMITS_IN_FORCE and (LIMITS_IN_FORCE, assumption) in trial.measures:
        found["limits_in_force"] = LIMITS_IN_FORCE
    if others:
        found["best_simple_rule"] = max(others, key=lambda code: trial.measures[code, assumption][measure][0])
    return found


def _compared(
    trial: Trial,
    candidate: str,
    reference: str,
    assumption: str,
    measure: str,
    tolerance_ratio: float,
    interval_ratio: float,
) -> dict[str, float]:
    """Difference of net results with its interval, run currency."""
    drawn = trial.measures[candidate, assumption][measure] - trial.measures[reference, assumption][measure]
    value, low, high = summary(drawn, interval_ratio)
    base = trial.measures.get((LIMITS_IN_FORCE, assumption), trial.measures[reference, assumption])
    return {
        "difference_amount": value,
        "difference_low_amount": low,
        "difference_high_amount": high,
        "tolerance_amount": tolerance_ratio * float(base["sales_amount"][0]),
    }


def _verdict(row: DataFrame) -> str:
    if row["difference_low_amount"] >= -row["tolerance_amount"]:
        return "not_worse"
    return "worse" if row["difference_high_amount"] < -row["tolerance_amount"] else "not_certain"
