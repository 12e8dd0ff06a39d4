"""Orders and sales rhythm: whether a customer buys more, less, or otherwise than it used to."""

from functools import reduce
from operator import add

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="sales",
        unit="ratio",
        direction=0,
        label_en="sales of 3 months against the year",
        label_fr="ventes de 3 mois rapportées à l'année",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def sales_trend_ratio_3m(at: At) -> nw.Expr:
    """Sales of 3 months times four divided by the sales of 12 months; 1 = steady."""
    return ratio(at.flow("sale_minor", 3) * 4, at.flow("sale_minor", 12))


@FEATURES.register(
    Feature(
        family="sales",
        unit="ratio",
        direction=0,
        label_en="growth of the sales of 12 months",
        label_fr="croissance des ventes sur 12 mois",
        missing="no sales in the 12 months before",
        decimals=2,
    )
)
def sales_growth_ratio_12m(at: At) -> nw.Expr:
    """Sales of 12 months divided by those of the 12 months before, minus 1."""
    return ratio(at.flow("sale_minor", 12), at.flow("sale_minor", 12, ago=12)) - 1.0


@FEATURES.register(
    Feature(
        family="sales",
        unit="ratio",
        direction=0,
        label_en="sales of the last month against the year",
        label_fr="ventes du dernier mois rapportées à l'année",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def sales_surge_ratio_1m(at: At) -> nw.Expr:
    """Sales of the last month times twelve divided by the sales of 12 months; 1 = steady."""
    return ratio(at.flow("sale_minor", 1) * 12, at.flow("sale_minor", 12))


@FEATURES.register(
    Feature(
        family="sales",
        unit="ratio",
        direction=0,
        label_en="unevenness of the monthly sales of 12 months",
        label_fr="irrégularité des ventes mensuelles sur 12 mois",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def sales_variation_ratio_12m(at: At) -> nw.Expr:
    """Mean absolute difference of the 12 monthly sales from their mean, divided by their mean.

    Σ|12 x_i − S| / (12 S), with x_i the sales of a month and S those of 12 months; 0 = every month the same.
    """
    total = at.flow("sale_minor", 12)
    apart = [(at.flow("sale_minor", 1, ago) * 12 - total).abs() for ago in range(12)]
    return ratio(reduce(add, apart), total * 12)


@FEATURES.register(
    Feature(
        family="sales",
        unit="months",
        direction=0,
        label_en="months with sales, of 12",
        label_fr="mois avec ventes, sur 12",
        missing="never",
        decimals=0,
    )
)
def sales_active_months_12m(at: At) -> nw.Expr:
    """Number of the last 12 months with at least one sale; 0 without sales."""
    active = [(at.flow("n_sale", 1, ago) > 0).cast(nw.Int64) for ago in range(12)]
    return reduce(add, active).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="sales",
        unit="days",
        direction=0,
        label_en="days since the last sale",
        label_fr="jours depuis la dernière vente",
        missing="no sale ever",
        decimals=0,
    )
)
def days_since_sale(at: At) -> nw.Expr:
    """Days since the last sale became known."""
    return (at.day - at.last("last_sale_day")).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="sales",
        unit="count",
        direction=0,
        label_en="invoices of 12 months",
        label_fr="nombre de factures sur 12 mois",
        missing="never",
        decimals=0,
    )
)
def n_sales_12m(at: At) -> nw.Expr:
    """Invoices of 12 months; one payable in instalments counts once."""
    return at.flow("n_sale", 12).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="sales",
        unit="ratio",
        direction=0,
        label_en="share of the seller's sales of 12 months",
        label_fr="part dans les ventes du vendeur sur 12 mois",
        missing="the seller sold nothing in 12 months",
        decimals=3,
    )
)
def sales_share_ratio_12m(at: At) -> nw.Expr:
    """Sales of 12 months to the customer divided by those to all customers."""
    return ratio(at.flow("sale_minor", 12), at.peers("sale_minor", "book", 12))
