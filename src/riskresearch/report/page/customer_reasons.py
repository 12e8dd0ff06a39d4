"""Blocks of the chapter on reasons: single customers, what would improve a grade, what changed, who disagrees."""

from collections.abc import Iterator

from pandas import DataFrame, Series

from riskresearch.report.explained import best_improvements, grades_bettered, last_comparison, moved_most
from riskresearch.report.figures.reasons import customer_waterfall
from riskresearch.report.page.context import Block, Context, figure, note, pair, table, text
from riskresearch.report.sentences import Teller, told_customer
from riskresearch.report.totals import riskiest

EXAMPLES = 3
ROWS_SHOWN = 10
NOW_BEFORE = {"pd_before": "pd_12m", "grade_before": "grade_code"}
NOW_AFTER = {"pd_after": "pd_12m", "grade_after": "grade_code"}
PAYMENT = ("n_items", "item_id", "paid_amount")
MOVERS = ("up_feature_code", "down_feature_code")
ANALYST = ("grade_analyst", "pd_analyst", "analyst_source_code")
PICTURED = ("contributions", "scored", "drivers", "score_changes", "customer_changes")


def customer_blocks(context: Context) -> list[Block]:
    """Return the blocks on customers; a table that the run lacks leaves its block out."""
    return [*_examples(context), *_improvements(context), *_changes(context), *_disagreements(context)]


def brief_reasons(context: Context, customer_id: str, *, limit: int) -> list[str]:
    """Return the strongest reasons of a customer in a few words; none where it has no reason."""
    reasons, dictionary = context.table("reasons"), context.table("feature_dictionary")
    if reasons is None or dictionary is None:
        return []
    rows = reasons[(reasons["customer_id"] == customer_id) & (reasons["rank"] >= 1)].sort_values("rank").head(limit)
    teller = Teller(dictionary, context.words)
    return [teller.brief(row) for _, row in rows.iterrows()]


def _examples(context: Context) -> list[Block]:
    """The customers with the most at stake: picture, reasons, change, and what would improve the grade."""
    words, limits = context.words, context.table("credit_limits")
    if limits is None or context.table("reasons") is None or context.table("feature_dictionary") is None:
        return []
    rows = riskiest(limits, n_customers=EXAMPLES)
    if rows.empty:
        return [text(words.t("chapter.no_stake"))]
    told = [part for _, row in rows.iterrows() for part in _example(context, row)]
    return [Block("heading", words.n("why.examples", len(rows))), *told]


def _example(context: Context, row: Series) -> Iterator[Block]:
    words, customer = context.words, str(row["customer_id"])
    yield Block(
        "items-title",
        words.t(
            "chapter.example",
            customer=customer,
            grade=words.label("grade", row["grade_code"]),
            pd=words.probability(row["pd_12m"]),
            amount=words.compact(row["open_amount"]),
        ),
    )
    told = Block("group", parts=tuple(_told(context, customer)))
    drawn = _picture(context, customer)
    yield pair(drawn, told) if drawn else told


def _picture(context: Context, customer: str) -> Block | None:
    """The PD of the customer taken apart; none where it cannot be, or where the run lacks a table."""
    frames = [context.tables[name] for name in PICTURED if name in context.tables]
    if len(frames) < len(PICTURED) or any(customer not in set(frame["customer_id"]) for frame in frames[:2]):
        return None
    drawn = customer_waterfall(*frames, words=context.words, customer_id=customer)
    return figure(drawn, alt=context.words.t("alt.waterfall", customer=customer))


def _told(context: Context, customer: str) -> Iterator[Block]:
    """Reasons, change since the date before, and payments that would improve the grade, as sentences."""
    told = told_customer(context.tables, words=context.words, customer_id=customer)
    for topic in dict.fromkeys(told["topic_code"]):
        sentences = tuple(told.loc[told["topic_code"] == topic, "sentence"])
        yield Block("items", context.words.label("topic", topic), sentences)


def _improvements(context: Context) -> list[Block]:
    """Customers whose grade one payment would better, and what that says of the grades themselves."""
    words, rows = context.words, context.table("improvements")
    if rows is None:
        return []
    n_scored, better = len(best_improvements(rows)), grades_bettered(rows)
    blocks = [Block("heading", words.t("why.improve")), text(_improved(context, n_scored, len(better)))]
    if len(better):
        blocks.append(
            table(
                better.rename(columns=NOW_BEFORE),
                context,
                caption=words.t("table.improvements"),
                max_rows=ROWS_SHOWN,
                columns=["customer_id", *PAYMENT, "grade_code", "grade_after", "pd_12m", "pd_after"],
            )
        )
    return [*blocks, note(words.t("why.dressing"))]


def _improved(context: Context, n_scored: int, n_better: int) -> str:
    words = context.words
    told = words.n("why.improved", n_better, total=words.count(n_scored))
    dressing = context.table("window_dressing")
    one = DataFrame() if dressing is None else dressing[dressing["variant_code"] == "one_item"]
    if one.empty:
        return told
    row = one.iloc[0]
    return (
        f"{told} {words.n('why.one_item', int(row['n_improved']), amount=words.compact(row['improved_paid_amount']))}"
    )


def _changes(context: Context) -> list[Block]:
    """How many grades moved since the run or the date before, and which most."""
    words, table_of = context.words, context.table("customer_changes")
    rows = DataFrame() if table_of is None else last_comparison(table_of)
    if rows.empty:
        return []
    moves = rows["n_notches"].dropna().astype(int)
    told = words.n(
        "why.moved",
        int((moves != 0).sum()),
        total=words.count(len(moves)),
        worse=words.count((moves > 0).sum()),
        better=words.count((moves < 0).sum()),
    )
    fresh = int((rows["change_status_code"] == "into_default").sum())
    date = words.date(rows["date_before"].iloc[0])
    is_run = rows["comparison_code"].iloc[0] == "previous_run"
    heading = words.t("why.changed_run" if is_run else "why.changed", date=date)
    blocks = [Block("heading", heading), text(" ".join([told, words.n("why.into_default", fresh)]))]
    moved = moved_most(rows)
    if moved.empty:
        return blocks
    columns = ["customer_id", "grade_before", "grade_code", "pd_before", "pd_12m", *MOVERS]
    shown = moved.rename(columns=NOW_AFTER)
    caption = words.t("table.moved_grades")
    return [*blocks, table(shown, context, caption=caption, max_rows=ROWS_SHOWN, columns=columns)]


def _disagreements(context: Context) -> list[Block]:
    """Customers that model and analyst see at least so many grades apart."""
    words, rows = context.words, context.table("disagreements")
    if rows is None:
        return []
    apart = rows[rows["is_disagreement"].astype(bool)].sort_values("rank")
    told = words.n("why.disagree", len(apart), total=words.count(len(rows)), median=_median(context, rows))
    blocks = [Block("heading", words.t("why.disagreements")), text(told)]
    if apart.empty:
        return blocks
    columns = ["customer_id", "grade_code", "pd_12m", *ANALYST, "n_grades_apart", "exposure_amount"]
    apart = apart.rename(columns={"n_notches": "n_grades_apart"})
    shown = table(apart, context, caption=words.t("table.disagreements"), max_rows=ROWS_SHOWN, columns=columns)
    return [*blocks, shown, note(words.t("why.disagree_note"))]


def _median(context: Context, rows: DataFrame) -> str:
    """Grades that the model stands above the analysts over all customers compared."""
    first = rows.iloc[0]
    return context.words.signed(float(first["n_notches"]) - float(first["notches_less_median"]), 1)
