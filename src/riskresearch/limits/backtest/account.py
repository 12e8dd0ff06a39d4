"""What a replayed policy sold, lost and bound, customer by customer."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.limits.backtest.book import Book, Bools, Floats, Ints
from riskresearch.limits.backtest.paths import Limits
from riskresearch.limits.backtest.replay import Decisions
from riskresearch.limits.backtest.risk import DAYS_OF_YEAR, Risk
from riskresearch.limits.policy.rules import Economics

USE_STEPS = 300
"""Use of a limit is counted by whole per cent, up to so many; what is above counts as this."""


@dataclass(frozen=True)
class Account:
    """Figures of one policy under one assumption.

    Parameters
    ----------
    sums : one row per customer, in the order of the book; columns add up over customers
    use_days : customer × per cent of use: days
    exposure : customer × day, minor units
    losses : ``customer day amount``, one row per bill lost, run currency
    """

    sums: DataFrame
    use_days: Ints
    exposure: Floats
    losses: DataFrame


def account(book: Book, limits: Limits, decisions: Decisions, risk: Risk, economics: Economics) -> Account:
    """Return what a policy sold, lost and bound where nothing is paid in advance.

    Parameters
    ----------
    book : the book
    limits : limits of every day
    decisions : what became of each order
    risk : expected losses per unit of exposure
    economics : margin and cost of money
    """
    exposure = daily_exposure(book, decisions)
    losses = _default_losses(book, decisions, risk)
    days, at_risk = exposure[:, 1:] / 100, risk.at_risk(exposure) / 100
    ends = month_ends(book)
    sums = {
        **_trade(book, decisions, economics.margin_ratio, 0.0),
        "loss": np.bincount(losses["customer"], weights=losses["amount"], minlength=len(book.customers)),
        "written_off": _written_off(book, decisions),
        "expected_loss": (at_risk * risk.daily_loss)[:, 1:].sum(axis=1),
        "shortfall": (at_risk * risk.shortfall)[:, ends].mean(axis=1),
        "finance": days.sum(axis=1) * economics.finance_ratio / DAYS_OF_YEAR,
        "exposure_days": days.sum(axis=1),
    }
    use, use_days = _use(exposure[:, 1:], limits.room[:, 1:], limits.is_judged[:, 1:])
    return Account(DataFrame(sums | use), use_days, exposure, losses)


def prepaid(book: Book, one: Account, decisions: Decisions, economics: Economics, *, prepaid_ratio: float) -> Account:
    """Return an account where a share of the orders not sold on account, by amount, is paid in advance."""
    return replace(one, sums=one.sums.assign(**_trade(book, decisions, economics.margin_ratio, prepaid_ratio)))


def daily_exposure(book: Book, decisions: Decisions) -> Floats:
    """Return the exposure at the end of every day, customer × day, minor units; column 0 is the day before the window.

    Whole numbers, exact below 2**53.
    """
    bills, acts = book.bills, book.acts
    owner, sold, wait = bills["customer"].to_numpy(), decisions.is_sold, decisions.wait_days
    bill = acts["bill"].to_numpy()
    day = np.concatenate([bills["day"] + wait, acts["day"] + wait[bill]]) - book.start
    who = np.concatenate([owner, owner[bill]])
    delta = np.concatenate([bills["need"], acts["delta"]])
    counts = np.concatenate([sold, sold[bill]]) & (day < book.n_days)
    shape = (len(book.customers), book.n_days)
    place = who[counts] * book.n_days + day[counts]
    changes = np.bincount(place, weights=delta[counts], minlength=shape[0] * shape[1]).reshape(shape)
    return changes.cumsum(axis=1)


def month_ends(book: Book) -> Ints:
    """Columns of the month ends of the window, its last day included.

    Counted as in `daily_exposure`.
    """
    days = pd.to_datetime(np.arange(book.start, book.end + 1), unit="D", origin="unix")
    is_end = days.is_month_end.copy()
    is_end[0], is_end[-1] = False, True
    return np.flatnonzero(is_end)


def _trade(book: Book, decisions: Decisions, margin_ratio: float, prepaid_ratio: float) -> dict[str, Floats]:
    """Orders, sales and margins, run currency; numbers of orders."""
    orders = book.bills
    is_order, blocked = book.is_order, decisions.is_blocked
    value = orders["value"].to_numpy(float) / 100
    net = value * orders["net_ratio"].to_numpy()
    sold = is_order & decisions.is_sold
    unsold = is_order & ~decisions.is_sold
    mature = blocked & orders["is_mature"].to_numpy(bool)
    prepaid, lost = value * prepaid_ratio * unsold, value * (1 - prepaid_ratio) * unsold
    figures = {
        "orders": value * is_order,
        "sales": value * sold + prepaid,
        "prepaid": prepaid,
        "sales_lost": lost,
        "margin": net * margin_ratio * (sold + prepaid_ratio * unsold),
        "margin_lost": net * margin_ratio * (1 - prepaid_ratio) * unsold,
        "n_orders": is_order,
        "n_blocked": blocked,
        "n_delayed": sold & (decisions.wait_days > 0),
        "blocked": orders["amount"].to_numpy(float) / 100 * blocked,
        "n_blocked_mature": mature,
        "n_false_blocks": mature & orders["is_paid"].to_numpy(bool),
    }
    owner, n = orders["customer"].to_numpy(), len(book.customers)
    return {name: np.bincount(owner, weights=each, minlength=n).astype(float) for name, each in figures.items()}


def _default_losses(book: Book, decisions: Decisions, risk: Risk) -> DataFrame:
    """Open part of each bill on the day its customer defaults, less its part of the securities, times the LGD then.

    A bill sold before the customer's default before is not lost a second time.
    """
    bills, spells, acts = book.bills, book.spells, book.acts
    wait = decisions.wait_days
    bill, spell = pairs_of(bills["customer"].to_numpy(), spells["customer"].to_numpy())
    sold_day = (bills["issue"].to_numpy() + wait)[bill]
    day = spells["day"].to_numpy()[spell]
    counts = decisions.is_sold[bill] & (sold_day <= day) & (sold_day > spells["previous"].to_numpy()[spell])
    bill, spell, day = bill[counts], spell[counts], day[counts]
    acts_bill = acts["bill"].to_numpy()
    pair, act = pairs_of(bill, acts_bill)
    is_before = (acts["day"].to_numpy() + wait[acts_bill])[act] <= day[pair]
    paid = np.bincount(pair[is_before], weights=acts["delta"].to_numpy()[act[is_before]], minlength=len(bill))
    open_minor = (bills["need"].to_numpy()[bill] + paid).clip(min=0)
    customer = bills["customer"].to_numpy()[bill]
    at = day - book.start
    owed = np.bincount(spell, weights=open_minor, minlength=len(spells))[spell]
    share = (1 - risk.securities[customer, at] / np.maximum(owed, 1)).clip(min=0)
    amount = open_minor / 100 * share * risk.lgd[customer, at]
    return DataFrame({"customer": customer, "bill": bill, "day": day, "amount": amount})


def pairs_of(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the positions of all pairs of equal keys, in order of the left ones.

    Examples
    --------
    >>> [found.tolist() for found in pairs_of(np.array([7, 5]), np.array([5, 7, 5]))]
    [[0, 1, 1], [1, 0, 2]]
    """
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    place = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(place)) - np.repeat(count.cumsum() - count, count)
    return place, order[first[place] + within]


