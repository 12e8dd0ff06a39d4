"""Terms that take a part of a debt out of cover: agreed too long, delivered too late, declared too late."""

from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from riskresearch.insurance.claims import Array
from riskresearch.insurance.terms.base import Days, EligibilityTerm

LEGAL_TERMS_DAYS = 30.0  # where no terms are agreed: Code de commerce, L441-10


class CreditPeriod(EligibilityTerm):
    """Maximum credit period: a sale agreed on longer terms is not covered at all.

    Source of the rule: Atradius Belgium, practical guide; usual range 60 to 180 days.
    """

    kind: Literal["credit_period"] = "credit_period"
    reason: ClassVar[str] = "over_credit_period"
    maximum_days: Days = Field(description="longest agreed terms, days from the invoice", examples=[90])

    def is_beyond(self, terms_days: Array) -> npt.NDArray[np.bool_]:
        """Tell which agreed terms are too long; unknown terms (NaN) are not.

        Examples
        --------
        >>> term = CreditPeriod(maximum_days=90, clause="example", source="example")
        >>> term.is_beyond(np.array([90.0, 91.0, np.nan])).tolist()
        [False, True, False]
        """
        return np.asarray(terms_days > self.maximum_days)


class StopShipment(EligibilityTerm):
    """Maximum extension period: deliveries made after an unpaid due date + extension are not covered.

    Source of the rule: assurance-credit-entreprise.fr, glossary; usual range 30 to 60 days.
    """

    kind: Literal["stop_shipment"] = "stop_shipment"
    reason: ClassVar[str] = "after_stop_shipment"
    is_last_delivered: ClassVar[bool] = True
    extension_days: Days = Field(description="days after the oldest unpaid due date", examples=[60])

    def after_stop_ratio(self, terms_days: Array, *, deliveries_after_days: float) -> Array:
        """Share of the debt that was delivered after the stop, deliveries being even until they end.

        share = (M - extension) / (terms + M) where deliveries go on for M days after the first unpaid due date.

        Parameters
        ----------
        terms_days : agreed terms of each customer; unknown (NaN) = the mean of the known ones, 30
            where none is known
        deliveries_after_days : M

        Examples
        --------
        >>> term = StopShipment(extension_days=30, clause="example", source="example")
        >>> term.after_stop_ratio(np.array([60.0, 0.0]), deliveries_after_days=60.0).tolist()
        [0.25, 0.5]
        """
        late = max(deliveries_after_days - self.extension_days, 0.0)
        if late == 0.0:
            return np.zeros_like(terms_days)
        known = terms_days[~np.isnan(terms_days)]
        filled = np.where(np.isnan(terms_days), known.mean() if len(known) else LEGAL_TERMS_DAYS, terms_days)
        return np.asarray(late / (filled + deliveries_after_days))


class Declaration(EligibilityTerm):
    """Deadlines: a debt that is declared overdue, or claimed, too late lapses (forclusion).

    Source of the rule: Atradius Belgium, practical guide; assurance-credit-entreprise.fr, glossary.
    """

    kind: Literal["declaration"] = "declaration"
    reason: ClassVar[str] = "late_declaration"
    overdue_days: Days | None = Field(
        None, description="days after the due date by which an unpaid debt is declared; empty = none", examples=[60]
    )
    claim_days: Days | None = Field(
        None, description="days after the due date by which the claim file is sent; empty = none", examples=[180]
    )

    @model_validator(mode="after")
    def _has_deadline(self) -> Self:
        if self.overdue_days is None and self.claim_days is None:
            raise ValueError("give overdue_days, claim_days or both; no deadline: no term")
        return self

    def is_late(self, *, declared_after_days: Array, claimed_after_days: Array) -> npt.NDArray[np.bool_]:
        """Tell which debts were declared or claimed too late; days after the due date, NaN = date not given.

        Examples
        --------
        >>> term = Declaration(overdue_days=60, clause="example", source="example")
        >>> late = term.is_late(declared_after_days=np.array([60.0, 61.0]), claimed_after_days=np.array([400.0, 1.0]))
        >>> late.tolist()
        [False, True]
        """
        overdue = np.inf if self.overdue_days is None else self.overdue_days
        claim = np.inf if self.claim_days is None else self.claim_days
        return np.asarray((declared_after_days > overdue) | (claimed_after_days > claim))
