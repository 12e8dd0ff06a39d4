"""Disputes and credit notes: what a customer does not accept."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="disputes",
        unit="ratio",
        direction=1,
        label_en="disputes per invoice over 12 months",
        label_fr="litiges par facture sur 12 mois",
        missing="no invoice in 12 months",
        decimals=2,
    )
)
def dispute_ratio_12m(at: At) -> nw.Expr:
    """Disputes opened in 12 months per invoice of 12 months."""
    return ratio(at.flow("n_disputes", 12), at.flow("n_sale", 12))


@FEATURES.register(
    Feature(
        family="disputes",
        unit="ratio",
        direction=1,
        label_en="open disputes per open invoice",
        label_fr="litiges en cours par facture ouverte",
        missing="no open item",
        decimals=2,
    )
)
def disputed_items_ratio(at: At) -> nw.Expr:
    """Disputes open on T per open item (a dispute is open from its known day until the day it was closed)."""
    return ratio(at.level("n_disputes_open"), at.level("n_open"))


@FEATURES.register(
    Feature(
        family="disputes",
        unit="ratio",
        direction=0,
        label_en="credit notes in sales over 12 months",
        label_fr="part des avoirs dans les ventes sur 12 mois",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def credit_note_ratio_12m(at: At) -> nw.Expr:
    """Credit notes of 12 months (those that lower sales) divided by the sales of 12 months."""
    return ratio(at.flow("credit_minor", 12), at.flow("sale_minor", 12))
