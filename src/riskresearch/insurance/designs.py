"""Designs of a policy: the same wording with another share, first loss, limits or maximum, at a technical price."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.claims import Array
from riskresearch.insurance.design_settings import FrontierSettings
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import AggregateFirstLoss, BuyerLimit, InsuredPercentage, MaximumLiability, Term

NO_MAXIMUM = float("inf")


@dataclass(frozen=True, order=True)
class Design:
    """Values of the terms that are varied, policy currency; the other terms are those of the quote.

    Parameters
    ----------
    insured_ratio : insured share of named customers; the other shares move in proportion, at most 1
    first_loss_amount : aggregate first loss of the year; 0 = none
    discretionary_limit_amount : limit of customers without named limit
    limit_multiple : named limits, in multiples of those granted
    maximum_amount : maximum liability of the year; infinite = none
    """

    insured_ratio: float
    first_loss_amount: float
    discretionary_limit_amount: float
    limit_multiple: float
    maximum_amount: float


@dataclass(frozen=True)
class TechnicalPrice:
    """A price for designs nobody has quoted, anchored at the quote: it is not the insurer's price.

    premium = premium of the quote + (1 + loading) (E[I] - E[I of the quote]) + t (tail - tail of the quote), which is
    fixed share x premium of the quote + (1 + loading) E[I] + t x tail. I is the indemnity of a year net of the
    insurer's recoveries under the probabilities of the run, tail its expected shortfall less its mean. The loading is
    what makes the quote's own design cost the quote's premium; below 0 the quote is cheaper than these probabilities.

    Parameters
    ----------
    premium_amount : premium of the quote before tax
    mean_amount, tail_amount : E[I] and tail of the quote's own design
    fixed_share_ratio : share of the premium that does not depend on the design
    tail_charge_ratio : t
    """

    premium_amount: float
    mean_amount: float
    tail_amount: float
    fixed_share_ratio: float
    tail_charge_ratio: float

    @property
    def is_known(self) -> bool:
        """Whether the quote pays anything, without which no loading can be read from it."""
        return self.mean_amount > 0.0

    @property
    def loading_ratio(self) -> float:
        """Loading on the mean indemnity; empty where the quote pays nothing."""
        if not self.is_known:
            return float("nan")
        variable = (1.0 - self.fixed_share_ratio) * self.premium_amount - self.tail_charge_ratio * self.tail_amount
        return variable / self.mean_amount - 1.0

    def amount(self, *, mean_amount: float, tail_amount: float) -> float:
        """Return the technical premium of a design before tax, at least 0.

        Parameters
        ----------
        mean_amount : mean indemnity of a year of the design
        tail_amount : expected shortfall less mean of its indemnities

        Examples
        --------
        >>> quote = TechnicalPrice(100.0, 60.0, 500.0, fixed_share_ratio=0.25, tail_charge_ratio=0.0)
        >>> quote.loading_ratio, quote.amount(mean_amount=60.0, tail_amount=500.0)
        (0.25, 100.0)
        >>> quote.amount(mean_amount=20.0, tail_amount=400.0)
        50.0
        """
        mean, tail = mean_amount - self.mean_amount, tail_amount - self.tail_amount
        return max(self.premium_amount + (1.0 + self.loading_ratio) * mean + self.tail_charge_ratio * tail, 0.0)


def quote_design(policy: Policy, *, premium_amount: float) -> Design:
    """Return the design a quote has itself, its maximum as an amount.

    Parameters
    ----------
    policy : policy or quote
    premium_amount : its premium of a year before tax
    """
    first_loss, maximum = policy.find(AggregateFirstLoss), policy.find(MaximumLiability)
    return Design(
        policy.insured_percentage.named_ratio,
        first_loss.amount if first_loss else 0.0,
        policy.buyer_limit.discretionary_limit_amount,
        1.0,
        maximum.budget(premium_amount=premium_amount) if maximum else NO_MAXIMUM,
    )


def designs_around(own: Design, *, grid: FrontierSettings, loss_amount: float, premium_amount: float) -> list[Design]:
    """Return the grid of designs in order, the quote's own values on every axis.

    First losses and maximums are rounded to two significant digits, as quotes are.

    Parameters
    ----------
    own : design of the quote
    grid : values of each axis
    loss_amount : mean loss of a year without policy
    premium_amount : premium of the quote before tax

    Examples
    --------
    >>> own = Design(0.9, 0.0, 10_000.0, 1.0, NO_MAXIMUM)
    >>> grid = FrontierSettings(insured_ratios=(0.8,), first_loss_multiples=(1.0,), discretionary_multiples=(1.0,),
    ...                         maximum_multiples=())
    >>> found = designs_around(own, grid=grid, loss_amount=43_817.0, premium_amount=1.0)
    >>> [(design.insured_ratio, design.first_loss_amount) for design in found]
    [(0.8, 0.0), (0.8, 44000.0), (0.9, 0.0), (0.9, 44000.0)]
    """
    axes = (
        (*grid.insured_ratios, own.insured_ratio),
        (*_amounts(grid.first_loss_multiples, loss_amount), own.first_loss_amount),
        (
            *(multiple * own.discretionary_limit_amount for multiple in grid.discretionary_multiples),
            own.discretionary_limit_amount,
        ),
        (*grid.limit_multiples, own.limit_multiple),
        (*_amounts(grid.maximum_multiples, premium_amount), own.maximum_amount),
    )
    return [Design(*values) for values in product(*(sorted(set(axis)) for axis in axes))]


def design_policy(policy: Policy, design: Design) -> Policy:
    """Return the policy with the terms of a design; limits by name are those of the exposures (`design_exposures`).

    Parameters
    ----------
    policy : policy or quote the design starts from
    design : values of the varied terms
    """
    varied = (AggregateFirstLoss, BuyerLimit, InsuredPercentage, MaximumLiability)
    kept = tuple(term for term in policy.terms if not isinstance(term, varied))
    return policy.model_copy(update={"terms": (*kept, *_varied_terms(policy, design))})


def design_exposures(exposures: DataFrame, *, limit_multiple: float) -> DataFrame:
    """Return the exposures with every named limit multiplied; a refusal stays a refusal."""
    return exposures.assign(buyer_limit_amount=exposures["buyer_limit_amount"] * limit_multiple)


def cut_limits(exposures: DataFrame, policy: Policy, *, remaining_ratio: float) -> tuple[DataFrame, Policy]:
    """Return exposures and policy with every limit, named or discretionary, cut to a share.

    Parameters
    ----------
    exposures : table `exposures`
    policy : policy or quote
    remaining_ratio : what is left of each limit, 0-1
    """
    left = policy.buyer_limit.discretionary_limit_amount * remaining_ratio
    limit = _limit(policy, discretionary_limit_amount=left, multiple=remaining_ratio)
    terms = tuple(limit if isinstance(term, BuyerLimit) else term for term in policy.terms)
    return design_exposures(exposures, limit_multiple=remaining_ratio), policy.model_copy(update={"terms": terms})


def efficient(cost: Array, risk: Array) -> Array:
    """Tell which designs no other one dominates: none costs as much or less at as much or less risk, and less of one.

    Parameters
    ----------
    cost : total cost of risk of each design
    risk : expected shortfall of the loss it leaves

    Examples
    --------
    >>> efficient(np.array([1.0, 2.0, 2.0, 3.0, 1.0]), np.array([9.0, 5.0, 6.0, 5.0, 9.0])).tolist()
    [True, True, False, False, True]
    """
    found = np.zeros(len(cost), dtype=bool)
    least = np.inf
    for value in np.unique(cost):
        same = cost == value
        lowest = risk[same].min()
        if lowest < least:
            found |= same & (risk == lowest)
            least = lowest
    return found


def marginal_efficiency(cost: Array, risk: Array) -> Array:
    """Shortfall avoided per unit of cost on top, from each efficient design to the next dearer one.

    Empty for designs that are not efficient and for the cheapest one. Where it is below 1 / capital charge, the step
    costs more than the capital it frees.

    Examples
    --------
    >>> marginal_efficiency(np.array([1.0, 2.0, 2.5, 4.0]), np.array([9.0, 5.0, 6.0, 4.0])).tolist()
    [nan, 4.0, nan, 0.5]
    """
    found = np.full(len(cost), np.nan)
    chosen = np.flatnonzero(efficient(cost, risk))
    order = chosen[np.argsort(cost[chosen], kind="stable")]
    dearer = np.diff(cost[order])
    with np.errstate(divide="ignore", invalid="ignore"):
        found[order[1:]] = np.where(dearer > 0, -np.diff(risk[order]) / dearer, np.nan)
    return found


def _amounts(multiples: Sequence[float], amount: float) -> list[float]:
    return [float(f"{multiple * amount:.1e}") for multiple in multiples]


def _limit(policy: Policy, *, discretionary_limit_amount: float, multiple: float) -> BuyerLimit:
    limit = policy.buyer_limit
    named = {customer: amount * multiple for customer, amount in limit.limit_amounts.items()}
    return limit.model_copy(update={"discretionary_limit_amount": discretionary_limit_amount, "limit_amounts": named})


def _varied_terms(policy: Policy, design: Design) -> list[Term]:
    share = policy.insured_percentage
    factor = design.insured_ratio / share.named_ratio if share.named_ratio > 0 else 1.0
    limit = _limit(policy, discretionary_limit_amount=design.discretionary_limit_amount, multiple=design.limit_multiple)
    found: list[Term] = [
        limit,
        share.model_copy(
            update={
                "named_ratio": design.insured_ratio,
                "discretionary_ratio": min(share.discretionary_ratio * factor, 1.0),
                "country_ratios": {code: min(ratio * factor, 1.0) for code, ratio in share.country_ratios.items()},
            }
        ),
    ]
    read = {"clause": "design", "source": f"design laid around {policy.policy_id}"}
    if design.first_loss_amount > 0:
        found.append(AggregateFirstLoss(amount=design.first_loss_amount, **read))
    if design.maximum_amount < NO_MAXIMUM:
        found.append(MaximumLiability(amount=design.maximum_amount, **read))
    return found
