"""Indicators of the cover of what is owed: how much, why not the rest, and how it is spread."""

from pandas import Series

from riskresearch.base.concentration import concentration
from riskresearch.insurance.indicators.registry import (
    AXES,
    USE_INDICATORS,
    PolicyIndicator,
    Value,
    missing,
    quotient,
    use_indicator,
)
from riskresearch.insurance.indicators.use import CAUSES, PolicyUse

_TOP = 10
_CAUSE_LABELS = {
    "out_of_scope": ("out of scope", "hors champ de la police"),
    "refused": ("refused", "refus de l'assureur"),
    "no_limit": ("no limit", "sans limite"),
    "not_justified": ("discretionary, not justified", "non dénommé non justifié"),
    "disputed": ("disputed", "créances litigieuses"),
    "over_credit_period": ("terms too long", "échéances hors durée maximale"),
    "after_stop_shipment": ("delivered after the stop date", "livré après l'arrêt des livraisons"),
    "late_declaration": ("declared late", "déclaration tardive"),
    "over_limit": ("over the limit", "dépassement de limite"),
}


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Gross cover rate",
        "Taux de couverture brut de l'encours",
        "sum min(O, L) / sum O",
        axes=AXES,
        is_share=True,
    )
)
def gross_cover_ratio(use: PolicyUse) -> Value:
    """Owed within the limits / owed, all customers: the formula the insurers publish."""
    return quotient(use.within_limit.sum(), use.owed.sum(), n_items=len(use.customers))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Net cover rate",
        "Taux de couverture net de l'encours",
        "sum q min(O, L) / sum O",
        axes=AXES,
        is_share=True,
    )
)
def net_cover_ratio(use: PolicyUse) -> Value:
    """Owed within the limits x insured share / owed, all customers."""
    return quotient(use.insured.sum(), use.owed.sum(), n_items=len(use.customers))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Cover rate of eligible debts",
        "Taux de couverture des créances éligibles",
        "sum min(O - X, L) / sum O, X = disputed, terms too long, delivered after stop, declared late",
        axes=AXES,
        is_share=True,
    )
)
def eligible_cover_ratio(use: PolicyUse) -> Value:
    """Owed, eligible and within the limits / owed, all customers."""
    return quotient(use.covered.sum(), use.owed.sum(), n_items=len(use.customers))


@use_indicator(PolicyIndicator("amount", "Not covered", "Encours non couvert", "sum O - sum min(O - X, L)", axes=AXES))
def uncovered_amount(use: PolicyUse) -> Value:
    """Owed and not covered, all causes together."""
    return Value(float((use.owed - use.covered).sum()), len(use.customers), float(use.owed.sum()))


def _uncovered(cause: str) -> None:
    """Register the amount that is not covered for one cause."""

    def measure(use: PolicyUse) -> Value:
        part = use.causes[cause]
        return Value(float(part.sum()), int(part.gt(0).sum()), float(use.owed.sum()))

    english, french = _CAUSE_LABELS[cause]
    measure.__name__ = measure.__qualname__ = f"uncovered_{cause}_amount"
    measure.__doc__ = f"Owed and not covered, cause: {english}; the causes add up to what is not covered."
    formula = f"sum of what is owed and not covered: {english}"
    use_indicator(
        PolicyIndicator("amount", f"Not covered: {english}", f"Encours non couvert : {french}", formula, axes=AXES)
    )(measure)


