"""From losses to indemnities: every euro is paid by the insurer or kept for a named reason.

The terms of a policy are applied one after the other; what a term takes away is retained under its reason. Terms on
a loss look at each loss alone. Terms on a year are budgets that the losses of the year draw down in the order of
their dates, so both the year's total and the share of each loss are those of the contract.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import TableError
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import NO_COVER, Array, ClaimCover, CoverTerm, LossTerm, YearTerm

Counts = npt.NDArray[np.int64]
LOSS_COLUMNS = ("customer_id", "loss_amount", "limit_amount", "insured_ratio")


@dataclass(frozen=True)
class Settlement:
    """What became of each loss.

    Parameters
    ----------
    indemnity : paid by the insurer, one per loss
    retained : kept by the insured, one per loss, for each reason; indemnity + all of them = loss
    used_up : for each term that is a budget of the year, whether the year used it up
    """

    indemnity: Array
    retained: dict[str, Array]
    used_up: dict[str, npt.NDArray[np.bool_]]


def settle(loss: Array, *, n_per_year: Counts, cover: ClaimCover, policy: Policy, premium_amount: float) -> Settlement:
    """Apply a policy to the losses of one or many years.

    Parameters
    ----------
    loss : losses after recoveries, year after year, in the order of their dates within the year
    n_per_year : number of losses of each year
    cover : limit and insured share of each loss
    policy : policy or quote
    premium_amount : premium of a year before tax, for a maximum that is a multiple of it
    """
    return _apply(policy.cover_terms, loss, n_per_year=n_per_year, cover=cover, premium_amount=premium_amount)


def draw_down(amounts: Array, *, n_per_year: Counts, budget: float) -> tuple[Array, Array]:
    """Draw amounts from a budget that is renewed every year, first come first served.

    Parameters
    ----------
    amounts : one per loss, year after year, in the order of their dates
    n_per_year : number of losses of each year
    budget : amount available in each year

    Returns
    -------
    what each loss draws, and what is left of the budget at the end of each year

    Examples
    --------
    >>> taken, left = draw_down(np.array([30.0, 50.0, 10.0]), n_per_year=np.array([2, 1]), budget=60.0)
    >>> taken.tolist(), left.tolist()
    ([30.0, 30.0, 10.0], [0.0, 50.0])
    """
    first = np.cumsum(n_per_year) - n_per_year
    by_count = np.argsort(-n_per_year, kind="stable")
    falling = -n_per_year[by_count]
    left = np.full(len(n_per_year), float(budget))
    taken = np.zeros_like(amounts)
    for position in range(int(n_per_year.max(initial=0))):
        years = by_count[: np.searchsorted(falling, -position, side="left")]
        rows = first[years] + position
        drawn = np.minimum(amounts[rows], left[years])
        taken[rows] = drawn
        left[years] -= drawn
    return taken, left


def indemnity_per_loss(losses: DataFrame, *, policy: Policy) -> Series:
    """Indemnity of each loss by the terms on a loss alone, before first loss and maximum of the year (run currency).

    Parameters
    ----------
    losses : one row per loss
            customer_id  loss_amount  limit_amount  insured_ratio
            C001              150.00        120.00           0.90
    policy : policy or quote

    Returns
    -------
    Series with the index of `losses`
    """
    terms = [term for term in policy.cover_terms if isinstance(term, LossTerm)]
    loss, by_loss = _columns(losses)
    settled = _apply(terms, loss, n_per_year=np.array([len(loss)]), cover=by_loss, premium_amount=0.0)
    return Series(settled.indemnity, index=losses.index, name="indemnity_amount")


def policy_year(losses: DataFrame, *, policy: Policy, premium_amount: float) -> DataFrame:
    """Settle the losses of one policy year, in the order of the rows.

    Parameters
    ----------
    losses : one row per loss in the order of their dates, see `indemnity_per_loss`
    policy : policy or quote
    premium_amount : premium of the year before tax, for a maximum that is a multiple of it

    Returns
    -------
    `losses` with ``indemnity_amount``, ``retained_amount`` and one column ``<reason>_amount`` per reason for which
    the insured keeps a part; loss = indemnity + retained, retained = sum of the reasons

    Examples
    --------
    >>> from datetime import date
    >>> from riskresearch.insurance.policy import policy_from_mapping
    >>> read = {"clause": "special conditions", "source": "example"}
    >>> quote = policy_from_mapping({
    ...     "policy_id": "quote", "name": "Quote", "kind": "whole_turnover", "status": "example", "insurer": "none",
    ...     "currency_code": "EUR", "start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31), "terms": [
    ...         {"kind": "buyer_limit", "discretionary_limit_amount": 10, **read},
    ...         {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6, **read},
    ...         {"kind": "aggregate_first_loss", "amount": 20, **read},
    ...         {"kind": "premium", "rate_ratio": 0.0018, **read}]}, where="example")
    >>> year = DataFrame([["C1", 150.0, 120.0, 0.9]], columns=LOSS_COLUMNS)
    >>> settled = policy_year(year, policy=quote, premium_amount=0.0)
    >>> settled[["indemnity_amount", "over_limit_amount", "aggregate_first_loss_amount"]].iloc[0].to_list()
    [88.0, 30.0, 20.0]
    """
    loss, by_loss = _columns(losses)
    settled = settle(
        loss, n_per_year=np.array([len(loss)]), cover=by_loss, policy=policy, premium_amount=premium_amount
    )
    reasons = {f"{reason}_amount": amounts for reason, amounts in settled.retained.items()}
    return losses.assign(indemnity_amount=settled.indemnity, retained_amount=loss - settled.indemnity, **reasons)


def _apply(
    terms: Sequence[CoverTerm], loss: Array, *, n_per_year: Counts, cover: ClaimCover, premium_amount: float
) -> Settlement:
    amounts = np.where(cover.limit_amount > 0, loss, 0.0)
    retained = {NO_COVER: loss - amounts}
    used_up = {}
    for term in terms:
        if isinstance(term, LossTerm):
            after = term.payable(amounts, cover=cover)
        elif isinstance(term, YearTerm):
            budget = term.budget(premium_amount=premium_amount)
            taken, left = draw_down(amounts, n_per_year=n_per_year, budget=budget)
            after = amounts - taken if term.is_borne_by_insured else taken
            used_up[term.kind] = left == 0.0
        retained[term.reason] = amounts - after
        amounts = after
    return Settlement(amounts, retained, used_up)


def _columns(losses: DataFrame) -> tuple[Array, ClaimCover]:
    missing = [name for name in LOSS_COLUMNS if name not in losses]
    if missing:
        raise TableError(f"losses: columns {missing} are missing; one row per loss needs {list(LOSS_COLUMNS)}")
    numbers = losses[list(LOSS_COLUMNS[1:])].apply(pd.to_numeric).to_numpy(dtype="float64")
    wrong = ~(np.isfinite(numbers).all(axis=1) & (numbers >= 0).all(axis=1) & (numbers[:, 2] <= 1))
    if wrong.any():
        raise TableError(
            f"losses: {int(wrong.sum())} rows hold an empty or negative amount or an insured_ratio outside 0-1; "
            "give amounts of the run currency and ratios from 0 to 1"
        )
    return numbers[:, 0], ClaimCover(numbers[:, 1], numbers[:, 2])
