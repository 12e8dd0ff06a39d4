"""What a customer can carry by its annual accounts."""

from pandas import Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.registry import METHODS, Method


def has_fresh_accounts(applicants: Applicants) -> Series:
    """Whether the latest accounts published closed at most ``triggers.accounts_max_months`` ago."""
    return applicants.known("accounts_age_months") <= applicants.policy.triggers.accounts_max_months


def share(applicants: Applicants, name: str) -> Series:
    """Return the share of an accounts item that a customer may owe: its grade's, where listed, else its segment's.

    Parameters
    ----------
    applicants : rows and policy
    name : ``net_worth_ratio`` or ``revenue_ratio``
    """
    by_grade = {line.grade_code: getattr(line, name) for line in applicants.policy.shares_by_grade}
    graded = applicants.rows["grade_code"].map(by_grade).astype("float64")
    return graded.fillna(applicants.by_segment(name)).rename(name)


@METHODS.register(
    Method(
        "capacity",
        "Share of net worth",
        "Part de la situation nette",
        "domain note C1: rule of 10 %, My DSO Manager's shares by grade",
    )
)
def net_worth_share(applicants: Applicants) -> Series:
    """Tangible net worth × share of the grade or segment; 0 where it is negative; no amount without fresh accounts."""
    worth = applicants.known("net_worth_amount").clip(lower=0) * share(applicants, "net_worth_ratio")
    return worth.where(has_fresh_accounts(applicants))


@METHODS.register(
    Method(
        "capacity",
        "Share of revenue",
        "Part du chiffre d'affaires",
        "domain note C1: shares by grade of My DSO Manager",
    )
)
def revenue_share(applicants: Applicants) -> Series:
    """Customer's yearly revenue × share of the grade or segment; no amount without fresh accounts."""
    revenue = applicants.known("revenue_amount").clip(lower=0) * share(applicants, "revenue_ratio")
    return revenue.where(has_fresh_accounts(applicants))
