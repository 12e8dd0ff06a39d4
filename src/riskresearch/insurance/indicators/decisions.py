"""Indicators of the insurer's decisions: what it accepts, how fast, what it cuts."""

import pandas as pd
from pandas import DataFrame

from riskresearch.insurance.indicators.registry import (
    ALL_AXES,
    AXES,
    PolicyIndicator,
    Value,
    missing,
    quotient,
    use_indicator,
)
from riskresearch.insurance.indicators.use import PolicyUse


def _accepted(label_en: str, label_fr: str, formula: str) -> PolicyIndicator:
    return PolicyIndicator("ratio", label_en, label_fr, formula, axes=ALL_AXES, is_share=True)


@use_indicator(_accepted("Acceptance rate, amount", "Taux d'acceptation, en montant", "sum min(G, R) / sum R"))
def accepted_amount_ratio(use: PolicyUse) -> Value:
    """Granted / requested, over the answers of the window; a grant counts up to the request."""
    answers = _answers(use)
    granted = answers[["granted_amount", "requested_amount"]].min(axis=1).sum()
    return quotient(granted, answers["requested_amount"].sum(), n_items=len(answers))


@use_indicator(_accepted("Acceptance rate, number", "Taux d'acceptation, en nombre", "n(G > 0) / n"))
def accepted_count_ratio(use: PolicyUse) -> Value:
    """Requests of the window that were granted at all, in full or in part / requests answered."""
    answers = _answers(use)
    return quotient(float(answers["granted_amount"].gt(0).sum()), len(answers), n_items=len(answers))


@use_indicator(_accepted("Granted in full", "Accords totaux", "n(G >= R) / n"))
def full_grant_ratio(use: PolicyUse) -> Value:
    """Requests of the window granted in full / requests answered."""
    answers = _answers(use)
    full = answers["granted_amount"] >= answers["requested_amount"]
    return quotient(float(full.sum()), len(answers), n_items=len(answers))


@use_indicator(_accepted("Granted in part", "Accords partiels", "n(0 < G < R) / n"))
def partial_grant_ratio(use: PolicyUse) -> Value:
    """Requests of the window granted in part / requests answered."""
    answers = _answers(use)
    part = answers["granted_amount"].gt(0) & (answers["granted_amount"] < answers["requested_amount"])
    return quotient(float(part.sum()), len(answers), n_items=len(answers))


@use_indicator(_accepted("Refused, number", "Taux de refus, en nombre", "n(G = 0) / n"))
def refused_count_ratio(use: PolicyUse) -> Value:
    """Requests of the window that were refused outright / requests answered."""
    answers = _answers(use)
    return quotient(float(answers["granted_amount"].eq(0).sum()), len(answers), n_items=len(answers))


@use_indicator(_accepted("Not granted, amount", "Taux de refus, en montant", "sum max(R - G, 0) / sum R"))
def refused_amount_ratio(use: PolicyUse) -> Value:
    """Requested and not granted / requested, over the answers of the window."""
    answers = _answers(use)
    short = (answers["requested_amount"] - answers["granted_amount"]).clip(lower=0).sum()
    return quotient(short, answers["requested_amount"].sum(), n_items=len(answers))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Acceptance rate of the limits in force",
        "Taux d'acceptation des limites en vigueur",
        "sum min(G, R) / sum R over the decision in force of each customer",
        axes=AXES,
        is_share=True,
    )
)
def accepted_in_force_ratio(use: PolicyUse) -> Value:
    """Granted / requested, over the decision in force of each customer; refusals count as 0."""
    asked = use.in_force[use.in_force["requested_amount"] > 0]
    granted = asked[["granted_amount", "requested_amount"]].min(axis=1).sum()
    return quotient(granted, asked["requested_amount"].sum(), n_items=len(asked))


