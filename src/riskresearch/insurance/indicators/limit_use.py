"""Indicators of the use of limits: tension, excess, limits nobody needs."""

from pandas import DataFrame

from riskresearch.insurance.indicators.registry import AXES, PolicyIndicator, Value, missing, quotient, use_indicator
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.terms import Fees, MaximumLiability


@use_indicator(
    PolicyIndicator(
        "ratio", "Use of named limits", "Utilisation des limites dénommées", "sum O / sum L, named L > 0", axes=AXES
    )
)
def named_limit_use_ratio(use: PolicyUse) -> Value:
    """Owed by customers with a named limit above zero / sum of these limits; above 1 where they owe more."""
    named = _named(use)
    return quotient(named["owed_amount"].sum(), named["limit_amount"].sum(), n_items=len(named))


@use_indicator(
    PolicyIndicator(
        "ratio", "Tense limits", "Limites tendues", "n(O / L > tense_ratio) / n, named L > 0", axes=AXES, is_share=True
    )
)
def tense_limit_ratio(use: PolicyUse) -> Value:
    """Named limits used beyond the share of the setting / named limits above zero."""
    named = _named(use)
    tense = named["owed_amount"] > use.settings.tense_ratio * named["limit_amount"]
    return quotient(float(tense.sum()), len(named), n_items=len(named))


@use_indicator(
    PolicyIndicator("amount", "Over the limits", "Dépassements de limites", "sum max(O - L, 0), L > 0", axes=AXES)
)
def over_limit_amount(use: PolicyUse) -> Value:
    """Owed above the limit by customers that have one, named or discretionary, eligible or not."""
    over = _over(use)
    excess = (over["owed_amount"] - over["limit_amount"]).sum()
    return Value(float(excess), len(over), float(over["owed_amount"].sum()))


@use_indicator(
    PolicyIndicator("count", "Customers over their limit", "Clients en dépassement", "n(O > L), L > 0", axes=AXES)
)
def over_limit_count(use: PolicyUse) -> Value:
    """Customers that owe more than their limit, named or discretionary."""
    over = _over(use)
    return Value(float(len(over)), int(use.limit.gt(0).sum()), float(over["owed_amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "days",
        "Days over the limit",
        "Durée des dépassements",
        "median over the customers over their limit of the days since they last were not",
        axes=AXES,
    )
)
def over_limit_days_median(use: PolicyUse) -> Value:
    """Median days for which the customers now over their limit have been so without a break."""
    days = _over(use)["over_days"].dropna()
    return Value(float(days.median()), len(days)) if len(days) else missing("denominator_is_zero")


@use_indicator(
    PolicyIndicator(
        "amount",
        "Dormant limits",
        "Limites dormantes",
        "sum L of named limits in force and without debt for the months of the setting",
        axes=AXES,
    )
)
def dormant_limit_amount(use: PolicyUse) -> Value:
    """Named limits that have been in force and covered no debt for the months of the setting."""
    dormant = use.customers[use.customers["is_dormant"]]
    return Value(float(dormant["limit_amount"].sum()), len(dormant), float(_named(use)["limit_amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "count", "Number of dormant limits", "Nombre de limites dormantes", "n of named limits without debt", axes=AXES
    )
)
def dormant_limit_count(use: PolicyUse) -> Value:
    """Number of dormant named limits."""
    return Value(float(use.customers["is_dormant"].sum()), len(_named(use)))


@use_indicator(
    PolicyIndicator(
        "amount",
        "Fees of dormant limits",
        "Frais des limites dormantes",
        "n dormant x yearly fee of a limit, before tax",
        axes=AXES,
        needs=(Fees,),
    )
)
def dormant_fees_amount(use: PolicyUse) -> Value:
    """Yearly fees paid for dormant limits, before tax."""
    n = int(use.customers["is_dormant"].sum())
    return Value(n * use.policy.term(Fees).per_limit_amount, n)


@use_indicator(
    PolicyIndicator(
        "amount", "Largest insured limit", "Plus grande limite assurée", "max(q L)", needs=(MaximumLiability,)
    )
)
def largest_limit_amount(use: PolicyUse) -> Value:
    """Largest limit in force x its insured share: what one customer can cost the insurer at most."""
    amounts = use.limit * use.customers["insured_ratio"]
    return Value(float(amounts.max()), len(amounts)) if len(amounts) else missing("denominator_is_zero")


def _named(use: PolicyUse) -> DataFrame:
    return use.customers[use.customers["cover_code"].eq("named") & use.limit.gt(0)]


def _over(use: PolicyUse) -> DataFrame:
    return use.customers[(use.limit > 0) & (use.owed > use.limit)]
