"""Break-even premium: the price at which buying a policy costs what self-insurance costs."""

import numpy as np
from scipy.optimize import brentq

from riskresearch.insurance.claims import Array
from riskresearch.insurance.figures import NORMAL_95, figure
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import SELF_INSURANCE

NAME = "break_even_premium_amount"
LOW, HIGH = "break_even_premium_low_amount", "break_even_premium_high_amount"
_STEP = 0.01  # relative step of the slope of the cost in the premium
_DOUBLINGS = 60
_SMALL = 1e-6  # of the premium without adjustments: where the search begins


def break_even(option: Option, *, benefit: Array) -> dict[str, float]:
    """Return the break-even premium before tax with standard error and 95 % interval.

    The premium P* at which the economic cost is that of self-insurance, limits and maximum unchanged::

        (P* + fees) (1 + tax ratio) + E[adjustment at P*] + E[financing] + administration
            = E[indemnity] + c (capital without - capital with)

    Bonus, malus and profit share depend on the premium, so they are computed anew at P*; without them
    P* = (right side - financing - administration) / (1 + tax ratio) - fees. The standard error is that of the yearly
    difference of both sides at P*, over the slope of the left side. Below zero, the policy costs more than
    self-insurance even free of charge. Empty for options that transfer nothing.

    Parameters
    ----------
    option : the option
    benefit : one number per year whose mean is the right side
    """
    if option.kind_code == SELF_INSURANCE or (option.policy is None and not option.indemnity.any()):
        return dict.fromkeys((NAME, f"{NAME}_se", LOW, HIGH), np.nan)
    worth = benefit - option.financing - option.admin_amount
    premium = _solve(option, option.mean(worth))
    scores = worth - option.adjustment_at(premium) if premium > 0 else worth
    slope = _slope(option, premium)
    error = figure(NAME, scores, option)[f"{NAME}_se"] / slope
    margin = NORMAL_95 * error
    return {NAME: premium, f"{NAME}_se": error, LOW: premium - margin, HIGH: premium + margin}


def _solve(option: Option, worth: float) -> float:
    """Premium whose cost is worth it; the formula without adjustments where that is exact."""
    factor, fees = 1.0 + option.cost.tax_ratio, option.cost.fees_amount
    plain = worth / factor - fees

    def excess(premium: float) -> float:
        return (premium + fees) * factor + option.mean(option.adjustment_at(premium)) - worth

    if plain <= 0 or not option.layers or option.mean(np.abs(option.adjustment_at(plain))) == 0.0:
        return plain
    high = plain
    for _ in range(_DOUBLINGS):
        if excess(high) >= 0:
            break
        high *= 2.0
    return float(brentq(excess, _SMALL * plain, high, xtol=1e-9 * high, rtol=1e-12))


def _slope(option: Option, premium: float) -> float:
    """Growth of the yearly cost with the premium: 1 + tax ratio, and what adjustments add or take."""
    factor = 1.0 + option.cost.tax_ratio
    if premium <= 0 or not option.layers:
        return factor
    low, high = ((1.0 - _STEP) * premium, (1.0 + _STEP) * premium)
    grown = option.mean(option.adjustment_at(high)) - option.mean(option.adjustment_at(low))
    return max(factor + grown / (high - low), factor * _STEP)
