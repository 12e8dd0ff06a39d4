"""Chapters: what the costs hang on (assumptions, slow payment, longer terms), and bad cases."""

from collections.abc import Callable, Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.figures.insurance import cost_tornado, premium_lines, scenario_name, stress_bars, tried
from riskresearch.report.page.context import Block, Chapter, Context, figure, missing, note, text
from riskresearch.report.page.insurance.parts import by_option, focus, focus_words, in_order, name_of, with_error
from riskresearch.report.page.limits.parts import counted, listing, money, none_or, share
from riskresearch.report.page.tiles import self_insurance
from riskresearch.report.translator import Translator

STRESS_COLUMNS = (
    "expected_gross_amount",
    "expected_indemnity_amount",
    "expected_retained_amount",
    "es_retained_amount",
    "total_cost_of_risk_amount",
    "maximum_left_amount",
)
TERMS_LINES = (
    "n_customers",
    "n_over_credit_period",
    "exposure_amount",
    "over_limit_amount",
    "working_capital_amount",
    "financing_amount",
    "margin_amount",
    "price_amount",
    "expected_gross_amount",
    "expected_retained_amount",
    "economic_cost_amount",
    "net_result_amount",
    "break_even_sales_gain_ratio",
)


def tornado_chapter(context: Context) -> Chapter:
    """Return the chapter: how costs move with each assumption, and which options change places."""
    words, tornado = context.words, context.table("tornado")
    title = words.t("insurance.tornado")
    if tornado is None:
        return Chapter("tornado", title, (missing(words.t("insurance.no_tornado")),))
    rows = tornado[tornado["option_id"] == focus(context, tornado["option_id"])]
    options = in_order(context, tornado["option_id"])
    by_key = tornado.set_index(["option_id", "driver_code", "side_code"])
    lines = [
        (
            words.t("insurance.named", name=words.label("driver", driver), what=_side(tornado, driver, side, words)),
            lambda option, driver=driver, side=side: _moved(by_key, (option, driver, side), words),
        )
        for driver in rows["driver_code"].unique()
        for side in ("low", "high")
    ]
    blocks = [
        *([text(told)] if (told := focus_words(context, tornado["option_id"])) else []),
        figure(cost_tornado(rows, words=words), alt=words.t("insurance.tornado_alt")),
        by_option(context, lines, options=options, caption=words.t("insurance.tornado_table")),
    ]
    return Chapter("tornado", title, (*blocks, note(words.t("insurance.tornado_note"))))


def _side(tornado: DataFrame, driver: str, side: str, words: Translator) -> str:
    rows = tornado[(tornado["driver_code"] == driver) & (tornado["side_code"] == side)]
    return tried(rows.iloc[0], words) if len(rows) else words.label("side", side)


def _moved(tornado: DataFrame, place: tuple[str, str, str], words: Translator) -> str:
    """Change of the economic cost; the new rank where the option changes places."""
    if place not in tornado.index:
        return words.t("missing.none")
    row = tornado.loc[place]
    shown = words.compact(row["economic_cost_change_amount"])
    told = f"+{shown}" if row["economic_cost_change_amount"] > 0 else shown
    if not bool(row["is_rank_changed"]):
        return told
    return words.t("insurance.new_rank", change=told, rank=words.count(row["economic_cost_rank"]))


def loading_chapter(context: Context) -> Chapter:
    """Return the chapter: the premium where customers pay more slowly than the sector's, and longer terms."""
    words, table = context.words, context.table("premium_sensitivity")
    title = words.t("insurance.loading")
    blocks = [missing(words.t("insurance.no_loading"))] if table is None else [*_loading(context, table)]
    return Chapter("loading", title, (*blocks, *_longer_terms(context)))


def _loading(context: Context, table: DataFrame) -> Iterator[Block]:
    words, own = context.words, self_insurance(context)
    policy = focus(context, table["option_id"])
    rows = table[table["option_id"] == policy]
    if told := focus_words(context, table["option_id"]):
        yield text(told)
    yield text(_own_dso(rows, words))
    if own is not None:
        without = float(own["economic_cost_amount"])
        yield figure(premium_lines(rows, words=words, without=without), alt=words.t("insurance.loading_alt"))
    columns = [
        (words.t("insurance.option"), lambda row: name_of(context, row["option_id"]), False),
        share(words, "loading_ratio"),
        (words.t("column.dso_days"), lambda row: none_or(words, row["dso_days"], words.number), True),
        money(words, "premium_amount"),
        money(words, "economic_cost_amount"),
        money(words, "break_even_premium_amount"),
        (words.t("column.is_worth_it"), lambda row: words.t("flag.yes" if row["is_worth_it"] else "flag.no"), False),
    ]
    ends = table[table["loading_ratio"].isin([table["loading_ratio"].min(), table["loading_ratio"].max()])]
    ends = ends[(ends["cover_cut_ratio"] == 0)].sort_values(["option_id", "loading_ratio"])
    yield listing(ends, columns, words=words, caption=words.t("insurance.loading_table"))
    yield note(words.t("insurance.loading_note"))


