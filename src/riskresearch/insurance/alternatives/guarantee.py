"""Guarantees of a bank on chosen customers: standby letter, first-demand guarantee, confirmed documentary credit."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Literal, Self
from zlib import crc32

import numpy as np
from pandas import DataFrame, Series
from pydantic import Field, model_validator

from riskresearch.base.errors import SettingsError, first_keys
from riskresearch.insurance.alternatives.base import Alternative, transferred
from riskresearch.insurance.claims import Array
from riskresearch.insurance.cost import Cost
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.options import wait_cost
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation.counters import keys, uniform, year_keys
from riskresearch.insurance.tables import GUARANTEE_REFUSED
from riskresearch.insurance.terms import Amount, Days, Ratio
from riskresearch.insurance.waterfall import Settlement


class Guarantee(Alternative):
    """A bank pays what a chosen customer owes, up to an amount; a refused set of documents pays nothing."""

    kind: Literal["guarantee"] = "guarantee"
    amounts: Mapping[str, Amount] = Field(
        default_factory=dict,
        description="guaranteed amount by customer, insurable or not, VAT included; empty = the largest exposures",
    )
    n_largest: int = Field(0, ge=0, description="insurable customers with the largest exposures that are guaranteed")
    exposure_share_ratio: Ratio = Field(1.0, description="n_largest: guaranteed share of the exposure, 0-1")
    commission_ratio: Ratio = Field(description="yearly commission per unit guaranteed, 0-1")
    flat_amount: Amount = Field(0.0, description="fixed fees per guarantee and year")
    seller_share_ratio: Ratio = Field(1.0, description="share of commission and fees the seller pays, 0-1")
    refusal_ratio: Ratio = Field(
        0.0, description="share of calls the bank refuses (documents that do not conform, bank in default), 0-1"
    )
    payment_days: Days = Field(15, description="days from the call to the payment")

    @model_validator(mode="after")
    def _names_customers(self) -> Self:
        if bool(self.amounts) == (self.n_largest > 0):
            raise ValueError("give either amounts by customer or n_largest above 0")
        return self

    def option(self, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
        """Return what the bank pays of each default, at its commission and fees."""
        policy = self.contract(
            [
                {"kind": "buyer_limit", "discretionary_limit_amount": 0.0, "limit_amounts": self._limits(exposures)},
                {"kind": "insured_percentage", "named_ratio": 1.0, "discretionary_ratio": 0.0},
                {"kind": "limit_cuts", "is_possible": False},
                {"kind": "waiting_period", **dict.fromkeys(_DAYS, self.payment_days)},
                {"kind": "premium", "rate_ratio": 0.0},
            ]
        )
        covers = cover(exposures.assign(is_insurable=True), policy=policy)  # a bank is no insurer
        settled = self._honoured(
            transferred(events, exposures, settings, policy=policy, covers=covers), events, seed=settings.seed
        )
        given = covers.loc[covers["limit_amount"] > 0, "limit_amount"]
        cost = Cost(
            float(exposures.loc[given.index, "turnover_amount"].sum()),
            len(given),
            float(given.sum()) * self.commission_ratio * self.seller_share_ratio,
            len(given) * self.flat_amount * self.seller_share_ratio,
            0.0,
            0.0,
        )
        waited = wait_cost(events, settled.paid, policy=policy, rate_ratio=settings.financing_rate_ratio)
        return self.made(
            events, exposures, settings, settled=settled, covers=covers, cost=cost, financing=events.by_year(waited)
        )

    def _limits(self, exposures: DataFrame) -> dict[str, float]:
        """Guaranteed amount by customer, VAT included."""
        if self.amounts:
            unknown = Series(sorted(set(self.amounts) - set(exposures["customer_id"])), dtype="str")
            if len(unknown):
                raise SettingsError(
                    f"alternative {self.alternative_id}: amounts: {len(unknown)} customers ({first_keys(unknown)}) are "
                    "not in the book; correct their customer_id or take them out"
                )
            return {customer: float(amount) for customer, amount in self.amounts.items()}
        owed = exposures["exposure_amount"] * (1.0 + exposures["vat_ratio"].fillna(0.0)) * self.exposure_share_ratio
        largest = exposures.assign(owed=owed)[exposures["is_insurable"].astype(bool)]
        largest = largest.sort_values(["owed", "customer_id"], ascending=[False, True]).head(self.n_largest)
        return dict(zip(largest["customer_id"].astype(str), largest["owed"].astype(float), strict=True))

    def _honoured(self, settled: Settlement, events: Events, *, seed: int) -> Settlement:
        """Take out the calls the bank refuses: each customer's in a year, whoever else defaults."""
        digests = [blake2b(str(customer).encode(), digest_size=8).digest() for customer in events.customer_ids]
        who = np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)[events.customer]
        key = keys(year_keys(events.year.astype(np.int64), seed=seed), _REFUSALS + crc32(self.alternative_id.encode()))
        refused = uniform(key, who) < self.refusal_ratio
        lost: Array = np.where(refused, settled.paid, 0.0)
        reasons = {**settled.reasons, GUARANTEE_REFUSED: lost}
        contract_paid = np.where(refused, 0.0, settled.contract_paid)
        return replace(settled, paid=settled.paid - lost, contract_paid=contract_paid, reasons=reasons)


_REFUSALS = 2**32  # streams of chance of the guarantees follow those of the simulated years
_DAYS = ("insolvency_days", "protracted_default_days", "political_days")
