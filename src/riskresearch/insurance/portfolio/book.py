"""Exposures to insure: what each customer would owe at default, its limits, and what the cover depends on."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, DateOffset, Index, Series, Timestamp

from riskresearch.insurance.action_settings import JustificationSettings
from riskresearch.insurance.portfolio.decisions import insurer_decisions, known_on, limits_in_force

NOT_INSURABLE = ("public", "private", "related")
NO_SALE = ("opening_item", "finance_charge")


def exposures_to_insure(
    tables: Mapping[str, DataFrame],
    *,
    as_of: Timestamp,
    deliveries_after_days: int,
    justification: JustificationSettings | None = None,
) -> DataFrame:
    """Return table `exposures`: one row per scored customer, amounts without VAT.

    The exposure at default of a revolving account is the larger of what is open today and sales per day times terms
    plus the days deliveries go on after the first unpaid due date. A customer in default is not insurable any more.
    The insurer's limits stay in the basis of the contract. Nothing recorded after the day counts.

    Parameters
    ----------
    tables : ``scored customer_behaviour customers limits invoices ratings``
    as_of : last day that counts
    deliveries_after_days : days of deliveries after the first unpaid due date
    justification : when the seller's own file justifies a discretionary limit
    """
    scored = tables["scored"].set_index("customer_id")
    traits = customer_traits(tables, as_of=as_of, justification=justification or JustificationSettings())
    traits = traits.reindex(scored.index)
    terms = traits["terms_days"].fillna(traits["terms_days"].median()).fillna(0.0)
    revolving = traits["turnover_amount"] / 365 * (terms + deliveries_after_days)
    performing = scored["segment_code"] != "defaulted"
    owed = traits["open_amount"] / (1 + traits["vat_ratio"])
    made = traits.drop(columns=["open_amount", "size_code", "granted_date"]).assign(
        pd_12m=scored["pd_12m"].where(performing, 0.0),
        exposure_amount=np.maximum(revolving, owed).where(performing, 0.0),
        lgd_ratio=scored["lgd_ratio"],
        is_insurable=performing & traits["is_insurable"],
    )
    return made.reset_index()


def customer_traits(
    tables: Mapping[str, DataFrame], *, as_of: Timestamp, justification: JustificationSettings
) -> DataFrame:
    """Return what cover depends on for every customer account, indexed by customer_id.

    Parameters
    ----------
    tables : ``customer_behaviour customers limits invoices ratings``
    as_of : last day that counts
    justification : when the seller's own file justifies a discretionary limit

    Returns
    -------
    DataFrame ``buyer_limit_amount limit_source requested_limit_amount granted_date is_discretionary_justified
    is_insurable sector_code country_code size_code group_id terms_days vat_ratio turnover_amount open_amount``;
    ``turnover_amount`` is without VAT, ``open_amount`` with VAT
    """
    customers = tables["customers"].set_index("customer_id")
    behaviour = tables["customer_behaviour"].set_index("customer_id").reindex(customers.index)
    force = limits_in_force(insurer_decisions(tables["limits"], as_of=as_of), as_of=as_of).reindex(customers.index)
    vat = vat_ratios(tables["invoices"], as_of=as_of).reindex(customers.index).fillna(0.0)
    limit = force["granted_amount"]
    justified = discretionary_justified(tables, justification, as_of=as_of)
    return customers[["sector_code", "country_code", "size_code", "group_id"]].assign(
        buyer_limit_amount=limit,
        limit_source=Series("insurer", index=customers.index, dtype="str").where(limit.notna()),
        requested_limit_amount=force["requested_amount"],
        granted_date=force["start_date"],
        is_discretionary_justified=justified.reindex(customers.index),
        is_insurable=~customers["customer_type_code"].isin(NOT_INSURABLE),
        terms_days=behaviour["terms_days"],
        vat_ratio=vat,
        turnover_amount=behaviour["sales_amount_12m"].clip(lower=0).fillna(0.0) / (1 + vat),
        open_amount=behaviour["open_amount"].fillna(0.0),
    )


def vat_ratios(invoices: DataFrame, *, as_of: Timestamp) -> Series:
    """Return VAT per unit of the amount without VAT by customer, from its invoices of 12 months, else from all.

    Parameters
    ----------
    invoices : table `invoices`; those without ``net_minor`` tell nothing
    as_of : last day that counts
    """
    known = known_on(invoices, "invoice_date", as_of=as_of)
    known = known[known["net_minor"].notna() & known["net_minor"].gt(0) & ~known["invoice_kind_code"].isin(NO_SALE)]
    net = known["base_minor"] * (known["net_minor"] / known["gross_minor"])
    amounts = DataFrame({"gross": known["base_minor"].astype("float64"), "net": net.astype("float64")})
    recent = known["invoice_date"] > as_of - DateOffset(months=12)
    every, last = (part.groupby(known["customer_id"]).sum() for part in (amounts, amounts[recent]))
    return last["gross"].div(last["net"]).combine_first(every["gross"].div(every["net"])).sub(1.0).clip(lower=0.0)


def discretionary_justified(
    tables: Mapping[str, DataFrame], settings: JustificationSettings, *, as_of: Timestamp
) -> Series:
    """Tell by customer whether its payment record, or a report of a bureau or agency, justifies a discretionary limit.

    Parameters
    ----------
    tables : ``customer_behaviour limits ratings``
    settings : what makes a record
    as_of : last day that counts
    """
    paid = tables["customer_behaviour"].set_index("customer_id")
    record = paid["n_receipts_12m"].ge(settings.minimum_receipts)
    record &= paid["days_beyond_terms_12m"].le(settings.maximum_late_days).fillna(False)
    since = as_of - DateOffset(months=settings.record_months)
    bureau = known_on(tables["limits"], "start_date", as_of=as_of)
    bureau = bureau[
        bureau["limit_kind_code"].eq("bureau") & bureau["base_minor"].gt(0) & (bureau["start_date"] > since)
    ]
    ratings = known_on(tables["ratings"], "rating_date", as_of=as_of)
    reported = Index(pd.concat([bureau["customer_id"], ratings.loc[ratings["rating_date"] > since, "customer_id"]]))
    return record.astype(bool) | Series(paid.index.isin(reported), index=paid.index)
