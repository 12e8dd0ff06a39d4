"""What to do about a policy: rules that read an indicator, hold it against a threshold, and price the action."""

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from riskresearch.base.registry import Member
from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.actions import limit_rules, term_rules
from riskresearch.insurance.actions.registry import ACTION_RULES, ACTIONS, Rule, rule
from riskresearch.insurance.actions.situation import Gain, Reading, Situation
from riskresearch.insurance.indicators.registry import REASONS, UNITS

STATUSES = ("act", "fine", "not_computable")
GAINS = ("simulated", "counted", "none")
POLICY_ACTIONS = Table(
    "policy_actions",
    "insurance",
    "one row per policy and rule",
    ("option_id", "rule_code"),
    (
        Column("option_id", "text", "policy_id"),
        Column("rule_code", "text", "rule, see docs/dictionary.md"),
        Column("action_code", "code", "what to do where the rule applies", False, ACTIONS),
        Column("action_status_code", "code", "act, fine, or the reading is not computable", False, STATUSES),
        Column("action_number", "int", "order of the actions by gain; empty = nothing to do", True),
        Column("value", "float", "what is read; empty = not computable", True),
        Column("unit_code", "code", "unit of the reading and the threshold", False, UNITS),
        Column("threshold_value", "float", "threshold of the rule"),
        Column("n_items", "int", "what the reading rests on"),
        Column(
            "gain_amount", "float", "economic cost a year the action saves; below 0 it costs; empty = not priced", True
        ),
        Column("gain_amount_se", "float", "standard error of a simulated gain", True),
        Column("gain_code", "code", "how the gain was found", False, GAINS),
        Column("reason_code", "code", "why the reading is not computable", True, REASONS),
    ),
)

__all__ = [
    "ACTIONS",
    "ACTION_RULES",
    "POLICY_ACTIONS",
    "Gain",
    "Reading",
    "Rule",
    "Situation",
    "limit_rules",
    "policy_actions",
    "rule",
    "term_rules",
]


def policy_actions(situations: Sequence[Situation]) -> DataFrame:
    """Return table `policy_actions`: every rule on every policy in use, and what acting on it would save.

    A gain is the fall of the economic cost (total cost of risk + capital charge) at the premium of today, simulated on
    the same years where the policy can be priced again, else counted from the ledger. Gains of two actions do not add.

    Parameters
    ----------
    situations : each policy in use
    """
    rows = [_row(situation, member) for situation in situations for member in ACTION_RULES]
    if not rows:
        return empty(POLICY_ACTIONS)
    made = DataFrame(rows)
    act = made[made["action_status_code"].eq("act")]
    place = act["gain_amount"].fillna(-np.inf).groupby(act["option_id"]).rank(method="first", ascending=False)
    return check(made.assign(action_number=place.reindex(made.index)), POLICY_ACTIONS)


def _row(situation: Situation, member: Member[Rule]) -> dict[str, object]:
    reading: Reading = member.function(situation)
    status = "not_computable" if reading.value != reading.value else "act" if reading.is_met else "fine"
    gain = member.spec.gain(situation) if member.spec.gain and status == "act" else Gain()
    return {
        "option_id": situation.year.option.option_id,
        "rule_code": member.name,
        "action_code": member.spec.action,
        "action_status_code": status,
        "value": reading.value,
        "unit_code": member.spec.unit,
        "threshold_value": float(getattr(situation.rules, member.spec.threshold)),
        "n_items": reading.n_items,
        "gain_amount": gain.amount,
        "gain_amount_se": gain.error,
        "gain_code": gain.code,
        "reason_code": reading.reason or None,
    }
