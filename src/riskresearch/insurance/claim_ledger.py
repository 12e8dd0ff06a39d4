"""Dated claims, each put into its insurance year and settled step by step in the order of their dates."""

from datetime import date

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.insurance.claim_form import CLAIM_FORM, check_claim_form, form_claims
from riskresearch.insurance.claims import Array, Claims
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import BuyerLimit, EligibilityTerm, InsuredPercentage, Premium
from riskresearch.insurance.waterfall import Settlement, settle, top_up_claims

__all__ = ["CLAIM_FORM", "claim_ledger"]


def claim_ledger(
    frame: DataFrame,
    *,
    policy: Policy,
    premium_amount: float,
    underlying: Policy | None = None,
    is_renewed: bool = False,
) -> DataFrame:
    """Settle dated claims step by step, in the order of their dates of loss within each insurance year.

    The year of a claim is that of its delivery (risks attaching) or of its loss (losses occurring), as the policy
    says; without that date it is the policy's own. A claim outside that year is kept in full: ``outside_year``.

    Parameters
    ----------
    frame : table `claim_form`; columns that are all empty may be left out, ``claim_id`` then numbers the rows
            customer_id  debt_amount  vat_ratio  named_limit_amount  delivery_date   loss_date
            C001              144.00       0.20              120.00     2026-02-01  2026-06-30
    policy : policy or quote; of a top-up, what exceeds the limits of the underlying policy is settled
    premium_amount : premium of a year before tax, for a maximum that is a multiple of it
    underlying : the policy a top-up tops up; None = one with the named limits and nothing else
    is_renewed : the policy holds in every insurance year with the same terms, each year with its own budgets

    Returns
    -------
    the claims in the order in which they are settled, with ``insurance_year_start_date is_in_year cover_code
    waiting_days`` and, **without VAT**: ``net_debt_amount`` (debt - recovered before), ``below_layer_amount`` (of a
    top-up), ``eligible_amount``, ``after_<term>_amount`` for each cover term in its order, ``paid_amount``,
    ``insurer_recovery_amount``, ``indemnity_amount``, ``retained_amount`` (after all recoveries and their costs) and
    ``<reason>_amount`` kept for each reason before later recoveries;
    net debt = below layer + paid + all reasons but ``collection_cost``; ``attrs["used_up"]`` names the budgets that an
    insurance year used up

    Raises
    ------
    TableError
        A column is unknown or missing, an amount negative, a part larger than the debt, or dates are out of order.
    """
    form = _in_order(check_claim_form(frame), policy=policy, is_renewed=is_renewed)
    start = form["insurance_year_start_date"].where(form["is_in_year"], Timestamp(policy.start_date))
    counts = start.groupby(start).size().to_numpy(dtype=np.int64)
    claims, code = form_claims(form, policy=policy, n_per_year=counts)
    layer = claims
    if policy.kind == "top_up":
        first = underlying or _limits_only(policy)
        below, _ = form_claims(form, policy=first, n_per_year=counts)
        layer = top_up_claims(claims, underlying=settle(below, policy=first, premium_amount=premium_amount))
    settled = settle(layer, policy=policy, premium_amount=premium_amount)
    event = form["event_code"].fillna(EVENT_CODES[0]).map({event: n for n, event in enumerate(EVENT_CODES)})
    known = form.assign(cover_code=code, waiting_days=policy.waiting_days(event.to_numpy(dtype=np.int64)))
    ledger = known.assign(**_steps(claims, layer, settled, policy=policy))
    ledger.attrs["used_up"] = tuple(kind for kind, used in settled.used_up.items() if used.any())
    return ledger


def _in_order(form: DataFrame, *, policy: Policy, is_renewed: bool) -> DataFrame:
    """Claims by insurance year, then date of loss, then row; those outside the policy's year among its own."""
    dated = form["delivery_date"] if policy.is_attaching else form["loss_date"]
    first, last = Timestamp(policy.start_date), Timestamp(policy.end_date)
    inside = dated.isna() | dated.between(first, last) | is_renewed
    start = dated.map(lambda day: _year_start(day, first=policy.start_date), na_action="ignore").fillna(first)
    settled_with = start.where(inside, first)
    dates = form.assign(insurance_year_start_date=start, is_in_year=inside, settled_with=settled_with)
    ordered = dates.sort_values(["settled_with", "loss_date"], kind="stable", na_position="last", ignore_index=True)
    return ordered.drop(columns="settled_with")


def _year_start(day: Timestamp, *, first: date) -> Timestamp:
    """First day of the insurance year of a day: the latest anniversary of the policy's first day."""
    n_years = day.year - first.year - ((day.month, day.day) < (first.month, first.day))
    return Timestamp(first) + pd.DateOffset(years=n_years)


def _limits_only(policy: Policy) -> Policy:
    """The policy below a top-up where none is given: the named limits, read as the top-up reads them."""
    read = {"clause": "underlying limits", "source": "named limits of the claims"}
    conditions = [term for term in policy.terms if isinstance(term, EligibilityTerm) or term.kind in _READING]
    plain = (
        BuyerLimit(discretionary_limit_amount=0.0, **read),
        InsuredPercentage(named_ratio=1.0, discretionary_ratio=1.0, **read),
        Premium(rate_ratio=0.0, **read),
    )
    whole = {"policy_id": f"below_{policy.policy_id}", "kind": "whole_turnover", "underlying_policy_id": None}
    return policy.model_copy(update={**whole, "terms": (*plain, *conditions)})


_READING = ("vat_basis", "recoveries", "limit_cuts")


def _steps(claims: Claims, layer: Claims, settled: Settlement, *, policy: Policy) -> dict[str, Array | Series]:
    """What is left after each step, and what is kept for each reason, without VAT."""
    vat = 1.0 + claims.vat_ratio
    net = (claims.debt - claims.recovered_before) / vat
    left, after = settled.paid, {}
    for term in reversed(policy.cover_terms):
        after[f"after_{term.kind}_amount"] = left
        left = left + settled.reasons[term.reason]
        if isinstance(term, BuyerLimit):
            left = left + settled.reasons["limit_cut"]
    back = (claims.recovered_after - claims.collection_cost) / vat
    found = {"net_debt_amount": net}
    if policy.kind == "top_up":
        found["below_layer_amount"] = net - layer.debt / vat
        back = layer.recovered_after / vat
    own = net - found.get("below_layer_amount", 0.0)
    return {
        **found,
        "eligible_amount": left + settled.reasons["no_cover"],
        **dict(reversed(after.items())),
        "paid_amount": settled.paid,
        "insurer_recovery_amount": settled.insurer_recovery,
        "indemnity_amount": settled.indemnity,
        "retained_amount": own - back - settled.indemnity,
        **{f"{reason}_amount": kept for reason, kept in settled.reasons.items()},
    }
