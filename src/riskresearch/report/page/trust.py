"""Chapter: whether the probabilities can be trusted."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.report.cells import Grid
from riskresearch.report.figures.candidates import model_candidates
from riskresearch.report.figures.risk import reliability_plot
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
from riskresearch.report.page.default_model import challenger_sentence, expert_blocks, level_blocks, model_sentence
from riskresearch.report.page.risk import definition
from riskresearch.report.totals import expected_and_observed
from riskresearch.report.translator import Translator

MEASURE_KINDS = {"auc": 3, "gini": 3, "observed_to_expected": 2, "jeffreys": 3, "brier": 4, "brier_skill": 3}
MEASURE_DECIMALS = 3
LATE_MEASURES = {"late_auc": 3, "late_brier": 3, "delay_mae": 1}
LATE_MODELS = ("lightgbm", "logistic", "customer_history")
SAMPLE_ORDER = ("development", "embargo", "purged", "out_of_time", "immature", "scoring", "excluded")


def trust_chapter(context: Context) -> Chapter:
    """Return the chapter: the verdicts on the model in use, its rivals, expected against observed defaults."""
    words, choice = context.words, context.table("model_choice")
    title = words.t("chapter.trust")
    if choice is None:
        return Chapter("trust", title, (missing(words.t("chapter.no_scoring")),))
    blocks = [text(sentence) for sentence in (model_sentence(context), challenger_sentence(context)) if sentence]
    blocks += [*expert_blocks(context), *_verdicts(context), *_pictures(context, choice), *level_blocks(context)]
    blocks += [*_late_payment(context), *_samples(context)]
    told = definition(context)
    return Chapter("trust", title, (*blocks, told) if told else tuple(blocks))


def _verdicts(context: Context) -> list[Block]:
    words, measures, chosen = context.words, context.table("measures"), context.chosen_model()
    if measures is None or chosen is None:
        return [missing(words.t("chapter.no_measures"))]
    rows = measures[
        (measures["model_code"] == chosen["model_code"])
        & (measures["sample_code"] == "out_of_time")
        & (measures["grade_code"] == "all")
    ]
    if rows.empty:
        return [missing(words.t("chapter.no_measures"))]
    order = {code: place for place, code in enumerate(MEASURE_KINDS)}
    rank = rows["measure_code"].map(order).fillna(len(order))
    rows = rows.assign(rank=rank).sort_values(["rank", "measure_code"])
    caption = words.t("table.verdicts", model=words.label("model", chosen["model_code"]))
    return [grid_block(_verdict_grid(rows, words), caption=caption), note(words.t("chapter.verdict_note"))]


def _verdict_grid(rows: DataFrame, words: Translator) -> Grid:
    lines = [
        (
            words.label("measure", row["measure_code"]),
            *_value_and_interval(row, words),
            words.label("verdict", row["verdict_code"]),
        )
        for _, row in rows.iterrows()
    ]
    marks = [(None, None, None, str(code)) for code in rows["verdict_code"]]
    headers = tuple(words.t(f"column.{name}") for name in ("measure_code", "value", "interval", "verdict_code"))
    return Grid(headers, tuple(lines), (False, True, True, False), tuple(marks))


def _value_and_interval(row: Series, words: Translator) -> tuple[str, str]:
    decimals = MEASURE_KINDS.get(row["measure_code"], MEASURE_DECIMALS)
    if pd.isna(row["value"]):
        return words.missing(row["reason_code"]), words.t("missing.not_applicable")
    value = words.number(row["value"], decimals)
    if pd.isna(row["value_low"]) or pd.isna(row["value_high"]):
        return value, words.t("missing.not_applicable")
    return value, words.t(
        "chapter.interval", low=words.number(row["value_low"], decimals), high=words.number(row["value_high"], decimals)
    )


def _pictures(context: Context, choice: DataFrame) -> list[Block]:
    words, reliability = context.words, context.table("reliability")
    blocks, pictures = [], []
    if reliability is not None:
        expected, observed, n = expected_and_observed(reliability)
        shown = {"expected": words.number(expected, 1), "total": words.count(n)}
        sentence = words.n("chapter.expected_observed", observed, **shown)
        blocks.append(text(sentence))
        pictures.append(
            figure(reliability_plot(reliability, words=words), alt=words.t("alt.reliability", sentence=sentence))
        )
    known = choice[choice["auc"].notna()].sort_values("auc", ascending=False)
    if len(known):
        parts = [
            f"{words.label('model', code)} {words.number(auc, 3)}"
            for code, auc in zip(known["model_code"], known["auc"], strict=True)
        ]
        drawn = model_candidates(choice, words=words)
        pictures.append(figure(drawn, alt=words.t("alt.candidates", parts=", ".join(parts))))
    blocks += [pair(*pictures)] if pictures else []
    return [*blocks, _candidates(context, known)] if len(known) else blocks


def _candidates(context: Context, known: DataFrame) -> Block:
    """The candidates that could be judged, best first."""
    return table(
        known,
        context,
        caption=context.words.t("table.choice"),
        columns=["model_code", "role_code", "auc", "auc_gain", "brier", "log_loss", "reason_code"],
    )


def _late_payment(context: Context) -> list[Block]:
    """The model of late payment of an invoice beside the customer's own history."""
    words, late = context.words, context.table("late_payment")
    if late is None:
        return []
    if late["value"].isna().all():
        return [note(words.t("chapter.no_late_payment", reason=words.label("reason", late["reason_code"].iloc[0])))]
    return [grid_block(_late_grid(late, words), caption=words.t("table.late_payment"))]


def _late_grid(late: DataFrame, words: Translator) -> Grid:
    """One line per measure, one column per candidate."""
    wide = late.pivot(index="measure_code", columns="model_code", values="value")
    models = [code for code in LATE_MODELS if code in wide]
    none = words.t("missing.not_applicable")
    lines = [
        (
            words.label("measure", code),
            *(none if pd.isna(value) else words.number(value, decimals) for value in wide.loc[code, models]),
        )
        for code, decimals in LATE_MEASURES.items()
        if code in wide.index
    ]
    headers = (words.t("column.measure_code"), *(words.label("model", model) for model in models))
    return Grid(headers, tuple(lines), (False, *(True for _ in models)))


def _samples(context: Context) -> list[Block]:
    counts = context.table("sample_counts")
    if counts is None:
        return []
    rank = {code: place for place, code in enumerate(SAMPLE_ORDER)}
    rows = counts.assign(rank=counts["sample_code"].map(rank)).sort_values(["rank", "reason_code"])
    rows = rows.assign(exclusion_code=rows["reason_code"].where(rows["reason_code"] != "none"))
    return [
        table(
            rows,
            context,
            caption=context.words.t("table.samples"),
            columns=[
                "sample_code",
                "exclusion_code",
                "n_rows",
                "n_customers",
                "n_defaulters",
                "first_date",
                "last_date",
            ],
        )
    ]
