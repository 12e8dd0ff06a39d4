"""What a rule looks at, what it finds, and how an action is priced on the same simulated years."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pandas import DataFrame, Series

from riskresearch.insurance.action_settings import RuleSettings
from riskresearch.insurance.events import Events
from riskresearch.insurance.indicators import USE_INDICATORS, YEAR_INDICATORS, Value
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.indicators.year import PolicyYear
from riskresearch.insurance.measures import standard_error
from riskresearch.insurance.options import priced
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.requests import with_limits
from riskresearch.insurance.terms import Term
from riskresearch.insurance.yearly_costs import economic_scores


@dataclass(frozen=True)
class Gain:
    """Economic cost a year that an action saves, run currency.

    Parameters
    ----------
    amount : mean saving; below 0 the action costs more than it brings
    error : standard error; NaN where nothing is simulated
    code : ``simulated`` on the same years, ``counted`` from the ledger, or ``none``
    """

    amount: float = float("nan")
    error: float = float("nan")
    code: str = "none"


@dataclass(frozen=True)
class Reading:
    """What a rule reads off its indicator.

    Parameters
    ----------
    value : the indicator; NaN = not computable
    is_met : the rule applies
    reason : why there is no value
    n_items : what the value rests on
    """

    value: float
    is_met: bool
    reason: str = ""
    n_items: int = 0


@dataclass(frozen=True)
class Situation:
    """A policy in use, its simulated years, and the other options beside it.

    Parameters
    ----------
    year : the option, self-insurance and settings; with the use of the policy
    use : use of the policy
    events : simulated defaults
    exposures : table `exposures`, checked, of their customers
    peers : the other options on the same events, self-insurance included
    rating_history : own PD by date, ``customer_id observation_date pd_12m``; None = not known
    """

    year: PolicyYear
    use: PolicyUse
    events: Events
    exposures: DataFrame
    peers: Sequence[Option] = ()
    rating_history: DataFrame | None = field(default=None)

    @property
    def rules(self) -> RuleSettings:
        """Thresholds."""
        return self.year.settings.actions.rules

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.year.policy

    def used(self, name: str) -> Value:
        """Return an indicator of use."""
        found: Value = USE_INDICATORS[name].function(self.use)
        return found

    def simulated(self, name: str) -> Value:
        """Return an indicator of terms and cost."""
        found: Value = YEAR_INDICATORS[name].function(self.year)
        return found

    def gain_of(self, *, exposures: DataFrame | None = None, policy: Policy | None = None) -> Gain:
        """Price the policy on other exposures or terms and return what the economic cost falls by.

        Both are settled on the same defaults, so the difference has less error than either.

        Parameters
        ----------
        exposures : None = as they are; what changes are limits, not defaults
        policy : None = as it is
        """
        changed = priced(
            self.events,
            self.exposures if exposures is None else exposures,
            policy or self.policy,
            self.year.settings,
            underlying=self.year.option.underlying.policy if self.year.option.underlying else None,
        )
        return self.gain_over(changed)

    def gain_over(self, other: Option) -> Gain:
        """Return what the economic cost falls by with another option on the same events."""
        settings, own = self.year.settings, self.year.option
        saved = economic_scores(own, settings=settings) - economic_scores(other, settings=settings)
        error = standard_error(saved, n_strata=own.n_strata, weights=own.weights)
        return Gain(own.mean(saved), error, "simulated")

    def gain_with_limits(self, limits: Series) -> Gain:
        """Return the gain of other named limits; empty = the limit stays.

        Parameters
        ----------
        limits : in the order of the exposures
        """
        exposures, policy = with_limits(self.exposures, self.policy, limits)
        return self.gain_of(exposures=exposures, policy=policy)

    def gain_with_term(self, term: Term) -> Gain:
        """Return the gain of a policy in which one term is replaced."""
        kept = [term if one.kind == term.kind else one for one in self.policy.terms]
        return self.gain_of(policy=self.policy.model_copy(update={"terms": tuple(kept)}))


def above(value: Value, bar: float) -> Reading:
    """Return the reading of an indicator that calls for action above a threshold."""
    return Reading(value.value, value.value > bar, value.reason, value.n_items)


def below(value: Value, bar: float) -> Reading:
    """Return the reading of an indicator that calls for action below a threshold."""
    return Reading(value.value, value.value < bar, value.reason, value.n_items)
