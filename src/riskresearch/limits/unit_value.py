"""What one unit of exposure, granted for a year, earns and costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UnitValue:
    """Yearly earnings and costs of one unit of exposure, each a share of the exposure.

    Parameters
    ----------
    margin_ratio : contribution margin of the sales that one unit of exposure carries in a year
    expected_loss_ratio : probability of default × loss given default
    capital_ratio : economic capital held
    capital_charge_ratio : yearly return asked on that capital
    finance_ratio, operating_ratio : cost of money and of credit management

    Examples
    --------
    Limits of Moody's deck (domain note C1): margin 18 %, capital charge 15 % of the whole exposure, total loss. So
    any PD up to 18 − 15 = 3 % is worth it.

    >>> deck = UnitValue(margin_ratio=0.18, expected_loss_ratio=[0.00429, 0.0165, 0.0557], capital_ratio=1.0,
    ...                  capital_charge_ratio=0.15)
    >>> deck.largest_amount([15e6, 10e6, 5e6]).tolist()
    [15000000.0, 10000000.0, 0.0]
    >>> deck.value_amount([15e6, 10e6, 5e6]).round().tolist()
    [385650.0, 135000.0, -128500.0]
    """

    margin_ratio: ArrayLike
    expected_loss_ratio: ArrayLike
    capital_ratio: ArrayLike
    capital_charge_ratio: float
    finance_ratio: ArrayLike = 0.0
    operating_ratio: ArrayLike = 0.0

    @property
    def value_ratio(self) -> Floats:
        """Margin less expected loss, finance, credit management and capital charge."""
        costs = (self.expected_loss_ratio, self.finance_ratio, self.operating_ratio)
        charge = np.asarray(self.capital_ratio, float) * self.capital_charge_ratio
        return np.asarray(self.margin_ratio, float) - sum(np.asarray(cost, float) for cost in costs) - charge

    def value_amount(self, amount: ArrayLike) -> Floats:
        """Yearly value of an exposure."""
        return np.asarray(amount, float) * self.value_ratio

    def largest_amount(self, asked_amount: ArrayLike) -> Floats:
        """Largest exposure up to the one asked for whose value is not negative.

        Every part grows with the exposure, so the answer is all or nothing; what grows faster, the weight of one name
        in the portfolio, is the business of own-risk cap, loss budget and portfolio optimiser. NaN where an input is.

        Parameters
        ----------
        asked_amount : exposure asked for; infinite = without bound
        """
        value = self.value_ratio
        granted = np.where(value >= 0, np.asarray(asked_amount, float), 0.0)
        return np.where(np.isnan(value), np.nan, granted)
