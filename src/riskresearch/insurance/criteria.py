"""Who should insure: five criteria on the seller's book, and what its granularity recommends."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.concentration import concentration
from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.portfolio.book import customer_traits

CRITERIA = ("long_terms", "big_customers", "cyclical_sectors", "new_or_small_seller", "exports")
SPREADS = ("scattered", "mixed", "concentrated", "no_turnover")
ADVICE = ("insure", "study", "no_need")
COVER_KINDS = ("whole_turnover_or_factoring", "whole_turnover_and_top_up", "named_buyers_or_excess_of_loss", "none")
INSURE_FROM = 3  # criteria met from which insuring is recommended; two are a reason to study it
STUDY_FROM = 2
NEW_MONTHS = 12

INSURANCE_CRITERIA = Table(
    "insurance_criteria",
    "insurance",
    "one row per criterion of who should insure",
    ("criterion_code",),
    (
        Column("criterion_code", "code", "criterion", False, CRITERIA),
        Column("value", "float", "what the book shows; empty = not known", True),
        Column("unit_code", "code", "unit", False, ("days", "ratio", "amount")),
        Column("threshold_value", "float", "from which (turnover: below which) the criterion is met"),
        Column("is_met", "bool", "the criterion speaks for insurance; empty = not known", True),
    ),
)
INSURANCE_ADVICE = Table(
    "insurance_advice",
    "insurance",
    "one row: what criteria and granularity of the book recommend",
    ("advice_code",),
    (
        Column("advice_code", "code", "insure, study it, or no need by these criteria", False, ADVICE),
        Column("n_met", "int", "criteria met"),
        Column("n_known", "int", "criteria that could be judged"),
        Column("n_effective", "float", "equivalent number of equal customers (1 / HHI of the turnover)", True),
        Column("spread_code", "code", "how scattered the book is", False, SPREADS),
        Column("evolving_ratio", "float", "share of the turnover with customers of less than 12 months", True),
        Column("is_evolving", "bool", "that share is above the setting"),
        Column("cover_kind_code", "code", "kind of cover the granularity recommends", False, COVER_KINDS),
    ),
)


def insurance_criteria(tables: Mapping[str, DataFrame], settings: ActionSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `insurance_criteria`: long terms, few big customers, cyclical sectors, new or small seller, exports.

    Each criterion weighs customers by their turnover of 12 months without VAT.

    Parameters
    ----------
    tables : ``customers customer_behaviour invoices limits ratings``
    settings : thresholds
    as_of : last day that counts
    """
    own = settings.criteria
    traits = customer_traits(tables, as_of=as_of, justification=settings.justification)
    turnover = traits["turnover_amount"]
    total, years = float(turnover.sum()), own.company_age_years
    is_new = years is not None and years < own.new_company_years
    values = {
        "long_terms": (_mean_terms(traits), "days", own.long_terms_days),
        "big_customers": (_share(turnover.nlargest(10).sum(), total), "ratio", own.big_customers_ratio),
        "cyclical_sectors": (
            _of(traits["sector_code"].isin(own.cyclical_sector_codes), turnover),
            "ratio",
            own.cyclical_ratio,
        ),
        "new_or_small_seller": (total if total > 0 else np.nan, "amount", own.sme_turnover_amount),
        "exports": (
            _of(traits["country_code"].fillna(own.home_country_code).ne(own.home_country_code), turnover),
            "ratio",
            own.export_ratio,
        ),
    }
    rows = [
        {"criterion_code": code, "value": value, "unit_code": unit, "threshold_value": bar, "is_met": _met(value, bar)}
        for code, (value, unit, bar) in values.items()
    ]
    made = DataFrame(rows)
    seller = made["criterion_code"].eq("new_or_small_seller")
    small = is_new or (total < own.sme_turnover_amount if total > 0 else None)
    made["is_met"] = made["is_met"].astype("boolean").mask(seller, small)
    return check(made, INSURANCE_CRITERIA)


def insurance_advice(
    tables: Mapping[str, DataFrame], criteria: DataFrame, settings: ActionSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `insurance_advice`: how many criteria speak for insurance, and which cover the granularity asks for.

    A scattered or evolving book is what whole-turnover cover and factoring are for: nobody can follow each customer.
    A book of few large customers is better served by named buyers, or by an excess of loss on own limits.

    Parameters
    ----------
    tables : ``customers customer_behaviour invoices limits ratings``
    criteria : table `insurance_criteria`
    settings : thresholds
    as_of : last day that counts
    """
    own = settings.criteria
    traits = customer_traits(tables, as_of=as_of, justification=settings.justification)
    tenure = tables["customer_behaviour"].set_index("customer_id")["tenure_months"].reindex(traits.index)
    measures = concentration(traits["turnover_amount"], [10]).set_index("measure_code")["value"]
    n_effective = round(float(measures["n_effective"]), 9) if len(measures) else float("nan")
    evolving = _of(tenure.lt(NEW_MONTHS), traits["turnover_amount"])
    spread = _spread(n_effective, settings)
    is_evolving = bool(evolving >= own.evolving_ratio)
    n_met = int(criteria["is_met"].fillna(False).sum())
    row = {
        "advice_code": "insure" if n_met >= INSURE_FROM else "study" if n_met >= STUDY_FROM else "no_need",
        "n_met": n_met,
        "n_known": int(criteria["is_met"].notna().sum()),
        "n_effective": n_effective,
        "spread_code": spread,
        "evolving_ratio": evolving,
        "is_evolving": is_evolving,
        "cover_kind_code": _kind(spread, is_evolving),
    }
    return check(DataFrame([row]), INSURANCE_ADVICE)


def _spread(n_effective: float, settings: ActionSettings) -> str:
    if np.isnan(n_effective):
        return "no_turnover"
    if n_effective >= settings.criteria.scattered_customers:
        return "scattered"
    return "concentrated" if n_effective < settings.criteria.concentrated_customers else "mixed"


def _kind(spread: str, is_evolving: bool) -> str:
    if spread == "no_turnover":
        return "none"
    if spread == "scattered" or (is_evolving and spread == "mixed"):
        return "whole_turnover_or_factoring"
    return "named_buyers_or_excess_of_loss" if spread == "concentrated" else "whole_turnover_and_top_up"


def _met(value: float, bar: float) -> bool | None:
    return None if np.isnan(value) else bool(value >= bar)


def _share(part: float, total: float) -> float:
    return float(part / total) if total > 0 else float("nan")


def _of(is_member: Series, turnover: Series) -> float:
    """Share of the turnover with the members."""
    return _share(float(turnover[is_member.astype(bool)].sum()), float(turnover.sum()))


def _mean_terms(traits: DataFrame) -> float:
    """Mean agreed terms, weighted by turnover, of the customers with known terms."""
    known = traits[traits["terms_days"].notna()]
    return _share(float((known["terms_days"] * known["turnover_amount"]).sum()), float(known["turnover_amount"].sum()))
