"""What a reader of the note must not take for certain."""

from collections.abc import Iterator

import pandas as pd

from riskresearch.report.figures.money import SELF_INSURANCE, option_names
from riskresearch.report.page.context import Context
from riskresearch.report.page.insurance.parts import focus
from riskresearch.report.page.insurance_note.figures import Cover

NAMED = 3
"""Options and reasons named before the rest is counted or left to the page."""
ALARM_ERRORS = 4.0
"""Standard errors between simulation and exact value from which the figures are not to be used."""


def doubts(context: Context, best: Cover) -> list[str]:
    """Return what is doubtful: the check of the simulation, errors, assumptions, and what could not be read.

    Parameters
    ----------
    context : tables of the run
    best : cover the note is about
    """
    return [
        _check(context),
        *_error(context, best),
        *_undecided(context),
        *_ranks(context, best),
        *_losses_given_default(context),
        *_not_read(context),
    ]


def _check(context: Context) -> str:
    """The largest gap between simulation and exact figures."""
    words, checks = context.words, context.table("simulation_checks")
    if checks is None:
        return words.t("insurance_note.not_checked")
    largest = float(checks["z"].abs().max())
    if largest > ALARM_ERRORS:
        return words.t("insurance_note.check_failed", z=words.number(largest, 1))
    return words.t("insurance_note.checked", n=words.count(len(checks)), z=words.number(largest, 1))


def _error(context: Context, best: Cover) -> Iterator[str]:
    amount, error = best.row["es_retained_amount"], best.row["es_retained_amount_se"]
    if pd.notna(error) and error > 0:
        shown = {"amount": context.words.compact(amount), "error": context.words.compact(error)}
        yield context.words.t("insurance_note.error", **shown)


def _undecided(context: Context) -> Iterator[str]:
    """Options whose premium lies within the interval of its break-even."""
    quotes = context.table("quotes")
    assert quotes is not None
    low, high = quotes["break_even_premium_low_amount"], quotes["break_even_premium_high_amount"]
    open_ones = quotes[quotes["premium_amount"].between(low, high) & (quotes["option_kind_code"] != SELF_INSURANCE)]
    if len(open_ones):
        names = option_names(open_ones.head(NAMED), context.words)
        more = [context.words.n("finding.more_options", len(open_ones) - NAMED)] if len(open_ones) > NAMED else []
        yield context.words.t("insurance_note.undecided", options=context.words.listed([*names, *more]))


def _ranks(context: Context, best: Cover) -> Iterator[str]:
    """Assumptions under which the rank of the cover changes."""
    words, tornado = context.words, context.table("tornado")
    rows = None if tornado is None else tornado[tornado["option_id"] == best.option_id]
    if rows is None or rows.empty:
        return
    moved = rows[rows["is_rank_changed"].fillna(False).astype(bool)]
    if moved.empty:
        yield words.t("insurance_note.rank_holds", option=best.name)
        return
    told = [
        words.t(
            "insurance_note.driver",
            driver=words.label("driver", driver),
            sides=", ".join(words.label("side", side) for side in sorted(sides, reverse=True)),
        )
        for driver, sides in moved.groupby("driver_code", sort=False)["side_code"]
    ]
    yield words.t("insurance_note.rank_moves", option=best.name, drivers=words.listed(told))


def _losses_given_default(context: Context) -> Iterator[str]:
    """The share of the mean loss that rests on an assumed loss given default."""
    covers = context.table("covers")
    if covers is None:
        return
    rows = covers[covers["option_id"] == SELF_INSURANCE]
    loss, assumed = rows["expected_gross_amount"], rows["is_lgd_assumed"].fillna(False).astype(bool)
    if loss.sum() > 0 and loss[assumed].sum() > 0:
        share = context.words.ratio(float(loss[assumed].sum() / loss.sum()), 0)
        yield context.words.t("insurance_note.lgd_assumed", share=share)


def _not_read(context: Context) -> Iterator[str]:
    """Rules of the policy in use whose reading is not computable, and why."""
    words, actions = context.words, context.table("policy_actions")
    if actions is None:
        return
    rows = actions[actions["option_id"] == focus(context, actions["option_id"])]
    rows = rows[rows["action_status_code"] == "not_computable"]
    if len(rows):
        codes = rows["reason_code"].value_counts().index[:NAMED]
        reasons = words.listed(words.label("reason", code) for code in codes)
        yield words.n("insurance_note.not_read", len(rows), reasons=reasons)
