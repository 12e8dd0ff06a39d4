"""What of each open item is insured today: eligible, within the limit of its delivery, at the insured share."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claims import Array
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.book import NOT_INSURABLE
from riskresearch.insurance.portfolio.decisions import insurer_decisions
from riskresearch.insurance.terms import BuyerLimit, CreditPeriod, StopShipment

UNCOVERED = ("disputed", "over_credit_period", "after_stop_shipment", "over_limit")


def open_cover(tables: Mapping[str, DataFrame], policy: Policy, *, as_of: Timestamp) -> DataFrame:
    """Return the open items of insured customers with what of them is insured.

    The limit of a customer covers its eligible items in the order of their delivery. A cut concerns later deliveries
    only: what was delivered before stays covered up to the limit of its time (unless the policy excludes the run-off);
    a raise helps earlier deliveries too. Deliveries after the oldest undisputed unpaid due date + extension, and sales
    on terms beyond the maximum, are not covered; disputed items are not covered until the dispute is settled.

    Parameters
    ----------
    tables : ``open_invoices invoices limits customers`` and, where there is, ``exposures`` with
        ``is_discretionary_justified``
    policy : policy or quote with buyer limits; its amounts are in run currency
    as_of : last day that counts

    Returns
    -------
    DataFrame, one row per open item of a customer with cover, in the order of customer and delivery: columns of
    `open_invoices`, ``delivered_date stop_shipment_date`` (empty = no such term), ``uncovered_code`` (why nothing of
    the item is covered, empty = something is), ``covered_amount`` and ``insured_amount`` (its insured share),
    both in the policy's VAT basis

    Raises
    ------
    SettingsError
        The policy has no buyer limits of its own (a top-up).
    """
    if policy.find(BuyerLimit) is None:
        raise SettingsError(
            f"policy {policy.policy_id}: a {policy.kind} covers what exceeds the limits of "
            f"{policy.underlying_policy_id}; make the calendar of that policy"
        )
    items = _items(tables, policy)
    items = _at_delivery(items, tables, policy, as_of)
    items = items.assign(stop_shipment_date=_stop_dates(items, policy))
    items = items.assign(uncovered_code=_uncovered(items, policy))
    covered = _covered(items, policy)
    over = items["uncovered_code"].isna() & (covered <= 0)
    items = items.assign(
        uncovered_code=items["uncovered_code"].mask(over, "over_limit"),
        covered_amount=covered,
        insured_amount=covered * items["insured_ratio"],
    )
    insured = items.groupby("customer_id")[["limit_amount", "current_limit_amount"]].max().max(axis=1)
    return items[items["customer_id"].map(insured).astype("float64") > 0].reset_index(drop=True)


def _items(tables: Mapping[str, DataFrame], policy: Policy) -> DataFrame:
    """Open items of insurable customers, with delivery and the amount in the policy's VAT basis."""
    customers = tables["customers"].set_index("customer_id")
    known = tables["invoices"].set_index("invoice_id")[["delivery_date", "gross_minor", "net_minor"]]
    rows = tables["open_invoices"]
    kind = customers["customer_type_code"].reindex(rows["customer_id"]).to_numpy()
    rows = rows[(rows["open_amount"] > 0) & ~np.isin(kind, NOT_INSURABLE)]
    own = known.reindex(rows["invoice_id"]).set_axis(rows.index)
    vat = (own["gross_minor"].astype("float64") / own["net_minor"].astype("float64")).fillna(1.0).clip(lower=1.0)
    rows = rows.assign(
        delivered_date=own["delivery_date"].fillna(rows["invoice_date"]),
        basis_amount=rows["open_amount"] / (1.0 if policy.is_vat_included else vat),
        country_code=customers["country_code"].reindex(rows["customer_id"]).to_numpy(),
    )
    order = ["customer_id", "delivered_date", "due_date", "item_id"]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def _at_delivery(items: DataFrame, tables: Mapping[str, DataFrame], policy: Policy, as_of: Timestamp) -> DataFrame:
    """Limit in force when each item was delivered and today, and the insured share that goes with it."""
    decisions = insurer_decisions(tables["limits"], as_of=as_of)
    if not policy.limit_cuts.is_possible:
        decisions = decisions.assign(granted_amount=decisions.groupby("customer_id")["granted_amount"].cummax())
    named = _named(items, items["delivered_date"], decisions, policy)
    current = _named(items, Series(as_of.as_unit("us"), index=items.index), decisions, policy)
    discretionary = _discretionary(items["customer_id"], tables, policy)
    share = policy.insured_percentage
    ratio = np.where(named.fillna(current).notna(), share.named_ratio, share.discretionary_ratio)
    highest = items["country_code"].map(dict(share.country_ratios)).astype("float64").fillna(1.0)
    return items.assign(
        limit_amount=named.fillna(discretionary),
        current_limit_amount=current.fillna(discretionary),
        insured_ratio=np.minimum(ratio, highest),
    )


