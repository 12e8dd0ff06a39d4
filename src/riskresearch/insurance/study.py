"""A run's policies in use: everything that needs the ledger or a second look at the simulated years.

One entry of `STUDY_TABLES` per builder: the tables it makes and the function that makes them from a `Study`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Table, check, empty
from riskresearch.insurance.actions import POLICY_ACTIONS, policy_actions
from riskresearch.insurance.actions.situation import Situation
from riskresearch.insurance.attribution import CLAUSE_COSTS, clause_costs
from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.criteria import INSURANCE_ADVICE, INSURANCE_CRITERIA, insurance_advice, insurance_criteria
from riskresearch.insurance.declarations import DECLARATION_CALENDAR, declaration_calendar
from riskresearch.insurance.design_optima import DESIGN_OPTIMA, design_optima
from riskresearch.insurance.exact.checks import SIMULATION_CHECKS, simulation_checks
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.frontier import POLICY_DESIGNS, frontiers
from riskresearch.insurance.indicators import (
    PolicyYear,
    cover_by_segment,
    insurer_decisions_by_month,
    policy_indicators,
    policy_use,
    uncovered_causes,
    year_amounts,
)
from riskresearch.insurance.indicators.tables import (
    COVER_BY_SEGMENT,
    INSURER_DECISIONS,
    POLICY_INDICATORS,
    UNCOVERED_CAUSES,
)
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.more_terms import LONGER_TERMS, LONGER_TERMS_CUSTOMERS, longer_terms
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio import CUT_HISTORY, cut_history
from riskresearch.insurance.premium_sensitivity import PREMIUM_SENSITIVITY, premium_sensitivity
from riskresearch.insurance.requests import DORMANT_LIMITS, LIMIT_REQUESTS, dormant_limits, limit_requests
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import Comparison, start_month
from riskresearch.insurance.stress_policy import POLICY_STRESS, policy_stress
from riskresearch.insurance.terms import CreditPeriod
from riskresearch.insurance.timeline import CLAIM_TIMELINE, claim_timeline
from riskresearch.insurance.timing import INDEMNITY_MONTHS, INDEMNITY_TIMING, indemnity_timing
from riskresearch.insurance.tornado import TORNADO, Assumptions, tornado

DSO = "dso_365_days"
READS = (
    "scored",
    "rating_history",
    "customer_behaviour",
    "kpis",
    "customers",
    "limits",
    "invoices",
    "open_invoices",
    "movements",
    "events",
    "disputes",
    "defaults",
    "ratings",
    "insurer_claims",
)


@dataclass(frozen=True)
class Study:
    """A comparison of options, and the ledger it was made from.

    Parameters
    ----------
    made : options on common events
    tables : those of `READS`
    as_of : last day that counts
    """

    made: Comparison
    tables: Mapping[str, DataFrame]
    as_of: Timestamp

    @property
    def settings(self) -> InsuranceSettings:
        """Settings of the stage."""
        return self.made.settings

    @cached_property
    def base_policies(self) -> tuple[Policy, ...]:
        """Policies that stand alone: all but top-ups, which hang on another one."""
        return tuple(policy for policy in self.made.policies if policy.underlying_policy_id is None)

    @cached_property
    def own_policies(self) -> tuple[Policy, ...]:
        """Policies in force; where none is signed, the first quote stands in."""
        signed = tuple(policy for policy in self.base_policies if policy.status == "in_force")
        return signed or self.base_policies[:1]

    @property
    def own_uses(self) -> list[PolicyUse]:
        """Use made of the policies in force."""
        return [self.uses[policy.policy_id] for policy in self.own_policies]

    @cached_property
    def uses(self) -> dict[str, PolicyUse]:
        """Use made of each policy that stands alone on the day."""
        return {
            policy.policy_id: policy_use(
                self.tables, self.made.exposures, policy, self.settings.actions, as_of=self.as_of
            )
            for policy in self.base_policies
        }

    @cached_property
    def years(self) -> list[PolicyYear]:
        """Every policy on the simulated years, with its use."""
        made, settings = self.made, self.settings
        insured = [option for option in made.options if option.policy is not None]
        return [
            PolicyYear(
                option,
                made.options[0],
                settings,
                self.uses.get(option.option_id),
                year_amounts(option, made.events, made.exposures, settings),
            )
            for option in insured
        ]

    @cached_property
    def assumptions(self) -> Assumptions:
        """What the costs of self-insurance and of the policies hang on, to be changed one at a time."""
        made = self.made
        return Assumptions(
            made.exposures, made.policies, made.settings, made.season, policy_start_month=start_month(made.policies)
        )


Made: TypeAlias = DataFrame | Mapping[str, DataFrame]
Maker = Callable[[Study], Made]


def study_tables(study: Study) -> dict[str, DataFrame]:
    """Return every table of `STUDY_TABLES`, checked against its declaration."""
    found: dict[str, DataFrame] = {}
    for tables, make in STUDY_TABLES:
        made = make(study)
        named = {tables[0].name: made} if isinstance(made, DataFrame) else made
        found |= {table.name: check(named[table.name], table) for table in tables}
    return found


def _clause_costs(study: Study) -> DataFrame:
    made, parts = study.made, []
    premiums = {option.option_id: option.cost.premium_amount for option in made.options}
    for policy in study.base_policies:
        covers = cover(made.exposures, policy=_of_any_terms(policy))
        claims = claims_of(made.events, made.exposures, covers, policy=policy, settings=study.settings)
        premium = premiums[policy.policy_id]
        parts.append(clause_costs(claims, policy=policy, premium_amount=premium, year_weights=made.events.weights))
    return pd.concat(parts, ignore_index=True) if parts else empty(CLAUSE_COSTS)


def _of_any_terms(policy: Policy) -> Policy:
    """The policy as if it covered any credit period, so that this clause too can be seen switched off."""
    return policy.model_copy(update={"terms": tuple(t for t in policy.terms if not isinstance(t, CreditPeriod))})


def _designs(study: Study) -> Made:
    made, grid = study.made, study.settings.designs.frontier
    designs = frontiers(made.events, made.exposures, study.base_policies, study.settings, grid=grid)
    charges = sorted({*grid.charge_ratios, study.settings.capital_charge_ratio})
    return {"policy_designs": designs, "design_optima": design_optima(designs, charge_ratios=charges)}


def _premium_sensitivity(study: Study) -> DataFrame:
    made, scale = study.made, study.settings.designs.premium_sensitivity
    return premium_sensitivity(
        made.events, made.exposures, study.base_policies, study.settings, scale=scale, dso_days=_dso_days(study)
    )


def _dso_days(study: Study) -> float | None:
    """DSO of the whole book on the latest date, on a year of sales; None where it is not known."""
    kpis = study.tables["kpis"]
    dso = kpis[kpis["indicator_code"].eq(DSO) & (kpis["observation_date"] <= study.as_of)]
    latest: Series = dso.sort_values("observation_date")["value"].tail(1).dropna()
    return float(latest.iloc[0]) if len(latest) else None


def _longer_terms(study: Study) -> Made:
    made = study.made
    summary, customers = longer_terms(
        made.exposures,
        study.base_policies,
        study.settings,
        terms=study.settings.designs.longer_terms,
        months=made.season,
        policy_start_month=start_month(made.policies),
    )
    return {"longer_terms": summary, "longer_terms_customers": customers}


def _actions(study: Study) -> DataFrame:
    history = study.tables["rating_history"]
    situations = [
        Situation(
            year,
            year.use,
            study.made.events,
            study.made.exposures,
            [option for option in study.made.options if option.option_id != year.option.option_id],
            history,
        )
        for year in study.years
        if year.use is not None
    ]
    return policy_actions(situations)


def _requests(study: Study) -> DataFrame:
    made = study.made
    return _joined(
        (limit_requests(made.events, made.exposures, policy, study.settings) for policy in study.base_policies),
        LIMIT_REQUESTS,
    )


def _of_own(study: Study, make: Callable[..., DataFrame], table: Table) -> DataFrame:
    """One part per policy in force."""
    tables = {**study.tables, "exposures": study.made.exposures}
    return _joined((make(tables, policy, as_of=study.as_of) for policy in study.own_policies), table)


def _joined(parts: Iterable[DataFrame], table: Table) -> DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else empty(table)


def _criteria(study: Study) -> Made:
    actions = study.settings.actions
    criteria = insurance_criteria(study.tables, actions, as_of=study.as_of)
    advice = insurance_advice(study.tables, criteria, actions, as_of=study.as_of)
    return {"insurance_criteria": criteria, "insurance_advice": advice}


def _checks(study: Study) -> DataFrame:
    made = study.made
    return simulation_checks(
        made.events,
        made.exposures,
        made.options,
        study.settings,
        months=made.season,
        policy_start_month=start_month(made.policies),
    )


STUDY_TABLES: tuple[tuple[tuple[Table, ...], Maker], ...] = (
    ((SIMULATION_CHECKS,), _checks),
    ((CLAUSE_COSTS,), _clause_costs),
    ((POLICY_DESIGNS, DESIGN_OPTIMA), _designs),
    ((TORNADO,), lambda study: tornado(study.assumptions, changes=study.settings.designs.tornado)),
    ((PREMIUM_SENSITIVITY,), _premium_sensitivity),
    ((LONGER_TERMS, LONGER_TERMS_CUSTOMERS), _longer_terms),
    ((POLICY_STRESS,), lambda study: policy_stress(study.assumptions, stress=study.settings.designs.policy_stress)),
    (
        (INDEMNITY_TIMING, INDEMNITY_MONTHS),
        lambda s: indemnity_timing(s.made.events, s.made.exposures, s.made.policies, s.settings),
    ),
    ((POLICY_INDICATORS,), lambda study: policy_indicators(study.years)),
    ((COVER_BY_SEGMENT,), lambda study: cover_by_segment(study.own_uses)),
    ((INSURER_DECISIONS,), lambda study: insurer_decisions_by_month(study.own_uses)),
    ((UNCOVERED_CAUSES,), lambda study: uncovered_causes(study.uses.values())),
    ((POLICY_ACTIONS,), _actions),
    ((LIMIT_REQUESTS,), _requests),
    ((DORMANT_LIMITS,), lambda study: dormant_limits(study.own_uses)),
    ((INSURANCE_CRITERIA, INSURANCE_ADVICE), _criteria),
    ((CUT_HISTORY,), lambda study: cut_history(study.tables, as_of=study.as_of)),
    ((DECLARATION_CALENDAR,), lambda study: _of_own(study, declaration_calendar, DECLARATION_CALENDAR)),
    ((CLAIM_TIMELINE,), lambda study: _of_own(study, claim_timeline, CLAIM_TIMELINE)),
)
