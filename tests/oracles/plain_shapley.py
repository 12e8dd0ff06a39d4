"""Shapley values of a small LightGBM model straight from their definition: every order in which features are known.

The value of a set of known features is the mean leaf of each tree where unknown features follow both branches, weighted
by the rows of training in them (path-dependent; Lundberg and others 2020). Goes over all 2^M sets: for M <= 12.
"""

import math
from itertools import combinations


def shapley(model, row):
    """Contributions of the features to the raw score of a row, and the base, from `Booster.dump_model()`."""
    n = len(model["feature_names"])
    worth = {
        known: math.fsum(expected(tree["tree_structure"], row, frozenset(known)) for tree in model["tree_info"])
        for size in range(n + 1)
        for known in combinations(range(n), size)
    }
    found = []
    for feature in range(n):
        others = [k for k in range(n) if k != feature]
        terms = []
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            terms += [
                weight * (worth[tuple(sorted((*known, feature)))] - worth[known])
                for known in combinations(others, size)
            ]
        found.append(math.fsum(terms))
    return found, worth[()]


def expected(node, row, known):
    """Mean leaf value of a node when only some features are known."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected(left if goes_left(node, row[node["split_feature"]]) else right, row, known)
    share = rows_of(left) / (rows_of(left) + rows_of(right))
    return share * expected(left, row, known) + (1 - share) * expected(right, row, known)


def rows_of(node):
    return node["leaf_count"] if "leaf_value" in node else node["internal_count"]


def goes_left(node, value):
    """The branch of a value by LightGBM's rules for missing values and categories."""
    missing = node["missing_type"]
    if node["decision_type"] == "==":
        if math.isnan(value) or value < 0:
            return False
        return str(int(value)) in node["threshold"].split("||")
    if math.isnan(value) and missing != "NaN":
        value = 0.0
    if (missing == "NaN" and math.isnan(value)) or (missing == "Zero" and abs(value) <= 1e-35):
        return node["default_left"]
    return value <= node["threshold"]
