"""Chapter: who is risky."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, Context, grid_block, missing, note, table, text
from riskresearch.report.page.customer_reasons import brief_reasons
from riskresearch.report.page.default_model import prospects_block
from riskresearch.report.totals import by_grade, riskiest

TOP_CUSTOMERS = 10
REASONS_IN_TABLE = 2


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


def _riskiest(context: Context, top: DataFrame) -> Block:
    words = context.words
    headers = ("customer_id", "grade_code", "pd_12m", "open_amount", "limit_amount")
    rows, marks = [], []
    for _, row in top.iterrows():
        reasons = brief_reasons(context, str(row["customer_id"]), limit=REASONS_IN_TABLE) or _behaviour(context, row)
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
