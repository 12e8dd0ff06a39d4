"""Chapters: when indemnities arrive, deadlines of declarations, steps of claims."""

from collections.abc import Callable, Iterator

from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.insurance_use import indemnity_bars
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, text
from riskresearch.report.page.insurance.parts import by_option, focus, focus_words, in_order, with_error
from riskresearch.report.page.limits.parts import dated, label_of, listing, money, none_or
from riskresearch.report.translator import Translator

NEXT_SHOWN = 12
STATUS_ORDER = ("missed", "due", "planned", "declared_late", "declared", "filed_late", "filed", "none")
TO_DO = ("due", "missed")
TIMING_LINES = ("paid_amount", "wait_days", "paid_after_year_ratio", "price_factor_ratio", "financing_amount")


def timing_chapter(context: Context) -> Chapter:
    """Return the chapter: how long indemnities are waited for, what the wait costs, in which months they arrive."""
    words, timing, months = context.words, context.table("indemnity_timing"), context.table("indemnity_months")
    title = words.t("insurance.timing")
    if timing is None:
        return Chapter("timing", title, (missing(words.t("insurance.no_timing")),))
    options = in_order(context, timing["policy_id"])
    by_id = timing.set_index("policy_id")
    lines = [
        (words.t(f"column.{name}"), lambda option, name=name: _timing(by_id, option, name, words))
        for name in TIMING_LINES
    ]
    blocks: list[Block] = []
    if months is not None:
        if told := focus_words(context, months["policy_id"]):
            blocks.append(text(told))
        rows = months[months["policy_id"] == focus(context, months["policy_id"])]
        blocks.append(figure(indemnity_bars(rows, words=words), alt=words.t("insurance.timing_alt")))
    blocks.append(by_option(context, lines, options=options, caption=words.t("insurance.timing_table")))
    return Chapter("timing", title, (*blocks, note(words.t("insurance.timing_note"))))


def _timing(timing: DataFrame, option: str, name: str, words: Translator) -> str:
    row = timing.loc[option]
    if name == "wait_days":
        return with_error(words, row, name, words.days)
    if name == "price_factor_ratio":
        return with_error(words, row, name, lambda value: words.number(value, 4))
    return with_error(words, row, name)


def declarations_chapter(context: Context) -> Chapter:
    """Return the chapter: items by status of their deadlines, what may lapse, the next deadlines, steps of claims."""
    words, calendar = context.words, context.table("declaration_calendar")
    title = words.t("insurance.declarations")
    if calendar is None:
        return Chapter("declarations", title, (missing(words.t("insurance.no_calendar")), *_claims(context)))
    rows = calendar[calendar["policy_id"] == focus(context, calendar["policy_id"])]
    told = focus_words(context, calendar["policy_id"])
    blocks = [
        *([text(told)] if told else []),
        text(_lapse(rows, words)),
        _by_status(rows, words),
        *_next(context, rows),
        *_claims(context),
    ]
    return Chapter("declarations", title, (*blocks, note(words.t("insurance.declarations_note"))))


def _lapse(rows: DataFrame, words: Translator) -> str:
    """How many items have a deadline near or past, and what they are insured for."""
    risky = rows[rows["lapse_risk_amount"] > 0]
    amount = words.compact(risky["lapse_risk_amount"].sum())
    return words.n("insurance.lapse", len(risky), amount=amount, total=words.count(len(rows)))


def _by_status(rows: DataFrame, words: Translator) -> Block:
    """Items and amounts by status of the declaration and of the claim file."""
    sums = (
        rows.groupby(["declaration_status_code", "claim_status_code"])
        .agg(
            n=("item_id", "size"),
            open_amount=("open_amount", "sum"),
            insured_amount=("insured_amount", "sum"),
            lapse_risk_amount=("lapse_risk_amount", "sum"),
        )
        .reset_index()
    )
    place = sums["declaration_status_code"].map(STATUS_ORDER.index)
    sums = sums.assign(place=place).sort_values(["place", "claim_status_code"])
    columns = [
        (words.t("column.declaration_status_code"), _status(words, "declaration_status"), False),
        (words.t("column.claim_status_code"), _status(words, "claim_status"), False),
        (words.t("insurance.n_items"), lambda row: words.count(row["n"]), True),
        money(words, "open_amount"),
        money(words, "insured_amount", name="insurance.insured"),
        money(words, "lapse_risk_amount"),
    ]
    return listing(sums, columns, words=words, caption=words.t("insurance.status_table"))


