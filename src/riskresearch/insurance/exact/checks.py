"""The simulation against the exact laws, figure by figure, in standard errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.exact.book import book_of, recovery_ratios
from riskresearch.insurance.exact.factors import nodes
from riskresearch.insurance.exact.law import Law
from riskresearch.insurance.exact.laws import N_NODES, exact_laws, inseparable
from riskresearch.insurance.exact.wording import wording_of
from riskresearch.insurance.expected import expected_gross, expected_indemnity
from riskresearch.insurance.measures import expected_shortfall, shortfall_scores, standard_error
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import SELF_INSURANCE, Policy
from riskresearch.insurance.settings import InsuranceSettings

LARGEST_WORK, LARGEST_JOINT_WORK = 150_000, 4_000
"""Customers x values of the common factors: what exact laws, and joint ones of the retained loss, are computed for."""
QUANTITIES = ("gross", "paid", "indemnity", "retained")
FIGURES = (
    *(f"{quantity}_{statistic}" for quantity in QUANTITIES for statistic in ("mean", "at_least_var", "es")),
    "p_first_loss_reached",
    "p_maximum_exhausted",
)
SIMULATION_CHECKS = Table(
    "simulation_checks",
    "insurance",
    "one row per option and figure",
    ("option_id", "figure_code"),
    (
        Column("option_id", "text", "policy_id, or self_insurance for the loss before any policy"),
        Column("figure_code", "code", "figure of a policy year that is known exactly", False, FIGURES),
        Column("simulated", "float", "simulated value, run currency or ratio"),
        Column("simulated_se", "float", "its standard error"),
        Column("exact", "float", "exact value"),
        Column("z", "float", "(simulated - exact) / standard error; beyond 4 either way the two disagree"),
    ),
)


@dataclass(frozen=True)
class YearFigures:
    """What happened in every simulated year; None = not to be checked.

    Parameters
    ----------
    gross, paid, indemnity, retained : amounts of each year, as in `ExactLaws`
    used_up : for each term that is a budget of the year, whether the year used it up
    n_strata, weights : years per block, probability of each year
    """

    gross: Array
    paid: Array | None = None
    indemnity: Array | None = None
    retained: Array | None = None
    used_up: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    n_strata: int = 1
    weights: Array | None = None


class Situation(NamedTuple):
    """Of what the laws are: book, settings, months, first month of the policy year."""

    exposures: DataFrame
    settings: InsuranceSettings
    months: DataFrame | None = None
    policy_start_month: int = 1


def simulation_checks(
    events: Events,
    exposures: DataFrame,
    options: Sequence[Option],
    settings: InsuranceSettings,
    *,
    months: DataFrame | None = None,
    policy_start_month: int = 1,
) -> DataFrame:
    """Hold the simulated years of every option against what is known exactly.

    A quantile is checked by the share of years at or above the exact one. Books whose customers do not separate, and
    those beyond `LARGEST_WORK`, are checked by the means for which a formula holds.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, sorted by customer: those of the simulation
    options : options priced on the events; those without policy and top-up policies have no exact law
    settings, months, policy_start_month : those of the simulation

    Returns
    -------
    table `simulation_checks`; no row for what is not known exactly
    """
    situation = Situation(exposures, settings, months, policy_start_month)
    gross = YearFigures(gross_by_year(events, settings), n_strata=events.n_strata, weights=events.weights)
    law = _gross_law(situation) if _has_laws(situation, None) else None
    parts = [policy_checks(situation, gross, law=law)]
    for option in options:
        if option.policy is not None and option.underlying is None:
            paid = option.indemnity + option.insurer_recovery
            figures = (option.gross, paid, option.indemnity, option.retained, option.used_up)
            years = YearFigures(*figures, option.n_strata, option.weights)
            of_policy = policy_checks(
                situation, years, option.policy, premium_amount=option.cost.premium_amount, law=law
            )
            parts.append(of_policy[~of_policy["figure_code"].str.startswith("gross")])
    return check(pd.concat(parts, ignore_index=True), SIMULATION_CHECKS)


def policy_checks(
    situation: Situation,
    years: YearFigures,
    policy: Policy | None = None,
    *,
    premium_amount: float = 0.0,
    law: Law | None = None,
) -> DataFrame:
    """Hold the years of one policy, or the gross losses, against what is known exactly; rows of the table.

    Parameters
    ----------
    situation : book, settings, months
    years : what happened in the simulated years
    policy : policy or quote; None = the gross loss only
    premium_amount : premium of the year before tax, for a maximum that is a multiple of it
    law : exact law of the gross loss, where it is known already
    """
    rows = list(
        _by_law(situation, years, policy, premium_amount, law)
        if _has_laws(situation, policy)
        else _by_mean(situation, years, policy)
    )
    columns = ["figure_code", "simulated", "simulated_se", "exact"]
    frame = DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], "float64"))
    gap = frame["simulated"] - frame["exact"]
    is_equal = gap.abs() <= 1e-9 * frame["exact"].abs().clip(lower=1.0)
    z = (gap / frame["simulated_se"]).mask(is_equal, 0.0)
    option_id = policy.policy_id if policy else SELF_INSURANCE
    return frame.assign(option_id=option_id, z=z)[SIMULATION_CHECKS.names]


def gross_by_year(events: Events, settings: InsuranceSettings) -> Array:
    """Loss of each year after all recoveries and what they cost."""
    late = 1.0 - recovery_ratios(settings)[0][events.event]
    recovered_after = events.debt * (1.0 - events.lgd_ratio) * late
    return events.by_year(events.debt * events.lgd_ratio + settings.collection_cost_ratio * recovered_after)


def _has_laws(situation: Situation, policy: Policy | None) -> bool:
    exposures, settings, months, start = situation
    if _work(situation) > LARGEST_WORK:
        return False
    wording = wording_of(exposures, policy, settings, premium_amount=0.0) if policy else None
    book = book_of(exposures, settings, months=months, policy_start_month=start)
    return inseparable(book, settings, wording) is None


def _work(situation: Situation) -> int:
    """Customers x values of the common factors."""
    nothing = np.zeros(1)
    values = nodes(nothing, settings=situation.settings.dependence, n_nodes=N_NODES)
    return len(situation.exposures) * sum(len(node.own_probability) for node in values)


Row = tuple[str, float, float, float]


def _gross_law(situation: Situation) -> Law:
    exposures, settings, months, start = situation
    return exact_laws(exposures, settings, months=months, policy_start_month=start).gross


def _by_law(
    situation: Situation, years: YearFigures, policy: Policy | None, premium_amount: float, law: Law | None
) -> Iterable[Row]:
    exposures, settings, months, start = situation
    laws = exact_laws(
        exposures,
        settings,
        policy=policy,
        premium_amount=premium_amount,
        months=months,
        policy_start_month=start,
        has_retained=years.retained is not None and _work(situation) <= LARGEST_JOINT_WORK,
        gross=law,
    )
    for quantity in QUANTITIES:
        exact, values = getattr(laws, quantity), getattr(years, quantity)
        if quantity == "retained" and values is not None and laws.indemnity is not None:
            yield "retained_mean", *_mean(values, years), laws.gross.mean - laws.indemnity.mean
        elif exact is not None and values is not None:
            yield f"{quantity}_mean", *_mean(values, years), exact.mean
        if exact is not None and values is not None:
            yield from _of_tail(quantity, exact, values, years, settings.confidence_ratio)
    reached = {"aggregate_first_loss": laws.p_first_loss_reached, "maximum_liability": laws.p_maximum_exhausted}
    for (kind, chance), code in zip(reached.items(), FIGURES[-2:], strict=True):
        if chance is not None and kind in years.used_up:
            yield code, *_mean(years.used_up[kind].astype("float64"), years), chance


def _of_tail(quantity: str, law: Law, values: Array, years: YearFigures, confidence_ratio: float) -> Iterable[Row]:
    at = law.value_at_risk(confidence_ratio)
    beyond = np.where(values >= at * (1.0 - 1e-9), 1.0, 0.0)
    yield f"{quantity}_at_least_var", *_mean(beyond, years), law.at_least(at)
    shortfall = expected_shortfall(values, confidence_ratio=confidence_ratio, weights=years.weights)
    scores = shortfall_scores(values, confidence_ratio=confidence_ratio, weights=years.weights)
    error = standard_error(scores, n_strata=years.n_strata, weights=years.weights)
    yield f"{quantity}_es", shortfall, error, law.expected_shortfall(confidence_ratio)


def _by_mean(situation: Situation, years: YearFigures, policy: Policy | None) -> Iterable[Row]:
    exposures, settings, months, start = situation
    gross = expected_gross(exposures, settings=settings, months=months, policy_start_month=start)
    if gross is None:
        return
    yield "gross_mean", *_mean(years.gross, years), float(gross.sum())
    if policy is None or years.indemnity is None:
        return
    due = expected_indemnity(exposures, policy=policy, settings=settings, months=months, policy_start_month=start)
    if due is not None:
        yield "indemnity_mean", *_mean(years.indemnity, years), float(due.sum())
        yield "retained_mean", *_mean(years.gross - years.indemnity, years), float(gross.sum() - due.sum())


def _mean(values: Array, years: YearFigures) -> tuple[float, float]:
    mean = values.mean() if years.weights is None else years.weights @ values
    return float(mean), standard_error(values, n_strata=years.n_strata, weights=years.weights)
