"""Chapter: what a source that fails, a value a little off or a customer that dresses up changes."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.stability import scenario_name, sensitivity_bars
from riskresearch.report.page.context import Block, Chapter, figure, grid_block, missing, note, pair, table, text
from riskresearch.report.page.validation.judged import Judged

NOTCHES = ("notch_down", "notch_up")
TESTED, COMPUTED = "out_of_time", "computed"
BEST_ITEM = "one_item"


def sensitivity_chapter(judged: Judged) -> Chapter | None:
    """Return the chapter: scenarios scored anew, and the window-dressing attack; None for a file, which has neither."""
    words = judged.words
    title = words.t("validation.sensitivity")
    rows, dressing = judged.context.table("sensitivities"), judged.context.table("window_dressing")
    if rows is None and dressing is None:
        told = (missing(words.t("validation.no_sensitivity")),)
        return None if judged.is_file else Chapter("sensitivity", title, told)
    blocks = ([] if rows is None else _scenarios(rows, judged)) + _dressing(dressing, judged)
    return Chapter("sensitivity", title, tuple(blocks))


def _scenarios(rows: DataFrame, judged: Judged) -> list[Block]:
    words = judged.words
    drawn = figure(sensitivity_bars(rows, words=words), alt=words.t("alt.sensitivity"))
    side = Block("group", parts=(*_most(rows, judged), note(words.t("validation.sensitivity_note"))))
    blocks = [pair(drawn, side)]
    is_tested = rows["sample_code"] == TESTED
    shown = rows[is_tested] if is_tested.any() else rows
    is_notch = shown["scenario_code"].isin(NOTCHES)
    if (~is_notch).any():
        blocks.append(grid_block(_failing_grid(shown[~is_notch], judged), caption=words.t("validation.failing")))
    if is_notch.any():
        blocks.append(grid_block(_notch_grid(shown[is_notch], judged), caption=words.t("validation.notches")))
        blocks.append(note(words.t("validation.notches_note")))
    return blocks


def _most(rows: DataFrame, judged: Judged) -> list[Block]:
    """The scenario that changes most grades today."""
    words = judged.words
    known = rows[(rows["sample_code"] != TESTED) & rows["grade_change_ratio"].notna()]
    if known.empty:
        return []
    first = known.sort_values(["grade_change_ratio", "subject_code"], ascending=[False, True]).iloc[0]
    name = scenario_name(str(first["scenario_code"]), str(first["subject_code"]), words)
    return [text(words.t("validation.most_changed", scenario=name, ratio=words.ratio(first["grade_change_ratio"], 0)))]


def _failing_grid(rows: DataFrame, judged: Judged) -> Grid:
    """Sources that are missing, most grades changed first, then figures of months ago."""
    words = judged.words
    names = ("n_moved", "grade_change_ratio", "log_odds_change_mean_abs", "log_odds_change_max_abs")
    size = -rows["grade_change_ratio"].where(rows["scenario_code"] != "stale", 0.0)
    ordered = rows.assign(size=size).sort_values(["scenario_code", "size", "subject_code"], kind="stable")
    lines = [
        (
            scenario_name(str(row["scenario_code"]), str(row["subject_code"]), words),
            words.count(row["n_moved"]),
            *_changes(row, judged),
            *_aucs(row, judged),
        )
        for _, row in ordered.iterrows()
    ]
    headers = [words.t("column.scenario_code"), *(words.t(f"column.{name}") for name in names)]
    headers += [words.t(f"column.{name}") for name in ("pd_mean_before", "pd_mean_after", "auc_before", "auc_after")]
    return Grid(tuple(headers), tuple(lines), (False, *(True for _ in headers[1:])))


def _notch_grid(rows: DataFrame, judged: Judged) -> Grid:
    """One line for each feature: what a notch lower and a notch higher change."""
    words, none = judged.words, judged.words.t("missing.none")
    by_scenario = {(row["subject_code"], row["scenario_code"]): row for _, row in rows.iterrows()}
    sizes = rows.groupby("subject_code")["grade_change_ratio"].max().sort_values(ascending=False, kind="stable")
    lines = []
    for feature in sizes.index:
        sides = [by_scenario.get((feature, code)) for code in NOTCHES]
        told = [_notch(side, judged) if side is not None else (none,) * 3 for side in sides]
        found = [side["n_against_direction"] for side in sides if side is not None]
        against = none if any(pd.isna(n) for n in found) else words.count(sum(int(n) for n in found))
        lines.append((words.label("feature", feature), *told[0], *told[1], against))
    headers = ["column.feature_code"]
    headers += ["validation.lower_grades", "validation.lower_change", "validation.lower_auc"]
    headers += ["validation.higher_grades", "validation.higher_change", "validation.higher_auc"]
    headers += ["validation.against"]
    return Grid(tuple(words.t(name) for name in headers), tuple(lines), (False, *(True for _ in headers[1:])))


def _notch(row: Series, judged: Judged) -> tuple[str, str, str]:
    words, none = judged.words, judged.words.t("missing.none")
    if row["reason_code"] != COMPUTED:
        return words.missing(row["reason_code"]), none, none
    auc = none if pd.isna(row["auc_after"]) else words.number(row["auc_after"], 3)
    return words.ratio(row["grade_change_ratio"]), words.signed(row["log_odds_change_mean"], 2), auc


def _changes(row: Series, judged: Judged) -> tuple[str, ...]:
    """Share of grades that change, size of the change, mean PD before and after."""
    words = judged.words
    if row["reason_code"] != COMPUTED:
        return (words.missing(row["reason_code"]), *(words.t("missing.none"),) * 4)
    sizes = (words.number(row[f"log_odds_change_{name}_abs"], 2) for name in ("mean", "max"))
    means = (words.probability(row[f"pd_mean_{name}"]) for name in ("before", "after"))
    return (words.ratio(row["grade_change_ratio"]), *sizes, *means)


def _aucs(row: Series, judged: Judged) -> tuple[str, ...]:
    words, none = judged.words, judged.words.t("missing.none")
    return tuple(none if pd.isna(row[name]) else words.number(row[name], 3) for name in ("auc_before", "auc_after"))


def _dressing(dressing: DataFrame | None, judged: Judged) -> list[Block]:
    """What a customer that pays just before the date gains, and for how little."""
    words = judged.words
    blocks = [Block("heading", words.t("validation.dressing"))]
    if dressing is None:
        return [*blocks, note(words.t("validation.no_dressing"))]
    found = dressing[dressing["variant_code"] == BEST_ITEM]
    blocks += [text(_attack(row, judged)) for _, row in found.iterrows()]
    names = ["variant_code", "n_customers", "n_improved", "improved_ratio", "notches_mean", "n_notches_best"]
    names += ["paid_amount", "improved_paid_amount", "improved_paid_open_ratio", "smallest_paid_amount"]
    caption = words.t("validation.dressing_table")
    return [
        *blocks,
        table(dressing, judged.context, caption=caption, columns=names),
        note(words.t("validation.dressing_note")),
    ]


def _attack(row: Series, judged: Judged) -> str:
    words = judged.words
    if not row["n_improved"]:
        return words.n("validation.attack_none", int(row["n_customers"]))
    return words.n(
        "validation.attack",
        int(row["n_improved"]),
        total=words.count(row["n_customers"]),
        ratio=words.ratio(row["improved_ratio"], 0),
        smallest=words.amount(row["smallest_paid_amount"]),
        customer=row["smallest_customer_id"],
        amount=words.compact(row["improved_paid_amount"]),
        share=words.ratio(row["improved_paid_open_ratio"], 0),
    )