def _status(words: Translator, family: str) -> Callable[[Series], str]:
    return lambda row: words.label(family, row[f"{family}_code"])


def _next(context: Context, rows: DataFrame) -> Iterator[Block]:
    """Items whose declaration or claim file is due or missed, largest amount at risk first."""
    words = context.words
    near = rows[rows["declaration_status_code"].isin(TO_DO) | rows["claim_status_code"].isin(TO_DO)]
    order = near.sort_values(["lapse_risk_amount", "item_id"], ascending=[False, True])
    if order.empty:
        coming = rows[rows["declaration_status_code"].eq("planned") & rows["declare_by_date"].notna()]
        order = coming.sort_values(["declare_by_date", "item_id"])
    if order.empty:
        return
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("column.invoice_id"), lambda row: str(row["invoice_id"]), False),
        *(dated(words, f"{name}_date") for name in ("due", "stop_shipment", "declare_by", "claim_by")),
        (words.t("column.declaration_status_code"), _status(words, "declaration_status"), False),
        (words.t("column.claim_status_code"), _status(words, "claim_status"), False),
        money(words, "insured_amount", name="insurance.insured"),
        money(words, "lapse_risk_amount"),
    ]
    yield listing(order, columns, words=words, caption=words.t("insurance.deadlines_table"), max_rows=NEXT_SHOWN)


def _claims(context: Context) -> Iterator[Block]:
    """Steps of claims: how many are done, expected, overdue; the next ones with their days."""
    words, timeline = context.words, context.table("claim_timeline")
    yield Block("heading", words.t("insurance.claims"))
    if timeline is None:
        yield missing(words.t("insurance.no_timeline"))
        return
    rows = timeline[timeline["policy_id"] == focus(context, timeline["policy_id"])]
    claims = rows.drop_duplicates("claim_id")["is_declared"].astype(bool)
    declared = words.count(int(claims.sum()))
    yield text(words.t("insurance.claims_told", declared=declared, planned=words.count(int((~claims).sum()))))
    yield _steps(rows, words)
    coming = rows[rows["status_code"].isin(["expected", "overdue"]) & rows["planned_date"].notna()]
    order = coming.sort_values(["planned_date", "claim_id", "step_number"]).drop_duplicates("claim_id")
    columns = [
        (words.t("column.customer_id"), lambda row: str(row["customer_id"]), False),
        (words.t("column.step_code"), lambda row: words.label("step", row["step_code"]), False),
        dated(words, "planned_date"),
        (words.t("column.status_code"), lambda row: label_of(words, "status_code", row["status_code"]), False),
        (words.t("insurance.days_late"), lambda row: none_or(words, row["late_days"], words.number), True),
        money(words, "amount", name="insurance.step_amount"),
    ]
    if len(order):
        caption = words.t("insurance.next_steps_table")
        yield listing(order, columns, words=words, caption=caption, max_rows=NEXT_SHOWN)


def _steps(rows: DataFrame, words: Translator) -> Block:
    """Claims by step and status."""
    counts = rows.groupby(["step_number", "step_code", "status_code"]).size().unstack(fill_value=0)
    lines = tuple((words.label("step", step), *(words.count(n) for n in row)) for (_, step), row in counts.iterrows())
    headers = (words.t("column.step_code"), *(label_of(words, "status_code", code) for code in counts.columns))
    content = Grid(headers, lines, (False, *(True for _ in counts.columns)))
    return grid_block(content, caption=words.t("insurance.steps_table"))
