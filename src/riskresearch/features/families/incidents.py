"""Incidents and reminders: what went wrong, and what had to be done about it."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio


@FEATURES.register(
    Feature(
        family="incidents",
        unit="ratio",
        direction=1,
        label_en="returned payments per receipt over 12 months",
        label_fr="paiements rejetés par règlement sur 12 mois",
        missing="no receipt in 12 months",
        decimals=2,
    )
)
def returned_ratio_12m(at: At) -> nw.Expr:
    """Returned payments of 12 months per receipt of 12 months."""
    return ratio(at.flow("n_returned", 12), at.flow("n_paid", 12))


@FEATURES.register(
    Feature(
        family="incidents",
        unit="count",
        direction=1,
        label_en="formal reminders of 6 months",
        label_fr="relances formelles sur 6 mois",
        missing="never",
        decimals=0,
    )
)
def n_formal_reminders_6m(at: At) -> nw.Expr:
    """Warnings, formal notices, delivery stops, collections and legal steps of 6 months."""
    return at.flow("n_formal_reminders", 6).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="incidents",
        unit="ratio",
        direction=1,
        label_en="share of promises to pay broken over 12 months",
        label_fr="part des promesses de paiement non tenues sur 12 mois",
        missing="no promise fell due in 12 months",
        decimals=2,
    )
)
def broken_promise_ratio_12m(at: At) -> nw.Expr:
    """Share of the promises whose day passed in 12 months that were not kept.

    A promise is not kept where less than what was promised was received from the customer from the day of the
    promise to the promised day, both included, as known on the day after. Promises without an amount do not count.
    """
    return ratio(at.flow("n_promises_broken", 12), at.flow("n_promises_due", 12))


@FEATURES.register(
    Feature(
        family="incidents",
        unit="count",
        direction=1,
        label_en="legal events of 24 months",
        label_fr="événements juridiques sur 24 mois",
        missing="never",
        decimals=0,
    )
)
def n_legal_events_24m(at: At) -> nw.Expr:
    """Legal notices, litigations, moratoria, insolvencies and insurer claims of 24 months."""
    return at.flow("n_legal_events", 24).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="incidents",
        unit="count",
        direction=1,
        label_en="defaults begun in 36 months",
        label_fr="défauts survenus sur 36 mois",
        missing="never",
        decimals=0,
    )
)
def n_default_spells_36m(at: At) -> nw.Expr:
    """Default spells that began in 36 months."""
    return at.flow("n_default_spells", 36).cast(nw.Float64)


@FEATURES.register(
    Feature(
        family="incidents",
        unit="ratio",
        direction=1,
        label_en="share of sales written off over 24 months",
        label_fr="part des ventes passée en perte sur 24 mois",
        missing="no sales in 24 months",
        decimals=3,
    )
)
def lost_ratio_24m(at: At) -> nw.Expr:
    """Amounts written off in 24 months, net of recoveries, divided by the sales of 24 months."""
    return ratio(at.flow("lost_minor", 24) - at.flow("recovered_minor", 24), at.flow("sale_minor", 24))
