"""Chapter: whether the probabilities can be trusted."""

import pandas as pd
from pandas import DataFrame

from riskresearch.report.cells import Grid
from riskresearch.report.figures.candidates import model_candidates
from riskresearch.report.figures.risk import reliability_plot
from riskresearch.report.page.context import Block, Chapter, Context, figure, grid_block, missing, note, pair, text
from riskresearch.report.page.default_model import challenger_sentence, expert_blocks, level_blocks, model_sentence
from riskresearch.report.page.risk import definition
from riskresearch.report.page.validation.judged import WHOLE, judged
from riskresearch.report.page.validation.measures import measure_block
from riskresearch.report.page.validation.verdict import area_grid, whole_verdict
from riskresearch.report.totals import expected_and_observed
from riskresearch.report.translator import Translator

KEY_MEASURES = (
    "auc",
    "auc_gain_over_rule",
    "jeffreys",
    "traffic_light",
    "observed_to_expected",
    "calibration_slope",
    "psi",
    "brier_skill",
)
LATE_MEASURES = {"late_auc": 3, "late_brier": 3, "delay_mae": 1}
LATE_MODELS = ("lightgbm", "logistic", "customer_history")


def trust_chapter(context: Context) -> Chapter:
    """Return the chapter: the verdicts on the model in use and their page, its rivals, expected against observed."""
    words, choice = context.words, context.table("model_choice")
    title = words.t("chapter.trust")
    if choice is None:
        return Chapter("trust", title, (missing(words.t("chapter.no_scoring")),))
    blocks = [text(sentence) for sentence in (model_sentence(context), challenger_sentence(context)) if sentence]
    blocks += [*expert_blocks(context), *_verdicts(context), *_pictures(context, choice), *level_blocks(context)]
    blocks += _late_payment(context)
    told = definition(context)
    return Chapter("trust", title, (*blocks, told) if told else tuple(blocks))


def _verdicts(context: Context) -> list[Block]:
    """One verdict for each question, the measures a director asks for, and where the rest stands."""
    words, model = context.words, judged(context)
    summary = model.of_model("validation_summary")
    if model.measures.empty or summary is None:
        return [missing(words.t("chapter.no_measures"))]
    areas = summary[summary["area_code"] != WHOLE]
    caption = words.t("table.verdicts", model=model.name())
    blocks = [*whole_verdict(model), grid_block(area_grid(model, areas, with_counts=False), caption=caption)]
    blocks += measure_block(model, KEY_MEASURES, caption=words.t("table.key_measures"))
    link = Block("link", words.t("chapter.validation_page"), source=f"validation.{words.language}.html")
    return [*blocks, note(words.t("chapter.verdict_note")), link]


def _pictures(context: Context, choice: DataFrame) -> list[Block]:
    words, reliability = context.words, context.table("reliability")
    blocks, pictures = [], []
    if reliability is not None:
        expected, observed, n = expected_and_observed(reliability)
        shown = {"expected": words.number(expected, 1), "total": words.count(n)}
        sentence = words.n("chapter.expected_observed", observed, **shown)
        blocks.append(text(sentence))
        plot = reliability_plot(reliability, words=words, confidence_ratio=judged(context).confidence)
        pictures.append(figure(plot, alt=words.t("alt.reliability", sentence=sentence)))
    known = choice[choice["auc"].notna()].sort_values("auc", ascending=False)
    if len(known):
        parts = [
            f"{words.label('model', code)} {words.number(auc, 3)}"
            for code, auc in zip(known["model_code"], known["auc"], strict=True)
        ]
        drawn = model_candidates(choice, words=words)
        pictures.append(figure(drawn, alt=words.t("alt.candidates", parts=", ".join(parts))))
    return [*blocks, pair(*pictures)] if pictures else blocks


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
