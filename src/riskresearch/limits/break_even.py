"""Probability of default up to which a sale on account is worth its risk, for one order and for a relation."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def break_even_pd(
    price: ArrayLike, *, variable_cost: ArrayLike, finance_cost: ArrayLike, recovered_ratio: ArrayLike
) -> Floats:
    """Return the probability of default at which one order neither gains nor loses.

    PD* = (P − C − f) / (P (1 − rec)), from 0 (never worth it) to 1 (always). The margin counts in full and the loss is
    on the price less what is recovered of it, so a seller with a margin of 30 % loses 70 of its own money in 100.
    PD* is that of the order over its own term, not that of a year: compare with `order_pd`. Source: domain note C2.

    Parameters
    ----------
    price : price of the order
    variable_cost : cost that the order alone causes
    finance_cost : interest until the money is expected
    recovered_ratio : share of the price recovered after default

    Examples
    --------
    Price 100, cost 80, finance 1: total loss, and a fifth of the price recovered.

    >>> break_even_pd(100.0, variable_cost=80.0, finance_cost=1.0, recovered_ratio=[0.0, 0.2]).round(6).tolist()
    [0.19, 0.2375]
    """
    gain, loss = _per_price(price, variable_cost, finance_cost, recovered_ratio)
    return _ratio(gain, loss)


def break_even_pd_relation(
    price: ArrayLike,
    *,
    variable_cost: ArrayLike,
    finance_cost: ArrayLike,
    recovered_ratio: ArrayLike,
    relation_months: ArrayLike,
    monthly_churn_ratio: ArrayLike,
    later_pd_ratio: ArrayLike,
) -> Floats:
    """Return the probability of default of today's order at which refusing it and losing the customer is as good.

    Granting earns today's margin and, if the order is paid, a relation worth V today: the net margin of each later
    month × the chance that the customer is still there, V = Σ_{t=1}^{T−1} g sᵗ, s = (1 − h)(1 − churn),
    g = m − h (1 − rec), not below 0 as the seller may stop. In units of the price m − PD (1 − rec) + (1 − PD) V = 0, so
    PD* = (m + V) / (1 − rec + V). With one month V = 0 and PD* is that of `break_even_pd`; it rises with the months
    and falls with churn and with later defaults. Months are not discounted. Source: domain note C2, recurrent relation.

    Parameters
    ----------
    price, variable_cost, finance_cost, recovered_ratio : of a month's order, see `break_even_pd`
    relation_months : months T that count, today's with them
    monthly_churn_ratio : share of customers that leave for other reasons, a month
    later_pd_ratio : probability of default h of a later month, once today's order has been paid

    Examples
    --------
    Margin 20, finance 1, total loss, two months, no churn, no later default: (19 + 19) / (100 + 19).

    >>> two = break_even_pd_relation(100.0, variable_cost=80.0, finance_cost=1.0, recovered_ratio=0.0,
    ...                              relation_months=2, monthly_churn_ratio=0.0, later_pd_ratio=0.0)
    >>> round(float(two), 4)
    0.3193
    """
    gain, loss = _per_price(price, variable_cost, finance_cost, recovered_ratio)
    later = np.asarray(later_pd_ratio, float)
    monthly = np.maximum(gain - later * loss, 0.0)
    survival = (1 - later) * (1 - np.asarray(monthly_churn_ratio, float))
    value = monthly * _discounted_months(survival, np.asarray(relation_months, float) - 1)
    return _ratio(gain + value, loss + value)


def order_pd(pd: ArrayLike, *, open_days: ArrayLike) -> Floats:
    """Return the probability of default while an order is open, from that of twelve months at an even hazard.

    Examples
    --------
    >>> order_pd(0.19, open_days=[365.0, 182.5]).round(4).tolist()
    [0.19, 0.1]
    """
    return np.asarray(1 - (1 - np.asarray(pd, float)) ** (np.asarray(open_days, float) / 365.0))


def _per_price(price: ArrayLike, cost: ArrayLike, finance: ArrayLike, recovered: ArrayLike) -> tuple[Floats, Floats]:
    paid = np.asarray(price, float)
    gain = (paid - np.asarray(cost, float) - np.asarray(finance, float)) / paid
    return gain, np.broadcast_to(1 - np.asarray(recovered, float), np.broadcast(gain, recovered).shape)


def _ratio(gain: Floats, loss: Floats) -> Floats:
    """Gain over loss from 0 to 1; without loss 1 where there is a gain."""
    known = np.where(loss > 0, loss, 1.0)
    share = np.where(loss > 0, gain / known, np.where(gain > 0, 1.0, 0.0))
    return np.clip(np.where(np.isnan(gain + loss), np.nan, share), 0.0, 1.0)


def _discounted_months(survival: Floats, months: Floats) -> Floats:
    """Sum s + s² + … + sⁿ over n months."""
    left = 1 - survival
    shape = np.broadcast(left, months).shape
    lasting = np.divide(survival * (1 - survival**months), left, out=np.zeros(shape), where=left > 0)
    return np.where(left > 0, lasting, months)
