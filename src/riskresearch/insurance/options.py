"""Options on common events: what each would have paid and left, year by year."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pandas import DataFrame

from riskresearch.insurance.exposures import cover, no_cover, policy_cost
from riskresearch.insurance.losses import Events
from riskresearch.insurance.measures import contributions, tail_weights
from riskresearch.insurance.policy import NO_COST, SELF_INSURANCE, Cost, Policy
from riskresearch.insurance.terms import NO_POLICY, Array, ClaimCover
from riskresearch.insurance.waterfall import Settlement, settle


@dataclass(frozen=True)
class Option:
    """One option's result in every simulated year.

    Parameters
    ----------
    option_id : policy_id, or self_insurance
    policy : the policy; None for self-insurance
    cost : premium, fees and tax
    covers : cover of each customer with its part of means and tail, see table `covers`
    n_strata : years per block, for standard errors
    gross, indemnity, retained : amount of each year; gross = indemnity + retained
    reasons : retained amount of each year by reason; they add up to retained
    used_up : for each budget of the year, whether the year used it up
    """

    option_id: str
    policy: Policy | None
    cost: Cost
    covers: DataFrame
    n_strata: int
    gross: Array
    indemnity: Array
    retained: Array
    reasons: dict[str, Array]
    used_up: dict[str, npt.NDArray[np.bool_]]


def self_insured(events: Events, *, exposures: DataFrame, confidence_ratio: float) -> Option:
    """Return the option without policy: every loss is kept, nothing is paid for.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    confidence_ratio : confidence of the shortfall whose parts are shown
    """
    kept = Settlement(np.zeros_like(events.loss), {NO_POLICY: events.loss}, {})
    return _option(
        events,
        kept,
        exposures=exposures,
        covers=no_cover(exposures),
        policy=None,
        cost=NO_COST,
        confidence_ratio=confidence_ratio,
    )


def insured(events: Events, *, exposures: DataFrame, policy: Policy, confidence_ratio: float) -> Option:
    """Return the option of buying a policy, settled on the same events as every other option.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    policy : policy or quote
    confidence_ratio : confidence of the shortfall whose parts are shown
    """
    covers, cost = cover(exposures, policy=policy), policy_cost(exposures, policy=policy)
    limit, ratio = (covers[name].to_numpy()[events.customer] for name in ("limit_amount", "insured_ratio"))
    settled = settle(
        events.loss,
        n_per_year=events.n_per_year,
        cover=ClaimCover(limit, ratio),
        policy=policy,
        premium_amount=cost.premium_amount,
    )
    return _option(
        events, settled, exposures=exposures, covers=covers, policy=policy, cost=cost, confidence_ratio=confidence_ratio
    )


def _option(
    events: Events,
    settled: Settlement,
    *,
    exposures: DataFrame,
    covers: DataFrame,
    policy: Policy | None,
    cost: Cost,
    confidence_ratio: float,
) -> Option:
    reasons = {reason: events.by_year(amounts) for reason, amounts in settled.retained.items()}
    retained = events.by_year(events.loss - settled.indemnity)
    option_id = policy.policy_id if policy else SELF_INSURANCE
    tail = tail_weights(retained, confidence_ratio=confidence_ratio)
    parts = _parts(events, settled, tail=tail)
    described = exposures[["limit_source", "exposure_amount", "turnover_amount", "is_lgd_assumed"]]
    return Option(
        option_id,
        policy,
        cost,
        covers.assign(option_id=option_id, **described, **parts),
        events.n_strata,
        events.by_year(events.loss),
        events.by_year(settled.indemnity),
        retained,
        reasons,
        settled.used_up,
    )


def _parts(events: Events, settled: Settlement, *, tail: Array) -> dict[str, Array]:
    """Each customer's part of the means, and of the expected shortfall of the retained loss."""
    equal = np.full(events.n_years, 1.0 / events.n_years)
    retained = events.loss - settled.indemnity
    wanted = {
        "expected_gross_amount": (events.loss, equal),
        "expected_indemnity_amount": (settled.indemnity, equal),
        "expected_retained_amount": (retained, equal),
        "es_retained_contribution_amount": (retained, tail),
    }
    n = len(events.customer_ids)
    return {
        name: contributions(amounts, year=events.year, part=events.customer, n_parts=n, year_weights=weights)
        for name, (amounts, weights) in wanted.items()
    }
