"""Exact laws of a year: gross loss, indemnity, retained loss, for a small book."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.exact.book import Book, book_of
from riskresearch.insurance.exact.claim_points import ClaimPoints, claim_points
from riskresearch.insurance.exact.lattice import Lattice, lattice_for
from riskresearch.insurance.exact.law import Law, law_of
from riskresearch.insurance.exact.wording import Wording, unwritten, wording_of
from riskresearch.insurance.exact.years import Engine
from riskresearch.insurance.policy import Order, Policy
from riskresearch.insurance.settings import InsuranceSettings

LATTICE_POINTS, JOINT_POINTS = 4_096, 384
N_NODES, N_CELLS, N_JOINT_CELLS = 49, 64, 24
_NEVER = 1e-12


@dataclass(frozen=True)
class ExactLaws:
    """Laws of a policy year, run currency without VAT; None = no exact form.

    Parameters
    ----------
    gross : loss after all recoveries and what they cost
    claims : sum of the claims the terms of the year apply to, in the basis of the contract
    paid : indemnity before the insurer gets its part of the recoveries
    indemnity : paid less that part
    retained : gross less indemnity
    p_first_loss_reached : probability that the claims use up the aggregate first loss
    p_maximum_exhausted : probability that the insurer pays its maximum
    reason : why a law is missing
    """

    gross: Law
    claims: Law | None = None
    paid: Law | None = None
    indemnity: Law | None = None
    retained: Law | None = None
    p_first_loss_reached: float | None = None
    p_maximum_exhausted: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Exact:
    """Everything the laws of one book are computed from."""

    book: Book
    settings: InsuranceSettings
    step_amount: float | None
    n_points: int
    n_nodes: int

    def law(self, points: ClaimPoints, amounts: Array) -> Law:
        """Law of the year's sum of an amount."""
        masses, engine = self.summed(points, amounts[None], n_points=self.n_points, step=self.step_amount, caps={})
        return law_of(engine.lattice.axis(0), masses)

    def summed(
        self, points: ClaimPoints, amounts: Array, *, n_points: int, step: float | None, caps: dict[str, float]
    ) -> tuple[Array, Engine]:
        """Probabilities of the year's sums of one or two amounts (amount x point), the countries' sums capped."""
        total = largest_sums(points, amounts, book=self.book)
        if len(total) > 1:  # what is beyond a cap moves from the first axis to the second
            total = np.array([total[0], total[1] + (total[0] if caps else 0.0)])
        lattice = lattice_for(total, n_claims=self.book.n, n_points=n_points, step_amount=step)
        engine = Engine(self.book, self.settings.dependence, lattice, caps)
        return engine.law(points, amounts, n_nodes=self.n_nodes), engine

    def joint_step(self, total: float, kink: float) -> float:
        """Step of a lattice with two axes: the one asked for where that is feasible, else with a point at a kink."""
        if self.step_amount is not None and total / self.step_amount + self.book.n + 2 <= 2 * JOINT_POINTS:
            return self.step_amount
        return aligned(max(total, 1e-9) / max(JOINT_POINTS - self.book.n - 2, JOINT_POINTS // 2), kink)


def largest_sums(points: ClaimPoints, amounts: Array, *, book: Book) -> Array:
    """Largest sum of a year of each amount: every customer's largest claim."""
    largest = np.zeros((len(amounts), book.n))
    customer = points.row // (2 * book.n_months)
    for axis, values in enumerate(amounts):
        np.maximum.at(largest[axis], customer, values)
    return np.asarray(largest.sum(axis=1))


def exact_laws(
    exposures: DataFrame,
    settings: InsuranceSettings,
    *,
    policy: Policy | None = None,
    premium_amount: float = 0.0,
    months: DataFrame | None = None,
    policy_start_month: int = 1,
    step_amount: float | None = None,
    n_points: int = LATTICE_POINTS,
    n_nodes: int = N_NODES,
    has_retained: bool = True,
    gross: Law | None = None,
) -> ExactLaws:
    """Return the laws of a policy year without simulation.

    Given the common factors customers default independently, so the law of a year's sum is a mean, over the factors,
    of convolutions. Factors are integrated by quadrature, sums are convolved on a lattice. With a first loss or maximum
    of the year, paid = min(max(claims - first loss, 0), maximum), whatever the dates; the retained loss then follows
    from the joint law of claims and loss.

    Parameters
    ----------
    exposures : table `exposures`, checked, sorted by customer; some tens of customers
    settings : settings of the stage; seed and number of years have no meaning here
    policy : policy or quote; None = the gross loss only
    premium_amount : premium of the year before tax, for a maximum that is a multiple of it
    months : table `exposure_months`
    policy_start_month : calendar month in which the policy year begins
    step_amount : distance of the points of the lattice; amounts that are multiples of it are exact to rounding.
        None = the largest loss / `n_points`
    n_points : points of the lattice where no step is given
    n_nodes : values of each common factor
    has_retained : also the retained loss where it needs a joint law, the slow part
    gross : law of the gross loss where it is known already; it does not depend on the policy

    Raises
    ------
    SettingsError
        Customers hang together in a way that does not separate; says which.

    Examples
    --------
    >>> from riskresearch.insurance.settings import DependenceSettings
    >>> exposures = DataFrame({
    ...     "customer_id": ["C1", "C2"], "pd_12m": [0.1, 0.2], "exposure_amount": [100.0, 200.0], "lgd_ratio": 0.5,
    ...     "buyer_limit_amount": 0.0, "country_code": "FR", "sector_code": "trade", "group_id": None,
    ...     "terms_days": 30.0, "vat_ratio": 0.2})
    >>> settings = InsuranceSettings(lgd_concentration=None, dependence=DependenceSettings(model_code="independent"))
    >>> gross = exact_laws(exposures, settings, step_amount=50.0).gross
    >>> gross.values.tolist(), gross.probabilities.round(12).tolist()
    ([0.0, 50.0, 100.0, 150.0], [0.72, 0.08, 0.18, 0.02])
    """
    book = book_of(exposures, settings, months=months, policy_start_month=policy_start_month)
    wording = wording_of(exposures, policy, settings, premium_amount=premium_amount) if policy else None
    crossing = inseparable(book, settings, wording)
    if crossing:
        raise SettingsError(f"exact laws: {crossing}; use the simulation, or settings in which the customers separate")
    exact = _Exact(book, settings, step_amount, n_points, n_nodes)
    points = claim_points(book, settings, wording, n_cells=N_CELLS)
    gross = gross or exact.law(points, points.gross)
    if policy is None or wording is None:
        return ExactLaws(gross)
    reason = unwritten(policy) or _no_year_form(wording)
    if reason:
        return ExactLaws(gross, reason=reason)
    if not wording.has_year_terms:
        return _without_year_terms(exact, points, gross)
    return _with_year_terms(exact, points, wording, gross, has_retained=has_retained)


def inseparable(book: Book, settings: InsuranceSettings, wording: Wording | None) -> str | None:
    """Return why customers do not separate given the common factors; None = they do."""
    n_of_group = np.bincount(book.group)
    is_grouped = bool((n_of_group > 1).any())
    by_country = bool(book.political.any()) or bool(wording and wording.caps)
    if is_grouped and book.n_months > 1:
        return "contagion with exposures that follow the month: the date of a follower depends on that of the first"
    if is_grouped and book.political.any():
        return "contagion and political events together"
    if _crosses(book.group, book.sector):
        return "groups of companies reach over several sectors with factors of their own"
    if by_country and (_crosses(book.country, book.sector) or _crosses(book.group, book.country)):
        return "a country reaches over several sectors with factors of their own, or a group over several countries"
    return None


def _crosses(inner: Integers, outer: Integers) -> bool:
    """Say whether members of one inner group lie in several outer ones."""
    pairs = {(int(i), int(o)) for i, o in zip(inner, outer, strict=True)}
    return len(pairs) > len({i for i, _ in pairs})


def _no_year_form(wording: Wording) -> str | None:
    """Return why the year's payment is no function of the year's sum of claims; None = it is."""
    if not wording.has_year_terms:
        return None
    if len(np.unique(wording.basis_factor)) > 1:
        return "terms of the year on amounts with VAT, of customers with different VAT"
    if wording.order == Order.A:
        return None
    if wording.retention or wording.indemnity_deducted or wording.caps:
        return "terms on the indemnity of a claim, or country caps, after a first loss on the losses"
    shares = wording.share[(wording.limit > 0) & (wording.share > 0)]
    return "first loss on the losses with several insured shares" if len(np.unique(shares)) > 1 else None


def _without_year_terms(exact: _Exact, points: ClaimPoints, gross: Law) -> ExactLaws:
    amounts = (points.paid, points.net, points.gross - points.net)
    paid, indemnity, retained = (exact.law(points, np.maximum(values, 0.0)) for values in amounts)
    return ExactLaws(gross, paid, paid, indemnity, retained)


def _with_year_terms(
    exact: _Exact, points: ClaimPoints, wording: Wording, gross: Law, *, has_retained: bool
) -> ExactLaws:
    factor = float(wording.basis_factor[0]) if len(wording.basis_factor) else 1.0
    total = float(largest_sums(points, points.base[None], book=exact.book)[0])
    step = exact.step_amount or aligned(total / (exact.n_points / 2), wording.first_loss)
    masses, engine = exact.summed(
        points, points.base[None], n_points=exact.n_points, step=step or None, caps=dict(wording.caps)
    )
    amounts = engine.lattice.axis(0)
    claims, paid = law_of(amounts, masses), law_of(paid_of(amounts, wording) / factor, masses)
    is_late = points.has_late_recoveries
    most, smooth = _exhausting(wording), exact.step_amount is None
    return ExactLaws(
        gross,
        claims,
        paid,
        None if is_late else paid,
        _retained(exact, wording, factor) if has_retained and not is_late else None,
        reached(engine.lattice, masses, wording.first_loss, smooth=smooth) if wording.first_loss else None,
        reached(engine.lattice, masses, most, smooth=smooth) if np.isfinite(most) else None,
        "recoveries after the indemnity: the insurer's part of them depends on the order of dates" if is_late else None,
    )


def aligned(step: float, kink: float) -> float:
    """Return a step, no larger, of which the kink is a multiple."""
    return kink / np.ceil(kink / step) if step > 0 and kink > 0 else step


def reached(lattice: Lattice, masses: Array, amount: float, *, smooth: bool) -> float:
    """P(sum >= amount).

    Where amounts were moved to the lattice (`smooth`) a point stands for its surroundings: half of it lies below,
    except what exceeds the mean of its neighbours, which is an atom of its own.
    """
    place = amount / lattice.steps[0]
    if place > len(masses) - 2:
        return 0.0
    survival = np.append(np.cumsum(masses[::-1])[::-1], 0.0)
    nearest = int(np.rint(place))
    if not smooth or amount <= 0:
        return float(survival[int(np.ceil(place - 1e-9))])
    beside = (masses[nearest - 1] + masses[nearest + 1]) / 2.0
    atom = max(masses[nearest] - beside, 0.0) if abs(place - nearest) < 1e-6 else 0.0
    middle = survival[:-1] - masses / 2.0
    found = float(np.interp(place, np.arange(len(middle)), middle) + atom / 2.0)
    return found if found > _NEVER else 0.0


def _exhausting(wording: Wording) -> float:
    """Sum of claims that uses up the maximum; infinite where it cannot be used up."""
    share = _share(wording) if wording.order == Order.C else 1.0
    return wording.first_loss + wording.maximum / share if share > 0 else np.inf


def _retained(exact: _Exact, wording: Wording, factor: float) -> Law:
    """Law of claims + the part of the loss beyond them - paid, from their joint law."""
    coarse = claim_points(exact.book, exact.settings, wording, n_cells=N_JOINT_CELLS)
    both = np.vstack([coarse.base / factor, np.maximum(coarse.gross - coarse.base / factor, 0.0)])
    total = float(largest_sums(coarse, both, book=exact.book).max(initial=0.0))
    step = exact.joint_step(total, wording.first_loss / factor)
    caps = {code: cap / factor for code, cap in wording.caps.items()}
    masses, engine = exact.summed(coarse, both, n_points=JOINT_POINTS, step=step, caps=caps)
    claims, beyond = engine.lattice.axis(0)[:, None], engine.lattice.axis(1)[None, :]
    kept = claims - paid_of(claims * factor, wording) / factor
    return law_of(np.round(kept + beyond, 6), masses)


def paid_of(claims: Array, wording: Wording) -> Array:
    """Payment of a year with these claims: A share, first loss, maximum; B first loss, maximum, share; C in between."""
    payable = np.maximum(claims - wording.first_loss, 0.0)
    if wording.order == Order.B:
        return _share(wording) * np.minimum(payable, wording.maximum)
    share = _share(wording) if wording.order == Order.C else 1.0
    return np.minimum(share * payable, wording.maximum)


def _share(wording: Wording) -> float:
    return float(wording.share[(wording.limit > 0) & (wording.share > 0)].max(initial=0.0))
