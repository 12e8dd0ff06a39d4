"""The law of a year's sum of claims: customers are independent given the common factors.

For each value of the common factors the transform of the sum is a product over sectors, countries, groups and
customers; the transforms are averaged over the values and inverted once. Where customers hang together beyond the
factors, the product is replaced by the law of the group:

contagion   first round S of defaults in a group, each other member follows with 1 - (1 - c)^|S|
political   the country's event at time u of the year: a customer defaults before u with PD u, else at u
country cap the country's sum is inverted, capped and transformed again
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.exact.book import Book
from riskresearch.insurance.exact.claim_points import ClaimPoints
from riskresearch.insurance.exact.factors import Node, nodes
from riskresearch.insurance.exact.lattice import Lattice, Spectra
from riskresearch.insurance.settings import DependenceSettings

_TIMES_PER_MONTH, _TIMES_PER_YEAR = 4, 24
_CHUNK = 256  # frequencies at a time: what fits in the cache
Cap = Callable[[Array, float], Array]


@dataclass(frozen=True)
class Engine:
    """Everything needed for the law of a year's sum of some amount of the claims.

    Parameters
    ----------
    book, settings : customers and model
    lattice : amounts
    caps : largest sum of a year, by country code
    """

    book: Book
    settings: DependenceSettings
    lattice: Lattice
    caps: Mapping[str, float]

    def law(self, points: ClaimPoints, values: Array, *, n_nodes: int) -> Array:
        """Probabilities of the sums on the lattice; `values` is amount x point."""
        if not self.book.n:
            nobody = np.zeros(self.lattice.sizes)
            nobody.flat[0] = 1.0
            return nobody
        total, factor, by_month = np.zeros(1, dtype=np.complex128), np.nan, np.zeros((0, 0), dtype=np.complex128)
        for node in nodes(self.book.p_default, settings=self.settings, n_nodes=n_nodes):
            if not len(by_month) or (self.settings.lgd_correlation_ratio > 0 and node.factor != factor):
                by_month, factor = self._claims(points, values, node.factor), node.factor
            total = total + node.probability * self._year(node, by_month)
        return self.lattice.law(total)

    def _claims(self, points: ClaimPoints, values: Array, factor: float) -> Spectra:
        """Transform of the claim of each customer by month and by credit or political event."""
        weights = points.weights(factor=factor, correlation_ratio=self.settings.lgd_correlation_ratio)
        row, n_months, n_kinds = points.row, self.book.n_months, 2
        if not self.book.political.any():  # the date of a default is then of no consequence
            row, weights, n_months, n_kinds = row // (2 * n_months), weights / n_months, 1, 1
        masses = self.lattice.masses(values, weights, row=row, n_rows=self.book.n * n_months * n_kinds)
        return self.lattice.spectra(masses).reshape(self.book.n, n_months, n_kinds, -1)

    def _year(self, node: Node, by_month: Spectra) -> Spectra:
        claim = by_month[:, :, 0].mean(axis=1)
        product = np.ones(claim.shape[1], dtype=np.complex128)
        for members in _parts(self.book.sector):
            own = zip(node.own_probability, node.p_default, strict=True)
            product = product * sum(weight * self._sector(members, p_year, claim, by_month) for weight, p_year in own)
        return product

    def _sector(self, members: Integers, p_year: Array, claim: Spectra, by_month: Spectra) -> Spectra:
        if not self.caps and not self.book.political[members].any():
            return self._independent(members, p_year[members], claim[members])
        product = np.ones(claim.shape[1], dtype=np.complex128)
        for place in _parts(self.book.country[members]):
            there = members[place]
            code = self.book.country_codes[self.book.country[there[0]]]
            spectrum = self._country(there, p_year[there], claim, by_month)
            product = product * (self._capped(spectrum, self.caps[code]) if code in self.caps else spectrum)
        return product

    def _country(self, there: Integers, p_year: Array, claim: Spectra, by_month: Spectra) -> Spectra:
        chance = float(self.book.political[there[0]])
        if chance == 0:
            return self._independent(there, p_year, claim[there])
        calm = (1.0 - chance) * self._independent(there, p_year, claim[there])
        return np.asarray(calm + chance * self._struck(p_year, by_month[there]))

    def _struck(self, p_year: Array, by_month: Spectra) -> Spectra:
        """Mean over the date of the political event."""
        n_months = by_month.shape[1]
        elapsed = np.concatenate([np.zeros_like(by_month[:, :1, 0]), by_month[:, :, 0].cumsum(axis=1)], axis=1)
        total = np.zeros(by_month.shape[-1], dtype=np.complex128)
        for weight, within in _times(_TIMES_PER_MONTH if n_months > 1 else _TIMES_PER_YEAR):
            for month in range(n_months):
                before = (elapsed[:, month] + within * by_month[:, month, 0]) / n_months
                still = 1.0 - p_year[:, None] * ((month + within) / n_months)
                by_customer = p_year[:, None] * before + still * by_month[:, month, 1]
                total += weight / n_months * by_customer.prod(axis=0)
        return total

    def _independent(self, members: Integers, p_year: Array, claim: Spectra) -> Spectra:
        """Product over the customers, those of a group together."""
        product = np.ones(claim.shape[1], dtype=np.complex128)
        groups = self.book.group[members]
        is_single = np.bincount(groups)[groups] == 1
        p_single, spectra = p_year[is_single, None], claim[is_single]
        for first in range(0, claim.shape[1], _CHUNK):
            columns = slice(first, first + _CHUNK)
            product[columns] = (1.0 - p_single * (1.0 - spectra[:, columns])).prod(axis=0)
        for place in _parts(groups[~is_single]):
            who = np.flatnonzero(~is_single)[place]
            product *= _group(p_year[who], claim[who], contagion_ratio=self.settings.contagion_ratio)
        return product

    def _capped(self, spectrum: Spectra, cap: float) -> Spectra:
        masses = capped(self.lattice.law(spectrum), cap, lattice=self.lattice)
        return self.lattice.spectra(masses[None])[0]


def _group(p_year: Array, claim: Spectra, *, contagion_ratio: float) -> Spectra:
    """Transform of a group's sum, by the number of defaults of the first round."""
    size = len(p_year)
    total = np.zeros(claim.shape[1], dtype=np.complex128)
    for first_round in range(size + 1):
        follows = 1.0 - (1.0 - contagion_ratio) ** first_round
        by_number = [np.ones(claim.shape[1], dtype=np.complex128)]
        for p, own in zip(p_year, claim, strict=True):
            spared = (1.0 - p) * (1.0 - follows * (1.0 - own))
            longer = [part * spared for part in by_number] + [np.zeros_like(own)]
            for number, part in enumerate(by_number):
                longer[number + 1] = longer[number + 1] + part * (p * own)
            by_number = longer
        total += by_number[first_round]
    return total


def capped(masses: Array, cap: float, *, lattice: Lattice) -> Array:
    """Law of a sum that is paid up to a cap; on a second axis the amount beyond the cap is added."""
    found = masses.reshape(len(masses), -1).copy()
    step = lattice.steps[0]
    first = int(np.floor(cap / step + 1e-9))
    if first >= len(found) - 1:
        return masses
    share = cap / step - first
    beyond = found[first + 1 :].copy()
    found[first + 1 :] = 0.0
    for number, row in enumerate(beyond, start=1):
        for place, weight in ((first, 1.0 - share), (first + 1, share)):
            moved = first + number - place if found.shape[1] > 1 else 0
            found[place, moved:] += weight * row[: found.shape[1] - moved]
    return found.reshape(masses.shape)


def _parts(numbers: Integers) -> Iterator[Integers]:
    """Positions of each number."""
    for number in np.unique(numbers):
        yield np.flatnonzero(numbers == number)


def _times(size: int) -> Iterator[tuple[float, float]]:
    """Weights and points of the Gauss-Legendre rule on 0 to 1."""
    value, weight = np.polynomial.legendre.leggauss(size)
    yield from zip((weight / 2.0).tolist(), ((value + 1.0) / 2.0).tolist(), strict=True)
