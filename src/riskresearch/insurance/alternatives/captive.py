"""A captive: the group keeps a layer of each year's claims in a company of its own and reinsures what exceeds it."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pandas import DataFrame
from pydantic import Field

from riskresearch.insurance.alternatives.base import Alternative, transferred
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover, policy_cost
from riskresearch.insurance.options import wait_cost
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.tables import CAPTIVE_RETENTION
from riskresearch.insurance.terms import AggregateFirstLoss, Amount, Ratio
from riskresearch.insurance.waterfall import Settlement

Terms = Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


class Captive(Alternative):
    """Captive with reinsurance, seen from the group: premium and claims between company and captive cancel out.

    The group keeps what the captive keeps. It pays the reinsurance, the insurer that fronts the policy, the captive's
    management, the tax on the direct premium, and the cost of the capital that is locked in.
    """

    kind: Literal["captive"] = "captive"
    reinsurance: Terms = Field(
        description="terms as in a policy of kind excess_of_loss; the aggregate first loss is what the captive keeps "
        "of a year, the premium that of the reinsurance"
    )
    direct_premium_amount: Amount = Field(description="premium the company pays to the fronting insurer, per year")
    fronting_ratio: Ratio = Field(description="share of the direct premium the fronting insurer keeps, 0-1")
    tax_ratio: Ratio = Field(0.0, description="insurance premium tax on the direct premium, 0-1")
    management_amount: Amount = Field(0.0, description="yearly cost of running the captive")
    capital_amount: Amount = Field(0.0, description="capital locked in the captive")
    funding_spread_ratio: Ratio = Field(
        0.0, description="yearly cost of funding that capital less what it earns; the charge for risk comes on top"
    )

    def option(self, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
        """Return the captive seen from the group."""
        policy = self.contract(list(self.reinsurance), kind="excess_of_loss")
        covers, price = cover(exposures, policy=policy), policy_cost(exposures, policy=policy)
        settled = transferred(
            events, exposures, settings, policy=policy, covers=covers, premium_amount=price.premium_amount
        )
        running = self.direct_premium_amount * self.fronting_ratio + self.management_amount
        locked = self.capital_amount * self.funding_spread_ratio
        cost = replace(
            price,
            fees_amount=price.fees_amount + running + locked,
            tax_amount=price.tax_amount + self.direct_premium_amount * self.tax_ratio,
            tax_ratio=0.0,
        )
        waited = wait_cost(events, settled.paid, policy=policy, rate_ratio=settings.financing_rate_ratio)
        return self.made(
            events,
            exposures,
            settings,
            settled=_kept_in_captive(settled),
            covers=covers,
            cost=cost,
            financing=events.by_year(waited),
            admin=settings.own_admin_amount,
        )


def _kept_in_captive(settled: Settlement) -> Settlement:
    """Name what the captive keeps after it."""
    reasons = dict(settled.reasons)
    reasons[CAPTIVE_RETENTION] = reasons.pop(AggregateFirstLoss.model_fields["kind"].default)
    return replace(settled, reasons=reasons)
