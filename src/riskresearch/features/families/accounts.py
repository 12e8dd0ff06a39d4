"""Annual accounts of the customer, from the day they were published."""

import narwhals as nw

from riskresearch.features.registry import FEATURES, At, Feature, months, ratio


@FEATURES.register(
    Feature(
        family="accounts",
        unit="months",
        direction=0,
        label_en="age of the latest annual accounts",
        label_fr="ancienneté des derniers comptes annuels",
        missing="no accounts published",
        decimals=0,
    )
)
def accounts_age_months(at: At) -> nw.Expr:
    """Months from the closing date of the latest published accounts to T."""
    age = months(at.day - at.level("accounts_end_day"))
    return nw.when(at.level("has_accounts") > 0).then(age)


@FEATURES.register(
    Feature(
        family="accounts",
        unit="ratio",
        direction=-1,
        label_en="net margin",
        label_fr="marge nette",
        missing="no revenue or net income in the latest published accounts",
        decimals=3,
    )
)
def net_margin_ratio(at: At) -> nw.Expr:
    """Net income divided by revenue."""
    margin = ratio(at.level("net_income_minor"), at.level("revenue_minor"))
    return nw.when(at.level("has_net_income") > 0).then(margin)


@FEATURES.register(
    Feature(
        family="accounts",
        unit="ratio",
        direction=1,
        label_en="share of debt in debt and net worth",
        label_fr="part de la dette dans dette et capitaux propres",
        missing="net worth or debt unknown, or their sum not positive",
        decimals=2,
    )
)
def debt_ratio(at: At) -> nw.Expr:
    """Financial debt divided by debt plus net worth."""
    debt = at.level("debt_minor")
    share = ratio(debt, debt + at.level("net_worth_minor"))
    return nw.when((at.level("has_debt") > 0) & (at.level("has_net_worth") > 0)).then(share)


@FEATURES.register(
    Feature(
        family="accounts",
        unit="ratio",
        direction=-1,
        label_en="net worth in yearly revenue",
        label_fr="capitaux propres rapportés au chiffre d'affaires",
        missing="no revenue or net worth in the latest published accounts",
        decimals=2,
    )
)
def net_worth_ratio(at: At) -> nw.Expr:
    """Net worth divided by yearly revenue."""
    worth = ratio(at.level("net_worth_minor"), at.level("revenue_minor"))
    return nw.when(at.level("has_net_worth") > 0).then(worth)


@FEATURES.register(
    Feature(
        family="accounts",
        unit="ratio",
        direction=-1,
        label_en="growth of yearly revenue",
        label_fr="croissance du chiffre d'affaires annuel",
        missing="fewer than two published accounts, or no revenue in one of them",
        decimals=2,
    )
)
def revenue_growth_ratio(at: At) -> nw.Expr:
    """Revenue of the latest published accounts divided by that of the accounts closed before, minus 1.

    The accounts before are those with the latest earlier closing date that are published by T.
    """
    growth = ratio(at.level("revenue_minor"), at.level("previous_revenue_minor")) - 1.0
    return nw.when(at.level("has_revenue") > 0).then(growth)


@FEATURES.register(
    Feature(
        family="accounts",
        unit="ratio",
        direction=1,
        label_en="open amount in the customer's yearly revenue",
        label_fr="encours rapporté au chiffre d'affaires du client",
        missing="no revenue in the latest published accounts",
        decimals=3,
    )
)
def open_to_revenue_ratio(at: At) -> nw.Expr:
    """Open amount divided by the customer's yearly revenue."""
    return ratio(at.level("open_minor"), at.level("revenue_minor"))
