"""What a customer's default may cost."""

import numpy as np
from pandas import Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.losses import unexpected_loss_ratio
from riskresearch.limits.methods.needs import expected_days
from riskresearch.limits.methods.registry import METHODS, Method
from riskresearch.limits.unit_value import UnitValue


@METHODS.register(
    Method("risk", "Loss budget", "Budget de pertes", "the company's appetite: expected loss on one customer")
)
def loss_budget(applicants: Applicants) -> Series:
    """Exposure at which a customer's expected loss uses up its loss budget: budget / (PD × loss given default).

    The budget is ``appetite.customer_loss_ratio`` of the seller's yearly sales. The limit counts as fully drawn at
    default, so no draw-down is added to it. Any amount at PD 0; no amount where the PD is unknown.
    """
    budget = applicants.known("seller_sales_amount_12m") * applicants.policy.appetite.customer_loss_ratio
    loss = applicants.known("pd_12m") * applicants.known("lgd_ratio")
    return (budget / loss.where(loss > 0)).mask(loss == 0, np.inf)


@METHODS.register(
    Method("risk", "Economic value", "Valeur économique", "domain note C1: economic value, Moody's; C2 for its parts")
)
def economic_value(applicants: Applicants) -> Series:
    """Any amount where a year's margin covers expected loss, finance, credit management and capital charge, else 0.

    See `unit_value`. No amount where PD or terms are unknown.
    """
    value = unit_value(applicants)
    return Series(value.largest_amount(np.full(len(applicants.rows), np.inf)), index=applicants.rows.index)


def unit_value(applicants: Applicants) -> UnitValue:
    """Return what a unit of exposure earns and costs by row.

    A unit of exposure turns 365 / (terms + expected delay) times a year and earns the margin, on the price before tax,
    each time. At default the exposure is larger by the draw-down. Capital is the one-factor unexpected loss at the
    confidence of the appetite, where Moody's deck charges the whole exposure. Loss is on the price, and the margin
    counts in full: domain note C2.
    """
    rule = applicants.policy.economics
    turns = sales_per_exposure(applicants) * before_tax_ratio(applicants)
    pd, lgd = applicants.known("pd_12m").to_numpy(), applicants.known("lgd_ratio").to_numpy()
    drawn = 1 + rule.draw_down_ratio
    capital = unexpected_loss_ratio(
        pd,
        lgd_ratio=lgd,
        confidence_ratio=applicants.policy.appetite.confidence_ratio,
        correlation_ratio=rule.asset_correlation_ratio,
    )
    return UnitValue(
        margin_ratio=(turns * rule.margin_ratio).to_numpy(),
        expected_loss_ratio=pd * lgd * drawn,
        capital_ratio=capital * drawn,
        capital_charge_ratio=rule.capital_charge_ratio,
        finance_ratio=rule.finance_ratio,
        operating_ratio=(turns * rule.operating_ratio).to_numpy(),
    )


def sales_per_exposure(applicants: Applicants) -> Series:
    """Return yearly sales including tax that one unit of exposure carries: 365 / (terms + expected delay)."""
    return 365.0 / expected_days(applicants)["open_days"]


def before_tax_ratio(applicants: Applicants) -> Series:
    """Return the price before tax as a share of sales including tax; customers abroad owe no tax to the seller."""
    policy = applicants.policy
    abroad = applicants.rows["country_code"].fillna(policy.home_country_code) != policy.home_country_code
    tax = Series(policy.economics.tax_ratio, index=applicants.rows.index).mask(abroad, 0.0)
    return (1 / (1 + tax)).rename("before_tax_ratio")
