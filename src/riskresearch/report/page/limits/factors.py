"""Chapter: the table of limit factors that management signs."""

from collections.abc import Callable, Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.page.context import Block, Chapter, Context, grid_block, missing, note, text
from riskresearch.report.page.limits.parts import Column, counted, label_of, listing, none_or, share, with_interval
from riskresearch.report.translator import Translator

AXES = ("segment", "grade")
SETS = ("policy", "within_history", "fitted")
SIGNERS = ("credit_manager", "finance_director", "managing_director")
ROWS_LEFT_OUT = ("used", "used_without_grade")
DOTS = "…" * 12


def factors_chapter(context: Context) -> Chapter:
    """Return the chapter: factors in force beside those history suggests, the whole book against the appetite."""
    words, factors = context.words, context.table("limit_factors")
    title = words.t("limits.factors")
    if factors is None:
        return Chapter("factors", title, (missing(words.t("limits.no_factors")),))
    blocks: list[Block] = [text(words.t("limits.factors_intro")), *_history(context)]
    blocks += [block for axis in AXES for block in _factors(factors, axis, words)]
    blocks += [note(words.t("limits.factors_note")), *_checks(context), *signatures(words)]
    return Chapter("factors", title, tuple(blocks))


def _history(context: Context) -> Iterator[Block]:
    """What the factors rest on: review days used, and why the others are not."""
    words, rows = context.words, context.table("limit_factor_rows")
    if rows is None:
        return
    used = int(rows.loc[rows["reason_code"].isin(ROWS_LEFT_OUT), "n_rows"].sum())
    others = rows[~rows["reason_code"].isin(ROWS_LEFT_OUT)].sort_values("n_rows", ascending=False, kind="stable")
    parts = [
        words.t("limits.n_of", verdict=label_of(words, "reason_code", code), n=words.count(n))
        for code, n in zip(others["reason_code"], others["n_rows"], strict=True)
    ]
    shown = {"total": words.count(int(rows["n_rows"].sum())), "parts": words.listed(parts)}
    shown |= {"first": words.date(rows["first_review_date"].min()), "last": words.date(rows["last_review_date"].max())}
    yield text(words.t("limits.factor_rows", n=words.count(used), **shown))


def _factors(factors: DataFrame, axis: str, words: Translator) -> Iterator[Block]:
    rows = factors[(factors["axis_code"] == axis) | (factors["axis_code"] == "book")]
    rows = rows[(rows["size_code"] == "*") & (rows["sector_code"] == "*")]
    if not (rows["axis_code"] == axis).any():
        return
    order = rows.assign(is_book=rows["axis_code"] == "book").sort_values(["is_book", "class_rank"], kind="stable")
    caption = words.t("limits.factors_by", axis=label_of(words, "axis_code", axis))
    yield listing(order, _columns(axis, words), words=words, caption=caption)


def _columns(axis: str, words: Translator) -> list[Column]:
    pair = ("expected_loss_policy_ratio", "expected_loss_to_sign_ratio")
    kept = ("sales_kept_policy_ratio", "sales_kept_to_sign_ratio")
    return [
        (words.t("column.class_code"), lambda row: _class(row, axis, words), False),
        (words.t("column.factor_policy"), lambda row: none_or(words, row["factor_policy"], _factor(words)), True),
        (words.t("limits.factor_fitted"), lambda row: _fitted(row, words), True),
        (words.t("column.factor_to_sign"), lambda row: none_or(words, row["factor_to_sign"], _factor(words)), True),
        counted(words, "n_customers"),
        counted(words, "n_defaulters"),
        share(words, "default_rate_ratio"),
        share(words, "ordered_default_rate_ratio"),
        (words.t("limits.loss_at_both"), lambda row: _both(row, pair, words), True),
        (words.t("limits.kept_at_both"), lambda row: _both(row, kept, words), True),
        (words.t("limits.why"), lambda row: label_of(words, "to_sign_reason_code", row["to_sign_reason_code"]), False),
    ]


def _factor(words: Translator) -> Callable[[object], str]:
    return lambda value: words.number(value, 2)


def _class(row: Series, axis: str, words: Translator) -> str:
    if row["axis_code"] == "book":
        return label_of(words, "axis_code", "book")
    return words.label("segment" if axis == "segment" else "grade", row["class_code"])


def _fitted(row: Series, words: Translator) -> str:
    return with_interval(words, row, ("factor", "factor_low", "factor_high"), _factor(words))


def _both(row: Series, names: tuple[str, str], words: Translator) -> str:
    """A figure at the factor in force and at the fitted one."""
    now, then = (none_or(words, row[name], words.ratio) for name in names)
    return words.t("limits.now_then", now=now, then=then)


def _checks(context: Context) -> Iterator[Block]:
    """The whole book against the appetite, with the factors in force and the fitted ones."""
    words, checks = context.words, context.table("limit_factor_checks")
    if checks is None:
        return
    rows = checks[checks["check_code"] != "common_multiplier"]
    rank = rows["factors_code"].map({code: place for place, code in enumerate(SETS)})
    rows = rows.assign(rank=rank).sort_values(["rank", "check_code"], kind="stable")
    columns = [
        (words.t("column.factors_code"), lambda row: label_of(words, "factors_code", row["factors_code"]), False),
        (words.t("column.check_code"), lambda row: label_of(words, "check_code", row["check_code"]), False),
        share(words, "value_ratio"),
        share(words, "appetite_ratio"),
        (words.t("limits.amount"), lambda row: none_or(words, row["value_amount"], words.compact), True),
        (words.t("limits.met"), lambda row: _met(row, words), False),
    ]
    marks = (None,) * 5 + ("colour",)
    coloured = rows.assign(colour=rows["is_met"].map({True: "green", False: "red"}).fillna("none"))
    yield listing(coloured, columns, words=words, caption=words.t("limits.checks_table"), marks=marks)
    multipliers = checks[(checks["check_code"] == "common_multiplier") & checks["value_ratio"].notna()]
    for _, row in multipliers[multipliers["value_ratio"] < 1].iterrows():
        shown = {"factors": label_of(words, "factors_code", row["factors_code"])}
        yield note(words.t("limits.multiplier", multiplier=words.number(row["value_ratio"], 2), **shown))


def _met(row: Series, words: Translator) -> str:
    if pd.isna(row["is_met"]):
        return words.missing()
    return words.t("flag.yes" if row["is_met"] else "flag.no")


def signatures(words: Translator) -> list[Block]:
    """Return the lines management signs on; nothing is adopted before."""
    heads = ("limits.function", "limits.name", "limits.date", "limits.signature")
    lines = tuple((words.label("approver", code), DOTS, DOTS, DOTS) for code in SIGNERS)
    content = Grid(tuple(words.t(name) for name in heads), lines, (False,) * 4)
    return [grid_block(content, caption=words.t("limits.sign"))]
