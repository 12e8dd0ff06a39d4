"""Compiled loops that settle stored claims year by year; `riskresearch.insurance.waterfall.settle` is their plain twin.

A policy in the default order without country caps only needs the sum of a year's indemnities; what was paid for each
claim, which the shares of later recoveries and the days of waiting hang on, is found where the first loss or the
maximum of the year cut into it. Every other policy is settled claim by claim.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Integers

Places = npt.NDArray[np.uint32]
Days = npt.NDArray[np.int16]

_CHUNK = 4_096  # claims whose indemnities stay in the fastest cache


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile when first called; kept for the next process where a cache can be written beside it or at home."""
    try:
        made = numba.njit(function, cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})
    except RuntimeError:  # neither the package's folder nor the user's can be written
        made = numba.njit(function, nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})
    found: Callable[..., Any] = made
    return found


@compiled
def uncut_indemnities(who: Places, eligible: Array, limit: Array, ratio: Array, terms: Array, out: Array) -> None:
    """Write into `out` the indemnity of each claim by the terms on a claim alone; no limit was cut.

    `terms`: threshold (a covered loss must be above it), first loss, minimum retention, first loss on the indemnity.
    """
    threshold, deducted, retention, of_indemnity = terms[0], terms[1], terms[2], terms[3]
    for k in range(len(who)):
        customer = who[k]
        covered = min(eligible[k], limit[customer])
        covered = covered if covered > threshold else 0.0
        indemnity = min(max(covered - deducted, 0.0) * ratio[customer], max(covered - retention, 0.0))
        out[k] = max(indemnity - of_indemnity, 0.0)


@compiled
def cut_indemnities(
    who: Places, eligible: Array, before: Array, limits: Array, ratio: Array, terms: Array, out: Array
) -> None:
    """Write into `out` the indemnity of each claim; what was owed before a cut stays under the limit before it.

    `before`: owed before the cut, all that is owed where there was none. `limits`: before and after a cut.
    """
    threshold, deducted, retention, of_indemnity = terms[0], terms[1], terms[2], terms[3]
    for k in range(len(who)):
        customer = who[k]
        most = max(limits[1, customer], min(before[k], limits[0, customer]))
        covered = min(eligible[k], most)
        covered = covered if covered > threshold else 0.0
        indemnity = min(max(covered - deducted, 0.0) * ratio[customer], max(covered - retention, 0.0))
        out[k] = max(indemnity - of_indemnity, 0.0)


@compiled
def take_year_terms(indemnity: Array, low: int, high: int, first_loss: float, maximum: float) -> None:
    """Leave of the indemnities of a year what is paid for each: the first loss first, up to the maximum."""
    incurred, before = 0.0, 0.0
    for k in range(low, high):
        incurred += indemnity[k]
        after = min(max(incurred - first_loss, 0.0), maximum)
        indemnity[k], before = after - before, after


@compiled
def weigh(
    year: int, first: Integers, base: int, paid: Array, shares: tuple[Places, Array, Days, Array], totals: Array
) -> None:
    """Write into `totals` the sums over a year of paid, paid x net recoveries and paid x days, without VAT.

    And, in the basis of the policy, of paid less net recoveries.

    `shares`: who, net recoveries per unit paid, days of waiting, amount without VAT per unit (one value = for all).
    """
    who, net, days, scale = shares
    is_same, unit = len(scale) == 1, scale[0]
    sum_paid, recovered, waited, left = 0.0, 0.0, 0.0, 0.0
    for k in range(first[year], first[year + 1]):
        left += paid[k - base] * (1.0 - net[k])
        part = paid[k - base] * (unit if is_same else scale[who[k]])
        sum_paid += part
        recovered += part * net[k]
        waited += part * days[k]
    totals[year, 0], totals[year, 1], totals[year, 2], totals[year, 5] = sum_paid, recovered, waited, left


