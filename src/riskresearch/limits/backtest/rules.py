"""Policies that are replayed: one decorated function each, from what was known on a day of review to a limit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.registry import Registry
from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.needs import plain_need

KEYS = ["customer_id", "review_date"]
NET_WORTH_RATIO = 0.1
"""The rule of 10 % of net worth; source: domain note C1."""


@dataclass(frozen=True)
class Rule:
    """Labels of a policy and its part in the comparison.

    Parameters
    ----------
    is_simple : a rule of thumb that any seller could apply instead
    stops_in_default : sells nothing on account to a customer in default or in proceedings
    is_rounded : rounded down as the limits of the policy file are
    """

    label_en: str
    label_fr: str
    is_simple: bool = False
    stops_in_default: bool = True
    is_rounded: bool = False


@dataclass(frozen=True)
class Reviews:
    """What the policies see on the days of review.

    Parameters
    ----------
    applicants : what was known of each customer on each day
    policy_path : limits of the policy file, moved from review to review: ``customer_id review_date limit_amount``;
        None = not compared
    optimised_path : limits of the optimiser, at its own days; None = not compared
    """

    applicants: Applicants
    policy_path: DataFrame | None = None
    optimised_path: DataFrame | None = None


POLICIES = Registry[Rule]("replayed policy")
"""``policy(reviews) -> Series | None``: limit by row, infinite = no limit; None = cannot be replayed here."""


@POLICIES.register(Rule("Limits in force", "Limites en vigueur"))
def history(reviews: Reviews) -> Series:
    """Own limit in force, temporary increase included, kept strictly; no limit where none was set."""
    known = reviews.applicants.known
    return (known("internal_limit_amount") + known("temporary_limit_amount")).fillna(np.inf)


@POLICIES.register(Rule("No limits", "Sans limite", stops_in_default=False))
def unlimited(reviews: Reviews) -> Series:
    """No limits: every order is sold, as it was in history."""
    return Series(np.inf, index=reviews.applicants.rows.index)


@POLICIES.register(Rule("Need", "Besoin", is_simple=True, is_rounded=True))
def need(reviews: Reviews) -> Series:
    """Yearly sales / 365 × (terms + expected delay) × usual peak, less securities; the opening limit without sales."""
    known = reviews.applicants
    amount = plain_need(known).fillna(opening(known))
    return (amount - known.known("guarantee_amount")).clip(lower=0)


@POLICIES.register(Rule("10 % of net worth", "10 % de la situation nette", is_simple=True, is_rounded=True))
def net_worth_10(reviews: Reviews) -> Series:
    """10 % of the tangible net worth, 0 where it is negative; the need where no accounts are known."""
    worth = reviews.applicants.known("net_worth_amount").clip(lower=0) * NET_WORTH_RATIO
    return worth.fillna(need(reviews))


@POLICIES.register(Rule("Score matrix", "Matrice de score", is_simple=True, is_rounded=True))
def score_matrix(reviews: Reviews) -> Series:
    """One amount for each rating and size: share of the rating × median accounts of the size on that day.

    The lower of the shares of net worth and revenue of the segment that the PD alone meets; the medians are those
    of the customers of the size whose accounts are known, of all sizes where there are none, and the opening limit
    where no accounts are known at all.
    """
    known = reviews.applicants
    worth = _size_median(known, "net_worth_amount") * _pd_share(known, "net_worth_ratio")
    revenue = _size_median(known, "revenue_amount") * _pd_share(known, "revenue_ratio")
    amount = DataFrame({"worth": worth, "revenue": revenue}).min(axis=1)
    return amount.fillna(opening(known))


@POLICIES.register(Rule("Insurer's limits only", "Limites de l'assureur seules", is_simple=True))
def insurer_only(reviews: Reviews) -> Series:
    """Insurer's limit in force; 0 where it refused or was never asked."""
    return reviews.applicants.known("insurer_limit_amount").fillna(0.0)


@POLICIES.register(Rule("Credit policy", "Politique de crédit"))
def policy(reviews: Reviews) -> Series | None:
    """Limits of the policy file: proposal of each review, moved by its rules."""
    return None if reviews.policy_path is None else _latest(reviews.applicants.rows, reviews.policy_path)


@POLICIES.register(Rule("Optimiser", "Optimiseur"))
def optimised(reviews: Reviews) -> Series | None:
    """Limits of the optimiser, kept until its next run; those of the policy file before a customer's first one."""
    if reviews.optimised_path is None:
        return None
    found = _latest(reviews.applicants.rows, reviews.optimised_path)
    other = policy(reviews)
    return found.fillna(need(reviews) if other is None else other)


def limit_paths(reviews: Reviews) -> dict[str, DataFrame]:
    """Return the limit path of every policy that can be replayed.

    Returns
    -------
    dict from policy code to ``customer_id review_date limit_amount``, one row per customer and day of review; 0 in
    default, but for policies that go on selling.
    """
    rows = reviews.applicants.rows
    in_default, step = reviews.applicants.in_default, reviews.applicants.policy.movement.rounding_amount
    paths = {}
    for member in POLICIES:
        amount = member.function(reviews)
        if amount is None:
            continue
        amount = amount.clip(lower=0)
        if member.spec.is_rounded:
            amount = (amount / step + 1e-9) // 1 * step
        if member.spec.stops_in_default:
            amount = amount.mask(in_default, 0.0)
        paths[member.name] = rows[KEYS].assign(limit_amount=amount)
    return paths


def opening(known: Applicants) -> Series:
    """Return the opening limit: some median first orders of the sector, else the amount of the policy."""
    rule = known.policy.new_customers
    return (known.known("first_order_amount") * rule.first_order_multiple).fillna(rule.opening_limit_amount)


def _size_median(known: Applicants, column: str) -> Series:
    """Median of an accounts item over the customers of the same day and size, else of the same day."""
    rows, value = known.rows, known.known(column).clip(lower=0)
    by_size = value.groupby([rows["review_date"], rows["size_code"]]).transform("median")
    return by_size.fillna(known.by_date(value).groupby(rows["review_date"]).transform("median"))


def _pd_share(known: Applicants, name: str) -> Series:
    """Share of the best segment whose bound the PD keeps; the second best segment without a PD."""
    segments = known.policy.segments[:-1]
    pd_12m = known.known("pd_12m")
    bounds = [segment.entry.pd_max_ratio for segment in segments]
    tests = [pd_12m <= (np.inf if bound is None else bound) for bound in bounds]
    shares = [getattr(segment, name) for segment in segments]
    found = np.select(tests, shares, default=shares[-1])
    return Series(np.where(pd_12m.isna(), shares[1], found), index=known.rows.index)


def _latest(rows: DataFrame, path: DataFrame) -> Series:
    """Limit of the latest day of a path up to each row's day; NaN before the first."""
    asked = rows[KEYS].reset_index(names="row").sort_values("review_date", kind="stable")
    given = path[[*KEYS, "limit_amount"]].sort_values("review_date", kind="stable")
    found = pd.merge_asof(asked, given, on="review_date", by="customer_id")
    return found.set_index("row")["limit_amount"].reindex(rows.index)