for _cause in CAUSES:
    _uncovered(_cause)


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Ten largest insured amounts",
        "Dix premiers risques assurés",
        "ten largest q min(O, L) / sum q min(O, L)",
        is_share=True,
    )
)
def top10_insured_ratio(use: PolicyUse) -> Value:
    """Share of the ten largest insured amounts in all of them."""
    return quotient(use.insured.nlargest(_TOP).sum(), use.insured.sum(), n_items=int(use.insured.gt(0).sum()))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Concentration of insured amounts (HHI)",
        "Concentration assurée (indice de Herfindahl)",
        "sum of squared shares of q min(O, L)",
        is_share=True,
    )
)
def insured_hhi_ratio(use: PolicyUse) -> Value:
    """Herfindahl index of the insured amounts: 1 / it is the equivalent number of equal customers."""
    found = concentration(use.insured, [_TOP]).set_index("measure_code")["value"]
    if found.empty:
        return missing("denominator_is_zero")
    return Value(float(found["hhi_ratio"]), int(use.insured.gt(0).sum()), float(use.insured.sum()))


def _discretionary(label_en: str, label_fr: str, formula: str, *, needs_claims: bool = False) -> PolicyIndicator:
    axes = () if needs_claims else AXES
    return PolicyIndicator("ratio", label_en, label_fr, formula, axes=axes, needs_claims=needs_claims, is_share=True)


@use_indicator(_discretionary("Owed under the discretionary limit", "Part de l'encours en non dénommé", "O / sum O"))
def discretionary_owed_ratio(use: PolicyUse) -> Value:
    """Share of what is owed that stands under the discretionary limit, justified or not."""
    return _share_of(use, use.owed)


@use_indicator(
    _discretionary("Turnover under the discretionary limit", "Part du chiffre d'affaires en non dénommé", "CA / sum CA")
)
def discretionary_turnover_ratio(use: PolicyUse) -> Value:
    """Share of the turnover of 12 months with customers under the discretionary limit."""
    return _share_of(use, use.customers["turnover_amount"])


@use_indicator(
    _discretionary("Customers under the discretionary limit", "Part des clients en non dénommé", "n / n with a debt")
)
def discretionary_customer_ratio(use: PolicyUse) -> Value:
    """Share of the customers that owe something which stand under the discretionary limit."""
    return _share_of(use, use.owed.gt(0).astype("float64"))


@use_indicator(
    _discretionary(
        "Discretionary limits justified by the file",
        "Non dénommés justifiés par le dossier",
        "n justified / n under the discretionary limit that owe something",
    )
)
def discretionary_justified_ratio(use: PolicyUse) -> Value:
    """Customers under the discretionary limit that owe something and whose file justifies it / all of them."""
    own = use.customers[use.is_discretionary & use.owed.gt(0)]
    return quotient(float(own["is_discretionary_justified"].sum()), len(own), n_items=len(own))


@use_indicator(
    _discretionary(
        "Claims under the discretionary limit",
        "Part des sinistres en non dénommé",
        "claimed without named limit / claimed",
        needs_claims=True,
    )
)
def discretionary_claims_ratio(use: PolicyUse) -> Value:
    """Share of the claims of the window, by amount, on customers that had no named limit then."""
    claims = use.recent_claims
    own = claims.loc[claims["is_discretionary"], "claimed_amount"].sum()
    return quotient(own, claims["claimed_amount"].sum(), n_items=len(claims))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Claims rate under the discretionary limit",
        "Sinistralité du non dénommé",
        "claimed without named limit, per year / turnover of 12 months with VAT under the discretionary limit",
        needs_claims=True,
    )
)
def discretionary_claims_rate_ratio(use: PolicyUse) -> Value:
    """Yearly claims on customers without named limit / turnover of 12 months, with VAT, with those of today."""
    claims, own = use.recent_claims, use.customers[use.is_discretionary]
    yearly = claims.loc[claims["is_discretionary"], "claimed_amount"].sum() * 12 / use.settings.claims_months
    turnover = (own["turnover_amount"] * (1 + own["vat_ratio"])).sum()
    return quotient(yearly, turnover, n_items=int(claims["is_discretionary"].sum()))


def _share_of(use: PolicyUse, amounts: Series) -> Value:
    return quotient(amounts[use.is_discretionary].sum(), amounts.sum(), n_items=int(use.is_discretionary.sum()))


__all__ = ["USE_INDICATORS"]
