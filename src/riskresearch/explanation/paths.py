"""Leaves of boosted trees with the conditions of the way to them, feature by feature."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.explanation.trees import Forest, Tree
from riskresearch.explanation.views import NAN_IS_MISSING, ZERO, ZERO_IS_MISSING

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

DEFAULT_LEFT, MISSING_BITS, MISSING_SHIFT = 2, 3, 2
"""Bits of a split's decision: missing goes left; what counts as missing, from the third bit on."""
"""Values this close to 0 count as 0 where a tree takes 0 for missing; source: LightGBM, kZeroThreshold."""


@dataclass(frozen=True)
class Nodes:
    """Tests of all trees: feature, threshold, what is missing and where it goes."""

    feature: Integers
    threshold: Floats
    missing: Integers
    default_left: Bools

    def goes_left(self, values: Floats) -> Bools:
        """Return for each row and test whether the row goes left; a last column is always True."""
        x = values[:, self.feature]
        is_nan = np.isnan(x)
        filled = np.where(is_nan & (self.missing != NAN_IS_MISSING), 0.0, x)
        is_zero = (self.missing == ZERO_IS_MISSING) & (np.abs(filled) <= ZERO)
        is_missing = is_zero | (is_nan & (self.missing == NAN_IS_MISSING))
        left = np.where(is_missing, self.default_left, filled <= self.threshold)
        return np.column_stack([left, np.ones(len(values), dtype=bool)]).astype(bool)


@dataclass(frozen=True)
class Leaves:
    """Leaves whose way holds the same number d of different features.

    Parameters
    ----------
    value : raw log-odds, one per leaf
    feature : features of the way, leaves × d
    cover : share of the training rows that stay on the way where the feature is not known, leaves × d
    node, side : tests of the feature and the answer asked for, leaves × d × tests; filled up with the test that is
        always True
    """

    value: Floats
    feature: Integers
    cover: Floats
    node: Integers
    side: Bools


@dataclass(frozen=True)
class _Step:
    node: int
    feature: int
    left: bool
    share: float


def read_paths(trees: Forest) -> tuple[Nodes, list[Leaves]]:
    """Return the tests and the leaves of trees with numeric splits; shares are those of the training rows.

    Trees of one leaf are left out: no feature adds to them.
    """
    offsets = np.cumsum([0, *(len(tree.feature) for tree in trees.trees)])
    decision = _joined([tree.decision for tree in trees.trees])
    nodes = Nodes(
        _joined([tree.feature for tree in trees.trees]),
        np.concatenate([np.zeros(0), *(tree.threshold for tree in trees.trees)]),
        (decision >> MISSING_SHIFT) & MISSING_BITS,
        (decision & DEFAULT_LEFT) > 0,
    )
    pairs = zip(trees.trees, offsets, strict=False)
    ways = [leaf for tree, offset in pairs if len(tree.feature) for leaf in _walk(tree, 0, int(offset), ())]
    found = [(value, _by_feature(steps)) for value, steps in ways]
    sizes = sorted({len(way) for _, way in found})
    return nodes, [_leaves([leaf for leaf in found if len(leaf[1]) == d], int(offsets[-1])) for d in sizes]


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _walk(tree: Tree, node: int, offset: int, steps: tuple[_Step, ...]) -> Iterator[tuple[float, tuple[_Step, ...]]]:
    """Leaves below a split with the steps to them; `offset` is the number of the tree's first test."""
    if node < 0:
        yield float(tree.leaf_value[~node]), steps
        return
    feature = int(tree.feature[node])
    for child, is_left in ((int(tree.left[node]), True), (int(tree.right[node]), False)):
        step = _Step(offset + node, feature, is_left, tree.cover(child) / tree.cover(node))
        yield from _walk(tree, child, offset, (*steps, step))


def _by_feature(steps: tuple[_Step, ...]) -> dict[int, list[_Step]]:
    way: dict[int, list[_Step]] = {}
    for step in steps:
        way.setdefault(step.feature, []).append(step)
    return dict(sorted(way.items()))


def _leaves(found: list[tuple[float, dict[int, list[_Step]]]], always: int) -> Leaves:
    d = len(found[0][1])
    longest = max(len(steps) for _, way in found for steps in way.values())
    node = np.full((len(found), d, longest), always, dtype=np.int64)
    side = np.ones((len(found), d, longest), dtype=bool)
    cover = np.ones((len(found), d))
    for leaf, (_, way) in enumerate(found):
        for place, steps in enumerate(way.values()):
            node[leaf, place, : len(steps)] = [step.node for step in steps]
            side[leaf, place, : len(steps)] = [step.left for step in steps]
            cover[leaf, place] = float(np.prod([step.share for step in steps]))
    feature = np.array([list(way) for _, way in found], dtype=np.int64)
    return Leaves(np.array([value for value, _ in found]), feature, cover, node, side)
