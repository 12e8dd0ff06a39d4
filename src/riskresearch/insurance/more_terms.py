"""More days to pay for covered customers: what it does to exposure, working capital, losses and margin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.design_settings import LongerTermsSettings
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.options import Option, priced, self_insured
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.tables import CUSTOMER, OPTION
from riskresearch.insurance.terms import CreditPeriod
from riskresearch.insurance.yearly_costs import quote_figures

CASES = ("as_now", "longer", "change")
DAYS_A_YEAR = 365
_FIGURES = (
    "expected_gross_amount",
    "expected_gross_amount_se",
    "expected_indemnity_amount",
    "expected_retained_amount",
    "expected_retained_amount_se",
    "es_retained_amount",
    "total_cost_of_risk_amount",
    "economic_cost_amount",
    "economic_cost_amount_se",
)

LONGER_TERMS = Table(
    "longer_terms",
    "insurance",
    "one row per policy and case: as now, with longer terms, and the change",
    ("option_id", "case_code"),
    (
        OPTION,
        Column("case_code", "code", "terms as now, longer terms for covered customers, or the change", False, CASES),
        Column("n_customers", "int", "covered customers, who get the longer terms"),
        Column("n_over_credit_period", "int", "of them, beyond the policy's maximum credit period: no cover"),
        Column("exposure_amount", "float", "their exposure at default"),
        Column("over_limit_amount", "float", "part of it above their limits"),
        Column("working_capital_amount", "float", "their receivables, VAT included: sales per day x terms"),
        Column("financing_amount", "float", "yearly cost of financing these receivables"),
        Column("margin_amount", "float", "yearly contribution margin on them"),
        Column("price_amount", "float", "premium, fees and tax"),
        Column("expected_gross_amount", "float", "mean loss of the whole book"),
        Column("expected_gross_amount_se", "float", "standard error of expected_gross_amount", True),
        Column("expected_indemnity_amount", "float", "mean indemnity"),
        Column("expected_retained_amount", "float", "mean loss kept"),
        Column("expected_retained_amount_se", "float", "standard error of expected_retained_amount", True),
        Column("es_retained_amount", "float", "expected shortfall of the loss kept"),
        Column("total_cost_of_risk_amount", "float", "price, adjustment, wait, own work and mean loss kept"),
        Column("economic_cost_amount", "float", "total cost of risk + capital charge x economic capital"),
        Column("economic_cost_amount_se", "float", "standard error of economic_cost_amount", True),
        Column("uninsured_economic_cost_amount", "float", "economic cost of the same book without policy"),
        Column("net_result_amount", "float", "margin less financing less economic cost"),
        Column("break_even_sales_gain_ratio", "float", "sales gain that pays for the terms; empty = none does", True),
    ),
)
LONGER_TERMS_CUSTOMERS = Table(
    "longer_terms_customers",
    "insurance",
    "one row per policy and covered customer",
    ("option_id", "customer_id"),
    (
        OPTION,
        CUSTOMER,
        Column("terms_days", "float", "agreed payment terms now; empty = unknown", True),
        Column("is_over_credit_period", "bool", "the longer terms are beyond the policy's maximum credit period"),
        Column("limit_amount", "float", "limit in force"),
        Column("exposure_amount", "float", "exposure at default now"),
        Column("longer_exposure_amount", "float", "exposure at default with the longer terms"),
        Column("over_limit_amount", "float", "part of it above the limit: ask the insurer for it first"),
        Column("working_capital_change_amount", "float", "receivables on top, VAT included"),
        Column("retained_change_amount", "float", "mean loss kept on top"),
        Column("cost_change_amount", "float", "loss kept and financing on top, a year"),
        Column("cost_per_margin_ratio", "float", "of the yearly margin with the customer; empty = no sales", True),
    ),
)


@dataclass(frozen=True)
class Offer:
    """A book, a policy, and what the simulation needs; the customers covered now get the longer terms."""

    exposures: DataFrame
    policy: Policy
    settings: InsuranceSettings
    terms: LongerTermsSettings
    months: DataFrame | None = None
    policy_start_month: int = 1

    @property
    def is_chosen(self) -> Series:
        """Whether the policy covers a customer."""
        limit = cover(self.exposures, policy=self.policy)["limit_amount"]
        return Series(limit.to_numpy() > 0, index=self.exposures.index)


def longer_terms(
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    terms: LongerTermsSettings,
    months: DataFrame | None = None,
    policy_start_month: int = 1,
) -> tuple[DataFrame, DataFrame]:
    """Return tables `longer_terms`, by policy, and `longer_terms_customers`, by covered customer.

    Sales per day x extra days come on top of the exposure and of the receivables of every customer the policy covers;
    limits and probabilities of default stay. Years are drawn again with the same seed. The sales gain that pays is the
    one at which margin less financing less economic cost is as now; it is found by a straight line through two gains,
    with the exposure and the premium on the sales gained.

    Parameters
    ----------
    exposures : table `exposures`, checked
    policies : policies and quotes; top-ups are left out, their cover hangs on another policy
    settings : settings of the stage
    terms : days, margin, sales gained
    months : table `exposure_months`; None = the same exposure all year
    policy_start_month : calendar month in which the policy year begins
    """
    insured = [policy for policy in policies if policy.kind != "top_up"]
    offers = [Offer(exposures, policy, settings, terms, months, policy_start_month) for policy in insured]
    if not offers:
        return empty(LONGER_TERMS), empty(LONGER_TERMS_CUSTOMERS)
    made = [_offer_tables(offer) for offer in offers]
    cases, customers = (pd.concat(frames, ignore_index=True) for frames in zip(*made, strict=True))
    return check(cases, LONGER_TERMS), check(customers, LONGER_TERMS_CUSTOMERS)


def lengthened(
    exposures: DataFrame, *, is_chosen: Series, extra_days: float, sales_gain_ratio: float = 0.0
) -> DataFrame:
    """Return the exposures with longer terms, and more sales, for chosen customers.

    exposure (1 + gain) + sales (1 + gain) / 365 x extra days.

    Parameters
    ----------
    exposures : table `exposures`
    is_chosen : who gets the terms, on the index of the exposures
    extra_days : days on the terms
    sales_gain_ratio : sales gained with them
    """
    more = 1.0 + sales_gain_ratio
    sales = exposures["turnover_amount"] * more
    exposure = exposures["exposure_amount"] * more + sales / DAYS_A_YEAR * extra_days
    return exposures.assign(
        turnover_amount=exposures["turnover_amount"].mask(is_chosen, sales),
        exposure_amount=exposures["exposure_amount"].mask(is_chosen, exposure),
        terms_days=exposures["terms_days"].mask(is_chosen, exposures["terms_days"] + extra_days),
    )


@dataclass(frozen=True)
class _Case:
    row: dict[str, float]
    option: Option
    exposures: DataFrame


def _offer_tables(offer: Offer) -> tuple[DataFrame, DataFrame]:
    now, longer = _case(offer, 0, 0.0), _case(offer, offer.terms.extra_days, offer.terms.sales_gain_ratio)
    change = {name: longer.row[name] - value for name, value in now.row.items() if not name.endswith("_se")}
    change |= {"n_customers": now.row["n_customers"], "break_even_sales_gain_ratio": _break_even(offer, now)}
    frame = DataFrame([now.row, longer.row, change]).assign(case_code=list(CASES), option_id=offer.policy.policy_id)
    return frame, _customers(offer, now, longer)


def _case(offer: Offer, extra_days: float, sales_gain_ratio: float) -> _Case:
    chosen = offer.is_chosen
    book = lengthened(offer.exposures, is_chosen=chosen, extra_days=extra_days, sales_gain_ratio=sales_gain_ratio)
    events = simulate(book, offer.settings, months=offer.months, policy_start_month=offer.policy_start_month)
    without = self_insured(events, book, offer.settings)
    option = priced(events, book, offer.policy, offer.settings)
    figures = quote_figures(option, without, offer.settings)
    row = {name: figures[name] for name in _FIGURES} | _book_figures(offer, book, chosen, extra_days)
    row["price_amount"] = option.cost.total_amount
    row["uninsured_economic_cost_amount"] = quote_figures(without, without, offer.settings)["economic_cost_amount"]
    row["net_result_amount"] = row["margin_amount"] - row["financing_amount"] - row["economic_cost_amount"]
    return _Case(row, option, book)


def _book_figures(offer: Offer, book: DataFrame, chosen: Series, extra_days: float) -> dict[str, float]:
    limit = cover(offer.exposures, policy=offer.policy)["limit_amount"].to_numpy()
    over = np.maximum(book["exposure_amount"].to_numpy() - limit, 0.0)
    capital = float(_receivables(book, extra_days=extra_days)[chosen].sum())
    return {
        "n_customers": float(chosen.sum()),
        "n_over_credit_period": float((_is_beyond(offer.policy, book) & chosen.to_numpy()).sum()),
        "exposure_amount": float(book.loc[chosen, "exposure_amount"].sum()),
        "over_limit_amount": float(over[chosen.to_numpy()].sum()),
        "working_capital_amount": capital,
        "financing_amount": capital * offer.settings.financing_rate_ratio,
        "margin_amount": float(book.loc[chosen, "turnover_amount"].sum()) * offer.terms.margin_ratio,
    }


def _receivables(book: DataFrame, *, extra_days: float) -> Series:
    """Sales per day with VAT x terms; unknown terms are the book's mean by sales, and the extra days."""
    sales, days = book["turnover_amount"], book["terms_days"] - extra_days
    known = days.notna() & sales.gt(0)
    usual = float(np.average(days[known], weights=sales[known])) if known.any() else 0.0
    with_vat = sales * (1.0 + book["vat_ratio"].fillna(0.0))
    return with_vat / DAYS_A_YEAR * (days.fillna(usual) + extra_days)


