"""Boosted trees of LightGBM, read from the model's text: splits, leaves, and how many training rows reached them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.base.errors import TableError, first_keys

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CATEGORICAL = 1
"""Bit of a split's decision."""


@dataclass(frozen=True)
class Tree:
    """One tree; a child below 0 is a leaf, −1 the first.

    Parameters
    ----------
    feature : number of the feature of each split
    threshold : a value up to it goes left; of a categorical split, the number of its set of categories
    decision : bits of the split: 1 categorical, 2 missing goes left, 4 or 8 what counts as missing (zero, NaN)
    left, right : children of each split
    node_cover, leaf_cover : training rows that reached a split, a leaf
    leaf_value : raw log-odds of each leaf
    category_bounds, category_words : the sets of categories as 32-bit words, one bit a category
    """

    feature: Integers
    threshold: Floats
    decision: Integers
    left: Integers
    right: Integers
    node_cover: Floats
    leaf_cover: Floats
    leaf_value: Floats
    category_bounds: Integers
    category_words: Integers

    @property
    def expected_value(self) -> float:
        """Mean of the leaves, weighted by the training rows that reached them."""
        if not len(self.feature):
            return float(self.leaf_value[0])
        return float(self.leaf_cover / self.node_cover[0] @ self.leaf_value)

    @property
    def is_categorical(self) -> NDArray[np.bool_]:
        """Whether each split is on a set of categories."""
        return (self.decision & CATEGORICAL) > 0

    def cover(self, child: int) -> float:
        """Return the training rows that reached a split, or a leaf where `child` is below 0."""
        return float(self.node_cover[child] if child >= 0 else self.leaf_cover[~child])


@dataclass(frozen=True)
class Forest:
    """The trees of a model in their order, and the number of features they may read."""

    trees: tuple[Tree, ...]
    n_features: int

    @property
    def base(self) -> float:
        """Sum of the expected values of the trees, in raw log-odds: what contributions start from."""
        return float(sum(tree.expected_value for tree in self.trees))

    @property
    def n_leaves(self) -> int:
        """Leaves of all trees."""
        return sum(len(tree.leaf_value) for tree in self.trees)

    @property
    def has_native_categories(self) -> bool:
        """Whether a split is on a set of categories."""
        return any(bool(tree.is_categorical.any()) for tree in self.trees)


def forest(text: str) -> Forest:
    """Return the trees of a LightGBM model text, as `Booster.model_to_string` writes it.

    Raises
    ------
    TableError
        The model has several outcomes, averages its trees, has linear leaves, or a split or leaf no training row
        reached: its contributions are not defined here.
    """
    head, *blocks = text.split("\nTree=")
    header = _fields(head)
    _refuse("more than one outcome", header.get("num_tree_per_iteration", "1") != "1")
    _refuse("trees that are averaged (random forest)", "average_output" in head.split("\n"))
    fields = [_fields(block.split("\n\n\n")[0]) for block in blocks]
    linear = [number for number, tree in enumerate(fields) if tree.get("is_linear", "0") != "0"]
    _refuse(f"linear leaves (trees {first_keys(linear)})", bool(linear))
    trees = tuple(_tree(tree) for tree in fields)
    bare = [number for number, tree in enumerate(trees) if len(tree.feature) and _has_empty(tree)]
    _refuse(f"splits or leaves without training rows (trees {first_keys(bare)})", bool(bare))
    return Forest(trees, int(header["max_feature_idx"]) + 1)


def _refuse(what: str, is_so: bool) -> None:
    if is_so:
        raise TableError(
            f"model_parts: the boosted trees have {what}; contributions are exact for one outcome, summed trees and "
            "constant leaves only; fit the model without"
        )


def _has_empty(tree: Tree) -> bool:
    return bool((tree.leaf_cover <= 0).any() or (tree.node_cover <= 0).any())


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _tree(fields: Mapping[str, str]) -> Tree:
    return Tree(
        feature=_integers(fields, "split_feature"),
        threshold=_floats(fields, "threshold"),
        decision=_integers(fields, "decision_type"),
        left=_integers(fields, "left_child"),
        right=_integers(fields, "right_child"),
        node_cover=_floats(fields, "internal_count"),
        leaf_cover=_floats(fields, "leaf_count"),
        leaf_value=_floats(fields, "leaf_value"),
        category_bounds=_integers(fields, "cat_boundaries"),
        category_words=_integers(fields, "cat_threshold"),
    )


def _integers(fields: Mapping[str, str], name: str) -> Integers:
    return np.array(fields.get(name, "").split(), dtype=np.int64)


def _floats(fields: Mapping[str, str], name: str) -> Floats:
    return np.array(fields.get(name, "").split(), dtype=np.float64)
