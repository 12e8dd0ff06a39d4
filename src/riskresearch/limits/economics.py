"""What a customer earns and costs at its limit in a year, and how near it is to break-even."""

from typing import Any

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table
from riskresearch.limits.applicants import Applicants
from riskresearch.limits.break_even import break_even_pd, break_even_pd_relation, order_pd
from riskresearch.limits.exposure import exposure
from riskresearch.limits.losses import expected_loss, exposure_at_default, unexpected_loss_ratio
from riskresearch.limits.methods.needs import expected_days, yearly_sales
from riskresearch.limits.methods.risk import before_tax_ratio

SMALLEST_CAPITAL = 1.0
"""Run currency; a return on less says nothing."""
LIMIT_ECONOMICS = Table(
    "limit_economics",
    "limits",
    "one row per customer; a year at its limit, run currency",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("sales_amount", "float", "yearly sales including tax that limit and securities carry", True),
        Column("mean_exposure_amount", "float", "amount owed on average by those sales, or today if that is more"),
        Column("default_exposure_amount", "float", "owed at default, after draw-down and without what is secured"),
        Column("margin_amount", "float", "contribution margin of the sales", True),
        Column("expected_loss_amount", "float", "PD × loss given default × exposure at default not insured", True),
        Column("finance_amount", "float", "cost of the money bound in the mean exposure"),
        Column("operating_amount", "float", "cost of credit management", True),
        Column("premium_amount", "float", "premium of credit insurance on the sales", True),
        Column("capital_amount", "float", "economic capital: loss of the worst years less the expected loss", True),
        Column("value_amount", "float", "margin less expected loss, all costs and capital charge", True),
        Column(
            "raroc_ratio", "float", "margin less costs and expected loss, over capital; empty below 1 of capital", True
        ),
        Column("order_pd_ratio", "float", "probability of default while one order is open", True),
        Column("break_even_pd_ratio", "float", "that probability at which one order gains nothing", True),
        Column("break_even_pd_relation_ratio", "float", "the same where refusing loses the relation", True),
        Column("is_above_break_even", "bool", "one order is worth less than its risk", True),
        Column("is_above_break_even_relation", "bool", "the relation too is worth less than that risk", True),
    ),
)


def limit_economics(
    applicants: Applicants, limit_amount: Series, *, insured_ratio: float = 0.0, premium_ratio: float = 0.0
) -> DataFrame:
    """Return table `limit_economics`.

    Sales are those of a year, up to what limit and securities carry at terms and expected delay. Exposure at default is
    min(limit, mean exposure × (1 + draw-down)), never less than what is owed already, less securities; the insurer
    takes `insured_ratio` of the part within its limit. Loss is on the price and the margin counts in full. Capital is
    the contribution to the expected shortfall of a one-factor model at the confidence of the appetite, less the
    expected loss. RAROC = (margin − expected loss − operating − finance − premium) / capital. Source: domain note C2.

    Parameters
    ----------
    applicants : rows of one day
    limit_amount : limits of the same rows, same index, for what is owed without security
    insured_ratio : insured share of what lies within the insurer's limit; 0 = without insurance
    premium_ratio : premium, share of sales
    """
    flows = _flows(applicants, limit_amount)
    retained = _retained(applicants, flows["default_exposure_amount"], insured_ratio)
    lost = _losses(applicants, retained)
    rule = applicants.policy.economics
    untaxed = before_tax_ratio(applicants) * flows["sales_amount"]
    parts = {
        "margin_amount": untaxed * rule.margin_ratio,
        **lost,
        "finance_amount": flows["mean_exposure_amount"] * rule.finance_ratio,
        "operating_amount": untaxed * rule.operating_ratio,
        "premium_amount": flows["sales_amount"] * premium_ratio,
    }
    costs = sum(parts[f"{name}_amount"] for name in ("expected_loss", "finance", "operating", "premium"))
    earned, capital = parts["margin_amount"] - costs, parts["capital_amount"]
    found = {
        "customer_id": applicants.rows["customer_id"],
        **flows,
        **parts,
        "value_amount": earned - rule.capital_charge_ratio * capital,
        "raroc_ratio": (earned / capital.where(capital >= SMALLEST_CAPITAL)),
        **_break_even(applicants),
    }
    return DataFrame(found)[LIMIT_ECONOMICS.names]


