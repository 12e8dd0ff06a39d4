"""Methods of a credit limit: one decorated function each; every method gives an amount per customer."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.registry import Registry


@dataclass(frozen=True)
class Method:
    """Labels of a method and the question it answers."""

    label_en: str
    label_fr: str


@dataclass(frozen=True)
class Applicant:
    """What is known of each customer, all indexed by customer_id.

    Parameters
    ----------
    pd_12m, lgd_ratio, segment : from table `scored`
    behaviour : table `customer_behaviour`
    accounts : latest published annual accounts, empty rows where there are none
    own_sales_amount : the seller's own sales of 12 months, run currency
    """

    pd_12m: Series
    lgd_ratio: Series
    segment: Series
    behaviour: DataFrame
    accounts: DataFrame
    own_sales_amount: float


class Shares(Protocol):
    """Settings the methods use."""

    peak_factor: float
    net_worth_ratios: dict[str, float]
    revenue_ratio: float
    loss_budget_ratio: float
    own_cap_ratio: float


METHODS = Registry[Method]("limit method")


@METHODS.register(Method("Need", "Besoin"))
def need(applicant: Applicant, settings: Shares) -> Series:
    """Sales per day times terms plus expected delay, at the seasonal peak; no amount without sales or terms."""
    behaviour = applicant.behaviour
    own = behaviour["days_beyond_terms_12m"]
    delay = own.fillna(own.median() if own.notna().any() else 0.0)
    months = behaviour["tenure_months"].clip(lower=3, upper=12).fillna(12.0)
    yearly = behaviour["sales_amount_12m"].clip(lower=0) * 12 / months
    return yearly / 365 * (behaviour["terms_days"] + delay) * settings.peak_factor


@METHODS.register(Method("Capacity", "Capacité"))
def capacity(applicant: Applicant, settings: Shares) -> Series:
    """Lower of a share of net worth (by segment) and a share of revenue; no amount without accounts."""
    share = applicant.segment.map(settings.net_worth_ratios).astype(float).fillna(0.0)
    worth = applicant.accounts["net_worth_minor"].astype(float).clip(lower=0) / 100 * share
    revenue = applicant.accounts["revenue_minor"].astype(float).clip(lower=0) / 100 * settings.revenue_ratio
    return DataFrame({"worth": worth, "revenue": revenue}).min(axis=1)


@METHODS.register(Method("Risk cap", "Plafond de risque"))
def risk_cap(applicant: Applicant, settings: Shares) -> Series:
    """Exposure at which the expected loss uses up the loss budget of one customer; no amount at PD 0."""
    budget = settings.loss_budget_ratio * applicant.own_sales_amount
    return budget / (applicant.pd_12m * applicant.lgd_ratio).replace(0.0, np.nan)


@METHODS.register(Method("Own-risk cap", "Plafond du vendeur"))
def own_cap(applicant: Applicant, settings: Shares) -> Series:
    """Largest share of the seller's own yearly sales that one customer may owe."""
    return Series(settings.own_cap_ratio * applicant.own_sales_amount, index=applicant.pd_12m.index)
