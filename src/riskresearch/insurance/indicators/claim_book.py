"""Past claims as known on a day, each with the limit it stood under."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.indicators.cover_then import named_limit_on
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.decisions import known_on
from riskresearch.insurance.portfolio.lookup import column_of
from riskresearch.insurance.terms import BuyerLimit

_FACTS: Mapping[str, tuple[str, ...]] = {
    "loss_date": ("event_code",),
    "filed_date": (),
    "decided_date": ("rejection_code",),
    "paid_date": ("paid_minor",),
    "recovered_date": ("recovered_minor", "insurer_recovered_minor"),
}


def past_claims(
    tables: Mapping[str, DataFrame],
    policy: Policy,
    customers: DataFrame,
    decisions: DataFrame,
    actions: ActionSettings,
    *,
    as_of: Timestamp,
) -> DataFrame | None:
    """Return the claims on the policy declared in the window, None where the ledger registers none on it.

    What happened to a claim after the day is not known: those dates and amounts are empty.

    Parameters
    ----------
    tables : where there is one, ``insurer_claims``
    policy : policy claimed on; claims that name another policy are left out
    customers : the axes of each customer, ``basis_factor``
    decisions : see `insurer_decisions`
    actions : months of past claims, request and premium history
    as_of : last day that counts

    Returns
    -------
    DataFrame ``claim_id customer_id declared_date filed_date loss_date decided_date paid_date recovered_date
    rejection_code claimed_amount paid_amount recovered_amount insurer_recovered_amount limit_amount covered_amount
    insured_ratio is_discretionary``, amounts with VAT; ``covered_amount`` is what was claimed within the limit that was
    in force on the oldest due date declared, else on the day of the declaration
    """
    register = tables.get("insurer_claims")
    if register is None:
        return None
    register = register[register["policy_id"].fillna(policy.policy_id) == policy.policy_id]
    if register.empty:
        return None
    months = max(actions.claims_months, 12 * _N_YEARS)
    known = known_on(register, "declared_date", as_of=as_of)
    known = known[known["declared_date"] > as_of - DateOffset(months=months)].reset_index(drop=True)
    seen = _as_known(known, as_of)
    day = seen.get("due_date", seen["declared_date"]).fillna(seen["declared_date"])
    named = named_limit_on(seen["customer_id"], day, decisions)
    share = policy.insured_percentage
    general = policy.find(BuyerLimit)
    limit = named.fillna(general.discretionary_limit_amount if general else 0.0)
    factor = column_of(seen["customer_id"], customers, "basis_factor").fillna(1.0)
    amounts = {
        f"{name}_amount": seen[f"{name}_minor"].astype("float64") / 100
        for name in ("claimed", "paid", "recovered", "insurer_recovered")
    }
    return seen.assign(
        **amounts,
        limit_amount=limit,
        covered_amount=np.minimum(amounts["claimed_amount"] * factor, limit) / factor,
        insured_ratio=Series(share.named_ratio, index=seen.index).mask(named.isna(), share.discretionary_ratio),
        is_discretionary=named.isna(),
    )


_N_YEARS = 6  # so that loss ratios of five whole years are counted


def _as_known(claims: DataFrame, as_of: Timestamp) -> DataFrame:
    """Claims without the facts that lie after the day."""
    seen = claims.copy()
    for date, facts in _FACTS.items():
        later = ~(seen[date] <= as_of)
        for column in (date, *facts):
            seen[column] = seen[column].mask(later)
    return seen