def order_economics(applicants: Applicants) -> dict[str, Any]:
    """Return price, costs and recovered share of one order by row, per unit of the price including tax.

    The variable cost is what the margin leaves of the price before tax, the operating cost and the tax passed on;
    finance is charged on the price for terms and expected delay.
    """
    rule = applicants.policy.economics
    earned = before_tax_ratio(applicants) * (rule.margin_ratio - rule.operating_ratio)
    return {
        "price": 1.0,
        "variable_cost": 1 - earned,
        "finance_cost": rule.finance_ratio * expected_days(applicants)["open_days"] / 365.0,
        "recovered_ratio": 1 - applicants.known("lgd_ratio"),
    }


def monthly_pd(pd: Series) -> Series:
    """Return the probability of default of a month, from that of twelve at an even hazard."""
    return 1 - (1 - pd) ** (1 / 12)


def _flows(applicants: Applicants, limit_amount: Series) -> dict[str, Series]:
    used = exposure(applicants.rows, applicants.policy)
    days = expected_days(applicants)["open_days"]
    secured = used["guarantee_amount"]
    carried = (limit_amount + secured) * 365.0 / days
    sales = np.minimum(yearly_sales(applicants), carried).where(carried.notna())
    mean = np.maximum((sales * days / 365.0).fillna(0.0), used["used_amount"])
    at_default = exposure_at_default(
        limit_amount + secured, exposure_amount=mean, draw_down_ratio=applicants.policy.economics.draw_down_ratio
    )
    unsecured = Series(np.maximum(at_default - secured, 0.0), index=limit_amount.index)
    return {"sales_amount": sales, "mean_exposure_amount": mean, "default_exposure_amount": unsecured}


def _retained(applicants: Applicants, owed: Series, insured_ratio: float) -> Series:
    """Exposure at default that stays with the seller, after the insurer's share."""
    within = np.minimum(owed, applicants.known("insurer_limit_amount").fillna(0.0).clip(lower=0))
    return owed - insured_ratio * within


def _losses(applicants: Applicants, retained: Series) -> dict[str, Series]:
    policy = applicants.policy
    pd, lgd = applicants.known("pd_12m"), applicants.known("lgd_ratio")
    unexpected = unexpected_loss_ratio(
        pd,
        lgd_ratio=lgd,
        confidence_ratio=policy.appetite.confidence_ratio,
        correlation_ratio=policy.economics.asset_correlation_ratio,
    )
    return {
        "expected_loss_amount": Series(expected_loss(retained, pd=pd, lgd_ratio=lgd), index=retained.index),
        "capital_amount": retained * unexpected,
    }


def _break_even(applicants: Applicants) -> dict[str, Series]:
    """Both break-even probabilities of an order; later defaults are at best those of the median customer."""
    rule, rows = applicants.policy.economics, applicants.rows
    pd = applicants.known("pd_12m")
    median = pd.mask(applicants.in_default).groupby(rows["review_date"]).transform("median")
    order = order_economics(applicants)
    once = break_even_pd(**order)
    relation = break_even_pd_relation(
        **order,
        relation_months=rule.relation_months,
        monthly_churn_ratio=rule.monthly_churn_ratio,
        later_pd_ratio=monthly_pd(np.minimum(pd, median)),
    )
    risk = Series(order_pd(pd, open_days=expected_days(applicants)["open_days"]), index=rows.index)
    known = risk.notna() & ~np.isnan(once)
    return {
        "order_pd_ratio": risk,
        "break_even_pd_ratio": Series(once, index=rows.index),
        "break_even_pd_relation_ratio": Series(relation, index=rows.index),
        "is_above_break_even": (risk > once).astype("boolean").where(known),
        "is_above_break_even_relation": (risk > relation).astype("boolean").where(known),
    }