def _written_off(book: Book, decisions: Decisions) -> Floats:
    """Write-offs of the window on bills that the policy sold, run currency."""
    acts = book.acts
    bill = acts["bill"].to_numpy()
    day = acts["day"].to_numpy() + decisions.wait_days[bill]
    counts = acts["is_loss"].to_numpy(bool) & decisions.is_sold[bill] & (day <= book.end)
    owner = book.bills["customer"].to_numpy()[bill[counts]]
    return np.bincount(owner, weights=-acts["delta"].to_numpy()[counts] / 100, minlength=len(book.customers)).astype(
        float
    )


def _use(exposure: Floats, room: Ints, judged: Bools) -> tuple[dict[str, Floats], Ints]:
    """Use of limits and securities: sums by customer, and days by whole per cent of use, rounded up."""
    limited = judged & (room > 0)
    limit = np.where(limited, room, 1).astype(float)
    percent = np.ceil(exposure / limit * 100 - 1e-9).clip(0, USE_STEPS).astype("int64")
    rows, columns = np.nonzero(limited)
    flat = rows * (USE_STEPS + 1) + percent[rows, columns]
    shape = (len(exposure), USE_STEPS + 1)
    use_days = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
    sums = {
        "exposure_limited": (exposure * limited).sum(axis=1) / 100,
        "limit_days": (limit * limited).sum(axis=1) / 100,
        "n_judged_days": judged.sum(axis=1).astype(float),
        "n_breach_days": (judged & (exposure > room)).sum(axis=1).astype(float),
    }
    return sums, use_days


def by_month(book: Book, one: Account, decisions: Decisions) -> DataFrame:
    """Return exposure at each month end, and orders blocked and losses of the month.

    Returns
    -------
    DataFrame ``month_date exposure_amount blocked_amount loss_amount``, run currency.
    """
    ends = month_ends(book)
    blocked = book.bills[decisions.is_blocked]
    return DataFrame(
        {
            "month_date": pd.to_datetime(ends + book.start, unit="D", origin="unix"),
            "exposure_amount": one.exposure[:, ends].sum(axis=0) / 100,
            "blocked_amount": _month_sums(blocked["day"] - book.start, blocked["amount"] / 100, ends),
            "loss_amount": _month_sums(one.losses["day"] - book.start, one.losses["amount"], ends),
        }
    )


def _month_sums(day: Series, amount: Series, ends: Ints) -> NDArray[np.float64]:
    return np.bincount(np.searchsorted(ends, day), weights=amount, minlength=len(ends)).astype(float)
