"""External ratings, on one scale from 0 (best grade) to 1 (worst)."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature


@FEATURES.register(
    Feature(
        family="ratings",
        unit="ratio",
        direction=1,
        label_en="external rating, 0 best to 1 worst",
        label_fr="note externe, de 0 (meilleure) à 1 (pire)",
        missing="no rating on a known scale",
        decimals=2,
    )
)
def rating_ratio(at: At) -> nw.Expr:
    """Latest external rating, from 0 (best grade of its scale) to 1 (worst).

    With several providers the worst of their latest ratings.
    """
    rating = at.level("rating_micro").cast(nw.Float64) / 1e6
    return nw.when(at.level("n_ratings") > 0).then(rating)


@FEATURES.register(
    Feature(
        family="ratings",
        unit="ratio",
        direction=1,
        label_en="change of the external rating over 12 months",
        label_fr="évolution de la note externe sur 12 mois",
        missing="no rating on the date or 12 months before",
        decimals=2,
    )
)
def rating_change_12m(at: At) -> nw.Expr:
    """Latest external rating minus that of 12 months before, same scale from 0 to 1."""
    change = at.flow("rating_micro", 12).cast(nw.Float64) / 1e6
    return nw.when((at.level("n_ratings") > 0) & (at.level("n_ratings", 12) > 0)).then(change)


@FEATURES.register(
    Feature(
        family="ratings",
        unit="count",
        direction=1,
        label_en="downgrades of 12 months",
        label_fr="dégradations de note sur 12 mois",
        missing="no rating on a known scale",
        decimals=0,
    )
)
def n_downgrades_12m(at: At) -> nw.Expr:
    """Ratings of 12 months worse than the latest one of the same provider before."""
    downgrades = at.flow("n_downgrades", 12).cast(nw.Float64)
    return nw.when(at.level("n_ratings") > 0).then(downgrades)
