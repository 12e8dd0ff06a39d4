"""Frontier: what designs around a quote cost, against the shortfall they leave, on the same simulated years."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.design_settings import FrontierSettings
from riskresearch.insurance.designs import (
    NO_MAXIMUM,
    Design,
    TechnicalPrice,
    design_exposures,
    design_policy,
    designs_around,
    efficient,
    marginal_efficiency,
    quote_design,
)
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.figures import NORMAL_95, budgets, capital_scores, figure
from riskresearch.insurance.measures import expected_shortfall
from riskresearch.insurance.options import FINANCING_YEAR_DAYS, Option, priced, self_insured
from riskresearch.insurance.policy import SELF_INSURANCE, Cost, Policy
from riskresearch.insurance.quick import Ready, ready, settle_years
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.tables import OPTION
from riskresearch.insurance.yearly_costs import block_error, block_means, total_scores

TOP_UP = "top_up"
_SELF = Design(0.0, 0.0, 0.0, 0.0, NO_MAXIMUM)


def _simulated(name: str, meaning: str, *, nullable: bool = False) -> tuple[Column, Column]:
    error = Column(f"{name}_se", "float", f"standard error of {name}", nullable)
    return Column(name, "float", meaning, nullable), error


POLICY_DESIGNS = Table(
    "policy_designs",
    "insurance",
    "one row per quote and design laid around it, self-insurance included",
    ("option_id", "design_id"),
    (
        OPTION,
        Column("design_id", "text", "number of the design in the grid, or self_insurance"),
        Column("is_quote", "bool", "the quote's own design, which the technical price is anchored at"),
        Column("insured_ratio", "float", "insured share of named customers; 0 = self-insurance"),
        Column("first_loss_amount", "float", "aggregate first loss of the year; 0 = none"),
        Column("discretionary_limit_amount", "float", "limit of customers without named limit"),
        Column("limit_multiple", "float", "named limits, in multiples of those granted"),
        Column("maximum_liability_amount", "float", "most the insurer pays in the year; empty = no maximum", True),
        Column("technical_premium_amount", "float", "technical price before tax, no insurer's price; see the method"),
        Column("loading_ratio", "float", "loading on the mean indemnity read from the quote", True),
        Column("fees_amount", "float", "fees before tax, as in the quote"),
        Column("tax_amount", "float", "insurance premium tax"),
        *_simulated("expected_indemnity_amount", "mean indemnity"),
        *_simulated("expected_retained_amount", "mean loss kept"),
        *_simulated("es_retained_amount", "expected shortfall of the loss kept"),
        *_simulated("economic_capital_amount", "expected shortfall minus mean of the loss kept"),
        *_simulated("total_cost_of_risk_amount", "price, adjustment, wait, own work and mean loss kept"),
        *_simulated("economic_cost_amount", "total cost of risk + capital charge x economic capital"),
        *_simulated("p_first_loss_reached_ratio", "share of years that use up the aggregate first loss", nullable=True),
        *_simulated("p_maximum_exhausted_ratio", "share of years that use up the maximum liability", nullable=True),
        Column(
            "is_efficient",
            "bool",
            "no other design is as cheap with as little shortfall; of equals the quote or the first",
        ),
        Column("marginal_efficiency_ratio", "float", "shortfall avoided per unit of cost from the one before", True),
        Column("es_reduction_per_cost_ratio", "float", "shortfall avoided / cost on top of self-insurance", True),
        Column("economic_cost_rank", "int", "1 = lowest economic cost"),
        Column("is_optimal", "bool", "lowest economic cost at the capital charge"),
        *_simulated("economic_cost_gap_amount", "economic cost above the optimal design, on the same years"),
        Column("is_within_error", "bool", "the years do not tell it from the optimal design (95 %)"),
    ),
)


@dataclass(frozen=True)
class _Ground:
    """What all designs of a quote share: the quote as an option, its book, and the claims made ready."""

    quote: Option
    policy: Policy
    exposures: DataFrame
    ready: Ready
    settings: InsuranceSettings


def frontier(
    events: Events, exposures: DataFrame, policy: Policy, settings: InsuranceSettings, *, grid: FrontierSettings
) -> DataFrame:
    """Return table `policy_designs` of one quote: cost against retained shortfall over a grid of designs.

    Every design is the quote's wording with another insured share, first loss, limits or maximum, settled on the same
    events. Its premium is a technical price anchored at the quote (`TechnicalPrice`), no offer of an insurer; fees and
    bonus, malus and profit share are the quote's. Self-insurance is a design too, so the optimum may be to buy nothing.
    Economic capital is the shortfall less the mean, so a design that keeps more of the sure losses may be optimal
    without being on the frontier of cost and shortfall.
    Where the quote pays nothing on these events no loading can be read from it, and only these two rows are returned.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    policy : quote the designs start from; no top-up, whose cover hangs on another policy
    settings : capital charge, confidence, rate that finances the wait
    grid : values of each axis and parameters of the technical price

    Raises
    ------
    SettingsError
        The policy is a top-up, or the tail charge alone costs more than the quote.
    """
    if policy.kind == TOP_UP:
        raise SettingsError(f"policy {policy.policy_id}: a top-up has no design of its own; give the underlying policy")
    quote, without = priced(events, exposures, policy, settings), self_insured(events, exposures, settings)
    ground = _Ground(quote, policy, exposures, ready(events, exposures, policy=policy, settings=settings), settings)
    premium = quote.cost.premium_amount
    own = quote_design(policy, premium_amount=premium)
    price = _fitted(_settled(own, ground, covers=_covers([own], ground)), ground, grid=grid)
    designs = [own]
    if price.is_known:
        loss = without.mean(without.gross)
        designs = designs_around(own, grid=grid, loss_amount=loss, premium_amount=premium)
    covers = _covers(designs, ground)
    rows = [_row(without, _SELF, ground, design_id=SELF_INSURANCE)]
    for number, design in enumerate(designs, start=1):
        option = _priced(_settled(design, ground, covers=covers), ground, price=price)
        row = _row(option, design, ground, design_id=f"{number:04d}")
        rows.append({**row, "is_quote": design == own, "loading_ratio": price.loading_ratio})
    return check(_judged(DataFrame(rows)), POLICY_DESIGNS)


def frontiers(
    events: Events,
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    grid: FrontierSettings,
) -> DataFrame:
    """Return table `policy_designs` of all policies but top-ups, see `frontier`."""
    frames = [frontier(events, exposures, policy, settings, grid=grid) for policy in policies if policy.kind != TOP_UP]
    return check(pd.concat(frames, ignore_index=True), POLICY_DESIGNS) if frames else empty(POLICY_DESIGNS)


def _without_year_terms(design: Design) -> Design:
    return replace(design, first_loss_amount=0.0, maximum_amount=NO_MAXIMUM)


def _covers(designs: Sequence[Design], ground: _Ground) -> dict[Design, DataFrame]:
    """Return the cover of each customer, which hangs on the share and the limits alone."""
    found = {}
    for design in {_without_year_terms(design) for design in designs}:
        book = design_exposures(ground.exposures, limit_multiple=design.limit_multiple)
        found[design] = cover(book, policy=design_policy(ground.policy, design))
    return found


def _settled(design: Design, ground: _Ground, *, covers: dict[Design, DataFrame]) -> Option:
    """Return a design as an option, still at the quote's price."""
    quote, policy = ground.quote, design_policy(ground.policy, design)
    of_customers = covers[_without_year_terms(design)]
    totals = settle_years(
        ground.ready,
        limit=of_customers["limit_amount"].to_numpy(dtype="float64"),
        insured_ratio=of_customers["insured_ratio"].to_numpy(dtype="float64"),
        policy=policy,
        premium_amount=quote.cost.premium_amount,
    )
    rate = ground.settings.financing_rate_ratio
    return replace(
        quote,
        policy=policy,
        indemnity=totals.indemnity,
        contract_indemnity=totals.contract_indemnity,
        retained=quote.gross - totals.indemnity,
        insurer_recovery=totals.insurer_recovery,
        financing=totals.financing_days * rate / FINANCING_YEAR_DAYS,
        used_up=totals.used_up,
    )