def _own_dso(rows: DataFrame, words: Translator) -> str:
    """The loading the seller's own DSO calls for, and from which loading on the policy is dearer than none."""
    plain = rows[rows["cover_cut_ratio"] == 0]
    own = plain[plain["is_own_dso"].astype(bool)]
    told = words.t("insurance.dso_unknown")
    if len(own):
        told = words.t("insurance.dso_loading", loading=words.ratio(own["loading_ratio"].iloc[0]))
    limit = plain["break_even_loading_ratio"].dropna()
    if limit.empty:
        return told
    message = "insurance.loading_bearable" if limit.iloc[0] >= 0 else "insurance.loading_too_dear"
    return f"{told} {words.t(message, loading=words.ratio(abs(limit.iloc[0])))}"


def _longer_terms(context: Context) -> Iterator[Block]:
    words, table = context.words, context.table("longer_terms")
    yield Block("heading", words.t("insurance.longer_terms"))
    if table is None:
        yield missing(words.t("insurance.no_longer_terms"))
        return
    change = table[table["case_code"] == "change"].set_index("option_id")
    options = in_order(context, table["option_id"])
    lines = [
        (words.t(f"column.{name}"), lambda option, name=name: _term_cell(change.loc[option], name, words))
        for name in TERMS_LINES
    ]
    yield by_option(context, lines, options=options, caption=words.t("insurance.longer_terms_table"))
    yield note(words.t("insurance.longer_terms_note"))


def _term_cell(row: Series, name: str, words: Translator) -> str:
    if pd.isna(row[name]):
        return words.t("insurance.never_pays") if name == "break_even_sales_gain_ratio" else words.missing()
    if name.startswith("n_"):
        return words.count(row[name])
    if name.endswith("_ratio"):
        return words.ratio(row[name])
    shown = words.compact(row[name])
    return f"+{shown}" if row[name] > 0 else shown


def stress_chapter(context: Context) -> Chapter:
    """Return the chapter: the largest customers lost, a sector shaken; what is paid, what stays, what is left."""
    words, stress = context.words, context.table("policy_stress")
    title = words.t("insurance.stress")
    if stress is None:
        return Chapter("stress", title, (missing(words.t("insurance.no_stress")),))
    rows = stress[stress["option_id"] == focus(context, stress["option_id"])]
    options = in_order(context, stress["option_id"])
    kept = stress.set_index(["option_id", "scenario_id"])
    columns = [
        (words.t("insurance.scenario"), lambda row: scenario_name(row, words), False),
        counted(words, "n_customers"),
        *((words.t(f"column.{name}"), _told(name, words), True) for name in STRESS_COLUMNS),
        (words.t("column.p_maximum_exhausted_ratio"), _told("p_maximum_exhausted_ratio", words), True),
    ]
    lines = [
        (scenario_name(row, words), lambda option, row=row: _kept(kept, option, row, words))
        for _, row in rows.iterrows()
    ]
    blocks = [
        *([text(told)] if (told := focus_words(context, stress["option_id"])) else []),
        figure(stress_bars(rows, words=words), alt=words.t("insurance.stress_alt")),
        listing(rows, columns, words=words, caption=words.t("insurance.stress_table")),
        by_option(context, lines, options=options, caption=words.t("insurance.stress_kept_table")),
    ]
    return Chapter("stress", title, (*blocks, note(words.t("insurance.stress_note"))))


def _told(name: str, words: Translator) -> Callable[[Series], str]:
    return lambda row: with_error(words, row, name)


def _kept(stress: DataFrame, option: str, row: Series, words: Translator) -> str:
    place = (option, row["scenario_id"])
    return (
        words.compact(stress.loc[place, "expected_retained_amount"])
        if place in stress.index
        else words.t("missing.none")
    )
