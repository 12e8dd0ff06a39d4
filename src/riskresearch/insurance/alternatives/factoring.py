"""Factoring: invoices are sold for cash; with recourse unpaid ones come back, without recourse approved ones do not."""

from dataclasses import replace
from typing import Literal

from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.insurance.alternatives.base import Alternative, outstanding, transferred
from riskresearch.insurance.cost import Cost
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover, no_cover
from riskresearch.insurance.options import wait_cost
from riskresearch.insurance.outcome import Option, nothing_paid
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import Amount, Days, Ratio


class Factoring(Alternative):
    """Service and advance, common to both kinds of factoring.

    Source of the rules: factoring guides (advance of 80-90 %, guarantee fund of about 10 %).
    """

    service_fee_ratio: Ratio = Field(description="fee per unit of the turnover sold to the factor, 0-1")
    minimum_fee_amount: Amount = Field(0.0, description="least fee of a year")
    advance_ratio: Ratio = Field(
        description="cash advanced per unit of receivables, 0-1; guarantee fund and reserve make up the rest"
    )
    advance_rate_ratio: Ratio = Field(description="yearly interest on the advance, 0-1")
    collection_saving_amount: Amount = Field(
        0.0, description="yearly cost of own collection the factor's service saves"
    )

    def fee(self, turnover_amount: float) -> float:
        """Service fee of a year."""
        return max(self.service_fee_ratio * turnover_amount, self.minimum_fee_amount)

    def advance_cost(self, exposures: DataFrame, *, sold: Series, settings: InsuranceSettings) -> float:
        """Interest on the advance less what the same cash costs the company elsewhere; below 0 a gain."""
        receivables = float(outstanding(exposures, settings=settings)[sold.to_numpy()].sum())
        return receivables * self.advance_ratio * (self.advance_rate_ratio - settings.financing_rate_ratio)


class FactoringWithRecourse(Factoring):
    """Finance only: what a customer does not pay comes back to the seller."""

    kind: Literal["factoring_with_recourse"] = "factoring_with_recourse"

    def option(self, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
        """Return the losses of self-insurance with the cost and the cash of the factor."""
        sold = exposures["is_insurable"].astype(bool)
        turnover = float(exposures.loc[sold, "turnover_amount"].sum())
        return self.made(
            events,
            exposures,
            settings,
            settled=nothing_paid(events, settings=settings),
            covers=no_cover(exposures),
            cost=Cost(turnover, 0, 0.0, self.fee(turnover), 0.0, 0.0),
            financing=self.advance_cost(exposures, sold=sold, settings=settings),
            admin=-self.collection_saving_amount,
        )


class FactoringWithoutRecourse(Factoring):
    """The factor bears the insolvency of the customers it approves, up to its approval of each."""

    kind: Literal["factoring_without_recourse"] = "factoring_without_recourse"
    commission_ratio: Ratio = Field(description="guarantee commission per unit of approved turnover, 0-1")
    guaranteed_ratio: Ratio = Field(1.0, description="share of an approved debt the factor bears, 0-1")
    approval_ratio: float = Field(
        1.0, ge=0, le=10, description="the factor's approval of a customer / the insurer's named limit in force"
    )
    maximum_amount: Amount | None = Field(None, description="most the factor bears in a year; empty = no maximum")
    is_approval_cuttable: bool = Field(True, description="the factor may cut approvals for later sales")
    payment_days: Days = Field(0, description="days after the due date at which the factor bears an unpaid debt")

    def option(self, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
        """Return what the factor bears of each default, at its commission, fee and advance."""
        policy = self._contract()
        covers = cover(exposures, policy=policy)
        covers = covers.assign(limit_amount=covers["limit_amount"] * self.approval_ratio)
        covers = covers.assign(covered_amount=exposures["exposure_amount"].clip(upper=_net(covers, exposures)))
        approved = covers["limit_amount"] > 0
        sold = exposures["is_insurable"].astype(bool)
        turnover = exposures["turnover_amount"]
        cost = Cost(
            float(turnover[sold].sum()),
            int(approved.sum()),
            self.commission_ratio * float(turnover[approved].sum()),
            self.fee(float(turnover[sold].sum())),
            0.0,
            0.0,
        )
        settled = transferred(events, exposures, settings, policy=policy, covers=covers)
        waited = wait_cost(events, settled.paid, policy=policy, rate_ratio=settings.financing_rate_ratio)
        option = self.made(
            events,
            exposures,
            settings,
            settled=settled,
            covers=covers,
            cost=cost,
            financing=events.by_year(waited * (1.0 - self.advance_ratio)),
            admin=-self.collection_saving_amount,
        )
        advance = self.advance_cost(exposures, sold=sold, settings=settings)
        return replace(option, financing=option.financing + advance)

    def _contract(self) -> Policy:
        days = dict.fromkeys(("insolvency_days", "protracted_default_days", "political_days"), self.payment_days)
        terms = [
            {"kind": "buyer_limit", "discretionary_limit_amount": 0.0},
            {"kind": "insured_percentage", "named_ratio": self.guaranteed_ratio, "discretionary_ratio": 0.0},
            {"kind": "limit_cuts", "is_possible": self.is_approval_cuttable},
            {"kind": "waiting_period", **days},
            {"kind": "premium", "rate_ratio": 0.0},
        ]
        most = [] if self.maximum_amount is None else [{"kind": "maximum_liability", "amount": self.maximum_amount}]
        return self.contract(terms + most)


def _net(covers: DataFrame, exposures: DataFrame) -> Series:
    """Approvals without VAT."""
    return covers["limit_amount"] / (1.0 + exposures["vat_ratio"].fillna(0.0))
