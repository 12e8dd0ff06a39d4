"""Payment delay: how long after the due date a customer pays, and how often."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio

SPREAD_RECEIPTS = 3


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="mean delay of the receipts of 3 months",
        label_fr="retard moyen des règlements sur 3 mois",
        missing="no receipt in 3 months",
    )
)
def days_late_mean_3m(at: At) -> nw.Expr:
    """Days after the due date, early counted as 0, weighted by amount, of the receipts of 3 months."""
    return _mean_delay(at, 3)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="mean delay of the receipts of 6 months",
        label_fr="retard moyen des règlements sur 6 mois",
        missing="no receipt in 6 months",
    )
)
def days_late_mean_6m(at: At) -> nw.Expr:
    """Days after the due date, early counted as 0, weighted by amount, of the receipts of 6 months."""
    return _mean_delay(at, 6)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="mean delay of the receipts of 12 months",
        label_fr="retard moyen des règlements sur 12 mois",
        missing="no receipt in 12 months",
    )
)
def days_late_mean_12m(at: At) -> nw.Expr:
    """Days after the due date, early counted as 0, weighted by amount, of the receipts of 12 months."""
    return _mean_delay(at, 12)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="change of the mean delay, 3 months against 12",
        label_fr="évolution du retard moyen, 3 mois contre 12",
        missing="no receipt in 3 months",
    )
)
def days_late_change_3m(at: At) -> nw.Expr:
    """Mean delay of 3 months minus mean delay of 12 months."""
    return _mean_delay(at, 3) - _mean_delay(at, 12)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="change of the mean delay, 3 months against the 3 before",
        label_fr="évolution du retard moyen, 3 mois contre les 3 précédents",
        missing="no receipt in one of the two quarters",
    )
)
def days_late_trend_3m(at: At) -> nw.Expr:
    """Mean delay of 3 months minus that of the 3 months before."""
    return _mean_delay(at, 3) - _mean_delay(at, 3, ago=3)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=0,
        label_en="spread of the delays of 12 months",
        label_fr="dispersion des retards sur 12 mois",
        missing="fewer than 3 receipts in 12 months",
    )
)
def days_late_spread_12m(at: At) -> nw.Expr:
    """Standard deviation of the days late, early counted as 0, of the receipts of 12 months, each receipt once.

    Of the population: √(n Σd² − (Σd)²) / n. Sums and products are whole numbers, exact below 2**53, so the
    difference under the root never comes out below 0 by rounding.
    """
    n = at.flow("n_timed", 12).cast(nw.Float64)
    days, squares = (at.flow(name, 12).cast(nw.Float64) for name in ("n_late_days", "n_late_days2"))
    spread = nw.max_horizontal(n * squares - days * days, nw.lit(0.0)).sqrt()
    return nw.when(n >= SPREAD_RECEIPTS).then(spread / n)


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="mean days from invoice to receipt, 12 months",
        label_fr="délai moyen entre facture et règlement sur 12 mois",
        missing="no receipt in 12 months",
    )
)
def days_to_pay_mean_12m(at: At) -> nw.Expr:
    """Days from invoice to receipt, weighted by amount, of the receipts of 12 months."""
    return ratio(at.flow("received_days_minor", 12), at.flow("received_minor", 12))


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=1,
        label_en="share of invoices late over 3 months",
        label_fr="part des factures en retard sur 3 mois",
        missing="no item fell due in 3 months",
        decimals=2,
    )
)
def late_ratio_3m(at: At) -> nw.Expr:
    """Share of the items fallen due in 3 months that were not fully settled on their due date."""
    return ratio(at.flow("n_late", 3), at.flow("n_due", 3))


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=1,
        label_en="share of invoices late over 12 months",
        label_fr="part des factures en retard sur 12 mois",
        missing="no item fell due in 12 months",
        decimals=2,
    )
)
def late_ratio_12m(at: At) -> nw.Expr:
    """Share of the items fallen due in 12 months that were not fully settled on their due date."""
    return ratio(at.flow("n_late", 12), at.flow("n_due", 12))


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=1,
        label_en="change of the share of invoices late, 3 months against 12",
        label_fr="évolution de la part des factures en retard, 3 mois contre 12",
        missing="no item fell due in 3 months",
        decimals=2,
    )
)
def late_ratio_change_3m(at: At) -> nw.Expr:
    """Late share of 3 months minus late share of 12 months."""
    return late_ratio_3m(at) - late_ratio_12m(at)


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=1,
        label_en="share of invoices more than 30 days late over 12 months",
        label_fr="part des factures en retard de plus de 30 jours sur 12 mois",
        missing="no item passed its 30th day after the due date in 12 months",
        decimals=2,
    )
)
def late_30_ratio_12m(at: At) -> nw.Expr:
    """Share of the items whose 30th day after the due date passed in 12 months that were not fully settled then."""
    return ratio(at.flow("n_late_30", 12), at.flow("n_due_30", 12))


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=-1,
        label_en="receipts against what fell due over 3 months",
        label_fr="règlements rapportés aux échéances sur 3 mois",
        missing="nothing fell due in 3 months",
        decimals=2,
    )
)
def paid_to_due_ratio_3m(at: At) -> nw.Expr:
    """Receipts of 3 months divided by the original amount fallen due in 3 months."""
    return ratio(at.flow("paid_minor", 3), at.flow("due_minor", 3))


@FEATURES.register(
    Feature(
        family="delay",
        unit="ratio",
        direction=1,
        label_en="share of receipts that were partial over 6 months",
        label_fr="part des règlements partiels sur 6 mois",
        missing="no receipt in 6 months",
        decimals=2,
    )
)
def partial_ratio_6m(at: At) -> nw.Expr:
    """Share of the receipts of 6 months that left the invoice partly open."""
    return ratio(at.flow("n_partial", 6), at.flow("n_paid", 6))


@FEATURES.register(
    Feature(
        family="delay",
        unit="days",
        direction=1,
        label_en="days since the last receipt",
        label_fr="jours depuis le dernier règlement",
        missing="no receipt ever",
        decimals=0,
    )
)
def days_since_receipt(at: At) -> nw.Expr:
    """Days since the last receipt became known."""
    return (at.day - at.last("last_paid_day")).cast(nw.Float64)


def _mean_delay(at: At, months: int, ago: int = 0) -> nw.Expr:
    return ratio(at.flow("late_days_minor", months, ago), at.flow("timed_minor", months, ago))
