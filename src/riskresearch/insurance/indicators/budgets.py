"""Indicators of the terms of the year against the simulated losses: first loss, maximum, what is kept."""

from riskresearch.insurance.compare import maximum_amount
from riskresearch.insurance.indicators.registry import PolicyIndicator, Value, missing, quotient, year_indicator
from riskresearch.insurance.indicators.year import PolicyYear
from riskresearch.insurance.measures import expected_shortfall, value_at_risk
from riskresearch.insurance.terms import AggregateFirstLoss, MaximumLiability, Term


def _risk(
    unit: str, label_en: str, label_fr: str, formula: str, *, needs: tuple[type[Term], ...] = (), is_share: bool = False
) -> PolicyIndicator:
    return PolicyIndicator(unit, label_en, label_fr, formula, family="terms_cost", needs=needs, is_share=is_share)


@year_indicator(_risk("ratio", "Expected loss ratio", "Ratio sinistres à primes attendu", "E[indemnity] / P"))
def expected_loss_ratio(year: PolicyYear) -> Value:
    """Mean indemnity, net of the insurer's recoveries and as the contract counts it (VAT) / premium before tax."""
    return quotient(year.mean(year.option.contract_indemnity), year.option.cost.premium_amount, n_items=year.n_years)


@year_indicator(
    _risk(
        "ratio",
        "Use of the aggregate first loss",
        "Usure de la franchise annuelle",
        "E[min(sum I, AFL)] / AFL",
        needs=(AggregateFirstLoss,),
        is_share=True,
    )
)
def first_loss_use_ratio(year: PolicyYear) -> Value:
    """Mean part of the aggregate first loss that the claims of a year draw, in the basis of the policy / first loss.

    Recoveries after the indemnity do not restore it; of a top-up its own first loss counts.
    """
    if year.amounts is None:
        return missing("not_given")
    amount = year.policy.term(AggregateFirstLoss).amount
    return quotient(year.mean(year.amounts.first_loss_used), amount, n_items=year.n_years)


@year_indicator(
    _risk(
        "ratio",
        "Years that reach the first loss",
        "Probabilité d'atteindre la franchise annuelle",
        "P(first loss used up)",
        needs=(AggregateFirstLoss,),
        is_share=True,
    )
)
def first_loss_reached_ratio(year: PolicyYear) -> Value:
    """Share of the years that use up the aggregate first loss."""
    return _used_up(year, "aggregate_first_loss")


@year_indicator(
    _risk(
        "ratio",
        "Maximum / tail of the indemnities",
        "Adéquation du plafond",
        "M / value at risk of the yearly amount before the maximum",
        needs=(MaximumLiability,),
    )
)
def maximum_to_tail_ratio(year: PolicyYear) -> Value:
    """Maximum liability / value at risk of the amount it caps, before recoveries: below 1, the maximum is short.

    Both are in the basis of the policy; of a top-up, maxima and amounts of both policies count together.
    """
    if year.amounts is None:
        return missing("not_given")
    tail = value_at_risk(
        year.amounts.before_maximum, confidence_ratio=year.settings.confidence_ratio, weights=year.option.weights
    )
    return quotient(maximum_amount(year.option), tail, n_items=year.n_years)


@year_indicator(
    _risk(
        "ratio",
        "Years that exhaust the maximum",
        "Probabilité d'épuiser le plafond",
        "P(maximum used up)",
        needs=(MaximumLiability,),
        is_share=True,
    )
)
def maximum_exhausted_ratio(year: PolicyYear) -> Value:
    """Share of the years that use up the maximum liability."""
    return _used_up(year, "maximum_liability")


@year_indicator(
    _risk(
        "ratio",
        "Largest insured amount / maximum",
        "Premier risque assuré / plafond",
        "max(q min(E, L)) / M",
        needs=(MaximumLiability,),
    )
)
def largest_insured_to_maximum_ratio(year: PolicyYear) -> Value:
    """Largest exposure within limits x insured share / maximum: above 1, one customer exhausts the policy.

    Both are in the basis of the policy: with VAT where the policy includes it.
    """
    if year.amounts is None:
        return missing("not_given")
    amounts = year.amounts.insured_amount
    return quotient(float(amounts.max()) if len(amounts) else 0.0, maximum_amount(year.option), n_items=len(amounts))


@year_indicator(
    _risk("ratio", "Largest limit / maximum", "Plus grande limite / plafond", "max(q L) / M", needs=(MaximumLiability,))
)
def largest_limit_to_maximum_ratio(year: PolicyYear) -> Value:
    """Largest limit x insured share / maximum, whatever is owed today."""
    covers = year.option.covers
    amounts = covers["limit_amount"] * covers["insured_ratio"]
    return quotient(float(amounts.max()) if len(amounts) else 0.0, maximum_amount(year.option), n_items=len(amounts))


@year_indicator(_risk("amount", "Loss kept, mean", "Perte conservée moyenne", "E[gross - payouts]"))
def retained_mean_amount(year: PolicyYear) -> Value:
    """Mean loss of a year that the insured keeps."""
    return Value(year.mean(year.option.retained), year.n_years, year.mean(year.option.gross))


@year_indicator(
    _risk("ratio", "Loss kept / gross loss", "Part conservée des pertes", "E[retained] / E[gross]", is_share=True)
)
def retained_ratio(year: PolicyYear) -> Value:
    """Mean loss kept / mean loss before any indemnity."""
    return quotient(year.mean(year.option.retained), year.mean(year.option.gross), n_items=year.n_years)


@year_indicator(
    _risk("amount", "Loss kept, tail", "Perte conservée extrême", "expected shortfall of the retained loss")
)
def retained_es_amount(year: PolicyYear) -> Value:
    """Expected shortfall of the loss kept, at the confidence of the setting."""
    option = year.option
    tail = expected_shortfall(option.retained, confidence_ratio=year.settings.confidence_ratio, weights=option.weights)
    return Value(tail, year.n_years, year.mean(option.gross))


@year_indicator(
    _risk(
        "amount", "Turnover to make good the loss kept", "Chiffre d'affaires à refaire", "E[retained] / net margin rate"
    )
)
def turnover_to_recover_amount(year: PolicyYear) -> Value:
    """Sales whose net margin makes good the mean loss kept."""
    margin = year.settings.actions.net_margin_ratio
    if margin is None:
        return missing("not_given")
    return quotient(year.mean(year.option.retained), margin, n_items=year.n_years)


@year_indicator(
    _risk(
        "ratio",
        "Costliest clause",
        "Part non garantie par la clause la plus coûteuse",
        "largest E[retained for one reason] / E[gross]",
        is_share=True,
    )
)
def costliest_clause_ratio(year: PolicyYear) -> Value:
    """Mean loss kept for the reason that keeps most / mean gross loss; see table clause_costs for each clause."""
    kept = [year.mean(values) for values in year.option.reasons.values()]
    return quotient(max(kept, default=0.0), year.mean(year.option.gross), n_items=year.n_years)


def _used_up(year: PolicyYear, kind: str) -> Value:
    place = kind if year.option.underlying is None else f"top_up.{kind}"
    used = year.option.used_up.get(place)
    if used is None:
        return missing("policy_lacks_term")
    return Value(year.mean(used.astype("float64")), year.n_years)
