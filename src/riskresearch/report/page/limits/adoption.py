"""The verdict of the backtest on a policy, told with its amount, its interval and what it assumes."""

from collections.abc import Iterator

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.page.context import Block, Context, missing, note
from riskresearch.report.page.limits.parts import coded, interval, label_of, listing, signed, with_interval
from riskresearch.report.translator import Translator

POLICY = "policy"
SEVERITY = ("not_computable", "worse", "too_few_defaults", "not_certain", "not_worse")
"""Verdicts, the one that decides first."""
COLOURS = {"not_worse": "green", "worse": "red", "not_certain": "amber", "too_few_defaults": "amber"}
ORDERS = {
    "reference_code": ("limits_in_force", "best_simple_rule"),
    "sales_assumption_code": ("lost", "delayed", "prepaid"),
    "loss_basis_code": ("realised", "expected"),
}
INTERVAL = ("difference_amount", "difference_low_amount", "difference_high_amount")


def verdict_block(context: Context, policy_code: str = POLICY) -> Block:
    """Return the verdict on a policy in a sentence or two; where nothing was tested, what is missing."""
    words, rows = context.words, adoption_rows(context, policy_code)
    if rows is None:
        return missing(words.t("limits.no_backtest"))
    deciding = rows.iloc[0]
    told = f"{_verdict(deciding, words)} {_all_comparisons(rows, words)}"
    return Block("verdict", told, source=COLOURS.get(str(deciding["verdict_code"]), "none"))


def verdict_sentence(context: Context, policy_code: str = POLICY) -> str:
    """Return what the replay says of a policy in one sentence; nothing where it was not tested."""
    rows = adoption_rows(context, policy_code)
    return "" if rows is None else _verdict(rows.iloc[0], context.words)


def adoption_rows(context: Context, policy_code: str) -> DataFrame | None:
    """Return the comparisons of a policy, the one that decides first; None where it was not tested."""
    adoption = context.table("limit_adoption")
    rows = None if adoption is None else adoption[adoption["policy_code"] == policy_code]
    if rows is None or rows.empty:
        return None
    orders = {"verdict_code": SEVERITY, **ORDERS}
    ranks = {name: rows[name].map({code: place for place, code in enumerate(order)}) for name, order in orders.items()}
    ranked = DataFrame(ranks, index=rows.index).sort_values(list(orders), kind="stable")
    return rows.loc[ranked.index]


def _verdict(row: Series, words: Translator) -> str:
    """The verdict of the comparison that decides, with its figures or why there are none."""
    verdict = str(row["verdict_code"])
    if verdict == "not_computable" or pd.isna(row["difference_amount"]):
        return words.t("limits.verdict_none", reason=label_of(words, "reason_code", row["reason_code"]))
    message = {
        "not_worse": "limits.verdict_adopt",
        "worse": "limits.verdict_worse",
        "not_certain": "limits.verdict_uncertain",
        "too_few_defaults": "limits.verdict_few",
    }[verdict]
    n = 0 if pd.isna(row["n_defaulters"]) else int(row["n_defaulters"])
    return words.t(message, comparison=compared(row, words), n=words.count(n))


def compared(row: Series, words: Translator) -> str:
    """Return one comparison in words: against what, by how much, and on which assumption."""
    return words.t(
        "limits.comparison",
        reference=reference(row, words, family="held_against"),
        basis=words.t("limits.loss_realised" if row["loss_basis_code"] == "realised" else "limits.loss_expected"),
        difference=signed(words, row["difference_amount"]),
        interval=interval(words, row[INTERVAL[1]], row[INTERVAL[2]], lambda value: signed(words, value)),
        assumption=words.label("sales_fate", row["sales_assumption_code"]),
    )


def reference(row: Series, words: Translator, *, family: str = "reference") -> str:
    """Return what a policy is held against; of the best simple rule, which one it is."""
    told = words.label(family, row["reference_code"])
    if row["reference_code"] == "limits_in_force" or pd.isna(row["reference_policy_code"]):
        return told
    rule = words.label("limit_policy", row["reference_policy_code"])
    return words.t("limits.named_rule", reference=told, rule=rule)


def _all_comparisons(rows: DataFrame, words: Translator) -> str:
    """How many comparisons there are, and what each of the assumptions on sales says against the limits in force."""
    counts = rows["verdict_code"].value_counts()
    parts = [
        words.t("limits.n_of", verdict=label_of(words, "verdict_code", code), n=words.count(counts[code]))
        for code in SEVERITY
        if code in counts
    ]
    return words.n("limits.comparisons", len(rows), parts=words.listed(parts))


def adoption_blocks(context: Context) -> Iterator[Block]:
    """Yield the verdicts on all candidates and the comparisons behind them."""
    words, adoption = context.words, context.table("limit_adoption")
    if adoption is None:
        yield missing(words.t("limits.no_backtest"))
        return
    for code in sorted({str(code) for code in adoption["policy_code"]}, key=lambda code: (code != POLICY, code)):
        yield Block("heading", words.t("limits.verdict_on", policy=words.label("limit_policy", code)))
        yield verdict_block(context, code)
        rows = adoption_rows(context, code)
        if rows is not None and rows["difference_amount"].notna().any():
            yield _comparisons(rows, words)
    yield note(words.t("limits.adoption_note"))


def _comparisons(rows: DataFrame, words: Translator) -> Block:
    columns = [
        (words.t("column.reference_code"), lambda row: reference(row, words), False),
        coded(words, "sales_assumption_code"),
        coded(words, "loss_basis_code"),
        (
            words.t("limits.difference_interval"),
            lambda row: with_interval(words, row, INTERVAL, lambda value: signed(words, value)),
            True,
        ),
        (words.t("column.tolerance_amount"), lambda row: words.compact(row["tolerance_amount"]), True),
        coded(words, "verdict_code"),
        coded(words, "reason_code"),
    ]
    told = rows.assign(colour=rows["verdict_code"].map(COLOURS).fillna("none"))
    marks = (None,) * 5 + ("colour", None)
    return listing(told, columns, words=words, caption=words.t("limits.comparisons_table"), marks=marks)
