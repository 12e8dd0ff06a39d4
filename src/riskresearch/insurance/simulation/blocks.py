"""One block of years: common factors, defaults, and what belongs to each default."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.settings import BLOCK_YEARS, InsuranceSettings
from riskresearch.insurance.simulation import twin
from riskresearch.insurance.simulation.book import Book
from riskresearch.insurance.simulation.counters import CUT, DAY, DETAIL, NUMBER, PLACE, keys
from riskresearch.insurance.simulation.factors import Years, common_years, year_weights
from riskresearch.insurance.simulation.knock_on import Defaults, with_contagion, with_political

_POLITICAL = EVENT_CODES.index("political")
_BELOW_ONE = 1.0 - 2.0**-53
_MARGIN = 1.1  # room for a tenth more defaults than a block has on average; with more it is drawn again


class Block(NamedTuple):
    """Defaults of a block of years, sorted by year and by date; see `Events` for the columns.

    Parameters
    ----------
    n_per_year : number of defaults of each year
    weight : probability of each year within the block; None = all equal
    """

    n_per_year: Integers
    customer: npt.NDArray[np.int32]
    day_ratio: npt.NDArray[np.float32]
    lgd_ratio: npt.NDArray[np.float32]
    event: npt.NDArray[np.int8]
    after_cut_ratio: npt.NDArray[np.float32]
    weight: Array | None


@dataclass
class Room:
    """Arrays that every block is drawn into anew; the first touch of memory costs more than the numbers in it.

    A block that was drawn into a room holds until the next one is.
    """

    customer: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    day_ratio: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    drawn: Array = field(default_factory=lambda: np.empty(0))
    lgd_ratio: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    event: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    def ensure(self, n: int) -> None:
        """Have room for at least so many defaults."""
        if len(self.customer) < n:
            self.customer, self.day_ratio = np.empty(n, np.int32), np.empty(n, np.float32)
        if len(self.drawn) < n:
            self.drawn, self.lgd_ratio, self.event = np.empty(n), np.empty(n, np.float32), np.empty(n, np.int8)


@dataclass(frozen=True)
class Drawer:
    """Draws blocks of years of a book.

    Parameters
    ----------
    book : the customers
    settings : settings of the stage
    is_compiled : by the compiled loops; false = by their plain twin, with the same result
    """

    book: Book
    settings: InsuranceSettings
    is_compiled: bool = True

    def block(self, number: int, room: Room | None = None) -> Block:
        """Draw a block; it depends on the book, the settings and its number alone."""
        years, room = self._years(number), room or Room()
        defaults = self._walk(years, room)
        if self.settings.dependence.contagion_ratio:
            defaults = with_contagion(defaults, years.key, self.book, self.settings)
        if any(self.settings.political_probabilities.values()):
            defaults = with_political(defaults, years.key, self.book, self.settings)
        return self._described(defaults, years, room)

    def weight(self, number: int) -> Array | None:
        """Probability of each year of a block within it; None = all equal."""
        return self._weight(self._years(number)) if self.settings.factor_shift else None

    def _weight(self, years: Years) -> Array | None:
        shift = self.settings.factor_shift
        return year_weights(years.factor, shift=shift) if shift else None

    def _years(self, number: int) -> Years:
        return common_years(
            number,
            settings=self.settings.dependence,
            n_sectors=self.book.n_sectors,
            seed=self.settings.seed,
            factor_shift=self.settings.factor_shift,
        )

    def _walk(self, years: Years, room: Room) -> Defaults:
        book, day_key = self.book, keys(years.key, DAY)
        key = np.stack([keys(years.key, NUMBER), keys(years.key, PLACE)], axis=1)
        if not self.is_compiled:
            n_per_year, customer, day = twin.walk(book.line, years, book.link, key, day_key)
            return Defaults(n_per_year, customer, day, np.zeros(len(day), dtype=bool))
        from riskresearch.insurance.simulation import kernels

        n_per_year, size = np.empty(BLOCK_YEARS, np.int64), int(_MARGIN * BLOCK_YEARS * book.p_default.sum())
        while True:
            room.ensure(size + 2 * len(book.p_default))
            found = kernels.Found(n_per_year, room.customer, room.day_ratio)
            n = kernels.walk(book.line, years, book.link, key, day_key, found)
            if n >= 0:
                return Defaults(n_per_year, room.customer[:n], room.day_ratio[:n], np.zeros(n, dtype=bool))
            size *= 2

    def _described(self, defaults: Defaults, years: Years, room: Room) -> Block:
        """Add to each default what it loses, the kind of event, and what was delivered after a cut of the limit."""
        settings, customer, is_political = self.settings, defaults.customer, defaults.is_political
        room.ensure(len(customer))
        lgd, event = self._details(defaults, years, room)
        event[is_political] = _POLITICAL
        after_cut = np.zeros(len(customer), dtype=np.float32)
        if settings.cuts.probability_ratio:
            is_cut = self._uniforms(CUT, defaults, years, room) < settings.cuts.probability_ratio
            after_cut = np.where(is_cut & ~is_political, self.book.after_cut_ratio[customer], np.float32(0))
        return Block(defaults.n_per_year, customer, defaults.day_ratio, lgd, event, after_cut, self._weight(years))

    def _details(
        self, defaults: Defaults, years: Years, room: Room
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Loss given default of each default, and whether it is protracted."""
        key, ratio, laws = keys(years.key, DETAIL), self.settings.protracted_ratio, self.book.severities
        if not self.is_compiled:
            drawn, event = twin.details(key, defaults.n_per_year, defaults.customer, ratio)
            return twin.severity(laws, defaults.customer, self._correlated(drawn, defaults, years)), event
        from riskresearch.insurance.simulation import detail_kernels

        n = len(defaults.customer)
        drawn, lgd, event = room.drawn[:n], room.lgd_ratio[:n], room.event[:n]
        detail_kernels.details(key, defaults.n_per_year, defaults.customer, ratio, drawn, event)
        detail_kernels.severity(laws, defaults.customer, self._correlated(drawn, defaults, years), lgd)
        return lgd, event

    def _correlated(self, drawn: Array, defaults: Defaults, years: Years) -> Array:
        """Uniform numbers that hang together with the common factor as the settings say."""
        correlation = self.settings.dependence.lgd_correlation_ratio
        if not correlation:
            return drawn
        common = np.repeat(-(correlation**0.5) * years.factor, defaults.n_per_year)
        return np.minimum(ndtr(common + (1.0 - correlation) ** 0.5 * ndtri(drawn)), _BELOW_ONE)

    def _uniforms(self, stream: int, defaults: Defaults, years: Years, room: Room) -> Array:
        """Uniform number of each default in a stream, by its year and customer."""
        key = keys(years.key, stream)
        if not self.is_compiled:
            return twin.uniforms(key, defaults.n_per_year, defaults.customer)
        from riskresearch.insurance.simulation import detail_kernels

        drawn = room.drawn[: len(defaults.customer)]
        detail_kernels.uniforms(key, defaults.n_per_year, defaults.customer, drawn)
        return drawn
