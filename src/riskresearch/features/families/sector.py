"""Macro and sector: how the peers of the customer fare."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="sector",
        unit="ratio",
        direction=1,
        label_en="share of the sector's open amount over 30 days late",
        label_fr="part de l'encours du secteur échue depuis plus de 30 jours",
        missing="sector unknown or nothing open in it",
        decimals=2,
    )
)
def sector_overdue_30_ratio(at: At) -> nw.Expr:
    """Share of the open amount of all customers of the sector that is more than 30 days past due."""
    return ratio(at.peers("overdue_30_minor", "sector"), at.peers("open_minor", "sector"))


@FEATURES.register(
    Feature(
        family="sector",
        unit="ratio",
        direction=1,
        label_en="defaults per customer of the sector over 12 months",
        label_fr="défauts par client du secteur sur 12 mois",
        missing="sector unknown",
        decimals=3,
    )
)
def sector_default_ratio_12m(at: At) -> nw.Expr:
    """Default spells begun in 12 months in the sector divided by the customers of the sector with an act so far."""
    return ratio(at.peers("n_default_spells", "sector", 12), at.peers("n_customers", "sector"))


@FEATURES.register(
    Feature(
        family="sector",
        unit="ratio",
        direction=1,
        label_en="share of the country's invoices late over 12 months",
        label_fr="part des factures du pays en retard sur 12 mois",
        missing="country unknown or no item of it fell due in 12 months",
        decimals=2,
    )
)
def country_late_ratio_12m(at: At) -> nw.Expr:
    """Late share of the items of all customers of the country fallen due in 12 months."""
    return ratio(at.peers("n_late", "country", 12), at.peers("n_due", "country", 12))


@FEATURES.register(
    Feature(
        family="sector",
        unit="ratio",
        direction=1,
        label_en="failure rate of the sector",
        label_fr="taux de défaillance du secteur",
        missing="no published figure of the sector",
        decimals=3,
    )
)
def sector_failure_ratio(at: At) -> nw.Expr:
    """Latest published yearly failure rate of the sector (table sector_statistics)."""
    rate = at.level("sector_failure_micro").cast(nw.Float64) / 1e6
    return nw.when(at.level("n_sector_failures") > 0).then(rate)


@FEATURES.register(
    Feature(
        family="sector",
        unit="ratio",
        direction=1,
        label_en="change of the sector's failure rate over 12 months",
        label_fr="évolution du taux de défaillance du secteur sur 12 mois",
        missing="no published figure of the sector on the date or 12 months before, or a rate of 0 then",
        decimals=2,
    )
)
def sector_failure_change_ratio_12m(at: At) -> nw.Expr:
    """Latest published failure rate of the sector divided by the one known 12 months before, minus 1."""
    growth = ratio(at.level("sector_failure_micro"), at.level("sector_failure_before_micro")) - 1.0
    return nw.when(at.level("n_sector_failures") > 0).then(growth)
