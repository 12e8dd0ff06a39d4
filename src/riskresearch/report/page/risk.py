"""Chapters: who is risky, and why."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid, with_unit
from riskresearch.report.figures.risk import drivers_bars
from riskresearch.report.page.context import (
    Block,
    Chapter,
    Context,
    figure,
    grid_block,
    missing,
    note,
    pair,
    table,
    text,
)
from riskresearch.report.page.default_model import prospects_block
from riskresearch.report.totals import by_grade, riskiest
from riskresearch.report.translator import Translator

TOP_CUSTOMERS = 10
REASONS_IN_TABLE = 2
EXAMPLES = 3
DRIVERS_NAMED = 3


def risk_chapter(context: Context) -> Chapter:
    """Return the chapter: customers by grade, and those with the most at stake."""
    words, limits = context.words, context.table("credit_limits")
    if limits is None:
        return Chapter("risk", words.t("chapter.risk"), (missing(words.t("chapter.no_scoring")),))
    top = riskiest(limits, n_customers=TOP_CUSTOMERS)
    blocks = [_grades(context, limits), *prospects_block(context)]
    blocks += [_riskiest(context, top)] if len(top) else [note(words.t("chapter.no_stake"))]
    return Chapter("risk", words.t("chapter.risk"), tuple(blocks))


def _grades(context: Context, limits: DataFrame) -> Block:
    """Customers by grade, with the grade in words and the PDs it stands for."""
    rows, scale = by_grade(limits), context.table("grade_scale")
    columns = ["grade_code", "segment_code", "n_customers", "open_amount", "pd_mean"]
    if scale is not None:
        named = scale.rename(columns={f"label_{context.words.language}": "grade_label"})
        rows = rows.merge(named[["grade_code", "grade_label", "pd_high"]], on="grade_code", how="left")
        columns = ["grade_code", "grade_label", *columns[1:], "pd_high"]
    return table(rows, context, caption=context.words.t("table.grades"), columns=columns)


def why_chapter(context: Context) -> Chapter:
    """Return the chapter: drivers of the PDs and the reasons of the customers with the most at stake."""
    words, drivers, limits = context.words, context.table("drivers"), context.table("credit_limits")
    title = words.t("chapter.why")
    if drivers is None or limits is None:
        return Chapter("why", title, (missing(words.t("chapter.no_reasons")),))
    names = [
        words.label("feature", code)
        for code in drivers.sort_values("importance_ratio", ascending=False)["feature_code"].head(DRIVERS_NAMED)
    ]
    picture = figure(drivers_bars(drivers, words=words), alt=words.t("alt.drivers", names=", ".join(names)))
    blocks = [pair(picture, Block("group", parts=tuple(_examples(context, limits))))]
    blocks.append(note(words.t("chapter.reasons_note")))
    return Chapter("why", title, tuple(blocks))


def _examples(context: Context, limits: DataFrame) -> Iterator[Block]:
    words = context.words
    for row in riskiest(limits, n_customers=EXAMPLES).itertuples():
        reasons = reasons_in_words(context, str(row.customer_id)) or [words.t("chapter.no_raising")]
        told = words.t(
            "chapter.example",
            customer=row.customer_id,
            grade=words.label("grade", row.grade_code),
            pd=words.probability(row.pd_12m),
            amount=words.compact(row.open_amount),
        )
        yield Block("items", told, tuple(reasons))


def reasons_in_words(context: Context, customer_id: str, *, limit: int | None = None) -> list[str]:
    """Return the reasons of a customer, strongest first: feature, its value and the median of all customers."""
    reasons, dictionary = context.table("reasons"), context.table("feature_dictionary")
    if reasons is None or dictionary is None:
        return []
    rows = reasons[reasons["customer_id"] == customer_id].sort_values("rank").head(limit or len(reasons))
    rows = rows.merge(dictionary[["feature_code", "unit_code", "decimals"]], on="feature_code", how="left")
    return [_reason(row, context.words) for _, row in rows.iterrows()]


def _reason(row: Series, words: Translator) -> str:
    name = words.label("feature", row["feature_code"])
    if pd.isna(row["feature_value"]):
        return words.t("reason.unknown", feature=name)
    decimals = None if pd.isna(row["decimals"]) else int(row["decimals"])
    value, median = (
        with_unit(row[column], str(row["unit_code"]), words, decimals=decimals)
        for column in ("feature_value", "median_value")
    )
    if pd.isna(row["median_value"]):
        return words.t("reason.value", feature=name, value=value)
    return words.t("reason.compared", feature=name, value=value, median=median)


def _riskiest(context: Context, top: DataFrame) -> Block:
    words = context.words
    headers = ("customer_id", "grade_code", "pd_12m", "open_amount", "limit_amount")
    rows, marks = [], []
    for _, row in top.iterrows():
        reasons = reasons_in_words(context, row["customer_id"], limit=REASONS_IN_TABLE) or _behaviour(context, row)
        rows.append(
            (
                str(row["customer_id"]),
                words.label("grade", row["grade_code"]),
                words.probability(row["pd_12m"]),
                words.amount(row["open_amount"], 0),
                words.amount(row["limit_amount"], 0),
                words.listed(reasons),
            )
        )
        marks.append((None, str(row["grade_code"]), None, None, None, None))
    content = Grid(
        (*(words.t(f"column.{name}") for name in headers), words.t("column.reasons")),
        tuple(rows),
        (False, False, True, True, True, False),
        tuple(marks),
    )
    return grid_block(content, caption=words.n("table.riskiest", len(rows)))


def _behaviour(context: Context, row: Series) -> list[str]:
    """What is known of the customer's payments, where there are no reasons of a model."""
    behaviour, words = context.table("customer_behaviour"), context.words
    known = DataFrame() if behaviour is None else behaviour[behaviour["customer_id"] == row["customer_id"]]
    if known.empty:
        return [words.t("reason.none")]
    paid, oldest = known["days_beyond_terms_12m"].iloc[0], int(known["past_due_max_days"].iloc[0])
    parts = [words.t("reason.no_receipts") if pd.isna(paid) else words.t("reason.delay", days=words.days(paid))]
    return [*parts, words.n("reason.oldest", oldest)] if oldest > 0 else parts


def definition(context: Context) -> Block | None:
    """Return the definition of default the PDs refer to, where the run's settings tell."""
    setting, words = context.facts.setting, context.words
    days, months = setting("default", "past_due_days"), setting("features", "horizon_months")
    floor, share = setting("default", "overdue_floor_amount"), setting("default", "overdue_floor_ratio")
    if any(value is None for value in (days, months, floor, share)):
        return None
    return text(
        words.t(
            "chapter.definition", days=days, months=months, floor=words.amount(floor, 0), share=words.ratio(share, 0)
        )
    )
