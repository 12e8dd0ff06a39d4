"""Tiles of all trees as flat arrays, the form the compiled kernels read."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskresearch.explanation.tiles import CutTree, Leaf, Step, Test, Tile
from riskresearch.explanation.trees import Floats, Forest, Integers, Tree
from riskresearch.explanation.views import CATEGORY_VIEW, View


class Splits(NamedTuple):
    """Splits of all trees: the column of the views each reads, and its threshold or its set of categories."""

    start: Integers
    column: Integers
    threshold: Floats
    word_start: Integers
    n_words: Integers
    words: NDArray[np.uint32]


class Tests(NamedTuple):
    """Groups of tests; a group is passed where all its tests are."""

    start: Integers
    node: Integers
    wanted: NDArray[np.uint8]


class Tiles(NamedTuple):
    """Tiles of all trees: where the bits, features and tables of each start, the bits as groups of `Tests`."""

    start: Integers
    bit_start: Integers
    feature_start: Integers
    feature: Integers
    table_start: Integers


class TileLeaves(NamedTuple):
    """Leaves of the tiles; a step is passed where the bits of `mask` in the pattern are those of `wanted`."""

    start: Integers
    value: Floats
    step_start: Integers
    place: Integers
    share: Floats
    mask: Integers
    wanted: Integers


class DeepLeaves(NamedTuple):
    """Leaves without table; their steps are groups of `Tests`."""

    start: Integers
    value: Floats
    step_start: Integers
    feature: Integers
    share: Floats


class Quadrature(NamedTuple):
    """Gauss–Legendre nodes and weights on 0–1, enough for paths of d features from place ``start[d]`` on."""

    start: Integers
    node: Floats
    weight: Floats


class Plan(NamedTuple):
    """Everything the kernels need but the tables, and the views of the features."""

    views: tuple[View, ...]
    splits: Splits
    tiles: Tiles
    bits: Tests
    leaves: TileLeaves
    deep: DeepLeaves
    deep_tests: Tests
    quadrature: Quadrature


def plan(forest: Forest, trees: Sequence[CutTree]) -> Plan:
    """Return the cut trees of a forest as flat arrays."""
    tiles = [tile for tree in trees for tile in tree.tiles]
    deep = [leaf for tree in trees for leaf in tree.deep]
    steps = [step for leaf in deep for step in leaf.path.values()]
    longest = max((len(leaf.path) for leaf in [*deep, *(leaf for tile in tiles for leaf in tile.leaves)]), default=0)
    views, splits = _splits(forest.trees)
    return Plan(
        views=views,
        splits=splits,
        tiles=_tiles(trees, tiles),
        bits=_tests([tests for tile in tiles for tests in tile.bits]),
        leaves=_tile_leaves(tiles),
        deep=DeepLeaves(
            start=_starts(len(tree.deep) for tree in trees),
            value=np.array([leaf.value for leaf in deep], dtype=float),
            step_start=_starts(len(leaf.path) for leaf in deep),
            feature=np.array([feature for leaf in deep for feature in leaf.path], dtype=np.int64),
            share=np.array([step.share for step in steps], dtype=float),
        ),
        deep_tests=_tests([step.tests for step in steps]),
        quadrature=_quadrature(longest),
    )


def _starts(lengths: Iterable[int]) -> Integers:
    return np.array([0, *accumulate(lengths)], dtype=np.int64)


def _tests(groups: Sequence[Sequence[Test]]) -> Tests:
    pairs = np.array([test for group in groups for test in group], dtype=np.int64).reshape(-1, 2)
    return Tests(_starts(len(group) for group in groups), pairs[:, 0].copy(), pairs[:, 1].astype(np.uint8))


def _tiles(trees: Sequence[CutTree], tiles: Sequence[Tile]) -> Tiles:
    return Tiles(
        start=_starts(len(tree.tiles) for tree in trees),
        bit_start=_starts(tile.n_bits for tile in tiles),
        feature_start=_starts(len(tile.features) for tile in tiles),
        feature=np.array([feature for tile in tiles for feature in tile.features], dtype=np.int64),
        table_start=_starts(tile.n_values for tile in tiles),
    )


def _tile_leaves(tiles: Sequence[Tile]) -> TileLeaves:
    leaves = [leaf for tile in tiles for leaf in tile.leaves]
    rows = [row for tile in tiles for leaf in tile.leaves for row in _steps(tile, leaf)]
    place, share, mask, wanted = zip(*rows, strict=True) if rows else ((), (), (), ())
    return TileLeaves(
        start=_starts(len(tile.leaves) for tile in tiles),
        value=np.array([leaf.value for leaf in leaves], dtype=float),
        step_start=_starts(len(leaf.path) for leaf in leaves),
        place=np.array(place, dtype=np.int64),
        share=np.array(share, dtype=float),
        mask=np.array(mask, dtype=np.int64),
        wanted=np.array(wanted, dtype=np.int64),
    )


def _steps(tile: Tile, leaf: Leaf) -> list[tuple[int, float, int, int]]:
    """Place of the feature in the tile, share, mask and wanted bits, of each step of a leaf."""
    place = {feature: number for number, feature in enumerate(tile.features)}
    above = {feature: 1 << number for number, feature in enumerate(tile.above)}
    bit = {node: 1 << number for number, node in enumerate(tile.nodes, start=len(tile.above))}
    return [
        (place[feature], step.share, *_bits(step, above.get(feature, 0), bit)) for feature, step in leaf.path.items()
    ]


def _bits(step: Step, above: int, bit: dict[int, int]) -> tuple[int, int]:
    inside = [(bit[node], wanted) for node, wanted in step.tests if node in bit]
    return above + sum(one for one, _ in inside), above + sum(one for one, wanted in inside if wanted)


def _quadrature(longest: int) -> Quadrature:
    """Nodes and weights for each number of features; (d + 1) // 2 of them are exact for a path of d features."""
    sizes = [max(1, (d + 1) // 2) for d in range(longest + 1)]
    rules = [np.polynomial.legendre.leggauss(size) for size in sizes]
    return Quadrature(
        start=_starts(sizes),
        node=np.concatenate([(1 + node) / 2 for node, _ in rules]),
        weight=np.concatenate([weight / 2 for _, weight in rules]),
    )


def _splits(trees: Sequence[Tree]) -> tuple[tuple[View, ...], Splits]:
    views: dict[View, int] = {}
    columns = [views.setdefault(view, len(views)) for tree in trees for view in _views(tree)]
    bounds = [_word_bounds(tree) for tree in trees]
    offsets = _starts(len(tree.category_words) for tree in trees)
    starts = [first + offset for (first, _), offset in zip(bounds, offsets[:-1], strict=True)]
    return tuple(views), Splits(
        start=_starts(len(tree.feature) for tree in trees),
        column=np.array(columns, dtype=np.int64),
        threshold=_joined([tree.threshold for tree in trees], np.float64),
        word_start=_joined(starts, np.int64),
        n_words=_joined([count for _, count in bounds], np.int64),
        words=_joined([tree.category_words for tree in trees], np.uint32),
    )


def _joined(parts: Sequence[NDArray], kind: type) -> NDArray:
    return np.concatenate([np.empty(0, dtype=kind), *parts]).astype(kind)


def _views(tree: Tree) -> list[View]:
    reading = np.where(tree.is_categorical, CATEGORY_VIEW, tree.decision & ~1)
    return [(int(feature), int(bits)) for feature, bits in zip(tree.feature, reading, strict=True)]


def _word_bounds(tree: Tree) -> tuple[Integers, Integers]:
    """First word and number of words of each split's set of categories; none for numbers."""
    first, count = np.zeros((2, len(tree.feature)), dtype=np.int64)
    chosen = tree.is_categorical
    number = tree.threshold[chosen].astype(np.int64)
    first[chosen] = tree.category_bounds[number]
    count[chosen] = tree.category_bounds[number + 1] - tree.category_bounds[number]
    return first, count
