"""Indicators of what a policy costs, against turnover, cover and the losses it leaves."""

from riskresearch.insurance.indicators.registry import PolicyIndicator, Value, missing, quotient, year_indicator
from riskresearch.insurance.indicators.year import PolicyYear
from riskresearch.insurance.terms import Bonus, Fees, Premium, Term, WaitingPeriod


def _cost(
    unit: str, label_en: str, label_fr: str, formula: str, *, needs: tuple[type[Term], ...] = ()
) -> PolicyIndicator:
    return PolicyIndicator(unit, label_en, label_fr, formula, family="terms_cost", needs=needs)


@year_indicator(_cost("ratio", "Effective premium rate", "Taux de prime effectif", "(P - E[bonus]) / CA"))
def premium_rate_ratio(year: PolicyYear) -> Value:
    """Premium before tax, less the mean bonus / declared turnover; of a top-up, those of both policies."""
    back = 0.0
    for layer in year.option.layers:
        bonus = layer.policy.find(Bonus)
        if bonus is not None:
            back += year.mean(bonus.adjustment(layer.indemnity, premium_amount=layer.premium_amount))
    return quotient(year.option.cost.premium_amount + back, _turnover(year), n_items=year.n_years)


@year_indicator(
    _cost(
        "amount",
        "Full cost",
        "Coût complet",
        "P + fees + tax + E[malus - bonus - profit share] + E[financing of the wait] + own admin",
    )
)
def full_cost_amount(year: PolicyYear) -> Value:
    """Premium, fees, tax, mean adjustment, financing of the wait and own administration of a year."""
    return Value(year.mean(year.option.full_cost), year.n_years, _turnover(year))


@year_indicator(_cost("ratio", "Full cost / turnover", "Coût complet par euro de CA", "full cost / CA"))
def full_cost_rate_ratio(year: PolicyYear) -> Value:
    """Full cost / declared turnover."""
    return quotient(year.mean(year.option.full_cost), _turnover(year), n_items=year.n_years)


@year_indicator(
    _cost("ratio", "Full cost / covered debts", "Coût complet par euro d'encours couvert", "full cost / sum min(O, L)")
)
def full_cost_to_covered_ratio(year: PolicyYear) -> Value:
    """Full cost / owed within the limits on the day."""
    if year.use is None:
        return missing("no_ledger")
    return quotient(year.mean(year.option.full_cost), year.use.within_limit.sum(), n_items=len(year.use.customers))


@year_indicator(_cost("amount", "Full cost per limit", "Coût complet par limite", "full cost / n named limits"))
def full_cost_per_limit_amount(year: PolicyYear) -> Value:
    """Full cost / named limits above zero."""
    n = year.option.cost.n_limits
    return quotient(year.mean(year.option.full_cost), float(n), n_items=n)


@year_indicator(_cost("ratio", "Fees / premium", "Frais / prime", "fees / P", needs=(Fees,)))
def fees_to_premium_ratio(year: PolicyYear) -> Value:
    """Fees / premium, before tax."""
    cost = year.option.cost
    return quotient(cost.fees_amount, cost.premium_amount, n_items=cost.n_limits)


@year_indicator(
    _cost(
        "ratio",
        "Weight of the minimum premium",
        "Poids du minimum de prime",
        "minimum / rated premium",
        needs=(Premium,),
    )
)
def minimum_to_rated_ratio(year: PolicyYear) -> Value:
    """Minimum premium / premium by the rates on the expected turnover: above 1 the minimum bites.

    The minimum of a top-up is held against what its own rates give, without the policy below.
    """
    minimum, rated = year.policy.term(Premium).minimum_amount, year.option.cost.rated_amount
    if year.option.underlying is not None:
        if year.amounts is None:
            return missing("not_given")
        rated = year.amounts.rated_amount
    return quotient(minimum, rated, n_items=1)


