"""Utilisation and exposure: the open amount against sales, limits and money on account, and the terms agreed."""

from functools import reduce
from operator import add

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, ratio

MONTH_DAYS = 365 / 12


@FEATURES.register(
    Feature(
        family="exposure",
        unit="months",
        direction=1,
        label_en="open amount in months of sales",
        label_fr="encours en mois de ventes",
        missing="no sales in 12 months",
        decimals=2,
    )
)
def open_to_sales_months(at: At) -> nw.Expr:
    """Open amount divided by the mean monthly sales of 12 months."""
    return ratio(at.level("open_minor"), at.flow("sale_minor", 12)) * 12.0


@FEATURES.register(
    Feature(
        family="exposure",
        unit="ratio",
        direction=0,
        label_en="open amount against its mean of 12 months",
        label_fr="encours rapporté à sa moyenne sur 12 mois",
        missing="nothing open on any of the 12 dates",
        decimals=2,
    )
)
def open_to_mean_ratio_12m(at: At) -> nw.Expr:
    """Open amount divided by the mean open amount of the 12 monthly dates up to T."""
    total = reduce(add, [at.level("open_minor", ago) for ago in range(12)])
    return ratio(at.level("open_minor") * 12, total)


@FEATURES.register(
    Feature(
        family="exposure",
        unit="days",
        direction=1,
        label_en="days of sales in the open amount (count-back DSO)",
        label_fr="jours de ventes dans l'encours (DSO par épuisement)",
        missing="no sales in 12 months",
    )
)
def dso_countback_days(at: At) -> nw.Expr:
    """Days of sales, from T backwards month by month, that the open amount is worth; at most 365.

    A month of 365 / 12 days counts in full where the rest of the open amount is at least its sales, so a month
    without sales counts in full; the month in which the rest falls short counts in proportion; 0 where nothing
    is open.
    """
    used = reduce(add, [_part_of_month(at, ago) for ago in range(12)])
    return nw.when(at.flow("sale_minor", 12) > 0).then(used * MONTH_DAYS)


@FEATURES.register(
    Feature(
        family="exposure",
        unit="ratio",
        direction=1,
        label_en="use of the internal limit",
        label_fr="utilisation de la limite interne",
        missing="no internal limit above 0 in force",
        decimals=2,
    )
)
def limit_use_ratio(at: At) -> nw.Expr:
    """Open amount divided by the internal limit in force: the larger of the lasting and the temporary one."""
    return _limit_use(at)


@FEATURES.register(
    Feature(
        family="exposure",
        unit="ratio",
        direction=1,
        label_en="highest use of the internal limit over 6 months",
        label_fr="plus forte utilisation de la limite interne sur 6 mois",
        missing="no internal limit above 0 in force on any of the 6 dates",
        decimals=2,
    )
)
def limit_use_max_ratio_6m(at: At) -> nw.Expr:
    """Highest of the uses of the internal limit on the 6 monthly dates up to T."""
    return nw.max_horizontal(*(_limit_use(at, ago) for ago in range(6)))


@FEATURES.register(
    Feature(
        family="exposure",
        unit="months",
        direction=1,
        label_en="months above the internal limit, of 12",
        label_fr="mois au-dessus de la limite interne, sur 12",
        missing="no internal limit in force",
        decimals=0,
    )
)
def over_limit_months_12m(at: At) -> nw.Expr:
    """Number of the 12 monthly dates up to T with an open amount above the internal limit in force on that date.

    A limit of 0 in force counts: whatever is open is above it.
    """
    over = [_has_limit(at, ago) & (at.level("open_minor", ago) > _limit(at, ago)) for ago in range(12)]
    months = reduce(add, [is_over.cast(nw.Int64) for is_over in over])
    return nw.when(_has_limit(at, 0)).then(months.cast(nw.Float64))


@FEATURES.register(
    Feature(
        family="exposure",
        unit="ratio",
        direction=0,
        label_en="receipts and credit notes not matched, share of the open amount",
        label_fr="règlements et avoirs non lettrés rapportés à l'encours",
        missing="nothing open",
        decimals=2,
    )
)
def unapplied_ratio(at: At) -> nw.Expr:
    """Receipts and credit notes known but not matched to an invoice, divided by the open amount."""
    return ratio(at.level("unapplied_minor"), at.level("open_minor"))


@FEATURES.register(
    Feature(
        family="exposure",
        unit="days",
        direction=0,
        label_en="agreed payment days of the sales of 12 months",
        label_fr="délai de paiement accordé sur les ventes de 12 mois",
        missing="no dated sale in 12 months",
    )
)
def terms_days_mean_12m(at: At) -> nw.Expr:
    """Agreed days from invoice to due date, weighted by amount, of the sales of 12 months."""
    return _terms(at, 12)


@FEATURES.register(
    Feature(
        family="exposure",
        unit="days",
        direction=1,
        label_en="change of the agreed payment days, 3 months against 12",
        label_fr="évolution du délai de paiement accordé, 3 mois contre 12",
        missing="no dated sale in 3 months",
    )
)
def terms_days_change_3m(at: At) -> nw.Expr:
    """Agreed days of the sales of 3 months minus those of 12 months."""
    return _terms(at, 3) - _terms(at, 12)


def _part_of_month(at: At, ago: int) -> nw.Expr:
    """Part of the month that ended `ago` months before T that the open amount left by the later months covers."""
    sales = at.flow("sale_minor", 1, ago)
    left = at.level("open_minor") - at.flow("sale_minor", ago) if ago else at.level("open_minor")
    within = nw.when(left < sales).then(ratio(left, sales)).otherwise(nw.lit(1.0))
    return nw.when(left > 0).then(within).otherwise(nw.lit(0.0))


def _limit_use(at: At, ago: int = 0) -> nw.Expr:
    return ratio(at.level("open_minor", ago), _limit(at, ago))


def _limit(at: At, ago: int) -> nw.Expr:
    return nw.max_horizontal(at.level("internal_limit_minor", ago), at.level("temporary_limit_minor", ago))


def _has_limit(at: At, ago: int) -> nw.Expr:
    return at.level("n_internal_in_force", ago) + at.level("n_temporary_in_force", ago) > 0


def _terms(at: At, months: int) -> nw.Expr:
    return ratio(at.flow("sale_terms_minor", months), at.flow("sale_dated_minor", months))
