"""Chapters: the policy in short, methods, movement, triggers, approval, places, securities, appetite, economics."""

import pandas as pd
from pandas import Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, grid_block, missing, note
from riskresearch.report.page.policy.values import Policy, share

COUNTRIES = (
    *("country_code", "open_account", "check_new_customers", "max_terms_days", "late_fee_amount"),
    *("late_interest_code", "limit_factor", "total_limit_amount", "source"),
)


def short_chapter(policy: Policy) -> Chapter:
    """Return the chapter: what everybody should know, and which version this is."""
    words = policy.words
    facts, moves, overrides = policy.one("policy"), policy.one("movement"), policy.one("overrides")
    slowly = words.t(
        "credit_policy.slowly",
        reviews=words.n("credit_policy.reviews", int(moves["upgrade_reviews"])),
        ratio=share(moves["raise_max_ratio"], words),
        months=words.months(moves["raise_months"]),
    )
    told = (
        words.t("credit_policy.four_numbers"),
        slowly,
        words.t("credit_policy.four_eyes", amount=policy.amount(overrides["four_eyes_amount"])),
        words.t("credit_policy.losses", ratio=share(policy.one("appetite")["expected_loss_ratio"], words)),
    )
    draft = (missing(words.t("credit_policy.draft_note")),) if pd.isna(facts["approved_by"]) else ()
    table = policy.pairs("policy", words.t("credit_policy.facts"))
    return Chapter("short", words.t("credit_policy.in_short"), (*draft, Block("items", items=told), *table))


def methods_chapter(policy: Policy) -> Chapter:
    """Return the chapter: which methods answer which question, what they say, and how they are joined."""
    words, methods = policy.words, policy.rows["methods"]
    lines = tuple(
        (
            words.label("question", row["question_code"]),
            words.number(row["method_number"]),
            words.label("limit_method", row["method_code"]),
            words.label("limit_method_told", row["method_code"]),
            words.label("join", row["join_code"]),
        )
        for _, row in methods.iterrows()
    )
    names = ("question_code", "method_number", "method_code", "definition", "join_code")
    heads = tuple(policy.field("methods", name) for name in names)
    title = words.t("credit_policy.methods")
    table = grid_block(Grid(heads, lines, (False, True, False, False, False)), caption=title)
    return Chapter("methods", title, (note(words.t("credit_policy.methods_note")), table))


def movement_chapter(policy: Policy) -> Chapter:
    """Return the chapter: down at once, up slowly."""
    words = policy.words
    title, told = words.t("credit_policy.movement"), note(words.t("credit_policy.movement_note"))
    return Chapter("movement", title, (told, *policy.pairs("movement", title)))


def triggers_chapter(policy: Policy) -> Chapter:
    """Return the chapter: what calls for a review before its time."""
    words = policy.words
    title, told = words.t("credit_policy.triggers"), note(words.t("credit_policy.triggers_note"))
    return Chapter("triggers", title, (told, *policy.pairs("triggers", title)))


def approval_chapter(policy: Policy) -> Chapter:
    """Return the chapter: who approves what, and the rules of decisions against the proposal."""
    words = policy.words
    levels = policy.lines("approval_levels", words.t("credit_policy.levels"))
    rules = policy.pairs("overrides", words.t("credit_policy.overrides"))
    blocks = (note(words.t("credit_policy.approval_note")), levels, *rules)
    return Chapter("approval", words.t("credit_policy.approval"), blocks)


def guarantees_chapter(policy: Policy) -> Chapter:
    """Return the chapter: what each security is worth."""
    words = policy.words
    title = words.t("credit_policy.guarantees")
    blocks = (note(words.t("credit_policy.guarantees_note")), policy.lines("guarantees", title))
    return Chapter("guarantees", title, blocks)


def countries_chapter(policy: Policy) -> Chapter:
    """Return the chapter: what selling to a country, or in a currency, asks for."""
    words, countries = policy.words, policy.rows["countries"]
    interest = [interest_text(row, policy) for _, row in countries.iterrows()]
    told = Policy({"countries": countries.assign(late_interest_code=interest)}, words, policy.currency_code)
    blocks = (
        note(words.t("credit_policy.countries_note")),
        told.lines("countries", words.t("credit_policy.countries_table"), names=COUNTRIES),
        policy.lines("currencies", words.t("credit_policy.currencies_table")),
    )
    return Chapter("countries", words.t("credit_policy.countries"), blocks)


def money_chapter(policy: Policy) -> Chapter:
    """Return the chapter: the risk that is accepted, and what selling on account earns and costs."""
    words = policy.words
    title = words.t("credit_policy.appetite")
    economics = words.t("credit_policy.economics")
    blocks = (*policy.pairs("appetite", title), *policy.pairs("economics", economics))
    return Chapter("appetite", f"{title} – {economics}", blocks)


def interest_text(row: Series, policy: Policy) -> str:
    """Return on what late interest of a country rests, with the rate agreed.

    Parameters
    ----------
    row : row of the frame ``countries``
    policy : the policy
    """
    rule = policy.words.label("late_interest", row["late_interest_code"])
    if row["late_interest_ratio"] == 0:
        return rule
    return policy.words.t("credit_policy.interest", rule=rule, ratio=share(row["late_interest_ratio"], policy.words))
