"""Exposures to insure, and the cover a policy gives to each customer."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import check
from riskresearch.insurance.policy import Cost, Policy
from riskresearch.insurance.tables import EXPOSURES

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "pd_12m": (0.0, 1.0),
    "lgd_ratio": (0.0, 1.0),
    "exposure_amount": (0.0, np.inf),
    "buyer_limit_amount": (0.0, np.inf),
    "turnover_amount": (0.0, np.inf),
}


def check_exposures(exposures: DataFrame, *, lgd_ratio: float) -> DataFrame:
    """Return the exposures sorted by customer, with every loss given default filled in.

    Parameters
    ----------
    exposures : table `exposures`
            customer_id  pd_12m  exposure_amount  lgd_ratio  buyer_limit_amount  limit_source  turnover_amount
            C001           0.02         80000.00       0.40           100000.00       insurer        480000.00
            C002           0.05         12000.00        NaN                 NaN          None         90000.00
        and ``is_insurable`` (True, False)
    lgd_ratio : mean loss given default of customers without one (0-1)

    Returns
    -------
    the table with the column ``is_lgd_assumed`` added, one row per customer

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
    return checked.assign(lgd_ratio=checked["lgd_ratio"].fillna(lgd_ratio), is_lgd_assumed=assumed)


def cover(exposures: DataFrame, *, policy: Policy) -> DataFrame:
    """Return the limit and insured share a policy gives to each customer.

    A named limit above zero covers at the named share; a named limit of zero is a refusal; a customer without named
    limit is covered up to the discretionary limit at the discretionary share; customers that are not insurable, and
    those without any limit, are not covered.

    Parameters
    ----------
    exposures : table `exposures`, checked
    policy : policy or quote

    Returns
    -------
    DataFrame with one row per customer in the order of `exposures`: ``customer_id cover_code limit_amount
    insured_ratio covered_amount``
    """
    discretionary = policy.buyer_limit.discretionary_limit_amount
    named = exposures["buyer_limit_amount"]
    code = Series("named", exposures.index, dtype="str")
    code = code.mask(named.eq(0.0), "refused").mask(named.isna(), "discretionary" if discretionary > 0 else "no_limit")
    code = code.mask(~exposures["is_insurable"].astype(bool), "not_insurable")
    limit = named.where(code.eq("named"), 0.0).mask(code.eq("discretionary"), discretionary)
    share = policy.insured_percentage
    ratio = code.map({"named": share.named_ratio, "discretionary": share.discretionary_ratio}).fillna(0.0)
    return DataFrame(
        {
            "customer_id": exposures["customer_id"],
            "cover_code": code,
            "limit_amount": limit.astype("float64"),
            "insured_ratio": ratio.astype("float64"),
            "covered_amount": np.minimum(exposures["exposure_amount"], limit),
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
    covers = cover(exposures, policy=policy)
    turnover = exposures["turnover_amount"]
    insurable = exposures["is_insurable"].astype(bool)
    return policy.cost(
        insurable_turnover_amount=float(turnover[insurable].sum()),
        covered_turnover_amount=float(turnover[covers["limit_amount"] > 0].sum()),
        n_limits=int(covers["cover_code"].eq("named").sum()),
    )
