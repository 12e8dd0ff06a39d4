"""Indicators of past claims: how long, how many refused, how much paid and recovered, against which premium."""

import pandas as pd
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.insurance.indicators.registry import PolicyIndicator, Value, missing, quotient, use_indicator
from riskresearch.insurance.indicators.use import PolicyUse

_LATE_QUANTILE = 0.9


def _days(label_en: str, label_fr: str, formula: str) -> PolicyIndicator:
    return PolicyIndicator("days", label_en, label_fr, formula, needs_claims=True)


@use_indicator(_days("Loss to payment, median", "Délai d'indemnisation depuis le sinistre", "median, paid claims"))
def loss_to_payment_days_median(use: PolicyUse) -> Value:
    """Median days from the date of loss to the indemnity, claims of the window that are paid."""
    return _delay(use, "loss_date", 0.5)


@use_indicator(_days("Loss to payment, 90 %", "Délai depuis le sinistre, 9 cas sur 10", "90 % quantile, paid claims"))
def loss_to_payment_days_p90(use: PolicyUse) -> Value:
    """Days from the date of loss to the indemnity that nine paid claims in ten do not exceed."""
    return _delay(use, "loss_date", _LATE_QUANTILE)


@use_indicator(_days("File to payment, median", "Délai d'indemnisation depuis le dossier", "median, paid claims"))
def file_to_payment_days_median(use: PolicyUse) -> Value:
    """Median days from the complete claim file to the indemnity, claims of the window that are paid."""
    return _delay(use, "filed_date", 0.5)


@use_indicator(_days("File to payment, 90 %", "Délai depuis le dossier, 9 cas sur 10", "90 % quantile, paid claims"))
def file_to_payment_days_p90(use: PolicyUse) -> Value:
    """Days from the complete claim file to the indemnity that nine paid claims in ten do not exceed."""
    return _delay(use, "filed_date", _LATE_QUANTILE)


def _paid(label_en: str, label_fr: str, formula: str, *, is_share: bool = True) -> PolicyIndicator:
    return PolicyIndicator("ratio", label_en, label_fr, formula, needs_claims=True, is_share=is_share)


@use_indicator(_paid("Claims rejected, number", "Taux de rejet des sinistres, en nombre", "n rejected / n decided"))
def rejected_claims_ratio(use: PolicyUse) -> Value:
    """Claims of the window refused without any indemnity / claims decided."""
    decided = _decided(use)
    return quotient(float(_is_rejected(decided).sum()), len(decided), n_items=len(decided))


@use_indicator(
    _paid(
        "Claims rejected, amount", "Taux de rejet des sinistres, en montant", "claimed and rejected / claimed, decided"
    )
)
def rejected_claims_amount_ratio(use: PolicyUse) -> Value:
    """Claimed and refused without any indemnity / claimed, claims of the window that are decided."""
    decided = _decided(use)
    rejected = decided.loc[_is_rejected(decided), "claimed_amount"].sum()
    return quotient(rejected, decided["claimed_amount"].sum(), n_items=len(decided))


@use_indicator(_paid("Indemnity / gross claims", "Taux d'indemnisation brut", "paid / claimed, decided claims"))
def indemnity_to_claimed_ratio(use: PolicyUse) -> Value:
    """Indemnities / debts claimed, claims of the window that are decided."""
    decided = _decided(use)
    return quotient(decided["paid_amount"].sum(), decided["claimed_amount"].sum(), n_items=len(decided))


@use_indicator(
    _paid(
        "Indemnity / covered claims",
        "Taux d'indemnisation des pertes couvertes",
        "paid / claimed within the limit, decided claims",
        is_share=False,
    )
)
def indemnity_to_covered_ratio(use: PolicyUse) -> Value:
    """Indemnities / debts claimed within the limit of the date of loss: to be held against the insured share."""
    decided = _decided(use)
    return quotient(decided["paid_amount"].sum(), decided["covered_amount"].sum(), n_items=len(decided))


