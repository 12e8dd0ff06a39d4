"""Indicators of the accounts: what the cover takes off the provision on open receivables."""

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.indicators.registry import AXES, PolicyIndicator, Value, use_indicator
from riskresearch.insurance.indicators.use import PolicyUse


def _provision(label_en: str, label_fr: str, formula: str) -> PolicyIndicator:
    return PolicyIndicator("amount", label_en, label_fr, formula, family="terms_cost", axes=AXES)


@use_indicator(_provision("Provision without cover", "Provision sans assurance", "sum PD LGD O"))
def provision_without_cover_amount(use: PolicyUse) -> Value:
    """Expected loss within 12 months on what is owed, without the policy; customers with a PD."""
    known = _with_risk(use)
    return Value(float(known["gross"].sum()), len(known), float(known["owed_amount"].sum()))


@use_indicator(
    _provision(
        "Provision with cover", "Provision nette d'assurance", "sum PD (LGD O - q min(LGD O, L)), eligible debts"
    )
)
def provision_with_cover_amount(use: PolicyUse) -> Value:
    """Expected loss within 12 months left after the insured part, before the terms of the year."""
    known = _with_risk(use)
    return Value(float((known["gross"] - known["insured"]).sum()), len(known), float(known["owed_amount"].sum()))


@use_indicator(_provision("Effect on the provision", "Effet provision", "provision without cover - with cover"))
def provision_effect_amount(use: PolicyUse) -> Value:
    """What the cover takes off the provision; a judgement on IFRS 9 integral enhancements is the accountant's."""
    known = _with_risk(use)
    return Value(float(known["insured"].sum()), len(known), float(known["gross"].sum()))


def _with_risk(use: PolicyUse) -> DataFrame:
    """Customers with a PD, and their mean loss on what is owed: in all, and the insured part of it.

    Recoveries are taken to reduce the covered debt first, as in the exposures of the simulation.
    """
    own = use.customers.assign(eligible=use.eligible)
    own = own[own["pd_12m"].notna() & own["lgd_ratio"].notna()]
    within = np.minimum(own["eligible"] * own["lgd_ratio"], own["limit_amount"]) * own["insured_ratio"]
    return own.assign(gross=own["pd_12m"] * own["lgd_ratio"] * own["owed_amount"], insured=own["pd_12m"] * within)
