"""Tornado: how far each assumption, alone at its low and its high value, moves the cost of every option."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pandas import DataFrame

from riskresearch.base.config import validated
from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.claims import Array
from riskresearch.insurance.compare import options_on
from riskresearch.insurance.design_settings import TornadoSettings
from riskresearch.insurance.events import Events
from riskresearch.insurance.figures import figure
from riskresearch.insurance.options import Option
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import DependenceSettings, InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.tables import OPTION
from riskresearch.insurance.terms import Term, WaitingPeriod
from riskresearch.insurance.yearly_costs import economic_scores, total_scores

DRIVERS = ("pd_level", "correlation", "lgd", "limit_cuts", "waiting_period")
SIDES = ("low", "high")
_WAITS = ("insolvency_days", "protracted_default_days", "political_days")
_CORRELATIONS = {
    "independent": (),
    "one_factor": ("correlation_ratio",),
    "sector_factors": ("correlation_ratio", "sector_correlation_ratio"),
    "student_t": ("correlation_ratio",),
    "gamma": ("gamma_variance",),
}

TORNADO = Table(
    "tornado",
    "insurance",
    "one row per option, assumption and side",
    ("option_id", "driver_code", "side_code"),
    (
        OPTION,
        Column("driver_code", "code", "assumption that is changed, the others as set", False, DRIVERS),
        Column("side_code", "code", "low or high value of the assumption", False, SIDES),
        Column("base_value", "float", "value as set: multiple 1, share of defaults, or 0 days"),
        Column("changed_value", "float", "value tried: a multiple, a share of defaults, or days more"),
        Column("total_cost_of_risk_amount", "float", "price, adjustment, wait, own work and mean loss kept"),
        Column("total_cost_of_risk_amount_se", "float", "standard error of total_cost_of_risk_amount", True),
        Column("total_cost_change_amount", "float", "its change against the assumptions as set"),
        Column("total_cost_change_amount_se", "float", "standard error of the change, on the same years", True),
        Column("economic_cost_amount", "float", "total cost of risk + capital charge x economic capital"),
        Column("economic_cost_amount_se", "float", "standard error of economic_cost_amount", True),
        Column("economic_cost_change_amount", "float", "its change against the assumptions as set"),
        Column("economic_cost_change_amount_se", "float", "standard error of the change, on the same years", True),
        Column("economic_cost_rank", "int", "rank of the option by economic cost, 1 = lowest"),
        Column("is_rank_changed", "bool", "the rank differs from that under the assumptions as set"),
    ),
)


@dataclass(frozen=True)
class Assumptions:
    """Everything a cost hangs on: the book, the policies and alternatives, and the settings of the simulation."""

    exposures: DataFrame
    policies: tuple[Policy, ...]
    settings: InsuranceSettings
    months: DataFrame | None = None
    alternatives: tuple[Any, ...] = ()
    policy_start_month: int = 1

    def events(self) -> Events:
        """Simulate defaults; equal assumptions give equal events."""
        return simulate(self.exposures, self.settings, months=self.months, policy_start_month=self.policy_start_month)

    def options(self, events: Events) -> list[Option]:
        """Settle every option on the events."""
        return options_on(events, self.exposures, self.policies, self.settings, alternatives=self.alternatives)


def tornado(base: Assumptions, *, changes: TornadoSettings) -> DataFrame:
    """Return table `tornado`: total and economic cost of every option with one assumption changed at a time.

    Years are drawn again with the same seed and the same common factors; a change of nothing gives the costs as set,
    bit for bit. Where defaults themselves change, part of the change is chance: its standard error is that of the
    difference year by year. The waiting period moves the cost by financing the wait.

    Parameters
    ----------
    base : assumptions as set; exposures checked
    changes : low and high value of each assumption

    Raises
    ------
    SettingsError
        A changed correlation leaves its bounds.
    """
    events = base.events()
    as_set = _costs(base.options(events), base.settings)
    rows: list[dict[str, object]] = []
    for driver in DRIVERS:
        change, base_value, values = _driver(driver, base, changes)
        for side, value in zip(SIDES, values, strict=True):
            changed = change(base, float(value))
            drawn = events if _draws_the_same(changed, base) else changed.events()
            found = _costs(changed.options(drawn), changed.settings)
            named = {"driver_code": driver, "side_code": side, "base_value": base_value, "changed_value": value}
            rows += [{**named, **row} for row in _changes(found, as_set)]
    return check(DataFrame(rows), TORNADO)


def with_pd_level(base: Assumptions, multiple: float) -> Assumptions:
    """Multiply every PD, at most to 1."""
    pd_12m = np.minimum(base.exposures["pd_12m"] * multiple, 1.0)
    return replace(base, exposures=base.exposures.assign(pd_12m=pd_12m))


def with_lgd(base: Assumptions, multiple: float) -> Assumptions:
    """Multiply every mean loss given default, at most to 1."""
    lgd_ratio = np.minimum(base.exposures["lgd_ratio"] * multiple, 1.0)
    return replace(base, exposures=base.exposures.assign(lgd_ratio=lgd_ratio))


def with_correlation(base: Assumptions, multiple: float) -> Assumptions:
    """Multiply the correlations the model uses; for gamma, the variance of its factor."""
    used = base.settings.dependence
    content = used.model_dump() | {name: getattr(used, name) * multiple for name in _CORRELATIONS[used.model_code]}
    dependence = validated(DependenceSettings, content, where=f"tornado, correlation_multiples {multiple:g}")
    return replace(base, settings=base.settings.model_copy(update={"dependence": dependence}))


def with_limit_cuts(base: Assumptions, probability: float) -> Assumptions:
    """Set the share of defaults before which the insurer had cut the named limit."""
    cuts = base.settings.cuts.model_copy(update={"probability_ratio": probability})
    return replace(base, settings=base.settings.model_copy(update={"cuts": cuts}))


def with_waiting_period(base: Assumptions, days: float) -> Assumptions:
    """Add days to every waiting period of every policy, at least 0 days in all."""
    return replace(base, policies=tuple(_waiting(policy, days) for policy in base.policies))


def _waiting(policy: Policy, days: float) -> Policy:
    read = {"clause": "none", "source": "no waiting period in the policy"}
    term = policy.find(WaitingPeriod) or WaitingPeriod(**dict.fromkeys(_WAITS, 0), **read)
    moved = term.model_copy(update={name: max(getattr(term, name) + int(days), 0) for name in _WAITS})
    others: tuple[Term, ...] = tuple(each for each in policy.terms if not isinstance(each, WaitingPeriod))
    return policy.model_copy(update={"terms": (*others, moved)})


def _driver(
    code: str, base: Assumptions, changes: TornadoSettings
) -> tuple[Callable[[Assumptions, float], Assumptions], float, tuple[float, float]]:
    """Return how to change an assumption, its value as set, and its low and high value."""
    found: dict[str, tuple[Callable[[Assumptions, float], Assumptions], float, tuple[float, float]]] = {
        "pd_level": (with_pd_level, 1.0, changes.pd_multiples),
        "correlation": (with_correlation, 1.0, changes.correlation_multiples),
        "lgd": (with_lgd, 1.0, changes.lgd_multiples),
        "limit_cuts": (with_limit_cuts, base.settings.cuts.probability_ratio, changes.cut_probability_ratios),
        "waiting_period": (with_waiting_period, 0.0, changes.waiting_changes_days),
    }
    return found[code]


def _draws_the_same(changed: Assumptions, base: Assumptions) -> bool:
    return changed.exposures is base.exposures and changed.settings == base.settings


@dataclass(frozen=True)
class _Costs:
    """Both costs of an option in every year."""

    option: Option
    total: Array
    economic: Array


def _costs(options: Sequence[Option], settings: InsuranceSettings) -> list[_Costs]:
    return [_Costs(each, total_scores(each), economic_scores(each, settings=settings)) for each in options]


def _ranks(costs: Sequence[_Costs]) -> list[int]:
    economic = [each.option.mean(each.economic) for each in costs]
    return [1 + sorted(economic).index(value) for value in economic]


def _changes(changed: Sequence[_Costs], as_set: Sequence[_Costs]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for new, old, rank, rank_before in zip(changed, as_set, _ranks(changed), _ranks(as_set), strict=True):
        rows.append(
            {
                "option_id": new.option.option_id,
                **figure("total_cost_of_risk_amount", new.total, new.option),
                **figure("total_cost_change_amount", new.total - old.total, new.option),
                **figure("economic_cost_amount", new.economic, new.option),
                **figure("economic_cost_change_amount", new.economic - old.economic, new.option),
                "economic_cost_rank": rank,
                "is_rank_changed": rank != rank_before,
            }
        )
    return rows
