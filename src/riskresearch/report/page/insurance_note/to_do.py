"""What the note asks for: fit of insurance, declarations, a better design, the actions that save most."""

from collections.abc import Iterator

import pandas as pd
from pandas import Series

from riskresearch.report.figures.money import SELF_INSURANCE
from riskresearch.report.page.context import Context
from riskresearch.report.page.insurance.parts import focus
from riskresearch.report.page.insurance_note.figures import Cover, share

ACTIONS_SHOWN = 3
OPEN = ("due", "missed")


def to_do(context: Context, best: Cover) -> list[str]:
    """Return what to do, the urgent first.

    Parameters
    ----------
    context : tables of the run
    best : cover the note is about
    """
    return [*_declarations(context), *_design(context, best), *_actions(context), *_advice(context), *_lists(context)]


def _advice(context: Context) -> Iterator[str]:
    """How many of the criteria speak for insurance, and which cover fits the book."""
    words, advice = context.words, context.table("insurance_advice")
    if advice is None:
        return
    row = advice.iloc[0]
    if pd.isna(row["n_effective"]):
        return
    yield words.t(
        "insurance_note.advice",
        met=words.count(row["n_met"]),
        known=words.count(row["n_known"]),
        advice=words.label("advice", row["advice_code"]),
        spread=words.label("spread", row["spread_code"]),
        n=words.count(round(row["n_effective"])),
        kind=words.label("cover_kind", row["cover_kind_code"]),
    )


def _declarations(context: Context) -> Iterator[str]:
    """Overdue items of the policy in use whose declaration is due or missed."""
    calendar = context.table("declaration_calendar")
    if calendar is None:
        return
    policy = focus(context, calendar["policy_id"])
    rows = calendar[(calendar["policy_id"] == policy) & calendar["declaration_status_code"].isin(OPEN)]
    if len(rows):
        amount = context.words.compact(rows["lapse_risk_amount"].sum())
        yield context.words.n("insurance_note.declare", len(rows), amount=amount)


def _design(context: Context, best: Cover) -> Iterator[str]:
    """The design of the quote with the lowest economic cost at the capital charge of the run, if it is another one."""
    words, optima = context.words, context.table("design_optima")
    if optima is None:
        return
    is_charge = (optima["capital_charge_ratio"] - best.row["capital_charge_ratio"]).abs() < 1e-9
    rows = optima[is_charge & (optima["option_id"] == best.option_id)]
    design = None if rows.empty else _other_design(context, best, str(rows["design_id"].iloc[0]))
    if design is None:
        return
    yield words.t(
        "insurance_note.design",
        option=best.name,
        share=share(design["insured_ratio"], words),
        first_loss=words.compact(design["first_loss_amount"]),
        discretionary=words.compact(design["discretionary_limit_amount"]),
        maximum=_amount_or_none(context, design["maximum_liability_amount"]),
        cost=words.compact(design["economic_cost_amount"]),
        now=words.compact(rows["quote_economic_cost_amount"].iloc[0]),
    )


def _other_design(context: Context, best: Cover, design_id: str) -> Series | None:
    """The design of that number, if it is not the quote itself and the years tell the quote from it."""
    designs = context.table("policy_designs")
    if designs is None or design_id == SELF_INSURANCE:
        return None
    rows = designs[designs["option_id"] == best.option_id]
    quote = rows[rows["is_quote"].fillna(False).astype(bool)]
    if len(quote) and bool(quote["is_within_error"].fillna(False).iloc[0]):
        return None
    found = rows[(rows["design_id"] == design_id) & ~rows["is_quote"].fillna(False).astype(bool)]
    return found.iloc[0] if len(found) else None


def _amount_or_none(context: Context, value: float) -> str:
    return context.words.t("missing.none") if pd.isna(value) else context.words.compact(value)


def _actions(context: Context) -> Iterator[str]:
    """The actions of the policy in use, the one that saves most first."""
    words, actions = context.words, context.table("policy_actions")
    if actions is None:
        return
    rows = actions[actions["option_id"] == focus(context, actions["option_id"])]
    rows = rows[rows["action_status_code"] == "act"].sort_values(["action_number", "rule_code"])
    for _, row in rows.head(ACTIONS_SHOWN).iterrows():
        action, gain = words.label("policy_action", row["rule_code"]), row["gain_amount"]
        if pd.notna(gain) and gain > 0:
            yield words.t("insurance_note.action_gain", action=action, gain=words.compact(gain))
        else:
            yield words.t("insurance_note.action", action=action)


def _lists(context: Context) -> Iterator[str]:
    """Where the lists for the broker are."""
    if any(context.table(name) is not None for name in ("limit_requests", "dormant_limits", "declaration_calendar")):
        yield context.words.t("insurance_note.requests")