@compiled
def close_years(
    years: tuple[int, int],
    first: Integers,
    indemnity: Array,
    shares: tuple[Places, Array, Days, Array],
    terms: Array,
    totals: Array,
) -> None:
    """Write into `totals` what the indemnities of some years become under first loss and maximum, see `YearTotals`."""
    first_loss, maximum, base, scale = terms[4], terms[5], first[years[0]], shares[3]
    is_plain = len(shares[1]) == 0 and len(scale) == 1
    for year in range(years[0], years[1]):
        low, high, incurred = first[year], first[year + 1], 0.0
        for k in range(low, high):
            incurred += indemnity[k - base]
        payable = min(max(incurred - first_loss, 0.0), maximum)
        totals[year, 3], totals[year, 4] = min(incurred, first_loss), payable
        if is_plain:
            totals[year, 0], totals[year, 5] = payable * scale[0], payable
        elif payable > 0.0:
            if payable < incurred:
                take_year_terms(indemnity, low - base, high - base, first_loss, maximum)
            weigh(year, first, base, indemnity, shares, totals)


@compiled
def settle_chunks(
    first: Integers,
    claims: tuple[Array, Array],
    shares: tuple[Places, Array, Days, Array],
    limits: Array,
    ratio: Array,
    terms: Array,
    totals: Array,
) -> None:
    """Settle all years under order A without country caps.

    `claims`: eligible debt, owed before a cut (empty where no limit was cut). `shares`: see `weigh`; without net
    recoveries and days of waiting, both empty. `terms`: those of a claim, then first loss and maximum of the year.
    """
    who, n_years, longest = shares[0], len(first) - 1, _CHUNK
    for year in range(n_years):
        longest = max(longest, first[year + 1] - first[year])
    indemnity = np.empty(longest)
    start = 0
    while start < n_years:
        stop, a = start + 1, first[start]
        while stop < n_years and first[stop + 1] - a <= longest:
            stop += 1
        b = first[stop]
        if len(claims[1]) > 0:
            cut_indemnities(who[a:b], claims[0][a:b], claims[1][a:b], limits, ratio, terms, indemnity)
        else:
            uncut_indemnities(who[a:b], claims[0][a:b], limits[0], ratio, terms, indemnity)
        close_years((start, stop), first, indemnity, shares, terms, totals)
        start = stop


@compiled
def covered_claim(eligible: float, before: float, left: float, old: float, new: float, threshold: float) -> float:
    """Return what limits cover of a claim, 0 if it is not above the threshold."""
    covered = min(eligible, max(new * left, min(before, old * left)))
    return covered if covered > threshold else 0.0


@compiled
def drawn(pots: Array, place: int, amount: float) -> float:
    """Draw an amount from a budget, as far as it goes."""
    taken = min(amount, pots[place])
    pots[place] -= taken
    return taken


@compiled
def settle_each(
    first: Integers,
    claims: tuple[Array, Array, Array],
    shares: tuple[Places, Array, Days, Array],
    covers: Array,
    country: Integers,
    budgets: Array,
    terms: Array,
    order: int,
    totals: Array,
) -> None:
    """Settle all years claim by claim, in any order of the terms and with country caps.

    `claims`: eligible debt, owed before a cut, part left by earlier recoveries. `shares`: see `weigh`. `covers` by
    customer: limit before and after a cut, share (rows). `budgets`: maximum of the year by country, the last for
    unknown ones, then first loss and maximum of the year. `order`: 0, 1, 2 for A, B, C.
    """
    who, pots, n = shares[0], budgets.copy(), len(budgets)
    longest = 0
    for year in range(len(first) - 1):
        longest = max(longest, first[year + 1] - first[year])
    paid = np.empty(longest)
    for year in range(len(first) - 1):
        pots[:], low = budgets, first[year]
        for k in range(low, first[year + 1]):
            c = who[k]
            covered = covered_claim(claims[0][k], claims[1][k], claims[2][k], covers[0, c], covers[1, c], terms[0])
            amount = max(covered - terms[1], 0.0)
            if order > 0:
                amount -= drawn(pots, n - 2, amount)
            if order == 1:
                amount = drawn(pots, n - 1, amount)
            amount = max(min(amount * covers[2, c], max(covered - terms[2], 0.0)) - terms[3], 0.0)
            amount = drawn(pots, country[c], amount)
            if order == 0:
                amount -= drawn(pots, n - 2, amount)
            paid[k - low] = amount if order == 1 else drawn(pots, n - 1, amount)
        weigh(year, first, low, paid, shares, totals)
        totals[year, 3], totals[year, 4] = budgets[n - 2] - pots[n - 2], budgets[n - 1] - pots[n - 1]
        totals[year, 6] = pots[: n - 2].min()