@year_indicator(
    _cost(
        "amount",
        "Premium paid for nothing",
        "Prime payée sans contrepartie",
        "max(0, minimum - rated premium)",
        needs=(Premium,),
    )
)
def minimum_excess_amount(year: PolicyYear) -> Value:
    """Premium due only because of the minimum."""
    return Value(year.option.cost.minimum_excess_amount, 1, year.option.cost.premium_amount)


@year_indicator(
    _cost(
        "amount",
        "Cost of the waiting period",
        "Coût du délai de carence",
        "E[payouts x rate x days / 360]",
        needs=(WaitingPeriod,),
    )
)
def waiting_cost_amount(year: PolicyYear) -> Value:
    """Mean cost of financing the indemnities over the waiting period."""
    return Value(year.mean(year.option.financing), year.n_years, year.mean(year.option.indemnity))


@year_indicator(_cost("amount", "Total cost of risk", "Coût total du risque (TCOR)", "full cost + E[retained]"))
def total_cost_of_risk_amount(year: PolicyYear) -> Value:
    """Full cost and mean loss kept: what the risk costs in a year, all told."""
    return Value(year.figures["total_cost_of_risk_amount"], year.n_years, _turnover(year))


@year_indicator(_cost("ratio", "Total cost of risk / turnover", "Coût total du risque par euro de CA", "TCOR / CA"))
def total_cost_of_risk_rate_ratio(year: PolicyYear) -> Value:
    """Total cost of risk / declared turnover."""
    return quotient(year.figures["total_cost_of_risk_amount"], _turnover(year), n_items=year.n_years)


@year_indicator(
    _cost(
        "amount",
        "Break-even premium",
        "Prime d'équilibre",
        "premium at which policy and self-insurance have the same economic cost",
    )
)
def break_even_premium_amount(year: PolicyYear) -> Value:
    """Premium before tax at which the policy costs what self-insurance costs, capital charge included."""
    value = year.figures["break_even_premium_amount"]
    return Value(value, year.n_years, year.option.cost.premium_amount) if value == value else missing("not_given")


@year_indicator(
    _cost(
        "ratio",
        "Return on the policy",
        "Retour sur coût de la police",
        "(E[indemnity] + services avoided - full cost) / full cost",
    )
)
def return_on_cost_ratio(year: PolicyYear) -> Value:
    """Mean indemnity and services avoided, less full cost / full cost: below 0 where the price is loaded."""
    return _return(year, 0.0)


@year_indicator(
    _cost(
        "ratio",
        "Risk-adjusted return on the policy",
        "Retour sur coût ajusté du risque",
        "(E[indemnity] + services avoided + c x capital freed - full cost) / full cost",
    )
)
def risk_adjusted_return_ratio(year: PolicyYear) -> Value:
    """The same with the cost of the capital the policy frees counted as a gain."""
    return _return(year, year.settings.capital_charge_ratio * year.figures["capital_freed_amount"])


@year_indicator(
    _cost(
        "ratio",
        "Marginal efficiency",
        "Efficacité marginale",
        "(ES self-insurance - ES retained) / (full cost - E[indemnity])",
    )
)
def marginal_efficiency_ratio(year: PolicyYear) -> Value:
    """Tail loss taken away per unit of net cost; without value where the policy pays for itself."""
    net = year.mean(year.option.full_cost) - year.mean(year.option.indemnity)
    return quotient(es_reduction(year), net, n_items=year.n_years)


def es_reduction(year: PolicyYear) -> float:
    """Expected shortfall without policy less expected shortfall with it, run currency."""
    freed, kept = year.figures["capital_freed_amount"], year.mean(year.option.retained)
    return freed + year.mean(year.without.retained) - kept


def _return(year: PolicyYear, freed: float) -> Value:
    cost = year.mean(year.option.full_cost)
    gain = year.mean(year.option.indemnity) + year.settings.actions.services_avoided_amount + freed
    return quotient(gain - cost, cost, n_items=year.n_years)


def _turnover(year: PolicyYear) -> float:
    return year.option.cost.turnover_amount
