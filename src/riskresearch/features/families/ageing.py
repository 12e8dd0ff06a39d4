"""Ageing: how much of the open amount is past due, for how long, and where it is heading."""

from functools import reduce
from operator import add

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="overdue share of the open amount",
        label_fr="part échue de l'encours",
        missing="nothing open",
        decimals=2,
    )
)
def overdue_ratio(at: At) -> nw.Expr:
    """Overdue share of the open amount."""
    return _share(at, "overdue_minor")


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="share of the open amount over 30 days late",
        label_fr="part de l'encours échue depuis plus de 30 jours",
        missing="nothing open",
        decimals=2,
    )
)
def overdue_30_ratio(at: At) -> nw.Expr:
    """Share of the open amount more than 30 days past due."""
    return _share(at, "overdue_30_minor")


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="share of the open amount over 60 days late",
        label_fr="part de l'encours échue depuis plus de 60 jours",
        missing="nothing open",
        decimals=2,
    )
)
def overdue_60_ratio(at: At) -> nw.Expr:
    """Share of the open amount more than 60 days past due."""
    return _share(at, "overdue_60_minor")


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="share of the open amount over 90 days late",
        label_fr="part de l'encours échue depuis plus de 90 jours",
        missing="nothing open",
        decimals=2,
    )
)
def overdue_90_ratio(at: At) -> nw.Expr:
    """Share of the open amount more than 90 days past due."""
    return _share(at, "overdue_90_minor")


@FEATURES.register(
    Feature(
        family="ageing",
        unit="months",
        direction=1,
        label_en="overdue amount in months of sales",
        label_fr="encours échu en mois de ventes",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def overdue_to_sales_months(at: At) -> nw.Expr:
    """Overdue amount divided by the mean monthly sales of 12 months."""
    return ratio(at.level("overdue_minor"), at.flow("sale_minor", 12)) * 12.0


@FEATURES.register(
    Feature(
        family="ageing",
        unit="days",
        direction=1,
        label_en="days late of the oldest open invoice",
        label_fr="jours de retard de la plus ancienne facture ouverte",
        missing="nothing open",
        decimals=0,
    )
)
def overdue_max_days(at: At) -> nw.Expr:
    """Days past due of the oldest open overdue item; 0 where none is overdue."""
    oldest = (at.day - at.oldest_due_day()).cast(nw.Float64)
    return nw.when(at.level("n_open") > 0).then(nw.coalesce(oldest, nw.lit(0.0)))


@FEATURES.register(
    Feature(
        family="ageing",
        unit="days",
        direction=1,
        label_en="mean days late of what is overdue",
        label_fr="jours de retard moyens de l'encours échu",
        missing="nothing open",
    )
)
def overdue_mean_days(at: At) -> nw.Expr:
    """Days past due of the open overdue items, weighted by open amount; 0 where nothing is overdue."""
    overdue = at.level("overdue_minor")
    mean = ratio(at.day * overdue - at.level("overdue_due_minor"), overdue)
    return nw.when(at.level("n_open") > 0).then(nw.coalesce(mean, nw.lit(0.0)))


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="change of the overdue share in 3 months",
        label_fr="évolution de la part échue en 3 mois",
        missing="nothing open on one of the two dates",
        decimals=2,
    )
)
def overdue_change_3m(at: At) -> nw.Expr:
    """Overdue share of the open amount minus that of 3 months before."""
    return _share(at, "overdue_minor") - _share(at, "overdue_minor", ago=3)


@FEATURES.register(
    Feature(
        family="ageing",
        unit="ratio",
        direction=1,
        label_en="slope of the overdue share per month over 6 months",
        label_fr="pente mensuelle de la part échue sur 6 mois",
        missing="fewer than 6 month ends with something open",
        decimals=3,
    )
)
def overdue_slope_6m(at: At) -> nw.Expr:
    """Slope per month of a straight line through the overdue shares of the open amount on 6 monthly dates up to T.

    Ordinary least squares: Σ (i − 2.5) share_i / 17.5 with i = 0 for the oldest date and 5 for T; written with
    whole weights, 5, 3 and 1 over 35, always in this order, and times 1 / 35, since engines divide by a constant
    in different ways and multiply in the same.
    """
    last, fifth, fourth, third, second, first = (_share(at, "overdue_minor", ago) for ago in range(6))
    return (5.0 * (last - first) + 3.0 * (fifth - second) + (fourth - third)) * (1 / 35)


@FEATURES.register(
    Feature(
        family="ageing",
        unit="months",
        direction=1,
        label_en="months with something over 30 days late, of 12",
        label_fr="mois avec un impayé de plus de 30 jours, sur 12",
        missing="never",
        decimals=0,
    )
)
def overdue_30_months_12m(at: At) -> nw.Expr:
    """Number of the 12 monthly dates up to T with an amount more than 30 days past due; 0 before the first act."""
    late = [(at.level("overdue_30_minor", ago) > 0).cast(nw.Int64) for ago in range(12)]
    return reduce(add, late).cast(nw.Float64)


def _share(at: At, measure: str, ago: int = 0) -> nw.Expr:
    return ratio(at.level(measure, ago), at.level("open_minor", ago))
