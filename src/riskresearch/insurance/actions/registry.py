"""What a rule declares, and how it is registered."""

from collections.abc import Callable
from dataclasses import dataclass

from riskresearch.base.registry import Registry
from riskresearch.insurance.actions.situation import Gain, Reading, Situation

ACTIONS = (
    "refile_with_accounts",
    "raise_limits",
    "ask_deposit_or_guarantee",
    "clean_dormant_limits",
    "ask_higher_discretionary_limit",
    "tighten_files",
    "negotiate_terms",
    "compare_before_renewal",
    "ask_higher_maximum",
    "watch_largest_buyer",
    "fix_declaration_dates",
    "feed_cuts_to_model",
    "challenge_cuts",
)


@dataclass(frozen=True)
class Rule:
    """Declaration of a rule: when it applies is told by the function it is registered with.

    Parameters
    ----------
    action : what to do, one of `ACTIONS`
    unit : unit of what is read
    threshold : name of the setting of `RuleSettings` that is the threshold
    label_en, label_fr : what to do, in words
    gain : prices the action where it can be; asked only where the rule applies
    """

    action: str
    unit: str
    threshold: str
    label_en: str
    label_fr: str
    gain: Callable[[Situation], Gain] | None = None


ACTION_RULES: Registry[Rule] = Registry("rule on a policy")


def rule(spec: Rule) -> Callable[[Callable[[Situation], Reading]], Callable[[Situation], Reading]]:
    """Return the decorator that registers a function from a `Situation` to a `Reading` under its own name."""
    return ACTION_RULES.register(spec)
