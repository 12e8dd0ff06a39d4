"""Budgets that all limits together have to keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from riskresearch.base.errors import SettingsError

AxisCode = Literal["group", "sector", "country"]
AXES: Mapping[str, str] = {"group": "group_id", "sector": "sector_code", "country": "country_code"}


@dataclass(frozen=True)
class Concentration:
    """Limits of a group, a sector or a country together, at most an amount or a share of all limits.

    Parameters
    ----------
    axis_code : ``group``, ``sector`` or ``country``
    amount : at most so much, run currency
    share_ratio : at most this share of all limits; give this or the amount
    member : the one it holds for; None = for each one
    exempt : members it does not hold for, such as the home country
    """

    axis_code: AxisCode
    amount: float | None = None
    share_ratio: float | None = None
    member: str | None = None
    exempt: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two bounds or none, and negative ones."""
        bounds = [bound for bound in (self.amount, self.share_ratio) if bound is not None]
        if self.axis_code not in AXES or len(bounds) != 1 or not bounds[0] >= 0:
            raise SettingsError(
                f"budget of {self.axis_code}: amount {self.amount} and share {self.share_ratio} are not allowed; "
                f"give one of them, 0 or more, for one of {', '.join(AXES)}"
            )


@dataclass(frozen=True)
class Budgets:
    """What may be risked in a year, and how far limits may move; None = no bound.

    Parameters
    ----------
    expected_loss_amount : sum of the expected losses, run currency
    shortfall_amount : expected shortfall of the losses of all customers together, run currency
    confidence_ratio : its confidence, for instance 0.99
    total_amount : sum of all limits, run currency
    concentrations : bounds on groups, sectors and countries
    step_ratio : largest change of a limit in force, share of it
    step_min_amount : a change up to this is allowed whatever the share, run currency
    """

    expected_loss_amount: float | None = None
    shortfall_amount: float | None = None
    confidence_ratio: float = 0.99
    total_amount: float | None = None
    concentrations: tuple[Concentration, ...] = ()
    step_ratio: float | None = None
    step_min_amount: float = 0.0

    def __post_init__(self) -> None:
        """Refuse negative bounds and a confidence outside 0-1."""
        named = ("expected_loss_amount", "shortfall_amount", "total_amount", "step_ratio", "step_min_amount")
        wrong = [name for name in named if (value := getattr(self, name)) is not None and not value >= 0]
        if wrong:
            raise SettingsError(f"budgets: {', '.join(wrong)} must be 0 or more; leave empty what is not bounded")
        if not 0 < self.confidence_ratio < 1:
            raise SettingsError(f"budgets: confidence_ratio {self.confidence_ratio} must lie between 0 and 1")