def _mean_and_tail(option: Option, ground: _Ground, *, tail_charge_ratio: float) -> tuple[float, float]:
    """Return the mean of the indemnities, and their expected shortfall beyond it where it is charged."""
    mean, confidence = option.mean(option.indemnity), ground.settings.confidence_ratio
    if tail_charge_ratio == 0.0:
        return mean, 0.0
    return mean, expected_shortfall(option.indemnity, confidence_ratio=confidence, weights=option.weights) - mean


def _fitted(own: Option, ground: _Ground, *, grid: FrontierSettings) -> TechnicalPrice:
    mean, tail = _mean_and_tail(own, ground, tail_charge_ratio=grid.tail_charge_ratio)
    price = TechnicalPrice(own.cost.premium_amount, mean, tail, grid.fixed_share_ratio, grid.tail_charge_ratio)
    if price.is_known and price.loading_ratio < -1.0:
        raise SettingsError(
            f"insurance.designs.frontier: tail_charge_ratio {grid.tail_charge_ratio:g} and fixed_share_ratio "
            f"{grid.fixed_share_ratio:g} alone cost more than the premium {own.cost.premium_amount:.2f} of "
            f"{ground.policy.policy_id}; lower one of them"
        )
    return price


def _priced(option: Option, ground: _Ground, *, price: TechnicalPrice) -> Option:
    """Return a design at its technical price; where none can be read from the quote, at the quote's."""
    if not price.is_known:
        return option
    mean, tail = _mean_and_tail(option, ground, tail_charge_ratio=price.tail_charge_ratio)
    premium = price.amount(mean_amount=mean, tail_amount=tail)
    adjustment = ground.policy.year_adjustment(option.contract_indemnity, premium_amount=premium)
    return replace(option, cost=_with_premium(option.cost, premium), adjustment=adjustment)


