"""What one option pays, leaves and costs in every simulated year."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pandas import DataFrame

from riskresearch.insurance.claiming import gross_loss
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.measures import contributions, tail_weights
from riskresearch.insurance.policy import Cost, Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import NO_POLICY
from riskresearch.insurance.waterfall import Settlement


@dataclass(frozen=True)
class Layer:
    """One policy of an option, its premium, and what it pays in every simulated year, net of recoveries.

    The indemnity is in the basis of the contract: with VAT where the policy includes it.
    """

    policy: Policy
    premium_amount: float
    indemnity: Array


@dataclass(frozen=True)
class Option:
    """One option's result in every simulated year.

    Parameters
    ----------
    option_id : policy_id, alternative_id, or self_insurance
    name : name shown to readers
    kind_code : kind of policy or alternative, or self_insurance
    policy : the policy; None for self-insurance and alternatives
    cost : premium, fees and tax, those of the underlying policy included
    covers : cover of each customer with its part of means and tail, see table `covers`
    n_strata : years per block, for standard errors
    weights : probability of each year, summing to 1; None = equal
    gross, indemnity, retained : amount of each year; gross = indemnity + retained; the indemnity is net of the
        insurer's share of later recoveries
    contract_indemnity : indemnity of each year in the basis of the contract: with VAT where a policy includes it;
        bonus, malus, profit share and loss ratio look at it
    insurer_recovery : insurer's share of later recoveries, each year
    adjustment : malus less bonus and profit share of each year (+ = cost)
    financing : cost of the wait for the indemnities of each year, or of advances (- = gain)
    admin_amount : own yearly cost of running the option
    reasons : retained amount of each year by reason; they add up to retained
    used_up : for each budget of the year, whether the year used it up
    underlying : the policy below a top-up policy; None otherwise
    """

    option_id: str
    name: str
    kind_code: str
    policy: Policy | None
    cost: Cost
    covers: DataFrame
    n_strata: int
    weights: Array | None
    gross: Array
    indemnity: Array
    contract_indemnity: Array
    retained: Array
    insurer_recovery: Array
    adjustment: Array
    financing: Array
    admin_amount: float
    reasons: Mapping[str, Array]
    used_up: Mapping[str, npt.NDArray[np.bool_]]
    underlying: Layer | None = None

    def mean(self, values: Array) -> float:
        """Mean over the simulated years, each with its probability."""
        return float(values.mean() if self.weights is None else self.weights @ values)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The policies of the option, the underlying one first; none for self-insurance and alternatives."""
        if self.policy is None:
            return ()
        if self.underlying is None:
            return (Layer(self.policy, self.cost.premium_amount, self.contract_indemnity),)
        below = self.underlying
        premium = self.cost.premium_amount - below.premium_amount
        return (below, Layer(self.policy, premium, self.contract_indemnity - below.indemnity))

    @property
    def full_cost(self) -> Array:
        """Premium, fees, tax, adjustment, financing and own administration of each year."""
        return self.cost.total_amount + self.admin_amount + self.adjustment + self.financing

    def adjustment_at(self, premium_amount: float) -> Array:
        """Malus less bonus and profit share of each year if the premium were another one, shared as now by layers."""
        found = np.zeros_like(self.gross)
        for layer in self.layers:
            share = layer.premium_amount / self.cost.premium_amount if self.cost.premium_amount else 1.0
            found = found + layer.policy.year_adjustment(layer.indemnity, premium_amount=premium_amount * share)
        return found


@dataclass(frozen=True)
class Label:
    """Code, name and kind of an option."""

    option_id: str
    name: str
    kind_code: str


def nothing_paid(events: Events, *, settings: InsuranceSettings) -> Settlement:
    """Return the settlement of events that nobody pays for: all of it is kept, under the reason `no_policy`."""
    loss = gross_loss(events, settings=settings)
    zero = np.zeros_like(loss)
    return Settlement(zero, {NO_POLICY: loss}, zero, zero, (), {}, zero)


def option_of(
    events: Events,
    exposures: DataFrame,
    settled: Settlement,
    settings: InsuranceSettings,
    *,
    label: Label,
    covers: DataFrame,
    cost: Cost,
    admin: float = 0.0,
) -> Option:
    """Return an option from what it pays for each simulated default.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    settled : what became of each default
    settings : confidence of the shortfall whose parts are shown, cost of recoveries
    label : code, name and kind
    covers : cover of each customer, see `riskresearch.insurance.exposures.cover`
    cost : premium, fees and tax
    admin : own yearly cost of running the option
    """
    gross = gross_loss(events, settings=settings)
    years = np.zeros(events.n_years)
    retained = events.by_year(gross - settled.indemnity)
    parts = _parts(events, settled.indemnity, gross=gross, retained=retained, settings=settings)
    described = exposures[["limit_source", "exposure_amount", "turnover_amount", "is_lgd_assumed"]]
    return Option(
        option_id=label.option_id,
        name=label.name,
        kind_code=label.kind_code,
        policy=None,
        cost=cost,
        covers=covers.assign(option_id=label.option_id, **described, **parts),
        n_strata=events.n_strata,
        weights=events.weights,
        gross=events.by_year(gross),
        indemnity=events.by_year(settled.indemnity),
        contract_indemnity=events.by_year(settled.contract_indemnity),
        retained=retained,
        insurer_recovery=events.by_year(settled.insurer_recovery),
        adjustment=years,
        financing=years,
        admin_amount=admin,
        reasons={reason: events.by_year(amounts) for reason, amounts in settled.retained.items()},
        used_up=settled.used_up,
    )


def _parts(
    events: Events, indemnity: Array, *, gross: Array, retained: Array, settings: InsuranceSettings
) -> dict[str, Array]:
    """Each customer's part of the means, and of the expected shortfall of the retained loss."""
    mean = np.full(events.n_years, 1.0 / events.n_years) if events.weights is None else events.weights
    tail = tail_weights(retained, confidence_ratio=settings.confidence_ratio, weights=events.weights)
    wanted = {
        "expected_gross_amount": (gross, mean),
        "expected_indemnity_amount": (indemnity, mean),
        "expected_retained_amount": (gross - indemnity, mean),
        "es_retained_contribution_amount": (gross - indemnity, tail),
    }
    n = len(events.customer_ids)
    return {
        name: contributions(amounts, year=events.year, part=events.customer, n_parts=n, year_weights=weights)
        for name, (amounts, weights) in wanted.items()
    }
