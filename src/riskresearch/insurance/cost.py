"""What a policy costs in a year, before any loss: premium, fees, tax."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms import Fees, MaximumLiability, Premium, PremiumTax, Term

Kind = TypeVar("Kind", bound=Term)


@dataclass(frozen=True)
class Cost:
    """What a policy costs in a year, before any loss, in policy currency.

    Parameters
    ----------
    turnover_amount : declared sales: of all insurable customers, or of the covered ones where the premium is on those
    n_limits : named limits above zero
    premium_amount : premium before tax
    fees_amount : fees before tax
    tax_amount : tax on premium and fees
    tax_ratio : tax per unit of premium and fees
    rated_amount : premium by the rates, before the minimum
    deposit_amount : part of the premium paid at the start of the year
    """

    turnover_amount: float
    n_limits: int
    premium_amount: float
    fees_amount: float
    tax_amount: float
    tax_ratio: float
    rated_amount: float = 0.0
    deposit_amount: float = 0.0

    @property
    def total_amount(self) -> float:
        """Premium, fees and tax."""
        return self.premium_amount + self.fees_amount + self.tax_amount

    @property
    def minimum_excess_amount(self) -> float:
        """Premium paid because of the minimum alone."""
        return max(self.premium_amount - self.rated_amount, 0.0)

    @property
    def adjustment_amount(self) -> float:
        """Premium due at the end of the year, when the declared turnover is known."""
        return self.premium_amount - self.deposit_amount


NO_COST = Cost(0.0, 0, 0.0, 0.0, 0.0, 0.0)


def policy_price(terms: Sequence[Term], exposures: DataFrame, covers: DataFrame) -> Cost:
    """Return premium, fees and tax of a year from the terms of a policy.

    Parameters
    ----------
    terms : terms of the policy, with a `Premium`
    exposures : table `exposures`, checked
    covers : ``cover_code limit_amount covered_amount`` of the same customers, in the same order
    """
    premium, fees, tax = _one(terms, Premium), _one(terms, Fees), _one(terms, PremiumTax)
    if premium is None:
        return NO_COST
    country = exposures["country_code"].to_numpy(dtype=object)
    base = _base(premium.base_code, exposures, covers)
    rated = premium.rates(country, exposures["sector_code"].to_numpy(dtype=object)) * base
    by_rate = float(rated.sum())
    if premium.base_code == "maximum_liability":
        maximum = _one(terms, MaximumLiability)
        most = maximum.budget(premium_amount=0.0) if maximum else 0.0
        by_rate = premium.rate_ratio * (1.0 + premium.dso_loading_ratio) * most
    due = premium.amount(rated_amount=by_rate)
    n_limits = int((covers["cover_code"].eq("named") & covers["limit_amount"].gt(0)).sum())
    n_requests = int(exposures["requested_limit_amount"].notna().sum())
    charged = fees.amount(n_limits=n_limits, n_requests=n_requests) if fees else 0.0
    tax_ratio = tax.effective_ratio(rated, country) if tax else 0.0
    declared = "covered_turnover" if premium.base_code == "covered_turnover" else "insurable_turnover"
    return Cost(
        turnover_amount=float(_base(declared, exposures, covers).sum()),
        n_limits=n_limits,
        premium_amount=due,
        fees_amount=charged,
        tax_amount=(due + charged) * tax_ratio,
        tax_ratio=tax_ratio,
        rated_amount=by_rate,
        deposit_amount=due * premium.deposit_ratio,
    )


def _base(code: str, exposures: DataFrame, covers: DataFrame) -> Array:
    """What the rate of each customer applies to; of the maximum liability, its share is that of its sales."""
    turnover = exposures["turnover_amount"].to_numpy(dtype="float64")
    limit = covers["limit_amount"].to_numpy(dtype="float64")
    if code == "covered_turnover":
        return np.where(limit > 0, turnover, 0.0)
    if code == "covered_exposure":
        return covers["covered_amount"].to_numpy(dtype="float64")
    if code == "accepted_limits":
        return np.where(covers["cover_code"].eq("named").to_numpy(), limit, 0.0)
    return np.where(exposures["is_insurable"].to_numpy(dtype=bool), turnover, 0.0)


def _one(terms: Sequence[Term], kind: type[Kind]) -> Kind | None:
    return next((term for term in terms if isinstance(term, kind)), None)
