"""From ledger, insurer's decisions and policy to the use made of the policy on a day."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.indicators.claim_book import past_claims
from riskresearch.insurance.indicators.deliveries import deliveries, open_items
from riskresearch.insurance.indicators.limit_book import decisions_of, is_dormant, over_days
from riskresearch.insurance.indicators.overdue import declarations
from riskresearch.insurance.indicators.use import INELIGIBLE, PolicyUse
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.book import customer_traits
from riskresearch.insurance.portfolio.cuts import cut_history
from riskresearch.insurance.portfolio.decisions import insurer_decisions, limits_in_force
from riskresearch.insurance.portfolio.lookup import date_of, number_of

AXIS_COLUMNS = ("sector_code", "country_code", "size_code")
UNKNOWN = "unknown"


def policy_use(
    tables: Mapping[str, DataFrame], exposures: DataFrame, policy: Policy, actions: ActionSettings, *, as_of: Timestamp
) -> PolicyUse:
    """Return the use made of a policy on a day, from what was known by then.

    Every account counts, in default or not: what it owes stands under the limit in force. Terms are held against
    each invoice, not against the customer's mean terms.

    Parameters
    ----------
    tables : ``customers customer_behaviour invoices movements limits events disputes defaults ratings`` and, where
        there is one, ``insurer_claims``
    exposures : table `exposures`, for probability of default and loss given default
    policy : policy in force, or a quote on the same limits
    actions : windows and what justifies a discretionary limit
    as_of : last day that counts
    """
    decisions = insurer_decisions(tables["limits"], as_of=as_of)
    moves = tables["movements"]
    known = {**tables, "movements": moves[moves["known_date"] <= as_of]}
    customers = _customers(known, exposures, policy, actions, as_of=as_of)
    items = open_items(known, policy, customers, as_of=as_of)
    customers = _with_debt(customers, items)
    customers = _with_limits(customers, decisions, known, policy, actions, as_of=as_of)
    since = as_of - DateOffset(months=actions.window_months)
    axes = customers[["customer_id", *AXIS_COLUMNS]]
    recent = decisions_of(decisions, items, known["movements"], customers, since=since)
    return PolicyUse(
        policy,
        actions,
        as_of,
        customers.copy(),
        recent.merge(axes, on="customer_id", how="left"),
        limits_in_force(decisions, as_of=as_of).reset_index().merge(axes, on="customer_id", how="left"),
        deliveries(known, policy, customers, decisions, since=since, as_of=as_of),
        declarations(known, policy, customers, decisions, since=since, as_of=as_of),
        past_claims(known, policy, customers, decisions, actions, as_of=as_of),
        cut_history(known, as_of=as_of, within_days=actions.cut_window_days),
    )


def _customers(
    tables: Mapping[str, DataFrame], exposures: DataFrame, policy: Policy, actions: ActionSettings, *, as_of: Timestamp
) -> DataFrame:
    """Accounts with the cover the policy gives them, without regard to how much they owe."""
    traits = customer_traits(tables, as_of=as_of, justification=actions.justification).reset_index()
    risk = exposures.set_index("customer_id")[["pd_12m", "lgd_ratio"]].reindex(traits["customer_id"])
    full = traits.assign(pd_12m=risk["pd_12m"].to_numpy(), lgd_ratio=risk["lgd_ratio"].to_numpy())
    given = cover(full.assign(exposure_amount=full["open_amount"], terms_days=np.nan), policy=policy)
    lacks = given["cover_code"].eq("discretionary") & ~full["is_discretionary_justified"]
    factor = Series(1.0, full.index) if policy.is_vat_included else 1 / (1 + full["vat_ratio"])
    named = {name: full[name].fillna(UNKNOWN) for name in AXIS_COLUMNS}
    return full.assign(
        **named,
        cover_code=given["cover_code"].mask(lacks, "not_justified"),
        limit_amount=given["limit_amount"].mask(lacks, 0.0),
        insured_ratio=given["insured_ratio"].mask(lacks, 0.0),
        basis_factor=factor,
    )


def _with_debt(customers: DataFrame, items: DataFrame) -> DataFrame:
    """What each account owes, and the parts that are not eligible; an item counts under one cause."""
    owed = items.groupby("customer_id")["open_amount"].sum()
    parts = items.pivot_table(index="customer_id", columns="cause_code", values="open_amount", aggfunc="sum")
    ids = customers["customer_id"]
    none = Series(dtype="float64")
    filled = {f"{cause}_amount": number_of(ids, parts.get(cause, none)).fillna(0.0) for cause in INELIGIBLE}
    return customers.assign(owed_amount=number_of(ids, owed).fillna(0.0), **filled)


def _with_limits(
    customers: DataFrame,
    decisions: DataFrame,
    tables: Mapping[str, DataFrame],
    policy: Policy,
    actions: ActionSettings,
    *,
    as_of: Timestamp,
) -> DataFrame:
    since = as_of - DateOffset(months=actions.window_months)
    last = tables["movements"].groupby("customer_id")["known_date"].max()
    start = limits_in_force(decisions[decisions["start_date"] <= since], as_of=since)["granted_amount"]
    return customers.assign(
        limit_start_amount=number_of(customers["customer_id"], start).fillna(0.0),
        is_dormant=is_dormant(
            customers, decisions, tables["movements"], since=as_of - DateOffset(months=actions.dormant_months)
        ),
        last_move_date=date_of(customers["customer_id"], last),
        over_days=over_days(customers, decisions, tables["movements"], policy=policy, as_of=as_of),
    )
