"""Rules on terms, price and duties."""

from riskresearch.insurance.actions.registry import Rule, rule
from riskresearch.insurance.actions.situation import Gain, Reading, Situation, above, below
from riskresearch.insurance.terms import MaximumLiability

_LOSS_RATIO = "loss_ratio_incurred_3y"


def _room_for_negotiation(situation: Situation) -> Gain:
    """Premium above the break-even premium: what the price may fall by before the policy is worth its cost."""
    paid = situation.year.option.cost
    worth = situation.year.figures["break_even_premium_amount"]
    error = situation.year.figures.get("break_even_premium_amount_se", float("nan"))
    return Gain(max(paid.premium_amount - worth, 0.0) * (1 + paid.tax_ratio), error, "simulated")


@rule(
    Rule(
        "negotiate_terms",
        "ratio",
        "low_loss_ratio",
        "Loss ratio low for three years: ask for a lower rate, a bonus, or a first loss against premium",
        "S/P bas depuis trois ans : demander un taux plus bas, un bonus, ou une franchise contre prime",
        _room_for_negotiation,
    )
)
def low_loss_ratio(situation: Situation) -> Reading:
    """Incurred loss ratio of three whole years is under the bar."""
    return below(situation.used(_LOSS_RATIO), situation.rules.low_loss_ratio)


def _gain_of_leaving(situation: Situation) -> Gain:
    """The cheapest other option by economic cost."""
    gains = [situation.gain_over(peer) for peer in situation.peers]
    return max(gains, key=lambda gain: gain.amount, default=Gain())


@rule(
    Rule(
        "compare_before_renewal",
        "ratio",
        "high_loss_ratio",
        "Expect a malus: compare leaving, a first loss and an excess of loss before renewal",
        "S'attendre à un malus : comparer départ, franchise et XoL avant l'échéance",
        _gain_of_leaving,
    )
)
def high_loss_ratio(situation: Situation) -> Reading:
    """Incurred loss ratio of three whole years is above the bar."""
    return above(situation.used(_LOSS_RATIO), situation.rules.high_loss_ratio)


def _gain_of_maximum(situation: Situation) -> Gain:
    """A maximum higher by the factor of the setting, at the premium of today."""
    own = situation.policy.term(MaximumLiability)
    factor = situation.rules.maximum_factor
    raised = {
        name: getattr(own, name) * factor for name in ("amount", "premium_multiple") if getattr(own, name) is not None
    }
    return situation.gain_with_term(own.model_copy(update=raised))


@rule(
    Rule(
        "ask_higher_maximum",
        "ratio",
        "exhausted_ratio",
        "Ask for a higher multiple or a fixed maximum; check the largest buyer first",
        "Demander un multiple plus élevé ou un plafond fixe ; vérifier d'abord le premier acheteur",
        _gain_of_maximum,
    )
)
def maximum_exhausted(situation: Situation) -> Reading:
    """The maximum is exhausted in more years than accepted."""
    return above(situation.simulated("maximum_exhausted_ratio"), situation.rules.exhausted_ratio)


@rule(
    Rule(
        "watch_largest_buyer",
        "ratio",
        "largest_ratio",
        "Stress the loss of the largest buyer: gross, payout, loss kept, maximum left",
        "Tester la perte du premier acheteur : brut, indemnité, conservé, plafond restant",
    )
)
def large_buyer(situation: Situation) -> Reading:
    """One customer can use up a large part of the maximum."""
    return above(situation.simulated("largest_insured_to_maximum_ratio"), situation.rules.largest_ratio)


def _gain_of_dates(situation: Situation) -> Gain:
    """Mean indemnity x share of the amounts that were not declared in time: what would lapse."""
    in_time = situation.used("timely_declaration_amount_ratio").value
    return Gain(situation.year.mean(situation.year.option.indemnity) * (1 - in_time), code="counted")


@rule(
    Rule(
        "fix_declaration_dates",
        "ratio",
        "declaration_target_ratio",
        "Fix the dates of declarations: late ones lose their indemnity",
        "Fixer le calendrier des déclarations : les tardives perdent leur indemnité",
        _gain_of_dates,
    )
)
def late_declarations(situation: Situation) -> Reading:
    """Overdue items are not all declared in time."""
    return below(situation.used("timely_declaration_ratio"), situation.rules.declaration_target_ratio)