def _named(items: DataFrame, day: Series, decisions: DataFrame, policy: Policy) -> Series:
    """Named limit of each item's customer on a day, NaN where there is none."""
    offered = policy.buyer_limit.limit_amounts
    if offered:
        return items["customer_id"].map(dict(offered)).astype("float64")
    asked = DataFrame({"customer_id": items["customer_id"].astype("str"), "day": day.astype("datetime64[us]")})
    asked = asked.reset_index(names="row").sort_values("day", kind="stable")
    own = decisions[["customer_id", "start_date", "end_date", "granted_amount"]]
    own = own.astype({"customer_id": "str"}).sort_values("start_date", kind="stable")
    held = pd.merge_asof(asked, own, left_on="day", right_on="start_date", by="customer_id").set_index("row")
    is_live = held["end_date"].isna() | (held["end_date"] >= held["day"])
    return held["granted_amount"].astype("float64").where(is_live).reindex(items.index)


def _discretionary(customers: Series, tables: Mapping[str, DataFrame], policy: Policy) -> Series:
    """Discretionary limit of each row's customer; 0 where it is not justified."""
    amount = Series(policy.buyer_limit.discretionary_limit_amount, index=customers.index, dtype="float64")
    exposures = tables.get("exposures")
    if exposures is None or "is_discretionary_justified" not in exposures:
        return amount
    refused = exposures.loc[~exposures["is_discretionary_justified"].astype("bool"), "customer_id"]
    return amount.mask(customers.isin(refused), 0.0)


def _stop_dates(items: DataFrame, policy: Policy) -> Series:
    """Last day of covered deliveries to each item's customer, if it does not pay."""
    term = policy.find(StopShipment)
    if term is None:
        return Series(pd.NaT, index=items.index, dtype="datetime64[us]")
    oldest = items[~items["is_disputed"].astype("bool")].groupby("customer_id")["due_date"].min()
    return oldest.reindex(items["customer_id"]).set_axis(items.index) + Timedelta(days=term.extension_days)


def _uncovered(items: DataFrame, policy: Policy) -> Series:
    """Why an item is not covered at all, whatever the limit."""
    longest = policy.find(CreditPeriod)
    agreed = (items["due_date"] - items["invoice_date"]).dt.days.to_numpy("float64")
    code = Series(None, index=items.index, dtype="str")
    code = code.mask(items["delivered_date"] > items["stop_shipment_date"], "after_stop_shipment")
    if longest is not None:
        code = code.mask(Series(longest.is_beyond(agreed), index=items.index), "over_credit_period")
    return code.mask(items["is_disputed"].astype("bool"), "disputed")


def _covered(items: DataFrame, policy: Policy) -> Series:
    """Covered part of each item, the limit taken up in the order of delivery."""
    eligible = items["basis_amount"].where(items["uncovered_code"].isna(), 0.0)
    frame = DataFrame({"amount": eligible, "limit": items["limit_amount"], "current": items["current_limit_amount"]})
    parts = [
        Series(
            covered_items(
                own["amount"].to_numpy(),
                own["limit"].to_numpy(),
                current_limit_amount=float(own["current"].iloc[0]),
                is_run_off_covered=policy.limit_cuts.is_run_off_covered,
            ),
            index=own.index,
        )
        for _, own in frame.groupby(items["customer_id"])
    ]
    return pd.concat(parts).reindex(items.index) if parts else Series(dtype="float64")


def covered_items(
    amounts: Array, limits: Array, *, current_limit_amount: float, is_run_off_covered: bool = True
) -> Array:
    """Return the covered part of each unpaid delivery of one customer, oldest deliveries first.

    With the limit L(k) at delivery k and all that was delivered by then T(k): C(k) = min(T(k), max(L(k), C(k - 1))).
    Two stages, before and after a cut, are C = min(before + after, max(L new, min(before, L old))).

    Parameters
    ----------
    amounts : eligible unpaid deliveries, oldest first
    limits : limit in force at each
    current_limit_amount : limit in force today
    is_run_off_covered : False: after a cut only today's limit counts

    Examples
    --------
    >>> covered_items(np.array([150.0, 30.0]), np.array([200.0, 80.0]), current_limit_amount=80.0).tolist()
    [150.0, 0.0]
    >>> covered_items(np.array([50.0, 60.0]), np.array([200.0, 80.0]), current_limit_amount=80.0).tolist()
    [50.0, 30.0]
    """
    delivered = np.cumsum(amounts)
    covered, total = 0.0, float(delivered[-1]) if len(delivered) else 0.0
    if is_run_off_covered:
        for upto, limit in zip(delivered.tolist(), limits.tolist(), strict=True):
            covered = min(upto, max(limit, covered))
    covered = min(total, max(current_limit_amount, covered))
    return np.diff(np.minimum(delivered, covered), prepend=0.0)
