"""Claims made ready: all that does not change with limits, shares, first losses and maximum is worked out once."""

from dataclasses import dataclass, replace

import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claiming import claims_of, countries_of, gross_loss, vat_of
from riskresearch.insurance.claims import Array, Claims, Integers
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.quick.kernels import Days, Places
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.steps import eligible_debt

_ANY_LIMIT = 1e300  # a limit nothing reaches; infinity would leave 0 x infinity behind


@dataclass(frozen=True)
class Ready:
    """Claims of many years as the conditions and the eligibility of a policy leave them, in the basis of the policy.

    Parameters
    ----------
    first : position of the first claim of each year, and the number of claims
    who : customer of each claim: position in the covers
    eligible : eligible debt after recoveries before the date of loss
    before_cut : the part that stays under the limit before a cut; empty where no limit was cut
    left_ratio : part of the limit that earlier recoveries leave, where they are shared pro rata; empty elsewhere
    recovery_ratio : net recoveries after the indemnity per unit paid
    days : waiting days of each claim
    to_net : amount without VAT per unit of the policy's amounts, by customer; one value where all are equal
    cut_to : limit after a cut / limit before it, by customer
    country, country_codes : country of each customer, the last position for unknown ones
    gross : loss of each year after all recoveries and their costs, without VAT
    """

    first: Integers
    who: Places
    eligible: Array
    before_cut: Array
    left_ratio: Array
    recovery_ratio: Array
    days: Days
    to_net: Array
    cut_to: Array
    country: Integers
    country_codes: tuple[str, ...]
    gross: Array

    @property
    def n_years(self) -> int:
        """Number of years."""
        return len(self.first) - 1


def ready(events: Events, exposures: DataFrame, *, policy: Policy, settings: InsuranceSettings) -> Ready:
    """Make simulated defaults ready for policies that share the conditions and the eligibility terms of `policy`.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    policy : policy or quote whose cover terms will vary; not a top-up, which needs what the policy below it leaves
    settings : recoveries, cuts, deliveries after the first unpaid due date

    Raises
    ------
    SettingsError
        The policy is a top-up.
    """
    if policy.kind == "top_up":
        raise SettingsError(
            f"policy {policy.policy_id}: a top-up is settled with the policy below it; settle the claims of "
            "`riskresearch.insurance.waterfall.top_up_claims` instead"
        )
    covers = cover(exposures, policy=policy)
    named = covers["cover_code"].eq("named").to_numpy()
    claims = claims_of(events, exposures, covers, policy=policy, settings=settings)
    codes, country = countries_of(exposures)
    vat = vat_of(exposures)
    return replace(
        ready_claims(claims, policy=policy),
        who=events.customer.astype(np.uint32),
        days=policy.waiting_days(events.event).astype(np.int16),
        to_net=_shortened(1.0 / (1.0 + vat) if policy.is_vat_included else np.ones_like(vat)),
        cut_to=np.where(named, settings.cuts.remaining_ratio, 1.0),
        country=np.where(country < 0, len(codes), country),
        country_codes=codes,
        gross=events.by_year(gross_loss(events, settings=settings)),
    )


def ready_claims(claims: Claims, *, policy: Policy) -> Ready:
    """Make any claims ready; limits and shares then are given for each claim, and there are no waiting days.

    Parameters
    ----------
    claims : claims, year after year, in the order of their dates
    policy : policy or quote whose cover terms will vary
    """
    n, zero = claims.n, np.zeros(claims.n)
    debt = eligible_debt(replace(claims, limit=zero, limit_before_cut=zero + _ANY_LIMIT), policy=policy)
    left = debt.uncut_limit_amount / _ANY_LIMIT
    is_cut = (claims.limit != claims.limit_before_cut) & policy.limit_cuts.is_possible
    first = np.concatenate([[0], np.cumsum(claims.n_per_year)]).astype(np.int64)
    back = claims.recovered_before + claims.recovered_after - claims.collection_cost
    year = np.repeat(np.arange(len(claims.n_per_year)), claims.n_per_year)
    lost = np.bincount(year, weights=(claims.debt - back) / (1.0 + claims.vat_ratio), minlength=len(claims.n_per_year))
    return Ready(
        first=first,
        who=np.arange(n, dtype=np.uint32),
        eligible=debt.amount,
        before_cut=np.where(is_cut, debt.limit_amount, debt.amount) if is_cut.any() else np.empty(0),
        left_ratio=left if (left != 1.0).any() else np.empty(0),
        recovery_ratio=debt.recovery_ratio if debt.recovery_ratio.any() else np.empty(0),
        days=np.zeros(n, dtype=np.int16),
        to_net=_shortened(1.0 / debt.to_net),
        cut_to=np.divide(claims.limit, claims.limit_before_cut, out=np.ones(n), where=claims.limit_before_cut > 0),
        country=np.where(claims.country < 0, len(claims.country_codes), claims.country),
        country_codes=claims.country_codes,
        gross=lost.astype("float64"),
    )


def _shortened(values: Array) -> Array:
    """One value where all are equal."""
    return values[:1].copy() if len(values) and (values == values[0]).all() else values
