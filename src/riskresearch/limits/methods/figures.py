"""The figures a method's amount is made of, so that its reason can be told in words and checked by hand."""

from collections.abc import Callable, Mapping

import numpy as np
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.capacity import share
from riskresearch.limits.methods.caps import country_members, group_members, is_check_open, portion, uninsured_amount
from riskresearch.limits.methods.joined import joined
from riskresearch.limits.methods.needs import behaviour_coefficient, expected_days, terms_coefficient, yearly_sales
from riskresearch.limits.methods.risk import unit_value


def method_figures(applicants: Applicants, name: str) -> DataFrame:
    """Return the figures a method's amount is made of, one column each, index of the rows.

    Parameters
    ----------
    applicants : rows and policy
    name : limit method
    """
    return FIGURES[name](applicants)


def _sales_need(applicants: Applicants) -> DataFrame:
    days = expected_days(applicants)
    return DataFrame(
        {
            "yearly_sales_amount": yearly_sales(applicants),
            "terms_days": days["terms_days"],
            "delay_days": days["delay_days"],
            "peak_ratio": applicants.known("peak_ratio"),
            "need_factor": applicants.by_segment("need_factor"),
        }
    )


def _order_need(applicants: Applicants) -> DataFrame:
    return DataFrame(
        {
            **{name: applicants.known(name) for name in ("ordered_amount", "unbilled_amount", "open_amount")},
            "terms_coefficient": terms_coefficient(applicants),
            "behaviour_coefficient": behaviour_coefficient(applicants),
        }
    )


def _net_worth(applicants: Applicants) -> DataFrame:
    worth = applicants.known("net_worth_amount")
    return DataFrame({"net_worth_amount": worth, "net_worth_ratio": share(applicants, "net_worth_ratio")})


def _revenue(applicants: Applicants) -> DataFrame:
    revenue = applicants.known("revenue_amount")
    return DataFrame({"revenue_amount": revenue, "revenue_ratio": share(applicants, "revenue_ratio")})


def _loss_budget(applicants: Applicants) -> DataFrame:
    budget = applicants.known("seller_sales_amount_12m") * applicants.policy.appetite.customer_loss_ratio
    return DataFrame(
        {"loss_budget_amount": budget, **{name: applicants.known(name) for name in ("pd_12m", "lgd_ratio")}}
    )


def _economic_value(applicants: Applicants) -> DataFrame:
    value = unit_value(applicants)
    parts = {
        "unit_margin_ratio": value.margin_ratio,
        "unit_expected_loss_ratio": value.expected_loss_ratio,
        "unit_finance_ratio": value.finance_ratio,
        "unit_operating_ratio": value.operating_ratio,
        "unit_capital_charge_ratio": np.asarray(value.capital_ratio) * value.capital_charge_ratio,
    }
    return DataFrame(parts, index=applicants.rows.index)


def _own_risk(applicants: Applicants) -> DataFrame:
    return DataFrame(
        {
            "seller_sales_amount_12m": applicants.known("seller_sales_amount_12m"),
            "customer_share_ratio": applicants.policy.appetite.customer_share_ratio,
        }
    )


def _group(applicants: Applicants) -> DataFrame:
    return DataFrame(
        {
            "seller_sales_amount_12m": applicants.known("seller_sales_amount_12m"),
            "group_share_ratio": applicants.policy.appetite.group_share_ratio,
            "portion_ratio": portion(joined(applicants, "need"), group_members(applicants)),
        }
    )


def _insurer(applicants: Applicants) -> DataFrame:
    insured = applicants.known("insurer_limit_amount")
    return DataFrame({"insurer_limit_amount": insured, "uninsured_max_amount": uninsured_amount(applicants)})


def _bureau(applicants: Applicants) -> DataFrame:
    return DataFrame({"bureau_limit_amount": applicants.known("bureau_limit_amount")})


def _new_customer(applicants: Applicants) -> DataFrame:
    rule, first = applicants.policy.new_customers, applicants.known("first_order_amount")
    stopped = is_check_open(applicants)
    first = first.mask(stopped)
    return DataFrame(
        {
            "is_check_open": stopped.where(stopped).astype("float64"),
            "first_order_amount": first,
            "first_order_multiple": Series(rule.first_order_multiple, index=first.index).where(first.notna()),
            "opening_limit_amount": Series(rule.opening_limit_amount, index=first.index).where(first.isna() & ~stopped),
        }
    )


def _country(applicants: Applicants) -> DataFrame:
    total = applicants.by_country("total_limit_amount")
    shares = portion(joined(applicants, "need"), country_members(applicants)).where(total.notna())
    return DataFrame({"total_limit_amount": total, "portion_ratio": shares})


def _security(applicants: Applicants) -> DataFrame:
    return DataFrame(
        {name: applicants.known(name).fillna(0.0) for name in ("insurer_limit_amount", "guarantee_amount")}
    )


FIGURES: Mapping[str, Callable[[Applicants], DataFrame]] = {
    "sales_need": _sales_need,
    "order_need": _order_need,
    "net_worth_share": _net_worth,
    "revenue_share": _revenue,
    "loss_budget": _loss_budget,
    "economic_value": _economic_value,
    "own_risk_cap": _own_risk,
    "group_cap": _group,
    "insurer_cap": _insurer,
    "bureau_cap": _bureau,
    "new_customer_cap": _new_customer,
    "country_cap": _country,
    "required_security": _security,
}
"""How to make the figures of each registered method."""
