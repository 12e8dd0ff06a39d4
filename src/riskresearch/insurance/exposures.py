"""Exposures to insure, and the cover a policy gives to each customer."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import check
from riskresearch.insurance.policy import Cost, Policy
from riskresearch.insurance.tables import EXPOSURES
from riskresearch.insurance.terms import BuyerLimit, CreditPeriod, TopUpLimit

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "pd_12m": (0.0, 1.0),
    "lgd_ratio": (0.0, 1.0),
    "exposure_amount": (0.0, np.inf),
    "buyer_limit_amount": (0.0, np.inf),
    "turnover_amount": (0.0, np.inf),
    "requested_limit_amount": (0.0, np.inf),
    "terms_days": (0.0, 1_000.0),
    "vat_ratio": (0.0, 1.0),
}


def check_exposures(exposures: DataFrame, *, lgd_ratio: float) -> DataFrame:
    """Return the exposures sorted by customer, with every loss given default and VAT rate filled in.

    Parameters
    ----------
    exposures : table `exposures`
            customer_id  pd_12m  exposure_amount  lgd_ratio  buyer_limit_amount  limit_source  turnover_amount
            C001           0.02         80000.00       0.40           100000.00       insurer        480000.00
            C002           0.05         12000.00        NaN                 NaN          None         90000.00
        and ``is_insurable`` and ``is_discretionary_justified`` (True, False); columns that may be left out:
        ``requested_limit_amount sector_code country_code group_id terms_days vat_ratio``
    lgd_ratio : mean loss given default of customers without one (0-1)

    Returns
    -------
    the table with the column ``is_lgd_assumed`` added, one row per customer; an empty ``vat_ratio`` is 0

    Raises
    ------
    TableError
        A column is missing or unknown, or holds an empty, negative, infinite or out-of-range value.
    """
    checked = check(exposures, EXPOSURES)
    for name, (low, high) in _BOUNDS.items():
        values = checked[name]
        wrong = values.notna() & ~(values.ge(low) & values.le(high) & np.isfinite(values.fillna(0.0)))
        if wrong.any():
            raise TableError(
                f"exposures.{name}: {int(wrong.sum())} rows ({first_keys(checked.loc[wrong, 'customer_id'])}) lie "
                f"outside {low:g} to {high:g}; ratios are 0-1, amounts finite and >= 0; correct the step before"
            )
    assumed = checked["lgd_ratio"].isna()
    filled = {"lgd_ratio": checked["lgd_ratio"].fillna(lgd_ratio), "vat_ratio": checked["vat_ratio"].fillna(0.0)}
    return checked.assign(**filled, is_lgd_assumed=assumed)


def cover(exposures: DataFrame, *, policy: Policy) -> DataFrame:
    """Return the limit and insured share a policy gives to each customer.

    A named limit above zero covers at the named share; a named limit of zero is a refusal; a customer without named
    limit is covered up to the discretionary limit at the discretionary share where its payments or a report justify
    it. Customers that are not insurable, that are sold to beyond the maximum credit period, and those without any
    limit are not covered. Named limits are those the policy lists, else those in force; a top-up has its share of
    them, above them.

    Parameters
    ----------
    exposures : table `exposures`, checked
    policy : policy or quote

    Returns
    -------
    DataFrame with one row per customer in the order of `exposures`: ``customer_id``, ``cover_code``,
    ``limit_amount`` (in the basis of the policy), ``insured_ratio``, ``covered_amount`` (without VAT, run currency).
    The codes: ``named discretionary refused no_limit not_justified over_credit_period not_insurable``
    """
    named, discretionary = _named_limits(exposures, policy), _discretionary_limit(policy)
    justified = exposures["is_discretionary_justified"].astype(bool)
    without = justified.map({True: "discretionary", False: "not_justified"}) if discretionary > 0 else "no_limit"
    code = Series("named", exposures.index, dtype="str").mask(named.eq(0.0), "refused").mask(named.isna(), without)
    code = code.mask(_is_over_credit_period(exposures, policy), "over_credit_period")
    code = code.mask(~exposures["is_insurable"].astype(bool), "not_insurable")
    limit = named.where(code.eq("named"), 0.0).mask(code.eq("discretionary"), discretionary).astype("float64")
    share = policy.insured_percentage
    ratio = code.map({"named": share.named_ratio, "discretionary": share.discretionary_ratio}).fillna(0.0)
    highest = exposures["country_code"].map(dict(share.country_ratios)).astype("float64").fillna(1.0)
    vat = 1.0 + exposures["vat_ratio"].fillna(0.0) if policy.is_vat_included else 1.0
    return DataFrame(
        {
            "customer_id": exposures["customer_id"],
            "cover_code": code.astype("str"),
            "limit_amount": limit,
            "insured_ratio": np.minimum(ratio.astype("float64"), highest),
            "covered_amount": np.minimum(exposures["exposure_amount"], limit / vat),
        }
    )


def no_cover(exposures: DataFrame) -> DataFrame:
    """Return the cover table of the option without policy: no limit for anybody."""
    return DataFrame(
        {
            "customer_id": exposures["customer_id"],
            "cover_code": Series("no_policy", exposures.index, dtype="str"),
            "limit_amount": 0.0,
            "insured_ratio": 0.0,
            "covered_amount": 0.0,
        }
    )


def policy_cost(exposures: DataFrame, *, policy: Policy) -> Cost:
    """Return premium, fees and tax of a policy for a book of customers.

    Parameters
    ----------
    exposures : table `exposures`, checked
    policy : policy or quote
    """
    return policy.cost(exposures, cover(exposures, policy=policy))


def _named_limits(exposures: DataFrame, policy: Policy) -> Series:
    """Named limit of each customer under the policy; NaN = none named."""
    in_force = exposures["buyer_limit_amount"].astype("float64")
    top_up = policy.find(TopUpLimit)
    if top_up is not None:
        return Series(top_up.limits(in_force.to_numpy()), exposures.index).where(in_force.notna())
    listed = dict(policy.buyer_limit.limit_amounts)
    return exposures["customer_id"].map(listed).astype("float64") if listed else in_force


def _discretionary_limit(policy: Policy) -> float:
    limit = policy.find(BuyerLimit)
    return limit.discretionary_limit_amount if limit else 0.0


def _is_over_credit_period(exposures: DataFrame, policy: Policy) -> Series:
    period = policy.find(CreditPeriod)
    terms = exposures["terms_days"].to_numpy(dtype="float64")
    return Series(period.is_beyond(terms) if period else False, exposures.index, dtype="bool")
