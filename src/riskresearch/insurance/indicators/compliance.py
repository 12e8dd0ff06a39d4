"""Indicators of the duties of the insured: declarations, stops, terms, turnover."""

from riskresearch.insurance.indicators.registry import AXES, PolicyIndicator, Value, missing, quotient, use_indicator
from riskresearch.insurance.indicators.use import PolicyUse
from riskresearch.insurance.terms import CreditPeriod, Declaration, StopShipment


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Overdue declared in time, number",
        "Déclarations d'impayés dans les délais, en nombre",
        "n declared in time / n due to be declared, deadlines of the window",
        axes=AXES,
        needs=(Declaration,),
        is_share=True,
    )
)
def timely_declaration_ratio(use: PolicyUse) -> Value:
    """Overdue items declared in time / items still unpaid on their deadline, deadlines of the window."""
    asked = use.declarations
    return quotient(float(asked["is_in_time"].sum()), len(asked), n_items=len(asked))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Overdue declared in time, amount",
        "Déclarations d'impayés dans les délais, en montant",
        "unpaid amount declared in time / unpaid amount due to be declared, deadlines of the window",
        axes=AXES,
        needs=(Declaration,),
        is_share=True,
    )
)
def timely_declaration_amount_ratio(use: PolicyUse) -> Value:
    """Unpaid on the deadline and declared in time / unpaid on the deadline, deadlines of the window."""
    asked = use.declarations
    in_time = asked.loc[asked["is_in_time"], "amount"].sum()
    return quotient(in_time, asked["amount"].sum(), n_items=len(asked))


@use_indicator(
    PolicyIndicator(
        "amount",
        "At risk of lapse",
        "Montant menacé de forclusion",
        "sum of open items whose deadline passed without declaration in time",
        axes=AXES,
        needs=(Declaration,),
    )
)
def lapse_amount(use: PolicyUse) -> Value:
    """Still open of the items of the window that were declared late or not at all: cover may be refused."""
    late = use.declarations[~use.declarations["is_in_time"]]
    late = late[late["open_amount"] > 0]
    return Value(float(late["open_amount"].sum()), len(late), float(use.declarations["amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Deliveries after the stop date",
        "Livraisons après la date d'arrêt",
        "delivered while an item was unpaid beyond the extension period / delivered to late buyers, window",
        axes=AXES,
        needs=(StopShipment,),
        is_share=True,
    )
)
def after_stop_ratio(use: PolicyUse) -> Value:
    """Deliveries made while an item was unpaid beyond the extension period / all deliveries to such customers."""
    late = use.deliveries[use.deliveries["is_late_buyer"]]
    return quotient(late.loc[late["is_after_stop"], "amount"].sum(), late["amount"].sum(), n_items=len(late))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Invoices beyond the credit period",
        "Échéances hors durée maximale de crédit",
        "invoiced on terms longer than covered / invoiced to customers with cover, window",
        axes=AXES,
        needs=(CreditPeriod,),
        is_share=True,
    )
)
def over_terms_ratio(use: PolicyUse) -> Value:
    """Invoiced on longer terms than the policy covers / invoiced to customers with cover."""
    made = use.deliveries
    return quotient(made.loc[made["is_over_terms"], "amount"].sum(), made["amount"].sum(), n_items=len(made))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Insurable turnover",
        "Chiffre d'affaires assurable",
        "turnover with insurable customers / booked turnover, 12 months, without VAT",
        axes=AXES,
        is_share=True,
    )
)
def insurable_turnover_ratio(use: PolicyUse) -> Value:
    """Turnover of 12 months with customers the policy can cover / booked turnover, without VAT."""
    turnover, insurable = use.customers["turnover_amount"], use.customers["is_insurable"].astype(bool)
    return quotient(turnover[insurable].sum(), turnover.sum(), n_items=int(insurable.sum()))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Declared / insurable turnover",
        "Chiffre d'affaires déclaré / assurable",
        "declared turnover (setting) / turnover with insurable customers, 12 months, without VAT",
    )
)
def declared_turnover_ratio(use: PolicyUse) -> Value:
    """Turnover declared to the insurer / insurable turnover of 12 months: off 1, a premium is due or a sanction."""
    declared = use.settings.declared_turnover_amount
    if declared is None:
        return missing("not_given")
    insurable = use.customers.loc[use.customers["is_insurable"].astype(bool), "turnover_amount"]
    return quotient(declared, insurable.sum(), n_items=len(insurable))