def _recovered(months: int) -> None:
    """Register the share of old claims that was recovered within some months."""

    def measure(use: PolicyUse) -> Value:
        claims = use.all_claims
        limit = claims["loss_date"] + DateOffset(months=months)
        old = claims[limit <= use.as_of]
        received = old["recovered_amount"].where(old["recovered_date"] <= limit[old.index], 0.0).fillna(0.0)
        return quotient(received.sum(), old["claimed_amount"].sum(), n_items=len(old), reason="no_such_claim")

    measure.__name__ = measure.__qualname__ = f"recovery_ratio_{months}m"
    measure.__doc__ = (
        f"Net recoveries of all parties within {months} months of the loss / claimed, losses that old; a claim whose "
        "latest recovery came later counts as 0, so the figure is a lower bound."
    )
    use_indicator(
        PolicyIndicator(
            "ratio",
            f"Recovered within {months} months",
            f"Taux de récupération à {months} mois",
            f"net recoveries within {months} months / claimed, losses at least {months} months old",
            needs_claims=True,
        )
    )(measure)


for _months in (12, 24, 36):
    _recovered(_months)


def _loss_ratio(n_years: int, basis: str) -> None:
    """Register the loss ratio of past whole calendar years."""

    def measure(use: PolicyUse) -> Value:
        years = whole_years(use.as_of, n_years)
        premiums = [use.settings.past_premiums.get(year) for year in years]
        if any(premium is None for premium in premiums):
            return missing("no_premium_history")
        return loss_ratio(use, years, premium=sum(premium or 0.0 for premium in premiums), basis=basis)

    words = {"paid": ("paid", "réglé"), "incurred": ("incurred", "survenu")}[basis]
    measure.__name__ = measure.__qualname__ = f"loss_ratio_{basis}_{n_years}y"
    more = " + insured part of the claims neither paid nor refused" if basis == "incurred" else ""
    measure.__doc__ = (
        f"Indemnities less the insurer's recoveries{more} / premium before tax, losses of {n_years} calendar years."
    )
    use_indicator(
        PolicyIndicator(
            "ratio",
            f"Loss ratio, {words[0]}, {n_years} y",
            f"Ratio sinistres à primes {words[1]}, {n_years} an{'s' if n_years > 1 else ''}",
            f"(payouts{more} - insurer's recoveries) / premium, {n_years} calendar years",
            family="terms_cost",
            needs_claims=True,
        )
    )(measure)


for _basis in ("paid", "incurred"):
    for _years in (1, 3, 5):
        _loss_ratio(_years, _basis)


def whole_years(as_of: Timestamp, n_years: int) -> list[int]:
    """Return the latest whole calendar years on a day, oldest first.

    Examples
    --------
    >>> whole_years(Timestamp("2025-12-31"), 2), whole_years(Timestamp("2025-11-30"), 2)
    ([2024, 2025], [2023, 2024])
    """
    last = as_of.year if (as_of + pd.Timedelta(days=1)).year > as_of.year else as_of.year - 1
    return list(range(last - n_years + 1, last + 1))


def loss_ratio(use: PolicyUse, years: list[int], *, premium: float, basis: str) -> Value:
    """Return the loss ratio of claims whose loss (else declaration) lies in the years.

    Parameters
    ----------
    use : use of the policy, with claims
    years : calendar years
    premium : premium before tax of these years
    basis : ``paid``, or ``incurred``: claims that are neither paid nor refused count with their insured part, whether
        the insurer has accepted them or not decided yet
    """
    claims = use.all_claims
    own = claims[claims["loss_date"].fillna(claims["declared_date"]).dt.year.isin(years)]
    cost = (own["paid_amount"].fillna(0.0) - own["insurer_recovered_amount"].fillna(0.0)).sum()
    if basis == "incurred":
        due = own[own["paid_date"].isna() & ~_is_rejected(own)]
        cost += (due["covered_amount"] * due["insured_ratio"]).sum()
    return quotient(cost, premium, n_items=len(own))


def _delay(use: PolicyUse, start: str, ratio: float) -> Value:
    paid = use.recent_claims[use.recent_claims["paid_date"].notna()]
    days = (paid["paid_date"] - paid[start]).dt.days.dropna()
    if days.empty:
        return missing("no_such_claim")
    return Value(float(days.quantile(ratio)), len(days), float(paid["paid_amount"].sum()))


def _decided(use: PolicyUse) -> DataFrame:
    return use.recent_claims[use.recent_claims["decided_date"].notna()]


def _is_rejected(claims: DataFrame) -> Series:
    return claims["rejection_code"].notna() & ~claims["paid_amount"].gt(0)
