"""Trees cut into tiles: connected splits whose leaves share one table of contributions.

A leaf gives each feature on its path a contribution that depends only on which of these features a row satisfies. All
leaves that hang from a few neighbouring splits therefore give contributions that depend on one bit for every split of
the tile and one bit for every feature above it. With few bits, all patterns can be worked out beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from riskresearch.explanation.trees import Tree

Test = tuple[int, int]
"""A split and the side wanted of it, 1 = left."""


@dataclass(frozen=True)
class Step:
    """What a path asks of one feature: all its tests, and the share of training rows that pass them."""

    share: float
    tests: tuple[Test, ...]


Path = dict[int, Step]
"""Step by feature, in the order of the path."""


@dataclass(frozen=True)
class Leaf:
    """A leaf: its value in raw log-odds and the path to it."""

    value: float
    path: Path


@dataclass(frozen=True)
class Tile:
    """Connected splits of a tree, the path above them, and the leaves that hang from them."""

    nodes: tuple[int, ...]
    above: Path
    features: tuple[int, ...]
    leaves: tuple[Leaf, ...]

    @property
    def n_bits(self) -> int:
        """Bits of a pattern: a feature above or a split each."""
        return len(self.above) + len(self.nodes)

    @property
    def n_values(self) -> int:
        """Numbers in the table: a contribution for each pattern and feature."""
        return len(self.features) << self.n_bits

    @property
    def bits(self) -> list[tuple[Test, ...]]:
        """Tests of each bit, which is 1 where all are passed: features above first, then splits."""
        return [step.tests for step in self.above.values()] + [((node, 1),) for node in self.nodes]


@dataclass(frozen=True)
class CutTree:
    """A tree cut into tiles with tables; its other leaves are worked out row by row."""

    tiles: tuple[Tile, ...]
    deep: tuple[Leaf, ...]


def cut(tree: Tree, *, max_bits: int) -> CutTree:
    """Cut a tree into tiles of at most `max_bits` bits; the leaves of a split that alone needs more are deep.

    From the leaves up, a split takes in the tiles below it, the smaller first, as long as the bits allow.
    """
    if not len(tree.feature):
        return CutTree((), ())
    paths = _paths(tree)
    tiles = [_tile(tree, paths, nodes) for nodes in _pieces(tree, paths, max_bits)]
    deep = [leaf for tile in tiles if tile.n_bits > max_bits for leaf in tile.leaves]
    return CutTree(tuple(tile for tile in tiles if tile.leaves and tile.n_bits <= max_bits), tuple(deep))


def _paths(tree: Tree) -> dict[int, Path]:
    """Return the path above each split, the root first."""
    paths: dict[int, Path] = {0: {}}
    waiting = [0]
    for node in waiting:
        for child, wanted in _children(tree, node):
            if child >= 0:
                paths[child] = _longer(paths[node], tree, node, child, wanted)
                waiting.append(child)
    return paths


def _longer(path: Path, tree: Tree, node: int, child: int, wanted: int) -> Path:
    """Return the path with the test of one more split."""
    feature = int(tree.feature[node])
    before = path.get(feature, Step(1.0, ()))
    share = before.share * (tree.cover(child) / tree.cover(node))
    return {**path, feature: Step(share, (*before.tests, (node, wanted)))}


def _children(tree: Tree, node: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (int(tree.left[node]), 1), (int(tree.right[node]), 0)


def _pieces(tree: Tree, paths: dict[int, Path], max_bits: int) -> list[list[int]]:
    """Return the splits of each tile, its root first."""
    growing: dict[int, list[int]] = {}
    finished: list[list[int]] = []
    for node in reversed(paths):
        below = [growing.pop(child) for child, _ in _children(tree, node) if child >= 0]
        mine = [node]
        for piece in sorted(below, key=len):
            if len(paths[node]) + len(mine) + len(piece) <= max_bits:
                mine += piece
            else:
                finished.append(piece)
        growing[node] = mine
    return [*finished, growing[0]]


def _tile(tree: Tree, paths: dict[int, Path], nodes: Sequence[int]) -> Tile:
    above = paths[nodes[0]]
    features = dict.fromkeys([*above, *(int(tree.feature[node]) for node in nodes)])
    leaves = [
        Leaf(float(tree.leaf_value[~child]), _longer(paths[node], tree, node, child, wanted))
        for node in nodes
        for child, wanted in _children(tree, node)
        if child < 0
    ]
    return Tile(tuple(nodes), above, tuple(features), tuple(leaves))
