"""Cover terms on one claim: limit, threshold, first losses, share, minimum retention."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms.base import Amount, ClaimCover, Country, Level, LossTerm, Ratio

TopUpRatio = Annotated[float, Field(strict=True, ge=0, le=10, allow_inf_nan=False)]


class BuyerLimit(LossTerm):
    """The insurer covers a customer up to the limit it granted by name, else up to the discretionary limit.

    A named limit of zero is a refusal and beats the discretionary limit; without named and discretionary limit
    the customer is not covered. A discretionary limit must be justified by the customer's payments or a report.
    """

    level: ClassVar[Level] = Level.CUSTOMER
    kind: Literal["buyer_limit"] = "buyer_limit"
    place: ClassVar[float] = 3.0
    reason: ClassVar[str] = "over_limit"
    sets_covered: ClassVar[bool] = True
    discretionary_limit_amount: Amount = Field(
        description="covered debt of a customer without named limit, policy currency; 0 = named customers only",
        examples=[10_000.0],
    )
    limit_amounts: Mapping[str, Amount] = Field(
        default_factory=dict,
        description="named limits this policy offers, by customer, policy currency; empty = those now in force",
    )

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the covered part of each loss."""
        return np.minimum(amounts, cover.limit_amount)


class TopUpLimit(LossTerm):
    """A second insurer covers what exceeds the first insurer's named limit, up to a share of that limit.

    Source of the rule: PagesJaunes, professional guide to credit insurance.
    """

    level: ClassVar[Level] = Level.CUSTOMER
    kind: Literal["top_up_limit"] = "top_up_limit"
    place: ClassVar[float] = 3.1
    reason: ClassVar[str] = "over_top_up_limit"
    sets_covered: ClassVar[bool] = True
    limit_ratio: TopUpRatio = Field(description="top-up limit / named limit of the first insurer", examples=[0.5])
    maximum_amount: Amount | None = Field(
        None, description="largest top-up limit of a customer, policy currency; empty = none"
    )

    def limits(self, named_limit_amount: Array) -> Array:
        """Return the top-up limit over each named limit; none (NaN) or zero gives zero.

        Examples
        --------
        >>> term = TopUpLimit(limit_ratio=0.5, maximum_amount=60.0, clause="example", source="example")
        >>> term.limits(np.array([100.0, 200.0, np.nan])).tolist()
        [50.0, 60.0, 0.0]
        """
        most = np.inf if self.maximum_amount is None else self.maximum_amount
        return np.minimum(np.nan_to_num(named_limit_amount) * self.limit_ratio, most)

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the part of each layer that the top-up covers."""
        return np.minimum(amounts, cover.limit_amount)


class Threshold(LossTerm):
    """Non-qualifying loss: a covered loss that is not above the threshold pays nothing and uses up no first loss.

    Above the threshold the loss counts from the first euro.
    """

    kind: Literal["threshold"] = "threshold"
    place: ClassVar[float] = 4.0
    reason: ClassVar[str] = "threshold"
    sets_covered: ClassVar[bool] = True
    amount: Amount = Field(description="threshold per loss, policy currency", examples=[1_000.0])
    is_reached_at_equality: bool = Field(
        False, strict=True, description="a loss equal to the threshold qualifies (wording 'from' instead of 'above')"
    )

    def qualifies(self, amounts: Array) -> npt.NDArray[np.bool_]:
        """Tell which covered losses qualify."""
        return amounts >= self.amount if self.is_reached_at_equality else amounts > self.amount

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the qualifying losses; the others pay nothing."""
        return np.where(self.qualifies(amounts), amounts, 0.0)


class DeductedFirstLoss(LossTerm):
    """Each-and-every first loss on the loss: the insured bears this amount of every loss, before the share."""

    kind: Literal["deducted_first_loss"] = "deducted_first_loss"
    place: ClassVar[float] = 5.0
    reason: ClassVar[str] = "deducted_first_loss"
    amount: Amount = Field(description="borne per loss, policy currency", examples=[500.0])

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return what exceeds the first loss."""
        return np.maximum(amounts - self.amount, 0.0)


class InsuredPercentage(LossTerm):
    """The insurer bears this share of the covered loss; the insured keeps the rest of every loss."""

    kind: Literal["insured_percentage"] = "insured_percentage"
    place: ClassVar[float] = 6.0
    reason: ClassVar[str] = "insured_share"
    named_ratio: Ratio = Field(description="insured share under a named limit, 0-1", examples=[0.9])
    discretionary_ratio: Ratio = Field(description="insured share under the discretionary limit, 0-1", examples=[0.6])
    country_ratios: Mapping[Country, Ratio] = Field(
        default_factory=dict, description="highest insured share of customers of a country, by ISO code, 0-1"
    )

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return the insured share of each loss."""
        return amounts * cover.insured_ratio


class MinimumRetention(LossTerm):
    """The insured keeps at least this amount of every covered loss, or its share where that is more.

    Source of the rule: Rycroft Associates, on first losses.
    """

    kind: Literal["minimum_retention"] = "minimum_retention"
    place: ClassVar[float] = 7.0
    reason: ClassVar[str] = "minimum_retention"
    amount: Amount = Field(description="least kept per covered loss, policy currency", examples=[1_000.0])

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return each indemnity, at most the covered loss less the minimum."""
        return np.minimum(amounts, np.maximum(cover.covered_amount - self.amount, 0.0))


class IndemnityFirstLoss(LossTerm):
    """Each-and-every first loss on the indemnity: the insured bears this amount of every indemnity."""

    kind: Literal["indemnity_first_loss"] = "indemnity_first_loss"
    place: ClassVar[float] = 8.0
    reason: ClassVar[str] = "indemnity_first_loss"
    amount: Amount = Field(description="borne per indemnity, policy currency", examples=[500.0])

    def payable(self, amounts: Array, *, cover: ClaimCover) -> Array:
        """Return what exceeds the first loss."""
        return np.maximum(amounts - self.amount, 0.0)
