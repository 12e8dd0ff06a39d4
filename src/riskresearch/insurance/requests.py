"""Lists for the broker: limits to ask for, the one that pays most first, and limits nobody uses."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover, policy_cost
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import Fees
from riskresearch.insurance.waterfall import settle

REQUESTS = ("raise", "name", "file_again")
LIMIT_REQUESTS = Table(
    "limit_requests",
    "insurance",
    "one row per policy and customer whose limit should be asked for",
    ("option_id", "customer_id"),
    (
        Column("option_id", "text", "policy_id"),
        Column("customer_id", "text", "customer account"),
        Column("request_number", "int", "order: 1 = largest mean indemnity won"),
        Column("request_code", "code", "raise a limit, name the customer, or file a refusal again", False, REQUESTS),
        Column("limit_amount", "float", "limit in force, basis of the contract; 0 = none"),
        Column("wanted_limit_amount", "float", "limit to ask for: largest exposure of the year, rounded up"),
        Column("exposure_amount", "float", "exposure at default without VAT"),
        Column("pd_12m", "float", "probability of default within 12 months"),
        Column("extra_indemnity_amount", "float", "mean indemnity of a year won, other requests granted too"),
        Column("extra_indemnity_amount_se", "float", "its standard error", True),
        Column("extra_fees_amount", "float", "fees of the request and of a new limit, before tax"),
        Column("total_extra_indemnity_amount", "float", "mean indemnity won by this and all earlier requests"),
    ),
)
DORMANT_LIMITS = Table(
    "dormant_limits",
    "insurance",
    "one row per policy and named limit without debt for the months of the setting",
    ("option_id", "customer_id"),
    (
        Column("option_id", "text", "policy_id"),
        Column("customer_id", "text", "customer account"),
        Column("limit_amount", "float", "limit in force, basis of the contract"),
        Column("granted_date", "date", "day the limit in force was granted"),
        Column("last_move_date", "date", "last invoice or receipt of the customer; empty = never any", True),
        Column("yearly_fee_amount", "float", "yearly fee of the limit, before tax"),
    ),
)


def limit_requests(events: Events, exposures: DataFrame, policy: Policy, settings: InsuranceSettings) -> DataFrame:
    """Return table `limit_requests`: which limits to ask for, in order of the mean indemnity they win.

    Every insurable customer whose limit lies below its largest exposure of the year comes into question; those are
    asked for whose limit wins more than its fees: the difference of its mean indemnity on the same simulated defaults,
    at the premium of today. Where first loss or
    maximum of the year are shared, the indemnities of the other customers change too; the list shows their own.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    policy : policy with limits per customer; a top-up policy has none of its own to ask for
    settings : recoveries, cuts; ``actions.request_step_amount``
    """
    if policy.kind == "top_up":
        return empty(LIMIT_REQUESTS)
    now = cover(exposures, policy=policy)
    wanted = wanted_limits(events, exposures, policy, step_amount=settings.actions.request_step_amount)
    asked = exposures["is_insurable"].astype(bool) & exposures["pd_12m"].gt(0) & (wanted > now["limit_amount"])
    raised = with_limits(exposures, policy, wanted.where(asked))
    extra, error = _extra_indemnity(events, (exposures, raised[0]), (policy, raised[1]), settings)
    made = DataFrame(
        {
            "option_id": policy.policy_id,
            "customer_id": exposures["customer_id"],
            "request_code": now["cover_code"].map({"named": "raise", "refused": "file_again"}).fillna("name"),
            "limit_amount": now["limit_amount"],
            "wanted_limit_amount": wanted,
            "exposure_amount": exposures["exposure_amount"],
            "pd_12m": exposures["pd_12m"],
            "extra_indemnity_amount": extra,
            "extra_indemnity_amount_se": error,
            "extra_fees_amount": _fees(policy, now["cover_code"]),
        }
    )
    made = made[asked & made["extra_indemnity_amount"].gt(made["extra_fees_amount"])]
    made = made.sort_values(["extra_indemnity_amount", "customer_id"], ascending=[False, True], ignore_index=True)
    total = made["extra_indemnity_amount"].cumsum()
    return check(made.assign(request_number=made.index + 1, total_extra_indemnity_amount=total), LIMIT_REQUESTS)


def dormant_limits(uses: Iterable[PolicyUse]) -> DataFrame:
    """Return table `dormant_limits`: named limits in force that covered no debt for the months of the setting."""
    frames = []
    for use in uses:
        fees = use.policy.find(Fees)
        own = use.customers.loc[
            use.customers["is_dormant"], ["customer_id", "limit_amount", "granted_date", "last_move_date"]
        ]
        fee = fees.per_limit_amount if fees else 0.0
        frames.append(own.assign(option_id=use.policy.policy_id, yearly_fee_amount=fee))
    return check(pd.concat(frames), DORMANT_LIMITS) if frames else empty(DORMANT_LIMITS)


def wanted_limits(events: Events, exposures: DataFrame, policy: Policy, *, step_amount: float) -> Series:
    """Return the limit each customer needs: its largest exposure of the year in the contract's basis, rounded up.

    Parameters
    ----------
    events : simulated defaults, for the season of the exposures
    exposures : table `exposures` of their customers, sorted
    policy : for the basis of its amounts
    step_amount : multiple the limits are rounded up to
    """
    vat = exposures["vat_ratio"].fillna(0.0) if policy.is_vat_included else 0.0
    peak = Series(events.exposure.max(axis=1) if len(exposures) else [], index=exposures.index) * (1 + vat)
    return Series(np.ceil((peak / step_amount).round(9)) * step_amount)


def with_limits(exposures: DataFrame, policy: Policy, limits: Series) -> tuple[DataFrame, Policy]:
    """Return exposures and policy with other named limits; empty = the limit stays.

    Parameters
    ----------
    exposures : table `exposures`
    policy : a policy with own named limits has them replaced too
    limits : limit of each customer in the order of the exposures
    """
    named = exposures["buyer_limit_amount"]
    changed = exposures.assign(buyer_limit_amount=limits.where(limits.notna(), named))
    own = policy.buyer_limit
    if not own.limit_amounts:
        return changed, policy
    given = dict(zip(exposures["customer_id"], limits, strict=True))
    amounts = {**own.limit_amounts, **{name: float(value) for name, value in given.items() if value == value}}
    terms = tuple(
        own.model_copy(update={"limit_amounts": amounts}) if term.kind == own.kind else term for term in policy.terms
    )
    return changed, policy.model_copy(update={"terms": terms})


def _extra_indemnity(
    events: Events, exposures: tuple[DataFrame, DataFrame], policies: tuple[Policy, Policy], settings: InsuranceSettings
) -> tuple[Array, Array]:
    """Mean indemnity with the second limits less that with the first, by customer, and its standard error."""
    premium = policy_cost(exposures[0], policy=policies[0]).premium_amount
    paid = []
    for frame, policy in zip(exposures, policies, strict=True):
        claims = claims_of(events, frame, cover(frame, policy=policy), policy=policy, settings=settings)
        paid.append(settle(claims, policy=policy, premium_amount=premium).indemnity)
    n_blocks, n = events.n_years // events.n_strata, len(events.customer_ids)
    weights = np.full(events.n_years, 1.0 / events.n_years) if events.weights is None else events.weights
    place = events.customer * n_blocks + events.year // events.n_strata
    sums = np.bincount(place, weights=(paid[1] - paid[0]) * weights[events.year] * n_blocks, minlength=n * n_blocks)
    means = sums.reshape(n, n_blocks)
    error = means.std(axis=1, ddof=1) / np.sqrt(n_blocks) if n_blocks > 1 else np.full(n, np.nan)
    return means.mean(axis=1), error


def _fees(policy: Policy, cover_code: Series) -> Series:
    fees = policy.find(Fees)
    if fees is None:
        return Series(0.0, index=cover_code.index)
    return fees.per_request_amount + Series(fees.per_limit_amount, index=cover_code.index).where(
        cover_code.ne("named"), 0.0
    )
