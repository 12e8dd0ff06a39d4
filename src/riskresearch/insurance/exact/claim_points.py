"""The law of a customer's claim given its default, as weighted points: month, event, cut of the limit, severity.

The beta law of loss given default is cut into cells; a cell is one point at its own mean. With the cells cut also where
the slope of the indemnity changes, means of indemnities are exact.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv, ndtr, ndtri

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.exact.book import Book, recovery_ratios
from riskresearch.insurance.exact.wording import Claim, Wording, due, eligible_after_cut, kinks, within_limit
from riskresearch.insurance.settings import InsuranceSettings


class Situations(NamedTuple):
    """Ways in which customers default; one value each.

    Parameters
    ----------
    row : (customer x months + month) x 2 + 1 for a political event
    customer : position
    weight : probability given the default in that month
    debt : owed, without VAT
    early : share of the recoveries before the date of loss
    after_cut_ratio : share of the debt delivered after a cut of the limit; 0 = no cut
    """

    row: Integers
    customer: Integers
    weight: Array
    debt: Array
    early: Array
    after_cut_ratio: Array


@dataclass(frozen=True)
class ClaimPoints:
    """Points of the laws of claims; amounts without VAT unless said otherwise.

    Parameters
    ----------
    row : see `Situations`
    weight : probability given the default, where loss given default does not follow the common factor
    low, high : probability of loss given default below the cell and below its end
    situation_weight : probability of the situation
    gross : loss after all recoveries and their costs
    base : what the terms of the year apply to, in the basis of the contract
    paid : indemnity without terms of the year
    net : paid less the insurer's part of the recoveries
    kept_ratio : see `Due`
    """

    row: Integers
    weight: Array
    low: Array
    high: Array
    situation_weight: Array
    gross: Array
    base: Array
    paid: Array
    net: Array
    kept_ratio: Array

    def weights(self, *, factor: float, correlation_ratio: float) -> Array:
        """Probability of each point in a year with the common factor: low factors come with high losses."""
        if correlation_ratio == 0.0:
            return self.weight
        index, rest = correlation_ratio**0.5 * factor, (1.0 - correlation_ratio) ** 0.5
        cell = ndtr((ndtri(self.high) + index) / rest) - ndtr((ndtri(self.low) + index) / rest)
        return np.asarray(self.situation_weight * cell)

    @property
    def has_late_recoveries(self) -> bool:
        """Say whether the insurer gets back a part of an indemnity."""
        return bool(np.any((self.base > 0) & (self.weight > 0) & (self.kept_ratio < 1.0 - 1e-12)))


def claim_points(book: Book, settings: InsuranceSettings, wording: Wording | None, *, n_cells: int) -> ClaimPoints:
    """Return the points of all claims of a book, without a policy or under one.

    Parameters
    ----------
    book : customers
    settings : severity, events, recoveries, cuts
    wording : policy; None = no indemnity
    n_cells : cells of equal probability of loss given default; more are added where the indemnity has a kink
    """
    cases = situations(book, settings, wording)
    claim, severities = _claim(book, cases, wording)
    mean, concentration = book.lgd[cases.customer], settings.lgd_concentration
    edges = _edges(mean, severities, concentration=concentration, n_cells=n_cells)
    low, high, lgd = _cells(mean, edges, concentration=concentration)
    recovered = cases.debt[:, None] * (1.0 - lgd)
    after = recovered * (1.0 - cases.early[:, None])
    cost = after * settings.collection_cost_ratio
    gross = cases.debt[:, None] * lgd + cost
    base = paid = np.zeros_like(gross)
    kept = np.ones_like(gross)
    if wording is not None and claim is not None:
        factor = wording.basis_factor[cases.customer][:, None]
        whole = claim._replace(before=(recovered - after) * factor, after=after * factor, cost=cost * factor)
        given = due(whole, wording)
        base = given.indemnity if wording.order == "A" else given.exceeding
        paid, kept = given.indemnity / factor, given.kept_ratio
    return ClaimPoints(
        row=np.repeat(cases.row, gross.shape[1]),
        weight=(cases.weight[:, None] * (high - low)).ravel(),
        low=low.ravel(),
        high=high.ravel(),
        situation_weight=np.repeat(cases.weight, gross.shape[1]),
        gross=gross.ravel(),
        base=base.ravel(),
        paid=paid.ravel(),
        net=(paid * kept).ravel(),
        kept_ratio=kept.ravel(),
    )


def situations(book: Book, settings: InsuranceSettings, wording: Wording | None) -> Situations:
    """List the ways in which the customers of a book default."""
    early, event_ratio = recovery_ratios(settings)
    cut = settings.cuts.probability_ratio
    may_be_cut = (book.after_cut_ratio > 0) & (wording is not None and wording.is_cut_possible)
    may_be_cut &= wording.is_named if wording is not None else False
    parts = []
    for event, ratio in enumerate(event_ratio):
        for is_cut in (False, True) if cut and event < 2 else (False,):
            who = np.flatnonzero(may_be_cut if is_cut else book.political > 0 if event == 2 else book.political >= 0)
            chance = cut if is_cut else 1.0 - cut * (may_be_cut[who] & (event < 2))
            for month in range(book.n_months):
                row = (who * book.n_months + month) * 2 + (event == 2)
                weight = np.broadcast_to(ratio * chance, who.shape)
                share = book.after_cut_ratio[who] if is_cut else np.zeros(len(who))
                parts.append((row, who, weight, book.exposure[who, month], np.full(len(who), early[event]), share))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    keep = columns[2] > 0
    return Situations(*(column[keep] for column in columns))


def _claim(book: Book, cases: Situations, wording: Wording | None) -> tuple[Claim | None, list[Array]]:
    """Return what does not depend on the severity, and the severities at which the indemnity has a kink."""
    if wording is None:
        return None, []
    who, nothing = cases.customer, np.zeros(len(cases.row))
    factor, limit, share = wording.basis_factor[who], wording.limit[who], wording.share[who]
    debt, eligible_ratio = cases.debt * factor, wording.eligible_ratio[who]
    eligible = debt * eligible_ratio
    after_cut = eligible_after_cut(debt, after_cut_ratio=cases.after_cut_ratio, eligible_ratio=eligible_ratio)
    left = np.where(cases.after_cut_ratio > 0, limit * book.remaining_ratio, limit)
    claim = Claim(debt, left, limit, after_cut, share, eligible_ratio, nothing, nothing, nothing)
    steps = kinks(wording, limit=left, after_cut=after_cut, limit_before_cut=limit, share=share)
    if wording.is_pro_rata:
        covered = within_limit(eligible, claim, wording)
        steps = [np.divide(step * eligible, covered, out=nothing.copy(), where=covered > 0) for step in steps]
    early = cases.early * debt
    severities = [_severity_at(step, eligible, early) for step in (*steps, nothing)]
    late = debt * (1.0 - cases.early)
    severities.append(1.0 - np.clip(np.divide(eligible, late, out=nothing.copy(), where=late > 0), 0.0, 1.0))
    return Claim(*(values[:, None] for values in claim)), severities


def _edges(mean: Array, severities: list[Array], *, concentration: float | None, n_cells: int) -> Array:
    """Ends of the cells of loss given default: situation x edge, from 0 to 1."""
    if concentration is None:
        return np.broadcast_to(np.array([0.0, 1.0]), (len(mean), 2))
    levels, which = np.unique(mean, return_inverse=True)
    inner = np.clip(levels, 1e-9, 1.0 - 1e-9)[:, None]
    grid = np.linspace(0.0, 1.0, n_cells + 1)[None, :]
    quantile = betaincinv(inner * concentration, (1.0 - inner) * concentration, grid)
    return np.sort(np.column_stack([quantile[which], *severities]), axis=1)


def _severity_at(open_debt: Array, eligible: Array, early: Array) -> Array:
    """Loss given default x that leaves an open debt: eligible - early x (1 - x) = open debt, within 0 to 1."""
    gap = np.divide(eligible - open_debt, early, out=np.zeros_like(early), where=early > 0)
    return np.clip(1.0 - gap, 0.0, 1.0)


def _cells(mean: Array, edges: Array, *, concentration: float | None) -> tuple[Array, Array, Array]:
    """Probability below and up to the end of each cell, and the mean within it."""
    is_open = ((mean > 0) & (mean < 1))[:, None] & (concentration is not None)
    below = np.broadcast_to(np.where(np.arange(edges.shape[1]) == 0, 0.0, 1.0), edges.shape)
    if concentration is None or not is_open.any():
        return below[:, :-1], below[:, 1:], np.broadcast_to(mean[:, None], below[:, 1:].shape)
    inner = np.clip(mean, 1e-9, 1.0 - 1e-9)[:, None]
    a, b = inner * concentration, (1.0 - inner) * concentration
    below = np.where(is_open, betainc(a, b, edges), below)
    part = inner * np.diff(betainc(a + 1.0, b, edges), axis=1)
    chance = np.diff(below, axis=1)
    within = np.divide(part, chance, out=edges[:, :-1].copy(), where=chance > 1e-14)
    within = np.clip(within, edges[:, :-1], edges[:, 1:])
    return below[:, :-1], below[:, 1:], np.where(is_open, within, mean[:, None])
