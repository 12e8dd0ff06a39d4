"""The use made of a policy on a day: customers, decisions, deliveries, declarations and claims, ready to be counted."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.policy import Policy

INELIGIBLE = ("disputed", "over_credit_period", "after_stop_shipment", "late_declaration")
NO_COVER_CAUSES = ("out_of_scope", "refused", "no_limit", "not_justified")
CAUSES = (*NO_COVER_CAUSES, *INELIGIBLE, "over_limit")
_CAUSE_OF_COVER = {"not_insurable": "out_of_scope", "refused": "refused", "not_justified": "not_justified"}


@dataclass(frozen=True)
class PolicyUse:
    """What the indicators of use are counted on; amounts in the basis of the contract, with VAT or without.

    Parameters
    ----------
    policy : the policy
    settings : windows and targets
    as_of : last day that counts
    customers : one row per customer account: ``customer_id sector_code country_code size_code cover_code
        limit_amount insured_ratio owed_amount``, one column ``<cause>_amount`` per cause of `INELIGIBLE` (parts of
        the amount owed, none counted twice), ``turnover_amount`` (12 months, without VAT), ``is_insurable
        is_discretionary_justified is_dormant over_days limit_start_amount pd_12m lgd_ratio``
    decisions : the insurer's decisions of the window, see `insurer_decisions`, with ``owed_at_cut_amount
        run_off_amount`` and the axes
    in_force : the decision in force of each customer, with the axes
    deliveries : invoices of the window to customers with cover: ``customer_id delivered_date amount is_over_terms
        is_after_stop is_late_buyer``
    declarations : items that had to be declared in the window: ``customer_id declare_by_date amount open_amount
        is_in_time``
    claims : claims of the window, None where none are registered
    cuts : table `cut_history`
    """

    policy: Policy
    settings: ActionSettings
    as_of: Timestamp
    customers: DataFrame
    decisions: DataFrame
    in_force: DataFrame
    deliveries: DataFrame
    declarations: DataFrame
    claims: DataFrame | None
    cuts: DataFrame

    @property
    def owed(self) -> Series:
        """Owed by each customer."""
        return self.customers["owed_amount"]

    @property
    def limit(self) -> Series:
        """Limit in force of each customer; 0 = no cover."""
        return self.customers["limit_amount"]

    @cached_property
    def within_limit(self) -> Series:
        """Owed within the limit, whether eligible or not: the insurers' own formula."""
        return Series(np.minimum(self.owed, self.limit))

    @cached_property
    def covered(self) -> Series:
        """Owed, eligible and within the limit."""
        return Series(np.minimum(self.eligible, self.limit))

    @cached_property
    def eligible(self) -> Series:
        """Owed less the parts that the terms exclude."""
        return self.owed - self.customers[[f"{cause}_amount" for cause in INELIGIBLE]].sum(axis=1)

    @cached_property
    def insured(self) -> Series:
        """Owed within the limit x insured share."""
        return self.within_limit * self.customers["insured_ratio"]

    @property
    def is_discretionary(self) -> Series:
        """Whether the customer stands under the discretionary limit, justified or not."""
        return self.customers["cover_code"].isin(["discretionary", "not_justified"])

    @property
    def all_claims(self) -> DataFrame:
        """Past claims, of six years at least; without a register it is an error to ask."""
        if self.claims is None:
            raise ValueError("no register of claims; indicators on claims must declare needs_claims")
        return self.claims

    @property
    def recent_claims(self) -> DataFrame:
        """Claims declared in the months of the setting."""
        since = self.as_of - DateOffset(months=self.settings.claims_months)
        return self.all_claims[self.all_claims["declared_date"] > since]

    @cached_property
    def causes(self) -> DataFrame:
        """What is owed and not covered, by customer and cause; the causes add up to owed - covered."""
        code = self.customers["cover_code"]
        cause = code.map(_CAUSE_OF_COVER).where(self.limit.eq(0), None).fillna("no_limit")
        parts = {name: self.owed.where(self.limit.eq(0) & cause.eq(name), 0.0) for name in NO_COVER_CAUSES}
        parts |= {name: self.customers[f"{name}_amount"].where(self.limit.gt(0), 0.0) for name in INELIGIBLE}
        parts["over_limit"] = (self.eligible - self.limit).clip(lower=0).where(self.limit.gt(0), 0.0)
        return DataFrame(parts)

    def part(self, axis: str, member: str) -> "PolicyUse":
        """Return the use by the customers of one member of an axis."""
        return self.only(self.customers.loc[self.customers[axis].eq(member), "customer_id"])

    def only(self, customer_ids: Series) -> "PolicyUse":
        """Return the use by some customers; cuts before defaults stay those of the whole book."""
        return replace(
            self,
            customers=_of(self.customers, customer_ids),
            decisions=_of(self.decisions, customer_ids),
            in_force=_of(self.in_force, customer_ids),
            deliveries=_of(self.deliveries, customer_ids),
            declarations=_of(self.declarations, customer_ids),
            claims=None if self.claims is None else _of(self.claims, customer_ids),
        )

    def month(self, month: pd.Period) -> "PolicyUse":
        """Return the use with the decisions of one month."""
        is_month = self.decisions["start_date"].dt.to_period("M") == month
        return replace(self, decisions=self.decisions[is_month])


def _of(frame: DataFrame, customer_ids: Series) -> DataFrame:
    return frame[frame["customer_id"].isin(customer_ids)].reset_index(drop=True)
