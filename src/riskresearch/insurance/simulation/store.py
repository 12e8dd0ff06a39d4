"""Blocks of years put together."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Integers
from riskresearch.insurance.events import Events
from riskresearch.insurance.settings import BLOCK_YEARS
from riskresearch.insurance.simulation.blocks import Block
from riskresearch.insurance.simulation.book import Book


def gathered(book: Book, blocks: Iterable[Block], *, n_blocks: int) -> Events:
    """Put so many blocks together, in the order in which they come."""
    store = Store(int(1.02 * n_blocks * BLOCK_YEARS * book.p_default.sum()) + 1)
    for block in blocks:
        store.add(block)
    return store.events(book)


class Store:
    """Room in which blocks are put one after the other; it grows when it is full.

    Parameters
    ----------
    room : number of defaults expected
    """

    def __init__(self, room: int) -> None:
        self._n_per_year: list[Integers] = []
        self._weight: list[Array] = []
        self._n = 0
        self._customer: npt.NDArray[np.int32] = np.empty(room, dtype=np.int32)
        self._day: npt.NDArray[np.float32] = np.empty(room, dtype=np.float32)
        self._lgd: npt.NDArray[np.float32] = np.empty(room, dtype=np.float32)
        self._event: npt.NDArray[np.int8] = np.empty(room, dtype=np.int8)
        self._after_cut: npt.NDArray[np.float32] = np.zeros(room, dtype=np.float32)

    def add(self, block: Block) -> None:
        """Put a block behind the others."""
        n, end = self._n, self._n + len(block.customer)
        if end > len(self._customer):
            self._grow(2 * end)
        self._customer[n:end], self._day[n:end] = block.customer, block.day_ratio
        self._lgd[n:end], self._event[n:end] = block.lgd_ratio, block.event
        if block.after_cut_ratio.any():
            self._after_cut[n:end] = block.after_cut_ratio
        self._n = end
        self._n_per_year.append(block.n_per_year)
        if block.weight is not None:
            self._weight.append(block.weight)

    def events(self, book: Book) -> Events:
        """Return what was put in."""
        n, weight = self._n, self._weight
        return Events(
            book.customer_ids,
            book.exposure,
            np.concatenate([[0], np.cumsum(np.concatenate(self._n_per_year))]),
            self._customer[:n],
            self._day[:n],
            self._lgd[:n],
            self._event[:n],
            self._after_cut[:n],
            BLOCK_YEARS,
            np.concatenate(weight) / len(weight) if weight else None,
        )

    def _grow(self, room: int) -> None:
        for name in ("_customer", "_day", "_lgd", "_event", "_after_cut"):
            old = getattr(self, name)
            new = np.zeros(room, dtype=old.dtype)
            new[: self._n] = old[: self._n]
            setattr(self, name, new)
