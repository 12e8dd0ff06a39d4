"""Which features act together: exact interaction values of boosted trees on a stated sample of customers.

The value of a leaf is a game of the features on its way: known features keep the customer on the way or not, unknown
ones keep the share of the training rows that stay. Its multilinear extension integrated along the diagonal gives the
Shapley values, its mixed second derivative the interaction values (Owen 1972; Grabisch and Roubens 1999); both are
polynomials, so Gauss-Legendre nodes integrate them exactly.
"""

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.explanation.drivers import DriverSettings
from riskresearch.explanation.history import DECIMALS, Explained, places
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.paths import Bools, Floats, Leaves, read_paths
from riskresearch.explanation.trees import Forest

REASONS = ("computed", "native_categories", "no_rows")
LARGEST_GAP = 1e-9
CELLS = 2_000_000
"""Numbers held at a time, rows × leaves × features × features of a way."""

INTERACTIONS = Table(
    "interactions",
    "explanation",
    "one row per pair of features, strongest first; one row without a pair where none can be computed",
    ("rank",),
    (
        Column("rank", "int", "1 = strongest; 0 = not computed"),
        Column("feature_code", "text", "feature, first in the alphabet", True),
        Column("other_feature_code", "text", "feature it acts with", True),
        Column(
            "interaction_mean_abs", "float", "mean absolute part of the calibrated log-odds that is due to both", True
        ),
        Column("interaction_max_abs", "float", "largest absolute value over the customers of the sample", True),
        Column("importance_ratio", "float", "share of the sum over all single features and all pairs", True),
        Column("n_rows", "int", "customers of the sample"),
        Column("reason_code", "code", "whether it was computed, else why not", False, REASONS),
    ),
)


def interactions(model: ExplainedModel, explained: Explained, settings: DriverSettings) -> DataFrame:
    """Return table `interactions`.

    The interaction of two features is the part of the log-odds that neither adds alone: the Shapley interaction
    index, the two halves that SHAP shows off the diagonal taken together. With the single effects the values of all
    pairs add up to the log-odds of every customer. The sample is every k-th customer in the order of the score.
    Models with native categories are refused: nothing else computes them rightly, to hold the values against (shap
    gives wrong ones without a warning, its issue 1644; also where a tree takes 0 for missing or a gap for 0).

    Parameters
    ----------
    model : accepted model
    explained : rows with contributions
    settings : size of the sample, number of pairs

    Raises
    ------
    TableError
        The values do not agree with the contributions of the model.
    """
    today = explained.today
    if model.has_native_categories:
        return _refused("native_categories")
    if not len(today.rows):
        return _refused("no_rows")
    sample = today.take(_spread(today.log_odds, settings.n_interaction_rows))
    single, pairs = interaction_values(model.forest, sample.values, slope=model.slope)
    _assert_agree(single, sample)
    return _strongest(single, pairs, model.names, settings.n_interaction_pairs)


def interaction_values(trees: Forest, values: Floats, *, slope: float) -> tuple[Floats, Floats]:
    """Return contributions (rows × features) and interactions of pairs (rows × features × features).

    Interactions are symmetric, with zeros on the diagonal; calibrated log-odds. The effect of a feature alone is its
    contribution less half of its interactions.

    Parameters
    ----------
    trees : without native categories
    values : features in the order of the model
    slope : of the calibration
    """
    nodes, leaves = read_paths(trees)
    left = nodes.goes_left(values)
    n, k = values.shape
    single, pairs = np.zeros(n * k), np.zeros(n * k * k)
    for some in leaves:
        _add(single, pairs, some, left, k)
    return slope * single.reshape(n, k), slope * pairs.reshape(n, k, k)


def _add(single: Floats, pairs: Floats, leaves: Leaves, left: Bools, k: int) -> None:
    """Add the values of leaves with ways of equal length, a block of leaves at a time."""
    n, d = len(left), leaves.cover.shape[1]
    step = max(1, CELLS // (n * d * d))
    row = np.arange(n)[:, None, None]
    for start in range(0, len(leaves.value), step):
        block = slice(start, start + step)
        feature = leaves.feature[block]
        kept = (left[:, leaves.node[block]] == leaves.side[block]).all(axis=-1)
        alone, both = _integrals(kept.astype(float), leaves.cover[block], leaves.value[block])
        place = row * k + feature
        single += np.bincount(place.ravel(), alone.ravel(), minlength=len(single))
        place = place[..., None] * k + feature[:, None, :]
        pairs += np.bincount(place.ravel(), both.ravel(), minlength=len(pairs))


def _integrals(kept: Floats, cover: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Integrals over the diagonal of first and mixed second derivatives, rows × leaves × features (× features)."""
    d = cover.shape[1]
    gain = kept - cover
    alone = np.zeros(kept.shape)
    both = np.zeros((*kept.shape, d))
    for node, weight in zip(*leggauss((d + 1) // 2), strict=True):
        factor = cover + (node + 1) / 2 * gain
        relative = gain / factor
        product = factor.prod(axis=-1) * value * weight / 2
        alone += product[..., None] * relative
        both += (product[..., None] * relative)[..., None] * relative[..., None, :]
    both[..., np.arange(d), np.arange(d)] = 0.0
    return alone, both


def _spread(score: Floats, n_rows: int) -> NDArray[np.bool_]:
    """Mark rows evenly spread in the order of the score; all rows where there are not more."""
    kept = min(len(score), n_rows)
    order = np.argsort(np.round(score, DECIMALS), kind="stable")
    marked = np.zeros(len(score), dtype=bool)
    marked[order[(2 * np.arange(kept) + 1) * len(score) // (2 * kept)]] = True
    return marked


def _assert_agree(single: Floats, sample: Explained) -> None:
    gap = np.abs(single - sample.contributions).max(axis=1, initial=0.0)
    wrong = ~(gap < LARGEST_GAP)
    if wrong.any():
        keys = sample.rows.loc[wrong, "customer_id"]
        raise TableError(
            f"interactions: {int(wrong.sum())} customers ({first_keys(keys)}) have other contributions than the model "
            f"gives (largest gap {np.nanmax(gap):.2e}); the trees and the contributions are not of one run"
        )


def _strongest(single: Floats, pairs: Floats, names: tuple[str, ...], n_pairs: int) -> DataFrame:
    alone = np.abs(single - pairs.sum(axis=2) / 2).mean(axis=0)
    first, second = np.triu_indices(len(names), k=1)
    of_pairs = np.abs(pairs[:, first, second])
    strength, largest = of_pairs.mean(axis=0), of_pairs.max(axis=0)
    total = max(float(alone.sum() + strength.sum()), np.finfo(float).tiny)
    codes = np.sort(np.column_stack([np.array(names)[first], np.array(names)[second]]), axis=1)
    table = DataFrame(
        {
            "rank": places(strength),
            "feature_code": codes[:, 0],
            "other_feature_code": codes[:, 1],
            "interaction_mean_abs": strength,
            "interaction_max_abs": largest,
            "importance_ratio": strength / total,
            "n_rows": len(pairs),
            "reason_code": "computed",
        }
    )
    acting = table[(table["rank"] <= n_pairs) & (table["interaction_max_abs"] > 0)]
    return acting.sort_values("rank", ignore_index=True)


def _refused(reason: str) -> DataFrame:
    return DataFrame([{"rank": 0, "n_rows": 0, "reason_code": reason}]).reindex(columns=INTERACTIONS.names)