def _is_beyond(policy: Policy, book: DataFrame) -> np.ndarray:
    period = policy.find(CreditPeriod)
    days = book["terms_days"].to_numpy(dtype="float64")
    return np.zeros(len(days), dtype=bool) if period is None else np.asarray(period.is_beyond(days), dtype=bool)


def _break_even(offer: Offer, now: _Case) -> float:
    """Sales gain at which the net result is as now; 0 where the terms cost nothing, empty where no gain pays."""
    alone = _case(offer, offer.terms.extra_days, 0.0).row["net_result_amount"] - now.row["net_result_amount"]
    if alone >= 0.0 or now.row["margin_amount"] == 0.0:
        return 0.0 if alone >= 0.0 else float("nan")
    guess = -alone / now.row["margin_amount"]
    there = _case(offer, offer.terms.extra_days, guess).row["net_result_amount"] - now.row["net_result_amount"]
    return guess * alone / (alone - there) if there > alone else float("nan")


def _customers(offer: Offer, now: _Case, longer: _Case) -> DataFrame:
    """What the longer terms change with each covered customer: its part of the simulated mean of the loss kept."""
    chosen = offer.is_chosen
    limit, kept = now.option.covers["limit_amount"].to_numpy(), "expected_retained_amount"
    before, after = now.exposures, longer.exposures
    gained = _receivables(after, extra_days=offer.terms.extra_days) - _receivables(before, extra_days=0)
    retained = longer.option.covers[kept].to_numpy() - now.option.covers[kept].to_numpy()
    cost = retained + gained * offer.settings.financing_rate_ratio
    margin = before["turnover_amount"] * offer.terms.margin_ratio
    frame = DataFrame(
        {
            "option_id": offer.policy.policy_id,
            "customer_id": before["customer_id"],
            "terms_days": before["terms_days"],
            "is_over_credit_period": _is_beyond(offer.policy, after),
            "limit_amount": limit,
            "exposure_amount": before["exposure_amount"],
            "longer_exposure_amount": after["exposure_amount"],
            "over_limit_amount": np.maximum(after["exposure_amount"] - limit, 0.0),
            "working_capital_change_amount": gained,
            "retained_change_amount": retained,
            "cost_change_amount": cost,
            "cost_per_margin_ratio": (cost / margin.where(margin > 0)),
        }
    )
    return frame[chosen]