def _with_premium(cost: Cost, premium_amount: float) -> Cost:
    """Return the quote's cost with a technical premium, paid in one."""
    tax = cost.tax_amount + (premium_amount - cost.premium_amount) * cost.tax_ratio
    return replace(
        cost, premium_amount=premium_amount, tax_amount=tax, rated_amount=premium_amount, deposit_amount=premium_amount
    )


def _row(option: Option, design: Design, ground: _Ground, *, design_id: str) -> dict[str, object]:
    terms = asdict(design)
    maximum = terms.pop("maximum_amount")
    capital, total = capital_scores(option, settings=ground.settings), total_scores(option)
    economic = total + ground.settings.capital_charge_ratio * capital
    yearly = {
        "expected_indemnity_amount": option.indemnity,
        "expected_retained_amount": option.retained,
        "es_retained_amount": capital + option.retained,
        "economic_capital_amount": capital,
        "total_cost_of_risk_amount": total,
        "economic_cost_amount": economic,
    }
    figures: dict[str, float] = budgets(option)
    for name, values in yearly.items():
        figures |= figure(name, values, option)
    return {
        "option_id": ground.policy.policy_id,
        "design_id": design_id,
        "is_quote": False,
        **terms,
        "maximum_liability_amount": maximum if maximum < NO_MAXIMUM else np.nan,
        "technical_premium_amount": option.cost.premium_amount,
        "loading_ratio": np.nan,
        "fees_amount": option.cost.fees_amount,
        "tax_amount": option.cost.tax_amount,
        **figures,
        "blocks": block_means(economic, n_strata=option.n_strata, weights=option.weights),
    }


def _judged(frame: DataFrame) -> DataFrame:
    """Add what follows from comparing the designs of one quote; the first row is self-insurance."""
    cost, risk = (frame[name].to_numpy() for name in ("total_cost_of_risk_amount", "es_retained_amount"))
    economic = frame["economic_cost_amount"].to_numpy()
    best = int(economic.argmin())
    error = np.array([block_error(blocks - frame["blocks"][best]) for blocks in frame["blocks"]])
    gap, is_best = economic - economic[best], np.arange(len(frame)) == best
    first = frame.sort_values("is_quote", ascending=False, kind="stable")
    is_repeated = first.duplicated(["total_cost_of_risk_amount", "es_retained_amount"]).sort_index().to_numpy()
    on_frontier, steps = efficient(cost, risk) & ~is_repeated, np.full(len(cost), np.nan)
    steps[on_frontier] = marginal_efficiency(cost[on_frontier], risk[on_frontier])
    dearer = cost - cost[0]
    per_cost = np.divide(risk[0] - risk, dearer, out=np.full(len(cost), np.nan), where=dearer > 0)
    return frame.drop(columns="blocks").assign(
        is_efficient=on_frontier,
        marginal_efficiency_ratio=steps,
        es_reduction_per_cost_ratio=per_cost,
        economic_cost_rank=frame["economic_cost_amount"].rank(method="first").astype("int64"),
        is_optimal=is_best,
        economic_cost_gap_amount=gap,
        economic_cost_gap_amount_se=error,
        is_within_error=(gap <= NORMAL_95 * error) | is_best,
    )
