"""Exact expected losses and indemnities of each customer: what the simulation is held against.

Expectations do not depend on how defaults hang together, so they follow from each customer alone: probability of a
default in each month, of each kind of event, of a cut of its limit, times the mean over the beta law of loss given
default, which is exact because a claim is linear in it between its kinks. Contagion adds defaults, so there the
probability of a default is that of the customer's group.
"""

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.exact.book import Book, book_of, recovery_ratios
from riskresearch.insurance.exact.claim_points import ClaimPoints, claim_points
from riskresearch.insurance.exact.factors import nodes
from riskresearch.insurance.exact.laws import N_NODES
from riskresearch.insurance.exact.wording import unwritten, wording_of
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings


def expected_gross(
    exposures: DataFrame, *, settings: InsuranceSettings, months: DataFrame | None = None, policy_start_month: int = 1
) -> Array | None:
    """Expected loss of a year of each customer after all recoveries and what they cost (run currency).

    Parameters
    ----------
    exposures : table `exposures`, checked
    settings : settings of the stage
    months : table `exposure_months`
    policy_start_month : calendar month in which the policy year begins

    Returns
    -------
    one per customer; None where no formula holds: loss given default follows the common factor, or contagion decides
    the date of a default and with it what is owed
    """
    book = book_of(exposures, settings, months=months, policy_start_month=policy_start_month)
    chance = default_chances(book, settings)
    if chance is None:
        return None
    points = claim_points(book, settings, None, n_cells=1)
    return _by_customer(points, points.gross, chance, book)


def expected_indemnity(
    exposures: DataFrame,
    *,
    policy: Policy,
    settings: InsuranceSettings,
    months: DataFrame | None = None,
    policy_start_month: int = 1,
) -> Array | None:
    """Expected indemnity of a year of each customer, less the insurer's part of later recoveries (run currency).

    Parameters
    ----------
    exposures : table `exposures`, checked
    policy : policy or quote
    settings, months, policy_start_month : see `expected_gross`

    Returns
    -------
    one per customer; None where `expected_gross` has none, where a term looks at the whole year (first loss, maximum,
    country cap), and where recoveries arrive partly before and partly after the date of loss
    """
    early = recovery_ratios(settings)[0]
    book = book_of(exposures, settings, months=months, policy_start_month=policy_start_month)
    chance = default_chances(book, settings)
    if chance is None or unwritten(policy) or bool(((early > 0) & (early < 1)).any()):
        return None
    wording = wording_of(exposures, policy, settings, premium_amount=0.0)
    if wording.has_year_terms:
        return None
    points = claim_points(book, settings, wording, n_cells=1)
    return _by_customer(points, points.net, chance, book)


def default_chances(book: Book, settings: InsuranceSettings) -> Array | None:
    """Probability of a default: customer x month x (credit, political); None where dates are not those of a customer.

    With a political event at a date uniform in the year, a customer's own default counts if it comes first.
    """
    is_grouped = bool((np.bincount(book.group) > 1).any())
    if settings.dependence.lgd_correlation_ratio > 0:
        return None
    if is_grouped and (book.n_months > 1 or bool(book.political.any())):
        return None
    own = _with_contagion(book, settings) if is_grouped else book.p_default
    month = np.arange(book.n_months)
    width = 1.0 / book.n_months
    elapsed = (month + 0.5) * width * width  # integral of the date over the month
    political, own = book.political[:, None], own[:, None]
    credit = own * (width - political * elapsed[None, :])
    return np.stack([credit, political * (width - own * elapsed[None, :])], axis=2)


def _with_contagion(book: Book, settings: InsuranceSettings) -> Array:
    """Probability of a default, own or by contagion: 1 - E[(1 - p_j) product over its group of (1 - c p_k)]."""
    grouped = np.flatnonzero((np.bincount(book.group) > 1)[book.group])
    values = list(nodes(book.p_default[grouped], settings=settings.dependence, n_nodes=N_NODES))
    probability = np.array([node.probability for node in values])
    p_year = np.stack([node.p_default for node in values])
    ratio, chance = settings.dependence.contagion_ratio, book.p_default.copy()
    for place, customer in enumerate(grouped.tolist()):
        members = np.flatnonzero(book.group[grouped] == book.group[customer])
        taking = np.where(members == place, 1.0, ratio)
        sector = book.sector[grouped[members]]
        spared = _spared(1.0 - taking * p_year[:, :, members], sector, values[0].own_probability)
        chance[customer] = 1.0 - probability @ spared
    return chance


def _spared(survival: Array, sector: Integers, own_probability: Array) -> Array:
    """Probability that nobody takes a customer, by common factors: sectors are independent given them.

    Parameters
    ----------
    survival : common factors x value of the sector's own factor x member
    sector : of each member
    own_probability : of the values of a sector's own factor
    """
    result = np.ones(len(survival))
    for number in np.unique(sector):
        result = result * (survival[:, :, sector == number].prod(axis=2) @ own_probability)
    return result


def _by_customer(points: ClaimPoints, amounts: Array, chance: Array, book: Book) -> Array:
    given_default = np.bincount(points.row, weights=points.weight * amounts, minlength=chance.size)
    return np.asarray((given_default.reshape(chance.shape) * chance).sum(axis=(1, 2)))