@use_indicator(
    PolicyIndicator(
        "days",
        "Response time",
        "Délai de réponse de l'assureur",
        "median days from the request to the decision",
        axes=ALL_AXES,
    )
)
def response_days_median(use: PolicyUse) -> Value:
    """Median days from request to decision, over the answers of the window whose request is dated."""
    answers = _answers(use)
    days = (answers["start_date"] - pd.to_datetime(answers["requested_date"])).dt.days.dropna()
    return Value(float(days.median()), len(days)) if len(days) else missing("no_request_date")


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Reductions and cancellations",
        "Réductions et annulations de limites",
        "sum of cuts / (limits at the start of the window + raises within it)",
        axes=AXES,
        is_share=True,
    )
)
def cut_amount_ratio(use: PolicyUse) -> Value:
    """Cuts of the window / all that could be cut: limits in force at its start, and what was granted on top since."""
    decisions = use.decisions
    raised = (decisions["granted_amount"] - decisions["previous_amount"].fillna(0.0)).clip(lower=0).sum()
    base = use.customers["limit_start_amount"].sum() + raised
    return quotient(decisions["cut_amount"].sum(), base, n_items=int(decisions["cut_amount"].gt(0).sum()))


@use_indicator(
    PolicyIndicator(
        "count",
        "Limits cut",
        "Nombre de réductions et annulations",
        "n(G < limit in force before), decisions of the window",
        axes=ALL_AXES,
    )
)
def cut_count(use: PolicyUse) -> Value:
    """Decisions of the window that lowered or cancelled a limit."""
    cuts = _cuts(use)
    return Value(float(len(cuts)), len(use.decisions), float(cuts["cut_amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "amount",
        "Owed when limits were cut",
        "Encours exposé aux dates de réduction",
        "sum of what the customers owed on the days their limits were cut",
        axes=ALL_AXES,
    )
)
def cut_owed_amount(use: PolicyUse) -> Value:
    """Owed by customers on the days the insurer cut their limits, cuts of the window."""
    cuts = _cuts(use)
    return Value(float(cuts["owed_at_cut_amount"].sum()), len(cuts), float(cuts["cut_amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "amount",
        "Run-off after cuts",
        "Encours en dénouement (run-off)",
        "sum max(min(delivered before and unpaid, old limit) - new limit, 0), cuts in force",
        axes=ALL_AXES,
    )
)
def cut_run_off_amount(use: PolicyUse) -> Value:
    """Still unpaid, delivered before the cut and covered beyond the new limit, cuts of the window still in force."""
    cuts = _cuts(use)
    return Value(float(cuts["run_off_amount"].sum()), len(cuts), float(cuts["owed_at_cut_amount"].sum()))


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Defaults announced by a cut",
        "Défaillances précédées d'une réduction",
        "defaults with a cut within the days before / defaults of customers with a limit, whole ledger",
        is_share=True,
    )
)
def cut_before_default_ratio(use: PolicyUse) -> Value:
    """Share of the defaults of customers with a limit before which the insurer had cut it, whole ledger."""
    row = use.cuts.iloc[0]
    return quotient(
        float(row["n_defaults_after_cut"]),
        float(row["n_defaults"]),
        n_items=int(row["n_defaults"]),
        reason="no_default",
    )


@use_indicator(
    PolicyIndicator(
        "ratio",
        "Cuts followed by a default",
        "Réductions suivies d'une défaillance",
        "cuts followed by a default within the days / cuts whose days have passed, whole ledger",
        is_share=True,
    )
)
def default_after_cut_ratio(use: PolicyUse) -> Value:
    """Share of the cuts that a default followed within the days of the setting, whole ledger."""
    row = use.cuts.iloc[0]
    n = int(row["n_cuts_observed"])
    return Value(float(row["default_after_cut_ratio"]), n, float(n)) if n else missing("denominator_is_zero")


def _answers(use: PolicyUse) -> DataFrame:
    return use.decisions[use.decisions["is_answer"].astype(bool)]


def _cuts(use: PolicyUse) -> DataFrame:
    return use.decisions[use.decisions["cut_amount"] > 0]
