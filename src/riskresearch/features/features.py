"""Features of a customer on a date: one decorated function each.

A feature is an expression on the aggregates of the customer × date panel (see
`riskresearch.features.snapshots.AGGREGATES`). To add one, write a function that returns the
expression and declare its unit, window, direction and labels: its column, label, documentation row,
monotone constraint, no-look-ahead test and hand-over contract come by themselves.
"""

from dataclasses import dataclass

import narwhals as nw

from riskresearch.base.registry import Registry


@dataclass(frozen=True)
class Feature:
    """Declaration of a feature.

    ``direction`` +1: a higher value never lowers the PD; -1: never raises it; 0: not constrained.
    ``missing`` says when there is no value; a missing value is kept, never filled with "no delays".
    """

    family: str
    unit: str
    direction: int
    label_en: str
    label_fr: str
    missing: str
    decimals: int = 1


FEATURES = Registry[Feature]("feature")


@FEATURES.register(
    Feature(
        "delay",
        "days",
        1,
        "mean delay of the receipts of 3 months",
        "retard moyen des règlements sur 3 mois",
        "no receipt in 3 months",
    )
)
def days_late_mean_3m() -> nw.Expr:
    """Days after the due date, early counted as 0, weighted by amount, of the receipts of 3 months."""
    return _ratio("paid_days_3m", "paid_minor_3m")


@FEATURES.register(
    Feature(
        "delay",
        "days",
        1,
        "mean delay of the receipts of 12 months",
        "retard moyen des règlements sur 12 mois",
        "no receipt in 12 months",
    )
)
def days_late_mean_12m() -> nw.Expr:
    """Days after the due date, early counted as 0, weighted by amount, of the receipts of 12 months."""
    return _ratio("paid_days_12m", "paid_minor_12m")


@FEATURES.register(
    Feature(
        "delay",
        "days",
        1,
        "change of the mean delay, 3 months against 12",
        "évolution du retard moyen, 3 mois contre 12",
        "no receipt in 3 months",
    )
)
def days_late_change_3m() -> nw.Expr:
    """Mean delay of 3 months minus mean delay of 12 months."""
    return _ratio("paid_days_3m", "paid_minor_3m") - _ratio("paid_days_12m", "paid_minor_12m")


@FEATURES.register(
    Feature(
        "delay",
        "ratio",
        1,
        "share of invoices late over 12 months",
        "part des factures en retard sur 12 mois",
        "no invoice fell due in 12 months",
        2,
    )
)
def late_ratio_12m() -> nw.Expr:
    """Share of the invoices fallen due in 12 months that were not fully settled on their due date."""
    return _ratio("n_late_12m", "n_due_12m")


@FEATURES.register(
    Feature(
        "delay",
        "ratio",
        1,
        "share of invoices late over 3 months",
        "part des factures en retard sur 3 mois",
        "no invoice fell due in 3 months",
        2,
    )
)
def late_ratio_3m() -> nw.Expr:
    """Share of the invoices fallen due in 3 months that were not fully settled on their due date."""
    return _ratio("n_late_3m", "n_due_3m")


@FEATURES.register(
    Feature("ageing", "ratio", 1, "overdue share of the open amount", "part échue de l'encours", "nothing open", 2)
)
def overdue_ratio() -> nw.Expr:
    """Overdue share of the open amount."""
    return _ratio("overdue_minor", "open_minor")


@FEATURES.register(
    Feature(
        "ageing",
        "ratio",
        1,
        "share of the open amount over 30 days late",
        "part de l'encours échue depuis plus de 30 jours",
        "nothing open",
        2,
    )
)
def overdue_30_ratio() -> nw.Expr:
    """Share of the open amount more than 30 days past due."""
    return _ratio("overdue_30_minor", "open_minor")


@FEATURES.register(
    Feature(
        "ageing",
        "ratio",
        1,
        "share of the open amount over 60 days late",
        "part de l'encours échue depuis plus de 60 jours",
        "nothing open",
        2,
    )
)
def overdue_60_ratio() -> nw.Expr:
    """Share of the open amount more than 60 days past due."""
    return _ratio("overdue_60_minor", "open_minor")


@FEATURES.register(
    Feature(
        "ageing",
        "months",
        1,
        "overdue amount in months of sales",
        "encours échu en mois de ventes",
        "no sales in 12 months",
        2,
    )
)
def overdue_to_sales_months() -> nw.Expr:
    """Overdue amount divided by the mean monthly sales of 12 months."""
    return _ratio("overdue_minor", "sales_minor_12m") * 12


@FEATURES.register(
    Feature(
        "exposure",
        "months",
        1,
        "open amount in months of sales",
        "encours en mois de ventes",
        "no sales in 12 months",
        2,
    )
)
def open_to_sales_months() -> nw.Expr:
    """Open amount divided by the mean monthly sales of 12 months."""
    return _ratio("open_minor", "sales_minor_12m") * 12


@FEATURES.register(
    Feature(
        "sales",
        "ratio",
        0,
        "sales of 3 months against the year",
        "ventes de 3 mois rapportées à l'année",
        "no sales in 12 months",
        2,
    )
)
def sales_trend_ratio_3m() -> nw.Expr:
    """Sales of 3 months times four divided by the sales of 12 months; 1 = steady."""
    return _ratio("sales_minor_3m", "sales_minor_12m") * 4


@FEATURES.register(
    Feature(
        "disputes",
        "ratio",
        1,
        "disputes per invoice over 12 months",
        "litiges par facture sur 12 mois",
        "no invoice in 12 months",
        2,
    )
)
def dispute_ratio_12m() -> nw.Expr:
    """Disputes opened in 12 months per invoice of 12 months."""
    return _ratio("n_disputes_12m", "n_invoices_12m")


@FEATURES.register(
    Feature(
        "disputes",
        "ratio",
        0,
        "credit notes in sales over 12 months",
        "part des avoirs dans les ventes sur 12 mois",
        "no sales in 12 months",
        2,
    )
)
def credit_note_ratio_12m() -> nw.Expr:
    """Credit notes of 12 months divided by the invoices of 12 months."""
    return _ratio("credit_minor_12m", "sales_minor_12m")


@FEATURES.register(
    Feature(
        "delay",
        "ratio",
        1,
        "share of receipts that were partial over 6 months",
        "part des règlements partiels sur 6 mois",
        "no receipt in 6 months",
        2,
    )
)
def partial_ratio_6m() -> nw.Expr:
    """Share of the receipts of 6 months that left the invoice partly open."""
    return _ratio("n_partial_6m", "n_paid_6m")


@FEATURES.register(Feature("tenure", "months", -1, "months of history", "mois d'historique", "never", 0))
def tenure_months() -> nw.Expr:
    """Months since the first act of the customer in the ledger."""
    return nw.col("n_months").cast(nw.Float64)


def _ratio(over: str, under: str) -> nw.Expr:
    """Quotient of two aggregates; missing where the denominator is not positive."""
    return nw.when(nw.col(under) > 0).then(nw.col(over).cast(nw.Float64) / nw.col(under).cast(nw.Float64))
