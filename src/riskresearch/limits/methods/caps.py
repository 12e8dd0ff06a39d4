"""What the seller, its insurer, a bureau and the customer's country allow."""

import numpy as np
from pandas import Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.joined import joined
from riskresearch.limits.methods.registry import METHODS, Method


@METHODS.register(Method("cap", "Own-risk cap", "Plafond du vendeur", "domain note C1: 5 % of own yearly sales"))
def own_risk_cap(applicants: Applicants) -> Series:
    """Largest share of the seller's own yearly sales that one customer may owe."""
    return applicants.known("seller_sales_amount_12m") * applicants.policy.appetite.customer_share_ratio


@METHODS.register(Method("cap", "Group cap", "Plafond du groupe", "domain note C1: own-risk cap at group level"))
def group_cap(applicants: Applicants) -> Series:
    """Share of the seller's yearly sales that a group may owe, split among its customers in proportion to their need.

    A member whose need is unknown counts with the mean need of the others. No amount for a customer alone.
    """
    budget = applicants.known("seller_sales_amount_12m") * applicants.policy.appetite.group_share_ratio
    members = group_members(applicants)
    n_members = applicants.rows.groupby(members)["customer_id"].transform("size")
    return (budget * portion(joined(applicants, "need"), members)).where(n_members > 1)


@METHODS.register(Method("cap", "Insurer's limit", "Plafond de l'assureur", "domain note C1: insurer limit as cap"))
def insurer_cap(applicants: Applicants) -> Series:
    """Insurer's limit, with the part that the segment allows without insurance.

    insured_only: the insurer's limit, 0 without one. uninsured_share: the insurer's limit and the segment's uninsured
    amount. none: no amount.
    """
    kinds = {rule.segment_code: rule.insurer_cap_code for rule in applicants.policy.segments}
    insured = applicants.known("insurer_limit_amount").fillna(0.0)
    return (insured + uninsured_amount(applicants)).where(applicants.rows["segment_code"].map(kinds) != "none")


@METHODS.register(Method("cap", "Bureau's limit", "Limite de l'agence", "domain note C1: bureau recommendation"))
def bureau_cap(applicants: Applicants) -> Series:
    """Limit a bureau recommends; no amount where none was delivered."""
    return applicants.known("bureau_limit_amount")


@METHODS.register(
    Method("cap", "Cap of new customers", "Plafond des nouveaux clients", "domain note C3: overlay for new customers")
)
def new_customer_cap(applicants: Applicants) -> Series:
    """Some median first orders of the sector, or the opening limit; 0 while the credit check is open.

    Concerns customers that start afresh: new ones, and those that bought nothing for twelve months. When a check
    stops them, see `is_check_open`. On past days, for which its result was not kept (empty), it counts as passed.
    """
    rule = applicants.policy.new_customers
    opening = applicants.known("first_order_amount") * rule.first_order_multiple
    amount = opening.fillna(rule.opening_limit_amount)
    return amount.mask(is_check_open(applicants), 0.0).where(applicants.starts_afresh)


@METHODS.register(
    Method("cap", "Country cap", "Plafond du pays", "the company's own judgement: countries of the policy")
)
def country_cap(applicants: Applicants) -> Series:
    """Customer's portion of the limits of its country in all; 0 where the country is not sold to without security.

    The country's total is split in proportion to the need, as a group's is. No amount where the country has no total.
    """
    total = applicants.by_country("total_limit_amount")
    cap = total * portion(joined(applicants, "need"), country_members(applicants))
    return cap.where(applicants.by_country("open_account") > 0, 0.0)


@METHODS.register(
    Method("cap", "Required security", "Garantie exigée", "domain note C3: risky customers only against security")
)
def required_security(applicants: Applicants) -> Series:
    """Nothing while none of the securities that the segment requires is in force; else no amount.

    An insurer's limit above 0 counts where the segment accepts an insured limit, any security that is worth something
    where it accepts another.
    """
    rules = {rule.segment_code: rule.guarantees_required for rule in applicants.policy.segments}
    asked = applicants.rows["segment_code"].map({code: bool(kinds) for code, kinds in rules.items()}).astype(bool)
    insurable = applicants.rows["segment_code"].map({code: "insured_limit" in kinds for code, kinds in rules.items()})
    others = applicants.rows["segment_code"].map(
        {code: bool({*kinds} - {"insured_limit"}) for code, kinds in rules.items()}
    )
    insured = insurable.astype(bool) & (applicants.known("insurer_limit_amount") > 0)
    secured = others.astype(bool) & (applicants.known("guarantee_amount") > 0)
    return Series(0.0, index=applicants.rows.index).where(asked & ~insured & ~secured)


def is_check_open(applicants: Applicants) -> Series:
    """Whether a customer that starts afresh waits for its check.

    A failed check stops every one of them where the policy or its country asks for a check. A check without a result
    stops customers abroad where their country asks for it, and those that buy nothing; a new customer at home that
    buys already goes on under the cap, and the missing check is told. An empty country is the seller's.
    """
    policy, codes = applicants.policy, applicants.rows["country_code"]
    abroad = codes.fillna(policy.home_country_code) != policy.home_country_code
    by_country = abroad & (applicants.by_country("check_new_customers") > 0)
    buys_nothing = ~(applicants.known("sales_amount_12m") > 0)
    gate, asked = applicants.rows["gate_code"], by_country | policy.new_customers.check_required
    stopped = asked & (gate == "fail") | (gate == "unknown") & (by_country | asked & buys_nothing)
    return stopped & applicants.starts_afresh


def uninsured_amount(applicants: Applicants) -> Series:
    """Return the part a segment allows above the insurer's limit; 0 where only what is insured may be owed."""
    shares = {rule.segment_code: rule.insurer_cap_code == "uninsured_share" for rule in applicants.policy.segments}
    is_shared = applicants.rows["segment_code"].map(shares).astype(bool)
    return applicants.by_segment("uninsured_max_amount").where(is_shared, 0.0)


def group_members(applicants: Applicants) -> list[Series]:
    """Return what the members of a group have in common on a day of review."""
    return [applicants.rows["review_date"], applicants.rows["group_id"]]


def country_members(applicants: Applicants) -> list[Series]:
    """Return what the customers of a country have in common on a day of review; an empty country is the seller's."""
    rows = applicants.rows
    return [rows["review_date"], rows["country_code"].fillna(applicants.policy.home_country_code)]


def portion(need: Series, members: list[Series]) -> Series:
    """Return each row's portion of what its members share, in proportion to their need; they add up to 1.

    A row without need counts with the mean of the others; where no need is known, or all is 0, portions are equal.
    """
    weight = need.fillna(need.groupby(members).transform("mean"))
    total = weight.groupby(members).transform("sum")
    equal = 1.0 / weight.fillna(0.0).groupby(members).transform("size")
    return Series(np.where(total > 0, weight / total.where(total > 0), equal), index=need.index)
