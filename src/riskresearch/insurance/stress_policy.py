"""Bad years for a policy: the largest customers lost, or a sector shaken; gross, paid, kept, left of the maximum."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.design_settings import PolicyStressSettings
from riskresearch.insurance.events import Events
from riskresearch.insurance.options import Option
from riskresearch.insurance.quick import ready, settle_years
from riskresearch.insurance.tables import OPTION
from riskresearch.insurance.terms import MaximumLiability
from riskresearch.insurance.tornado import Assumptions
from riskresearch.insurance.yearly_costs import quote_figures

Chosen = npt.NDArray[np.bool_]

SCENARIOS = ("base", "largest_buyers", "sector")

POLICY_STRESS = Table(
    "policy_stress",
    "insurance",
    "one row per option and scenario, the base included",
    ("option_id", "scenario_id"),
    (
        OPTION,
        Column("scenario_id", "text", "scenario and its subject: base, largest_buyers_3, sector_F"),
        Column("scenario_code", "code", "as set, largest exposures default, or PDs of a sector rise", False, SCENARIOS),
        Column("subject", "text", "customers or sector concerned; empty = base", True),
        Column("n_customers", "int", "customers concerned"),
        Column("stressed_exposure_amount", "float", "their exposure at default"),
        Column("expected_gross_amount", "float", "mean loss of a year of the scenario before any indemnity"),
        Column("expected_gross_amount_se", "float", "standard error of expected_gross_amount", True),
        Column("expected_indemnity_amount", "float", "mean indemnity"),
        Column("expected_indemnity_amount_se", "float", "standard error of expected_indemnity_amount", True),
        Column("expected_retained_amount", "float", "mean loss kept"),
        Column("expected_retained_amount_se", "float", "standard error of expected_retained_amount", True),
        Column("es_retained_amount", "float", "expected shortfall of the loss kept"),
        Column("es_retained_amount_se", "float", "standard error of es_retained_amount", True),
        Column("indemnity_share_ratio", "float", "mean indemnity / mean gross loss; empty = no loss", True),
        Column("total_cost_of_risk_amount", "float", "price, adjustment, wait, own work and mean loss kept"),
        Column("p_first_loss_reached_ratio", "float", "share of years that use up the aggregate first loss", True),
        Column("p_maximum_exhausted_ratio", "float", "share of years that use up the maximum liability", True),
        Column("maximum_liability_amount", "float", "most the insurer pays in the year; empty = no maximum", True),
        Column("maximum_left_amount", "float", "mean of what the year leaves of it, VAT as in the policy", True),
    ),
)
_FIGURES = (
    "expected_gross_amount",
    "expected_gross_amount_se",
    "expected_indemnity_amount",
    "expected_indemnity_amount_se",
    "expected_retained_amount",
    "expected_retained_amount_se",
    "es_retained_amount",
    "es_retained_amount_se",
    "total_cost_of_risk_amount",
    "p_first_loss_reached_ratio",
    "p_maximum_exhausted_ratio",
    "maximum_liability_amount",
)


@dataclass(frozen=True)
class Scenario:
    """A bad year: who is concerned, and the book with their PDs in it."""

    scenario_id: str
    scenario_code: str
    subject: str | None
    n_customers: int
    stressed_exposure_amount: float
    exposures: DataFrame


def stress_scenarios(exposures: DataFrame, *, stress: PolicyStressSettings) -> list[Scenario]:
    """Return the base and the bad years of a book.

    The largest exposures are those of the whole book, covered or not; equal ones in the order of the customers. Their
    default is certain, the others' probabilities stay: a firm's own misfortune, no recession. In a sector scenario the
    PDs of the sector are multiplied, at most to 1.

    Parameters
    ----------
    exposures : table `exposures`, checked
    stress : numbers of customers and sectors, multiple of the PDs
    """
    found = [Scenario("base", "base", None, 0, 0.0, exposures)]
    falling = exposures["exposure_amount"].sort_values(ascending=False, kind="stable")
    falling = falling[falling > 0]
    for n in sorted({n for n in stress.n_buyers if n <= len(falling)}):
        chosen = np.asarray(exposures.index.isin(falling.index[:n]), dtype=bool)
        names = "; ".join(exposures.loc[falling.index[:n], "customer_id"])
        certain = exposures["pd_12m"].mask(chosen, 1.0)
        found.append(_scenario("largest_buyers", str(n), names, exposures, chosen, certain))
    by_sector = exposures.groupby("sector_code", sort=True)["exposure_amount"].sum()
    largest = by_sector[by_sector > 0].sort_values(ascending=False, kind="stable").index[: stress.n_sectors]
    for sector in largest:
        chosen = exposures["sector_code"].eq(sector).to_numpy(dtype=bool)
        raised = np.minimum(exposures["pd_12m"] * stress.sector_pd_multiple, 1.0)
        shaken = exposures["pd_12m"].mask(chosen, raised)
        found.append(_scenario("sector", str(sector), str(sector), exposures, chosen, shaken))
    return found


def policy_stress(base: Assumptions, *, stress: PolicyStressSettings) -> DataFrame:
    """Return table `policy_stress`: what each option pays and leaves in each bad year, and what is left of its maximum.

    Years are drawn with the same seed, given the scenario; what is left of a maximum is counted on what the insurer
    paid before its later recoveries, which reinstate nothing.

    Parameters
    ----------
    base : assumptions as set; exposures checked
    stress : numbers of customers and sectors, multiple of the PDs
    """
    rows: list[dict[str, object]] = []
    for scenario in stress_scenarios(base.exposures, stress=stress):
        changed = replace(base, exposures=scenario.exposures)
        events = changed.events()
        options = changed.options(events)
        for option in options:
            figures = quote_figures(option, options[0], base.settings)
            rows.append(
                {
                    "option_id": option.option_id,
                    **{name: value for name, value in vars(scenario).items() if name != "exposures"},
                    **{name: figures[name] for name in _FIGURES},
                    "indemnity_share_ratio": _share(option),
                    "maximum_left_amount": _maximum_left(option, events, changed),
                }
            )
    return check(DataFrame(rows), POLICY_STRESS)


def _scenario(
    code: str, subject_id: str, subject: str, exposures: DataFrame, chosen: Chosen, pd_12m: Series
) -> Scenario:
    amount = float(exposures.loc[chosen, "exposure_amount"].sum())
    book = exposures.assign(pd_12m=pd_12m)
    return Scenario(f"{code}_{subject_id}", code, subject, int(chosen.sum()), amount, book)


def _share(option: Option) -> float:
    gross = option.mean(option.gross)
    return option.mean(option.indemnity) / gross if gross > 0 else float("nan")


def _maximum_left(option: Option, events: Events, book: Assumptions) -> float:
    """Mean of the maximum less what the year drew from it; empty without a maximum or with two policies."""
    policy = option.policy
    maximum = policy.find(MaximumLiability) if policy is not None and option.underlying is None else None
    if policy is None or maximum is None:
        return float("nan")
    covers = option.covers
    premium = option.cost.premium_amount
    totals = settle_years(
        ready(events, book.exposures, policy=policy, settings=book.settings),
        limit=covers["limit_amount"].to_numpy(dtype="float64"),
        insured_ratio=covers["insured_ratio"].to_numpy(dtype="float64"),
        policy=policy,
        premium_amount=premium,
    )
    return maximum.budget(premium_amount=premium) - option.mean(totals.maximum_used)
