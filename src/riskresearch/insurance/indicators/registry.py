"""What an indicator of a policy declares, what it returns, and how the members of the two registries are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps

from riskresearch.base.registry import Registry
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.indicators.year import PolicyYear
from riskresearch.insurance.terms import Term

NULL_RULES: Mapping[str, str] = {
    "denominator_is_zero": "nothing stands in the denominator",
    "policy_lacks_term": "the policy has no term of that kind",
    "no_claims_register": "the ledger holds no register of claims",
    "no_such_claim": "no claim of the window has got that far",
    "no_request_date": "the day of the request is not recorded",
    "no_premium_history": "the premium of a year is not given",
    "not_given": "the setting it needs is not given",
    "no_ledger": "the figure needs the ledger",
    "no_default": "no customer with a limit has defaulted",
}
REASONS = tuple(NULL_RULES)
UNITS = ("ratio", "amount", "count", "days")
FAMILIES = ("use", "terms_cost")
AXES = ("sector_code", "country_code", "size_code")
MONTH = "month"
ALL_AXES = (*AXES, MONTH)


@dataclass(frozen=True)
class Value:
    """Value of an indicator with what it rests on.

    Parameters
    ----------
    value : in the unit of the indicator; NaN = not computable, with a reason
    n_items : customers, decisions, invoices, claims or years it rests on
    base_amount : amount it rests on, run currency
    reason : why there is no value, one of `NULL_RULES`
    """

    value: float
    n_items: int = 0
    base_amount: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class PolicyIndicator:
    """Declaration of an indicator.

    Parameters
    ----------
    unit : ``ratio``, ``amount`` (run currency), ``count`` or ``days``
    label_en, label_fr : names
    formula : how it is computed, in plain text
    family : ``use`` of the policy, or its ``terms_cost``
    axes : columns along which it is also shown; ``month`` = by month of the decision
    needs : terms without which the policy has no such figure
    needs_claims : without a register of claims there is no value
    is_share : lies between 0 and 1
    """

    unit: str
    label_en: str
    label_fr: str
    formula: str
    family: str = "use"
    axes: tuple[str, ...] = ()
    needs: tuple[type[Term], ...] = ()
    needs_claims: bool = False
    is_share: bool = False


USE_INDICATORS: Registry[PolicyIndicator] = Registry("indicator of use")
YEAR_INDICATORS: Registry[PolicyIndicator] = Registry("indicator of terms and cost")


def use_indicator(spec: PolicyIndicator) -> Callable[[Callable[[PolicyUse], Value]], Callable[[PolicyUse], Value]]:
    """Return the decorator that registers a function from a `PolicyUse` to a `Value` under its own name.

    Where the declaration asks for a term the policy lacks, or for claims that are not registered, the function gives
    no value and the reason.
    """

    def add(measure: Callable[[PolicyUse], Value]) -> Callable[[PolicyUse], Value]:
        @wraps(measure)
        def guarded(use: PolicyUse) -> Value:
            if any(use.policy.find(term) is None for term in spec.needs):
                return missing("policy_lacks_term")
            if spec.needs_claims and use.claims is None:
                return missing("no_claims_register")
            return measure(use)

        USE_INDICATORS.register(spec)(guarded)
        return guarded

    return add


def year_indicator(spec: PolicyIndicator) -> Callable[[Callable[[PolicyYear], Value]], Callable[[PolicyYear], Value]]:
    """Return the decorator that registers a function from a `PolicyYear` to a `Value` under its own name."""

    def add(measure: Callable[[PolicyYear], Value]) -> Callable[[PolicyYear], Value]:
        @wraps(measure)
        def guarded(year: PolicyYear) -> Value:
            if any(year.policy.find(term) is None for term in spec.needs):
                return missing("policy_lacks_term")
            return measure(year)

        YEAR_INDICATORS.register(spec)(guarded)
        return guarded

    return add


def missing(reason: str) -> Value:
    """Return the value that is not computable, with its reason.

    Examples
    --------
    >>> missing("no_claims_register").reason
    'no_claims_register'
    """
    return Value(float("nan"), reason=reason)


def quotient(top: float, bottom: float, *, n_items: int, reason: str = "denominator_is_zero") -> Value:
    """Return top / bottom, resting on the bottom; no value where the bottom is 0 or negative.

    Examples
    --------
    >>> quotient(30.0, 120.0, n_items=4).value, quotient(30.0, 0.0, n_items=0).reason
    (0.25, 'denominator_is_zero')
    """
    if not bottom > 0:
        return Value(float("nan"), n_items, float(bottom), reason)
    return Value(float(top / bottom), n_items, float(bottom))
