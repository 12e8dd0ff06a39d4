"""Compiled loops of the exact contributions; only `riskresearch.explanation.treeshap` imports this module.

The contribution of a feature j on a path of d features to a leaf of value v is the integral over t from 0 to 1 of
v (o_j − z_j) ∏ over the other features k of (z_k (1 − t) + o_k t), where z is the share of training rows that pass
the tests of a feature and o is 1 where the row passes them, else 0: the Shapley weights |S|! (d − |S| − 1)! / d! are
the beta integrals of t^|S| (1 − t)^(d − |S| − 1). Gauss–Legendre with d/2 nodes is exact for it, and nothing is
subtracted on the way.
"""

from collections.abc import Callable

import numba
import numpy as np

from riskresearch.explanation.plan import DeepLeaves, Quadrature, Splits, Tests, TileLeaves, Tiles
from riskresearch.explanation.trees import Floats, Integers


def compiled(function: Callable) -> Callable:
    """Compile when first called; kept for the next process where a cache can be written beside it or at home."""
    try:
        return numba.njit(function, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return numba.njit(function, nogil=True, error_model="numpy")


@compiled
def path_products(share: Floats, value: float, node: Floats, weight: Floats, product: Floats) -> None:
    """Write into `product`, for each pattern of failed steps (row) and node (column), value × weight × all factors."""
    for q in range(len(node)):
        product[0, q] = value * weight[q]
    for j in range(len(share)):
        size = 1 << j
        for pattern in range(size):
            for q in range(len(node)):
                failed = share[j] * (1 - node[q])
                product[size + pattern, q] = product[pattern, q] * failed
                product[pattern, q] *= failed + node[q]


@compiled
def leaf_table(share: Floats, node: Floats, product: Floats, table: Floats) -> None:
    """Write into `table` the contribution of each step of a path (row) for each pattern of failed steps (column)."""
    inverse = np.empty((2, len(node)))
    for j in range(len(share)):
        for q in range(len(node)):
            failed = share[j] * (1 - node[q])
            inverse[0, q], inverse[1, q] = 1 / (failed + node[q]), 1 / failed
        for pattern in range(1 << len(share)):
            is_failed = pattern >> j & 1
            total = 0.0
            for q in range(len(node)):
                total += product[pattern, q] * inverse[is_failed, q]
            table[j, pattern] = (1 - is_failed - share[j]) * total


@compiled
def failed_steps(mask: Integers, wanted: Integers, n_bits: int, failed: np.ndarray) -> None:
    """Write into `failed` for each pattern of a tile the steps of a leaf it fails, one bit a step."""
    failed[0] = 0
    for bit in range(n_bits):
        if_set, if_clear = np.uint16(0), np.uint16(0)
        for j in range(len(mask)):
            if mask[j] >> bit & 1:
                if wanted[j] >> bit & 1:
                    if_clear |= np.uint16(1 << j)
                else:
                    if_set |= np.uint16(1 << j)
        size = 1 << bit
        for pattern in range(size):
            failed[size + pattern] = failed[pattern] | if_set
            failed[pattern] |= if_clear


@compiled
def fill_tables(tiles: Tiles, leaves: TileLeaves, quadrature: Quadrature, room: tuple, tables: Floats) -> None:
    """Add the contributions of the leaves of all tiles to `tables`: for each feature those of all patterns.

    `room` is for the products and the table of one leaf, and for the steps it fails.
    """
    product, table, failed = room
    for tile in range(len(tiles.table_start) - 1):
        n_bits = tiles.bit_start[tile + 1] - tiles.bit_start[tile]
        size = 1 << n_bits
        for leaf in range(leaves.start[tile], leaves.start[tile + 1]):
            first, last = leaves.step_start[leaf], leaves.step_start[leaf + 1]
            low, high = quadrature.start[last - first], quadrature.start[last - first + 1]
            share, node, weight = leaves.share[first:last], quadrature.node[low:high], quadrature.weight[low:high]
            path_products(share, leaves.value[leaf], node, weight, product)
            leaf_table(share, node, product, table)
            failed_steps(leaves.mask[first:last], leaves.wanted[first:last], n_bits, failed)
            for j in range(last - first):
                start = tiles.table_start[tile] + leaves.place[first + j] * size
                total, mine = tables[start : start + size], table[j]
                for pattern in range(size):
                    total[pattern] += mine[failed[pattern]]


@compiled
def send_rows(splits: Splits, tree: int, views: Floats, left: np.ndarray) -> None:
    """Write into `left` 1 where a row (column) goes left at a split (row) of the tree, else 0."""
    first = splits.start[tree]
    for node in range(first, splits.start[tree + 1]):
        row, goes = views[splits.column[node]], left[node - first]
        n_words, start = splits.n_words[node], splits.word_start[node]
        if n_words == 0:
            threshold = splits.threshold[node]
            for i in range(len(row)):
                goes[i] = row[i] <= threshold
        else:
            for i in range(len(row)):
                category = int(row[i])
                goes[i] = 0
                if 0 <= category < 32 * n_words:
                    goes[i] = splits.words[start + category // 32] >> np.uint32(category % 32) & 1


@compiled
def pass_tests(tests: Tests, group: int, left: np.ndarray, passed: np.ndarray) -> None:
    """Write into `passed` 1 where a row passes all tests of a group, else 0."""
    first, last = tests.start[group], tests.start[group + 1]
    goes, wanted = left[tests.node[first]], tests.wanted[first]
    for i in range(len(passed)):
        passed[i] = goes[i] == wanted
    for test in range(first + 1, last):
        goes, wanted = left[tests.node[test]], tests.wanted[test]
        for i in range(len(passed)):
            passed[i] &= goes[i] == wanted


@compiled
def add_tile(
    tiles: Tiles,
    bits: Tests,
    tile: int,
    tables: Floats,
    left: np.ndarray,
    passed: np.ndarray,
    patterns: np.ndarray,
    out: Floats,
) -> None:
    """Add the contributions of a tile: look up the pattern of each row."""
    first = tiles.bit_start[tile]
    for i in range(len(patterns)):
        patterns[i] = 0
    for bit in range(first, tiles.bit_start[tile + 1]):
        pass_tests(bits, bit, left, passed)
        place = np.uint16(bit - first)
        for i in range(len(patterns)):
            patterns[i] |= np.uint16(passed[i]) << place
    size = 1 << (tiles.bit_start[tile + 1] - first)
    start = tiles.table_start[tile]
    for number in range(tiles.feature_start[tile], tiles.feature_start[tile + 1]):
        table, total = tables[start : start + size], out[tiles.feature[number]]
        for i in range(len(patterns)):
            total[i] += table[patterns[i]]
        start += size


@compiled
def add_deep_leaf(
    deep: DeepLeaves, leaf: int, quadrature: Quadrature, passed: np.ndarray, product: Floats, out: Floats
) -> None:
    """Add the contributions of a leaf without table; `passed` says for each step (row) which rows pass it."""
    first, last = deep.step_start[leaf], deep.step_start[leaf + 1]
    d = last - first
    for q in range(quadrature.start[d], quadrature.start[d + 1]):
        t = quadrature.node[q]
        for i in range(len(product)):
            product[i] = deep.value[leaf] * quadrature.weight[q]
        for j in range(d):
            failed = deep.share[first + j] * (1 - t)
            step = passed[j]
            for i in range(len(product)):
                product[i] *= failed + t if step[i] else failed
        for j in range(d):
            share = deep.share[first + j]
            failed = share * (1 - t)
            yes, no = (1 - share) / (failed + t), -share / failed
            step, total = passed[j], out[deep.feature[first + j]]
            for i in range(len(product)):
                total[i] += product[i] * (yes if step[i] else no)


@compiled
def add_contributions(
    splits: Splits,
    tiles: Tiles,
    bits: Tests,
    tables: Floats,
    deep: DeepLeaves,
    deep_tests: Tests,
    quadrature: Quadrature,
    views: Floats,
    work: tuple,
    out: Floats,
) -> None:
    """Add the contributions of all trees to `out`: one row per feature, one column per row of the data.

    `work` is room for the sides taken at the splits of a tree, the steps passed of a leaf, and a bit, a pattern and a
    product for each row.
    """
    left, passed, bit, patterns, product = work
    for tree in range(len(splits.start) - 1):
        send_rows(splits, tree, views, left)
        for tile in range(tiles.start[tree], tiles.start[tree + 1]):
            add_tile(tiles, bits, tile, tables, left, bit, patterns, out)
        for leaf in range(deep.start[tree], deep.start[tree + 1]):
            first = deep.step_start[leaf]
            for step in range(first, deep.step_start[leaf + 1]):
                pass_tests(deep_tests, step, left, passed[step - first])
            add_deep_leaf(deep, leaf, quadrature, passed, product, out)
