"""Exact contributions of boosted trees for many rows: tables made once, looked up for every row.

The values are those of LightGBM's ``pred_contrib`` (TreeSHAP of Lundberg et al. 2020, path-dependent: features that
are left out send a row both ways, by the share of training rows), to the last digits. One thread; each row is worked
out alone, so neither blocks nor threads of the caller change a bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskresearch.explanation.plan import Plan, plan
from riskresearch.explanation.tiles import CutTree, cut
from riskresearch.explanation.trees import Floats, Forest, Integers
from riskresearch.explanation.views import viewed

PATTERN_BITS = 16
"""Bits a pattern can have at most."""
MAX_BITS = 12
"""Bits of the patterns of a table: its part for one feature has at most 2^12 numbers, 32 kB, what a core keeps near."""
MAX_TABLE_BYTES = 256 * 2**20
"""Memory the tables of a model may take; with more, patterns get fewer bits and more leaves are worked out by row."""
BLOCK_ROWS = 4096
"""Rows worked out at a time."""


@dataclass(frozen=True)
class TreeTables:
    """Tables of contributions of a model, with what is needed to look them up.

    Parameters
    ----------
    forest : the trees
    plan : tiles, splits and leaves as flat arrays
    tables : contributions in raw log-odds by tile, feature and pattern
    """

    forest: Forest
    plan: Plan
    tables: Floats

    @classmethod
    def of(cls, forest: Forest, *, max_bits: int = MAX_BITS, max_bytes: int = MAX_TABLE_BYTES) -> "TreeTables":
        """Make the tables of a model: those with the most bits that take at most `max_bytes`.

        Without any bits there are no tables and every leaf is worked out by row, so some cut always fits.

        Parameters
        ----------
        forest : the trees
        max_bits : most bits of a pattern; more than `PATTERN_BITS` are never used
        max_bytes : most memory of the tables
        """
        from riskresearch.explanation import kernels

        most = min(max_bits, PATTERN_BITS)
        cuts = ([cut(tree, max_bits=bits) for tree in forest.trees] for bits in range(most, -1, -1))
        trees = next(one for one in cuts if _n_bytes(one) <= max_bytes)
        planned = plan(forest, trees)
        tables = np.zeros(planned.tiles.table_start[-1])
        longest = _longest(planned.leaves.step_start)
        leaf = np.empty((1 << longest, 1 + longest // 2)), np.empty((longest, 1 << longest))
        room = *leaf, np.empty(1 << _longest(planned.tiles.bit_start), dtype=np.uint16)
        kernels.fill_tables(planned.tiles, planned.leaves, planned.quadrature, room, tables)
        return cls(forest, planned, tables)

    @property
    def n_bytes(self) -> int:
        """Memory of the tables in bytes."""
        return int(self.tables.nbytes)

    @property
    def n_deep_leaves(self) -> int:
        """Leaves without table, whose paths ask for more bits than a pattern has."""
        return len(self.plan.deep.value)

    def contributions(self, values: Floats) -> Floats:
        """Return the contributions to the raw log-odds, one row per row and one column per feature.

        Parameters
        ----------
        values : features in the model's order; NaN = missing, categories as numbers
        """
        made = np.empty((len(values), self.forest.n_features))
        for start in range(0, len(values), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            made[block] = self._block(values[block]).T
        return made

    def _block(self, values: Floats) -> Floats:
        from riskresearch.explanation import kernels

        p, n_rows = self.plan, len(values)
        made = np.zeros((self.forest.n_features, n_rows))
        if not len(p.splits.threshold):
            return made
        left = np.empty((_longest(p.splits.start), n_rows), dtype=np.uint8)
        passed = np.empty((_longest(p.deep.step_start), n_rows), dtype=np.uint8)
        by_row = np.empty(n_rows, dtype=np.uint8), np.empty(n_rows, dtype=np.uint16), np.empty(n_rows)
        views, work = viewed(values, p.views), (left, passed, *by_row)
        kernels.add_contributions(
            p.splits, p.tiles, p.bits, self.tables, p.deep, p.deep_tests, p.quadrature, views, work, made
        )
        return made


def _longest(start: Integers) -> int:
    return int(np.diff(start).max(initial=0))


def _n_bytes(trees: Sequence[CutTree]) -> int:
    return 8 * sum(tile.n_values for tree in trees for tile in tree.tiles)
