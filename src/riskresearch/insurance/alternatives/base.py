"""What every alternative to a policy has, and the one question it answers: what would it have paid and cost."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal

import numpy as np
from pandas import DataFrame
from pydantic import BaseModel, ConfigDict, Field

from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.claims import Array
from riskresearch.insurance.cost import Cost
from riskresearch.insurance.events import Events
from riskresearch.insurance.outcome import Label, Option, option_of
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms.base import Text
from riskresearch.insurance.waterfall import Settlement, settle

_YEAR = {"start_date": date(2000, 1, 1), "end_date": date(2000, 12, 31)}  # a year without meaning: none is asked for


class Alternative(BaseModel):
    """An option other than a policy, on the same events, with the same figures.

    To add one, write a class with its ``kind``, its fields and the method `option`, which turns events into an
    `Option`: what is paid for each default, what it costs, and what it does to cash; then add one file to
    ``config/alternatives``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alternative_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short code, unique in a comparison")
    name: Text = Field(description="name shown to readers")
    kind: str
    status: Literal["in_force", "quote", "example"] = Field(description="signed, offered, or made up to show the use")
    provider: Text = Field(description="who offers it")
    currency_code: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 currency of every amount")
    source: Text = Field(description="document the values were read from, or who decided them")

    def option(self, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
        """Return what the alternative would have paid, left and cost in every simulated year.

        Parameters
        ----------
        events : simulated defaults
        exposures : table `exposures`, checked, of the customers of the events
        settings : settings of the stage
        """
        raise NotImplementedError

    def made(
        self,
        events: Events,
        exposures: DataFrame,
        settings: InsuranceSettings,
        *,
        settled: Settlement,
        covers: DataFrame,
        cost: Cost,
        financing: Array | float = 0.0,
        admin: float = 0.0,
    ) -> Option:
        """Return the option of what was settled, at a cost and with an effect on cash (+ = cost, each year)."""
        label = Label(self.alternative_id, self.name, self.kind)
        option = option_of(events, exposures, settled, settings, label=label, covers=covers, cost=cost, admin=admin)
        return replace(option, financing=np.broadcast_to(np.asarray(financing, dtype="float64"), option.gross.shape))

    def contract(self, terms: list[dict[str, Any]], *, kind: str = "whole_turnover") -> Policy:
        """Return terms as a policy, so that the one waterfall settles the alternative too."""
        clause = {"clause": self.name, "source": self.source}
        content = {
            "policy_id": self.alternative_id,
            "name": self.name,
            "kind": kind,
            "status": self.status,
            "insurer": self.provider,
            "currency_code": self.currency_code,
            "terms": [clause | term for term in terms],
        }
        return policy_from_mapping(content | _YEAR, where=f"alternative {self.alternative_id}")


def transferred(
    events: Events,
    exposures: DataFrame,
    settings: InsuranceSettings,
    *,
    policy: Policy,
    covers: DataFrame,
    premium_amount: float = 0.0,
) -> Settlement:
    """Return what becomes of each default under terms and limits."""
    claims = claims_of(events, exposures, covers, policy=policy, settings=settings)
    return settle(claims, policy=policy, premium_amount=premium_amount)


def outstanding(exposures: DataFrame, *, settings: InsuranceSettings) -> Array:
    """Receivables of each customer on a usual day: the exposure at default without the deliveries after the due date.

    exposure x terms / (terms + days of deliveries after the first unpaid due date); the exposure itself where the
    terms are unknown.
    """
    days = exposures["terms_days"].to_numpy(dtype="float64")
    whole = days + settings.deliveries_after_days
    share = np.divide(days, whole, out=np.ones_like(days), where=whole > 0)
    usual = np.where(np.isnan(share), 1.0, share) * exposures["exposure_amount"].to_numpy(dtype="float64")
    return np.asarray(usual)
