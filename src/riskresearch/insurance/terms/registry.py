"""Every term by its name in the policy file, and every reason for which the insured keeps a loss."""

from typing import Any

from riskresearch.insurance.terms import conditions, cover, eligibility, price, year
from riskresearch.insurance.terms.base import CoverTerm, EligibilityTerm, Term

FAMILIES = (eligibility, conditions, cover, year, price)

NO_POLICY = "no_policy"
OUTSIDE_YEAR = "outside_year"
DISPUTED = "disputed"
NO_COVER = "no_cover"
LIMIT_CUT = "limit_cut"
COLLECTION_COST = "collection_cost"


def _kinds(parent: type[Term]) -> dict[str, type[Term]]:
    found: dict[str, type[Term]] = {}
    for child in parent.__subclasses__():
        kind: Any = child.model_fields["kind"].default
        found |= {kind: child} if isinstance(kind, str) else _kinds(child)
    return found


TERMS: dict[str, type[Term]] = _kinds(Term)
ELIGIBILITY_TERMS: dict[str, type[EligibilityTerm]] = {
    kind: term for kind, term in TERMS.items() if issubclass(term, EligibilityTerm)
}
COVER_TERMS: dict[str, type[CoverTerm]] = {kind: term for kind, term in TERMS.items() if issubclass(term, CoverTerm)}
LAST_DELIVERED_REASONS = frozenset(term.reason for term in ELIGIBILITY_TERMS.values() if term.is_last_delivered)
RETENTION_REASONS: tuple[str, ...] = (
    NO_POLICY,
    OUTSIDE_YEAR,
    DISPUTED,
    *(term.reason for term in ELIGIBILITY_TERMS.values()),
    NO_COVER,
    LIMIT_CUT,
    *(term.reason for term in sorted(COVER_TERMS.values(), key=lambda term: term.place)),
    COLLECTION_COST,
)
